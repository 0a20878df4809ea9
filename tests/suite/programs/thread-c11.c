/* SPDX-License-Identifier: MIT */
/* Shows: the threads of C itself: creation and results, mutexes of each kind, conditions, what is
 * called once, storage with destructors, sleeping, time limits. */
#include "tests/suite/programs/say.h"
#include <stdatomic.h>
#include <threads.h>

#define THREADS 6
#define ROUNDS  1000

static mtx_t lock;
static cnd_t changed;
static tss_t storage;
static once_flag flag = ONCE_FLAG_INIT;
static thread_local int own;
static int counter, turn;
static _Atomic int once_count, destroyed, alive;

static const char *name_of(int result)
{
	return result == thrd_success    ? "success"
	       : result == thrd_busy     ? "busy"
	       : result == thrd_timedout ? "timed out"
	       : result == thrd_nomem    ? "no memory"
	                                 : "error";
}

static void run_once(void)
{
	once_count++;
}

static void destroy(void *value)
{
	destroyed += (int)(intptr_t)value;
}

static int count(void *argument)
{
	call_once(&flag, run_once);
	tss_set(storage, (void *)3);
	for (int i = 0; i < ROUNDS; i++) {
		mtx_lock(&lock);
		counter++;
		if (i % 64 == 0)
			thrd_yield();
		mtx_unlock(&lock);
		own++;
	}
	return own + (int)(intptr_t)argument;
}

static int take_turns(void *argument)
{
	int which = (int)(intptr_t)argument;

	for (int i = 0; i < 100; i++) {
		mtx_lock(&lock);
		while (turn % THREADS != which)
			cnd_wait(&changed, &lock);
		turn++;
		cnd_broadcast(&changed);
		mtx_unlock(&lock);
	}
	return 0;
}

static int run_all(int (*run)(void *))
{
	thrd_t threads[THREADS];
	int sum = 0, result;

	for (intptr_t i = 0; i < THREADS; i++) {
		if (thrd_create(&threads[i], run, (void *)i) != thrd_success)
			say("not created");
	}
	for (int i = 0; i < THREADS; i++) {
		thrd_join(threads[i], &result);
		sum += result;
	}
	return sum;
}

static int try_it(void *argument)
{
	struct timespec limit;

	(void)argument;
	timespec_get(&limit, TIME_UTC);
	say("try: %s", name_of(mtx_trylock(&lock)));
	say("until now: %s", name_of(mtx_timedlock(&lock, &limit)));
	return 0;
}

static int run_detached(void *argument)
{
	thrd_detach(thrd_current());
	alive++;
	(void)argument;
	thrd_exit(5);
}

int main(void)
{
	struct timespec limit, pause = {0, 2000000};
	thrd_t thread;
	int sum;

	mtx_init(&lock, mtx_plain);
	cnd_init(&changed);
	tss_create(&storage, destroy);
	sum = run_all(count);
	say("sum %d, counted %d, once %d", sum, counter, once_count);
	say("destroyed %d, main's own %d", destroyed, own);
	run_all(take_turns);
	say("turns %d", turn);
	mtx_lock(&lock);
	timespec_get(&limit, TIME_UTC);
	say("condition: %s", name_of(cnd_timedwait(&changed, &lock, &limit)));
	mtx_unlock(&lock);
	mtx_destroy(&lock);
	mtx_init(&lock, mtx_timed | mtx_recursive);
	say("recursive: %s", name_of(mtx_lock(&lock)));
	say("recursive: %s", name_of(mtx_lock(&lock)));
	thrd_create(&thread, try_it, NULL);
	thrd_join(thread, NULL);
	mtx_unlock(&lock);
	mtx_unlock(&lock);
	thrd_create(&thread, run_detached, NULL);
	while (!alive)
		thrd_yield();
	say("equal %d", thrd_equal(thrd_current(), thrd_current()) != 0);
	say("slept %d", thrd_sleep(&pause, NULL));
	return 0;
}
