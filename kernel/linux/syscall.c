/* SPDX-License-Identifier: MIT */
/*
 * From a call number to the function that serves it.
 */
#include "kernel/linux/syscall.h"

#include "kernel/task/task.h"

#define SYSCALL_COUNT 463u

static sys_fn *const functions[SYSCALL_COUNT] = {
#define HAVE(number, name) [number] = sys_##name,
#define NONE(number, name)
#include "kernel/linux/syscall_list.h"
#undef HAVE
#undef NONE
};

static const char *const names[SYSCALL_COUNT] = {
#define HAVE(number, name)
#define NONE(number, name) [number] = #name,
#include "kernel/linux/syscall_list.h"
#undef HAVE
#undef NONE
};

/* One log line per number, however often it is called. */
static long call_missing(uint64_t number)
{
	static bool reported[SYSCALL_COUNT + 1];
	uint64_t slot = MIN(number, (uint64_t)SYSCALL_COUNT);
	const char *name = slot < SYSCALL_COUNT ? names[slot] : NULL;

	if (!reported[slot]) {
		reported[slot] = true;
		klog(LOG_INFO, "%s[%d]: system call %llu (%s) is not implemented", current()->name,
		     current()->tid, (unsigned long long)number, name ? name : "unknown");
	}
	return -ENOSYS;
}

void syscall_dispatch(struct cpu_frame *frame)
{
	/* The number's upper half does not count. */
	uint64_t number = (uint32_t)frame->error_code;
	struct sys_args args = {
	    .arg = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9},
	    .frame = frame,
	};

	task_account_user();
	if (number < SYSCALL_COUNT && functions[number])
		frame->rax = (uint64_t)functions[number](&args);
	else
		frame->rax = (uint64_t)call_missing(number);
}
