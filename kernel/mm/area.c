/* SPDX-License-Identifier: MIT */
/*
 * The areas of an address space: a list in order of address, without overlaps. Looking up remembers
 * the last answer, as the next question is mostly about the same area.
 *
 * Leaves out: entries of page tables, which belong to the callers (entry.c).
 */
#include "kernel/mm/internal.h"

static struct vm_area *area_from_node(struct vm *vm, struct list *node)
{
	return node == &vm->areas ? NULL : list_entry(node, struct vm_area, node);
}

struct vm_area *area_next(struct vm *vm, const struct vm_area *area)
{
	return area_from_node(vm, area->node.next);
}

struct vm_area *area_previous(struct vm *vm, const struct vm_area *area)
{
	return area_from_node(vm, area->node.prev);
}

struct vm_area *area_at_or_above(struct vm *vm, uintptr_t addr)
{
	struct vm_area *area = vm->last_found;

	if (!area)
		area = area_from_node(vm, vm->areas.next);
	/* Back to the first that ends above it, then on to it: from wherever the last search ended.
	 */
	while (area && area->end > addr) {
		struct vm_area *previous = area_previous(vm, area);

		if (!previous || previous->end <= addr)
			break;
		area = previous;
	}
	while (area && area->end <= addr)
		area = area_next(vm, area);
	if (area)
		vm->last_found = area;
	return area;
}

struct vm_area *vm_find(struct vm *vm, uintptr_t addr)
{
	struct vm_area *area = area_at_or_above(vm, addr);

	return area && area->start <= addr ? area : NULL;
}

/* Counted for seals. */
static bool area_may_write_file(const struct vm_area *area)
{
	return (area->flags & (VM_SHARED | VM_NO_WRITE)) == VM_SHARED;
}

struct vm_area *area_create(const struct vm_area *model, uintptr_t start, uintptr_t end)
{
	struct vm_area *area = kmalloc(sizeof(*area));

	if (!area)
		return NULL;
	*area = *model;
	list_init(&area->node);
	area->start = start;
	area->end = end;
	if (area->inode) {
		area->offset = model->offset + (start - model->start);
		inode_get(area->inode);
		area->inode->map_count++;
		area->inode->map_write_count += area_may_write_file(area);
	}
	return area;
}

void area_insert(struct vm *vm, struct vm_area *area)
{
	struct vm_area *above = area_at_or_above(vm, area->start);

	ASSERT(!above || above->start >= area->end);
	list_insert_before(above ? &above->node : &vm->areas, &area->node);
	vm->mapped_bytes += area->end - area->start;
	vm->area_count++;
}

void area_discard(struct vm_area *area)
{
	if (area->inode) {
		area->inode->map_count--;
		area->inode->map_write_count -= area_may_write_file(area);
		inode_put(area->inode);
	}
	kfree(area);
}

void area_destroy(struct vm *vm, struct vm_area *area)
{
	list_remove(&area->node);
	vm->mapped_peak = MAX(vm->mapped_peak, vm->mapped_bytes);
	vm->mapped_bytes -= area->end - area->start;
	vm->area_count--;
	if (vm->last_found == area)
		vm->last_found = NULL;
	area_discard(area);
}

void area_resize(struct vm *vm, struct vm_area *area, uintptr_t start, uintptr_t end)
{
	vm->mapped_peak = MAX(vm->mapped_peak, vm->mapped_bytes);
	vm->mapped_bytes += (end - start) - (area->end - area->start);
	area->start = start;
	area->end = end;
}

/* Make `at` a bound. */
static int split_at(struct vm *vm, uintptr_t at)
{
	struct vm_area *area = vm_find(vm, at);

	if (!area || area->start == at)
		return 0;
	if (vm->area_count >= VM_AREA_COUNT_MAX)
		return -ENOMEM;
	struct vm_area *upper = area_create(area, at, area->end);

	if (!upper)
		return -ENOMEM;
	area_resize(vm, area, area->start, at);
	area_insert(vm, upper);
	return 0;
}

int area_split_range(struct vm *vm, uintptr_t start, uintptr_t end)
{
	int result = split_at(vm, start);

	return result == 0 ? split_at(vm, end) : result;
}

static bool alike(const struct vm_area *low, const struct vm_area *high)
{
	if (low->end != high->start || low->prot != high->prot || low->flags != high->flags ||
	    low->inode != high->inode || low->name != high->name)
		return false;
	return !low->inode || low->offset + (low->end - low->start) == high->offset;
}

void area_merge_range(struct vm *vm, uintptr_t start, uintptr_t end)
{
	struct vm_area *area = area_at_or_above(vm, start > 0 ? start - 1 : 0);

	while (area && area->start <= end) {
		struct vm_area *next = area_next(vm, area);

		if (next && alike(area, next)) {
			uintptr_t joined_start = area->start;

			next->offset = area->offset;
			area_destroy(vm, area);
			area_resize(vm, next, joined_start, next->end);
		}
		area = next;
	}
}

uint64_t area_bytes_in(struct vm *vm, uintptr_t start, uintptr_t end)
{
	uint64_t bytes = 0;

	for (struct vm_area *area = area_at_or_above(vm, start); area && area->start < end;
	     area = area_next(vm, area))
		bytes += MIN(area->end, end) - MAX(area->start, start);
	return bytes;
}

void area_gap_around(struct vm *vm, uintptr_t start, uintptr_t end, uintptr_t *low, uintptr_t *high)
{
	const struct vm_area *above = area_at_or_above(vm, start);
	const struct vm_area *below =
	    above ? area_previous(vm, above) : area_from_node(vm, vm->areas.prev);

	*low = below ? below->end : 0;
	*high = VM_USER_TOP + PAGE_BYTES;
	if (above && above->start < start)
		*low = start;
	while (above && above->end <= end)
		above = area_next(vm, above);
	if (above)
		*high = MAX(above->start, end);
}

uintptr_t area_low_bound(const struct vm_area *area)
{
	if ((area->flags & VM_GROWS_DOWN) == 0)
		return area->start;
	return area->start > VM_STACK_GAP ? area->start - VM_STACK_GAP : 0;
}

uintptr_t area_find_below(struct vm *vm, uintptr_t top, size_t bytes)
{
	struct list *node;

	for (node = vm->areas.prev; node != &vm->areas; node = node->prev) {
		const struct vm_area *area = list_entry(node, struct vm_area, node);

		if (area->end < top && top - area->end >= bytes)
			return top - bytes;
		top = MIN(top, area_low_bound(area));
	}
	return top >= VM_USER_MIN && top - VM_USER_MIN >= bytes ? top - bytes : 0;
}

/* The lowest free range above mmap_top, for when there is none below. */
static uintptr_t find_above(struct vm *vm, size_t bytes)
{
	uintptr_t bottom = MAX(vm->mmap_top, VM_USER_MIN);
	const struct vm_area *area;

	for (area = area_at_or_above(vm, bottom); area; area = area_next(vm, area)) {
		uintptr_t low = area_low_bound(area);

		if (low > bottom && low - bottom >= bytes)
			return bottom;
		bottom = area->end;
	}
	return bottom <= VM_USER_TOP && VM_USER_TOP - bottom >= bytes ? bottom : 0;
}

long area_find_free(struct vm *vm, size_t bytes)
{
	uintptr_t at = area_find_below(vm, vm->mmap_top, bytes);

	if (at == 0)
		at = find_above(vm, bytes);
	return at == 0 ? -ENOMEM : (long)at;
}
