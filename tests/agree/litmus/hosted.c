/* SPDX-License-Identifier: MIT */
/*
 * The litmus tests on the model, in every schedule: prints each outcome that there is, and the
 * sequences. The schedule points are those between two steps of a vcpu and those inside Xen where
 * it may be seen half-way. Argument: how many random ones there are beside the table.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>

#include <xen/vcpu.h>

#include "explore/explore.h"
#include "model/model.h"
#include "tests/agree/litmus/litmus.h"

#define KERNEL_ROOT  0u
#define FIRST_FRAME  1u
#define FRAMES       (FIRST_FRAME + AGREE_FRAMES)
#define FRAME_HASHED 64u /* bytes of a frame that steps change */
#define OUTCOMES_MAX 4096u
#define PREEMPTIONS  60u
#define POINTS_MAX   20000000ul

static struct shared_info shared;
static const struct litmus *current;
static char (*outcomes)[LITMUS_OUTCOME_BYTES]; /* not restored: of all schedules */
static unsigned int outcome_count;

/* What the model asks of the world. */

void world_violation(const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (explore_running())
		explore_fail("%s", text);
	printf("FAIL litmus/%s: %s\n", current ? current->name : "start", text);
	exit(1);
}

unsigned int world_this_vcpu(void)
{
	return explore_vcpu();
}

void world_step(const char *what)
{
	explore_point(what);
}

void world_inside(const char *what)
{
	explore_point(what);
}

void world_spin(const char *what)
{
	explore_wait(what);
}

void world_upcall(void)
{
	world_violation("an event with all events masked");
}

void world_sleep(const char *what, bool may_stay)
{
	explore_sleep(what, may_stay);
}

void world_wake(unsigned int vcpu)
{
	if (vcpu < LITMUS_VCPUS)
		explore_wake(vcpu);
}

/* What a litmus asks. */

static long call(unsigned int number, unsigned long arg0, unsigned long arg1, unsigned long arg2,
                 unsigned long arg3)
{
	const unsigned long args[5] = {arg0, arg1, arg2, arg3};

	return model_hypercall(number, args);
}

static uint64_t mfn(unsigned int frame)
{
	return model_mfn(FIRST_FRAME + frame);
}

static uint64_t pfn(unsigned int frame)
{
	return FIRST_FRAME + frame;
}

static char *memory(unsigned int frame)
{
	return model_direct_map + (FIRST_FRAME + frame) * 4096ul;
}

static void copy_kernel_half(char *top)
{
	(void)top; /* not modelled as tables */
}

static void gap(void)
{
	explore_point("between two steps");
}

static struct agree_world calls = {.call = call,
                                   .mfn = mfn,
                                   .pfn = pfn,
                                   .copy_kernel_half = copy_kernel_half,
                                   .memory = memory,
                                   .shared = &shared};
static struct litmus_world world = {.agree = &calls, .gap = gap};

/* Snapshots. */

static struct {
	struct model model, before;
	struct shared_info shared;
	struct litmus_state state;
	char frames[FRAMES][4096];
} saved;

static void save(void)
{
	saved.model = model;
	saved.shared = shared;
	saved.state = litmus_state;
	for (unsigned int i = 0; i < FRAMES; i++)
		memcpy(saved.frames[i], model_frame_memory(model_mfn(i)), 4096);
}

static void restore(void)
{
	saved.before = model;
	model = saved.model;
	shared = saved.shared;
	litmus_state = saved.state;
	for (unsigned int i = 0; i < FRAMES; i++)
		memcpy(model_frame_memory(model_mfn(i)), saved.frames[i], 4096);
	model_direct_map_settle(&saved.before);
}

static uint64_t hash(void)
{
	uint64_t result = explore_hash(1, &model, sizeof(model));

	result = explore_hash(result, &shared, sizeof(shared));
	result = explore_hash(result, &litmus_state, sizeof(litmus_state));
	for (unsigned int i = 0; i < FRAMES; i++)
		result = explore_hash(result, model_frame_memory(model_mfn(i)), FRAME_HASHED);
	return result;
}

/* A run. */

static void must(long result)
{
	if (result != 0)
		world_violation("a call of the start was refused: %ld", result);
}

static void boot(void)
{
	struct mmuext_op base = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = model_mfn(KERNEL_ROOT)};

	model_init(&model_full_format, LITMUS_THIRD + 1, &shared);
	model.reuse_allowed = true; /* nobody uses the addresses */
	memset(shared.evtchn_mask, 0xff, sizeof(shared.evtchn_mask));
	must(model_update_va((uintptr_t)model_direct_map + KERNEL_ROOT * 4096ul,
	                     (uint64_t)model_mfn(KERNEL_ROOT) << 12 | 1, 0));
	must(model_mmuext(&base));
	for (unsigned int i = 1; i <= LITMUS_THIRD; i++) {
		struct vcpu_guest_context context = {.ctrlreg[3] =
		                                         xen_pfn_to_cr3(model_mfn(KERNEL_ROOT))};

		must(call(__HYPERVISOR_vcpu_op, VCPUOP_initialise, i, (unsigned long)&context, 0));
		model_vcpu_set_up(i);
	}
}

static void setup(void)
{
	boot();
	calls.kernel_base = model_mfn(KERNEL_ROOT);
	for (unsigned int i = 0; i < LITMUS_VCPUS; i++)
		world.info[i] = model.vcpus[i].info;
	litmus_begin(&world);
	if (!litmus_setup(current))
		world_violation("the set-up was refused");
}

static void run_first(void)
{
	litmus_run(current, 0);
	litmus_leave(0);
}

static void run_second(void)
{
	litmus_run(current, 1);
	litmus_leave(1);
}

static void finish(void)
{
	char text[LITMUS_OUTCOME_BYTES] = "";

	if (!litmus_finish(text))
		world_violation("not cleaned up after%s", text);
	for (unsigned int i = 0; i < outcome_count; i++)
		if (strcmp(outcomes[i], text) == 0)
			return;
	if (outcome_count == OUTCOMES_MAX)
		world_violation("more outcomes than there is room for");
	strcpy(outcomes[outcome_count++], text);
}

static void print_steps(const struct litmus *litmus, const char *whose, const struct step *steps)
{
	char text[LITMUS_OUTCOME_BYTES];

	litmus_print(steps, text, sizeof(text));
	printf("sequence %s: %s: %s\n", litmus->name, whose, text);
}

static bool explore_litmus(const struct litmus *litmus)
{
	const struct explore_options options = {.strategy = EXPLORE_EXHAUSTIVE,
	                                        .preemptions = PREEMPTIONS,
	                                        .points = POINTS_MAX,
	                                        .save = save,
	                                        .restore = restore,
	                                        .hash = hash};
	const struct scenario scenario = {.name = litmus->name,
	                                  .vcpus = LITMUS_VCPUS,
	                                  .setup = setup,
	                                  .body = {run_first, run_second},
	                                  .finish = finish};

	current = litmus;
	outcome_count = 0;
	struct explore_result result = explore_run(&scenario, &options);

	print_steps(litmus, "before", litmus->setup);
	print_steps(litmus, "vcpu 0", litmus->vcpu[0]);
	print_steps(litmus, "vcpu 1", litmus->vcpu[1]);
	for (unsigned int i = 0; i < outcome_count; i++)
		printf("litmus %s:%s\n", litmus->name, outcomes[i]);
	printf("# %s: %lu schedules, %lu states\n", litmus->name, result.schedules, result.states);
	if (result.failed)
		printf("FAIL litmus/%s: %s\n%s", litmus->name, result.what, result.story);
	else if (!result.unbounded)
		printf("FAIL litmus/%s: too many schedules\n", litmus->name);
	return !result.failed && result.unbounded;
}

int main(int argc, char **argv)
{
	unsigned int randoms = argc == 2 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0;
	bool good = true;

	outcomes = calloc(OUTCOMES_MAX, sizeof(*outcomes));
	if (!outcomes)
		return 1;
	for (unsigned int i = 0; litmus_get(i, randoms); i++)
		good &= explore_litmus(litmus_get(i, randoms));
	return good ? 0 : 1;
}
