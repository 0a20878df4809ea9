/* SPDX-License-Identifier: MIT */
/* sources: kernel/fs/sys_xattr.c kernel/fs/xattr.c */
/* sources: kernel/task/cred.c kernel/fs/file_owner.c */
/* sources: kernel/fs/epoll_nest.c kernel/fs/sys_epoll.c lib/str.c kernel/fs/pipe_packet.c */
/* sources: kernel/fs/pipe_size.c kernel/fs/pipe_user.c kernel/fs/path_name.c */
/* sources: kernel/fs/random_dev.c */
/* sources: kernel/fs/sys_copy.c */
/* sources: tests/unit/fs_fake.c kernel/mm/page.c kernel/fs/devfs.c kernel/fs/epoll.c */
/* sources: kernel/fs/fd.c kernel/fs/file.c kernel/fs/inode.c kernel/fs/lock.c kernel/fs/memdev.c */
/* sources: kernel/fs/path.c kernel/fs/pipe.c kernel/fs/poll.c kernel/fs/radix.c */
/* sources: kernel/fs/ramfs.c kernel/fs/ramfs_file.c kernel/fs/sys_attr.c kernel/fs/sys_fcntl.c */
/* sources: kernel/fs/sys_name.c kernel/fs/sys_open.c kernel/fs/sys_place.c kernel/fs/sys_rw.c */
/* sources: kernel/fs/sys_stat.c kernel/fs/uio.c kernel/fs/vfs.c */
/*
 * The file calls against the machine's own Linux: the same random calls go to the kernel's tree and
 * to a directory on a tmpfs, and every result, every byte read and every attribute must be the
 * same.
 *
 * Both sides work four directories below what they started from, so that ".." in a link cannot
 * leave what both know.
 */
#include "tests/unit/fs_fake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define TMPFS_MAGIC_NUMBER 0x01021994
#define FD_SLOTS           6
#define BUFFER_BYTES       20000
#define HISTORY            40

static uint64_t random_state;
static char base[64];
static int our_fd[FD_SLOTS], host_fd[FD_SLOTS];
static char history[HISTORY][200];
static unsigned int history_count;
static bool sparse; /* the run looks for holes */
static bool users;  /* the run changes between root and an ordinary user */
static bool alone;  /* the run is ours only: calls may fail for want of memory */

static uint32_t rnd(uint32_t limit)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((random_state >> 33) % limit);
}

static long host(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	long result = alone ? 0 : syscall(number, a, b, c, d, e);

	return result < 0 ? -errno : result;
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(history[history_count++ % HISTORY], sizeof(history[0]), format, args);
	va_end(args);
}

static void check(long ours, long hosts)
{
	if (ours == hosts || alone)
		return;
	for (unsigned int i = history_count > HISTORY ? history_count - HISTORY : 0;
	     i < history_count; i++)
		fprintf(stderr, "  %s\n", history[i % HISTORY]);
	fail_msg("ours %ld, Linux %ld", ours, hosts);
}

/* A random path of up to three components. */
static const char *pick_path(char buffer[64])
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	static const char *const odd[] = {".", "a/.", "b/..", "c/../d", "a//b", "nothing/a", "./c"};
	uint32_t depth = 1 + rnd(3);

	buffer[0] = 0;
	if (rnd(20) == 0)
		return strcpy(buffer, odd[rnd(ARRAY_COUNT(odd))]);
	for (uint32_t i = 0; i < depth; i++) {
		if (i > 0)
			strcat(buffer, "/");
		strcat(buffer, names[rnd(ARRAY_COUNT(names))]);
	}
	if (rnd(12) == 0)
		strcat(buffer, "/");
	return buffer;
}

/* The path calls: the same arguments for both. */
#define BOTH(number, function, a, b, c, d, e)                                                 \
	check(fake_call(function, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
	                (uint64_t)(e), 0),                                                    \
	      host(number, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d),        \
	           (uint64_t)(e)))

static void step_make(void)
{
	static const char *const targets[] = {"a",       "b/c", "../a",    "./d",
	                                      "../../b", "e/",  "nothing", "../c/d"};
	const char *target = targets[rnd(ARRAY_COUNT(targets))];
	char one[64], two[64];
	uint32_t mode = rnd(01000);
	uint32_t type = rnd(2) ? S_IFIFO : S_IFREG, follow = rnd(2) * AT_SYMLINK_FOLLOW;

	pick_path(one);
	pick_path(two);
	switch (rnd(5)) {
	case 0:
	case 1:
		note("mkdir %s %o", one, mode | 0700);
		BOTH(SYS_mkdir, sys_mkdir, PTR(one), mode | 0700, 0, 0, 0);
		break;
	case 2:
		note("symlink %s %s", target, one);
		BOTH(SYS_symlink, sys_symlink, PTR(target), PTR(one), 0, 0, 0);
		break;
	case 3:
		/* Which files an ordinary user may link to is a setting. */
		if (fs_cred()->fsuid != 0)
			break;
		note("linkat %s %s", one, two);
		BOTH(SYS_linkat, sys_linkat, AT_FDCWD, PTR(one), AT_FDCWD, PTR(two), follow);
		break;
	default:
		note("mknod %s %o", one, mode);
		BOTH(SYS_mknod, sys_mknod, PTR(one), type | mode, 0, 0, 0);
		break;
	}
}

static void step_remove(void)
{
	char one[64], two[64];
	uint32_t flags = rnd(4) == 0 ? 1 + rnd(2) : 0;

	pick_path(one);
	pick_path(two);
	switch (rnd(4)) {
	case 0:
		note("unlink %s", one);
		BOTH(SYS_unlink, sys_unlink, PTR(one), 0, 0, 0, 0);
		break;
	case 1:
		note("rmdir %s", one);
		BOTH(SYS_rmdir, sys_rmdir, PTR(one), 0, 0, 0, 0);
		break;
	default:
		note("renameat2 %s %s %u", one, two, flags);
		BOTH(SYS_renameat2, sys_renameat2, AT_FDCWD, PTR(one), AT_FDCWD, PTR(two), flags);
		break;
	}
}

static void step_attribute(void)
{
	char one[64];
	int owner = (int)rnd(3) * 1000 - 1000;
	uint32_t mode = rnd(010000);
	uint64_t size = rnd(30000);

	/* Linux may be set to forbid more in sticky directories that others can write to. */
	if (users && (mode & S_ISVTX) != 0)
		mode &= ~022u;
	pick_path(one);
	switch (rnd(6)) {
	case 4:
		note("chown %s %d", one, owner);
		BOTH(SYS_lchown, sys_lchown, PTR(one), owner, -1, 0, 0);
		break;
	case 5:
		note("utimensat %s", one);
		BOTH(SYS_utimensat, sys_utimensat, AT_FDCWD, PTR(one), 0, 0, 0);
		break;
	case 0:
		note("chmod %s %o", one, mode);
		BOTH(SYS_chmod, sys_chmod, PTR(one), mode, 0, 0, 0);
		break;
	case 1:
		note("truncate %s %lu", one, (unsigned long)size);
		BOTH(SYS_truncate, sys_truncate, PTR(one), size, 0, 0, 0);
		break;
	case 2:
		note("access %s %u", one, mode & 7);
		BOTH(SYS_access, sys_access, PTR(one), mode & 7, 0, 0, 0);
		break;
	default:
		note("umask %o", mode & 077);
		BOTH(SYS_umask, sys_umask, mode & 077, 0, 0, 0, 0);
		break;
	}
}

static void compare_stat(const struct stat *ours, const struct stat *hosts)
{
	if (alone)
		return;
	check((long)ours->st_mode, (long)hosts->st_mode);
	check((long)ours->st_nlink, (long)hosts->st_nlink);
	check((long)ours->st_uid, (long)hosts->st_uid);
	check((long)ours->st_rdev, (long)hosts->st_rdev);
	check(ours->st_blksize, hosts->st_blksize);
	check(ours->st_size, hosts->st_size);
	if (S_ISREG(ours->st_mode))
		check(ours->st_blocks, hosts->st_blocks);
}

static void step_look(void)
{
	struct stat ours = {0}, hosts = {0};
	char one[64], our_text[64] = "", host_text[64] = "";
	uint32_t flags = rnd(2) * AT_SYMLINK_NOFOLLOW;
	long result;

	pick_path(one);
	if (rnd(3) == 0) {
		note("readlink %s", one);
		result = CALL3(sys_readlink, PTR(one), PTR(our_text), 5);
		check(result, host(SYS_readlink, PTR(one), PTR(host_text), 5, 0, 0));
		check(memcmp(our_text, host_text, sizeof(our_text)), 0);
		return;
	}
	note("fstatat %s %x", one, flags);
	result = CALL4(sys_newfstatat, AT_FDCWD, PTR(one), PTR(&ours), flags);
	check(result, host(SYS_newfstatat, (uint64_t)AT_FDCWD, PTR(one), PTR(&hosts), flags, 0));
	if (result == 0)
		compare_stat(&ours, &hosts);
}

static void close_slot(uint32_t slot)
{
	if (our_fd[slot] < 0)
		return;
	check(CALL1(sys_close, our_fd[slot]), host(SYS_close, (uint64_t)host_fd[slot], 0, 0, 0, 0));
	our_fd[slot] = host_fd[slot] = -1;
}

static void compare_fstat(uint32_t slot);

static void step_open(void)
{
	static const uint32_t extra[] = {
	    0,        O_CREAT,     O_CREAT | O_EXCL, O_TRUNC, O_CREAT | O_TRUNC,
	    O_APPEND, O_DIRECTORY, O_NOFOLLOW,       O_PATH,  O_CREAT | O_APPEND};
	uint32_t slot = rnd(FD_SLOTS);
	uint32_t flags = rnd(3) | extra[rnd(ARRAY_COUNT(extra))] | O_NONBLOCK;
	char one[64];
	long ours, hosts;

	close_slot(slot);
	pick_path(one);
	note("slot %u: open %s 0%o", slot, one, flags);
	ours = CALL3(sys_open, PTR(one), flags, 0644);
	hosts = host(SYS_open, PTR(one), flags, 0644, 0, 0);
	check(MIN(ours, 0l), MIN(hosts, 0l));
	if (ours < 0)
		return;
	our_fd[slot] = (int)ours;
	host_fd[slot] = (int)hosts;
	check(CALL3(sys_fcntl, ours, F_GETFL, 0),
	      host(SYS_fcntl, (uint64_t)hosts, F_GETFL, 0, 0, 0));
	compare_fstat(slot);
}

/* Calls on a descriptor that take and give no buffer. */
static void step_fd_plain(uint32_t slot)
{
	uint64_t ours = (uint64_t)our_fd[slot], hosts = (uint64_t)host_fd[slot];
	int64_t offset = (int64_t)rnd(40000) - 5000;
	/* A hole that fallocate() has filled counts as data here, on tmpfs not before it is
	 * written: no run has both. */
	uint32_t whence = rnd(sparse ? 6 : 3), mode = sparse ? 3 : rnd(5);

	switch (rnd(5)) {
	case 0:
		note("slot %u: lseek %ld %u", slot, (long)offset, whence);
		check(CALL3(sys_lseek, ours, offset, whence),
		      host(SYS_lseek, hosts, (uint64_t)offset, whence, 0, 0));
		break;
	case 1:
		note("slot %u: ftruncate %ld", slot, (long)offset);
		check(CALL2(sys_ftruncate, ours, offset),
		      host(SYS_ftruncate, hosts, (uint64_t)offset, 0, 0, 0));
		break;
	case 2:
		note("slot %u: fallocate %u %ld", slot, mode, (long)offset);
		check(CALL4(sys_fallocate, ours, mode, offset, 9000),
		      host(SYS_fallocate, hosts, mode, (uint64_t)offset, 9000, 0));
		break;
	case 3:
		note("slot %u: fchmod", slot);
		check(CALL2(sys_fchmod, ours, 0640), host(SYS_fchmod, hosts, 0640, 0, 0, 0));
		break;
	default:
		note("slot %u: fsync", slot);
		check(CALL1(sys_fsync, ours), host(SYS_fsync, hosts, 0, 0, 0, 0));
		break;
	}
}

static void step_fd_data(uint32_t slot)
{
	static char ours_buffer[BUFFER_BYTES], host_buffer[BUFFER_BYTES];
	uint64_t ours = (uint64_t)our_fd[slot], hosts = (uint64_t)host_fd[slot];
	uint32_t bytes = rnd(3) == 0 ? rnd(BUFFER_BYTES) : rnd(200), what;
	int64_t offset = (int64_t)rnd(50000) - 1000;
	struct iovec ours_iov[2] = {{ours_buffer, bytes / 3},
	                            {ours_buffer + bytes / 3, bytes - bytes / 3}};
	struct iovec host_iov[2] = {{host_buffer, bytes / 3},
	                            {host_buffer + bytes / 3, bytes - bytes / 3}};

	for (uint32_t i = 0; i < bytes; i++)
		ours_buffer[i] = host_buffer[i] = (char)rnd(256);
	what = rnd(6);
	note("slot %u: move (%u) %u bytes at %ld", slot, what, bytes, (long)offset);
	switch (what) {
	case 0:
		check(CALL3(sys_read, ours, PTR(ours_buffer), bytes),
		      host(SYS_read, hosts, PTR(host_buffer), bytes, 0, 0));
		break;
	case 1:
		check(CALL3(sys_write, ours, PTR(ours_buffer), bytes),
		      host(SYS_write, hosts, PTR(host_buffer), bytes, 0, 0));
		break;
	case 2:
		check(CALL4(sys_pread64, ours, PTR(ours_buffer), bytes, offset),
		      host(SYS_pread64, hosts, PTR(host_buffer), bytes, (uint64_t)offset, 0));
		break;
	case 3:
		check(CALL4(sys_pwrite64, ours, PTR(ours_buffer), bytes, offset),
		      host(SYS_pwrite64, hosts, PTR(host_buffer), bytes, (uint64_t)offset, 0));
		break;
	case 4:
		check(CALL3(sys_readv, ours, PTR(ours_iov), 2),
		      host(SYS_readv, hosts, PTR(host_iov), 2, 0, 0));
		break;
	default:
		check(CALL3(sys_writev, ours, PTR(ours_iov), 2),
		      host(SYS_writev, hosts, PTR(host_iov), 2, 0, 0));
		break;
	}
	check(memcmp(ours_buffer, host_buffer, bytes), 0);
}

static void step_fd_stat(uint32_t slot)
{
	note("slot %u: fstat", slot);
	compare_fstat(slot);
}

static void compare_fstat(uint32_t slot)
{
	struct stat ours = {0}, hosts = {0};

	check(CALL2(sys_fstat, our_fd[slot], PTR(&ours)),
	      host(SYS_fstat, (uint64_t)host_fd[slot], PTR(&hosts), 0, 0, 0));
	compare_stat(&ours, &hosts);
}

static uint64_t our_ino(uint32_t slot)
{
	struct stat status = {0};

	CALL2(sys_fstat, our_fd[slot], PTR(&status));
	return status.st_ino;
}

static void step_between(void)
{
	uint32_t in = rnd(FD_SLOTS), out = rnd(FD_SLOTS), bytes = rnd(9000);

	note("sendfile slot %u to %u, %u bytes", in, out, bytes);
	/* Linux moves a file onto itself in pieces of its own size. */
	if (our_ino(in) == our_ino(out))
		return;
	if (rnd(2) == 0)
		check(
		    CALL4(sys_sendfile, our_fd[out], our_fd[in], 0, bytes),
		    host(SYS_sendfile, (uint64_t)host_fd[out], (uint64_t)host_fd[in], 0, bytes, 0));
}

/* Go somewhere, ask where that is, look around, and come back. */
static void step_place(void)
{
	char one[64], ours[256] = "", hosts[512] = "", home[128];
	long result;

	pick_path(one);
	note("chdir %s", one);
	result = CALL1(sys_chdir, PTR(one));
	check(result, host(SYS_chdir, PTR(one), 0, 0, 0, 0));
	if (result != 0)
		return;
	result = CALL2(sys_getcwd, PTR(ours), sizeof(ours));
	check(MIN(result, 0l), MIN(host(SYS_getcwd, PTR(hosts), sizeof(hosts), 0, 0, 0), 0l));
	if (result > 0 && !alone)
		check(strcmp(ours, hosts + strlen(base)), 0);
	step_look();
	step_make();
	snprintf(home, sizeof(home), "%s/1/2/3/w", base);
	check(CALL1(sys_chdir, PTR(alone ? "/" : "/1/2/3/w")),
	      host(SYS_chdir, PTR(home), 0, 0, 0, 0));
}

struct names {
	size_t count;
	char name[64][32];
	uint8_t type[64];
};

static int names_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* All names of a directory, from getdents64 with a small buffer; the result of the last call. */
static long list_directory(bool ours, const char *path, struct names *names)
{
	_Alignas(8) char buffer[120];
	long fd = ours ? CALL3(sys_open, PTR(path), O_RDONLY | O_DIRECTORY, 0)
	               : host(SYS_open, PTR(path), O_RDONLY | O_DIRECTORY, 0, 0, 0);
	long got;

	names->count = 0;
	if (fd < 0)
		return fd;
	for (;;) {
		got = ours ? CALL3(sys_getdents64, fd, PTR(buffer), sizeof(buffer))
		           : host(SYS_getdents64, (uint64_t)fd, PTR(buffer), sizeof(buffer), 0, 0);
		if (got <= 0)
			break;
		for (long at = 0; at < got;) {
			const struct abi_dirent64 *entry = (const void *)(buffer + at);

			assert_true(names->count < 64);
			snprintf(names->name[names->count], 32, "%s:%u", entry->name, entry->type);
			names->count++;
			at += entry->reclen;
		}
	}
	if (ours)
		CALL1(sys_close, fd);
	else
		close((int)fd);
	qsort(names->name, names->count, sizeof(names->name[0]), names_compare);
	return got;
}

static void step_list(void)
{
	struct names ours, hosts;
	char one[64];

	pick_path(one);
	note("list %s", one);
	check(list_directory(true, one, &ours), list_directory(false, one, &hosts));
	check((long)ours.count, (long)hosts.count);
	for (size_t i = 0; i < (alone ? 0 : ours.count); i++)
		check(strcmp(ours.name[i], hosts.name[i]), 0);
}

/* Go on as that user. */
static void become(uint32_t uid)
{
	const struct cred *old = &current()->cred;
	struct cred next = *old;

	note("uid %u", uid);
	next.euid = next.fsuid = uid;
	cred_fix_users(&next, old);
	cred_change(&next);
	if (!alone)
		assert_int_equal(syscall(SYS_setresuid, -1, uid, -1), 0);
}

static void step(void)
{
	uint32_t slot = rnd(FD_SLOTS), what = rnd(20);

	if (users && rnd(25) == 0)
		become(rnd(2) * 1000);
	if (what < 3)
		step_make();
	else if (what < 5)
		step_remove();
	else if (what < 6)
		step_attribute();
	else if (what < 8)
		step_look();
	else if (what < 9)
		step_list();
	else if (what < 10)
		step_place();
	else if (what < 12)
		step_open();
	else if (what < 13)
		step_between();
	else if (our_fd[slot] < 0)
		step_open();
	else if (what < 15)
		step_fd_plain(slot);
	else if (what < 19)
		step_fd_data(slot);
	else
		step_fd_stat(slot);
}

static void go_to_start(void)
{
	static const char *const levels[] = {"1", "2", "3", "w"};

	snprintf(base, sizeof(base), "/dev/shm/fs-oracle-%d", (int)getpid());
	assert_int_equal(mkdir(base, 0755), 0);
	assert_int_equal(chmod(base, 0755), 0);
	assert_int_equal(chdir(base), 0);
	for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
		assert_int_equal(mkdir(levels[i], 0755), 0);
		assert_int_equal(chdir(levels[i]), 0);
		CALL2(sys_mkdir, PTR(levels[i]), 0755);
		assert_int_equal(CALL1(sys_chdir, PTR(levels[i])), 0);
	}
	assert_int_equal(chmod(".", 0777), 0);
	CALL2(sys_chmod, PTR("."), 0777);
	for (int i = 0; i < FD_SLOTS; i++)
		our_fd[i] = host_fd[i] = -1;
}

static long access_ours(const char *path)
{
	struct stat status;

	return CALL4(sys_newfstatat, AT_FDCWD, PTR(path), PTR(&status), AT_SYMLINK_NOFOLLOW);
}

/* Remove the directory's tree, ours as rm -r would. */
static void remove_ours(const char *path)
{
	struct names names;

	if (CALL1(sys_unlink, PTR(path)) == 0 || access_ours(path) != 0)
		return;
	CALL2(sys_chmod, PTR(path), 0700);
	list_directory(true, path, &names);
	for (size_t i = 0; i < names.count; i++) {
		char child[256];

		*strrchr(names.name[i], ':') = 0;
		if (strcmp(names.name[i], ".") == 0 || strcmp(names.name[i], "..") == 0)
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, names.name[i]);
		remove_ours(child);
	}
	assert_int_equal(CALL1(sys_rmdir, PTR(path)), 0);
}

static void leave(void)
{
	char command[256];

	become(0);
	for (uint32_t i = 0; i < FD_SLOTS; i++)
		close_slot(i);
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "chmod -R u+rwx %s 2>/dev/null; rm -rf %s", base, base);
	assert_int_equal(system(command), 0);
	CALL1(sys_chdir, PTR("/"));
	remove_ours("1");
}

static bool on_tmpfs(void)
{
	struct statfs fs;

	return statfs("/dev/shm", &fs) == 0 && fs.f_type == TMPFS_MAGIC_NUMBER &&
	       access("/dev/shm", W_OK) == 0;
}

static void test_same_as_linux(void **state)
{
	static const uint64_t seeds[] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint64_t mask = 1ull << (ABI_SIGPIPE - 1);
	size_t frames;

	(void)state;
	/* Only root is free of the permissions that the random modes take away. */
	if (geteuid() != 0 || !on_tmpfs())
		skip();
	/* A broken pipe is to be an error only. */
	assert_int_equal(host(SYS_rt_sigprocmask, 0, PTR(&mask), 0, sizeof(mask), 0), 0);
	fake_boot();
	frames = page_free_count();
	for (size_t i = 0; i < ARRAY_COUNT(seeds); i++) {
		random_state = seeds[i];
		sparse = i % 2 == 0;
		users = i >= 4;
		history_count = 0;
		go_to_start();
		CALL1(sys_umask, 022);
		umask(022);
		for (int n = 0; n < 20000; n++)
			step();
		leave();
		assert_int_equal(page_free_count(), frames);
	}
}

/* One allocation in many fails, in any place: no call may leak or trip over it. The sanitizer looks
 * for what is left at the end. */
static void test_no_memory(void **state)
{
	/* The last is what a link to nothing makes. */
	static const char *const names[] = {"a", "b", "c", "d", "e", "nothing"};
	size_t frames;

	(void)state;
	fake_boot();
	frames = page_free_count();
	alone = true;
	users = false;
	for (uint32_t one_in = 3; one_in < 300; one_in *= 3) {
		random_state = one_in;
		for (int i = 0; i < FD_SLOTS; i++)
			our_fd[i] = host_fd[i] = -1;
		fake.fail_one_in = one_in;
		for (int n = 0; n < 20000; n++)
			step();
		fake.fail_one_in = 0;
		assert_int_equal(CALL1(sys_chdir, PTR("/")), 0);
		for (uint32_t i = 0; i < FD_SLOTS; i++)
			close_slot(i);
		for (size_t i = 0; i < ARRAY_COUNT(names); i++)
			remove_ours(names[i]);
		assert_int_equal(page_free_count(), frames);
	}
	alone = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_as_linux),
	    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
