/* SPDX-License-Identifier: MIT */
/*
 * What the files that load a program share.
 */
#ifndef PINFOLD_KERNEL_TASK_EXEC_H
#define PINFOLD_KERNEL_TASK_EXEC_H

#include "kernel/task/elf.h"
#include "kernel/task/exec_args.h"
#include "kernel/task/task.h"

struct inode;
struct vm;

/* A program that is being loaded into an address space of its own; the old one runs on until
 * exec_commit(). */
struct exec {
	struct inode *inode; /* the ELF file; one reference */
	struct exec_args args;
	char *name; /* path as the caller gave it */
	struct elf_image image;
	struct vm *vm;
	uintptr_t bias;             /* added to the image's addresses */
	uintptr_t interpreter_base; /* 0: none */
	uintptr_t start, stack;     /* first instruction, stack pointer */
	struct cred cred;           /* of the task afterwards; no reference on the groups */
	bool secure;                /* AT_SECURE */
	bool readable;              /* by who executes it */
	uint32_t personality;       /* of the new program */
};

/* For the places of the program's parts: random_layout(), but 0 where that is not wanted. */
uint64_t exec_random(const struct exec *exec, uint64_t limit);

/* What the message at the start of a run says a bad program is; set by exec_find_program() when it
 * fails. */
const char *exec_failure_text(void);

/* Follow scripts from exec->inode to an ELF file and read its headers. 0 or -errno. */
int exec_find_program(struct exec *exec);

/* Map the image and its interpreter into a new exec->vm. */
int exec_map_program(struct exec *exec);

/* Write strings, vectors and the auxiliary vector onto the new stack. */
int exec_make_stack(struct exec *exec);

/* An error pointer stays one; an inode that is no executable regular file is put, and the error
 * returned. */
struct inode *exec_check(struct inode *inode);

/* Replace the running task's program: 0 with the frame set for the new one, or -errno and nothing
 * has changed. Takes the reference on `inode` over in any case. `name` is copied. */
int exec_inode(struct inode *inode, const char *name, const struct exec_source *source);

#endif
