/* SPDX-License-Identifier: MIT */
/*
 * Calls on vcpus: brought up and down, asked about, given places for what Xen shares, and timers.
 *
 * A vcpu is initialised once in the life of a domain and a vcpu_info is registered once, so their
 * state goes on from one sequence to the next, and the calls that succeed for good are rare.
 */
#include "tests/agree/sequence.h"

#include <xen/vcpu.h>

#include "lib/string.h"
#include "tests/agree/calls.h"

#define FAR_FUTURE (1ull << 60)
#define INFO_FRAME AGREE_FRAMES /* from here on, one frame for each vcpu's vcpu_info */

static const struct agree_world *world;
static struct vcpu_runstate_info areas[AGREE_VCPUS];
static bool was_up[AGREE_VCPUS] = {true};
static struct vcpu_info *placed[AGREE_VCPUS];

static long vcpu_op(unsigned int command, unsigned int vcpu, const void *arg)
{
	add(" %u.%u=", command, vcpu);
	return world->call(__HYPERVISOR_vcpu_op, command, vcpu, (unsigned long)arg, 0);
}

static unsigned int some_vcpu(void)
{
	return pick(12) == 0 ? AGREE_VCPUS + pick(3) : pick(AGREE_VCPUS);
}

static long initialise(unsigned int vcpu)
{
	static struct vcpu_guest_context context;

	memset(&context, 0, sizeof(context));
	world->fill_context(vcpu % AGREE_VCPUS, &context);
	context.ctrlreg[3] = xen_pfn_to_cr3(world->kernel_base);
	unsigned int kind = pick(6);

	add(" k%u", kind);
	switch (kind) {
	case 0:
		context.ctrlreg[3] = xen_pfn_to_cr3(BAD_FRAME);
		break;
	case 1:
		context.ctrlreg[3] = xen_pfn_to_cr3(world->mfn(0)); /* ordinary memory, mapped */
		break;
	case 2:
		context.gdt_ents = 8193;
		break;
	case 3:
		context.gdt_ents = 512;
		context.gdt_frames[0] = BAD_FRAME;
		break;
	case 4:
		return vcpu_op(VCPUOP_initialise, vcpu, NULL);
	default:
		if (pick(32) != 0) /* rarely a good one */
			context.ctrlreg[1] = xen_pfn_to_cr3(BAD_FRAME);
		break;
	}
	return vcpu_op(VCPUOP_initialise, vcpu, &context);
}

static long register_info(unsigned int vcpu)
{
	static const uint32_t offsets[] = {4090, 4096, 4096 - sizeof(struct vcpu_info) + 8, ~0u};
	unsigned int frame = INFO_FRAME + vcpu % AGREE_VCPUS;
	struct vcpu_register_vcpu_info op = {.mfn = world->mfn(frame), .offset = 64};
	unsigned int kind = pick(8);

	add(" k%u", kind);

	if (kind < 4)
		op.offset = offsets[kind];
	else if (kind == 4 || pick(24) != 0)
		op.mfn = BAD_FRAME;
	else if (kind == 7)
		op.offset = 68;
	long result = vcpu_op(VCPUOP_register_vcpu_info, vcpu, &op);

	if (result == 0)
		placed[vcpu] = (struct vcpu_info *)(void *)(world->memory(frame) + op.offset);
	return result;
}

static long runstate(unsigned int vcpu)
{
	struct vcpu_register_runstate_memory_area area = {.addr.v = &areas[vcpu % AGREE_VCPUS]};
	struct vcpu_runstate_info run = {0};

	if (pick(2))
		return vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &area);
	long result = vcpu_op(VCPUOP_get_runstate_info, vcpu, &run);

	/* One that is up may run or be blocked just now. */
	if (result == 0 && (vcpu == 0 || !was_up[vcpu]))
		add("state%d/", run.state);
	return result;
}

static long timer(unsigned int vcpu)
{
	struct vcpu_set_singleshot_timer single = {.timeout_abs_ns = FAR_FUTURE, .flags = pick(2)};
	struct vcpu_set_periodic_timer periodic = {.period_ns = 1000};

	if (pick(4) == 0)
		single.timeout_abs_ns = 1;
	switch (pick(5)) {
	case 0:
		return vcpu_op(VCPUOP_set_periodic_timer, vcpu, &periodic);
	case 1:
		return vcpu_op(VCPUOP_stop_periodic_timer, vcpu, NULL);
	case 2:
		return vcpu_op(VCPUOP_stop_singleshot_timer, vcpu, NULL);
	case 3:
		return vcpu_op(VCPUOP_set_singleshot_timer, vcpu, pick(4) ? &single : NULL);
	default:
		return vcpu_op(VCPUOP_set_singleshot_timer, vcpu, &single);
	}
}

static long one_call(void)
{
	static const uint64_t nowhere = BAD_FRAME << 12; /* a machine address for those that are */
	unsigned int vcpu = some_vcpu();
	long result;

	switch (pick(10)) {
	case 0:
	case 1:
		return initialise(vcpu);
	case 2:
		result = vcpu_op(VCPUOP_up, vcpu, NULL);
		if (result == 0)
			was_up[vcpu] = true;
		return result;
	case 3:
		return vcpu != 0 ? vcpu_op(VCPUOP_down, vcpu, NULL) : 0;
	case 4:
		return vcpu_op(VCPUOP_is_up, vcpu, NULL);
	case 5:
	case 6:
		return register_info(vcpu);
	case 7:
		return runstate(vcpu);
	case 8:
		return timer(vcpu);
	default:
		return vcpu_op(14 + pick(40), vcpu, &nowhere);
	}
}

bool agree_vcpus(const struct agree_world *the_world)
{
	world = the_world;
	for (unsigned int i = 0; i < AGREE_CALLS; i++)
		add_result(one_call());
	for (unsigned int i = 0; i < AGREE_VCPUS; i++)
		if (placed[i])
			add(" %u.%lx.%u", placed[i]->evtchn_upcall_pending,
			    (unsigned long)placed[i]->evtchn_pending_sel,
			    placed[i]->evtchn_upcall_mask);
	return true;
}
