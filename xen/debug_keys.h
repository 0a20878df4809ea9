/* SPDX-License-Identifier: MIT */
/*
 * Xen's debug keys, as if typed on its console: for the first domain only.
 */
#ifndef PINFOLD_XEN_DEBUG_KEYS_H
#define PINFOLD_XEN_DEBUG_KEYS_H

#include <stddef.h>

/* Xen prints what each key stands for on its own console ('p': its performance counters, in a
 * build that has them). 0 or Xen's errno. */
int xen_debug_keys(const char *keys, size_t count);

#endif
