/* SPDX-License-Identifier: MIT */
/*
 * Futexes: sleeping on a word of user memory. A word is known by what it lies in: the file for
 * shared mappings, the frame for shared anonymous memory, else the address space. Kernel code is
 * not preempted, so the look at the word and the enqueueing are one step as long as nothing between
 * them sleeps. Programs change the word at any time, so what changes it here compares it in the
 * same step.
 */
#include "kernel/task/futex.h"

#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

#define BUCKETS         256u
#define ROBUST_LIST_MAX 2048u

struct futex_waiter {
	struct list node;
	struct futex_key key;
	struct task *task;
	uint32_t bits;
	bool woken;
};

static struct list buckets[BUCKETS];

static struct list *bucket_of(const struct futex_key *key)
{
	uint64_t hash =
	    ((uint64_t)(uintptr_t)key->object >> 4) * 0x9e3779b97f4a7c15ull + (key->offset >> 2);
	struct list *bucket = &buckets[(hash ^ hash >> 32) % BUCKETS];

	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

int futex_key_make(uintptr_t address, bool private, struct futex_key *key)
{
	struct vm *vm = current()->vm;
	const struct vm_area *area;
	uint32_t word;

	if (address % sizeof(uint32_t) != 0)
		return -EINVAL;
	if (!user_range_ok((void *)address, sizeof(uint32_t)))
		return -EFAULT;
	*key = (struct futex_key){vm, address};
	if (private)
		return 0;
	/* Touch it, so that there is a frame; what cannot be read is no futex. */
	if (user_load32(address, &word) != 0)
		return -EFAULT;
	area = vm_find(vm, address);
	/* Nor is what nobody can ever change. */
	if (!(area->flags & VM_SHARED))
		return area->inode || (area->prot & VM_WRITE) ? 0 : -EFAULT;
	if (area->inode) {
		*key = (struct futex_key){area->inode, area->offset + (address - area->start)};
		return 0;
	}
	*key = (struct futex_key){
	    buckets,
	    pv_pte_pfn(pv_pte_read(&vm->space, vaddr_page(VADDR(address)))).v * PAGE_BYTES +
	        address % PAGE_BYTES};
	return 0;
}

static void waiter_wake(struct futex_waiter *waiter)
{
	list_remove(&waiter->node);
	waiter->woken = true;
	waiter->task->woken = true;
	task_wake(waiter->task);
}

static int wake(const struct futex_key *key, int limit, uint32_t bits)
{
	struct futex_waiter *waiter, *next;
	struct list *bucket = bucket_of(key);
	int count = 0;

	list_for_each_entry_safe (waiter, next, bucket, struct futex_waiter, node) {
		if (count >= limit)
			break;
		if (!futex_key_equal(&waiter->key, key) || !(waiter->bits & bits))
			continue;
		waiter_wake(waiter);
		count++;
	}
	return count;
}

/* Until `ns` of the clock at most. */
static long wait_until(uintptr_t address, bool private, uint32_t value, uint32_t bits, int clock,
                       uint64_t ns)
{
	struct futex_waiter waiter = {.task = current(), .bits = bits};
	struct clock_wait limit;
	uint32_t word;
	int result = futex_key_make(address, private, &waiter.key);

	if (result != 0)
		return result;
	if (bits == 0)
		return -EINVAL;
	if (user_load32(address, &word) != 0)
		return -EFAULT;
	if (word != value)
		return -EAGAIN;
	list_insert_before(bucket_of(&waiter.key), &waiter.node);
	clock_wait_begin(&limit, clock, ns);
	while (!waiter.woken && result == 0)
		result = clock_wait_sleep(&limit);
	clock_wait_end(&limit);
	list_remove(&waiter.node);
	return waiter.woken ? 0 : result;
}

/* restart_syscall() for a wait with a relative time. The word's value is compared anew. */
static long wait_resume(struct restart_block *block)
{
	long result = wait_until(block->user_word, block->clock, block->value, block->bits,
	                         ABI_CLOCK_MONOTONIC, block->deadline_ns);

	return result == -EINTR ? -ERESTART_BLOCK : result;
}

static long futex_wait(const struct sys_args *args, bool private, uint32_t bits, bool absolute,
                       int clock)
{
	uint64_t deadline = WAIT_FOREVER;
	long result;

	if (args->arg[3]) {
		uint64_t ns;

		result = timespec_read_user(SYS_PTR(args, 3), &ns);
		if (result != 0)
			return result;
		deadline = absolute ? ns : clock_after(ns);
	}
	result = wait_until(args->arg[0], private, SYS_UINT(args, 2), bits,
	                    absolute ? clock : ABI_CLOCK_MONOTONIC, deadline);
	if (result != -EINTR)
		return result;
	if (deadline == WAIT_FOREVER || absolute)
		return -ERESTARTSYS;
	current()->restart = (struct restart_block){
	    .resume = wait_resume,
	    .deadline_ns = deadline,
	    .user_word = args->arg[0],
	    .value = SYS_UINT(args, 2),
	    .bits = bits,
	    .clock = private,
	};
	return -ERESTART_BLOCK;
}

static long futex_wake(uintptr_t address, bool private, int limit, uint32_t bits)
{
	struct futex_key key;
	int result;

	if (bits == 0)
		return -EINVAL;
	result = futex_key_make(address, private, &key);
	return result != 0 ? result : wake(&key, MAX(limit, 1), bits);
}

/* Wake some, make the others wait for another word. */
static long futex_requeue(const struct sys_args *args, bool private, bool compare)
{
	struct futex_waiter *waiter, *next;
	struct futex_key from, to;
	uint32_t word;
	int moved = 0, limit = SYS_INT(args, 3), result;
	long woken;

	if (SYS_INT(args, 2) < 0 || limit < 0)
		return -EINVAL;
	result = futex_key_make(args->arg[0], private, &from);
	if (result == 0)
		result = futex_key_make(args->arg[4], private, &to);
	if (result != 0)
		return result;
	if (compare) {
		if (user_load32(args->arg[0], &word) != 0)
			return -EFAULT;
		if (word != SYS_UINT(args, 5))
			return -EAGAIN;
	}
	woken = wake(&from, SYS_INT(args, 2), ABI_FUTEX_BITSET_ANY);
	list_for_each_entry_safe (waiter, next, bucket_of(&from), struct futex_waiter, node) {
		if (moved >= limit)
			break;
		if (!futex_key_equal(&waiter->key, &from))
			continue;
		moved++;
		if (futex_key_equal(&from, &to))
			continue;
		list_remove(&waiter->node);
		waiter->key = to;
		list_insert_before(bucket_of(&to), &waiter->node);
	}
	return woken + moved;
}

/* FUTEX_WAKE_OP codes its change of the second word and its test of the old value in one number:
 * change, test, operand, value to compare with. -ENOSYS: no such change or test. */
static int wake_op_change(uint32_t operation, int32_t old, int32_t *value)
{
	int32_t operand = (int32_t)(operation << 8) >> 20;

	if (operation >> 31)
		operand = (int32_t)(1u << (operand & 31));
	switch (operation >> 28 & 7) {
	case 0:
		*value = operand;
		return 0;
	case 1:
		*value = (int32_t)((uint32_t)old + (uint32_t)operand);
		return 0;
	case 2:
		*value = old | operand;
		return 0;
	case 3:
		*value = old & ~operand;
		return 0;
	case 4:
		*value = old ^ operand;
		return 0;
	default:
		return -ENOSYS;
	}
}

static int wake_op_test(uint32_t operation, int32_t old, bool *passed)
{
	int32_t compare_to = (int32_t)(operation << 20) >> 20;
	const bool answers[] = {old == compare_to, old != compare_to,
	                        old<compare_to, old <= compare_to, old> compare_to,
	                        old >= compare_to};
	uint32_t test = operation >> 24 & 15;

	if (test >= ARRAY_COUNT(answers))
		return -ENOSYS;
	*passed = answers[test];
	return 0;
}

static int wake_op_apply(uintptr_t address, uint32_t operation, bool *passed)
{
	uint32_t old, seen;
	int32_t value;
	int result;

	if (user_load32(address, &seen) != 0)
		return -EFAULT;
	do {
		old = seen;
		result = wake_op_change(operation, (int32_t)old, &value);
		if (result != 0)
			return result;
		if (user_cmpxchg32(address, &seen, (uint32_t)value) != 0)
			return -EFAULT;
	} while (seen != old);
	return wake_op_test(operation, (int32_t)old, passed);
}

static long futex_wake_op(const struct sys_args *args, bool private)
{
	struct futex_key first, second;
	bool passed;
	int result = futex_key_make(args->arg[0], private, &first);
	long woken;

	if (result == 0)
		result = futex_key_make(args->arg[4], private, &second);
	if (result == 0)
		result = wake_op_apply(args->arg[4], SYS_UINT(args, 5), &passed);
	if (result != 0)
		return result;
	woken = wake(&first, SYS_INT(args, 2), ABI_FUTEX_BITSET_ANY);
	if (passed)
		woken += wake(&second, SYS_INT(args, 3), ABI_FUTEX_BITSET_ANY);
	return woken;
}

static long lock_pi(const struct sys_args *args, bool private, int clock)
{
	uint64_t ns = WAIT_FOREVER;
	long result;

	if (args->arg[3]) {
		result = timespec_read_user(SYS_PTR(args, 3), &ns);
		if (result != 0)
			return result;
	}
	return futex_pi_lock(args->arg[0], private, false, clock, ns);
}

long sys_futex(const struct sys_args *args)
{
	unsigned int operation = SYS_UINT(args, 1);
	bool private = operation & ABI_FUTEX_PRIVATE_FLAG;
	bool realtime = operation & ABI_FUTEX_CLOCK_REALTIME;
	int clock = realtime ? ABI_CLOCK_REALTIME : ABI_CLOCK_MONOTONIC;

	operation &= ~(unsigned int)(ABI_FUTEX_PRIVATE_FLAG | ABI_FUTEX_CLOCK_REALTIME);
	if (realtime && operation != ABI_FUTEX_WAIT_BITSET && operation != ABI_FUTEX_LOCK_PI2)
		return -ENOSYS;
	switch (operation) {
	case ABI_FUTEX_WAIT:
		return futex_wait(args, private, ABI_FUTEX_BITSET_ANY, false, clock);
	case ABI_FUTEX_WAIT_BITSET:
		return futex_wait(args, private, SYS_UINT(args, 5), true, clock);
	case ABI_FUTEX_WAKE:
		return futex_wake(args->arg[0], private, SYS_INT(args, 2), ABI_FUTEX_BITSET_ANY);
	case ABI_FUTEX_WAKE_BITSET:
		return futex_wake(args->arg[0], private, SYS_INT(args, 2), SYS_UINT(args, 5));
	case ABI_FUTEX_REQUEUE:
		return futex_requeue(args, private, false);
	case ABI_FUTEX_CMP_REQUEUE:
		return futex_requeue(args, private, true);
	case ABI_FUTEX_WAKE_OP:
		return futex_wake_op(args, private);
	case ABI_FUTEX_LOCK_PI:
		return lock_pi(args, private, ABI_CLOCK_REALTIME);
	case ABI_FUTEX_LOCK_PI2:
		return lock_pi(args, private, clock);
	case ABI_FUTEX_TRYLOCK_PI:
		return futex_pi_lock(args->arg[0], private, true, clock, WAIT_FOREVER);
	case ABI_FUTEX_UNLOCK_PI:
		return futex_pi_unlock(args->arg[0], private);
	default:
		return -ENOSYS;
	}
}

/* A lock whose holder ends: mark it, wake one that waits. Who waits for one that names its owner is
 * given it by futex_pi_exit_task(). */
static void robust_release(uintptr_t address, bool pi, const struct task *task)
{
	struct futex_key key;
	uint32_t word, seen;

	if (address % sizeof(word) != 0 || user_load32(address, &seen) != 0)
		return;
	do {
		word = seen;
		if ((word & ABI_FUTEX_TID_MASK) != (uint32_t)task->tid)
			return;
		if (user_cmpxchg32(address, &seen,
		                   (word & ABI_FUTEX_WAITERS) | ABI_FUTEX_OWNER_DIED) != 0)
			return;
	} while (seen != word);
	if (!pi && (word & ABI_FUTEX_WAITERS) && futex_key_make(address, false, &key) == 0)
		wake(&key, 1, ABI_FUTEX_BITSET_ANY);
}

/* The list lies in user memory: it may be broken or endless. The lowest bit of a link says that the
 * lock it leads to names its owner. */
static void robust_list_walk(const struct task *task)
{
	struct abi_robust_list_head head;
	uint64_t link;

	if (copy_from_user(&head, (void *)task->robust_list, sizeof(head)) != 0)
		return;
	link = head.next;
	for (unsigned int i = 0; i < ROBUST_LIST_MAX && (link & ~1ul) != task->robust_list; i++) {
		uintptr_t entry = link & ~1ul;
		uint64_t next;

		if (copy_from_user(&next, (void *)entry, sizeof(next)) != 0)
			return;
		if (entry != (head.pending & ~1ul))
			robust_release(entry + (uintptr_t)head.futex_offset, link & 1, task);
		link = next;
	}
	if (head.pending & ~1ul)
		robust_release((head.pending & ~1ul) + (uintptr_t)head.futex_offset,
		               head.pending & 1, task);
}

void futex_exit_task(struct task *task)
{
	struct futex_key key;

	if (task->robust_list)
		robust_list_walk(task);
	task->robust_list = 0;
	futex_pi_exit_task(task);
	/* Nobody else could see the word of the last user of the memory. */
	if (task->clear_child_tid && task->vm->ref_count > 1 &&
	    user_store32(task->clear_child_tid, 0) == 0 &&
	    futex_key_make(task->clear_child_tid, false, &key) == 0)
		wake(&key, 1, ABI_FUTEX_BITSET_ANY);
	task->clear_child_tid = 0;
}

long sys_set_tid_address(const struct sys_args *args)
{
	current()->clear_child_tid = args->arg[0];
	return current()->tid;
}

long sys_set_robust_list(const struct sys_args *args)
{
	if (args->arg[1] != sizeof(struct abi_robust_list_head))
		return -EINVAL;
	current()->robust_list = args->arg[0];
	return 0;
}

long sys_get_robust_list(const struct sys_args *args)
{
	const uint64_t bytes = sizeof(struct abi_robust_list_head);
	const struct task *task = task_meant(SYS_INT(args, 0));

	if (!task)
		return -ESRCH;
	if (!task_may_look(task, LOOK_AS_REAL))
		return -EPERM;
	if (copy_to_user(SYS_PTR(args, 2), &bytes, sizeof(bytes)) != 0)
		return -EFAULT;
	return copy_to_user(SYS_PTR(args, 1), &task->robust_list, sizeof(task->robust_list));
}
