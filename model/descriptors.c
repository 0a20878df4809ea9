/* SPDX-License-Identifier: MIT */
/*
 * What a vcpu has besides its tables: descriptor tables, traps, callbacks, the kernel's stack,
 * segment bases, and the way back to user mode.
 *
 * A frame of the GDT is used as descriptors: all that it contains is checked when the first use
 * begins, each change while it lasts, and it can be mapped by nobody for writing. A descriptor
 * is good if it is absent, a code or data segment, a call gate to a segment that the guest may
 * have, or of type 0; one of the kernel's privilege gets the least, as kernel and user mode
 * share it, and a gate the highest, as Xen itself takes the calls.
 *
 * A page of the LDT is used as descriptors from the processor's first look at it, by the address
 * that it has then. It stays in use until the vcpu has another LDT or another base table.
 */
#include "model/internal.h"

#include <errno.h>
#include <string.h>

#include <xen/callback.h>

#define FRAME_ENTRIES   512u
#define LDT_ENTRIES_MAX 8192u

#define DESCRIPTOR_PRESENT (1ull << 47)
#define DESCRIPTOR_SEGMENT (1ull << 44) /* code or data */
#define DESCRIPTOR_DPL     (3ull << 45)
#define DESCRIPTOR_TYPE    (15ull << 40)
#define CALL_GATE          (12ull << 40)
#define GATE_ZERO          (0xffull << 32) /* to be zero in a call gate */
#define FIRST_XEN_SELECTOR 0xe000u

static bool is_canonical(uint64_t address)
{
	int64_t top = (int64_t)address >> 47;

	return top == 0 || top == -1;
}

/* A call gate leads to code of the guest's own descriptors or to its kernel's flat segment. */
static bool fix_call_gate(uint64_t *gate)
{
	unsigned int selector = (unsigned int)(*gate >> 16) & 0xffff;

	bool of_ldt = (selector & 4) != 0;

	if ((*gate & GATE_ZERO) ||
	    (!of_ldt && selector >= FIRST_XEN_SELECTOR && selector != FLAT_KERNEL_CS))
		return false;
	*gate = (*gate | 3ull << 16) & ~DESCRIPTOR_DPL;
	return true;
}

static bool fix_descriptor(uint64_t *descriptor)
{
	if (!(*descriptor & DESCRIPTOR_PRESENT))
		return true;
	if (!(*descriptor & DESCRIPTOR_SEGMENT) && (*descriptor & DESCRIPTOR_TYPE) == CALL_GATE)
		return fix_call_gate(descriptor);
	if (!(*descriptor & DESCRIPTOR_SEGMENT))
		return (*descriptor & DESCRIPTOR_TYPE) == 0; /* none, which nobody can load */
	*descriptor |= DESCRIPTOR_DPL;
	return true;
}

long model_validate_descriptors(uint32_t mfn)
{
	uint64_t *table = (uint64_t *)(void *)model_frame_memory(mfn);

	for (unsigned int i = 0; i < FRAME_ENTRIES; i++)
		if (!fix_descriptor(&table[i]))
			return -EINVAL;
	return 0;
}

static void drop_gdt(struct model_vcpu *vcpu)
{
	for (unsigned int i = 0; i < vcpu->gdt_frame_count; i++) {
		if (vcpu->gdt_frames[i] >= MODEL_FRAMES)
			continue;
		model.frames[vcpu->gdt_frames[i]].refs--;
		model_put_type(vcpu->gdt_frames[i]);
	}
	vcpu->gdt_frame_count = 0;
}

static long take_descriptors(uint64_t mfn)
{
	if (mfn >= MODEL_FRAMES)
		return model_memory_of(mfn) ? 0 : -EINVAL;
	if (!model.frames[mfn].owned || model_get_type((uint32_t)mfn, TYPE_DESCRIPTORS, false) != 0)
		return -EINVAL;
	model.frames[mfn].refs++;
	return 0;
}

static void give_descriptors(uint64_t mfn)
{
	if (mfn >= MODEL_FRAMES)
		return;
	model.frames[mfn].refs--;
	model_put_type((uint32_t)mfn);
}

long model_set_gdt(unsigned int number, const unsigned long *frames, unsigned long entries)
{
	struct model_vcpu *vcpu = &model.vcpus[number];
	unsigned int count = (unsigned int)((entries + FRAME_ENTRIES - 1) / FRAME_ENTRIES);

	if (entries > MODEL_GDT_ENTRIES_MAX)
		return -EINVAL;
	if (count > 0 && !frames)
		return -EFAULT;
	for (unsigned int i = 0; i < count; i++) {
		long result = take_descriptors(frames[i]);

		if (result == 0)
			continue;
		while (i-- > 0)
			give_descriptors(frames[i]);
		return result;
	}
	drop_gdt(vcpu);
	for (unsigned int i = 0; i < count; i++)
		vcpu->gdt_frames[i] = (uint32_t)frames[i];
	vcpu->gdt_frame_count = count;
	return 0;
}

long model_update_descriptor(uint64_t address, uint64_t descriptor)
{
	uint64_t mfn = address >> FRAME_SHIFT;
	struct model_frame *frame;

	if (address % sizeof(descriptor) != 0 || !model_memory_of(mfn) ||
	    !fix_descriptor(&descriptor))
		return -EINVAL;
	if (mfn < MODEL_FRAMES) {
		frame = &model.frames[mfn];
		if (frame->type_count > 0 && frame->type != TYPE_WRITABLE &&
		    frame->type != TYPE_DESCRIPTORS)
			return -EINVAL;
	}
	memcpy(model_memory_of(mfn) + address % PAGE, &descriptor, sizeof(descriptor));
	return 0;
}

void model_drop_ldt(unsigned int number)
{
	struct model_vcpu *vcpu = &model.vcpus[number];

	for (unsigned int i = 0; i < MODEL_LDT_FRAMES; i++)
		if (vcpu->ldt_used & (1u << i))
			give_descriptors(vcpu->ldt_frames[i]);
	vcpu->ldt_used = 0;
}

long model_set_ldt(uint64_t address, uint64_t entries)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	if (entries != 0 &&
	    (address % PAGE != 0 || entries > LDT_ENTRIES_MAX || !is_canonical(address)))
		return -EINVAL;
	if (vcpu->ldt_address != address || vcpu->ldt_entries != entries)
		model_drop_ldt(world_this_vcpu());
	vcpu->ldt_address = address;
	vcpu->ldt_entries = (unsigned int)entries;
	return 0;
}

/* A look that is no access to memory where the table ends. */
bool model_use_ldt(unsigned int selector)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];
	unsigned int idx = selector >> 3, page = idx / FRAME_ENTRIES;
	uint32_t mfn;

	if (idx >= vcpu->ldt_entries || (vcpu->ldt_used & (1u << page)))
		return true;
	mfn = model_kernel_frame(vcpu->ldt_address + (uint64_t)page * PAGE);
	if (mfn == MODEL_NONE || take_descriptors(mfn) != 0)
		return false;
	vcpu->ldt_frames[page] = mfn;
	vcpu->ldt_used |= 1u << page;
	return true;
}

long model_set_trap_table(const struct trap_info *traps)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	if (!traps) {
		memset(vcpu->traps, 0, sizeof(vcpu->traps));
		return 0;
	}
	for (; traps->address != 0; traps++) {
		if (!is_canonical(traps->address))
			return -EINVAL;
		vcpu->traps[traps->vector] = traps->address;
	}
	return 0;
}

long model_callback_op(unsigned int command, const void *arg)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];
	const struct callback_register *op = arg;

	if (command != CALLBACKOP_register && command != CALLBACKOP_unregister)
		return -ENOSYS;
	if (!op)
		return -EFAULT;
	bool known = op->type < MODEL_CALLBACKS && op->type != CALLBACKTYPE_sysenter_deprecated &&
	             op->type != 6u /* nothing has this number */;

	if (command == CALLBACKOP_register && !is_canonical(op->address))
		return -EINVAL;
	if (!known)
		return -ENOSYS;
	/* Only the one for non-maskable interrupts may be missing. */
	if (command == CALLBACKOP_unregister && op->type != CALLBACKTYPE_nmi)
		return -EINVAL;
	vcpu->callbacks[op->type] = command == CALLBACKOP_register ? op->address : 0;
	return 0;
}

long model_stack_switch(uint64_t selector, uint64_t stack)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	vcpu->kernel_ss = selector;
	vcpu->kernel_sp = stack;
	return 0;
}

long model_set_segment_base(unsigned int which, uint64_t base)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	if (which <= SEGBASE_GS_KERNEL && !is_canonical(base))
		return -EINVAL;
	switch (which) {
	case SEGBASE_FS:
		vcpu->fs_base = base;
		return 0;
	case SEGBASE_GS_USER:
		vcpu->gs_base_user = base;
		return 0;
	case SEGBASE_GS_KERNEL:
		vcpu->gs_base_kernel = base;
		return 0;
	case SEGBASE_GS_USER_SEL:
		return 0;
	default:
		return -EINVAL;
	}
}

/* The frame that would be on the guest's stack is given by its address. The hypercall does not
 * come back to its caller: the world goes on in user mode when it returns. */
long model_iret(const struct iret_context *frame)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];
	bool to_user = (frame->cs & 3) == 3;

	if (to_user && model.format->user_top && vcpu->user_base == MODEL_NONE)
		world_violation("a return to user mode without a user table");
	if (to_user)
		model_check_user_return();
	vcpu->info->evtchn_upcall_mask = !(frame->rflags & 0x200);
	return 0;
}
