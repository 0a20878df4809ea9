/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys: what the kernel's limits and names are. Only the names can be written.
 */
#include "kernel/fs/pipe.h"
#include "kernel/fs/procfs.h"
#include "kernel/glue/args.h"
#include "kernel/task/task.h"
#include "kernel/task/uts.h"
#include "lib/rng.h"

/* Bits of the random number generator's state, which is always full. */
#define RANDOM_POOL_BITS 256

static void show_ostype(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.sysname);
}

static void show_osrelease(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.release);
}

static void show_osversion(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.version);
}

static void show_hostname(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.nodename);
}

/* A name that was written, up to the end of its line. */
static long write_name(char *name, size_t size, const char *text, size_t len)
{
	size_t bytes = MIN(len, size - 1);

	/* What these files permit depends on the user's number, not on rights. */
	if (fs_cred()->euid != 0)
		return -EPERM;
	if (memchr(text, '\n', bytes) != NULL)
		bytes = (size_t)((const char *)memchr(text, '\n', bytes) - text);
	memset(name, 0, size);
	memcpy(name, text, bytes);
	return (long)len;
}

static long write_hostname(const char *text, size_t len)
{
	return write_name(uts_names.nodename, sizeof(uts_names.nodename), text, len);
}

static void show_domainname(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.domainname);
}

static long write_domainname(const char *text, size_t len)
{
	return write_name(uts_names.domainname, sizeof(uts_names.domainname), text, len);
}

static void show_threads_max(struct seq *seq)
{
	seq_printf(seq, "%u\n", task_limit());
}

/* Version 4, variant 1. */
static void show_uuid_of(struct seq *seq, const uint8_t bytes[16])
{
	static const uint8_t group_bytes[5] = {4, 2, 2, 2, 6};
	size_t at = 0;

	for (size_t group = 0; group < ARRAY_COUNT(group_bytes); group++) {
		if (group > 0)
			seq_printf(seq, "-");
		for (uint8_t i = 0; i < group_bytes[group]; i++, at++) {
			unsigned int byte = bytes[at];

			if (at == 6)
				byte = (byte & 0x0f) | 0x40;
			if (at == 8)
				byte = (byte & 0x3f) | 0x80;
			seq_printf(seq, "%02x", byte);
		}
	}
	seq_printf(seq, "\n");
}

static void show_uuid(struct seq *seq)
{
	uint8_t bytes[16];

	rng_bytes(bytes, sizeof(bytes));
	show_uuid_of(seq, bytes);
}

static void show_boot_id(struct seq *seq)
{
	static uint8_t bytes[16];
	static bool made;

	if (!made)
		rng_bytes(bytes, sizeof(bytes));
	made = true;
	show_uuid_of(seq, bytes);
}

static void show_layout_random(struct seq *seq)
{
	seq_printf(seq, "%d\n", kernel_arg_flag("noaslr") ? 0 : 2);
}

static void show_core_pattern(struct seq *seq)
{
	seq_printf(seq, "core\n");
}

/* No segments, messages or semaphores of System V: none may be made, of no size. */
static void show_semaphores(struct seq *seq)
{
	seq_printf(seq, "0\t0\t0\t0\n");
}

/* What would be dropped is all there is of the files: nothing goes. */
static long write_drop_caches(const char *text, size_t len)
{
	uint64_t value;

	return proc_parse_number(text, &value) && value >= 1 && value <= 4 ? (long)len : -EINVAL;
}

static const struct proc_tree_file kernel_files[] = {
    {.path = "sys/kernel/ostype", .show = show_ostype},
    {.path = "sys/kernel/osrelease", .show = show_osrelease},
    {.path = "sys/kernel/version", .show = show_osversion},
    {.path = "sys/kernel/hostname", .show = show_hostname, .write = write_hostname},
    {.path = "sys/kernel/domainname", .show = show_domainname, .write = write_domainname},
    {.path = "sys/kernel/pid_max", .show = proc_show_value, .value = 32768},
    {.path = "sys/kernel/threads-max", .show = show_threads_max},
    {.path = "sys/kernel/ngroups_max", .show = proc_show_value, .value = 65536},
    {.path = "sys/kernel/cap_last_cap", .show = proc_show_value, .value = 40},
    {.path = "sys/kernel/core_pattern", .show = show_core_pattern},
    {.path = "sys/kernel/core_uses_pid", .show = proc_show_value},
    {.path = "sys/kernel/randomize_va_space", .show = show_layout_random},
    {.path = "sys/kernel/tainted", .show = proc_show_value},
    {.path = "sys/kernel/shmmax", .show = proc_show_value},
    {.path = "sys/kernel/shmall", .show = proc_show_value},
    {.path = "sys/kernel/shmmni", .show = proc_show_value},
    {.path = "sys/kernel/msgmax", .show = proc_show_value},
    {.path = "sys/kernel/msgmnb", .show = proc_show_value},
    {.path = "sys/kernel/msgmni", .show = proc_show_value},
    {.path = "sys/kernel/sem", .show = show_semaphores},
    {.path = "sys/kernel/random/uuid", .show = show_uuid},
    {.path = "sys/kernel/random/boot_id", .show = show_boot_id},
    {.path = "sys/kernel/random/entropy_avail", .show = proc_show_value, .value = RANDOM_POOL_BITS},
    {.path = "sys/kernel/random/poolsize", .show = proc_show_value, .value = RANDOM_POOL_BITS},
};

/* A mapping that cannot be had at all is refused, all together may be more than there is: mode 0 of
 * overcommit_memory. Open files have no limit but memory. */
static const struct proc_tree_file other_files[] = {
    {.path = "sys/vm/overcommit_memory", .show = proc_show_value},
    {.path = "sys/vm/max_map_count", .show = proc_show_value, .value = 65530},
    {.path = "sys/vm/mmap_min_addr", .show = proc_show_value, .value = 65536},
    {.path = "sys/vm/nr_hugepages", .show = proc_show_value},
    {.path = "sys/vm/panic_on_oom", .show = proc_show_value},
    {.path = "sys/fs/file-max", .show = proc_show_value, .value = INT64_MAX},
    {.path = "sys/fs/nr_open", .show = proc_show_value, .value = 1048576},
    {.path = "sys/fs/pipe-max-size", .show = proc_show_value, .value = 1048576},
    {.path = "sys/fs/pipe-user-pages-soft", .show = proc_show_value, .value = PIPE_USER_PAGES_SOFT},
    {.path = "sys/fs/pipe-user-pages-hard", .show = proc_show_value},
    {.path = "sys/fs/suid_dumpable", .show = proc_show_value},
};

int proc_sys_init(struct proc_entry *root)
{
	static const struct proc_entry drop_caches = {.mode = ABI_S_IFREG | 0200,
	                                              .write = write_drop_caches};
	int result = proc_tree_add_files(root, kernel_files, ARRAY_COUNT(kernel_files));

	if (result == 0)
		result = proc_tree_add_files(root, other_files, ARRAY_COUNT(other_files));
	return result == 0 ? proc_tree_add(root, "sys/vm/drop_caches", &drop_caches) : result;
}
