/* SPDX-License-Identifier: MIT */
/*
 * What every part of the kernel uses: the log, the end of the world, small helpers.
 *
 * Functions that can fail return 0 or a positive count, or a negative Linux errno
 * (kernel/linux/errno.h). Kernel code runs with the kernel lock (lock.h) and is never preempted: it
 * gives the CPU and the lock away only where it sleeps (wait.h), and may go on on another CPU.
 * Event handlers only mark work (work.h), so that data needs no other lock.
 */
#ifndef PINFOLD_KERNEL_KERNEL_H
#define PINFOLD_KERNEL_KERNEL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/linux/errno.h"
#include "lib/string.h"

enum log_level {
	LOG_ERROR = 3,
	LOG_WARNING = 4,
	LOG_INFO = 6,
	LOG_DEBUG = 7,
};

/* One line of the log; no newline at the end of the format. Any context. */
void klog(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Say why, tell the launcher, stop the machine. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ASSERT(cond)                                                             \
	do {                                                                     \
		if (!(cond))                                                     \
			panic("%s:%d: not true: %s", __FILE__, __LINE__, #cond); \
	} while (0)

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define NS_PER_SEC 1000000000ull

/* Pointers that may carry an errno instead. */
static inline void *err_ptr(long error)
{
	return (void *)error;
}

static inline bool is_err(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-4095l;
}

static inline long ptr_err(const void *ptr)
{
	return (long)ptr;
}

#endif
