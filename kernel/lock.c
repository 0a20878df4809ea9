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

/* Looks of the one that contends, with a pause or a turn of others in between. */
#define LOOKS_UNTIL_YIELD 64u
#define LOOKS_UNTIL_NEXT  256u

static struct spinlock queue;
unsigned int kernel_lock_owner = KERNEL_LOCK_FREE;
bool kernel_lock_taken_in_turn;

bool kernel_lock_is_mine(void)
{
	return __atomic_load_n(&kernel_lock_owner, __ATOMIC_RELAXED) == pv_cpu_id();
}

void kernel_lock_wait(void)
{
	spinlock_lock(&queue);
	for (unsigned int looks = 1; !kernel_lock_try(); looks++) {
		if (looks == LOOKS_UNTIL_NEXT)
			__atomic_store_n(&kernel_lock_taken_in_turn, true, __ATOMIC_RELAXED);
		if (looks % LOOKS_UNTIL_YIELD == 0)
			pv_cpu_yield();
		else
			pv_cpu_relax();
	}
	__atomic_store_n(&kernel_lock_taken_in_turn, false, __ATOMIC_RELAXED);
	spinlock_unlock(&queue);
}
