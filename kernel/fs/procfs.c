/* SPDX-License-Identifier: MIT */
/*
 * procfs: a fixed tree of names that parts of the kernel add files to, and a directory for each
 * process; and sysfs, which is a fixed tree and nothing else. Inodes are made when they are looked
 * up and hold a reference on their directory's inode. A process is known by its number: its files
 * fail once it is gone. Directories are listed by proc_list.c, files read and written by
 * proc_text.c.
 */
#include "kernel/fs/proc_node.h"

#include "kernel/task/task.h"

struct proc_entry proc_tree;
static struct proc_entry sys_tree;
static bool trees_are_made;

static const struct inode_ops proc_dir_ops, proc_reg_ops, proc_link_ops, proc_magic_ops;

int procfs_add(const char *path, uint32_t mode, void (*show)(struct seq *seq),
               long (*write)(const char *text, size_t len))
{
	const struct proc_entry model = {.mode = ABI_S_IFREG | mode, .show = show, .write = write};

	return proc_tree_add(&proc_tree, path, &model);
}

/* Inodes. */

static struct inode *node_create(struct inode *dir, struct filesystem *fs, uint32_t mode,
                                 const struct proc_node *node)
{
	struct inode *inode = inode_alloc(fs, mode, sizeof(*node));

	if (inode == NULL)
		return err_ptr(-ENOMEM);
	*proc_node_of(inode) = *node;
	inode->flags = INODE_TRANSIENT | INODE_FIXED;
	inode->uid = inode->gid = 0;
	inode->link_count = ABI_S_ISDIR(mode) ? 2 : 1;
	inode->ino = node->kind == PROC_TREE ? node->entry->ino
	                                     : proc_pid_ino(node->tid, node->kind, node->number);
	inode->ops = &proc_reg_ops;
	inode->file_ops = &proc_reg_file_ops;
	if (node->kind == PROC_TREE)
		inode->file_ops = &proc_tree_file_ops;
	if (node->kind == PROC_PID_FILE && proc_pid_files[node->number].ops != NULL)
		inode->file_ops = proc_pid_files[node->number].ops;
	if (ABI_S_ISDIR(mode)) {
		inode->ops = &proc_dir_ops;
		inode->file_ops = &proc_dir_file_ops;
	} else if (ABI_S_ISLNK(mode)) {
		inode->ops = node->kind == PROC_TREE ? &proc_link_ops : &proc_magic_ops;
		inode->file_ops = NULL;
	}
	if (dir != NULL) {
		inode_get(dir);
		inode->parent = dir;
	}
	return inode;
}

static struct inode *node_create_entry(struct inode *dir, const struct proc_entry *entry)
{
	struct proc_node node = {.kind = PROC_TREE, .entry = entry};

	return node_create(dir, dir->fs, entry->mode, &node);
}

/* An inode that belongs to a task: owned by who runs it, or by root where that one may not look,
 * but for the directories that everybody may list. */
static struct inode *node_create_pid(struct inode *dir, struct task *task, enum proc_kind kind,
                                     int number, const char *name, uint32_t mode)
{
	struct proc_node node = {.kind = kind, .tid = task->tid, .number = number};
	struct inode *inode;

	str_copy(node.name, name, sizeof(node.name));
	inode = node_create(dir, dir->fs, mode, &node);
	if (!is_err(inode))
		task_proc_owner(task, mode == (ABI_S_IFDIR | 0555), &inode->uid, &inode->gid);
	return inode;
}

static void proc_destroy(struct inode *inode)
{
	struct inode *dir = inode->parent;

	inode_free(inode);
	if (dir != NULL)
		inode_put(dir);
}

/* Looking names up. */

/* A number without leading zeros, or -1. */
static int parse_number(const char *name, size_t len)
{
	uint64_t value = 0;

	if (len == 0 || len > 9 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		value = value * 10 + (uint64_t)(name[i] - '0');
	}
	return (int)value;
}

/* A thread that is not the leader has a directory, too; only the leaders' are listed. */
static struct inode *lookup_root(struct inode *dir, const char *name, size_t len)
{
	int tid = parse_number(name, len);
	struct process *process = process_find(tid);
	struct task *task = process != NULL ? process->leader : task_find(tid);

	if (task == NULL)
		return err_ptr(-ENOENT);
	return node_create_pid(dir, task, PROC_PID_DIR, 0, name, ABI_S_IFDIR | 0555);
}

const struct proc_pid_dir proc_pid_dirs[PROC_PID_DIR_COUNT] = {
    {"task", PROC_TASK_DIR, ABI_S_IFDIR | 0555},
    {"fd", PROC_FD_DIR, ABI_S_IFDIR | 0500},
    {"fdinfo", PROC_FDINFO_DIR, ABI_S_IFDIR | 0555},
    {"ns", PROC_NS_DIR, ABI_S_IFDIR | 0511},
};

bool proc_file_is_in(const struct inode *dir, const struct proc_pid_file *file)
{
	unsigned int not_here = proc_is_task_dir(dir) ? PROC_NOT_OF_TASK : PROC_ONLY_OF_TASK;

	return (file->flags & not_here) == 0;
}

static struct inode *lookup_pid(struct inode *dir, struct task *task, const char *name)
{
	for (size_t i = proc_is_task_dir(dir) ? 1 : 0; i < PROC_PID_DIR_COUNT; i++) {
		if (strcmp(proc_pid_dirs[i].name, name) == 0)
			return node_create_pid(dir, task, proc_pid_dirs[i].kind, 0, name,
			                       proc_pid_dirs[i].mode);
	}
	for (size_t i = 0; i < proc_pid_file_count; i++) {
		if (strcmp(proc_pid_files[i].name, name) == 0 &&
		    proc_file_is_in(dir, &proc_pid_files[i]))
			return node_create_pid(dir, task, PROC_PID_FILE, (int)i, name,
			                       proc_pid_files[i].mode);
	}
	return err_ptr(-ENOENT);
}

static struct inode *lookup_ns(struct inode *dir, struct task *task, const char *name)
{
	for (size_t i = 0; i < proc_ns_count; i++) {
		if (strcmp(proc_ns_links[i].name, name) == 0)
			return node_create_pid(dir, task, PROC_NS, (int)i, name,
			                       ABI_S_IFLNK | 0777);
	}
	return err_ptr(-ENOENT);
}

/* Links in fd/ show by their permissions how the file is open. */
static uint32_t fd_link_mode(const struct file *file)
{
	return ABI_S_IFLNK | (file_readable(file) ? 0500u : 0) | (file_writable(file) ? 0300u : 0);
}

static struct inode *lookup_fd(struct inode *dir, struct task *task, const char *name, int fd)
{
	bool link = proc_node_of(dir)->kind == PROC_FD_DIR;
	struct file *file = task->files != NULL ? fd_table_get_file(task->files, fd) : NULL;
	uint32_t mode;

	if (file == NULL)
		return err_ptr(-ENOENT);
	mode = link ? fd_link_mode(file) : ABI_S_IFREG | 0444;
	file_put(file);
	return node_create_pid(dir, task, link ? PROC_FD : PROC_FDINFO, fd, name, mode);
}

static struct inode *lookup_task(struct inode *dir, struct task *task, const char *name, int tid)
{
	struct task *other = task_find(tid);

	if (other == NULL || other->process != task->process)
		return err_ptr(-ENOENT);
	return node_create_pid(dir, other, PROC_PID_DIR, 0, name, ABI_S_IFDIR | 0555);
}

static struct inode *proc_lookup(struct inode *dir, const char *name, size_t len)
{
	struct proc_node *node = proc_node_of(dir);
	struct task *task;
	int number;

	if (node->kind == PROC_TREE) {
		struct proc_entry *parent = (struct proc_entry *)(uintptr_t)node->entry;
		struct proc_entry *entry = proc_tree_find(parent, name, len);

		if (entry != NULL)
			return node_create_entry(dir, entry);
		return parent == &proc_tree ? lookup_root(dir, name, len) : err_ptr(-ENOENT);
	}
	task = proc_node_task(dir);
	if (task == NULL)
		return err_ptr(-ENOENT);
	if (node->kind == PROC_PID_DIR)
		return lookup_pid(dir, task, name);
	if (node->kind == PROC_NS_DIR)
		return lookup_ns(dir, task, name);
	number = parse_number(name, len);
	if (number < 0)
		return err_ptr(-ENOENT);
	if (node->kind == PROC_TASK_DIR)
		return lookup_task(dir, task, name, number);
	return lookup_fd(dir, task, name, number);
}

static const char *proc_name_of(struct inode *inode, struct inode **dir, size_t *len)
{
	struct proc_node *node = proc_node_of(inode);
	const char *name = node->kind == PROC_TREE ? node->entry->name : node->name;

	if (inode->parent == NULL)
		return NULL;
	*dir = inode->parent;
	*len = node->kind == PROC_TREE ? node->entry->name_len : strlen(name);
	return name;
}

/* Links. */

static long proc_readlink(struct inode *inode, char *buffer, size_t size)
{
	char text[64];
	long len = proc_node_of(inode)->entry->link(text, sizeof(text));

	if (len > 0)
		memcpy(buffer, text, MIN((size_t)len, size));
	return MIN(len, (long)size);
}

/* What a descriptor's or a process's link leads to, for those who may know. */
static struct inode *proc_follow(struct inode *inode)
{
	struct proc_node *node = proc_node_of(inode);
	struct task *task = proc_node_task(inode);
	struct inode *target;
	struct file *file;

	if (task == NULL)
		return err_ptr(-ENOENT);
	if (!proc_may_look(task))
		return err_ptr(-EACCES);
	if (node->kind == PROC_PID_FILE)
		return proc_pid_files[node->number].follow(task);
	if (node->kind == PROC_NS)
		return proc_ns_follow(node->number);
	if (task->files == NULL)
		return err_ptr(-ENOENT);
	file = fd_table_get_file(task->files, node->number);
	if (file == NULL)
		return err_ptr(-ENOENT);
	target = file->inode;
	inode_get(target);
	file_put(file);
	return target;
}

static long proc_readlink_magic(struct inode *inode, char *buffer, size_t size)
{
	struct inode *target = proc_follow(inode);
	char *path;
	long len;

	if (is_err(target))
		return ptr_err(target);
	path = kmalloc(ABI_PATH_MAX);
	len = path != NULL ? path_of_inode(target, path, ABI_PATH_MAX) : -ENOMEM;
	if (len > 0) {
		len = MIN(len, (long)size);
		memcpy(buffer, path, (size_t)len);
	}
	kfree(path);
	inode_put(target);
	return len;
}

/* A process may list its own descriptors, whoever owns the directory. */
static bool proc_permits(const struct inode *inode)
{
	const struct task *task = proc_node_task(inode);

	return proc_node_of(inode)->kind == PROC_FD_DIR && task != NULL &&
	       task->process == current()->process;
}

/* Opening to write from the start is usual and changes nothing by itself. */
static int proc_truncate(struct inode *inode, uint64_t size)
{
	(void)inode;
	(void)size;
	return 0;
}

static const struct inode_ops proc_dir_ops = {
    .lookup = proc_lookup,
    .permits = proc_permits,
    .name_of = proc_name_of,
    .destroy = proc_destroy,
};

static const struct inode_ops proc_reg_ops = {
    .truncate = proc_truncate,
    .name_of = proc_name_of,
    .destroy = proc_destroy,
};

static const struct inode_ops proc_link_ops = {
    .readlink = proc_readlink,
    .name_of = proc_name_of,
    .destroy = proc_destroy,
};

static const struct inode_ops proc_magic_ops = {
    .readlink = proc_readlink_magic,
    .follow = proc_follow,
    .name_of = proc_name_of,
    .destroy = proc_destroy,
};

static long link_self(char *buffer, size_t size)
{
	return fmt_print(buffer, size, "%d", current()->process->pid);
}

static long link_thread_self(char *buffer, size_t size)
{
	return fmt_print(buffer, size, "%d/task/%d", current()->process->pid, current()->tid);
}

static long link_mounts(char *buffer, size_t size)
{
	return (long)str_copy(buffer, "self/mounts", size);
}

static int add_link(const char *path, long (*link)(char *buffer, size_t size))
{
	const struct proc_entry model = {.mode = ABI_S_IFLNK | 0777, .link = link};

	return proc_tree_add(&proc_tree, path, &model);
}

static int trees_init(void)
{
	int result;

	proc_tree_init(&proc_tree);
	proc_tree_init(&sys_tree);
	result = add_link("self", link_self);
	result = result != 0 ? result : add_link("thread-self", link_thread_self);
	result = result != 0 ? result : add_link("mounts", link_mounts);
	result = result != 0 ? result : proc_system_init(&proc_tree);
	result = result != 0 ? result : proc_cpuinfo_init(&proc_tree);
	result = result != 0 ? result : proc_meminfo_init(&proc_tree);
	result = result != 0 ? result : proc_sys_init(&proc_tree);
	return result != 0 ? result : sysfs_init(&sys_tree);
}

static void proc_destroy_all(struct filesystem *fs)
{
	kfree(fs);
}

static struct filesystem *tree_mount(const char *type, const char *source, int64_t magic,
                                     const struct proc_entry *tree)
{
	struct proc_node node = {.kind = PROC_TREE, .entry = tree};
	struct filesystem *fs = filesystem_alloc(type, source, magic);

	if (fs == NULL)
		return NULL;
	if (!trees_are_made && trees_init() != 0) {
		kfree(fs);
		return NULL;
	}
	trees_are_made = true;
	fs->destroy = proc_destroy_all;
	fs->root = node_create(NULL, fs, tree->mode, &node);
	if (is_err(fs->root)) {
		kfree(fs);
		return NULL;
	}
	return fs;
}

struct filesystem *procfs_create(const char *source)
{
	return tree_mount("proc", source, ABI_PROC_MAGIC, &proc_tree);
}

struct filesystem *sysfs_create(const char *source)
{
	return tree_mount("sysfs", source, ABI_SYSFS_MAGIC, &sys_tree);
}
