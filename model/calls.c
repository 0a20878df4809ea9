/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: dispatch, multicall with preemption between entries, and the calls that a schedule
 * needs but that change no rule.
 */
#include "model/internal.h"

#include <errno.h>
#include <string.h>

/* Which domain's frames: there is only the caller's. */
static bool is_own(unsigned long domain)
{
	return domain == DOMID_SELF;
}

void model_half_way(const char *what)
{
	model.vcpus[world_this_vcpu()].half_way = true;
	world_inside(what);
}

/* The vcpu that runs is between two requests: another one may run. */
static void between_requests(const char *what)
{
	model.vcpus[world_this_vcpu()].half_way = false;
	world_step(what);
}

/* What they have not finished cannot be counted. */
static bool others_half_way(void)
{
	bool found = false;

	for (unsigned int i = 0; i < model.vcpu_count; i++)
		found |= model.vcpus[i].half_way;
	return found;
}

static long mmu_update(const struct mmu_update *requests, unsigned long count, unsigned int *done,
                       unsigned long domain)
{
	long result = is_own(domain) ? 0 : -ESRCH;
	unsigned long i = 0;

	if (result != 0)
		count = 0;
	if (count > 0 && !model_can_access(requests))
		return -EFAULT;
	while (i < count && result == 0) {
		if (i > 0)
			between_requests("mmu_update goes on");
		result = model_update(&requests[i]);
		if (result == 0)
			i++;
	}
	if (model_can_access(done))
		*done = (unsigned int)i;
	return result;
}

static long mmuext(const struct mmuext_op *ops, unsigned long count, unsigned int *done,
                   unsigned long domain)
{
	unsigned long i = 0;
	long result = 0;

	if (!is_own(domain))
		return -ESRCH;
	if (count > 0 && !model_can_access(ops))
		return -EFAULT;
	while (i < count && result == 0) {
		if (i > 0)
			between_requests("mmuext_op goes on");
		result = model_mmuext(&ops[i]);
		if (result == 0)
			i++;
	}
	if (model_can_access(done))
		*done = (unsigned int)i;
	return result;
}

static long vm_assist(unsigned int command, unsigned int type)
{
	if (command != VMASST_CMD_enable && command != VMASST_CMD_disable)
		return -ENOSYS;
	if (type == VMASST_TYPE_runstate_update_flag)
		model.runstate_mark = command == VMASST_CMD_enable;
	return 0;
}

static long one_call(unsigned long number, const unsigned long a[5]);

/* Xen may be preempted between entries; an entry that is finished is no longer the guest's to
 * rely on, but for its result. */
static long multicall(multicall_entry_t *entries, unsigned long count)
{
	if (count > 0 && !model_can_access(entries))
		return -EFAULT;
	for (unsigned long i = 0; i < count; i++) {
		if (i > 0)
			between_requests("multicall goes on");
		const unsigned long args[5] = {entries[i].args[0], entries[i].args[1],
		                               entries[i].args[2], entries[i].args[3],
		                               entries[i].args[4]};
		long result = entries[i].op == __HYPERVISOR_multicall
		                  ? -EINVAL
		                  : one_call(entries[i].op, args);

		memset(&entries[i], 0xaa, sizeof(entries[i]));
		entries[i].result = (unsigned long)result;
		model.multicall_entries++;
	}
	return 0;
}

static long one_call(unsigned long number, const unsigned long a[5])
{
	long result = -ENOSYS;

	switch (number) {
	case __HYPERVISOR_mmu_update:
		result =
		    mmu_update((const struct mmu_update *)a[0], a[1], (unsigned int *)a[2], a[3]);
		break;
	case __HYPERVISOR_update_va_mapping:
		result = model_update_va(a[0], a[1], a[2]);
		break;
	case __HYPERVISOR_mmuext_op:
		result = mmuext((const struct mmuext_op *)a[0], a[1], (unsigned int *)a[2], a[3]);
		break;
	case __HYPERVISOR_event_channel_op:
		result = model_event_op((unsigned int)a[0], (void *)a[1]);
		break;
	case __HYPERVISOR_sched_op:
		result = model_sched_op((unsigned int)a[0], (void *)a[1]);
		break;
	case __HYPERVISOR_vcpu_op:
		result = model_vcpu_op((unsigned int)a[0], (unsigned int)a[1], (void *)a[2]);
		break;
	case __HYPERVISOR_vm_assist:
		result = vm_assist((unsigned int)a[0], (unsigned int)a[1]);
		break;
	case __HYPERVISOR_set_gdt:
		result = model_set_gdt(world_this_vcpu(), (const unsigned long *)a[0],
		                       (unsigned int)a[1]);
		break;
	case __HYPERVISOR_update_descriptor:
		result = model_update_descriptor(a[0], a[1]);
		break;
	case __HYPERVISOR_set_trap_table:
		result = model_set_trap_table((const struct trap_info *)a[0]);
		break;
	case __HYPERVISOR_callback_op:
		result = model_callback_op((unsigned int)a[0], (const void *)a[1]);
		break;
	case __HYPERVISOR_stack_switch:
		result = model_stack_switch(a[0], a[1]);
		break;
	case __HYPERVISOR_set_segment_base:
		result = model_set_segment_base((unsigned int)a[0], a[1]);
		break;
	case __HYPERVISOR_fpu_taskswitch:
		model.vcpus[world_this_vcpu()].fpu_traps = a[0] != 0;
		result = 0;
		break;
	case __HYPERVISOR_iret:
		result = model_iret((const struct iret_context *)a[0]);
		break;
	case __HYPERVISOR_xen_version:
		result = 0;
		break;
	default:
		break;
	}
	if (result < 0)
		model.refusals++;
	return result;
}

long model_hypercall(unsigned long number, const unsigned long args[5])
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];
	long result;

	model.hypercalls++;
	vcpu->in_call = true;
	if (number == __HYPERVISOR_multicall)
		result = multicall((multicall_entry_t *)args[0], args[1]);
	else
		result = one_call(number, args);
	vcpu->half_way = false;
	if (!others_half_way())
		model_check();
	model_tlb_call_ends(world_this_vcpu());
	vcpu->just_loaded = vcpu->in_call = false;
	model_deliver_if_due(true);
	return result;
}
