/* SPDX-License-Identifier: MIT */
/* Shows: memory that processes share: anonymous, by name, by descriptor and of a file, at different
 * addresses, growing, changed by many at once with nothing lost. */
#include "tests/suite/programs/threads.h"

#define CHILDREN 5
#define ROUNDS   4000
#define PAGE     4096ul

static void add_in(_Atomic long *counters)
{
	for (int i = 0; i < ROUNDS; i++)
		counters[(unsigned int)i % 4 * 512]++;
}

static void many(const char *what, _Atomic long *counters)
{
	pid_t children[CHILDREN];
	long sum = 0;

	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			add_in(counters);
			_exit(0);
		}
	}
	add_in(counters);
	for (int i = 0; i < CHILDREN; i++)
		waitpid(children[i], NULL, 0);
	for (unsigned int i = 0; i < 4; i++)
		sum += counters[i * 512];
	say("%s: %ld", what, sum);
}

static _Atomic long *map(int fd, off_t at)
{
	void *memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);

	return memory == MAP_FAILED ? NULL : memory;
}

static void by_descriptor(const char *what, int fd)
{
	_Atomic long *one, *other;
	long first = -1;
	pid_t child;

	if (say_done(what, fd) == -1)
		return;
	say_number("grow", ftruncate(fd, (off_t)(8 * PAGE)));
	one = map(fd, 0);
	other = map(fd, 0);
	say_truth("two places", one && other && one != other);
	many(what, one);
	say_truth("the other sees it",
	          memcmp((void *)(uintptr_t)one, (void *)(uintptr_t)other, 4 * PAGE) == 0);
	say_number("read", pread(fd, &first, sizeof(first), 0));
	say_truth("the file has it", first == one[0]);
	child = fork();
	if (child == 0) {
		/* Mapped anew, at another place of the file that the parent maps only later. */
		_Atomic long *later = map(fd, (off_t)(4 * PAGE));

		later[100] = 77;
		munmap((void *)(uintptr_t)later, 4 * PAGE);
		_exit(0);
	}
	say_end("child", child);
	munmap((void *)(uintptr_t)other, 4 * PAGE);
	other = map(fd, (off_t)(4 * PAGE));
	say("later: %ld", (long)other[100]);
	close(fd);
	one[3] = 5;
	say("after close: %ld", (long)one[3]);
	munmap((void *)(uintptr_t)one, 4 * PAGE);
	munmap((void *)(uintptr_t)other, 4 * PAGE);
}

static void by_name(void)
{
	int fd = shm_open("/suite-memory", O_CREAT | O_EXCL | O_RDWR, 0600), again;

	again = shm_open("/suite-memory", O_RDWR, 0);
	say_truth("opened again", again >= 0);
	say_number("unlink", shm_unlink("/suite-memory"));
	say_done("open what is gone", shm_open("/suite-memory", O_RDWR, 0));
	by_descriptor("by name", fd);
	close(again);
}

/* A child's mapping goes with it, the parent's stays; private copies stay private. */
static void mixed(void)
{
	long *private_one =
	    mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long *shared_one = shared_memory(PAGE);

	*private_one = *shared_one = 1;
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (child == 0) {
			*private_one += 1;
			*shared_one += 1;
			munmap(shared_one, PAGE);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	say("private %ld, shared %ld", *private_one, *shared_one);
}

int main(void)
{
	many("anonymous", shared_memory(4 * PAGE));
	by_name();
	by_descriptor("without a name", memfd_create("suite", MFD_CLOEXEC));
	by_descriptor("file", open("f", O_RDWR | O_CREAT, 0600));
	mixed();
	return 0;
}
