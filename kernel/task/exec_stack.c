/* SPDX-License-Identifier: MIT */
/*
 * The stack that a new program starts on. From low to high addresses: argc, argv, the environment,
 * the auxiliary vector, 16 random bytes and the platform's name, the strings, the program's path,
 * one null word.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/exec.h"
#include "kernel/task/internal.h"
#include "kernel/task/random.h"
#include "lib/rng.h"
#include "pv/cpu.h"

#define AUX_PAIRS    21u
#define STACK_EXTRA  (128ul * 1024)
#define PLATFORM     "x86_64"
#define RANDOM_BYTES 16u

/* Words on their way to the stack, a few at a time. */
struct word_writer {
	struct vm *vm;
	uintptr_t at;
	uint64_t buffer[64];
	size_t count;
	size_t strings_left_in_argv; /* a null pointer goes behind the last */
};

static int writer_flush(struct word_writer *writer)
{
	size_t bytes = writer->count * sizeof(uint64_t);
	long done = 0;

	if (bytes > 0)
		done = vm_write(writer->vm, writer->at, writer->buffer, bytes);
	if (done < 0)
		return (int)done;
	writer->at += bytes;
	writer->count = 0;
	return 0;
}

static int writer_put(struct word_writer *writer, uint64_t word)
{
	writer->buffer[writer->count++] = word;
	return writer->count == ARRAY_COUNT(writer->buffer) ? writer_flush(writer) : 0;
}

static int put_string_address(void *arg, uintptr_t address)
{
	struct word_writer *writer = arg;

	if (writer->strings_left_in_argv == 0) {
		int result = writer_put(writer, 0);

		/* From here on they are the environment's, which ends elsewhere. */
		writer->strings_left_in_argv = SIZE_MAX;
		writer->vm->arg_end = address;
		writer->vm->env_start = address;
		if (result != 0)
			return result;
	}
	writer->strings_left_in_argv--;
	return writer_put(writer, address);
}

static int put_aux(struct word_writer *writer, const struct exec *exec, uintptr_t random,
                   uintptr_t platform, uintptr_t name)
{
	const struct cred *cred = &exec->cred;
	const uint64_t pairs[][2] = {
	    {ABI_AT_HWCAP, pv_cpuid(1, 0).edx},
	    {ABI_AT_PAGESZ, PAGE_BYTES},
	    {ABI_AT_CLKTCK, ABI_CLK_TCK},
	    {ABI_AT_PHDR,
	     exec->image.headers_address ? exec->bias + exec->image.headers_address : 0},
	    {ABI_AT_PHENT, exec->image.header_bytes},
	    {ABI_AT_PHNUM, exec->image.header_count},
	    {ABI_AT_BASE, exec->interpreter_base},
	    {ABI_AT_FLAGS, 0},
	    {ABI_AT_ENTRY, exec->bias + exec->image.entry},
	    {ABI_AT_UID, cred->uid},
	    {ABI_AT_EUID, cred->euid},
	    {ABI_AT_GID, cred->gid},
	    {ABI_AT_EGID, cred->egid},
	    {ABI_AT_SECURE, exec->secure},
	    {ABI_AT_RANDOM, random},
	    {ABI_AT_HWCAP2, 0},
	    {ABI_AT_MINSIGSTKSZ, sigframe_bytes_max()},
	    {ABI_AT_EXECFN, name},
	    {ABI_AT_PLATFORM, platform},
	    {ABI_AT_NULL, 0},
	};

	_Static_assert(ARRAY_COUNT(pairs) <= AUX_PAIRS, "room on the stack");
	exec->vm->aux_start = writer->at + writer->count * sizeof(uint64_t);
	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		int result = writer_put(writer, pairs[i][0]);

		if (result == 0)
			result = writer_put(writer, pairs[i][1]);
		if (result != 0)
			return result;
	}
	return writer_flush(writer);
}

/* Bytes of the vectors: argc, both arrays with their null words, the auxiliary vector. */
static size_t vector_bytes(const struct exec_args *args)
{
	return (1 + exec_args_argc(args) + 1 + args->envc + 1 + 2ul * AUX_PAIRS) * sizeof(uint64_t);
}

static int stack_map(struct vm *vm, uintptr_t low)
{
	uintptr_t start = (low - STACK_EXTRA) & PAGE_MASK;
	long result = vm_map(vm, start, vm->stack_top - start, VM_READ | VM_WRITE, VM_GROWS_DOWN,
	                     NULL, 0, true, "[stack]");

	return result < 0 ? (int)result : 0;
}

int exec_make_stack(struct exec *exec)
{
	struct vm *vm = exec->vm;
	size_t name_bytes = strlen(exec->name) + 1;
	uintptr_t name = vm->stack_top - sizeof(uint64_t) - name_bytes;
	uintptr_t strings = name - exec_args_bytes(&exec->args);
	uintptr_t platform = strings - sizeof(PLATFORM);
	uintptr_t random = (platform - RANDOM_BYTES - exec_random(exec, 512) * 16) & ~15ul;
	uintptr_t sp = (random - vector_bytes(&exec->args)) & ~15ul;
	struct word_writer writer = {
	    .vm = vm, .at = sp, .strings_left_in_argv = exec_args_argc(&exec->args)};
	uint8_t seed[RANDOM_BYTES];
	int result = stack_map(vm, sp);

	if (result != 0)
		return result;
	rng_bytes(seed, sizeof(seed));
	if (vm_write(vm, name, exec->name, name_bytes) < 0 ||
	    vm_write(vm, platform, PLATFORM, sizeof(PLATFORM)) < 0 ||
	    vm_write(vm, random, seed, sizeof(seed)) < 0)
		return -ENOMEM;
	vm->arg_start = strings;
	vm->arg_end = name;
	vm->env_start = name;
	vm->env_end = name;
	result = writer_put(&writer, exec_args_argc(&exec->args));
	if (result == 0)
		result = exec_args_write(&exec->args, vm, strings, put_string_address, &writer);
	/* Without an environment the null word of argv is still missing. */
	if (result == 0 && writer.strings_left_in_argv == 0)
		result = writer_put(&writer, 0);
	if (result == 0)
		result = writer_put(&writer, 0);
	if (result == 0)
		result = put_aux(&writer, exec, random, platform, name);
	exec->stack = sp;
	vm->stack_start = sp;
	return result;
}
