/* SPDX-License-Identifier: MIT */
/* sources: */
/*
 * kernel/linux/abi_fs.h against the system's own headers: numbers and the layout of structures. The
 * compiler does most of the testing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/stat.h>
#include <poll.h>
#include <linux/random.h>
#include <sys/epoll.h>
#include <sys/xattr.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

#include "kernel/linux/abi_fs.h"

#define SAME(name) _Static_assert((uint64_t)ABI_##name == (uint64_t)(name), #name);
#define FIELD(ours, its, member, theirs)                                                        \
	_Static_assert(offsetof(struct ours, member) == offsetof(struct its, theirs), #theirs); \
	_Static_assert(sizeof(((struct ours *)0)->member) == sizeof(((struct its *)0)->theirs), \
	               #theirs);
SAME(PATH_MAX)
SAME(NAME_MAX)
SAME(PIPE_BUF)
SAME(S_IFMT)
SAME(S_IFSOCK)
SAME(S_IFLNK)
SAME(S_IFREG)
SAME(S_IFBLK)
SAME(S_IFDIR)
SAME(S_IFCHR)
SAME(S_IFIFO)
SAME(S_ISUID)
SAME(S_ISGID)
SAME(S_ISVTX)
SAME(S_IXGRP)
SAME(O_ACCMODE)
SAME(O_RDONLY)
SAME(O_WRONLY)
SAME(O_RDWR)
SAME(O_CREAT)
SAME(O_EXCL)
SAME(O_NOCTTY)
SAME(O_TRUNC)
SAME(O_APPEND)
SAME(O_NONBLOCK)
SAME(O_DSYNC)
SAME(O_ASYNC)
SAME(O_DIRECT)
SAME(O_DIRECTORY)
SAME(O_NOFOLLOW)
SAME(O_NOATIME)
SAME(O_CLOEXEC)
SAME(O_SYNC)
SAME(O_PATH)
SAME(O_TMPFILE)
SAME(AT_SYMLINK_NOFOLLOW)
SAME(AT_EACCESS)
SAME(AT_REMOVEDIR)
SAME(AT_SYMLINK_FOLLOW)
SAME(AT_NO_AUTOMOUNT)
SAME(AT_EMPTY_PATH)
SAME(AT_STATX_SYNC_TYPE)
SAME(R_OK)
SAME(W_OK)
SAME(X_OK)
SAME(SEEK_SET)
SAME(SEEK_CUR)
SAME(SEEK_END)
SAME(SEEK_DATA)
SAME(SEEK_HOLE)
SAME(RENAME_NOREPLACE)
SAME(RENAME_EXCHANGE)
SAME(RENAME_WHITEOUT)
SAME(FALLOC_FL_KEEP_SIZE)
SAME(FALLOC_FL_PUNCH_HOLE)
SAME(UTIME_NOW)
SAME(UTIME_OMIT)
SAME(RWF_HIPRI)
SAME(RWF_DSYNC)
SAME(RWF_SYNC)
SAME(RWF_NOWAIT)
SAME(RWF_APPEND)
SAME(F_DUPFD)
SAME(F_GETFD)
SAME(F_SETFD)
SAME(F_GETFL)
SAME(F_SETFL)
SAME(F_GETLK)
SAME(F_SETLK)
SAME(F_SETLKW)
SAME(F_SETOWN)
SAME(F_GETOWN)
SAME(F_SETSIG)
SAME(F_GETSIG)
SAME(F_OFD_GETLK)
SAME(F_OFD_SETLK)
SAME(F_OFD_SETLKW)
SAME(F_DUPFD_CLOEXEC)
SAME(F_SETPIPE_SZ)
SAME(F_GETPIPE_SZ)
SAME(F_ADD_SEALS)
SAME(F_GET_SEALS)
SAME(FD_CLOEXEC)
SAME(F_RDLCK)
SAME(F_WRLCK)
SAME(F_UNLCK)
SAME(F_SEAL_SEAL)
SAME(F_SEAL_SHRINK)
SAME(F_SEAL_GROW)
SAME(XATTR_CREATE)
SAME(XATTR_REPLACE)
SAME(RNDGETENTCNT)
SAME(RNDADDTOENTCNT)
SAME(RNDADDENTROPY)
SAME(RNDZAPENTCNT)
SAME(RNDCLEARPOOL)
SAME(RNDRESEEDCRNG)
SAME(F_SEAL_WRITE)
SAME(F_SEAL_FUTURE_WRITE)
#ifdef F_SEAL_EXEC
SAME(F_SEAL_EXEC)
#endif
SAME(LOCK_SH)
SAME(LOCK_EX)
SAME(LOCK_NB)
SAME(LOCK_UN)
SAME(MFD_CLOEXEC)
SAME(MFD_ALLOW_SEALING)
SAME(FIONREAD)
SAME(FIONBIO)
SAME(FIONCLEX)
SAME(FIOCLEX)
SAME(FIOASYNC)
SAME(FIGETBSZ)
SAME(MS_RDONLY)
SAME(MS_REMOUNT)
SAME(MS_BIND)
SAME(MS_MOVE)
SAME(MS_UNBINDABLE)
SAME(MS_PRIVATE)
SAME(MS_SLAVE)
SAME(MS_SHARED)
SAME(MNT_FORCE)
SAME(MNT_DETACH)
SAME(UMOUNT_NOFOLLOW)
SAME(RAMFS_MAGIC)
SAME(TMPFS_MAGIC)
SAME(PIPEFS_MAGIC)
SAME(POLLIN)
SAME(POLLPRI)
SAME(POLLOUT)
SAME(POLLERR)
SAME(POLLHUP)
SAME(POLLNVAL)
SAME(POLLRDNORM)
SAME(POLLRDBAND)
SAME(POLLWRNORM)
SAME(POLLWRBAND)
SAME(POLLRDHUP)
SAME(EPOLLEXCLUSIVE)
SAME(EPOLLWAKEUP)
SAME(EPOLLONESHOT)
SAME(EPOLLET)
SAME(EPOLL_CTL_ADD)
SAME(EPOLL_CTL_DEL)
SAME(EPOLL_CTL_MOD)
SAME(EPOLL_CLOEXEC)
SAME(EFD_SEMAPHORE)
SAME(STATX_BASIC_STATS)
SAME(STATX_BTIME)
SAME(STATX_MNT_ID)
SAME(STATX_ATTR_MOUNT_ROOT)
SAME(DT_UNKNOWN)
SAME(DT_FIFO)
SAME(DT_CHR)
SAME(DT_DIR)
SAME(DT_BLK)
SAME(DT_REG)
SAME(DT_LNK)
SAME(DT_SOCK)
SAME(SPLICE_F_MOVE)
SAME(SPLICE_F_NONBLOCK)
SAME(SPLICE_F_MORE)
_Static_assert(ABI_AT_FDCWD == AT_FDCWD, "AT_FDCWD");
_Static_assert(ABI_TFD_TIMER_ABSTIME == TFD_TIMER_ABSTIME, "TFD_TIMER_ABSTIME");
_Static_assert(ABI_PROC_MAGIC == PROC_SUPER_MAGIC, "PROC_SUPER_MAGIC");
_Static_assert(ABI_ANON_INODE_MAGIC == ANON_INODE_FS_MAGIC, "ANON_INODE_FS_MAGIC");
_Static_assert(ABI_STATX_RESERVED == STATX__RESERVED, "STATX__RESERVED");

_Static_assert(sizeof(struct abi_stat) == sizeof(struct stat), "stat");
FIELD(abi_stat, stat, dev, st_dev)
FIELD(abi_stat, stat, ino, st_ino)
FIELD(abi_stat, stat, nlink, st_nlink)
FIELD(abi_stat, stat, mode, st_mode)
FIELD(abi_stat, stat, uid, st_uid)
FIELD(abi_stat, stat, gid, st_gid)
FIELD(abi_stat, stat, rdev, st_rdev)
FIELD(abi_stat, stat, size, st_size)
FIELD(abi_stat, stat, blksize, st_blksize)
FIELD(abi_stat, stat, blocks, st_blocks)
FIELD(abi_stat, stat, atime, st_atim)
FIELD(abi_stat, stat, mtime, st_mtim)
FIELD(abi_stat, stat, ctime, st_ctim)
_Static_assert(sizeof(struct abi_statx) == sizeof(struct statx), "statx");
FIELD(abi_statx, statx, mask, stx_mask)
FIELD(abi_statx, statx, blksize, stx_blksize)
FIELD(abi_statx, statx, attributes, stx_attributes)
FIELD(abi_statx, statx, nlink, stx_nlink)
FIELD(abi_statx, statx, uid, stx_uid)
FIELD(abi_statx, statx, gid, stx_gid)
FIELD(abi_statx, statx, mode, stx_mode)
FIELD(abi_statx, statx, ino, stx_ino)
FIELD(abi_statx, statx, size, stx_size)
FIELD(abi_statx, statx, blocks, stx_blocks)
FIELD(abi_statx, statx, attributes_mask, stx_attributes_mask)
FIELD(abi_statx, statx, atime, stx_atime)
FIELD(abi_statx, statx, btime, stx_btime)
FIELD(abi_statx, statx, ctime, stx_ctime)
FIELD(abi_statx, statx, mtime, stx_mtime)
FIELD(abi_statx, statx, rdev_major, stx_rdev_major)
FIELD(abi_statx, statx, rdev_minor, stx_rdev_minor)
FIELD(abi_statx, statx, dev_major, stx_dev_major)
FIELD(abi_statx, statx, dev_minor, stx_dev_minor)
FIELD(abi_statx, statx, mnt_id, stx_mnt_id)
_Static_assert(sizeof(struct abi_statfs) == sizeof(struct statfs), "statfs");
FIELD(abi_statfs, statfs, type, f_type)
FIELD(abi_statfs, statfs, bsize, f_bsize)
FIELD(abi_statfs, statfs, blocks, f_blocks)
FIELD(abi_statfs, statfs, bfree, f_bfree)
FIELD(abi_statfs, statfs, bavail, f_bavail)
FIELD(abi_statfs, statfs, files, f_files)
FIELD(abi_statfs, statfs, ffree, f_ffree)
FIELD(abi_statfs, statfs, namelen, f_namelen)
FIELD(abi_statfs, statfs, frsize, f_frsize)
FIELD(abi_statfs, statfs, flags, f_flags)
_Static_assert(offsetof(struct abi_dirent64, name) == offsetof(struct dirent64, d_name), "d_name");
FIELD(abi_dirent64, dirent64, ino, d_ino)
FIELD(abi_dirent64, dirent64, off, d_off)
FIELD(abi_dirent64, dirent64, reclen, d_reclen)
FIELD(abi_dirent64, dirent64, type, d_type)
_Static_assert(sizeof(struct abi_flock) == sizeof(struct flock), "flock");
FIELD(abi_flock, flock, type, l_type)
FIELD(abi_flock, flock, whence, l_whence)
FIELD(abi_flock, flock, start, l_start)
FIELD(abi_flock, flock, len, l_len)
FIELD(abi_flock, flock, pid, l_pid)
_Static_assert(sizeof(struct abi_pollfd) == sizeof(struct pollfd), "pollfd");
FIELD(abi_pollfd, pollfd, fd, fd)
FIELD(abi_pollfd, pollfd, events, events)
FIELD(abi_pollfd, pollfd, revents, revents)
_Static_assert(sizeof(struct abi_epoll_event) == sizeof(struct epoll_event), "epoll_event");
FIELD(abi_epoll_event, epoll_event, events, events)
FIELD(abi_epoll_event, epoll_event, data, data)
_Static_assert(sizeof(struct abi_itimerspec) == sizeof(struct itimerspec), "itimerspec");
FIELD(abi_itimerspec, itimerspec, interval, it_interval)
FIELD(abi_itimerspec, itimerspec, value, it_value)
_Static_assert(sizeof(struct abi_utimbuf) == sizeof(struct utimbuf), "utimbuf");
FIELD(abi_utimbuf, utimbuf, actime, actime)
FIELD(abi_utimbuf, utimbuf, modtime, modtime)

/* The encoding of device numbers, which is a function and not a layout. */
static void test_device_numbers(void **state)
{
	static const uint32_t numbers[] = {0,    1,    5,     255,     256,
	                                   4095, 4096, 65535, 1048575, UINT32_MAX};
	size_t count = sizeof(numbers) / sizeof(numbers[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			uint64_t dev = abi_makedev(numbers[i], numbers[j]);

			assert_true(dev == makedev(numbers[i], numbers[j]));
			assert_int_equal(abi_dev_major(dev), numbers[i]);
			assert_int_equal(abi_dev_minor(dev), numbers[j]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_device_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
