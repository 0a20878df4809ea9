/* SPDX-License-Identifier: MIT */
/* Shows: futex: values that differ, time limits of all kinds, wake-ups by count and bits, requeue,
 * operations, shared words of anonymous memory and of files, signals, errors. */
#include "tests/suite/programs/say.h"
#include <linux/futex.h>

static uint32_t *words; /* shared with children */
static volatile int caught;

static long futex(uint32_t *word, int operation, uint32_t value, const struct timespec *limit,
                  uint32_t *other, uint32_t value3)
{
	return syscall(SYS_futex, word, operation, value, limit, other, value3);
}

/* The second number of requeue and operations travels in the place of the time limit. */
static long futex_two(uint32_t *word, int operation, uint32_t value, unsigned long count,
                      uint32_t *other, uint32_t value3)
{
	return syscall(SYS_futex, word, operation, value, count, other, value3);
}

static void limits(void)
{
	struct timespec short_time = {0, 2000000}, none = {0, 0}, bad = {0, 1000000000}, now;
	uint32_t word = 5;

	say_number("another value", futex(&word, FUTEX_WAIT, 6, NULL, NULL, 0));
	say_number("2 ms", futex(&word, FUTEX_WAIT, 5, &short_time, NULL, 0));
	say_number("no time", futex(&word, FUTEX_WAIT, 5, &none, NULL, 0));
	say_number("bad time", futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0));
	say_number("1970",
	           futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &none, NULL, 1));
	clock_gettime(CLOCK_MONOTONIC, &now);
	say_number("now", futex(&word, FUTEX_WAIT_BITSET, 5, &now, NULL, 1));
	say_number("no bits", futex(&word, FUTEX_WAIT_BITSET, 5, &now, NULL, 0));
	say_number("wake no bits", futex(&word, FUTEX_WAKE_BITSET, 5, NULL, NULL, 0));
	say_number("wake nobody", futex(&word, FUTEX_WAKE, 5, NULL, NULL, 0));
	say_number("unaligned",
	           futex((uint32_t *)((char *)words + 2), FUTEX_WAIT, 0, NULL, NULL, 0));
	say_number("null", futex(NULL, FUTEX_WAIT, 0, NULL, NULL, 0));
	say_number("kernel",
	           futex(HIDE((uint32_t *)0xffffffff80000000ul), FUTEX_WAKE, 1, NULL, NULL, 0));
	say_number("no operation", futex(&word, 77, 0, NULL, NULL, 0));
}

static pid_t waiter(unsigned int idx, uint32_t bits)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(futex(&words[idx], FUTEX_WAIT_BITSET, 0, NULL, NULL, bits) == 0 ? 0 : errno);
	}
	return child;
}

/* Until `count` sleep on the word: requeue to itself tells how many, without waking any. */
static void until_asleep(unsigned int idx, long count)
{
	while (futex_two(&words[idx], FUTEX_CMP_REQUEUE, 0, 100, &words[14], 0) < count) {
		futex_two(&words[14], FUTEX_CMP_REQUEUE, 0, 100, &words[idx], 0);
		usleep(1000);
	}
	futex_two(&words[14], FUTEX_CMP_REQUEUE, 0, 100, &words[idx], 0);
}

static void say_end_of_any(const char *what)
{
	int status = 0;

	if (wait(&status) > 0)
		say_status(what, status);
}

static void wakes(void)
{
	pid_t child[4];

	for (int i = 0; i < 4; i++)
		child[i] = waiter(0, 1u << i);
	until_asleep(0, 4);
	say_number("wake by bit 2", futex(&words[0], FUTEX_WAKE_BITSET, 10, NULL, NULL, 4));
	say_end("third", child[2]);
	say_number("wake by a bit nobody has",
	           futex(&words[0], FUTEX_WAKE_BITSET, 9, NULL, NULL, 64));
	say_number("wake another word", futex(&words[1], FUTEX_WAKE, 9, NULL, NULL, 0));
	say_number("wake two", futex(&words[0], FUTEX_WAKE, 2, NULL, NULL, 0));
	/* Which two depends on who slept first. */
	say_end_of_any("one of three");
	say_end_of_any("another");
	say_number("wake the rest", futex(&words[0], FUTEX_WAKE, INT32_MAX, NULL, NULL, 0));
	say_end_of_any("the last");
}

static void requeues(void)
{
	pid_t child[3];

	for (int i = 0; i < 3; i++)
		child[i] = waiter(0, ~0u);
	until_asleep(0, 3);
	say_number("requeue, other value",
	           futex_two(&words[0], FUTEX_CMP_REQUEUE, 1, 1, &words[1], 9));
	say_number("wake one, move one",
	           futex_two(&words[0], FUTEX_CMP_REQUEUE, 1, 1, &words[1], 0));
	say_number("wake the moved", futex(&words[1], FUTEX_WAKE, 9, NULL, NULL, 0));
	say_number("move without comparing",
	           futex_two(&words[0], FUTEX_REQUEUE, 0, 9, &words[1], 0));
	say_number("wake the first word", futex(&words[0], FUTEX_WAKE, 9, NULL, NULL, 0));
	say_number("wake the second word", futex(&words[1], FUTEX_WAKE, 9, NULL, NULL, 0));
	for (int i = 0; i < 3; i++)
		say_end("requeued", child[i]);
}

static void operations(void)
{
	static const struct {
		int change, operand, test, compare;
	} cases[] = {
	    {FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 3},
	    {FUTEX_OP_ADD, 5, FUTEX_OP_CMP_NE, 3},
	    {FUTEX_OP_OR, 8, FUTEX_OP_CMP_LT, 4},
	    {FUTEX_OP_ANDN, 1, FUTEX_OP_CMP_LE, 2},
	    {FUTEX_OP_XOR, 0xff, FUTEX_OP_CMP_GT, 2},
	    {FUTEX_OP_ADD, 0xfff, FUTEX_OP_CMP_GE, 3},
	    {FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 4, FUTEX_OP_CMP_EQ, 0xfff},
	    {6, 0, FUTEX_OP_CMP_EQ, 0},
	    {FUTEX_OP_SET, 0, 9, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t word = 3;
		long result = futex_two(&words[0], FUTEX_WAKE_OP, 1, 1, &word,
		                        (uint32_t)FUTEX_OP(cases[i].change, cases[i].operand,
		                                           cases[i].test, cases[i].compare));

		say_number("operation", result);
		say("word %u", word);
	}
}

static void in_file(void)
{
	char name[] = "/tmp/futex-XXXXXX";
	int fd = mkstemp(name);
	uint32_t *one, *other;
	pid_t child;

	unlink(name);
	say_number("ftruncate", ftruncate(fd, 8192));
	one = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	other = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	child = fork();
	if (child == 0)
		_exit(futex(&one[3], FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 0 : errno);
	/* The same word at another address. */
	while (futex(&other[1024 + 3], FUTEX_WAKE, 1, NULL, NULL, 0) == 0)
		usleep(1000);
	say_end("waiter in a file", child);
	close(fd);
}

static void note(int number)
{
	(void)number;
	caught++;
}

/* The timer goes on: a signal that comes before the wait is followed by one within it. */
static void interrupted(int flags)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = flags};
	struct itimerspec soon = {.it_value = {0, 5000000}, .it_interval = {0, 5000000}};
	struct timespec limit = {1000, 0};
	uint32_t word = 0;
	timer_t timer;

	sigaction(SIGALRM, &action, NULL);
	timer_create(CLOCK_MONOTONIC, NULL, &timer);
	caught = 0;
	timer_settime(timer, 0, &soon, NULL);
	say_number("wait with a limit, then a signal",
	           futex(&word, FUTEX_WAIT, 0, &limit, NULL, 0));
	timer_delete(timer);
	say("caught %d", caught > 0);
}

int main(void)
{
	words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	limits();
	wakes();
	requeues();
	operations();
	in_file();
	interrupted(0);
	interrupted(SA_RESTART);
	return 0;
}
