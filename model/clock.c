/* SPDX-License-Identifier: MIT */
/*
 * Time: a clock that goes on only when it is read or made to jump, what Xen writes of it into the
 * guest's memory, single-shot timers, and the account of each vcpu's states.
 *
 * One tick of the time stamp counter is one nanosecond. The record of a vcpu's states is written
 * into the guest's memory word by word, with a step before each: another vcpu that reads it can
 * see any mixture, which the mark in state_entry_time is there to tell.
 */
#include "model/internal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <xen/vcpu.h>

#define TICK_NS 100u /* how far the clock goes with each reading */

uint64_t model_clock_read(void)
{
	return model.clock_ns += TICK_NS;
}

/* The version is odd while Xen writes; the vcpu itself never sees that, another one may. */
void model_time_record(unsigned int number)
{
	struct vcpu_time_info *record = &model.vcpus[number].info->time;

	record->version++;
	record->tsc_timestamp = model.clock_ns;
	record->system_time = model.clock_ns + (uint64_t)model.vcpus[number].skew_ns;
	record->tsc_to_system_mul = 1u << 31;
	record->tsc_shift = 1;
	record->version++;
	if (model.vcpus[number].time_record.at)
		memcpy(model.vcpus[number].time_record.at, record, sizeof(*record));
}

/* Timers. */

static void fire_due(void)
{
	for (unsigned int i = 0; i < model.vcpu_count; i++) {
		struct model_vcpu *vcpu = &model.vcpus[i];

		if (vcpu->timer_ns != MODEL_NEVER && vcpu->timer_ns <= model.clock_ns) {
			vcpu->timer_ns = MODEL_NEVER;
			model_send_virq(i, VIRQ_TIMER);
		}
		if (vcpu->poll_end_ns != MODEL_NEVER && vcpu->poll_end_ns <= model.clock_ns) {
			vcpu->poll_end_ns = MODEL_NEVER;
			vcpu->polls = MODEL_POLLS_NOTHING;
			model_wake(i);
		}
	}
}

void model_clock_jump(uint64_t to_ns)
{
	if (to_ns > model.clock_ns)
		model.clock_ns = to_ns;
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		model_time_record(i);
	fire_due();
}

uint64_t model_timer_next(void)
{
	uint64_t next = MODEL_NEVER;

	for (unsigned int i = 0; i < model.vcpu_count; i++) {
		const struct model_vcpu *vcpu = &model.vcpus[i];

		if (vcpu->timer_ns < next)
			next = vcpu->timer_ns;
		if (vcpu->poll_end_ns < next)
			next = vcpu->poll_end_ns;
	}
	return next;
}

bool model_clock_jump_to_timer(void)
{
	uint64_t next = model_timer_next();

	if (next == MODEL_NEVER)
		return false;
	model_clock_jump(next);
	return true;
}

long model_timer_set(unsigned int number, const struct vcpu_set_singleshot_timer *op)
{
	if (number != world_this_vcpu())
		return -EINVAL;
	if (!op)
		return -EFAULT;
	if ((op->flags & VCPU_SSHOTTMR_future) && op->timeout_abs_ns < model.clock_ns)
		return -ETIME;
	/* Xen's time is signed: what is beyond it is past. */
	model.vcpus[number].timer_ns = (int64_t)op->timeout_abs_ns < 0 ? 0 : op->timeout_abs_ns;
	fire_due();
	return 0;
}

long model_timer_stop(unsigned int number)
{
	if (number != world_this_vcpu())
		return -EINVAL;
	model.vcpus[number].timer_ns = MODEL_NEVER;
	return 0;
}

/* States. */

struct vcpu_runstate_info model_runstate(unsigned int number)
{
	const struct model_vcpu *vcpu = &model.vcpus[number];
	struct vcpu_runstate_info run = vcpu->run;

	run.time[run.state] += model.clock_ns - run.state_entry_time;
	return run;
}

/* Every word by itself, the mark first and last. */
void model_runstate_write(unsigned int number)
{
	char *record = model.vcpus[number].run_record.at;
	struct vcpu_runstate_info *area =
	    record ? (struct vcpu_runstate_info *)(void *)record : model.vcpus[number].run_area;
	struct vcpu_runstate_info run = model.vcpus[number].run;
	uint64_t mark = model.runstate_mark || record ? XEN_RUNSTATE_UPDATE : 0;
	volatile uint64_t *to = (volatile uint64_t *)area;
	const volatile uint64_t *from = (const volatile uint64_t *)&run;

	if (!area)
		return;
	if (mark) {
		area->state_entry_time |= mark;
		world_step("runstate: marked");
	}
	run.state_entry_time |= mark;
	for (unsigned int i = 0; i < sizeof(run) / sizeof(*to); i++) {
		to[i] = from[i];
		world_step("runstate: a word");
	}
	area->state_entry_time = model.vcpus[number].run.state_entry_time;
}

void model_runstate_change(unsigned int number, int state)
{
	struct model_vcpu *vcpu = &model.vcpus[number];

	if (vcpu->run.state == state)
		return;
	vcpu->run = model_runstate(number);
	vcpu->run.state = state;
	vcpu->run.state_entry_time = model.clock_ns;
	model_runstate_write(number);
}

void model_steal(uint64_t ns)
{
	unsigned int me = world_this_vcpu();

	model_runstate_change(me, RUNSTATE_runnable);
	model_clock_jump(model.clock_ns + ns);
	world_step("stolen");
	model_runstate_change(me, RUNSTATE_running);
}
