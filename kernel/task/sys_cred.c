/* SPDX-License-Identifier: MIT */
/*
 * User and group numbers, supplementary groups.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

#define GROUPS_MAX 65536
#define ID_KEEP    UINT32_MAX

/* Only the task itself changes its numbers: no lock is needed to read them. */
long sys_getuid(const struct sys_args *args)
{
	(void)args;
	return current()->cred.uid;
}

long sys_geteuid(const struct sys_args *args)
{
	(void)args;
	return current()->cred.euid;
}

long sys_getgid(const struct sys_args *args)
{
	(void)args;
	return current()->cred.gid;
}

long sys_getegid(const struct sys_args *args)
{
	(void)args;
	return current()->cred.egid;
}

/* The numbers of one kind. */
struct ids {
	uint32_t real, effective, saved, fs;
};

static struct ids user_ids(const struct cred *cred)
{
	return (struct ids){cred->uid, cred->euid, cred->suid, cred->fsuid};
}

static struct ids group_ids(const struct cred *cred)
{
	return (struct ids){cred->gid, cred->egid, cred->sgid, cred->fsgid};
}

static bool id_is_one_of(uint32_t id, const struct ids *ids)
{
	return id == ids->real || id == ids->effective || id == ids->saved;
}

/* The rules of the calls that change numbers: 0, and `ids` are the new ones, or -errno. The number
 * for files follows the effective one. */
static int ids_set(struct ids *ids, bool privileged, uint32_t id)
{
	if (id == ID_KEEP)
		return -EINVAL;
	if (privileged) {
		ids->real = id;
		ids->saved = id;
	} else if (id != ids->real && id != ids->saved) {
		return -EPERM;
	}
	ids->effective = ids->fs = id;
	return 0;
}

static int ids_set_two(struct ids *ids, bool privileged, uint32_t real, uint32_t effective)
{
	uint32_t old_real = ids->real;

	if (!privileged) {
		if (real != ID_KEEP && real != ids->real && real != ids->effective)
			return -EPERM;
		if (effective != ID_KEEP && !id_is_one_of(effective, ids))
			return -EPERM;
	}
	if (real != ID_KEEP)
		ids->real = real;
	if (effective != ID_KEEP)
		ids->effective = effective;
	if (real != ID_KEEP || (effective != ID_KEEP && effective != old_real))
		ids->saved = ids->effective;
	ids->fs = ids->effective;
	return 0;
}

static int ids_set_three(struct ids *ids, bool privileged, const struct sys_args *args)
{
	for (int i = 0; i < 3 && !privileged; i++) {
		if (SYS_UINT(args, i) != ID_KEEP && !id_is_one_of(SYS_UINT(args, i), ids))
			return -EPERM;
	}
	if (SYS_UINT(args, 0) != ID_KEEP)
		ids->real = SYS_UINT(args, 0);
	if (SYS_UINT(args, 1) != ID_KEEP)
		ids->effective = SYS_UINT(args, 1);
	if (SYS_UINT(args, 2) != ID_KEEP)
		ids->saved = SYS_UINT(args, 2);
	ids->fs = ids->effective;
	return 0;
}

static long change_user(int checked, const struct ids *ids)
{
	const struct cred *old = &current()->cred;
	struct cred next = *old;

	if (checked != 0)
		return checked;
	next.uid = ids->real;
	next.euid = ids->effective;
	next.suid = ids->saved;
	next.fsuid = ids->fs;
	cred_fix_users(&next, old);
	cred_change(&next);
	return 0;
}

static long change_group(int checked, const struct ids *ids)
{
	struct cred next = current()->cred;

	if (checked != 0)
		return checked;
	next.gid = ids->real;
	next.egid = ids->effective;
	next.sgid = ids->saved;
	next.fsgid = ids->fs;
	cred_change(&next);
	return 0;
}

long sys_setuid(const struct sys_args *args)
{
	struct ids ids = user_ids(&current()->cred);

	return change_user(ids_set(&ids, cap_held(ABI_CAP_SETUID), SYS_UINT(args, 0)), &ids);
}

long sys_setgid(const struct sys_args *args)
{
	struct ids ids = group_ids(&current()->cred);

	return change_group(ids_set(&ids, cap_held(ABI_CAP_SETGID), SYS_UINT(args, 0)), &ids);
}

long sys_setreuid(const struct sys_args *args)
{
	struct ids ids = user_ids(&current()->cred);

	return change_user(
	    ids_set_two(&ids, cap_held(ABI_CAP_SETUID), SYS_UINT(args, 0), SYS_UINT(args, 1)),
	    &ids);
}

long sys_setregid(const struct sys_args *args)
{
	struct ids ids = group_ids(&current()->cred);

	return change_group(
	    ids_set_two(&ids, cap_held(ABI_CAP_SETGID), SYS_UINT(args, 0), SYS_UINT(args, 1)),
	    &ids);
}

long sys_setresuid(const struct sys_args *args)
{
	struct ids ids = user_ids(&current()->cred);

	return change_user(ids_set_three(&ids, cap_held(ABI_CAP_SETUID), args), &ids);
}

long sys_setresgid(const struct sys_args *args)
{
	struct ids ids = group_ids(&current()->cred);

	return change_group(ids_set_three(&ids, cap_held(ABI_CAP_SETGID), args), &ids);
}

static long ids_get_three(const struct ids *ids, const struct sys_args *args)
{
	if (copy_to_user(SYS_PTR(args, 0), &ids->real, sizeof(uint32_t)) != 0 ||
	    copy_to_user(SYS_PTR(args, 1), &ids->effective, sizeof(uint32_t)) != 0 ||
	    copy_to_user(SYS_PTR(args, 2), &ids->saved, sizeof(uint32_t)) != 0)
		return -EFAULT;
	return 0;
}

long sys_getresuid(const struct sys_args *args)
{
	struct ids ids = user_ids(&current()->cred);

	return ids_get_three(&ids, args);
}

long sys_getresgid(const struct sys_args *args)
{
	struct ids ids = group_ids(&current()->cred);

	return ids_get_three(&ids, args);
}

static bool fs_id_allowed(uint32_t id, const struct ids *ids, unsigned int cap)
{
	return id != ID_KEEP && (id_is_one_of(id, ids) || id == ids->fs || cap_held(cap));
}

/* Both answer the old number, whether they change it or not. */
long sys_setfsuid(const struct sys_args *args)
{
	const struct cred *old = &current()->cred;
	struct ids ids = user_ids(old);
	struct cred next = *old;

	if (fs_id_allowed(SYS_UINT(args, 0), &ids, ABI_CAP_SETUID)) {
		next.fsuid = SYS_UINT(args, 0);
		cred_fix_fsuid(&next, old);
		cred_change(&next);
	}
	return ids.fs;
}

long sys_setfsgid(const struct sys_args *args)
{
	struct ids ids = group_ids(&current()->cred);
	struct cred next = current()->cred;

	if (fs_id_allowed(SYS_UINT(args, 0), &ids, ABI_CAP_SETGID)) {
		next.fsgid = SYS_UINT(args, 0);
		cred_change(&next);
	}
	return ids.fs;
}

long sys_getgroups(const struct sys_args *args)
{
	const struct group_list *groups = current()->cred.groups;
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
	uint32_t count = SYS_UINT(args, 0);
	struct group_list *groups = NULL;

	if (!cap_held(ABI_CAP_SETGID))
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
	cred_drop(&current()->cred);
	current()->cred.groups = groups;
	return 0;
}
