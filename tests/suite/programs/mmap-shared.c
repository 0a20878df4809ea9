/* SPDX-License-Identifier: MIT */
/* Shows: shared anonymous memory is one memory for parent, child and grandchild; private memory is
 * not; it stays shared after the child has ended. */
#include "tests/suite/programs/say.h"

/* Two processes that each open the file and map it on their own. */
static void through_a_file(void)
{
	int ends[2], fd = open("f", O_RDWR | O_CREAT, 0600);
	volatile int *numbers;
	pid_t child;
	char byte;

	if (ftruncate(fd, 8192) || pipe(ends))
		return;
	child = fork();
	if (child == 0) {
		fd = open("f", O_RDWR);
		numbers = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		numbers[1500] = 77;
		if (write(ends[1], "w", 1) != 1)
			_exit(1);
		while (numbers[0] == 0)
			sleep_ms(1);
		_exit(numbers[0]);
	}
	numbers = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (read(ends[0], &byte, 1) == 1)
		say("from the other process: %d", numbers[1500]);
	numbers[0] = 5;
	say_end("other process", child);
	if (pread(fd, &byte, 1, 6000) == 1)
		say("in the file: %d", byte);
}

int main(void)
{
	int *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int *own = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int i;

	shared[0] = 1;
	own[0] = 1;
	child = fork();
	if (child == 0) {
		pid_t grandchild;

		shared[0] = 2;
		own[0] = 2;
		grandchild = fork();
		if (grandchild == 0) {
			shared[1024] = shared[0] + 40;
			own[0] = 3;
			_exit(0);
		}
		say_end("grandchild", grandchild);
		say("child sees %d %d, own %d", shared[0], shared[1024], own[0]);
		_exit(0);
	}
	say_end("child", child);
	say("parent sees %d %d, own %d", shared[0], shared[1024], own[0]);
	for (i = 0; i < 4; i++) {
		if (fork() == 0) {
			__atomic_add_fetch(&shared[1], i + 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	say("four children added up to %d", shared[1]);
	say_number("munmap", munmap(shared, 8192));
	through_a_file();
	return 0;
}
