/* SPDX-License-Identifier: MIT */
/* A mark for the plugin, see mark.h. */
#include "bench/mark.h"

	.text
	.globl	mark_set
	.type	mark_set, @function
mark_set:
	.byte	0x0f, 0x1f, 0x84, 0x00
	.long	MARK_DISPLACEMENT
	ret
	.size	mark_set, . - mark_set
	.section .note.GNU-stack, "", @progbits
