/* SPDX-License-Identifier: MIT */
/*
 * Records of tasks and processes: making, numbering, finding, the tree, references.
 *
 * A number is given out again only after all others have been, and never while a task, a process, a
 * process group or a session still has it. A task's record lives until its kernel stack has been
 * left and, for a leader, its process has been waited for.
 */
#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_task.h"
#include "kernel/mm/page.h"
#include "kernel/task/cpu.h"
#include "kernel/task/cpu_clock.h"
#include "kernel/task/internal.h"
#include "pv/cpu.h"
#include "pv/time.h"

#define PID_LIMIT     32768
#define PID_FIRST     1
#define PID_RECYCLED  300 /* after the first round */
#define HASH_BUCKETS  512u
#define FPU_ALIGNMENT 64u

#define TIMER_SLACK_NS 50000u

struct process process_kernel;
struct process *process_init;
struct list process_all = LIST_INIT(process_all);

static struct list process_hash[HASH_BUCKETS];
static struct list task_hash[HASH_BUCKETS];
static int newest_pid;
static bool pids_wrapped;
static unsigned int total_tasks;
static unsigned int max_tasks;
static uint64_t made_tasks;

static struct list *hash_bucket(struct list *table, int number)
{
	struct list *bucket = &table[(unsigned int)number % HASH_BUCKETS];

	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

void task_init_limits(void)
{
	size_t limit = page_total_count() / 32;

	max_tasks = (unsigned int)MIN(MAX(limit, 64ul), PID_LIMIT - 2ul * PID_RECYCLED);
}

unsigned int task_limit(void)
{
	return max_tasks;
}

unsigned int task_total_count(void)
{
	return total_tasks;
}

uint64_t task_made_count(void)
{
	return made_tasks;
}

int pid_last(void)
{
	return newest_pid;
}

struct process *process_find(int pid)
{
	struct list *bucket = hash_bucket(process_hash, pid);
	struct process *process;

	list_for_each_entry (process, bucket, struct process, hash_node) {
		if (process->pid == pid)
			return process;
	}
	return NULL;
}

struct task *task_find(int tid)
{
	struct list *bucket = hash_bucket(task_hash, tid);
	struct task *task;

	list_for_each_entry (task, bucket, struct task, hash_node) {
		if (task->tid == tid)
			return task;
	}
	return NULL;
}

/* Groups and sessions keep their numbers; a look at all processes is only needed once numbers are
 * used again. */
static bool pid_in_use(int pid)
{
	struct process *process;

	if (process_find(pid) || task_find(pid))
		return true;
	if (!pids_wrapped)
		return false;
	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->pgid == pid || process->sid == pid)
			return true;
	}
	return false;
}

static int pid_alloc(void)
{
	int pid = newest_pid;

	for (int tries = 0; tries < PID_LIMIT; tries++) {
		pid++;
		if (pid >= PID_LIMIT) {
			pid = PID_RECYCLED;
			pids_wrapped = true;
		}
		if (!pid_in_use(pid)) {
			newest_pid = pid;
			return pid;
		}
	}
	return -EAGAIN;
}

void process_kernel_init(void)
{
	struct process *process = &process_kernel;

	process->ref_count = 1;
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->all_node);
	list_init(&process->hash_node);
	list_init(&process->tasks);
	wait_queue_init(&process->child_wait);
	wait_queue_init(&process->vfork_wait);
	wait_queue_init(&process->end_wait);
	sig_pending_init(&process->pending);
	for (size_t i = 0; i < ARRAY_COUNT(process->rlimit); i++)
		process->rlimit[i] = (struct abi_rlimit){ABI_RLIM_INFINITY, ABI_RLIM_INFINITY};
}

void task_init_fields(struct task *task, const char *name, struct process *process)
{
	*task = (struct task){
	    .process = process,
	    .ref_count = 1,
	    .cred = cred_kernel,
	    .timer_slack_ns = TIMER_SLACK_NS,
	    .timer_slack_default_ns = TIMER_SLACK_NS,
	};
	str_copy(task->name, name, sizeof(task->name));
	list_init(&task->process_node);
	list_init(&task->hash_node);
	list_init(&task->run_node);
	sig_pending_init(&task->pending);
	task->state = TASK_BLOCKED;
	task->affinity = ~0ul;
	task->altstack.flags = ABI_SS_DISABLE;
	task->start_ns = pv_time_monotonic_ns();
}

struct task *task_alloc(const char *name, struct process *process)
{
	size_t bytes = sizeof(struct task) + FPU_ALIGNMENT + pv_fpu_area_bytes();
	struct task *task = kzalloc(bytes);
	uintptr_t fpu;

	if (!task)
		return NULL;
	fpu = (uintptr_t)(task + 1);
	task_init_fields(task, name, process);
	task->fpu = (void *)((fpu + FPU_ALIGNMENT - 1) & ~(uintptr_t)(FPU_ALIGNMENT - 1));
	if (!sched_prepare_stack(task)) {
		kfree(task);
		return NULL;
	}
	return task;
}

void task_get(struct task *task)
{
	task->ref_count++;
}

void task_put(struct task *task)
{
	ASSERT(task->ref_count > 0);
	if (--task->ref_count > 0)
		return;
	sig_pending_flush(&task->pending, ~0ull);
	cred_drop(&task->cred);
	if (task->kernel_stack)
		page_put(page_of_virt(task->kernel_stack));
	kfree(task);
}

struct task *task_create_kernel(const char *name, void (*entry)(void *), void *arg)
{
	struct task *task = task_alloc(name, &process_kernel);

	if (!task)
		return NULL;
	task->entry = entry;
	task->entry_arg = arg;
	return task;
}

void process_get(struct process *process)
{
	process->ref_count++;
}

void process_put(struct process *process)
{
	ASSERT(process->ref_count > 0);
	if (--process->ref_count > 0)
		return;
	cpu_alarms_end(process, NULL);
	sig_pending_flush(&process->pending, ~0ull);
	kfree(process);
}

void process_set_parent(struct process *process, struct process *parent)
{
	process->parent = parent;
	__atomic_store_n(&process->parent_pid, parent->pid, __ATOMIC_RELAXED);
}

/* What a child has from its parent. */
static void process_inherit(struct process *process, struct process *parent)
{
	memcpy(process->rlimit, parent->rlimit, sizeof(process->rlimit));
	cpu_timer_start(process);
	process_set_parent(process, parent);
	process->pgid = parent->pgid;
	process->sid = parent->sid;
	process->tty = parent->tty;
	process->oom_score_adj = parent->oom_score_adj;
	process->oom_score_adj_min = parent->oom_score_adj_min;
}

struct process *process_alloc(struct process *parent)
{
	struct process *process = kzalloc(sizeof(*process));

	if (!process)
		return NULL;
	process->ref_count = 1;
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->all_node);
	list_init(&process->hash_node);
	list_init(&process->tasks);
	wait_queue_init(&process->child_wait);
	wait_queue_init(&process->vfork_wait);
	wait_queue_init(&process->end_wait);
	sig_pending_init(&process->pending);
	process_timers_init(process);
	process->exit_signal = ABI_SIGCHLD;
	process->start_ns = pv_time_monotonic_ns();
	if (parent)
		process_inherit(process, parent);
	return process;
}

static void task_link(struct task *task, struct process *process, int tid)
{
	task->tid = tid;
	task->process = process;
	list_insert_before(&process->tasks, &task->process_node);
	list_insert_after(hash_bucket(task_hash, tid), &task->hash_node);
	process->task_count++;
	total_tasks++;
	made_tasks++;
}

int process_add(struct process *process, struct task *leader)
{
	int pid = pid_alloc();

	if (pid < 0)
		return pid;
	process->pid = pid;
	process->leader = leader;
	task_get(leader);
	task_link(leader, process, pid);
	list_insert_before(&process_all, &process->all_node);
	list_insert_after(hash_bucket(process_hash, pid), &process->hash_node);
	if (process->parent)
		list_insert_before(&process->parent->children, &process->sibling);
	return 0;
}

int task_add_thread(struct task *task, struct process *process)
{
	int tid = pid_alloc();

	if (tid < 0)
		return tid;
	task_link(task, process, tid);
	return 0;
}

void task_remove(struct task *task)
{
	list_remove(&task->process_node);
	task->process->task_count--;
	total_tasks--;
	/* A leader's number stays findable as its process is. */
	if (task != task->process->leader)
		list_remove(&task->hash_node);
}

void process_replace_leader(struct task *task)
{
	struct process *process = task->process;
	struct task *old = process->leader;

	cpu_alarms_end(process, old);
	list_remove(&old->hash_node);
	list_remove(&task->hash_node);
	task->tid = process->pid;
	list_insert_after(hash_bucket(task_hash, task->tid), &task->hash_node);
	process->leader = task;
	task_get(task);
	task_put(old);
}

void process_release(struct process *zombie)
{
	list_remove(&zombie->sibling);
	list_remove(&zombie->all_node);
	list_remove(&zombie->hash_node);
	list_remove(&zombie->leader->hash_node);
	task_put(zombie->leader);
	zombie->leader = NULL;
	process_put(zombie);
}

/* The other CPU goes on charging meanwhile, without a lock. Read in this order, an interval that it
 * charges just now may be missing, and is never counted twice; what was shown before makes up for
 * that. */
void task_ticks(struct task *task, uint64_t *user_ticks, uint64_t *system_ticks)
{
	const struct cpu *cpu = task->cpu;
	bool elsewhere = cpu && cpu != cpu_now() && cpu->current == task;
	bool in_kernel = elsewhere && __atomic_load_n(&cpu->in_kernel, __ATOMIC_RELAXED);
	uint64_t *running = in_kernel ? system_ticks : user_ticks;

	*user_ticks = __atomic_load_n(&task->user_ticks, __ATOMIC_ACQUIRE);
	*system_ticks = __atomic_load_n(&task->system_ticks, __ATOMIC_ACQUIRE);
	if (elsewhere) {
		uint64_t charged = __atomic_load_n(&cpu->account_ticks, __ATOMIC_RELAXED);
		int64_t since = (int64_t)(pv_time_ticks() - charged);

		if (since > 0)
			*running += (uint64_t)since;
	}
	*user_ticks = task->shown_user_ticks = MAX(*user_ticks, task->shown_user_ticks);
	*system_ticks = task->shown_system_ticks = MAX(*system_ticks, task->shown_system_ticks);
}

void task_times_add(struct task *task, struct abi_rusage_times *to)
{
	uint64_t user_ticks, system_ticks;

	task_ticks(task, &user_ticks, &system_ticks);
	to->user_ns += pv_time_ticks_to_ns(user_ticks);
	to->system_ns += pv_time_ticks_to_ns(system_ticks);
	to->minor_faults += task->minor_faults;
	to->voluntary_switches += task->voluntary_switches;
	to->involuntary_switches += task->involuntary_switches;
}

void process_times(const struct process *process, struct abi_rusage_times *out)
{
	struct task *task;

	*out = process->times;
	list_for_each_entry (task, &process->tasks, struct task, process_node) {
		task_times_add(task, out);
	}
}

bool pgroup_orphaned(int pgid)
{
	struct process *process;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		const struct process *parent = process->parent;

		if (process->pgid != pgid || process->zombie || !parent || parent->pid == 1)
			continue;
		if (parent->pgid != pgid && parent->sid == process->sid)
			return false;
	}
	return true;
}

bool group_number_known(int pgid, int sid)
{
	struct process *process;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->pgid == pgid && process->sid == sid)
			return true;
	}
	return false;
}
