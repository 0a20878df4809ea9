/* SPDX-License-Identifier: MIT */
/*
 * Round trips: one byte or one word to a partner and back, and the partner's making.
 *
 * A partner is a process or a thread, on this processor or on another one (the names that end in
 * -other). It waits by read or by futex, so each round trip is two wake-ups.
 */
#include "bench/ops/ops.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* In memory that both sides see. */
struct turn {
	atomic_uint to_partner, to_us;
};

static int there[2], back[2];
static struct turn *turn;
static pthread_t thread;
static int child;

/* Both sides run on the first processor, or the partner on the second one. */
static void run_on(size_t processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	op_check(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

static void place_partner(void)
{
	run_on(op_now->processors > 1 ? 1 : 0);
}

static void echo_bytes(void)
{
	char byte;

	while (read(there[0], &byte, 1) == 1 && byte != 'q') {
		if (write(back[1], &byte, 1) != 1)
			break;
	}
}

static void wait_until_set(atomic_uint *word)
{
	while (atomic_load(word) == 0)
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void set_and_wake(atomic_uint *word, unsigned int value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void echo_turns(void)
{
	for (;;) {
		wait_until_set(&turn->to_partner);
		if (atomic_exchange(&turn->to_partner, 0) == 2)
			return;
		set_and_wake(&turn->to_us, 1);
	}
}

static void *partner_thread(void *echo)
{
	place_partner();
	((void (*)(void))echo)();
	return NULL;
}

static void start_process(void (*echo)(void))
{
	child = fork();
	op_check(child >= 0, "fork");
	if (child == 0) {
		place_partner();
		echo();
		_exit(0);
	}
	run_on(0);
}

static void start_thread(void (*echo)(void))
{
	op_check(pthread_create(&thread, NULL, partner_thread, (void *)echo) == 0, "a thread");
	run_on(0);
}

static void open_pipes(void)
{
	op_check(pipe(there) == 0 && pipe(back) == 0, "pipe");
}

static void close_pipes(void)
{
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
}

static void map_turn(void)
{
	turn = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	op_check(turn != MAP_FAILED, "mmap");
}

static void set_up_pipe_process(void)
{
	open_pipes();
	start_process(echo_bytes);
}

static void set_up_pipe_thread(void)
{
	open_pipes();
	start_thread(echo_bytes);
}

static void set_up_futex_process(void)
{
	map_turn();
	start_process(echo_turns);
}

static void set_up_futex_thread(void)
{
	map_turn();
	start_thread(echo_turns);
}

static void end_bytes(void)
{
	op_check(write(there[1], "q", 1) == 1, "write");
}

static void end_turns(void)
{
	set_and_wake(&turn->to_partner, 2);
}

static void tear_down_pipe_process(void)
{
	end_bytes();
	op_wait_for(child);
	close_pipes();
}

static void tear_down_pipe_thread(void)
{
	end_bytes();
	pthread_join(thread, NULL);
	close_pipes();
}

static void tear_down_futex_process(void)
{
	end_turns();
	op_wait_for(child);
	munmap(turn, PAGE_BYTES);
}

static void tear_down_futex_thread(void)
{
	end_turns();
	pthread_join(thread, NULL);
	munmap(turn, PAGE_BYTES);
}

static void run_pipe(void)
{
	char byte = 'x';

	op_check(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "a round trip");
}

static void run_futex(void)
{
	set_and_wake(&turn->to_partner, 1);
	wait_until_set(&turn->to_us);
	atomic_store(&turn->to_us, 0);
}

static void *end_at_once(void *argument)
{
	return argument;
}

static void run_thread(void)
{
	pthread_t created;

	op_check(pthread_create(&created, NULL, end_at_once, NULL) == 0, "a thread");
	pthread_join(created, NULL);
}

#define TRIP(way, partner, suffix, cpus)                                              \
	.name = #way "-" #partner suffix, .runs = 200, .run = run_##way,              \
	.set_up = set_up_##way##_##partner, .tear_down = tear_down_##way##_##partner, \
	.processors = (cpus)

const struct op switch_ops[] = {
    {TRIP(pipe, process, "", 1)},
    {TRIP(pipe, thread, "", 1)},
    {TRIP(futex, process, "", 1)},
    {TRIP(futex, thread, "", 1)},
    {.name = "thread-create", .runs = 100, .run = run_thread},
    {TRIP(pipe, process, "-other", 2)},
    {TRIP(pipe, thread, "-other", 2)},
    {TRIP(futex, process, "-other", 2)},
    {TRIP(futex, thread, "-other", 2)},
    {0},
};
