/* SPDX-License-Identifier: MIT */
/*
 * Entries: see entry.h. The trap table and the addresses of the stubs come from the architecture's
 * folder (arch/x86/entry_points.h), so that this file has no width.
 */
#include "xen/entry.h"

#include <stdint.h>

#include <port/memory.h>

#include <xen/callback.h>
#include <xen/xen.h>

#include "arch/x86/entry_points.h"
#include "arch/x86/segments.h"
#include "xen/evtchn.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/irq_flag.h"
#include "xen/multicall.h"

/* trap_info.flags (public/arch-x86/xen.h): bits 0-1 the privilege that may use the gate by
 * instruction, bit 2 mask events. */
#define TRAP_MASK_EVENTS 4u

static struct trap_info table[ENTRY_TRAP_COUNT + 1];

static void fill_trap_table(void)
{
	for (unsigned int i = 0; i < ENTRY_TRAP_COUNT; i++) {
		const struct entry_trap *trap = &entry_traps[i];

		table[i] = (struct trap_info){
		    .vector = trap->vector,
		    .flags = (uint8_t)(TRAP_MASK_EVENTS | (trap->from_user ? 3u : 0u)),
		    .cs = XEN_KERNEL_CS,
		    .address = (unsigned long)trap->entry};
	}
	table[ENTRY_TRAP_COUNT] = (struct trap_info){0};
}

static void must(long result, const char *what)
{
	if (result != 0)
		host_panic(what);
}

static void register_callback(uint16_t type, entry_stub *stub, uint16_t flags)
{
	struct callback_register callback = {.type = type, .flags = flags};

	entry_callback_address(&callback.address, stub);
	must(xen_op(__HYPERVISOR_callback_op, CALLBACKOP_register, &callback),
	     "entry: Xen refused a callback");
}

void xen_entry_init(void *entry_stack_top)
{
	fill_trap_table();
	must(xen_call1(__HYPERVISOR_set_trap_table, (unsigned long)table),
	     "entry: Xen refused the trap table");
	register_callback(CALLBACKTYPE_event, entry_upcall, CALLBACKF_mask_events);
	register_callback(CALLBACKTYPE_failsafe, entry_failsafe, CALLBACKF_mask_events);
	register_callback(CALLBACKTYPE_nmi, entry_nmi, CALLBACKF_mask_events);
	entry_register_syscall(register_callback);
	must(xen_call2(__HYPERVISOR_stack_switch, XEN_KERNEL_SS, (unsigned long)entry_stack_top),
	     "entry: Xen refused the kernel stack");
}

uintptr_t xen_fault_address(void)
{
	return this_cpu()->vcpu_info->arch.cr2;
}

static void check_no_batch(void)
{
	if (mc_open())
		host_panic("entry: a batch is open on the way to user mode");
}

/* The last steps to user mode. */
static void leave_to_user(struct cpu_frame *frame)
{
	xen_irq_disable();
	host_return_to_user(frame);
	xen_irq_disable();
	check_no_batch();
}

/* The upcall flag as an event would leave it: whatever the interrupted code is about to do, even
 * sleep, a scan comes first. */
void xen_entry_nmi(struct cpu_frame *frame)
{
	this_cpu()->counters.nmis++;
	host_nmi(frame);
	port_store8(&this_cpu()->vcpu_info->evtchn_upcall_pending, 1);
}

bool xen_entry_syscall(struct cpu_frame *frame)
{
	bool changed;

	this_cpu()->counters.system_calls++;
	changed = host_syscall(frame);
	check_no_batch();
	return changed;
}

void xen_entry_first_return(struct cpu_frame *frame)
{
	leave_to_user(frame);
}

void xen_entry(struct cpu_frame *frame)
{
	switch (frame->vector) {
	case FRAME_UPCALL:
		evtchn_upcall();
		break;
	default:
		this_cpu()->counters.traps++;
		host_trap(frame);
		break;
	}
	if (frame_from_user(frame))
		leave_to_user(frame);
	else
		xen_irq_disable();
}
