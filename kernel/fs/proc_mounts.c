/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/mounts and mountinfo: the tree of mounts, which all processes have in common.
 */
#include "kernel/fs/procfs.h"

/* A name in a table of columns: what would end a column is written in octal. */
static void show_column(struct seq *seq, const char *text)
{
	for (; *text != 0; text++) {
		if (strchr(" \t\n\\", *text) != NULL)
			seq_printf(seq, "\\%03o", (unsigned int)(unsigned char)*text);
		else
			seq_write(seq, text, 1);
	}
}

static const char *access_of(const struct filesystem *fs)
{
	return (fs->flags & ABI_MS_RDONLY) != 0 ? "ro" : "rw";
}

void proc_show_mounts(struct seq *seq, struct task *task)
{
	struct filesystem *fs;

	(void)task;
	list_for_each_entry (fs, &filesystem_all, struct filesystem, node) {
		char path[256];

		if (path_of_directory(fs->root, path, sizeof(path)) <= 0)
			continue;
		show_column(seq, fs->source);
		seq_write(seq, " ", 1);
		show_column(seq, path);
		seq_printf(seq, " %s %s,relatime 0 0\n", fs->type, access_of(fs));
	}
}

void proc_show_mountinfo(struct seq *seq, struct task *task)
{
	struct filesystem *fs;

	(void)task;
	list_for_each_entry (fs, &filesystem_all, struct filesystem, node) {
		const struct inode *covered = fs->root->covers;
		unsigned int id = abi_dev_minor(fs->dev);
		char path[256];

		if (path_of_directory(fs->root, path, sizeof(path)) < 0)
			continue;
		seq_printf(seq, "%u %u %u:%u / ", id,
		           covered != NULL ? abi_dev_minor(covered->dev) : 1u,
		           abi_dev_major(fs->dev), id);
		show_column(seq, path);
		seq_printf(seq, " %s,relatime - %s ", access_of(fs), fs->type);
		show_column(seq, fs->source);
		seq_printf(seq, " %s\n", access_of(fs));
	}
}
