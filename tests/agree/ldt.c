/* SPDX-License-Identifier: MIT */
/*
 * What an LDT contains: Xen looks at a page of it when the processor first wants a descriptor
 * there. Frames 8 to 11 are such tables, one page each; the last has a descriptor that Xen does
 * not take.
 */
#include "tests/agree/calls.h"

#include "lib/string.h"

#define FIRST     8u
#define FRAMES    4u
#define OTHER_TOP 0u
#define LEAF      1u
#define BAD       0x0000890000000067ull /* a task's state */
#define SEGMENT   0x00cf92000000ffffull /* of the kernel's privilege, which Xen takes from it */

static const struct agree_world *world;

static unsigned int some_frame(void)
{
	return FIRST + pick(FRAMES);
}

static long set_ldt(void)
{
	static const unsigned int sizes[] = {0, 1, 2, 512};
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};
	unsigned int frame = some_frame(), size = sizes[pick(4)];

	op.arg1.linear_addr = (unsigned long)world->memory(frame);
	op.arg2.nr_ents = size;
	add(" ldt%u.%u=", frame, size);
	return world->call(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF);
}

/* The processor's own look at a descriptor: whether it gets there. */
static void use(void)
{
	static const unsigned int indices[] = {0, 1, 2, 255, 511, 512};
	unsigned int idx = indices[pick(6)];

	add(" use%u:%s ", idx, world->use_descriptor(idx << 3 | 7) ? "ok" : "fault");
}

static long set_gdt(void)
{
	unsigned int frame = some_frame(), entries = pick(3);
	unsigned long mfn = (unsigned long)world->mfn(frame);

	add(" gdt%u.%u=", frame, entries);
	return world->call(__HYPERVISOR_set_gdt, (unsigned long)&mfn, entries, 0, 0);
}

static long set_descriptor(void)
{
	unsigned int frame = some_frame(), idx = pick(3) * 255, kind = pick(3);
	uint64_t descriptor = kind == 0 ? BAD : kind == 1 ? SEGMENT : 0;

	add(" desc%u.%u.%u=", frame, idx, kind);
	return world->call(__HYPERVISOR_update_descriptor, entry_address(frame, idx), descriptor, 0,
	                   0);
}

/* A base table, the same or another, and flushes. */
static long load_or_flush(void)
{
	static const unsigned int commands[] = {MMUEXT_NEW_BASEPTR, MMUEXT_TLB_FLUSH_LOCAL,
	                                        MMUEXT_INVLPG_LOCAL};
	struct mmuext_op op = {.cmd = commands[pick(3)], .arg1.mfn = world->kernel_base};
	bool other = pick(2);

	if (other)
		op.arg1.mfn = world->mfn(OTHER_TOP);
	if (op.cmd == MMUEXT_INVLPG_LOCAL)
		op.arg1.linear_addr = (unsigned long)world->memory(some_frame());
	add(" op%u.%u=", op.cmd, other);
	return world->call(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF);
}

/* Another mapping of a descriptor table, for reading, comes and goes. */
static long map_elsewhere(void)
{
	unsigned int frame = some_frame(), idx = pick(2);
	uint64_t value = pick(2) ? entry_of(frame, PRESENT | USER) : 0;

	add(" else%u.%u=", idx, value != 0 ? frame : 0);
	return call_update(LEAF, idx, value);
}

static long one_call(void)
{
	unsigned int frame = some_frame();
	bool writable;

	switch (pick(10)) {
	case 0:
	case 1:
		return set_ldt();
	case 2:
	case 3:
	case 4:
		writable = pick(2);
		add(" map%u.%u=", frame, writable);
		return call_map_direct(frame, writable);
	case 5:
		return set_gdt();
	case 6:
	case 7:
		return set_descriptor();
	case 8:
		return load_or_flush();
	default:
		return map_elsewhere();
	}
}

bool agree_ldt(const struct agree_world *the_world)
{
	struct mmuext_op ops[2] = {{.cmd = MMUEXT_SET_LDT}, {.cmd = MMUEXT_NEW_BASEPTR}};
	uint64_t segment = SEGMENT, bad = BAD;

	world = the_world;
	calls_begin(the_world);
	for (unsigned int i = FIRST; i < FIRST + FRAMES; i++)
		memcpy(world->memory(i) + 8, &segment, sizeof(segment));
	memcpy(world->memory(FIRST + FRAMES - 1) + 300 * 8, &bad, sizeof(bad));
	world->copy_kernel_half(world->memory(OTHER_TOP));
	for (unsigned int i = OTHER_TOP; i <= LEAF; i++)
		add_result(call_map_direct(i, false));
	add_result(call_pin(OTHER_TOP, 4));
	add_result(call_pin(LEAF, 1));
	for (unsigned int i = 0; i < AGREE_CALLS; i++) {
		add_result(one_call());
		if (pick(2))
			use();
	}
	add(" |");
	for (unsigned int i = FIRST; i < FIRST + FRAMES; i++) {
		memcpy(&segment, world->memory(i) + 8, sizeof(segment));
		add(" %x", (unsigned int)(segment >> 40) & 0xff);
	}
	ops[1].arg1.mfn = world->kernel_base;
	add(" ");
	add_result(world->call(__HYPERVISOR_mmuext_op, (unsigned long)ops, 2, 0, DOMID_SELF));
	add_result(world->call(__HYPERVISOR_set_gdt, 0, 0, 0, 0));
	call_unpin(OTHER_TOP);
	call_unpin(LEAF);
	return frames_back();
}
