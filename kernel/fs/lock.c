/* SPDX-License-Identifier: MIT */
/*
 * Advisory locks, hung on the inode: POSIX record locks, owned by a table of descriptors, as which
 * a process counts here; record locks of an open file description; and those of flock(), which
 * cover the whole file and are a space of their own. Rings of waiters are looked for among POSIX
 * record locks alone, as on Linux; of others a signal ends the wait.
 */
#include "kernel/fs/internal.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

enum lock_space { LOCK_RECORD, LOCK_WHOLE };

struct file_lock {
	struct list node; /* struct inode.locks, by start */
	enum lock_space space;
	const void *owner; /* struct fd_table or struct file */
	int pid;           /* -1: of an open file description */
	bool exclusive;
	uint64_t start, end; /* both included */
};

/* One queue for all waiters: locks are rare, and each waiter looks again. */
static struct wait_queue lock_wait = {LIST_INIT(lock_wait.waiters)};

/* Who waits for a POSIX record lock. */
struct lock_waiter {
	struct list node;
	struct inode *inode;
	const struct file_lock *want;
};

static struct list lock_waiters = LIST_INIT(lock_waiters);

/* Owners that may wait for each other before a ring is looked for in vain. */
#define RING_MAX 10

static bool locks_overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

static struct file_lock *find_conflict(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *lock;

	list_for_each_entry (lock, &inode->locks, struct file_lock, node) {
		/* The analyser thinks that a freed lock is still on the list. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		if (lock->space == want->space && lock->owner != want->owner &&
		    locks_overlap(lock, want) && (lock->exclusive || want->exclusive))
			return lock;
	}
	return NULL;
}

static void lock_insert(struct inode *inode, struct file_lock *lock)
{
	struct file_lock *other;

	list_for_each_entry (other, &inode->locks, struct file_lock, node) {
		/* The analyser thinks that a removed first element is still on the list. */
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
		if (other->start > lock->start)
			break;
	}
	list_insert_before(&other->node, &lock->node);
}

static void lock_bury(struct file_lock *lock, struct list *dead)
{
	list_remove(&lock->node);
	list_insert_before(dead, &lock->node);
}

static void lock_free(struct file_lock *lock)
{
	list_remove(&lock->node);
	kfree(lock);
}

/* Take the range of `range` away from the owner's locks; those of which nothing is left go to
 * `dead`. `spare` serves when one must be split. Returns the spare if it was not used. */
static struct file_lock *locks_cut(struct inode *inode, const struct file_lock *range,
                                   struct file_lock *spare, struct list *dead)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe (lock, next, &inode->locks, struct file_lock, node) {
		if (lock->space != range->space || lock->owner != range->owner ||
		    !locks_overlap(lock, range))
			continue;
		if (lock->start < range->start && lock->end > range->end) {
			*spare = *lock;
			list_init(&spare->node);
			spare->start = range->end + 1;
			lock->end = range->start - 1;
			lock_insert(inode, spare);
			return NULL;
		}
		if (lock->start < range->start) {
			lock->end = range->start - 1;
		} else if (lock->end > range->end) {
			lock->start = range->end + 1;
		} else {
			lock_bury(lock, dead);
		}
	}
	return spare;
}

/* Join the owner's neighbouring locks of one kind, as F_GETLK of others shows them. */
static void locks_merge(struct inode *inode, struct file_lock *lock, struct list *dead)
{
	struct file_lock *other, *next;

	list_for_each_entry_safe (other, next, &inode->locks, struct file_lock, node) {
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): as above */
		if (other == lock || other->space != lock->space || other->owner != lock->owner ||
		    other->exclusive != lock->exclusive)
			continue;
		if (other->end != UINT64_MAX && other->end + 1 == lock->start) {
			lock->start = other->start;
			lock_bury(other, dead);
		} else if (lock->end != UINT64_MAX && lock->end + 1 == other->start) {
			lock->end = other->end;
			lock_bury(other, dead);
		}
	}
	list_remove(&lock->node);
	lock_insert(inode, lock);
}

/* The lock that keeps `owner` waiting, or NULL. */
static struct file_lock *find_blocker(const void *owner)
{
	struct lock_waiter *waiter;

	list_for_each_entry (waiter, &lock_waiters, struct lock_waiter, node) {
		if (waiter->want->owner == owner)
			return find_conflict(waiter->inode, waiter->want);
	}
	return NULL;
}

/* Would `owner` wait for itself if it waited for `blocker`. */
static bool closes_ring(const void *owner, const struct file_lock *blocker)
{
	for (int i = 0; i < RING_MAX && blocker != NULL; i++) {
		if (blocker->owner == owner)
			return true;
		blocker = find_blocker(blocker->owner);
	}
	return false;
}

/* Wait until nobody is in the way. 0, -EINTR, -EDEADLK. */
static int lock_wait_free(struct inode *inode, const struct file_lock *want)
{
	bool posix = want->space == LOCK_RECORD && want->pid >= 0;
	struct lock_waiter waiter = {.inode = inode, .want = want};
	const struct file_lock *blocker;
	struct wait_entry entry;
	int result = 0;

	wait_enqueue(&lock_wait, &entry);
	list_init(&waiter.node);
	while (result == 0 && (blocker = find_conflict(inode, want)) != NULL) {
		if (posix && closes_ring(want->owner, blocker)) {
			result = -EDEADLK;
			break;
		}
		if (posix && list_empty(&waiter.node))
			list_insert_before(&lock_waiters, &waiter.node);
		result = task_sleep(true, WAIT_FOREVER);
	}
	if (result == -EINTR && find_conflict(inode, want) == NULL)
		result = 0;
	list_remove(&waiter.node);
	wait_dequeue(&entry);
	return result;
}

/* Set or (unlock) clear the lock. 0, -ENOMEM, -EAGAIN, -EINTR or -EDEADLK when another owner is in
 * the way. */
static int lock_apply(struct inode *inode, const struct file_lock *want, bool unlock, bool wait)
{
	struct list dead = LIST_INIT(dead);
	struct file_lock *lock, *spare, *next;
	int result = 0;

	if (!unlock && find_conflict(inode, want) != NULL) {
		if (!wait)
			return -EAGAIN;
		result = lock_wait_free(inode, want);
		if (result != 0)
			return result;
	}
	lock = kzalloc(sizeof(*lock));
	spare = kzalloc(sizeof(*spare));
	if (lock == NULL || spare == NULL) {
		kfree(lock);
		kfree(spare);
		return -ENOMEM;
	}
	kfree(locks_cut(inode, want, spare, &dead));
	if (unlock) {
		kfree(lock);
	} else {
		*lock = *want;
		list_init(&lock->node);
		lock_insert(inode, lock);
		locks_merge(inode, lock, &dead);
	}
	list_for_each_entry_safe (lock, next, &dead, struct file_lock, node)
		lock_free(lock);
	wait_wake_all(&lock_wait);
	return 0;
}

/* What the owner has of the whole file, or NULL. */
static struct file_lock *find_whole(struct inode *inode, const void *owner)
{
	struct file_lock *lock;

	list_for_each_entry (lock, &inode->locks, struct file_lock, node) {
		if (lock->space == LOCK_WHOLE && lock->owner == owner)
			return lock;
	}
	return NULL;
}

static void release_owner(struct inode *inode, const void *owner)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe (lock, next, &inode->locks, struct file_lock, node) {
		if (lock->owner == owner)
			lock_free(lock);
	}
	wait_wake_all(&lock_wait);
}

void file_lock_release_table(struct inode *inode, const struct fd_table *table)
{
	release_owner(inode, table);
}

void file_lock_release_file(struct file *file)
{
	release_owner(file->inode, file);
}

/* Bytes [start, end] that a struct flock means. 0, -EINVAL, -EOVERFLOW. */
static int flock_range(struct file *file, const struct abi_flock *flock, struct file_lock *out)
{
	int64_t start = 0, end = INT64_MAX;

	if (flock->whence == ABI_SEEK_CUR)
		start = (int64_t)file->pos;
	else if (flock->whence == ABI_SEEK_END)
		start = (int64_t)file->inode->size;
	else if (flock->whence != ABI_SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(start, flock->start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (flock->len > 0) {
		if (__builtin_add_overflow(start, flock->len - 1, &end))
			return -EOVERFLOW;
	} else if (flock->len < 0) {
		end = start - 1;
		start += flock->len;
		if (start < 0)
			return -EINVAL;
	}
	out->start = (uint64_t)start;
	out->end = end == INT64_MAX ? UINT64_MAX : (uint64_t)end;
	return 0;
}

static void flock_describe(const struct file_lock *lock, struct abi_flock *out)
{
	out->type = lock->exclusive ? ABI_F_WRLCK : ABI_F_RDLCK;
	out->whence = ABI_SEEK_SET;
	out->start = (int64_t)lock->start;
	out->len = lock->end == UINT64_MAX ? 0 : (int64_t)(lock->end - lock->start + 1);
	out->pid = lock->pid;
}

static long get_lock(struct file *file, struct abi_flock *flock, const struct file_lock *want,
                     void *user)
{
	const struct file_lock *conflict = find_conflict(file->inode, want);

	if (conflict == NULL)
		flock->type = ABI_F_UNLCK;
	else
		flock_describe(conflict, flock);
	return copy_to_user(user, flock, sizeof(*flock));
}

long file_lock_control(struct file *file, int command, uintptr_t arg)
{
	bool of_file = command >= ABI_F_OFD_GETLK;
	bool get = command == ABI_F_GETLK || command == ABI_F_OFD_GETLK;
	bool wait = command == ABI_F_SETLKW || command == ABI_F_OFD_SETLKW;
	struct process *process = current()->process;
	struct file_lock want = {.space = LOCK_RECORD,
	                         .owner = of_file ? (const void *)file : current()->files,
	                         .pid = of_file ? -1 : process->pid};
	struct abi_flock flock;
	int result;

	if (copy_from_user(&flock, (const void *)arg, sizeof(flock)) != 0)
		return -EFAULT;
	result = flock_range(file, &flock, &want);
	if (result != 0)
		return result;
	if ((of_file && flock.pid != 0) || flock.type < ABI_F_RDLCK || flock.type > ABI_F_UNLCK ||
	    (get && flock.type == ABI_F_UNLCK))
		return -EINVAL;
	want.exclusive = flock.type == ABI_F_WRLCK;
	if (get)
		return get_lock(file, &flock, &want, (void *)arg);
	if ((flock.type == ABI_F_RDLCK && !file_readable(file)) ||
	    (flock.type == ABI_F_WRLCK && !file_writable(file)))
		return -EBADF;
	result = lock_apply(file->inode, &want, flock.type == ABI_F_UNLCK, wait);
	return result == -EINTR ? -ERESTARTSYS : result;
}

long file_flock(struct file *file, int operation)
{
	int kind = operation & ~ABI_LOCK_NB;
	struct file_lock want = {
	    .space = LOCK_WHOLE, .owner = file, .pid = -1, .start = 0, .end = UINT64_MAX};
	const struct file_lock *lock;
	int result;

	if (kind != ABI_LOCK_SH && kind != ABI_LOCK_EX && kind != ABI_LOCK_UN)
		return -EINVAL;
	want.exclusive = kind == ABI_LOCK_EX;
	lock = find_whole(file->inode, file);
	if (lock != NULL) {
		if (kind != ABI_LOCK_UN && lock->exclusive == want.exclusive)
			return 0;
		/* Another kind of lock is a new one: the old one is gone even if that fails. */
		result = lock_apply(file->inode, &want, true, false);
		if (result != 0)
			return result;
	}
	if (kind == ABI_LOCK_UN)
		return 0;
	result = lock_apply(file->inode, &want, false, (operation & ABI_LOCK_NB) == 0);
	return result == -EINTR ? -ERESTARTSYS : result;
}
