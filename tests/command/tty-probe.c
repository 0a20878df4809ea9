/* SPDX-License-Identifier: MIT */
/*
 * What a terminal does for programs and to them: run once on a pseudo-terminal of this machine and
 * once in the guest, with the same keys, it must write the same. It leads its session on its
 * terminal. After each line "keys N" the driver types.
 *
 * With the argument hang-up, in the guest only: what becomes of a terminal whose session ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct termios fresh;

/* No address; volatile, so that the compiler does not see it. */
static void *volatile nowhere = (void *)8;

static const char *error_name(int error)
{
	switch (error) {
	case 0:
		return "ok";
	case EAGAIN:
		return "EAGAIN";
	case EINTR:
		return "EINTR";
	case EIO:
		return "EIO";
	case ENXIO:
		return "ENXIO";
	case ENOTTY:
		return "ENOTTY";
	case EPERM:
		return "EPERM";
	case ESRCH:
		return "ESRCH";
	case EINVAL:
		return "EINVAL";
	case ESPIPE:
		return "ESPIPE";
	case EFAULT:
		return "EFAULT";
	default:
		return strerror(error);
	}
}

static void say_result(const char *what, long result)
{
	printf("%s: %ld %s\n", what, result, result < 0 ? error_name(errno) : "");
}

static void say_read(const char *what, int fd, size_t size)
{
	unsigned char bytes[256];
	ssize_t len = read(fd, bytes, size);

	printf("%s: ", what);
	if (len < 0)
		printf("%s", error_name(errno));
	else
		printf("%zd:", len);
	for (ssize_t i = 0; i < len; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&time, &time) != 0)
		;
}

static void set_mode(tcflag_t lflag_off, tcflag_t lflag_on, cc_t minimum, cc_t tenths)
{
	struct termios mode = fresh;

	mode.c_lflag = (mode.c_lflag & ~lflag_off) | lflag_on;
	mode.c_cc[VMIN] = minimum;
	mode.c_cc[VTIME] = tenths;
	if (tcsetattr(0, TCSADRAIN, &mode) != 0)
		printf("tcsetattr: %s\n", error_name(errno));
}

static void ask(int number)
{
	printf("keys %d\n", number);
	fflush(stdout);
}

static void test_basics(void)
{
	struct winsize size;
	struct termios mode;

	tcgetattr(0, &mode);
	printf("flags %o %o %o %o line %d\n", mode.c_iflag, mode.c_oflag, mode.c_cflag,
	       mode.c_lflag, mode.c_line);
	for (int i = 0; i < 17; i++)
		printf("%d ", mode.c_cc[i]);
	printf("\nspeeds %u %u\n", (unsigned int)cfgetispeed(&mode),
	       (unsigned int)cfgetospeed(&mode));
	printf("terminals %d %d %d\n", isatty(0), isatty(1), isatty(2));
	printf("group %d session %d\n", tcgetpgrp(0) == getpgrp(), tcgetsid(0) == getsid(0));
	ioctl(0, TIOCGWINSZ, &size);
	printf("window %d %d\n", size.ws_row, size.ws_col);
	say_result("lseek", lseek(0, 0, SEEK_CUR));
	say_result("read into nothing", read(0, nowhere, 0));
	say_result("write from nowhere", write(1, nowhere, 1));
	say_result("TIOCGPGRP to nowhere", ioctl(0, TIOCGPGRP, nowhere));
	say_result("TCGETS to nowhere", ioctl(0, TCGETS, nowhere));
	say_result("tcdrain", tcdrain(1));
	say_result("tcflush", tcflush(0, TCIFLUSH));
	say_result("tcflush of what", tcflush(0, 17));
	say_result("tcflow", tcflow(1, TCOON));
	say_result("tcsendbreak", tcsendbreak(1, 0));
	say_result("an unknown command", ioctl(0, 0x54ff, 0));
}

static void test_lines(void)
{
	struct pollfd poller = {.fd = 0, .events = POLLIN | POLLOUT};
	int count = -1;

	printf("poll: %d ", poll(&poller, 1, 0));
	printf("%x\n", (unsigned int)poller.revents);
	ask(1);
	say_read("line", 0, 100);
	ask(2);
	say_read("part", 0, 3);
	ioctl(0, FIONREAD, &count);
	poll(&poller, 1, 0);
	printf("left %d poll %x\n", count, (unsigned int)poller.revents);
	say_read("rest", 0, 100);
	ask(3);
	say_read("end of file", 0, 100);
	fcntl(0, F_SETFL, O_RDWR | O_NONBLOCK);
	say_read("nothing there", 0, 100);
	fcntl(0, F_SETFL, O_RDWR);
}

static void timed_read(const char *what, long least_ms)
{
	long start = now_ms();
	long took;

	say_read(what, 0, 100);
	took = now_ms() - start;
	printf("time %s\n", took < least_ms - 20     ? "too short"
	                    : took > least_ms + 3000 ? "too long"
	                                             : "good");
}

static void test_raw(void)
{
	set_mode(ICANON | ECHO, 0, 0, 0);
	timed_read("MIN 0 TIME 0", 0);
	set_mode(ICANON | ECHO, 0, 0, 3);
	timed_read("MIN 0 TIME 3", 300);
	set_mode(ICANON | ECHO, 0, 5, 0);
	ask(4);
	say_read("MIN 5 TIME 0", 0, 100);
	set_mode(ICANON | ECHO, 0, 5, 2);
	ask(5);
	timed_read("MIN 5 TIME 2", 200);
	set_mode(ICANON | ECHO | ISIG | IEXTEN, 0, 2, 0);
	ask(6);
	say_read("no signals", 0, 100);
	set_mode(0, 0, fresh.c_cc[VMIN], fresh.c_cc[VTIME]);
}

static volatile sig_atomic_t caught;

static void catch_signal(int signal)
{
	caught = signal;
}

static void on_signal(int number, int flags)
{
	struct sigaction action = {.sa_handler = catch_signal, .sa_flags = flags};

	sigaction(number, &action, NULL);
}

static void test_signal_keys(void)
{
	pid_t child;
	int status;

	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	on_signal(SIGINT, 0);
	ask(7);
	say_read("interrupted", 0, 100);
	waitpid(child, &status, 0);
	printf("caught %d, child ended by %d\n", (int)caught, WTERMSIG(status));
	on_signal(SIGINT, SA_RESTART);
	ask(8);
	say_read("restarted", 0, 100);
	printf("caught %d\n", (int)caught);
	signal(SIGINT, SIG_DFL);

	on_signal(SIGWINCH, 0);
	caught = 0;
	ioctl(0, TIOCSWINSZ, &(struct winsize){.ws_row = 33, .ws_col = 99});
	printf("caught window %d\n", caught == SIGWINCH);
	caught = 0;
	ioctl(0, TIOCSWINSZ, &(struct winsize){.ws_row = 33, .ws_col = 99});
	printf("caught window %d\n", caught == SIGWINCH);
	signal(SIGWINCH, SIG_DFL);
}

/* Run `work` in a child in a background group of its own; say how it ends or stops. */
static void in_background(const char *what, void (*work)(void))
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		work();
		fflush(stdout);
		_exit(0);
	}
	setpgid(child, child);
	waitpid(child, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		printf("%s: stopped by %d\n", what, WSTOPSIG(status));
		kill(child, SIGKILL);
		kill(child, SIGCONT);
		waitpid(child, &status, 0);
	} else {
		printf("%s: %d\n", what, status);
	}
}

static void background_read(void)
{
	say_read("read", 0, 10);
}

static void background_read_ignored(void)
{
	signal(SIGTTIN, SIG_IGN);
	say_read("read, SIGTTIN ignored", 0, 10);
}

static void background_read_blocked(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say_read("read, SIGTTIN blocked", 0, 10);
}

static void background_write(void)
{
	say_result("write", write(1, "w\n", 2));
}

static void background_write_ignored(void)
{
	signal(SIGTTOU, SIG_IGN);
	background_write();
}

static void background_set(void)
{
	say_result("tcsetattr", tcsetattr(0, TCSANOW, &fresh));
}

static void background_set_ignored(void)
{
	signal(SIGTTOU, SIG_IGN);
	background_set();
}

static void background_take(void)
{
	say_result("tcsetpgrp", tcsetpgrp(0, getpgrp()));
}

static void background_flush(void)
{
	say_result("tcflush", tcflush(0, TCIFLUSH));
}

static void background_size(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	say_result("TIOCSWINSZ", ioctl(0, TIOCSWINSZ, &size));
}

static void orphan_read(void)
{
	int pipe_fds[2];
	char end;

	/* The grandchild's group has no parent in the session once the child has gone. */
	if (pipe(pipe_fds) != 0)
		return;
	if (fork() == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			setpgid(0, 0);
			while (getppid() == parent)
				pause_ms(10);
			say_read("orphan's read", 0, 10);
			say_result("orphan's tcsetpgrp", tcsetpgrp(0, getpgrp()));
			say_result("orphan's tcsetattr", tcsetattr(0, TCSANOW, &fresh));
			fflush(stdout);
			_exit(0);
		}
		_exit(0);
	}
	wait(NULL);
	close(pipe_fds[1]);
	(void)!read(pipe_fds[0], &end, 1);
	close(pipe_fds[0]);
}

static void test_background(void)
{
	in_background("background read", background_read);
	in_background("background read, ignored", background_read_ignored);
	in_background("background read, blocked", background_read_blocked);
	in_background("background write", background_write);
	set_mode(0, TOSTOP, 1, 0);
	in_background("background write, TOSTOP", background_write);
	in_background("background write, TOSTOP, ignored", background_write_ignored);
	set_mode(0, 0, 1, 0);
	in_background("background tcsetattr", background_set);
	in_background("background tcsetattr, ignored", background_set_ignored);
	in_background("background tcsetpgrp", background_take);
	in_background("background tcflush", background_flush);
	in_background("background size", background_size);
	in_background("orphan", orphan_read);
}

static void no_terminal(void)
{
	int group = tcgetpgrp(0);

	printf("tcgetpgrp %d %s\n", group, group < 0 ? error_name(errno) : "");
	say_result("tcgetsid", tcgetsid(0));
	say_result("open /dev/tty", open("/dev/tty", O_RDWR));
	say_result("tcsetpgrp", tcsetpgrp(0, getpgrp()));
	say_result("TIOCNOTTY", ioctl(0, TIOCNOTTY, 0));
	say_result("tcgetattr", tcgetattr(0, &fresh));
}

static void new_session(void)
{
	say_result("setsid", setsid() == getpid() ? 0 : -1);
	no_terminal();
	say_result("TIOCSCTTY", ioctl(0, TIOCSCTTY, 0));
}

static void give_up_terminal(void)
{
	say_result("open /dev/tty", open("/dev/tty", O_RDWR) < 0 ? -1 : 0);
	say_result("TIOCNOTTY", ioctl(0, TIOCNOTTY, 0));
	no_terminal();
	say_result("TIOCSCTTY", ioctl(0, TIOCSCTTY, 0));
}

/* Run `work` in a child. */
static void in_child(void (*work)(void))
{
	fflush(stdout);
	if (fork() == 0) {
		work();
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static void test_sessions(void)
{
	pid_t child;

	say_result("TIOCSCTTY again", ioctl(0, TIOCSCTTY, 0));
	say_result("tcsetpgrp to nobody", tcsetpgrp(0, 30000));
	say_result("tcsetpgrp below zero", tcsetpgrp(0, -5));
	child = fork();
	if (child == 0) {
		setsid();
		pause();
		_exit(0);
	}
	while (getsid(child) != child)
		pause_ms(5);
	say_result("tcsetpgrp to another session", tcsetpgrp(0, child));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	in_child(new_session);
	in_child(give_up_terminal);
	printf("still %d\n", tcgetpgrp(0) == getpgrp());
}

/* The foreground moves to a child and back, with keys for each. */
static void test_foreground(void)
{
	pid_t child;
	int status;

	signal(SIGTTOU, SIG_IGN);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		tcsetpgrp(0, getpgrp());
		ask(9);
		say_read("child in the foreground", 0, 100);
		fflush(stdout);
		ask(10);
		pause();
		_exit(0);
	}
	setpgid(child, child);
	waitpid(child, &status, WUNTRACED);
	printf("child stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
	tcsetpgrp(0, getpgrp());
	kill(-child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	printf("child continued %d\n", WIFCONTINUED(status));
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	printf("child ended by %d\n", WTERMSIG(status));
	ask(11);
	say_read("parent in the foreground", 0, 100);
}

static volatile sig_atomic_t hung_up;

static void catch_hang_up(int number)
{
	(void)number;
	hung_up++;
}

/* Not for a pseudo-terminal, which Linux does not hang up with its session. A session takes the
 * terminal, and its leader exits with a process in the foreground. What the process sees goes to
 * `fd`. */
static _Noreturn void lead_and_leave(int fd)
{
	pid_t leader = setsid();

	dprintf(fd, "leader takes the terminal: %d\n", ioctl(0, TIOCSCTTY, 0));
	if (fork() == 0) {
		char byte;
		ssize_t got = read(0, &byte, 1);

		while (getppid() == leader)
			pause_ms(10);
		dprintf(fd, "left behind: hang-ups %d, read %zd\n", (int)hung_up, got);
		got = read(0, &byte, 1);
		dprintf(fd, "read again %zd\n", got);
		got = write(1, "x", 1);
		dprintf(fd, "write %zd %s\n", got, error_name(errno));
		got = tcgetattr(0, &fresh);
		dprintf(fd, "attributes %zd %s\n", got, error_name(errno));
		got = open("/dev/tty", O_RDWR);
		dprintf(fd, "open /dev/tty %zd %s\n", got, error_name(errno));
		_exit(0);
	}
	pause_ms(300);
	_exit(0);
}

static void test_hang_up(void)
{
	struct sigaction action = {.sa_handler = catch_hang_up};
	char *name = strdup(ttyname(0));
	char told[1024];
	ssize_t len;
	int fds[2];

	fflush(stdout);
	sigaction(SIGHUP, &action, NULL);
	say_result("TIOCNOTTY by the leader", ioctl(0, TIOCNOTTY, 0));
	printf("hang-ups %d\n", (int)hung_up);
	hung_up = 0;
	if (pipe(fds) != 0)
		return;
	if (fork() == 0)
		lead_and_leave(fds[1]);
	close(fds[1]);
	for (size_t used = 0; (len = read(fds[0], told + used, sizeof(told) - 1 - used)) > 0;
	     told[used] = '\0')
		used += (size_t)len;
	len = write(1, "lost\n", 5);
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "write %zd %s\n", len,
	         error_name(errno));
	close(0);
	close(1);
	if (open(name, O_RDWR) != 0 || dup(0) != 1)
		_exit(1);
	printf("%s", told);
	say_result("TIOCSCTTY again", ioctl(0, TIOCSCTTY, 0));
	printf("group %d\n", tcgetpgrp(0) == getpgrp());
	free(name);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	tcgetattr(0, &fresh);
	if (argc > 1 && strcmp(argv[1], "hang-up") == 0) {
		test_hang_up();
		return 0;
	}
	test_basics();
	test_lines();
	test_raw();
	test_signal_keys();
	test_background();
	test_sessions();
	test_foreground();
	printf("done\n");
	return 0;
}
