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
	xen_online_mask = 1;
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

static void note(struct pt_space *of, uintptr_t address)
{
	BATCH(tlb_note_stale(&batch, of, (vaddr_t){address}));
}

static void settle(void)
{
	BATCH(tlb_settle(&batch));
}

static void expect_nothing(void)
{
	if (fake.request_count != 0)
		fail_msg("%u flushes in place of none", fake.request_count);
}

/* One page: that page. More: everything, once. None: nothing. */
static void test_notes_are_settled_once(void **state)
{
	(void)state;
	this_cpu()->space_actual = this_cpu()->space_asked = &space;
	settle();
	expect_nothing();
	note(&space, ADDRESS.v);
	settle();
	EXPECT_FLUSH(MMUEXT_INVLPG_LOCAL, NULL);
	note(&space, 0x1000);
	note(&space, ADDRESS.v);
	settle();
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_LOCAL, NULL);
	settle();
	expect_nothing();
}

/* With one vcpu online nobody else holds anything: the space that is asked for is in force by the
 * time that what is queued is carried out, and its load drops what there was of another. */
static void test_alone(void **state)
{
	struct xen_cpu *cpu = this_cpu();

	(void)state;
	for (unsigned int asked = 0; asked < 2; asked++) {
		cpu->space_actual = asked ? &other : &space;
		cpu->space_asked = asked ? &space : &other;
		note(&space, ADDRESS.v);
		settle();
		if (asked)
			EXPECT_FLUSH(MMUEXT_INVLPG_LOCAL, NULL);
		else
			expect_nothing();
		note(&xen_kernel_space, ADDRESS.v);
		settle();
		EXPECT_FLUSH(MMUEXT_INVLPG_LOCAL, NULL);
	}
	assert_int_equal(tlb_page_flags(&space), UVMF_INVLPG | UVMF_LOCAL);
}

/* With more, Xen is given the space's own mask: it reads it when it comes to the flush. */
static void test_with_others(void **state)
{
	const unsigned long *mask = (const unsigned long *)&space.cpus;

	(void)state;
	xen_online_mask = 3;
	note(&space, ADDRESS.v);
	settle();
	EXPECT_FLUSH(MMUEXT_INVLPG_MULTI, mask);
	note(&space, ADDRESS.v);
	note(&space, 0x1000);
	settle();
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_MULTI, mask);
	/* Nobody has it, and all changes have been made; then while some may wait in a batch; then
	 * somebody has it. */
	xen_flush_space(&space);
	expect_nothing();
	struct mc_batch batch = mc_begin();

	xen_flush_space(&space);
	mc_commit(&batch);
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_MULTI, mask);
	space.cpus = 2;
	xen_flush_space(&space);
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_MULTI, mask);
	space.cpus = 0;
	note(&xen_kernel_space, ADDRESS.v);
	settle();
	EXPECT_FLUSH(MMUEXT_INVLPG_ALL, NULL);
	xen_flush_space(&xen_kernel_space);
	EXPECT_FLUSH(MMUEXT_TLB_FLUSH_ALL, NULL);
	assert_int_equal(tlb_page_flags(&space), UVMF_INVLPG | UVMF_MULTI | (uintptr_t)mask);
	assert_int_equal(tlb_page_flags(&xen_kernel_space), UVMF_INVLPG | UVMF_ALL);
}

/* Notes of two spaces in one batch: each to the vcpus of its own. */
static void test_notes_of_two_spaces(void **state)
{
	(void)state;
	xen_online_mask = 3;
	note(&other, 0x1000);
	note(&space, ADDRESS.v);
	if (fake.request_count != 1)
		fail_msg("what was noted of one space is forgotten for another");
	fake_forget();
	settle();
	EXPECT_FLUSH(MMUEXT_INVLPG_MULTI, (const unsigned long *)&space.cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_each_form, start),
	    cmocka_unit_test_setup(test_notes_are_settled_once, start),
	    cmocka_unit_test_setup(test_alone, start),
	    cmocka_unit_test_setup(test_with_others, start),
	    cmocka_unit_test_setup(test_notes_of_two_spaces, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
