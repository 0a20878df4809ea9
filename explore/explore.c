/* SPDX-License-Identifier: MIT */
/*
 * The explorer: see explore.h.
 *
 * Its own state lies in one mapping apart from the program's data, as a run's state, the data of
 * the code under test, is put back before each run and the trail must survive that.
 *
 * Exhaustive search is by replay: a run follows the trail of choices as far as it goes and takes 0
 * from there on; the next run changes the last choice that has an alternative left. A preemption is
 * offered only while the run has fewer than the bound.
 */
#define _GNU_SOURCE
#include "explore/explore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/x86/context.h"

#define TRAIL_MAX   8192u
#define STACK_BYTES (256u << 10)
#define STEPS_MAX   20000u /* a run that is longer does not end */

struct choice {
	uint8_t taken, count;
};

enum vcpu_state { VCPU_READY, VCPU_WAITING, VCPU_SLEEPING, VCPU_DONE };

struct explorer {
	const struct scenario *scenario;
	const struct explore_options *options;
	struct explore_result result;
	struct choice trail[TRAIL_MAX];
	unsigned int trail_len;  /* choices made in this run */
	unsigned int replay_len; /* of them given */
	unsigned int preemptions, steps;
	uint64_t rng;
	enum vcpu_state state[EXPLORE_VCPUS];
	bool may_stay[EXPLORE_VCPUS];       /* asleep: the run may end so */
	unsigned int looked[EXPLORE_VCPUS]; /* waiting: at which step it looked last */
	uintptr_t context[EXPLORE_VCPUS];
	uintptr_t main_context;
	char *stacks[EXPLORE_VCPUS];
	unsigned int running;
	bool in_run;
	jmp_buf failed;
};

/* In a mapping of its own; this pointer never changes once set, so that putting the data back
 * does not matter. */
static struct explorer *ex;
void (*explore_switch_hook)(unsigned int vcpu);
bool (*explore_idle_hook)(void);

static uint64_t next_random(void)
{
	ex->rng ^= ex->rng << 13;
	ex->rng ^= ex->rng >> 7;
	ex->rng ^= ex->rng << 17;
	return ex->rng;
}

void explore_note(const char *format, ...)
{
	va_list args;

	if (!ex || !ex->options->timeline)
		return;
	va_start(args, format);
	if (ex->in_run)
		printf("  %*svcpu %u  ", (int)ex->running * 24, "", ex->running);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static void write_choices(char *text, size_t size)
{
	size_t len = 0;
	unsigned int last = ex->trail_len;

	while (last > 0 && ex->trail[last - 1].taken == 0)
		last--; /* what follows is all calm */
	text[0] = '\0';
	for (unsigned int i = 0; i < last && len + 4 < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%c",
		                        "0123456789abcdefghijklmnop"[ex->trail[i].taken]);
}

void explore_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ex->result.what, sizeof(ex->result.what), format, args);
	va_end(args);
	ex->result.failed = true;
	write_choices(ex->result.choices, sizeof(ex->result.choices));
	longjmp(ex->failed, 1);
}

unsigned int choose(unsigned int count, const char *label)
{
	unsigned int taken = 0;

	if (count < 2 || !ex->in_run)
		return 0;
	if (ex->trail_len == TRAIL_MAX)
		explore_fail("a run with more than %u choices", TRAIL_MAX);
	if (ex->trail_len < ex->replay_len)
		taken = ex->trail[ex->trail_len].taken;
	else if (ex->options->strategy == EXPLORE_RANDOM)
		taken =
		    (unsigned int)(next_random() % (count * 3) < count ? next_random() % count : 0);
	if (taken >= count)
		explore_fail("the choices do not fit this scenario: %u of %u at '%s'", taken, count,
		             label);
	ex->trail[ex->trail_len++] = (struct choice){(uint8_t)taken, (uint8_t)count};
	if (taken != 0)
		explore_note("-- choice %u of %u: %s", taken, count, label);
	return taken;
}

unsigned int explore_vcpu(void)
{
	return ex && ex->in_run ? ex->running : 0;
}

bool explore_running(void)
{
	return ex && ex->in_run;
}

static void switch_to(unsigned int vcpu)
{
	unsigned int from = ex->running;

	if (vcpu == from)
		return;
	ex->running = vcpu;
	if (explore_switch_hook)
		explore_switch_hook(vcpu);
	cpu_context_switch(&ex->context[from], ex->context[vcpu]);
}

/* The others that can go on, in order from the running one. */
static unsigned int others(unsigned int list[EXPLORE_VCPUS])
{
	unsigned int count = 0;

	for (unsigned int i = 1; i < ex->scenario->vcpus; i++) {
		unsigned int vcpu = (ex->running + i) % ex->scenario->vcpus;

		if (ex->state[vcpu] == VCPU_READY)
			list[count++] = vcpu;
	}
	return count;
}

static void count_step(void)
{
	ex->result.points++;
	if (++ex->steps > STEPS_MAX)
		explore_fail("the run does not end");
}

void explore_point(const char *what)
{
	unsigned int list[EXPLORE_VCPUS];

	if (!explore_running())
		return;
	count_step();
	bool bounded = ex->options->strategy == EXPLORE_EXHAUSTIVE &&
	               ex->preemptions >= ex->options->preemptions;
	unsigned int count = bounded ? 0 : others(list);

	explore_note("%s", what);
	if (count == 0)
		return;
	unsigned int taken = choose(1 + count, "preempt");

	if (taken == 0)
		return;
	ex->preemptions++;
	switch_to(list[taken - 1]);
}

/* Everyone who waits, and has not looked since somebody came further, may look again. */
static void wake_waiting(void)
{
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++)
		if (ex->state[i] == VCPU_WAITING && i != ex->running && ex->looked[i] != ex->steps)
			ex->state[i] = VCPU_READY;
}

void explore_wake(unsigned int vcpu)
{
	if (!explore_running() || ex->state[vcpu] != VCPU_SLEEPING)
		return;
	ex->state[vcpu] = VCPU_READY;
	explore_note("wakes vcpu %u", vcpu);
}

static bool may_end(void)
{
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++)
		if (ex->state[i] != VCPU_DONE &&
		    !(ex->state[i] == VCPU_SLEEPING && ex->may_stay[i]))
			return false;
	return true;
}

/* The running vcpu is not ready: another one goes on, or the run ends here. Returns when it is
 * ready again. */
static void give_way(const char *what)
{
	unsigned int list[EXPLORE_VCPUS];
	unsigned int me = ex->running, count;

	wake_waiting();
	while ((count = others(list)) == 0 && ex->state[me] != VCPU_READY) {
		if (may_end())
			cpu_context_switch(&ex->context[me], ex->main_context);
		if (!explore_idle_hook || !explore_idle_hook())
			explore_fail("deadlock: vcpu %u %s and nobody else can go on", me, what);
	}
	if (ex->state[me] != VCPU_READY)
		switch_to(list[choose(count, "who goes on")]);
}

void explore_wait(const char *what)
{
	if (!explore_running())
		explore_fail("a wait outside a run: %s", what);
	ex->looked[ex->running] = ex->steps;
	ex->state[ex->running] = VCPU_WAITING;
	give_way(what);
	ex->state[ex->running] = VCPU_READY;
}

void explore_sleep(const char *what, bool may_stay)
{
	if (!explore_running())
		explore_fail("a sleep outside a run: %s", what);
	count_step();
	explore_note("%s", what);
	ex->may_stay[ex->running] = may_stay;
	ex->state[ex->running] = VCPU_SLEEPING;
	give_way(what);
}

static void leave_for_good(void)
{
	count_step();
	ex->state[ex->running] = VCPU_DONE;
	give_way("has ended");
	abort(); /* an ended vcpu is never chosen */
}

static void vcpu_main(void *arg)
{
	void (*body)(void) = ex->scenario->body[(uintptr_t)arg];

	if (body)
		body();
	leave_for_good();
}

/* Where cpu_context_prepare() would go to user mode: a vcpu's main never returns. */
void context_first(void);
__asm__(".globl context_first\ncontext_first:\n\tpopq %rax\n\tpopq %rdi\n\tcall *%rax\n\tud2\n");

static void run_once(void)
{
	ex->trail_len = 0;
	ex->preemptions = ex->steps = 0;
	ex->running = 0;
	ex->options->restore();
	if (setjmp(ex->failed)) {
		ex->in_run = false;
		return;
	}
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++) {
		ex->state[i] = VCPU_READY;
		ex->context[i] = cpu_context_prepare(ex->stacks[i] + STACK_BYTES, vcpu_main,
		                                     (void *)(uintptr_t)i);
	}
	ex->in_run = true;
	if (explore_switch_hook)
		explore_switch_hook(0);
	cpu_context_switch(&ex->main_context, ex->context[0]);
	ex->in_run = false;
	ex->running = 0;
	if (explore_switch_hook)
		explore_switch_hook(0);
	if (ex->scenario->finish)
		ex->scenario->finish();
}

/* Make the trail the next one to try: false when there is none. */
static bool next_trail(void)
{
	while (ex->trail_len > 0) {
		struct choice *last = &ex->trail[ex->trail_len - 1];

		if (last->taken + 1u < last->count) {
			last->taken++;
			ex->replay_len = ex->trail_len;
			return true;
		}
		ex->trail_len--;
	}
	return false;
}

static void read_choices(const char *text)
{
	for (ex->replay_len = 0; text[ex->replay_len] && ex->replay_len < TRAIL_MAX;
	     ex->replay_len++) {
		char c = text[ex->replay_len];

		ex->trail[ex->replay_len].taken = (uint8_t)(c >= 'a' ? c - 'a' + 10 : c - '0');
	}
}

static void *map(size_t bytes)
{
	void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		abort();
	return area;
}

static void prepare(const struct scenario *scenario, const struct explore_options *options)
{
	if (!ex) {
		ex = map(sizeof(*ex));
		for (unsigned int i = 0; i < EXPLORE_VCPUS; i++)
			ex->stacks[i] = map(STACK_BYTES);
	}
	ex->scenario = scenario;
	ex->options = options;
	memset(&ex->result, 0, sizeof(ex->result));
	ex->rng = options->seed | 1;
	ex->replay_len = 0;
	if (options->strategy == EXPLORE_REPLAY)
		read_choices(options->choices);
}

struct explore_result explore_run(const struct scenario *scenario,
                                  const struct explore_options *options)
{
	prepare(scenario, options);
	scenario->setup();
	options->save();
	for (;;) {
		run_once();
		ex->result.schedules++;
		if (ex->result.failed || options->strategy == EXPLORE_REPLAY)
			break;
		if (options->strategy == EXPLORE_EXHAUSTIVE && !next_trail()) {
			ex->result.complete = true;
			break;
		}
		if (options->schedules != 0 && ex->result.schedules >= options->schedules)
			break;
	}
	options->restore();
	return ex->result;
}
