/* SPDX-License-Identifier: MIT */
/* sources: kernel/work.c */
/*
 * Deferred work: what a CPU's handlers have marked runs there, once, however often it was marked
 * before, and again if it is marked while it runs; never inside itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "kernel/kernel.h"
#include "kernel/work.h"

#define KINDS 3u

void *port_current_cpu;

static struct xen_cpu areas[2];
static struct work kinds[KINDS];
static unsigned int runs[KINDS], marks_while_running;

void port_schedule_point(const char *what)
{
	(void)what;
}

void panic(const char *format, ...)
{
	fail_msg("a panic: %s", format);
	abort();
}

static void run_first(void)
{
	runs[0]++;
	if (marks_while_running > 0) {
		marks_while_running--;
		work_mark(&kinds[0]);
		work_mark(&kinds[2]);
	}
	/* As a switch of tasks would. */
	assert_false(work_run());
}

static void run_second(void)
{
	runs[1]++;
}

static void run_third(void)
{
	runs[2]++;
}

static int start(void **state)
{
	static void (*const functions[KINDS])(void) = {run_first, run_second, run_third};
	static bool registered;

	(void)state;
	memset(areas, 0, sizeof(areas));
	memset(runs, 0, sizeof(runs));
	marks_while_running = 0;
	port_current_cpu = &areas[0];
	for (unsigned int i = 0; i < KINDS && !registered; i++) {
		kinds[i].run = functions[i];
		work_register(&kinds[i]);
	}
	registered = true;
	return 0;
}

static void expect_runs(unsigned int first, unsigned int second, unsigned int third)
{
	assert_int_equal(runs[0], first);
	assert_int_equal(runs[1], second);
	assert_int_equal(runs[2], third);
	assert_false(work_pending());
}

static void test_each_once(void **state)
{
	(void)state;
	assert_false(work_run());
	work_mark(&kinds[0]);
	work_mark(&kinds[2]);
	work_mark(&kinds[0]);
	assert_true(work_pending());
	assert_true(work_run());
	expect_runs(1, 0, 1);
	assert_false(work_run());
}

static void test_marked_while_it_runs(void **state)
{
	(void)state;
	marks_while_running = 2;
	work_mark(&kinds[0]);
	assert_true(work_run());
	expect_runs(3, 0, 2);
}

static void test_of_another_cpu(void **state)
{
	(void)state;
	work_mark(&kinds[1]);
	port_current_cpu = &areas[1];
	assert_false(work_pending());
	assert_false(work_run());
	work_mark(&kinds[2]);
	assert_true(work_run());
	expect_runs(0, 0, 1);
	port_current_cpu = &areas[0];
	assert_true(work_run());
	expect_runs(0, 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_each_once, start),
	    cmocka_unit_test_setup(test_marked_while_it_runs, start),
	    cmocka_unit_test_setup(test_of_another_cpu, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
