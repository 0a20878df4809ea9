/* SPDX-License-Identifier: MIT */
/*
 * Pieces of user-mode code for the tests: each is position independent and ends in a system call or
 * an exception. And some of kernel code.
 */
#include <xen/xen.h>

#include "arch/x86/segments.h"

	.section .rodata

.macro CODE name
	.globl	user_\name, user_\name\()_end
user_\name:
.endm

	CODE regs
	movq	$0x1111, %rax
	movq	$0x2222, %rbx
	movq	$0x3333, %rdx
	movq	$0x4444, %rbp
	movq	$0x5555, %r8
	movq	$0x6666, %r15
	syscall
user_regs_end:

/* All registers, a system call, and another. */
	CODE two_calls
	movq	$0x101, %rbx
	movq	$0x102, %rbp
	movq	$0x103, %r12
	movq	$0x104, %r13
	movq	$0x105, %r14
	movq	$0x106, %r15
	movq	$0x201, %rdi
	movq	$0x202, %rsi
	movq	$0x203, %rdx
	movq	$0x204, %r10
	movq	$0x205, %r8
	movq	$0x206, %r9
	std
	movq	$0x1111, %rax
	syscall
	.globl	user_two_calls_between
user_two_calls_between:
	syscall
user_two_calls_end:

	CODE read_kernel
	movabsq	$0xffffffff80100000, %rax
	movq	(%rax), %rax
	syscall
user_read_kernel_end:

	CODE read_direct_map
	movabsq	$0xffff880000100000, %rax
	movq	(%rax), %rax
	syscall
user_read_direct_map_end:

	CODE write_text
	movq	$0, user_write_text(%rip)
	syscall
user_write_text_end:

	CODE int80
	movl	$0x77, %eax
	int	$0x80
user_int80_end:

	CODE breakpoint
	int3
user_breakpoint_end:

	CODE undefined
	ud2
user_undefined_end:

	CODE divide
	xorl	%ecx, %ecx
	movl	$1, %eax
	cltd
	idivl	%ecx
user_divide_end:

	CODE privileged
	hlt
user_privileged_end:

/* Waits until somebody stores into the word. */
	CODE wait_for_word
	movq	$0x2222, %rbx
	movq	$0x3333, %rcx
	movq	$0x4444, %r11
	movq	$0x5555, %r15
	movl	$0x1111, %eax
1:	cmpl	$0, user_wait_for_word_word(%rip)
	je	1b
	.globl	user_wait_for_word_call
user_wait_for_word_call:
	movq	%rcx, %rdi
	movq	%r11, %rsi
	syscall
	.balign	4
	.globl	user_wait_for_word_word
user_wait_for_word_word:
	.long	0
user_wait_for_word_end:

	CODE flag
	cli
user_flag_end:

/* Kernel code: see breakpoint_with() in cpu.c. */
	.text
	.globl	breakpoint_with
breakpoint_with:
	pushq	%rbx
	movq	%rdi, %rbx
	movq	%rdx, %rcx
	movq	(%rsi), %rax
	int3
	movq	%rax, (%rsi)
	movl	(%rcx), %eax
	popq	%rbx
	ret

/* Kernel code: see inside_return.h. */
	.set	SAVED_RAX, 0x1100
	.globl	enter_inside_return
enter_inside_return:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rdx, %r15
	movq	%rdi, %r14
	movq	%rsp, %rbp
	/* The frame that is being returned to. */
	pushq	$XEN_KERNEL_SS
	pushq	%rbp
	pushfq
	orq	$0x200, (%rsp)
	pushq	$XEN_KERNEL_CS
	leaq	1f(%rip), %rax
	pushq	%rax
	movl	$SAVED_RAX, %eax
	testl	%esi, %esi
	jz	2f
	/* rax is not restored yet: what it holds is the return path's. */
	pushq	%rax
	movq	%rcx, %rax
2:	movq	%rsp, %r13
	/* What Xen pushes when it delivers the event. */
	andq	$-16, %rsp
	pushq	$XEN_KERNEL_SS
	pushq	%r13
	pushq	entry_inside_flags(%rip)
	pushq	$(XEN_KERNEL_CS & ~3)
	pushq	%r14
	pushq	$0x1102 /* r11 */
	pushq	$0x1101 /* rcx */
	movl	$0x1103, %edx
	movl	$0x1104, %edi
	movl	$0x1105, %esi
	movl	$0x1106, %r8d
	movl	$0x1107, %r9d
	movl	$0x1108, %r10d
	movl	$0x1109, %ebx
	xorl	%ecx, %ecx
	xorl	%r11d, %r11d
	jmp	*entry_inside(%rip)
1:	movq	%rax, (%r15)
	movq	%rcx, 8(%r15)
	movq	%r11, 16(%r15)
	movq	%rdx, 24(%r15)
	movq	%rdi, 32(%r15)
	movq	%rsi, 40(%r15)
	movq	%r8, 48(%r15)
	movq	%r9, 56(%r15)
	movq	%r10, 64(%r15)
	movq	%rbx, 72(%r15)
	movq	%rsp, %rax
	subq	%rbp, %rax
	movq	%rax, 80(%r15)
	movq	%rbp, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	/* The rest of a return, where an event is an ordinary one. */
	.globl	rest_of_return
rest_of_return:
	popq	%rax
	iretq

	.section .note.GNU-stack, "", @progbits
