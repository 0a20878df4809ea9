/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/pt_walk.c xen/p2m.c */
/*
 * The walker against a naive recursion over random trees, in all formats: what is visited, in
 * which order, and with what.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include "xen/p2m.h"
#include "xen/pt_walk.h"

#define VISITS_MAX 65536u
#define POINTS_MAX 256u

struct visit {
	bool is_table;
	struct pt_place place;
};

struct visits {
	unsigned int count;
	unsigned int stop_at; /* refuse the visit of this number */
	struct visit visit[VISITS_MAX];
};

static struct visits seen, expected;

/* Page-aligned offsets where something begins or ends. */
static uint64_t points[POINTS_MAX];
static unsigned int point_count;

static void note(struct visits *list, bool is_table, const struct pt_place *place)
{
	assert_true(list->count < VISITS_MAX);
	list->visit[list->count++] = (struct visit){.is_table = is_table, .place = *place};
}

static bool see_table(void *arg, const struct pt_place *place)
{
	struct visits *list = arg;

	note(list, true, place);
	return list->count != list->stop_at;
}

static bool see_entry(void *arg, const struct pt_place *place)
{
	struct visits *list = arg;

	note(list, false, place);
	return list->count != list->stop_at;
}

/* The oracle: recursion over all entries, with the formats written down as lists of widths. */

static const unsigned int *level_bits(void)
{
	static const unsigned int four[] = {0, 9, 9, 9, 9}, pae[] = {0, 9, 9, 2},
	                          two[] = {0, 10, 10};

	return port_pt_format->levels == 4 ? four : port_pt_format->levels == 3 ? pae : two;
}

static uint64_t reach_of_entry(unsigned int level)
{
	uint64_t reach = 4096;

	for (unsigned int i = 1; i < level; i++)
		reach <<= level_bits()[i];
	return reach;
}

/* Is any page of [a, b) in [start, end) and outside Xen's range? */
static bool overlaps(uint64_t a, uint64_t b, uint64_t start, uint64_t end)
{
	uint64_t low = a > start ? a : start, high = b < end ? b : end;

	if (low >= high)
		return false;
	return low < port_pt_format->hole_start || high > port_pt_format->hole_end;
}

struct question {
	uint64_t start, end;
	bool entries;
};

static void expect_table(const struct question *q, pfn_t table, unsigned int level, uint64_t base,
                         pfn_t parent, unsigned int parent_idx)
{
	uint64_t reach = reach_of_entry(level);
	struct pt_place place = {.level = level, .table = table};

	for (unsigned int i = 0; i < 1u << level_bits()[level]; i++) {
		uint64_t at = base + i * reach, value;

		if (!overlaps(at, at + reach, q->start, q->end))
			continue;
		value = fake_entry_read(table, i);
		if (level > 1 && (value & 1)) {
			pfn_t below = fake_entry_pfn(value);

			assert_false(pfn_is_none(below));
			expect_table(q, below, level - 1, at, table, i);
		} else if (level == 1 && q->entries && value != 0) {
			place.idx = i;
			place.offset = at;
			place.entry = (pte_t){value};
			note(&expected, false, &place);
		}
	}
	note(&expected, true,
	     &(struct pt_place){.level = level,
	                        .table = table,
	                        .offset = base,
	                        .parent = parent,
	                        .parent_idx = parent_idx});
}

static void assert_same(void)
{
	if (seen.count != expected.count)
		fail_msg("%u visits in place of %u", seen.count, expected.count);
	for (unsigned int i = 0; i < seen.count; i++) {
		const struct visit *a = &seen.visit[i], *b = &expected.visit[i];

		assert_int_equal(a->is_table, b->is_table);
		assert_int_equal(a->place.level, b->place.level);
		assert_int_equal(a->place.table.v, b->place.table.v);
		assert_int_equal(a->place.offset, b->place.offset);
		if (a->is_table) {
			assert_int_equal(a->place.parent.v, b->place.parent.v);
			if (a->place.level < port_pt_format->levels)
				assert_int_equal(a->place.parent_idx, b->place.parent_idx);
		} else {
			assert_int_equal(a->place.idx, b->place.idx);
			assert_int_equal(a->place.entry.v, b->place.entry.v);
		}
	}
	/* The cue for final work. */
	assert_true(seen.visit[seen.count - 1].is_table);
	assert_int_equal(seen.visit[seen.count - 1].place.level, port_pt_format->levels);
}

static void compare(pfn_t root, uint64_t start, uint64_t end, bool entries)
{
	struct question q = {.start = start, .end = end, .entries = entries};
	struct pt_visitor visitor = {
	    .table = see_table, .entry = entries ? see_entry : NULL, .arg = &seen};

	seen.count = seen.stop_at = 0;
	expected.count = 0;
	expect_table(&q, root, port_pt_format->levels, 0, PFN_NONE, 0);
	assert_true(pt_walk(root, start, end, &visitor));
	assert_same();
}

/* Random trees. */

static void add_point(uint64_t offset)
{
	const uint64_t reach = 1ull << port_pt_format->reach_bits;

	for (int step = -1; step <= 1; step++) {
		uint64_t at = offset + (uint64_t)((int64_t)step * 4096);

		if (at <= reach && point_count < POINTS_MAX)
			points[point_count++] = at;
	}
}

static bool in_hole(uint64_t offset)
{
	return offset >= port_pt_format->hole_start && offset < port_pt_format->hole_end;
}

/* What is written where no table of ours may be. */
static uint64_t entry_of_xen(void)
{
	return (fake_random() % 1000) << PAGE_SHIFT | 0x67;
}

static void grow(pfn_t table, unsigned int level, uint64_t base)
{
	const unsigned int count = 1u << level_bits()[level];
	uint64_t reach = reach_of_entry(level);

	for (unsigned int n = 0; n < (level == 1 ? 12 : 5); n++) {
		unsigned int i = fake_random() % 4 ? (unsigned int)(fake_random() % count)
		                 : n % 2           ? count - 1
		                                   : 0;
		uint64_t at = base + i * reach;

		if (in_hole(at) || fake_entry_read(table, i) != 0)
			continue;
		add_point(at);
		if (fake_random() % 5 == 0) {
			/* Not present, but not empty either. */
			fake_entry_write(table, i, (fake_random() % 512) << PAGE_SHIFT | 0x40);
		} else if (level == 1) {
			fake_entry_write(table, i, (fake_random() % 4096) << PAGE_SHIFT | 0x67);
		} else {
			pfn_t below = fake_frame_take();

			fake_entry_write(table, i, fake_table_entry(below));
			grow(below, level - 1, at);
		}
	}
}

/* The kernel's and Xen's entries come from the boot tables. */
static pfn_t random_tree(void)
{
	pfn_t root = fake.kernel_root;

	point_count = 0;
	add_point(0);
	add_point(port_pt_format->user_end);
	add_point(port_pt_format->hole_start);
	add_point(port_pt_format->hole_end);
	add_point(1ull << port_pt_format->reach_bits);
	grow(root, port_pt_format->levels, 0);
	if (port_pt_format->levels == 4)
		for (unsigned int i = 256; i < 272; i++)
			fake_entry_write(root, i, entry_of_xen());
	return root;
}

static uint64_t random_point(void)
{
	return points[fake_random() % point_count];
}

static void test_random_trees(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int seed = 1; seed <= 12; seed++) {
			fake_start(&fake_formats[format]);
			fake_random_seed(seed);
			pfn_t root = random_tree();

			compare(root, 0, 1ull << port_pt_format->reach_bits, true);
			compare(root, 0, port_pt_format->user_end, false);
			for (unsigned int n = 0; n < 40; n++) {
				uint64_t a = random_point(), b = random_point();

				compare(root, a < b ? a : b, a < b ? b : a, n % 2);
			}
		}
	}
}

/* Every pair of boundaries of one small tree; equal ones are an empty range. */
static void test_limits(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fake_start(&fake_formats[format]);
		const unsigned int levels = port_pt_format->levels;
		pfn_t path[5] = {[4] = PFN_NONE};

		path[levels] = fake.kernel_root;
		for (unsigned int level = levels; level > 1; level--) {
			path[level - 1] = fake_frame_take();
			fake_entry_write(path[level], 1, fake_table_entry(path[level - 1]));
		}
		uint64_t at = 4096;

		point_count = 0;
		add_point(0);
		for (unsigned int level = 2; level <= levels; level++) {
			at += reach_of_entry(level);
			add_point(reach_of_entry(level));
			add_point(2 * reach_of_entry(level));
		}
		fake_entry_write(path[1], 0, 0x1067);
		fake_entry_write(path[1], 1, 0x2067);
		fake_entry_write(path[1], (1u << level_bits()[1]) - 1, 0x3067);
		add_point(at);
		add_point(at - 4096 + reach_of_entry(2));
		add_point(port_pt_format->user_end);
		add_point(port_pt_format->hole_start);
		add_point(port_pt_format->hole_end);
		add_point(1ull << port_pt_format->reach_bits);
		for (unsigned int i = 0; i < point_count; i++)
			for (unsigned int k = 0; k < point_count; k++)
				if (points[i] <= points[k])
					compare(fake.kernel_root, points[i], points[k], true);
	}
}

/* A walk of the whole reach with Xen's entries in place: none of them is looked at. */
static bool refuse_hole(void *arg, const struct pt_place *place)
{
	(void)arg;
	assert_false(in_hole(place->offset));
	return true;
}

static void test_hole_is_not_entered(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fake_start(&fake_formats[format]);
		struct pt_visitor visitor = {.table = refuse_hole, .entry = refuse_hole};

		assert_true(
		    pt_walk(fake.kernel_root, 0, 1ull << port_pt_format->reach_bits, &visitor));
		assert_true(pt_walk(fake.kernel_root, port_pt_format->hole_start,
		                    port_pt_format->hole_end, &visitor));
	}
}

static void test_each_visit_can_stop_it(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fake_start(&fake_formats[format]);
		fake_random_seed(5);
		pfn_t root = random_tree();
		uint64_t reach = 1ull << port_pt_format->reach_bits;
		struct pt_visitor visitor = {.table = see_table, .entry = see_entry, .arg = &seen};

		compare(root, 0, reach, true);
		unsigned int total = seen.count;

		for (unsigned int stop = 1; stop <= total; stop++) {
			seen.count = 0;
			seen.stop_at = stop;
			assert_false(pt_walk(root, 0, reach, &visitor));
			assert_int_equal(seen.count, stop);
		}
	}
}

/* What trimming does: the visitor of a table clears the entry that points to it. */
static bool cut_off(void *arg, const struct pt_place *place)
{
	if (place->level < port_pt_format->levels && place->offset < port_pt_format->user_end)
		fake_entry_write(place->parent, place->parent_idx, 0);
	return see_table(arg, place);
}

static void test_visitor_clears_the_entry_above(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fake_start(&fake_formats[format]);
		fake_random_seed(9);
		pfn_t root = random_tree();
		struct question q = {.end = 1ull << port_pt_format->reach_bits, .entries = true};
		struct pt_visitor visitor = {.table = cut_off, .entry = see_entry, .arg = &seen};

		expected.count = seen.count = seen.stop_at = 0;
		expect_table(&q, root, port_pt_format->levels, 0, PFN_NONE, 0);
		assert_true(pt_walk(root, 0, q.end, &visitor));
		assert_same();
		for (uint64_t offset = 0; offset < port_pt_format->user_end;
		     offset += reach_of_entry(port_pt_format->levels))
			assert_false(
			    fake_entry_read(
			        root,
			        (unsigned int)(offset / reach_of_entry(port_pt_format->levels))) &
			    1);
	}
}

static void test_find_table(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fake_start(&fake_formats[format]);
		fake_random_seed(3);
		pfn_t root = random_tree();
		unsigned int found = 0;

		for (unsigned int n = 0; n < point_count; n++) {
			if (points[n] == 1ull << port_pt_format->reach_bits || in_hole(points[n]))
				continue;
			pfn_t leaf = pt_find_table(root, points[n], 1);
			unsigned int idx =
			    (unsigned int)(points[n] / 4096 % (1u << level_bits()[1]));

			found += !pfn_is_none(leaf);
			assert_int_equal(pfn_is_none(leaf) ? 0 : fake_entry_read(leaf, idx),
			                 fake_walk(fake_mfn(root), points[n]));
			assert_int_equal(pt_find_table(root, points[n], port_pt_format->levels).v,
			                 root.v);
		}
		assert_true(found > 0);
	}
}

static void test_entry_access(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fake_start(&fake_formats[format]);
		pfn_t table = fake_frame_take();
		uint64_t mask = format == 2 ? 0xffffffffull : ~0ull;
		unsigned int count = format == 2 ? 1024 : 512, bytes = format == 2 ? 4 : 8;

		for (unsigned int i = 0; i < count; i++)
			pt_entry_store(table, i, (pte_t){(0x9abcdef012345601ull + i) & mask});
		for (unsigned int i = 0; i < count; i++) {
			uint64_t value = (0x9abcdef012345601ull + i) & mask;

			assert_int_equal(fake_entry_read(table, i), value);
			assert_int_equal(pt_entry_read(table, i).v, value);
			assert_int_equal(pt_entry_maddr(table, i).v,
			                 fake_mfn(table).v * 4096 + i * bytes);
		}
	}
}

/* Neither order of two halves is right when one present entry takes another's place. */
static unsigned int exchange_count;

static void count_exchange(const char *what)
{
	exchange_count += strcmp(what, "exchange64") == 0;
}

static void test_a_present_entry_is_replaced_in_one_step(void **state)
{
	static const uint64_t values[] = {0, 0x1067, 0x2067, 0x3040, 0x4067, 0};

	(void)state;
	for (unsigned int format = 0; format < 2; format++) { /* those with entries of 64 bits */
		fake_start(&fake_formats[format]);
		pfn_t table = fake_frame_take();

		for (unsigned int i = 1; i < sizeof(values) / sizeof(values[0]); i++) {
			exchange_count = 0;
			fake.schedule = count_exchange;
			pt_entry_store(table, 3, (pte_t){values[i]});
			fake.schedule = NULL;
			assert_int_equal(exchange_count, values[i - 1] & values[i] & 1);
			assert_int_equal(fake_entry_read(table, 3), values[i]);
		}
	}
}

/* A present upper entry for a frame that is not ours stops the walk with words, not with a wild
 * access. */
static void test_foreign_table(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fake_start(&fake_formats[format]);
		struct pt_visitor visitor = {.table = see_table, .arg = &seen};

		seen.count = seen.stop_at = 0;
		fake_entry_write(fake.kernel_root, 1, 7ull << PAGE_SHIFT | 0x67);
		assert_non_null(FAKE_PANIC_OF(
		    pt_walk(fake.kernel_root, 0, port_pt_format->user_end, &visitor)));
		assert_non_null(FAKE_PANIC_OF(
		    pt_find_table(fake.kernel_root, pt_entry_reach(port_pt_format->levels), 1)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_trees),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_hole_is_not_entered),
	    cmocka_unit_test(test_each_visit_can_stop_it),
	    cmocka_unit_test(test_visitor_clears_the_entry_above),
	    cmocka_unit_test(test_find_table),
	    cmocka_unit_test(test_entry_access),
	    cmocka_unit_test(test_a_present_entry_is_replaced_in_one_step),
	    cmocka_unit_test(test_foreign_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
