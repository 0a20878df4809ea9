/* SPDX-License-Identifier: MIT */
/*
 * Gathering and writing the strings of a new program.
 */
#include "kernel/task/exec_args.h"

#include "kernel/linux/abi.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define STRING_BYTES_MAX (128ul << 10)
#define LIMIT_BYTES_MIN  (128ul << 10)
#define LIMIT_BYTES_MAX  (6ul << 20)

void exec_args_init(struct exec_args *args)
{
	uint64_t stack = current()->process->rlimit[ABI_RLIMIT_STACK].soft;

	*args = (struct exec_args){0};
	list_init(&args->pages);
	args->limit_bytes =
	    MIN(MAX(stack / 4, (uint64_t)LIMIT_BYTES_MIN), (uint64_t)LIMIT_BYTES_MAX);
}

void exec_args_free(struct exec_args *args)
{
	struct page *page, *next;

	list_for_each_entry_safe (page, next, &args->pages, struct page, node) {
		list_remove(&page->node);
		page_put(page);
	}
	for (size_t i = 0; i < args->front_count; i++)
		kfree(args->front[i]);
	args->front_count = 0;
}

/* The rest of the last page; a new one when it is full. NULL: out of memory. */
static char *room(struct exec_args *args, size_t *left)
{
	size_t used = args->bytes % PAGE_BYTES;
	struct page *page;

	if (used == 0) {
		page = page_alloc(0);
		if (!page)
			return NULL;
		list_insert_before(&args->pages, &page->node);
	} else {
		page = list_entry(args->pages.prev, struct page, node);
	}
	*left = PAGE_BYTES - used;
	return (char *)page_virt(page) + used;
}

/* Copy up to `size` bytes of a string, the NUL included if it is reached: bytes copied, *ended says
 * whether it was. */
static long string_piece(bool user, char *to, const char *from, size_t size, bool *ended)
{
	long len;

	if (user) {
		len = strncpy_from_user(to, from, size);
		*ended = len >= 0;
		if (len == -ENAMETOOLONG)
			return (long)size;
		return len < 0 ? len : len + 1;
	}
	len = (long)strnlen(from, size);
	*ended = (size_t)len < size;
	if (*ended)
		len++;
	memcpy(to, from, (size_t)len);
	return len;
}

static int add_string(struct exec_args *args, bool user, const char *from)
{
	size_t begin = args->bytes;
	bool ended = false;

	while (!ended) {
		size_t left;
		char *to = room(args, &left);
		long piece;

		if (!to)
			return -ENOMEM;
		piece = string_piece(user, to, from, left, &ended);
		if (piece < 0)
			return (int)piece;
		args->bytes += (size_t)piece;
		from += piece;
		if (args->bytes - begin > STRING_BYTES_MAX || args->bytes > args->limit_bytes)
			return -E2BIG;
	}
	return 0;
}

static int vector_element(const struct exec_source *source, const void *vector, size_t idx,
                          const char **string)
{
	const char *const *at = (const char *const *)vector + idx;

	if (!source->user) {
		*string = *at;
		return 0;
	}
	return copy_from_user(string, at, sizeof(*string));
}

static int add_vector(struct exec_args *args, const struct exec_source *source, const void *vector,
                      size_t *count)
{
	*count = 0;
	if (!vector)
		return 0;
	for (;;) {
		const char *string = NULL;
		int result = vector_element(source, vector, *count, &string);

		if (result != 0)
			return -EFAULT;
		if (!string)
			return 0;
		result = add_string(args, source->user, string);
		if (result != 0)
			return result;
		++*count;
		/* Pointers count too, or a vector of empty strings would fill the stack. */
		if (args->bytes + *count * sizeof(char *) > args->limit_bytes)
			return -E2BIG;
	}
}

int exec_args_gather(struct exec_args *args, const struct exec_source *source)
{
	int result = add_vector(args, source, source->argv, &args->argc);

	if (result == 0 && args->argc == 0) {
		/* Programs rely on argv[0]. */
		result = add_string(args, false, "");
		args->argc = 1;
	}
	if (result != 0)
		return result;
	return add_vector(args, source, source->envp, &args->envc);
}

static int front_push(struct exec_args *args, const char *string)
{
	size_t bytes = strlen(string) + 1;
	char *copy;

	ASSERT(args->front_count < EXEC_FRONT_MAX);
	copy = kmalloc(bytes);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, string, bytes);
	args->front[args->front_count++] = copy;
	return 0;
}

int exec_args_put_front(struct exec_args *args, const char *interpreter, const char *argument,
                        const char *script)
{
	int result = 0;

	/* What stands for argv[0] so far goes: the path of the script takes its place. */
	if (args->drop_first)
		kfree(args->front[--args->front_count]);
	args->drop_first = true;
	result = front_push(args, script);
	if (result == 0 && argument)
		result = front_push(args, argument);
	if (result == 0)
		result = front_push(args, interpreter);
	return result;
}

/* Length of the gathered string at `offset`, with its NUL. */
static size_t gathered_string_bytes(const struct exec_args *args, size_t offset)
{
	const struct page *page;
	size_t at = 0, bytes = 0;

	list_for_each_entry (page, &args->pages, struct page, node) {
		size_t in_page = MIN(PAGE_BYTES, args->bytes - at);

		if (offset + bytes < at + in_page) {
			size_t begin = offset + bytes - at;
			const char *text = (const char *)page_virt(page) + begin;
			size_t len = strnlen(text, in_page - begin);

			bytes += len;
			if (len < in_page - begin)
				return bytes + 1;
		}
		at += in_page;
	}
	panic("a gathered string without an end");
}

size_t exec_args_argc(const struct exec_args *args)
{
	return args->argc + args->front_count - args->drop_first;
}

size_t exec_args_bytes(const struct exec_args *args)
{
	size_t bytes = args->bytes;

	if (args->drop_first)
		bytes -= gathered_string_bytes(args, 0);
	for (size_t i = 0; i < args->front_count; i++)
		bytes += strlen(args->front[i]) + 1;
	return bytes;
}

static int write_gathered(const struct exec_args *args, struct vm *vm, uintptr_t to, size_t skip)
{
	const struct page *page;
	size_t at = 0;

	list_for_each_entry (page, &args->pages, struct page, node) {
		size_t in_page = MIN(PAGE_BYTES, args->bytes - at);
		size_t begin = skip > at ? MIN(skip - at, in_page) : 0;
		long done = 0;

		if (begin < in_page)
			done = vm_write(vm, to, (const char *)page_virt(page) + begin,
			                in_page - begin);
		if (done < 0)
			return (int)done;
		to += in_page - begin;
		at += in_page;
	}
	return 0;
}

/* Call `each` for every gathered string from `skip` on; the first lies at `address`. Goes through
 * the pages once. */
static int each_gathered(const struct exec_args *args, uintptr_t address, size_t skip,
                         int (*each)(void *arg, uintptr_t address), void *arg)
{
	const struct page *page;
	size_t at = 0;
	bool begins = true;

	list_for_each_entry (page, &args->pages, struct page, node) {
		const char *text = page_virt(page);
		size_t in_page = MIN(PAGE_BYTES, args->bytes - at);

		for (size_t i = skip > at ? skip - at : 0; i < in_page; i++) {
			int result = begins ? each(arg, address + (at + i - skip)) : 0;

			if (result != 0)
				return result;
			begins = text[i] == '\0';
		}
		at += in_page;
	}
	return 0;
}

int exec_args_write(const struct exec_args *args, struct vm *vm, uintptr_t to,
                    int (*each)(void *arg, uintptr_t address), void *arg)
{
	size_t skip = args->drop_first ? gathered_string_bytes(args, 0) : 0;
	int result;

	for (size_t i = args->front_count; i-- > 0;) {
		size_t bytes = strlen(args->front[i]) + 1;
		long done = vm_write(vm, to, args->front[i], bytes);

		if (done < 0)
			return (int)done;
		result = each(arg, to);
		if (result != 0)
			return result;
		to += bytes;
	}
	result = write_gathered(args, vm, to, skip);
	if (result != 0)
		return result;
	return each_gathered(args, to, skip, each, arg);
}
