/* SPDX-License-Identifier: MIT */
/*
 * The call mremap: what is mapped grows, shrinks or moves, and its frames with it, without a copy.
 */
#include "kernel/linux/abi_mm.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/internal.h"
#include "kernel/task/task.h"

struct remap {
	struct vm *vm;
	uintptr_t old;
	size_t old_bytes, new_bytes;
	unsigned int flags;
	uintptr_t to; /* with ABI_MREMAP_FIXED; with ABI_MREMAP_DONTUNMAP alone a hint */
};

static int check_arguments(struct remap *remap)
{
	unsigned int flags = remap->flags;

	if (flags & ~(ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) && !(flags & ABI_MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & ABI_MREMAP_DONTUNMAP) && remap->old_bytes != remap->new_bytes)
		return -EINVAL;
	if (remap->old & (PAGE_BYTES - 1))
		return -EINVAL;
	remap->old_bytes = page_ceil(remap->old_bytes);
	remap->new_bytes = page_ceil(remap->new_bytes);
	return remap->new_bytes == 0 || remap->new_bytes > VM_USER_TOP ? -EINVAL : 0;
}

/* The area that may be resized from old_bytes to new_bytes at `old`, or err_ptr. */
static struct vm_area *resizable_area(const struct remap *remap)
{
	struct vm_area *area = vm_find(remap->vm, remap->old);

	if (!area)
		return err_ptr(-EFAULT);
	/* An old length of 0 asks for a second mapping of what is shared. */
	if (remap->old_bytes == 0 && area_private(area))
		return err_ptr(-EINVAL);
	if (remap->old_bytes > area->end - remap->old)
		return err_ptr(-EFAULT);
	if (remap->new_bytes > remap->old_bytes) {
		uint64_t more = remap->new_bytes - remap->old_bytes;

		if (vm_check_growth(remap->vm, more, area->prot, area->flags,
		                    area->inode != NULL) != 0)
			return err_ptr(-ENOMEM);
	}
	return area;
}

/* A place for the mapping: the range is free when this returns. Address or -errno. */
static long reserve_place(const struct remap *remap)
{
	const struct vm_area *above;

	if (remap->flags & ABI_MREMAP_FIXED) {
		int result = vm_unmap(remap->vm, remap->to, remap->new_bytes);

		return result != 0 ? result : (long)remap->to;
	}
	above = area_at_or_above(remap->vm, remap->to);
	if ((remap->flags & ABI_MREMAP_DONTUNMAP) && remap->to >= VM_USER_MIN &&
	    (!above || area_low_bound(above) >= remap->to + remap->new_bytes))
		return (long)remap->to;
	return area_find_free(remap->vm, remap->new_bytes);
}

/* Move the mapping to where there is room. Address or -errno, and then nothing has moved. */
static long move_mapping(const struct remap *remap)
{
	struct vm *vm = remap->vm;
	long at = reserve_place(remap);
	struct vm_area *area;
	int result;

	if (at < 0)
		return at;
	uintptr_t to = (uintptr_t)at;

	/* Looked up again: making room may have split it. */
	area = resizable_area(remap);
	if (is_err(area))
		return ptr_err(area);
	struct vm_area model = *area;

	model.offset += remap->old - area->start;
	model.start = to;
	struct vm_area *moved = area_create(&model, to, to + remap->new_bytes);

	if (!moved)
		return -ENOMEM;
	result = entry_move(vm, remap->old, to, MIN(remap->old_bytes, remap->new_bytes));
	if (result != 0) {
		area_discard(moved);
		return result;
	}
	/* Both places count at once for a moment, which is no peak. */
	uint64_t peak = vm_mapped_peak(vm);

	area_insert(vm, moved);
	if (remap->old_bytes > 0 && !(remap->flags & ABI_MREMAP_DONTUNMAP) &&
	    vm_unmap_moved(vm, remap->old, remap->old_bytes) != 0)
		klog(LOG_WARNING, "mremap: no memory to split an area; its old range stays mapped");
	area_merge_range(vm, to, to + remap->new_bytes);
	vm->mapped_peak = peak;
	return at;
}

/* mremap to an address that the caller chose, or that leaves the old range mapped. */
static long remap_to(struct remap *remap)
{
	struct vm_area *area;

	if ((remap->to & (PAGE_BYTES - 1)) || remap->to > VM_USER_TOP - remap->new_bytes)
		return -EINVAL;
	if (remap->old + remap->old_bytes > remap->to && remap->to + remap->new_bytes > remap->old)
		return -EINVAL;
	if ((remap->flags & ABI_MREMAP_FIXED) && remap->to < VM_USER_MIN)
		return -EPERM;
	area = resizable_area(remap);
	if (is_err(area))
		return ptr_err(area);
	if ((remap->flags & ABI_MREMAP_DONTUNMAP) &&
	    vm_check_growth(remap->vm, remap->new_bytes, area->prot, area->flags,
	                    area->inode != NULL) != 0)
		return -ENOMEM;
	if (remap->old_bytes > remap->new_bytes) {
		int result = vm_unmap(remap->vm, remap->old + remap->new_bytes,
		                      remap->old_bytes - remap->new_bytes);

		if (result != 0)
			return result;
		remap->old_bytes = remap->new_bytes;
	}
	return move_mapping(remap);
}

/* Whether the area can grow where it is, by `more` bytes behind its end. */
static bool room_behind(const struct remap *remap, const struct vm_area *area, size_t more)
{
	const struct vm_area *next = area_next(remap->vm, area);

	if (remap->old + remap->old_bytes != area->end || more > VM_USER_TOP - area->end)
		return false;
	return !next || area_low_bound(next) >= area->end + more;
}

static long remap_grow(const struct remap *remap)
{
	struct vm_area *area = resizable_area(remap);
	size_t more = remap->new_bytes - remap->old_bytes;

	if (is_err(area))
		return ptr_err(area);
	if (room_behind(remap, area, more)) {
		uintptr_t end = area->end + more;
		bool locked = area->flags & VM_LOCKED;

		area_resize(remap->vm, area, area->start, end);
		area_merge_range(remap->vm, remap->old, end);
		if (locked)
			vm_populate(remap->vm, end - more, end);
		return (long)remap->old;
	}
	return remap->flags & ABI_MREMAP_MAYMOVE ? move_mapping(remap) : -ENOMEM;
}

long sys_mremap(const struct sys_args *args)
{
	struct remap remap = {
	    .vm = current()->vm,
	    .old = args->arg[0],
	    .old_bytes = args->arg[1],
	    .new_bytes = args->arg[2],
	    .flags = SYS_UINT(args, 3),
	    .to = args->arg[4],
	};
	int result = check_arguments(&remap);

	if (result != 0)
		return result;
	if (!vm_find(remap.vm, remap.old))
		return -EFAULT;
	if (remap.flags & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP))
		return remap_to(&remap);
	if (remap.old_bytes == remap.new_bytes)
		return (long)remap.old;
	if (remap.old_bytes > remap.new_bytes) {
		result = vm_unmap(remap.vm, remap.old + remap.new_bytes,
		                  remap.old_bytes - remap.new_bytes);
		return result != 0 ? result : (long)remap.old;
	}
	return remap_grow(&remap);
}
