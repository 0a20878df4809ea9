/* SPDX-License-Identifier: MIT */
/*
 * The memory calls: mmu_update, update_va_mapping, mmuext_op.
 */
#include "model/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* An entry of a table that is locked; what it used before is left to be given back. */
static long change_locked(uint32_t table, unsigned int idx, uint64_t value, bool keep_ad,
                          uint64_t *left)
{
	unsigned int level = model.frames[table].type;
	uint64_t old = model_entry(table, idx);

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
		model_half_way("has what the new entry uses");
		*left = old;
	}
	value = model_adjust(value, level);
	model_entry_write(table, idx, value);
	model_tlb_entry_changed(table, level, idx, old, value);
	if (level > 1 && (value & PRESENT) &&
	    (frame_of(old) != frame_of(value) || !(old & PRESENT) || ((value & ~old) & WRITE)))
		model_tlb_linked(frame_of(value), level - 1, value & WRITE);
	return 0;
}

/* Not in use, or just becoming a table or ceasing to be one: the write is an ordinary one, if the
 * frame may be written. */
static long write_unused(uint32_t mfn, unsigned int idx, uint64_t value)
{
	if (model_get_type(mfn, TYPE_WRITABLE, false) != 0)
		return -EINVAL;
	model_half_way("writes to what is no table");
	model_entry_write(mfn, idx, value);
	model_put_type(mfn);
	return 0;
}

static long change_in_table(uint32_t table, unsigned int idx, uint64_t value, bool keep_ad)
{
	unsigned int level = model.frames[table].type;
	uint64_t left = 0;
	long result = change_locked(table, idx, value, keep_ad, &left);

	/* To end a table may be a long way: not with the lock. */
	if (level > TYPE_L1)
		model_unlock_frame(table);
	if (left & PRESENT) {
		model_half_way("still has what the old entry used");
		model_put_entry(table, level, left);
	}
	if (level == TYPE_L1)
		model_unlock_frame(table);
	return result;
}

long model_change_entry(uint32_t table, unsigned int idx, uint64_t value, bool keep_ad)
{
	unsigned int type;

	if (!model_lock_frame(table))
		return write_unused(table, idx, value);
	type = model.frames[table].type;
	if (type >= TYPE_L1 && type <= TYPE_L4)
		return change_in_table(table, idx, value, keep_ad);
	if (type == TYPE_WRITABLE)
		model_entry_write(table, idx, value);
	model_unlock_frame(table);
	return type == TYPE_WRITABLE ? 0 : -EINVAL;
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

static long change_direct_locked(uint32_t pfn, uint64_t value)
{
	uint64_t old = model.direct[pfn];
	long result;

	if (!((old ^ value) & WRITE))
		return 0;
	result = model_get_entry(MODEL_NONE, 1, value, false);
	if (result != 0)
		return result;
	model_half_way("has what the new entry uses");
	model.direct[pfn] = value;
	if (mprotect(model_direct_map + (size_t)pfn * PAGE, PAGE,
	             value & WRITE ? PROT_READ | PROT_WRITE : PROT_READ) != 0)
		world_violation("mprotect failed");
	model_half_way("still has what the old entry used");
	model_put_entry(MODEL_NONE, 1, old);
	return 0;
}

/* The direct map is an array of leaf entries, by pfn. The lock of one stands for that of its
 * table. */
static long change_direct(uint32_t pfn, uint64_t value)
{
	bool *locked = &model.frames[model_mfn(pfn)].direct_locked;
	long result;

	if (!(value & PRESENT) || frame_of(value) != model_mfn(pfn))
		world_violation("the direct map's entry of pfn %u was made %#llx", pfn,
		                (unsigned long long)value);
	while (*locked)
		world_spin("waits for the direct map");
	*locked = true;
	result = change_direct_locked(pfn, value);
	*locked = false;
	return result;
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
	model_half_way("has found the table");
	if (!model_lock_frame(table))
		return -EINVAL;
	if (model.frames[table].type != TYPE_L1) { /* by way of a linear entry */
		model_unlock_frame(table);
		return -EINVAL;
	}
	result = change_in_table(table, (unsigned int)(va >> 12) % f->entries[1], value, false);
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
	model_half_way("is used, not yet pinned");
	if (frame->pinned) {
		model_half_way("is pinned already");
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
	model_half_way("is no longer pinned, still used");
	frame->refs--;
	model_put_type(mfn);
	return 0;
}

void model_drop_base(uint32_t *base)
{
	uint32_t left = *base;

	*base = MODEL_NONE;
	if (left == MODEL_NONE)
		return;
	model_half_way("has left a base table");
	model.frames[left].refs--;
	model_put_type(left);
}

long model_load_base(unsigned int vcpu, uint32_t *base, uint32_t mfn)
{
	long result = model_get_type(mfn, (enum model_type)model.format->levels, false);
	uint32_t left = *base;

	if (result != 0)
		return result;
	model_half_way("has a use of a base table");
	model.frames[mfn].refs++;
	*base = mfn;
	if (base == &model.vcpus[vcpu].base) {
		model_tlb_drop(vcpu, true, 0);
		if (left != mfn)
			model_drop_ldt(vcpu);
		model.vcpus[vcpu].just_loaded = true;
	}
	model_drop_base(&left);
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
	model_half_way("writes a page");
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
