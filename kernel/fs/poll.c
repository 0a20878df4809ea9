/* SPDX-License-Identifier: MIT */
/*
 * poll and select. The first look at the files queues the task on everything that may change; after
 * each wake-up it looks again. A file stays referenced as long as the task is on one of its queues.
 */
#include "kernel/fs/poll.h"

#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"
#include "pv/time.h"

#define WAITS_INLINE   16
#define WAITS_PER_MORE 64
#define FDS_INLINE     16

#define POLL_ALWAYS (ABI_POLLERR | ABI_POLLHUP | ABI_POLLNVAL)
#define SELECT_IN   (ABI_POLLIN | ABI_POLLRDNORM | ABI_POLLRDBAND | ABI_POLLHUP | ABI_POLLERR)
#define SELECT_OUT  (ABI_POLLOUT | ABI_POLLWRNORM | ABI_POLLWRBAND | ABI_POLLERR)
#define SELECT_EX   ABI_POLLPRI

struct poll_waits {
	struct poll_waits *next;
	size_t count;
	struct {
		struct wait_entry entry;
		struct file *file;
	} wait[WAITS_PER_MORE];
};

/* One task's wait on any number of files. */
struct poller {
	struct poll_table table;
	struct file *file; /* being looked at */
	bool failed;       /* out of memory */
	struct poll_waits *more;
	size_t count;
	struct {
		struct wait_entry entry;
		struct file *file;
	} wait[WAITS_INLINE];
};

void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
	if (table != NULL && table->queue != NULL)
		table->queue(table, queue);
}

static void poller_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct poller *poller = container_of(table, struct poller, table);
	struct poll_waits *more = poller->more;

	if (poller->count < WAITS_INLINE) {
		poller->wait[poller->count].file = poller->file;
		wait_enqueue(queue, &poller->wait[poller->count++].entry);
	} else {
		if (more == NULL || more->count == WAITS_PER_MORE) {
			more = kmalloc(sizeof(*more));
			if (more == NULL) {
				poller->failed = true;
				return;
			}
			more->count = 0;
			more->next = poller->more;
			poller->more = more;
		}
		more->wait[more->count].file = poller->file;
		wait_enqueue(queue, &more->wait[more->count++].entry);
	}
	file_get(poller->file);
}

static void poller_init(struct poller *poller)
{
	poller->table.queue = poller_queue;
	poller->failed = false;
	poller->more = NULL;
	poller->count = 0;
}

static void poller_end(struct poller *poller)
{
	for (size_t i = 0; i < poller->count; i++) {
		wait_dequeue(&poller->wait[i].entry);
		file_put(poller->wait[i].file);
	}
	while (poller->more != NULL) {
		struct poll_waits *more = poller->more;

		poller->more = more->next;
		for (size_t i = 0; i < more->count; i++) {
			wait_dequeue(&more->wait[i].entry);
			file_put(more->wait[i].file);
		}
		kfree(more);
	}
}

/* Events of a descriptor now. */
static uint32_t poller_look(struct poller *poller, int fd)
{
	struct file *file = fd_get_file(fd);
	uint32_t events;

	if (file == NULL)
		return ABI_POLLNVAL;
	if ((file->flags & ABI_O_PATH) != 0) {
		events = ABI_POLLNVAL;
	} else {
		poller->file = file;
		events = file_poll(file, &poller->table);
	}
	file_put(file);
	return events;
}

uint64_t poll_deadline(uint64_t ns)
{
	uint64_t now = pv_time_monotonic_ns();

	return ns >= WAIT_FOREVER - now ? WAIT_FOREVER - 1 : now + ns;
}

int poll_deadline_of_spec(const void *user_spec, uint64_t *deadline_ns)
{
	struct abi_timespec spec;

	*deadline_ns = WAIT_FOREVER;
	if (user_spec == NULL)
		return 0;
	if (copy_from_user(&spec, user_spec, sizeof(spec)) != 0)
		return -EFAULT;
	if (spec.sec < 0 || spec.nsec < 0 || spec.nsec >= (int64_t)NS_PER_SEC)
		return -EINVAL;
	if (spec.sec >= INT64_MAX / (int64_t)NS_PER_SEC)
		*deadline_ns = WAIT_FOREVER - 1;
	else
		*deadline_ns = poll_deadline((uint64_t)spec.sec * NS_PER_SEC + (uint64_t)spec.nsec);
	return 0;
}

int poll_mask_begin(const void *user_mask, uint64_t mask_bytes)
{
	sigset mask;

	if (user_mask == NULL)
		return 0;
	if (mask_bytes != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, user_mask, sizeof(mask)) != 0)
		return -EFAULT;
	signal_set_temporary_mask(mask);
	return 0;
}

void poll_mask_end(const void *user_mask, long result)
{
	if (user_mask != NULL && result != -ERESTARTNOHAND && result != -EINTR)
		signal_restore_mask();
}

/* Look, sleep, look again. `look` returns how many descriptors have something to tell. */
static long poller_run(struct poller *poller, long (*look)(struct poller *poller, void *arg),
                       void *arg, uint64_t deadline_ns)
{
	bool expired = deadline_ns <= pv_time_monotonic_ns();

	if (expired)
		poller->table.queue = NULL;
	for (;;) {
		long found = look(poller, arg);
		int result;

		poller->table.queue = NULL;
		if (found != 0)
			return found;
		/* Also at a time of 0: the mask of the call may have let one in. */
		if (signal_pending(current()))
			return -ERESTARTNOHAND;
		if (expired)
			return 0;
		if (poller->failed)
			return -ENOMEM;
		result = task_sleep(true, deadline_ns);
		if (result == -EINTR)
			return -ERESTARTNOHAND;
		expired = result == -ETIMEDOUT;
	}
}

struct poll_set {
	struct abi_pollfd *fds;
	size_t count;
};

static long poll_look(struct poller *poller, void *arg)
{
	struct poll_set *set = arg;
	long found = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct abi_pollfd *fd = &set->fds[i];

		fd->revents = 0;
		if (fd->fd >= 0)
			fd->revents =
			    (uint16_t)(poller_look(poller, fd->fd) & (fd->events | POLL_ALWAYS));
		if (fd->revents == 0)
			continue;
		found++;
		poller->table.queue = NULL; /* there will be no sleep */
	}
	return found;
}

static long poll_user_fds(void *user_fds, struct poll_set *set, uint64_t deadline_ns)
{
	struct abi_pollfd *user = user_fds;
	struct poller poller;
	long result;

	if (copy_from_user(set->fds, user_fds, set->count * sizeof(*set->fds)) != 0)
		return -EFAULT;
	poller_init(&poller);
	result = poller_run(&poller, poll_look, set, deadline_ns);
	poller_end(&poller);
	/* Also when a signal has ended it: what was looked at last, which was nothing. */
	for (size_t i = 0; i < set->count; i++) {
		if (copy_to_user(&user[i].revents, &set->fds[i].revents, sizeof(user[i].revents)) !=
		    0)
			return -EFAULT;
	}
	return result;
}

static long do_poll(void *user_fds, uint64_t count, uint64_t deadline_ns)
{
	struct abi_pollfd few[FDS_INLINE];
	struct poll_set set = {.fds = few, .count = count};
	long result;

	if (count > current()->process->rlimit[ABI_RLIMIT_NOFILE].soft || count > INT32_MAX)
		return -EINVAL;
	if (count > FDS_INLINE)
		set.fds = kmalloc(count * sizeof(*set.fds));
	if (set.fds == NULL)
		return -ENOMEM;
	result = poll_user_fds(user_fds, &set, deadline_ns);
	if (set.fds != few)
		kfree(set.fds);
	return result;
}

static long poll_resume(struct restart_block *block);

/* poll() goes on with its deadline after a signal without a handler, such as a stop. */
static long poll_until(uintptr_t user_fds, uint32_t count, uint64_t deadline_ns)
{
	long result = do_poll((void *)user_fds, count, deadline_ns);

	if (result != -ERESTARTNOHAND)
		return result;
	current()->restart = (struct restart_block){.resume = poll_resume,
	                                            .deadline_ns = deadline_ns,
	                                            .user_word = user_fds,
	                                            .value = count};
	return -ERESTART_BLOCK;
}

static long poll_resume(struct restart_block *block)
{
	return poll_until(block->user_word, block->value, block->deadline_ns);
}

long sys_poll(const struct sys_args *args)
{
	int timeout_ms = SYS_INT(args, 2);
	uint64_t deadline = WAIT_FOREVER;

	if (timeout_ms >= 0)
		deadline = poll_deadline((uint64_t)timeout_ms * 1000000);
	return poll_until((uintptr_t)args->arg[0], SYS_UINT(args, 1), deadline);
}

/* Nanoseconds until the deadline. */
static uint64_t time_left(uint64_t deadline_ns)
{
	uint64_t now = pv_time_monotonic_ns();

	return deadline_ns > now ? deadline_ns - now : 0;
}

/* The call's result, when the caller has been told how much of the time is left, as Linux does. A
 * bad pointer is no reason to lose the result; but a call whose time could not be told cannot go on
 * with the rest of it. */
static long put_time_left(void *user, bool is_val, uint64_t deadline_ns, long result)
{
	bool sticky = current()->personality & ABI_PER_STICKY_TIMEOUTS;
	uint64_t left = time_left(deadline_ns);
	int64_t time[2] = {(int64_t)(left / NS_PER_SEC), (int64_t)(left % NS_PER_SEC)};

	_Static_assert(sizeof(time) == sizeof(struct abi_timespec), "of the ABI");
	_Static_assert(sizeof(time) == sizeof(struct abi_timeval), "of the ABI");
	if (is_val)
		time[1] /= 1000;
	if (user != NULL && (sticky || copy_to_user(user, time, sizeof(time)) != 0) &&
	    result == -ERESTARTNOHAND)
		return -EINTR;
	return result;
}

long sys_ppoll(const struct sys_args *args)
{
	const void *mask = SYS_PTR(args, 3);
	uint64_t deadline;
	long result = poll_deadline_of_spec(SYS_PTR(args, 2), &deadline);

	if (result == 0)
		result = poll_mask_begin(mask, args->arg[4]);
	if (result != 0)
		return result;
	result = do_poll(SYS_PTR(args, 0), SYS_UINT(args, 1), deadline);
	poll_mask_end(mask, result);
	return put_time_left(SYS_PTR(args, 2), false, deadline, result);
}

/* The three sets of select, as words of 64 descriptors: asked for, then found. */
enum select_kind { SELECT_READ, SELECT_WRITE, SELECT_EXCEPT, SELECT_KINDS };

struct select_set {
	int count; /* of descriptors */
	size_t words;
	uint64_t *want[SELECT_KINDS], *found[SELECT_KINDS];
	bool bad_fd;
};

static const uint32_t select_events[SELECT_KINDS] = {SELECT_IN, SELECT_OUT, SELECT_EX};

static long select_look_fd(struct poller *poller, struct select_set *set, int fd)
{
	uint64_t bit = 1ull << (fd % 64);
	size_t word = (size_t)fd / 64;
	uint32_t events;
	long found = 0;

	if (((set->want[0][word] | set->want[1][word] | set->want[2][word]) & bit) == 0)
		return 0;
	events = poller_look(poller, fd);
	if ((events & ABI_POLLNVAL) != 0) {
		set->bad_fd = true;
		return 0;
	}
	for (int kind = 0; kind < SELECT_KINDS; kind++) {
		if ((set->want[kind][word] & bit) != 0 && (events & select_events[kind]) != 0) {
			set->found[kind][word] |= bit;
			found++;
		}
	}
	return found;
}

static long select_look(struct poller *poller, void *arg)
{
	struct select_set *set = arg;
	long found = 0;

	for (int fd = 0; fd < set->count; fd++) {
		found += select_look_fd(poller, set, fd);
		if (set->bad_fd)
			return -EBADF;
		if (found > 0)
			poller->table.queue = NULL;
	}
	return found;
}

/* Copy in what is wanted. The user's sets have a multiple of 8 bytes. */
static int select_copy_in(struct select_set *set, void *const user[SELECT_KINDS])
{
	for (int kind = 0; kind < SELECT_KINDS; kind++) {
		if (user[kind] != NULL &&
		    copy_from_user(set->want[kind], user[kind], set->words * sizeof(uint64_t)) != 0)
			return -EFAULT;
	}
	return 0;
}

static int select_copy_out(const struct select_set *set, void *const user[SELECT_KINDS])
{
	for (int kind = 0; kind < SELECT_KINDS; kind++) {
		if (user[kind] != NULL &&
		    copy_to_user(user[kind], set->found[kind], set->words * sizeof(uint64_t)) != 0)
			return -EFAULT;
	}
	return 0;
}

static long do_select(int count, void *const user[SELECT_KINDS], uint64_t deadline_ns)
{
	struct select_set set = {.words = ((size_t)count + 63) / 64};
	struct poller poller;
	uint64_t *words;
	long result;

	if (count < 0)
		return -EINVAL;
	/* Bits beyond what a table can hold mean nothing. */
	set.words = MIN(set.words, (size_t)1024 * 1024 / 64);
	set.count = MIN(count, (int)(set.words * 64));
	words = kzalloc(MAX(set.words, (size_t)1) * sizeof(uint64_t) * SELECT_KINDS * 2);
	if (words == NULL)
		return -ENOMEM;
	for (int kind = 0; kind < SELECT_KINDS; kind++) {
		set.want[kind] = words + set.words * (size_t)kind;
		set.found[kind] = words + set.words * (size_t)(kind + SELECT_KINDS);
	}
	result = select_copy_in(&set, user);
	if (result == 0) {
		poller_init(&poller);
		result = poller_run(&poller, select_look, &set, deadline_ns);
		poller_end(&poller);
	}
	if (result >= 0 && select_copy_out(&set, user) != 0)
		result = -EFAULT;
	kfree(words);
	return result;
}

long sys_select(const struct sys_args *args)
{
	void *const user[SELECT_KINDS] = {SYS_PTR(args, 1), SYS_PTR(args, 2), SYS_PTR(args, 3)};
	uint64_t deadline = WAIT_FOREVER;
	struct abi_timeval val;
	long result;

	if (SYS_PTR(args, 4) != NULL) {
		if (copy_from_user(&val, SYS_PTR(args, 4), sizeof(val)) != 0)
			return -EFAULT;
		if (val.sec < 0 || val.usec < 0)
			return -EINVAL;
		deadline = WAIT_FOREVER - 1;
		if (val.sec < 1 << 30 && val.usec < 1ll << 50)
			deadline = poll_deadline((uint64_t)val.sec * NS_PER_SEC +
			                         (uint64_t)val.usec * 1000);
	}
	result = do_select(SYS_INT(args, 0), user, deadline);
	return put_time_left(SYS_PTR(args, 4), true, deadline, result);
}

long sys_pselect6(const struct sys_args *args)
{
	void *const user[SELECT_KINDS] = {SYS_PTR(args, 1), SYS_PTR(args, 2), SYS_PTR(args, 3)};
	struct abi_sigset_arg mask = {0};
	const void *user_mask;
	uint64_t deadline;
	long result;

	if (SYS_PTR(args, 5) != NULL && copy_from_user(&mask, SYS_PTR(args, 5), sizeof(mask)) != 0)
		return -EFAULT;
	user_mask = (const void *)(uintptr_t)mask.set;
	result = poll_deadline_of_spec(SYS_PTR(args, 4), &deadline);
	if (result == 0)
		result = poll_mask_begin(user_mask, mask.size);
	if (result != 0)
		return result;
	result = do_select(SYS_INT(args, 0), user, deadline);
	poll_mask_end(user_mask, result);
	return put_time_left(SYS_PTR(args, 4), false, deadline, result);
}
