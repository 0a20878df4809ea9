/* SPDX-License-Identifier: MIT */
/*
 * What a vcpu may still hold of tables that have changed: translations, and the upper entries that
 * lead to them.
 *
 * Modelled by its worst case. A vcpu may hold anything that its tables offered while they were in
 * force, until a flush reaches it or it loads a base table of kernel mode (that of user mode drops
 * nothing, as user translations are global): when an entry goes away or loses the right to write,
 * all that was reached through it becomes stale for every vcpu whose tables lead to that entry. An
 * upper entry is held as well as a leaf's, so a vcpu may walk a table that is not linked any more;
 * such a table must not be given away, not be linked at another place, and get no entry. Another
 * link for reading to a table that is in use elsewhere is no new use of it. What Xen itself flushes
 * is modelled too: when a frame changes its type, nobody keeps anything of it.
 */
#include "model/internal.h"

#include <string.h>

/* A change of one entry, and the vcpu whose view of it is looked at. */
struct change {
	uint32_t table;
	unsigned int level, idx;
	uint64_t old, value;
	uint32_t vcpu;
};

/* The first `kept` stay. What is behind them is as it was at first: histories leave no mark. */
static void keep(unsigned int kept)
{
	memset(&model.stale[kept], 0, (model.stale_count - kept) * sizeof(model.stale[0]));
	model.stale_count = kept;
}

void model_tlb_drop(uint32_t vcpu, bool all, uint64_t address)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < model.stale_count; i++) {
		const struct model_stale *stale = &model.stale[i];

		/* A flush of one page drops all upper entries that the vcpu holds, too. */
		if (stale->vcpu == vcpu &&
		    (all || stale->table || stale->address == (address & ~(uint64_t)(PAGE - 1))))
			continue;
		model.stale[kept++] = *stale;
	}
	keep(kept);
}

void model_tlb_type_changed(uint32_t mfn)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < model.stale_count; i++)
		if (model.stale[i].mfn != mfn)
			model.stale[kept++] = model.stale[i];
	keep(kept);
}

static void add(uint32_t vcpu, uint64_t address, uint64_t entry, bool writable, bool table)
{
	for (unsigned int i = 0; i < model.stale_count; i++) {
		struct model_stale *stale = &model.stale[i];

		if (stale->vcpu != vcpu || stale->address != address || stale->table != table ||
		    stale->mfn != frame_of(entry))
			continue;
		stale->writable |= writable;
		return;
	}
	if (model.stale_count == MODEL_STALE)
		world_violation("model: more stale translations than it has room for");
	model.stale[model.stale_count++] = (struct model_stale){.vcpu = vcpu,
	                                                        .mfn = frame_of(entry),
	                                                        .address = address,
	                                                        .writable = writable,
	                                                        .table = table};
}

/* An entry of `level` that was reached at `address`: it and all below it are stale. With
 * `only_writable` nothing but the right to write has gone. */
static void add_below(uint32_t vcpu, uint64_t address, unsigned int level, uint64_t entry,
                      bool writable, bool only_writable)
{
	const struct model_format *f = model.format;

	writable = writable && ((entry & WRITE) || (level == f->levels && !f->top_has_rights));
	if (!(entry & PRESENT) || (only_writable && !writable))
		return;
	if (level == 1) {
		add(vcpu, address, entry, writable, false);
		return;
	}
	add(vcpu, address, entry, writable, true);
	for (unsigned int i = 0; i < f->entries[level - 1]; i++)
		add_below(vcpu, address + ((uint64_t)i << f->shift[level - 1]), level - 1,
		          model_entry(frame_of(entry), i), writable, only_writable);
}

/* Every address at which the vcpu reaches the changed entry. */
static void note(const struct change *change, uint32_t at, unsigned int level, uint64_t address,
                 bool writable)
{
	const struct model_format *f = model.format;
	bool gone = !(change->value & PRESENT) || frame_of(change->old) != frame_of(change->value);

	if (level == change->level) {
		if (at == change->table)
			add_below(change->vcpu,
			          address + ((uint64_t)change->idx << f->shift[level]), level,
			          change->old, writable, !gone);
		return;
	}
	unsigned int slots = level == f->levels ? f->user_slots : f->entries[level];

	for (unsigned int i = 0; i < slots; i++) {
		uint64_t entry = model_entry(at, i);
		bool may_write = (entry & WRITE) || (level == f->levels && !f->top_has_rights);

		if ((entry & PRESENT) && !model_slot_is_xens(at, level, i))
			note(change, frame_of(entry), level - 1,
			     address + ((uint64_t)i << f->shift[level]), writable && may_write);
	}
}

/* Whether these tables lead to table `mfn` of `level` at this address. */
static bool top_leads_to(uint32_t at, uint64_t address, unsigned int level, uint32_t mfn)
{
	const struct model_format *f = model.format;

	for (unsigned int l = f->levels; at != MODEL_NONE && l > level; l--) {
		uint64_t entry =
		    model_entry(at, (unsigned int)(address >> f->shift[l]) % f->entries[l]);

		at = entry & PRESENT ? frame_of(entry) : MODEL_NONE;
	}
	return at == mfn;
}

static bool leads_to(const struct model_stale *stale, unsigned int level)
{
	const struct model_vcpu *vcpu = &model.vcpus[stale->vcpu];

	return top_leads_to(vcpu->base, stale->address, level, stale->mfn) ||
	       top_leads_to(vcpu->user_base, stale->address, level, stale->mfn);
}

_Noreturn static void report_walk(const struct model_stale *stale, const char *what)
{
	world_violation("table frame %u (pfn %u) %s while vcpu %u may still walk it at %#llx",
	                stale->mfn, model_pfn(stale->mfn), what, stale->vcpu,
	                (unsigned long long)stale->address);
}

/* A vcpu that is inside Xen may be on its way to a flush: it is held to it when it comes back. */
static void check_walks(uint32_t mfn, unsigned int level, const char *what)
{
	for (unsigned int i = 0; i < model.stale_count && !model.reuse_allowed; i++) {
		struct model_stale *stale = &model.stale[i];

		if (!stale->table || stale->mfn != mfn || leads_to(stale, level))
			continue;
		if (!model.vcpus[stale->vcpu].in_call || stale->vcpu == world_this_vcpu())
			report_walk(stale, what);
		stale->reused = true;
	}
}

void model_tlb_call_ends(uint32_t vcpu)
{
	for (unsigned int i = 0; i < model.stale_count; i++)
		if (model.stale[i].vcpu == vcpu && model.stale[i].reused)
			report_walk(&model.stale[i], "was put to a new use");
}

/* A table that has a link already and gets another for reading is what it was. */
void model_tlb_linked(uint32_t mfn, unsigned int level, bool writable)
{
	const struct model_frame *frame = &model.frames[mfn];

	if (writable || frame->type_count - frame->pinned < 2)
		check_walks(mfn, level, "is put to a new use");
}

/* An entry offers more than before. A vcpu that walks the table where it was linked must not see
 * it; one that still takes a link for writable may write through it. */
static void offered(uint32_t table, unsigned int level, unsigned int idx, uint64_t value)
{
	const unsigned int count = model.stale_count;

	check_walks(table, level, "has a new entry");
	for (unsigned int i = 0; i < count; i++) {
		const struct model_stale stale = model.stale[i];

		if (stale.table && stale.mfn == table && stale.writable)
			add_below(stale.vcpu,
			          stale.address + ((uint64_t)idx << model.format->shift[level]),
			          level, value, true, true);
	}
}

void model_tlb_entry_changed(uint32_t table, unsigned int level, unsigned int idx, uint64_t old,
                             uint64_t value)
{
	const struct model_format *f = model.format;
	bool same_frame = (value & PRESENT) && frame_of(old) == frame_of(value);

	if ((value & PRESENT) && (!(old & PRESENT) || !same_frame || ((value & ~old) & WRITE)))
		offered(table, level, idx, value);
	if (!(old & PRESENT) || (same_frame && !((old & ~value) & WRITE)))
		return;
	if (level == f->levels && idx >= f->user_slots)
		return; /* the kernel's own half, which is not modelled as tables */
	for (unsigned int i = 0; i < model.vcpu_count; i++) {
		struct change change = {table, level, idx, old, value, i};
		const uint32_t tops[2] = {model.vcpus[i].base, model.vcpus[i].user_base};

		/* All was dropped with the load, and user mode's table is used only there. */
		for (unsigned int n = 0; n < (model.vcpus[i].just_loaded ? 1u : 2u); n++)
			if (tops[n] != MODEL_NONE)
				note(&change, tops[n], f->levels, 0, true);
	}
}

void model_tlb_user_top_left(uint32_t vcpu, uint32_t top)
{
	const struct model_format *f = model.format;
	unsigned int before = model.stale_count;

	/* A load of kernel mode's in the same call has dropped all, and user mode has not run
	 * since. */
	if (model.vcpus[vcpu].just_loaded)
		return;
	for (unsigned int i = 0; i < f->user_slots; i++)
		if (!model_slot_is_xens(top, f->levels, i))
			add_below(vcpu, (uint64_t)i << f->shift[f->levels], f->levels,
			          model_entry(top, i), true, false);
	for (unsigned int i = before; i < model.stale_count; i++)
		model.stale[i].left = true;
}

void model_check_reuse(uint32_t mfn)
{
	for (unsigned int i = 0; i < model.stale_count; i++)
		if (model.stale[i].mfn == mfn)
			world_violation("frame %u (pfn %u) is given away while vcpu %u may still "
			                "%s it at %#llx",
			                mfn, model_pfn(mfn), model.stale[i].vcpu,
			                model.stale[i].table ? "walk" : "reach",
			                (unsigned long long)model.stale[i].address);
}

uint32_t model_walk(uint32_t top, uint64_t address, bool write, bool user)
{
	const struct model_format *f = model.format;
	uint32_t at = top;

	for (unsigned int level = f->levels; level >= 1 && at != MODEL_NONE; level--) {
		uint64_t entry =
		    model_entry(at, (unsigned int)(address >> f->shift[level]) % f->entries[level]);
		uint64_t rights = level == f->levels && !f->top_has_rights
		                      ? 0
		                      : (write ? WRITE : 0) | (user ? USER : 0);

		at = (entry & PRESENT) && (entry & rights) == rights ? frame_of(entry) : MODEL_NONE;
	}
	return at;
}

uint32_t model_kernel_frame(uint64_t address)
{
	uint64_t direct = address - (uint64_t)(uintptr_t)model_direct_map;

	if (direct < model_memory_bytes())
		return model_mfn((uint32_t)(direct / PAGE));
	return model_walk(model.vcpus[world_this_vcpu()].base, address, false, false);
}

uint32_t model_reach(unsigned int vcpu, uint64_t address, bool write, bool stale)
{
	address &= ~(uint64_t)(PAGE - 1);
	for (unsigned int i = 0; stale && i < model.stale_count; i++) {
		const struct model_stale *entry = &model.stale[i];

		if (entry->vcpu == vcpu && !entry->table && entry->address == address &&
		    (entry->writable || !write))
			return entry->mfn;
	}
	if (stale)
		return MODEL_NONE;
	return model_walk(model.format->user_top ? model.vcpus[vcpu].user_base
	                                         : model.vcpus[vcpu].base,
	                  address, write, true);
}
