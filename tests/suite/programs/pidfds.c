/* SPDX-License-Identifier: MIT */
/*
 * Shows: descriptors of processes: made by pidfd_open, clone and clone3, polled, waited for and
 * signalled through; what clone3 makes of structures shorter and longer than the kernel's; and a
 * shared futex in memory that cannot be read.
 */
#include "tests/suite/programs/say.h"
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>

#define P_PIDFD_NUMBER   3
#define CLEAR_SIGHAND    0x100000000ull
#define KNOWN_BYTES      88 /* of struct clone_args, in Linux 5.7 and later */
#define MORE_THAN_A_PAGE 4097

static long open_process(pid_t pid, unsigned int flags)
{
	return syscall(SYS_pidfd_open, pid, flags);
}

static long send_through(long fd, int number, siginfo_t *info, unsigned int flags)
{
	return syscall(SYS_pidfd_send_signal, (int)fd, number, info, flags);
}

static long wait_through(long fd, siginfo_t *info, int options)
{
	memset(info, 0, sizeof(*info));
	return syscall(SYS_waitid, P_PIDFD_NUMBER, (int)fd, info, options, NULL);
}

/* Whether the process has ended, as a poller sees it. */
static int ended(long fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = (int)fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) < 0 ? -1 : poll_fd.revents & POLLIN;
}

/* Ends with 7 when the pipe is closed, and at once with a signal that is not handled. */
static pid_t child_until(int pipefd[2])
{
	pid_t child;

	if (pipe(pipefd) != 0)
		_exit(9);
	child = fork();
	if (child == 0) {
		char byte;

		close(pipefd[1]);
		_exit(read(pipefd[0], &byte, 1) == 0 ? 7 : 8);
	}
	close(pipefd[0]);
	return child;
}

static void life(void)
{
	int pipefd[2];
	siginfo_t info;
	pid_t child = child_until(pipefd);
	long fd = open_process(child, 0);
	char byte;

	say_truth("open", fd >= 0);
	say("closed on exec: %d", fcntl((int)fd, F_GETFD));
	say_number("read", read((int)fd, &byte, 1));
	say("ended: %d", ended(fd, 0));
	say_number("wait, not yet", wait_through(fd, &info, WEXITED | WNOHANG));
	say_number("nothing sent", send_through(fd, 0, NULL, 0));
	close(pipefd[1]);
	say("ended: %d", ended(fd, -1));
	say_number("to one that has ended", send_through(fd, SIGTERM, NULL, 0));
	say_number("wait, and leave it", wait_through(fd, &info, WEXITED | WNOWAIT));
	say("code %d, status %d, the child %d", info.si_code, info.si_status, info.si_pid == child);
	say_number("wait", wait_through(fd, &info, WEXITED));
	say("code %d, status %d, the child %d", info.si_code, info.si_status, info.si_pid == child);
	say("ended: %d", ended(fd, 0));
	say_number("wait again", wait_through(fd, &info, WEXITED));
	say_number("to one that is gone", send_through(fd, 0, NULL, 0));
	close((int)fd);
}

static void signals(void)
{
	int pipefd[2];
	siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_QUEUE};
	pid_t child = child_until(pipefd);
	long fd = open_process(child, 0);

	say_number("another signal than in the information", send_through(fd, SIGHUP, &info, 0));
	info.si_code = SI_USER;
	say_number("as if by kill", send_through(fd, SIGTERM, &info, 0));
	say_number("an unknown flag", send_through(fd, SIGTERM, NULL, 0x80000000u));
	say_number("no such signal", send_through(fd, 99, NULL, 0));
	say_number("bad information", send_through(fd, SIGTERM, (void *)8, 0));
	info.si_code = SI_QUEUE;
	say_number("sent", send_through(fd, SIGTERM, &info, 0));
	say_end("the child", child);
	close((int)fd);
	close(pipefd[1]);
}

static void poll_set(void)
{
	int pipefd[2], epoll = epoll_create1(0);
	pid_t child = child_until(pipefd);
	long fd = open_process(child, 0);
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = 5}, got = {0};

	say_number("add", epoll_ctl(epoll, EPOLL_CTL_ADD, (int)fd, &event));
	say_number("nothing", epoll_wait(epoll, &got, 1, 0));
	close(pipefd[1]);
	say_number("its end", epoll_wait(epoll, &got, 1, -1));
	say("event %x, data %u", got.events & EPOLLIN, got.data.u32);
	say_end("the child", child);
	close((int)fd);
	close(epoll);
}

static void errors(void)
{
	siginfo_t info;
	int pipefd[2];
	pid_t child = child_until(pipefd);
	long fd;

	say_number("open 0", open_process(0, 0));
	say_number("open -1", open_process(-1, 0));
	say_number("open nobody", open_process(4999999, 0));
	say_number("an unknown flag", open_process(child, 0x10000000));
	say_number("send by a file", send_through(0, SIGTERM, NULL, 0));
	say_number("send by none", send_through(99, SIGTERM, NULL, 0));
	say_number("wait by a file", wait_through(0, &info, WEXITED));
	say_number("wait by none", wait_through(99, &info, WEXITED));
	say_number("wait by -1", wait_through(-1, &info, WEXITED));
	fd = open_process(getpid(), 0);
	say_number("wait for oneself", wait_through(fd, &info, WEXITED));
	close((int)fd);
	fd = open_process(child, O_NONBLOCK);
	say_number("wait that does not block", wait_through(fd, &info, WEXITED));
	say_number("the same, asked for", wait_through(fd, &info, WEXITED | WNOHANG));
	close(pipefd[1]);
	say_end("the child", child);
	close((int)fd);
}

static long clone3_of(const void *args, size_t bytes)
{
	long result = syscall(SYS_clone3, args, bytes);

	if (result == 0)
		_exit(6);
	return result;
}

static void say_child(const char *what, long result)
{
	if (result < 0)
		say_number(what, result);
	else
		say_end(what, (pid_t)result);
}

static void sizes(void)
{
	static union {
		struct clone_args args;
		char bytes[MORE_THAN_A_PAGE];
	} user;
	char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	user.args.exit_signal = SIGCHLD;
	say_child("0 bytes", clone3_of(&user, 0));
	say_child("63 bytes", clone3_of(&user, 63));
	say_child("64 bytes", clone3_of(&user, 64));
	say_child("88 bytes", clone3_of(&user, KNOWN_BYTES));
	say_child("a longer one, the rest zero", clone3_of(&user, 300));
	say_child("a page, the rest zero", clone3_of(&user, 4096));
	say_child("more than a page", clone3_of(&user, MORE_THAN_A_PAGE));
	user.bytes[250] = 1;
	say_child("a longer one, the rest not", clone3_of(&user, 300));
	say_child("up to there", clone3_of(&user, 250));
	munmap(edge + 4096, 4096);
	memcpy(edge + 4096 - KNOWN_BYTES, &user, KNOWN_BYTES);
	say_child("a longer one, the rest not mapped",
	          clone3_of(edge + 4096 - KNOWN_BYTES, KNOWN_BYTES + 8));
	say_child("all there is", clone3_of(edge + 4096 - KNOWN_BYTES, KNOWN_BYTES));
	say_child("nothing there", clone3_of((void *)8, KNOWN_BYTES));
	munmap(edge, 4096);
}

static void fields(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};

	args.exit_signal = 65;
	say_child("signal 65", clone3_of(&args, sizeof(args)));
	args = (struct clone_args){.exit_signal = SIGCHLD, .flags = 0x11};
	say_child("a signal in the flags", clone3_of(&args, sizeof(args)));
	args = (struct clone_args){.exit_signal = SIGCHLD, .stack_size = 4096};
	say_child("a size of no stack", clone3_of(&args, sizeof(args)));
	args = (struct clone_args){.exit_signal = SIGCHLD, .set_tid_size = 1};
	say_child("numbers that are not there", clone3_of(&args, sizeof(args)));
	args = (struct clone_args){.exit_signal = SIGCHLD, .flags = 1ull << 60};
	say_child("an unknown flag", clone3_of(&args, sizeof(args)));
	args = (struct clone_args){.flags = CLONE_VM | CLONE_SIGHAND | CLEAR_SIGHAND};
	say_child("handlers shared and cleared", clone3_of(&args, sizeof(args)));
}

static void cleared(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLEAR_SIGHAND};
	struct sigaction action;
	long child;

	handle(SIGUSR1, _exit, 0);
	signal(SIGUSR2, SIG_IGN);
	child = syscall(SYS_clone3, &args, sizeof(args));
	if (child == 0) {
		sigaction(SIGUSR1, NULL, &action);
		say("caught before: %s", action.sa_handler == SIG_DFL ? "default" : "not");
		sigaction(SIGUSR2, NULL, &action);
		say("ignored before: %s", action.sa_handler == SIG_IGN ? "ignored" : "not");
		_exit(0);
	}
	say_child("handlers cleared", child);
	sigaction(SIGUSR1, NULL, &action);
	say_truth("kept here", action.sa_handler == _exit);
}

/* The child has no copy of the descriptor that its parent gets. */
static void made_with_the_child(void)
{
	int fd = -1, tid = -1, wanted = -1;
	struct clone_args args = {.exit_signal = SIGCHLD,
	                          .flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
	                          .pidfd = (uintptr_t)&fd,
	                          .parent_tid = (uintptr_t)&tid};
	siginfo_t info;
	long child;

	wanted = dup(0);
	close(wanted); /* the next number */
	child = syscall(SYS_clone3, &args, sizeof(args));
	if (child == 0)
		_exit(fcntl(wanted, F_GETFD) == -1 ? 5 : 4);
	say("by clone3: a descriptor %d, of it %d, closed on exec %d", fd == wanted, tid == child,
	    fcntl(fd, F_GETFD));
	say_number("wait", wait_through(fd, &info, WEXITED));
	say("status %d", info.si_status);
	close(fd);
	fd = -1;
	child = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &fd, NULL, 0);
	if (child == 0)
		_exit(3);
	say("by clone: %d", fd == wanted);
	say_number("wait", wait_through(fd, &info, WEXITED));
	say("status %d", info.si_status);
	close(fd);
	args.parent_tid = args.pidfd;
	say_child("both at one place", clone3_of(&args, sizeof(args)));
	say_child("both by clone", syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD,
	                                   NULL, &fd, NULL, 0));
	args = (struct clone_args){.exit_signal = SIGCHLD, .flags = CLONE_PIDFD, .pidfd = 8};
	say_child("told nowhere", clone3_of(&args, sizeof(args)));
	say_number("nothing is left of that", open("/dev/null", O_RDONLY) - wanted);
}

static long futex(void *word, int operation, unsigned int value)
{
	struct timespec now = {0};

	return syscall(SYS_futex, word, operation, value, &now, NULL, 0);
}

static void unreadable_futexes(void)
{
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, 4096, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *readable = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say_number("shared wake, no access", futex(none, FUTEX_WAKE, 1));
	say_number("shared wake, shared memory", futex(shared, FUTEX_WAKE, 1));
	say_number("shared wake, not mapped", futex((void *)4096, FUTEX_WAKE, 1));
	say_number("shared wake, readable", futex(readable, FUTEX_WAKE, 1));
	say_number("private wake, no access", futex(none, FUTEX_WAKE_PRIVATE, 1));
	say_number("shared wait, no access", futex(none, FUTEX_WAIT, 0));
	say_number("private wait, no access", futex(none, FUTEX_WAIT_PRIVATE, 0));
}

int main(void)
{
	life();
	signals();
	poll_set();
	errors();
	sizes();
	fields();
	cleared();
	made_with_the_child();
	unreadable_futexes();
	return 0;
}
