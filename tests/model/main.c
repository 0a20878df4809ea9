/* SPDX-License-Identifier: MIT */
/*
 * The scenarios, and the program that runs them on the model.
 *
 *	model-test --quick|--standard [SCENARIO]   a set: `ok model/…` and figures
 *	model-test --replay SCENARIO FORMAT CHOICES [--shrink]   one run again, with a timeline
 *	model-test --bench                          schedules a second
 */
#include <stdio.h>
#include <string.h>

#include "tests/model/run.h"
#include "tests/model/scenarios.h"

void scenario_space(struct pt_space *space, pfn_t *frame, unsigned int places)
{
	*frame = world_frame_alloc();
	CHECK(pt_index(SCENARIO_ADDRESS, 1) + places <= pt_entry_count(1));
	CHECK(xen_space_init(space) == 0);
	CHECK(xen_pte_prepare(space, VADDR(SCENARIO_ADDRESS)) == 0);
	xen_pte_set(space, VADDR(SCENARIO_ADDRESS), pte_from_pfn(*frame, SCENARIO_FLAGS),
	            XEN_FLUSH_NONE);
}

void scenario_space_end(struct pt_space *space, pfn_t frame)
{
	xen_space_retire(space);
	xen_space_destroy(space);
	world_frame_free(frame);
	CHECK(!space->pinned);
}

const struct scenario scenarios[] = {
    {"pin-window", 2, pin_window_setup, {pin_window_pin, pin_window_store}, pin_window_finish},
    {"unpin-window",
     2,
     unpin_window_setup,
     {unpin_window_unpin, pin_window_store},
     unpin_window_finish},
    {"pin-rewrite",
     2,
     pin_window_setup,
     {pin_window_pin, pin_window_rewrite},
     pin_window_rewrite_finish},
    {"unpin-rewrite",
     2,
     unpin_window_setup,
     {unpin_window_unpin, pin_window_rewrite},
     pin_window_rewrite_finish},
    {"batches", 2, batches_setup, {batches_run, batches_run}, batches_finish},
    {"two-lives", 2, lives_setup, {lives_run, lives_run}, lives_finish},
    {"event-flag", 2, events_setup, {events_receive, events_send}, events_finish},
    {"event-masking", 2, events_setup, {masking_receive, events_send}, events_finish},
    {"vcpu-info-move", 2, block_setup, {info_move, block_send}, NULL},
    {"vcpu-info-needed", 2, info_needed_setup, {info_needed_first, vcpu_up_second}, NULL},
    {"event-storm", 2, storm_setup, {storm_receive, storm_send}, storm_finish},
    {"emulated-store", 1, store_setup, {store_run}, store_finish},
    {"vcpu-up", 2, vcpu_up_setup, {vcpu_up_first, vcpu_up_second}, NULL},
    {"block", 2, block_setup, {block_sleep, block_send}, NULL},
    {"poll", 2, block_setup, {poll_sleep, block_send}, NULL},
    {"timer", 2, timer_setup, {timer_sleep, timer_poll}, NULL},
    {"runstate", 2, runstate_setup, {runstate_write, runstate_read}, NULL},
    {"lock", 2, lock_setup, {lock_run, lock_run}, lock_finish},
    {"lock-three", 3, lock_setup, {lock_try_run, lock_try_run, lock_try_run}, lock_finish},
    {"lock-no-port", 2, lock_no_port_setup, {lock_run, lock_run}, lock_finish},
    {"lock-nested", 2, lock_nested_setup, {lock_nested_wait, lock_nested_give}, lock_nested_finish},
    {"lock-nested-converse",
     2,
     lock_nested_setup,
     {lock_nested_wait, lock_nested_give_converse},
     lock_nested_finish},
    {"lock-handler",
     2,
     lock_handler_setup,
     {lock_handler_run, lock_handler_send},
     lock_handler_finish},
    {"smp-retire",
     2,
     smp_retire_setup,
     {smp_retire_owner, smp_retire_lazy_user},
     smp_retire_finish},
    {"smp-retire-idle",
     2,
     smp_retire_setup,
     {smp_retire_owner, smp_retire_idle_user},
     smp_retire_finish},
    {"smp-retire-four",
     4,
     smp_retire_setup,
     {smp_retire_owner, smp_retire_lazy_user, smp_retire_idle_user, smp_retire_lazy_user},
     smp_retire_finish},
    {"smp-cross", 2, smp_cross_setup, {smp_cross_run, smp_cross_run}, smp_retire_finish},
    {"smp-cross-masked",
     2,
     smp_cross_setup,
     {smp_cross_masked, smp_cross_masked},
     smp_retire_finish},
    {"smp-flush", 2, smp_retire_setup, {smp_flush_owner, smp_flush_user}, smp_flush_finish},
    {"smp-flush-three",
     3,
     smp_retire_setup,
     {smp_flush_owner, smp_flush_user, smp_flush_user},
     smp_flush_finish},
    {"smp-move", 2, smp_retire_setup, {smp_move_owner, smp_flush_user}, smp_flush_finish},
    {"smp-down", 2, smp_down_setup, {smp_down_caller, smp_down_target}, smp_down_finish},
    {"smp-lazy", 2, smp_lazy_setup, {smp_lazy_collect, smp_lazy_send}, smp_lazy_finish},
    {"user-return", 2, user_return_setup, {user_return_run, user_return_send}, user_return_finish},
    {"failures", 1, failures_setup, {failures_run}, failures_finish},
    {"failures-two", 2, failures_setup, {failures_run, failures_run}, failures_finish},
    {"recycle", 2, recycle_setup, {recycle_run, recycle_and_reclaim}, recycle_finish},
    {0},
};

const struct scenario workloads[] = {
    {"workload", 1, workload_setup, {workload_run}, workload_finish},
    {"smp-lives-two", 2, smp_lives_setup, {smp_lives_run, smp_lives_run}, smp_retire_finish},
    {"smp-lives",
     3,
     smp_lives_setup,
     {smp_lives_run, smp_lives_run, smp_lives_run},
     smp_retire_finish},
    {0},
};

int main(int argc, char **argv)
{
	if (argc >= 5 && strcmp(argv[1], "--replay") == 0)
		return run_again(argv[2], argv[3], argv[4],
		                 argc == 6 && strcmp(argv[5], "--shrink") == 0);
	if (argc == 2 && strcmp(argv[1], "--bench") == 0) {
		run_bench();
		return 0;
	}
	if (argc <= 3) {
		const char *name = argc == 3 ? argv[2] : NULL;

		if (argc == 1 || strcmp(argv[1], "--quick") == 0)
			return run_all(&run_quick, name) ? 0 : 1;
		if (strcmp(argv[1], "--standard") == 0)
			return run_all(&run_standard, name) ? 0 : 1;
	}
	fprintf(stderr, "use: model-test [--quick|--standard [SCENARIO]]\n"
	                "     model-test --replay SCENARIO FORMAT CHOICES [--shrink]\n"
	                "     model-test --bench\n");
	return 2;
}
