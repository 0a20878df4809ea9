/* SPDX-License-Identifier: MIT */
/*
 * What the benchmark program says to the plugin: a mark is a call of a function that begins with an
 * 8-byte nop of a displacement that no compiler makes. No kernel notices.
 *
 * The plugin reads the arguments from the registers, which QEMU has written back at a block's
 * start: that is why it is a call.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

/* "PFB1" in memory order. */
#define MARK_DISPLACEMENT 0x31424650

#ifndef __ASSEMBLER__
enum mark_kind {
	MARK_START, /* of the program */
	MARK_BEGIN, /* of a run of the operation `name` */
	MARK_END,   /* of it */
	MARK_VALUE, /* `name` is a figure of the system's, `value` */
	MARK_DONE,  /* the program did all it was to do */
};

void mark_set(enum mark_kind kind, const char *name, unsigned long value);
#endif

#endif
