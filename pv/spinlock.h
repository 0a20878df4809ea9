/* SPDX-License-Identifier: MIT */
/*
 * Spin locks, for the kernel: the layer's own (contracts there).
 */
#ifndef PINFOLD_PV_SPINLOCK_H
#define PINFOLD_PV_SPINLOCK_H

#include "xen/pv_lock.h"

#endif
