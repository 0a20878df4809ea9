/* SPDX-License-Identifier: MIT */
/*
 * The guest's way to its CPU's area, on this machine: GS is free in a hosted program.
 *
 * The area is read anew at each use, as a task may have gone on on another CPU in between. A
 * compiler that was not told so keeps the first value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <asm/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "port/guest/port/percpu.h"

static struct area {
	struct area *self;
	unsigned long word;
	uint32_t half;
} areas[2] = {{&areas[0], 10, 100}, {&areas[1], 11, 101}};

/* The running task is on another CPU from here on. */
static void move_to(unsigned int cpu)
{
	assert_int_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, &areas[cpu]), 0);
}

static void test_area_is_read_anew(void **state)
{
	(void)state;
	move_to(0);
	void *before = port_this_cpu();

	move_to(1);
	void *after = port_this_cpu();

	assert_ptr_equal(before, &areas[0]);
	assert_ptr_equal(after, &areas[1]);
}

static void test_words_are_read_anew(void **state)
{
	(void)state;
	move_to(0);
	unsigned long word = port_this_cpu_word(offsetof(struct area, word));
	uint32_t half = port_this_cpu32(offsetof(struct area, half));

	move_to(1);
	assert_int_equal(word, 10);
	assert_int_equal(half, 100);
	assert_int_equal(port_this_cpu_word(offsetof(struct area, word)), 11);
	assert_int_equal(port_this_cpu32(offsetof(struct area, half)), 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_area_is_read_anew),
	    cmocka_unit_test(test_words_are_read_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
