/* SPDX-License-Identifier: MIT */
/*
 * Locks as the explorer sees them: who holds what, who waits for what, and what is said when
 * nobody can go on.
 */
#include "explore/engine.h"

#include <stdio.h>
#include <string.h>

static void name_lock(const void *lock, char *text, size_t size)
{
	if (ex->options->lock_name)
		ex->options->lock_name(lock, text, size);
	else
		snprintf(text, size, "lock %p", lock);
}

static bool holds(const struct vcpu *vcpu, const void *lock)
{
	for (unsigned int n = 0; n < vcpu->held_count; n++)
		if (vcpu->held[n] == lock)
			return true;
	return false;
}

unsigned int explore_locks_held(void)
{
	return explore_running() ? ex->vcpus[ex->running].held_count : 0;
}

void explore_lock_taken(const void *lock)
{
	struct vcpu *vcpu;
	char name[80];

	if (!explore_running())
		return;
	vcpu = &ex->vcpus[ex->running];
	if (vcpu->held_count == HELD_MAX)
		explore_fail("vcpu %u holds more than %u locks", ex->running, HELD_MAX);
	vcpu->held[vcpu->held_count++] = lock;
	vcpu->lock = NULL;
	if (explore_timeline()) {
		name_lock(lock, name, sizeof(name));
		explore_note("takes %s", name);
	}
}

static void forget(struct vcpu *vcpu, const void *lock)
{
	for (unsigned int n = 0; n < vcpu->held_count; n++) {
		if (vcpu->held[n] != lock)
			continue;
		memmove(&vcpu->held[n], &vcpu->held[n + 1],
		        (--vcpu->held_count - n) * sizeof(vcpu->held[0]));
		vcpu->held[vcpu->held_count] = NULL;
		return;
	}
}

void explore_lock_dropped(const void *lock)
{
	char name[80];

	if (!explore_running())
		return;
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++) {
		struct vcpu *vcpu = &ex->vcpus[i];

		forget(vcpu, lock);
		if (vcpu->state == VCPU_LOCKED && vcpu->lock == lock)
			vcpu->state = VCPU_READY;
	}
	if (explore_timeline()) {
		name_lock(lock, name, sizeof(name));
		explore_note("drops %s", name);
	}
}

void explore_lock_wanted(const void *lock)
{
	char name[80];

	if (!explore_running())
		return;
	ex->vcpus[ex->running].lock = lock;
	if (explore_timeline()) {
		name_lock(lock, name, sizeof(name));
		explore_note("waits for %s", name);
	}
}

void explore_lock_wait(const void *lock)
{
	struct vcpu *vcpu = &ex->vcpus[ex->running];

	explore_lock_wanted(lock);
	for (unsigned int i = 0; i < ex->scenario->vcpus; i++)
		if (holds(&ex->vcpus[i], lock))
			vcpu->state = VCPU_LOCKED;
	if (vcpu->state == VCPU_LOCKED)
		fair_stops(ex->running);
	explore_wait("a lock");
}

/* What the vcpu does, in words; returns the length. */
static size_t tell_one(unsigned int i, char *text, size_t size)
{
	const struct vcpu *vcpu = &ex->vcpus[i];
	size_t len;
	char name[80];

	if (!vcpu->lock)
		return (size_t)snprintf(text, size, "; vcpu %u %s '%s'", i,
		                        vcpu->state == VCPU_SLEEPING ? "sleeps at" : "looks at",
		                        vcpu->doing);
	name_lock(vcpu->lock, name, sizeof(name));
	len = (size_t)snprintf(text, size, "; vcpu %u waits for %s", i, name);
	for (unsigned int n = 0; n < ex->scenario->vcpus && len < size; n++)
		if (holds(&ex->vcpus[n], vcpu->lock))
			len += (size_t)snprintf(text + len, size - len, ", which vcpu %u holds", n);
	return len;
}

void locks_fail(const char *why)
{
	char text[500] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < ex->scenario->vcpus && len < sizeof(text); i++)
		if (ex->vcpus[i].state != VCPU_DONE)
			len += tell_one(i, text + len, sizeof(text) - len);
	explore_fail("%s%s", why, text);
}
