/* SPDX-License-Identifier: MIT */
/* Shows: the end of a process whose threads wait everywhere, compute, create threads and fork: by
 * exit, by a signal, by abort, by a fault; descriptors close, the parent hears once. */
#include "tests/suite/programs/threads.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int pipe_ends[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static uint32_t word;
static _Atomic int started;

static void in_read(void)
{
	char byte;

	while (read(pipe_ends[0], &byte, 1) < 0)
		;
}

static void in_futex(void)
{
	futex(&word, FUTEX_WAIT, 0, NULL);
}

static void in_condition(void)
{
	pthread_mutex_lock(&lock);
	for (;;)
		pthread_cond_wait(&never, &lock);
}

static void in_sleep(void)
{
	sleep(1000);
}

static void in_poll(void)
{
	struct pollfd one = {.fd = pipe_ends[0], .events = POLLIN};

	poll(&one, 1, -1);
}

static void in_epoll(void)
{
	struct epoll_event event;
	int set = epoll_create1(0);

	epoll_wait(set, &event, 1, -1);
}

static void in_eventfd(void)
{
	uint64_t value;

	if (read(eventfd(0, 0), &value, 8) < 0)
		say("eventfd");
}

static void in_sigwait(void)
{
	sigset_t set;
	int number;

	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigwait(&set, &number);
}

static void in_full_pipe(void)
{
	static char block[65536];
	int ends[2];

	if (pipe(ends) == 0) {
		while (write(ends[1], block, sizeof(block)) > 0)
			;
	}
}

static void in_fifo(void)
{
	mkfifo("fifo", 0600);
	open("fifo", O_RDONLY);
}

static void in_wait(void)
{
	pid_t child = fork();

	if (child == 0) {
		/* It ends with its parent's pipe: nobody else writes there. */
		char byte;

		close(pipe_ends[1]);
		while (read(pipe_ends[0], &byte, 1) > 0)
			;
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void in_loop(void)
{
	for (;;)
		HIDE(word);
}

static void in_calls(void)
{
	for (;;)
		getppid();
}

static void in_faults(void)
{
	for (;;) {
		char *memory =
		    mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t i = 0; i < 65536; i += 4096)
			memory[i] = 1;
		munmap(memory, 65536);
	}
}

static void in_locks(void)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		pthread_mutex_unlock(&lock);
	}
}

static void *nothing(void *argument)
{
	return argument;
}

static void in_creation(void)
{
	pthread_t thread;

	for (;;) {
		if (pthread_create(&thread, NULL, nothing, NULL) == 0)
			pthread_join(thread, NULL);
	}
}

static void (*const places[])(void) = {
    in_read,      in_futex, in_condition, in_sleep, in_poll,  in_epoll,  in_sigwait, in_eventfd,
    in_full_pipe, in_fifo,  in_wait,      in_loop,  in_calls, in_faults, in_locks,   in_creation};

static void *go(void *argument)
{
	started++;
	places[(intptr_t)argument]();
	return NULL;
}

static void start_all(void)
{
	for (size_t i = 0; i < COUNT_OF(places); i++)
		start(go, (void *)i);
	while (started < (int)COUNT_OF(places))
		sched_yield();
	sleep_ms(3);
}

static void by_exit(void)
{
	start_all();
	exit(21);
}

static void *exit_here(void *argument)
{
	_exit((int)(intptr_t)argument);
}

static void by_thread(void)
{
	start_all();
	start(exit_here, (void *)22);
	in_sleep();
}

static void by_many(void)
{
	start_all();
	for (int i = 0; i < 5; i++)
		start(exit_here, (void *)23);
	in_loop();
}

static void by_signal(void)
{
	start_all();
	kill(getpid(), SIGKILL);
	in_sleep();
}

static void by_term(void)
{
	start_all();
	kill(getpid(), SIGTERM);
	in_sleep();
}

static void *abort_here(void *argument)
{
	abort();
	return argument;
}

static void by_abort(void)
{
	start_all();
	start(abort_here, NULL);
	in_loop();
}

static void *fault_here(void *argument)
{
	*HIDE((volatile int *)8) = 1;
	return argument;
}

static void by_fault(void)
{
	start_all();
	start(fault_here, NULL);
	in_wait();
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ends[] = {{"exit", by_exit},   {"thread", by_thread}, {"many", by_many},
	            {"kill", by_signal}, {"term", by_term},     {"abort", by_abort},
	            {"fault", by_fault}};

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		pid_t child;
		char byte;

		if (pipe(pipe_ends))
			return 1;
		child = fork();
		if (child == 0) {
			ends[i].run();
			_exit(0);
		}
		close(pipe_ends[1]);
		say_end(ends[i].name, child);
		/* All writers are gone with it. */
		say_number("end of the pipe", read(pipe_ends[0], &byte, 1));
		close(pipe_ends[0]);
		unlink("fifo");
	}
	return 0;
}
