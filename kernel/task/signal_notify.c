/* SPDX-License-Identifier: MIT */
/*
 * What parents are told of their children: SIGCHLD and its like, at the end of one, when it stops
 * and when it goes on.
 */
#include "kernel/linux/abi_signal.h"
#include "kernel/linux/abi_task.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

static void notify_parent(struct process *child, int signal, int code, int status)
{
	struct abi_siginfo info = {.code = code};
	struct abi_rusage_times times;

	process_times(child, &times);
	info.child.pid = child->pid;
	info.child.uid = child->leader->cred.uid;
	info.child.status = status;
	info.child.user_ticks = (int64_t)(times.user_ns / 10000000u);
	info.child.system_ticks = (int64_t)(times.system_ns / 10000000u);
	signal_send_process(child->parent, signal, &info);
}

bool signal_notify_exit(struct process *child)
{
	struct process *parent = child->parent;
	const struct abi_sigaction *action;
	bool killed = child->exit_code & 0x7f;
	bool ignored = true, unwanted = false;

	action = child->exit_signal ? signal_action(parent, child->exit_signal) : NULL;
	if (action) {
		ignored = action->handler == ABI_SIG_IGN;
		unwanted = child->exit_signal == ABI_SIGCHLD &&
		           (ignored || (action->flags & ABI_SA_NOCLDWAIT));
	}
	if (!ignored)
		notify_parent(child, child->exit_signal,
		              !killed                            ? ABI_CLD_EXITED
		              : child->exit_code & ABI_WAIT_CORE ? ABI_CLD_DUMPED
		                                                 : ABI_CLD_KILLED,
		              killed ? child->exit_code & 0x7f : child->exit_code >> 8);
	wait_wake_all(&parent->child_wait);
	return unwanted;
}

void signal_notify_stop(struct process *child, int code, int status)
{
	struct process *parent = child->parent;
	const struct abi_sigaction *action = signal_action(parent, ABI_SIGCHLD);

	if (!action || (!(action->flags & ABI_SA_NOCLDSTOP) && action->handler != ABI_SIG_IGN))
		notify_parent(child, ABI_SIGCHLD, code, status);
	wait_wake_all(&parent->child_wait);
}

void signal_stop_finish(struct process *process)
{
	const struct task *task;

	if (!process->stopped || !process->stopping)
		return;
	list_for_each_entry (task, &process->tasks, struct task, process_node) {
		if (task->state != TASK_STOPPED)
			return;
	}
	process->stopping = false;
	signal_notify_stop(process, ABI_CLD_STOPPED, process->stop_signal);
}
