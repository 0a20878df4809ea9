/* SPDX-License-Identifier: MIT */
/*
 * A site that begins a few bytes before the end of a page, and a caller that knows what is in every
 * register.
 */
#include "arch/x86/irq_code.h"

	.text
	.balign	4096
	.skip	4090
	.globl	test_crossing_disable
test_crossing_disable:
1:	call	*pv_flag + 8 * IRQ_CODE_DISABLE(%rip)
	.skip	IRQ_CODE_DISABLE_BYTES - (. - 1b), 0x90
2:	ret

	.pushsection .patch_records, "a"
	.quad	1b
	.byte	2b - 1b, IRQ_CODE_DISABLE, 0, 0, 0, 0, 0, 0
	.popsection

/* unsigned long test_registers_around(operation, arg): calls operation(arg) and returns how many
 * registers it has changed that it must not: all but rax and rcx. The stack is not aligned. */
	.globl	test_registers_around
test_registers_around:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rdi, %rcx
	movq	%rsi, %rdi
	pushq	%rdi
	movq	$0x1002, %rdx
	movq	$0x1003, %rbx
	movq	$0x1005, %rbp
	movq	$0x1006, %rsi
	movq	$0x1008, %r8
	movq	$0x1009, %r9
	movq	$0x100a, %r10
	movq	$0x100b, %r11
	movq	$0x100c, %r12
	movq	$0x100d, %r13
	movq	$0x100e, %r14
	movq	$0x100f, %r15
	call	*%rcx
	xorl	%eax, %eax
.macro SAME register, value
	cmpq	\value, \register
	je	1f
	incl	%eax
1:
.endm
	popq	%rcx
	SAME	%rdi, %rcx
	SAME	%rdx, $0x1002
	SAME	%rbx, $0x1003
	SAME	%rbp, $0x1005
	SAME	%rsi, $0x1006
	SAME	%r8, $0x1008
	SAME	%r9, $0x1009
	SAME	%r10, $0x100a
	SAME	%r11, $0x100b
	SAME	%r12, $0x100c
	SAME	%r13, $0x100d
	SAME	%r14, $0x100e
	SAME	%r15, $0x100f
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
