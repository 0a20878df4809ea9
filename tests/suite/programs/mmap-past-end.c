/* SPDX-License-Identifier: MIT */
/* Shows: touching a file mapping beyond the file's last page gives SIGBUS with its address, also
 * after the file was cut short under the mapping; a file that refuses to be cut short takes nothing
 * from anybody. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>

static sigjmp_buf back;
static char *mapping;

static void on_bus(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, code %d, at offset %td", number, info->si_code,
	    (char *)info->si_addr - mapping);
	siglongjmp(back, 1);
}

static void touch(const char *what, size_t offset)
{
	if (sigsetjmp(back, 1) == 0)
		say("%s: %d", what, *(volatile char *)(mapping + offset));
	else
		say("%s: not possible", what);
}

static void sealed(void)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	char *own;

	if (ftruncate(fd, 2 * 4096))
		return;
	own = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	own[4096] = 7;
	say_number("seal", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	say_number("cut what is sealed", ftruncate(fd, 4096));
	say("own copy of the last page: %d", own[4096]);
}

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);

	handle_info(SIGBUS, on_bus, 0);
	if (ftruncate(fd, 4096 + 10))
		return 1;
	mapping = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch("first page", 5);
	touch("tail of the last page", 4096 + 100);
	touch("beyond the end", 2 * 4096 + 7);
	if (ftruncate(fd, 100))
		return 1;
	touch("first page after the cut", 5);
	touch("second page after the cut", 4096);
	if (ftruncate(fd, 3 * 4096))
		return 1;
	touch("beyond, after growing", 2 * 4096 + 7);
	sealed();
	return 0;
}
