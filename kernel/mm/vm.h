/* SPDX-License-Identifier: MIT */
/*
 * A process's address space: areas, demand paging, copy-on-write, and the user memory access
 * functions.
 */
#ifndef PINFOLD_KERNEL_MM_VM_H
#define PINFOLD_KERNEL_MM_VM_H

#include "kernel/kernel.h"
#include "kernel/mm/page.h"
#include "pv/mmu.h"

struct file;
struct inode;

enum vm_prot {
	VM_READ = 1, /* the Linux ABI's PROT_ values */
	VM_WRITE = 2,
	VM_EXEC = 4,
};

enum vm_flags {
	VM_SHARED = 1,
	VM_GROWS_DOWN = 2, /* a stack */
	VM_DONT_FORK = 4,
	VM_WIPE_ON_FORK = 8,
	VM_NO_RESERVE = 16, /* not counted against the memory there is */
	VM_LOCKED = 32,
	VM_NO_WRITE = 64, /* shared, of a file not open for writing: can never become writable */
	VM_RANDOM = 128,  /* MADV_RANDOM: touched in no order */
	VM_DONT_DUMP = 256,
};

struct vm_area {
	struct list node; /* sorted by start */
	uintptr_t start, end;
	unsigned int prot;   /* enum vm_prot */
	unsigned int flags;  /* enum vm_flags */
	struct inode *inode; /* pages come from here; NULL: anonymous. One reference. */
	uint64_t offset;     /* bytes into the inode at `start` */
	const char *name;    /* "[heap]" … for /proc, or NULL */

	/* Where the last fault that filled pages stopped, and how many one there is to fill. */
	uintptr_t window_end;
	unsigned int window_next;
};

/* Bits of vm.coredump_filter, /proc/PID/coredump_filter: what a core file has. */
enum vm_dump {
	VM_DUMP_ANONYMOUS = 1, /* also a process's own copies of a file's pages */
	VM_DUMP_ANONYMOUS_SHARED = 2,
	VM_DUMP_FILE = 4,
	VM_DUMP_FILE_SHARED = 8,
	VM_DUMP_HEADERS = 16,   /* a program's first page */
	VM_DUMP_ALL = 0x1ff,    /* the others are of pages that are not here: huge, DAX */
	VM_DUMP_AT_FIRST = 0x33 /* as Linux has it */
};

struct vm {
	struct pt_space space;
	uint32_t ref_count;
	uint64_t
	    serial; /* of this space, never another's: who holds it knows whether it still is it */
	struct list areas;
	struct vm_area *last_found;
	uintptr_t mmap_top; /* new mappings go below */
	uintptr_t brk_start, brk_end;
	uintptr_t stack_top;
	uintptr_t stack_start; /* the stack pointer that the program began with */
	uintptr_t arg_start, arg_end, env_start, env_end;
	uint64_t mapped_bytes;   /* sum of the areas */
	uint64_t mapped_peak;    /* what that was before it last went down; see vm_mapped_peak() */
	uint64_t resident_pages; /* frames mapped, but for the shared frame of zeros */
	uint64_t file_pages;     /* … of them those that belong to files */
	uint64_t resident_peak;
	uint32_t area_count;
	unsigned int
	    new_flags; /* enum vm_flags that every new mapping of the process gets: mlockall */
	uint32_t membarriers; /* commands of membarrier() that were registered for */
	uint32_t dumpable;    /* ABI_DUMPABLE_: whether other tasks of the user may look into it */
	struct list all_node; /* on the list of all address spaces */
	struct inode *exe;    /* /proc/self/exe, one reference */
	char exe_path[256];
	uintptr_t code_start, code_end, data_start, data_end; /* of the program's file */
	uintptr_t aux_start; /* the auxiliary vector, on the first stack */
	uint32_t coredump_filter;
};

/* Empty address space, one reference; NULL: out of memory. Not pinned until first activated. */
struct vm *vm_create(void);
void vm_get(struct vm *vm);
/* The last put frees pages, areas, tables. */
void vm_put(struct vm *vm);
/* Copy for fork: private pages are shared copy-on-write. err_ptr(-ENOMEM) leaves the source as it
 * was. */
struct vm *vm_fork(struct vm *source);

/* Map [addr, addr + bytes) or, with addr 0 (and not VM_FIXED), a free range below mmap_top. Takes
 * its own reference on the inode. Address or -errno. `replace`: unmap what is there (MAP_FIXED);
 * otherwise addr is a hint. */
long vm_map(struct vm *vm, uintptr_t addr, size_t bytes, unsigned int prot, unsigned int flags,
            struct inode *inode, uint64_t offset, bool replace, const char *name);
int vm_unmap(struct vm *vm, uintptr_t addr, size_t bytes);
/* The area that contains `addr`, or NULL. */
struct vm_area *vm_find(struct vm *vm, uintptr_t addr);
/* The first area that ends above `addr`, or NULL. */
struct vm_area *area_at_or_above(struct vm *vm, uintptr_t addr);

/* The file has shrunk: drop every mapping of its pages from `first_index` on, private copies of
 * them too, so that the next touch faults. */
void vm_truncate_inode(struct inode *inode, uint64_t first_index);

/* A page fault at `addr`; access is the vm_prot wanted. 0: retry the access. -EFAULT: nothing
 * mapped (SEGV_MAPERR); -EACCES: not permitted (SEGV_ACCERR); -ENOMEM; -EIO: beyond the end of the
 * file (SIGBUS). May sleep. */
int vm_fault(struct vm *vm, uintptr_t addr, unsigned int access);

/* The running task's user memory. 0 or -EFAULT; what lies before the first bad page is done. Never
 * touches kernel memory whatever the pointer is. Demand paging happens. */
int copy_from_user(void *to, const void *user_from, size_t bytes);
int copy_to_user(void *user_to, const void *from, size_t bytes);
int clear_user(void *user_to, size_t bytes);
/* The kernel's own address of [user, user + bytes), which the program may write and which lies
 * in one page; NULL if it is not so. Good until a table changes. */
void *user_span(uintptr_t user, size_t bytes);
/* An aligned word of the running task's memory in one access: what programs change atomically must
 * not be seen or written by halves. 0 or -EFAULT. */
int user_load32(uintptr_t address, uint32_t *value);
/* One that is not aligned is stored as bytes. */
int user_store32(uintptr_t address, uint32_t value);
/* In one atomic step: store `wanted` if the word is *expected; *expected becomes what was there. */
int user_cmpxchg32(uintptr_t address, uint32_t *expected, uint32_t wanted);
/* Length without the NUL, -EFAULT, or -ENAMETOOLONG when no NUL is in the first `size` bytes. */
long strncpy_from_user(char *to, const char *user_from, size_t size);

/* For /proc (usage.c). Bytes of the areas by use. */
struct vm_usage {
	uint64_t text, data, stack, shared, locked;
};
void vm_measure(const struct vm *vm, struct vm_usage *usage);
/* The most bytes that were ever mapped. */
static inline uint64_t vm_mapped_peak(const struct vm *vm)
{
	return MAX(vm->mapped_peak, vm->mapped_bytes);
}
/* Pages that are mapped of memory that processes share and that has no file. */
uint64_t vm_shared_memory_pages(struct vm *vm);

/* What of an area is there, in bytes. */
struct vm_area_usage {
	uint64_t resident, proportional; /* the latter: of each page the part of one of its users */
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t referenced, anonymous;
	uint64_t proportional_anonymous, proportional_file;
};
/* Adds to what is in `usage`. Time goes with the pages that are there. */
void vm_area_measure(struct vm *vm, const struct vm_area *area, struct vm_area_usage *usage);

/* A page that is mapped. */
struct vm_page_seen {
	bool present, file, alone; /* alone: nobody else maps it */
	pfn_t pfn;
};
/* What is at each of `count` pages from `addr` on. */
void vm_pages_look(struct vm *vm, uintptr_t addr, struct vm_page_seen *seen, size_t count);

/* One past the highest user address. */
#define VM_USER_TOP (PV_USER_END - PAGE_BYTES)

static inline bool user_range_ok(const void *user, size_t bytes)
{
	uintptr_t start = (uintptr_t)user;

	return start <= VM_USER_TOP && bytes <= VM_USER_TOP - start;
}

/* Another process's memory (exec's new stack, /proc/PID/cmdline): copies through the direct map.
 * Bytes done or -errno. */
long vm_read(struct vm *vm, uintptr_t addr, void *to, size_t bytes);
long vm_write(struct vm *vm, uintptr_t addr, const void *from, size_t bytes);

#endif
