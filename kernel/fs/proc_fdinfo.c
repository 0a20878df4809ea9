/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/fdinfo: what an open file is about, with lines of its own from some kinds of files.
 */
#include "kernel/fs/procfs.h"

void proc_show_fdinfo(struct seq *seq, struct file *file, bool cloexec)
{
	uint32_t flags = file->flags | (cloexec ? ABI_O_CLOEXEC : 0);

	seq_printf(seq, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n", (long long)file->pos,
	           flags, abi_dev_minor(file->inode->dev), (unsigned long long)file->inode->ino);
	if (file->ops->show != NULL)
		file->ops->show(file, seq);
}
