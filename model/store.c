/* SPDX-License-Identifier: MIT */
/*
 * A store of the guest's to a leaf table in use, carried out as Xen would: checked as a request,
 * and counted.
 *
 * The guest's view of the table is read-only, so the store faults. The world lets the one
 * instruction run on a view that is writable for so long, and then asks for what it did; the
 * instruction itself needs no decoding. Only a leaf table's entries are emulated; Xen lets a store
 * to an upper table fault in every case.
 */
#include "model/internal.h"

#include <string.h>
#include <sys/mman.h>

#define SPAN_BYTES 16u /* what one store may touch */

/* The store under way: nothing else happens before it ends. */
static struct {
	uint32_t pfn;
	unsigned int offset;
	char before[SPAN_BYTES];
} store;

static void protect(int rights)
{
	if (mprotect(model_direct_map + (size_t)store.pfn * PAGE, PAGE, rights) != 0)
		world_violation("mprotect failed");
}

static char *span(void)
{
	return model_frame_memory(model_mfn(store.pfn)) + store.offset;
}

bool model_store_begin(const void *address)
{
	uintptr_t at = (uintptr_t)address - (uintptr_t)model_direct_map;
	const struct model_frame *frame;

	if (at >= model_memory_bytes())
		return false;
	frame = &model.frames[model_mfn((uint32_t)(at / PAGE))];
	if (frame->type != TYPE_L1 || frame->type_count == 0)
		return false;
	store.pfn = (uint32_t)(at / PAGE);
	store.offset = (unsigned int)(at % PAGE) & ~(SPAN_BYTES - 1);
	memcpy(store.before, span(), SPAN_BYTES);
	protect(PROT_READ | PROT_WRITE);
	return true;
}

bool model_store_end(void)
{
	unsigned int width = model.format->entry_bytes;
	char after[SPAN_BYTES];
	bool taken = true;

	protect(PROT_READ);
	memcpy(after, span(), SPAN_BYTES);
	memcpy(span(), store.before, SPAN_BYTES);
	for (unsigned int i = 0; i < SPAN_BYTES; i += width) {
		uint64_t value = 0;

		if (memcmp(after + i, store.before + i, width) == 0)
			continue;
		memcpy(&value, after + i, width);
		taken &= model_change_entry(model_mfn(store.pfn), (store.offset + i) / width, value,
		                            false) == 0;
	}
	model.emulated_stores++;
	return taken;
}
