/* SPDX-License-Identifier: MIT */
/*
 * Memory of programs as the kernel reads and writes it, always through the direct map: no
 * instruction of the kernel's has a user address. The page tables are looked at as the CPU would
 * look at them, and what it would fault on is resolved as for the program itself, by an explicit
 * call. What was looked up holds to the end of the page and until a table changes, which nobody
 * else does while we have the kernel lock.
 */
#include "kernel/mm/internal.h"
#include "kernel/task/task.h"

/* Strings of programs are short as a rule: most fit in one such piece. */
#define STRING_PIECE_BYTES 64u

/* What one access may need: more could only mean that the tables and the areas disagree. */
#define FAULTS_MAX 4u

/* The address space to reach for [user, user + bytes), a range of user space; NULL: none. */
static struct vm *accessible(uintptr_t user, size_t bytes)
{
	return user_range_ok((const void *)user, bytes) ? current()->vm : NULL;
}

/* Where `user` is, good to the end of its page. NULL: it must not be accessed so. */
static void *reach(struct vm *vm, uintptr_t user, bool write)
{
	void *at = pv_user_reach(&vm->space, VADDR(user), write);

	for (unsigned int i = 0; !at && i < FAULTS_MAX; i++) {
		int error = vm_fault(vm, user, write ? VM_WRITE : VM_READ);

		if (error != 0) {
			if (error == -ENOMEM)
				current()->access_short = true;
			return NULL;
		}
		at = pv_user_reach(&vm->space, VADDR(user), write);
	}
	return at;
}

static inline size_t in_page(uintptr_t user, size_t bytes)
{
	return MIN(bytes, PAGE_BYTES - (user & (PAGE_BYTES - 1)));
}

static __attribute__((noinline)) void *reach_first(uintptr_t user, size_t bytes, bool write)
{
	struct vm *vm = bytes > 0 ? accessible(user, bytes) : NULL;

	return vm ? reach(vm, user, write) : NULL;
}

/* Where [user, user + bytes) is if it lies in one page that was reached before, as most does: then
 * it is of user space. */
static inline void *reached_span(uintptr_t user, size_t bytes, bool write)
{
	const struct vm *vm = current()->vm;

	if (!vm || bytes > PAGE_BYTES - (user & (PAGE_BYTES - 1)))
		return NULL;
	return pv_user_reached(&vm->space, VADDR(user), write);
}

/* The same of one page that need not have been reached. */
static inline void *reach_span(uintptr_t user, size_t bytes, bool write)
{
	void *at = reached_span(user, bytes, write);

	return at || bytes > in_page(user, bytes) ? at : reach_first(user, bytes, write);
}

enum how { FROM_USER, TO_USER, CLEAR_USER };

/* Page by page; `kernel` is not used to clear. */
static __attribute__((noinline)) int each_page(enum how how, uintptr_t user, char *kernel,
                                               size_t bytes)
{
	struct vm *vm = accessible(user, bytes);

	while (bytes > 0) {
		char *at = vm ? reach(vm, user, how != FROM_USER) : NULL;
		size_t part = in_page(user, bytes);

		if (!at)
			return -EFAULT;
		if (how == FROM_USER)
			memcpy(kernel, at, part);
		else if (how == TO_USER)
			memcpy(at, kernel, part);
		else
			memset(at, 0, part);
		user += part;
		kernel = kernel ? kernel + part : NULL;
		bytes -= part;
	}
	return 0;
}

int copy_from_user(void *to, const void *user_from, size_t bytes)
{
	const void *at = reached_span((uintptr_t)user_from, bytes, false);

	if (!at)
		return each_page(FROM_USER, (uintptr_t)user_from, to, bytes);
	(memcpy)(to, at, bytes);
	return 0;
}

int copy_to_user(void *user_to, const void *from, size_t bytes)
{
	void *at = reached_span((uintptr_t)user_to, bytes, true);

	if (!at)
		return each_page(TO_USER, (uintptr_t)user_to, (char *)(uintptr_t)from, bytes);
	(memcpy)(at, from, bytes);
	return 0;
}

int clear_user(void *user_to, size_t bytes)
{
	void *at = reached_span((uintptr_t)user_to, bytes, true);

	if (!at)
		return each_page(CLEAR_USER, (uintptr_t)user_to, NULL, bytes);
	(memset)(at, 0, bytes);
	return 0;
}

void *user_span(uintptr_t user, size_t bytes)
{
	return reach_span(user, bytes, true);
}

/* An aligned word of the program's; NULL: it is none, or not accessible so. */
static uint32_t *word_at(uintptr_t user, bool write)
{
	return user % sizeof(uint32_t) == 0 ? reach_span(user, sizeof(uint32_t), write) : NULL;
}

int user_load32(uintptr_t user, uint32_t *value)
{
	const uint32_t *word = word_at(user, false);

	if (!word)
		return -EFAULT;
	*value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	return 0;
}

int user_store32(uintptr_t user, uint32_t value)
{
	if (user % sizeof(value) != 0)
		return copy_to_user((void *)user, &value, sizeof(value));
	uint32_t *word = word_at(user, true);

	if (!word)
		return -EFAULT;
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	return 0;
}

int user_cmpxchg32(uintptr_t user, uint32_t *expected, uint32_t wanted)
{
	uint32_t *word = word_at(user, true);

	if (!word)
		return -EFAULT;
	__atomic_compare_exchange_n(word, expected, wanted, false, __ATOMIC_SEQ_CST,
	                            __ATOMIC_SEQ_CST);
	return 0;
}

long strncpy_from_user(char *to, const char *user_from, size_t size)
{
	uintptr_t user = (uintptr_t)user_from;
	size_t done = 0;

	while (done < size) {
		size_t want = MIN(in_page(user + done, size - done), (size_t)STRING_PIECE_BYTES);
		const char *from = reach_span(user + done, want, false);

		if (!from)
			return -EFAULT;
		memcpy(to + done, from, want);
		const char *end = memchr(to + done, '\0', want);

		if (end)
			return end - to;
		done += want;
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
