/* SPDX-License-Identifier: MIT */
/*
 * The signal calls: actions, masks, sending, waiting.
 */
#include "kernel/linux/abi_signal.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/posix_timer.h"
#include "kernel/task/task.h"
#include "pv/time.h"

#define SA_KNOWN                                                                                   \
	(ABI_SA_NOCLDSTOP | ABI_SA_NOCLDWAIT | ABI_SA_SIGINFO | ABI_SA_RESTORER | ABI_SA_ONSTACK | \
	 ABI_SA_RESTART | ABI_SA_NODEFER | ABI_SA_RESETHAND)

static bool signal_number_ok(int signal)
{
	return signal >= 1 && signal <= ABI_SIGNAL_COUNT;
}

static int sigset_read(const void *user, uint64_t bytes, sigset *set)
{
	if (bytes != sizeof(*set))
		return -EINVAL;
	return copy_from_user(set, user, sizeof(*set));
}

/* A signal that is now ignored is not pending any more; one that is not any more is sent by timers
 * that waited for it. */
static void drop_ignored(struct task *task, int signal)
{
	struct process *process = task->process;
	struct task *other;

	if (!signal_ignored(process, signal)) {
		posix_timers_signal_wanted(process, signal);
		return;
	}
	sig_pending_flush(&process->pending, signal_bit(signal));
	list_for_each_entry (other, &process->tasks, struct task, process_node)
		sig_pending_flush(&other->pending, signal_bit(signal));
}

long sys_rt_sigaction(const struct sys_args *args)
{
	struct task *task = current();
	int signal = SYS_INT(args, 0);
	struct abi_sigaction action, old;

	if (args->arg[3] != sizeof(sigset))
		return -EINVAL;
	if (args->arg[1] && copy_from_user(&action, SYS_PTR(args, 1), sizeof(action)) != 0)
		return -EFAULT;
	if (!signal_number_ok(signal) ||
	    (args->arg[1] && (signal == ABI_SIGKILL || signal == ABI_SIGSTOP)))
		return -EINVAL;
	old = task->handlers->action[signal - 1];
	if (args->arg[1]) {
		action.flags &= SA_KNOWN;
		action.mask &= ~(signal_bit(ABI_SIGKILL) | signal_bit(ABI_SIGSTOP));
		task->handlers->action[signal - 1] = action;
		drop_ignored(task, signal);
	}
	if (args->arg[2] && copy_to_user(SYS_PTR(args, 2), &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

long sys_rt_sigprocmask(const struct sys_args *args)
{
	sigset old = current()->blocked;
	sigset set;

	if (args->arg[3] != sizeof(set))
		return -EINVAL;
	if (args->arg[1]) {
		if (copy_from_user(&set, SYS_PTR(args, 1), sizeof(set)) != 0)
			return -EFAULT;
		switch (SYS_INT(args, 0)) {
		case ABI_SIG_BLOCK:
			signal_set_blocked(old | set);
			break;
		case ABI_SIG_UNBLOCK:
			signal_set_blocked(old & ~set);
			break;
		case ABI_SIG_SETMASK:
			signal_set_blocked(set);
			break;
		default:
			return -EINVAL;
		}
	}
	if (args->arg[2] && copy_to_user(SYS_PTR(args, 2), &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

long sys_rt_sigpending(const struct sys_args *args)
{
	const struct task *task = current();
	sigset set = (task->pending.set | task->process->pending.set) & task->blocked;

	if (args->arg[1] > sizeof(set))
		return -EINVAL;
	return copy_to_user(SYS_PTR(args, 0), &set, args->arg[1]);
}

long sys_rt_sigsuspend(const struct sys_args *args)
{
	sigset set;
	int result = sigset_read(SYS_PTR(args, 0), args->arg[1], &set);

	if (result != 0)
		return result;
	signal_set_temporary_mask(set);
	while (task_sleep(true, WAIT_FOREVER) != -EINTR)
		;
	return -ERESTARTNOHAND;
}

long sys_rt_sigtimedwait(const struct sys_args *args)
{
	struct task *task = current();
	uint64_t deadline = WAIT_FOREVER;
	struct abi_siginfo info;
	sigset set;
	int signal, slept = 0;
	int result = sigset_read(SYS_PTR(args, 0), args->arg[3], &set);

	if (result != 0)
		return result;
	if (args->arg[2]) {
		uint64_t ns;

		result = timespec_read_user(SYS_PTR(args, 2), &ns);
		if (result != 0)
			return result;
		deadline = clock_after(ns);
	}
	set &= ~(signal_bit(ABI_SIGKILL) | signal_bit(ABI_SIGSTOP));
	signal = signal_dequeue(task, set, &info);
	if (signal == 0 && deadline > pv_time_monotonic_ns()) {
		/* Unblocked for the wait, so that they wake us; noted as blocked, so that they are
		 * not dropped as ignored. */
		task->real_blocked = task->blocked;
		signal_set_blocked(task->blocked & ~set);
		do {
			slept = task_sleep(true, deadline);
		} while (slept == 0);
		signal_set_blocked(task->real_blocked);
		task->real_blocked = 0;
		signal = signal_dequeue(task, set, &info);
	}
	if (signal == 0)
		return slept == -EINTR ? -EINTR : -EAGAIN;
	if (args->arg[1] && copy_to_user(SYS_PTR(args, 1), &info, sizeof(info)) != 0)
		return -EFAULT;
	return signal;
}

long sys_sigaltstack(const struct sys_args *args)
{
	struct task *task = current();
	uintptr_t sp = current()->frame->rsp;
	struct abi_stack stack, old = task->altstack;
	bool in_use = sp > old.sp && sp - old.sp <= old.size;

	if (args->arg[0] && copy_from_user(&stack, SYS_PTR(args, 0), sizeof(stack)) != 0)
		return -EFAULT;
	if (args->arg[0]) {
		int mode = stack.flags & ~ABI_SS_AUTODISARM;

		if (in_use)
			return -EPERM;
		if (mode != 0 && mode != ABI_SS_DISABLE && mode != ABI_SS_ONSTACK)
			return -EINVAL;
		if (mode == ABI_SS_DISABLE)
			stack = (struct abi_stack){.flags = stack.flags};
		else if (stack.size < ABI_MINSIGSTKSZ)
			return -ENOMEM;
		stack.padding = 0;
		task->altstack = stack;
	}
	if (args->arg[1]) {
		old.flags = (old.flags & ABI_SS_AUTODISARM) | (old.size == 0 ? ABI_SS_DISABLE
		                                               : in_use      ? ABI_SS_ONSTACK
		                                                             : 0);
		if (copy_to_user(SYS_PTR(args, 1), &old, sizeof(old)) != 0)
			return -EFAULT;
	}
	return 0;
}
