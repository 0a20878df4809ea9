/* SPDX-License-Identifier: MIT */
/*
 * A page-table entry that is stored in two halves is never present with half of its bits wrong.
 * The halves lie on two pages, of which one is read-only: the store to it faults, and what the
 * CPU would walk at that moment is looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>

/* The guest's own, not the hosted one. */
#include "port/guest/port/memory.h"

#define PAGE    4096u
#define PRESENT 1ull

static char *pages;
static volatile uint32_t *entry; /* low half at the end of one page, high half on the next */
static uint64_t in_between;
static unsigned int fault_count;

static uint64_t whole(void)
{
	return (uint64_t)entry[1] << 32 | entry[0];
}

static void on_fault(int signal)
{
	(void)signal;
	in_between = whole();
	fault_count++;
	mprotect(pages, 2 * (size_t)PAGE, PROT_READ | PROT_WRITE);
}

/* In each test: cmocka has handlers of its own around it. */
static void start(void)
{
	struct sigaction action = {.sa_handler = on_fault};

	pages = mmap(NULL, 2 * (size_t)PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	             -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	entry = (volatile uint32_t *)(void *)(pages + PAGE - sizeof(uint32_t));
	assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
}

static void store_over(uint64_t old, uint64_t value)
{
	/* Whichever half is stored second, one of the two rounds stops right before it. */
	for (unsigned int page = 0; page < 2; page++) {
		entry[0] = (uint32_t)old;
		entry[1] = (uint32_t)(old >> 32);
		fault_count = 0;
		assert_int_equal(mprotect(pages + page * PAGE, PAGE, PROT_READ), 0);
		port_store_pte_halves(entry, value);
		assert_int_equal(fault_count, 1);
		if ((in_between & PRESENT) && in_between != old && in_between != value)
			fail_msg("half an entry is present: %#llx between %#llx and %#llx",
			         (unsigned long long)in_between, (unsigned long long)old,
			         (unsigned long long)value);
		assert_int_equal(whole(), value);
	}
}

static void test_an_entry_is_set(void **state)
{
	(void)state;
	start();
	store_over(0, 0x8000000123456067ull);
	/* A hidden entry, with other bits in both halves. */
	store_over(0x000fffff55555200ull, 0x8000000123456067ull);
}

static void test_an_entry_is_cleared(void **state)
{
	(void)state;
	start();
	store_over(0x8000000123456067ull, 0);
	store_over(0x8000000123456067ull, 0x000fffff55555200ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_entry_is_set),
	    cmocka_unit_test(test_an_entry_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
