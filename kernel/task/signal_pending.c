/* SPDX-License-Identifier: MIT */
/*
 * Sets of pending signals: bits, and what is known of each one. Under no lock but the kernel's.
 */
#include "kernel/linux/abi_signal.h"
#include "kernel/mm/page.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

void sig_pending_init(struct sig_pending *pending)
{
	pending->set = 0;
	list_init(&pending->infos);
}

void sig_pending_flush(struct sig_pending *pending, sigset which)
{
	struct sig_info_node *node, *next;

	pending->set &= ~which;
	list_for_each_entry_safe (node, next, &pending->infos, struct sig_info_node, node) {
		if (which & signal_bit(node->info.signo)) {
			list_remove(&node->node);
			kfree(node);
		}
	}
}

static size_t pending_count(const struct sig_pending *pending)
{
	size_t count = 0;

	for (const struct list *node = pending->infos.next; node != &pending->infos;
	     node = node->next)
		count++;
	return count;
}

bool signal_timer_queued(const struct sig_pending *pending, int signal, int timer_id)
{
	const struct sig_info_node *node;

	list_for_each_entry (node, &pending->infos, struct sig_info_node, node) {
		if (node->info.signo == signal && node->info.code == ABI_SI_TIMER &&
		    node->info.timer.timer_id == timer_id)
			return true;
	}
	return false;
}

int sig_pending_add(struct sig_pending *pending, int signal, const struct abi_siginfo *info,
                    const struct process *process)
{
	struct sig_info_node *node;
	bool queued = signal >= ABI_SIGRTMIN;
	bool of_timer = info && info->code == ABI_SI_TIMER;

	if (!queued && !of_timer && (pending->set & signal_bit(signal)))
		return 0;
	if (!of_timer && (queued || (info && info->code < 0)) &&
	    pending_count(pending) >= process->rlimit[ABI_RLIMIT_SIGPENDING].soft)
		node = NULL;
	else
		node = kzalloc(sizeof(*node));
	if (!node && queued && info && info->code != ABI_SI_USER)
		return -EAGAIN;
	pending->set |= signal_bit(signal);
	if (!node)
		return 0; /* delivered without what info says */
	if (info)
		node->info = *info;
	else
		node->info.code = ABI_SI_KERNEL;
	node->info.signo = signal;
	list_insert_before(&pending->infos, &node->node);
	return 0;
}

/* Take one of a set; the set keeps the bit while more of the same number are queued. */
static void pending_take(struct sig_pending *pending, int signal, struct abi_siginfo *info)
{
	struct sig_info_node *node, *next, *taken = NULL;
	bool more = false;

	list_for_each_entry_safe (node, next, &pending->infos, struct sig_info_node, node) {
		if (node->info.signo != signal)
			continue;
		if (taken) {
			more = true;
			break;
		}
		taken = node;
	}
	*info = (struct abi_siginfo){.signo = signal};
	if (taken) {
		*info = taken->info;
		list_remove(&taken->node);
		kfree(taken);
	}
	if (!more)
		pending->set &= ~signal_bit(signal);
}

static int signal_first(sigset set)
{
	static const sigset synchronous = 1ull << (ABI_SIGSEGV - 1) | 1ull << (ABI_SIGBUS - 1) |
	                                  1ull << (ABI_SIGILL - 1) | 1ull << (ABI_SIGTRAP - 1) |
	                                  1ull << (ABI_SIGFPE - 1) | 1ull << (ABI_SIGSYS - 1);

	if (set & signal_bit(ABI_SIGKILL))
		return ABI_SIGKILL;
	if (set & synchronous)
		set &= synchronous;
	return __builtin_ctzll(set) + 1;
}

int signal_dequeue(struct task *task, sigset which, struct abi_siginfo *info)
{
	sigset own = task->pending.set & which;
	sigset shared = task->process->pending.set & which;
	int signal;

	if (!own && !shared)
		return 0;
	signal = signal_first(own ? own : shared);
	if (shared & signal_bit(ABI_SIGKILL))
		signal = ABI_SIGKILL;
	pending_take(task->pending.set & signal_bit(signal) ? &task->pending
	                                                    : &task->process->pending,
	             signal, info);
	return signal;
}
