/* SPDX-License-Identifier: MIT */
/*
 * Accesses that may fault for good: see arch/x86/uaccess.h and fpu.h. Each instruction that may is
 * in the table .fixup_table as a pair: its address, and where to go on.
 */
.macro MAY_FAULT at, go_on
	.pushsection .fixup_table, "a"
	.balign	8
	.quad	\at, \go_on
	.popsection
.endm

	.text
/* size_t uaccess_copy(void *to, const void *from, size_t bytes): whole words, then the rest. */
	.globl	uaccess_copy
uaccess_copy:
	movq	%rdx, %rcx
	shrq	$3, %rcx
	andl	$7, %edx
1:	rep movsq
	movl	%edx, %ecx
2:	rep movsb
3:	movq	%rcx, %rax
	ret
/* In the words: rcx words and edx bytes are left. Go on by bytes, so that all before the bad one
 * are done. */
4:	leaq	(%rdx, %rcx, 8), %rcx
	jmp	2b
	MAY_FAULT 1b, 4b
	MAY_FAULT 2b, 3b

/* bool uaccess_load32(const void *from, uint32_t *value) */
	.globl	uaccess_load32
uaccess_load32:
	xorl	%eax, %eax
1:	movl	(%rdi), %edx
	movl	%edx, (%rsi)
	incl	%eax
2:	ret
	MAY_FAULT 1b, 2b

/* bool uaccess_store32(void *to, uint32_t value) */
	.globl	uaccess_store32
uaccess_store32:
	xorl	%eax, %eax
1:	movl	%esi, (%rdi)
	incl	%eax
2:	ret
	MAY_FAULT 1b, 2b

/* bool port_read_safe(const void *address, unsigned long *value) */
	.globl	port_read_safe
port_read_safe:
	xorl	%eax, %eax
1:	movq	(%rdi), %rdx
	movq	%rdx, (%rsi)
	incl	%eax
2:	ret
	MAY_FAULT 1b, 2b

/* bool cpu_xrstor(const void *area), cpu_fxrstor: false if the CPU refuses the contents */
	.globl	cpu_xrstor
cpu_xrstor:
	movl	$-1, %eax
	movl	$-1, %edx
1:	xrstor64 (%rdi)
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	MAY_FAULT 1b, 2b

	.globl	cpu_fxrstor
cpu_fxrstor:
1:	fxrstor64 (%rdi)
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	MAY_FAULT 1b, 2b

/* bool cpu_xsave(void *area), cpu_xsaveopt, cpu_fxsave: false if the area cannot be written */
.macro SAVE name, instruction
	.globl	\name
\name:
	movl	$-1, %eax
	movl	$-1, %edx
1:	\instruction	(%rdi)
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	MAY_FAULT 1b, 2b
.endm

	SAVE cpu_xsave, xsave64
	SAVE cpu_xsaveopt, xsaveopt64
	SAVE cpu_fxsave, fxsave64

	.section .note.GNU-stack, "", @progbits
