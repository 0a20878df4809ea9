/* SPDX-License-Identifier: MIT */
/* Shows: a process whose first thread has ended: the others go on, take its signals, fork, stop and
 * continue; it ends with the last of them, with the status that the end asks for. */
#include "tests/suite/programs/threads.h"

static _Atomic int *caught;
static char *program;

static void note(int number)
{
	(void)number;
	++*caught;
}

static void until_first_is_gone(void)
{
	char state = 'S';

	while (state != 'Z' && state != '?') {
		sleep_ms(1);
		state = thread_state(getpid());
	}
}

static void *say_and_end(void *argument)
{
	until_first_is_gone();
	say("first is gone, here is another: %d", own_tid() != getpid());
	return argument;
}

static void *exit_later(void *argument)
{
	until_first_is_gone();
	exit((int)(intptr_t)argument);
}

static void *take_signals(void *argument)
{
	until_first_is_gone();
	kill(getpid(), SIGUSR1);
	while (*caught < 1)
		sched_yield();
	kill(getppid(), SIGUSR1);
	while (*caught < 3)
		usleep(1000);
	_exit(*caught);
	return argument;
}

static void *fork_later(void *argument)
{
	pid_t child;

	until_first_is_gone();
	child = fork();
	if (child == 0)
		_exit(own_tid() == getpid() ? 8 : 9);
	say_end("its child", child);
	return argument;
}

static void *sleep_on(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void *execute_later(void *argument)
{
	until_first_is_gone();
	execl(program, program, "executed", (char *)NULL);
	return argument;
}

static int run(const char *what)
{
	static const struct {
		const char *name;
		void *(*run)(void *);
		intptr_t argument;
	} cases[] = {{"last returns", say_and_end, 0}, {"exit", exit_later, 5},
	             {"signals", take_signals, 0},     {"fork", fork_later, 0},
	             {"sleep", sleep_on, 0},           {"exec", execute_later, 0}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (strcmp(cases[i].name, what) == 0)
			start(cases[i].run, (void *)cases[i].argument);
	}
	pthread_exit(NULL);
}

/* Each in a program of its own: nothing of the parent's is left in it. */
static pid_t begin(const char *what)
{
	pid_t child = fork();

	if (child == 0) {
		execl(program, program, what, (char *)NULL);
		_exit(1);
	}
	return child;
}

static void signals_from_outside(void)
{
	pid_t child = begin("signals");

	while (*caught < 2)
		usleep(1000);
	kill(child, SIGUSR1);
	say_end("signals", child);
}

static void stops(void)
{
	pid_t child = begin("sleep");
	int status;

	sleep_ms(5);
	for (int i = 0; i < 3; i++) {
		kill(child, SIGSTOP);
		waitpid(child, &status, WUNTRACED);
		say_status("stop", status);
		kill(child, SIGCONT);
		waitpid(child, &status, WCONTINUED);
		say_status("continue", status);
	}
	say_number("not ended", waitpid(child, &status, WNOHANG));
	kill(child, SIGTERM);
	say_end("terminate", child);
}

int main(int argc, char **argv)
{
	int fd = open("/tmp/thread-leader", O_RDWR | O_CREAT, 0600);

	if (argc == 2 && strcmp(argv[1], "executed") == 0) {
		say("executed as the first: %d", own_tid() == getpid());
		return 12;
	}
	/* The count is shared with the programs that are run. */
	if (argc == 1 && ftruncate(fd, 4096))
		return 1;
	caught = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	handle(SIGUSR1, note, SA_RESTART);
	program = argv[0];
	if (argc == 2)
		return run(argv[1]);
	*caught = 0;
	say_end("last returns", begin("last returns"));
	say_end("exit", begin("exit"));
	say_end("fork", begin("fork"));
	say_end("exec", begin("exec"));
	signals_from_outside();
	stops();
	unlink("/tmp/thread-leader");
	return 0;
}
