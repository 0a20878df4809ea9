/* SPDX-License-Identifier: MIT */
/*
 * The sequences on the model: prints their lines. One argument: the number of seeds.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "tests/agree/sequence.h"

static struct shared_info shared;
static struct vcpu_info vcpu_info = {.evtchn_upcall_mask = 1};

void world_violation(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

unsigned int world_this_vcpu(void)
{
	return 0;
}

void world_step(const char *what)
{
	(void)what;
}

void world_upcall(void)
{
}

void world_sleep(const char *what, bool may_stay)
{
	(void)may_stay;
	world_violation("a sleep for ever: %s", what);
}

void world_wake(unsigned int vcpu)
{
	(void)vcpu;
}

static long call(unsigned long number, const void *arg)
{
	const unsigned long args[5] = {(unsigned long)arg, 1, 0, DOMID_SELF, 0};

	return model_hypercall(number, args);
}

static long update(unsigned int table, unsigned int idx, uint64_t value)
{
	struct mmu_update request = {.ptr = ((uint64_t)model_mfn(table) << 12) + idx * 8u,
	                             .val = value};

	return call(__HYPERVISOR_mmu_update, &request);
}

static long write_entry(unsigned int table, unsigned int idx, unsigned int frame, uint64_t flags)
{
	return update(table, idx, (uint64_t)model_mfn(frame) << 12 | flags);
}

static long clear_entry(unsigned int table, unsigned int idx)
{
	return update(table, idx, 0);
}

static long map_direct(unsigned int frame, bool writable)
{
	const unsigned long args[5] = {
	    (unsigned long)model_direct_map + frame * 4096ul,
	    (unsigned long)model_mfn(frame) << 12 | 1 | (writable ? 2 : 0), UVMF_INVLPG};

	return model_hypercall(__HYPERVISOR_update_va_mapping, args);
}

static long mmuext(unsigned int command, unsigned int frame)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = model_mfn(frame)};

	return call(__HYPERVISOR_mmuext_op, &op);
}

static long pin(unsigned int frame, unsigned int level)
{
	return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, frame);
}

static long unpin(unsigned int frame)
{
	return mmuext(MMUEXT_UNPIN_TABLE, frame);
}

static unsigned int read_entry(unsigned int table, unsigned int idx)
{
	uint64_t entry = model_entry(model_mfn(table), idx);
	unsigned int bits = (unsigned int)(entry & 3);

	if (entry & 1)
		bits += 16 + 4 * model_pfn((uint32_t)((entry & 0x000ffffffffff000ull) >> 12));
	return bits;
}

static void clear_frame(unsigned int frame)
{
	memset(model_frame_memory(model_mfn(frame)), 0, 4096);
}

int main(int argc, char **argv)
{
	static const struct agree_world world = {write_entry, clear_entry, map_direct, pin,
	                                         unpin,       read_entry,  clear_frame};
	static char line[1024];
	unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

	model_init(&model_full_format, 1, &shared);
	model.vcpus[0].info = &vcpu_info;
	for (unsigned long seed = 1; seed <= count; seed++) {
		if (!agree_run(&world, seed, line, sizeof(line)))
			world_violation("the frames do not become ordinary memory again, seed %lu",
			                seed);
		puts(line);
	}
	return 0;
}
