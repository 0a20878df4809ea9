/* SPDX-License-Identifier: MIT */
/*
 * Long work inside a system call. The kernel is not preempted inside itself and has one lock, so
 * that a loop whose length the program chooses has to give way by itself: to whom the CPU is due,
 * and to other CPUs that wait for the lock.
 */
#ifndef PINFOLD_KERNEL_TASK_GIVE_WAY_H
#define PINFOLD_KERNEL_TASK_GIVE_WAY_H

#include <stdbool.h>

/* So many pages of work, or the like, between two times: below a millisecond even under an emulator
 * of a hundred million instructions a second. */
#define GIVE_WAY_PAGES 64u

/*
 * Let the others have their turn. True: the task is to end, and the caller stops in the middle.
 *
 * Task context of a system call or an exit, events enabled; no lock of the guest layer held, no
 * batch open, no lazy mode, not in deferred work. The kernel lock is given up and taken again: what
 * was looked up before is to be looked up again, but for what the caller has a reference on.
 */
bool give_way(void);

#endif
