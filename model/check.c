/* SPDX-License-Identifier: MIT */
/*
 * Invariants by recount: everything that the model keeps up to date step by step is counted anew
 * from the contents of the frames, and must be the same. A mistake of the model's own would show
 * here as well as one of the guest's.
 */
#include "model/internal.h"

#include <string.h>

struct recount {
	uint32_t uses[MODEL_FRAMES];
	uint32_t refs[MODEL_FRAMES];
	uint32_t linear_entries[MODEL_FRAMES], linear_uses[MODEL_FRAMES];
};

static void count_entry(struct recount *r, uint32_t table, uint64_t entry, unsigned int level)
{
	if (!(entry & PRESENT))
		return;
	uint32_t mfn = frame_of(entry);

	if (mfn >= MODEL_FRAMES)
		world_violation("check: an entry holds frame %u, which does not exist", mfn);
	if (level > 1 && mfn == table)
		return;
	if (level > 1 && model.frames[mfn].type == level) {
		r->linear_entries[table]++;
		r->linear_uses[mfn]++;
	}
	r->refs[mfn]++;
	if (level > 1 || (entry & WRITE))
		r->uses[mfn]++;
}

static void count_table(struct recount *r, uint32_t mfn, unsigned int level)
{
	for (unsigned int i = 0; i < model.format->entries[level]; i++)
		if (!model_slot_is_xens(mfn, level, i))
			count_entry(r, mfn, model_entry(mfn, i), level);
}

static void count_all(struct recount *r)
{
	memset(r, 0, sizeof(*r));
	for (uint32_t mfn = 0; mfn < MODEL_FRAMES; mfn++) {
		const struct model_frame *frame = &model.frames[mfn];

		if (frame->type_count > 0 && frame->type >= TYPE_L1 && frame->type <= TYPE_L4)
			count_table(r, mfn, frame->type);
		if (frame->pinned) {
			r->uses[mfn]++;
			r->refs[mfn]++;
		}
	}
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++)
		count_entry(r, MODEL_NONE, model.direct[pfn], 1);
	for (unsigned int i = 0; i < model.vcpu_count; i++) {
		const struct model_vcpu *vcpu = &model.vcpus[i];
		const uint32_t used[5] = {vcpu->base, vcpu->user_base, vcpu->info_mfn,
		                          vcpu->run_record.mfn, vcpu->time_record.mfn};

		for (unsigned int n = 0; n < vcpu->gdt_frame_count; n++) {
			if (vcpu->gdt_frames[n] >= MODEL_FRAMES)
				continue;
			r->uses[vcpu->gdt_frames[n]]++;
			r->refs[vcpu->gdt_frames[n]]++;
		}
		for (unsigned int n = 0; n < MODEL_LDT_FRAMES; n++) {
			if (!(vcpu->ldt_used & (1u << n)) || vcpu->ldt_frames[n] >= MODEL_FRAMES)
				continue;
			r->uses[vcpu->ldt_frames[n]]++;
			r->refs[vcpu->ldt_frames[n]]++;
		}
		for (unsigned int n = 0; n < 5; n++) {
			if (used[n] >= MODEL_FRAMES)
				continue; /* none, or the image */
			r->uses[used[n]]++;
			r->refs[used[n]]++;
		}
	}
}

static void check_writable(uint32_t pfn)
{
	const struct model_frame *frame = &model.frames[model_mfn(pfn)];

	if ((model.direct[pfn] & WRITE) && frame->type_count > 0 && frame->type != TYPE_WRITABLE)
		world_violation("check: pfn %u is a page table or descriptors, and writable in "
		                "the direct map",
		                pfn);
}

/* A translation table of the guest's own, if the world has shown it, and Xen's. */
static void check_translation(uint32_t pfn)
{
	if (model.p2m && model.p2m[pfn] != model_mfn(pfn))
		world_violation("check: the guest's own table has pfn %u at frame %lu, it is %u",
		                pfn, model.p2m[pfn], model_mfn(pfn));
	if (model.m2p && model.m2p[model_mfn(pfn)] != pfn)
		world_violation("check: Xen's table has frame %u as pfn %lu, it is %u",
		                model_mfn(pfn), model.m2p[model_mfn(pfn)], pfn);
}

static void check_slot(const struct model_vcpu *vcpu, unsigned int i)
{
	const uint64_t ignored = ACCESSED | DIRTY;
	uint64_t kernels = model_entry(vcpu->base, i), users = model_entry(vcpu->user_base, i);

	if (model.format->tops_apart && (kernels & PRESENT))
		world_violation("check: slot %u of the kernel's top, frame %u, is user space", i,
		                vcpu->base);
	if (!model.format->tops_apart && (kernels | ignored) != (users | ignored))
		world_violation("check: slot %u of the kernel's top, frame %u, is not that "
		                "of user mode's, frame %u",
		                i, vcpu->base, vcpu->user_base);
}

void model_check_user_return(void)
{
	const struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	if (vcpu->base == MODEL_NONE || vcpu->user_base == MODEL_NONE)
		return;
	for (unsigned int i = 0; i < model.format->user_slots; i++)
		check_slot(vcpu, i);
	for (unsigned int i = 0; i < model.stale_count; i++)
		if (model.stale[i].left && model.stale[i].vcpu == world_this_vcpu())
			world_violation("user mode of vcpu %u may still %s frame %u at %#llx, of a "
			                "space that the vcpu has left",
			                model.stale[i].vcpu,
			                model.stale[i].table ? "walk" : "reach", model.stale[i].mfn,
			                (unsigned long long)model.stale[i].address);
}

void model_check(void)
{
	struct recount r;

	count_all(&r);
	for (uint32_t mfn = 0; mfn < MODEL_FRAMES; mfn++) {
		const struct model_frame *frame = &model.frames[mfn];

		if (frame->type_count != r.uses[mfn])
			world_violation("check: frame %u has %u uses as type %u, counted %u", mfn,
			                frame->type_count, frame->type, r.uses[mfn]);
		if (frame->refs != r.refs[mfn])
			world_violation("check: frame %u has %u references, counted %u", mfn,
			                frame->refs, r.refs[mfn]);
		if (frame->linear_entries != r.linear_entries[mfn] ||
		    frame->linear_uses != r.linear_uses[mfn])
			world_violation("check: frame %u has %u linear entries and %u linear uses, "
			                "counted %u and %u",
			                mfn, frame->linear_entries, frame->linear_uses,
			                r.linear_entries[mfn], r.linear_uses[mfn]);
		check_writable(model_pfn(mfn));
		check_translation(mfn);
	}
}
