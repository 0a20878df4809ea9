/* SPDX-License-Identifier: MIT */
/*
 * Sending signals: what is ignored, who is woken, the stop and continue rules. What is pending is
 * signal_pending.c, delivery to user mode signal_deliver.c, what parents hear signal_notify.c.
 */
#include "kernel/linux/abi_signal.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

#define SIGNALS_UNBLOCKABLE (signal_bit(ABI_SIGKILL) | signal_bit(ABI_SIGSTOP))
#define SIGNALS_STOPPING                                                               \
	(signal_bit(ABI_SIGSTOP) | signal_bit(ABI_SIGTSTP) | signal_bit(ABI_SIGTTIN) | \
	 signal_bit(ABI_SIGTTOU))
#define SIGNALS_DUMPING                                                                \
	(signal_bit(ABI_SIGQUIT) | signal_bit(ABI_SIGILL) | signal_bit(ABI_SIGTRAP) |  \
	 signal_bit(ABI_SIGABRT) | signal_bit(ABI_SIGBUS) | signal_bit(ABI_SIGFPE) |   \
	 signal_bit(ABI_SIGSEGV) | signal_bit(ABI_SIGXCPU) | signal_bit(ABI_SIGXFSZ) | \
	 signal_bit(ABI_SIGSYS))
#define SIGNALS_DEFAULT_IGNORED                                                         \
	(signal_bit(ABI_SIGCHLD) | signal_bit(ABI_SIGCONT) | signal_bit(ABI_SIGWINCH) | \
	 signal_bit(ABI_SIGURG))

struct sig_handlers *sig_handlers_create(void)
{
	struct sig_handlers *handlers = kzalloc(sizeof(*handlers));

	if (handlers)
		handlers->ref_count = 1;
	return handlers;
}

struct sig_handlers *sig_handlers_copy(const struct sig_handlers *source)
{
	struct sig_handlers *handlers = kmalloc(sizeof(*handlers));

	if (!handlers)
		return NULL;
	*handlers = *source;
	handlers->ref_count = 1;
	return handlers;
}

void sig_handlers_put(struct sig_handlers *handlers)
{
	if (handlers && --handlers->ref_count == 0)
		kfree(handlers);
}

void sig_handlers_reset(struct sig_handlers *handlers)
{
	for (size_t i = 0; i < ARRAY_COUNT(handlers->action); i++) {
		struct abi_sigaction *action = &handlers->action[i];
		uint64_t keep = action->handler == ABI_SIG_IGN ? ABI_SIG_IGN : ABI_SIG_DFL;

		*action = (struct abi_sigaction){.handler = keep};
	}
}

bool signal_default_ignored(int signal)
{
	return signal_bit(signal) & SIGNALS_DEFAULT_IGNORED;
}

bool signal_default_dumps(int signal)
{
	return signal_bit(signal) & SIGNALS_DUMPING;
}

bool signal_default_stops(int signal)
{
	return signal_bit(signal) & SIGNALS_STOPPING;
}

const struct abi_sigaction *signal_action(const struct process *process, int signal)
{
	const struct task *task;

	list_for_each_entry (task, &process->tasks, struct task, process_node) {
		if (task->handlers)
			return &task->handlers->action[signal - 1];
	}
	return NULL;
}

static uint64_t handler_of(const struct process *process, int signal)
{
	const struct abi_sigaction *action = signal_action(process, signal);

	return action ? action->handler : ABI_SIG_IGN;
}

bool signal_ignored(const struct process *process, int signal)
{
	uint64_t handler = handler_of(process, signal);

	return handler == ABI_SIG_IGN || (handler == ABI_SIG_DFL && signal_default_ignored(signal));
}

static bool signal_ends_process(const struct process *process, int signal)
{
	return handler_of(process, signal) == ABI_SIG_DFL && !signal_default_ignored(signal) &&
	       !signal_default_stops(signal);
}

bool signal_fatal_pending(const struct task *task)
{
	const struct process *process = task->process;
	sigset set = (task->pending.set | process->pending.set) & ~task->blocked;

	if (process->group_exit || (process->exec_task && process->exec_task != task))
		return true;
	for (int signal = 1; set && signal <= ABI_SIGNAL_COUNT; signal++) {
		if ((set & signal_bit(signal)) && signal_ends_process(process, signal))
			return true;
	}
	return false;
}

bool signal_blocked_or_ignored(int signal)
{
	struct task *task = current();

	return (task->blocked & signal_bit(signal)) ||
	       task->handlers->action[signal - 1].handler == ABI_SIG_IGN;
}

/* Make the task look at its signals. */
static void signal_wake(struct task *task, bool fatal)
{
	task_attend(task);
	sched_kick(task);
	if (task->state == TASK_SLEEPING || (fatal && task->killable))
		task_wake(task);
	else if (fatal)
		sched_continue(task);
}

void signal_kick(struct process *process)
{
	struct task *task;

	list_for_each_entry (task, &process->tasks, struct task, process_node)
		signal_wake(task, true);
}

/* The other side of a stop: all tasks go on, the parent may hear of it. */
static void process_continue(struct process *process)
{
	struct task *task;

	if (!process->stopped)
		return;
	process->stopped = false;
	process->stopping = false;
	process->continued = true;
	process->stop_reported = true;
	list_for_each_entry (task, &process->tasks, struct task, process_node)
		sched_continue(task);
	signal_notify_stop(process, ABI_CLD_CONTINUED, ABI_SIGCONT);
}

/* A continue takes pending stops back and the other way round, whatever else becomes of the signal.
 */
static void signal_prepare(struct process *process, int signal)
{
	struct task *task;
	sigset drop = 0;

	if (signal == ABI_SIGCONT)
		drop = SIGNALS_STOPPING;
	else if (signal_default_stops(signal))
		drop = signal_bit(ABI_SIGCONT);
	if (!drop)
		return;
	sig_pending_flush(&process->pending, drop);
	list_for_each_entry (task, &process->tasks, struct task, process_node)
		sig_pending_flush(&task->pending, drop);
	if (signal == ABI_SIGCONT)
		process_continue(process);
}

/* Put it into the set: as a sender's own node, or a copy. */
static int pending_add(struct sig_pending *pending, int signal, const struct abi_siginfo *info,
                       struct sig_info_node *node, const struct process *process)
{
	if (!node)
		return sig_pending_add(pending, signal, info, process);
	sig_pending_add_node(pending, node);
	return 0;
}

static int send_task(struct task *task, int signal, const struct abi_siginfo *info,
                     struct sig_info_node *node)
{
	struct process *process = task->process;
	sigset blocked = task->blocked | task->real_blocked;
	int result;

	if (task->state == TASK_ZOMBIE || !task->vm)
		return 0;
	signal_prepare(process, signal);
	if (!(blocked & signal_bit(signal)) && signal_ignored(process, signal))
		return 0;
	result = pending_add(&task->pending, signal, info, node, process);
	if (!(task->blocked & signal_bit(signal)))
		signal_wake(task, signal_ends_process(process, signal));
	return result;
}

int signal_send_task(struct task *task, int signal, const struct abi_siginfo *info)
{
	if (signal == ABI_SIGKILL)
		return signal_send_process(task->process, signal, info);
	return send_task(task, signal, info, NULL);
}

static bool signal_open(const struct task *task, int signal)
{
	return !(task->blocked & signal_bit(signal)) && task->state != TASK_ZOMBIE && task->vm;
}

/* A task that will take the signal: the leader if it can. One in a sleep that no signal ends may be
 * long in coming, so it is the last choice. */
static struct task *signal_target(struct process *process, int signal)
{
	struct task *task, *late = NULL;

	list_for_each_entry (task, &process->tasks, struct task, process_node) {
		if (!signal_open(task, signal))
			continue;
		if (task->state != TASK_BLOCKED)
			return task;
		if (!late)
			late = task;
	}
	return late;
}

void signal_retarget(sigset which)
{
	struct process *process = current()->process;
	sigset left = process->pending.set & which;
	struct task *task;

	for (int signal = 1; left && signal <= ABI_SIGNAL_COUNT; signal++) {
		if (!(left & signal_bit(signal)))
			continue;
		left &= ~signal_bit(signal);
		list_for_each_entry (task, &process->tasks, struct task, process_node) {
			if (task == current() || !signal_open(task, signal))
				continue;
			signal_wake(task, false);
			break;
		}
	}
}

static bool signal_blocked_everywhere(const struct process *process, int signal)
{
	const struct task *task;

	list_for_each_entry (task, &process->tasks, struct task, process_node) {
		if (!((task->blocked | task->real_blocked) & signal_bit(signal)))
			return false;
	}
	return true;
}

/* Whichever of them comes first takes it. */
static void process_attend(struct process *process)
{
	struct task *task;

	list_for_each_entry (task, &process->tasks, struct task, process_node)
		task_attend(task);
}

/* A task in rt_sigtimedwait for a signal that it blocks otherwise has it unblocked, so it is found
 * by signal_target(). */
static int send_process(struct process *process, int signal, const struct abi_siginfo *info,
                        struct sig_info_node *node)
{
	struct task *target;
	int result;

	if (process->zombie || process == process_init || process == &process_kernel)
		return 0;
	signal_prepare(process, signal);
	if (signal_ignored(process, signal) && !signal_blocked_everywhere(process, signal))
		return 0;
	result = pending_add(&process->pending, signal, info, node, process);
	process_attend(process);
	target = signal_target(process, signal);
	if (signal == ABI_SIGKILL) {
		process->stopped = false;
		signal_kick(process);
	} else if (target) {
		signal_wake(target, target->killable && signal_ends_process(process, signal));
	}
	return result;
}

int signal_send_process(struct process *process, int signal, const struct abi_siginfo *info)
{
	return send_process(process, signal, info, NULL);
}

void signal_send_node(struct process *process, struct task *task, struct sig_info_node *node)
{
	if (task && node->info.signo != ABI_SIGKILL)
		send_task(task, node->info.signo, &node->info, node);
	else
		send_process(process, node->info.signo, &node->info, node);
}

int signal_send_group(int pgid, int signal, const struct abi_siginfo *info)
{
	struct process *process;
	bool found = false;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->pgid != pgid)
			continue;
		found = true;
		if (signal)
			signal_send_process(process, signal, info);
	}
	return found ? 0 : -ESRCH;
}

void signal_set_blocked(sigset mask)
{
	struct task *task = current();
	sigset closed;

	mask &= ~SIGNALS_UNBLOCKABLE;
	closed = mask & ~task->blocked;
	task->blocked = mask;
	if (closed & task->process->pending.set)
		signal_retarget(closed);
	if (signal_pending(task))
		task_attend(task);
}

void signal_set_temporary_mask(sigset mask)
{
	struct task *task = current();

	task->saved_blocked = task->blocked;
	task->restore_blocked = true;
	task_attend(task);
	signal_set_blocked(mask);
}

void signal_restore_mask(void)
{
	struct task *task = current();

	if (!task->restore_blocked)
		return;
	task->restore_blocked = false;
	signal_set_blocked(task->saved_blocked);
}

void signal_force(int signal, int code, uintptr_t address)
{
	struct task *task = current();
	struct abi_sigaction *action = &task->handlers->action[signal - 1];
	struct abi_siginfo info = {.code = code};

	info.fault.address = address;
	/* A fault that cannot be handled now ends the process: going on would only fault again. */
	if ((task->blocked & signal_bit(signal)) || action->handler == ABI_SIG_IGN) {
		action->handler = ABI_SIG_DFL;
		task->blocked &= ~signal_bit(signal);
	}
	signal_send_task(task, signal, &info);
}

void signal_out_of_memory(void)
{
	struct task *task = current();

	klog(LOG_ERROR, "out of memory: process %d (%s) is ended", task->process->pid, task->name);
	signal_send_process(task->process, ABI_SIGKILL, NULL);
}

void signal_force_access(void)
{
	if (current()->access_short)
		signal_out_of_memory();
	else
		signal_force(ABI_SIGSEGV, ABI_SI_KERNEL, 0);
}

void signal_force_fault(int signal, int code, uintptr_t address, uint32_t vector,
                        uint64_t error_code)
{
	struct task *task = current();

	task->fault_vector = vector;
	task->fault_error = error_code;
	if (vector == TRAP_PAGE_FAULT) {
		task->fault_address = address;
		/* What is mapped in the kernel half is not for programs to know. */
		if (address >= PV_USER_END)
			task->fault_error |= PF_PRESENT;
	}
	signal_force(signal, code, address);
}
