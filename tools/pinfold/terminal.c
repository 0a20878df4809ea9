/* SPDX-License-Identifier: MIT */
/*
 * The user's terminal, see terminal.h. There is one terminal, so its state is one static object,
 * which the handlers of fatal signals can reach.
 */
#include "tools/pinfold/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct {
	volatile sig_atomic_t raw;
	int fd;
	struct termios saved;
	struct termios wanted;
	pid_t guard;
	int guard_pipe; /* its end without a word tells the guard that this process was killed */
} terminal = {.fd = -1, .guard_pipe = -1};

static void handle_fatal(int number)
{
	if (terminal.raw)
		tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
	/* The handler was for one time only: this ends the process. */
	raise(number);
}

static void catch_fatal_signals(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
	struct sigaction action = {.sa_handler = handle_fatal, .sa_flags = (int)SA_RESETHAND};

	for (unsigned int i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &action, NULL);
}

static _Noreturn void guard(int pipe_fd)
{
	char word;

	setsid();
	/* It must not keep open what others wait for the end of. */
	dup2(terminal.fd, STDIN_FILENO);
	dup2(pipe_fd, STDOUT_FILENO);
	close_range(STDERR_FILENO, ~0u, 0);
	if (read(STDOUT_FILENO, &word, 1) == 0)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.saved);
	_exit(0);
}

static void start_guard(void)
{
	int pipe_fd[2];
	sigset_t all, before;

	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return;
	/* The guard never takes a signal, from its first instruction on: this process may be
	 * killed, and the terminal's hang-up be sent, before the guard has run at all. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	terminal.guard = fork();
	if (terminal.guard == 0) {
		close(pipe_fd[1]);
		guard(pipe_fd[0]);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pipe_fd[0]);
	terminal.guard_pipe = pipe_fd[1];
}

bool terminal_make_raw(int fd)
{
	/* A descriptor of its own, so that it lasts to the end and can be told from the streams. */
	terminal.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (terminal.fd < 0 || tcgetattr(terminal.fd, &terminal.saved) != 0)
		return false;
	terminal.wanted = terminal.saved;
	cfmakeraw(&terminal.wanted);
	terminal.wanted.c_cc[VMIN] = 1;
	terminal.wanted.c_cc[VTIME] = 0;
	start_guard();
	catch_fatal_signals();
	terminal.raw = 1;
	return tcsetattr(terminal.fd, TCSADRAIN, &terminal.wanted) == 0;
}

void terminal_make_raw_again(void)
{
	if (terminal.raw)
		tcsetattr(terminal.fd, TCSADRAIN, &terminal.wanted);
}

void terminal_restore(void)
{
	if (!terminal.raw)
		return;
	tcsetattr(terminal.fd, TCSADRAIN, &terminal.saved);
	terminal.raw = 0;
	if (terminal.guard > 0 && write(terminal.guard_pipe, "d", 1) == 1) {
		close(terminal.guard_pipe);
		waitpid(terminal.guard, NULL, 0);
	}
}

bool terminal_size(int fd, unsigned int *rows, unsigned int *columns)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return false;
	*rows = size.ws_row;
	*columns = size.ws_col;
	return true;
}
