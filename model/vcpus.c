/* SPDX-License-Identifier: MIT */
/*
 * The domain's vcpus: bringing them up and down, and sleeping.
 *
 * A vcpu is initialised once, from a context that Xen checks as it checks the calls that would set
 * the same things. A vcpu that is down keeps its base tables. One whose vcpu_info has no place in
 * the shared page must register one before it can be initialised.
 */
#include "model/internal.h"

#include <errno.h>
#include <string.h>

#include <xen/sched.h>
#include <xen/vcpu.h>

#define POLL_PORTS 128u

void model_vcpu_reset(unsigned int number)
{
	struct model_vcpu *vcpu = &model.vcpus[number];

	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->base = vcpu->user_base = MODEL_NONE;
	vcpu->info_mfn = vcpu->run_record.mfn = vcpu->time_record.mfn = MODEL_NONE;
	vcpu->timer_ns = vcpu->poll_end_ns = MODEL_NEVER;
	vcpu->run.state = RUNSTATE_offline;
	vcpu->run.state_entry_time = model.clock_ns;
	vcpu->polls = MODEL_POLLS_NOTHING;
	vcpu->info = &vcpu->nowhere;
	if (number < model.shared_infos) {
		vcpu->info = &model.shared->vcpu_info[number];
		memset(vcpu->info, 0, sizeof(*vcpu->info));
	}
	vcpu->info->evtchn_upcall_mask = 1;
	model_time_record(number);
}

void model_vcpu_set_up(unsigned int number)
{
	struct model_vcpu *vcpu = &model.vcpus[number];

	vcpu->initialised = vcpu->up = true;
	model_runstate_change(number, RUNSTATE_running);
}

void model_vcpu_off(unsigned int number)
{
	model_drop_base(&model.vcpus[number].base);
	model_drop_base(&model.vcpus[number].user_base);
	model_set_gdt(number, NULL, 0);
	model_drop_ldt(number);
	model_vcpu_reset(number);
}

void model_vcpu_stay_down(void)
{
	unsigned int me = world_this_vcpu();

	struct model_vcpu *vcpu = &model.vcpus[me];

	if (vcpu->up || vcpu->stays_down)
		return;
	vcpu->stays_down = true;
	model_runstate_change(me, RUNSTATE_offline);
	while (!vcpu->up)
		world_sleep("is not up", true);
	vcpu->stays_down = false;
	model_runstate_change(me, RUNSTATE_running);
}

void model_wake(unsigned int number)
{
	model.vcpus[number].asleep = false;
	world_wake(number);
}

/* What wakes the vcpu may come while its states are being written: it does not sleep then. */
static void sleep_until_woken(const char *what)
{
	unsigned int me = world_this_vcpu();

	model.vcpus[me].asleep = true;
	model_runstate_change(me, RUNSTATE_blocked);
	while (model.vcpus[me].asleep)
		world_sleep(what, false);
	model_runstate_change(me, RUNSTATE_running);
}

/* vcpu_op */

static long initialise(unsigned int number, const struct vcpu_guest_context *context)
{
	struct model_vcpu *vcpu = &model.vcpus[number];
	unsigned long base = xen_cr3_to_pfn(context->ctrlreg[3]);
	unsigned long user_base = xen_cr3_to_pfn(context->ctrlreg[1]);
	long result;

	if (vcpu->initialised)
		return -EEXIST;
	if (base >= MODEL_FRAMES || user_base >= MODEL_FRAMES)
		return -EINVAL;
	result = model_set_gdt(number, context->gdt_frames, context->gdt_ents);
	if (result != 0)
		return -EINVAL;
	result = model_load_base(number, &vcpu->base, (uint32_t)base);
	if (result != 0) {
		model_set_gdt(number, NULL, 0);
		return result;
	}
	if (user_base != 0 && model.format->user_top) {
		result = model_load_base(number, &vcpu->user_base, (uint32_t)user_base);
		if (result != 0) {
			model_drop_base(&vcpu->base);
			model_set_gdt(number, NULL, 0);
			return result;
		}
	}
	vcpu->entry = context->user_regs.rip;
	vcpu->entry_stack = context->user_regs.rsp;
	vcpu->entry_argument = context->user_regs.rdi;
	vcpu->gs_base_kernel = context->gs_base_kernel;
	vcpu->initialised = true;
	if (context->flags & VGCF_online)
		return model_vcpu_op(VCPUOP_up, number, NULL);
	return 0;
}

static long bring_up(unsigned int number)
{
	if (!model.vcpus[number].initialised)
		return -EINVAL;
	model.vcpus[number].up = true;
	world_wake(number);
	return 0;
}

static long bring_down(unsigned int number)
{
	bool last = true;

	for (unsigned int i = 0; i < model.vcpu_count; i++)
		last = last && (i == number || !model.vcpus[i].up);
	if (last)
		world_violation("the last vcpu that was up, vcpu %u, goes down", number);
	model.vcpus[number].up = false;
	if (number == world_this_vcpu())
		model_vcpu_stay_down();
	return 0;
}

static long register_runstate(unsigned int number, struct vcpu_runstate_info *area)
{
	model.vcpus[number].run_area = area;
	if (area)
		*area = model_runstate(number);
	return 0;
}

/* There are none here; the shortest that Xen takes is a millisecond. */
static long set_periodic(const struct vcpu_set_periodic_timer *op)
{
	if (!op)
		return -EFAULT;
	if (op->period_ns < 1000000)
		return -EINVAL;
	world_violation("a periodic timer, which the model does not have");
}

long model_vcpu_op(unsigned int command, unsigned int number, void *arg)
{
	if (number >= model.vcpu_count)
		return -ENOENT;
	struct model_vcpu *vcpu = &model.vcpus[number];

	switch (command) {
	case VCPUOP_initialise:
		if (!arg)
			return -EFAULT;
		return vcpu->info == &vcpu->nowhere ? -EINVAL : initialise(number, arg);
	case VCPUOP_up:
		return bring_up(number);
	case VCPUOP_down:
		return bring_down(number);
	case VCPUOP_is_up:
		return vcpu->up;
	case VCPUOP_get_runstate_info:
		if (!arg)
			return -EFAULT;
		*(struct vcpu_runstate_info *)arg = model_runstate(number);
		return 0;
	case VCPUOP_register_runstate_memory_area:
		if (!arg)
			return -EFAULT;
		return register_runstate(
		    number, ((struct vcpu_register_runstate_memory_area *)arg)->addr.v);
	case VCPUOP_register_vcpu_info:
		return arg ? model_register_info(number, arg) : -EFAULT;
	case VCPUOP_set_singleshot_timer:
		return model_timer_set(number, arg);
	case VCPUOP_stop_singleshot_timer:
		return model_timer_stop(number);
	case VCPUOP_set_periodic_timer:
		return set_periodic(arg);
	case VCPUOP_stop_periodic_timer:
		return 0;
	default:
		return model_register_record(command, number, arg);
	}
}

/* sched_op */

static bool event_is_due(const struct vcpu_info *info)
{
	return info->evtchn_upcall_pending && !info->evtchn_upcall_mask;
}

static long poll(const struct sched_poll *op)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];
	evtchn_port_t *ports;

	if (!op)
		return -EFAULT;
	if (op->nr_ports > POLL_PORTS)
		return -EINVAL;
	memcpy(&ports, &op->ports, sizeof(ports));
	if (op->nr_ports > 0 && !ports)
		return -EFAULT;
	if (event_is_due(vcpu->info))
		return 0;
	for (unsigned int i = 0; i < op->nr_ports; i++) {
		if (!model_port_is_bound(ports[i]))
			return -EINVAL;
		if (model_port_is_pending(ports[i]))
			return 0;
	}
	if (op->timeout != 0 && op->timeout <= model.clock_ns)
		return 0;
	vcpu->polls = op->nr_ports == 1 ? ports[0] : MODEL_POLLS_ANY;
	vcpu->poll_end_ns = op->timeout != 0 ? op->timeout : MODEL_NEVER;
	sleep_until_woken("polls in Xen");
	vcpu->polls = MODEL_POLLS_NOTHING;
	vcpu->poll_end_ns = MODEL_NEVER;
	return 0;
}

static long block(void)
{
	struct vcpu_info *info = model.vcpus[world_this_vcpu()].info;

	info->evtchn_upcall_mask = 0;
	while (!info->evtchn_upcall_pending)
		sleep_until_woken("blocks in Xen");
	return 0;
}

long model_sched_op(unsigned int command, void *arg)
{
	switch (command) {
	case SCHEDOP_yield:
		world_step("yield");
		return 0;
	case SCHEDOP_block:
		return block();
	case SCHEDOP_poll:
		return poll(arg);
	case SCHEDOP_shutdown:
		if (!arg)
			return -EFAULT;
		world_violation("the domain shuts down, reason %u",
		                ((const struct sched_shutdown *)arg)->reason);
	default:
		return -ENOSYS;
	}
}
