/* SPDX-License-Identifier: MIT */
/*
 * Who is told of what happens to an open file, by which signal: kept for those who ask. Nobody is
 * told, as nothing here sends SIGIO; so there is no right to check, which Linux does when it sends.
 */
#include "kernel/fs/internal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

/* Whether somebody has the number now, as such an owner. */
static bool owner_exists(int type, int pid)
{
	const struct process *process;

	if (type == ABI_F_OWNER_TID)
		return task_find(pid) != NULL;
	if (type == ABI_F_OWNER_PID)
		return process_find(pid) != NULL;
	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->pgid == pid)
			return true;
	}
	return false;
}

/* Any number that is in use can be set, also as an owner of another type. */
static long owner_set(struct file *file, int type, int pid)
{
	if (pid != 0 && task_find(pid) == NULL && !owner_exists(ABI_F_OWNER_PGRP, pid))
		return -ESRCH;
	file->owner_type = (uint8_t)type;
	file->owner = pid;
	return 0;
}

static int owner_get(const struct file *file)
{
	return owner_exists(file->owner_type, file->owner) ? file->owner : 0;
}

static long owner_set_user(struct file *file, const void *user)
{
	struct abi_f_owner_ex owner;

	if (copy_from_user(&owner, user, sizeof(owner)) != 0)
		return -EFAULT;
	if (owner.type < ABI_F_OWNER_TID || owner.type > ABI_F_OWNER_PGRP)
		return -EINVAL;
	return owner_set(file, owner.type, owner.pid);
}

static long owner_get_user(const struct file *file, void *user)
{
	const struct abi_f_owner_ex owner = {.type = file->owner_type, .pid = owner_get(file)};

	return copy_to_user(user, &owner, sizeof(owner));
}

long file_owner_control(struct file *file, int command, uint64_t arg)
{
	int who = (int)arg;

	switch (command) {
	case ABI_F_SETOWN:
		if (who == INT32_MIN)
			return -EINVAL;
		return who < 0 ? owner_set(file, ABI_F_OWNER_PGRP, -who)
		               : owner_set(file, ABI_F_OWNER_PID, who);
	case ABI_F_GETOWN:
		who = owner_get(file);
		return file->owner_type == ABI_F_OWNER_PGRP ? -who : who;
	case ABI_F_SETOWN_EX:
		return owner_set_user(file, (const void *)(uintptr_t)arg);
	case ABI_F_GETOWN_EX:
		return owner_get_user(file, (void *)(uintptr_t)arg);
	case ABI_F_SETSIG:
		if (arg > ABI_SIGNAL_COUNT)
			return -EINVAL;
		file->owner_signal = (uint8_t)arg;
		return 0;
	default:
		return file->owner_signal; /* F_GETSIG */
	}
}
