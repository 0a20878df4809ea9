/* SPDX-License-Identifier: MIT */
/*
 * The hosted build's one place where the world may change under the guest: called before every
 * access to shared memory, every lock operation and every pause. What stands behind it may run
 * another vcpu, play Xen, or count.
 */
#ifndef PINFOLD_PORT_SCHEDULE_H
#define PINFOLD_PORT_SCHEDULE_H

void port_schedule_point(const char *what);

/* A lock is held and has to be waited for, has been taken, dropped: who stands behind these knows
 * who holds what. */
void port_lock_wanted(const void *lock);
void port_lock_taken(const void *lock);
void port_lock_dropped(const void *lock);

#endif
