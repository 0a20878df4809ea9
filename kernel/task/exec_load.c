/* SPDX-License-Identifier: MIT */
/*
 * From a file to a mapped program: scripts, the ELF image, its interpreter, where they go.
 */
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/abi_task.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/exec.h"
#include "kernel/task/random.h"

#define SCRIPT_LINE_BYTES  256u
#define HEAD_BYTES         4096u
#define STACK_GUARD_GAP    (256ul * PAGE_BYTES)
#define STACK_RANDOM_PAGES (1ul << 22)
#define MMAP_RANDOM_PAGES  (1ul << 28)
#define BRK_RANDOM_PAGES   (32ul << 8) /* 32 MiB */
#define USER_TOP           (PV_USER_END - PAGE_BYTES)
#define PIE_BASE           (USER_TOP / 3 * 2 & PAGE_MASK)
#define MMAP_GAP_MIN       (128ul << 20)
#define MMAP_GAP_MAX       (USER_TOP / 6 * 5)

static const char *failure_text;

const char *exec_failure_text(void)
{
	return failure_text;
}

static int fail(int error, const char *text)
{
	failure_text = text;
	return error;
}

struct inode *exec_check(struct inode *inode)
{
	int result = 0;

	if (is_err(inode))
		return inode;
	if (ABI_S_ISLNK(inode->mode))
		result = -ELOOP;
	else if (!ABI_S_ISREG(inode->mode))
		result =
		    fail(-EACCES, ABI_S_ISDIR(inode->mode) ? "a directory" : "not a regular file");
	else if (inode_permission(inode, 1) != 0)
		result = fail(-EACCES, "not executable (no x permission)");
	else if (inode->write_count > 0)
		result = fail(-ETXTBSY, "open for writing");
	if (result == 0)
		return inode;
	inode_put(inode);
	return err_ptr(result);
}

/* The first bytes of a file. */
static long read_head(struct inode *inode, char *head, size_t size, uint64_t pos)
{
	struct file *file = file_open_inode(inode, ABI_O_RDONLY);
	long done;

	if (is_err(file))
		return ptr_err(file);
	done = file_read_kernel(file, head, size, &pos);
	file_put(file);
	return done;
}

static char *skip_blanks(char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* Cut "#!interpreter argument" apart in place. False: no interpreter named, or its path is cut off.
 */
static bool script_split(char *line, size_t len, char **interpreter, char **argument)
{
	char *end, *at;

	line[len] = '\0';
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	at = skip_blanks(line + 2);
	if (*at == '\0')
		return false;
	*interpreter = at;
	while (*at != '\0' && *at != ' ' && *at != '\t')
		at++;
	if (*at == '\0' && !end && len == SCRIPT_LINE_BYTES)
		return false;
	*argument = NULL;
	if (*at == '\0')
		return true;
	*at = '\0';
	at = skip_blanks(at + 1);
	if (*at == '\0')
		return true;
	*argument = at;
	at += strlen(at);
	while (at[-1] == ' ' || at[-1] == '\t')
		*--at = '\0';
	return true;
}

/* exec->inode is a script whose first bytes are `head`: its interpreter takes its place. */
static int script_follow(struct exec *exec, char *head, size_t len, char *name, size_t name_size)
{
	char *interpreter, *argument;
	struct inode *inode;
	int result;

	if (!script_split(head, MIN(len, (size_t)SCRIPT_LINE_BYTES), &interpreter, &argument))
		return fail(-ENOEXEC, "a script whose first line names no interpreter");
	result = exec_args_put_front(&exec->args, interpreter, argument, name);
	if (result != 0)
		return result;
	str_copy(name, interpreter, name_size);
	inode = exec_check(path_lookup(NULL, interpreter, 0));
	if (is_err(inode)) {
		failure_text = "a script whose interpreter cannot be run";
		return (int)ptr_err(inode);
	}
	inode_put(exec->inode);
	exec->inode = inode;
	return 0;
}

static int find_program(struct exec *exec, char *head, char *name)
{
	for (unsigned int depth = 0; depth <= EXEC_DEPTH_MAX; depth++) {
		long len = read_head(exec->inode, head, HEAD_BYTES, 0);
		enum elf_result elf;
		int result;

		if (len < 0)
			return (int)len;
		if (len < 2 || head[0] != '#' || head[1] != '!') {
			elf =
			    elf_parse(head, (size_t)len, exec->inode->size, USER_TOP, &exec->image);
			return elf == ELF_OK ? 0 : fail(-ENOEXEC, elf_result_text(elf));
		}
		if (depth == EXEC_DEPTH_MAX)
			break;
		result = script_follow(exec, head, (size_t)len, name, ABI_PATH_MAX);
		if (result != 0)
			return result;
	}
	return fail(-ELOOP, "a script whose interpreter is a script, and so on");
}

int exec_find_program(struct exec *exec)
{
	char *head = kmalloc(HEAD_BYTES + 1);
	char *name = kmalloc(ABI_PATH_MAX);
	int result = -ENOMEM;

	failure_text = NULL;
	if (head && name) {
		str_copy(name, exec->name, ABI_PATH_MAX);
		result = find_program(exec, head, name);
	}
	kfree(name);
	kfree(head);
	return result;
}

/* The bytes behind the file's in a segment: zero to the end of the page, then anonymous pages. */
static int map_zero_part(struct vm *vm, const struct elf_segment *segment, uintptr_t bias)
{
	static const char zeros[PAGE_BYTES];
	uintptr_t file_end = bias + segment->address + segment->file_bytes;
	uintptr_t end = bias + segment->address + segment->memory_bytes;
	uintptr_t page_end = (file_end + PAGE_BYTES - 1) & PAGE_MASK;
	long result = 0;

	if (segment->file_bytes > 0 && page_end > file_end &&
	    segment->memory_bytes > segment->file_bytes)
		result = vm_write(vm, file_end, zeros, page_end - file_end);
	if (result < 0)
		return (int)result;
	if (segment->file_bytes == 0)
		page_end = file_end & PAGE_MASK;
	if (end > page_end)
		result = vm_map(vm, page_end, ((end + PAGE_BYTES - 1) & PAGE_MASK) - page_end,
		                segment->prot, 0, NULL, 0, true, NULL);
	return result < 0 ? (int)result : 0;
}

/* As they stand in the file: code is what is executable, data what may be written. */
static void note_layout(struct vm *vm, const struct elf_image *image, uintptr_t bias)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];
		uintptr_t start = bias + segment->address, end = start + segment->file_bytes;

		if (segment->prot & VM_EXEC) {
			vm->code_start = vm->code_start ? MIN(vm->code_start, start) : start;
			vm->code_end = MAX(vm->code_end, end);
		} else if (segment->prot & VM_WRITE) {
			vm->data_start = MAX(vm->data_start, start);
			vm->data_end = MAX(vm->data_end, end);
		}
	}
}

static int map_image(struct vm *vm, struct inode *inode, const struct elf_image *image,
                     uintptr_t bias)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];
		uintptr_t start = (bias + segment->address) & PAGE_MASK;
		uintptr_t end =
		    (bias + segment->address + segment->file_bytes + PAGE_BYTES - 1) & PAGE_MASK;
		long result = 0;

		if (segment->file_bytes > 0)
			result = vm_map(vm, start, end - start, segment->prot, 0, inode,
			                segment->offset & PAGE_MASK, true, NULL);
		if (result < 0)
			return (int)result;
		result = map_zero_part(vm, segment, bias);
		if (result < 0)
			return (int)result;
	}
	return 0;
}

/* A free place for an image that may go anywhere: its bias, or -errno. Leaves the place free. */
static long find_place(struct vm *vm, const struct elf_image *image)
{
	uintptr_t low = image->low & ~(image->align - 1);
	size_t bytes = ((image->high + PAGE_BYTES - 1) & PAGE_MASK) - low;
	size_t slack = image->align - PAGE_BYTES;
	long at = vm_map(vm, 0, bytes + slack, 0, 0, NULL, 0, false, NULL);

	if (at < 0)
		return at;
	vm_unmap(vm, (uintptr_t)at, bytes + slack);
	return (long)((((uintptr_t)at + slack) & ~(image->align - 1)) - low);
}

static int interpreter_read(struct inode *inode, struct elf_image *image)
{
	char *head = kmalloc(HEAD_BYTES);
	int result = -ENOMEM;
	long len;

	if (!head)
		return -ENOMEM;
	len = read_head(inode, head, HEAD_BYTES, 0);
	if (len < 0)
		result = (int)len;
	else if (elf_parse(head, (size_t)len, inode->size, USER_TOP, image) == ELF_OK)
		result = 0;
	else
		result = fail(-ELIBBAD, "a program whose interpreter is broken");
	kfree(head);
	return result;
}

/* Map the dynamic linker that the image names. */
static int map_interpreter(struct exec *exec)
{
	char path[ABI_NAME_MAX + 1] = {0};
	struct elf_image image;
	struct inode *inode;
	long result;
	long bias = 0;

	if (exec->image.interpreter_bytes > sizeof(path))
		return -ENAMETOOLONG;
	result = read_head(exec->inode, path, exec->image.interpreter_bytes,
	                   exec->image.interpreter_offset);
	if (result < 0)
		return (int)result;
	if (result == 0 || path[result - 1] != '\0')
		return fail(-ENOEXEC, "a broken ELF file");
	inode = exec_check(path_lookup(NULL, path, 0));
	if (is_err(inode))
		return fail((int)ptr_err(inode),
		            "a dynamically linked program whose interpreter is not there");
	result = interpreter_read(inode, &image);
	if (result == 0 && image.relocatable)
		bias = find_place(exec->vm, &image);
	if (bias < 0)
		result = bias;
	if (result == 0)
		result = map_image(exec->vm, inode, &image, (uintptr_t)bias);
	inode_put(inode);
	if (result != 0)
		return (int)result;
	exec->interpreter_base = (uintptr_t)bias;
	exec->start = (uintptr_t)bias + image.entry;
	return 0;
}

uint64_t exec_random(const struct exec *exec, uint64_t limit)
{
	return exec->personality & ABI_PER_ADDR_NO_RANDOMIZE ? 0 : random_layout(limit);
}

/* Where stack, mappings and heap begin. */
static void layout_choose(const struct exec *exec)
{
	struct vm *vm = exec->vm;
	uint64_t stack_limit = current()->process->rlimit[ABI_RLIMIT_STACK].soft;
	uint64_t gap = MIN(MAX(stack_limit, (uint64_t)MMAP_GAP_MIN), (uint64_t)MMAP_GAP_MAX);
	uintptr_t stack_random = PAGE_BYTES * exec_random(exec, STACK_RANDOM_PAGES);

	vm->stack_top = USER_TOP - stack_random;
	gap += STACK_GUARD_GAP + STACK_RANDOM_PAGES * PAGE_BYTES;
	vm->mmap_top = (USER_TOP - MIN(gap, (uint64_t)MMAP_GAP_MAX) -
	                PAGE_BYTES * exec_random(exec, MMAP_RANDOM_PAGES)) &
	               PAGE_MASK;
}

static void heap_place(struct exec *exec)
{
	uintptr_t end = exec->bias + exec->image.high;

	exec->vm->brk_start =
	    ((end + PAGE_BYTES - 1) & PAGE_MASK) + PAGE_BYTES * exec_random(exec, BRK_RANDOM_PAGES);
	exec->vm->brk_end = exec->vm->brk_start;
}

static void executable_set(struct vm *vm, struct inode *inode)
{
	inode_get(inode);
	inode->exec_count++;
	vm->exe = inode;
	if (path_of_inode(inode, vm->exe_path, sizeof(vm->exe_path)) < 0)
		vm->exe_path[0] = '\0';
}

int exec_map_program(struct exec *exec)
{
	int result;

	exec->vm = vm_create();
	if (!exec->vm)
		return -ENOMEM;
	layout_choose(exec);
	if (exec->image.relocatable) {
		uintptr_t low = exec->image.low & ~(exec->image.align - 1);

		exec->bias = ((PIE_BASE + PAGE_BYTES * exec_random(exec, MMAP_RANDOM_PAGES)) &
		              ~(exec->image.align - 1)) -
		             low;
	}
	result = map_image(exec->vm, exec->inode, &exec->image, exec->bias);
	if (result != 0)
		return result;
	note_layout(exec->vm, &exec->image, exec->bias);
	heap_place(exec);
	exec->start = exec->bias + exec->image.entry;
	if (exec->image.interpreter_bytes != 0)
		result = map_interpreter(exec);
	if (result == 0 && exec->start >= USER_TOP)
		result = fail(-ENOEXEC, "a broken ELF file");
	if (result == 0)
		executable_set(exec->vm, exec->inode);
	return result;
}
