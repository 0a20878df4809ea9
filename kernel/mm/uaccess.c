/* SPDX-License-Identifier: MIT */
/*
 * Memory of programs as the kernel reads and writes it: the running task's through its own
 * mappings, where the CPU checks the rights and faults are resolved as for the program itself; any
 * address space's through the direct map.
 */
#include "arch/x86/uaccess.h"

#include "kernel/mm/internal.h"
#include "kernel/task/task.h"

/* Strings of programs are short as a rule: most fit in one such piece. */
#define STRING_PIECE_BYTES 64u

/* Without an address space of its own, a task would reach into whichever was in force last. */
static bool accessible(const void *user, size_t bytes)
{
	const struct task *task = current();

	return user_range_ok(user, bytes) && task && task->vm;
}

int copy_from_user(void *to, const void *user_from, size_t bytes)
{
	if (bytes == 0)
		return 0;
	if (!accessible(user_from, bytes))
		return -EFAULT;
	return uaccess_copy(to, user_from, bytes) == 0 ? 0 : -EFAULT;
}

int copy_to_user(void *user_to, const void *from, size_t bytes)
{
	if (bytes == 0)
		return 0;
	if (!accessible(user_to, bytes))
		return -EFAULT;
	return uaccess_copy(user_to, from, bytes) == 0 ? 0 : -EFAULT;
}

int clear_user(void *user_to, size_t bytes)
{
	if (bytes == 0)
		return 0;
	if (!accessible(user_to, bytes))
		return -EFAULT;
	return uaccess_clear(user_to, bytes) == 0 ? 0 : -EFAULT;
}

int user_load32(uintptr_t address, uint32_t *value)
{
	const void *user = (const void *)address;

	return accessible(user, sizeof(*value)) && uaccess_load32(user, value) ? 0 : -EFAULT;
}

int user_store32(uintptr_t address, uint32_t value)
{
	void *user = (void *)address;

	return accessible(user, sizeof(value)) && uaccess_store32(user, value) ? 0 : -EFAULT;
}

int user_cmpxchg32(uintptr_t address, uint32_t *expected, uint32_t wanted)
{
	void *user = (void *)address;

	return accessible(user, sizeof(wanted)) && uaccess_cmpxchg32(user, expected, wanted)
	           ? 0
	           : -EFAULT;
}

long strncpy_from_user(char *to, const char *user_from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		const char *from = user_from + done;
		size_t in_page = PAGE_BYTES - ((uintptr_t)from & (PAGE_BYTES - 1));
		size_t want = MIN(MIN(in_page, size - done), (size_t)STRING_PIECE_BYTES);

		if (!accessible(from, want))
			return -EFAULT;
		size_t got = want - uaccess_copy(to + done, from, want);
		const char *end = memchr(to + done, '\0', got);

		if (end)
			return end - to;
		if (got < want)
			return -EFAULT;
		done += got;
	}
	return -ENAMETOOLONG;
}

/* The frame at a page of any address space, present for the access; NULL and *error. */
static struct page *page_for_access(struct vm *vm, uintptr_t addr, bool write, int *error)
{
	struct vm_area *area = vm_find(vm, addr);

	*error = -EFAULT;
	if (!area || (!write && !area_permits(area, VM_READ)))
		return NULL;
	/* What is private may be changed against its protection: the change is the process's own
	 * copy. */
	if (write && !area_permits(area, VM_WRITE) &&
	    (!area_private(area) || !area_permits(area, VM_READ)))
		return NULL;
	*error = fault_in(vm, area, page_floor(addr), write ? VM_WRITE : VM_READ);
	if (*error != 0)
		return NULL;
	return entry_page(pv_pte_read(&vm->space, VADDR(page_floor(addr))));
}

static long access_other(struct vm *vm, uintptr_t addr, char *buffer, size_t bytes, bool write)
{
	size_t done = 0;

	while (done < bytes) {
		size_t offset = (addr + done) & (PAGE_BYTES - 1);
		size_t part = MIN(PAGE_BYTES - offset, bytes - done);
		int error;
		struct page *page = page_for_access(vm, addr + done, write, &error);

		if (!page)
			return done > 0 && !write ? (long)done : error;
		char *at = (char *)page_virt(page) + offset;

		memcpy(write ? at : buffer + done, write ? buffer + done : at, part);
		done += part;
	}
	return (long)done;
}

long vm_read(struct vm *vm, uintptr_t addr, void *to, size_t bytes)
{
	return access_other(vm, addr, to, bytes, false);
}

long vm_write(struct vm *vm, uintptr_t addr, const void *from, size_t bytes)
{
	return access_other(vm, addr, (char *)(uintptr_t)from, bytes, true);
}
