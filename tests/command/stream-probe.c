/* SPDX-License-Identifier: MIT */
/*
 * The standard streams as a program sees them: run with pipes on this machine and as a guest's
 * program, with the same input ("input\n", a second later "more\n", then the end), it must write
 * the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* No address; volatile, so that the compiler does not see it. */
static void *volatile nowhere = (void *)8;

static void say(const char *what, long result)
{
	const char *error = result < 0 ? strerror(errno) : "";

	printf("%s: %ld %s\n", what, result, error);
}

static void say_poll(int fd)
{
	struct pollfd poller = {
	    .fd = fd,
	    .events = POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM | POLLRDHUP,
	};
	int count = poll(&poller, 1, 0);

	printf("poll %d: %d %x\n", fd, count, (unsigned int)poller.revents);
}

static void say_what_it_is(int fd)
{
	struct statfs fs;
	struct stat status;
	char link[64], path[64];
	struct termios mode;
	ssize_t len;

	say("fstat", fstat(fd, &status));
	printf("mode %o links %d size %ld block %ld device %lx\n", status.st_mode,
	       (int)status.st_nlink, (long)status.st_size, (long)status.st_blksize,
	       (unsigned long)status.st_rdev);
	say("fstatfs", fstatfs(fd, &fs));
	printf("filesystem %lx\n", (unsigned long)fs.f_type);
	say("tcgetattr", tcgetattr(fd, &mode));
	say("isatty", isatty(fd) ? 1 : 0);
	say("lseek", lseek(fd, 0, SEEK_CUR));
	say("ftruncate", ftruncate(fd, 0));
	say("fsync", fsync(fd));
	say("mmap", mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
	say("getfl", fcntl(fd, F_GETFL));
	say("getfd", fcntl(fd, F_GETFD));
	say("dup", close(dup(fd)));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	printf("link %.6s\n", link);
}

static void test_input(void)
{
	char bytes[64];
	int count = -1;
	ssize_t len;

	say_what_it_is(0);
	say("write", write(0, "x", 1));
	say("pread", pread(0, bytes, 1, 0));
	while (poll(&(struct pollfd){.fd = 0, .events = POLLIN}, 1, -1) != 1)
		;
	say_poll(0);
	say("FIONREAD", ioctl(0, FIONREAD, &count));
	printf("count %d\n", count);
	say("read into nowhere", read(0, nowhere, 4));
	say("FIONREAD to nowhere", ioctl(0, FIONREAD, nowhere));
	say("read", read(0, bytes, 2));
	len = readv(0,
	            (struct iovec[]){{.iov_base = bytes, .iov_len = 1},
	                             {.iov_base = bytes + 1, .iov_len = 60}},
	            2);
	printf("readv %zd %.*s", len, (int)len, bytes);
	say_poll(0);
	fcntl(0, F_SETFL, O_NONBLOCK);
	say("read, not blocking", read(0, bytes, sizeof(bytes)));
	say("read of nothing", read(0, bytes, 0));
	fcntl(0, F_SETFL, 0);
	len = read(0, bytes, sizeof(bytes));
	printf("read %zd %.*s", len, (int)len, bytes);
	say("read at the end", read(0, bytes, sizeof(bytes)));
	say_poll(0);
	fcntl(0, F_SETFL, O_NONBLOCK);
	say("read at the end, not blocking", read(0, bytes, sizeof(bytes)));
	fcntl(0, F_SETFL, 0);
}

static void test_output(void)
{
	fd_set set;
	int fd;

	say_what_it_is(1);
	say_poll(1);
	say("pwrite", pwrite(1, "x", 1, 0));
	say("write from nowhere", write(1, nowhere, 4));
	say("write of nothing", write(1, "", 0));
	FD_ZERO(&set);
	FD_SET(1, &set);
	say("select", select(2, NULL, &set, NULL, NULL));
	fflush(stdout);
	fd = open("/dev/stdout", O_WRONLY);
	say("open again", fd < 0 ? -1 : 0);
	fflush(stdout);
	say("write there", write(fd, "through\n", 8));
	close(fd);
	fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK);
	say("open the other", fd < 0 ? -1 : 0);
	say("write there", write(fd, "to the other\n", 13));
	close(fd);
	fd = open("/dev/stdout", O_RDONLY | O_NONBLOCK);
	say("open for reading", fd < 0 ? -1 : 0);
	close(fd);
	fflush(stdout);
	say("writev",
	    writev(1,
	           (struct iovec[]){{.iov_base = (void *)(uintptr_t)("one "), .iov_len = 4},
	                            {.iov_base = (void *)(uintptr_t)("two\n"), .iov_len = 4}},
	           2));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_input();
	test_output();
	return 0;
}
