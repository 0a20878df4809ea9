/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A broken promise aborts, which the fuzzer reports with the input
 * that did it.
 */
#ifndef PINFOLD_TESTS_FUZZ_FUZZ_H
#define PINFOLD_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PROMISE(condition)                                                                      \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* The fuzzer's entry: any bytes, of any length. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
