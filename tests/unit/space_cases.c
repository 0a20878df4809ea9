/* SPDX-License-Identifier: MIT */
/*
 * Spaces, in all formats: random histories against a plain map of what was set, and one by one
 * what must hold of switches, flushes, trimming and running out of memory.
 * tests/unit/table_rules.c checks each request as it comes.
 */
#include "tests/unit/pin_cases.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/unit/fake_xen.h"

#include <cmocka.h>

#include <string.h>

#include <port/memory.h>

#include <xen/errno.h>

#include "tests/unit/table_rules.h"
#include "xen/config.h"
#include "xen/lazy.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pin.h"
#include "xen/space.h"
#include "xen/table_pool.h"
#include "xen/tlb.h"

#define ADDRESS_COUNT 40u

/* Addresses in use, ascending, and what is set there. */
static struct {
	uint64_t offset[ADDRESS_COUNT];
	bool prepared[ADDRESS_COUNT];
	uint64_t value[ADDRESS_COUNT];
	struct pt_space space;
} model;

static struct pt_space other;

/* Neighbours within tables, at their edges, and far apart. */
static void choose_addresses(void)
{
	const unsigned int levels = port_pt_format->levels;
	unsigned int n = 0;

	for (unsigned int level = 1; level <= levels; level++) {
		uint64_t reach = rules_reach(level);

		for (unsigned int i = 0; i < ADDRESS_COUNT / levels / 2; i++) {
			uint64_t at = (fake_random() % 200 + 1) * reach;

			model.offset[n++] = at % port_pt_format->user_end;
			model.offset[n++] =
			    (at + port_pt_format->user_end - PAGE_BYTES) % port_pt_format->user_end;
		}
	}
	while (n < ADDRESS_COUNT)
		model.offset[n++] = (fake_random() % 512) * PAGE_BYTES;
	/* A small sort; equal ones stay and are the same address. */
	for (unsigned int i = 0; i < ADDRESS_COUNT; i++)
		for (unsigned int k = i + 1; k < ADDRESS_COUNT; k++)
			if (model.offset[k] < model.offset[i]) {
				uint64_t swap = model.offset[i];

				model.offset[i] = model.offset[k];
				model.offset[k] = swap;
			}
}

static void start(const struct pt_format *format)
{
	rules_start(format);
	memset(&model, 0, sizeof(model));
	assert_int_equal(xen_space_init(&model.space), 0);
	assert_int_equal(xen_space_init(&other), 0);
	xen_space_activate(&other);
	fake_forget();
}

static vaddr_t address(unsigned int i)
{
	return rules_va(model.offset[i]);
}

static bool first_of_its_address(unsigned int i)
{
	return i == 0 || model.offset[i] != model.offset[i - 1];
}

static void note_value(unsigned int i, uint64_t value)
{
	for (unsigned int k = 0; k < ADDRESS_COUNT; k++)
		if (model.offset[k] == model.offset[i])
			model.value[k] = value;
}

/* Present, not present, foreign, and none. */
static pte_t random_entry(void)
{
	uint64_t mask = port_pt_format->entry_shift == 2 ? 0xffffffffull : ~0ull;

	switch (fake_random() % 5) {
	case 0:
		return PTE_NONE;
	case 1:
		return (pte_t){fake_random() % 1000 << PAGE_SHIFT | PTE_SOFT0};
	case 2:
		return pte_from_mfn(MFN(fake_random() % 64), PTE_PRESENT | PTE_FOREIGN | PTE_USER);
	default:
		return (pte_t){pte_from_pfn(PFN(fake_random() % FAKE_FRAME_COUNT),
		                            PTE_PRESENT | PTE_USER | PTE_NX)
		                   .v &
		               mask};
	}
}

static void check_model(void)
{
	rules_check_space(&model.space);
	for (unsigned int i = 0; i < ADDRESS_COUNT; i++) {
		assert_int_equal(xen_pte_read(&model.space, address(i)).v, model.value[i]);
		assert_int_equal(fake_walk(fake_mfn(model.space.root), model.offset[i]),
		                 model.value[i]);
		if (port_pt_format->user_top)
			assert_int_equal(
			    fake_walk(fake_mfn(model.space.user_root), model.offset[i]),
			    model.value[i]);
	}
}

/* Walking. */

struct walk_check {
	unsigned int next, seen;
	uint64_t end;
	bool replace;
};

static bool has_entry(unsigned int i)
{
	return first_of_its_address(i) && model.value[i] != 0;
}

static bool see_entry(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct walk_check *walk = arg;

	assert_ptr_equal(space, &model.space);
	while (walk->next < ADDRESS_COUNT && !has_entry(walk->next))
		walk->next++;
	assert_true(walk->next < ADDRESS_COUNT);
	assert_int_equal(pt_offset(va), model.offset[walk->next]);
	assert_int_equal(pte.v, model.value[walk->next]);
	assert_true(pt_offset(va) < walk->end);
	if (walk->replace) {
		pte_t entry = random_entry();

		xen_pte_set(space, va, entry, XEN_FLUSH_PAGE);
		note_value(walk->next, entry.v);
	}
	walk->next++;
	walk->seen++;
	return true;
}

static void random_walk(void)
{
	unsigned int a = (unsigned int)(fake_random() % ADDRESS_COUNT),
	             b = (unsigned int)(fake_random() % ADDRESS_COUNT);
	uint64_t start_at = model.offset[a < b ? a : b],
	         end = model.offset[a < b ? b : a] + fake_random() % 2 * PAGE_BYTES;
	struct walk_check walk = {.end = end, .replace = fake_random() % 2};
	unsigned int expected = 0;

	for (unsigned int i = 0; i < ADDRESS_COUNT; i++) {
		expected += has_entry(i) && model.offset[i] >= start_at && model.offset[i] < end;
		if (model.offset[i] < start_at)
			walk.next = i + 1;
	}
	assert_true(
	    xen_pte_walk(&model.space, rules_va(start_at), rules_va(end), see_entry, &walk));
	assert_int_equal(walk.seen, expected);
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
	plan->stay_count--; /* each once: in the order of the plan, so the last is not needed any more */
	for (unsigned int i = 0; i <= plan->stay_count; i++)
		if (plan->stays[i].v == table.v)
			plan->stays[i] = plan->stays[plan->stay_count];
}

static unsigned int trim(uint64_t start_at, uint64_t end)
{
	static struct trim_plan plan;
	unsigned long taken = fake_frames_taken();

	plan = (struct trim_plan){.start = start_at, .end = end};
	rules_for_each_table(&model.space, plan_table, &plan);
	xen_tables_trim(&model.space, rules_va(start_at), rules_va(end));
	xen_tables_reclaim(); /* none stays in the pool */
	if (fake_frames_taken() != taken - plan.go_count)
		fail_msg("%lu tables are freed, %u must be", taken - fake_frames_taken(),
		         plan.go_count);
	for (unsigned int i = 0; i < plan.go_count; i++)
		assert_false(fake.taken[plan.goes[i].v]);
	rules_for_each_table(&model.space, check_stays, &plan);
	assert_int_equal(plan.stay_count, 0);
	return plan.go_count;
}

static void note_prepared(void *arg, pfn_t table, unsigned int level, uint64_t offset)
{
	(void)arg;
	(void)table;
	for (unsigned int i = 0; level == 1 && i < ADDRESS_COUNT; i++)
		model.prepared[i] |=
		    model.offset[i] >= offset && model.offset[i] < offset + rules_reach(2);
}

static void find_prepared(void)
{
	memset(model.prepared, 0, sizeof(model.prepared));
	rules_for_each_table(&model.space, note_prepared, NULL);
}

static void random_trim(void)
{
	uint64_t a = model.offset[fake_random() % ADDRESS_COUNT],
	         b = model.offset[fake_random() % ADDRESS_COUNT];
	uint64_t unit = rules_reach(1 + (unsigned int)(fake_random() % port_pt_format->levels));

	a -= a % unit;
	b -= b % unit;
	trim(a < b ? a : b, (a < b ? b : a) + unit);
	find_prepared();
}

/* Random histories. */

static void random_set(unsigned int i, enum xen_flush flush)
{
	pte_t entry = random_entry();

	if (!model.prepared[i])
		return;
	xen_pte_set(&model.space, address(i), entry, flush);
	note_value(i, entry.v);
}

/* A batch of sets in lazy mode: nothing reads in between. */
static void random_lazy_sets(void)
{
	xen_lazy_enter(XEN_LAZY_MMU);
	for (unsigned int n = 0; n < fake_random() % 40; n++)
		random_set((unsigned int)(fake_random() % ADDRESS_COUNT), XEN_FLUSH_PAGE);
	xen_lazy_leave(XEN_LAZY_MMU);
}

static void random_step(void)
{
	unsigned int i = (unsigned int)(fake_random() % ADDRESS_COUNT);

	switch (fake_random() % 16) {
	case 0:
		xen_space_activate(&model.space);
		break;
	case 1:
		if (model.space.pinned)
			xen_space_switch(&model.space);
		break;
	case 2:
		xen_space_switch(&other);
		break;
	case 3:
		xen_space_switch(NULL);
		break;
	case 4:
		random_lazy_sets();
		break;
	case 5:
		random_walk();
		break;
	case 6:
		random_trim();
		break;
	case 7:
		if (fake_random() % 4 == 0)
			xen_space_retire(&model.space);
		break;
	case 8:
	case 9:
	case 10:
		assert_int_equal(xen_pte_prepare(&model.space, address(i)), 0);
		for (unsigned int k = 0; k < ADDRESS_COUNT; k++)
			model.prepared[k] |= model.offset[k] == model.offset[i];
		break;
	default:
		random_set(i, fake_random() % 2 ? XEN_FLUSH_PAGE : XEN_FLUSH_NONE);
		break;
	}
}

static void test_random_histories(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int seed = 1; seed <= 6; seed++) {
			start(&fake_formats[format]);
			fake_random_seed(seed);
			choose_addresses();
			unsigned long taken = fake_frames_taken();

			for (unsigned int step = 0; step < 150; step++) {
				random_step();
				check_model();
				fake_forget();
			}
			xen_space_retire(&model.space);
			check_model();
			xen_space_destroy(&model.space);
			assert_true(pfn_is_none(model.space.root));
			/* The tables of an empty space, tops included, were there at the start. */
			assert_int_equal(fake_frames_taken(), taken - 1 - port_pt_format->user_top -
			                                          (port_pt_format->levels == 3));
		}
	}
}

/* Setting. */

static void prepare_and_pin(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		model.offset[i] = (i + 1) * PAGE_BYTES + i / 2 * rules_reach(2);
		assert_int_equal(xen_pte_prepare(&model.space, address(i)), 0);
	}
	xen_space_activate(&model.space);
	fake_forget();
}

static pte_t some_entry(unsigned int n)
{
	return pte_from_pfn(PFN(n), PTE_PRESENT | PTE_USER);
}

static void test_unpinned_tables_take_plain_stores(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		for (unsigned int i = 0; i < 8; i++) {
			model.offset[i] = (i + 1) * PAGE_BYTES + i * rules_reach(2);
			assert_int_equal(xen_pte_prepare(&model.space, address(i)), 0);
			xen_pte_set(&model.space, address(i), some_entry(i), XEN_FLUSH_PAGE);
		}
		assert_int_equal(fake.trap_count, 0);
		assert_int_equal(this_cpu()->counters.entry_stores, 8);
	}
}

static void test_set_where_no_table_is(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		assert_non_null(FAKE_PANIC_OF(xen_pte_set(&model.space, (vaddr_t){PAGE_BYTES},
		                                          some_entry(1), XEN_FLUSH_NONE)));
	}
}

static const struct fake_request *last_request(void)
{
	assert_true(fake.request_count > 0);
	return &fake.requests[fake.request_count - 1];
}

static bool is_flush(const struct fake_request *request)
{
	return request->op == __HYPERVISOR_mmuext_op &&
	       (request->ext.cmd == MMUEXT_TLB_FLUSH_LOCAL ||
	        request->ext.cmd == MMUEXT_INVLPG_LOCAL);
}

static unsigned int flush_count(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < fake.request_count; i++)
		count += is_flush(&fake.requests[i]);
	return count;
}

static void test_set_in_force_is_one_call_by_address(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(2);
		xen_space_switch(&model.space);
		fake_forget();
		xen_pte_set(&model.space, address(0), some_entry(3), XEN_FLUSH_NONE);
		assert_int_equal(fake.request_count, 1);
		assert_int_equal(last_request()->op, __HYPERVISOR_update_va_mapping);
		assert_int_equal(last_request()->args[2], UVMF_NONE);
		xen_pte_set(&model.space, address(0), some_entry(4), XEN_FLUSH_PAGE);
		assert_int_equal(fake.request_count, 2);
		assert_int_equal(last_request()->args[2], UVMF_INVLPG | UVMF_LOCAL);
		assert_int_equal(xen_pte_read(&model.space, address(0)).v, some_entry(4).v);
	}
}

/* A CPU holds nothing of a space it does not run on. */
static void test_no_flush_for_a_space_not_in_force(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(2);
		xen_space_switch(&other);
		fake_forget();
		xen_pte_set(&model.space, address(0), some_entry(3), XEN_FLUSH_PAGE);
		assert_int_equal(fake.request_count, 1);
		assert_int_equal(last_request()->op, __HYPERVISOR_mmu_update);
		xen_flush_space(&model.space);
		assert_int_equal(fake.request_count, 1);
		xen_flush_space(&other);
		assert_int_equal(fake.request_count, 2);
		assert_int_equal(last_request()->ext.cmd, MMUEXT_TLB_FLUSH_LOCAL);
		xen_flush_space(&xen_kernel_space);
		assert_int_equal(fake.request_count, 3);
	}
}

/* Lazy mode: sets go out together, and the flush they need comes once, behind them. */
static void test_lazy_sets_and_their_flush(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int flushed = 0; flushed < 4; flushed++) {
			start(&fake_formats[format]);
			prepare_and_pin(4);
			xen_space_switch(&model.space);
			fake_forget();
			xen_lazy_enter(XEN_LAZY_MMU);
			for (unsigned int i = 0; i < 4; i++)
				xen_pte_set(&model.space, address(i), some_entry(i),
				            i < flushed ? XEN_FLUSH_PAGE : XEN_FLUSH_NONE);
			assert_int_equal(fake.trap_count, 0);
			xen_lazy_leave(XEN_LAZY_MMU);
			assert_int_equal(fake.trap_count, 1);
			assert_int_equal(fake.request_count, flushed ? 5 : 4);
			assert_int_equal(flush_count(), flushed ? 1 : 0);
			assert_int_equal(is_flush(last_request()), flushed > 0);
			if (flushed == 1) {
				assert_int_equal(last_request()->ext.cmd, MMUEXT_INVLPG_LOCAL);
				assert_int_equal(last_request()->ext.arg1.linear_addr,
				                 address(0).v);
			} else if (flushed > 1) {
				assert_int_equal(last_request()->ext.cmd, MMUEXT_TLB_FLUSH_LOCAL);
			}
			for (unsigned int i = 0; i < 4; i++)
				assert_int_equal(xen_pte_read(&model.space, address(i)).v,
				                 some_entry(i).v);
			/* Settled once: nothing is left for later. */
			fake_forget();
			xen_lazy_enter(XEN_LAZY_MMU);
			xen_lazy_leave(XEN_LAZY_MMU);
			assert_int_equal(fake.request_count, 0);
		}
	}
}

static void test_lazy_flush_settles_and_stays(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(2);
		xen_space_switch(&model.space);
		fake_forget();
		xen_lazy_flush(); /* nothing outside */
		xen_lazy_enter(XEN_LAZY_MMU);
		xen_pte_set(&model.space, address(0), some_entry(1), XEN_FLUSH_PAGE);
		xen_lazy_flush();
		assert_int_equal(fake.request_count, 2);
		assert_int_equal(last_request()->ext.cmd, MMUEXT_INVLPG_LOCAL);
		assert_int_equal(this_cpu()->lazy, XEN_LAZY_MMU);
		xen_pte_set(&model.space, address(1), some_entry(2), XEN_FLUSH_NONE);
		assert_int_equal(fake.request_count, 2);
		xen_lazy_leave(XEN_LAZY_MMU);
		assert_int_equal(fake.request_count, 3);
	}
}

/* Switching. */

static void test_switch_is_one_entry(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		xen_space_switch(&other);
		assert_int_equal(fake.trap_count, 1);
		assert_int_equal(fake.root.v, fake_mfn(other.root).v);
		if (port_pt_format->user_top)
			assert_int_equal(fake.user_root.v, fake_mfn(other.user_root).v);
		assert_ptr_equal(this_cpu()->space_asked, &other);
		assert_ptr_equal(this_cpu()->space_actual, &other);
		xen_space_switch(&other);
		assert_int_equal(fake.trap_count, 1);
		xen_space_switch(NULL);
		assert_int_equal(fake.trap_count, 2);
		assert_int_equal(fake.root.v, fake_mfn(fake.kernel_root).v);
		assert_int_equal(fake.user_root.v, 0);
		assert_null(this_cpu()->space_actual);
	}
}

/* Is this vcpu one of those that may hold translations of the space, and run on it? */
static void expect_user(const struct pt_space *space, bool uses)
{
	bool marked = space->cpus & xen_cpu_bit(this_cpu());

	if (marked != uses)
		fail_msg("the space has %s mark of this vcpu", marked ? "the" : "no");
}

/* A vcpu is marked before it loads a space, and until it has loaded another. */
static void test_users_are_marked(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(1);
		expect_user(&other, false);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&other);
		expect_user(&other, true);
		xen_lazy_leave(XEN_LAZY_CPU);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&model.space);
		expect_user(&other, true);
		expect_user(&model.space, true);
		xen_space_switch(&other);
		xen_lazy_leave(XEN_LAZY_CPU);
		expect_user(&other, true);
		expect_user(&model.space, false);
		xen_space_switch(NULL);
		expect_user(&other, false);
	}
}

/* Asked for at once, in force only when Xen has done it. */
static void test_asked_and_actual(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&other);
		assert_ptr_equal(this_cpu()->space_asked, &other);
		assert_null(this_cpu()->space_actual);
		assert_int_equal(fake.trap_count, 0);
		xen_lazy_leave(XEN_LAZY_CPU);
		assert_ptr_equal(this_cpu()->space_actual, &other);
		assert_int_equal(fake.trap_count, 1);
	}
}

static uint32_t refused_command;

static long refuse_command(const struct fake_request *request)
{
	return request->op == __HYPERVISOR_mmuext_op && request->ext.cmd == refused_command
	           ? -XEN_EINVAL
	           : 0;
}

static void test_a_failed_load_is_not_recorded(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int user = 0; user <= port_pt_format->user_top; user++) {
			start(&fake_formats[format]);
			prepare_and_pin(1);
			xen_space_switch(&other);
			fake.judge = refuse_command;
			refused_command = user ? MMUEXT_NEW_USER_BASEPTR : MMUEXT_NEW_BASEPTR;
			assert_non_null(FAKE_PANIC_OF(xen_space_switch(&model.space)));
			assert_ptr_equal(this_cpu()->space_actual, &other);
		}
	}
}

static void test_switch_to_what_is_not_active(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		assert_non_null(FAKE_PANIC_OF(xen_space_switch(&model.space)));
		assert_int_equal(fake.trap_count, 0);
	}
}

/* Loading drops the translations that notes are about. */
static void test_switch_drops_notes(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(1);
		xen_space_switch(&model.space);
		fake_forget();
		xen_lazy_enter(XEN_LAZY_MMU);
		xen_pte_set(&model.space, address(0), some_entry(1), XEN_FLUSH_PAGE);
		xen_space_switch(&other);
		xen_lazy_leave(XEN_LAZY_MMU);
		assert_int_equal(flush_count(), 0);
		assert_int_equal(fake_walk(fake_mfn(model.space.root), model.offset[0]),
		                 some_entry(1).v);
	}
}

/* While a switch waits in a batch, what is queued behind it runs on the new tables: an entry of the
 * old ones must not be changed by address, and one of the new ones may be cached by the time it
 * changes. */
static void test_set_behind_a_switch_that_waits(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(1);
		assert_int_equal(xen_pte_prepare(&other, address(0)), 0);
		xen_space_switch(&model.space);
		fake_forget();
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&other);
		xen_pte_set(&model.space, address(0), some_entry(1), XEN_FLUSH_PAGE);
		xen_lazy_leave(XEN_LAZY_CPU);
		assert_int_equal(fake_walk(fake_mfn(model.space.root), model.offset[0]),
		                 some_entry(1).v);
		assert_int_equal(fake_walk(fake_mfn(other.root), model.offset[0]), 0);

		fake_forget();
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&model.space);
		xen_pte_set(&model.space, address(0), some_entry(2), XEN_FLUSH_PAGE);
		xen_lazy_leave(XEN_LAZY_CPU);
		assert_int_equal(fake_walk(fake_mfn(model.space.root), model.offset[0]),
		                 some_entry(2).v);
		assert_true(is_flush(last_request()));
	}
}

/* Retiring. */

static void test_retire_leaves_the_space_first(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(3);
		xen_space_switch(&model.space);
		xen_space_retire(&model.space);
		assert_null(this_cpu()->space_actual);
		assert_int_equal(fake.root.v, fake_mfn(fake.kernel_root).v);
		assert_false(model.space.pinned);
		/* From here on entries are plain memory. */
		fake_forget();
		xen_pte_set(&model.space, address(0), some_entry(9), XEN_FLUSH_PAGE);
		assert_int_equal(fake.trap_count, 0);
		xen_space_destroy(&model.space);
	}
}

/* It runs on the space still, though it has asked for another. */
static void test_retire_behind_a_switch_that_waits(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		prepare_and_pin(3);
		xen_space_switch(&model.space);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&other);
		assert_ptr_equal(this_cpu()->space_actual, &model.space);
		xen_space_retire(&model.space);
		assert_ptr_equal(this_cpu()->space_actual, &other);
		xen_lazy_leave(XEN_LAZY_CPU);
		xen_space_destroy(&model.space);
	}
}

static void test_destroy_while_pinned(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		xen_space_activate(&model.space);
		assert_non_null(FAKE_PANIC_OF(xen_space_destroy(&model.space)));
	}
}

/* Trimming. */

/* The translation of a table that goes is dropped after its entry is cleared and before it is
 * writable. */
static void check_trim_order(bool in_force)
{
	bool cleared = false, flushed = false;

	for (unsigned int i = 0; i < fake.request_count; i++) {
		const struct fake_request *request = &fake.requests[i];

		if (request->op == __HYPERVISOR_mmu_update) {
			assert_int_equal(request->update.val, 0);
			cleared = true;
			flushed = false;
		} else if (is_flush(request)) {
			assert_true(cleared);
			flushed = true;
		} else if (request->op == __HYPERVISOR_update_va_mapping) {
			assert_true(cleared && flushed == in_force);
		}
	}
}

static void test_trim_flushes_before_it_frees(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int in_force = 0; in_force < 2; in_force++) {
			start(&fake_formats[format]);
			prepare_and_pin(6);
			xen_space_switch(in_force ? &model.space : &other);
			xen_pte_set(&model.space, address(4), some_entry(1), XEN_FLUSH_NONE);
			fake_forget();
			/* Two of the three leaf tables are empty; no upper one is. */
			assert_int_equal(trim(0, port_pt_format->user_end), 2);
			check_trim_order(in_force);
			rules_check_space(&model.space);
			assert_int_equal(xen_pte_read(&model.space, address(4)).v, some_entry(1).v);
			xen_pte_set(&model.space, address(4), PTE_NONE, XEN_FLUSH_PAGE);
			assert_int_equal(trim(0, port_pt_format->user_end),
			                 port_pt_format->levels - 1);
			rules_check_space(&model.space);
		}
	}
}

/* A table that reaches beyond the range stays, however empty. */
static void test_trim_keeps_what_reaches_out(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int pinned = 0; pinned < 2; pinned++) {
			start(&fake_formats[format]);
			uint64_t leaf = 5 * rules_reach(2);

			assert_int_equal(xen_pte_prepare(&model.space, rules_va(leaf)), 0);
			if (pinned)
				xen_space_activate(&model.space);
			fake_forget();
			assert_int_equal(trim(leaf + PAGE_BYTES, leaf + rules_reach(2)), 0);
			assert_int_equal(trim(leaf, leaf + rules_reach(2) - PAGE_BYTES), 0);
			assert_int_equal(trim(leaf, leaf), 0);
			assert_int_equal(trim(leaf, leaf + rules_reach(2)), 1);
			if (!pinned && fake.trap_count != 0)
				fail_msg("Xen hears of a table that it never knew");
		}
	}
}

/* Tables come and go inside lazy mode too, although each step reads what the last one wrote. */
static void test_tables_inside_lazy_mode(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		xen_space_activate(&model.space);
		xen_space_switch(&model.space);
		fake_forget();
		xen_lazy_enter(XEN_LAZY_MMU);
		assert_int_equal(xen_pte_prepare(&model.space, (vaddr_t){PAGE_BYTES}), 0);
		assert_int_equal(fake_frame_locks_held(), 0);
		xen_pte_set(&model.space, (vaddr_t){PAGE_BYTES}, some_entry(1), XEN_FLUSH_NONE);
		xen_lazy_flush();
		xen_pte_set(&model.space, (vaddr_t){PAGE_BYTES}, PTE_NONE, XEN_FLUSH_PAGE);
		xen_lazy_flush();
		assert_int_equal(trim(0, port_pt_format->user_end), port_pt_format->levels - 1);
		xen_lazy_leave(XEN_LAZY_MMU);
		rules_check_space(&model.space);
	}
}

/* Copies. */

#define COPIED 100u

static void release_nothing(pte_t pte, void *arg)
{
	(void)pte;
	(void)arg;
}

static bool count_entry(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	unsigned int *count = arg;

	(void)space;
	(void)va;
	(void)pte;
	++*count;
	return true;
}

/* A copy with recycled tops: its full leaf table is filled by stores, and is there for a walk, and
 * for the CPU once the space is active. */
static void copy_full_table(bool walk)
{
	struct pt_space copy;
	unsigned int count = 0;

	for (unsigned int i = 0; i < COPIED; i++) {
		assert_int_equal(xen_pte_prepare(&model.space, (vaddr_t){i * PAGE_BYTES}), 0);
		xen_pte_set(&model.space, (vaddr_t){i * PAGE_BYTES}, some_entry(i + 1),
		            XEN_FLUSH_NONE);
	}
	xen_space_dissolve(&other, release_nothing, NULL);
	assert_int_equal(xen_space_init(&copy), 0);
	assert_true(copy.pinned);
	assert_int_equal(xen_pte_prepare_like(&copy, (vaddr_t){0}, &model.space), 0);
	fake_forget();
	for (unsigned int i = 0; i < COPIED; i++)
		xen_pte_set(&copy, (vaddr_t){i * PAGE_BYTES}, some_entry(i + 1), XEN_FLUSH_NONE);
	assert_int_equal(fake.trap_count, 0);
	if (walk) {
		xen_pte_walk(&copy, (vaddr_t){0}, rules_va(port_pt_format->user_end), count_entry,
		             &count);
		assert_int_equal(count, COPIED);
	}
	xen_space_activate(&copy);
	for (unsigned int i = 0; i < COPIED; i++)
		assert_int_equal(fake_walk(fake_mfn(copy.root), i * PAGE_BYTES),
		                 some_entry(i + 1).v);
	rules_check_space(&copy);
	xen_space_dissolve(&copy, release_nothing, NULL);
}

static void test_copy_of_a_full_table(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int walk = 0; walk < 2; walk++) {
			start(&fake_formats[format]);
			copy_full_table(walk);
		}
	}
}

/* Memory runs out at each allocation in turn: an error, nothing lost, and a second try that
 * works. */

static void test_no_memory_for_a_space(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start(&fake_formats[format]);
		const long needed = 1 + port_pt_format->user_top + (port_pt_format->levels == 3);
		unsigned long taken = fake_frames_taken();
		struct pt_space space;

		for (long left = 0; left < needed; left++) {
			fake.allocations_left = left;
			assert_int_equal(xen_space_init(&space), -XEN_ENOMEM);
			assert_int_equal(fake_frames_taken(), taken);
		}
		fake.allocations_left = needed;
		assert_int_equal(xen_space_init(&space), 0);
		rules_check_space(&space);
		xen_space_destroy(&space);
		assert_int_equal(fake_frames_taken(), taken);
	}
}

static void test_no_memory_for_tables(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int pinned = 0; pinned < 2; pinned++) {
			start(&fake_formats[format]);
			unsigned long taken = fake_frames_taken();

			if (pinned)
				xen_space_activate(&model.space);
			for (long left = 0; left < port_pt_format->levels - 1; left++) {
				/* One table more each time: those made before stay. */
				fake.allocations_left = left > 0 ? 1 : 0;
				assert_int_equal(
				    xen_pte_prepare(&model.space, (vaddr_t){PAGE_BYTES}),
				    -XEN_ENOMEM);
				assert_int_equal(fake_frames_taken(), taken + (unsigned long)left);
				rules_check_space(&model.space);
			}
			fake.allocations_left = 1;
			assert_int_equal(xen_pte_prepare(&model.space, (vaddr_t){PAGE_BYTES}), 0);
			xen_pte_set(&model.space, (vaddr_t){PAGE_BYTES}, some_entry(1),
			            XEN_FLUSH_NONE);
			assert_int_equal(fake_walk(fake_mfn(model.space.root), PAGE_BYTES),
			                 some_entry(1).v);
		}
	}
}

/* The boot tables are adopted as they are. */
static void test_adopt_boot_tables(void **state)
{
	(void)state;
	rules_start(&fake_formats[0]);
	xen_kernel_space.root = PFN(102);
	xen_space_adopt_boot(PFN(100), 5);
	for (unsigned long pfn = 99; pfn < 106; pfn++) {
		unsigned int expected = pfn < 100 || pfn > 104 ? 0
		                        : pfn == 102           ? PT_FRAME_TABLE | PT_FRAME_PINNED
		                                               : PT_FRAME_TABLE;

		if (!fake.taken[pfn])
			assert_int_equal(fake.frames[pfn].flags, expected);
	}
	assert_int_equal(fake.request_count, 0);
	assert_non_null(FAKE_PANIC_OF(xen_space_adopt_boot(PFN(FAKE_FRAME_COUNT - 1), 2)));
}

/* Kernel entries above the user half are set in the kernel's own space, and by address at any
 * time. */
static void test_kernel_space(void **state)
{
	(void)state;
	start(&fake_formats[0]);
	vaddr_t va = pt_vaddr(0x880000000000ull + 5 * PAGE_BYTES);

	assert_int_equal(xen_pte_prepare(&xen_kernel_space, va), 0);
	xen_pte_set(&xen_kernel_space, va, some_entry(4), XEN_FLUSH_PAGE);
	assert_int_equal(last_request()->op, __HYPERVISOR_update_va_mapping);
	assert_int_equal(fake_walk(fake_mfn(fake.kernel_root), pt_offset(va)), some_entry(4).v);
	/* All spaces share it. */
	assert_int_equal(fake_walk(fake_mfn(other.root), pt_offset(va)), some_entry(4).v);
}

/* The modes themselves. */

static void test_lazy_modes_are_exclusive(void **state)
{
	const enum xen_lazy_mode modes[] = {XEN_LAZY_MMU, XEN_LAZY_CPU};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int k = 0; k < 2; k++) {
			start(&fake_formats[0]);
			xen_lazy_enter(modes[i]);
			assert_true(fake.vcpu_info.evtchn_upcall_mask);
			assert_non_null(FAKE_PANIC_OF(xen_lazy_enter(modes[k])));
			start(&fake_formats[0]);
			assert_non_null(FAKE_PANIC_OF(xen_lazy_leave(modes[k])));
			start(&fake_formats[0]);
			xen_lazy_enter(modes[i]);
			if (i != k)
				assert_non_null(FAKE_PANIC_OF(xen_lazy_leave(modes[k])));
			else
				xen_lazy_leave(modes[k]);
		}
		assert_non_null(FAKE_PANIC_OF(xen_lazy_leave(XEN_LAZY_NONE)));
		start(&fake_formats[0]);
		xen_lazy_enter(modes[i]);
		xen_lazy_leave(modes[i]);
		assert_false(fake.vcpu_info.evtchn_upcall_mask);
		assert_true(mc_idle());
	}
}

int space_cases_run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_histories),
	    cmocka_unit_test(test_unpinned_tables_take_plain_stores),
	    cmocka_unit_test(test_set_where_no_table_is),
	    cmocka_unit_test(test_set_in_force_is_one_call_by_address),
	    cmocka_unit_test(test_no_flush_for_a_space_not_in_force),
	    cmocka_unit_test(test_lazy_sets_and_their_flush),
	    cmocka_unit_test(test_lazy_flush_settles_and_stays),
	    cmocka_unit_test(test_switch_is_one_entry),
	    cmocka_unit_test(test_users_are_marked),
	    cmocka_unit_test(test_asked_and_actual),
	    cmocka_unit_test(test_a_failed_load_is_not_recorded),
	    cmocka_unit_test(test_switch_to_what_is_not_active),
	    cmocka_unit_test(test_switch_drops_notes),
	    cmocka_unit_test(test_set_behind_a_switch_that_waits),
	    cmocka_unit_test(test_retire_leaves_the_space_first),
	    cmocka_unit_test(test_retire_behind_a_switch_that_waits),
	    cmocka_unit_test(test_destroy_while_pinned),
	    cmocka_unit_test(test_trim_flushes_before_it_frees),
	    cmocka_unit_test(test_trim_keeps_what_reaches_out),
	    cmocka_unit_test(test_tables_inside_lazy_mode),
	    cmocka_unit_test(test_copy_of_a_full_table),
	    cmocka_unit_test(test_no_memory_for_a_space),
	    cmocka_unit_test(test_no_memory_for_tables),
	    cmocka_unit_test(test_adopt_boot_tables),
	    cmocka_unit_test(test_kernel_space),
	    cmocka_unit_test(test_lazy_modes_are_exclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
