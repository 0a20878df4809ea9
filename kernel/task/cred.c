/* SPDX-License-Identifier: MIT */
/*
 * Credentials: the rules of capabilities(7) and credentials(7) as functions of them.
 */
#include "kernel/task/cred.h"

#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

/* What user 0 has for files: lent to whoever takes its number for files alone. */
#define CAP_SET_FILES                                                                             \
	(1ull << ABI_CAP_CHOWN | 1ull << ABI_CAP_DAC_OVERRIDE | 1ull << ABI_CAP_DAC_READ_SEARCH | \
	 1ull << ABI_CAP_FOWNER | 1ull << ABI_CAP_FSETID | 1ull << ABI_CAP_LINUX_IMMUTABLE |      \
	 1ull << ABI_CAP_MKNOD | 1ull << ABI_CAP_MAC_OVERRIDE)

const struct cred cred_kernel = {
    .permitted = CAP_SET_ALL,
    .effective = CAP_SET_ALL,
    .bounding = CAP_SET_ALL,
};

static bool is_subset(cap_set part, cap_set whole)
{
	return !(part & ~whole);
}

void cred_copy(struct cred *to, const struct cred *from)
{
	*to = *from;
	if (to->groups)
		to->groups->ref_count++;
}

void cred_drop(struct cred *cred)
{
	struct group_list *groups = cred->groups;

	cred->groups = NULL;
	if (groups && --groups->ref_count == 0)
		kfree(groups);
}

bool cap_held(unsigned int cap)
{
	return cred_has(&current()->cred, cap);
}

bool cred_in_group(const struct cred *cred, uint32_t gid)
{
	const struct group_list *groups = cred->groups;
	uint32_t low = 0, high = groups ? groups->count : 0;

	if (gid == cred->fsgid)
		return true;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (groups->gid[middle] == gid)
			return true;
		if (groups->gid[middle] < gid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void cred_change(const struct cred *next)
{
	struct task *task = current();
	struct cred *cred = &task->cred;

	if (cred->euid != next->euid || cred->egid != next->egid || cred->fsuid != next->fsuid ||
	    cred->fsgid != next->fsgid || !is_subset(next->permitted, cred->permitted)) {
		if (task->vm)
			task->vm->dumpable = ABI_DUMPABLE_NO;
		task->process->parent_death_signal = 0;
	}
	*cred = *next;
}

static bool is_root_somehow(const struct cred *cred)
{
	return cred->uid == 0 || cred->euid == 0 || cred->suid == 0;
}

void cred_fix_users(struct cred *next, const struct cred *old)
{
	if (next->securebits & ABI_SECURE_NO_SETUID_FIXUP)
		return;
	if (is_root_somehow(old) && !is_root_somehow(next)) {
		if (!(next->securebits & ABI_SECURE_KEEP_CAPS)) {
			next->permitted = 0;
			next->effective = 0;
		}
		next->ambient = 0;
	}
	if (old->euid == 0 && next->euid != 0)
		next->effective = 0;
	if (old->euid != 0 && next->euid == 0)
		next->effective = next->permitted;
}

void cred_fix_fsuid(struct cred *next, const struct cred *old)
{
	if (next->securebits & ABI_SECURE_NO_SETUID_FIXUP)
		return;
	if (old->fsuid == 0 && next->fsuid != 0)
		next->effective &= ~CAP_SET_FILES;
	if (old->fsuid != 0 && next->fsuid == 0)
		next->effective |= next->permitted & CAP_SET_FILES;
}

/* The set-id bits of the file. */
static void exec_set_ids(struct cred *next, const struct inode *inode)
{
	const uint32_t group_bits = ABI_S_ISGID | ABI_S_IXGRP;

	if (next->no_new_privs)
		return;
	if (inode->mode & ABI_S_ISUID)
		next->euid = inode->uid;
	if ((inode->mode & group_bits) == group_bits)
		next->egid = inode->gid;
}

bool cred_for_exec(struct cred *next, const struct inode *inode, bool shared)
{
	const struct cred *old = &current()->cred;
	bool effective, set_id;

	*next = *old;
	exec_set_ids(next, inode);
	/* Files have no capabilities of their own. For user 0 each has them all. */
	next->permitted = 0;
	effective = false;
	if (!(next->securebits & ABI_SECURE_NOROOT)) {
		if (next->uid == 0 || next->euid == 0)
			next->permitted = next->bounding | next->inheritable;
		effective = next->euid == 0;
	}
	set_id = next->euid != old->uid || next->egid != old->gid;
	if ((set_id || !is_subset(next->permitted, old->permitted)) &&
	    (shared || next->no_new_privs)) {
		if (!cred_has(old, ABI_CAP_SETUID) || next->no_new_privs) {
			next->euid = next->uid;
			next->egid = next->gid;
		}
		next->permitted &= old->permitted;
	}
	next->suid = next->fsuid = next->euid;
	next->sgid = next->fsgid = next->egid;
	if (set_id)
		next->ambient = 0;
	next->permitted |= next->ambient;
	next->effective = effective ? next->permitted : next->ambient;
	next->securebits &= ~ABI_SECURE_KEEP_CAPS;
	return set_id ||
	       (next->uid != 0 && (effective || !is_subset(next->permitted, next->ambient)));
}

bool task_may_look(const struct task *target, enum look_as as)
{
	const struct cred *self = &current()->cred, *other = &target->cred;
	uint32_t uid = as == LOOK_AS_FSUID ? self->fsuid : self->uid;
	uint32_t gid = as == LOOK_AS_FSUID ? self->fsgid : self->gid;
	cap_set caps = as == LOOK_AS_FSUID ? self->effective : self->permitted;

	if (target->process == current()->process || cap_held(ABI_CAP_SYS_PTRACE))
		return true;
	if (uid != other->uid || uid != other->euid || uid != other->suid || gid != other->gid ||
	    gid != other->egid || gid != other->sgid)
		return false;
	if (target->vm && target->vm->dumpable != ABI_DUMPABLE_USER)
		return false;
	return is_subset(other->permitted, caps);
}

bool task_may_signal(const struct task *target, int signal)
{
	const struct process *sender = current()->process;
	const struct cred *self = &current()->cred, *other = &target->cred;

	return target->process == sender || self->euid == other->suid || self->euid == other->uid ||
	       self->uid == other->suid || self->uid == other->uid ||
	       cred_has(self, ABI_CAP_KILL) ||
	       (signal == ABI_SIGCONT && sender->sid == target->process->sid);
}

bool task_may_schedule(const struct task *target)
{
	const struct cred *self = &current()->cred, *other = &target->cred;

	return self->euid == other->euid || self->euid == other->uid ||
	       cred_has(self, ABI_CAP_SYS_NICE);
}

bool task_has_no_more_rights(const struct task *target)
{
	return is_subset(target->cred.permitted, current()->cred.permitted) ||
	       cap_held(ABI_CAP_SYS_NICE);
}

bool task_may_limit(const struct task *target)
{
	const struct cred *self = &current()->cred, *other = &target->cred;

	if (target->process == current()->process || cred_has(self, ABI_CAP_SYS_RESOURCE))
		return true;
	return self->uid == other->uid && self->uid == other->euid && self->uid == other->suid &&
	       self->gid == other->gid && self->gid == other->egid && self->gid == other->sgid;
}

void task_proc_owner(const struct task *target, bool directory, uint32_t *uid, uint32_t *gid)
{
	bool private = !target->vm || target->vm->dumpable != ABI_DUMPABLE_USER;

	*uid = private && !directory ? 0 : target->cred.euid;
	*gid = private && !directory ? 0 : target->cred.egid;
}
