/* SPDX-License-Identifier: MIT */
/* Shows: a new program from a process with threads: by the first or another, by several at once,
 * with all others anywhere; the number stays, handlers go, masks stay; failure changes nothing. */
#include "tests/suite/programs/threads.h"

static char *program;
static _Atomic int running;
static uint32_t word;
static pthread_barrier_t barrier;

static void *wait_long(void *argument)
{
	intptr_t how = (intptr_t)argument % 4;

	running++;
	for (;;) {
		if (how == 0)
			pause();
		else if (how == 1)
			HIDE(word);
		else if (how == 2)
			futex(&word, FUTEX_WAIT, 0, NULL);
		else
			sched_yield();
	}
	return NULL;
}

static void start_others(void)
{
	for (intptr_t i = 0; i < 8; i++)
		start(wait_long, (void *)i);
	while (running < 8)
		sched_yield();
}

static void execute(const char *as)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	execl(program, as, pid, (char *)NULL);
	say_done("exec", -1);
	_exit(1);
}

static void *execute_here(void *argument)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	execute(argument);
	return NULL;
}

static void by_first(void)
{
	start_others();
	execute_here("by the first");
}

static void by_other(void)
{
	start_others();
	start(execute_here, "by another");
	wait_long((void *)1);
}

static void *execute_together(void *argument)
{
	pthread_barrier_wait(&barrier);
	execute_here(argument);
	return NULL;
}

static void by_several(void)
{
	start_others();
	pthread_barrier_init(&barrier, NULL, 4);
	for (int i = 0; i < 4; i++)
		start(execute_together, "by one of several");
	wait_long(NULL);
}

static void *execute_later(void *argument)
{
	sleep_ms(3);
	return execute_here(argument);
}

static void after_first(void)
{
	start(execute_later, "after the first has ended");
	pthread_exit(NULL);
}

static void *fail_to(void *argument)
{
	say_number("no such program", execl("/nowhere", "nowhere", (char *)NULL));
	say_number("no program", execl("/", "root", (char *)NULL));
	return argument;
}

static _Atomic int ticks;

static void *tick(void *argument)
{
	for (;;) {
		ticks++;
		sched_yield();
	}
	return argument;
}

static void failing(void)
{
	int before;

	start(tick, NULL);
	join(start(fail_to, NULL));
	before = ticks;
	while (ticks == before)
		sched_yield();
	say("the others go on");
}

static void note(int number)
{
	(void)number;
}

static void *nothing(void *argument)
{
	return argument;
}

/* In the new program: what is left of the old one. */
static int executed(char **argv)
{
	struct sigaction action;
	sigset_t set;

	sigaction(SIGUSR1, NULL, &action);
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	say("%s: same number %d, first thread %d, handler gone %d, mask kept %d, file closed %d",
	    argv[0], atoi(argv[1]) == getpid(), own_tid() == getpid(), action.sa_handler == SIG_DFL,
	    sigismember(&set, SIGUSR2), fcntl(40, F_GETFD) < 0);
	return (int)run_threads(3, nothing) + 30;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return executed(argv);
	program = argv[0];
	handle(SIGUSR1, note, 0);
	dup3(1, 40, O_CLOEXEC);
	in_child("first", by_first);
	in_child("other", by_other);
	for (int i = 0; i < 3; i++)
		in_child("several", by_several);
	in_child("late", after_first);
	in_child("failing", failing);
	return 0;
}
