/* SPDX-License-Identifier: MIT */
/*
 * Runs inside the guest, on one vcpu that counts instructions as nanoseconds (-icount): no request
 * of a program keeps the vcpu. Beside each request another process wants 20 ms of sleep again and
 * again, and notes the longest time between two times awake. What has no end by itself is killed,
 * and goes as soon.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

#include "tests/system/counters.h"

#define MIB 1048576ul
#define TIB (MIB << 20)

#define NS_PER_MS 1000000ull
/* Two slices of ten milliseconds, the sleep itself, and what is done between two looks. */
#define LONGEST_NS (100 * NS_PER_MS)
/* A request may go on for so long before it is killed. */
#define RUN_NS (400 * NS_PER_MS)
/* What it holds by then is given back, in turns with the others. */
#define DEATH_NS (500 * NS_PER_MS)

static struct shared {
	volatile uint64_t longest_ns, last_ns;
	volatile bool begun;
} * shared;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_ms(long ms)
{
	struct timespec time = {.tv_nsec = ms * 1000000};

	nanosleep(&time, NULL);
}

static void tick(void)
{
	for (shared->last_ns = now_ns();;) {
		sleep_ms(20);
		uint64_t now = now_ns();

		if (now - shared->last_ns > shared->longest_ns)
			shared->longest_ns = now - shared->last_ns;
		shared->last_ns = now;
	}
}

/* Until `child` has ended, by itself or killed: 0, or the time that its death took. */
static uint64_t watch(pid_t child)
{
	uint64_t begin = 0, killed = 0;

	while (waitpid(child, NULL, WNOHANG) != child) {
		if (shared->begun && begin == 0)
			begin = now_ns();
		if (begin != 0 && killed == 0 && now_ns() - begin > RUN_NS) {
			killed = now_ns();
			kill(child, SIGKILL);
		}
		sleep_ms(10);
	}
	return killed ? now_ns() - killed : 0;
}

/* The request begins: what was made ready before does not count. */
static void begin(void)
{
	sleep_ms(30);
	shared->longest_ns = 0;
	shared->begun = true;
}

static void beside(void (*request)(void))
{
	pid_t ticker = fork(), child;
	uint64_t death_ns;

	if (ticker == 0)
		tick();
	shared->begun = false;
	child = fork();
	if (child == 0) {
		request();
		_exit(0);
	}
	death_ns = watch(child);
	sleep_ms(50);
	printf("# %s: %llu ms between two turns, %llu ms until it was dead\n", running,
	       (unsigned long long)(shared->longest_ns / NS_PER_MS),
	       (unsigned long long)(death_ns / NS_PER_MS));
	CHECK(shared->begun);
	CHECK(shared->longest_ns < LONGEST_NS);
	CHECK(death_ns < DEATH_NS);
	kill(ticker, SIGKILL);
	waitpid(ticker, NULL, 0);
}

static char *map(size_t bytes, int prot, int flags)
{
	void *at =
	    mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void read_only_request(void)
{
	begin();
	map(TIB, PROT_READ, MAP_POPULATE);
}

static void touched_request(void)
{
	begin();
	map(TIB, PROT_READ | PROT_WRITE, MAP_POPULATE);
}

static void locked_request(void)
{
	char *memory = map(TIB, PROT_READ | PROT_WRITE, 0);

	begin();
	mlock(memory, TIB);
}

static void advised_request(void)
{
	char *memory = map(TIB, PROT_READ, 0);

	begin();
	madvise(memory, TIB, 22); /* MADV_POPULATE_READ */
}

static void in_core_request(void)
{
	char *memory = map(TIB, PROT_READ, 0);
	unsigned char *out = (unsigned char *)map(16 * MIB, PROT_READ | PROT_WRITE, 0);

	begin();
	mincore(memory, 16 * MIB * 4096, out);
}

/* Few pages in very much, given back in every way. */
static void sparse_request(void)
{
	static char *memory;

	memory = map(16 * TIB, PROT_READ | PROT_WRITE, 0);
	for (size_t at = 0; at < 16 * TIB; at += TIB / 64)
		memory[at] = 1;
	begin();
	mprotect(memory, 16 * TIB, PROT_READ);
	madvise(memory, 8 * TIB, MADV_DONTNEED);
	munmap(memory, 12 * TIB);
}

static void devices_request(void)
{
	static struct iovec list[1024];
	char *memory = map(MIB, PROT_READ | PROT_WRITE, MAP_POPULATE);
	int fd = open("/dev/zero", O_RDONLY);

	for (int i = 0; i < 1024; i++)
		list[i] = (struct iovec){memory, MIB};
	begin();
	if (readv(fd, list, 1024) <= 0)
		_exit(1);
	readv(open("/dev/urandom", O_RDONLY), list, 1024);
}

static void random_request(void)
{
	char *memory = map(32 * MIB, PROT_READ | PROT_WRITE, 0);

	begin();
	getrandom(memory, 32 * MIB, 0);
}

static void hole_request(void)
{
	static struct iovec list[1024];
	char *memory = map(MIB, PROT_READ | PROT_WRITE, MAP_POPULATE);
	int fd = memfd_create("hole", 0);

	for (int i = 0; i < 1024; i++)
		list[i] = (struct iovec){memory, MIB};
	if (ftruncate(fd, (off_t)TIB) != 0)
		_exit(1);
	begin();
	readv(fd, list, 1024);
}

/* Timers that come again after a nanosecond, of each kind. */
static void timers_request(void)
{
	struct itimerspec value = {{0, 1}, {0, 1}};
	struct itimerval real = {{0, 1}, {0, 1}};
	timer_t blocked, ignored;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	timer_create(CLOCK_MONOTONIC, &event, &blocked);
	event.sigev_signo = SIGUSR2;
	timer_create(CLOCK_MONOTONIC, &event, &ignored);
	begin();
	timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), 0, &value, NULL);
	timer_settime(blocked, 0, &value, NULL);
	timer_settime(ignored, 0, &value, NULL);
	setitimer(ITIMER_REAL, &real, NULL);
	setitimer(ITIMER_PROF, &real, NULL);
	sleep_ms(300);
}

static void populate(void)
{
	beside(touched_request);
	beside(read_only_request);
	beside(locked_request);
	beside(advised_request);
}

static void sparse_memory(void)
{
	beside(in_core_request);
	beside(sparse_request);
}

static void transfers(void)
{
	beside(devices_request);
	beside(random_request);
	beside(hole_request);
}

static void timers(void)
{
	beside(timers_request);
}

int main(void)
{
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	run("turns-beside-short-timers", timers);
	run("turns-beside-touching-much", populate);
	run("turns-beside-sparse-memory", sparse_memory);
	run("turns-beside-large-transfers", transfers);
	return 0;
}
