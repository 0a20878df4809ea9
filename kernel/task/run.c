/* SPDX-License-Identifier: MIT */
/*
 * Reads the run description, see run.h: strings that end with a zero byte each, in this order:
 *   the version, "2"
 *   the program's path, or "" when its name is to be looked up in PATH
 *   a count, and as many arguments, the program's name first
 *   a count, and as many variables NAME=VALUE
 *   a count, and as many settings: cwd=PATH; user=NAME[:GROUP], each a name or a number;
 *     limit=WHICH:SOFT:HARD, all numbers
 * It is read once and removed, and stays in memory for good.
 */
#include "kernel/task/run.h"

#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/mm/page.h"
#include "lib/string.h"

#define RUN_PATH      "/.pinfold-run"
#define RUN_BYTES_MAX (4ul << 20)
#define RUN_COUNT_MAX 65536u

static const char *const default_env[] = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/root",
                                          "TERM=dumb", NULL};

/* The next string of the description, or NULL at its end. */
static const char *next_string(const char **at, const char *end)
{
	const char *string = *at;
	const char *nul = string < end ? memchr(string, 0, (size_t)(end - string)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return string;
}

/* A count and as many strings. NULL: the description is broken, or no memory. */
static const char **next_vector(const char **at, const char *end)
{
	const char *number = next_string(at, end);
	const char **vector;
	uint64_t count;

	if (!number || !str_parse_u64(number, number + strlen(number), &count) ||
	    count > RUN_COUNT_MAX)
		return NULL;
	/* The end, and room for one more (run_become_user()). */
	vector = kzalloc((count + 2) * sizeof(*vector));
	for (uint64_t i = 0; vector && i < count; i++) {
		vector[i] = next_string(at, end);
		if (!vector[i])
			return NULL;
	}
	return vector;
}

/* "NAME=VALUE": the value, if it is that name's. */
static const char *setting_value(const char *setting, const char *name)
{
	size_t len = strlen(name);

	return strncmp(setting, name, len) == 0 && setting[len] == '=' ? setting + len + 1 : NULL;
}

/* The number before `end`. */
static bool parse_number(const char *text, const char *end, uint64_t *out)
{
	return end != NULL && str_parse_u64(text, end, out);
}

/* "WHICH:SOFT:HARD", by number. */
static bool parse_limit(struct run *run, const char *value)
{
	struct run_limit *limit = &run->limit[run->limit_count];
	const char *soft = strchr(value, ':');
	const char *hard = soft ? strchr(soft + 1, ':') : NULL;
	uint64_t which;

	if (run->limit_count == ABI_RLIMIT_COUNT || !parse_number(value, soft, &which) ||
	    which >= ABI_RLIMIT_COUNT || !parse_number(soft + 1, hard, &limit->value.soft) ||
	    !parse_number(hard + 1, hard + strlen(hard), &limit->value.hard) ||
	    limit->value.soft > limit->value.hard)
		return false;
	limit->which = (unsigned int)which;
	run->limit_count++;
	return true;
}

static bool parse_setting(struct run *run, const char *setting)
{
	const char *value;

	if ((value = setting_value(setting, "cwd")) != NULL)
		run->cwd = value;
	else if ((value = setting_value(setting, "user")) != NULL)
		run->user = value;
	else if ((value = setting_value(setting, "limit")) != NULL)
		return parse_limit(run, value);
	return value != NULL;
}

static bool run_parse(const char *text, size_t bytes, struct run *run)
{
	const char *at = text;
	const char *end = text + bytes;
	const char *version = next_string(&at, end);
	const char **settings;

	if (!version || strcmp(version, "2") != 0)
		return false;
	run->path = next_string(&at, end);
	run->argv = run->path ? next_vector(&at, end) : NULL;
	run->envp = run->argv ? next_vector(&at, end) : NULL;
	settings = run->envp ? next_vector(&at, end) : NULL;
	for (const char **setting = settings; setting && *setting; setting++)
		if (!parse_setting(run, *setting))
			return false;
	return settings && run->argv[0];
}

/* The whole file; it stays in memory for good. NULL: not there, with *bytes 0, or not readable. */
static char *run_read(size_t *bytes)
{
	struct inode *inode = path_lookup(NULL, RUN_PATH, PATH_NOFOLLOW);
	struct file *file;
	uint64_t pos = 0;
	char *text = NULL;
	long done = -1;

	*bytes = 0;
	if (is_err(inode))
		return NULL;
	*bytes = inode->size;
	if (*bytes <= RUN_BYTES_MAX)
		text = kmalloc(*bytes + 1);
	file = file_open_inode(inode, ABI_O_RDONLY);
	if (text && !is_err(file))
		done = file_read_kernel(file, text, *bytes, &pos);
	if (!is_err(file))
		file_put(file);
	inode_put(inode);
	path_unlink(RUN_PATH);
	if (text && done == (long)*bytes)
		return text;
	kfree(text);
	return NULL;
}

static bool present(const char *path)
{
	struct inode *inode = path_lookup(NULL, path, 0);

	if (is_err(inode))
		return false;
	inode_put(inode);
	return true;
}

/* Without a description: what the root offers. */
static void run_default(struct run *run)
{
	static const char *argv[2];

	argv[0] = present("/init") ? "/init" : "/bin/sh";
	klog(LOG_INFO, "no run description: starting %s", argv[0]);
	run->path = argv[0];
	run->argv = argv;
	run->envp = (const char **)(uintptr_t)default_env;
}

void run_find(struct run *run)
{
	size_t bytes;
	char *text = run_read(&bytes);

	if (text && run_parse(text, bytes, run))
		return;
	if (bytes != 0)
		panic("the run description %s is broken", RUN_PATH);
	run_default(run);
}

const char *run_variable(const struct run *run, const char *name)
{
	size_t len = strlen(name);

	for (const char **envp = run->envp; *envp; envp++) {
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	}
	return NULL;
}
