/* SPDX-License-Identifier: MIT */
/*
 * The per-CPU buffer behind xen/multicall.h. Only multicall.c looks inside.
 */
#ifndef PINFOLD_XEN_MC_BUFFER_H
#define PINFOLD_XEN_MC_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#define MC_ENTRIES_MAX   32u
#define MC_ARG_BYTES     2048u
#define MC_CALLBACKS_MAX 32u
#define MC_NO_ARRAY      0u /* no array's number */

/* `ok`: every entry queued before the callback succeeded. */
typedef void mc_callback_fn(void *arg, bool ok);

struct mc_callback {
	mc_callback_fn *fn;
	void *arg;
	uint32_t after; /* entries in the buffer when it was queued */
};

struct mc_buffer {
	multicall_entry_t entries[MC_ENTRIES_MAX];
	/* As queued: Xen may overwrite an entry it has finished. */
	struct mc_origin {
		uintptr_t caller;
		uint32_t op;
		uint32_t arg_offset; /* of its block in `args`, if it has one */
		unsigned long first_args[3];
	} origins[MC_ENTRIES_MAX];
	struct mc_callback callbacks[MC_CALLBACKS_MAX];
	uint64_t args[MC_ARG_BYTES / 8];
	uint32_t entry_count;
	uint32_t array_op; /* the last entry's, if it is an array that may grow, or MC_NO_ARRAY */
	uint32_t callback_count;
	uint32_t arg_bytes;
	uint32_t open_depth; /* tokens open now */
	bool issuing;
};

#endif
