/* SPDX-License-Identifier: MIT */
/*
 * The benchmark program: runs operations, each between two marks for the plugin.
 *
 * Use: bench WORD…        operations that a word names, or whose name begins with the word and a
 *                         dash; `all` names all. Other words, a kernel's own, are passed over.
 *      bench --list       prints the names
 * The same file runs on each system, as the first program. Every operation is warmed up. It writes
 * a line only when one cannot be run. The plugin gets the figures.
 */
#include "bench/ops/ops.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/mark.h"

/* The threads come last: from the first one on the C library locks what it left open before. */
static const struct op *const groups[] = {calls_ops,   signals_ops, memory_ops,
                                          process_ops, scale_ops,   switch_ops};

const struct op *op_now;
static jmp_buf give_up;
static unsigned int processor_count;
static pid_t main_thread;

static void say_failed(const char *verdict, const char *why)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", verdict, op_now->name);
	mark_set(MARK_VALUE, name, (unsigned long)errno);
	printf("bench: %s %s: %s\n", verdict, op_now->name, why);
	fflush(stdout);
}

_Noreturn void op_fail(const char *what)
{
	char why[128];

	/* A partner has no way back to the loop over the operations. */
	if (gettid() != main_thread)
		_exit(1);
	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	say_failed("failed", why);
	longjmp(give_up, 1);
}

void op_check(int is_true, const char *what)
{
	if (!is_true)
		op_fail(what);
}

void op_touch(void *start, unsigned long bytes)
{
	volatile unsigned char *byte = start;

	for (unsigned long at = 0; at < bytes; at += PAGE_BYTES)
		byte[at] = 1;
}

void *op_map_touched(unsigned long bytes)
{
	void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	op_check(start != MAP_FAILED, "mmap");
	op_touch(start, bytes);
	return start;
}

void op_wait_for(int pid)
{
	int status = 0;

	op_check(waitpid(pid, &status, 0) == pid, "waitpid");
	op_check(status == 0, "the child's status");
}

static void call(void (*function)(void))
{
	if (function != NULL)
		function();
}

static void run_once(const struct op *op, bool counted)
{
	call(op->before);
	if (counted)
		mark_set(MARK_BEGIN, op->name, 0);
	op->run();
	if (counted)
		mark_set(MARK_END, op->name, 0);
	call(op->after);
}

static void use_all_processors(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	sched_setaffinity(0, sizeof(set), &set);
}

/* What the operation before left to be done later is done now. Where nothing runs, time jumps. */
static void settle(void)
{
	struct timespec time = {.tv_nsec = 100 * 1000 * 1000};

	nanosleep(&time, NULL);
}

static void run_op(const struct op *op)
{
	unsigned int warm = op->runs / 4 + 2;

	op_now = op;
	use_all_processors();
	if (op->processors > processor_count) {
		say_failed("skipped", "too few processors");
		return;
	}
	if (setjmp(give_up) != 0)
		return;
	settle();
	call(op->set_up);
	for (unsigned int i = 0; i < warm; i++)
		run_once(op, false);
	for (unsigned int i = 0; i < op->runs; i++)
		run_once(op, true);
	call(op->tear_down);
}

static bool is_wanted(const char *name, const char *const *words, int count)
{
	for (int i = 0; i < count; i++) {
		size_t len = strlen(words[i]);

		if (strncmp(name, words[i], len) == 0 && (name[len] == '\0' || name[len] == '-'))
			return true;
		if (strcmp(words[i], "all") == 0)
			return true;
	}
	return false;
}

static void for_each_op(void (*function)(const struct op *op), const char *const *words, int count)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		for (const struct op *op = groups[i]; op->name != NULL; op++) {
			/* What everything else is measured against. */
			if (strcmp(op->name, "nothing") == 0 || is_wanted(op->name, words, count))
				function(op);
		}
	}
}

static void print_name(const struct op *op)
{
	puts(op->name);
}

/* As the first program of a bare root there is no device and nobody to open the streams. */
static void make_devices(void)
{
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
	mknod("/dev/zero", S_IFCHR | 0666, makedev(1, 5));
}

static void report_memory(void)
{
	struct sysinfo info;

	if (sysinfo(&info) == 0)
		mark_set(MARK_VALUE, "memory.free_kib", info.freeram * info.mem_unit / KIB);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for_each_op(print_name, (const char *const[]){"all"}, 1);
		return 0;
	}
	main_thread = gettid();
	processor_count = (unsigned int)get_nprocs();
	mark_set(MARK_START, "", 0);
	mark_set(MARK_VALUE, "processors", processor_count);
	report_memory();
	make_devices();
	for_each_op(run_op, (const char *const *)argv + 1, argc - 1);
	mark_set(MARK_DONE, "", 0);
	printf("bench: done\n");
	fflush(stdout);
	if (getpid() == 1)
		reboot(RB_AUTOBOOT);
	return 0;
}
