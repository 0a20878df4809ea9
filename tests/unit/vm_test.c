/* SPDX-License-Identifier: MIT */
/* sources: kernel/mm/area.c kernel/mm/entry.c kernel/mm/vm.c kernel/mm/fault.c kernel/mm/fork.c */
/* sources: kernel/mm/sys_mremap.c kernel/mm/uaccess.c kernel/mm/page.c kernel/mm/kmalloc.c */
/* sources: kernel/mm/usage.c */
/* sources: tests/unit/fake_kernel.c tests/unit/fake_mmu.c tests/unit/vm_fixture.c */
/*
 * Address spaces under random operations of several processes, against an oracle that knows what
 * each page of each must hold: mapping, unmapping, protecting, moving, forking, dropping,
 * truncating a file under its mappings, with memory enough and with far too little; accesses are
 * the CPU's own and the kernel's.
 *
 * The fake page tables (fake_mmu.c) have a TLB that keeps what nobody flushed, carry out lazy
 * updates only at the end, and stop the test when a frame is given back while an entry may still be
 * used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/linux/abi.h"
#include "kernel/linux/abi_mm.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/internal.h"
#include "kernel/task/task.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/fake_mmu.h"
#include "tests/unit/vm_fixture.h"

#define PROCESSES  5u
#define LEAF_PAGES 512u /* of a leaf table */
#define ROUNDS     400000u

enum kind { HOLE, ANONYMOUS, FILE_PRIVATE, FILE_SHARED };

/* What the oracle knows of a page of a process. */
struct expected {
	enum kind kind;
	unsigned int prot;
	unsigned int file_page; /* of the two kinds of file */
	bool own;               /* a private page of a file that was written to */
	uint64_t value;         /* of an anonymous or an own page */
};

struct actor {
	struct vm *vm; /* NULL: not alive */
	uint64_t mapped_peak;
	struct expected pages[PAGES];
};

static struct actor actors[PROCESSES];
static uint64_t file_values[FILE_PAGES];
static uint64_t next_value = 1;
static bool memory_is_short, files_are_rare;
static unsigned int short_count, fork_count, move_count, kernel_count;

/* Out of memory is an answer, when memory is short. */
static bool refused(long result)
{
	if (result != -ENOMEM || !memory_is_short)
		return false;
	short_count++;
	return true;
}

static int expected_access(const struct expected *page, unsigned int access, uint64_t *value)
{
	if (page->kind == HOLE)
		return -EFAULT;
	if (!(page->prot & (access == VM_READ ? VM_PROT_ALL : access)))
		return -EACCES;
	if (page->kind != ANONYMOUS && !page->own) {
		if (page->file_page >= file.size >> PAGE_SHIFT)
			return -EIO;
		*value = file_values[page->file_page];
		return 0;
	}
	*value = page->value;
	return 0;
}

/* As cpu_access() for the process by the kernel, at any of its words. */
static int kernel_access(struct actor *actor, unsigned int number, bool write, uint64_t *value)
{
	void *user = (void *)address(number);

	task.vm = actor->vm;
	int result = write ? copy_to_user(user, value, sizeof(*value))
	                   : copy_from_user(value, user, sizeof(*value));

	task.vm = NULL;
	if (result == 0)
		kernel_count++;
	return result;
}

static void check_result(unsigned int number, unsigned int access, int result, int expect)
{
	if (result == expect)
		return;
	if (result == 0)
		fail_msg("access %u to page %u is permitted, which must end with %d", access,
		         number, expect);
	fail_msg("access %u to page %u ends with %d and not with %d", access, number, result,
	         expect);
}

static void check_page(struct actor *actor, unsigned int number)
{
	struct expected *page = &actor->pages[number];
	unsigned int access = fake_random(3) == 0 ? VM_EXEC : VM_READ;
	uint64_t want = 0, have = 0;
	int expect = expected_access(page, access, &want);
	int result;

	if (access == VM_READ && fake_random(3) == 0) {
		result = kernel_access(actor, number, false, &have);
		if (result != 0 && (expect != 0 || memory_is_short))
			return;
	} else {
		result = cpu_access(actor->vm, number, access, &have);
	}
	if (refused(result))
		return;
	check_result(number, access, result, expect);
	if (result == 0 && have != want)
		fail_msg("page %u holds %llu where %llu was written last", number,
		         (unsigned long long)have, (unsigned long long)want);
}

static void write_page(struct actor *actor, unsigned int number)
{
	struct expected *page = &actor->pages[number];
	uint64_t before, value = next_value++;
	int expect = expected_access(page, VM_WRITE, &before);
	int result;

	if (fake_random(3) == 0) {
		result = kernel_access(actor, number, true, &value);
		if (result != 0 && (expect != 0 || memory_is_short))
			return;
	} else {
		result = cpu_access(actor->vm, number, VM_WRITE, &value);
	}
	if (refused(result))
		return;
	check_result(number, VM_WRITE, result, expect);
	if (result != 0)
		return;
	if (page->kind == FILE_SHARED) {
		file_values[page->file_page] = value;
		return;
	}
	page->value = value;
	page->own = true;
}

/* Pages in order, so that faults map more than one. */
static void do_run(struct actor *actor)
{
	unsigned int first = fake_random(PAGES - 24);
	bool write = fake_random(2);

	for (unsigned int i = first; i < first + 24; i++)
		if (write)
			write_page(actor, i);
		else
			check_page(actor, i);
}

static void range_choose(unsigned int *first, unsigned int *count)
{
	*first = fake_random(PAGES);
	*count = 1 + fake_random(fake_random(4) ? 12 : PAGES);
	*count = MIN(*count, PAGES - *first);
	/* Whole leaf tables, too. */
	if (files_are_rare && fake_random(16) == 0) {
		*first = 0;
		*count = PAGES;
	}
}

static void map_pages(struct actor *actor, unsigned int first, unsigned int count,
                      struct expected model)
{
	unsigned int flags = fake_random(8) == 0 ? VM_NO_RESERVE : 0;
	long at = vm_map(actor->vm, address(first), count * PAGE_BYTES, model.prot,
	                 flags | (model.kind == FILE_SHARED ? VM_SHARED : 0),
	                 model.kind == ANONYMOUS ? NULL : &file,
	                 (uint64_t)model.file_page << PAGE_SHIFT, true, NULL);

	if (refused(at))
		return;
	assert_int_equal(at, address(first));
	for (unsigned int i = 0; i < count; i++, model.file_page++)
		actor->pages[first + i] = model;
}

static void do_map(struct actor *actor)
{
	static const unsigned int prots[] = {
	    0, VM_READ, VM_READ | VM_WRITE, VM_READ | VM_WRITE, VM_PROT_ALL, VM_EXEC};
	struct expected model = {.kind = ANONYMOUS + fake_random(3), .prot = prots[fake_random(6)]};
	unsigned int first, count;

	if (files_are_rare && fake_random(32) != 0)
		model.kind = ANONYMOUS;
	range_choose(&first, &count);
	if (model.kind != ANONYMOUS) {
		model.file_page = fake_random(FILE_PAGES);
		count = MIN(count, FILE_PAGES - model.file_page);
	}
	map_pages(actor, first, count, model);
}

static void unmap_pages(struct actor *actor, unsigned int first, unsigned int count)
{
	int result = vm_unmap(actor->vm, address(first), count * PAGE_BYTES);

	if (refused(result))
		return;
	assert_int_equal(result, 0);
	memset(&actor->pages[first], 0, count * sizeof(struct expected));
}

static void do_unmap(struct actor *actor)
{
	unsigned int first, count;

	range_choose(&first, &count);
	unmap_pages(actor, first, count);
}

/* Ends at the first hole, where the error is given. */
static void do_protect(struct actor *actor)
{
	unsigned int prot = fake_random(VM_PROT_ALL + 1), first, count, i;
	int expect = 0;

	range_choose(&first, &count);
	/* Mostly it is the right to write, of all there is. */
	if (files_are_rare && fake_random(4) != 0) {
		first = 0;
		count = PAGES;
		prot = fake_random(3) == 0 ? VM_READ : VM_READ | VM_WRITE;
	}
	int result = vm_protect(actor->vm, address(first), address(first + count), prot);

	if (memory_is_short && result == -ENOMEM) {
		/* How far it came is its own affair. */
		for (i = first; i < first + count; i++)
			if (actor->pages[i].kind != HOLE)
				actor->pages[i].prot = vm_find(actor->vm, address(i))->prot;
		return;
	}
	for (i = first; i < first + count && expect == 0; i++) {
		if (actor->pages[i].kind == HOLE)
			expect = -ENOMEM;
		else
			actor->pages[i].prot = prot;
	}
	assert_int_equal(result, expect);
}

static void do_drop(struct actor *actor)
{
	unsigned int first, count;

	range_choose(&first, &count);
	if (refused(entry_zap(actor->vm, address(first), address(first + count))))
		return;
	for (unsigned int i = first; i < first + count; i++) {
		actor->pages[i].own = false;
		actor->pages[i].value = 0;
	}
}

/* All that a process has goes to as many pages apart as a leaf table has: mostly the table can go
 * there. */
static void choose_table_move(struct actor *actor, unsigned int *first, unsigned int *count,
                              unsigned int *to)
{
	bool up = fake_random(2);
	unsigned int low = fake_random(PAGES - LEAF_PAGES);

	*count = 1 + fake_random(PAGES - LEAF_PAGES - low);
	*to = up ? low + LEAF_PAGES : low;
	*first = up ? low : low + LEAF_PAGES;
	unmap_pages(actor, 0, PAGES);
	map_pages(actor, *first, *count,
	          (struct expected){.kind = ANONYMOUS, .prot = VM_READ | VM_WRITE});
	for (unsigned int i = 0; i < 8; i++)
		write_page(actor, *first + fake_random(*count));
	/* Or another has a part of the table. */
	if (fake_random(3) == 0 && *first > 0) {
		map_pages(actor, *first - 1, 1,
		          (struct expected){.kind = ANONYMOUS, .prot = VM_PROT_ALL});
		write_page(actor, *first - 1);
	}
}

/* Within one area to a place apart from it. */
static void do_move(struct actor *actor)
{
	unsigned int first, count, to;

	range_choose(&first, &count);
	to = fake_random(PAGES - count + 1);
	if (fake_random(8) == 0)
		choose_table_move(actor, &first, &count, &to);
	const struct vm_area *area = vm_find(actor->vm, address(first));

	if (!area || area->end < address(first + count) ||
	    (to < first + count && first < to + count))
		return;
	task.vm = actor->vm;
	struct sys_args args = {.arg = {address(first), count * PAGE_BYTES, count * PAGE_BYTES,
	                                ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED, address(to)}};
	long result = sys_mremap(&args);

	task.vm = NULL;
	if (refused(result)) {
		/* Its place may have been cleared for it. */
		for (unsigned int i = to; i < to + count; i++)
			if (!vm_find(actor->vm, address(i)))
				actor->pages[i] = (struct expected){0};
		return;
	}
	assert_int_equal(result, address(to));
	memcpy(&actor->pages[to], &actor->pages[first], count * sizeof(struct expected));
	for (unsigned int i = first; i < first + count; i++)
		if (!vm_find(actor->vm, address(i)))
			actor->pages[i] = (struct expected){0};
		else
			assert_true(memory_is_short);
	move_count++;
}

static void do_fork(const struct actor *actor)
{
	struct actor *child = &actors[fake_random(PROCESSES)];

	if (child->vm)
		return;
	struct vm *vm = vm_fork(actor->vm);

	if (is_err(vm)) {
		assert_true(refused(ptr_err(vm)));
		return;
	}
	child->vm = vm;
	child->mapped_peak = vm->mapped_bytes;
	memcpy(child->pages, actor->pages, sizeof(child->pages));
	assert_int_equal(vm->mapped_bytes, actor->vm->mapped_bytes);
	/* All that is no file's; what is a file's own may be left to faults. */
	assert_int_equal(vm->resident_pages - vm->file_pages,
	                 actor->vm->resident_pages - actor->vm->file_pages);
	assert_true(vm->file_pages <= actor->vm->file_pages);
	fork_count++;
}

static void do_exit(struct actor *actor)
{
	vm_put(actor->vm);
	memset(actor, 0, sizeof(*actor));
}

static void do_truncate(void)
{
	uint64_t pages = fake_random(FILE_PAGES + 1);

	vm_truncate_inode(&file, pages);
	for (unsigned int i = 0; i < PROCESSES; i++)
		for (unsigned int page = 0; page < PAGES; page++)
			if (actors[i].pages[page].file_page >= pages)
				actors[i].pages[page].own = false;
	for (uint64_t i = pages; i < FILE_PAGES; i++) {
		file_values[i] = 0;
		if (!file_pages[i])
			continue;
		/* No mapping has it any more. */
		assert_int_equal(file_pages[i]->ref_count, 1);
		page_put(file_pages[i]);
		file_pages[i] = NULL;
	}
	file.size = (pages + fake_random((unsigned int)(FILE_PAGES - pages) + 1)) << PAGE_SHIFT;
}

static void one_step(void)
{
	struct actor *actor = &actors[fake_random(PROCESSES)];

	if (!actor->vm) {
		if (fake_random(8) == 0)
			actor->vm = vm_create();
		actor->mapped_peak = 0;
		return;
	}
	switch (fake_random(40)) {
	case 0:
	case 1:
	case 2:
		do_map(actor);
		break;
	case 3:
		do_unmap(actor);
		break;
	case 4:
	case 5:
		do_protect(actor);
		break;
	case 6:
		do_drop(actor);
		break;
	case 7:
		do_move(actor);
		break;
	case 8:
		do_fork(actor);
		break;
	case 9:
		if (fake_random(2) == 0)
			do_exit(actor);
		break;
	case 10:
		if (fake_random(8) == 0)
			do_truncate();
		break;
	case 11:
		do_run(actor);
		break;
	default:
		for (unsigned int i = 0; i < 6; i++) {
			write_page(actor, fake_random(PAGES));
			check_page(actor, fake_random(PAGES));
		}
	}
}

/* Areas in order, apart, joined where they can be, and counted. */
static void check_areas(const struct actor *actor)
{
	const struct vm_area *area;
	uintptr_t end = 0;
	uint64_t bytes = 0;
	unsigned int count = 0;

	list_for_each_entry (area, &actor->vm->areas, struct vm_area, node) {
		assert_true(area->start >= end && area->end > area->start);
		end = area->end;
		bytes += area->end - area->start;
		count++;
	}
	assert_int_equal(bytes, actor->vm->mapped_bytes);
	assert_int_equal(count, actor->vm->area_count);
}

/* What is accounted is what the tables hold. */
static void check_resident(const struct actor *actor)
{
	uint64_t resident = 0, file_own = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		pte_t pte = pv_pte_read(&actor->vm->space, VADDR(address(i)));
		const struct page *page = entry_page(pte);

		if (!page || page == entry_zero_page())
			continue;
		resident++;
		file_own += (pte.v & PTE_FILE) != 0;
	}
	if (actor->vm->resident_pages != resident || actor->vm->file_pages != file_own)
		fail_msg("%llu pages count as resident and %llu as a file's, of %llu and %llu",
		         (unsigned long long)actor->vm->resident_pages,
		         (unsigned long long)actor->vm->file_pages, (unsigned long long)resident,
		         (unsigned long long)file_own);
}

/* The sizes that are told are those of what is there; the most that was mapped is not forgotten,
 * and a move is no growth. */
static void check_usage(struct actor *actor)
{
	struct vm *vm = actor->vm;
	struct vm_area_usage usage = {0};
	const struct vm_area *area;

	list_for_each_entry (area, &vm->areas, struct vm_area, node)
		vm_area_measure(vm, area, &usage);
	assert_int_equal(usage.resident, vm->resident_pages * PAGE_BYTES);
	assert_int_equal(usage.anonymous, (vm->resident_pages - vm->file_pages) * PAGE_BYTES);
	assert_int_equal(usage.resident, usage.shared_clean + usage.shared_dirty +
	                                     usage.private_clean + usage.private_dirty);
	assert_true(usage.proportional <= usage.resident && usage.referenced <= usage.resident);
	assert_true(vm_mapped_peak(vm) >= vm->mapped_bytes);
	assert_int_equal(vm_mapped_peak(vm), actor->mapped_peak);
}

/* The parts of all processes together are the frames that they have mapped; more where leaf tables
 * are shared, as only those who share one know of each other. */
static void check_parts(void)
{
	static bool seen[FRAMES];
	uint64_t parts = 0, frames = 0, areas = 0;
	bool sharing = fake_mmu_shares.shared > 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < PROCESSES; i++) {
		struct vm *vm = actors[i].vm;
		const struct vm_area *area;
		struct vm_area_usage usage = {0};

		if (!vm)
			continue;
		list_for_each_entry (area, &vm->areas, struct vm_area, node) {
			vm_area_measure(vm, area, &usage);
			areas++;
		}
		parts += usage.proportional;
		for (unsigned int j = 0; j < PAGES; j++) {
			struct vm_page_seen page;

			vm_pages_look(vm, address(j), &page, 1);
			if (!page.present || page_of_pfn(page.pfn) == entry_zero_page())
				continue;
			frames += !seen[page.pfn.v];
			seen[page.pfn.v] = true;
		}
	}
	/* Each area's sum is rounded down, and so is each page's part. */
	if ((!sharing && parts > frames * PAGE_BYTES) ||
	    parts + areas + PAGES * PROCESSES < frames * PAGE_BYTES)
		fail_msg("the parts are %llu bytes, the frames %llu", (unsigned long long)parts,
		         (unsigned long long)(frames * PAGE_BYTES));
}

/* A CPU may read ahead through an entry that is not present: it must find no memory there. */
static void check_hidden(struct actor *actor, unsigned int number)
{
	pte_t pte = pv_pte_read(&actor->vm->space, VADDR(address(number)));

	if (!pte_none(pte) && !pte_present(pte) && pte_mfn(pte).v < 1ul << 32)
		fail_msg("the hidden entry of page %u shows frame %#lx", number, pte_mfn(pte).v);
}

/* Everything a process can see, and what it must not. */
static void check_all(struct actor *actor)
{
	for (unsigned int i = 0; i < PAGES; i++)
		check_hidden(actor, i);
	for (unsigned int i = 0; i < PAGES; i++)
		check_page(actor, i);
}

static void note_peaks(void)
{
	for (unsigned int i = 0; i < PROCESSES; i++)
		if (actors[i].vm)
			actors[i].mapped_peak =
			    MAX(actors[i].mapped_peak, actors[i].vm->mapped_bytes);
}

static void run_random(void)
{
	size_t all = page_free_count();

	short_count = fork_count = move_count = kernel_count = 0;
	fake_mmu_tables_moved = fake_mmu_tables_left = 0;
	file.size = FILE_PAGES * PAGE_BYTES;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		one_step();
		if (round % 500 == 0 && actors[round / 500 % PROCESSES].vm)
			check_all(&actors[round / 500 % PROCESSES]);
		if (round % 64 == 0)
			for (unsigned int i = 0; i < PROCESSES; i++)
				if (actors[i].vm)
					check_areas(&actors[i]);
		note_peaks();
		if (round % 64 == 0 && actors[round / 64 % PROCESSES].vm) {
			check_resident(&actors[round / 64 % PROCESSES]);
			check_usage(&actors[round / 64 % PROCESSES]);
		}
		if (round % 640 == 0)
			check_parts();
	}
	for (unsigned int i = 0; i < PROCESSES; i++)
		if (actors[i].vm)
			do_exit(&actors[i]);
	assert_int_equal(file.ref_count, 1);
	assert_int_equal(file.map_count, 0);
	file_forget();
	memset(file_values, 0, sizeof(file_values));

	assert_int_equal(page_free_count(), all);
	assert_int_equal(entry_zero_page()->ref_count, 1);
	assert_true(fork_count > 100 && move_count > 100 && kernel_count > 1000);
	assert_true(fake_mmu_tables_moved > 100 && fake_mmu_tables_left > 100);
}

#define FRAMES_SHORT 350u /* about what the processes need, and what is kept for the kernel */

static void test_random(void **state)
{
	(void)state;
	memory_is_short = false;
	run_random();
	assert_int_equal(short_count, 0);
}

/* Leaf tables that hold nothing but private memory, which forks share. */
static void test_random_shared(void **state)
{
	(void)state;
	memory_is_short = false;
	files_are_rare = true;
	fake_mmu_shares = (struct fake_mmu_shares){0};
	run_random();
	files_are_rare = false;
	assert_true(fake_mmu_shares.shared > 400 && fake_mmu_shares.replaced > 300);
	assert_true(fake_mmu_shares.granted > 300 && fake_mmu_shares.left > 10);
	assert_true(fake_mmu_shares.by_link > 500);
	assert_int_equal(short_count, 0);
}

static void test_random_short(void **state)
{
	(void)state;
	memory_is_short = true;
	while (page_free_count() > FRAMES_SHORT)
		assert_non_null(page_alloc(0));
	run_random();
	assert_true(short_count > 100);
	files_are_rare = true;
	run_random();
	files_are_rare = false;
	assert_true(short_count > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_random_shared),
	    cmocka_unit_test(test_random_short),
	};

	return cmocka_run_group_tests(tests, vm_setup, vm_teardown);
}
