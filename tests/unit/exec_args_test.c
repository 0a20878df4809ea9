/* SPDX-License-Identifier: MIT */
/* sources: kernel/task/exec_args.c */
/*
 * A new program's strings: gathered from user or kernel vectors, with scripts in front, and written
 * out. What the kernel offers is played here over ordinary memory; the oracle is the list of
 * strings itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/exec_args.h"
#include "kernel/task/task.h"

#define STACK_BYTES (8u << 20)
#define BASE        0x10000u

/* The machine. */

static struct process process;
static struct task task = {.process = &process};
static char *stack_memory;
static int pages_in_use, objects_in_use;
static int pages_left = -1; /* -1: any number */

struct hosted_page {
	struct page page;
	char bytes[PAGE_BYTES];
};

static struct task *running = &task; /* what a CPU's area begins with */
static struct xen_cpu cpu = {.host_data = &running};
void *port_current_cpu = &cpu;

struct page *page_alloc(unsigned int order)
{
	struct hosted_page *hosted;

	assert_int_equal(order, 0);
	if (pages_left == 0)
		return NULL;
	if (pages_left > 0)
		pages_left--;
	hosted = malloc(sizeof(*hosted));
	assert_non_null(hosted);
	memset(hosted->bytes, 0x5a, sizeof(hosted->bytes));
	pages_in_use++;
	return &hosted->page;
}

void page_put(struct page *page)
{
	pages_in_use--;
	free(container_of(page, struct hosted_page, page));
}

void *page_virt(const struct page *page)
{
	return ((struct hosted_page *)(uintptr_t)page)->bytes;
}

void *kmalloc(size_t bytes)
{
	objects_in_use++;
	return malloc(bytes);
}

void kfree(void *object)
{
	objects_in_use -= object != NULL;
	free(object);
}

void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

/* Addresses below the first page are those of a bad program. */
static bool bad_address(const void *user)
{
	return (uintptr_t)user < PAGE_BYTES;
}

int copy_from_user(void *to, const void *user_from, size_t bytes)
{
	if (bad_address(user_from))
		return -EFAULT;
	memcpy(to, user_from, bytes);
	return 0;
}

long strncpy_from_user(char *to, const char *user_from, size_t size)
{
	size_t len;

	if (bad_address(user_from))
		return -EFAULT;
	len = strnlen(user_from, size);
	memcpy(to, user_from, len < size ? len + 1 : size);
	return len < size ? (long)len : -ENAMETOOLONG;
}

long vm_write(struct vm *vm, uintptr_t addr, const void *from, size_t bytes)
{
	(void)vm;
	assert_in_range(addr, BASE, BASE + STACK_BYTES);
	assert_true(bytes <= BASE + STACK_BYTES - addr);
	memcpy(stack_memory + (addr - BASE), from, bytes);
	return (long)bytes;
}

/* What the tests do with it. */

static int setup(void **state)
{
	(void)state;
	stack_memory = malloc(STACK_BYTES);
	process.rlimit[ABI_RLIMIT_STACK].soft = 8u << 20;
	pages_left = -1;
	return stack_memory ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(stack_memory);
	assert_int_equal(pages_in_use, 0);
	assert_int_equal(objects_in_use, 0);
	return 0;
}

struct expectation {
	const char *const *strings; /* in order, argv then environment */
	size_t next;
	uintptr_t end;
};

static int check_string(void *arg, uintptr_t address)
{
	struct expectation *expectation = arg;
	const char *string = expectation->strings[expectation->next];

	assert_non_null(string);
	assert_int_equal(address, expectation->end);
	assert_string_equal(stack_memory + (address - BASE), string);
	expectation->next++;
	expectation->end = address + strlen(string) + 1;
	return 0;
}

/* All strings are there, one behind the other, and the sum of their sizes was told right. */
static void check_written(const struct exec_args *args, const char *const *strings, size_t count)
{
	struct expectation expectation = {.strings = strings, .end = BASE};

	memset(stack_memory, 0xee, 64 * 1024);
	assert_int_equal(exec_args_write(args, NULL, BASE, check_string, &expectation), 0);
	assert_int_equal(expectation.next, count);
	assert_int_equal(exec_args_bytes(args), expectation.end - BASE);
	assert_int_equal(exec_args_argc(args) + args->envc, count);
}

static int gather(struct exec_args *args, bool user, const void *argv, const void *envp)
{
	const struct exec_source source = {.user = user, .argv = argv, .envp = envp};

	exec_args_init(args);
	return exec_args_gather(args, &source);
}

static void test_plain(void **state)
{
	static const char *const argv[] = {"ls", "-l", "", "/tmp", NULL};
	static const char *const envp[] = {"PATH=/bin", "X=", NULL};
	static const char *const all[] = {"ls", "-l", "", "/tmp", "PATH=/bin", "X=", NULL};
	struct exec_args args;

	(void)state;
	for (int user = 0; user < 2; user++) {
		assert_int_equal(gather(&args, user, argv, envp), 0);
		assert_int_equal(exec_args_argc(&args), 4);
		assert_int_equal(args.envc, 2);
		check_written(&args, all, 6);
		exec_args_free(&args);
	}
}

static void test_nothing_becomes_an_empty_name(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const all[] = {"", NULL};
	struct exec_args args;

	(void)state;
	assert_int_equal(gather(&args, true, NULL, NULL), 0);
	check_written(&args, all, 1);
	exec_args_free(&args);
	assert_int_equal(gather(&args, true, none, none), 0);
	check_written(&args, all, 1);
	exec_args_free(&args);
}

static void test_scripts(void **state)
{
	static const char *const argv[] = {"name", "one", "two", NULL};
	static const char *const envp[] = {"A=1", NULL};
	static const char *const first[] = {"/bin/sh", "-e", "/s", "one", "two", "A=1", NULL};
	static const char *const second[] = {"/bin/awk", "/bin/sh", "-e",  "/s",
	                                     "one",      "two",     "A=1", NULL};
	struct exec_args args;

	(void)state;
	assert_int_equal(gather(&args, true, argv, envp), 0);
	assert_int_equal(exec_args_put_front(&args, "/bin/sh", "-e", "/s"), 0);
	check_written(&args, first, 6);
	/* /bin/sh turns out to be a script of awk. */
	assert_int_equal(exec_args_put_front(&args, "/bin/awk", NULL, "/bin/sh"), 0);
	check_written(&args, second, 7);
	exec_args_free(&args);
}

static void test_deepest_scripts(void **state)
{
	static const char *const argv[] = {"x", NULL};
	struct exec_args args;

	(void)state;
	assert_int_equal(gather(&args, true, argv, NULL), 0);
	for (unsigned int depth = 0; depth < EXEC_DEPTH_MAX; depth++)
		assert_int_equal(exec_args_put_front(&args, "i", "a", "s"), 0);
	assert_int_equal(exec_args_argc(&args), 2 * EXEC_DEPTH_MAX + 1);
	exec_args_free(&args);
}

/* Strings of every length around the page's end. */
static void test_page_borders(void **state)
{
	char *long_one = malloc(3 * PAGE_BYTES);

	(void)state;
	assert_non_null(long_one);
	for (size_t len = PAGE_BYTES - 5; len < PAGE_BYTES + 5; len++) {
		const char *const argv[] = {"ab", long_one, "cd", long_one + 3, NULL};
		const char *const all[] = {"ab", long_one, "cd", long_one + 3, long_one, NULL};
		const char *const envp[] = {long_one, NULL};
		struct exec_args args;

		memset(long_one, 'x', len);
		long_one[len] = '\0';
		assert_int_equal(gather(&args, true, argv, envp), 0);
		check_written(&args, all, 5);
		exec_args_free(&args);
	}
	free(long_one);
}

static void test_bad_pointers(void **state)
{
	const char *const bad_string[] = {"ok", (const char *)8, NULL};
	struct exec_args args;

	(void)state;
	assert_int_equal(gather(&args, true, (const void *)8, NULL), -EFAULT);
	exec_args_free(&args);
	assert_int_equal(gather(&args, true, bad_string, NULL), -EFAULT);
	exec_args_free(&args);
	assert_int_equal(gather(&args, true, NULL, bad_string), -EFAULT);
	exec_args_free(&args);
}

static void test_limits(void **state)
{
	size_t longest = 128 * 1024;
	char *string = malloc(longest + 1);
	const char *argv[41] = {NULL};
	struct exec_args args;

	(void)state;
	assert_non_null(string);
	memset(string, 'y', longest);
	/* One string: 128 KiB with its end, not a byte more. */
	string[longest - 1] = '\0';
	argv[0] = string;
	assert_int_equal(gather(&args, true, argv, NULL), 0);
	exec_args_free(&args);
	string[longest - 1] = 'y';
	string[longest] = '\0';
	assert_int_equal(gather(&args, true, argv, NULL), -E2BIG);
	exec_args_free(&args);
	/* All together: a quarter of the stack. */
	string[longest - 1] = '\0';
	for (int i = 0; i < 40; i++)
		argv[i] = string;
	assert_int_equal(gather(&args, true, argv, NULL), -E2BIG);
	assert_true(args.bytes <= args.limit_bytes + longest);
	exec_args_free(&args);
	/* A small stack limit does not take away the least that programs rely on. */
	process.rlimit[ABI_RLIMIT_STACK].soft = 4096;
	argv[1] = NULL;
	string[100000] = '\0';
	assert_int_equal(gather(&args, true, argv, NULL), 0);
	exec_args_free(&args);
	free(string);
}

/* Memory runs out at every possible moment: an error, and nothing is left over. */
static void test_out_of_memory(void **state)
{
	char *string = malloc(5 * PAGE_BYTES);
	const char *const argv[] = {string, string, NULL};
	struct exec_args args;
	int result = -ENOMEM;

	(void)state;
	assert_non_null(string);
	memset(string, 'z', 5 * PAGE_BYTES - 1);
	string[5 * PAGE_BYTES - 1] = '\0';
	for (int pages = 0; result != 0; pages++) {
		assert_true(pages <= 10);
		pages_left = pages;
		result = gather(&args, true, argv, NULL);
		if (result != 0)
			assert_int_equal(result, -ENOMEM);
		exec_args_free(&args);
		assert_int_equal(pages_in_use, 0);
	}
	free(string);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_becomes_an_empty_name, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_scripts, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_deepest_scripts, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_page_borders, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_pointers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
