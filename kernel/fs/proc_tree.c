/* SPDX-License-Identifier: MIT */
/*
 * Fixed trees of names, of procfs and of sysfs: made at boot, never changed after.
 */
#include "kernel/fs/procfs.h"

/* Of entries, in every tree: two filesystems have device numbers of their own. */
static uint64_t next_ino = 1;

void proc_tree_init(struct proc_entry *root)
{
	*root = (struct proc_entry){.name = "", .mode = ABI_S_IFDIR | 0555, .ino = next_ino++};
	list_init(&root->children);
}

struct proc_entry *proc_tree_find(struct proc_entry *dir, const char *name, size_t len)
{
	struct proc_entry *entry;

	list_for_each_entry (entry, &dir->children, struct proc_entry, node) {
		if (entry->name_len == len && memcmp(entry->name, name, len) == 0)
			return entry;
	}
	return NULL;
}

static struct proc_entry *entry_create(struct proc_entry *dir, const char *name, size_t len,
                                       const struct proc_entry *model)
{
	struct proc_entry *entry = kmalloc(sizeof(*entry));

	if (entry == NULL)
		return NULL;
	*entry = *model;
	list_init(&entry->children);
	entry->parent = dir;
	entry->name = name;
	entry->name_len = len;
	entry->ino = next_ino++;
	list_insert_before(&dir->children, &entry->node);
	return entry;
}

int proc_tree_add(struct proc_entry *root, const char *path, const struct proc_entry *model)
{
	static const struct proc_entry directory = {.mode = ABI_S_IFDIR | 0555};
	struct proc_entry *dir = root;

	for (;;) {
		const char *slash = strchr(path, '/');
		struct proc_entry *next;

		if (slash == NULL)
			return entry_create(dir, path, strlen(path), model) ? 0 : -ENOMEM;
		next = proc_tree_find(dir, path, (size_t)(slash - path));
		if (next == NULL)
			next = entry_create(dir, path, (size_t)(slash - path), &directory);
		if (next == NULL)
			return -ENOMEM;
		dir = next;
		path = slash + 1;
	}
}

int proc_tree_add_files(struct proc_entry *root, const struct proc_tree_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t mode = files[i].write != NULL ? 0644 : 0444;
		const struct proc_entry model = {.mode = ABI_S_IFREG | mode,
		                                 .show = files[i].show,
		                                 .write = files[i].write,
		                                 .value = files[i].value};
		int result = proc_tree_add(root, files[i].path, &model);

		if (result != 0)
			return result;
	}
	return 0;
}

void proc_show_value(struct seq *seq)
{
	seq_printf(seq, "%llu\n", (unsigned long long)seq->value);
}
