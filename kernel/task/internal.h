/* SPDX-License-Identifier: MIT */
/*
 * What the files of kernel/task share among themselves.
 */
#ifndef PINFOLD_KERNEL_TASK_INTERNAL_H
#define PINFOLD_KERNEL_TASK_INTERNAL_H

#include "kernel/task/task.h"

/* Process of the idle task and of other kernel tasks; not on any list. Number 0. */
extern struct process process_kernel;
/* Process 1; NULL until task_run_init(). */
extern struct process *process_init;

/* Process and task records (process.c). */
void process_kernel_init(void);
void task_init_fields(struct task *task, const char *name, struct process *process);
struct task *task_alloc(const char *name,
                        struct process *process); /* one reference; NULL: out of memory */
void task_get(struct task *task);
void task_put(struct task *task);
void process_get(struct process *process);
void process_put(struct process *process);
/* A process without tasks, child of `parent`, with one reference and its credentials, limits,
 * group, session and terminal. NULL: out of memory. */
struct process *process_alloc(struct process *parent);
/* Whose child it is, but for the parent's list. */
void process_set_parent(struct process *process, struct process *parent);
/* Give it a number and its place in the tree. -EAGAIN: no number left. */
int process_add(struct process *process, struct task *leader);
/* Add a task to a process that is in the tree; it gets a number. */
int task_add_thread(struct task *task, struct process *process);
/* Undo task_add_thread, or take an ended task out. */
void task_remove(struct task *task);
/* A zombie goes for good: off every list, its reference dropped. */
void process_release(struct process *zombie);
/* An executing thread takes the leader's place and number. The leader has ended. */
void process_replace_leader(struct task *task);
/* Set task_limit() by the amount of memory, at boot. */
void task_init_limits(void);
bool group_number_known(int pgid, int sid); /* a process group of that session exists */

/* sched.c */
bool sched_prepare_stack(struct task *task);
void sched_init_cpu(unsigned int id); /* its area and its idle task, before it comes up */
void sched_continue(struct task *task);

/* What prctl() knows about capabilities (sys_cap.c); -EINVAL for what is not about them. */
struct sys_args;
long prctl_capabilities(const struct sys_args *args);

/* Scheduling parameters (sys_sched.c, sys_limit.c). */
#define NICE_MIN (-20)
#define NICE_MAX 19
/* False: a task with a deadline has no children. */
bool sched_may_fork(const struct task *parent);
void sched_inherit(struct task *child, const struct task *parent);
/* Whether the task's RLIMIT_NICE permits the value, whoever sets it. */
bool nice_within_limit(const struct task *task, int nice);

/* sys_wait.c, for process 1: number and wait status of a child that has ended and is gone now.
 * -ECHILD: no child; -ETIMEDOUT. */
int wait_reap_any(int *status, uint64_t deadline_ns);

/* Remember the largest memory use before the vm goes. */
void process_note_memory(struct process *process, const struct vm *vm);
/* Exit (exit.c). */
void exit_release_vm(struct task *task); /* leave and drop the vm, wake a vfork parent */
void vfork_complete(struct process *process);
void children_reparent(struct process *process);
/* exec: the other threads end. -EAGAIN: the process is ending itself. */
int exit_other_threads(void);

/* Core files (core.c). The running process ends by a signal, and leaves one if it may. */
struct abi_siginfo;
_Noreturn void core_exit(int signal, const struct abi_siginfo *info);
/* Another task of the process writes one: wait for the end of that. */
void core_park(struct process *process);

/* Signals (signal*.c). */
struct sig_info_node {
	struct list node;
	struct sig_pending *pending; /* where it is */
	struct abi_siginfo info;
	/* For one that lies in something of its sender's, which it is never freed from: it has left the
	 * queue, delivered with *info, which may be changed, or flushed (NULL). Must not sleep. */
	void (*taken)(struct sig_info_node *node, struct abi_siginfo *info);
};
void sig_pending_init(struct sig_pending *pending);
void sig_pending_flush(struct sig_pending *pending, sigset which);
/* Put the signal into a set. A signal without a queue of its own is there once or not at all. With
 * a full queue (RLIMIT_SIGPENDING) the signal is pending without its info, or, if it is one that is
 * queued and no plain kill(), it is not and -EAGAIN is returned. Else 0. */
int sig_pending_add(struct sig_pending *pending, int signal, const struct abi_siginfo *info,
                    const struct process *process);
/* Put a sender's own node into a set, in any case; it is on no queue. */
void sig_pending_add_node(struct sig_pending *pending, struct sig_info_node *node);
/* Take a sender's own node back, if it is queued: `taken` is not called. */
void sig_pending_withdraw(struct sig_info_node *node);
struct sig_handlers *sig_handlers_create(void); /* all default; NULL: out of memory */
struct sig_handlers *sig_handlers_copy(const struct sig_handlers *source);
void sig_handlers_put(struct sig_handlers *handlers);
void sig_handlers_reset(struct sig_handlers *handlers); /* exec: caught ones become default */
/* Send what a sender's own node says, to the process or to one task of it. The node stays off all
 * queues if nobody wants the signal. */
void signal_send_node(struct process *process, struct task *task, struct sig_info_node *node);
/* Take the first pending signal of `which` into info: its number, or 0. */
int signal_dequeue(struct task *task, sigset which, struct abi_siginfo *info);
/* Whether the process would not even keep the signal. */
bool signal_ignored(const struct process *process, int signal);
/* Wake what must look at its state again: every task of the process. */
void signal_kick(struct process *process);
/* What the process does with a signal; NULL once all its tasks have ended. */
const struct abi_sigaction *signal_action(const struct process *process, int signal);
/* SIGCHLD (or exit_signal) to the parent. True: the parent does not want to wait, release the
 * child. */
bool signal_notify_exit(struct process *child);
void signal_notify_stop(struct process *child, int code, int status);
/* A task has stopped or ended: if it was the last that a stop waited for, the parent is told. */
void signal_stop_finish(struct process *process);
/* The running task will not take these any more: what is pending for the process is another's. */
void signal_retarget(sigset which);
/* A signal that the running task cannot escape: unblocked, and fatal if it was blocked or ignored.
 */
void signal_force(int signal, int code, uintptr_t address);
/* What the kernel itself had to read or write of the program's memory could not be reached, since
 * task->access_short was cleared: SIGSEGV, or the end if it was memory that lacked. */
void signal_force_access(void);
bool signal_default_ignored(int signal);
bool signal_default_stops(int signal);
bool signal_default_dumps(int signal);
/* The frame is a system call's that ended with one of the restart codes. */
bool signal_restart_wanted(const struct cpu_frame *frame);

/* Signal frames (sigframe.c). 0, or -EFAULT: the stack cannot take it. */
int sigframe_push(struct cpu_frame *frame, int signal, const struct abi_sigaction *action,
                  const struct abi_siginfo *info, sigset restore_mask);

/* The most that sigframe_push() takes of a stack. */
size_t sigframe_bytes_max(void);

/* Restartable sequences (rseq.c), of the running task. The frame leaves one, if it is in one: for a
 * task with an area. -EFAULT, -EINVAL: what the program says of it is wrong. */
int rseq_interrupt(struct cpu_frame *frame);
/* On the way to user mode, after rseq_event was set. May force a signal. */
void rseq_update(struct cpu_frame *frame);
/* The task was interrupted outside a system call, or may have been. */
static inline void rseq_note_interrupt(struct task *task)
{
	if (task->rseq) {
		task->rseq_interrupted = true;
		task->rseq_event = true;
	}
}

/* Interval timers (itimer.c). */
void process_timers_init(struct process *process);
void process_timers_drop(struct process *process); /* exit */
void process_timers_exec(struct process *process);
/* A SIGALRM of the process has been taken: its repeating timer goes on. */
void itimer_real_taken(struct process *process);

/* What CPU time sets off (cpu_timer.c). */
uint64_t cpu_timer_deadline(const struct process *process); /* monotonic: when to look again */
void cpu_timer_check(struct process *process);
void cpu_timer_start(struct process *process); /* after a change: every CPU that runs it looks */
/* What ITIMER_VIRTUAL counts, user time, or the other one, all of it. */
uint64_t cpu_timer_used(const struct process *process, int which);

/* Futexes (futex.c). */
void futex_exit_task(struct task *task); /* robust list, clear_child_tid; the vm is still there */

/* Loading programs (exec.c): from kernel strings, for process 2. Does not return to the old program
 * on success; 0 means that the frame is ready for user mode. */
struct exec_strings;
int exec_kernel(const char *path, const char *const *argv, const char *const *envp);

#endif
