/* SPDX-License-Identifier: MIT */
/*
 * Who may go on: schedules are fair to vcpus that wait by looking.
 *
 * A vcpu that has looked in vain goes behind those that were ready all the time since its last
 * look, or that it has stopped itself, and yet have not run: until each of them has. Only
 * schedules that would go round for ever without these are left out by that. (The order is that
 * of fair stateless model checking.)
 */
#include "explore/engine.h"

static uint8_t bit(unsigned int vcpu)
{
	return (uint8_t)(1u << vcpu);
}

unsigned int fair_ready_mask(void)
{
	unsigned int mask = 0;

	for (unsigned int i = 0; i < ex->scenario->vcpus; i++)
		if (ex->vcpus[i].state == VCPU_READY)
			mask |= bit(i);
	return mask;
}

void fair_begin_run(void)
{
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++) {
		ex->vcpus[i].after = ex->vcpus[i].stopped = ex->vcpus[i].ready = 0;
		ex->vcpus[i].ran = UINT8_MAX; /* the first look puts it behind nobody */
	}
}

void fair_waits(unsigned int vcpu)
{
	struct vcpu *me = &ex->vcpus[vcpu];

	me->after |= (uint8_t)((me->ready | me->stopped) & ~me->ran & ~bit(vcpu));
	me->ready = (uint8_t)fair_ready_mask();
	me->stopped = me->ran = 0;
}

void fair_stops(unsigned int vcpu)
{
	const void *lock = ex->vcpus[vcpu].lock;

	for (unsigned int i = 0; i < ex->scenario->vcpus; i++) {
		struct vcpu *other = &ex->vcpus[i];

		other->ready &= (uint8_t)~bit(vcpu);
		if (ex->vcpus[vcpu].state == VCPU_DONE)
			other->after &= (uint8_t)~bit(vcpu);
		for (unsigned int n = 0; lock && n < other->held_count; n++)
			if (other->held[n] == lock)
				other->stopped |= bit(vcpu);
	}
}

void fair_runs(unsigned int vcpu)
{
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++) {
		ex->vcpus[i].after &= (uint8_t)~bit(vcpu);
		ex->vcpus[i].ran |= bit(vcpu);
	}
}

unsigned int fair_others(unsigned int list[EXPLORE_VCPUS])
{
	unsigned int count = 0, ready = fair_ready_mask();

	for (unsigned int i = 1; i < ex->scenario->vcpus; i++) {
		unsigned int vcpu = (ex->running + i) % ex->scenario->vcpus;

		if ((ready & bit(vcpu)) && !(ex->vcpus[vcpu].after & ready))
			list[count++] = vcpu;
	}
	return count;
}
