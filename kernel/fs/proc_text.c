/* SPDX-License-Identifier: MIT */
/*
 * The files of procfs and sysfs that are texts. A short text is made whole when the file is read
 * from its start. A long one is made a piece at a time, as it is read, so that no call takes longer
 * than a piece does; a reader that jumps waits for what it jumps over, and lets others run.
 */
#include "kernel/fs/poll.h"
#include "kernel/fs/proc_node.h"
#include "kernel/lock.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define WRITE_MAX   4096
#define PIECE_BYTES 4096u

/* What is being read. */
struct proc_reader {
	struct seq seq;
	uint64_t start; /* where the text lies in the file */
	uint64_t next;  /* show_next()'s place behind the text */
	bool ended;     /* nothing follows the text */
};

/* file->private. */
struct proc_open {
	struct proc_reader *reader; /* from the first read on, while nobody reads */
	uint64_t vm_serial;         /* of guarded files: the memory that may be looked at */
	uint64_t mounts_seen;       /* of the files about mounts */
};

bool proc_may_look(const struct task *task)
{
	return task_may_look(task, LOOK_AS_FSUID);
}

bool proc_parse_number(const char *text, uint64_t *value)
{
	unsigned int base = text[0] == '0' ? 8 : 10;

	if (base == 8 && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	*value = 0;
	if (*text == 0 || *text == '\n')
		return false;
	for (; *text != 0 && *text != '\n'; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (digit > 9)
			digit = ((unsigned int)*text | 0x20u) - 'a' + 10;
		if (digit >= base || *value > (UINT64_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	return *text == 0 || text[1] == 0;
}

static const struct proc_pid_file *pid_file_of(const struct inode *inode)
{
	const struct proc_node *node = proc_node_of(inode);

	return node->kind == PROC_PID_FILE ? &proc_pid_files[node->number] : NULL;
}

static bool is_guarded(const struct inode *inode)
{
	const struct proc_pid_file *pid_file = pid_file_of(inode);

	if (proc_node_of(inode)->kind == PROC_FDINFO)
		return true;
	return pid_file != NULL && (pid_file->flags & PROC_GUARDED) != 0;
}

int proc_guard(const struct file *file, uint64_t *vm_serial)
{
	const struct task *task = proc_node_task(file->inode);

	if (task == NULL)
		return -ESRCH;
	if (!proc_may_look(task))
		return -EACCES;
	*vm_serial = task->vm != NULL ? task->vm->serial : 0;
	return 0;
}

bool proc_same_memory(const struct task *task, uint64_t vm_serial)
{
	return (task->vm != NULL ? task->vm->serial : 0) == vm_serial;
}

static int proc_open(struct file *file)
{
	struct proc_open *opened;
	uint64_t vm_serial = 0;
	int result = is_guarded(file->inode) ? proc_guard(file, &vm_serial) : 0;

	if (result != 0)
		return result;
	opened = kzalloc(sizeof(*opened));
	if (opened == NULL)
		return -ENOMEM;
	opened->vm_serial = vm_serial;
	opened->mounts_seen = filesystem_changes;
	file->private = opened;
	return 0;
}

/* The task that a file is about. There is nothing to be seen (*gone) once it runs another program
 * than the one that might be looked at when the file was opened. */
static struct task *task_of(const struct file *file, bool *gone)
{
	const struct proc_open *opened = file->private;
	struct task *task = proc_node_task(file->inode);

	*gone =
	    task != NULL && is_guarded(file->inode) && !proc_same_memory(task, opened->vm_serial);
	return task;
}

static void show_fdinfo(struct seq *seq, struct task *task, int fd)
{
	struct file *file = task->files != NULL ? fd_table_get_file(task->files, fd) : NULL;

	if (file == NULL)
		return;
	proc_show_fdinfo(seq, file, fd_table_cloexec(task->files, fd));
	file_put(file);
}

/* Make the file's text. 0 or -errno. */
static int make_text(const struct file *file, struct seq *seq)
{
	const struct inode *inode = file->inode;
	struct proc_node *node = proc_node_of(inode);
	struct task *task;
	bool gone;

	seq->len = 0;
	if (node->kind == PROC_TREE) {
		if (node->entry->show == NULL)
			return -EINVAL;
		seq->value = node->entry->value;
		seq->name = node->entry->parent->name;
		node->entry->show(seq);
		return seq->failed ? -ENOMEM : 0;
	}
	task = task_of(file, &gone);
	if (task == NULL)
		return -ESRCH;
	if (gone)
		return 0;
	seq->of_task = inode->parent != NULL && proc_is_task_dir(inode->parent);
	if (node->kind == PROC_FDINFO)
		show_fdinfo(seq, task, node->number);
	else if (proc_pid_files[node->number].show == NULL)
		return -EINVAL;
	else
		proc_pid_files[node->number].show(seq, task);
	return seq->failed ? -ENOMEM : 0;
}

void proc_breathe(void)
{
	if (current()->need_resched)
		sched_yield();
	kernel_unlock();
	kernel_lock();
}

/* The next piece, in the place of the one before. 0 or -errno. */
static int next_piece(const struct file *file, struct proc_reader *reader)
{
	struct seq *seq = &reader->seq;

	reader->start += seq->len;
	seq->len = 0;
	while (seq->len < PIECE_BYTES && !reader->ended) {
		bool gone;
		struct task *task = task_of(file, &gone);

		if (task == NULL)
			return -ESRCH;
		reader->ended =
		    gone || !pid_file_of(file->inode)->show_next(seq, task, &reader->next);
		if (seq->failed)
			return -ENOMEM;
	}
	return 0;
}

/* Have the piece with the position in it, or the end of the file. */
static int find_piece(const struct file *file, struct proc_reader *reader, uint64_t pos)
{
	int result = 0;

	if (pos == 0 || pos < reader->start) {
		reader->start = reader->next = reader->seq.len = 0;
		reader->ended = false;
	}
	while (result == 0 && pos >= reader->start + reader->seq.len && !reader->ended) {
		if (pos > reader->start + reader->seq.len) {
			proc_breathe();
			if (signal_fatal_pending(current()))
				return -EINTR;
		}
		result = next_piece(file, reader);
	}
	return result;
}

static struct proc_reader *reader_take(struct file *file)
{
	struct proc_open *opened = file->private;
	struct proc_reader *reader = opened->reader;

	opened->reader = NULL;
	return reader != NULL ? reader : kzalloc(sizeof(*reader));
}

static void reader_free(struct proc_reader *reader)
{
	seq_drop(&reader->seq);
	kfree(reader);
}

/* While it was away another task may have read the file with one of its own. */
static void reader_give_back(struct file *file, struct proc_reader *reader)
{
	struct proc_open *opened = file->private;

	if (opened->reader != NULL)
		reader_free(opened->reader);
	opened->reader = reader;
}

static long proc_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct proc_reader *reader = reader_take(file);
	const struct proc_pid_file *pid_file = pid_file_of(file->inode);
	uint64_t at = *pos;
	long moved = 0;

	if (reader == NULL)
		return -ENOMEM;
	if (pid_file != NULL && pid_file->show_next != NULL)
		moved = find_piece(file, reader, at);
	else if (at == 0 || reader->seq.text == NULL)
		moved = make_text(file, &reader->seq);
	if (moved == 0 && at >= reader->start && at - reader->start < reader->seq.len) {
		size_t from = (size_t)(at - reader->start);

		moved = uio_copy_to(uio, reader->seq.text + from, reader->seq.len - from);
	}
	if (moved > 0)
		*pos = at + (uint64_t)moved;
	reader_give_back(file, reader);
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

static void proc_release(struct file *file)
{
	struct proc_open *opened = file->private;

	if (opened->reader != NULL)
		reader_free(opened->reader);
	kfree(opened);
}

const struct file_ops proc_reg_file_ops = {
    .open = proc_open,
    .read = proc_read,
    .write = proc_write,
    .release = proc_release,
};

static uint32_t proc_poll(struct file *file, struct poll_table *table)
{
	(void)file;
	(void)table;
	return ABI_POLLIN | ABI_POLLOUT | ABI_POLLRDNORM | ABI_POLLWRNORM;
}

/* What is no process's can be polled. */
const struct file_ops proc_tree_file_ops = {
    .open = proc_open,
    .read = proc_read,
    .write = proc_write,
    .poll = proc_poll,
    .release = proc_release,
};

/* The mounts can be waited for: each change since the opening is an event, once. */
static uint32_t mounts_poll(struct file *file, struct poll_table *table)
{
	uint32_t events = ABI_POLLIN | ABI_POLLRDNORM;
	struct proc_open *opened = file->private;

	poll_wait(table, &filesystem_change_wait);
	if (opened->mounts_seen != filesystem_changes)
		events |= ABI_POLLERR | ABI_POLLPRI;
	opened->mounts_seen = filesystem_changes;
	return events;
}

const struct file_ops proc_mounts_file_ops = {
    .open = proc_open,
    .read = proc_read,
    .poll = mounts_poll,
    .release = proc_release,
};
