/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/ns: a link for each kind of namespace that the kernel knows. There is one of each kind,
 * and all processes are in it; the numbers are those of a Linux's first ones. Kinds that are about
 * what is not there (net), or that no file tells apart (time), are left out.
 */
#include "kernel/fs/proc_node.h"

const struct proc_ns_link proc_ns_links[] = {
    {"ipc", "ipc:[4026531839]", 4026531839u},
    {"mnt", "mnt:[4026531841]", 4026531841u},
    {"pid", "pid:[4026531836]", 4026531836u},
    {"pid_for_children", "pid:[4026531836]", 4026531836u},
    {"user", "user:[4026531837]", 4026531837u},
    {"uts", "uts:[4026531838]", 4026531838u},
};

const size_t proc_ns_count = ARRAY_COUNT(proc_ns_links);

/* An open namespace keeps nothing and does nothing: it can be compared with others. */
static const struct file_ops ns_file_ops = {.read = NULL};

struct inode *proc_ns_follow(int number)
{
	struct inode *inode = inode_create_anonymous(ABI_S_IFREG | 0444);

	if (inode == NULL)
		return err_ptr(-ENOMEM);
	inode->file_ops = &ns_file_ops;
	inode->label = proc_ns_links[number].label;
	inode->ino = proc_ns_links[number].ino;
	return inode;
}
