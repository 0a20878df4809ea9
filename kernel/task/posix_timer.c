/* SPDX-License-Identifier: MIT */
/*
 * timer_create() and its family. A timer is an alarm, on a clock of time or on one of CPU time, and
 * a signal of its own that it sends when the alarm has come. While that signal is pending the alarm
 * rests: when it is taken, the expiries since are counted by division, and a repeating timer is
 * armed for the next one. A signal that the process ignores rests likewise, until it is wanted.
 */
#include "kernel/task/posix_timer.h"

#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/alarm.h"
#include "kernel/task/clock.h"
#include "kernel/task/cpu_clock.h"
#include "kernel/task/internal.h"

#define OVERRUN_MAX INT32_MAX

struct posix_timer {
	struct list node;
	struct process *process;
	int id;
	int clock;
	struct abi_sigevent event;
	struct sig_info_node signal;
	bool of_cpu_time;
	struct alarm alarm;         /* … if not */
	struct cpu_alarm cpu_alarm; /* … if so */
	uint64_t interval_ns;
	bool resting; /* has come; its signal is pending, or ignored */
	/* Expiries beyond the one that a signal tells of: since the last signal, as far as they
	 * have been counted; and those of the signal that was taken last. */
	uint64_t overrun, overrun_last;
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

/* What is the same on all clocks. */

/* The process or task whose CPU time it would count has ended. */
static bool is_dead(const struct posix_timer *timer)
{
	return timer->of_cpu_time && !timer->cpu_alarm.clock.process;
}

static bool is_armed(const struct posix_timer *timer)
{
	return timer->of_cpu_time ? timer->cpu_alarm.armed : alarm_armed(&timer->alarm);
}

static uint64_t remaining(const struct posix_timer *timer)
{
	uint64_t now;

	if (!timer->of_cpu_time)
		return alarm_remaining(&timer->alarm);
	now = cpu_clock_ns(&timer->cpu_alarm.clock);
	return timer->cpu_alarm.deadline_ns > now ? timer->cpu_alarm.deadline_ns - now : 0;
}

static uint64_t forward(struct posix_timer *timer)
{
	if (timer->of_cpu_time)
		return deadline_forward(&timer->cpu_alarm.deadline_ns, timer->interval_ns,
		                        cpu_clock_ns(&timer->cpu_alarm.clock));
	return alarm_forward(&timer->alarm, timer->interval_ns);
}

static void rearm(struct posix_timer *timer)
{
	if (timer->of_cpu_time)
		cpu_alarm_arm(&timer->cpu_alarm, timer->cpu_alarm.deadline_ns);
	else
		alarm_rearm(&timer->alarm);
}

static void disarm(struct posix_timer *timer)
{
	timer->cpu_alarm.armed = false;
	alarm_cancel(&timer->alarm);
	sig_pending_withdraw(&timer->signal);
	timer->resting = false;
}

static int overrun_shown(uint64_t overrun)
{
	return (int)MIN(overrun, (uint64_t)OVERRUN_MAX);
}

static void notify(struct posix_timer *timer)
{
	struct task *task = NULL;

	if (timer->event.notify == ABI_SIGEV_NONE)
		return;
	timer->resting = true;
	if (timer->event.notify == ABI_SIGEV_THREAD_ID) {
		task = task_find(timer->event.tid);
		if (!task || task->process != timer->process)
			return;
	}
	timer->signal.info =
	    (struct abi_siginfo){.signo = timer->event.signo, .code = ABI_SI_TIMER};
	timer->signal.info.timer.timer_id = timer->id;
	timer->signal.info.timer.value = timer->event.value;
	signal_send_node(timer->process, task, &timer->signal);
}

/* Its signal has been taken, or flushed as it is ignored from now on. */
static void signal_taken(struct sig_info_node *node, struct abi_siginfo *info)
{
	struct posix_timer *timer = container_of(node, struct posix_timer, signal);

	if (!info)
		return;
	timer->resting = false;
	if (timer->interval_ns != 0 && !is_dead(timer)) {
		/* The first of them is what the signal tells of. */
		timer->overrun += forward(timer);
		timer->overrun_last = timer->overrun > 0 ? timer->overrun - 1 : 0;
		timer->overrun = 0;
		rearm(timer);
	}
	info->timer.overrun = overrun_shown(timer->overrun_last);
}

static void time_has_come(struct alarm *alarm)
{
	notify(container_of(alarm, struct posix_timer, alarm));
}

static void cpu_time_has_come(struct cpu_alarm *alarm)
{
	notify(container_of(alarm, struct posix_timer, cpu_alarm));
}

void posix_timers_signal_wanted(struct process *process, int signal)
{
	struct posix_timer *timer;

	list_for_each_entry (timer, &process->posix_timers, struct posix_timer, node) {
		if (timer->event.signo == signal && timer->resting && timer->interval_ns != 0 &&
		    list_empty(&timer->signal.node))
			notify(timer);
	}
}

static bool sends_signal(const struct abi_sigevent *event)
{
	return event->notify != ABI_SIGEV_NONE;
}

static int event_check(const struct abi_sigevent *event)
{
	const struct task *task;

	switch (event->notify) {
	case ABI_SIGEV_NONE:
		return 0;
	case ABI_SIGEV_THREAD_ID:
		task = task_find(event->tid);
		if (!task || task->process != current()->process)
			return -EINVAL;
		break;
	case ABI_SIGEV_SIGNAL:
	case ABI_SIGEV_THREAD: /* the library's word: to the kernel a signal */
		break;
	default:
		return -EINVAL;
	}
	return event->signo >= 1 && event->signo <= ABI_SIGNAL_COUNT ? 0 : -EINVAL;
}

/* A timer on the clock, which is on no list yet. An error pointer: no such clock, or none that
 * alarms can be set by, or too many timers. */
static struct posix_timer *create(int clock)
{
	struct process *process = current()->process;
	struct posix_timer *timer;
	struct cpu_clock cpu_clock;
	uint64_t ns;

	if (!clock_is_cpu(clock) && !clock_deadline(clock, 0, &ns))
		return err_ptr(clock_read(clock, &ns) == 0 ? -EOPNOTSUPP : -EINVAL);
	if (process->posix_timer_count >= process->rlimit[ABI_RLIMIT_SIGPENDING].soft)
		return err_ptr(-EAGAIN);
	if (clock_is_cpu(clock) && cpu_clock_find(clock, false, &cpu_clock) != 0)
		return err_ptr(-EINVAL);
	timer = kzalloc(sizeof(*timer));
	if (!timer)
		return err_ptr(-EAGAIN);
	timer->process = process;
	timer->clock = clock;
	timer->of_cpu_time = clock_is_cpu(clock);
	list_init(&timer->signal.node);
	timer->signal.taken = signal_taken;
	alarm_init(&timer->alarm, time_has_come);
	list_init(&timer->cpu_alarm.node);
	if (timer->of_cpu_time)
		cpu_alarm_attach(&timer->cpu_alarm, &cpu_clock, cpu_time_has_come);
	return timer;
}

long sys_timer_create(const struct sys_args *args)
{
	struct process *process = current()->process;
	struct abi_sigevent event = {.notify = ABI_SIGEV_SIGNAL, .signo = ABI_SIGALRM};
	struct posix_timer *timer;

	if (args->arg[1] && copy_from_user(&event, SYS_PTR(args, 1), sizeof(event)) != 0)
		return -EFAULT;
	timer = create(SYS_INT(args, 0));
	if (is_err(timer))
		return ptr_err(timer);
	timer->id = process->next_posix_timer;
	if (event_check(&event) != 0 ||
	    copy_to_user(SYS_PTR(args, 2), &timer->id, sizeof(int)) != 0) {
		cpu_alarm_detach(&timer->cpu_alarm);
		kfree(timer);
		return event_check(&event) != 0 ? -EINVAL : -EFAULT;
	}
	timer->event = event;
	if (!args->arg[1])
		timer->event.value = (uint64_t)timer->id;
	process->next_posix_timer++;
	process->posix_timer_count++;
	list_insert_before(&process->posix_timers, &timer->node);
	return 0;
}

/* A timer that rests moves on, so that what is told lies ahead. */
static struct abi_itimerspec timer_value(struct posix_timer *timer)
{
	bool silent = !sends_signal(&timer->event), repeats = timer->interval_ns != 0;
	uint64_t left = 0;

	if (is_dead(timer))
		return (struct abi_itimerspec){0};
	task_account_system();
	if (repeats && (timer->resting || (silent && !is_armed(timer))))
		timer->overrun += forward(timer);
	if (is_armed(timer) || (repeats && timer->resting) || (repeats && silent))
		left = remaining(timer);
	if (left == 0 && (is_armed(timer) || (repeats && timer->resting)) && !silent)
		left = 1; /* 0 would say that it is off */
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

static void arm(struct posix_timer *timer, bool absolute, uint64_t ns)
{
	if (!timer->of_cpu_time) {
		alarm_set(&timer->alarm, timer->clock, absolute, ns);
		return;
	}
	if (!absolute)
		ns = MIN(cpu_clock_ns(&timer->cpu_alarm.clock) + ns, (uint64_t)INT64_MAX);
	cpu_alarm_arm(&timer->cpu_alarm, ns);
	/* What is past by now has come, and need not wait for the next look. */
	if (remaining(timer) == 0) {
		timer->cpu_alarm.armed = false;
		notify(timer);
	}
}

long sys_timer_settime(const struct sys_args *args)
{
	struct posix_timer *timer = find(SYS_INT(args, 0));
	struct abi_itimerspec value, old;
	uint64_t value_ns, interval_ns;

	if (!args->arg[2])
		return -EINVAL;
	if (copy_from_user(&value, SYS_PTR(args, 2), sizeof(value)) != 0)
		return -EFAULT;
	if (!timer || timespec_to_ns(&value.value, &value_ns) != 0 ||
	    timespec_to_ns(&value.interval, &interval_ns) != 0)
		return -EINVAL;
	if (is_dead(timer))
		return -ESRCH;
	old = timer_value(timer);
	disarm(timer);
	timer->interval_ns = value_ns ? interval_ns : 0;
	timer->overrun = 0;
	timer->overrun_last = 0;
	if (value_ns)
		arm(timer, SYS_INT(args, 1) & ABI_TIMER_ABSTIME, value_ns);
	if (args->arg[3] && copy_to_user(SYS_PTR(args, 3), &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

long sys_timer_getoverrun(const struct sys_args *args)
{
	const struct posix_timer *timer = find(SYS_INT(args, 0));

	return timer ? overrun_shown(timer->overrun_last) : -EINVAL;
}

static void delete_timer(struct posix_timer *timer)
{
	disarm(timer);
	cpu_alarm_detach(&timer->cpu_alarm);
	timer->process->posix_timer_count--;
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
