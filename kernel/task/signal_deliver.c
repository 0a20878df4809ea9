/* SPDX-License-Identifier: MIT */
/*
 * Signals on the way to user mode: default actions, stops, handlers, and what becomes of a system
 * call that a signal interrupted.
 */
#include "kernel/linux/abi_signal.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

#define SYSCALL_INSTRUCTION_BYTES 2u
#define NR_RESTART_SYSCALL        219u

static long syscall_result(const struct cpu_frame *frame)
{
	return frame->vector == FRAME_SYSCALL ? (long)frame->rax : 0;
}

bool signal_restart_wanted(const struct cpu_frame *frame)
{
	long result = syscall_result(frame);

	return result <= -ERESTARTSYS && result >= -ERESTART_BLOCK;
}

/* Run the call again, or the one that goes on with it. error_code is the call's number. */
static void restart_call(struct cpu_frame *frame, uint64_t number)
{
	frame->rax = number;
	frame->rip -= SYSCALL_INSTRUCTION_BYTES;
}

static void restart_without_handler(struct cpu_frame *frame)
{
	if (!signal_restart_wanted(frame))
		return;
	if (syscall_result(frame) == -ERESTART_BLOCK)
		restart_call(frame, NR_RESTART_SYSCALL);
	else
		restart_call(frame, frame->error_code);
}

static void restart_with_handler(struct cpu_frame *frame, const struct abi_sigaction *action)
{
	long result = syscall_result(frame);

	if (!signal_restart_wanted(frame))
		return;
	if (result == -ERESTARTNOINTR ||
	    (result == -ERESTARTSYS && (action->flags & ABI_SA_RESTART)))
		restart_call(frame, frame->error_code);
	else
		frame->rax = (uint64_t)-EINTR;
}

/* Wait until a continue or the end. */
static void stay_stopped(struct task *task)
{
	struct process *process = task->process;

	rseq_note_interrupt(task);
	while (process->stopped && !process->group_exit && !process->exec_task) {
		task->state = TASK_STOPPED;
		signal_stop_finish(process);
		sched_switch();
	}
}

static void stop_process(struct task *task, int signal)
{
	struct process *process = task->process;

	process->stopped = true;
	process->stopping = true;
	process->stop_signal = signal;
	process->stop_reported = false;
	process->continued = false;
	signal_kick(process);
}

static void default_action(struct task *task, int signal, const struct abi_siginfo *info)
{
	struct process *process = task->process;

	if (signal_default_ignored(signal))
		return;
	if (signal_default_dumps(signal))
		core_exit(signal, info);
	if (!signal_default_stops(signal))
		process_exit(signal);
	/* Nobody could continue an orphaned group, so terminal stops do not stop it. */
	if (signal == ABI_SIGSTOP || !pgroup_orphaned(process->pgid))
		stop_process(task, signal);
}

/* True: the frame now leads to the handler. */
static bool run_handler(struct cpu_frame *frame, struct task *task, int signal,
                        const struct abi_siginfo *info)
{
	struct abi_sigaction *slot = &task->handlers->action[signal - 1];
	struct abi_sigaction action = *slot;
	sigset restore = task->restore_blocked ? task->saved_blocked : task->blocked;

	restart_with_handler(frame, &action);
	task->access_short = false;
	if ((task->rseq && rseq_interrupt(frame) != 0) ||
	    sigframe_push(frame, signal, &action, info, restore) != 0) {
		/* No room for a handler, not even for that of SIGSEGV if it was that. */
		if (signal == ABI_SIGSEGV)
			slot->handler = ABI_SIG_DFL;
		signal_force_access();
		return false;
	}
	task->restore_blocked = false;
	if (action.flags & ABI_SA_RESETHAND)
		slot->handler = ABI_SIG_DFL;
	signal_set_blocked(task->blocked | action.mask |
	                   (action.flags & ABI_SA_NODEFER ? 0 : signal_bit(signal)));
	return true;
}

void signal_deliver(struct cpu_frame *frame)
{
	struct task *task = current();
	struct process *process = task->process;

	for (;;) {
		struct abi_siginfo info;
		uint64_t handler;
		int signal;

		if (process->group_exit)
			task_exit(process->exit_code);
		if (process->exec_task && process->exec_task != task) {
			if (!process->core_dump)
				task_exit(0);
			core_park(process);
			continue;
		}
		if (process->stopped) {
			stay_stopped(task);
			continue;
		}
		signal = signal_dequeue(task, ~task->blocked, &info);
		if (signal == 0)
			break;
		handler = task->handlers->action[signal - 1].handler;
		if (handler == ABI_SIG_IGN && signal != ABI_SIGKILL)
			continue;
		if (handler == ABI_SIG_DFL || signal == ABI_SIGKILL)
			default_action(task, signal, &info);
		else
			run_handler(frame, task, signal, &info);
	}
	restart_without_handler(frame);
	signal_restore_mask();
}
