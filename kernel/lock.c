/* SPDX-License-Identifier: MIT */
/*
 * The kernel lock: see lock.h.
 */
#include "kernel/lock.h"

#include "pv/smp.h"
#include "pv/spinlock.h"

#define NOBODY (~0u)

static struct spinlock lock;
static unsigned int owner = NOBODY;

bool kernel_lock_is_mine(void)
{
	return __atomic_load_n(&owner, __ATOMIC_RELAXED) == pv_cpu_id();
}

void kernel_lock(void)
{
	spinlock_lock(&lock);
	__atomic_store_n(&owner, pv_cpu_id(), __ATOMIC_RELAXED);
}

void kernel_unlock(void)
{
	__atomic_store_n(&owner, NOBODY, __ATOMIC_RELAXED);
	spinlock_unlock(&lock);
}
