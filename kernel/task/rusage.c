/* SPDX-License-Identifier: MIT */
/*
 * CPU times in the ABI's forms: getrusage and times.
 */
#include "kernel/task/rusage.h"

#include "kernel/kernel.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"
#include "pv/time.h"

#define NS_PER_TICK (NS_PER_SEC / ABI_CLK_TCK)

void rusage_add(struct abi_rusage_times *to, const struct abi_rusage_times *from)
{
	to->user_ns += from->user_ns;
	to->system_ns += from->system_ns;
	to->minor_faults += from->minor_faults;
	to->major_faults += from->major_faults;
	to->voluntary_switches += from->voluntary_switches;
	to->involuntary_switches += from->involuntary_switches;
	to->rss_max_kib = MAX(to->rss_max_kib, from->rss_max_kib);
}

void rusage_fill(struct abi_rusage *out, const struct abi_rusage_times *times)
{
	*out = (struct abi_rusage){
	    .user = timeval_from_ns(times->user_ns),
	    .system = timeval_from_ns(times->system_ns),
	    .maxrss = (int64_t)times->rss_max_kib,
	    .minflt = (int64_t)times->minor_faults,
	    .majflt = (int64_t)times->major_faults,
	    .nvcsw = (int64_t)times->voluntary_switches,
	    .nivcsw = (int64_t)times->involuntary_switches,
	};
}

long sys_getrusage(const struct sys_args *args)
{
	struct task *task = current();
	struct abi_rusage_times times = {0};
	struct abi_rusage usage;

	task_account_system();
	process_note_memory(task->process, task->vm);
	switch (SYS_INT(args, 0)) {
	case ABI_RUSAGE_SELF:
		process_times(task->process, &times);
		break;
	case ABI_RUSAGE_CHILDREN:
		times = task->process->children_times;
		break;
	case ABI_RUSAGE_THREAD:
		task_times_add(task, &times);
		times.rss_max_kib = task->process->times.rss_max_kib;
		break;
	default:
		return -EINVAL;
	}
	rusage_fill(&usage, &times);
	return copy_to_user(SYS_PTR(args, 1), &usage, sizeof(usage));
}

long sys_times(const struct sys_args *args)
{
	const struct process *process = current()->process;
	struct abi_rusage_times times;
	struct abi_tms tms;

	task_account_system();
	process_times(process, &times);
	tms = (struct abi_tms){
	    .user = (int64_t)(times.user_ns / NS_PER_TICK),
	    .system = (int64_t)(times.system_ns / NS_PER_TICK),
	    .children_user = (int64_t)(process->children_times.user_ns / NS_PER_TICK),
	    .children_system = (int64_t)(process->children_times.system_ns / NS_PER_TICK),
	};
	if (args->arg[0] && copy_to_user(SYS_PTR(args, 0), &tms, sizeof(tms)) != 0)
		return -EFAULT;
	return (long)(pv_time_monotonic_ns() / NS_PER_TICK);
}
