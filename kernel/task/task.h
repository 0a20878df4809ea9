/* SPDX-License-Identifier: MIT */
/*
 * Tasks and processes. A task is what the scheduler runs, a process is a thread group: what wait,
 * kill, limits and job control see. Memory, descriptors, directories and signal handlers hang off
 * the task and are counted, as clone shares them one by one.
 *
 * A process whose tasks have all ended is a zombie until its parent has waited for it: its leader's
 * struct task stays, without vm, files, fs and handlers (NULL). Process 1 is a kernel task; the
 * user's program is process 2.
 */
#ifndef PINFOLD_KERNEL_TASK_TASK_H
#define PINFOLD_KERNEL_TASK_TASK_H

#include "arch/x86/frame.h"
#include "kernel/kernel.h"
#include "kernel/linux/abi.h"
#include "kernel/linux/abi_task.h"
#include "kernel/task/cred.h"
#include "kernel/task/timer.h"
#include "kernel/wait.h"
#include "lib/list.h"
#include "pv/smp.h"

struct cpu;
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

static inline sigset signal_bit(int signal)
{
	return 1ull << (unsigned int)(signal - 1);
}

struct sig_handlers {
	uint32_t ref_count;
	struct abi_sigaction action[ABI_SIGNAL_COUNT]; /* [n - 1] */
};

struct sig_pending {
	sigset set;
	struct list infos; /* struct sig_info_node, at most one per non-realtime signal but for
	                    * those of timers */
	unsigned int info_count;
};

/* setitimer's three; values are 0 when off. */
struct process_itimer {
	uint64_t deadline_ns; /* monotonic for ITIMER_REAL, else CPU time of the process */
	uint64_t interval_ns;
};

struct process {
	int pid;
	uint32_t ref_count;
	struct process *parent; /* set by process_set_parent() */
	int parent_pid;         /* read without the lock */
	struct list children;   /* struct process.sibling */
	struct list sibling;
	struct list all_node; /* on process_all, ascending by start */
	struct list hash_node;
	struct list tasks;            /* struct task.process_node, the living */
	unsigned int task_count;      /* of `tasks` */
	struct task *leader;          /* never NULL; see above for a zombie's */
	struct task *exec_task;       /* the others end, as this one executes a new program, or
	                                 stop, as it writes a core file */
	struct wait_queue child_wait; /* of this process, waiting for its children */
	struct wait_queue
	    vfork_wait; /* of the parent until vfork_done; of exec_task for the others' end, or
	                   for their stop (core.c), and theirs for its end then */

	struct wait_queue end_wait; /* for its end, of those with a descriptor of it */

	int pgid, sid;
	struct tty *tty; /* controlling terminal, or NULL */
	int lost_pgid; /* of a leader whose terminal has gone: the foreground group then; 0: none */

	struct sig_pending pending;
	bool zombie;
	bool group_exit; /* every task ends with exit_code */
	bool stopped;    /* each task stops on its way to user mode */
	bool stopping;   /* not all have yet: the parent has not been told */
	bool stop_reported, continued;
	int stop_signal;
	int exit_code;   /* as wait reports it: status << 8, or the signal number */
	int exit_signal; /* to the parent at exit, SIGCHLD after fork */
	int parent_death_signal;

	struct abi_rlimit rlimit[ABI_RLIMIT_COUNT];
	struct abi_rusage_times times,
	    children_times;       /* ns; `times` of ended tasks only: see process_times() */
	unsigned int core_parked; /* tasks that wait in core_park() */
	bool core_dump;           /* exec_task writes a core file: the others wait for that */
	bool vfork_done, executed, subreaper;
	/* How gladly it would be killed for its memory: kept and told, asked by nobody. */
	int16_t oom_score_adj, oom_score_adj_min;
	uint64_t start_ns;

	struct timer real_timer; /* ITIMER_REAL and alarm */
	struct process_itimer itimer[3];
	bool cpu_timer; /* ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU or an alarm asks for checks */
	struct list cpu_alarms; /* struct cpu_alarm: who waits for its CPU time or its tasks' */
	struct list posix_timers;
	unsigned int posix_timer_count;
	int next_posix_timer;
};

/* A sleep that a signal interrupted, for restart_syscall(). */
struct restart_block {
	long (*resume)(struct restart_block *block); /* NULL: nothing to resume */
	uint64_t deadline_ns;                        /* monotonic, or of `clock` */
	uintptr_t user_remain, user_word;
	uint32_t value, bits;
	int clock;
};

struct task {
	int tid;
	uint32_t ref_count;
	struct process *process;
	struct list process_node;
	struct list hash_node;
	struct list run_node;
	enum task_state state;
	bool woken;    /* by a wait queue, since the last sleep */
	bool killable; /* a fatal signal ends the present uninterruptible sleep */
	/* What the return to user mode looks for, as one word (`before_user`). */
	union {
		struct {
			bool need_resched;
			bool restore_blocked; /* saved_blocked is to come back */
			bool rseq_event;      /* rseq_update() is to run */
		};
		uint32_t before_user;
	};
	unsigned long affinity; /* the CPUs it may run on */
	struct cpu *cpu;        /* where it runs, waits to run, or ran last; NULL: nowhere yet */
	struct cpu *user_cpu;   /* the last one that loaded its user registers */
	/* There may be something to do before user mode: see task_attend(). */
	bool attention;
	char name[16];

	void *kernel_stack;      /* lowest address; NULL: freed */
	uintptr_t kernel_sp;     /* while not running */
	struct cpu_frame *frame; /* of the entry from user mode, at the top of the stack */
	void *fpu;               /* aligned to 64 */
	uint64_t fs_base, gs_base;
	void (*entry)(void *arg);
	void *entry_arg;

	struct cred cred; /* changed by the task itself alone: cred.h */
	struct vm *vm;    /* NULL: kernel thread */
	struct fd_table *files;
	struct fs_context *fs;
	struct sig_handlers *handlers;
	struct sig_pending pending;
	sigset blocked;
	sigset saved_blocked; /* restored after sigsuspend, ppoll … */
	sigset real_blocked;  /* during rt_sigtimedwait: what is blocked but for the wait */
	struct abi_stack altstack;
	struct restart_block restart;
	uintptr_t fault_address; /* of the last fault signal, for its handler's frame */
	uint32_t fault_vector;
	uint64_t fault_error;

	struct timer sleep_timer;
	bool sleep_expired;
	uint64_t start_ns;
	uint64_t slice_start_ticks, user_ticks, system_ticks; /* of the CPU's clock: cpu.h */
	uint64_t shown_user_ticks, shown_system_ticks; /* the last answer: it never goes back */
	uint64_t minor_faults, voluntary_switches, involuntary_switches;
	uintptr_t clear_child_tid, set_child_tid;
	uintptr_t robust_list;
	uintptr_t rseq; /* the area in user memory, or 0 */
	uint32_t rseq_signature;
	uint32_t rseq_cpu;     /* the CPU's number there; without an area, its last CPU's */
	bool rseq_interrupted; /* preempted or stopped since the last rseq_update() */
	/* The kernel could not reach memory of the program's as there was no frame for it; set by
	 * mm/uaccess.c, cleared by who is going to ask: signal_force_access(). */
	bool access_short;
	int nice;
	int policy, rt_priority;        /* kept, not obeyed */
	struct abi_sched_attr deadline; /* likewise, of ABI_SCHED_DEADLINE */
	uint32_t personality;
	uint64_t timer_slack_ns, timer_slack_default_ns; /* kept and told */
};

/* The calling CPU's: its area (cpu.h) begins with it. */
static inline struct task *current(void)
{
	return *(struct task *const *)pv_cpu_data();
}

/*
 * Have the task look for work when it next returns to user mode. A system call's return does not
 * look without: whoever makes signal_pending() true for a task, or sets need_resched or
 * restore_blocked, or changes registers in its frame that C functions preserve, says so here.
 */
static inline void task_attend(struct task *task)
{
	task->attention = true;
}

static inline void task_attend_resched(struct task *task)
{
	task->need_resched = true;
	task_attend(task);
}

/* The scheduler (sched.c). */
void sched_early(void);            /* first thing of all: current() answers from here on */
void sched_init(void);             /* boot context becomes the idle task */
void sched_add(struct task *task); /* make runnable */
void sched_yield(void);
void sched_switch(void);              /* the running task's state says whether it stays runnable */
void task_wake(struct task *task);    /* end its sleep, if it sleeps */
_Noreturn void sched_idle(void);      /* with the kernel lock */
_Noreturn void sched_secondary(void); /* a CPU has come up, on its idle task's stack */
/* Sleep like task_sleep(), but only a signal that will end the process interrupts (-EINTR). */
int task_sleep_killable(uint64_t deadline_ns);
/* Let a task run on the CPUs of the mask only; some of them are online. The running task is on one
 * of them when this returns; another one that runs elsewhere leaves there at once, but later. */
void sched_set_affinity(struct task *task, unsigned long cpus);
/* Make the CPU that runs the task, if it is another, look at it (task_attend()) at once. */
void sched_kick(struct task *task);
/* The number of runnable tasks but for idle, of switches since boot. For /proc. */
unsigned int sched_runnable_count(void);
uint64_t sched_switch_count(void);
/* What a CPU has done since it came up. */
struct sched_cpu_times {
	uint64_t user_ns, system_ns, idle_ns, stolen_ns;
};
struct sched_cpu_times sched_cpu_times(unsigned int cpu);
/* Ask for the timer at `deadline_ns` at the latest (timer.c and the slices use it). */
void sched_timer_request(uint64_t deadline_ns);
/* Bring task's fs_base, gs_base and fpu in memory up to date; the registers still hold them. */
void sched_save_user_state(struct task *task);
/* Take the running task's user state from memory: after exec. */
void sched_load_user_state(struct task *task);
/* The running task has no user state any more. */
void sched_drop_user_state(struct task *task);

/* In the kernel: what ran since the last time is system time. */
void task_account_system(void);
/* CPU times and counts of one task, added. */
void task_times_add(struct task *task, struct abi_rusage_times *to);
/* Times of a process so far, its living tasks included. */
void process_times(const struct process *process, struct abi_rusage_times *out);

/*
 * The last steps before user mode: deferred work, the other tasks' turn, signals. Called and left
 * with events masked; `frame` is the running task's.
 */
void task_return_to_user(struct cpu_frame *frame);

/* A kernel thread or the first user task: starts in `entry(arg)` on its own stack. NULL: out of
 * memory. Not runnable before sched_add(). */
struct task *task_create_kernel(const char *name, void (*entry)(void *), void *arg);

/* Become process 1, start the program of the run description as process 2, reap orphans, end the
 * machine with the program. Kernel thread context; does not return. */
_Noreturn void task_run_init(void);

/* End of the running process with a wait status (status << 8, or a signal number). */
_Noreturn void process_exit(int exit_code);
/* End of the running task alone; of its process if it is the last. */
_Noreturn void task_exit(int exit_code);

struct process *process_find(int pid);
struct task *task_find(int tid);
/* The task that a call means by number; 0 is the caller. */
static inline struct task *task_meant(int tid)
{
	return tid == 0 ? current() : task_find(tid);
}
extern struct list process_all;
unsigned int task_total_count(void);
unsigned int task_limit(void);  /* there may be so many */
uint64_t task_made_count(void); /* since boot */
int pid_last(void);             /* the newest number given out */

/* Whether a process group has no member whose parent is in another group of the same session. */
bool pgroup_orphaned(int pgid);

/* Signals (signal.c). info may be NULL. The signal is delivered on the target's next return to user
 * mode. */
int signal_send_process(struct process *process, int signal, const struct abi_siginfo *info);
int signal_send_group(int pgid, int signal, const struct abi_siginfo *info);
int signal_send_task(struct task *task, int signal, const struct abi_siginfo *info);
/* The running process cannot go on for want of memory: it ends. */
void signal_out_of_memory(void);
/* A fault of the running task: unblockable; a handler gets the address. */
void signal_force_fault(int signal, int code, uintptr_t address, uint32_t vector,
                        uint64_t error_code);
/* Something to do before user mode: a deliverable signal, a stop, the end. Interruptible sleeps
 * end. */
static inline bool signal_pending(const struct task *task)
{
	const struct process *process = task->process;
	sigset set = (task->pending.set | process->pending.set) & ~task->blocked;

	return set || process->group_exit || process->stopped ||
	       (process->exec_task && process->exec_task != task);
}
/* A signal is pending that will end the process. */
bool signal_fatal_pending(const struct task *task);
/* The running task ignores or blocks the signal (terminal access from the background). */
bool signal_blocked_or_ignored(int signal);
/* Set the running task's mask (SIGKILL and SIGSTOP stay unblocked). */
void signal_set_blocked(sigset mask);
/* As ppoll, pselect and sigsuspend do: a mask for the call only. Restored after a handler has been
 * set up with it, or at the return to user mode. signal_restore_mask() restores at once, for a call
 * that was not interrupted. */
void signal_set_temporary_mask(sigset mask);
void signal_restore_mask(void);
/* On the way to user mode, events enabled: run handlers' set-up, stop, or exit. */
void signal_deliver(struct cpu_frame *frame);

#endif
