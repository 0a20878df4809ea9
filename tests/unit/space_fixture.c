/* SPDX-License-Identifier: MIT */
/*
 * What the tests of spaces start from: see space_fixture.h.
 */
#include "tests/unit/space_fixture.h"

#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "xen/space.h"
#include "xen/table_pool.h"

struct space_fixture fixture;

void fixture_start(const struct pt_format *format)
{
	rules_start(format);
	memset(&fixture, 0, sizeof(fixture));
	assert_int_equal(xen_space_init(&fixture.space), 0);
	assert_int_equal(xen_space_init(&fixture.other), 0);
	xen_space_activate(&fixture.other);
	fake_forget();
}

void fixture_prepare_and_pin(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		fixture.offset[i] = (i + 1) * PAGE_BYTES + i / 2 * rules_reach(2);
		assert_int_equal(xen_pte_prepare(&fixture.space, fixture_address(i)), 0);
	}
	xen_space_activate(&fixture.space);
	fake_forget();
}

bool fixture_is_flush(const struct fake_request *request)
{
	return request->op == __HYPERVISOR_mmuext_op &&
	       (request->ext.cmd == MMUEXT_TLB_FLUSH_LOCAL ||
	        request->ext.cmd == MMUEXT_INVLPG_LOCAL);
}

unsigned int fixture_flush_count(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < fake.request_count; i++)
		count += fixture_is_flush(&fake.requests[i]);
	return count;
}

/* Trimming: which tables must go is worked out on the tables as they are before. */

struct trim_plan {
	uint64_t start, end;
	pfn_t goes[FAKE_FRAME_COUNT], stays[FAKE_FRAME_COUNT];
	unsigned int go_count, stay_count;
};

static bool listed(const pfn_t *list, unsigned int count, pfn_t table)
{
	for (unsigned int i = 0; i < count; i++)
		if (list[i].v == table.v)
			return true;
	return false;
}

/* Tables come after those below them. */
static void plan_table(void *arg, pfn_t table, unsigned int level, uint64_t offset)
{
	struct trim_plan *plan = arg;
	bool goes = offset >= plan->start && offset + rules_reach(level + 1) <= plan->end;

	for (unsigned int i = 0; goes && i < rules_entry_count(level); i++) {
		uint64_t entry = fake_entry_read(table, i);

		if (entry != 0)
			goes =
			    level > 1 && listed(plan->goes, plan->go_count, fake_entry_pfn(entry));
	}
	if (goes)
		plan->goes[plan->go_count++] = table;
	else
		plan->stays[plan->stay_count++] = table;
}

static void check_stays(void *arg, pfn_t table, unsigned int level, uint64_t offset)
{
	struct trim_plan *plan = arg;

	(void)level;
	(void)offset;
	assert_true(listed(plan->stays, plan->stay_count, table));
	/* Each once: in the order of the plan, so the last is not needed any more. */
	plan->stay_count--;
	for (unsigned int i = 0; i <= plan->stay_count; i++)
		if (plan->stays[i].v == table.v)
			plan->stays[i] = plan->stays[plan->stay_count];
}

unsigned int fixture_trim(uint64_t start, uint64_t end)
{
	static struct trim_plan plan;
	unsigned long taken = fake_frames_taken();

	plan = (struct trim_plan){.start = start, .end = end};
	rules_for_each_table(&fixture.space, plan_table, &plan);
	xen_tables_trim(&fixture.space, rules_va(start), rules_va(end));
	xen_tables_reclaim(); /* none stays in the pool */
	if (fake_frames_taken() != taken - plan.go_count)
		fail_msg("%lu tables are freed, %u must be", taken - fake_frames_taken(),
		         plan.go_count);
	for (unsigned int i = 0; i < plan.go_count; i++)
		assert_false(fake.taken[plan.goes[i].v]);
	rules_for_each_table(&fixture.space, check_stays, &plan);
	assert_int_equal(plan.stay_count, 0);
	return plan.go_count;
}
