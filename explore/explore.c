/* SPDX-License-Identifier: MIT */
/*
 * The explorer's engine: vcpus as coroutines, and the scheduler between them. See explore.h.
 *
 * The scheduler has a stack of its own: a vcpu that comes to a choice goes to it and is resumed
 * with the answer. So a vcpu's stack holds nothing of the explorer's that would make two equal
 * states differ (visited.c).
 */
#include "explore/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/x86/context.h"

#define STACK_BYTES (256u << 10)
#define STEPS_MAX   60000u /* a run that is longer does not end */
#define ALONE_MAX   16u    /* looks of the only one that can go on: an event may come late */

/* Never changes once set, so that putting the data back does not matter. */
struct explorer *ex;
void (*explore_switch_hook)(unsigned int vcpu);
bool (*explore_idle_hook)(void);

unsigned int explore_vcpu(void)
{
	return ex && ex->in_run ? ex->running : 0;
}

bool explore_running(void)
{
	return ex && ex->in_run;
}

/* From a vcpu to the scheduler. */
static __attribute__((noinline)) void ask(enum request request)
{
	ex->request = request;
	cpu_context_switch(&ex->vcpus[ex->running].context, ex->main_context);
}

void explore_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ex->result.what, sizeof(ex->result.what), format, args);
	va_end(args);
	ex->result.failed = true;
	ex->result.preemptions = ex->preemptions;
	ex->result.faults = ex->faults;
	ex->result.steps = ex->steps;
	trail_write(ex->result.choices, sizeof(ex->result.choices));
	trail_tell(ex->result.story, sizeof(ex->result.story));
	if (ex->on_vcpu)
		ask(REQUEST_ABANDON);
	longjmp(ex->failed, 1);
}

/* The vcpus' side. */

static __attribute__((noinline)) unsigned int ask_choice(unsigned int count, enum choice_kind kind,
                                                         const char *label)
{
	ex->choice_count = count;
	ex->choice_kind = kind;
	ex->label = label;
	ask(REQUEST_CHOICE);
	return ex->answer;
}

unsigned int choose(unsigned int count, const char *label)
{
	return count < 2 || !explore_running() ? 0 : ask_choice(count, CHOICE_PLAIN, label);
}

bool explore_fault(const char *label)
{
	return explore_running() && ask_choice(2, CHOICE_FAULT, label) == 1;
}

static __attribute__((noinline)) void count_step(const char *what)
{
	ex->vcpus[ex->running].doing = what;
	ex->result.points++;
	strategy_step();
	if (++ex->steps > STEPS_MAX)
		explore_fail("the run does not end: vcpu %u is still at '%s' after %u steps",
		             ex->running, what, STEPS_MAX);
}

void explore_point(const char *what)
{
	if (!explore_running())
		return;
	count_step(what);
	timeline_point(what);
	if (fair_ready_mask() & ~(1u << ex->running))
		ask(REQUEST_POINT);
}

void explore_wait(const char *what)
{
	if (!explore_running())
		explore_fail("a wait outside a run: %s", what);
	count_step(what);
	timeline_point(what);
	ask(REQUEST_GIVE_WAY);
}

void explore_sleep(const char *what, bool may_stay)
{
	struct vcpu *vcpu = &ex->vcpus[ex->running];

	if (!explore_running())
		explore_fail("a sleep outside a run: %s", what);
	count_step(what);
	explore_note("%s", what);
	vcpu->may_stay = may_stay;
	vcpu->state = VCPU_SLEEPING;
	fair_stops(ex->running);
	ask(REQUEST_GIVE_WAY);
}

void explore_wake(unsigned int vcpu)
{
	if (!explore_running() || ex->vcpus[vcpu].state != VCPU_SLEEPING)
		return;
	ex->vcpus[vcpu].state = VCPU_READY;
	explore_note("wakes vcpu %u", vcpu);
}

static void vcpu_main(void *arg)
{
	void (*body)(void) = ex->scenario->body[(uintptr_t)arg];

	if (body)
		body();
	if (ex->vcpus[ex->running].held_count > 0)
		explore_fail("vcpu %u ends with %u locks held", ex->running,
		             ex->vcpus[ex->running].held_count);
	count_step("has ended");
	ex->vcpus[ex->running].state = VCPU_DONE;
	fair_stops(ex->running);
	ask(REQUEST_END);
	abort(); /* an ended vcpu is never chosen */
}

/* Where cpu_context_prepare() would go to user mode: a vcpu's main never returns. */
void context_first(void);
__asm__(".globl context_first\ncontext_first:\n\tpopq %rax\n\tpopq %rdi\n\tcall *%rax\n\tud2\n");

/* The scheduler's side. */

/* What is wished for the next choice of the running vcpu; the calm one if it cannot be had. */
static unsigned int wished(unsigned int count, enum choice_kind kind, const unsigned int *vcpus)
{
	for (unsigned int i = 0; i < ex->wish_count; i++) {
		const struct wish *wish = &ex->wishes[i];

		if (wish->vcpu != ex->running || wish->kind != kind ||
		    wish->own != ex->vcpus[ex->running].choices)
			continue;
		for (unsigned int n = 0; vcpus && n < count; n++)
			if (vcpus[n] == wish->target)
				return n;
		return !vcpus && wish->value < count ? wish->value : 0;
	}
	return 0;
}

/* One of `count`, of which the search may take the first `limit`. */
static unsigned int decide(unsigned int count, unsigned int limit, enum choice_kind kind,
                           const char *label, const unsigned int *vcpus)
{
	unsigned int taken = 0;

	if (ex->trail_len == TRAIL_MAX)
		explore_fail("a run with more than %u choices", TRAIL_MAX);
	struct choice *choice = &ex->trail[ex->trail_len];

	if (ex->trail_len < ex->replay_len)
		taken = choice->taken;
	else if (ex->wish_count > 0)
		taken = wished(limit, kind, vcpus);
	else if (limit > 1)
		taken = vcpus ? strategy_schedule(vcpus, limit) : strategy_choose(limit);
	if (taken >= count)
		explore_fail("the choices do not fit this scenario: %u of %u at '%s'", taken, count,
		             label);
	ex->trail_len++;
	*choice = (struct choice){.taken = (uint8_t)taken,
	                          .count = (uint8_t)limit,
	                          .vcpu = (uint8_t)ex->running,
	                          .kind = (uint8_t)kind,
	                          .target = (uint8_t)(vcpus ? vcpus[taken] : 0),
	                          .own = ex->vcpus[ex->running].choices++,
	                          .label = label};
	return taken;
}

/* Another vcpu goes on. */
static void take_over(unsigned int vcpu)
{
	ex->running = vcpu;
	ex->alone = 0;
	fair_runs(vcpu);
	if (explore_switch_hook)
		explore_switch_hook(vcpu);
	if (visited_before())
		ex->pruned = true;
}

static void serve_point(void)
{
	const struct explore_options *options = ex->options;
	unsigned int list[EXPLORE_VCPUS + 1] = {ex->running};
	unsigned int count = 1 + fair_others(list + 1);
	bool bounded =
	    options->strategy == EXPLORE_EXHAUSTIVE && ex->preemptions >= options->preemptions;

	if (count == 1)
		return;
	if (visited_before()) {
		ex->pruned = true;
		return;
	}
	ex->bound_hit |= bounded;
	unsigned int taken = decide(count, bounded ? 1 : count, CHOICE_PREEMPTION,
	                            ex->vcpus[ex->running].doing, list);

	if (taken == 0)
		return;
	ex->preemptions++;
	explore_note("-- preempted here: vcpu %u goes on", list[taken]);
	take_over(list[taken]);
}

static void serve_choice(void)
{
	const struct explore_options *options = ex->options;
	bool fault = ex->choice_kind == CHOICE_FAULT;
	bool bounded = fault && options->strategy != EXPLORE_RANDOM &&
	               options->strategy != EXPLORE_REPLAY && ex->faults >= options->faults;

	ex->bound_hit |= bounded;
	ex->answer = decide(ex->choice_count, bounded ? 1 : ex->choice_count, ex->choice_kind,
	                    ex->label, NULL);
	if (ex->answer == 0)
		return;
	ex->faults += fault;
	explore_note("-- %s%s%.0u", fault ? "fault: " : "", ex->label, ex->answer - 1);
}

static bool may_end(void)
{
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++)
		if (ex->vcpus[i].state != VCPU_DONE &&
		    !(ex->vcpus[i].state == VCPU_SLEEPING && ex->vcpus[i].may_stay))
			return false;
	return true;
}

/* The running vcpu gives way. False: the run is over. */
static bool serve_give_way(void)
{
	unsigned int list[EXPLORE_VCPUS], me = ex->running, count;

	if (ex->vcpus[me].state == VCPU_READY) {
		fair_waits(me);
		strategy_waits(me);
	}
	circle_look();
	while ((count = fair_others(list)) == 0) {
		if (ex->vcpus[me].state == VCPU_READY && ex->alone++ < ALONE_MAX)
			return true;
		if (may_end())
			return false;
		if (!explore_idle_hook || !explore_idle_hook())
			locks_fail("deadlock: nobody can go on");
		ex->alone = 0;
	}
	take_over(list[count == 1 ? 0 : decide(count, count, CHOICE_NEXT, "who goes on", list)]);
	return true;
}

static void schedule(void)
{
	bool going = true;

	while (going && !ex->pruned) {
		struct vcpu *vcpu = &ex->vcpus[ex->running];

		ex->on_vcpu = true;
		cpu_context_switch(&ex->main_context, vcpu->context);
		ex->on_vcpu = false;
		switch (ex->request) {
		case REQUEST_POINT:
			serve_point();
			break;
		case REQUEST_CHOICE:
			serve_choice();
			break;
		case REQUEST_ABANDON:
			going = false;
			break;
		default:
			going = serve_give_way();
			break;
		}
	}
}

static void begin_run(void)
{
	ex->trail_len = 0;
	ex->preemptions = ex->faults = ex->steps = ex->waits = ex->alone = 0;
	ex->running = 0;
	ex->pruned = ex->circling = false;
	for (unsigned int i = 0; i < EXPLORE_VCPUS; i++) {
		struct vcpu *vcpu = &ex->vcpus[i];
		char *top = vcpu->stack_top, *used = vcpu->stack_used;

		/* What an earlier run left there would make equal states differ. */
		memset(used, 0, (size_t)(top - used));
		*vcpu = (struct vcpu){.stack_top = top, .stack_used = used};
		vcpu->state = i < ex->scenario->vcpus ? VCPU_READY : VCPU_DONE;
		vcpu->doing = "start";
		vcpu->context = cpu_context_prepare(top, vcpu_main, (void *)(uintptr_t)i);
	}
	fair_begin_run();
	strategy_begin_run();
}

static void run_once(void)
{
	ex->options->restore();
	begin_run();
	if (setjmp(ex->failed)) {
		ex->in_run = false;
		timeline_end();
		return;
	}
	ex->in_run = true;
	if (explore_switch_hook)
		explore_switch_hook(0);
	schedule();
	ex->in_run = false;
	timeline_end();
	ex->running = 0;
	if (explore_switch_hook)
		explore_switch_hook(0);
	if (ex->pruned)
		ex->result.pruned++;
	else if (!ex->result.failed && ex->scenario->finish)
		ex->scenario->finish();
}

void *explore_map(size_t bytes)
{
	void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		abort();
	return area;
}

void explore_unmap(void *area, size_t bytes)
{
	munmap(area, bytes);
}

static void prepare(const struct scenario *scenario, const struct explore_options *options)
{
	if (!ex) {
		ex = explore_map(sizeof(*ex));
		for (unsigned int i = 0; i < EXPLORE_VCPUS; i++)
			ex->vcpus[i].stack_top = ex->vcpus[i].stack_used =
			    (char *)explore_map(STACK_BYTES) + STACK_BYTES;
	}
	ex->scenario = scenario;
	ex->options = options;
	memset(&ex->result, 0, offsetof(struct explore_result, what));
	ex->result.what[0] = ex->result.choices[0] = ex->result.story[0] = '\0';
	ex->rng = options->seed | 1;
	ex->replay_len = 0;
	ex->bound_hit = false;
	visited_begin();
}

static bool spent(const struct explore_options *options, const struct explore_result *result)
{
	return (options->schedules && result->schedules >= options->schedules) ||
	       (options->points && result->points >= options->points);
}

struct explore_result explore_run(const struct scenario *scenario,
                                  const struct explore_options *options)
{
	prepare(scenario, options);
	scenario->setup();
	options->save();
	if (options->strategy == EXPLORE_REPLAY && !trail_read(options->choices)) {
		ex->result.failed = true;
		snprintf(ex->result.what, sizeof(ex->result.what), "not a string of choices: %.80s",
		         options->choices);
		return ex->result;
	}
	for (;;) {
		run_once();
		ex->result.schedules++;
		if (ex->steps > ex->result.steps_most)
			ex->result.steps_most = ex->steps;
		if (ex->result.failed || options->strategy == EXPLORE_REPLAY)
			break;
		if (options->strategy == EXPLORE_EXHAUSTIVE && !strategy_next_trail()) {
			ex->result.complete = true;
			ex->result.bound = options->preemptions;
			break;
		}
		if (spent(options, &ex->result))
			break;
	}
	ex->result.unbounded = ex->result.complete && !ex->bound_hit;
	options->restore();
	return ex->result;
}

struct explore_result explore_deepen(const struct scenario *scenario,
                                     const struct explore_options *options)
{
	struct explore_options once = *options;
	struct explore_result all = {0};

	for (unsigned int bound = 0; bound <= options->preemptions; bound++) {
		once.preemptions = bound;
		once.schedules = options->schedules ? options->schedules - all.schedules : 0;
		once.points = options->points ? options->points - all.points : 0;
		struct explore_result result = explore_run(scenario, &once);

		result.schedules += all.schedules;
		result.points += all.points;
		result.pruned += all.pruned;
		if (!result.complete)
			result.bound = all.bound;
		all = result;
		if (result.failed || result.unbounded || spent(options, &all) ||
		    (options->enough && all.points >= options->enough && bound >= options->least))
			break;
	}
	return all;
}
