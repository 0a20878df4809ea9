/* SPDX-License-Identifier: MIT */
/*
 * The files of procfs: a file's text is made when it is read from its start.
 */
#include "kernel/fs/poll.h"
#include "kernel/fs/proc_node.h"
#include "kernel/task/task.h"

#define WRITE_MAX 4096

static void show_fdinfo(struct seq *seq, struct task *task, int fd)
{
	struct file *file = fd_table_get_file(task->files, fd);

	if (file == NULL)
		return;
	seq_printf(seq, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
	           (unsigned long long)file->pos, file->flags, abi_dev_minor(file->inode->dev),
	           (unsigned long long)file->inode->ino);
	file_put(file);
}

/* Make the file's text. 0 or -errno. */
static int make_text(struct inode *inode, struct seq *seq)
{
	struct proc_node *node = proc_node_of(inode);
	struct task *task;

	seq->len = 0;
	if (node->kind == PROC_TREE) {
		if (node->entry->show == NULL)
			return -EINVAL;
		node->entry->show(seq);
		return seq->failed ? -ENOMEM : 0;
	}
	task = proc_node_task(inode);
	if (task == NULL)
		return -ESRCH;
	if (node->kind == PROC_FDINFO)
		show_fdinfo(seq, task, node->number);
	else if (proc_pid_files[node->number].show == NULL)
		return -EINVAL;
	else
		proc_pid_files[node->number].show(seq, task);
	return seq->failed ? -ENOMEM : 0;
}

/* The text of an open file, which it gets when something is first asked of it; NULL: no memory. */
static struct seq *file_seq(struct file *file)
{
	struct seq *seq = file->private;

	if (seq == NULL) {
		seq = kzalloc(sizeof(*seq));
		if (seq == NULL)
			return NULL;
		seq->changes = filesystem_changes;
		file->private = seq;
	}
	return seq;
}

static long proc_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct seq *seq = file_seq(file);
	long moved;

	if (seq == NULL)
		return -ENOMEM;
	if (*pos == 0 || seq->text == NULL) {
		int result = make_text(file->inode, seq);

		if (result != 0)
			return result;
	}
	if (*pos >= seq->len)
		return 0;
	moved = uio_copy_to(uio, seq->text + *pos, seq->len - (size_t)*pos);
	if (moved > 0)
		*pos += (uint64_t)moved;
	return moved;
}

static long write_text(struct inode *inode, const char *text, size_t len)
{
	struct proc_node *node = proc_node_of(inode);
	struct task *task;

	if (node->kind == PROC_TREE)
		return node->entry->write != NULL ? node->entry->write(text, len) : -EIO;
	task = proc_node_task(inode);
	if (task == NULL)
		return -ESRCH;
	if (node->kind != PROC_PID_FILE || proc_pid_files[node->number].write == NULL)
		return -EINVAL;
	return proc_pid_files[node->number].write(task, text, len);
}

static long proc_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	size_t len = MIN(uio->left, (size_t)WRITE_MAX - 1);
	char *text = kmalloc(len + 1);
	long result;

	if (text == NULL)
		return -ENOMEM;
	result = uio_copy_from(uio, text, len);
	if (result >= 0) {
		text[result] = 0;
		result = write_text(file->inode, text, (size_t)result);
	}
	if (result > 0)
		*pos += (uint64_t)result;
	kfree(text);
	return result;
}

/* Texts can always be read. A change of what is mounted is told once for each open file. */
static uint32_t proc_poll(struct file *file, struct poll_table *table)
{
	struct proc_node *node = proc_node_of(file->inode);
	struct seq *seq;

	if (node->kind == PROC_TREE)
		return ABI_POLLIN | ABI_POLLOUT | ABI_POLLRDNORM | ABI_POLLWRNORM;
	poll_wait(table, &filesystem_change_wait);
	seq = file_seq(file);
	if (seq == NULL || seq->changes == filesystem_changes)
		return ABI_POLLIN | ABI_POLLRDNORM;
	seq->changes = filesystem_changes;
	return ABI_POLLIN | ABI_POLLRDNORM | ABI_POLLERR | ABI_POLLPRI;
}

static void proc_release(struct file *file)
{
	if (file->private != NULL)
		seq_free(file->private);
}

const struct file_ops proc_reg_file_ops = {
    .read = proc_read,
    .write = proc_write,
    .release = proc_release,
};

const struct file_ops proc_poll_file_ops = {
    .read = proc_read,
    .write = proc_write,
    .poll = proc_poll,
    .release = proc_release,
};
