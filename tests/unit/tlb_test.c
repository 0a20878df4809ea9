/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/tlb.c xen/multicall.c xen/irq_flag.c xen/p2m.c lib/fmt.c */
/*
 * Flushes: each form is the operation of Xen's that it says, on the address and the vcpus it says,
 * and what is noted as stale is flushed once.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include "xen/space.h"
#include "xen/tlb.h"

#define ADDRESS ((vaddr_t){0x12345000ul})

struct pt_space xen_kernel_space;
static struct pt_space space, other;

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	return 0;
}

static const struct mmuext_op *only_flush(void)
{
	if (fake.request_count != 1)
		fail_msg("%u flushes in place of one", fake.request_count);
	assert_int_equal(fake.requests[0].op, __HYPERVISOR_mmuext_op);
	return &fake.requests[0].ext;
}

static void expect_flush(unsigned int command, const char *name, const unsigned long *mask)
{
	const struct mmuext_op *op = only_flush();
	bool page = command == MMUEXT_INVLPG_LOCAL || command == MMUEXT_INVLPG_MULTI ||
	            command == MMUEXT_INVLPG_ALL;
	const void *given;

	if (op->cmd != command)
		fail_msg("operation %u in place of %s", op->cmd, name);
	if (page && op->arg1.linear_addr != ADDRESS.v)
		fail_msg("%s has address %#lx", name, op->arg1.linear_addr);
	memcpy(&given, &op->arg2.vcpumask, sizeof(given));
	if (mask && given != mask)
		fail_msg("%s has not the mask of vcpus that was given", name);
	fake_forget();
}
#define EXPECT_FLUSH(command, mask) expect_flush(command, #command, mask)

#define BATCH(call)                                 \
	do {                                        \
		struct mc_batch batch = mc_begin(); \
		call;                               \
		mc_commit(&batch);                  \
	} while (0)

static void test_each_form(void **state)
{
	static const unsigned long mask = 5;

	(void)state;
	BATCH(tlb_flush_local(&batch));
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_LOCAL, NULL);
	BATCH(tlb_flush_page_local(&batch, ADDRESS));
	EXPECT_FLUSH(MMUEXT_INVLPG_LOCAL, NULL);
	BATCH(tlb_flush_mask(&batch, &mask));
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_MULTI, &mask);
	BATCH(tlb_flush_page_mask(&batch, ADDRESS, &mask));
	EXPECT_FLUSH(MMUEXT_INVLPG_MULTI, &mask);
	BATCH(tlb_flush_all(&batch));
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_ALL, NULL);
	BATCH(tlb_flush_page_all(&batch, ADDRESS));
	EXPECT_FLUSH(MMUEXT_INVLPG_ALL, NULL);
}

/* One page: that page. More: everything, once. None: nothing. */
static void test_notes_are_settled(void **state)
{
	struct xen_cpu *cpu = this_cpu();

	(void)state;
	cpu->space_actual = cpu->space_asked = &space;
	BATCH(tlb_settle(&batch));
	assert_int_equal(fake.request_count, 0);
	tlb_note_stale(&space, ADDRESS);
	BATCH(tlb_settle(&batch));
	EXPECT_FLUSH(MMUEXT_INVLPG_LOCAL, NULL);
	tlb_note_stale(&space, (vaddr_t){0x1000});
	tlb_note_stale(&space, ADDRESS);
	BATCH(tlb_settle(&batch));
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_LOCAL, NULL);
	BATCH(tlb_settle(&batch));
	assert_int_equal(fake.request_count, 0);
}

/* The space in force, one that is asked for, the kernel's: of these the CPU may hold translations
 * by the time that what is queued is carried out. */
static void test_who_may_hold(void **state)
{
	struct xen_cpu *cpu = this_cpu();

	(void)state;
	for (unsigned int held = 0; held < 4; held++) {
		cpu->space_actual = held == 1 ? &space : &other;
		cpu->space_asked = held == 1 || held == 2 ? &space : &other;
		tlb_note_stale(held == 3 ? &xen_kernel_space : &space, ADDRESS);
		BATCH(tlb_settle(&batch));
		if (held == 0)
			assert_int_equal(fake.request_count, 0);
		else
			EXPECT_FLUSH(MMUEXT_INVLPG_LOCAL, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_each_form, start),
	    cmocka_unit_test_setup(test_notes_are_settled, start),
	    cmocka_unit_test_setup(test_who_may_hold, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
