/* SPDX-License-Identifier: MIT */
/*
 * The calls mmap, munmap, mprotect, brk. Which error comes first when several apply is as on Linux.
 */
#include "kernel/fs/ramfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/abi_mm.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/internal.h"
#include "kernel/task/give_way.h"
#include "kernel/task/task.h"

#define ZERO_DEVICE_MAJOR 1
#define ZERO_DEVICE_MINOR 5

/* MAP_32BIT: addresses that a signed number of 32 bits can be. */
#define LOW_TOP 0x80000000ul

/* What MAP_SHARED_VALIDATE may be combined with; others would be ignored, which it forbids. */
#define FLAGS_KNOWN                                                                             \
	(ABI_MAP_TYPE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS | ABI_MAP_32BIT | ABI_MAP_GROWSDOWN | \
	 ABI_MAP_DENYWRITE | ABI_MAP_EXECUTABLE | ABI_MAP_LOCKED | ABI_MAP_NORESERVE |          \
	 ABI_MAP_POPULATE | ABI_MAP_NONBLOCK | ABI_MAP_STACK | ABI_MAP_HUGETLB |                \
	 ABI_MAP_FIXED_NOREPLACE | ABI_MAP_HUGE_MASK)

struct mmap_request {
	uintptr_t addr;
	size_t bytes;
	unsigned int prot;
	unsigned int flags; /* ABI_MAP_* */
	uint64_t offset;
	struct file *file; /* NULL: anonymous */

	unsigned int vm_flags;
	struct inode *inode; /* what is mapped; one reference if `own_inode` */
	bool own_inode;
	const char *name;
};

/* Lengths and addresses, before anything is looked at. */
static int check_range(struct mmap_request *request)
{
	uint64_t pages;
	bool fixed = request->flags & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE);

	if (request->bytes == 0)
		return -EINVAL;
	request->bytes = page_ceil(request->bytes);
	if (request->bytes == 0)
		return -ENOMEM;
	pages = request->bytes >> PAGE_SHIFT;
	if ((request->offset >> PAGE_SHIFT) + pages < pages)
		return -EOVERFLOW;
	if (request->bytes > VM_USER_TOP)
		return -ENOMEM;
	if (!fixed)
		return 0;
	if (request->addr > VM_USER_TOP - request->bytes)
		return -ENOMEM;
	if (request->addr & (PAGE_BYTES - 1))
		return -EINVAL;
	if (request->addr < VM_USER_MIN)
		return -EPERM;
	if ((request->flags & ABI_MAP_FIXED_NOREPLACE) &&
	    area_bytes_in(current()->vm, request->addr, request->addr + request->bytes) > 0)
		return -EEXIST;
	return 0;
}

static bool is_zero_device(const struct inode *inode)
{
	return ABI_S_ISCHR(inode->mode) &&
	       inode->rdev == abi_makedev(ZERO_DEVICE_MAJOR, ZERO_DEVICE_MINOR);
}

/* Shared memory without a file is a file without a name. */
static int make_shared_memory(struct mmap_request *request)
{
	int result =
	    vm_check_growth(current()->vm, request->bytes, request->prot, request->vm_flags, false);

	if (result != 0)
		return result;
	request->inode = ramfs_create_unlinked(0777);
	if (!request->inode)
		return -ENOMEM;
	request->own_inode = true;
	request->offset = 0;
	request->name = "/dev/zero (deleted)";
	return request->inode->ops->truncate(request->inode, request->bytes);
}

/* Whether the file may be mapped in this way. */
static int check_file(struct mmap_request *request, bool shared)
{
	struct inode *inode = request->file->inode;
	unsigned int mode = request->file->flags & ABI_O_ACCMODE;
	const uint32_t *seals;

	if (ABI_S_ISREG(inode->mode) && request->offset > INT64_MAX - request->bytes)
		return -EOVERFLOW;
	if (shared && (request->prot & VM_WRITE) && mode != ABI_O_RDWR)
		return -EACCES;
	if (mode == ABI_O_WRONLY)
		return -EACCES;
	if (!is_zero_device(inode) &&
	    (!inode->ops || !inode->ops->get_page || ABI_S_ISDIR(inode->mode)))
		return -ENODEV;
	if (request->flags & ABI_MAP_GROWSDOWN)
		return -EINVAL;
	if (!shared)
		return 0;
	seals = ramfs_seals(inode);
	if (seals && (*seals & RAMFS_SEALS_WRITE)) {
		if (request->prot & VM_WRITE)
			return -EPERM;
		request->vm_flags |= VM_NO_WRITE;
	}
	if (mode == ABI_O_RDONLY)
		request->vm_flags |= VM_NO_WRITE;
	return 0;
}

/* From the call's flags to an area's, and the object behind it. */
static int choose_object(struct mmap_request *request)
{
	unsigned int type = request->flags & ABI_MAP_TYPE;
	bool shared = type == ABI_MAP_SHARED || type == ABI_MAP_SHARED_VALIDATE;
	int result;

	if (request->flags & ABI_MAP_NORESERVE)
		request->vm_flags |= VM_NO_RESERVE;
	if (request->flags & ABI_MAP_LOCKED)
		request->vm_flags |= VM_LOCKED;
	if (shared)
		request->vm_flags |= VM_SHARED;
	else if (type != ABI_MAP_PRIVATE)
		return -EINVAL;
	if (!request->file) {
		if (type == ABI_MAP_SHARED_VALIDATE ||
		    (shared && (request->flags & ABI_MAP_GROWSDOWN)))
			return -EINVAL;
		if (request->flags & ABI_MAP_GROWSDOWN)
			request->vm_flags |= VM_GROWS_DOWN;
		return shared ? make_shared_memory(request) : 0;
	}
	if (type == ABI_MAP_SHARED_VALIDATE && (request->flags & ~FLAGS_KNOWN))
		return -EOPNOTSUPP;
	result = check_file(request, shared);
	if (result != 0)
		return result;
	if (!is_zero_device(request->file->inode)) {
		request->inode = request->file->inode;
		return 0;
	}
	return shared ? make_shared_memory(request) : 0;
}

/* For old programs: what may be read may be executed. */
static unsigned int implied_prot(unsigned int prot)
{
	bool implied = current()->personality & ABI_PER_READ_IMPLIES_EXEC;

	return implied && (prot & VM_READ) ? prot | VM_EXEC : prot;
}

static long do_mmap(struct mmap_request *request)
{
	struct vm *vm = current()->vm;
	bool fixed = request->flags & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE);
	int result = check_range(request);
	long at;

	if (result == 0)
		result = choose_object(request);
	if (result != 0)
		return result;
	if (!fixed && (request->flags & ABI_MAP_32BIT)) {
		request->addr = area_find_below(vm, LOW_TOP, request->bytes);
		if (request->addr == 0)
			return -ENOMEM;
	}
	/* A hint too low is a wish for the lowest there is. */
	if (!fixed && request->addr != 0)
		request->addr = MAX(page_floor(request->addr), VM_USER_MIN);
	at = vm_map(vm, request->addr, request->bytes, request->prot & VM_PROT_ALL,
	            request->vm_flags, request->inode, request->inode ? request->offset : 0, fixed,
	            request->name);
	if (at < 0)
		return at;
	bool wanted = (request->flags & ABI_MAP_POPULATE) && !(request->flags & ABI_MAP_NONBLOCK);

	/* That there is no memory for it now is no error: a touch will tell. */
	if (wanted || ((request->vm_flags | vm->new_flags) & VM_LOCKED))
		vm_populate(vm, (uintptr_t)at, (uintptr_t)at + request->bytes);
	return at;
}

long sys_mmap(const struct sys_args *args)
{
	struct mmap_request request = {
	    .addr = args->arg[0],
	    .bytes = args->arg[1],
	    .prot = implied_prot(SYS_UINT(args, 2)),
	    .flags = SYS_UINT(args, 3),
	    .offset = args->arg[5],
	};
	long result;

	if (request.offset & (PAGE_BYTES - 1))
		return -EINVAL;
	if (!(request.flags & ABI_MAP_ANONYMOUS)) {
		request.file = fd_get_file(SYS_INT(args, 4));
		if (!request.file)
			return -EBADF;
		if (request.file->flags & ABI_O_PATH) {
			file_put(request.file);
			return -EBADF;
		}
		if (request.flags & ABI_MAP_HUGETLB) {
			file_put(request.file);
			return -EINVAL;
		}
	} else if (request.flags & ABI_MAP_HUGETLB) {
		/* There are no huge pages. */
		return -ENOMEM;
	}
	result = do_mmap(&request);
	if (request.own_inode)
		inode_put(request.inode);
	if (request.file)
		file_put(request.file);
	return result;
}

/* What holds much goes in pieces. Each is behind the last: what others map meanwhile where
 * something has gone stays. */
static int unmap_in_pieces(struct vm *vm, uintptr_t start, uintptr_t end)
{
	int result = 0;

	while (start < end && result == 0) {
		uintptr_t stop = entry_piece(vm, start, end);

		result = vm_unmap(vm, start, stop - start);
		/* To divide an area may take what to end it does not. */
		if (result == -ENOMEM && stop < end)
			return vm_unmap(vm, start, end - start);
		start = stop;
		if (start < end && result == 0 && give_way())
			result = -EINTR;
	}
	return result;
}

long sys_munmap(const struct sys_args *args)
{
	struct vm *vm = current()->vm;
	uintptr_t start = args->arg[0];
	size_t bytes = args->arg[1];

	if (bytes <= PIECE_BYTES || (start & (PAGE_BYTES - 1)) || start > VM_USER_TOP ||
	    bytes > VM_USER_TOP - start)
		return vm_unmap(vm, start, bytes);
	return unmap_in_pieces(vm, start, page_ceil(start + bytes));
}

/* PROT_GROWSDOWN: down to the start of the stack. */
static int extend_down(uintptr_t *start)
{
	const struct vm_area *area = vm_find(current()->vm, *start);

	if (!area)
		return -ENOMEM;
	if ((area->flags & VM_GROWS_DOWN) == 0)
		return -EINVAL;
	*start = area->start;
	return 0;
}

long sys_mprotect(const struct sys_args *args)
{
	uintptr_t start = args->arg[0];
	size_t bytes = args->arg[1];
	unsigned int prot = SYS_UINT(args, 2);
	unsigned int grows = prot & (ABI_PROT_GROWSDOWN | ABI_PROT_GROWSUP);
	uintptr_t end;
	int result = 0;

	prot &= ~grows;
	if (grows == (ABI_PROT_GROWSDOWN | ABI_PROT_GROWSUP) || (start & (PAGE_BYTES - 1)))
		return -EINVAL;
	if (bytes == 0)
		return 0;
	bytes = page_ceil(bytes);
	if (start + bytes <= start)
		return -ENOMEM;
	if (prot & ~(VM_PROT_ALL | ABI_PROT_SEM))
		return -EINVAL;
	end = start + bytes;
	/* No area grows up. */
	if (grows == ABI_PROT_GROWSUP)
		return vm_find(current()->vm, start) ? -EINVAL : -ENOMEM;
	if (grows == ABI_PROT_GROWSDOWN)
		result = extend_down(&start);
	return result != 0
	           ? result
	           : vm_protect(current()->vm, start, end, implied_prot(prot & VM_PROT_ALL));
}

/* Room for the heap from `start` to `end`, and a page behind it free. */
static bool heap_room(struct vm *vm, uintptr_t start, uintptr_t end)
{
	const struct vm_area *above = area_at_or_above(vm, start);

	return end <= VM_USER_TOP - PAGE_BYTES &&
	       (!above || area_low_bound(above) >= end + PAGE_BYTES);
}

long sys_brk(const struct sys_args *args)
{
	struct vm *vm = current()->vm;
	uintptr_t wanted = args->arg[0];
	uintptr_t old_end = page_ceil(vm->brk_end), new_end = page_ceil(wanted);
	uint64_t limit = vm_limit(ABI_RLIMIT_DATA);

	if (wanted < vm->brk_start || wanted >= VM_USER_TOP)
		return (long)vm->brk_end;
	if (limit != ABI_RLIM_INFINITY && wanted - vm->brk_start > limit)
		return (long)vm->brk_end;
	if (new_end < old_end) {
		if (vm_unmap(vm, new_end, old_end - new_end) != 0)
			return (long)vm->brk_end;
	} else if (new_end > old_end) {
		if (!heap_room(vm, old_end, new_end) ||
		    vm_map(vm, old_end, new_end - old_end, implied_prot(VM_READ | VM_WRITE), 0,
		           NULL, 0, true, "[heap]") < 0)
			return (long)vm->brk_end;
	}
	vm->brk_end = wanted;
	if (new_end > old_end && (vm->new_flags & VM_LOCKED))
		vm_populate(vm, old_end, new_end);
	return (long)wanted;
}
