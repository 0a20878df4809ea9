/* SPDX-License-Identifier: MIT */
/*
 * The sequences on the model: prints their lines. Arguments: the number of seeds, the version of
 * Xen (417 for 4.17), and `pae` for the sequences of a 32-bit guest.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>

#include <xen/event_channel.h>

#include "model/model.h"
#include "tests/agree/sequence.h"

#define KERNEL_ROOT   0u
#define FIRST_FRAME   1u
#define KERNEL_LEVEL2 60u /* PAE's */

static struct shared_info shared;
static _Alignas(4096) char image[4096]; /* where vcpu 0 has its vcpu_info */

void world_violation(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

unsigned int world_this_vcpu(void)
{
	return 0;
}

void world_step(const char *what)
{
	(void)what;
}

void world_inside(const char *what)
{
	(void)what;
}

void world_spin(const char *what)
{
	world_violation("waits for ever: %s", what);
}

void world_upcall(void)
{
}

void world_sleep(const char *what, bool may_stay)
{
	(void)may_stay;
	(void)what; /* woken at once: nobody else is there */
	model_clock_jump_to_timer();
}

void world_wake(unsigned int vcpu)
{
	(void)vcpu;
}

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

static bool load_from(uint32_t frame, unsigned long address, uint32_t *value)
{
	if (frame != MODEL_NONE)
		memcpy(value, model_frame_memory(frame) + address % 4096, sizeof(*value));
	return frame != MODEL_NONE;
}

static bool store_to(uint32_t frame, unsigned long address, uint32_t value)
{
	if (frame != MODEL_NONE)
		memcpy(model_frame_memory(frame) + address % 4096, &value, sizeof(value));
	return frame != MODEL_NONE;
}

static bool load(unsigned long address, uint32_t *value)
{
	return load_from(model_walk(model.vcpus[0].base, address, false, false), address, value);
}

static bool store(unsigned long address, uint32_t value)
{
	return store_to(model_walk(model.vcpus[0].base, address, true, false), address, value);
}

static bool user_load(unsigned long address, uint32_t *value)
{
	return load_from(model_reach(0, address, false, false), address, value);
}

static bool user_store(unsigned long address, uint32_t value)
{
	return store_to(model_reach(0, address, true, false), address, value);
}

static void add_user_code(char *top)
{
	(void)top; /* what user mode does is done above */
}

/* The kernel's half is not modelled as tables; of PAE's it is what Xen has there. */
static void copy_kernel_half(char *table)
{
	const uint64_t xens = MODEL_XENS_FRAME << 12 | 0x81;

	if (model.format->levels == 3)
		memcpy(table + model.format->kernel_l2_xen_first * 8u, &xens, sizeof(xens));
}

static char *memory(unsigned int frame)
{
	return model_direct_map + (FIRST_FRAME + frame) * 4096ul;
}

static void fill_context(unsigned int vcpu, struct vcpu_guest_context *context)
{
	(void)vcpu;
	context->flags = VGCF_in_kernel;
}

static void print(const char *line)
{
	puts(line);
}

static void must(long result)
{
	if (result != 0)
		world_violation("a call of the start was refused: %ld", result);
}

static void load_kernel_base(void)
{
	struct mmuext_op base = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = model_mfn(KERNEL_ROOT)};

	must(model_update_va((uintptr_t)model_direct_map + KERNEL_ROOT * 4096ul,
	                     (uint64_t)model_mfn(KERNEL_ROOT) << 12 | 1, 0));
	must(model_mmuext(&base));
}

static void boot_pae(void)
{
	const uint64_t entry = (uint64_t)model_mfn(KERNEL_LEVEL2) << 12 | 1;

	model_init(&model_full_pae, 1, &shared);
	must(model_update_va((uintptr_t)model_direct_map + KERNEL_LEVEL2 * 4096ul, entry, 0));
	memcpy(model_frame_memory(model_mfn(KERNEL_ROOT)) + 3 * sizeof(entry), &entry,
	       sizeof(entry));
	load_kernel_base();
}

/* What the layer and Xen's own start have done before the guest's first sequence. */
static void boot(void)
{
	struct evtchn_bind_virq timer = {.virq = VIRQ_TIMER};
	struct vcpu_register_vcpu_info info = {.mfn = MODEL_IMAGE_MFN};

	model_init(&model_full_format, AGREE_VCPUS, &shared);
	memset(shared.evtchn_mask, 0xff, sizeof(shared.evtchn_mask));
	model.image = image;
	model.image_pages = 1;
	load_kernel_base();
	must(call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, (unsigned long)&timer, 0, 0));
	must(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, (unsigned long)&info, 0));
	must(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0,
	          0));
}

int main(int argc, char **argv)
{
	static struct agree_world world = {.call = call,
	                                   .mfn = mfn,
	                                   .nowhere = 8,
	                                   .pfn = pfn,
	                                   .copy_kernel_half = copy_kernel_half,
	                                   .memory = memory,
	                                   .load = load,
	                                   .store = store,
	                                   .user_load = user_load,
	                                   .user_store = user_store,
	                                   .add_user_code = add_user_code,
	                                   .use_descriptor = model_use_ldt,
	                                   .fill_context = fill_context,
	                                   .shared = &shared};
	unsigned long count = argc >= 2 ? strtoul(argv[1], NULL, 10) : 0;
	bool pae = argc == 4;

	if (argc >= 3)
		model_xen = (unsigned int)strtoul(argv[2], NULL, 10);
	if (pae)
		boot_pae();
	else
		boot();
	model.reuse_allowed = true; /* nobody uses the addresses */
	world.vcpu_info = model.vcpus[0].info;
	world.kernel_base = model_mfn(KERNEL_ROOT);
	if (!agree_run_all(&world, pae ? agree_pae_topics : agree_topics, count, print))
		world_violation("a sequence has not cleaned up");
	return 0;
}
