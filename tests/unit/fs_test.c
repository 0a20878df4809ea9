/* SPDX-License-Identifier: MIT */
/* sources: kernel/fs/sys_xattr.c kernel/fs/xattr.c */
/* sources: kernel/task/cred.c kernel/fs/file_owner.c */
/* sources: kernel/fs/epoll_nest.c kernel/fs/pipe_packet.c kernel/fs/pipe_size.c kernel/fs/pipe_user.c */
/* sources: kernel/fs/path_name.c kernel/fs/random_dev.c kernel/fs/sys_copy.c kernel/fs/sys_epoll.c */
/* sources: tests/unit/fs_fake.c kernel/mm/page.c kernel/fs/cpio.c kernel/fs/devfs.c */
/* sources: kernel/fs/epoll.c kernel/fs/eventfd.c kernel/fs/fd.c kernel/fs/file.c */
/* sources: kernel/fs/inode.c kernel/fs/lock.c kernel/fs/memdev.c kernel/fs/path.c */
/* sources: kernel/fs/pipe.c kernel/fs/poll.c kernel/fs/radix.c kernel/fs/ramdisk.c */
/* sources: kernel/fs/ramdisk_times.c lib/str.c */
/* sources: kernel/fs/ramfs.c kernel/fs/ramfs_file.c kernel/fs/sys_attr.c kernel/fs/sys_fcntl.c */
/* sources: kernel/fs/sys_name.c kernel/fs/sys_open.c kernel/fs/sys_place.c kernel/fs/sys_rw.c */
/* sources: kernel/fs/sys_stat.c kernel/fs/uio.c kernel/fs/vfs.c */
/*
 * What the comparison with Linux (fs_oracle_test.c) does not reach: pipes against a plain queue of
 * bytes, epoll, record locks of several owners, mounts, running out of memory, bad user pages, the
 * ramdisk.
 */
#include "tests/unit/fs_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t random_state = 1;

static uint32_t rnd(uint32_t limit)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((random_state >> 33) % limit);
}

static int setup(void **state)
{
	(void)state;
	fake_boot();
	return 0;
}

static int open_path(const char *path, uint32_t flags)
{
	return (int)CALL3(sys_open, PTR(path), flags, 0644);
}

/* Pipes. */

static struct {
	uint8_t bytes[1 << 20];
	size_t fill;
	uint8_t next; /* what will be written */
} queue;

static void pipe_step_write(int fd, size_t capacity)
{
	static uint8_t buffer[90000];
	size_t bytes = rnd(4) == 0 ? rnd(sizeof(buffer)) : rnd(5000), room = capacity - queue.fill;
	long expected = (long)MIN(bytes, room);

	for (size_t i = 0; i < bytes; i++)
		buffer[i] = (uint8_t)(queue.next + i * 7);
	if (bytes > 0 && (room == 0 || (bytes <= 4096 && bytes > room)))
		expected = -EAGAIN;
	assert_int_equal(CALL3(sys_write, fd, PTR(buffer), bytes), expected);
	if (expected <= 0)
		return;
	memcpy(queue.bytes + queue.fill, buffer, (size_t)expected);
	queue.fill += (size_t)expected;
	queue.next = (uint8_t)(queue.next + expected * 7);
}

static void pipe_step_read(int fd)
{
	static uint8_t buffer[90000];
	size_t bytes = rnd(4) == 0 ? rnd(sizeof(buffer)) : rnd(5000);
	long expected = (long)MIN(bytes, queue.fill);

	if (bytes > 0 && queue.fill == 0)
		expected = -EAGAIN;
	assert_int_equal(CALL3(sys_read, fd, PTR(buffer), bytes), expected);
	if (expected <= 0)
		return;
	assert_memory_equal(buffer, queue.bytes, (size_t)expected);
	queue.fill -= (size_t)expected;
	memmove(queue.bytes, queue.bytes + expected, queue.fill);
}

static void test_pipe_is_a_queue(void **state)
{
	size_t capacity = 65536, frames = page_free_count();
	int fds[2];

	(void)state;
	assert_int_equal(CALL2(sys_pipe2, PTR(fds), ABI_O_NONBLOCK), 0);
	for (int n = 0; n < 20000; n++) {
		int available = -1;

		if (rnd(2) == 0)
			pipe_step_write(fds[1], capacity);
		else
			pipe_step_read(fds[0]);
		if (rnd(50) == 0) {
			long result =
			    CALL3(sys_fcntl, fds[rnd(2)], ABI_F_SETPIPE_SZ, 4096u << rnd(8));

			if (result > 0)
				capacity = (size_t)result;
			else
				assert_int_equal(result, -EBUSY);
			assert_true(queue.fill <= capacity);
		}
		assert_int_equal(CALL3(sys_ioctl, fds[0], ABI_FIONREAD, PTR(&available)), 0);
		assert_int_equal(available, (int)queue.fill);
	}
	CALL1(sys_close, fds[0]);
	fake.last_signal = 0;
	assert_int_equal(CALL3(sys_write, fds[1], PTR("x"), 1), -EPIPE);
	assert_int_equal(fake.last_signal, ABI_SIGPIPE);
	CALL1(sys_close, fds[1]);
	assert_int_equal(page_free_count(), frames);
}

/* A packet pipe of 16 places against a plain list of lengths. */
static struct {
	size_t bytes[16], count;
	uint8_t first, next; /* what comes, what will be written */
} packets;

static void packet_step_write(int fd)
{
	static uint8_t buffer[20000];
	size_t bytes = rnd(4) == 0 ? rnd(sizeof(buffer)) : rnd(5000), done = 0;

	for (size_t i = 0; i < bytes; i++)
		buffer[i] = (uint8_t)(packets.next + i * 7);
	for (; packets.count < ARRAY_COUNT(packets.bytes) && done < bytes; packets.count++) {
		size_t part = MIN(bytes - done, PAGE_BYTES);

		packets.bytes[packets.count] = part;
		done += part;
	}
	packets.next = (uint8_t)(packets.next + done * 7);
	assert_int_equal(CALL3(sys_write, fd, PTR(buffer), bytes),
	                 bytes > 0 && done == 0 ? -EAGAIN : (long)done);
}

static void packet_step_read(int fd)
{
	static uint8_t buffer[8192];
	size_t bytes = 1 + rnd(sizeof(buffer) - 1), got = MIN(bytes, packets.bytes[0]);

	if (packets.count == 0) {
		assert_int_equal(CALL3(sys_read, fd, PTR(buffer), bytes), -EAGAIN);
		return;
	}
	assert_int_equal(CALL3(sys_read, fd, PTR(buffer), bytes), (long)got);
	for (size_t i = 0; i < got; i++)
		assert_int_equal(buffer[i], (uint8_t)(packets.first + i * 7));
	packets.first = (uint8_t)(packets.first + packets.bytes[0] * 7);
	memmove(packets.bytes, packets.bytes + 1, --packets.count * sizeof(packets.bytes[0]));
}

static void test_pipe_of_packets(void **state)
{
	size_t frames = page_free_count();
	int fds[2], sizes[2] = {65536, 131072};

	(void)state;
	assert_int_equal(CALL2(sys_pipe2, PTR(fds), ABI_O_NONBLOCK | ABI_O_DIRECT), 0);
	for (int n = 0; n < 20000; n++) {
		int available = -1, sum = 0;

		if (rnd(2) == 0)
			packet_step_write(fds[1]);
		else
			packet_step_read(fds[0]);
		if (rnd(50) == 0) { /* to and fro */
			CALL3(sys_fcntl, fds[0], ABI_F_SETPIPE_SZ, sizes[1]);
			assert_int_equal(CALL3(sys_fcntl, fds[0], ABI_F_SETPIPE_SZ, 32768),
			                 packets.count > 8 ? -EBUSY : 32768);
			CALL3(sys_fcntl, fds[0], ABI_F_SETPIPE_SZ, sizes[0]);
		}
		for (size_t i = 0; i < packets.count; i++)
			sum += (int)packets.bytes[i];
		assert_int_equal(CALL3(sys_ioctl, fds[0], ABI_FIONREAD, PTR(&available)), 0);
		assert_int_equal(available, sum);
	}
	CALL1(sys_close, fds[0]);
	CALL1(sys_close, fds[1]);
	assert_int_equal(page_free_count(), frames);
}

/* epoll. */

static long epoll_now(int epoll, struct abi_epoll_event *events, int max)
{
	return CALL4(sys_epoll_wait, epoll, PTR(events), max, 0);
}

static void test_epoll_modes(void **state)
{
	struct abi_epoll_event event = {ABI_POLLIN, 11}, events[4];
	int fds[2], epoll = (int)CALL1(sys_epoll_create1, 0);
	char byte;

	(void)state;
	CALL2(sys_pipe2, PTR(fds), ABI_O_NONBLOCK);
	assert_int_equal(CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_ADD, fds[0], PTR(&event)), 0);
	assert_int_equal(CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_ADD, fds[0], PTR(&event)),
	                 -EEXIST);
	assert_int_equal(CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_ADD, epoll, PTR(&event)),
	                 -EINVAL);
	assert_int_equal(epoll_now(epoll, events, 4), 0);
	/* Level: as long as there is something. */
	CALL3(sys_write, fds[1], PTR("ab"), 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(epoll_now(epoll, events, 4), 1);
		assert_int_equal(events[0].events, ABI_POLLIN);
		assert_int_equal(events[0].data, 11);
	}
	/* Edge: once for each arrival. */
	event = (struct abi_epoll_event){ABI_POLLIN | ABI_EPOLLET, 12};
	assert_int_equal(CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_MOD, fds[0], PTR(&event)), 0);
	assert_int_equal(epoll_now(epoll, events, 4), 1);
	assert_int_equal(epoll_now(epoll, events, 4), 0);
	CALL3(sys_write, fds[1], PTR("c"), 1);
	assert_int_equal(epoll_now(epoll, events, 4), 1);
	assert_int_equal(epoll_now(epoll, events, 4), 0);
	/* One shot: never again before it is armed anew. */
	event = (struct abi_epoll_event){ABI_POLLIN | ABI_EPOLLONESHOT, 13};
	CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_MOD, fds[0], PTR(&event));
	assert_int_equal(epoll_now(epoll, events, 4), 1);
	CALL3(sys_write, fds[1], PTR("d"), 1);
	assert_int_equal(epoll_now(epoll, events, 4), 0);
	/* The writer goes: told without being asked for. The file goes: so does the item. */
	CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_MOD, fds[0], PTR(&event));
	while (CALL3(sys_read, fds[0], PTR(&byte), 1) == 1)
		continue;
	CALL1(sys_close, fds[1]);
	assert_int_equal(epoll_now(epoll, events, 4), 1);
	assert_int_equal(events[0].events, ABI_POLLHUP);
	CALL1(sys_close, fds[0]);
	assert_int_equal(epoll_now(epoll, events, 4), 0);
	CALL1(sys_close, epoll);
}

static long watch(int epoll, int fd)
{
	struct abi_epoll_event event = {ABI_POLLIN, 0};

	return CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_ADD, fd, PTR(&event));
}

/* Five sets in a chain, however it came to be; older Linux looked below the new link only. */
static void test_epoll_nesting(void **state)
{
	int set[7];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(set); i++)
		set[i] = (int)CALL1(sys_epoll_create1, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(watch(set[i], set[i + 1]), 0);
	assert_int_equal(watch(set[4], set[5]), -ELOOP);
	assert_int_equal(watch(set[5], set[0]), -ELOOP);
	assert_int_equal(watch(set[4], set[0]), -ELOOP);
	assert_int_equal(watch(set[0], set[4]), 0); /* another way to it */
	/* Chains are joined in the middle: two and three, but not three and three. */
	CALL1(sys_close, set[2]);
	assert_int_equal(watch(set[4], set[5]), 0);
	assert_int_equal(watch(set[1], set[3]), 0);
	assert_int_equal(CALL4(sys_epoll_ctl, set[1], ABI_EPOLL_CTL_DEL, set[3], 0), 0);
	assert_int_equal(watch(set[6], set[0]), 0);
	assert_int_equal(watch(set[1], set[3]), -ELOOP);
	for (size_t i = 0; i < ARRAY_COUNT(set); i++)
		CALL1(sys_close, set[i]);
}

static void test_epoll_turns(void **state)
{
	struct abi_epoll_event events[2];
	int epoll = (int)CALL1(sys_epoll_create1, 0), fd[5];
	uint64_t seen = 0;

	(void)state;
	for (uint64_t i = 0; i < ARRAY_COUNT(fd); i++) {
		struct abi_epoll_event event = {ABI_POLLIN, i};

		fd[i] = (int)CALL2(sys_eventfd2, 1, 0);
		CALL4(sys_epoll_ctl, epoll, ABI_EPOLL_CTL_ADD, fd[i], PTR(&event));
	}
	/* Two at a time, everyone gets a turn. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(epoll_now(epoll, events, 2), 2);
		seen |= 1u << events[0].data | 1u << events[1].data;
	}
	assert_int_equal(seen, 31);
	CALL1(sys_close, epoll);
	for (size_t i = 0; i < ARRAY_COUNT(fd); i++)
		CALL1(sys_close, fd[i]);
}

/* Attributes of the user, which tmpfs has since Linux 6.6 only: by the rights of the file. */
static void test_user_attributes(void **state)
{
	size_t frames;
	char value[10];
	int fd;

	(void)state;
	fd = open_path("/attributes", ABI_O_RDWR | ABI_O_CREAT);
	frames = page_free_count();
	for (int i = 0; i < 100; i++) {
		char name[20];

		snprintf(name, sizeof(name), "user.%d", i % 50);
		assert_int_equal(CALL5(sys_fsetxattr, fd, PTR(name), PTR("value"), 5, i < 50), 0);
	}
	assert_int_equal(CALL4(sys_fgetxattr, fd, PTR("user.7"), PTR(value), sizeof(value)), 5);
	assert_memory_equal(value, "value", 5);
	assert_int_equal(CALL3(sys_flistxattr, fd, 0, 0), 10 * 7 + 40 * 8);
	for (int i = 0; i < 50; i++) {
		char name[20];

		snprintf(name, sizeof(name), "user.%d", i);
		if (i % 2 == 0)
			assert_int_equal(CALL2(sys_fremovexattr, fd, PTR(name)), 0);
	}
	assert_int_equal(CALL2(sys_fremovexattr, fd, PTR("user.0")), -ENODATA);
	assert_int_equal(CALL5(sys_fsetxattr, fd, PTR("security.capability"), PTR("x"), 1, 0),
	                 -EOPNOTSUPP);
	assert_int_equal(CALL5(sys_fsetxattr, fd, PTR("system.posix_acl_access"), PTR("x"), 1, 0),
	                 -EOPNOTSUPP);
	CALL1(sys_unlink, PTR("/attributes"));
	CALL1(sys_close, fd);
	assert_true(page_free_count() >= frames);
}

/* Record locks: two owners through open file descriptions. */

static long lock(int fd, int command, int16_t type, int64_t start, int64_t len,
                 struct abi_flock *out)
{
	struct abi_flock flock = {.type = type, .start = start, .len = len};
	long result = CALL3(sys_fcntl, fd, command, PTR(&flock));

	if (out != NULL)
		*out = flock;
	return result;
}

static void test_locks(void **state)
{
	int a = open_path("/locked", ABI_O_CREAT | ABI_O_RDWR);
	int b = open_path("/locked", ABI_O_RDWR);
	struct abi_flock found;

	(void)state;
	assert_int_equal(lock(a, ABI_F_OFD_SETLK, ABI_F_WRLCK, 0, 100, NULL), 0);
	assert_int_equal(lock(b, ABI_F_OFD_SETLK, ABI_F_RDLCK, 99, 1, NULL), -EAGAIN);
	assert_int_equal(lock(b, ABI_F_OFD_SETLK, ABI_F_RDLCK, 100, 10, NULL), 0);
	/* A hole in the middle splits. */
	assert_int_equal(lock(a, ABI_F_OFD_SETLK, ABI_F_UNLCK, 40, 20, NULL), 0);
	assert_int_equal(lock(b, ABI_F_OFD_SETLK, ABI_F_WRLCK, 40, 20, NULL), 0);
	assert_int_equal(lock(b, ABI_F_OFD_GETLK, ABI_F_WRLCK, 60, 0, &found), 0);
	assert_int_equal(found.type, ABI_F_WRLCK);
	assert_int_equal(found.start, 60);
	assert_int_equal(found.len, 40);
	assert_int_equal(found.pid, -1);
	/* Readers share; neighbours join. */
	assert_int_equal(lock(b, ABI_F_OFD_SETLK, ABI_F_UNLCK, 0, 0, NULL), 0);
	assert_int_equal(lock(a, ABI_F_OFD_SETLK, ABI_F_RDLCK, 0, 100, NULL), 0);
	assert_int_equal(lock(a, ABI_F_OFD_SETLK, ABI_F_RDLCK, 100, 50, NULL), 0);
	assert_int_equal(lock(b, ABI_F_OFD_SETLK, ABI_F_RDLCK, 0, 0, NULL), 0);
	assert_int_equal(lock(b, ABI_F_OFD_GETLK, ABI_F_WRLCK, 10, 1, &found), 0);
	assert_int_equal(found.start, 0);
	assert_int_equal(found.len, 150);
	/* They end with the file. */
	CALL1(sys_close, a);
	assert_int_equal(lock(b, ABI_F_OFD_SETLK, ABI_F_WRLCK, 0, 0, NULL), 0);
	CALL1(sys_close, b);
	CALL1(sys_unlink, PTR("/locked"));
}

/* Mounts. */

static void test_mounts(void **state)
{
	size_t frames = page_free_count();
	char cwd[64];
	int fd;

	(void)state;
	CALL2(sys_mkdir, PTR("/m"), 0755);
	assert_int_equal(CALL5(sys_mount, PTR("none"), PTR("/m"), PTR("tmpfs"), 0, PTR("mode=700")),
	                 0);
	CALL2(sys_mkdir, PTR("/m/sub"), 0755);
	assert_int_equal(CALL1(sys_chdir, PTR("/m/sub")), 0);
	assert_int_equal(CALL2(sys_getcwd, PTR(cwd), sizeof(cwd)), 7);
	assert_string_equal(cwd, "/m/sub");
	assert_int_equal(CALL2(sys_umount2, PTR("/m"), 0), -EBUSY);
	assert_int_equal(CALL1(sys_rmdir, PTR("/m")), -EBUSY);
	assert_int_equal(CALL2(sys_rename, PTR("/m/sub"), PTR("/x")), -EXDEV);
	/* Out of the mount and through it again. */
	assert_int_equal(CALL1(sys_chdir, PTR("../../m/../m/sub/..")), 0);
	CALL2(sys_getcwd, PTR(cwd), sizeof(cwd));
	assert_string_equal(cwd, "/m");
	CALL1(sys_chdir, PTR("/"));
	fd = open_path("/m/sub/file", ABI_O_CREAT | ABI_O_WRONLY);
	CALL3(sys_write, fd, PTR("data"), 4);
	assert_int_equal(CALL2(sys_umount2, PTR("/m"), 0), -EBUSY);
	assert_int_equal(CALL2(sys_umount2, PTR("/m"), ABI_MNT_DETACH), 0);
	assert_int_equal(open_path("/m/sub/file", ABI_O_RDONLY), -ENOENT);
	assert_int_equal(CALL3(sys_write, fd, PTR("more"), 4), 4);
	/* The last file in use takes the filesystem along. */
	CALL1(sys_close, fd);
	assert_int_equal(page_free_count(), frames);
	assert_int_equal(CALL5(sys_mount, PTR("none"), PTR("/m"), PTR("tmpfs"), ABI_MS_RDONLY, 0),
	                 0);
	assert_int_equal(open_path("/m/file", ABI_O_CREAT | ABI_O_WRONLY), -EROFS);
	assert_int_equal(CALL2(sys_umount2, PTR("/m"), 0), 0);
	assert_int_equal(CALL5(sys_mount, PTR("none"), PTR("/m"), PTR("nofs"), 0, 0), -ENODEV);
	assert_int_equal(CALL1(sys_rmdir, PTR("/m")), 0);
}

static void test_chroot(void **state)
{
	char cwd[64];

	(void)state;
	CALL2(sys_mkdir, PTR("/jail"), 0755);
	CALL2(sys_mkdir, PTR("/jail/in"), 0755);
	CALL2(sys_symlink, PTR("/../../in"), PTR("/jail/link"));
	CALL1(sys_chdir, PTR("/jail"));
	assert_int_equal(CALL1(sys_chroot, PTR(".")), 0);
	assert_int_equal(CALL1(sys_chdir, PTR("link/../../..")), 0);
	CALL2(sys_getcwd, PTR(cwd), sizeof(cwd));
	assert_string_equal(cwd, "/");
	assert_int_equal(CALL1(sys_chdir, PTR("/in")), 0);
	assert_int_equal(CALL1(sys_chdir, PTR("/jail")), -ENOENT);
}

/* Memory. */

static void test_full(void **state)
{
	static char block[65536];
	struct page *ballast[64];
	size_t frames = page_free_count(), before, blocks = 0;
	int fd = open_path("/big", ABI_O_CREAT | ABI_O_WRONLY);
	uint64_t total = 0;
	long done;

	(void)state;
	while (page_free_count() > 6000)
		ballast[blocks++] = page_alloc(PAGE_ORDER_MAX);
	before = page_free_count();
	while ((done = CALL3(sys_write, fd, PTR(block), sizeof(block))) > 0)
		total += (uint64_t)done;
	assert_int_equal(done, -ENOSPC);
	/* One frame in 32 is left for the kernel. */
	assert_int_equal(page_free_count(), page_total_count() / 32);
	assert_int_equal(total, (before - page_free_count()) * PAGE_BYTES);
	assert_int_equal(CALL2(sys_mkdir, PTR("/none"), 0755), -ENOSPC);
	assert_int_equal(CALL1(sys_unlink, PTR("/big")), 0);
	assert_int_equal(CALL1(sys_close, fd), 0);
	while (blocks > 0)
		page_put(ballast[--blocks]);
	assert_int_equal(page_free_count(), frames);
}

static void test_bad_page(void **state)
{
	char *memory =
	    mmap(NULL, 3 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_path("/partial", ABI_O_CREAT | ABI_O_RDWR);

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	fake.bad_user_page = (uintptr_t)memory + PAGE_BYTES;
	/* What comes before the bad page is moved. */
	assert_int_equal(CALL3(sys_write, fd, PTR(memory + PAGE_BYTES - 10), 100), 10);
	assert_int_equal(CALL3(sys_write, fd, PTR(memory + PAGE_BYTES), 100), -EFAULT);
	assert_int_equal(CALL3(sys_lseek, fd, 0, ABI_SEEK_CUR), 10);
	assert_int_equal(CALL4(sys_pread64, fd, PTR(memory + PAGE_BYTES - 3), 10, 0), 3);
	assert_int_equal(CALL2(sys_fstat, fd, PTR(memory + PAGE_BYTES)), -EFAULT);
	assert_int_equal(CALL2(sys_pipe2, PTR(memory + PAGE_BYTES), 0), -EFAULT);
	assert_int_equal(CALL1(sys_dup, fd), fd + 1); /* the pipe's descriptors are free again */
	fake.bad_user_page = 0;
	CALL1(sys_unlink, PTR("/partial"));
	munmap(memory, 3 * PAGE_BYTES);
}

/* Big directories, read while they change. */
static void test_big_directory(void **state)
{
	_Alignas(8) char buffer[512];
	int seen = 0, fd;
	long got;

	(void)state;
	CALL2(sys_mkdir, PTR("/many"), 0755);
	for (int i = 0; i < 5000; i++) {
		snprintf(buffer, sizeof(buffer), "/many/%d", i);
		CALL1(sys_close, open_path(buffer, ABI_O_CREAT | ABI_O_WRONLY));
	}
	fd = open_path("/many", ABI_O_RDONLY | ABI_O_DIRECTORY);
	while ((got = CALL3(sys_getdents64, fd, PTR(buffer), sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			struct abi_dirent64 *entry = (void *)(buffer + at);
			char path[64];

			snprintf(path, sizeof(path), "/many/%s", entry->name);
			if (entry->name[0] != '.') {
				assert_int_equal(CALL1(sys_unlink, PTR(path)), 0);
				seen++;
			}
			at += entry->reclen;
		}
	}
	assert_int_equal(got, 0);
	assert_int_equal(seen, 5000);
	CALL1(sys_close, fd);
	assert_int_equal(CALL1(sys_rmdir, PTR("/many")), 0);
}

/* The ramdisk. */

struct archive {
	char bytes[4096];
	size_t len;
};

static void archive_add(struct archive *archive, const char *name, uint32_t ino, uint32_t mode,
                        uint32_t links, const char *data)
{
	size_t bytes = strlen(data);

	archive->len += (size_t)sprintf(
	    archive->bytes + archive->len,
	    "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ino, mode, 5u, 6u, links,
	    1000u, (unsigned int)bytes, 0u, 1u, 1u, 3u, (unsigned int)strlen(name) + 1, 0u);
	archive->len += (size_t)sprintf(archive->bytes + archive->len, "%s", name) + 1;
	archive->len = (archive->len + 3) & ~(size_t)3;
	memcpy(archive->bytes + archive->len, data, bytes);
	archive->len = (archive->len + bytes + 3) & ~(size_t)3;
}

#define LARGE_BYTES (1000 * PAGE_BYTES + 77)

static const uint8_t *large_archive;
static size_t used_bytes;

/* What is handed back is overwritten: it must not be read again. */
static void note_used(size_t bytes)
{
	assert_true(bytes > used_bytes);
	memset((void *)(uintptr_t)(large_archive + used_bytes), 0xee, bytes - used_bytes);
	used_bytes = bytes;
}

/* A large file comes in pieces, and the archive goes as it is read. */
static void test_ramdisk_goes(void **state)
{
	static struct archive head, tail;
	char *content = malloc(LARGE_BYTES + 1), *whole, *read_back;
	struct abi_stat stat;
	size_t len;

	(void)state;
	for (size_t i = 0; i < LARGE_BYTES; i++)
		content[i] = (char)('a' + i % 23 + (i >> 12) % 3);
	content[LARGE_BYTES] = 0;
	archive_add(&head, "large", 1, 0100600, 1, "");
	sprintf(head.bytes + 54, "%08x", (unsigned int)LARGE_BYTES);
	head.bytes[62] = '0';
	archive_add(&tail, "behind", 2, 0100600, 1, "it");
	archive_add(&tail, "TRAILER!!!", 0, 0, 1, "");
	len = head.len + (LARGE_BYTES + 3) / 4 * 4;
	whole = calloc(1, len + tail.len);
	memcpy(whole, head.bytes, head.len);
	memcpy(whole + head.len, content, LARGE_BYTES);
	memcpy(whole + len, tail.bytes, tail.len);
	large_archive = (const uint8_t *)whole;
	used_bytes = 0;
	assert_int_equal(ramdisk_unpack(whole, len + tail.len, note_used), 0);
	assert_true(used_bytes > LARGE_BYTES - 16 * PAGE_BYTES && used_bytes <= len);
	read_back = malloc(LARGE_BYTES);
	assert_int_equal(
	    CALL3(sys_read, open_path("/large", ABI_O_RDONLY), PTR(read_back), LARGE_BYTES),
	    LARGE_BYTES);
	assert_memory_equal(read_back, content, LARGE_BYTES);
	assert_int_equal(CALL2(sys_stat, PTR("/behind"), PTR(&stat)), 0);
	assert_int_equal(stat.size, 2);
	free(read_back);
	free(whole);
	free(content);
}

static void test_ramdisk(void **state)
{
	static struct archive archive;
	struct abi_stat a, b;
	char text[16] = "";

	(void)state;
	archive_add(&archive, "./r/deep/file", 1, 0100640, 2, "");
	archive_add(&archive, "/r/second", 1, 0100640, 2, "content");
	archive_add(&archive, "r/link", 2, 0120777, 1, "deep");
	archive_add(&archive, "r/link/through", 3, 0100600, 1, "x");
	archive_add(&archive, "r/null", 4, 0020666, 1, "");
	archive_add(&archive, "r", 5, 0041777, 2, "");
	archive_add(&archive, "TRAILER!!!", 0, 0, 1, "");
	archive.len += 8;
	/* A second archive replaces. */
	archive_add(&archive, "r/deep/file", 1, 0100600, 1, "new");
	archive_add(&archive, "TRAILER!!!", 0, 0, 1, "");
	assert_int_equal(ramdisk_unpack(archive.bytes, archive.len, NULL), 0);
	assert_int_equal(CALL2(sys_stat, PTR("/r/second"), PTR(&a)), 0);
	assert_int_equal(CALL2(sys_stat, PTR("/r/deep/file"), PTR(&b)), 0);
	assert_int_equal(a.size, 7);
	assert_int_equal(a.nlink, 1);
	assert_int_equal(a.uid, 5);
	assert_int_equal(a.gid, 6);
	assert_int_equal(a.mtime.sec, 1000);
	assert_int_equal(b.size, 3);
	assert_int_equal(b.mode, 0100600);
	assert_int_equal(CALL2(sys_stat, PTR("/r"), PTR(&a)), 0);
	assert_int_equal(a.mode, 041777);
	assert_int_equal(CALL2(sys_stat, PTR("/r/deep/through"), PTR(&a)), 0);
	assert_int_equal(CALL3(sys_read, open_path("/r/second", ABI_O_RDONLY), PTR(text), 16), 7);
	assert_string_equal(text, "content");
	assert_int_equal(CALL3(sys_write, open_path("/r/null", ABI_O_WRONLY), PTR("ab"), 2), 2);
	/* A file needs a name of its own. */
	memset(&archive, 0, sizeof(archive));
	archive_add(&archive, "r/.", 1, 0100600, 1, "");
	assert_int_equal(ramdisk_unpack(archive.bytes, archive.len, NULL), -EINVAL);
	/* Not out of the tree, and not over a directory. */
	memset(&archive, 0, sizeof(archive));
	archive_add(&archive, "r/../../x", 1, 0100600, 1, "");
	assert_int_equal(ramdisk_unpack(archive.bytes, archive.len, NULL), -EINVAL);
	memset(&archive, 0, sizeof(archive));
	archive_add(&archive, "r/deep", 1, 0100600, 1, "");
	assert_int_equal(ramdisk_unpack(archive.bytes, archive.len, NULL), -EISDIR);
}

static void assert_time(const char *path, int64_t seconds, int64_t nanoseconds)
{
	struct abi_stat stat;

	assert_int_equal(CALL2(sys_lstat, PTR(path), PTR(&stat)), 0);
	assert_int_equal(stat.mtime.sec, seconds);
	assert_int_equal(stat.mtime.nsec, nanoseconds);
}

/* As archive_add(), of text with zero bytes. */
static void archive_add_times(struct archive *archive, const char *text, size_t bytes)
{
	char content[512];

	memcpy(content, text, bytes);
	for (size_t i = 0; i < bytes; i++)
		content[i] = content[i] == 0 ? '#' : content[i];
	content[bytes] = 0;
	archive_add(archive, ".pinfold-times", 9, 0100600, 1, content);
	for (size_t i = 0; i < archive->len; i++)
		archive->bytes[i] = archive->bytes[i] == '#' ? 0 : archive->bytes[i];
}

/* Times: of links and directories too, and what the format cannot hold from the last entry. */
static void test_ramdisk_times(void **state)
{
	static const char times[] = "-1 500000000 t/early\0-9223372037 0 t/first\0"
	                            "99999999999999 1 t/never\0"
	                            "5000000000 7 t/link\0"
	                            "-2 0 t/sub\0"
	                            "x 0 t/early\0"
	                            "1 1000000000 t/early\0"
	                            "1 1\0"
	                            "3 0 t/none\0"
	                            "9 9 t/early without an end";
	static struct archive archive;
	struct abi_stat stat;

	(void)state;
	archive_add(&archive, "t", 1, 0040755, 2, "");
	archive_add(&archive, "t/early", 2, 0100600, 1, "");
	archive_add(&archive, "t/first", 3, 0100600, 1, "");
	archive_add(&archive, "t/never", 4, 0100600, 1, "");
	archive_add(&archive, "t/link", 5, 0120777, 1, "early");
	archive_add(&archive, "t/old", 6, 0120777, 1, "early");
	archive_add(&archive, "t/sub", 7, 0040755, 2, "");
	archive_add(&archive, "t/sub/file", 8, 0100600, 1, "");
	archive_add_times(&archive, times, sizeof(times) - 1);
	archive_add(&archive, "TRAILER!!!", 0, 0, 1, "");
	assert_int_equal(ramdisk_unpack(archive.bytes, archive.len, NULL), 0);
	assert_time("/t", 1000, 0);
	assert_time("/t/early", -1, 500000000);
	assert_time("/t/first", 1 - INT64_MAX / 1000000000, 0);
	assert_time("/t/never", INT64_MAX / 1000000000 - 1, 1);
	assert_time("/t/link", 5000000000, 7);
	assert_time("/t/old", 1000, 0);
	assert_time("/t/sub", -2, 0);
	assert_time("/t/sub/file", 1000, 0);
	assert_int_equal(CALL2(sys_lstat, PTR("/t/old"), PTR(&stat)), 0);
	assert_int_equal(stat.uid, 5);
	assert_int_equal(stat.gid, 6);
	assert_int_equal(CALL2(sys_lstat, PTR("/.pinfold-times"), PTR(&stat)), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_pipe_is_a_queue, setup),
	    cmocka_unit_test_setup(test_pipe_of_packets, setup),
	    cmocka_unit_test_setup(test_epoll_modes, setup),
	    cmocka_unit_test_setup(test_epoll_turns, setup),
	    cmocka_unit_test_setup(test_epoll_nesting, setup),
	    cmocka_unit_test_setup(test_user_attributes, setup),
	    cmocka_unit_test_setup(test_locks, setup),
	    cmocka_unit_test_setup(test_mounts, setup),
	    cmocka_unit_test_setup(test_full, setup),
	    cmocka_unit_test_setup(test_bad_page, setup),
	    cmocka_unit_test_setup(test_big_directory, setup),
	    cmocka_unit_test_setup(test_ramdisk, setup),
	    cmocka_unit_test_setup(test_ramdisk_goes, setup),
	    cmocka_unit_test_setup(test_ramdisk_times, setup),
	    cmocka_unit_test_setup(test_chroot, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
