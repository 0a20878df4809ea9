/* SPDX-License-Identifier: MIT */
/*
 * A hosted world for kernel/fs: one task, frames and small objects from malloc, "user memory" that
 * is the test's own. Sleeping is not possible: a task that would sleep fails the test.
 */
#ifndef TESTS_UNIT_FS_FAKE_H
#define TESTS_UNIT_FS_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/fs/internal.h"
#include "kernel/linux/syscall.h"
#include "kernel/task/task.h"

/* What the world counts and lets be set. */
struct fake_world {
	uint32_t fail_one_in;    /* small objects; 0: none */
	int last_signal;         /* sent to the task */
	uintptr_t bad_user_page; /* access to it fails with EFAULT; 0: none */
	uint64_t now_ns;
};

extern struct fake_world fake;

/* Boot the tree; every call starts from an empty root. */
void fake_boot(void);

/* Call sys_NAME with up to six arguments. */
long fake_call(sys_fn *function, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
               uint64_t f);

#define PTR(p)             ((uint64_t)(uintptr_t)(p))
#define CALL1(fn, a)       fake_call(fn, (uint64_t)(a), 0, 0, 0, 0, 0)
#define CALL2(fn, a, b)    fake_call(fn, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)
#define CALL3(fn, a, b, c) fake_call(fn, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)
#define CALL4(fn, a, b, c, d) \
	fake_call(fn, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), 0, 0)
#define CALL5(fn, a, b, c, d, e) \
	fake_call(fn, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), 0)

#endif
