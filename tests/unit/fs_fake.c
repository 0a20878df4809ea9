/* SPDX-License-Identifier: MIT */
/* The hosted world of fs_fake.h. */
#include "tests/unit/fs_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <port/cpu.h>

#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/give_way.h"
#include "lib/rng.h"
#include "pv/ops.h"

#define USER_MIN 0x10000u

struct fake_world fake;

static struct process process;
static struct task task;

static struct task *running = &task; /* what a CPU's area begins with */
static struct xen_cpu cpu = {.host_data = &running};
void *port_current_cpu = &cpu;

struct list process_all = LIST_INIT(process_all);

struct process *process_find(int pid)
{
	return pid == process.pid ? &process : NULL;
}

struct task *task_find(int tid)
{
	return tid == process.pid ? &task : NULL;
}

static bool allocation_fails(void)
{
	static uint64_t random_state = 7;

	if (fake.fail_one_in == 0)
		return false;
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % fake.fail_one_in == 0;
}

/* Frames are page.c's, over an arena that stands for the direct map. */
#define ARENA_FRAMES 0x10000u

uintptr_t port_direct_map_base;

static void arena_init(void)
{
	void *arena = mmap(NULL, ARENA_FRAMES * PAGE_BYTES, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct page *frames = calloc(ARENA_FRAMES, sizeof(*frames));

	assert_ptr_not_equal(arena, MAP_FAILED);
	assert_non_null(frames);
	port_direct_map_base = (uintptr_t)arena;
	page_init(frames, ARENA_FRAMES, ARENA_FRAMES, NULL);
	page_free_range(PFN(0), ARENA_FRAMES);
}

void *kmalloc(size_t bytes)
{
	return allocation_fails() ? NULL : malloc(bytes);
}

void *kzalloc(size_t bytes)
{
	return allocation_fails() ? NULL : calloc(1, bytes);
}

void *krealloc(void *ptr, size_t bytes)
{
	return allocation_fails() ? NULL : realloc(ptr, bytes);
}

void kfree(void *ptr)
{
	free(ptr);
}

static bool user_bad(const void *user, size_t bytes)
{
	uintptr_t start = (uintptr_t)user;

	if (bytes == 0)
		return false;
	if (!user_range_ok(user, bytes) || start < USER_MIN)
		return true;
	return fake.bad_user_page != 0 && start < fake.bad_user_page + PAGE_BYTES &&
	       start + bytes > fake.bad_user_page;
}

int copy_from_user(void *to, const void *from, size_t bytes)
{
	if (user_bad(from, bytes))
		return -EFAULT;
	memcpy(to, from, bytes);
	return 0;
}

int copy_to_user(void *to, const void *from, size_t bytes)
{
	if (user_bad(to, bytes))
		return -EFAULT;
	memcpy(to, from, bytes);
	return 0;
}

int clear_user(void *to, size_t bytes)
{
	if (user_bad(to, bytes))
		return -EFAULT;
	memset(to, 0, bytes);
	return 0;
}

long strncpy_from_user(char *to, const char *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (user_bad(from + i, 1))
			return -EFAULT;
		to[i] = from[i];
		if (to[i] == 0)
			return (long)i;
	}
	return -ENAMETOOLONG;
}

void vm_truncate_inode(struct inode *inode, uint64_t first_index)
{
	(void)inode;
	(void)first_index;
}

int signal_send_task(struct task *to, int signal, const struct abi_siginfo *info)
{
	(void)to;
	(void)info;
	fake.last_signal = signal;
	return 0;
}

void signal_set_temporary_mask(sigset mask)
{
	(void)mask;
}

void signal_restore_mask(void)
{
}

void wait_enqueue(struct wait_queue *queue, struct wait_entry *entry)
{
	entry->task = &task;
	entry->wake = NULL;
	list_insert_before(&queue->waiters, &entry->node);
}

void wait_enqueue_callback(struct wait_queue *queue, struct wait_entry *entry,
                           bool (*wake)(struct wait_entry *entry, uint32_t events), bool exclusive)
{
	wait_enqueue(queue, entry);
	entry->wake = wake;
	entry->exclusive = exclusive;
}

int task_sleep(bool interruptible, uint64_t deadline_ns)
{
	(void)interruptible;
	if (deadline_ns == WAIT_FOREVER)
		fail_msg("a task sleeps for ever");
	fake.now_ns = deadline_ns;
	return -ETIMEDOUT;
}

bool wait_wake_waiters(struct wait_queue *queue, uint32_t events)
{
	struct wait_entry *entry, *next;

	list_for_each_entry_safe (entry, next, &queue->waiters, struct wait_entry, node) {
		if (entry->wake != NULL)
			entry->wake(entry, events);
	}
	return false;
}

void klog(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	abort();
}

void rng_stir(const void *data, size_t bytes)
{
	(void)data;
	(void)bytes;
}

void rng_bytes(void *to, size_t bytes)
{
	memset(to, 0x42, bytes);
}

int fmt_print(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buffer, size, format, args);
	va_end(args);
	return len;
}

/* Not what these tests are about: an empty directory tree stands for /proc. */
struct filesystem *procfs_create(const char *source)
{
	return ramfs_create("proc", source, 0555);
}

void seq_printf(struct seq *seq, const char *format, ...)
{
	(void)seq;
	(void)format;
}

struct filesystem *sysfs_create(const char *source)
{
	return ramfs_create("sysfs", source, 0555);
}

static uint64_t fake_monotonic(void)
{
	return fake.now_ns;
}

bool give_way(void)
{
	return false;
}

/* Each reading is later than the last. */
uint64_t clock_realtime_coarse_ns(void)
{
	return 1700000000 * NS_PER_SEC + fake.now_ns++;
}

struct pv_time_ops pv_time_ops = {.monotonic_ns = fake_monotonic};

void fake_boot(void)
{
	static bool booted;

	if (booted) {
		fd_table_put(task.files);
		fs_context_put(task.fs);
	} else {
		arena_init();
		task.process = &process;
		task.cred = cred_kernel;
		process.pid = 2;
		for (int i = 0; i < ABI_RLIMIT_COUNT; i++)
			process.rlimit[i] =
			    (struct abi_rlimit){ABI_RLIM_INFINITY, ABI_RLIM_INFINITY};
		process.rlimit[ABI_RLIMIT_NOFILE].soft = 1024;
		vfs_init();
	}
	booted = true;
	task.files = fd_table_create();
	task.fs = fs_context_create();
	assert_non_null(task.files);
	assert_non_null(task.fs);
}

long fake_call(sys_fn *function, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
               uint64_t f)
{
	struct sys_args args = {.arg = {a, b, c, d, e, f}};

	return function(&args);
}
