/* SPDX-License-Identifier: MIT */
/*
 * The strings of a new program on their way from the old program's memory (or the kernel's) to the
 * new one's stack.
 *
 * argv and the environment are gathered one behind the other in kernel pages. A script puts its
 * interpreter in front: those strings replace argv[0] and are kept apart.
 */
#ifndef PINFOLD_KERNEL_TASK_EXEC_ARGS_H
#define PINFOLD_KERNEL_TASK_EXEC_ARGS_H

#include "kernel/kernel.h"
#include "lib/list.h"

#define EXEC_DEPTH_MAX 5u
#define EXEC_FRONT_MAX (2u * EXEC_DEPTH_MAX + 1u)

struct vm;

struct exec_args {
	struct list pages; /* struct page.node, all full but the last */
	size_t bytes, limit_bytes;
	size_t argc, envc;           /* as gathered */
	bool drop_first;             /* argv[0] is replaced by `front` */
	char *front[EXEC_FRONT_MAX]; /* last one comes first */
	size_t front_count;
};

/* Where argv and envp are: arrays that end with a null pointer, in user or kernel memory. */
struct exec_source {
	bool user;
	const void *argv, *envp;
};

void exec_args_init(struct exec_args *args);
void exec_args_free(struct exec_args *args);

/* 0, -EFAULT, -E2BIG, -ENOMEM. */
int exec_args_gather(struct exec_args *args, const struct exec_source *source);

/* A script was found: `interpreter` with at most one `argument` (NULL: none) runs `script`. */
int exec_args_put_front(struct exec_args *args, const char *interpreter, const char *argument,
                        const char *script);

size_t exec_args_argc(const struct exec_args *args);
/* Bytes of all strings as they will lie on the stack. */
size_t exec_args_bytes(const struct exec_args *args);

/* Write all strings to `to`, argv first; then `each` is called with the address of each string in
 * order. 0 or -errno. */
int exec_args_write(const struct exec_args *args, struct vm *vm, uintptr_t to,
                    int (*each)(void *arg, uintptr_t address), void *arg);

#endif
