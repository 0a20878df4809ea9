/* SPDX-License-Identifier: MIT */
/*
 * Where Xen keeps what it shares with each vcpu: its vcpu_info, and records of its states and of
 * time by machine address. Each is a use of the frame as memory that Xen writes.
 *
 * Here versions of Xen differ most, so the table of what differs is here: 4.17 on Debian 12, 4.20
 * on Debian 13, each compared with the real one.
 */
#include "model/internal.h"

#include <errno.h>
#include <string.h>

#include <xen/vcpu.h>

#ifndef VCPUOP_register_runstate_phys_area /* headers before 4.18 */
#define VCPUOP_register_runstate_phys_area  14
#define VCPUOP_register_vcpu_time_phys_area 15
#endif

#define ALIGNMENT sizeof(xen_ulong_t)

unsigned int model_xen = 417;

static const struct rules {
	unsigned int since; /* a version as in model_xen */
	bool physical;      /* the records by machine address are there */
	bool of_any;        /* a vcpu_info also of another vcpu that is up */
	bool again_first;   /* that it has a place counts before a wrong offset in the frame */
	long again;         /* the answer for one that has a place */
	long beyond;        /* for an offset behind the frame */
	long in_use;        /* for a frame that is no ordinary memory */
} versions[] = {
    {.since = 417, .again = -EINVAL, .beyond = -ENXIO, .in_use = -EINVAL},
    {.since = 418,
     .physical = true,
     .of_any = true,
     .again_first = true,
     .again = -EBUSY,
     .beyond = -EINVAL,
     .in_use = -EACCES},
};

static const struct rules *rules(void)
{
	return &versions[model_xen >= versions[1].since];
}

/* Use `bytes` at `offset` of a frame. The image's frames are never anything else but memory. */
static long take_place(uint64_t mfn, uint32_t offset, size_t bytes)
{
	if (offset > PAGE - bytes || offset % ALIGNMENT != 0)
		return -ENXIO;
	if (!model_memory_of(mfn))
		return -EINVAL;
	if (mfn >= MODEL_FRAMES)
		return 0;
	if (model_get_type((uint32_t)mfn, TYPE_WRITABLE, false) != 0)
		return rules()->in_use;
	model.frames[mfn].refs++;
	return 0;
}

static void leave_place(uint32_t mfn)
{
	if (mfn >= MODEL_FRAMES)
		return;
	model.frames[mfn].refs--;
	model_put_type(mfn);
}

long model_register_info(unsigned int number, const struct vcpu_register_vcpu_info *op)
{
	struct model_vcpu *vcpu = &model.vcpus[number];
	bool again = vcpu->info_mfn != MODEL_NONE;
	struct vcpu_info *info;
	long result;

	if (op->offset >= PAGE)
		return rules()->beyond;
	if (again && rules()->again_first)
		return rules()->again;
	if (op->offset > PAGE - sizeof(*info) || op->offset % ALIGNMENT != 0)
		return -ENXIO;
	if (again)
		return rules()->again;
	if (number != world_this_vcpu() && vcpu->up && !rules()->of_any)
		return -EINVAL;
	result = take_place(op->mfn, op->offset, sizeof(*info));
	if (result != 0)
		return result;
	info = (struct vcpu_info *)(void *)(model_memory_of(op->mfn) + op->offset);
	*info = *vcpu->info;
	vcpu->info = info;
	vcpu->info_mfn = (uint32_t)op->mfn;
	model_time_record(number);
	/* Whatever went to the old place meanwhile is looked for: nothing is lost. */
	info->evtchn_pending_sel = ~0ul;
	info->evtchn_upcall_pending = 0;
	model_vcpu_kick(number);
	return 0;
}

/* A record by its machine address, in place of the one before; ~0: none any more. */
static long register_record(struct model_record *record, uint64_t address, size_t bytes)
{
	uint32_t before = record->mfn;

	if (address == ~0ull) {
		*record = (struct model_record){.mfn = MODEL_NONE};
	} else {
		uint64_t mfn = address / PAGE;
		long result = take_place(mfn, (uint32_t)(address % PAGE), bytes);

		if (result != 0)
			return result;
		*record = (struct model_record){
		    .mfn = (uint32_t)mfn,
		    .at = model_memory_of(mfn) + address % PAGE,
		};
	}
	leave_place(before);
	return 0;
}

long model_register_record(unsigned int command, unsigned int number, const void *arg)
{
	struct model_vcpu *vcpu = &model.vcpus[number];
	uint64_t address;
	long result;

	if (!rules()->physical || (command != VCPUOP_register_runstate_phys_area &&
	                           command != VCPUOP_register_vcpu_time_phys_area))
		return -ENOSYS;
	if (!arg)
		return -EFAULT;
	memcpy(&address, arg, sizeof(address));
	if (command == VCPUOP_register_vcpu_time_phys_area) {
		result =
		    register_record(&vcpu->time_record, address, sizeof(struct vcpu_time_info));
		if (result == 0)
			model_time_record(number);
		return result;
	}
	result = register_record(&vcpu->run_record, address, sizeof(struct vcpu_runstate_info));
	if (result == 0 && vcpu->run_record.at && number == world_this_vcpu()) {
		struct vcpu_runstate_info run = model_runstate(number);

		memcpy(vcpu->run_record.at, &run, sizeof(run));
	}
	return result;
}
