/* SPDX-License-Identifier: MIT */
/*
 * Core files: what the parts of their writer share. core.c stops the process and writes headers
 * and memory, core_notes.c the notes.
 */
#ifndef PINFOLD_KERNEL_TASK_CORE_H
#define PINFOLD_KERNEL_TASK_CORE_H

#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_signal.h"
#include "kernel/task/task.h"

/* Where bytes go; without a file they are counted only. */
struct core_out {
	struct file *file;
	uint64_t pos;
	uint64_t left; /* of RLIMIT_CORE */
	bool ended;    /* by the limit, or for want of room: nothing more is written */
};

void core_write(struct core_out *out, const void *data, size_t bytes);

/* All notes. The process's other tasks have stopped, and its running task's registers are in
 * memory. False: out of memory. */
bool core_notes(struct core_out *out, int signal, const struct abi_siginfo *info);

#endif
