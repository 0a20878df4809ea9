/* SPDX-License-Identifier: MIT */
/*
 * Address spaces as a whole: their life, and mapping, unmapping and protecting ranges of them.
 *
 * How much may be mapped: what is private and writable, or shared without a file, must not be
 * larger than the machine's memory in one mapping, unless it is mapped without reservation. Many
 * such mappings together may be: frames are taken when they are touched, and a program that finds
 * none left is ended.
 */
#include "kernel/linux/abi.h"
#include "kernel/mm/internal.h"
#include "kernel/task/give_way.h"
#include "kernel/task/task.h"

/* Where mappings go below if nobody has said so. */
#define MMAP_TOP_DEFAULT (VM_USER_TOP - (256ul << 20))

struct list vm_all = LIST_INIT(vm_all);
static uint64_t last_serial;

uint64_t vm_limit(unsigned int resource)
{
	const struct task *task = current();

	return task && task->process ? task->process->rlimit[resource].soft : ABI_RLIM_INFINITY;
}

struct vm *vm_create(void)
{
	struct vm *vm = kzalloc(sizeof(*vm));

	if (!vm)
		return NULL;
	if (!entry_zero_page_init() || pv_space_init(&vm->space) != 0) {
		kfree(vm);
		return NULL;
	}
	vm->ref_count = 1;
	vm->serial = ++last_serial;
	vm->mmap_top = MMAP_TOP_DEFAULT;
	vm->coredump_filter = VM_DUMP_AT_FIRST;
	list_init(&vm->areas);
	list_insert_before(&vm_all, &vm->all_node);
	return vm;
}

void vm_get(struct vm *vm)
{
	ASSERT(vm->ref_count > 0);
	vm->ref_count++;
}

/* What a space that ends holds beyond a piece or two goes before it, in pieces that give way: each
 * range of whole leaf tables, so that none of a table that others share must be copied. */
static void release_in_pieces(struct vm *vm)
{
	uintptr_t at = 0, end;

	if (vm->mapped_bytes <= 2 * PIECE_BYTES)
		return;
	for (; (end = entry_piece(vm, at, VM_USER_TOP)) < VM_USER_TOP; at = end) {
		if (entry_zap(vm, at, end) != 0)
			return; /* the rest goes with the space */
		give_way();
	}
}

void vm_put(struct vm *vm)
{
	struct vm_area *area, *next;

	ASSERT(vm->ref_count > 0);
	if (--vm->ref_count > 0)
		return;
	list_remove(&vm->all_node);
	release_in_pieces(vm);
	pv_space_dissolve(&vm->space, entry_release, NULL);
	list_for_each_entry_safe (area, next, &vm->areas, struct vm_area, node)
		area_destroy(vm, area);
	if (vm->exe) {
		vm->exe->exec_count--;
		inode_put(vm->exe);
	}
	kfree(vm);
}

/* Bytes that count against RLIMIT_DATA: private and writable, but for stacks. */
static uint64_t data_bytes(struct vm *vm)
{
	const struct vm_area *area;
	uint64_t bytes = 0;

	list_for_each_entry (area, &vm->areas, struct vm_area, node)
		if ((area->prot & VM_WRITE) && (area->flags & (VM_SHARED | VM_GROWS_DOWN)) == 0)
			bytes += area->end - area->start;
	return bytes;
}

/* Whether the mapping will need memory of its own. */
static bool needs_memory(unsigned int prot, unsigned int flags, bool file)
{
	if (flags & VM_NO_RESERVE)
		return false;
	return flags & VM_SHARED ? !file : (prot & VM_WRITE) != 0;
}

int vm_check_growth(struct vm *vm, uint64_t bytes, unsigned int prot, unsigned int flags, bool file)
{
	uint64_t data_limit = vm_limit(ABI_RLIMIT_DATA);
	uint64_t space_limit = vm_limit(ABI_RLIMIT_AS);
	bool data = (prot & VM_WRITE) && (flags & (VM_SHARED | VM_GROWS_DOWN)) == 0;

	if (vm->area_count >= VM_AREA_COUNT_MAX)
		return -ENOMEM;
	if (space_limit != ABI_RLIM_INFINITY && vm->mapped_bytes + bytes > space_limit)
		return -ENOMEM;
	if (data && data_limit != ABI_RLIM_INFINITY && data_bytes(vm) + bytes > data_limit)
		return -ENOMEM;
	if (needs_memory(prot, flags, file) && bytes >> PAGE_SHIFT > page_managed_count())
		return -ENOMEM;
	return 0;
}

/* Where a mapping goes: `addr` itself, or a free place. Address or -errno. */
static long choose_place(struct vm *vm, uintptr_t addr, size_t bytes, bool exactly)
{
	if (bytes > VM_USER_TOP)
		return -ENOMEM;
	if (exactly) {
		if (addr > VM_USER_TOP - bytes)
			return -ENOMEM;
		if (addr & (PAGE_BYTES - 1))
			return -EINVAL;
		return addr < VM_USER_MIN ? -EPERM : (long)addr;
	}
	addr = page_ceil(addr);
	if (addr >= VM_USER_MIN && addr <= VM_USER_TOP - bytes) {
		const struct vm_area *above = area_at_or_above(vm, addr);

		if (!above || area_low_bound(above) >= addr + bytes)
			return (long)addr;
	}
	return area_find_free(vm, bytes);
}

long vm_map(struct vm *vm, uintptr_t addr, size_t bytes, unsigned int prot, unsigned int flags,
            struct inode *inode, uint64_t offset, bool replace, const char *name)
{
	struct vm_area model = {.prot = prot,
	                        .flags = flags | vm->new_flags,
	                        .inode = inode,
	                        .offset = offset,
	                        .name = name};
	uint64_t replaced;
	int result;

	if (bytes == 0)
		return -EINVAL;
	bytes = page_ceil(bytes);
	if (bytes == 0)
		return -ENOMEM;
	long at = choose_place(vm, addr, bytes, replace);

	if (at < 0)
		return at;
	addr = (uintptr_t)at;
	replaced = replace ? area_bytes_in(vm, addr, addr + bytes) : 0;
	result = vm_check_growth(vm, bytes - replaced, prot, flags, inode != NULL);
	if (result != 0)
		return result;
	model.start = addr;
	struct vm_area *area = area_create(&model, addr, addr + bytes);

	if (!area)
		return -ENOMEM;
	if (replaced > 0)
		result = vm_unmap(vm, addr, bytes);
	if (result != 0) {
		area_discard(area);
		return result;
	}
	area_insert(vm, area);
	area_merge_range(vm, addr, addr + bytes);
	return (long)addr;
}

/* `empty`: the range has no entries. */
static int unmap(struct vm *vm, uintptr_t addr, size_t bytes, bool empty)
{
	struct vm_area *area;
	uintptr_t end;
	int result;

	if ((addr & (PAGE_BYTES - 1)) || addr > VM_USER_TOP || bytes > VM_USER_TOP - addr ||
	    bytes == 0)
		return -EINVAL;
	end = page_ceil(addr + bytes);
	area = area_at_or_above(vm, addr);
	if (!area || area->start >= end)
		return 0;
	result = area_split_range(vm, addr, end);
	if (result == 0 && !empty)
		result = entry_zap(vm, addr, end);
	if (result != 0) {
		area_merge_range(vm, addr, end);
		return result;
	}
	for (area = area_at_or_above(vm, addr); area && area->start < end;) {
		struct vm_area *next = area_next(vm, area);

		area_destroy(vm, area);
		area = next;
	}
	entry_trim(vm, addr, end);
	return 0;
}

int vm_unmap(struct vm *vm, uintptr_t addr, size_t bytes)
{
	return unmap(vm, addr, bytes, false);
}

int vm_unmap_moved(struct vm *vm, uintptr_t addr, size_t bytes)
{
	return unmap(vm, addr, bytes, true);
}

/* One area, or part of it that begins and ends at bounds of areas. */
static int protect_area(struct vm *vm, struct vm_area *area, unsigned int prot)
{
	bool gains_write = (prot & ~area->prot & VM_WRITE) != 0;
	int result = 0;

	if (gains_write && (area->flags & VM_NO_WRITE))
		return -EACCES;
	if (gains_write && area_private(area)) {
		/* It is mapped already; what is new is that it needs memory and counts as data. */
		uint64_t bytes = area->end - area->start;
		uint64_t limit = vm_limit(ABI_RLIMIT_DATA);

		if ((area->flags & VM_NO_RESERVE) == 0 &&
		    bytes >> PAGE_SHIFT > page_managed_count())
			result = -ENOMEM;
		if ((area->flags & VM_GROWS_DOWN) == 0 && limit != ABI_RLIM_INFINITY &&
		    data_bytes(vm) + bytes > limit)
			result = -ENOMEM;
	}
	if (result != 0)
		return result;
	unsigned int before = area->prot;

	area->prot = prot;
	result = entry_protect(vm, area, before);
	if (result != 0)
		area->prot = before;
	return result;
}

int vm_protect(struct vm *vm, uintptr_t start, uintptr_t end, unsigned int prot)
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

		if (area->prot != prot) {
			if (area->start < at || area->end > stop) {
				result = area_split_range(vm, at, stop);
				area = vm_find(vm, at);
			}
			if (result == 0)
				result = protect_area(vm, area, prot);
		}
		at = stop;
	}
	area_merge_range(vm, start, end);
	return result;
}

void vm_truncate_inode(struct inode *inode, uint64_t first_index)
{
	struct vm *vm;
	struct vm_area *area;

	list_for_each_entry (vm, &vm_all, struct vm, all_node)
		list_for_each_entry (area, &vm->areas, struct vm_area, node) {
			uint64_t area_first = area->offset >> PAGE_SHIFT;
			uint64_t pages = (area->end - area->start) >> PAGE_SHIFT;
			uint64_t skip = first_index > area_first ? first_index - area_first : 0;

			if (area->inode != inode || skip >= pages)
				continue;
			if (entry_zap(vm, area->start + (skip << PAGE_SHIFT), area->end) != 0)
				panic("a table with pages of a file is shared");
		}
}
