/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/entry.c xen/multicall.c xen/irq_flag.c xen/p2m.c lib/fmt.c */
/*
 * What Xen is told of the kernel's entries, and what holds at the end of each: events masked, no
 * batch open.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include <xen/callback.h>
#include <xen/errno.h>

#include "arch/x86/entry_points.h"
#include "arch/x86/segments.h"
#include "xen/entry.h"
#include "xen/evtchn.h"
#include "xen/irq_flag.h"
#include "xen/multicall.h"

#define FIRST_VECTOR 20u
#define GATE_FOR_ALL 3u /* of these traps user mode may use the gate by instruction */
#define USER_CS      3u

/* A width's part. */
const struct entry_trap entry_traps[ENTRY_TRAP_COUNT] = {
    [0] = {FIRST_VECTOR, false, entry_nmi},
    [1] = {FIRST_VECTOR + 1, true, entry_nmi},
    [2] = {FIRST_VECTOR + 2, false, entry_nmi},
};

void entry_upcall(void)
{
}
void entry_failsafe(void)
{
}
void entry_nmi(void)
{
}

void entry_callback_address(xen_callback_t *address, entry_stub *stub)
{
	memset(address, 0, sizeof(*address));
	memcpy(address, &stub, sizeof(stub));
}

void entry_register_syscall(void (*register_callback)(uint16_t type, entry_stub *stub,
                                                      uint16_t flags))
{
	register_callback(CALLBACKTYPE_syscall, entry_nmi, CALLBACKF_mask_events);
}

/* The kernel's part. */
static void (*in_kernel)(void);
static unsigned int upcalls, traps, nmis, returns;

static void call_kernel(unsigned int *count)
{
	++*count;
	if (xen_irq_enabled())
		fail_msg("the kernel is entered with events enabled");
	if (in_kernel)
		in_kernel();
}

void evtchn_upcall(void)
{
	call_kernel(&upcalls);
}

void host_trap(struct cpu_frame *frame)
{
	(void)frame;
	call_kernel(&traps);
}

void host_nmi(const struct cpu_frame *frame)
{
	(void)frame;
	call_kernel(&nmis);
}

bool host_syscall(struct cpu_frame *frame)
{
	(void)frame;
	call_kernel(&traps);
	return true;
}

void host_return_to_user(struct cpu_frame *frame)
{
	(void)frame;
	call_kernel(&returns);
}

/* Xen's part. */
static struct trap_info table[ENTRY_TRAP_COUNT + 1];
static unsigned int callback_count, refused_op;

static long answer(unsigned int op, unsigned long *args)
{
	if (op == refused_op)
		return -XEN_EINVAL;
	if (op == __HYPERVISOR_set_trap_table) {
		memcpy(table, (const void *)args[0], sizeof(table));
	} else if (op == __HYPERVISOR_callback_op) {
		const struct callback_register *callback = (const void *)args[1];

		callback_count++;
		if (!(callback->flags & CALLBACKF_mask_events))
			fail_msg("callback %u comes with events as they are", callback->type);
	}
	return 0;
}

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	fake.other = answer;
	in_kernel = NULL;
	upcalls = traps = nmis = returns = callback_count = 0;
	refused_op = ~0u; /* none */
	xen_irq_disable();
	return 0;
}

static void test_each_gate(void **state)
{
	static char stack[64];

	(void)state;
	xen_entry_init(stack + sizeof(stack));
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(table[i].vector, FIRST_VECTOR + i);
		if (!(table[i].flags & 4))
			fail_msg("trap %u comes with events as they are", table[i].vector);
		if ((table[i].flags & GATE_FOR_ALL) != (i == 1 ? GATE_FOR_ALL : 0))
			fail_msg("the gate of trap %u is for privilege %u", table[i].vector,
			         table[i].flags & GATE_FOR_ALL);
		assert_int_equal(table[i].cs, XEN_KERNEL_CS);
		assert_int_equal(table[i].address, (uintptr_t)entry_nmi);
	}
	/* Where the table ends. */
	assert_int_equal(table[ENTRY_TRAP_COUNT].address, 0);
	assert_int_equal(callback_count, 4);
	const struct fake_request *last = &fake.requests[fake.request_count - 1];

	assert_int_equal(last->op, __HYPERVISOR_stack_switch);
	assert_int_equal(last->args[1], (uintptr_t)(stack + sizeof(stack)));
}

static void test_refusals(void **state)
{
	static const unsigned int ops[] = {__HYPERVISOR_set_trap_table, __HYPERVISOR_callback_op,
	                                   __HYPERVISOR_stack_switch};

	for (unsigned int i = 0; i < 3; i++) {
		start(state);
		refused_op = ops[i];
		assert_non_null(FAKE_PANIC_OF(xen_entry_init(NULL)));
	}
}

/* What an entry may leave behind, and what it leaves. */

static void enable_events(void)
{
	xen_irq_enable();
}

static void open_batch(void)
{
	(void)mc_begin();
}

static void test_events_are_masked_at_the_end(void **state)
{
	for (unsigned int user = 0; user < 2; user++) {
		for (unsigned int vector = 0; vector < 2; vector++) {
			struct cpu_frame frame = {.vector = vector ? FRAME_UPCALL : TRAP_PAGE_FAULT,
			                          .cs = user ? USER_CS : 0};

			start(state);
			in_kernel = enable_events;
			xen_entry(&frame);
			if (xen_irq_enabled())
				fail_msg("events are enabled on the way to %s",
				         user ? "user mode" : "the kernel");
			assert_int_equal(upcalls, vector);
			assert_int_equal(traps, !vector);
			assert_int_equal(returns, user);
		}
	}
	struct cpu_frame frame = {.cs = USER_CS};

	start(state);
	in_kernel = enable_events;
	xen_entry_first_return(&frame);
	assert_false(xen_irq_enabled());
	assert_int_equal(returns, 1);
}

/* Wherever it came from: events are looked for next, and nothing of the kernel's runs before. */
static void test_nmi_asks_for_a_scan(void **state)
{
	struct vcpu_info *info = this_cpu()->vcpu_info;

	for (unsigned int user = 0; user < 2; user++) {
		struct cpu_frame frame = {.vector = TRAP_NMI, .cs = user ? USER_CS : 0};

		start(state);
		info->evtchn_upcall_pending = 0;
		xen_entry_nmi(&frame);
		assert_int_equal(nmis, 1);
		assert_int_equal(upcalls + traps + returns, 0);
		assert_int_equal(info->evtchn_upcall_pending, 1);
		assert_false(xen_irq_enabled());
		info->evtchn_upcall_pending = 0;
	}
}

static void test_no_batch_at_the_end(void **state)
{
	struct cpu_frame frame = {.vector = TRAP_PAGE_FAULT, .cs = USER_CS};

	for (unsigned int way = 0; way < 3; way++) {
		start(state);
		in_kernel = open_batch;
		const char *text = way == 0   ? FAKE_PANIC_OF(xen_entry(&frame))
		                   : way == 1 ? FAKE_PANIC_OF(xen_entry_syscall(&frame))
		                              : FAKE_PANIC_OF(xen_entry_first_return(&frame));

		if (!text)
			fail_msg("user mode is entered with a batch open");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_each_gate, start),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_events_are_masked_at_the_end),
	    cmocka_unit_test(test_nmi_asks_for_a_scan),
	    cmocka_unit_test(test_no_batch_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
