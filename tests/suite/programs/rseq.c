/* SPDX-License-Identifier: MIT */
/*
 * Shows: restartable sequences: the rules of registration, the CPU's number in the area, code that
 * goes on elsewhere when a signal or another task came in between, and what ends a program whose
 * description of it is wrong.
 */
#include "tests/suite/programs/say.h"
#include <linux/rseq.h>
#include <sched.h>
#include <sys/time.h>
#include <ucontext.h>

#define SIGNATURE  0x53053053u
#define UNREGISTER 1

static struct rseq area __attribute__((aligned(32)));

static long rseq(void *where, unsigned int bytes, int flags, unsigned int signature)
{
	return syscall(SYS_rseq, where, bytes, flags, signature);
}

/* The C library may have registered an area for this thread already. */
#pragma weak __rseq_offset
extern const ptrdiff_t __rseq_offset;

static void take_from_library(void)
{
	if (&__rseq_offset) {
		char *own = (char *)__builtin_thread_pointer() + __rseq_offset;

		for (unsigned int bytes = 32; bytes <= 256; bytes += 32)
			rseq(own, bytes, UNREGISTER, SIGNATURE);
	}
}

static void registration(void)
{
	char *far = (char *)HIDE(0xffff800000000000ul);

	say_number("not registered", rseq(&area, 32, UNREGISTER, SIGNATURE));
	say_number("too small", rseq(&area, 16, 0, SIGNATURE));
	say_number("not aligned", rseq((char *)&area + 8, 32, 0, SIGNATURE));
	say_number("an unknown flag", rseq(&area, 32, 2, SIGNATURE));
	say_number("in the kernel", rseq(far, 32, 0, SIGNATURE));
	say_number("registered", rseq(&area, 32, 0, SIGNATURE));
	say_number("again", rseq(&area, 32, 0, SIGNATURE));
	say_number("again with another signature", rseq(&area, 32, 0, 1));
	say_number("another area", rseq((char *)&area + 32, 32, 0, SIGNATURE));
	say_number("given up with another signature", rseq(&area, 32, UNREGISTER, 1));
	say_number("another given up", rseq((char *)&area + 32, 32, UNREGISTER, SIGNATURE));
	say_number("given up", rseq(&area, 32, UNREGISTER, SIGNATURE));
	say("the CPU then: %d", (int)area.cpu_id);
	say_number("given up again", rseq(&area, 32, UNREGISTER, SIGNATURE));
	say_number("registered again", rseq(&area, 32, 0, SIGNATURE));
}

/* On each CPU that there is: the number is that of getcpu(). */
static void cpu_numbers(void)
{
	cpu_set_t before, one;
	int wrong = 0;

	sched_getaffinity(0, sizeof(before), &before);
	for (int turn = 0; turn < 50; turn++) {
		for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			if (!CPU_ISSET(cpu, &before))
				continue;
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			sched_setaffinity(0, sizeof(one), &one);
			wrong += area.cpu_id != cpu || area.cpu_id_start != cpu;
		}
	}
	sched_setaffinity(0, sizeof(before), &before);
	say_number("wrong numbers", wrong);
}

/* Code that ends by itself only if its description was taken away before it began: then with 3. */
extern char section_begin[], section_end[], section_abort[];
__asm__(".text\n"
        "spin_in_section:\n"
        "section_begin:\n"
        "	incq (%rdi)\n"
        "	cmpq $0, (%rsi)\n"
        "	jne section_begin\n"
        "section_end:\n"
        "	movl $3, %eax\n"
        "	ret\n"
        "	.long 0x53053053\n"
        "section_abort:\n"
        "	movl $1, %eax\n"
        "	ret\n"
        "	.long 0x12345678\n"
        "section_abort_unsigned:\n"
        "	movl $2, %eax\n"
        "	ret\n"
        ".previous\n");
long spin_in_section(unsigned long *turns, const void *description);
extern char section_abort_unsigned[];

static struct rseq_cs section __attribute__((aligned(32)));

static void describe(void)
{
	section = (struct rseq_cs){.start_ip = (uintptr_t)section_begin,
	                           .post_commit_offset = (uintptr_t)(section_end - section_begin),
	                           .abort_ip = (uintptr_t)section_abort};
}

static unsigned long turns;

static uint64_t area_section(void)
{
	uint64_t value;

	memcpy(&value, (char *)&area + 8, sizeof(value));
	return value;
}

static void set_area_section(uint64_t value)
{
	memcpy((char *)&area + 8, &value, sizeof(value));
}

static bool aborted(void)
{
	long how;

	do {
		describe();
		set_area_section((uintptr_t)&section);
		how = spin_in_section(&turns, (char *)&area + 8);
	} while (how == 3);
	return how == 1;
}

static volatile int handled, at_abort;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	handled++;
	at_abort += (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] ==
	            (uintptr_t)section_abort;
}

static void alarms_each(long us)
{
	/* Again and again: the first may come before the code is entered. */
	struct itimerval timer = {.it_value.tv_usec = us, .it_interval.tv_usec = us};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void by_signals(void)
{
	int ended = 0, kept = 0;

	handle_info(SIGALRM, note, 0);
	/* Another process may come before the signal. */
	for (int i = 0; i < 1000 && at_abort < 10; i++) {
		alarms_each(1000);
		ended += !aborted();
		kept += area_section() != 0;
	}
	alarms_each(0);
	say("ten handlers saw the abort address: %d, ends elsewhere %d, descriptions left %d",
	    at_abort >= 10, ended, kept);
	say_truth("it had run", turns > 0);
	/* Outside of the code nothing happens but that the description is taken away. */
	set_area_section((uintptr_t)&section);
	handled = at_abort = 0;
	raise(SIGALRM);
	say("outside: handlers %d, at the abort address %d, description left %d", handled, at_abort,
	    area_section() != 0);
}

/* Another process wants the same CPU. */
static void by_preemption(void)
{
	cpu_set_t before, one;
	size_t cpu = (size_t)sched_getcpu();
	int count = 0;
	pid_t child;

	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	child = fork();
	if (child == 0) {
		for (;;)
			continue;
	}
	for (int i = 0; i < 5; i++)
		count += aborted();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	sched_setaffinity(0, sizeof(before), &before);
	say_number("aborted by another process", count);
}

/* Stopped and continued it is no longer where it was. */
static void by_stop(void)
{
	volatile int *stopped =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child = fork();

	if (child == 0) {
		while (!*stopped) {
			if (!aborted())
				_exit(2);
		}
		_exit(1);
	}
	sleep_ms(20);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	say_status("stop", status);
	*stopped = 1;
	kill(child, SIGCONT);
	say_end("continued", child);
}

/* Each in a child: what the kernel finds when a handler is about to run. */
static void go(void)
{
	set_area_section((uintptr_t)&section);
	raise(SIGALRM);
}

static void good(void)
{
	describe();
	go();
}

static void no_signature(void)
{
	describe();
	section.abort_ip = (uintptr_t)section_abort_unsigned;
	go();
}

static void other_version(void)
{
	describe();
	section.version = 1;
	go();
}

static void abort_inside(void)
{
	describe();
	section.post_commit_offset += 64;
	go();
}

static void abort_in_kernel(void)
{
	describe();
	section.abort_ip = HIDE(0xffff800000000000ul);
	go();
}

static void wraps_around(void)
{
	describe();
	section.post_commit_offset = HIDE(-16ul);
	go();
}

static void no_description(void)
{
	set_area_section(8);
	raise(SIGALRM);
}

static void area_gone(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	rseq(&area, 32, UNREGISTER, SIGNATURE);
	say_number("elsewhere", rseq(page, 32, 0, SIGNATURE));
	munmap(page, 4096);
	raise(SIGALRM);
}

static void children(void)
{
	say_number("registered in a child, too", rseq(&area, 32, 0, SIGNATURE));
	say_truth("its CPU",
	          area.cpu_id == (unsigned int)sched_getcpu() || area.cpu_id != (unsigned int)-1);
}

static int in_thread(void *argument)
{
	static struct rseq own __attribute__((aligned(32)));

	*(long *)argument = syscall(SYS_rseq, &own, 32, 0, SIGNATURE);
	return 0;
}

int main(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	long result = -7;

	take_from_library();
	registration();
	cpu_numbers();
	by_signals();
	by_preemption();
	by_stop();
	in_child("a good description", good);
	in_child("no signature", no_signature);
	in_child("another version", other_version);
	in_child("abort inside", abort_inside);
	in_child("abort in the kernel", abort_in_kernel);
	in_child("wraps around", wraps_around);
	in_child("no description there", no_description);
	in_child("no area", area_gone);
	in_child("child", children);
	/* A thread begins without. */
	waitpid(clone(in_thread, stack + sizeof(stack), CLONE_VM | SIGCHLD, &result), NULL, 0);
	say_number("in a task of the same memory", result);
	say_number("given up", rseq(&area, 32, UNREGISTER, SIGNATURE));
	return 0;
}
