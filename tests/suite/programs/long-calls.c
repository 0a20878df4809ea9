/* SPDX-License-Identifier: MIT */
/*
 * Shows: calls that take long, from several threads and processes at once on the same memory and
 * the same file, keep their word: appends lose nothing, memory that was touched, locked and
 * unmapped is what it has to be, transfers are whole.
 */
#include "tests/suite/programs/say.h"
#include <pthread.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define MIB     1048576ul
#define GIB     (MIB << 10)
#define APPENDS 4
#define PART    (3 * MIB)

static char *map(size_t bytes, int flags)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	if (at == MAP_FAILED)
		_exit(96);
	return at;
}

/* Writes of several processes to the end of one file. */
static void appends(void)
{
	size_t count[APPENDS + 1] = {0};
	char *memory = map(PART, 0);
	struct stat attr;
	int fd;

	make_file("log", "");
	for (int i = 1; i <= APPENDS; i++) {
		if (fork() != 0)
			continue;
		memset(memory, i, PART);
		fd = open("log", O_WRONLY | O_APPEND);
		_exit(write(fd, memory, PART) != (ssize_t)PART);
	}
	for (int i = 1; i <= APPENDS; i++) {
		int status = -1;

		wait(&status);
		say("append: status %d", status);
	}
	stat("log", &attr);
	say("size %ld", (long)attr.st_size);
	fd = open("log", O_RDONLY);
	while (read(fd, memory, MIB) == (ssize_t)MIB)
		for (size_t i = 0; i < MIB; i++)
			count[(size_t)memory[i] <= APPENDS ? (size_t)memory[i] : 0]++;
	for (int i = 0; i <= APPENDS; i++)
		say("bytes of %d: %zu", i, count[i]);
	close(fd);
	unlink("log");
	munmap(memory, PART);
}

static volatile bool failed;

/* Memory of its own beside that of others, in the same address space. */
static void *use_memory(void *arg)
{
	char mark = (char)(uintptr_t)arg;

	for (int round = 0; round < 4; round++) {
		char *memory = map(2 * GIB, 0);

		if (mlock(memory + 4 * MIB, 65536) != 0)
			failed = true;
		for (size_t at = 0; at < 2 * GIB; at += 64 * MIB)
			memory[at] = mark;
		for (size_t at = MIB; at < 2 * MIB; at += 4096)
			failed = failed || memory[at] != 0;
		for (size_t at = 0; at < 2 * GIB; at += 64 * MIB)
			failed = failed || memory[at] != mark;
		if (madvise(memory, GIB, MADV_DONTNEED) != 0 && errno != EINVAL)
			failed = true;
		failed = failed || memory[GIB] != mark;
		munlock(memory + 4 * MIB, 65536);
		if (madvise(memory, GIB, MADV_DONTNEED) != 0 || memory[0] != 0)
			failed = true;
		if (munmap(memory, 2 * GIB) != 0)
			failed = true;
		munmap(map(MIB, MAP_POPULATE), MIB);
	}
	return NULL;
}

static void shared_space(void)
{
	pthread_t threads[4];

	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, use_memory, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	say_truth("each thread's memory was its own", !failed);
}

static void transfers(void)
{
	char *memory = map(4 * MIB, 0);
	struct iovec list[3] = {{memory, 5000}, {memory + 8192, 2 * MIB}, {memory + 3 * MIB, 1}};
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
	int hole = memfd_create("hole", 0), copy = memfd_create("copy", 0);
	char *file;
	int wrong = 0;

	memset(memory, 1, 4 * MIB);
	say_number("zeros", readv(zero, list, 3));
	say("%d %d %d %d", memory[4999], memory[5000], memory[8192 + 2 * MIB - 1],
	    memory[8192 + 2 * MIB]);
	say_number("over the end of memory", read(zero, memory + 3 * MIB + 100, 2 * MIB) > 0);
	say_number("random", getrandom(memory, 100000, 0));
	say_number("size", ftruncate(hole, 50 * MIB));
	say_number("at the end", pwrite(hole, "end", 3, 50 * MIB - 3));
	say_number("to nowhere", sendfile(null, hole, NULL, 50 * MIB));
	say_number("copy", copy_file_range(hole, (off_t[]){0}, copy, NULL, 50 * MIB, 0));
	file = mmap(NULL, 50 * MIB, PROT_READ, MAP_SHARED, copy, 0);
	for (size_t at = 0; at < 50 * MIB - 3; at += 4096)
		wrong += file[at] != 0;
	say("wrong %d, end %.3s", wrong, file + 50 * MIB - 3);
}

int main(void)
{
	appends();
	shared_space();
	transfers();
	return 0;
}
