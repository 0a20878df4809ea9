/* SPDX-License-Identifier: MIT */
/*
 * The kernel lock: see lock.h.
 *
 * A CPU that finds it free takes it, past those that wait: it is running, and handing the lock
 * to one that the hypervisor has to run first would make every turn as long as that takes. Of
 * those that wait one contends, the others queue behind it, in order and asleep. The one that
 * contends is passed a bounded number of times; then nobody passes it any more.
 */
#include "kernel/lock.h"

#include "pv/cpu.h"
#include "pv/smp.h"
#include "pv/spinlock.h"

#define NOBODY (~0u)

/* Looks of the one that contends, with a pause or a turn of others in between. */
#define LOOKS_UNTIL_YIELD 64u
#define LOOKS_UNTIL_NEXT  256u

static struct spinlock queue;
static unsigned int owner = NOBODY;
static bool impatient; /* the one that contends is next */

bool kernel_lock_is_mine(void)
{
	return __atomic_load_n(&owner, __ATOMIC_RELAXED) == pv_cpu_id();
}

static bool take(void)
{
	unsigned int nobody = NOBODY;

	return __atomic_compare_exchange_n(&owner, &nobody, pv_cpu_id(), false, __ATOMIC_ACQUIRE,
	                                   __ATOMIC_RELAXED);
}

static void contend(void)
{
	spinlock_lock(&queue);
	for (unsigned int looks = 1; !take(); looks++) {
		if (looks == LOOKS_UNTIL_NEXT)
			__atomic_store_n(&impatient, true, __ATOMIC_RELAXED);
		if (looks % LOOKS_UNTIL_YIELD == 0)
			pv_cpu_yield();
		else
			pv_cpu_relax();
	}
	__atomic_store_n(&impatient, false, __ATOMIC_RELAXED);
	spinlock_unlock(&queue);
}

void kernel_lock(void)
{
	if (__atomic_load_n(&impatient, __ATOMIC_RELAXED) || !take())
		contend();
}

void kernel_unlock(void)
{
	__atomic_store_n(&owner, NOBODY, __ATOMIC_RELEASE);
}
