/* SPDX-License-Identifier: MIT */
/*
 * User and group numbers, supplementary groups, capabilities (all of them for user 0, none for
 * others).
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

#define GROUPS_MAX 65536
#define ID_KEEP    UINT32_MAX

long sys_getuid(const struct sys_args *args)
{
	(void)args;
	return __atomic_load_n(&current()->process->uid, __ATOMIC_RELAXED);
}

long sys_geteuid(const struct sys_args *args)
{
	(void)args;
	return __atomic_load_n(&current()->process->euid, __ATOMIC_RELAXED);
}

long sys_getgid(const struct sys_args *args)
{
	(void)args;
	return __atomic_load_n(&current()->process->gid, __ATOMIC_RELAXED);
}

long sys_getegid(const struct sys_args *args)
{
	(void)args;
	return __atomic_load_n(&current()->process->egid, __ATOMIC_RELAXED);
}

/* Real, effective and saved number of one kind. */
struct ids {
	uint32_t *real, *effective, *saved;
};

static struct ids user_ids(void)
{
	struct process *process = current()->process;

	return (struct ids){&process->uid, &process->euid, &process->suid};
}

static struct ids group_ids(void)
{
	struct process *process = current()->process;

	return (struct ids){&process->gid, &process->egid, &process->sgid};
}

static bool privileged(void)
{
	return current()->process->euid == 0;
}

bool cred_may(int capability)
{
	(void)capability; /* user 0 has all, nobody else has any */
	return privileged();
}

static bool id_is_one_of(uint32_t id, const struct ids *ids)
{
	return id == *ids->real || id == *ids->effective || id == *ids->saved;
}

static long ids_set(const struct ids *ids, uint32_t id)
{
	if (id == ID_KEEP)
		return -EINVAL;
	if (privileged()) {
		*ids->real = id;
		*ids->saved = id;
	} else if (id != *ids->real && id != *ids->saved) {
		return -EPERM;
	}
	*ids->effective = id;
	return 0;
}

static long ids_set_two(const struct ids *ids, uint32_t real, uint32_t effective)
{
	uint32_t old_real = *ids->real;

	if (!privileged()) {
		if (real != ID_KEEP && real != *ids->real && real != *ids->effective)
			return -EPERM;
		if (effective != ID_KEEP && !id_is_one_of(effective, ids))
			return -EPERM;
	}
	if (real != ID_KEEP)
		*ids->real = real;
	if (effective != ID_KEEP)
		*ids->effective = effective;
	if (real != ID_KEEP || (effective != ID_KEEP && effective != old_real))
		*ids->saved = *ids->effective;
	return 0;
}

static long ids_set_three(const struct ids *ids, const struct sys_args *args)
{
	uint32_t *const slot[3] = {ids->real, ids->effective, ids->saved};

	for (int i = 0; i < 3 && !privileged(); i++) {
		if (SYS_UINT(args, i) != ID_KEEP && !id_is_one_of(SYS_UINT(args, i), ids))
			return -EPERM;
	}
	for (int i = 0; i < 3; i++) {
		if (SYS_UINT(args, i) != ID_KEEP)
			*slot[i] = SYS_UINT(args, i);
	}
	return 0;
}

static long ids_get_three(const struct ids *ids, const struct sys_args *args)
{
	if (copy_to_user(SYS_PTR(args, 0), ids->real, sizeof(uint32_t)) != 0 ||
	    copy_to_user(SYS_PTR(args, 1), ids->effective, sizeof(uint32_t)) != 0 ||
	    copy_to_user(SYS_PTR(args, 2), ids->saved, sizeof(uint32_t)) != 0)
		return -EFAULT;
	return 0;
}

long sys_setuid(const struct sys_args *args)
{
	struct ids ids = user_ids();

	return ids_set(&ids, SYS_UINT(args, 0));
}

long sys_setgid(const struct sys_args *args)
{
	struct ids ids = group_ids();

	return ids_set(&ids, SYS_UINT(args, 0));
}

long sys_setreuid(const struct sys_args *args)
{
	struct ids ids = user_ids();

	return ids_set_two(&ids, SYS_UINT(args, 0), SYS_UINT(args, 1));
}

long sys_setregid(const struct sys_args *args)
{
	struct ids ids = group_ids();

	return ids_set_two(&ids, SYS_UINT(args, 0), SYS_UINT(args, 1));
}

long sys_setresuid(const struct sys_args *args)
{
	struct ids ids = user_ids();

	return ids_set_three(&ids, args);
}

long sys_setresgid(const struct sys_args *args)
{
	struct ids ids = group_ids();

	return ids_set_three(&ids, args);
}

long sys_getresuid(const struct sys_args *args)
{
	struct ids ids = user_ids();

	return ids_get_three(&ids, args);
}

long sys_getresgid(const struct sys_args *args)
{
	struct ids ids = group_ids();

	return ids_get_three(&ids, args);
}

/* Files are reached with the effective numbers; the calls only report those. */
long sys_setfsuid(const struct sys_args *args)
{
	(void)args;
	return current()->process->euid;
}

long sys_setfsgid(const struct sys_args *args)
{
	(void)args;
	return current()->process->egid;
}

long sys_getgroups(const struct sys_args *args)
{
	const struct group_list *groups = current()->process->groups;
	int size = SYS_INT(args, 0);
	uint32_t count = groups ? groups->count : 0;

	if (size < 0)
		return -EINVAL;
	if (size == 0)
		return count;
	if ((uint32_t)size < count)
		return -EINVAL;
	if (count > 0 && copy_to_user(SYS_PTR(args, 1), groups->gid, count * sizeof(uint32_t)) != 0)
		return -EFAULT;
	return count;
}

/* Shell sort: short lists, no recursion. */
static void sort_ascending(uint32_t *numbers, uint32_t count)
{
	for (uint32_t gap = count / 2; gap > 0; gap /= 2) {
		for (uint32_t i = gap; i < count; i++) {
			uint32_t number = numbers[i];
			uint32_t at = i;

			for (; at >= gap && numbers[at - gap] > number; at -= gap)
				numbers[at] = numbers[at - gap];
			numbers[at] = number;
		}
	}
}

long sys_setgroups(const struct sys_args *args)
{
	struct process *process = current()->process;
	uint32_t count = SYS_UINT(args, 0);
	struct group_list *groups = NULL;

	if (!privileged())
		return -EPERM;
	if (count > GROUPS_MAX)
		return -EINVAL;
	if (count > 0) {
		groups = kmalloc(sizeof(*groups) + count * sizeof(uint32_t));
		if (!groups)
			return -ENOMEM;
		groups->ref_count = 1;
		groups->count = count;
		if (copy_from_user(groups->gid, SYS_PTR(args, 1), count * sizeof(uint32_t)) != 0) {
			kfree(groups);
			return -EFAULT;
		}
		sort_ascending(groups->gid, count);
	}
	group_list_put(process->groups);
	process->groups = groups;
	return 0;
}

/* How many blocks of data the header's version has; 0: unknown, and the header now says the version
 * we like. */
static int cap_blocks(struct abi_cap_header *header, uintptr_t user)
{
	switch (header->version) {
	case ABI_CAPABILITY_VERSION_1:
		return 1;
	case ABI_CAPABILITY_VERSION_2:
	case ABI_CAPABILITY_VERSION_3:
		return 2;
	default:
		header->version = ABI_CAPABILITY_VERSION_3;
		return copy_to_user((void *)user, &header->version, sizeof(header->version)) != 0
		           ? -EFAULT
		           : 0;
	}
}

long sys_capget(const struct sys_args *args)
{
	const uint64_t all = (1ull << (ABI_CAP_LAST + 1)) - 1;
	struct abi_cap_header header;
	struct abi_cap_data data[2] = {{0}};
	const struct process *process;
	int blocks;

	if (copy_from_user(&header, SYS_PTR(args, 0), sizeof(header)) != 0)
		return -EFAULT;
	blocks = cap_blocks(&header, args->arg[0]);
	if (blocks < 0)
		return blocks;
	if (blocks == 0)
		return args->arg[1] ? -EINVAL : 0;
	if (header.pid < 0)
		return -EINVAL;
	process = header.pid ? process_find(header.pid) : current()->process;
	if (!process)
		return -ESRCH;
	for (int i = 0; i < 2 && process->euid == 0; i++) {
		data[i].effective = (uint32_t)(all >> 32 * i);
		data[i].permitted = data[i].effective;
	}
	if (!args->arg[1])
		return 0;
	return copy_to_user(SYS_PTR(args, 1), data, (size_t)blocks * sizeof(data[0]));
}

long sys_capset(const struct sys_args *args)
{
	struct abi_cap_header header;
	struct abi_cap_data data[2] = {{0}};
	int blocks;

	if (copy_from_user(&header, SYS_PTR(args, 0), sizeof(header)) != 0)
		return -EFAULT;
	blocks = cap_blocks(&header, args->arg[0]);
	if (blocks <= 0)
		return blocks ? blocks : -EINVAL;
	if (copy_from_user(data, SYS_PTR(args, 1), (size_t)blocks * sizeof(data[0])) != 0)
		return -EFAULT;
	if (header.pid != 0 && header.pid != current()->process->pid)
		return -EPERM;
	/* User 0 keeps them all, whatever it gives up; the others have none to take. */
	if (!privileged() &&
	    (data[0].permitted || data[1].permitted || data[0].effective || data[1].effective))
		return -EPERM;
	return 0;
}
