/* SPDX-License-Identifier: MIT */
/*
 * Sets of capabilities as programs see and change them: capget, capset, prctl.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

/* How many blocks of data the header's version has. -EINVAL: there is no such version, and the
 * header now says the one we like. */
static int cap_blocks(const struct sys_args *args)
{
	const uint32_t liked = ABI_CAPABILITY_VERSION_3;
	uint32_t version;

	if (copy_from_user(&version, SYS_PTR(args, 0), sizeof(version)) != 0)
		return -EFAULT;
	if (version == ABI_CAPABILITY_VERSION_1)
		return 1;
	if (version == ABI_CAPABILITY_VERSION_2 || version == ABI_CAPABILITY_VERSION_3)
		return 2;
	return copy_to_user(SYS_PTR(args, 0), &liked, sizeof(liked)) != 0 ? -EFAULT : -EINVAL;
}

static int cap_pid(const struct sys_args *args, int *pid)
{
	struct abi_cap_header header;

	if (copy_from_user(&header, SYS_PTR(args, 0), sizeof(header)) != 0)
		return -EFAULT;
	*pid = header.pid;
	return 0;
}

long sys_capget(const struct sys_args *args)
{
	struct abi_cap_data data[2];
	const struct task *task;
	int blocks = cap_blocks(args), pid;

	/* Without data the question is about versions. */
	if (!args->arg[1])
		return blocks == -EFAULT ? blocks : 0;
	if (blocks < 0)
		return blocks;
	if (cap_pid(args, &pid) != 0)
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	task = task_meant(pid);
	if (!task)
		return -ESRCH;
	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(task->cred.effective >> 32 * i);
		data[i].permitted = (uint32_t)(task->cred.permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(task->cred.inheritable >> 32 * i);
	}
	return copy_to_user(SYS_PTR(args, 1), data, (size_t)blocks * sizeof(data[0]));
}

static bool is_subset(cap_set part, cap_set whole)
{
	return !(part & ~whole);
}

/* No set grows beyond what is permitted already, but the inheritable one for who may set any. */
static bool sets_allowed(const struct cred *next, const struct cred *old)
{
	if (!cred_has(old, ABI_CAP_SETPCAP) &&
	    !is_subset(next->inheritable, old->inheritable | old->permitted))
		return false;
	return is_subset(next->inheritable, old->inheritable | old->bounding) &&
	       is_subset(next->permitted, old->permitted) &&
	       is_subset(next->effective, next->permitted);
}

long sys_capset(const struct sys_args *args)
{
	struct abi_cap_data data[2] = {{0}};
	const struct cred *old = &current()->cred;
	struct cred next = *old;
	int blocks = cap_blocks(args), pid;

	if (blocks < 0)
		return blocks;
	if (cap_pid(args, &pid) != 0)
		return -EFAULT;
	if (pid != 0 && pid != current()->tid)
		return -EPERM;
	if (copy_from_user(data, SYS_PTR(args, 1), (size_t)blocks * sizeof(data[0])) != 0)
		return -EFAULT;
	next.effective = (data[0].effective | (cap_set)data[1].effective << 32) & CAP_SET_ALL;
	next.permitted = (data[0].permitted | (cap_set)data[1].permitted << 32) & CAP_SET_ALL;
	next.inheritable = (data[0].inheritable | (cap_set)data[1].inheritable << 32) & CAP_SET_ALL;
	next.ambient &= next.permitted & next.inheritable;
	if (!sets_allowed(&next, old))
		return -EPERM;
	cred_change(&next);
	return 0;
}

static long bounding_read(uint64_t cap)
{
	return cap > ABI_CAP_LAST ? -EINVAL
	                          : (current()->cred.bounding & cap_bit((uint32_t)cap)) != 0;
}

static long bounding_drop(uint64_t cap)
{
	if (!cap_held(ABI_CAP_SETPCAP))
		return -EPERM;
	if (cap > ABI_CAP_LAST)
		return -EINVAL;
	current()->cred.bounding &= ~cap_bit((uint32_t)cap);
	return 0;
}

static long secure_bits_set(uint64_t bits)
{
	struct cred *cred = &current()->cred;
	uint32_t locked = (cred->securebits & ABI_SECURE_ALL_LOCKS) >> 1;

	if ((bits & ~(uint64_t)(ABI_SECURE_ALL_BITS | ABI_SECURE_ALL_LOCKS)) ||
	    (locked & (cred->securebits ^ bits)) ||
	    (cred->securebits & ABI_SECURE_ALL_LOCKS & ~bits) || !cap_held(ABI_CAP_SETPCAP))
		return -EPERM;
	cred->securebits = (uint32_t)bits;
	return 0;
}

static long keep_caps_set(uint64_t value)
{
	struct cred *cred = &current()->cred;

	if (value > 1)
		return -EINVAL;
	if (cred->securebits & ABI_SECURE_KEEP_CAPS_LOCKED)
		return -EPERM;
	cred->securebits &= ~ABI_SECURE_KEEP_CAPS;
	if (value)
		cred->securebits |= ABI_SECURE_KEEP_CAPS;
	return 0;
}

static long ambient_control(const struct sys_args *args)
{
	struct cred *cred = &current()->cred;
	uint64_t cap = args->arg[2];
	cap_set bit;

	if (args->arg[3] || args->arg[4])
		return -EINVAL;
	if (args->arg[1] == ABI_PR_CAP_AMBIENT_CLEAR_ALL) {
		if (cap)
			return -EINVAL;
		cred->ambient = 0;
		return 0;
	}
	if (cap > ABI_CAP_LAST)
		return -EINVAL;
	bit = cap_bit((unsigned int)cap);
	switch (args->arg[1]) {
	case ABI_PR_CAP_AMBIENT_IS_SET:
		return (cred->ambient & bit) != 0;
	case ABI_PR_CAP_AMBIENT_LOWER:
		cred->ambient &= ~bit;
		return 0;
	case ABI_PR_CAP_AMBIENT_RAISE:
		if (!(cred->permitted & cred->inheritable & bit) ||
		    (cred->securebits & ABI_SECURE_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		cred->ambient |= bit;
		return 0;
	default:
		return -EINVAL;
	}
}

long prctl_capabilities(const struct sys_args *args)
{
	const struct cred *cred = &current()->cred;
	uint64_t value = args->arg[1];

	switch (SYS_INT(args, 0)) {
	case ABI_PR_CAPBSET_READ:
		return bounding_read(value);
	case ABI_PR_CAPBSET_DROP:
		return bounding_drop(value);
	case ABI_PR_GET_SECUREBITS:
		return cred->securebits;
	case ABI_PR_SET_SECUREBITS:
		return secure_bits_set(value);
	case ABI_PR_GET_KEEPCAPS:
		return (cred->securebits & ABI_SECURE_KEEP_CAPS) != 0;
	case ABI_PR_SET_KEEPCAPS:
		return keep_caps_set(value);
	case ABI_PR_CAP_AMBIENT:
		return ambient_control(args);
	default:
		return -EINVAL;
	}
}
