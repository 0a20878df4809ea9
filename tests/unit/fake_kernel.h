/* SPDX-License-Identifier: MIT */
/*
 * For hosted tests of kernel parts: a machine's memory, a panic that can be caught, random numbers
 * that are the same in each run.
 */
#ifndef PINFOLD_TESTS_UNIT_FAKE_KERNEL_H
#define PINFOLD_TESTS_UNIT_FAKE_KERNEL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

/* `frames` frames, of which those below `reserved` are not given to the allocator. */
void fake_memory_init(size_t frames, size_t reserved);
void fake_memory_destroy(void);

/* From 0 to limit - 1. */
unsigned int fake_random(unsigned int limit);

/* Where a panic goes while one is expected. */
extern jmp_buf fake_panic_target;
extern bool fake_panic_expected;

/* Whether the statement ends in a panic. */
#define FAKE_PANICS(statement)                        \
	({                                            \
		volatile bool panicked_ = true;       \
		fake_panic_expected = true;           \
		if (setjmp(fake_panic_target) == 0) { \
			statement;                    \
			panicked_ = false;            \
		}                                     \
		fake_panic_expected = false;          \
		panicked_;                            \
	})

#endif
