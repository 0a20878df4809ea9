/* SPDX-License-Identifier: MIT */
/*
 * Tests of the guest layer on real Xen: a kernel of its own that runs them all and prints `ok
 * guest/NAME` or `FAIL guest/NAME: place`. A debug build of Xen says why it refuses a call; a test
 * that provokes one announces the text with expect_xen(), and tests/guest/run.sh lets no other line
 * of Xen's pass.
 */
#ifndef PINFOLD_TESTS_GUEST_TEST_H
#define PINFOLD_TESTS_GUEST_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "examples/minimal/host.h"
#include "xen/hypercall.h"
#include "xen/space.h"

struct guest_test {
	const char *name;
	void (*run)(void);
};

/* Each file's tests; ends with a NULL name. */
extern const struct guest_test memory_tests[], table_tests[], batch_tests[], apart_tests[],
    share_tests[], cpu_tests[], event_tests[], nmi_tests[], smp_tests[], patch_tests[];

/* The running test has failed, and goes on: so that what it took is given back. */
void test_fail(const char *file, int line, const char *what, long long got);

/* Once before the first test: what a vcpu keeps for good is then in no test's balance. */
void smp_first_time(void);

#define CHECK(cond)                                              \
	do {                                                     \
		if (!(cond))                                     \
			test_fail(__FILE__, __LINE__, #cond, 0); \
	} while (0)

#define CHECK_EQUAL(got, want)                                                  \
	do {                                                                    \
		long long got_ = (long long)(got);                              \
		if (got_ != (long long)(want))                                  \
			test_fail(__FILE__, __LINE__, #got " == " #want, got_); \
	} while (0)

/* From here to the end of the test Xen may print lines with `text` in them. */
void expect_xen(const char *text);

/* A store to `address` and what came of it: false if it faulted. */
bool try_store(void *address, uint64_t value);

/* Traps into Xen so far, but for returns to user mode. */
uint64_t entries_so_far(void);

/* A space with one page mapped at TEST_ADDRESS, active or not. The frame is a fresh one. */
#define TEST_ADDRESS 0x10000000ul
pfn_t test_space(struct pt_space *space, bool active);
void test_space_end(struct pt_space *space);

/* Run `code` (position independent, at most a page) in user mode of a fresh space until it makes
 * a system call or raises an exception, which comes back. */
struct cpu_frame run_user_code(const void *code, size_t bytes);
/* The same, with a first system call that is answered by `handler` (see host_syscall()). */
struct cpu_frame run_user_code_on(const void *code, size_t bytes,
                                  bool (*handler)(struct cpu_frame *frame));

#endif
