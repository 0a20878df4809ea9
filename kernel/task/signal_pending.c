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
	pending->info_count = 0;
	list_init(&pending->infos);
}

static void node_link(struct sig_pending *pending, struct sig_info_node *node)
{
	node->pending = pending;
	pending->set |= signal_bit(node->info.signo);
	pending->info_count++;
	list_insert_before(&pending->infos, &node->node);
}

static void node_unlink(struct sig_info_node *node)
{
	node->pending->info_count--;
	list_remove(&node->node);
}

/* What becomes of a node that has left its queue. */
static void node_finish(struct sig_info_node *node, struct abi_siginfo *info)
{
	if (node->taken)
		node->taken(node, info);
	else
		kfree(node);
}

void sig_pending_flush(struct sig_pending *pending, sigset which)
{
	struct sig_info_node *node, *next;

	if (!(pending->set & which))
		return;
	pending->set &= ~which;
	list_for_each_entry_safe (node, next, &pending->infos, struct sig_info_node, node) {
		if (which & signal_bit(node->info.signo)) {
			node_unlink(node);
			node_finish(node, NULL);
		}
	}
}

int sig_pending_add(struct sig_pending *pending, int signal, const struct abi_siginfo *info,
                    const struct process *process)
{
	struct sig_info_node *node;
	bool queued = signal >= ABI_SIGRTMIN;

	if (!queued && (pending->set & signal_bit(signal)))
		return 0;
	if ((queued || (info && info->code < 0)) &&
	    pending->info_count >= process->rlimit[ABI_RLIMIT_SIGPENDING].soft)
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
	node_link(pending, node);
	return 0;
}

void sig_pending_add_node(struct sig_pending *pending, struct sig_info_node *node)
{
	node_link(pending, node);
}

static bool is_queued(const struct sig_pending *pending, int signal)
{
	const struct sig_info_node *node;

	list_for_each_entry (node, &pending->infos, struct sig_info_node, node) {
		if (node->info.signo == signal)
			return true;
	}
	return false;
}

void sig_pending_withdraw(struct sig_info_node *node)
{
	if (list_empty(&node->node))
		return;
	node_unlink(node);
	if (!is_queued(node->pending, node->info.signo))
		node->pending->set &= ~signal_bit(node->info.signo);
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
	if (!more)
		pending->set &= ~signal_bit(signal);
	*info = (struct abi_siginfo){.signo = signal};
	if (taken) {
		*info = taken->info;
		node_unlink(taken);
		node_finish(taken, info);
	}
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
	if (task->pending.set & signal_bit(signal)) {
		pending_take(&task->pending, signal, info);
	} else {
		pending_take(&task->process->pending, signal, info);
		if (signal == ABI_SIGALRM)
			itimer_real_taken(task->process);
	}
	return signal;
}
