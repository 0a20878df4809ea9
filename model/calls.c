/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: dispatch, multicall with preemption between entries, event channels, and the calls
 * that a schedule needs but that change no rule.
 */
#include "model/model.h"

#include <errno.h>
#include <string.h>

#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define PORTS     64u
#define WORD_BITS 64u
#define PORT_FREE 255u

static volatile xen_ulong_t *word_of(xen_ulong_t *words, unsigned int port)
{
	return &words[port / WORD_BITS];
}

static bool bit_is_set(xen_ulong_t *words, unsigned int port)
{
	return *word_of(words, port) >> (port % WORD_BITS) & 1;
}

/* A port that is pending and not masked reaches its vcpu: selector, then flag, then a look as
 * soon as Xen can. */
static void notify(unsigned int port)
{
	struct model_vcpu *vcpu = &model.vcpus[model.port_vcpu[port]];

	if (bit_is_set(model.shared->evtchn_mask, port))
		return;
	vcpu->info->evtchn_pending_sel |= 1ul << (port / WORD_BITS);
	if (vcpu->info->evtchn_upcall_pending)
		return;
	vcpu->info->evtchn_upcall_pending = 1;
	vcpu->kicked = true;
	world_wake(model.port_vcpu[port]);
}

void model_send(unsigned int port)
{
	if (bit_is_set(model.shared->evtchn_pending, port))
		return;
	*word_of(model.shared->evtchn_pending, port) |= 1ul << (port % WORD_BITS);
	notify(port);
}

void model_deliver_if_due(bool entering_from_xen)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	if (!entering_from_xen && !vcpu->kicked)
		return;
	vcpu->kicked = false; /* Xen has looked */
	if (!vcpu->info || !vcpu->info->evtchn_upcall_pending || vcpu->info->evtchn_upcall_mask)
		return;
	vcpu->info->evtchn_upcall_mask = 1;
	world_upcall();
	vcpu->info->evtchn_upcall_mask = 0;
	/* The return to the interrupted code goes through Xen, or looks for itself: what came
	 * meanwhile is taken. */
	if (vcpu->info->evtchn_upcall_pending)
		model_deliver_if_due(true);
}

static long bind(unsigned int vcpu, evtchn_port_t *port)
{
	if (vcpu >= model.vcpu_count || model.port_count + 1 >= PORTS)
		return -EINVAL;
	*port = ++model.port_count;
	model.port_vcpu[*port] = (uint8_t)vcpu;
	return 0;
}

static bool bound(unsigned int port)
{
	return port < PORTS && model.port_vcpu[port] != PORT_FREE;
}

static long event_op(unsigned int command, void *arg)
{
	switch (command) {
	case EVTCHNOP_bind_ipi: {
		struct evtchn_bind_ipi *op = arg;

		return bind(op->vcpu, &op->port);
	}
	case EVTCHNOP_bind_virq: {
		struct evtchn_bind_virq *op = arg;

		return bind(op->vcpu, &op->port);
	}
	case EVTCHNOP_send: {
		const struct evtchn_send *op = arg;

		if (!bound(op->port))
			return -EINVAL;
		model_send(op->port);
		return 0;
	}
	case EVTCHNOP_unmask: {
		const struct evtchn_unmask *op = arg;

		if (!bound(op->port))
			return -EINVAL;
		*word_of(model.shared->evtchn_mask, op->port) &= ~(1ul << (op->port % WORD_BITS));
		if (bit_is_set(model.shared->evtchn_pending, op->port))
			notify(op->port);
		return 0;
	}
	case EVTCHNOP_close: {
		const struct evtchn_close *op = arg;

		if (!bound(op->port))
			return -EINVAL;
		model.port_vcpu[op->port] = PORT_FREE;
		return 0;
	}
	default:
		return -ENOSYS;
	}
}

static long sched_op(unsigned int command)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	switch (command) {
	case SCHEDOP_yield:
		world_step("yield");
		return 0;
	case SCHEDOP_block:
		vcpu->info->evtchn_upcall_mask = 0;
		while (!vcpu->info->evtchn_upcall_pending)
			world_sleep("sleeps in Xen", false);
		return 0;
	default:
		return -ENOSYS;
	}
}

static long mmu_update(const struct mmu_update *requests, unsigned long count, unsigned int *done)
{
	for (unsigned long i = 0; i < count; i++) {
		uint64_t command = requests[i].ptr & 3, address = requests[i].ptr & ~3ull;
		uint64_t mfn = address >> 12;

		if (i > 0)
			world_step("mmu_update goes on");
		if (command == MMU_MACHPHYS_UPDATE)
			return -ENOSYS;
		if (mfn >= MODEL_FRAMES || !model.frames[mfn].owned)
			return -EINVAL;
		long result = model_change_entry(
		    (uint32_t)mfn, (unsigned int)(address % 4096 / model.format->entry_bytes),
		    requests[i].val, command == MMU_PT_UPDATE_PRESERVE_AD);

		if (result != 0)
			return result;
		if (done)
			*done = (unsigned int)i + 1;
	}
	return 0;
}

static long mmuext(const struct mmuext_op *ops, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		if (i > 0)
			world_step("mmuext_op goes on");
		long result = model_mmuext(&ops[i]);

		if (result != 0)
			return result;
	}
	return 0;
}

static long one_call(unsigned long number, const unsigned long a[5]);

/* Xen may be preempted between entries; an entry that is finished is no longer the guest's to
 * rely on, but for its result. */
static long multicall(multicall_entry_t *entries, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		if (i > 0)
			world_step("multicall goes on");
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
		result = mmu_update((const struct mmu_update *)a[0], a[1], (unsigned int *)a[2]);
		break;
	case __HYPERVISOR_update_va_mapping:
		result = model_update_va(a[0], a[1], a[2]);
		break;
	case __HYPERVISOR_mmuext_op:
		result = mmuext((const struct mmuext_op *)a[0], a[1]);
		break;
	case __HYPERVISOR_event_channel_op:
		result = event_op((unsigned int)a[0], (void *)a[1]);
		break;
	case __HYPERVISOR_sched_op:
		result = sched_op((unsigned int)a[0]);
		break;
	case __HYPERVISOR_vcpu_op:
	case __HYPERVISOR_set_segment_base:
	case __HYPERVISOR_fpu_taskswitch:
	case __HYPERVISOR_stack_switch:
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
	long result;

	model.hypercalls++;
	if (number == __HYPERVISOR_multicall)
		result = multicall((multicall_entry_t *)args[0], args[1]);
	else
		result = one_call(number, args);
	model_check();
	model_deliver_if_due(true);
	return result;
}
