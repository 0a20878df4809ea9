/* SPDX-License-Identifier: MIT */
/*
 * Signals that programs send: kill and its kind. A number that is not there is the first thing to
 * fail, before a signal that is not there.
 */
#include "kernel/linux/abi_signal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/pidfd.h"
#include "kernel/task/task.h"

static bool signal_number_ok(int signal)
{
	return signal >= 0 && signal <= ABI_SIGNAL_COUNT;
}

static struct abi_siginfo info_from_sender(int code)
{
	struct abi_siginfo info = {.code = code};

	info.sender.pid = current()->process->pid;
	info.sender.uid = current()->cred.uid;
	return info;
}

/* The rights are looked up in one task, the one that the number means. Signal 0 only asks. */
static int send_check(const struct task *task, int signal)
{
	if (!signal_number_ok(signal))
		return -EINVAL;
	return task_may_signal(task, signal) ? 0 : -EPERM;
}

static int send_to_process(const struct task *task, int signal, const struct abi_siginfo *info)
{
	int result = send_check(task, signal);

	return result != 0 || signal == 0 ? result
	                                  : signal_send_process(task->process, signal, info);
}

static int send_to_task(struct task *task, int signal, const struct abi_siginfo *info)
{
	int result = send_check(task, signal);

	return result != 0 || signal == 0 ? result : signal_send_task(task, signal, info);
}

/* All but process 1 and the sender's own. One that may not be sent to is no failure. */
static long send_to_all(int signal, const struct abi_siginfo *info)
{
	const struct process *self = current()->process;
	struct process *target, *next;
	long result = -ESRCH;

	list_for_each_entry_safe (target, next, &process_all, struct process, all_node) {
		int one;

		if (target->pid == 1 || target == self)
			continue;
		one = send_to_process(target->leader, signal, info);
		if (result == -ESRCH)
			result = 0;
		if (one != -EPERM)
			result = one;
	}
	return result;
}

/* One success is enough. */
static long send_to_group(int pgid, int signal, const struct abi_siginfo *info)
{
	struct process *target, *next;
	long result = -ESRCH;

	list_for_each_entry_safe (target, next, &process_all, struct process, all_node) {
		int one;

		if (target->pgid != pgid)
			continue;
		one = send_to_process(target->leader, signal, info);
		if (result != 0)
			result = one;
	}
	return result;
}

/* A thread's number means its process. */
static long send_to_number(int number, int signal, const struct abi_siginfo *info)
{
	const struct task *task = task_find(number);

	return task ? send_to_process(task, signal, info) : -ESRCH;
}

long sys_kill(const struct sys_args *args)
{
	int pid = SYS_INT(args, 0), signal = SYS_INT(args, 1);
	struct abi_siginfo info = info_from_sender(ABI_SI_USER);

	if (pid > 0)
		return send_to_number(pid, signal, &info);
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1)
		return send_to_all(signal, &info);
	return send_to_group(pid == 0 ? current()->process->pgid : -pid, signal, &info);
}

/* `tgid` 0: whatever process it is of. */
static long send_to_thread(int tgid, int tid, int signal, const struct abi_siginfo *info)
{
	struct task *task = task_find(tid);

	if (!task || (tgid > 0 && task->process->pid != tgid))
		return -ESRCH;
	return send_to_task(task, signal, info);
}

long sys_tkill(const struct sys_args *args)
{
	struct abi_siginfo info = info_from_sender(ABI_SI_TKILL);

	if (SYS_INT(args, 0) <= 0)
		return -EINVAL;
	return send_to_thread(0, SYS_INT(args, 0), SYS_INT(args, 1), &info);
}

long sys_tgkill(const struct sys_args *args)
{
	struct abi_siginfo info = info_from_sender(ABI_SI_TKILL);

	if (SYS_INT(args, 0) <= 0 || SYS_INT(args, 1) <= 0)
		return -EINVAL;
	return send_to_thread(SYS_INT(args, 0), SYS_INT(args, 1), SYS_INT(args, 2), &info);
}

/* A program may not pass its signal off as the kernel's or as a kill(), but to the very thread that
 * sends it. */
static int queue_info(const void *user, int target, int signal, struct abi_siginfo *info)
{
	if (copy_from_user(info, user, sizeof(*info)) != 0)
		return -EFAULT;
	if (signal != 0)
		info->signo = signal;
	if ((info->code >= 0 || info->code == ABI_SI_TKILL) && target != current()->tid)
		return -EPERM;
	return 0;
}

long sys_rt_sigqueueinfo(const struct sys_args *args)
{
	int pid = SYS_INT(args, 0), signal = SYS_INT(args, 1);
	struct abi_siginfo info;
	int result = queue_info(SYS_PTR(args, 2), pid, signal, &info);

	return result != 0 ? result : send_to_number(pid, signal, &info);
}

long sys_rt_tgsigqueueinfo(const struct sys_args *args)
{
	int tgid = SYS_INT(args, 0), tid = SYS_INT(args, 1), signal = SYS_INT(args, 2);
	struct abi_siginfo info;
	int result;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	result = queue_info(SYS_PTR(args, 3), tid, signal, &info);
	return result != 0 ? result : send_to_thread(tgid, tid, signal, &info);
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
	if (result == 0)
		result = target->leader ? send_to_process(target->leader, signal, &info) : -ESRCH;
	process_put(target);
	return result;
}
