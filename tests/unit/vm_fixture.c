/* SPDX-License-Identifier: MIT */
/* See vm_fixture.h. */
#include "tests/unit/vm_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake_kernel.h"
#include "xen/percpu.h"

struct page *file_pages[FILE_PAGES];

static struct process process;
struct task task = {.process = &process};
static struct task *running = &task; /* what a CPU's area begins with */
static struct xen_cpu cpu = {.host_data = &running};
void *port_current_cpu = &cpu;

static struct page *get_file_page(struct inode *inode, uint64_t index, bool write)
{
	(void)write;
	if (index >= inode->size >> PAGE_SHIFT)
		return err_ptr(-EIO);
	if (!file_pages[index])
		file_pages[index] = page_alloc_zeroed();
	if (!file_pages[index])
		return err_ptr(-ENOMEM);
	page_get(file_pages[index]);
	return file_pages[index];
}

static unsigned int find_file_pages(struct inode *inode, uint64_t index, struct page **pages,
                                    unsigned int count)
{
	unsigned int found = 0;

	while (found < count && index + found < inode->size >> PAGE_SHIFT &&
	       file_pages[index + found]) {
		pages[found] = file_pages[index + found];
		found++;
	}
	return found;
}

static const struct inode_ops file_ops = {.get_page = get_file_page, .find_pages = find_file_pages};
struct inode file = {.ops = &file_ops, .ref_count = 1, .size = FILE_PAGES * PAGE_BYTES};

void inode_get(struct inode *inode)
{
	inode->ref_count++;
}

void inode_put(struct inode *inode)
{
	assert_true(inode->ref_count > 1);
	inode->ref_count--;
}

void file_forget(void)
{
	vm_truncate_inode(&file, 0);
	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		if (!file_pages[i])
			continue;
		/* No mapping has it any more. */
		assert_int_equal(file_pages[i]->ref_count, 1);
		page_put(file_pages[i]);
	}
	memset(file_pages, 0, sizeof(file_pages));
	file.size = FILE_PAGES * PAGE_BYTES;
}

int cpu_access(struct vm *vm, unsigned int number, unsigned int access, uint64_t *value)
{
	uintptr_t addr = address(number);

	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		uint64_t *word = fake_mmu_translate(&vm->space, addr, access);

		if (word) {
			if (access == VM_WRITE)
				*word = *value;
			*value = *word;
			return 0;
		}
		int result = vm_fault(vm, addr, access);

		if (result != 0)
			return result;
	}
	fail_msg("a fault that was resolved happens again and again");
	return 0;
}

int vm_setup(void **state)
{
	(void)state;
	fake_memory_init(FRAMES, 1);
	for (unsigned int i = 0; i < ABI_RLIMIT_COUNT; i++)
		process.rlimit[i].soft = ABI_RLIM_INFINITY;
	return entry_zero_page_init() ? 0 : -1;
}

int vm_teardown(void **state)
{
	(void)state;
	fake_memory_destroy();
	return 0;
}
