/* SPDX-License-Identifier: MIT */
/*
 * The user of the run, looked up in the guest's own /etc/passwd and /etc/group. Their lines are
 * fields with colons between: name, password, number; in passwd also the group's number, a
 * comment, the home and the shell. A line that is none is passed over.
 */
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/page.h"
#include "kernel/task/run.h"
#include "lib/string.h"

#define TABLE_BYTES_MAX (1ul << 20)

enum field { FIELD_NAME, FIELD_NUMBER = 2, FIELD_GROUP, FIELD_HOME = 5 };

struct text {
	const char *at, *end;
};

/* A whole file in memory of kmalloc's; empty if it cannot be read. */
static struct text read_table(const char *path)
{
	struct inode *inode = path_lookup(NULL, path, 0);
	struct file *file;
	uint64_t pos = 0;
	char *bytes = NULL;
	long done = 0;

	if (is_err(inode))
		return (struct text){0};
	file = file_open_inode(inode, ABI_O_RDONLY);
	if (!is_err(file)) {
		if (inode->size <= TABLE_BYTES_MAX)
			bytes = kmalloc(inode->size + 1);
		if (bytes)
			done = file_read_kernel(file, bytes, inode->size, &pos);
		file_put(file);
	}
	inode_put(inode);
	return (struct text){bytes, bytes + MAX(done, 0l)};
}

static struct text field_of(struct text line, enum field field)
{
	for (unsigned int i = 0; i < field; i++) {
		const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));

		line.at = colon ? colon + 1 : line.end;
	}
	const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));

	return (struct text){line.at, colon ? colon : line.end};
}

static bool number_of(struct text text, uint32_t *out)
{
	uint64_t value;

	if (text.at == text.end || !str_parse_u64(text.at, text.end, &value) || value >= UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool same(struct text a, struct text b)
{
	size_t len = (size_t)(a.end - a.at);

	return len == (size_t)(b.end - b.at) && memcmp(a.at, b.at, len) == 0;
}

/* The line with the name, or the number if the name is one; empty if there is none. */
static struct text find_line(struct text table, struct text name)
{
	uint32_t wanted = 0, number;
	bool by_number = number_of(name, &wanted);
	struct text numbered = {0};

	while (table.at < table.end) {
		const char *nl = memchr(table.at, '\n', (size_t)(table.end - table.at));
		struct text line = {table.at, nl ? nl : table.end};

		table.at = nl ? nl + 1 : table.end;
		if (!number_of(field_of(line, FIELD_NUMBER), &number))
			continue;
		if (same(field_of(line, FIELD_NAME), name))
			return line;
		if (by_number && number == wanted && !numbered.at)
			numbered = line;
	}
	return numbered;
}

static void set_home(struct run *run, struct text home)
{
	size_t len = (size_t)(home.end - home.at);
	char *variable = kmalloc(sizeof("HOME=") + MAX(len, 1u));
	size_t count = 0;

	if (!variable || run_variable(run, "HOME")) {
		kfree(variable);
		return;
	}
	if (len == 0)
		home = (struct text){"/", NULL};
	memcpy(variable, "HOME=", 5);
	memcpy(variable + 5, home.at, MAX(len, 1u));
	variable[5 + MAX(len, 1u)] = 0;
	while (run->envp[count])
		count++;
	run->envp[count] = variable;
}

/* What the user's line says, or what a mere number means. */
static bool look_up_user(struct run *run, struct text table, struct text name, uint32_t *uid,
                         uint32_t *gid)
{
	struct text line = find_line(table, name);

	if (!line.at) {
		*gid = 0;
		set_home(run, (struct text){0});
		return number_of(name, uid);
	}
	set_home(run, field_of(line, FIELD_HOME));
	return number_of(field_of(line, FIELD_NUMBER), uid) &&
	       number_of(field_of(line, FIELD_GROUP), gid);
}

static bool look_up_group(struct text table, struct text name, uint32_t *gid)
{
	struct text line = find_line(table, name);

	return number_of(line.at ? field_of(line, FIELD_NUMBER) : name, gid);
}

int run_become_user(struct run *run)
{
	struct text users = read_table("/etc/passwd"), groups = read_table("/etc/group");
	struct text user = {run->user, run->user + strlen(run->user)}, group;
	const char *colon = strchr(run->user, ':');
	uint32_t uid, gid;
	bool found;

	group = (struct text){colon ? colon + 1 : user.end, user.end};
	user.end = colon ? colon : user.end;
	found = look_up_user(run, users, user, &uid, &gid) &&
	        (!colon || look_up_group(groups, group, &gid));
	kfree((void *)(uintptr_t)users.at);
	kfree((void *)(uintptr_t)groups.at);
	if (!found)
		return -ENOENT;
	/* By the calls that programs use: they know what else goes with the numbers. */
	if (sys_setgid(&(struct sys_args){.arg = {gid}}) != 0 ||
	    sys_setuid(&(struct sys_args){.arg = {uid}}) != 0)
		return -EPERM;
	return 0;
}
