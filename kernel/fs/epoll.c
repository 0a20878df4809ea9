/* SPDX-License-Identifier: MIT */
/*
 * epoll. Each watched file has an item with hooks on the file's wait queues; a wake-up puts the
 * item on the list of those that may be ready, and epoll_wait asks the files on that list. A
 * level-triggered item stays on the list as long as it is ready. Items hold no reference on their
 * file: its end takes them away. An epoll may watch others, but not those that watch epolls.
 */
#include "kernel/fs/poll.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"
#include "pv/time.h"

/* Bits of an event that say how, not what. */
#define EVENT_MODES (ABI_EPOLLET | ABI_EPOLLONESHOT | ABI_EPOLLWAKEUP | ABI_EPOLLEXCLUSIVE)
#define EVENTS_MAX  (INT32_MAX / (int)sizeof(struct abi_epoll_event))

struct epoll {
	struct list items; /* struct epoll_item.node */
	struct list ready; /* struct epoll_item.ready_node */
	struct wait_queue wait;
};

struct epoll_hook {
	struct wait_entry entry;
	struct epoll_item *item;
	struct epoll_hook *next;
};

struct epoll_item {
	struct list node, ready_node, file_node;
	struct epoll *epoll;
	struct file *file;
	int fd;
	struct abi_epoll_event event;
	struct epoll_hook *hooks;
};

/* Hooks an item on the queues that a file's poll operation names. */
struct epoll_table {
	struct poll_table table;
	struct epoll_item *item;
	bool failed;
};

static const struct file_ops epoll_file_ops;

static void item_mark_ready(struct epoll_item *item)
{
	if (!list_empty(&item->ready_node))
		return;
	list_insert_before(&item->epoll->ready, &item->ready_node);
	wait_wake_all(&item->epoll->wait);
}

static void hook_wake(struct wait_entry *entry)
{
	item_mark_ready(container_of(entry, struct epoll_hook, entry)->item);
}

static void epoll_table_queue(struct poll_table *base, struct wait_queue *queue)
{
	struct epoll_table *table = container_of(base, struct epoll_table, table);
	struct epoll_hook *hook = kmalloc(sizeof(*hook));

	if (hook == NULL) {
		table->failed = true;
		return;
	}
	hook->item = table->item;
	hook->next = table->item->hooks;
	table->item->hooks = hook;
	wait_enqueue_callback(queue, &hook->entry, hook_wake);
}

/* What the item waits for and its file has now. */
static uint32_t item_events(struct epoll_item *item, struct poll_table *table)
{
	uint32_t wanted = item->event.events & ~EVENT_MODES;

	return file_poll(item->file, table) & wanted;
}

static void item_free(struct epoll_item *item)
{
	while (item->hooks != NULL) {
		struct epoll_hook *hook = item->hooks;

		item->hooks = hook->next;
		wait_dequeue(&hook->entry);
		kfree(hook);
	}
	list_remove(&item->node);
	list_remove(&item->ready_node);
	list_remove(&item->file_node);
	kfree(item);
}

void epoll_forget_file(struct file *file)
{
	struct epoll_item *item, *next;

	list_for_each_entry_safe (item, next, &file->epoll_items, struct epoll_item, file_node) {
		item_free(item);
	}
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->private;
	struct epoll_item *item, *next;

	list_for_each_entry_safe (item, next, &epoll->items, struct epoll_item, node) {
		item_free(item);
	}
	kfree(epoll);
}

static uint32_t epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->private;
	struct epoll_item *item, *next;

	poll_wait(table, &epoll->wait);
	list_for_each_entry_safe (item, next, &epoll->ready, struct epoll_item, ready_node) {
		if (item_events(item, NULL) != 0)
			return ABI_POLLIN | ABI_POLLRDNORM;
		list_remove(&item->ready_node);
	}
	return 0;
}

static const struct file_ops epoll_file_ops = {
    .poll = epoll_poll,
    .release = epoll_release,
};

static long do_epoll_create(uint32_t flags)
{
	struct epoll *epoll;
	struct file *file;

	if ((flags & ~ABI_EPOLL_CLOEXEC) != 0)
		return -EINVAL;
	epoll = kzalloc(sizeof(*epoll));
	if (epoll == NULL)
		return -ENOMEM;
	list_init(&epoll->items);
	list_init(&epoll->ready);
	wait_queue_init(&epoll->wait);
	file = file_create_anonymous(&epoll_file_ops, 0600, ABI_O_RDWR, epoll);
	if (is_err(file)) {
		kfree(epoll);
		return ptr_err(file);
	}
	file->inode->label = "anon_inode:[eventpoll]";
	return fd_install_or_put(file, (flags & ABI_EPOLL_CLOEXEC) != 0);
}

long sys_epoll_create(const struct sys_args *args)
{
	return SYS_INT(args, 0) <= 0 ? -EINVAL : do_epoll_create(0);
}

long sys_epoll_create1(const struct sys_args *args)
{
	return do_epoll_create(SYS_UINT(args, 0));
}

static struct epoll_item *item_find(struct epoll *epoll, const struct file *file, int fd)
{
	struct epoll_item *item;

	list_for_each_entry (item, &epoll->items, struct epoll_item, node) {
		if (item->file == file && item->fd == fd)
			return item;
	}
	return NULL;
}

static bool watches_epolls(const struct epoll *epoll)
{
	const struct epoll_item *item;

	list_for_each_entry (item, &epoll->items, struct epoll_item, node) {
		if (item->file->ops == &epoll_file_ops)
			return true;
	}
	return false;
}

/* May `target` be watched by the epoll file. */
static int check_target(struct file *file, struct file *target)
{
	if (target->ops->poll == NULL || (target->flags & ABI_O_PATH) != 0)
		return -EPERM;
	if (target == file)
		return -EINVAL;
	if (target->ops == &epoll_file_ops &&
	    (watches_epolls(target->private) || !list_empty(&file->epoll_items)))
		return -ELOOP;
	return 0;
}

static int item_add(struct epoll *epoll, struct file *target, int fd,
                    const struct abi_epoll_event *event)
{
	struct epoll_table table = {.table = {epoll_table_queue}};
	struct epoll_item *item = kzalloc(sizeof(*item));

	if (item == NULL)
		return -ENOMEM;
	item->epoll = epoll;
	item->file = target;
	item->fd = fd;
	item->event = *event;
	item->event.events |= ABI_POLLERR | ABI_POLLHUP;
	list_init(&item->ready_node);
	list_insert_before(&epoll->items, &item->node);
	list_insert_before(&target->epoll_items, &item->file_node);
	table.item = item;
	if (item_events(item, &table.table) != 0)
		item_mark_ready(item);
	if (table.failed) {
		item_free(item);
		return -ENOMEM;
	}
	return 0;
}

static int epoll_control(struct file *file, int operation, struct file *target, int fd,
                         const struct abi_epoll_event *event)
{
	struct epoll *epoll = file->private;
	struct epoll_item *item;
	int result = check_target(file, target);

	if (result != 0)
		return result;
	item = item_find(epoll, target, fd);
	if (operation == ABI_EPOLL_CTL_ADD)
		return item != NULL ? -EEXIST : item_add(epoll, target, fd, event);
	if (item == NULL)
		return -ENOENT;
	if (operation == ABI_EPOLL_CTL_DEL) {
		item_free(item);
		return 0;
	}
	item->event = *event;
	item->event.events |= ABI_POLLERR | ABI_POLLHUP;
	if (item_events(item, NULL) != 0)
		item_mark_ready(item);
	return 0;
}

/* The epoll file of a descriptor, with a reference, or err_ptr. */
static struct file *epoll_get_file(int fd)
{
	struct file *file = fd_get_file(fd);

	if (file == NULL)
		return err_ptr(-EBADF);
	if (file->ops != &epoll_file_ops) {
		file_put(file);
		return err_ptr(-EINVAL);
	}
	return file;
}

long sys_epoll_ctl(const struct sys_args *args)
{
	int operation = SYS_INT(args, 1), fd = SYS_INT(args, 2);
	struct abi_epoll_event event = {0};
	struct file *file, *target;
	long result = -EBADF;

	if (operation != ABI_EPOLL_CTL_DEL &&
	    copy_from_user(&event, SYS_PTR(args, 3), sizeof(event)) != 0)
		return -EFAULT;
	file = epoll_get_file(SYS_INT(args, 0));
	if (is_err(file))
		return ptr_err(file);
	target = fd_get_file(fd);
	if (target != NULL) {
		if (operation < ABI_EPOLL_CTL_ADD || operation > ABI_EPOLL_CTL_MOD)
			result = -EINVAL;
		else
			result = epoll_control(file, operation, target, fd, &event);
		file_put(target);
	}
	file_put(file);
	return result;
}

/* Report one item if it is ready: 1, 0, or -EFAULT. */
static int item_report(struct epoll_item *item, struct abi_epoll_event *user)
{
	struct abi_epoll_event event = {item_events(item, NULL), item->event.data};

	if (event.events == 0) {
		list_remove(&item->ready_node);
		return 0;
	}
	if (copy_to_user(user, &event, sizeof(event)) != 0)
		return -EFAULT;
	list_remove(&item->ready_node);
	if ((item->event.events & ABI_EPOLLONESHOT) != 0)
		item->event.events &= EVENT_MODES;
	else if ((item->event.events & ABI_EPOLLET) == 0)
		list_insert_before(&item->epoll->ready, &item->ready_node);
	return 1;
}

/* Report up to `max` ready items, those that waited longest first. */
static long epoll_report(struct epoll *epoll, struct abi_epoll_event *user, int max)
{
	struct list turn;
	long count = 0;
	int result = 0;

	/* Items that stay ready go back on the ready list and must not be met twice. */
	list_init(&turn);
	while (!list_empty(&epoll->ready)) {
		struct list *node = epoll->ready.next;

		list_remove(node);
		list_insert_before(&turn, node);
	}
	while (!list_empty(&turn) && count < max && result >= 0) {
		result =
		    item_report(list_entry(turn.next, struct epoll_item, ready_node), &user[count]);
		count += result > 0;
	}
	/* Those that had no turn come first the next time. */
	while (!list_empty(&turn)) {
		struct list *node = turn.prev;

		list_remove(node);
		list_insert_after(&epoll->ready, node);
	}
	return count > 0 || result >= 0 ? count : result;
}

static long epoll_wait_file(struct file *file, struct abi_epoll_event *user, int max,
                            uint64_t deadline_ns)
{
	struct epoll *epoll = file->private;

	for (;;) {
		long count = epoll_report(epoll, user, max);
		int result;

		if (count != 0 || deadline_ns <= pv_time_monotonic_ns())
			return count;
		result = wait_event(&epoll->wait, !list_empty(&epoll->ready), deadline_ns);
		if (result == -EINTR)
			return -EINTR;
		if (result == -ETIMEDOUT)
			return epoll_report(epoll, user, max);
	}
}

static long do_epoll_wait(const struct sys_args *args, uint64_t deadline_ns)
{
	int max = SYS_INT(args, 2);
	struct file *file;
	long result;

	if (max <= 0 || max > EVENTS_MAX)
		return -EINVAL;
	if (!user_range_ok(SYS_PTR(args, 1), (size_t)max * sizeof(struct abi_epoll_event)))
		return -EFAULT;
	file = epoll_get_file(SYS_INT(args, 0));
	if (is_err(file))
		return ptr_err(file);
	result = epoll_wait_file(file, SYS_PTR(args, 1), max, deadline_ns);
	file_put(file);
	return result;
}

static uint64_t deadline_of_ms(int timeout_ms)
{
	return timeout_ms < 0 ? WAIT_FOREVER : poll_deadline((uint64_t)timeout_ms * 1000000);
}

long sys_epoll_wait(const struct sys_args *args)
{
	return do_epoll_wait(args, deadline_of_ms(SYS_INT(args, 3)));
}

long sys_epoll_pwait(const struct sys_args *args)
{
	long result = poll_mask_begin(SYS_PTR(args, 4), args->arg[5]);

	if (result != 0)
		return result;
	result = do_epoll_wait(args, deadline_of_ms(SYS_INT(args, 3)));
	poll_mask_end(SYS_PTR(args, 4), result);
	return result;
}

long sys_epoll_pwait2(const struct sys_args *args)
{
	uint64_t deadline;
	long result = poll_deadline_of_spec(SYS_PTR(args, 3), &deadline);

	if (result == 0)
		result = poll_mask_begin(SYS_PTR(args, 4), args->arg[5]);
	if (result != 0)
		return result;
	result = do_epoll_wait(args, deadline);
	poll_mask_end(SYS_PTR(args, 4), result);
	return result;
}
