/* SPDX-License-Identifier: MIT */
/*
 * The operations on the interrupt flag, x86-64 under Xen. Each is written once: it is a function,
 * and what lies between its labels is copied over the sites where it is used (xen/patch.c). So that
 * the bytes run wherever they are, they name nothing relative to themselves but their own labels:
 * the flags through %gs, the slow path by a word at a fixed address.
 *
 * rax and rcx are theirs, nothing else. Enabling: unmask, then look, then take what is there: an
 * event that comes between the first two is delivered by Xen, one before them is seen by the look.
 */
#include "arch/x86/irq_code.h"
#include "xen/percpu.h"

#define VCPU_INFO_PENDING 0
#define VCPU_INFO_MASK    1

#define PLACED_PENDING %gs:(XEN_PERCPU_PLACED_INFO + VCPU_INFO_PENDING)
#define PLACED_MASK    %gs:(XEN_PERCPU_PLACED_INFO + VCPU_INFO_MASK)

.macro BEGIN name
	.globl	irq_\name
irq_\name:
.endm

.macro END name
irq_\name\()_end:
	ret
.endm

	.text

	BEGIN save_direct
	cmpb	$0, PLACED_MASK
	sete	%al
	movb	$1, PLACED_MASK
	END save_direct

	BEGIN save_indirect
	movq	%gs:XEN_PERCPU_VCPU_INFO, %rcx
	cmpb	$0, VCPU_INFO_MASK(%rcx)
	sete	%al
	movb	$1, VCPU_INFO_MASK(%rcx)
	END save_indirect

	BEGIN disable_direct
	movb	$1, PLACED_MASK
	END disable_direct

	BEGIN disable_indirect
	movq	%gs:XEN_PERCPU_VCPU_INFO, %rax
	movb	$1, VCPU_INFO_MASK(%rax)
	END disable_indirect

.macro UNMASK_DIRECT
	movb	$0, PLACED_MASK
	cmpb	$0, PLACED_PENDING
	je	1f
	call	*irq_take_pending
1:
.endm

.macro UNMASK_INDIRECT
	movq	%gs:XEN_PERCPU_VCPU_INFO, %rax
	movb	$0, VCPU_INFO_MASK(%rax)
	cmpb	$0, VCPU_INFO_PENDING(%rax)
	je	1f
	call	*irq_take_pending
1:
.endm

	BEGIN enable_direct
	UNMASK_DIRECT
	END enable_direct

	BEGIN enable_indirect
	UNMASK_INDIRECT
	END enable_indirect

	BEGIN restore_direct
	testb	%dil, %dil
	je	2f
	UNMASK_DIRECT
2:
	END restore_direct

	BEGIN restore_indirect
	testb	%dil, %dil
	je	2f
	UNMASK_INDIRECT
2:
	END restore_indirect

/* For a caller that expects all registers back but rax and rcx, on a stack of any alignment. */
take_pending:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	subq	$8, %rsp
	andq	$-16, %rsp
	call	xen_irq_take_pending
	leaq	-56(%rbp), %rsp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rbp
	ret

	.section .rodata
	.balign	8
irq_take_pending:
	.quad	take_pending

/* In the order of IRQ_CODE_*. */
.macro TABLE form
	.globl	irq_code_\form
irq_code_\form:
	.quad	irq_save_\form, irq_save_\form\()_end
	.quad	irq_restore_\form, irq_restore_\form\()_end
	.quad	irq_enable_\form, irq_enable_\form\()_end
	.quad	irq_disable_\form, irq_disable_\form\()_end
.endm

	TABLE direct
	TABLE indirect

	.section .note.GNU-stack, "", @progbits
