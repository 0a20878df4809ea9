/* SPDX-License-Identifier: MIT */
/*
 * The calls madvise, msync, mincore. Files are in memory only, so that there is nothing to write
 * back or to read ahead.
 */
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/abi_mm.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/internal.h"
#include "kernel/task/give_way.h"
#include "kernel/task/task.h"

#define MINCORE_CHUNK 256u

static bool advice_known(int advice)
{
	return (advice >= ABI_MADV_NORMAL && advice <= ABI_MADV_DONTNEED) ||
	       (advice >= ABI_MADV_FREE && advice <= ABI_MADV_DONTNEED_LOCKED);
}

static bool advice_zaps(int advice)
{
	return advice == ABI_MADV_DONTNEED || advice == ABI_MADV_DONTNEED_LOCKED ||
	       advice == ABI_MADV_FREE;
}

/* The file's data in the range is no more wanted: a hole. */
static int advise_remove(const struct vm_area *area, uintptr_t start, uintptr_t end)
{
	struct inode *inode = area->inode;

	if (area->flags & VM_LOCKED)
		return -EINVAL;
	if (!inode || !inode->ops->allocate)
		return -EINVAL;
	if (area_private(area) || !(area->prot & VM_WRITE))
		return -EACCES;
	return inode->ops->allocate(inode, ABI_FALLOC_FL_PUNCH_HOLE | ABI_FALLOC_FL_KEEP_SIZE,
	                            area->offset + (start - area->start), end - start);
}

/* The area may change or go at each page that gives way: a fault looks anew. */
static int advise_populate(struct vm *vm, const struct vm_area *area, uintptr_t start,
                           uintptr_t end, int advice)
{
	unsigned int access = advice == ABI_MADV_POPULATE_WRITE ? VM_WRITE : VM_READ;
	int result = 0;

	if (!area_permits(area, access))
		return -EINVAL;
	for (unsigned int i = 1; start < end && result == 0; i++, start += PAGE_BYTES) {
		result = vm_fault(vm, start, access);
		if (result == 0 && i % GIVE_WAY_PAGES == 0 && give_way())
			result = -EINTR;
	}
	return result == -EIO ? -EFAULT : result;
}

/* Change the flags of a part of an area, which is then one of its own until it is joined again. */
static int advise_flags(struct vm *vm, struct vm_area *area, uintptr_t start, uintptr_t end,
                        unsigned int set, unsigned int clear)
{
	int result;

	if (((area->flags | set) & ~clear) == area->flags)
		return 0;
	result = area_split_range(vm, start, end);
	if (result != 0)
		return result;
	area = vm_find(vm, start);
	area->flags = (area->flags | set) & ~clear;
	return 0;
}

/* The part [start, end) of one area. */
static int advise_area(struct vm *vm, struct vm_area *area, uintptr_t start, uintptr_t end,
                       int advice)
{
	bool anonymous = !area->inode && area_private(area);

	switch (advice) {
	case ABI_MADV_RANDOM:
		return advise_flags(vm, area, start, end, VM_RANDOM, 0);
	case ABI_MADV_NORMAL:
	case ABI_MADV_SEQUENTIAL:
		return advise_flags(vm, area, start, end, 0, VM_RANDOM);
	case ABI_MADV_DONTNEED:
	case ABI_MADV_DONTNEED_LOCKED:
		if (advice == ABI_MADV_DONTNEED && (area->flags & VM_LOCKED))
			return -EINVAL;
		return entry_zap(vm, start, end);
	case ABI_MADV_FREE:
		if (!anonymous)
			return -EINVAL;
		return entry_zap(vm, start, end);
	case ABI_MADV_REMOVE:
		return advise_remove(area, start, end);
	case ABI_MADV_DONTFORK:
		return advise_flags(vm, area, start, end, VM_DONT_FORK, 0);
	case ABI_MADV_DOFORK:
		return advise_flags(vm, area, start, end, 0, VM_DONT_FORK);
	case ABI_MADV_DONTDUMP:
		return advise_flags(vm, area, start, end, VM_DONT_DUMP, 0);
	case ABI_MADV_DODUMP:
		return advise_flags(vm, area, start, end, 0, VM_DONT_DUMP);
	case ABI_MADV_WIPEONFORK:
		return anonymous ? advise_flags(vm, area, start, end, VM_WIPE_ON_FORK, 0) : -EINVAL;
	case ABI_MADV_KEEPONFORK:
		return advise_flags(vm, area, start, end, 0, VM_WIPE_ON_FORK);
	case ABI_MADV_POPULATE_READ:
	case ABI_MADV_POPULATE_WRITE:
		return advise_populate(vm, area, start, end, advice);
	case ABI_MADV_COLD:
	case ABI_MADV_PAGEOUT:
		return area->flags & VM_LOCKED ? -EINVAL : 0;
	default:
		return 0;
	}
}

long sys_madvise(const struct sys_args *args)
{
	struct vm *vm = current()->vm;
	uintptr_t start = args->arg[0], at = start, end;
	size_t bytes = page_ceil(args->arg[1]);
	int advice = SYS_INT(args, 2);
	bool hole = false;
	int result = 0;

	if (!advice_known(advice) || (start & (PAGE_BYTES - 1)))
		return -EINVAL;
	end = start + bytes;
	if ((args->arg[1] != 0 && bytes == 0) || end < start)
		return -EINVAL;
	while (at < end && result == 0) {
		struct vm_area *area = area_at_or_above(vm, at);

		if (!area || area->start >= end) {
			hole = true;
			break;
		}
		hole = hole || area->start > at;
		at = MAX(at, area->start);
		uintptr_t stop = MIN(area->end, end);

		if (advice_zaps(advice))
			stop = entry_piece(vm, at, stop);
		result = advise_area(vm, area, at, stop, advice);
		at = stop;
		if (at < end && result == 0 && give_way())
			result = -EINTR;
	}
	area_merge_range(vm, start, end);
	if (result != 0)
		return result;
	return hole ? -ENOMEM : 0;
}

long sys_msync(const struct sys_args *args)
{
	struct vm *vm = current()->vm;
	uintptr_t start = args->arg[0], end = start + page_ceil(args->arg[1]);
	unsigned int flags = SYS_UINT(args, 2);
	struct vm_area *area;

	if ((flags & ~(ABI_MS_ASYNC | ABI_MS_INVALIDATE | ABI_MS_SYNC)) ||
	    (start & (PAGE_BYTES - 1)) ||
	    (flags & (ABI_MS_ASYNC | ABI_MS_SYNC)) == (ABI_MS_ASYNC | ABI_MS_SYNC))
		return -EINVAL;
	if (end < start)
		return -ENOMEM;
	if (flags & ABI_MS_INVALIDATE)
		for (area = area_at_or_above(vm, start); area && area->start < end;
		     area = area_next(vm, area))
			if (area->flags & VM_LOCKED)
				return -EBUSY;
	return area_bytes_in(vm, start, end) == end - start ? 0 : -ENOMEM;
}

/* What a page of an area is to mincore: there, or (files are always in memory) there without an
 * entry. */
static uint8_t page_in_core(struct vm *vm, const struct vm_area *area, uintptr_t addr)
{
	uint64_t index = (area->offset + (addr - area->start)) >> PAGE_SHIFT;

	if (entry_page(pv_pte_read(&vm->space, VADDR(addr))))
		return 1;
	return area->inode && area->inode->link_count > 0 &&
	       index < (area->inode->size + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

long sys_mincore(const struct sys_args *args)
{
	struct vm *vm = current()->vm;
	uintptr_t start = args->arg[0], at = start;
	size_t bytes = args->arg[1];
	uint8_t *out = SYS_PTR(args, 2);
	uint8_t chunk[MINCORE_CHUNK];

	if (start & (PAGE_BYTES - 1))
		return -EINVAL;
	if (!user_range_ok((const void *)start, bytes))
		return -ENOMEM;
	uintptr_t end = page_ceil(start + bytes);

	if (!user_range_ok(out, (end - start) >> PAGE_SHIFT))
		return -EFAULT;
	while (at < end) {
		unsigned int count = 0;

		for (; at < end && count < MINCORE_CHUNK; at += PAGE_BYTES) {
			const struct vm_area *area = vm_find(vm, at);

			if (!area)
				break;
			chunk[count++] = page_in_core(vm, area, at);
		}
		if (count == 0)
			return -ENOMEM;
		if (copy_to_user(out, chunk, count) != 0)
			return -EFAULT;
		out += count;
		if (give_way())
			return -EINTR;
	}
	return 0;
}
