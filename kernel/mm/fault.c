/* SPDX-License-Identifier: MIT */
/*
 * Page faults: what is not there yet is put there, what is shared copy-on-write is copied, stacks
 * grow.
 *
 * Entries that are new or only gain rights need no flush: a CPU that still has the old one faults
 * again and finds the new one. The copy that takes a shared frame's place does need one, or this
 * process could go on reading the old frame.
 */
#include "kernel/linux/abi.h"
#include "kernel/mm/internal.h"
#include "kernel/task/give_way.h"
#include "kernel/task/task.h"

/* When a page of a program's file is needed, its neighbours in this many bytes often are, too. Each
 * one that is not needed costs about half a fault: more of them do not pay. */
#define FAULT_AROUND_PAGES 4u

/*
 * Pages that are touched in order: each fault maps twice as many as the one before. Memory that is
 * mapped and never touched is so always less than what was touched, and this little at most.
 */
#define WINDOW_MAX_ANONYMOUS 8u
/* What is in a file already takes no memory. */
#define WINDOW_MAX_FILE (LEAF_BYTES / PAGE_BYTES)

/* Entries that are added at a time. */
#define ADD_MAX 64u

/* No page is mapped ahead of its touch while less than this part of the memory is free. */
#define WINDOW_FREE_PART 16u

#define POPULATE_CHUNK_PAGES 64u

bool area_permits(const struct vm_area *area, unsigned int access)
{
	if (access & VM_WRITE)
		return area->prot & VM_WRITE;
	if (access & VM_EXEC)
		return area->prot & VM_EXEC;
	/* Whatever is permitted, the CPU permits reading with it. */
	return area->prot & VM_PROT_ALL;
}

/* Let the stack `area` reach down to `addr`, which lies in no area. */
static bool stack_grow(struct vm *vm, struct vm_area *area, uintptr_t addr)
{
	const struct vm_area *below = area_previous(vm, area);
	uintptr_t start = page_floor(addr);
	uint64_t more = area->start - start;

	if ((area->flags & VM_GROWS_DOWN) == 0 || start < VM_USER_MIN)
		return false;
	if (area->end - start > vm_limit(ABI_RLIMIT_STACK))
		return false;
	if (below && (below->prot & VM_PROT_ALL) && (below->flags & VM_GROWS_DOWN) == 0 &&
	    start - below->end < VM_STACK_GAP)
		return false;
	if (vm_check_growth(vm, more, area->prot, area->flags, false) != 0)
		return false;
	if (area->inode)
		area->offset -= more;
	area_resize(vm, area, start, area->end);
	return true;
}

static void set_new(struct vm *vm, const struct vm_area *area, uintptr_t addr,
                    const struct page *page, bool write, uint64_t soft)
{
	pv_pte_set(&vm->space, VADDR(addr), entry_make(area, page, write, soft), PV_FLUSH_NONE);
	entry_count(vm, page, soft, +1);
}

static uint64_t file_index(const struct vm_area *area, uintptr_t addr)
{
	return (area->offset + (addr - area->start)) >> PAGE_SHIFT;
}

struct page *copy_page(const struct page *from)
{
	struct page *page = page_alloc_user();

	if (!page)
		return NULL;
	if (from == entry_zero_page())
		memset(page_virt(page), 0, PAGE_BYTES);
	else
		memcpy(page_virt(page), page_virt(from), PAGE_BYTES);
	return page;
}

static int fill_anonymous(struct vm *vm, const struct vm_area *area, uintptr_t addr, bool write)
{
	struct page *page = entry_zero_page();

	if (write) {
		page = copy_page(page);
		if (!page)
			return -ENOMEM;
	} else {
		page_get(page);
	}
	set_new(vm, area, addr, page, write, 0);
	return 0;
}

static int fill_file(struct vm *vm, const struct vm_area *area, uintptr_t addr, bool write)
{
	struct inode *inode = area->inode;
	bool shared = !area_private(area);
	struct page *page = inode->ops->get_page(inode, file_index(area, addr), shared && write);

	if (is_err(page))
		return (int)ptr_err(page);
	if (shared || !write) {
		set_new(vm, area, addr, page, shared && write, PTE_FILE);
		return 0;
	}
	struct page *copy = copy_page(page);

	page_put(page);
	if (!copy)
		return -ENOMEM;
	set_new(vm, area, addr, copy, true, 0);
	return 0;
}

/* The entry is empty and its table is there. */
static int fill(struct vm *vm, const struct vm_area *area, uintptr_t addr, bool write)
{
	return area->inode ? fill_file(vm, area, addr, write)
	                   : fill_anonymous(vm, area, addr, write);
}

/* How many pages a fault at `addr` maps that maps `around` when it is one by itself. The second in
 * order still does; from then on they double. */
static unsigned int window_choose(struct vm_area *area, uintptr_t addr, unsigned int around)
{
	unsigned int max = area->inode ? WINDOW_MAX_FILE : WINDOW_MAX_ANONYMOUS;
	unsigned int pages = around;
	bool plenty = page_free_count() > page_managed_count() / WINDOW_FREE_PART;

	if (area->flags & VM_RANDOM)
		return 1;
	if (addr != area->window_end) {
		area->window_next = around;
	} else if (area->inode || (plenty && !(area->flags & VM_NO_RESERVE))) {
		pages = area->window_next;
		area->window_next = MIN(2 * pages, max);
	}
	return pages;
}

/* The end of what the area can map: not beyond its file. */
static uintptr_t mappable_end(const struct vm_area *area)
{
	if (!area->inode)
		return area->end;
	uint64_t file_end = (area->inode->size + PAGE_BYTES - 1) & PAGE_MASK;
	uint64_t bytes = file_end > area->offset ? file_end - area->offset : 0;

	return MIN(area->end, area->start + bytes);
}

/* Fill what is empty of `count` pages from `start` on, but for `but`: with zeros to be written, and
 * of a file with what is in it, to be read, up to the first page that is not. False: no more can be
 * had. */
static bool fill_ahead(struct vm *vm, const struct vm_area *area, uintptr_t start,
                       unsigned int count, uintptr_t but)
{
	struct page *pages[ADD_MAX];
	pte_t entries[ADD_MAX];
	struct inode *inode = area->inode;
	uint64_t soft = inode ? PTE_FILE : 0, flags = entry_flags(area, !inode, soft);
	unsigned int have = count, done;
	int added = 0;

	if (inode)
		have = inode->ops->find_pages(inode, file_index(area, start), pages, count);
	pv_ptes_read(&vm->space, VADDR(start), entries, have);
	for (done = 0; done < have; done++) {
		bool wanted = pte_none(entries[done]) && start + done * PAGE_BYTES != but;

		entries[done] = PTE_NONE;
		if (!wanted)
			continue;
		if (inode)
			page_get(pages[done]);
		else
			pages[done] = copy_page(entry_zero_page());
		if (!pages[done])
			break;
		entries[done] = pv_pte_make(page_pfn(pages[done]), flags);
		added++;
	}
	pv_ptes_add(&vm->space, VADDR(start), entries, done);
	entry_count_pages(vm, soft, added);
	return done == count;
}

/* Fill an empty page, and with it, in one batch, those that will be touched soon as far as one can
 * tell: what follows when touches come in order, else what lies around it in a file. All have the
 * same leaf table. The page itself decides the result. */
static int fill_window(struct vm *vm, struct vm_area *area, uintptr_t addr, bool write)
{
	unsigned int around = area->inode ? FAULT_AROUND_PAGES : 1;
	unsigned int pages = window_choose(area, addr, around);
	uintptr_t start = pages == around ? addr & ~(around * PAGE_BYTES - 1) : addr;
	uintptr_t end =
	    MIN(MIN(start + pages * PAGE_BYTES, leaf_floor(addr) + LEAF_BYTES), mappable_end(area));
	int result;

	area->window_end = end;
	if (pages == 1)
		return fill(vm, area, addr, write);
	pv_lazy_mmu_enter();
	result = fill(vm, area, addr, write);
	for (uintptr_t at = MAX(start, area->start); result == 0 && at < end;) {
		unsigned int count = (unsigned int)MIN((end - at) / PAGE_BYTES, ADD_MAX);

		if (!fill_ahead(vm, area, at, count, addr))
			break;
		at += count * PAGE_BYTES;
	}
	pv_lazy_mmu_leave();
	return result;
}

/* A shared mapping's entry is there without write permission. */
static int write_to_shared(struct vm *vm, const struct vm_area *area, uintptr_t addr,
                           const struct page *page)
{
	struct page *again = area->inode->ops->get_page(area->inode, file_index(area, addr), true);

	if (is_err(again))
		return (int)ptr_err(again);
	ASSERT(again == page);
	page_put(again);
	pv_pte_set(&vm->space, VADDR(addr), entry_make(area, page, true, PTE_FILE), PV_FLUSH_NONE);
	return 0;
}

/* A private page is there without write permission. *left: the page that a copy has taken the place
 * of, to be put when the change has been carried out; NULL: it was ours alone. */
static int write_to_private(struct vm *vm, const struct vm_area *area, uintptr_t addr, pte_t pte,
                            struct page **left)
{
	struct page *page = entry_page(pte);
	vaddr_t va = VADDR(addr);

	*left = NULL;
	if (page->ref_count == 1 && (pte.v & PTE_FILE) == 0) {
		pte_t owned = entry_make(area, page, true, 0);

		if (owned.v != pte.v)
			pv_pte_set(&vm->space, va, owned, PV_FLUSH_NONE);
		return 0;
	}
	struct page *copy = copy_page(page);

	if (!copy)
		return -ENOMEM;
	pv_pte_set(&vm->space, va, entry_make(area, copy, true, 0), PV_FLUSH_PAGE);
	entry_count(vm, page, pte.v, -1);
	entry_count(vm, copy, 0, +1);
	*left = page;
	return 0;
}

/* The same, and with it, in one batch, those behind it that will be written soon as far as one can
 * tell. The page itself decides the result. */
static int write_window(struct vm *vm, struct vm_area *area, uintptr_t addr, pte_t pte)
{
	bool ahead = !area->inode && (area->prot & VM_WRITE);
	unsigned int pages = ahead ? window_choose(area, addr, 1) : 1, count = 1;
	uintptr_t leaf_end = leaf_floor(addr) + LEAF_BYTES;
	uintptr_t end = MIN(MIN(addr + pages * PAGE_BYTES, leaf_end), area->end);
	struct page *left[WINDOW_MAX_ANONYMOUS];
	int result;

	if (ahead)
		area->window_end = end;
	if (pages > 1)
		pv_lazy_mmu_enter();
	result = write_to_private(vm, area, addr, pte, &left[0]);
	for (uintptr_t at = addr + PAGE_BYTES; result == 0 && at < end; at += PAGE_BYTES) {
		pte = pv_pte_read(&vm->space, VADDR(at));
		if (!pte_present(pte) || pte_writable(pte))
			continue;
		if (write_to_private(vm, area, at, pte, &left[count]) != 0)
			break;
		count++;
	}
	if (pages > 1)
		pv_lazy_mmu_leave();
	while (result == 0 && count > 0)
		if (left[--count])
			page_put(left[count]);
	return result;
}

/* The entry is there without write permission. */
static int write_to_protected(struct vm *vm, struct vm_area *area, uintptr_t addr, pte_t pte)
{
	struct page *page = entry_page(pte);

	ASSERT(page);
	return area_private(area) ? write_window(vm, area, addr, pte)
	                          : write_to_shared(vm, area, addr, page);
}

int fault_in(struct vm *vm, struct vm_area *area, uintptr_t page_addr, unsigned int access)
{
	vaddr_t va = VADDR(page_addr);
	bool write = access & VM_WRITE;

	/* What an entry permits, and who has its frame, shows only in a table of our own. */
	if (write && pv_pte_prepare(&vm->space, va) != 0)
		return -ENOMEM;
	pte_t pte = pv_pte_read(&vm->space, va);

	if (pte_none(pte)) {
		if (!write && pv_pte_prepare(&vm->space, va) != 0)
			return -ENOMEM;
		/* Of a file what may be changed is not copied, nor made, before it is wanted; of
		 * what is anonymous the zeros that are read cost little. */
		if (write != (area->inode != NULL))
			return fill_window(vm, area, page_addr, write);
		return fill(vm, area, page_addr, write);
	}
	if (write && !pte_writable(pte))
		return write_to_protected(vm, area, page_addr, pte);
	/* Someone else was faster, or the CPU held an old entry. */
	return 0;
}

int vm_fault(struct vm *vm, uintptr_t addr, unsigned int access)
{
	struct vm_area *area = addr < VM_USER_TOP ? area_at_or_above(vm, addr) : NULL;
	struct task *task = current();

	if (!area)
		return -EFAULT;
	if (addr < area->start && !stack_grow(vm, area, addr))
		return -EFAULT;
	if (!area_permits(area, access))
		return -EACCES;
	if (task && task->vm == vm)
		task->minor_faults++;
	return fault_in(vm, area, page_floor(addr), access);
}

/* Up to a chunk of pages of one area, in one batch as far as entries are empty. Where it stopped,
 * by `at`. */
static int populate_chunk(struct vm *vm, struct vm_area *area, uintptr_t *at, uintptr_t end,
                          bool write)
{
	uintptr_t prepared = UINTPTR_MAX; /* leaf table that was seen to last */
	int result = 0;

	pv_lazy_mmu_enter();
	for (; *at < end && result == 0; *at += PAGE_BYTES) {
		vaddr_t va = VADDR(*at);

		if (*at / LEAF_BYTES != prepared && pv_pte_prepare(&vm->space, va) != 0)
			result = -ENOMEM;
		else if (pte_none(pv_pte_read(&vm->space, va)))
			result = fill(vm, area, *at, write);
		else if (write)
			break;
		if (result != 0)
			break;
		prepared = *at / LEAF_BYTES;
	}
	pv_lazy_mmu_leave();
	return result;
}

int vm_populate(struct vm *vm, uintptr_t start, uintptr_t end)
{
	while (start < end) {
		struct vm_area *area = vm_find(vm, start);

		if (!area || (area->prot & VM_PROT_ALL) == 0)
			return -ENOMEM;
		uintptr_t stop =
		    MIN(MIN(end, area->end), start + POPULATE_CHUNK_PAGES * PAGE_BYTES);
		bool write = area_private(area) && (area->prot & VM_WRITE);
		uintptr_t at = start;
		int result = populate_chunk(vm, area, &at, stop, write);

		/* An entry that is there may need a copy: that is not for a batch. */
		if (result == 0 && at < stop) {
			result = fault_in(vm, area, at, VM_WRITE);
			at += PAGE_BYTES;
		}
		if (result != 0)
			return result;
		start = at;
		if (start < end && give_way())
			return -EINTR;
	}
	return 0;
}
