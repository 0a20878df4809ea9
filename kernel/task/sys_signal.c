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
#include "kernel/task/pidfd.h"
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

/* A signal that is now ignored is not pending any more. */
static void drop_ignored(struct task *task, int signal, const struct abi_sigaction *action)
{
	struct process *process = task->process;
	struct task *other;

	if (action->handler != ABI_SIG_IGN &&
	    !(action->handler == ABI_SIG_DFL && signal_default_ignored(signal)))
		return;
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
		drop_ignored(task, signal, &action);
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

static bool may_signal(const struct process *target, int signal)
{
	const struct process *sender = current()->process;

	return sender->euid == 0 || sender->euid == target->suid || sender->euid == target->uid ||
	       sender->uid == target->suid || sender->uid == target->uid ||
	       (signal == ABI_SIGCONT && sender->sid == target->sid);
}

static struct abi_siginfo info_from_sender(int code)
{
	const struct process *sender = current()->process;
	struct abi_siginfo info = {.code = code};

	info.sender.pid = sender->pid;
	info.sender.uid = sender->uid;
	return info;
}

static int send_one(struct process *target, int signal, const struct abi_siginfo *info)
{
	if (!may_signal(target, signal))
		return -EPERM;
	return signal ? signal_send_process(target, signal, info) : 0;
}

/* Everyone a kill() with a number of 0 or below means. */
static long send_many(int pid, int signal, const struct abi_siginfo *info)
{
	const struct process *self = current()->process;
	int pgid = pid == 0 ? self->pgid : -pid;
	struct process *target, *next;
	long result = -ESRCH;

	list_for_each_entry_safe (target, next, &process_all, struct process, all_node) {
		int one;

		if (pid == -1 ? target->pid == 1 || target == self : target->pgid != pgid)
			continue;
		one = send_one(target, signal, info);
		/* One success is enough. */
		if (result != 0)
			result = one;
	}
	return result;
}

long sys_kill(const struct sys_args *args)
{
	int pid = SYS_INT(args, 0), signal = SYS_INT(args, 1);
	struct abi_siginfo info = info_from_sender(ABI_SI_USER);
	struct process *target;

	if (signal != 0 && !signal_number_ok(signal))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid <= 0)
		return send_many(pid, signal, &info);
	target = process_find(pid);
	return target ? send_one(target, signal, &info) : -ESRCH;
}

static long send_thread(int tgid, int tid, int signal)
{
	struct abi_siginfo info = info_from_sender(ABI_SI_TKILL);
	struct task *task;

	if (tid <= 0 || (signal != 0 && !signal_number_ok(signal)))
		return -EINVAL;
	task = task_find(tid);
	if (!task || (tgid > 0 && task->process->pid != tgid))
		return -ESRCH;
	if (!may_signal(task->process, signal))
		return -EPERM;
	return signal ? signal_send_task(task, signal, &info) : 0;
}

long sys_tkill(const struct sys_args *args)
{
	return send_thread(0, SYS_INT(args, 0), SYS_INT(args, 1));
}

long sys_tgkill(const struct sys_args *args)
{
	if (SYS_INT(args, 0) <= 0)
		return -EINVAL;
	return send_thread(SYS_INT(args, 0), SYS_INT(args, 1), SYS_INT(args, 2));
}

/* A program may not pass its signal off as the kernel's or as a kill(), but to itself. */
static int queue_info(const void *user, int target, int signal, struct abi_siginfo *info)
{
	if (copy_from_user(info, user, sizeof(*info)) != 0)
		return -EFAULT;
	if (signal != 0)
		info->signo = signal;
	if ((info->code >= 0 || info->code == ABI_SI_TKILL) && target != current()->process->pid)
		return -EPERM;
	return 0;
}

long sys_rt_sigqueueinfo(const struct sys_args *args)
{
	int pid = SYS_INT(args, 0), signal = SYS_INT(args, 1);
	struct abi_siginfo info;
	struct process *target;
	int result = queue_info(SYS_PTR(args, 2), pid, signal, &info);

	if (result != 0)
		return result;
	if (signal != 0 && !signal_number_ok(signal))
		return -EINVAL;
	target = process_find(pid);
	return target ? send_one(target, signal, &info) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(const struct sys_args *args)
{
	int tgid = SYS_INT(args, 0), tid = SYS_INT(args, 1), signal = SYS_INT(args, 2);
	struct abi_siginfo info;
	struct task *task;
	int result;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	result = queue_info(SYS_PTR(args, 3), tgid, signal, &info);
	if (result != 0)
		return result;
	if (signal != 0 && !signal_number_ok(signal))
		return -EINVAL;
	task = task_find(tid);
	if (!task || task->process->pid != tgid)
		return -ESRCH;
	if (!may_signal(task->process, signal))
		return -EPERM;
	return signal ? signal_send_task(task, signal, &info) : 0;
}

/* As kill(), or with what the sender says, as rt_sigqueueinfo(). */
long sys_pidfd_send_signal(const struct sys_args *args)
{
	int signal = SYS_INT(args, 1);
	struct abi_siginfo info = info_from_sender(ABI_SI_USER);
	struct process *target;
	long result = 0;

	if (SYS_UINT(args, 3) != 0)
		return -EINVAL;
	target = pidfd_process(SYS_INT(args, 0), NULL);
	if (!target)
		return -EBADF;
	if (args->arg[2]) {
		result = queue_info(SYS_PTR(args, 2), target->pid, 0, &info);
		if (result == 0 && info.signo != signal)
			result = -EINVAL;
	}
	if (result == 0 && signal != 0 && !signal_number_ok(signal))
		result = -EINVAL;
	if (result == 0)
		result = target->leader ? send_one(target, signal, &info) : -ESRCH;
	process_put(target);
	return result;
}
