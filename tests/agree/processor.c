/* SPDX-License-Identifier: MIT */
/*
 * What a vcpu has besides its tables: GDT and LDT, descriptors, traps, callbacks, stacks, segment
 * bases. Frames 8 and up become descriptor tables; frame 0 is a pinned page table.
 */
#include "tests/agree/calls.h"

#include <xen/callback.h>

#include "lib/string.h"

#define FIRST         8u
#define NOT_CANONICAL 0x0000900000000000ul
#define CANONICAL     0xffffffff80000000ul
#define GUEST_KERNEL  0xe030u

static const struct agree_world *world;

/* Segments of either privilege, absent ones, system descriptors, and gates: call gates to
 * selectors of all kinds, with bits that are to be zero, and gates of other types. */
static const uint64_t descriptors[] = {
    0,
    0x00cff2000000ffff,
    0x00cf92000000ffff,
    0x00affa000000ffff,
    0x00af9a000000ffff,
    0x00cfb2000000ffff,
    0x00cf72000000ffff,
    0x0000890000000067,
    0x0000820000000067,
    0x0000090000000067,
    0xffffffffffffffff,
    0x00cffe000000ffff,
    0x000000000000ffff,
    0x12348c00e0335678,
    0x1234ec00e0335678,
    0x1234ec00e0335600,
    0xffffec00e033ffff,
    0x0000ec01e0330000,
    0x0000ec20e0330000,
    0x0000ec00e02b0000,
    0x0000ec00e0300000,
    0x0000ec00e0080000,
    0x0000ec00e0100000,
    0x0000ec00e0380000,
    0x0000ec00e0230000,
    0x0000ec0000000000,
    0x0000ec0000030000,
    0x0000ec0000080000,
    0x0000ec0000130000,
    0x0000ec0000070000,
    0x0000ec00dfff0000,
    0x0000ec00dff80000,
    0x0000ec00e0000000,
    0x0000ec00fff80000,
    0x0000cc00e0330000,
    0x0000e400e0330000,
    0x0000ee00e0330000,
    0x0000ef00e0330000,
    0x0000e500e0330000,
    0x00006c00e0330000,
    0x0000ed00e0330000,
    0x0000e800e0330000,
    0x0000e000e0330000,
    0x00008000e0330000,
    0x0000c00000080067,
    0x0000ec00e0190000,
    0x0000ec00e01b0000,
    0x0000ec00e0210000,
    0x0000ec00e0310000,
    0x0000ec00e0320000,
    0x0000ec00e0370000,
    0x0000ec00ffff0000,
};

static uint64_t some_descriptor(void)
{
	unsigned int kind = pick(sizeof(descriptors) / sizeof(descriptors[0]));

	add(" d%u", kind);
	return descriptors[kind];
}

static unsigned int some_frame(void)
{
	return pick(8) == 0 ? 0 : FIRST + pick(4);
}

static long set_gdt(void)
{
	static const unsigned int sizes[] = {0,    1,    512,  513,  1024, 1025,
	                                     7168, 7169, 8192, 8193, ~0u};
	unsigned long mfns[16];
	unsigned int size = sizes[pick(2) ? pick(4) : pick(11)];

	for (unsigned int i = 0; i < 16; i++)
		mfns[i] = BAD_FRAME;
	add(" gdt%u", size);
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int frame = some_frame();

		mfns[i] = pick(12) == 0 ? BAD_FRAME : world->mfn(frame);
		add(".%u", mfns[i] == BAD_FRAME ? 99 : frame);
	}
	add("=");
	return world->call(__HYPERVISOR_set_gdt, (unsigned long)mfns, size, 0, 0);
}

static long update_descriptor(void)
{
	unsigned int frame = some_frame(), idx = pick(3) * 255;
	uint64_t address = entry_address(frame, idx);
	uint64_t descriptor = some_descriptor();

	if (pick(12) == 0)
		address += 4;
	if (pick(16) == 0)
		address = BAD_FRAME << 12;
	add(" desc%u.%u=", frame, idx);
	return world->call(__HYPERVISOR_update_descriptor, address, descriptor, 0, 0);
}

static long set_ldt(void)
{
	static const unsigned int sizes[] = {0, 1, 512, 8192, 8193, ~0u};
	static const unsigned long at[] = {0, 0x1000, 0x1008, CANONICAL, NOT_CANONICAL};
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};
	unsigned int size = pick(6), place = pick(5);

	op.arg1.linear_addr = at[place];
	op.arg2.nr_ents = sizes[size];
	add(" ldt%u.%u=", place, sizes[size]);
	return world->call(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF);
}

static long set_traps(void)
{
	struct trap_info traps[3] = {{.vector = 0x90,
	                              .flags = (uint8_t)pick(8),
	                              .cs = GUEST_KERNEL + 3,
	                              .address = CANONICAL},
	                             {.vector = 0x91,
	                              .flags = (uint8_t)pick(8),
	                              .cs = GUEST_KERNEL + 3,
	                              .address = CANONICAL}};
	unsigned int kind = pick(4);

	if (kind == 1)
		traps[0].address = NOT_CANONICAL;
	if (kind == 2)
		traps[1].address = NOT_CANONICAL;
	if (kind == 3)
		traps[0].cs = (uint16_t)pick(65536);
	add(" traps%u=", kind);
	return world->call(__HYPERVISOR_set_trap_table, (unsigned long)traps, 0, 0, 0);
}

/* Events and non-maskable interrupts do not come here, so that callbacks may point anywhere. */
static long set_callback(void)
{
	struct callback_register op = {.type = (uint16_t)pick(10)};
	unsigned int command = pick(4) == 0 ? 2 + pick(2) : pick(2);

	op.address = pick(3) == 0 ? NOT_CANONICAL : CANONICAL;
	op.flags = (uint16_t)pick(2);
	add(" callback%u.%u.%u=", command, op.type, op.address == CANONICAL);
	return world->call(__HYPERVISOR_callback_op, command, pick(12) ? (unsigned long)&op : 0, 0,
	                   0);
}

static long set_base(void)
{
	unsigned int which = pick(5);
	unsigned long base = pick(2) ? NOT_CANONICAL : 0x5000;

	if (which == SEGBASE_GS_KERNEL)
		base = NOT_CANONICAL; /* the running kernel needs its own */
	if (which == SEGBASE_GS_USER_SEL)
		base = 0;
	add(" base%u.%lx=", which, base);
	return world->call(__HYPERVISOR_set_segment_base, which, base, 0, 0);
}

static long one_call(void)
{
	unsigned int frame = some_frame();
	bool writable;

	switch (pick(12)) {
	case 0:
	case 1:
		return set_gdt();
	case 2:
	case 3:
		return update_descriptor();
	case 4:
	case 5:
	case 6:
		writable = pick(3) == 0;
		add(" map%u.%u=", frame, writable);
		return call_map_direct(frame, writable);
	case 7:
		return set_ldt();
	case 8:
		return set_traps();
	case 9:
		return set_callback();
	case 10:
		return set_base();
	default:
		if (pick(2)) {
			add(" stack=");
			return world->call(__HYPERVISOR_stack_switch, pick(65536), CANONICAL, 0, 0);
		}
		add(" fpu=");
		return world->call(__HYPERVISOR_fpu_taskswitch, 0, 0, 0, 0);
	}
}

bool agree_processor(const struct agree_world *the_world)
{
	world = the_world;
	calls_begin(the_world);
	for (unsigned int i = FIRST; i < FIRST + 4; i++)
		for (unsigned int n = 0; n < 3; n++) {
			uint64_t descriptor = pick(3) == 0 ? some_descriptor() : descriptors[1 + n];

			memcpy(world->memory(i) + n * 255 * 8, &descriptor, sizeof(descriptor));
		}
	add_result(call_map_direct(0, false));
	add_result(call_pin(0, 1));
	for (unsigned int i = 0; i < AGREE_CALLS; i++)
		add_result(one_call());
	add(" |");
	for (unsigned int i = FIRST; i < FIRST + 4; i++)
		for (unsigned int n = 0; n < 3; n++) {
			uint64_t descriptor;

			memcpy(&descriptor, world->memory(i) + n * 255 * 8, sizeof(descriptor));
			add(" %llx", (unsigned long long)descriptor);
		}
	world->call(__HYPERVISOR_set_gdt, 0, 0, 0, 0);
	call_unpin(0);
	return frames_back();
}
