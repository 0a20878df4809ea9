/* SPDX-License-Identifier: MIT */
/*
 * The calls mlock, mlock2, munlock, mlockall, munlockall. Nothing is ever paged out, so that
 * locking a range means to touch it all.
 */
#include "kernel/linux/abi.h"
#include "kernel/linux/abi_mm.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/internal.h"
#include "kernel/task/task.h"

static uint64_t locked_bytes(const struct vm *vm)
{
	const struct vm_area *area;
	uint64_t bytes = 0;

	list_for_each_entry (area, &vm->areas, struct vm_area, node)
		if (area->flags & VM_LOCKED)
			bytes += area->end - area->start;
	return bytes;
}

/* RLIMIT_MEMLOCK, but for who has the right. */
static uint64_t lock_limit(void)
{
	return cap_held(ABI_CAP_IPC_LOCK) ? ABI_RLIM_INFINITY : vm_limit(ABI_RLIMIT_MEMLOCK);
}

/* Set or clear VM_LOCKED on a range. -ENOMEM if there is a hole in it. */
static int change_lock(struct vm *vm, uintptr_t start, uintptr_t end, bool lock)
{
	uintptr_t at = start;
	int result = 0;

	while (at < end && result == 0) {
		struct vm_area *area = vm_find(vm, at);

		if (!area) {
			result = -ENOMEM;
			break;
		}
		uintptr_t stop = MIN(area->end, end);

		if (((area->flags & VM_LOCKED) != 0) != lock) {
			result = area_split_range(vm, at, stop);
			if (result == 0)
				vm_find(vm, at)->flags ^= VM_LOCKED;
		}
		at = stop;
	}
	area_merge_range(vm, start, end);
	return result;
}

/* The pages that a range of bytes touches. A length that wraps to nothing is nothing, as on Linux.
 */
static int lock_range(uintptr_t start, size_t bytes, uintptr_t *first, uintptr_t *end)
{
	*first = page_floor(start);
	*end = *first + page_ceil(bytes + (start & (PAGE_BYTES - 1)));
	return *end < *first ? -EINVAL : 0;
}

static long do_mlock(uintptr_t start, size_t bytes, bool populate)
{
	struct vm *vm = current()->vm;
	uint64_t limit = lock_limit();
	uintptr_t first, end;
	int result = lock_range(start, bytes, &first, &end);

	if (result != 0)
		return result;
	if (limit == 0)
		return -EPERM;
	if (limit != ABI_RLIM_INFINITY && locked_bytes(vm) + (end - first) > limit)
		return -ENOMEM;
	result = change_lock(vm, first, end, true);
	if (result != 0 || !populate || first == end)
		return result;
	result = vm_populate(vm, first, end);
	return result == -EIO ? -ENOMEM : result;
}

long sys_mlock(const struct sys_args *args)
{
	return do_mlock(args->arg[0], args->arg[1], true);
}

long sys_mlock2(const struct sys_args *args)
{
	unsigned int flags = SYS_UINT(args, 2);

	if (flags & ~ABI_MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(args->arg[0], args->arg[1], flags == 0);
}

long sys_munlock(const struct sys_args *args)
{
	uintptr_t first, end;
	int result = lock_range(args->arg[0], args->arg[1], &first, &end);

	return result != 0 ? result : change_lock(current()->vm, first, end, false);
}

/* Lock or unlock every area there is. */
static void change_all(struct vm *vm, bool lock, bool populate)
{
	struct vm_area *area;
	uintptr_t end = 0;
	int result = 0;

	list_for_each_entry (area, &vm->areas, struct vm_area, node) {
		area->flags &= ~(unsigned int)VM_LOCKED;
		if (lock)
			area->flags |= VM_LOCKED;
	}
	area_merge_range(vm, 0, VM_USER_TOP);
	/* By address: areas may change meanwhile. */
	while (populate && result != -EINTR && (area = area_at_or_above(vm, end)) != NULL) {
		end = area->end;
		if (area->prot & VM_PROT_ALL)
			result = vm_populate(vm, area->start, end);
	}
}

long sys_mlockall(const struct sys_args *args)
{
	struct vm *vm = current()->vm;
	unsigned int flags = SYS_UINT(args, 0);
	uint64_t limit = lock_limit();

	if (flags == 0 || flags == ABI_MCL_ONFAULT ||
	    (flags & ~(ABI_MCL_CURRENT | ABI_MCL_FUTURE | ABI_MCL_ONFAULT)))
		return -EINVAL;
	if (limit == 0)
		return -EPERM;
	if ((flags & ABI_MCL_CURRENT) && limit != ABI_RLIM_INFINITY && vm->mapped_bytes > limit)
		return -ENOMEM;
	vm->new_flags = flags & ABI_MCL_FUTURE ? VM_LOCKED : 0;
	if (flags & ABI_MCL_CURRENT)
		change_all(vm, true, !(flags & ABI_MCL_ONFAULT));
	return 0;
}

long sys_munlockall(const struct sys_args *args)
{
	(void)args;
	current()->vm->new_flags = 0;
	change_all(current()->vm, false, false);
	return 0;
}
