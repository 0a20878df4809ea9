/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: round robin with slices on each CPU, sleeps, the idle loop, CPU time. Which CPU a
 * task runs on: runqueue.c. All of it holds the kernel lock but for what runs last before user
 * mode.
 *
 * The timer runs only when somebody needs it: a sleeper or kernel timer waits, a second task is
 * runnable (its slice), or a limit on CPU time is in force. A deadline that was asked for stays
 * programmed even if nobody needs it any more, as one event too many is cheaper than a hypercall at
 * every switch.
 *
 * User registers beyond the frame (FPU, segment bases) are saved when their task gives the CPU
 * away, as the next CPU it runs on may be another, and stay in the CPU until another task with a
 * user half runs there: one that finds its own is not loaded again. Kernel tasks borrow whatever
 * address space is in force, which a CPU is made to leave when the space ends.
 */
#include "arch/x86/context.h"
#include "kernel/lock.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/cpu.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"
#include "kernel/work.h"
#include "pv/cpu.h"
#include "pv/irq.h"
#include "pv/lazy.h"
#include "pv/time.h"

#define SLICE_NS 10000000ull
/* The two clocks differ by less: what is left of a slice is not worth another event. */
#define SLICE_SLACK_NS 100000ull
/* Between two looks at timers of which more are due than are run at once. */
#define TIMER_PAUSE_NS 1000000ull
#define CANARY         0x50696e666f6c6421ull

struct cpu cpus[PV_CPU_COUNT_MAX];

void task_account_system(void)
{
	struct cpu *cpu = cpu_now();

	cpu_charge(cpu, &cpu->current->system_ticks, &cpu->system_ticks);
}

void sched_timer_request(uint64_t deadline_ns)
{
	struct cpu *cpu = cpu_now();

	if (deadline_ns >= cpu->timer_deadline_ns)
		return;
	/* To the layer 0 means never, to us long ago. */
	cpu->timer_deadline_ns = MAX(deadline_ns, 1ull);
	pv_timer_set(cpu->timer_deadline_ns);
}

static uint64_t slice_used_ns(const struct cpu *cpu)
{
	return pv_time_ticks_to_ns(pv_time_ticks() - cpu->current->slice_start_ticks);
}

/* A look that was asked for in an earlier slice comes early and asks again. */
void sched_slice_time(void)
{
	struct cpu *cpu = cpu_now();
	struct task *task = cpu->current;

	if (cpu->run_count > 0 && !cpu->slice_timed) {
		uint64_t used_ns = slice_used_ns(cpu);

		cpu->slice_timed = true;
		sched_timer_request(pv_time_monotonic_ns() +
		                    (used_ns < SLICE_NS ? SLICE_NS - used_ns : 0));
	}
	if (task->process->cpu_timer)
		sched_timer_request(cpu_timer_deadline(task->process));
}

static void timer_work_run(void)
{
	struct cpu *cpu = cpu_now();
	uint64_t now = pv_time_monotonic_ns();
	struct task *task = cpu->current;

	if (now < cpu->timer_deadline_ns) {
		/* Fired early, or for a deadline that a later one replaced. */
		if (cpu->timer_deadline_ns != TIMER_NEVER)
			pv_timer_set(cpu->timer_deadline_ns);
		return;
	}
	cpu->timer_deadline_ns = TIMER_NEVER;
	cpu->slice_timed = false;
	if (timer_run_expired(now))
		sched_timer_request(now + TIMER_PAUSE_NS);
	else if (timer_next_deadline() != TIMER_NEVER)
		sched_timer_request(timer_next_deadline());
	if (task == &cpu->idle)
		return;
	if (task->process->cpu_timer)
		cpu_timer_check(task->process);
	if (slice_used_ns(cpu) + SLICE_SLACK_NS >= SLICE_NS &&
	    (run_queue_pull(cpu, 1) || cpu->run_count > 0))
		task_attend_resched(task);
	else
		sched_slice_request(cpu);
}

static struct work timer_work = {.run = timer_work_run};

static void timer_fired(void)
{
	work_mark(&timer_work);
}

/* Another CPU has put a task on this one's queue, or wants its task looked at. The event itself has
 * brought the CPU to the place where it looks; what is left is the slice. */
static void reschedule_work_run(void)
{
	struct cpu *cpu = cpu_now();

	if (cpu->current != &cpu->idle)
		sched_slice_request(cpu);
}

static struct work reschedule_work = {.run = reschedule_work_run};

static void reschedule_asked(void)
{
	work_mark(&reschedule_work);
}

void sched_early(void)
{
	pv_cpu_set_data(&cpus[0]);
}

void sched_init_cpu(unsigned int id)
{
	struct cpu *cpu = &cpus[id];

	run_queue_init(cpu);
	cpu->id = id;
	cpu->bit = 1ul << id;
	cpu->timer_deadline_ns = TIMER_NEVER;
	task_init_fields(&cpu->idle, "idle", &process_kernel);
	cpu->idle.state = TASK_RUNNING;
	cpu->idle.cpu = cpu;
	cpu->account_ticks = pv_time_ticks();
	cpu->in_kernel = true;
	cpu->current = &cpu->idle;
}

void sched_init(void)
{
	process_kernel_init();
	sched_init_cpu(0);
	work_register(&timer_work);
	work_register(&reschedule_work);
	pv_timer_set_handler(timer_fired);
	pv_smp_set_reschedule_handler(reschedule_asked);
	kernel_lock();
}

void sched_add(struct task *task)
{
	task->state = TASK_RUNNING;
	if (task == current() || !list_empty(&task->run_node))
		return;
	run_queue_add(task);
}

void sched_kick(struct task *task)
{
	if (task->cpu && task->cpu != cpu_now() && task->cpu->current == task)
		pv_smp_reschedule(task->cpu->id);
}

void sched_set_affinity(struct task *task, unsigned long allowed)
{
	struct cpu *cpu = task->cpu;

	task->affinity = allowed;
	if (!cpu || (allowed & cpu->bit))
		return;
	if (task == current()) {
		sched_yield();
	} else if (cpu->current == task) {
		task_attend_resched(task);
		sched_kick(task);
	} else if (!list_empty(&task->run_node)) {
		run_queue_move(task);
	}
}

void task_wake(struct task *task)
{
	if (task->state == TASK_SLEEPING || task->state == TASK_BLOCKED)
		sched_add(task);
}

/* For signal.c: a stopped task goes on. */
void sched_continue(struct task *task)
{
	if (task->state == TASK_STOPPED)
		sched_add(task);
}

static void canary_set(struct task *task)
{
	*(uint64_t *)task->kernel_stack = CANARY;
}

static void canary_check(const struct task *task)
{
	if (task->kernel_stack && *(const uint64_t *)task->kernel_stack != CANARY)
		panic("kernel stack overflow in task %d (%s)", task->tid, task->name);
}

/* Whether the calling CPU's registers are the task's. */
static bool holds_user_state(const struct cpu *cpu, const struct task *task)
{
	return cpu->user_owner == task && task->user_cpu == cpu;
}

void sched_save_user_state(struct task *task)
{
	if (!holds_user_state(cpu_now(), task))
		return;
	task->fs_base = pv_cpu_user_fs_base();
	task->gs_base = pv_cpu_user_gs_base();
	pv_fpu_save(task->fpu);
}

/* The task is on another CPU than its area says, if it has one. */
static __attribute__((noinline)) void note_move(struct task *task, uint32_t cpu)
{
	if (!task->rseq) {
		task->rseq_cpu = cpu;
		return;
	}
	task->rseq_event = true;
	task_attend(task);
}

void sched_load_user_state(struct task *task)
{
	struct cpu *cpu = cpu_now();

	pv_cpu_set_user_fs_base(task->fs_base);
	pv_cpu_set_user_gs_base(task->gs_base);
	pv_fpu_restore(task->fpu);
	pv_cpu_set_kernel_stack((char *)task->kernel_stack + KERNEL_STACK_BYTES);
	cpu->user_owner = task;
	task->user_cpu = cpu;
	if (task->rseq_cpu != cpu->id)
		note_move(task, cpu->id);
}

void sched_drop_user_state(struct task *task)
{
	struct cpu *cpu = cpu_now();

	if (cpu->user_owner == task)
		cpu->user_owner = NULL;
}

/* Make the CPU ready for the user half of `next`; one entry into Xen at most. */
static void user_switch(const struct cpu *cpu, struct task *next)
{
	if (holds_user_state(cpu, next)) {
		pv_space_switch(&next->vm->space);
		return;
	}
	/* The change of tables alone is one entry. */
	bool collect = pv_cpu_bases_enter(next->fs_base, next->gs_base);

	if (collect)
		pv_lazy_cpu_enter();
	pv_space_switch(&next->vm->space);
	sched_load_user_state(next);
	if (collect)
		pv_lazy_cpu_leave();
}

/* First thing on the new task's stack. */
static void switch_finish(void)
{
	struct cpu *cpu = cpu_now();
	struct task *leaving = cpu->leaving;

	if (!leaving)
		return;
	cpu->leaving = NULL;
	page_put(page_of_virt(leaving->kernel_stack));
	leaving->kernel_stack = NULL;
	task_put(leaving);
}

static inline void switch_to(struct cpu *cpu, struct task *prev, struct task *next)
{
	canary_check(prev);
	cpu_charge(cpu, &prev->system_ticks,
	           prev == &cpu->idle ? &cpu->idle_ticks : &cpu->system_ticks);
	cpu->current = next;
	next->cpu = cpu;
	cpu->switch_count++;
	next->slice_start_ticks = cpu->account_ticks;
	if (prev->vm)
		sched_save_user_state(prev);
	if (next->vm)
		user_switch(cpu, next);
	if (prev->state == TASK_ZOMBIE)
		cpu->leaving = prev;
	if (next != &cpu->idle)
		sched_slice_request(cpu);
	cpu_context_switch(&prev->kernel_sp, next->kernel_sp);
	switch_finish();
}

/* The running task may go on here, and has no other to give way to. */
static inline bool nobody_waits(const struct cpu *cpu, const struct task *task)
{
	return cpu->run_count == 0 && (task->affinity & cpu->bit);
}

void sched_switch(void)
{
	struct cpu *cpu = cpu_now();
	struct task *prev = cpu->current;
	struct task *next;

	if (work_pending())
		work_run();
	prev->need_resched = false;
	if (prev->state == TASK_RUNNING && prev != &cpu->idle && list_empty(&prev->run_node)) {
		if (nobody_waits(cpu, prev)) {
			prev->slice_start_ticks = pv_time_ticks();
			return;
		}
		run_queue_put_back(cpu, prev);
	}
	next = run_queue_take(cpu);
	if (!next && run_queue_pull(cpu, 0))
		next = run_queue_take(cpu);
	if (!next)
		next = &cpu->idle;
	if (next == prev) {
		prev->slice_start_ticks = pv_time_ticks();
		return;
	}
	if (prev->state == TASK_RUNNING)
		prev->involuntary_switches++;
	else
		prev->voluntary_switches++;
	switch_to(cpu, prev, next);
}

void sched_yield(void)
{
	struct cpu *cpu = cpu_now();

	/* The short answer. */
	if (work_pending() || !nobody_waits(cpu, cpu->current)) {
		sched_switch();
		return;
	}
	cpu->current->need_resched = false;
	cpu->current->slice_start_ticks = pv_time_ticks();
}

static void sleep_expired(struct timer *timer)
{
	struct task *task = container_of(timer, struct task, sleep_timer);

	task->sleep_expired = true;
	task_wake(task);
}

/* Give the CPU away until somebody wakes the running task or the time is over. True: it is. */
static bool sleep_until(struct task *task, uint64_t deadline_ns)
{
	task->sleep_expired = false;
	timer_arm(&task->sleep_timer, deadline_ns);
	sched_switch();
	timer_cancel(&task->sleep_timer);
	return task->sleep_expired;
}

/* One sleep. `interrupted` says whether a signal ends it. */
static inline int sleep_once(enum task_state state, bool (*interrupted)(const struct task *task),
                             uint64_t deadline_ns)
{
	struct task *task = current();
	bool expired = false;

	if (!task->woken && !(interrupted && interrupted(task))) {
		task->state = state;
		if (deadline_ns == WAIT_FOREVER)
			sched_switch();
		else
			expired = sleep_until(task, deadline_ns);
	}
	if (task->woken) {
		task->woken = false;
		return 0;
	}
	if (interrupted && interrupted(task))
		return -EINTR;
	return expired ? -ETIMEDOUT : 0;
}

int task_sleep(bool interruptible, uint64_t deadline_ns)
{
	if (interruptible)
		return sleep_once(TASK_SLEEPING, signal_pending, deadline_ns);
	return sleep_once(TASK_BLOCKED, NULL, deadline_ns);
}

int task_sleep_killable(uint64_t deadline_ns)
{
	struct task *task = current();
	int result;

	task->killable = true;
	result = sleep_once(TASK_BLOCKED, signal_fatal_pending, deadline_ns);
	task->killable = false;
	return result;
}

/* Where a task's life begins, on its own stack. */
static void task_start(void *arg)
{
	struct task *task = arg;

	switch_finish();
	task->entry(task->entry_arg);
	kernel_unlock();
}

/* A stack for a task that will begin in its entry function. False: out of memory. */
bool sched_prepare_stack(struct task *task)
{
	struct page *stack = page_alloc(KERNEL_STACK_ORDER);
	void *top;

	if (!stack)
		return false;
	timer_init(&task->sleep_timer, sleep_expired);
	task->kernel_stack = page_virt(stack);
	canary_set(task);
	top = (char *)task->kernel_stack + KERNEL_STACK_BYTES;
	task->frame = cpu_stack_frame(top);
	task->kernel_sp = cpu_context_prepare(top, task_start, task);
	return true;
}

/* Sleep in the hypervisor until something comes for this CPU. */
static void idle_wait(struct cpu *cpu)
{
	run_queue_set_idle(cpu, true);
	kernel_unlock();
	pv_irq_disable();
	/* Who has put a task on the queue since the look has sent an event, too. */
	if (work_pending())
		pv_irq_enable();
	else
		pv_irq_wait();
	kernel_lock();
	run_queue_set_idle(cpu, false);
}

_Noreturn void sched_idle(void)
{
	struct cpu *cpu = cpu_now(); /* this task stays */

	for (;;) {
		work_run();
		if (cpu->run_count > 0 || run_queue_pull(cpu, 0))
			sched_switch();
		else
			idle_wait(cpu);
	}
}

void task_return_to_user(struct cpu_frame *frame)
{
	struct task *task = current();

	if (!cpu_now()->in_kernel)
		cpu_enter_kernel(cpu_now()); /* an event, not a call or a fault */
	for (;;) {
		/* Before the look: who asks for attention afterwards is seen by the next one, or
		 * sends an event that brings the CPU here again. */
		__atomic_store_n(&task->attention, false, __ATOMIC_SEQ_CST);
		if (!work_pending() && !task->before_user && !signal_pending(task) &&
		    !signal_restart_wanted(frame))
			break;
		pv_irq_enable();
		kernel_lock();
		work_run();
		if (task->need_resched) {
			rseq_note_interrupt(task);
			sched_switch();
		}
		signal_deliver(frame);
		if (task->rseq_event)
			rseq_update(frame);
		kernel_unlock();
		pv_irq_disable();
	}
	cpu_leave_kernel(cpu_now());
}

unsigned int sched_runnable_count(void)
{
	unsigned int count = 0;

	for (unsigned long left = pv_smp_online_mask(); left; left &= left - 1) {
		const struct cpu *cpu = &cpus[__builtin_ctzl(left)];

		count += cpu->run_count + (cpu->current != &cpu->idle);
	}
	return count;
}

uint64_t sched_switch_count(void)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < PV_CPU_COUNT_MAX; i++)
		count += cpus[i].switch_count;
	return count;
}

struct sched_cpu_times sched_cpu_times(unsigned int id)
{
	const struct cpu *cpu = &cpus[id];

	return (struct sched_cpu_times){
	    .user_ns = pv_time_ticks_to_ns(cpu->user_ticks),
	    .system_ns = pv_time_ticks_to_ns(cpu->system_ticks),
	    .idle_ns = pv_time_ticks_to_ns(cpu->idle_ticks),
	    .stolen_ns = pv_time_stolen_ns(id),
	};
}
