/* SPDX-License-Identifier: MIT */
/*
 * Tasks and processes. A task is what the scheduler runs, a process is a thread group: what wait, kill, limits and job control
 * see. Memory, descriptors, directories and signal handlers hang off the task and are counted, as clone shares them
 * one by one.
 */
#ifndef PINFOLD_KERNEL_TASK_TASK_H
#define PINFOLD_KERNEL_TASK_TASK_H

#include "arch/x86/frame.h"
#include "kernel/kernel.h"
#include "kernel/linux/abi.h"
#include "kernel/wait.h"
#include "lib/list.h"

struct vm;
struct fd_table;
struct fs_context;
struct tty;

#define KERNEL_STACK_ORDER 2u
#define KERNEL_STACK_BYTES (4096ul << KERNEL_STACK_ORDER)

enum task_state {
	TASK_RUNNING,  /* running or on the run queue */
	TASK_SLEEPING, /* interruptible */
	TASK_BLOCKED,  /* not interruptible */
	TASK_STOPPED,  /* by job control */
	TASK_ZOMBIE,
};

typedef uint64_t sigset; /* bit n-1 is signal n */

struct sig_handlers {
	uint32_t ref_count;
	struct abi_sigaction action[ABI_SIGNAL_COUNT]; /* [n - 1] */
};

struct sig_pending {
	sigset set;
	struct list infos; /* struct sig_info_node, at most one per non-realtime signal */
};

struct process {
	int pid;
	uint32_t ref_count;
	struct process *parent;
	struct list children;      /* struct process.sibling */
	struct list sibling;
	struct list all_node;
	struct list tasks;         /* struct task.process_node */
	struct task *leader;
	struct wait_queue child_wait; /* of this process, waiting for its children */

	int pgid, sid;
	struct tty *tty; /* controlling terminal, or NULL */

	struct sig_pending pending;
	bool zombie;
	bool stopped, stop_reported, continued;
	int stop_signal;
	int exit_code; /* as wait reports it: status << 8, or the signal number */
	int exit_signal; /* to the parent at exit, SIGCHLD after fork */

	struct abi_rlimit rlimit[ABI_RLIMIT_COUNT];
	struct abi_rusage_times times, children_times; /* ns */
	uint32_t uid, euid, suid, gid, egid, sgid;
	bool dumpable, vfork_done;
};

struct task {
	int tid;
	struct process *process;
	struct list process_node;
	struct list run_node;
	enum task_state state;
	bool woken;               /* since wait_enqueue() */
	bool need_resched;
	char name[16];

	void *kernel_stack;       /* lowest address */
	uintptr_t kernel_sp;      /* while not running */
	struct cpu_frame *frame;  /* of the entry from user mode, at the top of the stack */
	void *fpu;                /* aligned to 64 */
	uint64_t fs_base, gs_base;

	struct vm *vm;            /* NULL: kernel thread */
	struct fd_table *files;
	struct fs_context *fs;
	struct sig_handlers *handlers;
	struct sig_pending pending;
	sigset blocked;
	sigset saved_blocked;     /* restored after sigsuspend, ppoll … */
	bool restore_blocked;
	struct abi_stack altstack;

	uint64_t wake_deadline_ns;
	struct list timer_node;
	uint64_t slice_start_ns, user_ns, system_ns, start_ns;
	uintptr_t clear_child_tid;
	int nice;
};

struct task *current(void);

/* The scheduler (sched.c). */
void sched_init(void);
void sched_add(struct task *task);  /* make runnable */
void sched_yield(void);
void sched_switch(void);            /* the running task's state says whether it stays runnable */
void task_wake(struct task *task);  /* end its sleep, if it sleeps */
_Noreturn void sched_idle(void);

/* A kernel thread or the first user task: starts in `entry(arg)` on its own stack. NULL: out of memory. */
struct task *task_create_kernel(const char *name, void (*entry)(void *), void *arg);

/* Load the program of the run description and become process 1 in user mode. Kernel thread context; does not return. */
_Noreturn void task_run_init(void);

/* End of the running process with a wait status. */
_Noreturn void process_exit(int exit_code);

struct process *process_find(int pid);
extern struct list process_all;

/* Signals (signal.c). info may be NULL. The signal is delivered on the target's next return to user mode. */
int signal_send_process(struct process *process, int signal, const struct abi_siginfo *info);
int signal_send_group(int pgid, int signal, const struct abi_siginfo *info);
int signal_send_task(struct task *task, int signal, const struct abi_siginfo *info);
/* A fault of the running task: unblockable; a handler gets the address. */
void signal_force_fault(int signal, int code, uintptr_t address, uint32_t vector, uint64_t error_code);
bool signal_pending(const struct task *task);
/* On the way to user mode, events enabled: run handlers' set-up, stop, or exit. */
void signal_deliver(struct cpu_frame *frame);

#endif
