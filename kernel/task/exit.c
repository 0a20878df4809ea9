/* SPDX-License-Identifier: MIT */
/*
 * The end of tasks and processes: giving back what they hold, the children's new parent, the news
 * for the parent.
 */
#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/cpu_clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

void vfork_complete(struct process *process)
{
	process->vfork_done = true;
	wait_wake_all(&process->vfork_wait);
}

void exit_release_vm(struct task *task)
{
	struct vm *vm = task->vm;

	if (!vm)
		return;
	futex_exit_task(task);
	sched_drop_user_state(task);
	task->vm = NULL;
	if (task->process->task_count <= 1)
		vfork_complete(task->process);
	vm_put(vm);
}

void process_note_memory(struct process *process, const struct vm *vm)
{
	process->times.rss_max_kib =
	    MAX(process->times.rss_max_kib, vm->resident_peak * (PAGE_BYTES / 1024));
}

static void release_resources(struct task *task)
{
	struct fd_table *files = task->files;
	struct fs_context *fs = task->fs;

	exit_release_vm(task);
	if (files)
		fd_table_put(files);
	task->files = NULL;
	if (fs)
		fs_context_put(fs);
	task->fs = NULL;
	sig_handlers_put(task->handlers);
	task->handlers = NULL;
}

static bool group_has_stopped(int pgid)
{
	const struct process *process;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->pgid == pgid && process->stopped && !process->zombie)
			return true;
	}
	return false;
}

/* `process` ends or loses its parent `parent`: a group with stopped members that this orphans is
 * told. */
static void orphaned_group_notify(const struct process *process, const struct process *parent)
{
	if (parent->pgid == process->pgid || parent->sid != process->sid)
		return; /* not the one that kept the group from being orphaned */
	if (!group_has_stopped(process->pgid) || !pgroup_orphaned(process->pgid))
		return;
	signal_send_group(process->pgid, ABI_SIGHUP, NULL);
	signal_send_group(process->pgid, ABI_SIGCONT, NULL);
}

/* The nearest living ancestor that asked for orphans, or process 1. */
static struct process *orphans_parent(const struct process *process)
{
	struct process *at;

	for (at = process->parent; at; at = at->parent) {
		if (at->subreaper && !at->zombie)
			return at;
	}
	return process_init;
}

void children_reparent(struct process *process)
{
	struct process *heir = orphans_parent(process);
	struct process *child, *next;

	list_for_each_entry_safe (child, next, &process->children, struct process, sibling) {
		list_remove(&child->sibling);
		process_set_parent(child, heir);
		list_insert_before(&heir->children, &child->sibling);
		if (child->parent_death_signal && !child->zombie)
			signal_send_process(child, child->parent_death_signal, NULL);
		if (child->zombie) {
			child->exit_signal = ABI_SIGCHLD;
			if (signal_notify_exit(child))
				process_release(child);
		} else {
			child->exit_signal = ABI_SIGCHLD;
			orphaned_group_notify(child, process);
		}
	}
}

/* The last task of the process is ending. */
static void process_finish(struct process *process)
{
	if (process->pid == process->sid)
		tty_hangup_session(process);
	process_timers_drop(process);
	process->tty = NULL;
	process->zombie = true;
	process->stopped = false;
	wait_wake_all(&process->end_wait);
	children_reparent(process);
	orphaned_group_notify(process, process->parent);
	if (signal_notify_exit(process))
		process_release(process);
}

_Noreturn void task_exit(int exit_code)
{
	struct task *task = current();
	struct process *process = task->process;

	ASSERT(process != process_init && process != &process_kernel);
	timer_cancel(&task->sleep_timer);
	signal_retarget(~task->blocked);
	if (task->vm)
		process_note_memory(process, task->vm);
	release_resources(task);
	task_account_system();
	task_times_add(task, &process->times);
	if (!process->group_exit && task == process->leader)
		process->exit_code = exit_code;
	cpu_alarms_end(process, task);
	task_remove(task);
	if (process->task_count == 0) {
		process_get(process);
		process_finish(process);
		/* Gone already: the running task must name one until it has been switched away
		 * from. */
		if (!process->leader)
			task->process = &process_kernel;
		process_put(process);
	} else {
		wait_wake_all(&process->vfork_wait);
		signal_stop_finish(process);
	}
	task->state = TASK_ZOMBIE;
	sched_switch();
	panic("an ended task ran again");
}

_Noreturn void process_exit(int exit_code)
{
	struct process *process = current()->process;

	if (!process->group_exit) {
		process->group_exit = true;
		process->exit_code = exit_code;
		process->stopped = false;
		signal_kick(process);
	}
	task_exit(process->exit_code);
}

int exit_other_threads(void)
{
	struct task *task = current();
	struct process *process = task->process;
	struct wait_entry entry;

	if (process->group_exit || process->exec_task)
		return -EAGAIN;
	if (process->task_count == 1 && process->leader == task)
		return 0;
	process->exec_task = task;
	signal_kick(process);
	wait_enqueue(&process->vfork_wait, &entry);
	while (process->task_count > 1)
		task_sleep(false, WAIT_FOREVER);
	wait_dequeue(&entry);
	process->exec_task = NULL;
	if (process->leader != task)
		process_replace_leader(task);
	return 0;
}

long sys_exit(const struct sys_args *args)
{
	task_exit((SYS_INT(args, 0) & 0xff) << 8);
}

long sys_exit_group(const struct sys_args *args)
{
	process_exit((SYS_INT(args, 0) & 0xff) << 8);
}
