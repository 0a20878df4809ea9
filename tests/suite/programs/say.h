/* SPDX-License-Identifier: MIT */
/*
 * What every program of the suite uses to tell what it saw.
 *
 * Everything goes out with write(2) at once, so that output survives a killing signal, is not
 * repeated by fork and keeps its order among processes that take turns. Programs print only what
 * any Linux prints: no addresses, numbers of processes, times or inodes.
 */
#ifndef SUITE_SAY_H
#define SUITE_SAY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Hides a value from the compiler, so that it neither warns about it nor computes with it. */
#define HIDE(value)                                   \
	({                                            \
		__typeof__(value) hidden_ = (value);  \
		__asm__ volatile("" : "+r"(hidden_)); \
		hidden_;                              \
	})

/* One line, formatted as by printf; keeps errno. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
	int saved = errno;
	char line[1024];
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	if (length < 0 || length > (int)sizeof(line) - 2)
		length = (int)sizeof(line) - 2;
	line[length++] = '\n';
	if (write(1, line, (size_t)length) != length)
		_exit(99);
	errno = saved;
}

/* A call's result as a number, or its error; right after the call, for errno's sake. */
static inline long say_number(const char *what, long result)
{
	if (result == -1)
		say("%s: error %d, %s", what, errno, strerror(errno));
	else
		say("%s: %ld", what, result);
	return result;
}

/* Likewise for a result whose value differs from run to run (a descriptor, a process). */
static inline long say_done(const char *what, long result)
{
	if (result == -1)
		say("%s: error %d, %s", what, errno, strerror(errno));
	else
		say("%s: done", what);
	return result;
}

/* Likewise for mmap and friends. */
static inline void *say_mapped(const char *what, void *result)
{
	say_done(what, result == MAP_FAILED ? -1 : 0);
	return result;
}

static inline void say_truth(const char *what, bool truth)
{
	say("%s: %s", what, truth ? "yes" : "no");
}

/* How a child ended. */
static inline void say_status(const char *what, int status)
{
	if (WIFEXITED(status))
		say("%s: exit %d", what, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("%s: signal %d", what, WTERMSIG(status));
	else if (WIFSTOPPED(status))
		say("%s: stopped %d", what, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		say("%s: continued", what);
	else
		say("%s: unknown status", what);
}

/* Waits for a child and says how it ended. */
static inline void say_end(const char *what, pid_t child)
{
	int status = 0;

	if (waitpid(child, &status, 0) != child)
		say_done(what, -1);
	else
		say_status(what, status);
}

/* Runs a function in a child process and says how the child ended. */
static inline void in_child(const char *what, void (*run)(void))
{
	pid_t child = fork();

	if (child == 0) {
		run();
		_exit(0);
	}
	say_end(what, child);
}

/* A signal handler's installation with flags; ends the program when it fails. */
static inline void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = flags;
	if (sigaction(number, &action, NULL))
		_exit(98);
}

static inline void handle_info(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = handler;
	action.sa_flags = flags | SA_SIGINFO;
	if (sigaction(number, &action, NULL))
		_exit(98);
}

static inline void sleep_ms(long ms)
{
	struct timespec length = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&length, &length) && errno == EINTR)
		;
}

/* Makes a file of that content in the current directory. */
static inline void make_file(const char *name, const char *content)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content))
		_exit(97);
	close(fd);
}

#endif
