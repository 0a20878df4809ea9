/* SPDX-License-Identifier: MIT */
/* Shows: barriers that one thread asks for on behalf of all: the commands that are there, what must
 * be registered, what is refused; and that a pair of flags never misses both ways with them. */
#include "tests/suite/programs/threads.h"

#define QUERY            0
#define GLOBAL           1
#define PRIVATE          8
#define REGISTER_PRIVATE 16
#define ROUNDS           2000

static _Atomic int flags[2], seen[2];
static pthread_barrier_t barrier;

static long membarrier(int command, unsigned int how)
{
	return syscall(SYS_membarrier, command, how, 0);
}

/* The light side orders only its compiler, the heavy side has the barrier done for both. */
static void *light(void *argument)
{
	(void)argument;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		atomic_store_explicit(&flags[0], 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
		seen[0] = atomic_load_explicit(&flags[1], memory_order_relaxed);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void heavy(void)
{
	pthread_t thread = start(light, NULL);
	int missed = 0, failed = 0;

	for (int i = 0; i < ROUNDS; i++) {
		flags[0] = flags[1] = 0;
		pthread_barrier_wait(&barrier);
		atomic_store_explicit(&flags[1], 1, memory_order_relaxed);
		failed += membarrier(PRIVATE, 0) != 0;
		seen[1] = atomic_load_explicit(&flags[0], memory_order_relaxed);
		pthread_barrier_wait(&barrier);
		missed += !seen[0] && !seen[1];
		pthread_barrier_wait(&barrier);
	}
	join(thread);
	say("missed %d, failed %d", missed, failed);
}

static void not_registered(void)
{
	say_number("before registration", membarrier(PRIVATE, 0));
	say_number("registration", membarrier(REGISTER_PRIVATE, 0));
	say_number("after it", membarrier(PRIVATE, 0));
}

int main(void)
{
	long known = membarrier(QUERY, 0);

	say("known: global %d, private %d", (known & GLOBAL) != 0,
	    (known & PRIVATE) && (known & REGISTER_PRIVATE));
	say_number("unknown", membarrier(1 << 30, 0));
	say_number("two at once", membarrier(GLOBAL | PRIVATE, 0));
	say_number("flags", membarrier(QUERY, 8));
	in_child("private", not_registered);
	say_number("global", membarrier(GLOBAL, 0));
	say_number("register", membarrier(REGISTER_PRIVATE, 0));
	pthread_barrier_init(&barrier, NULL, 2);
	heavy();
	in_child("child of one that is registered", not_registered);
	return 0;
}
