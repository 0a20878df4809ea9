/* SPDX-License-Identifier: MIT */
/*
 * What happens in a run, in words, for the timeline.
 */
#ifndef PINFOLD_TESTS_MODEL_TELL_H
#define PINFOLD_TESTS_MODEL_TELL_H

#include <stddef.h>

/* A hypercall and its arguments. */
void tell_hypercall(unsigned long number, const unsigned long args[5]);

/* The space that this vcpu was asked to run on, and the one that it is known to run on, if that
 * has changed since it was told. */
void tell_spaces(void);

/* The name of a lock: which leaf table's or space's it is. */
void tell_lock(const void *lock, char *text, size_t size);

#endif
