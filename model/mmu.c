/* SPDX-License-Identifier: MIT */
/*
 * The memory calls: mmu_update, update_va_mapping, mmuext_op.
 */
#include "model/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

long model_change_entry(uint32_t table, unsigned int idx, uint64_t value, bool keep_ad)
{
	unsigned int level = model.frames[table].type;
	uint64_t old = model_entry(table, idx);

	if (level < TYPE_L1 || level > TYPE_L4) {
		/* Not a page table: the write is an ordinary one, if the frame may be written. */
		if (model.frames[table].type == TYPE_DESCRIPTORS)
			return -EINVAL;
		model_entry_write(table, idx, value);
		return 0;
	}
	if (model_slot_is_xens(table, level, idx))
		return level == model.format->levels ? -EINVAL : -EPERM;
	if (idx >= model.format->entries[level])
		return -EINVAL;
	if (keep_ad && (value & PRESENT) && (old & PRESENT))
		value |= old & (ACCESSED | DIRTY);
	if (model_slot_is_kernel_l2(level, idx))
		return -EINVAL; /* it stays what it was validated */
	bool same = frame_of(old) == frame_of(value) && (old & PRESENT) && (value & PRESENT) &&
	            !((old ^ value) & WRITE);

	if (!model_flags_allowed(value, level))
		return -EINVAL;
	if (!same) {
		long result = model_get_entry(table, level, value, false);

		if (result != 0)
			return result;
	}
	value = model_adjust(value, level);
	model_entry_write(table, idx, value);
	model_tlb_entry_changed(table, level, idx, old, value);
	if (level > 1 && (value & PRESENT) &&
	    (frame_of(old) != frame_of(value) || !(old & PRESENT) || ((value & ~old) & WRITE)))
		model_tlb_linked(frame_of(value), level - 1, value & WRITE);
	if (!same)
		model_put_entry(table, level, old);
	return 0;
}

long model_update(const struct mmu_update *request)
{
	/* The command is in the bits that an entry's address leaves free. */
	uint64_t command = request->ptr % model.format->entry_bytes;
	uint64_t address = request->ptr - command;
	uint64_t mfn = address >> FRAME_SHIFT;

	if (command > MMU_PT_UPDATE_NO_TRANSLATE)
		return -ENOSYS;
	if (mfn >= MODEL_FRAMES || !model.frames[mfn].owned)
		return -EINVAL;
	if (command == MMU_MACHPHYS_UPDATE)
		return 0; /* the world keeps that table */
	return model_change_entry((uint32_t)mfn,
	                          (unsigned int)(address % PAGE / model.format->entry_bytes),
	                          request->val, command == MMU_PT_UPDATE_PRESERVE_AD);
}

/* The direct map is an array of leaf entries, by pfn. */
static long change_direct(uint32_t pfn, uint64_t value)
{
	uint64_t old = model.direct[pfn];
	long result;

	if (!(value & PRESENT) || frame_of(value) != model_mfn(pfn))
		world_violation("the direct map's entry of pfn %u was made %#llx", pfn,
		                (unsigned long long)value);
	if (!((old ^ value) & WRITE))
		return 0;
	result = model_get_entry(MODEL_NONE, 1, value, false);
	if (result != 0)
		return result;
	model_put_entry(MODEL_NONE, 1, old);
	model.direct[pfn] = value;
	if (mprotect(model_direct_map + (size_t)pfn * PAGE, PAGE,
	             value & WRITE ? PROT_READ | PROT_WRITE : PROT_READ) != 0)
		world_violation("mprotect failed");
	return 0;
}

/* Behind the flush type: this vcpu, all of them, or the address of a mask. */
static long flush_by_flags(uint64_t va, unsigned long flags)
{
	unsigned long what = flags & UVMF_FLUSHTYPE_MASK, who = flags & ~UVMF_FLUSHTYPE_MASK;
	unsigned long mask = 1ul << world_this_vcpu();

	if (what != UVMF_TLB_FLUSH && what != UVMF_INVLPG)
		return 0;
	if (who == UVMF_ALL)
		mask = ~0ul;
	else if (who != UVMF_LOCAL && !model_can_access((const void *)who))
		return -EFAULT;
	else if (who != UVMF_LOCAL)
		memcpy(&mask, (const void *)who, sizeof(mask));
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		if (mask & (1ul << i))
			model_tlb_drop(i, what == UVMF_TLB_FLUSH, va);
	return 0;
}

long model_update_va(uint64_t va, uint64_t value, unsigned long flags)
{
	const struct model_format *f = model.format;
	uintptr_t direct = (uintptr_t)va - (uintptr_t)model_direct_map;
	uint32_t table = model.vcpus[world_this_vcpu()].base;
	long result;

	if (direct < model_memory_bytes()) {
		result = change_direct((uint32_t)(direct / PAGE), value);
		return result != 0 ? result : flush_by_flags(va, flags);
	}
	for (unsigned int level = f->levels; level > 1; level--) {
		uint64_t entry =
		    model_entry(table, (unsigned int)(va >> f->shift[level]) % f->entries[level]);

		if (!(entry & PRESENT))
			return -EINVAL;
		table = frame_of(entry);
	}
	if (model.frames[table].type != TYPE_L1) /* by way of a linear entry */
		return -EINVAL;
	result = model_change_entry(table, (unsigned int)(va >> 12) % f->entries[1], value, false);
	return result != 0 ? result : flush_by_flags(va, flags);
}

static long pin(uint32_t mfn, unsigned int level)
{
	struct model_frame *frame = &model.frames[mfn];

	if (level > model.format->levels)
		return model.format->levels == 3 ? 0 : -EINVAL; /* Xen leaves it at that */
	long result = model_get_type(mfn, (enum model_type)level, false);

	if (result != 0)
		return result;
	if (frame->pinned) {
		model_put_type(mfn);
		return -EINVAL;
	}
	frame->pinned = true;
	frame->refs++;
	return 0;
}

static long unpin(uint32_t mfn)
{
	struct model_frame *frame = &model.frames[mfn];

	if (!frame->pinned)
		return -EINVAL;
	frame->pinned = false;
	frame->refs--;
	model_put_type(mfn);
	return 0;
}

void model_drop_base(uint32_t *base)
{
	if (*base != MODEL_NONE) {
		model.frames[*base].refs--;
		model_put_type(*base);
	}
	*base = MODEL_NONE;
}

long model_load_base(unsigned int vcpu, uint32_t *base, uint32_t mfn)
{
	long result = model_get_type(mfn, (enum model_type)model.format->levels, false);

	if (result != 0)
		return result;
	model.frames[mfn].refs++;
	if (base == &model.vcpus[vcpu].base) {
		model_tlb_drop(vcpu, true, 0);
		if (*base != mfn)
			model_drop_ldt(vcpu);
		model.vcpus[vcpu].just_loaded = true;
	}
	model_drop_base(base);
	*base = mfn;
	return 0;
}

/* User mode's table is loaded on the way there, and user translations are global: nothing goes. */
static long load_user(uint32_t *base, unsigned long mfn)
{
	unsigned int vcpu = world_this_vcpu();
	uint32_t left = *base;
	long result = 0;

	if (mfn >= MODEL_FRAMES)
		return -EINVAL;
	if (left == mfn)
		return 0;
	if (mfn != 0)
		result = model_load_base(vcpu, base, (uint32_t)mfn);
	else
		model_drop_base(base);
	if (result == 0 && left != MODEL_NONE)
		model_tlb_user_top_left(vcpu, left);
	return result;
}

static long flush_vcpus(const struct mmuext_op *op, bool all_vcpus, bool page)
{
	unsigned long mask = ~0ul;

	if (!all_vcpus) {
		const void *pointer;

		memcpy(&pointer, &op->arg2.vcpumask, sizeof(pointer));
		if (!model_can_access(pointer))
			return -EINVAL;
		memcpy(&mask, pointer, sizeof(mask));
	}
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		if (mask & (1ul << i))
			model_tlb_drop(i, !page, page ? op->arg1.linear_addr : 0);
	return 0;
}

/* Clear the frame, or copy another into it: as ordinary memory, which it must be able to be. */
static long write_page(unsigned long mfn, unsigned long from)
{
	if (mfn >= MODEL_FRAMES || !model.frames[mfn].owned ||
	    (from != MODEL_NONE && (from >= MODEL_FRAMES || !model.frames[from].owned)))
		return -EINVAL;
	if (model_get_type((uint32_t)mfn, TYPE_WRITABLE, false) != 0)
		return -EINVAL;
	if (from == MODEL_NONE)
		memset(model_frame_memory((uint32_t)mfn), 0, PAGE);
	else
		memmove(model_frame_memory((uint32_t)mfn), model_frame_memory((uint32_t)from),
		        PAGE);
	model_put_type((uint32_t)mfn);
	return 0;
}

long model_mmuext(const struct mmuext_op *op)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];
	unsigned long mfn = op->arg1.mfn;

	if (op->cmd <= MMUEXT_NEW_BASEPTR && mfn >= MODEL_FRAMES)
		return -EINVAL;
	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return pin((uint32_t)mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
	case MMUEXT_UNPIN_TABLE:
		return unpin((uint32_t)mfn);
	case MMUEXT_NEW_BASEPTR:
		return model_load_base(world_this_vcpu(), &vcpu->base, (uint32_t)mfn);
	case MMUEXT_NEW_USER_BASEPTR:
		return model.format->user_top ? load_user(&vcpu->user_base, mfn) : -EINVAL;
	case MMUEXT_TLB_FLUSH_LOCAL:
		model_tlb_drop(world_this_vcpu(), true, 0);
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		model_tlb_drop(world_this_vcpu(), false, op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_vcpus(op, false, op->cmd == MMUEXT_INVLPG_MULTI);
	case MMUEXT_TLB_FLUSH_ALL:
	case MMUEXT_INVLPG_ALL:
		return flush_vcpus(op, true, op->cmd == MMUEXT_INVLPG_ALL);
	case MMUEXT_CLEAR_PAGE:
	case MMUEXT_COPY_PAGE:
		return write_page(mfn, op->cmd == MMUEXT_COPY_PAGE ? op->arg2.src_mfn : MODEL_NONE);
	case MMUEXT_SET_LDT:
		return model_set_ldt(op->arg1.linear_addr, op->arg2.nr_ents);
	default:
		return -ENOSYS;
	}
}
