/* SPDX-License-Identifier: MIT */
/*
 * Lazy modes: a batch that the task holds open, so that what it queues goes to Xen together. One at
 * a time; entering twice or leaving without entering is refused (host_panic). Events are masked
 * inside; nothing inside may sleep.
 */
#ifndef PINFOLD_XEN_LAZY_H
#define PINFOLD_XEN_LAZY_H

#include "xen/multicall.h"
#include "xen/percpu.h"

void xen_lazy_enter(enum xen_lazy_mode mode);
void xen_lazy_leave(enum xen_lazy_mode mode);

/* The batch that is held open, inside. */
struct mc_batch *xen_lazy_batch(void);

/* Issue what has been collected and stay in the mode. */
void xen_lazy_flush(void);

#endif
