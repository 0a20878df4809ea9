/* SPDX-License-Identifier: MIT */
/* Shows: seals of memory files: which mappings stand in the way of F_SEAL_WRITE (only those that
 * are shared and may write), what F_SEAL_FUTURE_WRITE leaves to the mappings that are there,
 * growing and shrinking page by page, and who may seal. */
#include "tests/suite/programs/say.h"

static int file(void)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, 8192))
		_exit(96);
	return fd;
}

static void *map(int fd, int prot, int flags)
{
	return mmap(NULL, 8192, prot, flags, fd, 0);
}

static int read_only(int fd)
{
	char name[40];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open(name, O_RDONLY);
}

static void mappings(void)
{
	char *place;
	int fd = file(), other;

	map(fd, PROT_READ, MAP_PRIVATE);
	place = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	*place = 1;
	say_number("private ones", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	say_number("seals", fcntl(fd, F_GET_SEALS));
	fd = file();
	place = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	say_number("shared", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(place, 4096);
	say_number("a part is left", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	mprotect(place + 4096, 4096, PROT_READ);
	say_number("that may be written later", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(place + 4096, 4096);
	say_number("nothing is left", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	say_mapped("shared", map(fd, PROT_READ | PROT_WRITE, MAP_SHARED));
	say_mapped("private", map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	say_number("write", write(fd, "x", 1));
	say_number("hole", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	say_number("smaller", ftruncate(fd, 4096));
	say_number("larger", ftruncate(fd, 9000));
	fd = file();
	other = read_only(fd);
	place = map(other, PROT_READ, MAP_SHARED);
	say_number("shared of a reader", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	say_number("who cannot write it", mprotect(place, 8192, PROT_READ | PROT_WRITE));
	say_number("nor seal", fcntl(other, F_ADD_SEALS, F_SEAL_GROW));
}

/* A child's copy of the mapping counts as long as the child lives. */
static void in_a_child(void)
{
	int fd = file(), go[2];
	char *place = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), byte;
	pid_t child;

	if (pipe(go))
		return;
	child = fork();
	if (child == 0) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) != 0);
	}
	munmap(place, 8192);
	say_number("mapped in a child", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	close(go[1]);
	say_end("child", child);
	say_number("no longer", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

static void future_writes(void)
{
	int fd = file();
	char *place = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), byte = 0;

	say_number("no writes from now on", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	say_number("seals", fcntl(fd, F_GET_SEALS));
	*place = 'w';
	say("through the mapping: %ld %c", (long)pread(fd, &byte, 1, 0), byte);
	say_number("write", write(fd, "x", 1));
	say_mapped("another", map(fd, PROT_READ | PROT_WRITE, MAP_SHARED));
	place = say_mapped("to read", map(fd, PROT_READ, MAP_SHARED));
	say_number("only", mprotect(place, 8192, PROT_READ | PROT_WRITE));
	say_mapped("private", map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	say_number("hole", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	say_number("larger", ftruncate(fd, 20000));
	say_number("no writes at all", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

static void sizes(void)
{
	static char text[8192];
	int fd = file();

	say_number("no shrinking", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	say_number("smaller", ftruncate(fd, 4096));
	say_number("the same", ftruncate(fd, 8192));
	say_number("larger", ftruncate(fd, 9000));
	say_number("no growing", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	say_number("larger", ftruncate(fd, 10000));
	say_number("at the end", pwrite(fd, text, 1, 9000));
	say_number("across it in one page", pwrite(fd, text, 10, 8995));
	say_number("whole pages before it", pwrite(fd, text, 8192, 4096));
	say_number("space", fallocate(fd, 0, 0, 20000));
	say_number("behind the end", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20000));
	say_number("as far as it is", fallocate(fd, 0, 0, 9000));
}

static void who(void)
{
	int fd = memfd_create("x", 0), ends[2];

	say_number("seals", fcntl(fd, F_GET_SEALS));
	say_number("add", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	fd = file();
	say_number("unknown", fcntl(fd, F_ADD_SEALS, 0x1000));
	say_number("none", fcntl(fd, F_ADD_SEALS, 0));
	say_number("the last", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	say_number("none", fcntl(fd, F_ADD_SEALS, 0));
	if (pipe(ends) == 0)
		say_number("of a pipe", fcntl(ends[0], F_GET_SEALS));
}

int main(void)
{
	mappings();
	in_a_child();
	future_writes();
	sizes();
	who();
	return 0;
}
