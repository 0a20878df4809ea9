/* SPDX-License-Identifier: MIT */
/*
 * Where the model was once wrong, or the public interface does not say: each difference that a
 * sequence found, settled by what real Xen does, as one call or two with nothing random in them.
 */
#include "tests/agree/calls.h"

#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include "lib/string.h"

#define NOT_CANONICAL 0x0000900000000000ul
#define KERNEL_DATA   0x00cf92000000ffffull /* a segment of privilege 0 */
#define GDT           8u                    /* frames */
#define TABLE         0u
#define DATA          12u

static const struct agree_world *world;

static long event_op(unsigned int command, void *arg)
{
	return world->call(__HYPERVISOR_event_channel_op, command, (unsigned long)arg, 0, 0);
}

static long poll(evtchn_port_t first, evtchn_port_t second)
{
	evtchn_port_t ports[2] = {first, second};
	struct sched_poll op = {.nr_ports = 2, .timeout = 1};

	set_xen_guest_handle(op.ports, ports);
	return world->call(__HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)&op, 0, 0);
}

static void events(void)
{
	struct evtchn_bind_ipi ipi = {.vcpu = 1};

	/* A free port may be unmasked; one beyond those that Xen has made room for may not. */
	add(" unmask-free=");
	add_result(event_op(EVTCHNOP_unmask, &(struct evtchn_unmask){.port = 63}));
	add("mask%u", (unsigned int)(world->shared->evtchn_mask[0] >> 63 & 1));
	add(" unmask-beyond=");
	add_result(event_op(EVTCHNOP_unmask, &(struct evtchn_unmask){.port = 64}));
	/* A pending port counts before a bad one behind it, not the other way round. */
	add(" ipi=");
	add_result(event_op(EVTCHNOP_bind_ipi, &ipi));
	add(" send=");
	add_result(event_op(EVTCHNOP_send, &(struct evtchn_send){.port = ipi.port}));
	add(" poll-pending-bad=");
	add_result(poll(ipi.port, 63));
	add(" poll-bad-pending=");
	add_result(poll(63, ipi.port));
	add_result(event_op(EVTCHNOP_close, &(struct evtchn_close){.port = ipi.port}));
}

static void vcpus(void)
{
	struct vcpu_register_vcpu_info info = {.mfn = BAD_FRAME, .offset = 68};

	/* A place that is not aligned, or across a page, before anything else is looked at. */
	add(" info-misaligned=");
	add_result(world->call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
	                       (unsigned long)&info, 0));
	info.offset = 4096 - sizeof(struct vcpu_info) + 8;
	add(" info-across=");
	add_result(world->call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
	                       (unsigned long)&info, 0));
	add(" initialise-without-context=");
	add_result(world->call(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0, 0, 0));
}

static long callback(unsigned int command, uint16_t type, unsigned long address)
{
	struct callback_register op = {.type = type, .address = address};

	return world->call(__HYPERVISOR_callback_op, command, (unsigned long)&op, 0, 0);
}

static long register_record(unsigned int command, uint64_t address)
{
	return world->call(__HYPERVISOR_vcpu_op, command, 0, (unsigned long)&address, 0);
}

/* What Xen writes by machine address, from 4.18 on: it may not cross a page, is a use of its frame
 * as memory, and the next place ends the one before. */
static void record(unsigned int command)
{
	const uint64_t place = world->mfn(DATA) * 4096;

	add_result(register_record(command, place + 4));
	add_result(register_record(command, place + 4096 - 8));
	add_result(register_record(command, BAD_FRAME * 4096));
	add_result(call_map_direct(TABLE, false));
	add_result(call_pin(TABLE, 1));
	add_result(register_record(command, world->mfn(TABLE) * 4096));
	add_result(call_unpin(TABLE));
	add_result(register_record(command, place + 8));
	add("%x ", *(const volatile uint32_t *)(world->memory(DATA) + 8) & 1);
	add_result(call_map_direct(DATA, false));
	add_result(call_pin(DATA, 1));
	add_result(register_record(command, world->mfn(DATA + 1) * 4096));
	add_result(call_pin(DATA, 1));
	add_result(call_unpin(DATA));
	add_result(call_map_direct(DATA, true));
	add_result(register_record(command, ~0ull));
	add_result(
	    world->call(__HYPERVISOR_vcpu_op, command, AGREE_VCPUS, (unsigned long)&place, 0));
}

static void records(void)
{
	add(" states=");
	record(14);
	memset(world->memory(DATA), 0, 4096);
	add(" time=");
	record(15);
	memset(world->memory(DATA), 0, 4096);
}

static void processor(void)
{
	struct mmuext_op ldt = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = NOT_CANONICAL + 8};
	uint64_t descriptor = 0;

	add(" ldt-of-nothing=");
	add_result(world->call(__HYPERVISOR_mmuext_op, (unsigned long)&ldt, 1, 0, DOMID_SELF));
	add(" callbacks=");
	add_result(callback(CALLBACKOP_register, 9, NOT_CANONICAL));
	add_result(callback(CALLBACKOP_register, 9, 0x1000));
	add_result(callback(CALLBACKOP_unregister, CALLBACKTYPE_event, 0));
	add_result(callback(CALLBACKOP_unregister, CALLBACKTYPE_nmi, 0));
	/* Kernel and user mode share a privilege: the kernel's segments are made user's. */
	add(" descriptor=");
	add_result(
	    world->call(__HYPERVISOR_update_descriptor, entry_address(GDT, 1), KERNEL_DATA, 0, 0));
	memcpy(&descriptor, world->memory(GDT) + 8, sizeof(descriptor));
	add("%llx", (unsigned long long)descriptor);
}

static void done_counts(void)
{
	struct mmu_update update = {.ptr = entry_address(DATA, 0)};
	struct mmuext_op flush = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};
	struct mmuext_op masked = {.cmd = MMUEXT_TLB_FLUSH_MULTI};
	unsigned int done = 99;

	/* Another domain's: one call says that nothing was done, the other says nothing. */
	add(" foreign=");
	add_result(world->call(__HYPERVISOR_mmu_update, (unsigned long)&update, 1,
	                       (unsigned long)&done, 5));
	add("%u ", done);
	done = 99;
	add_result(
	    world->call(__HYPERVISOR_mmuext_op, (unsigned long)&flush, 1, (unsigned long)&done, 5));
	add("%u", done);
	set_xen_guest_handle(masked.arg2.vcpumask, (const void *)world->nowhere);
	add(" mask-unreadable=");
	add_result(world->call(__HYPERVISOR_mmuext_op, (unsigned long)&masked, 1, 0, DOMID_SELF));
	/* The command is in all the bits below an entry: 3 is an ordinary update, 4 is none. */
	add(" commands=");
	update.ptr |= 3;
	add_result(world->call(__HYPERVISOR_mmu_update, (unsigned long)&update, 1, 0, DOMID_SELF));
	update.ptr += 1;
	add_result(world->call(__HYPERVISOR_mmu_update, (unsigned long)&update, 1, 0, DOMID_SELF));
}

/* What a table has been shows when it becomes another. */
static void former_tables(void)
{
	add(" leaf=");
	add_result(call_map_direct(TABLE, false));
	add_result(call_map_direct(TABLE + 1, false));
	add_result(call_pin(TABLE, 1));
	add_result(call_update(TABLE, 0, entry_of(TABLE + 1, PRESENT | USER)));
	add_result(call_unpin(TABLE));
	add(" leaf-as-upper="); /* its entry is global, which no upper one may be */
	add_result(call_pin(TABLE, 2));
	add_result(call_update(TABLE, 0, entry_of(TABLE + 1, PRESENT | USER)));
	add_result(call_pin(TABLE, 2));
	add_result(call_unpin(TABLE));
	add(" top=");
	add_result(call_update(TABLE, 0, 0));
	add_result(call_pin(TABLE, 4));
	add_result(call_unpin(TABLE));
	for (unsigned int level = 1; level <= 4; level++) { /* Xen's entries are still there */
		add(" top-as-level%u=", level);
		add_result(call_pin(TABLE, level));
		add_result(call_unpin(TABLE));
	}
}

/* What an entry must not have is refused though the frame stays; a leaf's mark of the kernel. */
static void entry_flags(void)
{
	add(" flags=");
	add_result(call_map_direct(TABLE, false));
	add_result(call_map_direct(TABLE + 1, false));
	add_result(call_pin(TABLE, 1));
	add_result(call_pin(TABLE + 1, 2));
	add_result(call_update(TABLE + 1, 0, entry_of(TABLE, PRESENT | USER)));
	add_result(call_update(TABLE + 1, 0, entry_of(TABLE, PRESENT | USER | WRITE)));
	add_result(call_update(TABLE + 1, 0, entry_of(TABLE, PRESENT | USER | LARGE)));
	add_result(call_update(TABLE + 1, 0, entry_of(TABLE, PRESENT | USER | GLOBAL)));
	add_result(call_update(TABLE, 0, entry_of(DATA, PRESENT | USER | 1ull << 52)));
	add("%x ", (unsigned int)*(const uint64_t *)(const void *)world->memory(TABLE) & 0xfff);
	add_result(call_update(TABLE, 0, entry_of(DATA, PRESENT | GLOBAL)));
	add("%x", (unsigned int)*(const uint64_t *)(const void *)world->memory(TABLE) & 0xfff);
	add_result(call_unpin(TABLE + 1));
	add_result(call_unpin(TABLE));
}

static void add_update(unsigned int table, unsigned int idx, unsigned int target, uint64_t flags)
{
	add_result(call_update(table, idx, entry_of(target, PRESENT | USER | flags)));
}

/* A table of its own level: for reading; one that has such entries cannot be one of theirs. */
static void linear_tables(void)
{
	for (unsigned int i = TABLE; i < TABLE + 3; i++) {
		add_result(call_map_direct(i, false));
		add_result(call_pin(i, 2));
	}
	add(" linear=");
	add_update(TABLE, 1, TABLE, 0);
	add_update(TABLE, 2, TABLE, WRITE);
	add_update(TABLE, 1, TABLE, WRITE);
	add_update(TABLE, 2, TABLE + 1, WRITE);
	add_update(TABLE, 2, TABLE + 1, 0);
	add_update(TABLE + 1, 1, TABLE + 1, 0);
	add_update(TABLE + 1, 2, TABLE, 0);
	add_update(TABLE + 1, 2, TABLE + 2, 0);
	add_update(TABLE + 2, 1, TABLE, 0);
	add_result(call_unpin(TABLE + 1)); /* it stays what it is */
	add_result(call_map_direct(TABLE + 1, true));
	add_result(call_update(TABLE, 2, 0));
	add_result(call_map_direct(TABLE + 1, true));
	add_result(call_unpin(TABLE));
	add_result(call_unpin(TABLE + 2));
}

bool agree_settled(const struct agree_world *the_world)
{
	bool clean;

	world = the_world;
	calls_begin(the_world);
	events();
	vcpus();
	processor();
	done_counts();
	records();
	clean = frames_back();
	former_tables();
	clean &= frames_back();
	entry_flags();
	clean &= frames_back();
	linear_tables();
	return clean && frames_back();
}
