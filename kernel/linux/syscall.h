/* SPDX-License-Identifier: MIT */
/*
 * System calls of x86-64 Linux. kernel/linux/syscall_list.h names every call of the ABI; one that
 * is marked HAVE is a function sys_NAME with this type; any other gives ENOSYS and one log line.
 */
#ifndef PINFOLD_KERNEL_LINUX_SYSCALL_H
#define PINFOLD_KERNEL_LINUX_SYSCALL_H

#include "arch/x86/frame.h"
#include "kernel/kernel.h"

/* Lies in the frame of the entry; the few calls that need all registers take task->frame. */
struct sys_args {
	uint64_t arg[6];
};

typedef long sys_fn(const struct sys_args *args);

#define SYS_INT(args, n)  ((int)(args)->arg[n])
#define SYS_UINT(args, n) ((unsigned int)(args)->arg[n])
#define SYS_PTR(args, n)  ((void *)(uintptr_t)(args)->arg[n])
#define SYS_LONG(args, n) ((long)(args)->arg[n])

#define HAVE(number, name)  long sys_##name(const struct sys_args *args);
#define QUICK(number, name) HAVE(number, name)
#define NONE(number, name)
#include "kernel/linux/syscall_list.h"
#undef HAVE
#undef QUICK
#undef NONE

#define SYSCALL_COUNT 470u

/* By number; a call that is missing has a function that says so. */
struct syscall {
	sys_fn *function;
	bool quick; /* see the list */
};
extern const struct syscall syscalls[SYSCALL_COUNT + 1];

static inline const struct syscall *syscall_of(const struct cpu_frame *frame)
{
	/* The number's upper half does not count; what is beyond the table is missing too. */
	uint32_t number = (uint32_t)frame->error_code;

	return &syscalls[MIN(number, SYSCALL_COUNT)];
}

/* Runs the call and puts its result into the frame. */
static inline void syscall_run(const struct syscall *call, struct cpu_frame *frame)
{
	frame->rax = (uint64_t)call->function((const struct sys_args *)frame->call_arg);
}

#endif
