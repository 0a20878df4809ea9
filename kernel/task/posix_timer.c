/* SPDX-License-Identifier: MIT */
/*
 * timer_create() and its family, on the real-time and monotonic clocks. CPU-time clocks are left
 * out.
 */
#include "kernel/task/posix_timer.h"

#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/internal.h"
#include "pv/time.h"

#define OVERRUN_MAX INT32_MAX

struct posix_timer {
	struct list node;
	struct process *process;
	int id;
	int clock;
	struct abi_sigevent event;
	struct timer timer;
	uint64_t interval_ns;
	int64_t overrun; /* expiries since the signal that is pending or was last delivered */
};

static struct posix_timer *find(int id)
{
	struct posix_timer *timer;

	list_for_each_entry (timer, &current()->process->posix_timers, struct posix_timer, node) {
		if (timer->id == id)
			return timer;
	}
	return NULL;
}

static void notify(struct posix_timer *timer, uint64_t missed)
{
	struct abi_siginfo info = {.code = ABI_SI_TIMER};
	struct process *process = timer->process;
	int signal = timer->event.signo;
	struct task *task = NULL;

	if (timer->event.notify == ABI_SIGEV_NONE)
		return;
	if (timer->event.notify == ABI_SIGEV_THREAD_ID) {
		task = task_find(timer->event.tid);
		if (!task || task->process != process)
			return;
	}
	if (signal_timer_queued(task ? &task->pending : &process->pending, signal, timer->id)) {
		timer->overrun = MIN(timer->overrun + 1 + (int64_t)missed, (int64_t)OVERRUN_MAX);
		return;
	}
	timer->overrun = (int64_t)MIN(missed, (uint64_t)OVERRUN_MAX);
	info.timer.timer_id = timer->id;
	info.timer.overrun = (int32_t)timer->overrun;
	info.timer.value = timer->event.value;
	if (task)
		signal_send_task(task, signal, &info);
	else
		signal_send_process(process, signal, &info);
}

static void expire(struct timer *kernel_timer)
{
	struct posix_timer *timer = container_of(kernel_timer, struct posix_timer, timer);
	uint64_t missed = 0;

	if (timer->interval_ns != 0)
		timer_arm(kernel_timer,
		          timer_next_interval(kernel_timer->deadline_ns, timer->interval_ns,
		                              pv_time_monotonic_ns(), &missed));
	notify(timer, missed);
}

static int event_check(const struct abi_sigevent *event)
{
	const struct task *task;

	if (event->notify == ABI_SIGEV_NONE)
		return 0;
	if (event->notify != ABI_SIGEV_SIGNAL && event->notify != ABI_SIGEV_THREAD_ID)
		return -EINVAL;
	if (event->signo < 1 || event->signo > ABI_SIGNAL_COUNT)
		return -EINVAL;
	if (event->notify != ABI_SIGEV_THREAD_ID)
		return 0;
	task = task_find(event->tid);
	return task && task->process == current()->process ? 0 : -EINVAL;
}

long sys_timer_create(const struct sys_args *args)
{
	struct process *process = current()->process;
	struct abi_sigevent event = {.notify = ABI_SIGEV_SIGNAL, .signo = ABI_SIGALRM};
	struct posix_timer *timer;
	uint64_t deadline;

	if (args->arg[1] && copy_from_user(&event, SYS_PTR(args, 1), sizeof(event)) != 0)
		return -EFAULT;
	if (!clock_deadline(SYS_INT(args, 0), 0, &deadline) || event_check(&event) != 0)
		return -EINVAL;
	timer = kzalloc(sizeof(*timer));
	if (!timer)
		return -EAGAIN;
	timer->id = process->next_posix_timer++;
	timer->process = process;
	timer->clock = SYS_INT(args, 0);
	timer->event = event;
	if (!args->arg[1])
		timer->event.value = (uint64_t)timer->id;
	timer_init(&timer->timer, expire);
	if (copy_to_user(SYS_PTR(args, 2), &timer->id, sizeof(int)) != 0) {
		kfree(timer);
		return -EFAULT;
	}
	list_insert_before(&process->posix_timers, &timer->node);
	return 0;
}

static struct abi_itimerspec timer_value(const struct posix_timer *timer)
{
	uint64_t now = pv_time_monotonic_ns();
	uint64_t left = 0;

	if (timer->timer.armed)
		left = timer->timer.deadline_ns > now ? timer->timer.deadline_ns - now : 1;
	return (struct abi_itimerspec){
	    .interval = timespec_from_ns(timer->interval_ns),
	    .value = timespec_from_ns(left),
	};
}

long sys_timer_gettime(const struct sys_args *args)
{
	struct posix_timer *timer = find(SYS_INT(args, 0));
	struct abi_itimerspec value;

	if (!timer)
		return -EINVAL;
	value = timer_value(timer);
	return copy_to_user(SYS_PTR(args, 1), &value, sizeof(value));
}

long sys_timer_settime(const struct sys_args *args)
{
	struct posix_timer *timer = find(SYS_INT(args, 0));
	struct abi_itimerspec value, old;
	uint64_t value_ns, interval_ns, deadline;

	if (copy_from_user(&value, SYS_PTR(args, 2), sizeof(value)) != 0)
		return -EFAULT;
	if (!timer || timespec_to_ns(&value.value, &value_ns) != 0 ||
	    timespec_to_ns(&value.interval, &interval_ns) != 0)
		return -EINVAL;
	old = timer_value(timer);
	deadline = clock_after(value_ns);
	if (SYS_INT(args, 1) & ABI_TIMER_ABSTIME)
		clock_deadline(timer->clock, value_ns, &deadline);
	timer->interval_ns = interval_ns;
	timer->overrun = 0;
	timer_arm(&timer->timer, value_ns ? deadline : TIMER_NEVER);
	if (args->arg[3] && copy_to_user(SYS_PTR(args, 3), &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

long sys_timer_getoverrun(const struct sys_args *args)
{
	const struct posix_timer *timer = find(SYS_INT(args, 0));

	return timer ? timer->overrun : -EINVAL;
}

static void delete_timer(struct posix_timer *timer)
{
	timer_cancel(&timer->timer);
	list_remove(&timer->node);
	kfree(timer);
}

long sys_timer_delete(const struct sys_args *args)
{
	struct posix_timer *timer = find(SYS_INT(args, 0));

	if (!timer)
		return -EINVAL;
	delete_timer(timer);
	return 0;
}

void posix_timers_drop(struct process *process)
{
	struct posix_timer *timer, *next;

	list_for_each_entry_safe (timer, next, &process->posix_timers, struct posix_timer, node)
		delete_timer(timer);
	process->next_posix_timer = 0;
}

void posix_timers_show(struct seq *seq, const struct process *process)
{
	static const char *const kinds[] = {[ABI_SIGEV_SIGNAL] = "signal",
	                                    [ABI_SIGEV_NONE] = "none",
	                                    [ABI_SIGEV_THREAD] = "thread"};
	const struct posix_timer *timer;

	list_for_each_entry (timer, &process->posix_timers, struct posix_timer, node) {
		bool of_task = timer->event.notify == ABI_SIGEV_THREAD_ID;

		seq_printf(seq, "ID: %d\nsignal: %d/%016llx\nnotify: %s/%s.%d\nClockID: %d\n",
		           timer->id, timer->event.signo, (unsigned long long)timer->event.value,
		           of_task ? kinds[ABI_SIGEV_SIGNAL] : kinds[timer->event.notify],
		           of_task ? "tid" : "pid", of_task ? timer->event.tid : process->pid,
		           timer->clock);
	}
}
