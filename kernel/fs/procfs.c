/* SPDX-License-Identifier: MIT */
/*
 * procfs: a fixed tree of names that parts of the kernel add files to, and a directory for each
 * process. Inodes are made when they are looked up and hold a reference on their directory's inode.
 * A file's text is made when it is read from its start. A process is known by its number: its files
 * fail once it is gone.
 */
#include "kernel/fs/procfs.h"

#include "kernel/task/task.h"

#define WRITE_MAX 4096
/* Positions in the root directory: the fixed names first, then processes. */
#define POS_FIRST_PID 0x10000u

enum proc_kind {
	PROC_TREE,     /* a proc_entry */
	PROC_PID_DIR,  /* /proc/PID, /proc/PID/task/TID */
	PROC_PID_FILE, /* proc_pid_files[number] */
	PROC_FD_DIR,
	PROC_FDINFO_DIR,
	PROC_FD, /* descriptor `number` */
	PROC_FDINFO,
	PROC_TASK_DIR,
};

/* inode->private */
struct proc_node {
	enum proc_kind kind;
	int tid;    /* whose it is; the process's number in its own directory */
	int number; /* index or descriptor */
	const struct proc_entry *entry;
	char name[32];
};

static struct proc_entry tree_root = {
    .children = LIST_INIT(tree_root.children), .name = "", .mode = ABI_S_IFDIR | 0555, .ino = 1};
static uint64_t tree_next_ino = 2;

static const struct inode_ops proc_dir_ops, proc_reg_ops, proc_link_ops, proc_magic_ops;
static const struct file_ops proc_dir_file_ops, proc_reg_file_ops;

static struct proc_node *node_of(struct inode *inode)
{
	return inode->private;
}

/* The fixed tree. */

static struct proc_entry *entry_find(struct proc_entry *dir, const char *name, size_t len)
{
	struct proc_entry *entry;

	list_for_each_entry (entry, &dir->children, struct proc_entry, node) {
		if (entry->name_len == len && memcmp(entry->name, name, len) == 0)
			return entry;
	}
	return NULL;
}

static struct proc_entry *entry_create(struct proc_entry *dir, const char *name, size_t len,
                                       uint32_t mode)
{
	struct proc_entry *entry = kzalloc(sizeof(*entry));

	if (entry == NULL)
		return NULL;
	list_init(&entry->children);
	entry->parent = dir;
	entry->name = name;
	entry->name_len = len;
	entry->mode = mode;
	entry->ino = tree_next_ino++;
	list_insert_before(&dir->children, &entry->node);
	return entry;
}

/* Make the entry at the path, and the directories above it. `path` stays. NULL: out of memory. */
static struct proc_entry *entry_create_path(const char *path, uint32_t mode)
{
	struct proc_entry *dir = &tree_root;

	for (;;) {
		const char *slash = strchr(path, '/');
		struct proc_entry *next;

		if (slash == NULL)
			return entry_create(dir, path, strlen(path), mode);
		next = entry_find(dir, path, (size_t)(slash - path));
		if (next == NULL)
			next = entry_create(dir, path, (size_t)(slash - path), ABI_S_IFDIR | 0555);
		if (next == NULL)
			return NULL;
		dir = next;
		path = slash + 1;
	}
}

int procfs_add(const char *path, uint32_t mode, void (*show)(struct seq *seq),
               long (*write)(const char *text, size_t len))
{
	struct proc_entry *entry = entry_create_path(path, ABI_S_IFREG | mode);

	if (entry == NULL)
		return -ENOMEM;
	entry->show = show;
	entry->write = write;
	return 0;
}

int procfs_add_link(const char *path, long (*link)(char *buffer, size_t size))
{
	struct proc_entry *entry = entry_create_path(path, ABI_S_IFLNK | 0777);

	if (entry == NULL)
		return -ENOMEM;
	entry->link = link;
	return 0;
}

/* Inodes. */

/* The number of an inode of a process, of its kind. */
static uint64_t pid_ino(int tid, enum proc_kind kind, int number)
{
	return (uint64_t)tid << 32 | (uint64_t)kind << 24 | (uint64_t)(number + 1);
}

static struct inode *node_create(struct inode *dir, struct filesystem *fs, uint32_t mode,
                                 const struct proc_node *node)
{
	struct inode *inode = inode_alloc(fs, mode, sizeof(*node));

	if (inode == NULL)
		return err_ptr(-ENOMEM);
	*node_of(inode) = *node;
	inode->flags = INODE_TRANSIENT | INODE_FIXED;
	inode->uid = inode->gid = 0;
	inode->link_count = ABI_S_ISDIR(mode) ? 2 : 1;
	inode->ino = node->kind == PROC_TREE ? node->entry->ino
	                                     : pid_ino(node->tid, node->kind, node->number);
	inode->ops = &proc_reg_ops;
	inode->file_ops = &proc_reg_file_ops;
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

/* An inode that belongs to a task: owned by who runs it. */
static struct inode *node_create_pid(struct inode *dir, struct task *task, enum proc_kind kind,
                                     int number, const char *name, uint32_t mode)
{
	struct proc_node node = {.kind = kind, .tid = task->tid, .number = number};
	struct inode *inode;

	str_copy(node.name, name, sizeof(node.name));
	inode = node_create(dir, dir->fs, mode, &node);
	if (!is_err(inode)) {
		inode->uid = task->process->euid;
		inode->gid = task->process->egid;
	}
	return inode;
}

static void proc_destroy(struct inode *inode)
{
	struct inode *dir = inode->parent;

	inode_free(inode);
	if (dir != NULL)
		inode_put(dir);
}

/* The task an inode belongs to; NULL: it is gone. */
static struct task *node_task(struct inode *inode)
{
	return task_find(node_of(inode)->tid);
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

static struct inode *lookup_root(struct inode *dir, const char *name, size_t len)
{
	struct process *process = process_find(parse_number(name, len));

	if (process == NULL)
		return err_ptr(-ENOENT);
	return node_create_pid(dir, process->leader, PROC_PID_DIR, 0, name, ABI_S_IFDIR | 0555);
}

/* Directories of a process's directory, in the order they are listed; a task's own has no "task".
 */
static const struct {
	const char *name;
	enum proc_kind kind;
	uint32_t mode;
} pid_dirs[] = {
    {"task", PROC_TASK_DIR, ABI_S_IFDIR | 0555},
    {"fd", PROC_FD_DIR, ABI_S_IFDIR | 0500},
    {"fdinfo", PROC_FDINFO_DIR, ABI_S_IFDIR | 0500},
};

static bool is_task_dir(struct inode *dir)
{
	return dir->parent != NULL && node_of(dir->parent)->kind == PROC_TASK_DIR;
}

static struct inode *lookup_pid(struct inode *dir, struct task *task, const char *name)
{
	for (size_t i = is_task_dir(dir) ? 1 : 0; i < ARRAY_COUNT(pid_dirs); i++) {
		if (strcmp(pid_dirs[i].name, name) == 0)
			return node_create_pid(dir, task, pid_dirs[i].kind, 0, name,
			                       pid_dirs[i].mode);
	}
	for (size_t i = 0; i < proc_pid_file_count; i++) {
		if (strcmp(proc_pid_files[i].name, name) == 0)
			return node_create_pid(dir, task, PROC_PID_FILE, (int)i, name,
			                       proc_pid_files[i].mode);
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
	bool link = node_of(dir)->kind == PROC_FD_DIR;
	struct file *file = fd_table_get_file(task->files, fd);
	uint32_t mode;

	if (file == NULL)
		return err_ptr(-ENOENT);
	mode = link ? fd_link_mode(file) : ABI_S_IFREG | 0400;
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
	struct proc_node *node = node_of(dir);
	struct task *task;
	int number;

	if (node->kind == PROC_TREE) {
		struct proc_entry *parent = (struct proc_entry *)(uintptr_t)node->entry;
		struct proc_entry *entry = entry_find(parent, name, len);

		if (entry != NULL)
			return node_create_entry(dir, entry);
		return parent == &tree_root ? lookup_root(dir, name, len) : err_ptr(-ENOENT);
	}
	task = node_task(dir);
	if (task == NULL)
		return err_ptr(-ENOENT);
	if (node->kind == PROC_PID_DIR)
		return lookup_pid(dir, task, name);
	number = parse_number(name, len);
	if (number < 0)
		return err_ptr(-ENOENT);
	if (node->kind == PROC_TASK_DIR)
		return lookup_task(dir, task, name, number);
	return lookup_fd(dir, task, name, number);
}

static const char *proc_name_of(struct inode *inode, struct inode **dir, size_t *len)
{
	struct proc_node *node = node_of(inode);
	const char *name = node->kind == PROC_TREE ? node->entry->name : node->name;

	if (inode->parent == NULL)
		return NULL;
	*dir = inode->parent;
	*len = node->kind == PROC_TREE ? node->entry->name_len : strlen(name);
	return name;
}

/* Listing directories. */

typedef bool emit_fn(void *arg, const char *name, uint64_t ino, uint8_t type, uint64_t next);

static bool iterate_tree(const struct proc_entry *dir, uint64_t from, emit_fn *emit, void *arg)
{
	const struct proc_entry *entry;
	uint64_t pos = 2;

	list_for_each_entry (entry, &dir->children, struct proc_entry, node) {
		char name[ABI_NAME_MAX + 1];

		/* Names of directories are parts of longer strings. */
		memcpy(name, entry->name, entry->name_len);
		name[entry->name_len] = 0;
		if (pos >= from &&
		    !emit(arg, name, entry->ino, inode_dirent_type(entry->mode), pos + 1))
			return false;
		pos++;
	}
	return true;
}

/* The process with the lowest number that is not below `pid`, or NULL. */
static struct process *process_from(int pid)
{
	struct process *process, *best = NULL;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->pid >= pid && (best == NULL || process->pid < best->pid))
			best = process;
	}
	return best;
}

static void iterate_processes(uint64_t from, emit_fn *emit, void *arg)
{
	int pid = from > POS_FIRST_PID ? (int)(from - POS_FIRST_PID) : 0;
	struct process *process;

	while ((process = process_from(pid)) != NULL) {
		char name[16];

		fmt_print(name, sizeof(name), "%d", process->pid);
		pid = process->pid + 1;
		if (!emit(arg, name, pid_ino(process->pid, PROC_PID_DIR, 0), ABI_DT_DIR,
		          POS_FIRST_PID + (uint64_t)pid))
			return;
	}
}

static void iterate_pid(struct inode *dir, int tid, uint64_t from, emit_fn *emit, void *arg)
{
	size_t skipped = is_task_dir(dir) ? 1 : 0, count = ARRAY_COUNT(pid_dirs) - skipped;

	for (uint64_t i = from - 2; i < count + proc_pid_file_count; i++) {
		const char *name =
		    i < count ? pid_dirs[i + skipped].name : proc_pid_files[i - count].name;
		uint32_t mode = i < count ? ABI_S_IFDIR : proc_pid_files[i - count].mode;
		enum proc_kind kind = i < count ? pid_dirs[i + skipped].kind : PROC_PID_FILE;
		int number = i < count ? 0 : (int)(i - count);

		if (!emit(arg, name, pid_ino(tid, kind, number), inode_dirent_type(mode), i + 3))
			return;
	}
}

static void iterate_fds(struct inode *dir, struct task *task, uint64_t from, emit_fn *emit,
                        void *arg)
{
	bool link = node_of(dir)->kind == PROC_FD_DIR;
	int fd = (int)(from - 2);

	for (fd = fd_table_next(task->files, fd); fd >= 0;
	     fd = fd_table_next(task->files, fd + 1)) {
		char name[16];

		fmt_print(name, sizeof(name), "%d", fd);
		if (!emit(arg, name, pid_ino(task->tid, link ? PROC_FD : PROC_FDINFO, fd),
		          link ? ABI_DT_LNK : ABI_DT_REG, (uint64_t)fd + 3))
			return;
	}
}

static void iterate_tasks(struct process *process, uint64_t from, emit_fn *emit, void *arg)
{
	struct task *task;
	uint64_t pos = 2;

	list_for_each_entry (task, &process->tasks, struct task, process_node) {
		char name[16];

		fmt_print(name, sizeof(name), "%d", task->tid);
		if (pos >= from &&
		    !emit(arg, name, pid_ino(task->tid, PROC_PID_DIR, 0), ABI_DT_DIR, pos + 1))
			return;
		pos++;
	}
}

static uint64_t parent_ino(struct inode *dir)
{
	while (dir->covers != NULL)
		dir = dir->covers;
	return dir->parent != NULL ? dir->parent->ino : dir->ino;
}

static long proc_iterate(struct file *file, emit_fn *emit, void *arg)
{
	struct inode *dir = file->inode;
	struct proc_node *node = node_of(dir);
	uint64_t from = MAX(file->pos, (uint64_t)2);
	struct task *task = NULL;

	if (node->kind != PROC_TREE) {
		task = node_task(dir);
		if (task == NULL)
			return -ENOENT;
	}
	if (file->pos == 0 && !emit(arg, ".", dir->ino, ABI_DT_DIR, 1))
		return 0;
	if (file->pos <= 1 && !emit(arg, "..", parent_ino(dir), ABI_DT_DIR, 2))
		return 0;
	if (node->kind == PROC_TREE) {
		if (iterate_tree(node->entry, from, emit, arg) && node->entry == &tree_root)
			iterate_processes(from, emit, arg);
	} else if (node->kind == PROC_PID_DIR) {
		iterate_pid(dir, node->tid, from, emit, arg);
	} else if (node->kind == PROC_TASK_DIR) {
		iterate_tasks(task->process, from, emit, arg);
	} else {
		iterate_fds(dir, task, from, emit, arg);
	}
	return 0;
}

/* Links. */

static long proc_readlink(struct inode *inode, char *buffer, size_t size)
{
	char text[64];
	long len = node_of(inode)->entry->link(text, sizeof(text));

	if (len > 0)
		memcpy(buffer, text, MIN((size_t)len, size));
	return MIN(len, (long)size);
}

/* What a descriptor's or a process's link leads to. Only for the owner's and root's eyes. */
static struct inode *proc_follow(struct inode *inode)
{
	struct proc_node *node = node_of(inode);
	struct task *task = node_task(inode);
	struct inode *target;
	struct file *file;

	if (task == NULL)
		return err_ptr(-ENOENT);
	if (process_uid() != 0 && process_uid() != task->process->euid)
		return err_ptr(-EACCES);
	if (node->kind == PROC_PID_FILE)
		return proc_pid_files[node->number].follow(task);
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

/* Files. */

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
	struct proc_node *node = node_of(inode);
	struct task *task;

	seq->len = 0;
	if (node->kind == PROC_TREE) {
		if (node->entry->show == NULL)
			return -EINVAL;
		node->entry->show(seq);
		return seq->failed ? -ENOMEM : 0;
	}
	task = node_task(inode);
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

static long proc_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct seq *seq = file->private;
	long moved;

	if (seq == NULL) {
		seq = kzalloc(sizeof(*seq));
		if (seq == NULL)
			return -ENOMEM;
		file->private = seq;
	}
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
	struct proc_node *node = node_of(inode);
	struct task *task;

	if (node->kind == PROC_TREE)
		return node->entry->write != NULL ? node->entry->write(text, len) : -EIO;
	task = node_task(inode);
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

/* Opening to write from the start is usual and changes nothing by itself. */
static int proc_truncate(struct inode *inode, uint64_t size)
{
	(void)inode;
	(void)size;
	return 0;
}

static void proc_release(struct file *file)
{
	if (file->private != NULL)
		seq_free(file->private);
}

static const struct inode_ops proc_dir_ops = {
    .lookup = proc_lookup,
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

static const struct file_ops proc_dir_file_ops = {
    .iterate = proc_iterate,
};

static const struct file_ops proc_reg_file_ops = {
    .read = proc_read,
    .write = proc_write,
    .release = proc_release,
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

static int tree_init(void)
{
	int result = procfs_add_link("self", link_self);

	if (result == 0)
		result = procfs_add_link("thread-self", link_thread_self);
	if (result == 0)
		result = procfs_add_link("mounts", link_mounts);
	return result != 0 ? result : proc_system_init();
}

static void proc_destroy_all(struct filesystem *fs)
{
	kfree(fs);
}

struct filesystem *procfs_create(const char *source)
{
	static bool tree_is_made;
	const struct proc_node node = {.kind = PROC_TREE, .entry = &tree_root};
	struct filesystem *fs = filesystem_alloc("proc", source, ABI_PROC_MAGIC);

	if (fs == NULL)
		return NULL;
	if (!tree_is_made) {
		tree_is_made = true;
		if (tree_init() != 0) {
			kfree(fs);
			return NULL;
		}
	}
	fs->destroy = proc_destroy_all;
	fs->root = node_create(NULL, fs, tree_root.mode, &node);
	if (is_err(fs->root)) {
		kfree(fs);
		return NULL;
	}
	return fs;
}
