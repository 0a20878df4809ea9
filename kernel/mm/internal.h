/* SPDX-License-Identifier: MIT */
/*
 * What the files of kernel/mm share: the list of areas (area.c), entries of the page tables
 * (entry.c), faults (fault.c), limits.
 *
 * The kernel is not preemptible and nothing in here sleeps: inode_ops.get_page must not sleep
 * either. So an address space needs no lock, and a walk sees no change but its own.
 */
#ifndef PINFOLD_KERNEL_MM_INTERNAL_H
#define PINFOLD_KERNEL_MM_INTERNAL_H

#include "kernel/fs/vfs.h"
#include "kernel/mm/vm.h"

/* The lowest user address that may be mapped. */
#define VM_USER_MIN 0x10000ul

/* Kept free below an area that grows down. */
#define VM_STACK_GAP (256ul * PAGE_BYTES)

/* What one leaf table covers in the formats we run on. */
#define LEAF_BYTES (2ul << 20)

static inline uintptr_t leaf_floor(uintptr_t addr)
{
	return addr & ~(LEAF_BYTES - 1);
}

#define VM_AREA_COUNT_MAX 65530u

#define VM_PROT_ALL (VM_READ | VM_WRITE | VM_EXEC)

static inline uintptr_t page_floor(uintptr_t addr)
{
	return addr & PAGE_MASK;
}

/* Wraps to 0 at the end of the address range. */
static inline uintptr_t page_ceil(uintptr_t addr)
{
	return (addr + PAGE_BYTES - 1) & PAGE_MASK;
}

/* A soft limit of the running process, ABI_RLIMIT_*; no limit where no process runs. */
uint64_t vm_limit(unsigned int resource);

/* All address spaces. */
extern struct list vm_all;

/* --- area.c --- */

/* Neighbours in order of address, or NULL. */
struct vm_area *area_next(struct vm *vm, const struct vm_area *area);
struct vm_area *area_previous(struct vm *vm, const struct vm_area *area);
/* A new area on no list, as `model` but for its range; the offset goes with `start`. NULL: out of
 * memory. */
struct vm_area *area_create(const struct vm_area *model, uintptr_t start, uintptr_t end);
/* Put it among the others, with which it does not overlap; it is counted. */
void area_insert(struct vm *vm, struct vm_area *area);
/* Take it from the list and free it. */
void area_destroy(struct vm *vm, struct vm_area *area);
/* Free one that never was on the list. */
void area_discard(struct vm_area *area);
/* Change the bounds of an area on the list; nothing else lies where it grows to. The offset stays
 * that of its old start. */
void area_resize(struct vm *vm, struct vm_area *area, uintptr_t start, uintptr_t end);
/* Make both ends of the range bounds of areas. -ENOMEM. */
int area_split_range(struct vm *vm, uintptr_t start, uintptr_t end);
/* Join areas that touch within the range or at its ends and are alike. */
void area_merge_range(struct vm *vm, uintptr_t start, uintptr_t end);
/* Bytes of the range that areas cover. */
uint64_t area_bytes_in(struct vm *vm, uintptr_t start, uintptr_t end);
/* [*low, *high): the range, and around it what no other area reaches into. */
void area_gap_around(struct vm *vm, uintptr_t start, uintptr_t end, uintptr_t *low,
                     uintptr_t *high);
/* The lowest address that must stay free below an area. */
uintptr_t area_low_bound(const struct vm_area *area);
/* The highest free range below `top`; 0: there is none. */
uintptr_t area_find_below(struct vm *vm, uintptr_t top, size_t bytes);
/* A free range for a new mapping, or -ENOMEM. */
long area_find_free(struct vm *vm, size_t bytes);

static inline bool area_private(const struct vm_area *area)
{
	return (area->flags & VM_SHARED) == 0;
}

/* --- entry.c --- */

/* In a present entry and in a hidden one: the frame is a page of the area's file, not a copy of
 * ours. */
#define PTE_FILE PTE_SOFT0
/* In an entry that is not present: it keeps a frame for when the area becomes accessible again
 * (PROT_NONE). */
#define PTE_HIDDEN PTE_SOFT1

/* The frame of an entry, hidden or present; NULL: none of ours. */
struct page *entry_page(pte_t pte);
/* An entry for the area: with write permission if `write` and the area has it; hidden if the area
 * permits nothing. `soft`: PTE_FILE or 0. */
pte_t entry_make(const struct vm_area *area, const struct page *page, bool write, uint64_t soft);
/* The flags of a present entry. */
uint64_t entry_flags(const struct vm_area *area, bool write, uint64_t soft);
/* Account for entries that appear or go, none of them the frame of zeros; `soft`: one of them, or
 * its PTE_FILE. */
void entry_count_pages(struct vm *vm, uint64_t soft, int change);
/* The same of one (+1 or -1), whatever its frame. */
void entry_count(struct vm *vm, const struct page *page, uint64_t soft, int change);

/* The shared frame of zeros. */
struct page *entry_zero_page(void);
/* At the first address space. False: out of memory. */
bool entry_zero_page_init(void);

/* Clear all entries of the range and put their frames. -ENOMEM, and nothing has changed: a table is
 * shared with another process, and there is no memory to take a copy. That cannot be where a file
 * is mapped. */
int entry_zap(struct vm *vm, uintptr_t start, uintptr_t end);
/* Put the frame of an entry of a space that ends: an xen_pte_release. */
void entry_release(pte_t pte, void *arg);
/* Give the entries of an area the rights it has now; `before` are those it had. -ENOMEM, and
 * nothing has changed: as entry_zap(). */
int entry_protect(struct vm *vm, const struct vm_area *area, unsigned int before);
/* Move the entries of [from, from + bytes) to `to`; the ranges do not overlap. -ENOMEM: nothing is
 * moved. */
int entry_move(struct vm *vm, uintptr_t from, uintptr_t to, size_t bytes);
/* Where the first entry from `at` on is, or `end`. */
uintptr_t entry_find(struct vm *vm, uintptr_t at, uintptr_t end);
/* The end of a first part of the range that holds so little that it is worked off in one go, with
 * give_way() between two of them. */
#define PIECE_BYTES (256ul << 20)
uintptr_t entry_piece(struct vm *vm, uintptr_t start, uintptr_t end);
/* Free tables that hold nothing any more around a range that was unmapped. */
void entry_trim(struct vm *vm, uintptr_t start, uintptr_t end);

/* --- fault.c --- */

/* A frame for a program with the contents of another. NULL: out of memory. */
struct page *copy_page(const struct page *from);
/* Whether the area allows the access: one of enum vm_prot. */
bool area_permits(const struct vm_area *area, unsigned int access);
/* Make a page of an area present for the access, which is permitted (or forced: a write to what is
 * private). Errors as vm_fault(). */
int fault_in(struct vm *vm, struct vm_area *area, uintptr_t page_addr, unsigned int access);
/* Touch the pages of a range, as far as it is mapped and accessible. Stops at the first error,
 * which is returned. Gives way (give_way.h), so that areas may change meanwhile; -EINTR: the task
 * is to end. */
int vm_populate(struct vm *vm, uintptr_t start, uintptr_t end);

/* --- fork.c --- */

/* What is to be known of leaf tables that processes share. */
extern const struct xen_sharing vm_sharing;

/* --- vm.c --- */

/* Whether `bytes` more may be mapped: RLIMIT_AS, RLIMIT_DATA, the number of areas, the size of
 * memory. 0 or -ENOMEM. */
int vm_check_growth(struct vm *vm, uint64_t bytes, unsigned int prot, unsigned int flags,
                    bool file);
/* vm_unmap() of a range whose entries have all gone elsewhere. */
int vm_unmap_moved(struct vm *vm, uintptr_t addr, size_t bytes);
/* Change the protection of a range. Errors as mprotect. */
int vm_protect(struct vm *vm, uintptr_t start, uintptr_t end, unsigned int prot);

#endif
