/* SPDX-License-Identifier: MIT */
/*
 * Pin and unpin: what each frame is before and after, the order in which Xen hears of it, and the
 * locks. The order itself is checked at each request by tests/unit/table_rules.c.
 */
#include "tests/unit/pin_cases.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/unit/fake_xen.h"

#include <cmocka.h>

#include <string.h>

#include <port/memory.h>

#include "tests/unit/table_rules.h"
#include "xen/config.h"
#include "xen/p2m.h"
#include "xen/pin.h"

struct world {
	struct pt_space space;
	unsigned int leaf_count, table_count;
};

static struct world world;

static void count_table(void *arg, pfn_t table, unsigned int level, uint64_t offset)
{
	(void)arg;
	(void)table;
	(void)offset;
	world.table_count++;
	world.leaf_count += level == 1;
}

/* A space with `leaves` leaf tables, spread so that upper tables are many too. */
static void make_space(const struct pt_format *format, unsigned int leaves)
{
	rules_start(format);
	memset(&world, 0, sizeof(world));
	assert_int_equal(xen_space_init(&world.space), 0);
	for (unsigned int i = 0; i < leaves; i++) {
		uint64_t offset = (uint64_t)i * rules_reach(2);

		if (i % 3 == 2 && format->levels == 4)
			offset +=
			    (uint64_t)(i % 7) * rules_reach(4) + (uint64_t)(i % 5) * rules_reach(3);
		assert_int_equal(xen_pte_prepare(&world.space, rules_va(offset)), 0);
		xen_pte_set(&world.space, rules_va(offset), pte_from_pfn(PFN(0), PTE_PRESENT),
		            XEN_FLUSH_NONE);
	}
	rules_for_each_table(&world.space, count_table, NULL);
	fake_forget();
}

/* All that pinning may change of the machine. */
struct snapshot {
	uint8_t pinned[FAKE_FRAME_COUNT], flags[FAKE_FRAME_COUNT];
	bool writable[FAKE_FRAME_COUNT], taken[FAKE_FRAME_COUNT];
};

static struct snapshot take_snapshot(void)
{
	struct snapshot shot;

	memset(&shot, 0, sizeof(shot));
	memcpy(shot.pinned, fake.pinned, sizeof(shot.pinned));
	memcpy(shot.writable, fake.writable, sizeof(shot.writable));
	memcpy(shot.taken, fake.taken, sizeof(shot.taken));
	for (unsigned int i = 0; i < FAKE_FRAME_COUNT; i++)
		shot.flags[i] = fake.frames[i].flags;
	return shot;
}

static void pin(void)
{
	rules_lock_required = &world.space.lock;
	pin_space(&world.space);
	rules_lock_required = NULL;
	rules_check_space(&world.space);
}

static void unpin(void)
{
	rules_lock_required = &world.space.lock;
	unpin_space(&world.space);
	rules_lock_required = NULL;
	rules_check_space(&world.space);
}

static void check_table_pinned(void *arg, pfn_t table, unsigned int level, uint64_t offset)
{
	bool alone = level == port_pt_format->levels || (CONFIG_SPLIT_TABLE_LOCKS && level == 1);

	(void)arg;
	(void)offset;
	assert_false(fake.writable[table.v]);
	assert_int_equal(fake.frames[table.v].flags,
	                 alone ? PT_FRAME_TABLE | PT_FRAME_PINNED : PT_FRAME_TABLE);
	assert_int_equal(fake.frames[table.v].level, level);
	assert_int_equal(fake.pinned[table.v], alone ? level : 0);
	assert_true(pin_is_live(table));
}

static const unsigned int sizes[] = {0, 1, 2, 31, 32, 33, 70, 200};
#define SIZE_COUNT (sizeof(sizes) / sizeof(sizes[0]))

static void test_every_frame_is_pinned_as_its_level_says(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int i = 0; i < SIZE_COUNT; i++) {
			const unsigned int levels = fake_formats[format].levels;

			make_space(&fake_formats[format], sizes[i]);
			pin();
			assert_true(world.space.pinned);
			rules_for_each_table(&world.space, check_table_pinned, NULL);
			check_table_pinned(NULL, world.space.root, levels, 0);
			if (rules_tops() == 2)
				check_table_pinned(NULL, world.space.user_root, levels, 0);
			if (levels == 3)
				check_table_pinned(
				    NULL, fake_entry_pfn(fake_entry_read(world.space.root, 3)), 2,
				    0);
			assert_int_equal(this_cpu()->counters.tables_pinned,
			                 world.table_count + rules_tops() + (levels == 3));
		}
	}
}

static void test_unpin_restores_every_frame(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int i = 0; i < SIZE_COUNT; i++) {
			make_space(&fake_formats[format], sizes[i]);
			struct snapshot before = take_snapshot();

			for (unsigned int round = 0; round < 2; round++) {
				pin();
				unpin();
				struct snapshot after = take_snapshot();

				assert_memory_equal(&before, &after, sizeof(before));
				assert_false(world.space.pinned);
			}
			assert_int_equal(this_cpu()->counters.tables_pinned,
			                 this_cpu()->counters.tables_unpinned);
		}
	}
}

static void test_idempotent(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		make_space(&fake_formats[format], 40);
		/* What a failed exec does: an unpin of what never was pinned. */
		unpin();
		assert_int_equal(fake.request_count, 0);
		pin();
		fake_forget();
		pin();
		assert_int_equal(fake.request_count, 0);
		unpin();
		fake_forget();
		unpin();
		assert_int_equal(fake.request_count, 0);
	}
}

/* Tables that are in use under Xen already are passed over. */
static void test_a_table_pinned_before_is_left_as_it_is(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		make_space(&fake_formats[format], 5);
		struct mc_batch batch = mc_begin();
		pfn_t leaf = world.space.root;

		for (unsigned int level = port_pt_format->levels; level > 1; level--)
			leaf = fake_entry_pfn(fake_entry_read(leaf, 0));
		pin_table(&batch, &world.space, leaf, 1);
		mc_commit(&batch);
		unsigned int requests = fake.request_count;

		assert_int_equal(requests, CONFIG_SPLIT_TABLE_LOCKS ? 2 : 1);
		batch = mc_begin();
		pin_table(&batch, &world.space, leaf, 1);
		mc_commit(&batch);
		assert_int_equal(fake.request_count, requests);
		pin();
		for (unsigned int i = requests; i < fake.request_count; i++)
			assert_int_not_equal(fake.requests[i].va.v,
			                     PORT_DIRECT_MAP_BASE + leaf.v * PAGE_BYTES);
		unpin();
		assert_true(fake.writable[leaf.v]);
	}
}

static void test_locks_held_at_once_are_bounded(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		make_space(&fake_formats[format], 300);
		assert_true(world.leaf_count >= 300);
		pin();
		unpin();
		if (CONFIG_SPLIT_TABLE_LOCKS) {
			assert_true(rules_locks_most > 1);
			assert_true(rules_locks_most <= MC_CALLBACKS_MAX + 1);
		} else {
			assert_int_equal(rules_locks_most, 0);
		}
	}
}

/* Entries into Xen grow with the batches, not with the tables. */
static void test_few_entries_into_xen(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		make_space(&fake_formats[format], 300);
		pin();
		assert_true(fake.trap_count <= 2 * world.table_count / 30 + 2);
		fake_forget();
		unpin();
		assert_true(fake.trap_count <= 2 * world.table_count / 30 + 2);
	}
}

/* The tops: read-only and pinned after all else, unpinned before all else. */
static void test_top_last_and_first(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		make_space(&fake_formats[format], 40);
		const unsigned int tops = rules_tops();

		pin();
		for (unsigned int i = 0; i < tops; i++) {
			const struct fake_request *last =
			    &fake.requests[fake.request_count - 1 - 2 * i];

			assert_int_equal(last->op, __HYPERVISOR_mmuext_op);
			assert_int_equal(last->ext.cmd,
			                 MMUEXT_PIN_L1_TABLE + port_pt_format->levels - 1);
		}
		fake_forget();
		unpin();
		for (unsigned int i = 0; i < tops; i++)
			assert_int_equal(fake.requests[2 * i].ext.cmd, MMUEXT_UNPIN_TABLE);
	}
}

/* Inside a batch that someone holds open: done when the call returns, with the locks held until
 * then. */
static void test_inside_an_open_batch(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		make_space(&fake_formats[format], 5);
		struct mc_batch batch = mc_begin();

		rules_lock_required = &world.space.lock;
		pin_space(&world.space);
		assert_int_equal(fake_frame_locks_held(), 0);
		rules_for_each_table(&world.space, check_table_pinned, NULL);
		check_table_pinned(NULL, world.space.root, port_pt_format->levels, 0);
		unpin_space(&world.space);
		assert_int_equal(fake_frame_locks_held(), 0);
		assert_true(fake.writable[world.space.root.v]);
		mc_commit(&batch);
		rules_lock_required = NULL;
		rules_check_space(&world.space);
	}
}

static void test_no_record(void **state)
{
	(void)state;
	make_space(&fake_formats[0], 0);
	struct mc_batch batch = mc_begin();

	assert_non_null(FAKE_PANIC_OF(pin_table(&batch, &world.space, PFN(FAKE_FRAME_COUNT), 1)));
}

int pin_cases_run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_frame_is_pinned_as_its_level_says),
	    cmocka_unit_test(test_unpin_restores_every_frame),
	    cmocka_unit_test(test_idempotent),
	    cmocka_unit_test(test_inside_an_open_batch),
	    cmocka_unit_test(test_a_table_pinned_before_is_left_as_it_is),
	    cmocka_unit_test(test_locks_held_at_once_are_bounded),
	    cmocka_unit_test(test_few_entries_into_xen),
	    cmocka_unit_test(test_top_last_and_first),
	    cmocka_unit_test(test_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
