/* SPDX-License-Identifier: MIT */
/*
 * What a present entry of a table uses: a frame as data, a table of the level below, or, read-only,
 * a table of its own level.
 *
 * The last kind is a linear page table. An entry that leads to its own table counts as nothing;
 * one that leads to another is a use of that as what it already is. A table has linear entries or
 * is used by them, never both, so that there are no chains.
 */
#include "model/internal.h"

#include <errno.h>

bool model_flags_allowed(uint64_t entry, unsigned int level)
{
	if (!(entry & PRESENT))
		return true;
	if (model.format->levels == 3 && level == 3 && (entry & NO_EXECUTE))
		return false;
	return level == 1 || !(entry & (LARGE | GLOBAL));
}

/* Of an entry that is no use as the level below. */
static long get_linear(uint32_t table, unsigned int level, uint64_t entry)
{
	uint32_t mfn = frame_of(entry);
	struct model_frame *from = &model.frames[table], *to = &model.frames[mfn];

	if ((model.format->levels == 3 && level == 3) || (entry & WRITE) || to->type != level ||
	    to->type_count == 0)
		return -EINVAL;
	if (mfn == table)
		return 0;
	if (to->changing || from->linear_uses > 0)
		return -EINVAL;
	from->linear_entries++;
	model_half_way("has a linear entry"); /* two that lead to each other may both be refused */
	if (to->type != level || to->changing || to->linear_entries > 0) {
		model_half_way("has a linear entry that is refused");
		from->linear_entries--;
		return -EINVAL;
	}
	to->linear_uses++;
	to->type_count++;
	to->refs++;
	return 0;
}

long model_get_entry(uint32_t table, unsigned int level, uint64_t entry, bool kernel_l2)
{
	if (!(entry & PRESENT))
		return 0;
	uint32_t mfn = frame_of(entry);

	if (mfn == MODEL_XENS_FRAME) /* a table of Xen's, for a leaf mapped writable */
		return level == 1 ? -EBUSY : -EINVAL;
	if (mfn >= MODEL_FRAMES || !model.frames[mfn].owned || !model_flags_allowed(entry, level))
		return -EINVAL;
	long result = 0;

	if (level > 1)
		result = model_get_type(mfn, (enum model_type)(level - 1), kernel_l2);
	else if ((entry & WRITE) && model_get_type(mfn, TYPE_WRITABLE, false) != 0)
		result = -EBUSY; /* a table mapped writable has an error of its own */
	if (level > 1 && result == -EINVAL)
		return get_linear(table, level, entry);
	if (result == 0)
		model.frames[mfn].refs++;
	return result;
}

void model_put_entry(uint32_t table, unsigned int level, uint64_t entry)
{
	uint32_t mfn = frame_of(entry);

	if (!(entry & PRESENT) || (level > 1 && mfn == table))
		return;
	if (level > 1 && model.frames[mfn].type == level) {
		model.frames[table].linear_entries--;
		model.frames[mfn].linear_uses--;
	}
	if (level > 1 || (entry & WRITE))
		model_put_type(mfn);
	model.frames[mfn].refs--;
}
