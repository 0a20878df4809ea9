/* SPDX-License-Identifier: MIT */
/*
 * Steps of a litmus: made into calls, carried out, printed. See litmus.h.
 */
#include "tests/agree/litmus/litmus.h"

#include <xen/vcpu.h>

#include "lib/string.h"
#include "tests/agree/calls.h"

static const struct litmus_world *world;

static const char *const names[STEP_KINDS] = {
    [STEP_LINK] = "link",       [STEP_SET] = "set",         [STEP_SET_AD] = "set-keep-ad",
    [STEP_CLEAR] = "clear",     [STEP_ADDRESS] = "address", [STEP_MAP] = "map",
    [STEP_PIN] = "pin",         [STEP_UNPIN] = "unpin",     [STEP_BASE] = "base",
    [STEP_USER] = "user-base",  [STEP_FLUSH] = "flush",     [STEP_MULTI] = "multicall",
    [STEP_ARRAY] = "array",     [STEP_IPI] = "ipi",         [STEP_PAIR] = "pair",
    [STEP_UNBOUND] = "unbound", [STEP_PARTNER] = "partner", [STEP_SEND] = "send",
    [STEP_MASK] = "mask",       [STEP_UNMASK] = "unmask",   [STEP_CLOSE] = "close",
    [STEP_NOTIFY] = "notify",   [STEP_SELECTED] = "told",   [STEP_POLL] = "poll",
    [STEP_UP] = "up",           [STEP_DOWN] = "down",       [STEP_IS_UP] = "is-up",
};

void steps_begin(const struct litmus_world *the_world)
{
	world = the_world;
}

static void prepare_call(struct prepared *call, unsigned int number, unsigned long arg0,
                         unsigned long arg1, unsigned long arg2, unsigned long arg3)
{
	call->number = number;
	call->args[0] = arg0;
	call->args[1] = arg1;
	call->args[2] = arg2;
	call->args[3] = arg3;
}

static void prepare_update(const struct step *step, struct prepared *call)
{
	call->of.update.ptr = entry_address(step->a, step->b);
	if (step->kind == STEP_SET_AD)
		call->of.update.ptr |= MMU_PT_UPDATE_PRESERVE_AD;
	call->of.update.val = step->kind == STEP_CLEAR ? 0 : entry_of(step->c, step->flags);
	prepare_call(call, __HYPERVISOR_mmu_update, (unsigned long)&call->of.update, 1, 0,
	             DOMID_SELF);
}

static void prepare_op(const struct step *step, struct prepared *call)
{
	static const uint8_t commands[] = {[STEP_UNPIN] = MMUEXT_UNPIN_TABLE,
	                                   [STEP_BASE] = MMUEXT_NEW_BASEPTR,
	                                   [STEP_USER] = MMUEXT_NEW_USER_BASEPTR,
	                                   [STEP_FLUSH] = MMUEXT_TLB_FLUSH_ALL};
	struct mmuext_op *op = &call->of.op;

	op->cmd =
	    step->kind == STEP_PIN ? MMUEXT_PIN_L1_TABLE + step->b - 1u : commands[step->kind];
	if (step->a != LITMUS_KERNEL)
		op->arg1.mfn = world->agree->mfn(step->a);
	else if (step->kind == STEP_BASE)
		op->arg1.mfn = world->agree->kernel_base;
	prepare_call(call, __HYPERVISOR_mmuext_op, (unsigned long)op, 1, 0, DOMID_SELF);
}

static void prepare_event(const struct step *step, struct prepared *call)
{
	const evtchn_port_t *ports = litmus_state.ports;
	unsigned int command = 0;

	switch (step->kind) {
	case STEP_IPI:
		call->of.ipi.vcpu = step->b;
		command = EVTCHNOP_bind_ipi;
		break;
	case STEP_UNBOUND:
		call->of.unbound.dom = call->of.unbound.remote_dom = DOMID_SELF;
		command = EVTCHNOP_alloc_unbound;
		break;
	case STEP_PARTNER:
		call->of.partner.remote_dom = DOMID_SELF;
		call->of.partner.remote_port = ports[step->b];
		command = EVTCHNOP_bind_interdomain;
		break;
	case STEP_SEND:
		call->of.send.port = ports[step->a];
		command = EVTCHNOP_send;
		break;
	case STEP_UNMASK:
		call->of.unmask.port = ports[step->a];
		command = EVTCHNOP_unmask;
		break;
	case STEP_CLOSE:
		call->of.close.port = ports[step->a];
		command = EVTCHNOP_close;
		break;
	default:
		call->of.notify.port = ports[step->a];
		call->of.notify.vcpu = step->b;
		command = EVTCHNOP_bind_vcpu;
		break;
	}
	prepare_call(call, __HYPERVISOR_event_channel_op, command, (unsigned long)&call->of, 0, 0);
}

static void prepare_address(const struct step *step, struct prepared *call)
{
	unsigned long at = (unsigned long)step->a << 12;
	uint64_t value = step->flags ? entry_of(step->b, step->flags) : 0;
	unsigned long flags = UVMF_INVLPG | UVMF_LOCAL;

	if (step->kind == STEP_MAP) {
		at = (unsigned long)world->agree->memory(step->a);
		value = entry_of(step->a,
		                 PRESENT | ACCESSED | DIRTY | NO_EXECUTE | (step->b ? WRITE : 0));
	} else {
		flags = UVMF_INVLPG | UVMF_ALL;
	}
	prepare_call(call, __HYPERVISOR_update_va_mapping, at, value, flags, 0);
}

static void prepare(const struct step *step, struct prepared *call)
{
	static const uint8_t vcpu_commands[] = {
	    [STEP_UP] = VCPUOP_up, [STEP_DOWN] = VCPUOP_down, [STEP_IS_UP] = VCPUOP_is_up};

	memset(call, 0, sizeof(*call));
	switch (step->kind) {
	case STEP_SET:
	case STEP_SET_AD:
	case STEP_CLEAR:
		prepare_update(step, call);
		break;
	case STEP_ADDRESS:
	case STEP_MAP:
		prepare_address(step, call);
		break;
	case STEP_PIN:
	case STEP_UNPIN:
	case STEP_BASE:
	case STEP_USER:
	case STEP_FLUSH:
		prepare_op(step, call);
		break;
	case STEP_POLL:
		call->port = litmus_state.ports[step->a];
		call->of.poll.nr_ports = 1;
		set_xen_guest_handle(call->of.poll.ports, &call->port);
		prepare_call(call, __HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)&call->of, 0,
		             0);
		break;
	case STEP_UP:
	case STEP_DOWN:
	case STEP_IS_UP:
		prepare_call(call, __HYPERVISOR_vcpu_op, vcpu_commands[step->kind], LITMUS_THIRD, 0,
		             0);
		break;
	default:
		prepare_event(step, call);
		break;
	}
}

static void note(unsigned int vcpu, long result)
{
	litmus_state.vcpu[vcpu].results[litmus_state.vcpu[vcpu].count++] = result;
}

static long make(const struct prepared *call)
{
	return world->agree->call(call->number, call->args[0], call->args[1], call->args[2],
	                          call->args[3]);
}

static void run_multicall(const struct step *steps, unsigned int count, unsigned int vcpu)
{
	multicall_entry_t *entries = litmus_state.vcpu[vcpu].entries;

	for (unsigned int i = 0; i < count; i++) {
		struct prepared *call = &litmus_state.vcpu[vcpu].calls[i];

		prepare(&steps[i], call);
		memset(&entries[i], 0, sizeof(entries[i]));
		entries[i].op = call->number;
		memcpy(entries[i].args, call->args, sizeof(call->args));
	}
	long result =
	    world->agree->call(__HYPERVISOR_multicall, (unsigned long)entries, count, 0, 0);

	for (unsigned int i = 0; i < count; i++)
		note(vcpu, result != 0 ? result : (long)entries[i].result);
}

/* All of one kind: its result, and how many requests were carried out. */
static void run_array(const struct step *steps, unsigned int count, unsigned int vcpu)
{
	struct prepared *calls = litmus_state.vcpu[vcpu].calls;
	unsigned int *done = &litmus_state.vcpu[vcpu].done;
	void *array = litmus_state.vcpu[vcpu].ops;

	*done = 99;
	for (unsigned int i = 0; i < count; i++) {
		prepare(&steps[i], &calls[i]);
		litmus_state.vcpu[vcpu].ops[i] = calls[i].of.op;
	}
	if (calls[0].number == __HYPERVISOR_mmu_update) {
		array = litmus_state.vcpu[vcpu].updates;
		for (unsigned int i = 0; i < count; i++)
			litmus_state.vcpu[vcpu].updates[i] = calls[i].of.update;
	}
	note(vcpu, world->agree->call(calls[0].number, (unsigned long)array, count,
	                              (unsigned long)done, DOMID_SELF));
	note(vcpu, *done);
}

static xen_ulong_t *mask_word(evtchn_port_t port)
{
	return &world->agree->shared->evtchn_mask[port / 64];
}

unsigned int step_run(const struct step *step, unsigned int vcpu)
{
	struct prepared *call = &litmus_state.vcpu[vcpu].calls[0];
	evtchn_port_t port;
	long result;

	world->gap();
	switch (step->kind) {
	case STEP_MULTI:
		run_multicall(step + 1, step->a, vcpu);
		return 1u + step->a;
	case STEP_ARRAY:
		run_array(step + 1, step->a, vcpu);
		return 1u + step->a;
	case STEP_MASK:
		port = litmus_state.ports[step->a];
		__atomic_fetch_or(mask_word(port), 1ul << port % 64, __ATOMIC_SEQ_CST);
		return 1;
	case STEP_SELECTED:
		note(vcpu, __atomic_load_n(&world->info[step->a]->evtchn_pending_sel,
		                           __ATOMIC_SEQ_CST) != 0);
		return 1;
	default:
		prepare(step, call);
		result = make(call);
		note(vcpu, result);
		if (step->kind == STEP_PARTNER && result == 0)
			litmus_state.ports[step->a] = call->of.partner.local_port;
		return 1;
	}
}

/* A port that is made is not masked; one that a litmus may make is masked by whoever had it. */
static bool make_port(const struct step *step)
{
	struct prepared *call = &litmus_state.vcpu[0].calls[0];
	evtchn_port_t port;

	prepare(step, call);
	if (make(call) != 0)
		return false;
	port = step->kind == STEP_IPI       ? call->of.ipi.port
	       : step->kind == STEP_UNBOUND ? call->of.unbound.port
	                                    : call->of.partner.local_port;
	litmus_state.ports[step->a] = port;
	*mask_word(port) &= ~(1ul << port % 64);
	return true;
}

bool step_prepare_world(const struct step *step)
{
	struct prepared *call = &litmus_state.vcpu[0].calls[0];

	switch (step->kind) {
	case STEP_LINK: {
		uint64_t entry = entry_of(step->c, step->flags);

		memcpy(world->agree->memory(step->a) + step->b * sizeof(entry), &entry,
		       sizeof(entry));
		return true;
	}
	case STEP_KERNEL_HALF:
		world->agree->copy_kernel_half(world->agree->memory(step->a));
		return true;
	case STEP_PAIR:
		return make_port(&(struct step){STEP_UNBOUND, step->a, 0, 0, 0}) &&
		       make_port(&(struct step){STEP_PARTNER, step->b, step->a, 0, 0});
	case STEP_IPI:
	case STEP_UNBOUND:
		return make_port(step);
	default:
		prepare(step, call);
		return make(call) == 0;
	}
}

void litmus_print(const struct step *steps, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (; steps->kind != STEP_END && len + 40 < size; steps++) {
		len += (size_t)fmt_print(text + len, size - len, "%s%s %u", len > 0 ? "; " : "",
		                         names[steps->kind], steps->a);
		if (steps->b != 0 || steps->c != 0 || steps->flags != 0)
			len += (size_t)fmt_print(text + len, size - len, ".%u.%u.%x", steps->b,
			                         steps->c, steps->flags);
	}
}
