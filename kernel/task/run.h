/* SPDX-License-Identifier: MIT */
/*
 * The run: what the launcher asks for in the file /.pinfold-run. All strings stay for good.
 */
#ifndef PINFOLD_KERNEL_TASK_RUN_H
#define PINFOLD_KERNEL_TASK_RUN_H

#include "kernel/kernel.h"
#include "kernel/linux/abi_task.h"

struct run_limit {
	unsigned int which; /* ABI_RLIMIT_ */
	struct abi_rlimit value;
};

struct run {
	const char *path; /* "": look argv[0] up */
	const char **argv;
	const char **envp;
	const char *cwd;  /* NULL: the root */
	const char *user; /* NULL: root */
	unsigned int limit_count;
	struct run_limit limit[ABI_RLIMIT_COUNT];
};

/* At boot, in a task: the run of the description, or where there is none what the root offers. A
 * broken description ends the machine. */
void run_find(struct run *run);

/* The value of a variable of the run's environment, or NULL. */
const char *run_variable(const struct run *run, const char *name);

/* The running task, which is root, becomes the run's user, with the group and the home that
 * /etc/passwd gives it. A number needs no line there: its group is 0 and its home / then.
 * Supplementary groups: none. HOME is set unless the environment has it. 0, or -ENOENT: there is no
 * such user or group. */
int run_become_user(struct run *run);

#endif
