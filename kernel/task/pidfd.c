/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of processes: see pidfd.h. The file holds a reference on the process's record, which
 * is not the process: it may have ended, and its parent may have waited for it.
 */
#include "kernel/task/pidfd.h"

#include "kernel/fs/internal.h"
#include "kernel/fs/poll.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/task/internal.h"

static uint32_t pidfd_poll(struct file *file, struct poll_table *table)
{
	struct process *process = file->private;

	poll_wait(table, &process->end_wait);
	return process->zombie ? ABI_POLLIN | ABI_POLLRDNORM : 0;
}

static void pidfd_release(struct file *file)
{
	process_put(file->private);
}

static const struct file_ops pidfd_file_ops = {
    .poll = pidfd_poll,
    .release = pidfd_release,
};

int pidfd_create(struct process *process, uint32_t flags)
{
	struct file *file =
	    file_create_anonymous(&pidfd_file_ops, 0600, ABI_O_RDWR | flags, process);

	if (is_err(file))
		return (int)ptr_err(file);
	process_get(process);
	file->inode->label = "anon_inode:[pidfd]";
	return fd_install_or_put(file, true);
}

struct process *pidfd_process(int fd, bool *nonblocking)
{
	struct file *file = fd_get_file(fd);
	struct process *process = NULL;

	if (!file)
		return NULL;
	if (file->ops == &pidfd_file_ops) {
		process = file->private;
		process_get(process);
		if (nonblocking)
			*nonblocking = file->flags & ABI_O_NONBLOCK;
	}
	file_put(file);
	return process;
}

long sys_pidfd_open(const struct sys_args *args)
{
	int pid = SYS_INT(args, 0);
	uint32_t flags = SYS_UINT(args, 1);
	struct process *process;

	if ((flags & ~ABI_O_NONBLOCK) || pid <= 0)
		return -EINVAL;
	process = process_find(pid);
	if (!process)
		return task_find(pid) ? -EINVAL : -ESRCH;
	return pidfd_create(process, flags);
}
