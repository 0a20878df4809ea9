/* SPDX-License-Identifier: MIT */
/*
 * Runs inside the guest: what the kernel's work costs in entries into Xen, and that storms leave
 * nothing behind. It reads /proc/pinfold/counters before and after. One argument: the path of a
 * program that exits at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/counters.h"

#define ROUNDS 1000
#define STORM  5000

static const char *exit_program;
static int run_program(const char *path)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, (char *)NULL);
		_exit(errno == ENOEXEC ? 126 : 127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static void storm(void)
{
	struct counters before;
	int good = 0;

	for (int i = 0; i < 20; i++)
		run_program(exit_program); /* caches fill once */
	before = read_balance();
	for (int i = 0; i < STORM; i++)
		good += run_program(exit_program) == 0;
	CHECK(good == STORM);
	check_balance(&before);
}

static void failed_exec(void)
{
	static const char junk[] = "\177ELF, but not really";
	struct counters before;
	int fd = open("/tmp/junk", O_CREAT | O_WRONLY, 0755);

	CHECK(write(fd, junk, sizeof(junk)) == (ssize_t)sizeof(junk));
	close(fd);
	run_program("/tmp/junk");
	before = read_balance();
	for (int i = 0; i < 200; i++) {
		int status = run_program(i % 2 ? "/tmp/junk" : "/tmp/not-there");

		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == (i % 2 ? 126 : 127));
	}
	check_balance(&before);
	unlink("/tmp/junk");
}

/* Forks until it cannot: the processes, then the pages, then a process that still works. */
static void fork_bomb(void)
{
	int pipefd[2], status = 0;
	struct counters before;
	long count = 0;
	pid_t bomb;

	CHECK(pipe(pipefd) == 0);
	run_program(exit_program);
	before = read_balance();
	bomb = fork();
	if (bomb == 0) {
		long made = 0;

		setpgid(0, 0);
		for (;;) {
			pid_t pid = fork();

			if (pid == 0)
				for (;;)
					pause();
			if (pid < 0)
				break;
			made++;
		}
		if (write(pipefd[1], &made, sizeof(made)) != (ssize_t)sizeof(made))
			_exit(1);
		pause();
		_exit(1);
	}
	CHECK(read(pipefd[0], &count, sizeof(count)) == (ssize_t)sizeof(count));
	printf("# fork failed after %ld processes\n", count);
	CHECK(count > 50);
	CHECK(run_program(exit_program) == 0 || errno == ENOMEM || errno == EAGAIN);
	CHECK(kill(-bomb, SIGKILL) == 0);
	CHECK(waitpid(bomb, &status, 0) == bomb);
	close(pipefd[0]);
	close(pipefd[1]);
	await_orphans();
	CHECK(run_program(exit_program) == 0);
	check_balance(&before);
}

static void out_of_memory(void)
{
	struct counters before = read_balance();
	int status = 0;
	pid_t hog = fork();

	if (hog == 0) {
		for (size_t chunk = 1 << 20;;) {
			char *area = mmap(NULL, chunk, PROT_READ | PROT_WRITE,
			                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (area == MAP_FAILED)
				_exit(12); /* told in time */
			memset(area, 1, chunk);
		}
	}
	CHECK(waitpid(hog, &status, 0) == hog);
	CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
	      (WIFEXITED(status) && WEXITSTATUS(status) == 12));
	CHECK(run_program(exit_program) == 0);
	check_balance(&before);
}

static void bounce(int in, int out, int rounds)
{
	char byte = 0;

	for (int i = 0; i < rounds; i++)
		if (read(in, &byte, 1) != 1 || write(out, &byte, 1) != 1)
			_exit(1);
}

static void ping_pong(int out, int in, int rounds)
{
	char byte = 0;

	for (int i = 0; i < rounds; i++)
		if (write(out, &byte, 1) != 1 || read(in, &byte, 1) != 1)
			exit(1);
}

/* Entries into Xen that are neither returns to user mode nor the timer, sleep and wake-up. */
static unsigned long long work_entries(const struct counters *c)
{
	return c->entries - c->iret - c->sched_op - c->vcpu_op - c->version - c->evtchn;
}

/* What is counted per switch wants both sides on one CPU. */
static void stay_on(unsigned long cpus)
{
	CHECK(sched_setaffinity(0, sizeof(cpus), (const cpu_set_t *)(const void *)&cpus) == 0);
}

static void switch_between_processes(void)
{
	int to[2], from[2];
	struct counters before, after;
	pid_t pid;

	stay_on(1);
	CHECK(pipe(to) == 0 && pipe(from) == 0);
	pid = fork();
	if (pid == 0) {
		bounce(to[0], from[1],
		       2 * ROUNDS); /* more than asked for: it does not end meanwhile */
		_exit(0);
	}
	ping_pong(to[1], from[0], 10);
	read_counters(); /* writes what fork made copy-on-write */
	before = read_counters();
	ping_pong(to[1], from[0], ROUNDS);
	after = read_counters();
	waitpid(pid, NULL, WNOHANG);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unsigned long long switches = after.space_switches - before.space_switches;
	unsigned long long entries = work_entries(&after) - work_entries(&before);
	unsigned long long faults = after.traps - before.traps;

	/* A page that is touched for the first time meanwhile costs an entry of its own. */
	printf("# %llu switches of tables, %llu page faults, %llu entries into Xen for both\n",
	       switches, faults, entries);
	CHECK(switches >= 2 * ROUNDS);
	CHECK(faults < 5);
	CHECK(entries <= switches + faults);
	stay_on(~0ul);
	close(to[0]), close(to[1]), close(from[0]), close(from[1]);
}

static int shared_to[2], shared_from[2];

static int bounce_shared(void *arg)
{
	(void)arg;
	bounce(shared_to[0], shared_from[1], 2 * ROUNDS);
	_exit(0);
}

/* Tasks that share their memory: a switch between them is none of Xen's business. */
static void switch_within_a_space(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct counters before, after;
	pid_t pid;

	stay_on(1);
	CHECK(pipe(shared_to) == 0 && pipe(shared_from) == 0);
	pid = clone(bounce_shared, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	CHECK(pid > 0);
	ping_pong(shared_to[1], shared_from[0], 10);
	before = read_counters();
	ping_pong(shared_to[1], shared_from[0], ROUNDS);
	after = read_counters();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unsigned long long entries = work_entries(&after) - work_entries(&before);

	printf("# %llu switches of tasks, %llu entries into Xen for them\n",
	       after.task_switches - before.task_switches, entries);
	CHECK(after.task_switches - before.task_switches >= 2 * ROUNDS);
	CHECK(entries == 0);
	stay_on(~0ul);
}

/* Computes until it is ended; ends by itself only if a register or the memory is not as it was. */
static void compute(void)
{
	for (;;) {
		volatile double sum = 0;
		unsigned long mixed = 1;

		for (unsigned long i = 1; i <= 1000; i++) {
			sum += (double)i;
			mixed = mixed * 3 + i;
		}
		if (sum != 500500.0 || mixed != 1632416432530824581ul)
			_exit(1);
	}
}

/* Programs compute, fork and execute while NMIs come to each CPU. */
static void nmis(void)
{
	struct counters before;
	int fd = open("/proc/pinfold/nmi", O_WRONLY), status = 0, good = 0;
	pid_t pids[4];

	run_program(exit_program);
	before = read_balance();
	for (size_t i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			compute();
	}
	for (int i = 0; i < 300; i++) {
		CHECK(write(fd, i % 2 ? "1" : "0", 1) == 1);
		good += i % 3 != 0 || run_program(exit_program) == 0;
	}
	CHECK(good == 300);
	for (size_t i = 0; i < 4; i++) {
		kill(pids[i], SIGKILL);
		CHECK(waitpid(pids[i], &status, 0) == pids[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	CHECK(read_counters().nmis - before.nmis >= 100);
	check_balance(&before);
	CHECK(write(fd, "77", 2) == -1 && errno == EINVAL);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	exit_program = argv[1];
	setvbuf(stdout, NULL, _IOFBF, 65536);
	run("switch-between-processes-enters-once", switch_between_processes);
	run("switch-within-a-space-enters-never", switch_within_a_space);
	run("failed-exec-leaves-nothing", failed_exec);
	run("out-of-memory-is-survived", out_of_memory);
	run("fork-bomb-is-survived", fork_bomb);
	run("nmis-change-nothing", nmis);
	run("5000-fork-exec-exit-leave-nothing", storm);
	return 0;
}
