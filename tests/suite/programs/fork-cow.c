/* SPDX-License-Identifier: MIT */
/* Shows: after fork both sides have their own copy of data, stack, heap and mappings; many
 * generations; files and their offsets stay common. */
#include "tests/suite/programs/say.h"

#define PAGES 64

static int data[PAGES * 1024];
static int zero_data[PAGES * 1024];

static long sum(const int *numbers)
{
	long total = 0;
	int i;

	for (i = 0; i < PAGES * 1024; i += 1024)
		total += numbers[i];
	return total;
}

static void fill(int *numbers, int value)
{
	int i;

	for (i = 0; i < PAGES * 1024; i += 1024)
		numbers[i] = value;
}

static void generations(int depth, int *mapped)
{
	pid_t child;

	if (depth == 6)
		return;
	child = fork();
	if (child == 0) {
		mapped[depth * 1024] = depth;
		fill(data, depth);
		generations(depth + 1, mapped);
		say("generation %d: data %ld, mapped %d %d", depth, sum(data), mapped[0],
		    mapped[depth * 1024]);
		_exit(depth);
	}
	say_end("generation's end", child);
}

int main(void)
{
	int local = 1;
	int *heap = malloc(PAGES * 4096);
	int *mapped =
	    mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	pid_t child;

	fill(data, 1);
	fill(heap, 2);
	fill(mapped, 3);
	child = fork();
	if (child == 0) {
		local = 100;
		fill(data, 10);
		fill(zero_data, 11);
		fill(heap, 20);
		fill(mapped, 30);
		say("child: %d %ld %ld %ld %ld", local, sum(data), sum(zero_data), sum(heap),
		    sum(mapped));
		if (write(fd, "child", 5) != 5)
			_exit(1);
		_exit(0);
	}
	say_end("child", child);
	say("parent: %d %ld %ld %ld %ld", local, sum(data), sum(zero_data), sum(heap), sum(mapped));
	say_number("common offset", lseek(fd, 0, SEEK_CUR));
	fill(data, 7);
	say("parent wrote: %ld", sum(data));
	memset(mapped, 0, PAGES * 4096);
	generations(0, mapped);
	say("at the end: %ld %d", sum(data), mapped[1024]);
	return 0;
}
