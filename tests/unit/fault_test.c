/* SPDX-License-Identifier: MIT */
/* sources: kernel/mm/area.c kernel/mm/entry.c kernel/mm/vm.c kernel/mm/fault.c kernel/mm/fork.c */
/* sources: kernel/mm/sys_mremap.c kernel/mm/uaccess.c kernel/mm/page.c kernel/mm/kmalloc.c */
/* sources: tests/unit/fake_kernel.c tests/unit/fake_mmu.c tests/unit/vm_fixture.c */
/*
 * Faults that map, copy or take from a file more than the page that was touched: when they do, how
 * far, and what they must leave alone. And a change of rights that memory does not suffice for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/vm_fixture.h"

/* A process with `pages` pages, anonymous or of the file. */
static struct vm *window_map(unsigned int pages, unsigned int flags, struct inode *inode)
{
	struct vm *vm = vm_create();

	assert_non_null(vm);
	assert_int_equal(vm_map(vm, address(0), pages * PAGE_BYTES, VM_READ | VM_WRITE, flags,
	                        inode, 0, true, NULL),
	                 address(0));
	return vm;
}

/* Touch a page; how many are resident then. */
static uint64_t window_touch(struct vm *vm, unsigned int page, unsigned int access)
{
	if (pte_none(pv_pte_read(&vm->space, VADDR(address(page)))))
		assert_int_equal(vm_fault(vm, address(page), access), 0);
	return vm->resident_pages;
}

/* In order: few faults, and never twice as many pages as were touched. */
static void test_window(void **state)
{
	struct vm *vm;
	uint64_t faults = task.minor_faults, resident;

	(void)state;
	vm = window_map(PAGES - 3, 0, NULL);
	task.vm = vm;
	for (unsigned int i = 0; i < PAGES - 3; i++) {
		resident = window_touch(vm, i, VM_WRITE);
		assert_true(resident >= i + 1 && resident < 2 * (i + 1));
		assert_true(resident < i + 1 + 8);
	}
	/* Once more for each leaf table, and at the start. */
	assert_true(task.minor_faults - faults < (PAGES - 3) / 8 + 8);
	assert_int_equal(resident, PAGES - 3);
	task.vm = NULL;
	vm_put(vm);
}

/* Without an order, or where the program has forbidden it, nothing but what is touched. */
static void test_window_refused(void **state)
{
	struct vm *vm;

	(void)state;
	vm = window_map(PAGES, 0, NULL);
	for (unsigned int i = 1; i <= PAGES; i++)
		assert_int_equal(window_touch(vm, PAGES - i, VM_WRITE), i);
	vm_put(vm);
	vm = window_map(PAGES, 0, NULL);
	for (unsigned int i = 0; i < PAGES / 2; i++)
		assert_int_equal(window_touch(vm, 2 * i, VM_WRITE), i + 1);
	vm_put(vm);
	for (unsigned int i = 0; i < 2; i++) {
		vm = window_map(PAGES, i == 0 ? VM_NO_RESERVE : VM_RANDOM, NULL);
		for (unsigned int page = 0; page < PAGES; page++)
			assert_int_equal(window_touch(vm, page, VM_WRITE), page + 1);
		vm_put(vm);
	}
}

/* What is there already stays, and what is not the area's is not touched. */
static void test_window_bounds(void **state)
{
	struct vm *vm;

	(void)state;
	vm = window_map(40, 0, NULL);
	for (unsigned int page = 5; page < 40; page += 5) {
		uint64_t value = page;

		assert_int_equal(cpu_access(vm, page, VM_WRITE, &value), 0);
	}
	assert_int_equal(vm_protect(vm, address(20), address(21), VM_READ), 0);
	for (unsigned int page = 0; page < 20; page++)
		window_touch(vm, page, VM_WRITE);
	assert_int_equal(vm->resident_pages, 20 + 4);
	for (unsigned int page = 5; page < 40; page += 5) {
		uint64_t value = 0;

		assert_int_equal(cpu_access(vm, page, VM_READ, &value), 0);
		assert_int_equal(value, page);
	}
	vm_put(vm);
}

/* After a fork, what is written in order is copied a few pages at a time, and otherwise by the
 * page; the parent keeps what it had. */
static void test_window_copied(void **state)
{
	struct vm *parent, *child;

	(void)state;
	for (unsigned int step = 1; step <= 2; step++) {
		uint64_t value;

		parent = window_map(200, 0, NULL);
		for (unsigned int page = 0; page < 200; page++)
			window_touch(parent, page, VM_WRITE);
		child = vm_fork(parent);
		assert_false(is_err(child));
		task.vm = child;
		value = 1;
		assert_int_equal(cpu_access(child, 0, VM_WRITE, &value), 0);
		/* The table of the rest, so that what is counted is pages. */
		assert_int_equal(pv_pte_prepare(&child->space, VADDR(address(199))), 0);
		size_t free = page_free_count();
		uint64_t faults = task.minor_faults;

		for (unsigned int page = step; page < 200; page += step) {
			size_t touched = page / step, taken;

			value = page;
			assert_int_equal(cpu_access(child, page, VM_WRITE, &value), 0);
			taken = free - page_free_count();
			assert_true(taken >= touched && taken < touched + 8);
			assert_true(step == 1 || taken == touched);
		}
		faults = task.minor_faults - faults;
		assert_true(step == 1 ? faults < 200 / 8 + 8 : faults == 99);
		for (unsigned int page = 1; page < 200; page++) {
			assert_int_equal(cpu_access(child, page, VM_READ, &value), 0);
			assert_true(value == page || page % step != 0);
			assert_int_equal(cpu_access(parent, page, VM_READ, &value), 0);
			assert_true(value != page);
		}
		task.vm = NULL;
		vm_put(child);
		vm_put(parent);
	}
}

/* A file's pages are mapped ahead up to its end, and those that are written only when they are. */
static void test_window_file(void **state)
{
	struct vm *vm;

	(void)state;
	file.size = 30 * PAGE_BYTES;
	for (unsigned int shared = 0; shared < 2; shared++) {
		vm = window_map(FILE_PAGES, shared ? VM_SHARED : 0, &file);
		task.vm = vm;
		/* What the file does not have yet is made when it is touched. */
		for (unsigned int page = 0; page < 30 && !shared; page++)
			assert_int_equal(window_touch(vm, page, VM_READ), page + 1);
		assert_int_equal(entry_zap(vm, address(0), address(30)), 0);
		uint64_t faults = task.minor_faults;

		for (unsigned int page = 0; page < 30; page++)
			window_touch(vm, page, VM_READ);
		assert_int_equal(vm->resident_pages, 30);
		assert_true(task.minor_faults - faults < 6);
		assert_int_equal(vm_fault(vm, address(30), VM_READ), -EIO);
		task.vm = NULL;
		vm_put(vm);
		vm = window_map(FILE_PAGES, shared ? VM_SHARED : 0, &file);
		for (unsigned int page = 0; page < 30; page++)
			assert_int_equal(window_touch(vm, page, VM_WRITE), page + 1);
		vm_put(vm);
	}
	file_forget();
}

/* All memory but so many frames. */
static struct page *memory_take(size_t left)
{
	struct page *taken = NULL, *page;

	while (page_free_count() > left && (page = page_alloc(0)) != NULL) {
		page->owner = taken;
		taken = page;
	}
	return taken;
}

static void memory_give(struct page *taken)
{
	while (taken) {
		struct page *next = taken->owner;

		page_put(taken);
		taken = next;
	}
}

/* The last frames are for what is touched. */
static void test_window_short(void **state)
{
	struct vm *vm;
	struct page *taken;

	(void)state;
	vm = window_map(PAGES, 0, NULL);
	taken = memory_take(FRAMES / 16);
	for (unsigned int page = 0; page < PAGES / 3; page++)
		assert_int_equal(window_touch(vm, page, VM_WRITE), page + 1);
	memory_give(taken);
	vm_put(vm);
}

/* What may not be accessed at all is hidden by its entries: a link takes no more than writes. */
static void test_protect_nothing(void **state)
{
	struct vm *vm = window_map(PAGES, 0, NULL);
	uint64_t value = 0;

	(void)state;
	for (unsigned int page = 0; page < PAGES; page++)
		window_touch(vm, page, VM_WRITE);
	assert_int_equal(vm_protect(vm, address(0), address(PAGES), VM_WRITE), 0);
	assert_int_equal(vm_protect(vm, address(0), address(PAGES), 0), 0);
	assert_int_equal(cpu_access(vm, 1, VM_READ, &value), -EACCES);
	vm_put(vm);
}

/* What needs a copy of a table, and gets none, changes no right. */
static void test_protect_short(void **state)
{
	struct vm *parent, *child;
	unsigned int prots[] = {VM_READ, VM_READ | VM_WRITE, VM_READ};

	(void)state;
	for (unsigned int i = 0; i + 1 < sizeof(prots) / sizeof(prots[0]); i++) {
		uint64_t value = 7;

		parent = window_map(PAGES, 0, NULL);
		for (unsigned int page = 0; page < PAGES; page++)
			window_touch(parent, page, VM_WRITE);
		assert_int_equal(vm_protect(parent, address(0), address(PAGES), prots[i]), 0);
		child = vm_fork(parent);
		assert_false(is_err(child));
		/* The area's end is there already; the table goes on behind it. */
		assert_int_equal(vm_unmap(child, address(PAGES - 1), PAGE_BYTES), 0);
		assert_int_equal(vm_protect(child, address(1), address(2), prots[i]), 0);
		struct page *taken = memory_take(0);

		assert_int_equal(vm_protect(child, address(0), address(PAGES / 2), prots[i + 1]),
		                 -ENOMEM);
		memory_give(taken);
		task.vm = child;
		assert_int_equal(cpu_access(child, 0, VM_WRITE, &value),
		                 prots[i] & VM_WRITE ? 0 : -EACCES);
		task.vm = NULL;
		vm_put(child);
		vm_put(parent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_window),          cmocka_unit_test(test_window_refused),
	    cmocka_unit_test(test_window_bounds),   cmocka_unit_test(test_window_copied),
	    cmocka_unit_test(test_window_file),     cmocka_unit_test(test_window_short),
	    cmocka_unit_test(test_protect_nothing), cmocka_unit_test(test_protect_short),
	};

	return cmocka_run_group_tests(tests, vm_setup, vm_teardown);
}
