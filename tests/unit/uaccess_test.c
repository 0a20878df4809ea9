/* SPDX-License-Identifier: MIT */
/* sources: kernel/mm/area.c kernel/mm/entry.c kernel/mm/vm.c kernel/mm/fault.c kernel/mm/fork.c */
/* sources: kernel/mm/uaccess.c kernel/mm/page.c kernel/mm/kmalloc.c */
/* sources: tests/unit/fake_kernel.c tests/unit/fake_mmu.c */
/*
 * The kernel's accesses to the running program's memory, at their edges: over the end of a page, of
 * a mapping, of user space; where the program may only read; where nothing is there yet. That they
 * agree with the program's own in any state of an address space is in vm_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "kernel/linux/abi.h"
#include "kernel/mm/internal.h"
#include "kernel/task/task.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/fake_mmu.h"

/* Two pages to write, one to read, a hole behind them. */
#define FIRST  FAKE_MMU_BASE
#define SECOND (FIRST + PAGE_BYTES)
#define READ   (SECOND + PAGE_BYTES)
#define HOLE   (READ + PAGE_BYTES)

static struct process process;
static struct task task = {.process = &process};
static struct task *running = &task; /* what a CPU's area begins with */
static struct xen_cpu cpu = {.host_data = &running};
void *port_current_cpu = &cpu;

void inode_get(struct inode *inode)
{
	inode->ref_count++;
}

void inode_put(struct inode *inode)
{
	inode->ref_count--;
}

static void map(uintptr_t addr, size_t pages, unsigned int prot)
{
	assert_int_equal(vm_map(task.vm, addr, pages * PAGE_BYTES, prot, 0, NULL, 0, true, NULL),
	                 addr);
}

static int start(void **state)
{
	(void)state;
	task.vm = vm_create();
	assert_non_null(task.vm);
	map(FIRST, 2, VM_READ | VM_WRITE);
	map(READ, 1, VM_READ);
	return 0;
}

static int end(void **state)
{
	(void)state;
	vm_put(task.vm);
	task.vm = NULL;
	return 0;
}

static void *at(uintptr_t user)
{
	return (void *)user;
}

static void fill(char *bytes, size_t count, char first)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (char)(first + (char)i);
}

/* What the program finds there, byte by byte. */
static void expect_bytes(uintptr_t user, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char is = 0;

		assert_int_equal(copy_from_user(&is, at(user + i), 1), 0);
		if (is != bytes[i])
			fail_msg("byte %zu is %d in place of %d", i, is, bytes[i]);
	}
}

static void over_the_end_of_a_page(void **state)
{
	char out[100], in[100];

	(void)state;
	fill(out, sizeof(out), 1);
	assert_int_equal(copy_to_user(at(SECOND - 30), out, sizeof(out)), 0);
	assert_int_equal(copy_from_user(in, at(SECOND - 30), sizeof(in)), 0);
	assert_memory_equal(in, out, sizeof(out));
	expect_bytes(SECOND - 30, out, sizeof(out));
	assert_int_equal(clear_user(at(SECOND - 10), 20), 0);
	memset(out + 20, 0, 20);
	expect_bytes(SECOND - 30, out, sizeof(out));
}

/* What lies before the bad page is done, and nothing behind it. */
static void over_the_end_of_what_is_permitted(void **state)
{
	char out[100], in[100] = {0};

	(void)state;
	fill(out, sizeof(out), 1);
	assert_int_equal(copy_to_user(at(READ - 30), out, sizeof(out)), -EFAULT);
	expect_bytes(READ - 30, out, 30);
	assert_int_equal(copy_from_user(in, at(READ), 70), 0);
	for (unsigned int i = 0; i < 70; i++)
		assert_int_equal(in[i], 0);
	assert_int_equal(clear_user(at(READ - 10), 20), -EFAULT);
	memset(out + 20, 0, 10);
	expect_bytes(READ - 30, out, 30);
	assert_int_equal(copy_from_user(in, at(HOLE - 30), sizeof(in)), -EFAULT);
	assert_int_equal(copy_from_user(in, at(HOLE), 1), -EFAULT);
	assert_int_equal(copy_to_user(at(HOLE), out, 1), -EFAULT);
}

/* A page that was reached to read is not written through what was found then; one that was reached
 * to write is not when the right is taken away. */
static void rights_change_between(void **state)
{
	char byte = 7;

	(void)state;
	assert_int_equal(copy_from_user(&byte, at(FIRST), 1), 0);
	assert_int_equal(byte, 0);
	byte = 7;
	assert_int_equal(copy_to_user(at(FIRST), &byte, 1), 0);
	expect_bytes(FIRST, &byte, 1);
	expect_bytes(SECOND, "", 1);
	assert_int_equal(vm_protect(task.vm, FIRST, SECOND, VM_READ), 0);
	assert_int_equal(copy_to_user(at(FIRST), "x", 1), -EFAULT);
	expect_bytes(FIRST, &byte, 1);
	assert_int_equal(vm_protect(task.vm, FIRST, SECOND, 0), 0);
	assert_int_equal(copy_from_user(&byte, at(FIRST), 1), -EFAULT);
	assert_int_equal(vm_unmap(task.vm, FIRST, PAGE_BYTES), 0);
	assert_int_equal(copy_from_user(&byte, at(FIRST), 1), -EFAULT);
	map(FIRST, 1, VM_READ | VM_WRITE);
	expect_bytes(FIRST, "", 1);
}

static void not_user_space(void **state)
{
	static const uintptr_t bad[] = {VM_USER_TOP, VM_USER_TOP - 1, PV_USER_END - 8,
	                                PV_USER_END, UINTPTR_MAX - 7, UINTPTR_MAX};
	char bytes[16] = {0};
	uint32_t word = 0;

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(copy_from_user(bytes, at(bad[i]), sizeof(bytes)), -EFAULT);
		assert_int_equal(copy_to_user(at(bad[i]), bytes, sizeof(bytes)), -EFAULT);
		assert_int_equal(clear_user(at(bad[i]), sizeof(bytes)), -EFAULT);
		assert_null(user_span(bad[i], sizeof(bytes)));
	}
	assert_int_equal(user_load32(UINTPTR_MAX - 3, &word), -EFAULT);
	/* Nor is what begins in a page that is known. */
	assert_int_equal(copy_from_user(bytes, at(FIRST + 8), 1), 0);
	assert_int_equal(copy_from_user(bytes, at(FIRST + 8), SIZE_MAX), -EFAULT);
	assert_null(user_span(FIRST + 8, SIZE_MAX));
	/* Nothing is nothing, wherever. */
	uint64_t faults = task.minor_faults;

	assert_int_equal(copy_from_user(bytes, at(UINTPTR_MAX), 0), 0);
	assert_int_equal(copy_to_user(at(HOLE), bytes, 0), 0);
	assert_int_equal(clear_user(at(FIRST), 0), 0);
	assert_int_equal(task.minor_faults, faults);
}

static void no_address_space(void **state)
{
	struct vm *vm = task.vm;
	char byte;

	(void)state;
	task.vm = NULL;
	assert_int_equal(copy_from_user(&byte, at(FIRST), 1), -EFAULT);
	assert_int_equal(copy_to_user(at(FIRST), &byte, 1), -EFAULT);
	task.vm = vm;
}

static void words(void **state)
{
	uint32_t word = 1;

	(void)state;
	assert_int_equal(user_store32(FIRST + 8, 5), 0);
	assert_int_equal(user_load32(FIRST + 8, &word), 0);
	assert_int_equal(word, 5);
	assert_int_equal(user_cmpxchg32(FIRST + 8, &word, 6), 0);
	assert_int_equal(word, 5);
	assert_int_equal(user_cmpxchg32(FIRST + 8, &word, 7), 0);
	assert_int_equal(word, 6);
	assert_int_equal(user_load32(FIRST + 8, &word), 0);
	assert_int_equal(word, 6);
	/* One access cannot be had where the word is not aligned; a store of bytes can. */
	assert_int_equal(user_load32(FIRST + 9, &word), -EFAULT);
	assert_int_equal(user_cmpxchg32(SECOND - 2, &word, 1), -EFAULT);
	assert_int_equal(user_store32(SECOND - 2, 0x04030201), 0);
	expect_bytes(SECOND - 2, "\1\2\3\4", 4);
	assert_int_equal(user_load32(READ, &word), 0);
	assert_int_equal(user_store32(READ, 1), -EFAULT);
	assert_int_equal(user_cmpxchg32(READ, &word, 1), -EFAULT);
	assert_int_equal(user_load32(HOLE, &word), -EFAULT);
}

static void strings(void **state)
{
	char text[200], in[201];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(copy_to_user(at(SECOND - 100), text, sizeof(text)), 0);
	assert_int_equal(strncpy_from_user(in, at(SECOND - 100), 200), -ENAMETOOLONG);
	assert_memory_equal(in, text, 200);
	assert_int_equal(strncpy_from_user(in, at(SECOND - 100), 201), 200);
	assert_int_equal(copy_to_user(at(SECOND + 63), "", 1), 0);
	assert_int_equal(strncpy_from_user(in, at(SECOND - 100), 200), 163);
	assert_int_equal(in[163], 0);
	/* To the last byte before a hole, and over it. */
	map(READ, 1, VM_READ | VM_WRITE);
	assert_int_equal(copy_to_user(at(HOLE - 20), text, 20), 0);
	assert_int_equal(strncpy_from_user(in, at(HOLE - 20), 200), -EFAULT);
	assert_int_equal(copy_to_user(at(HOLE - 1), "", 1), 0);
	assert_int_equal(strncpy_from_user(in, at(HOLE - 20), 200), 19);
}

static void spans(void **state)
{
	char *span = user_span(FIRST + 100, PAGE_BYTES - 100);

	(void)state;
	assert_non_null(span);
	memcpy(span, "span", 4);
	expect_bytes(FIRST + 100, "span", 4);
	assert_ptr_equal(user_span(FIRST + 101, 8), span + 1);
	assert_null(user_span(FIRST + 100, PAGE_BYTES - 99));
	assert_null(user_span(READ, 8));
	assert_null(user_span(HOLE, 8));
}

/* What failed for want of memory is told apart from what is not there. */
static void without_memory(void **state)
{
	struct page *taken[64];
	size_t count = 0;
	char byte = 1;

	(void)state;
	task.access_short = false;
	assert_int_equal(copy_to_user(at(HOLE), &byte, 1), -EFAULT);
	assert_int_equal(copy_to_user(at(READ), &byte, 1), -EFAULT);
	assert_false(task.access_short);
	while ((taken[count] = page_alloc(0)) != NULL)
		count++;
	assert_int_equal(copy_to_user(at(FIRST), &byte, 1), -EFAULT);
	assert_true(task.access_short);
	while (count > 0)
		page_put(taken[--count]);
	assert_int_equal(copy_to_user(at(FIRST), &byte, 1), 0);
}

static int setup(void **state)
{
	(void)state;
	fake_memory_init(64, 1);
	for (unsigned int i = 0; i < ABI_RLIMIT_COUNT; i++)
		process.rlimit[i].soft = ABI_RLIM_INFINITY;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_memory_destroy();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(over_the_end_of_a_page, start, end),
	    cmocka_unit_test_setup_teardown(over_the_end_of_what_is_permitted, start, end),
	    cmocka_unit_test_setup_teardown(rights_change_between, start, end),
	    cmocka_unit_test_setup_teardown(not_user_space, start, end),
	    cmocka_unit_test_setup_teardown(no_address_space, start, end),
	    cmocka_unit_test_setup_teardown(words, start, end),
	    cmocka_unit_test_setup_teardown(strings, start, end),
	    cmocka_unit_test_setup_teardown(spans, start, end),
	    cmocka_unit_test_setup_teardown(without_memory, start, end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
