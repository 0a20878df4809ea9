/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/multicall.c xen/irq_flag.c xen/p2m.c lib/fmt.c */
/*
 * Batches: what reaches Xen, in which order and in how many entries; callbacks; full buffers at
 * every offset; failures and misuse.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xen/irq_flag.h"
#include "xen/multicall.h"

/* What was queued, in order, as it must come to Xen; and the callbacks in between. */
enum kind {
	MMU_UPDATE,
	UPDATE_VA,
	MMUEXT,
	CALL,       /* without a block */
	CALL_BLOCK, /* with one */
	CALLBACK,
	KIND_COUNT
};

struct step {
	enum kind kind;
	unsigned long tag;
	unsigned int bytes;          /* of a block */
	unsigned int requests_ahead; /* queued before it; a callback waits for all of them */
};

#define STEPS_MAX 4096u

static struct step steps[STEPS_MAX];
static unsigned int step_count, request_total;
static unsigned int callbacks_run;
static pfn_t table;

/* The block of a CALL_BLOCK as Xen saw it: checked when the call is made. */
static long see_call(unsigned int op, unsigned long *args)
{
	if (op != __HYPERVISOR_set_debugreg)
		return 0;
	unsigned long tag = args[0], bytes = args[3];
	const unsigned char *block = (const unsigned char *)args[1];

	if (bytes == 0)
		return 0;
	assert_int_equal((uintptr_t)block % 8, 0);
	for (unsigned long i = 0; i < bytes; i++)
		assert_int_equal(block[i], (unsigned char)(tag + i));
	return 0;
}

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	fake.other = see_call;
	table = fake_frame_take();
	step_count = request_total = callbacks_run = 0;
	return 0;
}

static maddr_t entry_address(unsigned long tag)
{
	return (maddr_t){(fake_mfn(table).v << PAGE_SHIFT) + tag % 512 * 8};
}

static void run_callback(void *arg, bool ok)
{
	const struct step *step = arg;

	assert_true(ok);
	assert_true(fake.vcpu_info.evtchn_upcall_mask);
	/* In order, and all that it waits for is done. */
	for (unsigned int i = 0, n = 0; i < step_count; i++) {
		if (steps[i].kind != CALLBACK)
			continue;
		if (n++ == callbacks_run)
			assert_ptr_equal(&steps[i], step);
	}
	assert_true(fake.request_count >= step->requests_ahead);
	callbacks_run++;
}

/* The arguments are gone when the call returns: what is queued must be a copy. */
static void queue(struct mc_batch *batch, enum kind kind, unsigned int bytes)
{
	struct step *step = &steps[step_count];
	unsigned long tag = step_count * 3ul + 1;

	assert_true(step_count < STEPS_MAX);
	step_count++;
	*step = (struct step){
	    .kind = kind, .tag = tag, .bytes = bytes, .requests_ahead = request_total};
	request_total += kind != CALLBACK;
	if (kind == MMU_UPDATE) {
		mc_mmu_update(batch, entry_address(tag), (pte_t){tag << PAGE_SHIFT});
	} else if (kind == UPDATE_VA) {
		/* A mapping that changes nothing. */
		mc_update_va(batch, (vaddr_t){PORT_DIRECT_MAP_BASE + PAGE_BYTES},
		             (pte_t){fake_mfn(PFN(1)).v << PAGE_SHIFT | 3}, tag);
	} else if (kind == MMUEXT) {
		struct mmuext_op op = {.cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = tag};

		mc_mmuext(batch, &op);
		memset(&op, 0xee, sizeof(op));
	} else if (kind == CALL || kind == CALL_BLOCK) {
		unsigned long args[5] = {tag, 0, 2, kind == CALL ? 0 : bytes, 4};
		unsigned char block[MC_ARG_BYTES];

		for (unsigned int i = 0; i < bytes; i++)
			block[i] = (unsigned char)(tag + i);
		mc_call(batch, __HYPERVISOR_set_debugreg, args, kind == CALL ? NULL : block, bytes,
		        1);
		memset(block, 0xee, sizeof(block));
		memset(args, 0xee, sizeof(args));
	} else {
		mc_callback(batch, run_callback, step);
	}
}

static void check_request(const struct step *step, const struct fake_request *request)
{
	switch (step->kind) {
	case MMU_UPDATE:
		assert_int_equal(request->op, __HYPERVISOR_mmu_update);
		assert_int_equal(request->update.ptr,
		                 entry_address(step->tag).v | MMU_NORMAL_PT_UPDATE);
		assert_int_equal(request->update.val, step->tag << PAGE_SHIFT);
		break;
	case UPDATE_VA:
		assert_int_equal(request->op, __HYPERVISOR_update_va_mapping);
		assert_int_equal(request->va.v, PORT_DIRECT_MAP_BASE + PAGE_BYTES);
		assert_int_equal(request->args[2], step->tag);
		break;
	case MMUEXT:
		assert_int_equal(request->op, __HYPERVISOR_mmuext_op);
		assert_int_equal(request->ext.cmd, MMUEXT_INVLPG_LOCAL);
		assert_int_equal(request->ext.arg1.linear_addr, step->tag);
		break;
	default:
		assert_int_equal(request->op, __HYPERVISOR_set_debugreg);
		assert_int_equal(request->args[0], step->tag);
		assert_int_equal(request->args[2], 2);
		assert_int_equal(request->args[4], 4);
		break;
	}
}

/* All that was queued came to Xen once, in order, and all callbacks ran. */
static void check_all(void)
{
	unsigned int n = 0, callbacks = 0;

	assert_int_equal(fake.request_count, request_total);
	for (unsigned int i = 0; i < step_count; i++) {
		if (steps[i].kind == CALLBACK)
			callbacks++;
		else
			check_request(&steps[i], &fake.requests[n++]);
	}
	assert_int_equal(callbacks_run, callbacks);
	assert_true(mc_idle());
}

static void test_empty(void **state)
{
	struct mc_batch batch = mc_begin();

	(void)state;
	mc_commit(&batch);
	assert_int_equal(fake.trap_count, 0);
	assert_true(mc_idle());
}

static void test_one_goes_out_directly(void **state)
{
	for (enum kind kind = 0; kind < CALLBACK; kind++) {
		start(state);
		struct mc_batch batch = mc_begin();

		queue(&batch, kind, 24);
		assert_int_equal(fake.trap_count, 0);
		mc_commit(&batch);
		assert_int_equal(fake.trap_count, 1);
		assert_false(fake.requests[0].batched);
		assert_int_equal(this_cpu()->counters.hypercalls[__HYPERVISOR_multicall], 0);
		assert_int_equal(this_cpu()->counters.hypercalls[fake.requests[0].op], 1);
		check_all();
	}
}

static void test_a_run_is_one_entry(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < CALLBACK; kind++) {
		bool merges = kind == MMU_UPDATE || kind == MMUEXT;

		start(state);
		struct mc_batch batch = mc_begin();

		for (unsigned int i = 0; i < 7; i++)
			queue(&batch, kind, 24);
		mc_commit(&batch);
		assert_int_equal(fake.trap_count, 1);
		assert_int_equal(fake.requests[0].batched, !merges);
		if (merges)
			assert_int_equal(fake.requests[0].args[1], 7);
		check_all();
	}
}

static void test_kinds_in_turn_keep_their_order(void **state)
{
	(void)state;
	struct mc_batch batch = mc_begin();

	for (unsigned int round = 0; round < 3; round++)
		for (enum kind kind = 0; kind < CALLBACK; kind++)
			queue(&batch, kind, 20);
	mc_commit(&batch);
	assert_int_equal(fake.trap_count, 1);
	check_all();
	/* 15 entries: the bin for 9 to 16. */
	assert_int_equal(this_cpu()->counters.batch_sizes[4], 1);
	assert_int_equal(this_cpu()->counters.batched[__HYPERVISOR_mmu_update], 3);
}

/* A request behind a callback must not join an entry that the callback waits for. */
static void test_callback_ends_a_run(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < CALLBACK; kind++) {
		start(state);
		struct mc_batch batch = mc_begin();

		queue(&batch, kind, 8);
		queue(&batch, CALLBACK, 0);
		queue(&batch, kind, 8);
		mc_commit(&batch);
		assert_true(fake.requests[0].batched);
		assert_int_equal(fake.trap_count, 1);
		check_all();
	}
}

static void test_callbacks_alone(void **state)
{
	(void)state;
	struct mc_batch batch = mc_begin();

	for (unsigned int i = 0; i < 3 * MC_CALLBACKS_MAX; i++)
		queue(&batch, CALLBACK, 0);
	mc_commit(&batch);
	assert_int_equal(fake.trap_count, 0);
	check_all();
}

/* Fill one resource up to each point, then queue some of each kind. */
static void fill_and_queue(enum kind filler, unsigned int filler_bytes, unsigned int count,
                           enum kind kind, unsigned int bytes)
{
	struct mc_batch batch = mc_begin();

	for (unsigned int i = 0; i < count; i++)
		queue(&batch, filler, filler_bytes);
	for (unsigned int i = 0; i < 3; i++) {
		queue(&batch, kind, bytes);
		queue(&batch, CALLBACK, 0);
	}
	queue(&batch, kind, bytes);
	mc_commit(&batch);
	check_all();
}

static void test_full_of_entries(void **state)
{
	for (unsigned int count = 0; count <= 2 * MC_ENTRIES_MAX + 1; count++) {
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			start(state);
			fill_and_queue(UPDATE_VA, 0, count, kind, 40);
		}
	}
}

static void test_full_of_argument_bytes(void **state)
{
	/* One block of each size up to the whole buffer, then runs of requests at each fill. */
	for (unsigned int bytes = 1; bytes <= MC_ARG_BYTES;
	     bytes += bytes > 64 && bytes < MC_ARG_BYTES - 128 ? 61 : 1) {
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			start(state);
			fill_and_queue(CALL_BLOCK, bytes, 1, kind, 33);
		}
	}
	for (unsigned int count = 0; count <= MC_ARG_BYTES / 16 + 2; count++) {
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			start(state);
			fill_and_queue(MMU_UPDATE, 0, count, kind, 40);
			start(state);
			fill_and_queue(MMUEXT, 0, count, kind, 2040);
		}
	}
}

static void test_full_of_callbacks(void **state)
{
	for (unsigned int count = 0; count <= 2 * MC_CALLBACKS_MAX + 1; count++) {
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			start(state);
			fill_and_queue(CALLBACK, 0, count, kind, 16);
		}
	}
}

static void test_random_sequences(void **state)
{
	for (unsigned int seed = 1; seed <= 300; seed++) {
		start(state);
		fake_random_seed(seed);
		unsigned int depth = 1;
		struct mc_batch batch[4] = {mc_begin()};

		for (unsigned int i = 0; i < 200; i++) {
			uint64_t pick = fake_random() % 16;

			if (pick == 0 && depth < 4)
				batch[depth++] = mc_begin();
			else if (pick == 1 && depth > 1)
				mc_commit(&batch[--depth]);
			else if (pick == 2 && fake_random() % 8 == 0)
				mc_issue();
			else
				queue(&batch[depth - 1], (enum kind)(fake_random() % KIND_COUNT),
				      1 + (unsigned int)(fake_random() % 300));
		}
		while (depth > 0)
			mc_commit(&batch[--depth]);
		check_all();
	}
}

static void test_tokens_nest(void **state)
{
	(void)state;
	struct mc_batch outer = mc_begin();

	queue(&outer, MMU_UPDATE, 0);
	struct mc_batch inner = mc_begin();

	assert_true(outer.outermost && !inner.outermost);
	queue(&inner, MMU_UPDATE, 0);
	mc_commit(&inner);
	assert_int_equal(fake.trap_count, 0);
	assert_false(mc_idle());
	assert_false(xen_irq_enabled());
	mc_commit(&outer);
	assert_int_equal(fake.trap_count, 1);
	assert_true(xen_irq_enabled());
	check_all();
}

static void test_issue_inside(void **state)
{
	(void)state;
	struct mc_batch batch = mc_begin();

	queue(&batch, MMUEXT, 0);
	queue(&batch, CALLBACK, 0);
	mc_issue();
	assert_int_equal(fake.request_count, 1);
	assert_int_equal(callbacks_run, 1);
	assert_false(mc_idle());
	queue(&batch, MMUEXT, 0);
	mc_commit(&batch);
	assert_int_equal(fake.trap_count, 2);
	check_all();
}

/* Masked from begin to commit, and as they were afterwards. */
static unsigned int upcalls;

static void count_upcall(void)
{
	upcalls++;
	fake.vcpu_info.evtchn_upcall_pending = 0;
}

static void test_events_are_masked(void **state)
{
	(void)state;
	fake.upcall = count_upcall;
	upcalls = 0;
	struct mc_batch batch = mc_begin();

	assert_false(xen_irq_enabled());
	fake.vcpu_info.evtchn_upcall_pending = 1;
	queue(&batch, MMU_UPDATE, 0);
	mc_issue();
	assert_int_equal(upcalls, 0);
	mc_commit(&batch);
	assert_int_equal(upcalls, 1);
	assert_true(xen_irq_enabled());

	xen_irq_disable();
	batch = mc_begin();
	mc_commit(&batch);
	assert_false(xen_irq_enabled());
}

/* Failures. */

static unsigned int refused_at;
static long refusal;

static long refuse(const struct fake_request *request)
{
	(void)request;
	return fake.request_count == refused_at ? refusal : 0;
}

static struct {
	unsigned int ok, failed;
	bool order_broken;
} outcome;

/* Those before the failure hear yes, the rest no. */
static void note_outcome(void *arg, bool ok)
{
	(void)arg;
	outcome.order_broken |= ok && outcome.failed > 0;
	outcome.ok += ok;
	outcome.failed += !ok;
}

__attribute__((noinline)) static void queue_from_here(struct mc_batch *batch, unsigned long tag)
{
	mc_mmu_update(batch, entry_address(tag), (pte_t){0xabc000 + tag});
	__asm__ volatile("" ::: "memory");
}

static bool names_this_place(const char *text)
{
	const char *from = strstr(text, "from 0x");

	if (!from)
		return false;
	uintptr_t at = strtoul(from + 5, NULL, 16), function = (uintptr_t)queue_from_here;

	return at > function && at < function + 512;
}

static void failing_batch(unsigned int before, unsigned int after)
{
	struct mc_batch batch = mc_begin();

	for (unsigned int i = 0; i < before; i++) {
		queue(&batch, UPDATE_VA, 0);
		mc_callback(&batch, note_outcome, NULL);
	}
	queue_from_here(&batch, 5);
	mc_callback(&batch, note_outcome, NULL);
	for (unsigned int i = 0; i < after; i++) {
		queue(&batch, UPDATE_VA, 0);
		mc_callback(&batch, note_outcome, NULL);
	}
	mc_commit(&batch);
}

static bool logged(const char *part)
{
	for (unsigned int i = 0; i < fake.log_count; i++)
		if (strstr(fake.log[i], part))
			return true;
	return false;
}

static void test_failure_is_reported(void **state)
{
	char argument[64];

	for (unsigned int before = 0; before < 5; before++) {
		for (unsigned int after = 0; after < 3; after++) {
			start(state);
			memset(&outcome, 0, sizeof(outcome));
			refused_at = before;
			refusal = -16;
			fake.judge = refuse;
			const char *text = FAKE_PANIC_OF(failing_batch(before, after));

			assert_non_null(text);
			assert_non_null(strstr(text, "hypercall 1 ")); /* mmu_update */
			assert_non_null(strstr(text, "with -16"));
			assert_true(names_this_place(text));
			assert_int_equal(outcome.ok, before);
			assert_int_equal(outcome.failed, 1 + after);
			assert_false(outcome.order_broken);
			/* The request's own words are in the log, though Xen has overwritten the
			 * entry. */
			snprintf(argument, sizeof(argument), "%#llx 0xabc005",
			         (unsigned long long)entry_address(5).v);
			assert_true(logged(argument));
			assert_true(logged("= -16"));
			assert_true(fake.log_count >= before + 1 + after);
		}
	}
}

/* A refusal inside an array is the array's. */
static void test_failure_in_a_run(void **state)
{
	for (unsigned int bad = 0; bad < 6; bad++) {
		start(state);
		memset(&outcome, 0, sizeof(outcome));
		refused_at = bad;
		refusal = -22;
		fake.judge = refuse;
		struct mc_batch batch = mc_begin();

		queue(&batch, CALL, 0);
		mc_callback(&batch, note_outcome, NULL);
		for (unsigned int i = 0; i < 5; i++)
			queue_from_here(&batch, i);
		mc_callback(&batch, note_outcome, NULL);
		assert_non_null(FAKE_PANIC_OF(mc_commit(&batch)));
		assert_int_equal(outcome.ok, bad == 0 ? 0 : 1);
		assert_int_equal(outcome.failed, bad == 0 ? 2 : 1);
		/* Nothing behind the refusal in the same array. */
		assert_int_equal(fake.request_count, bad == 0 ? 6 : bad + 1);
	}
}

/* Misuse. */

/* Without a batch: one call, with the flush behind the change; and a refusal of either ends it. */
static void test_request_at_once(void **state)
{
	const struct mmuext_op flush = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};

	for (unsigned int with = 0; with < 2; with++) {
		const struct mmuext_op *behind = with ? &flush : NULL;

		start(state);
		mc_mmu_update_now(entry_address(3), (pte_t){0}, behind);
		assert_int_equal(fake.trap_count, 1);
		assert_int_equal(fake.request_count, 1 + with);
		assert_int_equal(fake.requests[0].op, __HYPERVISOR_mmu_update);
		assert_int_equal(fake.requests[0].batched, with);
		assert_int_equal(fake_last_request()->op,
		                 with ? __HYPERVISOR_mmuext_op : __HYPERVISOR_mmu_update);
		for (unsigned int bad = 0; bad <= with; bad++) {
			start(state);
			refused_at = bad;
			refusal = -22;
			fake.judge = refuse;
			assert_non_null(
			    FAKE_PANIC_OF(mc_mmu_update_now(entry_address(3), (pte_t){0}, behind)));
		}
		start(state);
		struct mc_batch batch = mc_begin();

		assert_non_null(
		    FAKE_PANIC_OF(mc_mmu_update_now(entry_address(3), (pte_t){0}, behind)));
		mc_commit(&batch);
	}
}

static void test_commit_without_begin(void **state)
{
	struct mc_batch none = {.outermost = true};

	(void)state;
	assert_non_null(FAKE_PANIC_OF(mc_commit(&none)));
	start(state);
	struct mc_batch batch = mc_begin();

	mc_commit(&batch);
	assert_non_null(FAKE_PANIC_OF(mc_commit(&batch)));
}

static void test_commits_out_of_order(void **state)
{
	(void)state;
	struct mc_batch outer = mc_begin();

	(void)mc_begin();
	assert_non_null(FAKE_PANIC_OF(mc_commit(&outer)));
}

static void test_queueing_without_a_batch(void **state)
{
	struct mc_batch none = {0};

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		start(state);
		assert_non_null(FAKE_PANIC_OF(queue(&none, kind, 8)));
		assert_int_equal(fake.trap_count, 0);
	}
}

static void test_block_too_large(void **state)
{
	static const char block[MC_ARG_BYTES + 1];
	const unsigned long args[5] = {0};
	struct mc_batch batch = mc_begin();

	(void)state;
	assert_non_null(FAKE_PANIC_OF(
	    mc_call(&batch, __HYPERVISOR_set_debugreg, args, block, sizeof(block), 1)));
}

static struct mc_batch open_batch;
static enum kind queued_in_callback;

static void callback_queues(void *arg, bool ok)
{
	(void)arg;
	(void)ok;
	queue(&open_batch, queued_in_callback, 8);
}

static void callback_begins(void *arg, bool ok)
{
	(void)arg;
	(void)ok;
	(void)mc_begin();
}

static void callback_issues(void *arg, bool ok)
{
	(void)arg;
	(void)ok;
	mc_issue();
}

static void test_callbacks_must_not_queue(void **state)
{
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		start(state);
		queued_in_callback = kind;
		open_batch = mc_begin();
		queue(&open_batch, kind, 8);
		mc_callback(&open_batch, callback_queues, NULL);
		assert_non_null(FAKE_PANIC_OF(mc_commit(&open_batch)));
	}
	start(state);
	open_batch = mc_begin();
	mc_callback(&open_batch, callback_begins, NULL);
	assert_non_null(FAKE_PANIC_OF(mc_commit(&open_batch)));
	start(state);
	open_batch = mc_begin();
	mc_callback(&open_batch, callback_issues, NULL);
	assert_non_null(FAKE_PANIC_OF(mc_commit(&open_batch)));
}

static void test_batch_sizes_are_counted(void **state)
{
	static const struct {
		unsigned int entries, bin;
	} sizes[] = {{1, 0}, {2, 1}, {3, 2},  {4, 2},  {5, 3},
	             {8, 3}, {9, 4}, {16, 4}, {17, 5}, {32, 5}};

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		start(state);
		struct mc_batch batch = mc_begin();

		for (unsigned int n = 0; n < sizes[i].entries; n++)
			queue(&batch, UPDATE_VA, 0);
		mc_commit(&batch);
		assert_int_equal(fake.trap_count, 1);
		for (unsigned int bin = 0; bin < XEN_BATCH_SIZE_BINS; bin++)
			assert_int_equal(this_cpu()->counters.batch_sizes[bin],
			                 bin == sizes[i].bin);
		assert_int_equal(this_cpu()->counters.entry_requests, sizes[i].entries);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_empty, start),
	    cmocka_unit_test_setup(test_one_goes_out_directly, start),
	    cmocka_unit_test_setup(test_a_run_is_one_entry, start),
	    cmocka_unit_test_setup(test_kinds_in_turn_keep_their_order, start),
	    cmocka_unit_test_setup(test_callback_ends_a_run, start),
	    cmocka_unit_test_setup(test_callbacks_alone, start),
	    cmocka_unit_test(test_full_of_entries),
	    cmocka_unit_test(test_full_of_argument_bytes),
	    cmocka_unit_test(test_full_of_callbacks),
	    cmocka_unit_test(test_random_sequences),
	    cmocka_unit_test_setup(test_tokens_nest, start),
	    cmocka_unit_test_setup(test_issue_inside, start),
	    cmocka_unit_test_setup(test_events_are_masked, start),
	    cmocka_unit_test(test_failure_is_reported),
	    cmocka_unit_test(test_failure_in_a_run),
	    cmocka_unit_test(test_request_at_once),
	    cmocka_unit_test_setup(test_commit_without_begin, start),
	    cmocka_unit_test_setup(test_commits_out_of_order, start),
	    cmocka_unit_test(test_queueing_without_a_batch),
	    cmocka_unit_test_setup(test_block_too_large, start),
	    cmocka_unit_test(test_callbacks_must_not_queue),
	    cmocka_unit_test(test_batch_sizes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
