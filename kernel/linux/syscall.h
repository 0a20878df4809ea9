/* SPDX-License-Identifier: MIT */
/*
 * System calls of x86-64 Linux. kernel/linux/syscall_list.h names every call of the ABI; one that
 * is marked HAVE is a function sys_NAME with this type; any other gives ENOSYS and one log line.
 */
#ifndef PINFOLD_KERNEL_LINUX_SYSCALL_H
#define PINFOLD_KERNEL_LINUX_SYSCALL_H

#include "arch/x86/frame.h"
#include "kernel/kernel.h"

struct sys_args {
	uint64_t arg[6];
	struct cpu_frame
	    *frame; /* for the few calls that need all registers: fork, execve, sigreturn */
};

typedef long sys_fn(const struct sys_args *args);

#define SYS_INT(args, n)  ((int)(args)->arg[n])
#define SYS_UINT(args, n) ((unsigned int)(args)->arg[n])
#define SYS_PTR(args, n)  ((void *)(uintptr_t)(args)->arg[n])
#define SYS_LONG(args, n) ((long)(args)->arg[n])

#define HAVE(number, name) long sys_##name(const struct sys_args *args);
#define NONE(number, name)
#include "kernel/linux/syscall_list.h"
#undef HAVE
#undef NONE

/* From the entry code, events enabled: runs the call and puts its result into the frame. */
void syscall_dispatch(struct cpu_frame *frame);

#endif
