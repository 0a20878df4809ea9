/* SPDX-License-Identifier: MIT */
/*
 * Whether costs are linear: the same operation with more memory, and among more processes.
 *
 * The number in a name is MiB, or processes beside the measuring one, which sleep in futex.
 * `scale-switch` carries a token once through all of them; `scale-wake` wakes one and waits for its
 * answer; `scale-processes` makes and ends one more process.
 */
#include "bench/ops/ops.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLEEPERS_MAX 1024

enum { ASLEEP, ANSWER, PASS_ON, END };

/* In memory that all see: what each sleeper is to do; the last word is the measuring process's. */
struct board {
	atomic_uint order[SLEEPERS_MAX + 1];
};

static char *memory;
static struct board *board;
static int pids[SLEEPERS_MAX];
static int child;
static unsigned long next;

static void wait_until_set(atomic_uint *word)
{
	while (atomic_load(word) == ASLEEP)
		syscall(SYS_futex, word, FUTEX_WAIT, ASLEEP, NULL, NULL, 0);
}

static void set_and_wake(atomic_uint *word, unsigned int value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static atomic_uint *our_word(void)
{
	return &board->order[SLEEPERS_MAX];
}

static void map_board(void)
{
	board =
	    mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	op_check(board != MAP_FAILED, "mmap");
}

static void sleep_until_ended(unsigned long idx)
{
	for (;;) {
		unsigned int order;

		wait_until_set(&board->order[idx]);
		order = atomic_exchange(&board->order[idx], ASLEEP);
		if (order == END)
			_exit(0);
		if (order == PASS_ON && idx + 1 < op_now->size)
			set_and_wake(&board->order[idx + 1], PASS_ON);
		else
			set_and_wake(our_word(), ANSWER);
	}
}

static void end_sleepers(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		set_and_wake(&board->order[i], END);
		waitpid(pids[i], NULL, 0);
	}
	munmap(board, sizeof(*board));
}

static void await_answer(void)
{
	wait_until_set(our_word());
	atomic_store(our_word(), ASLEEP);
}

static void run_switch(void)
{
	set_and_wake(&board->order[0], PASS_ON);
	await_answer();
}

static void run_wake(void)
{
	set_and_wake(&board->order[next++ % op_now->size], ANSWER);
	await_answer();
}

static void start_sleepers(void)
{
	map_board();
	for (unsigned long i = 0; i < op_now->size; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			sleep_until_ended(i);
		if (pids[i] < 0) {
			end_sleepers(i);
			op_fail("fork");
		}
	}
	next = 0;
	/* Each has run, and so has its memory to itself, before anything is counted. */
	run_switch();
	for (unsigned long i = 0; i < op_now->size; i++)
		run_wake();
}

static void stop_sleepers(void)
{
	end_sleepers(op_now->size);
}

static void run_fork(void)
{
	int pid = fork();

	if (pid == 0)
		_exit(0);
	op_check(pid > 0, "fork");
	op_wait_for(pid);
}

static void map_memory(void)
{
	memory = op_map_touched(op_now->size);
}

static void unmap_memory(void)
{
	munmap(memory, op_now->size);
}

/* A child that has the memory to itself, and ends when it is told to. */
static void start_owner(void)
{
	map_board();
	child = fork();
	if (child == 0) {
		map_memory();
		set_and_wake(our_word(), ANSWER);
		wait_until_set(&board->order[0]);
		_exit(0);
	}
	op_check(child > 0, "fork");
	await_answer();
}

static void run_exit(void)
{
	set_and_wake(&board->order[0], END);
	op_wait_for(child);
}

static void unmap_board(void)
{
	munmap(board, sizeof(*board));
}

#define FORK_OF(mib)                                                                 \
	.name = "scale-fork-" #mib, .runs = 2, .size = MIB * (mib), .run = run_fork, \
	.set_up = map_memory, .tear_down = unmap_memory
#define MUNMAP_OF(mib)                                                                     \
	.name = "scale-munmap-" #mib, .runs = 2, .size = MIB * (mib), .run = unmap_memory, \
	.before = map_memory
#define EXIT_OF(mib)                                                                 \
	.name = "scale-exit-" #mib, .runs = 2, .size = MIB * (mib), .run = run_exit, \
	.before = start_owner, .after = unmap_board

#define SWITCH_AMONG(count)                                                            \
	.name = "scale-switch-" #count, .runs = 4, .size = (count), .run = run_switch, \
	.set_up = start_sleepers, .tear_down = stop_sleepers
#define WAKE_AMONG(count)                                                            \
	.name = "scale-wake-" #count, .runs = 100, .size = (count), .run = run_wake, \
	.set_up = start_sleepers, .tear_down = stop_sleepers
#define FORK_AMONG(count)                                                                \
	.name = "scale-processes-" #count, .runs = 10, .size = (count), .run = run_fork, \
	.set_up = start_sleepers, .tear_down = stop_sleepers

const struct op scale_ops[] = {
    {FORK_OF(1)},         {MUNMAP_OF(1)},      {EXIT_OF(1)},       {FORK_OF(4)},
    {MUNMAP_OF(4)},       {EXIT_OF(4)},        {FORK_OF(16)},      {MUNMAP_OF(16)},
    {EXIT_OF(16)},        {FORK_OF(64)},       {MUNMAP_OF(64)},    {EXIT_OF(64)},
    {FORK_OF(256)},       {MUNMAP_OF(256)},    {EXIT_OF(256)},     {SWITCH_AMONG(1)},
    {WAKE_AMONG(1)},      {FORK_AMONG(1)},     {SWITCH_AMONG(10)}, {WAKE_AMONG(10)},
    {FORK_AMONG(10)},     {SWITCH_AMONG(100)}, {WAKE_AMONG(100)},  {FORK_AMONG(100)},
    {SWITCH_AMONG(1000)}, {WAKE_AMONG(1000)},  {FORK_AMONG(1000)}, {0},
};
