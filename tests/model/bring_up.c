/* SPDX-License-Identifier: MIT */
/*
 * What xen/smp.c asks of the parts of boot that are not on the model: entry code, extended state,
 * devices, and the instructions between. The model starts a vcpu by waking its body, which calls
 * what the start context's assembly would.
 */
#include "tests/model/world.h"

#include <stdlib.h>

#include "arch/x86/fsbase.h"
#include "arch/x86/start_context.h"
#include "xen/device.h"
#include "xen/entry.h"
#include "xen/fpu.h"
#include "xen/hooks.h"
#include "xen/start.h"

void (*world_secondary_main)(void);
bool fsbase_usable;

/* Only its address is given to Xen. */
void xen_secondary_head(void);
void xen_secondary_head(void)
{
	abort();
}

/* On the stack that the vcpu has here. */
void cpu_stack_restart(void *stack_top, void (*entry)(void))
{
	CHECK(stack_top == this_cpu()->restart_stack);
	entry();
	abort();
}

void host_secondary_main(void)
{
	world_secondary_main();
	abort(); /* it goes down and never returns */
}

void world_secondary_body(void)
{
	model_vcpu_stay_down();
	CHECK(this_cpu()->initialised);
	xen_secondary_start();
}

void *xen_entry_stack_top(vcpu_t vcpu)
{
	(void)vcpu;
	return NULL;
}

struct vcpu_info *xen_shared_vcpu_info(vcpu_t vcpu)
{
	return &model.shared->vcpu_info[vcpu.v];
}

maddr_t xen_cpu_area(vcpu_t vcpu)
{
	const struct xen_cpu *cpu = &xen_cpus[vcpu.v];

	return (maddr_t){world_image_mfn(cpu) * PAGE_BYTES + (uintptr_t)cpu % PAGE_BYTES};
}

void xen_entry_init(void *entry_stack_top)
{
	(void)entry_stack_top;
}

void fpu_init(void)
{
}

int device_init_cpu(void)
{
	return 0;
}

void fsbase_detect(void)
{
}

uint64_t fsbase_read(void)
{
	return 0;
}

void fsbase_write(uint64_t base)
{
	(void)base;
}
