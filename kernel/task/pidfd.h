/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of processes: one stays with its process, whatever becomes of the number.
 */
#ifndef PINFOLD_KERNEL_TASK_PIDFD_H
#define PINFOLD_KERNEL_TASK_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* A new descriptor, closed on exec. -EMFILE, -ENOMEM. */
int pidfd_create(struct process *process, uint32_t flags);

/* The process of a descriptor, with a reference, also when it is gone: its leader is NULL then.
 * NULL: it is no such descriptor. *nonblocking: what the open file says, if not NULL. */
struct process *pidfd_process(int fd, bool *nonblocking);

#endif
