/* SPDX-License-Identifier: MIT */
/*
 * A process's memory as files: mem and pagemap, which are read at an address, and the parts that
 * the kernel knows the places of: arguments, environment, the auxiliary vector.
 */
#include "kernel/fs/proc_node.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define BLOCK_BYTES   4096u
#define AUX_PAIRS_MAX 64u

/* Copy a range of the process's memory into the text; what cannot be read ends it. */
static void show_memory(struct seq *seq, struct vm *vm, uintptr_t start, uintptr_t end)
{
	uint8_t block[256];

	while (start < end) {
		long done = vm_read(vm, start, block, MIN(end - start, sizeof(block)));

		if (done <= 0)
			return;
		seq_write(seq, block, (size_t)done);
		start += (size_t)done;
	}
}

void proc_show_cmdline(struct seq *seq, struct task *task)
{
	if (task->vm != NULL)
		show_memory(seq, task->vm, task->vm->arg_start, task->vm->arg_end);
}

void proc_show_environ(struct seq *seq, struct task *task)
{
	if (task->vm != NULL)
		show_memory(seq, task->vm, task->vm->env_start, task->vm->env_end);
}

/* As it stands in the program's memory, where exec has put it. */
void proc_show_auxv(struct seq *seq, struct task *task)
{
	uint64_t pair[2] = {1, 0};
	uintptr_t at;

	if (task->vm == NULL)
		return;
	at = task->vm->aux_start;
	for (unsigned int i = 0; i < AUX_PAIRS_MAX && pair[0] != 0; i++, at += sizeof(pair)) {
		if (vm_read(task->vm, at, pair, sizeof(pair)) != (long)sizeof(pair))
			return;
		seq_write(seq, pair, sizeof(pair));
	}
}

/* "5": the high-water mark of resident memory begins anew. The marks of pages that were used, which
 * the other numbers clear on Linux, are not kept apart from the processor's. */
long proc_write_clear_refs(struct task *task, const char *text, size_t len)
{
	if (!proc_may_look(task))
		return -EACCES;
	if (text[0] != '5' || (len > 1 && text[1] != '\n'))
		return -EINVAL;
	if (task->vm != NULL)
		task->vm->resident_peak = task->vm->resident_pages;
	return (long)len;
}

/* file->private of mem and pagemap: the number of the memory. */
static int memory_open(struct file *file)
{
	uint64_t vm_serial = 0;
	int result = proc_guard(file, &vm_serial);

	file->private = (void *)(uintptr_t)vm_serial;
	return result;
}

/* NULL: it is gone. */
static struct vm *memory_of(const struct file *file)
{
	const struct task *task = proc_node_task(file->inode);

	if (task == NULL || !proc_same_memory(task, (uintptr_t)file->private))
		return NULL;
	return task->vm;
}

/* Any offset is a place, also one that is negative as a number with a sign. */
static long memory_seek(struct file *file, int64_t offset, int whence)
{
	if (whence == ABI_SEEK_CUR)
		offset += (int64_t)file->pos;
	else if (whence != ABI_SEEK_SET)
		return -EINVAL;
	file->pos = (uint64_t)offset;
	return (long)file->pos;
}

/* Up to the next bound of a page or so, through a block of the kernel's. */
static long mem_move(struct vm *vm, struct uio *uio, uint64_t at, void *block, bool write)
{
	size_t bytes = MIN(uio->left, BLOCK_BYTES - (size_t)(at & (BLOCK_BYTES - 1)));
	long done;

	if (at >= VM_USER_TOP)
		return -EIO;
	if (!write) {
		done = vm_read(vm, at, block, bytes);
		return done > 0 ? uio_copy_to(uio, block, (size_t)done) : -EIO;
	}
	done = uio_copy_from(uio, block, bytes);
	if (done <= 0)
		return done;
	return vm_write(vm, at, block, (size_t)done) == done ? done : -EIO;
}

static long mem_transfer(struct file *file, struct uio *uio, uint64_t *pos, bool write)
{
	struct vm *vm = memory_of(file);
	long total = 0, result = 0;
	void *block;

	if (vm == NULL)
		return 0;
	block = kmalloc(BLOCK_BYTES);
	if (block == NULL)
		return -ENOMEM;
	vm_get(vm);
	while (uio->left > 0) {
		result = mem_move(vm, uio, *pos, block, write);
		if (result <= 0)
			break;
		*pos += (uint64_t)result;
		total += result;
		if (current()->need_resched)
			sched_yield();
		if (signal_fatal_pending(current()))
			break;
	}
	vm_put(vm);
	kfree(block);
	return total > 0 ? total : result;
}

static long mem_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	return mem_transfer(file, uio, pos, false);
}

static long mem_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	return mem_transfer(file, uio, pos, true);
}

const struct file_ops proc_mem_file_ops = {
    .open = memory_open,
    .read = mem_read,
    .write = mem_write,
    .seek = memory_seek,
};

/* What a word of pagemap says. The number of the frame is for root. */
#define PAGEMAP_ALONE   (1ull << 56)
#define PAGEMAP_FILE    (1ull << 61)
#define PAGEMAP_PRESENT (1ull << 63)
#define WORD_BYTES      8u
#define PAGES_AT_ONCE   64u

static uint64_t pagemap_word(const struct vm_page_seen *seen, bool frames)
{
	uint64_t word = 0;

	if (!seen->present)
		return 0;
	word = PAGEMAP_PRESENT | (frames ? seen->pfn.v : 0);
	if (seen->file)
		word |= PAGEMAP_FILE;
	return seen->alone ? word | PAGEMAP_ALONE : word;
}

static long pagemap_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct vm_page_seen seen[PAGES_AT_ONCE];
	uint64_t words[PAGES_AT_ONCE], first = *pos / WORD_BYTES;
	uint64_t end = VM_USER_TOP >> PAGE_SHIFT;
	struct vm *vm = memory_of(file);
	size_t count;
	long result;

	if (vm == NULL)
		return 0;
	if (*pos % WORD_BYTES != 0 || uio->left % WORD_BYTES != 0)
		return -EINVAL;
	if (first >= end)
		return 0;
	count = MIN(MIN(uio->left / WORD_BYTES, (size_t)PAGES_AT_ONCE), (size_t)(end - first));
	vm_pages_look(vm, (uintptr_t)first << PAGE_SHIFT, seen, count);
	for (size_t i = 0; i < count; i++)
		words[i] = pagemap_word(&seen[i], cred_has(fs_cred(), ABI_CAP_SYS_ADMIN));
	result = uio_copy_to(uio, words, count * WORD_BYTES);
	if (result > 0)
		*pos += (uint64_t)result;
	return result;
}

const struct file_ops proc_pagemap_file_ops = {
    .open = memory_open,
    .read = pagemap_read,
    .seek = memory_seek,
};
