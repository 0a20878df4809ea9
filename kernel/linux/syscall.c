/* SPDX-License-Identifier: MIT */
/*
 * From a call number to the function that serves it.
 */
#include "kernel/linux/syscall.h"

#include "kernel/task/task.h"

static sys_fn call_missing;

#define HAVE(number, name)  [number] = {sys_##name, false},
#define QUICK(number, name) [number] = {sys_##name, true},
#define NONE(number, name)  [number] = {call_missing, false},
const struct syscall syscalls[SYSCALL_COUNT + 1] = {
#include "kernel/linux/syscall_list.h"
    /* The numbers that the ABI leaves out, and all beyond. */
    [335 ... 423] = {call_missing, false},
    [SYSCALL_COUNT] = {call_missing, false},
};
#undef HAVE
#undef QUICK
#undef NONE

/* No hole: as many lines as there are numbers. The compiler refuses a number that is there twice
 * (-Woverride-init) or lies beyond the table. */
#define HAVE(number, name)  0,
#define QUICK(number, name) 0,
#define NONE(number, name)  0,
_Static_assert(sizeof((const char[]){
#include "kernel/linux/syscall_list.h"
               }) == SYSCALL_COUNT - (423 + 1 - 335),
               "the list of system calls has a hole");
#undef HAVE
#undef QUICK
#undef NONE

static const char *const names[SYSCALL_COUNT + 1] = {
#define HAVE(number, name)
#define QUICK(number, name)
#define NONE(number, name) [number] = #name,
#include "kernel/linux/syscall_list.h"
#undef HAVE
#undef QUICK
#undef NONE
};

/* One log line per number, however often it is called. */
static long call_missing(const struct sys_args *args)
{
	static bool reported[SYSCALL_COUNT + 1];
	uint32_t number = (uint32_t)current()->frame->error_code;
	uint32_t slot = MIN(number, SYSCALL_COUNT);

	(void)args;
	if (!reported[slot]) {
		reported[slot] = true;
		klog(LOG_INFO, "%s[%d]: system call %u (%s) is not implemented", current()->name,
		     current()->tid, number, names[slot] ? names[slot] : "unknown");
	}
	return -ENOSYS;
}
