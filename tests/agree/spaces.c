/* SPDX-License-Identifier: MIT */
/*
 * An address space in force: base tables, changes by address with their flushes, arrays of requests
 * that stop at the first bad one, and multicalls of all of these. Frames have the roles that
 * memory.c gives them; 10 is the kernel's top, 11 user mode's, and both lead to the same tables.
 */
#include "tests/agree/calls.h"

#include "lib/string.h"

#define KERNEL_TOP 10u
#define USER_TOP   11u
#define DATA       12u
#define CALLS_MAX  4u

static const struct agree_world *world;
static const uint64_t flags_some[] = {PRESENT | USER, PRESENT | WRITE | USER, 0};

/* One call: what is handed to Xen, and the arrays that it points to. */
static struct made_call {
	unsigned int number;
	unsigned long args[4];
	struct mmu_update updates[CALLS_MAX];
	struct mmuext_op ops[CALLS_MAX];
	unsigned long mask[CALLS_MAX];
	unsigned int done;
} calls[CALLS_MAX];

/* No frame that does not exist: the first domain may map what is not memory. */
static uint64_t some_leaf_value(void)
{
	unsigned int frame = pick(4) == 0 ? pick(AGREE_FRAMES) : DATA + pick(4);
	uint64_t flags = flags_some[pick(3)];

	if (flags == 0)
		return 0;
	return entry_of(frame, flags);
}

static void make_update_va(struct made_call *call)
{
	static const unsigned long places[] = {0, 4, 1, 5, 2, 6, 3};
	unsigned int place = pick(7);

	call->number = __HYPERVISOR_update_va_mapping;
	call->args[0] = (unsigned long)pick(3) << 21 | (unsigned long)pick(3) << 12;
	call->args[1] = some_leaf_value();
	call->args[2] = places[place];
	if (pick(6) == 0) {
		call->mask[0] = 1u + pick(2) * 14u;
		call->args[2] = (unsigned long)call->mask | (1 + pick(2));
	}
	if (pick(20) == 0)
		call->args[0] = 1ul << 46;
	add(" va%lx.%u", call->args[0], place);
}

static void make_update(struct mmu_update *update)
{
	unsigned int table = pick(10), level = table < 5 ? 1 : table < 8 ? 2 : 3;
	unsigned int idx = pick(3);

	update->val = level == 1   ? some_leaf_value()
	              : level == 2 ? entry_of(pick(5), flags_some[pick(3)])
	                           : entry_of(5 + pick(3), flags_some[pick(3)]);
	update->ptr = entry_address(table, idx);
	unsigned int kind = pick(12);

	switch (kind) {
	case 0:
		update->ptr |= MMU_PT_UPDATE_PRESERVE_AD;
		break;
	case 1:
		update->ptr |= 3;
		break;
	case 2:
		update->ptr = BAD_FRAME << 12;
		break;
	case 3:
		table = pick(AGREE_FRAMES);
		update->ptr = (world->mfn(table) << 12) | MMU_MACHPHYS_UPDATE;
		update->val = world->pfn(table);
		break;
	case 4:
		update->ptr |= 4;
		break;
	default:
		break;
	}
	add("/%u.%u.%x.%u", table, idx, kind == 3 ? 0 : (unsigned int)(update->val & 7), kind);
}

static void make_mmu_update(struct made_call *call)
{
	unsigned int count = pick(CALLS_MAX + 1);

	add(" update%u", count);
	for (unsigned int i = 0; i < count; i++)
		make_update(&call->updates[i]);
	call->number = __HYPERVISOR_mmu_update;
	call->args[0] = (unsigned long)call->updates;
	call->args[1] = count;
	call->args[2] = pick(4) ? (unsigned long)&call->done : 0;
	call->args[3] = pick(24) == 0 ? 5 : DOMID_SELF;
	if (call->args[3] == 5)
		add("!");
}

static void make_op(struct mmuext_op *op, unsigned long *mask)
{
	static const unsigned int commands[] = {MMUEXT_PIN_L1_TABLE,     MMUEXT_PIN_L2_TABLE,
	                                        MMUEXT_PIN_L3_TABLE,     MMUEXT_PIN_L4_TABLE,
	                                        MMUEXT_UNPIN_TABLE,      MMUEXT_NEW_BASEPTR,
	                                        MMUEXT_NEW_USER_BASEPTR, MMUEXT_TLB_FLUSH_LOCAL,
	                                        MMUEXT_INVLPG_LOCAL,     MMUEXT_TLB_FLUSH_MULTI,
	                                        MMUEXT_INVLPG_MULTI,     MMUEXT_TLB_FLUSH_ALL,
	                                        MMUEXT_INVLPG_ALL,       MMUEXT_CLEAR_PAGE,
	                                        MMUEXT_COPY_PAGE,        77};
	/* Frames whose role is a table of level 1, 2, 3. */
	static const uint8_t first[] = {0, 5, 8}, count[] = {5, 3, 2};
	unsigned int kind = pick(16), frame = pick(AGREE_FRAMES);

	memset(op, 0, sizeof(*op));
	op->cmd = commands[kind];
	if (kind <= 2 && pick(3) != 0)
		frame = pick(3) == 0 ? DATA + pick(4) : first[kind] + pick(count[kind]);
	if ((kind == 3 || kind == 6) && frame < DATA)
		frame = KERNEL_TOP + pick(2);
	if (pick(3) != 0 && (kind == 5 || kind == 6))
		frame = 10 + pick(2);
	/* An empty table would be taken, and be the end as well. */
	if (kind == 5 && frame < KERNEL_TOP)
		frame = DATA;
	/* A top without its kernel half would be the end if it were loaded. */
	if ((kind == 13 || kind == 14) && frame >= KERNEL_TOP && frame < DATA)
		frame = DATA + pick(4);
	add("/%u.%u", op->cmd, frame);
	op->arg1.mfn = pick(24) == 0 ? BAD_FRAME : world->mfn(frame);
	if (kind == 6 && pick(3) == 0)
		op->arg1.mfn = 0;
	if (kind == 8 || kind == 10 || kind == 12)
		op->arg1.linear_addr = pick(8) == 0 ? 1ul << 47 : (unsigned long)pick(8) << 12;
	*mask = pick(16);
	if (kind == 9 || kind == 10)
		set_xen_guest_handle(op->arg2.vcpumask, pick(12) == 0 ? (const void *)world->nowhere
		                                                      : (const void *)mask);
	if (kind == 14)
		op->arg2.src_mfn = world->mfn(pick(AGREE_FRAMES));
}

static void make_mmuext(struct made_call *call)
{
	unsigned int count = pick(CALLS_MAX + 1);

	add(" ext%u", count);
	for (unsigned int i = 0; i < count; i++)
		make_op(&call->ops[i], &call->mask[i]);
	call->number = __HYPERVISOR_mmuext_op;
	call->args[0] = (unsigned long)call->ops;
	call->args[1] = count;
	call->args[2] = pick(4) ? (unsigned long)&call->done : 0;
	call->args[3] = pick(24) == 0 ? 5 : DOMID_SELF;
	if (call->args[3] == 5)
		add("!");
}

static void make_call(struct made_call *call)
{
	memset(call, 0, sizeof(*call));
	call->done = 99;
	switch (pick(8)) {
	case 0:
	case 1:
	case 2:
		make_update_va(call);
		break;
	case 3:
	case 4:
		make_mmu_update(call);
		break;
	default:
		make_mmuext(call);
		break;
	}
}

static void direct_call(void)
{
	make_call(&calls[0]);
	add("=");
	add_result(world->call(calls[0].number, calls[0].args[0], calls[0].args[1],
	                       calls[0].args[2], calls[0].args[3]));
	add(".%u", calls[0].done);
}

static void multicall(void)
{
	static multicall_entry_t entries[CALLS_MAX];
	unsigned int count = pick(CALLS_MAX + 1);

	memset(entries, 0, sizeof(entries));
	add(" multi(");
	for (unsigned int i = 0; i < count; i++) {
		make_call(&calls[i]);
		entries[i].op = calls[i].number;
		if (pick(16) == 0)
			entries[i].op = __HYPERVISOR_multicall;
		if (pick(16) == 0)
			entries[i].op = pick(2) ? 63 : 100;
		add("#%u", (unsigned int)entries[i].op);
		memcpy(entries[i].args, calls[i].args, sizeof(calls[i].args));
	}
	add(")=");
	add_result(world->call(__HYPERVISOR_multicall,
	                       pick(24) == 0 && count > 0 ? world->nowhere : (unsigned long)entries,
	                       count, 0, 0));
	for (unsigned int i = 0; i < count; i++)
		add(",%ld.%u", (long)entries[i].result, calls[i].done);
}

static void link_tables(unsigned int table, unsigned int idx, unsigned int child)
{
	uint64_t entry = entry_of(child, PRESENT | WRITE | USER);

	memcpy(world->memory(table) + idx * 8, &entry, sizeof(entry));
}

static void begin(void)
{
	world->copy_kernel_half(world->memory(KERNEL_TOP));
	world->copy_kernel_half(world->memory(USER_TOP));
	link_tables(KERNEL_TOP, 0, 8);
	link_tables(USER_TOP, 0, 8);
	link_tables(8, 0, 5);
	link_tables(5, 0, 0);
	link_tables(5, 1, 1);
	link_tables(0, 0, DATA);
	link_tables(0, 1, DATA + 1);
	for (unsigned int i = 0; i < DATA; i++)
		add_result(call_map_direct(i, false));
	add_result(call_pin(KERNEL_TOP, 4));
	add_result(call_pin(USER_TOP, 4));
	add_result(call_mmuext(MMUEXT_NEW_BASEPTR, KERNEL_TOP));
	add_result(call_mmuext(MMUEXT_NEW_USER_BASEPTR, USER_TOP));
}

static bool end(void)
{
	struct mmuext_op ops[2] = {{.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = world->kernel_base},
	                           {.cmd = MMUEXT_NEW_USER_BASEPTR}};

	add_result(world->call(__HYPERVISOR_mmuext_op, (unsigned long)ops, 2, 0, DOMID_SELF));
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		add("%s", call_unpin(i) == 0 ? "P" : "-");
	return frames_back();
}

static void add_entries(void)
{
	for (unsigned int table = 0; table < KERNEL_TOP; table++)
		for (unsigned int i = 0; i < 3; i++) {
			uint64_t entry;

			memcpy(&entry, world->memory(table) + i * 8, sizeof(entry));
			for (unsigned int n = 0; n < AGREE_FRAMES && (entry & PRESENT); n++)
				if ((entry & FRAME_MASK) >> 12 == world->mfn(n))
					add(" %x%u:%x:%x%s", table, i, n,
					    (unsigned int)(entry & 0x187),
					    entry & 1ull << 52 ? "k" : "");
		}
}

bool agree_spaces(const struct agree_world *the_world)
{
	world = the_world;
	calls_begin(the_world);
	begin();
	for (unsigned int i = 0; i < AGREE_CALLS; i += CALLS_MAX / 2) {
		direct_call();
		multicall();
	}
	add(" |");
	add_entries();
	add(" | ");
	return end();
}
