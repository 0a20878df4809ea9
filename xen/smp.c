/* SPDX-License-Identifier: MIT */
/*
 * Vcpus up and down: see smp.h.
 *
 * A vcpu is initialised once in its life. One that went down has stopped inside VCPUOP_down and
 * goes on behind it when it is brought up again; it then begins anew on the stack it is given.
 */
#include "xen/smp.h"

#include <stdint.h>

#include <port/cpu.h>
#include <port/memory.h>

#include <xen/errno.h>
#include <xen/vcpu.h>

#include "arch/x86/start_context.h"
#include "lib/string.h"
#include "xen/device.h"
#include "xen/entry.h"
#include "xen/fpu.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/ipi.h"
#include "xen/irq_flag.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/percpu.h"
#include "xen/pv_lock.h"
#include "xen/segments.h"
#include "xen/space.h"
#include "xen/start.h"
#include "xen/time.h"
#include "xen/vcpu_info.h"

static unsigned int vcpu_count;

static long vcpu_op(unsigned int op, vcpu_t vcpu, void *arg)
{
	return xen_call3(__HYPERVISOR_vcpu_op, op, vcpu.v, (unsigned long)arg);
}

static void count_vcpus(void)
{
	vcpu_count = 0;
	while (vcpu_count < XEN_CPU_COUNT_MAX &&
	       vcpu_op(VCPUOP_is_up, (vcpu_t){vcpu_count}, NULL) >= 0)
		vcpu_count++;
}

unsigned int smp_vcpu_count(void)
{
	return vcpu_count;
}

static bool place_info(struct xen_cpu *cpu)
{
	return vcpu_info_place(cpu, xen_cpu_area(cpu->id));
}

void smp_init(void)
{
	xen_online_mask = xen_cpu_bit(this_cpu());
	count_vcpus();
	vcpu_info_placed = place_info(this_cpu());
	if (ipi_init_cpu(this_cpu()) != 0)
		host_panic("smp: Xen refused the channels between vcpus");
	pv_lock_init_cpu(this_cpu()->id);
}

/* The first time: everything that stays with the vcpu. It may fail at any step and be tried again:
 * what has been made is kept. */
static int initialise(struct xen_cpu *cpu, void *stack_top)
{
	static struct vcpu_guest_context context; /* one caller at a time */
	struct cpu_start start = {
	    .stack_top = stack_top,
	    .percpu = cpu,
	    .entry_stack = xen_entry_stack_top(cpu->id),
	    .root = p2m_mfn(xen_kernel_space.root),
	};

	cpu->self = cpu;
	if (!vcpu_info_placed)
		cpu->vcpu_info = xen_shared_vcpu_info(cpu->id);
	else if (!place_info(cpu))
		return -XEN_EINVAL; /* the flag operations rely on it by now */
	int result = segments_make_gdt(cpu);

	if (result != 0)
		return result;
	start.gdt = p2m_mfn(cpu->gdt);
	start.gdt_entry_count = SEGMENTS_GDT_ENTRIES;
	memset(&context, 0, sizeof(context));
	cpu_start_context(&context, &start);
	result = (int)vcpu_op(VCPUOP_initialise, cpu->id, &context);
	cpu->initialised = result == 0;
	return result;
}

/* The first vcpu gets a GDT of its own with the second one: there was no memory for it before. */
static int give_own_gdt(void)
{
	int result = segments_make_gdt(this_cpu());

	if (result != 0)
		return result;
	return segments_load_gdt(&this_cpu()->gdt, SEGMENTS_GDT_ENTRIES);
}

int smp_up(vcpu_t vcpu, void *stack_top)
{
	struct xen_cpu *cpu = &xen_cpus[vcpu.v];
	int result;

	if (vcpu.v >= vcpu_count)
		return -XEN_ENOENT;
	if (vcpu_op(VCPUOP_is_up, vcpu, NULL) > 0)
		return -XEN_EEXIST;
	cpu->id = vcpu;
	cpu->restart_stack = stack_top;
	result = give_own_gdt();
	if (result == 0 && !cpu->initialised)
		result = initialise(cpu, stack_top);
	if (result != 0)
		return result;
	/* Xen marks a new place of the flags as pending and unmasked. */
	port_store8(&cpu->vcpu_info->evtchn_upcall_mask, 1);
	uint32_t starts = port_load32(&cpu->starts);

	result = (int)vcpu_op(VCPUOP_up, vcpu, NULL);
	if (result != 0)
		return result;
	/* Not the online mask: it may be down again before this vcpu looks. */
	while (port_load32(&cpu->starts) == starts) {
		port_spin_pause("waits for a vcpu to come up");
		xen_yield();
	}
	return 0;
}

/* On the new vcpu, events masked, on its own stack. */
_Noreturn void xen_secondary_start(void)
{
	struct xen_cpu *cpu = this_cpu();

	segments_init_cpu(cpu);
	xen_entry_init(xen_entry_stack_top(cpu->id));
	fpu_init();
	time_init_cpu();
	if (ipi_init_cpu(cpu) != 0 || device_init_cpu() != 0)
		host_panic("smp: Xen refused a vcpu what the first one has");
	pv_lock_init_cpu(cpu->id);
	port_or_word(&xen_online_mask, xen_cpu_bit(cpu));
	port_store32(&cpu->starts, cpu->starts + 1);
	host_secondary_main();
}

_Noreturn void smp_down_self(void)
{
	struct xen_cpu *cpu = this_cpu();

	xen_irq_disable();
	if (!mc_idle())
		host_panic("smp: a vcpu goes down with a batch open");
	xen_space_switch(NULL);
	port_and_word(&xen_online_mask, ~xen_cpu_bit(cpu));
	ipi_stop_cpu();
	time_stop_cpu();
	for (;;) {
		vcpu_op(VCPUOP_down, cpu->id, NULL);
		cpu_stack_restart(cpu->restart_stack, xen_secondary_start);
	}
}

bool smp_is_down(vcpu_t vcpu)
{
	return vcpu_op(VCPUOP_is_up, vcpu, NULL) == 0;
}

void smp_stop_others(void)
{
	for (unsigned int i = 0; i < vcpu_count; i++)
		if (i != this_cpu()->id.v)
			vcpu_op(VCPUOP_down, (vcpu_t){i}, NULL);
}

int smp_send_nmi(vcpu_t vcpu)
{
	return (int)vcpu_op(VCPUOP_send_nmi, vcpu, NULL);
}
