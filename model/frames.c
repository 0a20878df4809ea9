/* SPDX-License-Identifier: MIT */
/*
 * Frames and their types: see model.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "model/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OF_KERNEL (1ull << 52)

/* The shapes are Xen's; tables have 8 entries where the processor's have 512 or 1024, so that a
 * walk is a few steps of a schedule and not hundreds. Nothing in the rules depends on the
 * number. */
const struct model_format model_formats[4] = {
    {"4-level", 4, {0, 8, 8, 8, 8}, {0, 12, 15, 18, 21}, 8, 4, 4, 4, true, true, false, 0},
    {"PAE", 3, {0, 8, 8, 4, 0}, {0, 12, 15, 18, 0}, 8, 3, 1, 0, false, false, false, 0},
    {"2-level", 2, {0, 8, 8, 0, 0}, {0, 12, 15, 0, 0}, 4, 6, 7, 7, true, false, false, 0},
    {"4-level-apart", 4, {0, 8, 8, 8, 8}, {0, 12, 15, 18, 21}, 8, 4, 4, 4, true, true, true, 0},
};

const struct model_format model_full_format = {
    "4-level", 4, {0, 512, 512, 512, 512}, {0, 12, 21, 30, 39}, 8, 256, 256, 271, true, true,
    false,     0};
const struct model_format model_full_pae = {
    "PAE", 3, {0, 512, 512, 4, 0}, {0, 12, 21, 30, 0}, 8, 3, 1, 0, false, false, false, 428};

struct model model;
char *model_direct_map;
static char *memory;

char *model_memory(void)
{
	return memory;
}

size_t model_memory_bytes(void)
{
	return (size_t)MODEL_FRAMES * PAGE;
}

/* Every frame has another number in the machine, so that one cannot be taken for the other. */
uint32_t model_mfn(uint32_t pfn)
{
	return (pfn * 7 + 13) % MODEL_FRAMES; /* 7 and the count have no common factor */
}

uint32_t model_pfn(uint32_t mfn)
{
	static uint32_t pfns[MODEL_FRAMES];

	if (pfns[model_mfn(1)] != 1)
		for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++)
			pfns[model_mfn(pfn)] = pfn;
	return pfns[mfn];
}

char *model_frame_memory(uint32_t mfn)
{
	return memory + (size_t)mfn * PAGE;
}

bool model_can_access(const void *pointer)
{
	return (uintptr_t)pointer >= PAGE; /* all of the process but its first page will do */
}

char *model_memory_of(uint64_t mfn)
{
	if (mfn < MODEL_FRAMES)
		return model.frames[mfn].owned ? model_frame_memory((uint32_t)mfn) : NULL;
	if (mfn >= MODEL_IMAGE_MFN && mfn - MODEL_IMAGE_MFN < model.image_pages)
		return model.image + (mfn - MODEL_IMAGE_MFN) * PAGE;
	return NULL;
}

static void map_memory(void)
{
	int fd = memfd_create("guest memory", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)model_memory_bytes()) != 0)
		abort();
	memory = mmap(NULL, model_memory_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	model_direct_map =
	    mmap(NULL, model_memory_bytes(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || model_direct_map == MAP_FAILED)
		abort();
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++)
		if (mmap(model_direct_map + (size_t)pfn * PAGE, PAGE, PROT_READ | PROT_WRITE,
		         MAP_SHARED | MAP_FIXED, fd, (off_t)model_mfn(pfn) * PAGE) == MAP_FAILED)
			abort();
	close(fd);
}

static void protect(uint32_t pfn, bool writable)
{
	if (mprotect(model_direct_map + (size_t)pfn * PAGE, PAGE,
	             writable ? PROT_READ | PROT_WRITE : PROT_READ) != 0)
		abort();
}

void model_direct_map_settle(const struct model *before)
{
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++)
		if ((model.direct[pfn] ^ before->direct[pfn]) & WRITE)
			protect(pfn, model.direct[pfn] & WRITE);
}

void model_init(const struct model_format *format, unsigned int vcpus, struct shared_info *shared)
{
	if (!memory)
		map_memory();
	memset(memory, 0, model_memory_bytes());
	memset(&model, 0, sizeof(model));
	model.format = format;
	model.vcpu_count = vcpus;
	model.shared = shared;
	model.shared_infos = XEN_LEGACY_MAX_VCPUS;
	model.ports_known = 64;
	for (unsigned int i = 0; i < vcpus; i++)
		model_vcpu_reset(i);
	model_vcpu_set_up(0);
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++) {
		uint32_t mfn = model_mfn(pfn);

		model.frames[mfn].owned = true;
		model.direct[pfn] = (uint64_t)mfn << FRAME_SHIFT | PRESENT | WRITE;
		model.frames[mfn].refs = 1;
		model.frames[mfn].type = model.frames[mfn].last_type = TYPE_WRITABLE;
		model.frames[mfn].type_count = 1;
		protect(pfn, true);
	}
}

uint64_t model_entry(uint32_t mfn, unsigned int idx)
{
	uint64_t value = 0;

	memcpy(&value, model_frame_memory(mfn) + (size_t)idx * model.format->entry_bytes,
	       model.format->entry_bytes);
	return value;
}

void model_entry_write(uint32_t mfn, unsigned int idx, uint64_t value)
{
	memcpy(model_frame_memory(mfn) + (size_t)idx * model.format->entry_bytes, &value,
	       model.format->entry_bytes);
}

bool model_slot_is_xens(uint32_t table, unsigned int level, unsigned int idx)
{
	const struct model_format *f = model.format;

	if (model.frames[table].kernel_l2 && level == 2 && f->kernel_l2_xen_first != 0)
		return idx >= f->kernel_l2_xen_first;
	return level == f->levels && f->xen_slot_first <= f->xen_slot_last &&
	       idx >= f->xen_slot_first && idx <= f->xen_slot_last;
}

bool model_slot_is_kernel_l2(unsigned int level, unsigned int idx)
{
	return model.format->levels == 3 && level == 3 && idx == 3;
}

static bool is_table(enum model_type type)
{
	return type >= TYPE_L1 && type <= TYPE_L4;
}

static bool is_pae_top(unsigned int level)
{
	return model.format->levels == 3 && level == 3;
}

uint64_t model_adjust(uint64_t entry, unsigned int level)
{
	if (!(entry & PRESENT))
		return entry;
	if (is_pae_top(level))
		return entry | WRITE | USER; /* Xen's own entry, of four levels, has rights */
	if (!model.format->user_top)
		return entry;
	if (level > 1)
		return entry | USER;
	if ((entry & USER) && !(entry & OF_KERNEL))
		return entry | GLOBAL;
	return entry | OF_KERNEL | USER;
}

static long take_entry(uint32_t mfn, unsigned int level, unsigned int idx)
{
	uint64_t entry = model_entry(mfn, idx);
	bool kernel_l2 = model_slot_is_kernel_l2(level, idx);
	long result;

	if (model_slot_is_xens(mfn, level, idx))
		return 0;
	if (entry & PRESENT)
		model_half_way("takes an entry of a table");
	if (kernel_l2 && !(entry & PRESENT))
		return -EINVAL; /* the kernel's table must be there */
	result = model_get_entry(mfn, level, entry, kernel_l2);
	if (result == 0)
		model_entry_write(mfn, idx, model_adjust(entry, level));
	return result;
}

static void drop_entry(uint32_t mfn, unsigned int level, unsigned int idx)
{
	uint64_t entry = model_entry(mfn, idx);

	if (model_slot_is_xens(mfn, level, idx))
		return;
	if (entry & PRESENT)
		model_half_way("drops an entry of a table");
	model_put_entry(mfn, level, entry);
	if (is_pae_top(level) && (entry & PRESENT))
		model_entry_write(mfn, idx, entry & ~(WRITE | USER | ACCESSED));
}

/* Validation: all that the table refers to becomes used as what the table makes of it. Undone
 * when an entry is refused. The processor sees all of a PAE top as one of its own tables: what is
 * behind the four entries is cleared. */
static long validate(uint32_t mfn, unsigned int level)
{
	unsigned int bytes = model.format->entries[level] * model.format->entry_bytes;

	if (is_pae_top(level))
		memset(model_frame_memory(mfn) + bytes, 0, PAGE - bytes);
	model_half_way("becomes a table");
	for (unsigned int i = 0; i < model.format->entries[level]; i++) {
		long result = take_entry(mfn, level, i);

		if (result == 0)
			continue;
		while (i-- > 0)
			drop_entry(mfn, level, i);
		return result;
	}
	model_half_way("is a table, and not yet used");
	return 0;
}

/* Xen puts entries of its own into a 4-level top, and leaves them there when it is one no more. */
static void fill_xens_slots(uint32_t mfn)
{
	for (unsigned int i = 0; i < model.format->entries[model.format->levels]; i++)
		if (model_slot_is_xens(mfn, model.format->levels, i))
			model_entry_write(mfn, i,
			                  MODEL_XENS_FRAME << FRAME_SHIFT | PRESENT | WRITE);
}

static void devalidate(uint32_t mfn, unsigned int level)
{
	model_half_way("ceases to be a table");
	for (unsigned int i = 0; i < model.format->entries[level]; i++)
		drop_entry(mfn, level, i);
	model_half_way("is no table any more, and still used");
}

/* A use that another vcpu's validation has not decided yet is waited for; one as something else is
 * refused at once. */
long model_get_type(uint32_t mfn, enum model_type type, bool kernel_l2)
{
	struct model_frame *frame = &model.frames[mfn];

	while (frame->changing && frame->type == type && frame->kernel_l2 == kernel_l2)
		world_spin("waits for a table");
	if (frame->type_count > 0) {
		if (frame->type != type || frame->kernel_l2 != kernel_l2 || kernel_l2)
			return -EINVAL; /* a kernel L2 has one use at most */
		frame->type_count++;
		return 0;
	}
	if (frame->last_type != type)
		model_tlb_type_changed(mfn);
	frame->last_type = (uint8_t)type;
	/* It counts as the table that it is becoming: an entry that maps it writable is refused. */
	frame->type = (uint8_t)type;
	frame->kernel_l2 = kernel_l2;
	frame->type_count = 1;
	frame->changing = is_table(type);
	long result = is_table(type)             ? validate(mfn, (unsigned int)type)
	              : type == TYPE_DESCRIPTORS ? model_validate_descriptors(mfn)
	                                         : 0;

	if (result == 0 && (unsigned int)type == model.format->levels && model.format->user_top)
		fill_xens_slots(mfn);
	if (result != 0)
		model_half_way("is refused as a table");
	frame->changing = false;
	if (result != 0) {
		frame->type = TYPE_NONE;
		frame->kernel_l2 = false;
		frame->type_count = 0;
	}
	return result;
}

void model_put_type(uint32_t mfn)
{
	struct model_frame *frame = &model.frames[mfn];

	while (frame->type_count == 1 && frame->locked)
		world_spin("waits for a locked frame");
	if (frame->type_count == 0)
		world_violation("model: frame %u has no use to end", mfn);
	if (frame->type_count > 1) {
		frame->type_count--;
		return;
	}
	if (is_table(frame->type)) {
		frame->changing = true;
		devalidate(mfn, frame->type);
		frame->changing = false;
	}
	frame->type_count = 0;
	frame->type = TYPE_NONE;
	frame->kernel_l2 = false;
}

bool model_lock_frame(uint32_t mfn)
{
	struct model_frame *frame = &model.frames[mfn];

	while (frame->locked)
		world_spin("waits for a locked frame");
	if (frame->type_count == 0 || frame->changing)
		return false;
	frame->locked = true;
	return true;
}

void model_unlock_frame(uint32_t mfn)
{
	model.frames[mfn].locked = false;
}
