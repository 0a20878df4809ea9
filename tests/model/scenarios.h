/* SPDX-License-Identifier: MIT */
/*
 * The scenarios' parts, and what they share.
 */
#ifndef PINFOLD_TESTS_MODEL_SCENARIOS_H
#define PINFOLD_TESTS_MODEL_SCENARIOS_H

#include "tests/model/world.h"
#include "xen/p2m.h"

#define SCENARIO_ADDRESS 0x10000ul
#define SCENARIO_FLAGS   (PTE_PRESENT | PTE_WRITE | PTE_USER)

/* A space, not active, with a fresh frame mapped at SCENARIO_ADDRESS and room for `places`
 * entries behind it in the same leaf table. */
void scenario_space(struct pt_space *space, pfn_t *frame, unsigned int places);

/* Retire and destroy it, and give the frame back. */
void scenario_space_end(struct pt_space *space, pfn_t frame);

/* Gives a frame back: the release function of xen_space_dissolve(). */
void scenario_release(pte_t pte, void *arg);

void pin_window_setup(void);
void pin_window_pin(void);
void pin_window_store(void);
void pin_window_finish(void);
void pin_window_add(void);
void pin_window_rewrite(void);
void pin_window_rewrite_finish(void);
void pin_window_rewrite_two(void);
void unpin_window_two_setup(void);
void unpin_window_setup(void);
void unpin_window_unpin(void);
void unpin_window_finish(void);
void batches_setup(void);
void batches_run(void);
void batches_finish(void);
void lives_setup(void);
void lives_run(void);
void lives_finish(void);
void events_setup(void);
void events_receive(void);
void enable_receive(void);
void events_send(void);
void events_finish(void);
void masking_receive(void);
void vcpu_up_setup(void);
void vcpu_up_first(void);
void vcpu_up_second(void);
void info_move(void);
void info_needed_setup(void);
void info_needed_first(void);
void life_setup(void);
void life_of_each(void);
void life_twice(void);
void life_retried(void);
void life_called_setup(void);
void life_called(void);
void life_caller(void);
void life_finish(void);
void storm_setup(void);
void storm_receive(void);
void storm_send(void);
void storm_finish(void);
void store_setup(void);
void store_run(void);
void store_beside(void);
void store_finish(void);
void block_setup(void);
void block_sleep(void);
void block_send(void);
void poll_sleep(void);
void timer_setup(void);
void timer_sleep(void);
void timer_poll(void);
void runstate_setup(void);
void runstate_write(void);
void runstate_read(void);
void lock_setup(void);
void lock_no_port_setup(void);
void lock_run(void);
void lock_try_run(void);
void lock_finish(void);
void lock_nested_setup(void);
void lock_nested_wait(void);
void lock_nested_give(void);
void lock_nested_give_converse(void);
void lock_nested_also(void);
void lock_nested_finish(void);
void lock_handler_setup(void);
void lock_handler_run(void);
void lock_handler_send(void);
void lock_handler_also(void);
void lock_handler_finish(void);
void smp_retire_setup(void);
void smp_retire_owner(void);
void smp_retire_lazy_user(void);
void smp_retire_idle_user(void);
void smp_retire_finish(void);
void smp_cross_setup(void);
void smp_cross_run(void);
void smp_cross_masked(void);
void smp_flush_owner(void);
void smp_flush_user(void);
void smp_move_owner(void);
void smp_leave_setup(void);
void smp_leave_owner(void);
void smp_flush_finish(void);
void smp_down_setup(void);
void smp_down_caller(void);
void smp_down_target(void);
void smp_down_finish(void);
void smp_lazy_setup(void);
void smp_lazy_collect(void);
void smp_lazy_send(void);
void smp_lazy_finish(void);
void smp_lives_setup(void);
void smp_lives_run(void);
void recycle_setup(void);
void recycle_run(void);
void recycle_and_reclaim(void);
void recycle_finish(void);
void share_setup(void);
void share_write(void);
void share_unmap(void);
void share_again(void);
void share_finish(void);
void share_threads_setup(void);
void share_threads_fork(void);
void share_threads_write(void);
void share_threads_finish(void);
void share_lives_setup(void);
void share_lives_run(void);
void protect_shared(void);
void protect_threads_setup(void);
void protect_threads_change(void);
void protect_threads_write(void);
void protect_threads_finish(void);
void user_return_setup(void);
void user_return_run(void);
void user_return_send(void);
void user_return_finish(void);
void failures_setup(void);
void failures_run(void);
void failures_run_twice(void);
void failures_finish(void);
void workload_setup(void);
void workload_run(void);
void workload_finish(void);

#endif
