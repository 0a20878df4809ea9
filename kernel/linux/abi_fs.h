/* SPDX-License-Identifier: MIT */
/*
 * Structures and numbers of the x86-64 Linux ABI that the file system calls use.
 * tests/unit/abi_fs_test.c holds them against the system's headers.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_FS_H
#define PINFOLD_KERNEL_LINUX_ABI_FS_H

#include <stdint.h>

#include "kernel/linux/abi.h"

#define ABI_PATH_MAX 4096
#define ABI_NAME_MAX 255
#define ABI_IOV_MAX  1024
#define ABI_PIPE_BUF 4096
/* One transfer moves at most this many bytes. */
#define ABI_MAX_RW_COUNT 0x7ffff000ull

/* File types and permissions. */
#define ABI_S_IFMT   0170000u
#define ABI_S_IFSOCK 0140000u
#define ABI_S_IFLNK  0120000u
#define ABI_S_IFREG  0100000u
#define ABI_S_IFBLK  0060000u
#define ABI_S_IFDIR  0040000u
#define ABI_S_IFCHR  0020000u
#define ABI_S_IFIFO  0010000u
#define ABI_S_ISUID  0004000u
#define ABI_S_ISGID  0002000u
#define ABI_S_ISVTX  0001000u
#define ABI_S_IXGRP  0000010u

#define ABI_S_ISREG(mode)  ((ABI_S_IFMT & (mode)) == ABI_S_IFREG)
#define ABI_S_ISDIR(mode)  ((ABI_S_IFMT & (mode)) == ABI_S_IFDIR)
#define ABI_S_ISLNK(mode)  ((ABI_S_IFMT & (mode)) == ABI_S_IFLNK)
#define ABI_S_ISCHR(mode)  ((ABI_S_IFMT & (mode)) == ABI_S_IFCHR)
#define ABI_S_ISBLK(mode)  ((ABI_S_IFMT & (mode)) == ABI_S_IFBLK)
#define ABI_S_ISFIFO(mode) ((ABI_S_IFMT & (mode)) == ABI_S_IFIFO)
#define ABI_S_ISSOCK(mode) ((ABI_S_IFMT & (mode)) == ABI_S_IFSOCK)

/* open() */
#define ABI_O_ACCMODE      00000003u
#define ABI_O_RDONLY       00000000u
#define ABI_O_WRONLY       00000001u
#define ABI_O_RDWR         00000002u
#define ABI_O_CREAT        00000100u
#define ABI_O_EXCL         00000200u
#define ABI_O_NOCTTY       00000400u
#define ABI_O_TRUNC        00001000u
#define ABI_O_APPEND       00002000u
#define ABI_O_NONBLOCK     00004000u
#define ABI_O_DSYNC        00010000u
#define ABI_O_ASYNC        00020000u
#define ABI_O_DIRECT       00040000u
#define ABI_O_LARGEFILE    00100000u
#define ABI_O_DIRECTORY    00200000u
#define ABI_O_NOFOLLOW     00400000u
#define ABI_O_NOATIME      01000000u
#define ABI_O_CLOEXEC      02000000u
#define ABI_O_SYNC         04010000u
#define ABI_O_PATH         010000000u
#define ABI_O_TMPFILE      020200000u
#define ABI_O_TMPFILE_ONLY 020000000u /* of it what is not O_DIRECTORY */

#define ABI_AT_FDCWD            (-100)
#define ABI_AT_SYMLINK_NOFOLLOW 0x100u
#define ABI_AT_EACCESS          0x200u
#define ABI_AT_REMOVEDIR        0x200u
#define ABI_AT_SYMLINK_FOLLOW   0x400u
#define ABI_AT_NO_AUTOMOUNT     0x800u
#define ABI_AT_EMPTY_PATH       0x1000u
#define ABI_AT_STATX_SYNC_TYPE  0x6000u

#define ABI_R_OK 4u
#define ABI_W_OK 2u
#define ABI_X_OK 1u

#define ABI_SEEK_SET  0
#define ABI_SEEK_CUR  1
#define ABI_SEEK_END  2
#define ABI_SEEK_DATA 3
#define ABI_SEEK_HOLE 4

#define ABI_DT_UNKNOWN 0
#define ABI_DT_FIFO    1
#define ABI_DT_CHR     2
#define ABI_DT_DIR     4
#define ABI_DT_BLK     6
#define ABI_DT_REG     8
#define ABI_DT_LNK     10
#define ABI_DT_SOCK    12

#define ABI_RENAME_NOREPLACE 1u
#define ABI_RENAME_EXCHANGE  2u
#define ABI_RENAME_WHITEOUT  4u

#define ABI_FALLOC_FL_KEEP_SIZE  1u
#define ABI_FALLOC_FL_PUNCH_HOLE 2u
#define ABI_FALLOC_FL_ZERO_RANGE 16u

#define ABI_UTIME_NOW  ((1l << 30) - 1l)
#define ABI_UTIME_OMIT ((1l << 30) - 2l)

#define ABI_RWF_HIPRI  1u
#define ABI_RWF_DSYNC  2u
#define ABI_RWF_SYNC   4u
#define ABI_RWF_NOWAIT 8u
#define ABI_RWF_APPEND 16u

/* fcntl() */
#define ABI_F_DUPFD         0
#define ABI_F_GETFD         1
#define ABI_F_SETFD         2
#define ABI_F_GETFL         3
#define ABI_F_SETFL         4
#define ABI_F_GETLK         5
#define ABI_F_SETLK         6
#define ABI_F_SETLKW        7
#define ABI_F_SETOWN        8
#define ABI_F_GETOWN        9
#define ABI_F_SETSIG        10
#define ABI_F_GETSIG        11
#define ABI_F_SETOWN_EX     15
#define ABI_F_GETOWN_EX     16
#define ABI_F_OWNER_TID     0
#define ABI_F_OWNER_PID     1
#define ABI_F_OWNER_PGRP    2
#define ABI_F_OFD_GETLK     36
#define ABI_F_OFD_SETLK     37
#define ABI_F_OFD_SETLKW    38
#define ABI_F_DUPFD_CLOEXEC 1030
#define ABI_F_SETPIPE_SZ    1031
#define ABI_F_GETPIPE_SZ    1032
#define ABI_F_ADD_SEALS     1033
#define ABI_F_GET_SEALS     1034
#define ABI_FD_CLOEXEC      1
#define ABI_F_RDLCK         0
#define ABI_F_WRLCK         1
#define ABI_F_UNLCK         2

struct abi_f_owner_ex {
	int32_t type, pid;
};

#define ABI_F_SEAL_SEAL         1u
#define ABI_F_SEAL_SHRINK       2u
#define ABI_F_SEAL_GROW         4u
#define ABI_F_SEAL_WRITE        8u
#define ABI_F_SEAL_FUTURE_WRITE 16u
#define ABI_F_SEAL_EXEC         32u

#define ABI_LOCK_SH 1
#define ABI_LOCK_EX 2
#define ABI_LOCK_NB 4
#define ABI_LOCK_UN 8

#define ABI_CLOSE_RANGE_UNSHARE 2u
#define ABI_CLOSE_RANGE_CLOEXEC 4u

#define ABI_SYNC_FILE_RANGE_ALL 7u

#define ABI_XATTR_CREATE  1u
#define ABI_XATTR_REPLACE 2u

#define ABI_MFD_CLOEXEC       1u
#define ABI_MFD_ALLOW_SEALING 2u
#define ABI_MFD_NOEXEC_SEAL   8u
#define ABI_MFD_EXEC          16u

/* ioctl() of any file. */
#define ABI_FIONREAD       0x541bu
#define ABI_RNDGETENTCNT   0x80045200u
#define ABI_RNDADDTOENTCNT 0x40045201u
#define ABI_RNDADDENTROPY  0x40085203u
#define ABI_RNDZAPENTCNT   0x5204u
#define ABI_RNDCLEARPOOL   0x5206u
#define ABI_RNDRESEEDCRNG  0x5207u
#define ABI_FIONBIO        0x5421u
#define ABI_FIONCLEX       0x5450u
#define ABI_FIOCLEX        0x5451u
#define ABI_FIOASYNC       0x5452u
#define ABI_FIGETBSZ       2u

/* mount() */
#define ABI_MS_RDONLY       1ul
#define ABI_MS_REMOUNT      32ul
#define ABI_MS_BIND         4096ul
#define ABI_MS_MOVE         8192ul
#define ABI_MS_UNBINDABLE   (1ul << 17)
#define ABI_MS_PRIVATE      (1ul << 18)
#define ABI_MS_SLAVE        (1ul << 19)
#define ABI_MS_SHARED       (1ul << 20)
#define ABI_MNT_FORCE       1u
#define ABI_MNT_DETACH      2u
#define ABI_UMOUNT_NOFOLLOW 8u

#define ABI_RAMFS_MAGIC      0x858458f6ll
#define ABI_TMPFS_MAGIC      0x01021994ll
#define ABI_PROC_MAGIC       0x9fa0ll
#define ABI_SYSFS_MAGIC      0x62656572ll
#define ABI_PIPEFS_MAGIC     0x50495045ll
#define ABI_ANON_INODE_MAGIC 0x09041934ll

/* poll() and epoll */
#define ABI_POLLIN     0x0001u
#define ABI_POLLPRI    0x0002u
#define ABI_POLLOUT    0x0004u
#define ABI_POLLERR    0x0008u
#define ABI_POLLHUP    0x0010u
#define ABI_POLLNVAL   0x0020u
#define ABI_POLLRDNORM 0x0040u
#define ABI_POLLRDBAND 0x0080u
#define ABI_POLLWRNORM 0x0100u
#define ABI_POLLWRBAND 0x0200u
#define ABI_POLLRDHUP  0x2000u

#define ABI_EPOLLEXCLUSIVE (1u << 28)
#define ABI_EPOLLWAKEUP    (1u << 29)
#define ABI_EPOLLONESHOT   (1u << 30)
#define ABI_EPOLLET        (1u << 31)
#define ABI_EPOLL_CTL_ADD  1
#define ABI_EPOLL_CTL_DEL  2
#define ABI_EPOLL_CTL_MOD  3
#define ABI_EPOLL_CLOEXEC  ABI_O_CLOEXEC

#define ABI_EFD_SEMAPHORE     1u
#define ABI_TFD_TIMER_ABSTIME 1u

#define ABI_SPLICE_F_MOVE     1u
#define ABI_SPLICE_F_NONBLOCK 2u
#define ABI_SPLICE_F_MORE     4u

struct abi_pollfd {
	int32_t fd;
	uint16_t events;
	uint16_t revents;
};

struct abi_epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

struct abi_stat {
	uint64_t dev;
	uint64_t ino;
	uint64_t nlink;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t padding;
	uint64_t rdev;
	int64_t size;
	int64_t blksize;
	int64_t blocks; /* of 512 bytes */
	struct abi_timespec atime;
	struct abi_timespec mtime;
	struct abi_timespec ctime;
	int64_t reserved[3];
};

struct abi_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t reserved;
};

#define ABI_STATX_BASIC_STATS     0x07ffu
#define ABI_STATX_BTIME           0x0800u
#define ABI_STATX_MNT_ID          0x1000u
#define ABI_STATX_RESERVED        0x80000000u
#define ABI_STATX_ATTR_MOUNT_ROOT 0x2000ull

struct abi_statx {
	uint32_t mask;
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint16_t mode;
	uint16_t padding;
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t attributes_mask;
	struct abi_statx_time atime;
	struct abi_statx_time btime;
	struct abi_statx_time ctime;
	struct abi_statx_time mtime;
	uint32_t rdev_major;
	uint32_t rdev_minor;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t mnt_id;
	uint64_t reserved[13];
};

struct abi_statfs {
	int64_t type;
	int64_t bsize;
	uint64_t blocks;
	uint64_t bfree;
	uint64_t bavail;
	uint64_t files;
	uint64_t ffree;
	int32_t fsid[2];
	int64_t namelen;
	int64_t frsize;
	int64_t flags;
	int64_t reserved[4];
};

#define ABI_ST_RDONLY   1
#define ABI_ST_VALID    0x20
#define ABI_ST_RELATIME 0x1000

/* Directory entries: the head; the name with its NUL follows. */
struct abi_dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
} __attribute__((packed));

/* The older layout has the type in the record's last byte. */
struct abi_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	char name[];
} __attribute__((packed));

struct abi_flock {
	int16_t type;
	int16_t whence;
	int32_t padding;
	int64_t start;
	int64_t len;
	int32_t pid;
	int32_t padding2;
};

struct abi_utimbuf {
	int64_t actime;
	int64_t modtime;
};

struct abi_itimerspec {
	struct abi_timespec interval;
	struct abi_timespec value;
};

/* pselect6's last argument. */
struct abi_sigset_arg {
	uint64_t set;
	uint64_t size;
};

_Static_assert(sizeof(struct abi_stat) == 144, "struct stat");
_Static_assert(sizeof(struct abi_statx) == 256, "struct statx");
_Static_assert(sizeof(struct abi_statfs) == 120, "struct statfs");
_Static_assert(sizeof(struct abi_flock) == 32, "struct flock");
_Static_assert(sizeof(struct abi_epoll_event) == 12, "struct epoll_event is packed");

/* Device numbers as the ABI encodes them in 64 bits. */
static inline uint64_t abi_makedev(uint32_t major, uint32_t minor)
{
	return (minor & 0xffull) | ((major & 0xfffull) << 8) | ((minor & ~0xffull) << 12) |
	       ((uint64_t)(major & ~0xfffu) << 32);
}

static inline uint32_t abi_dev_major(uint64_t dev)
{
	return (uint32_t)((dev >> 8) & 0xfffu) | (uint32_t)((dev >> 32) & ~0xfffull);
}

static inline uint32_t abi_dev_minor(uint64_t dev)
{
	return (uint32_t)(dev & 0xffu) | (uint32_t)((dev >> 12) & ~0xffull);
}

#endif
