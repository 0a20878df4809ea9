/* SPDX-License-Identifier: MIT */
/*
 * The memory calls: mmu_update, update_va_mapping, mmuext_op; and what a vcpu's TLB may still hold.
 *
 * The TLB is modelled by its worst case: a vcpu may hold any translation that its tables offered
 * while they were in force, until a flush or a load of base tables. What Xen itself flushes is
 * modelled too: when a frame changes its type, no vcpu keeps a translation of it.
 */
#include "model/model.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PRESENT     1ull
#define WRITE       2ull
#define ACCESSED    0x20ull
#define DIRTY       0x40ull
#define FRAME_MASK  0x000ffffffffff000ull
#define FRAME_SHIFT 12
#define PAGE        4096u

static uint32_t frame_of(uint64_t entry)
{
	return (uint32_t)((entry & FRAME_MASK) >> FRAME_SHIFT);
}

static void stale_drop(uint32_t vcpu, bool all, uint64_t address)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < model.stale_count; i++) {
		const struct model_stale *stale = &model.stale[i];

		if (stale->vcpu == vcpu &&
		    (all || stale->address == (address & ~(uint64_t)(PAGE - 1))))
			continue;
		model.stale[kept++] = *stale;
	}
	model.stale_count = kept;
}

static void stale_add(uint32_t vcpu, uint64_t address, uint64_t old)
{
	if (model.stale_count == MODEL_STALE)
		world_violation("model: more stale translations than it has room for");
	model.stale[model.stale_count++] = (struct model_stale){
	    .vcpu = vcpu, .mfn = frame_of(old), .address = address, .writable = old & WRITE};
}

/* Every address at which `vcpu` reaches entry `idx` of leaf table `table`, noted as stale. */
static void stale_note(uint32_t vcpu, uint32_t at, unsigned int level, uint64_t address,
                       uint32_t table, unsigned int idx, uint64_t old)
{
	const struct model_format *f = model.format;

	if (level == 1) {
		if (at == table)
			stale_add(vcpu, address + ((uint64_t)idx << f->shift[1]), old);
		return;
	}
	unsigned int slots = level == f->levels ? f->user_slots : f->entries[level];

	for (unsigned int i = 0; i < slots; i++) {
		uint64_t entry = model_entry(at, i);

		if ((entry & PRESENT) && !model_slot_is_xens(level, i))
			stale_note(vcpu, frame_of(entry), level - 1,
			           address + ((uint64_t)i << f->shift[level]), table, idx, old);
	}
}

static void leaf_changed(uint32_t table, unsigned int idx, uint64_t old, uint64_t value)
{
	bool same_frame = (value & PRESENT) && frame_of(old) == frame_of(value);

	if (!(old & PRESENT) || (same_frame && !((old & ~value) & WRITE)))
		return;
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		if (model.vcpus[i].base != MODEL_NONE)
			stale_note(i, model.vcpus[i].base, model.format->levels, 0, table, idx,
			           old);
}

/* A frame takes on a new type: Xen has flushed whoever might hold a translation of it as it was. */
static void type_changed(uint32_t mfn)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < model.stale_count; i++)
		if (model.stale[i].mfn != mfn)
			model.stale[kept++] = model.stale[i];
	model.stale_count = kept;
}

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
	if (model_slot_is_xens(level, idx))
		return -EINVAL;
	if (keep_ad && (value & PRESENT) && (old & PRESENT))
		value |= old & (ACCESSED | DIRTY);
	bool kernel_l2 = model_slot_is_kernel_l2(level, idx);
	bool same = frame_of(old) == frame_of(value) && (old & PRESENT) && (value & PRESENT) &&
	            (level > 1 || !((old ^ value) & WRITE));

	if (!same) {
		uint8_t before = (value & PRESENT) && frame_of(value) < MODEL_FRAMES
		                     ? model.frames[frame_of(value)].type
		                     : TYPE_NONE;
		long result = model_get_entry(value, level, kernel_l2);

		if (result != 0)
			return result;
		if ((value & PRESENT) && model.frames[frame_of(value)].type != before)
			type_changed(frame_of(value));
	}
	model_entry_write(table, idx, value);
	if (level == 1)
		leaf_changed(table, idx, old, value);
	if (!same)
		model_put_entry(old, level);
	return 0;
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
	result = model_get_entry(value, 1, false);
	if (result != 0)
		return result;
	model_put_entry(old, 1);
	model.direct[pfn] = value;
	if (mprotect(model_direct_map + (size_t)pfn * PAGE, PAGE,
	             value & WRITE ? PROT_READ | PROT_WRITE : PROT_READ) != 0)
		world_violation("mprotect failed");
	return 0;
}

static long flush_by_flags(uint64_t va, unsigned long flags)
{
	unsigned long what = flags & UVMF_FLUSHTYPE_MASK;

	if (what == UVMF_NONE)
		return 0;
	if (what != UVMF_TLB_FLUSH && what != UVMF_INVLPG)
		return -EINVAL;
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		if ((flags & UVMF_ALL) || i == world_this_vcpu())
			stale_drop(i, what == UVMF_TLB_FLUSH, va);
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
	result = model_change_entry(table, (unsigned int)(va >> 12) % f->entries[1], value, false);
	return result != 0 ? result : flush_by_flags(va, flags);
}

static long pin(uint32_t mfn, unsigned int level)
{
	struct model_frame *frame = &model.frames[mfn];
	uint8_t before = frame->type;

	if (level > model.format->levels)
		return -EINVAL;
	long result = model_get_type(mfn, (enum model_type)level, false);

	if (result != 0)
		return result;
	if (frame->pinned) {
		model_put_type(mfn);
		return -EINVAL;
	}
	frame->pinned = true;
	frame->refs++;
	if (frame->type != before)
		type_changed(mfn);
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
	stale_drop(vcpu, true, 0);
	model_drop_base(base);
	*base = mfn;
	return 0;
}

static long load_user(uint32_t *base, unsigned long mfn)
{
	if (mfn >= MODEL_FRAMES)
		return -EINVAL;
	if (mfn != 0)
		return model_load_base(world_this_vcpu(), base, (uint32_t)mfn);
	model_drop_base(base);
	return 0;
}

static long flush_vcpus(const struct mmuext_op *op, bool all_vcpus, bool page)
{
	unsigned long mask = ~0ul;

	if (!all_vcpus) {
		const void *pointer;

		memcpy(&pointer, &op->arg2.vcpumask, sizeof(pointer));
		memcpy(&mask, pointer, sizeof(mask));
	}
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		if (mask & (1ul << i))
			stale_drop(i, !page, page ? op->arg1.linear_addr : 0);
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
		return model.format->user_top ? load_user(&vcpu->user_base, mfn) : -EOPNOTSUPP;
	case MMUEXT_TLB_FLUSH_LOCAL:
		stale_drop(world_this_vcpu(), true, 0);
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		stale_drop(world_this_vcpu(), false, op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_vcpus(op, false, op->cmd == MMUEXT_INVLPG_MULTI);
	case MMUEXT_TLB_FLUSH_ALL:
	case MMUEXT_INVLPG_ALL:
		return flush_vcpus(op, true, op->cmd == MMUEXT_INVLPG_ALL);
	default:
		return -ENOSYS;
	}
}

void model_check_reuse(uint32_t mfn)
{
	for (unsigned int i = 0; i < model.stale_count; i++)
		if (model.stale[i].mfn == mfn)
			world_violation("frame %u (pfn %u) is given away while vcpu %u may still "
			                "reach it at %#llx",
			                mfn, model_pfn(mfn), model.stale[i].vcpu,
			                (unsigned long long)model.stale[i].address);
}
