/* SPDX-License-Identifier: MIT */
/*
 * Runs inside the guest: what many CPUs do to address spaces at once, and what ending one costs the
 * others. A bounded number of operations from a fixed seed; at the end everything is given back.
 *
 * Arguments: the path of a program that exits at once, how many CPUs there are.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/system/counters.h"

#define OPERATIONS_TOTAL 4000u
#define PROCESSES_MAX    8u
#define THREADS          3u
#define PAGE             4096ul

static const char *exit_program;
static unsigned int cpus;
static volatile bool thread_failed;

#define THREAD_CHECK(cond)                                                                    \
	do {                                                                                  \
		if (!(cond)) {                                                                \
			dprintf(1, "# %s:%d: not true: %s (%d)\n", __FILE__, __LINE__, #cond, \
			        errno);                                                       \
			thread_failed = true;                                                 \
		}                                                                             \
	} while (0)

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void go_to(unsigned int cpu)
{
	unsigned long mask = 1ul << cpu;

	sched_setaffinity(0, sizeof(mask), (const cpu_set_t *)(const void *)&mask);
}

static void go_anywhere(void)
{
	unsigned long mask = ~0ul;

	sched_setaffinity(0, sizeof(mask), (const cpu_set_t *)(const void *)&mask);
}

static void run_child(bool exec)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (exec)
			execl(exit_program, exit_program, (char *)NULL);
		_exit(exec ? 127 : 0);
	}
	THREAD_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

/* New memory is zero, keeps what is written, and is there after a change of rights. */
static void use_memory(uint32_t value)
{
	size_t pages = 1 + value % 24;
	uint32_t *memory =
	    mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	THREAD_CHECK(memory != MAP_FAILED);
	for (size_t i = 0; i < pages; i++) {
		THREAD_CHECK(memory[i * PAGE / 4] == 0);
		memory[i * PAGE / 4] = value + (uint32_t)i;
	}
	THREAD_CHECK(mprotect(memory, pages * PAGE, PROT_READ) == 0);
	if (value & 1)
		sched_yield();
	for (size_t i = 0; i < pages; i++)
		THREAD_CHECK(memory[i * PAGE / 4] == value + (uint32_t)i);
	THREAD_CHECK(munmap(memory, pages * PAGE) == 0);
}

/* No CPU reads a clock that is behind what another has read. */
static _Atomic uint64_t latest_ns;

static void look_at_clock(void)
{
	uint64_t before = latest_ns;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;

	THREAD_CHECK(ns >= before);
	if (ns > before)
		__atomic_compare_exchange_n(&latest_ns, &before, ns, false, __ATOMIC_SEQ_CST,
		                            __ATOMIC_SEQ_CST);
}

static void *storm_thread(void *arg)
{
	uint32_t state = (uint32_t)(uintptr_t)arg;
	unsigned int count = OPERATIONS_TOTAL / PROCESSES_MAX / THREADS;

	for (unsigned int i = 0; i < count; i++) {
		uint32_t value = next_random(&state);

		switch (value >> 8 & 15) {
		case 0:
			run_child(value & 1);
			break;
		case 1:
			go_to(value % cpus);
			break;
		case 2:
			go_anywhere();
			break;
		case 3:
			look_at_clock();
			break;
		default:
			use_memory(value);
			break;
		}
	}
	return NULL;
}

static int storm_process(unsigned int number)
{
	pthread_t threads[THREADS];

	for (unsigned int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, storm_thread,
		                   (void *)(uintptr_t)(number * 7919 + i * 104729 + 1)) != 0)
			return 1;
	/* Every other process ends with its threads at work. */
	if (number % 2) {
		storm_thread((void *)(uintptr_t)(number + 77));
		return thread_failed;
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return thread_failed;
}

static void storm_once(void)
{
	unsigned int processes = cpus < PROCESSES_MAX ? cpus : PROCESSES_MAX;
	int status;

	for (unsigned int i = 0; i < processes; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			_exit(storm_process(i));
	}
	/* And for children of theirs that were left behind. */
	while (wait(&status) > 0) {
		if (status != 0)
			printf("# a process ended with status %#x\n", (unsigned int)status);
		CHECK(status == 0);
	}
	CHECK(errno == ECHILD);
}

static void storm(void)
{
	struct counters before;

	storm_once(); /* what is kept for good fills */
	before = read_balance();
	storm_once();
	check_balance(&before);
}

/* A page that one thread takes the right to write from: when the call has returned, no write of
 * another CPU lands there any more. */
static volatile uint32_t *shared_page;
static volatile bool writer_done;
static sigjmp_buf writer_again;

static void writer_faulted(int signal)
{
	(void)signal;
	siglongjmp(writer_again, 1);
}

static void *write_always(void *arg)
{
	go_to((unsigned int)(uintptr_t)arg);
	sigsetjmp(writer_again, 1);
	while (!writer_done)
		shared_page[0]++;
	return NULL;
}

static void rights_reach_all(void)
{
	struct sigaction action = {.sa_handler = writer_faulted};
	pthread_t writer;

	sigaction(SIGSEGV, &action, NULL);
	shared_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(pthread_create(&writer, NULL, write_always, (void *)1ul) == 0);
	go_to(0);
	for (unsigned int i = 0; i < 200; i++) {
		uint32_t value = shared_page[0];

		/* The other CPU is at it, however late it comes to run. */
		while (shared_page[0] == value)
			sched_yield();
		CHECK(mprotect((void *)shared_page, PAGE, PROT_READ) == 0);
		value = shared_page[0];
		sched_yield();
		for (volatile int spin = 0; spin < 20000; spin++)
			;
		CHECK(shared_page[0] == value);
		CHECK(mprotect((void *)shared_page, PAGE, PROT_READ | PROT_WRITE) == 0);
	}
	writer_done = true;
	pthread_join(writer, NULL);
	go_anywhere();
}

/* A thread that writes all the time, in several leaf tables that are full, while another forks.
 * Each page holds what was written there last, and in a child, where nobody writes, what it found
 * it finds again. */
static volatile uint32_t *written[4];
static _Atomic bool rounds_end;

static void *write_in_rounds(void *arg)
{
	for (uint32_t round = 1; !rounds_end; round++) {
		for (unsigned int i = 0; i < 4; i++)
			*written[i] = round;
		for (unsigned int i = 0; i < 4; i++)
			THREAD_CHECK(*written[i] == round);
	}
	return arg;
}

static void watch(void)
{
	uint32_t found[4];

	for (unsigned int i = 0; i < 4; i++)
		found[i] = *written[i];
	for (unsigned int look = 0; look < 20; look++) {
		for (volatile unsigned int spin = 0; spin < 2000; spin++)
			;
		for (unsigned int i = 0; i < 4; i++)
			if (*written[i] != found[i])
				_exit(1);
	}
	_exit(0);
}

static void fork_beside_a_writer(void)
{
	const size_t leaf_bytes = 512 * PAGE;
	pthread_t writer;
	int status;
	char *memory = mmap(NULL, 4 * leaf_bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	CHECK(memory != MAP_FAILED);
	for (unsigned int i = 0; i < 4; i++)
		written[i] = (uint32_t *)(void *)(memory + i * leaf_bytes);
	CHECK(pthread_create(&writer, NULL, write_in_rounds, NULL) == 0);
	for (unsigned int i = 0; i < 50; i++) {
		uint32_t round = *written[0];
		pid_t pid = fork();

		if (pid == 0)
			watch();
		/* The writer is at it, however late it comes to run. */
		while (*written[0] == round)
			sched_yield();
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	rounds_end = true;
	pthread_join(writer, NULL);
	CHECK(!thread_failed);
	munmap(memory, 4 * leaf_bytes);
}

/* A process that has run on several CPUs ends: each of the others that still has its tables is
 * interrupted once, one that has left them is not. */
static pthread_barrier_t all_ran;

static void *run_somewhere(void *arg)
{
	go_to((unsigned int)(uintptr_t)arg);
	pthread_barrier_wait(&all_ran);
	return NULL;
}

static void run_on_three(int wait_for, int tell)
{
	pthread_t threads[2];
	char byte;

	go_to(0);
	pthread_barrier_init(&all_ran, NULL, 3);
	for (uintptr_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run_somewhere, (void *)(i + 1));
	pthread_barrier_wait(&all_ran);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	/* Its threads' CPUs are idle now and keep the tables. */
	if (write(tell, "x", 1) != 1 || read(wait_for, &byte, 1) != 1)
		_exit(1);
	_exit(0);
}

/* Evictions for one process on CPUs 0, 1 and 2, of which `left` (0: none) runs another
 * meanwhile. */
static unsigned long long evictions(unsigned int left)
{
	int to[2], from[2], status;
	struct counters before;
	pid_t other = 0, pid;
	char byte;

	CHECK(pipe(to) == 0 && pipe(from) == 0);
	go_to(0);
	pid = fork();
	if (pid == 0)
		run_on_three(to[0], from[1]);
	CHECK(read(from[0], &byte, 1) == 1);
	if (left != 0) {
		other = fork();
		if (other == 0) {
			go_to(left);
			if (write(from[1], "x", 1) != 1)
				_exit(1);
			pause();
		}
		CHECK(read(from[0], &byte, 1) == 1);
	}
	before = read_counters();
	CHECK(write(to[1], "x", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	struct counters after = read_counters();

	if (left != 0) {
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
	close(to[0]), close(to[1]), close(from[0]), close(from[1]);
	go_anywhere();
	return after.evicted - before.evicted;
}

static void teardown_interrupts_users(void)
{
	unsigned long long all = evictions(0), one_left = evictions(2);

	printf("# a process on three CPUs ends: %llu others interrupted; %llu when one had left\n",
	       all, one_left);
	CHECK(all == 2);
	CHECK(one_left == 1);
}

int main(int argc, char **argv)
{
	static char name[64];

	if (argc != 3)
		return 2;
	exit_program = argv[1];
	cpus = (unsigned int)atoi(argv[2]);
	snprintf(name, sizeof(name), "storm-on-%u-cpus-leaves-nothing", cpus);
	run(name, storm);
	if (cpus >= 2) {
		snprintf(name, sizeof(name), "rights-reach-all-of-%u-cpus", cpus);
		run(name, rights_reach_all);
		snprintf(name, sizeof(name), "forks-beside-a-writer-on-%u-cpus", cpus);
		run(name, fork_beside_a_writer);
	}
	if (cpus >= 4) {
		snprintf(name, sizeof(name), "teardown-on-%u-cpus-interrupts-users", cpus);
		run(name, teardown_interrupts_users);
	}
	return 0;
}
