/* SPDX-License-Identifier: MIT */
/*
 * epoll. Each watched file has an item with hooks on the file's wait queues; a wake-up puts the
 * item on the list of those that may be ready, and epoll_wait asks the files on that list. A
 * level-triggered item stays on the list as long as it is ready. Items hold no reference on their
 * file: its end takes them away.
 *
 * A set may watch sets (epoll_nest.c says how deep). Each wake-up of a file goes up to all that
 * watch it, also when the item was on the list already: it is an edge for those above. Many ways
 * may lead up to a set: a wake-up takes only the first.
 */
#include "kernel/fs/epoll.h"
#include "kernel/mm/vm.h"
#include "pv/time.h"

/* Bits of an event that say how, not what. */
#define EVENT_MODES (ABI_EPOLLET | ABI_EPOLLONESHOT | ABI_EPOLLWAKEUP | ABI_EPOLLEXCLUSIVE)

struct epoll_hook {
	struct wait_entry entry;
	struct epoll_item *item;
	struct epoll_hook *next;
};

/* Hooks an item on the queues that a file's poll operation names. */
struct epoll_table {
	struct poll_table table;
	struct epoll_item *item;
	bool failed;
};

static const struct file_ops epoll_file_ops;

/* Wake who waits for the set, and who watches it. True if somebody in epoll_wait was woken by this
 * and not before. */
static bool epoll_notify(struct epoll *epoll)
{
	static uint64_t pass;
	static unsigned int depth;
	bool taken;

	if (depth == 0)
		pass++;
	if (epoll->wake_pass == pass)
		return false;
	epoll->wake_pass = pass;
	depth++;
	taken = wait_wake_events(&epoll->wait, ABI_POLLIN | ABI_POLLRDNORM);
	wait_wake_events(&epoll->pollers, ABI_POLLIN | ABI_POLLRDNORM);
	depth--;
	return taken;
}

static void item_queue_ready(struct epoll_item *item)
{
	if (list_empty(&item->ready_node))
		list_insert_before(&item->epoll->ready, &item->ready_node);
}

static bool hook_wake(struct wait_entry *entry, uint32_t events)
{
	struct epoll_item *item = container_of(entry, struct epoll_hook, entry)->item;
	uint32_t wanted = item->event.events & ~EVENT_MODES;

	if (wanted == 0 || (events != 0 && (events & wanted) == 0))
		return false;
	item_queue_ready(item);
	return epoll_notify(item->epoll);
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
	wait_enqueue_callback(queue, &hook->entry, hook_wake,
	                      (table->item->event.events & ABI_EPOLLEXCLUSIVE) != 0);
}

/* What the item waits for and its file has now. */
static uint32_t item_events(struct epoll_item *item, struct poll_table *table)
{
	uint32_t wanted = item->event.events & ~EVENT_MODES;

	return file_poll(item->file, table) & wanted;
}

void epoll_free_item(struct epoll_item *item)
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
	list_remove(&item->nested_node);
	kfree(item);
}

void epoll_forget_file(struct file *file)
{
	struct epoll_item *item, *next;

	list_for_each_entry_safe (item, next, &file->epoll_items, struct epoll_item, file_node) {
		epoll_free_item(item);
	}
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->private;
	struct epoll_item *item, *next;

	list_for_each_entry_safe (item, next, &epoll->items, struct epoll_item, node) {
		epoll_free_item(item);
	}
	kfree(epoll);
}

static uint32_t epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->private;
	struct epoll_item *item, *next;

	poll_wait(table, &epoll->pollers);
	list_for_each_entry_safe (item, next, &epoll->ready, struct epoll_item, ready_node) {
		if (item_events(item, NULL) != 0)
			return ABI_POLLIN | ABI_POLLRDNORM;
		list_remove(&item->ready_node);
	}
	return 0;
}

static void epoll_show(struct file *file, struct seq *seq)
{
	const struct epoll *epoll = file->private;
	const struct epoll_item *item;

	list_for_each_entry (item, &epoll->items, struct epoll_item, node) {
		const struct inode *inode = item->file->inode;

		seq_printf(seq, "tfd: %8d events: %8x data: %16llx  pos:%lld ino:%llx sdev:%llx\n",
		           item->fd, item->event.events, (unsigned long long)item->event.data,
		           (long long)item->file->pos, (unsigned long long)inode->ino,
		           (unsigned long long)inode->dev);
	}
}

static const struct file_ops epoll_file_ops = {
    .show = epoll_show,
    .poll = epoll_poll,
    .release = epoll_release,
};

struct epoll *epoll_of_file(const struct file *file)
{
	return file->ops == &epoll_file_ops ? file->private : NULL;
}

struct file *epoll_create_file(void)
{
	struct epoll *epoll = kzalloc(sizeof(*epoll));
	struct file *file;

	if (epoll == NULL)
		return err_ptr(-ENOMEM);
	list_init(&epoll->items);
	list_init(&epoll->ready);
	list_init(&epoll->nested);
	wait_queue_init(&epoll->wait);
	wait_queue_init(&epoll->pollers);
	file = file_create_anonymous(&epoll_file_ops, 0600, ABI_O_RDWR, epoll);
	if (is_err(file)) {
		kfree(epoll);
		return file;
	}
	epoll->file = file;
	file->inode->label = "anon_inode:[eventpoll]";
	return file;
}

/* A file is mostly in few sets, while a set may have many files. */
struct epoll_item *epoll_find_item(struct epoll *epoll, const struct file *file, int fd)
{
	struct epoll_item *item;

	list_for_each_entry (item, &file->epoll_items, struct epoll_item, file_node) {
		if (item->epoll == epoll && item->fd == fd)
			return item;
	}
	return NULL;
}

int epoll_add_item(struct epoll *epoll, struct file *target, int fd,
                   const struct abi_epoll_event *event)
{
	struct epoll_table table = {.table = {epoll_table_queue}};
	struct epoll_item *item = kzalloc(sizeof(*item));
	uint32_t events;

	if (item == NULL)
		return -ENOMEM;
	item->epoll = epoll;
	item->file = target;
	item->fd = fd;
	item->event = *event;
	item->event.events |= ABI_POLLERR | ABI_POLLHUP;
	list_init(&item->ready_node);
	list_init(&item->nested_node);
	list_insert_before(&epoll->items, &item->node);
	list_insert_before(&target->epoll_items, &item->file_node);
	if (epoll_of_file(target) != NULL)
		list_insert_before(&epoll->nested, &item->nested_node);
	table.item = item;
	events = item_events(item, &table.table);
	if (table.failed) {
		epoll_free_item(item);
		return -ENOMEM;
	}
	if (events != 0) {
		item_queue_ready(item);
		epoll_notify(epoll);
	}
	return 0;
}

void epoll_change_item(struct epoll_item *item, const struct abi_epoll_event *event)
{
	item->event = *event;
	item->event.events |= ABI_POLLERR | ABI_POLLHUP;
	if (item_events(item, NULL) == 0 || !list_empty(&item->ready_node))
		return;
	item_queue_ready(item);
	epoll_notify(item->epoll);
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

long epoll_wait_events(struct epoll *epoll, struct abi_epoll_event *user, int max,
                       uint64_t deadline_ns)
{
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
