/* SPDX-License-Identifier: MIT */
/*
 * Memory calls: see calls.h.
 */
#include "tests/agree/calls.h"

#include "lib/string.h"

static const struct agree_world *world;

void calls_begin(const struct agree_world *the_world)
{
	world = the_world;
}

uint64_t entry_of(unsigned int frame, uint64_t flags)
{
	return world->mfn(frame) << 12 | flags;
}

uint64_t entry_address(unsigned int table, unsigned int idx)
{
	return (world->mfn(table) << 12) + idx * 8u;
}

long call_update(unsigned int table, unsigned int idx, uint64_t value)
{
	struct mmu_update request = {.ptr = entry_address(table, idx), .val = value};

	return world->call(__HYPERVISOR_mmu_update, (unsigned long)&request, 1, 0, DOMID_SELF);
}

long call_map(unsigned long address, uint64_t value)
{
	if (sizeof(long) == 4)
		return world->call(__HYPERVISOR_update_va_mapping, address, (unsigned long)value,
		                   (unsigned long)(value >> 32), UVMF_INVLPG);
	return world->call(__HYPERVISOR_update_va_mapping, address, (unsigned long)value,
	                   UVMF_INVLPG, 0);
}

long call_map_direct(unsigned int frame, bool writable)
{
	uint64_t flags = PRESENT | ACCESSED | DIRTY | NO_EXECUTE | (writable ? WRITE : 0);

	return call_map((unsigned long)world->memory(frame), entry_of(frame, flags));
}

long call_mmuext(unsigned int command, unsigned int frame)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = (xen_pfn_t)world->mfn(frame)};

	return world->call(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF);
}

long call_pin(unsigned int frame, unsigned int level)
{
	return call_mmuext(MMUEXT_PIN_L1_TABLE + level - 1, frame);
}

long call_unpin(unsigned int frame)
{
	return call_mmuext(MMUEXT_UNPIN_TABLE, frame);
}

bool frames_back(void)
{
	unsigned int left = AGREE_FRAMES;

	for (unsigned int round = 0; round < 5 && left > 0; round++) {
		left = 0;
		for (unsigned int i = 0; i < AGREE_FRAMES; i++)
			left += call_map_direct(i, true) != 0;
	}
	for (unsigned int i = 0; i < AGREE_FRAMES && left == 0; i++)
		memset(world->memory(i), 0, 4096);
	return left == 0;
}
