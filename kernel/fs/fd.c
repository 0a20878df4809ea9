/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables. Slots are allocated lowest first; `lowest` says below which no slot is free.
 * The table doubles as needed up to the process's RLIMIT_NOFILE.
 */
#include "kernel/fs/internal.h"
#include "kernel/task/task.h"

#define FD_FIRST_CAPACITY 32
#define FD_CAPACITY_MAX   1048576

struct fd_slot {
	struct file *file;
	bool cloexec;
};

struct fd_table {
	uint32_t ref_count;
	int capacity;
	int lowest; /* every slot below is in use */
	struct fd_slot *slots;
};

static struct fd_table *table_now(void)
{
	return current()->files;
}

int fd_limit(void)
{
	struct task *task = current();
	uint64_t limit = 1024;

	if (task != NULL && task->process != NULL)
		limit = task->process->rlimit[ABI_RLIMIT_NOFILE].soft;
	return (int)MIN(limit, (uint64_t)FD_CAPACITY_MAX);
}

static struct fd_table *table_alloc(int capacity)
{
	struct fd_table *table = kzalloc(sizeof(*table));

	if (table == NULL)
		return NULL;
	table->slots = kzalloc(sizeof(table->slots[0]) * (size_t)capacity);
	if (table->slots == NULL) {
		kfree(table);
		return NULL;
	}
	table->ref_count = 1;
	table->capacity = capacity;
	return table;
}

struct fd_table *fd_table_create(void)
{
	return table_alloc(FD_FIRST_CAPACITY);
}

struct fd_table *fd_table_copy(struct fd_table *source)
{
	int used = source->capacity, capacity = FD_FIRST_CAPACITY;
	struct fd_table *table;

	while (used > 0 && source->slots[used - 1].file == NULL)
		used--;
	while (capacity < used)
		capacity *= 2;
	table = table_alloc(capacity);
	if (table == NULL)
		return NULL;
	for (int fd = 0; fd < used; fd++) {
		table->slots[fd] = source->slots[fd];
		if (table->slots[fd].file != NULL)
			file_get(table->slots[fd].file);
	}
	table->lowest = MIN(source->lowest, used);
	return table;
}

void fd_table_get(struct fd_table *table)
{
	table->ref_count++;
}

/* Take the file out of a slot and drop it, with the record locks that the process has on it. */
static void table_close_slot(struct fd_table *table, int fd)
{
	struct file *file = table->slots[fd].file;

	table->slots[fd] = (struct fd_slot){0};
	table->lowest = MIN(table->lowest, fd);
	if (!list_empty(&file->inode->locks))
		file_lock_release_table(file->inode, table);
	file_put(file);
}

bool fd_table_cloexec(const struct fd_table *table, int fd)
{
	return fd < table->capacity && table->slots[fd].cloexec;
}

int fd_table_capacity(const struct fd_table *table)
{
	return table->capacity;
}

bool fd_table_shared(const struct fd_table *table)
{
	return table->ref_count > 1;
}

void fd_table_put(struct fd_table *table)
{
	if (--table->ref_count > 0)
		return;
	for (int fd = 0; fd < table->capacity; fd++) {
		if (table->slots[fd].file != NULL)
			table_close_slot(table, fd);
	}
	kfree(table->slots);
	kfree(table);
}

void fd_table_close_on_exec(struct fd_table *table)
{
	for (int fd = 0; fd < table->capacity; fd++) {
		if (table->slots[fd].file != NULL && table->slots[fd].cloexec)
			table_close_slot(table, fd);
	}
}

struct file *fd_table_get_file(struct fd_table *table, int fd)
{
	struct file *file;

	/* Negative ones are large. */
	if (table == NULL || (unsigned int)fd >= (unsigned int)table->capacity)
		return NULL;
	file = table->slots[(unsigned int)fd].file;
	if (file != NULL)
		file_get(file);
	return file;
}

int fd_table_next(struct fd_table *table, int from)
{
	for (int fd = from; table != NULL && fd < table->capacity; fd++) {
		if (table->slots[fd].file != NULL)
			return fd;
	}
	return -1;
}

struct file *fd_get_file(int fd)
{
	return fd_table_get_file(table_now(), fd);
}

static int table_grow(struct fd_table *table, int fd)
{
	int capacity = table->capacity;
	struct fd_slot *slots;

	while (capacity <= fd)
		capacity *= 2;
	if (capacity == table->capacity)
		return 0;
	slots = krealloc(table->slots, sizeof(slots[0]) * (size_t)capacity);
	if (slots == NULL)
		return -ENOMEM;
	memset(slots + table->capacity, 0, sizeof(slots[0]) * (size_t)(capacity - table->capacity));
	table->slots = slots;
	table->capacity = capacity;
	return 0;
}

int fd_install(struct file *file, bool cloexec, int lowest)
{
	struct fd_table *table = table_now();
	int fd = MAX(lowest, table->lowest);
	int result;

	while (fd < table->capacity && table->slots[fd].file != NULL)
		fd++;
	if (fd >= fd_limit())
		return -EMFILE;
	result = table_grow(table, fd);
	if (result != 0)
		return result;
	table->slots[fd] = (struct fd_slot){.file = file, .cloexec = cloexec};
	if (lowest <= table->lowest)
		table->lowest = fd + 1;
	return fd;
}

int fd_install_or_put(struct file *file, bool cloexec)
{
	int fd = fd_install(file, cloexec, 0);

	if (fd < 0)
		file_put(file);
	return fd;
}

static bool fd_is_open(const struct fd_table *table, int fd)
{
	return fd >= 0 && fd < table->capacity && table->slots[fd].file != NULL;
}

int fd_close(int fd)
{
	struct fd_table *table = table_now();

	if (!fd_is_open(table, fd))
		return -EBADF;
	table_close_slot(table, fd);
	return 0;
}

int fd_dup_to(int from, int to, bool cloexec)
{
	struct fd_table *table = table_now();
	struct file *file;
	int result;

	if (!fd_is_open(table, from) || to < 0 || to >= fd_limit())
		return -EBADF;
	result = table_grow(table, to);
	if (result != 0)
		return result;
	file = table->slots[from].file;
	file_get(file);
	if (table->slots[to].file != NULL)
		table_close_slot(table, to);
	table->slots[to] = (struct fd_slot){.file = file, .cloexec = cloexec};
	return to;
}

bool fd_cloexec(int fd)
{
	return table_now()->slots[fd].cloexec;
}

int fd_set_cloexec(int fd, bool cloexec)
{
	struct fd_table *table = table_now();

	if (!fd_is_open(table, fd))
		return -EBADF;
	table->slots[fd].cloexec = cloexec;
	return 0;
}

void fd_range_close(unsigned int first, unsigned int last)
{
	struct fd_table *table = table_now();

	for (unsigned int fd = first; fd <= last && fd < (unsigned int)table->capacity; fd++) {
		if (table->slots[fd].file != NULL)
			table_close_slot(table, (int)fd);
	}
}

void fd_range_cloexec(unsigned int first, unsigned int last)
{
	struct fd_table *table = table_now();

	for (unsigned int fd = first; fd <= last && fd < (unsigned int)table->capacity; fd++)
		table->slots[fd].cloexec = table->slots[fd].file != NULL;
}
