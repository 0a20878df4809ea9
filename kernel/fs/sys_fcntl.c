/* SPDX-License-Identifier: MIT */
/* fcntl, ioctl and flock: what is common to all files. The rest goes to the file's own operations.
 */
#include "kernel/fs/internal.h"
#include "kernel/fs/ramfs.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"

#define SETFL_MASK (ABI_O_APPEND | ABI_O_NONBLOCK | ABI_O_ASYNC | ABI_O_DIRECT | ABI_O_NOATIME)
#define SEAL_ALL                                                                    \
	(ABI_F_SEAL_SEAL | ABI_F_SEAL_SHRINK | ABI_F_SEAL_GROW | ABI_F_SEAL_WRITE | \
	 ABI_F_SEAL_FUTURE_WRITE | ABI_F_SEAL_EXEC)

static long fcntl_dup(struct file *file, uint64_t lowest, bool cloexec)
{
	int fd;

	if (lowest >= (uint64_t)fd_limit())
		return -EINVAL;
	file_get(file);
	fd = fd_install(file, cloexec, (int)lowest);
	if (fd < 0)
		file_put(file);
	return fd;
}

static long fcntl_set_flags(struct file *file, uint32_t flags)
{
	if ((flags & ABI_O_NOATIME) != 0 && (file->flags & ABI_O_NOATIME) == 0 &&
	    !inode_owned(file->inode))
		return -EPERM;
	if ((flags & ABI_O_DIRECT) != 0 && !ABI_S_ISFIFO(file->inode->mode) &&
	    !file_can_direct(file->inode))
		return -EINVAL;
	file->flags = (file->flags & ~SETFL_MASK) | (flags & SETFL_MASK);
	return 0;
}

static long fcntl_seal(struct file *file, bool add, uint32_t more)
{
	uint32_t *seals = ramfs_seals(file->inode);

	if (seals == NULL)
		return -EINVAL;
	/* Files with a name stay as they are. */
	if ((file->inode->flags & INODE_ANONYMOUS) == 0)
		return add ? -EPERM : (long)ABI_F_SEAL_SEAL;
	if (!add)
		return (long)*seals;
	if (!file_writable(file))
		return -EPERM;
	if ((more & ~SEAL_ALL) != 0)
		return -EINVAL;
	if ((*seals & ABI_F_SEAL_SEAL) != 0)
		return -EPERM;
	/* A program that can be run and is to stay so shall be the one it is. */
	if ((more & ABI_F_SEAL_EXEC) != 0 && (file->inode->mode & 0111) != 0)
		more |= ABI_F_SEAL_SHRINK | ABI_F_SEAL_GROW | RAMFS_SEALS_WRITE;
	if ((more & ~*seals & ABI_F_SEAL_WRITE) != 0 && file->inode->map_write_count != 0)
		return -EBUSY;
	*seals |= more;
	return 0;
}

/* Commands that a file opened with O_PATH has, too. */
static bool fcntl_is_for_descriptors(int command)
{
	return command == ABI_F_DUPFD || command == ABI_F_DUPFD_CLOEXEC || command == ABI_F_GETFD ||
	       command == ABI_F_SETFD || command == ABI_F_GETFL;
}

static long do_fcntl(struct file *file, int fd, int command, uint64_t arg)
{
	if ((file->flags & ABI_O_PATH) != 0 && !fcntl_is_for_descriptors(command))
		return -EBADF;
	switch (command) {
	case ABI_F_DUPFD:
		return fcntl_dup(file, arg, false);
	case ABI_F_DUPFD_CLOEXEC:
		return fcntl_dup(file, arg, true);
	case ABI_F_GETFD:
		return fd_cloexec(fd) ? ABI_FD_CLOEXEC : 0;
	case ABI_F_SETFD:
		return fd_set_cloexec(fd, (arg & ABI_FD_CLOEXEC) != 0);
	case ABI_F_GETFL:
		return (long)file->flags;
	case ABI_F_SETFL:
		return fcntl_set_flags(file, (uint32_t)arg);
	case ABI_F_GETLK:
	case ABI_F_SETLK:
	case ABI_F_SETLKW:
	case ABI_F_OFD_GETLK:
	case ABI_F_OFD_SETLK:
	case ABI_F_OFD_SETLKW:
		return file_lock_control(file, command, (uintptr_t)arg);
	case ABI_F_GETPIPE_SZ:
		return pipe_get_size(file);
	case ABI_F_SETPIPE_SZ:
		return pipe_set_size(file, (unsigned long)arg);
	case ABI_F_ADD_SEALS:
		return fcntl_seal(file, true, (uint32_t)arg);
	case ABI_F_GET_SEALS:
		return fcntl_seal(file, false, 0);
	case ABI_F_GETOWN:
	case ABI_F_SETOWN:
	case ABI_F_GETOWN_EX:
	case ABI_F_SETOWN_EX:
	case ABI_F_GETSIG:
	case ABI_F_SETSIG:
		return file_owner_control(file, command, arg);
	default:
		return -EINVAL;
	}
}

long sys_fcntl(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	result = do_fcntl(file, SYS_INT(args, 0), SYS_INT(args, 1), args->arg[2]);
	file_put(file);
	return result;
}

long sys_flock(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	result = (file->flags & ABI_O_PATH) != 0 ? -EBADF : file_flock(file, SYS_INT(args, 1));
	file_put(file);
	return result;
}

static long ioctl_nonblock(struct file *file, const void *user)
{
	int on;

	if (copy_from_user(&on, user, sizeof(on)) != 0)
		return -EFAULT;
	if (on != 0)
		file->flags |= ABI_O_NONBLOCK;
	else
		file->flags &= ~ABI_O_NONBLOCK;
	return 0;
}

/* Regular files: what is left to read. */
static long ioctl_readable(struct file *file, void *user)
{
	uint64_t left = file->inode->size > file->pos ? file->inode->size - file->pos : 0;
	int answer = (int)left;

	return copy_to_user(user, &answer, sizeof(answer));
}

static long do_ioctl(struct file *file, int fd, unsigned int command, uintptr_t arg)
{
	if ((file->flags & ABI_O_PATH) != 0)
		return -EBADF;
	switch (command) {
	case ABI_FIOCLEX:
		return fd_set_cloexec(fd, true);
	case ABI_FIONCLEX:
		return fd_set_cloexec(fd, false);
	case ABI_FIONBIO:
		return ioctl_nonblock(file, (const void *)arg);
	case ABI_FIONREAD:
		if (ABI_S_ISREG(file->inode->mode))
			return ioctl_readable(file, (void *)arg);
		break;
	default:
		break;
	}
	return file->ops->ioctl != NULL ? file->ops->ioctl(file, command, arg) : -ENOTTY;
}

long sys_ioctl(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	result = do_ioctl(file, SYS_INT(args, 0), SYS_UINT(args, 1), (uintptr_t)args->arg[2]);
	file_put(file);
	return result;
}
