/* SPDX-License-Identifier: MIT */
/*
 * Pieces of user-mode code for the tests: each is position independent and ends in a system call or
 * an exception. And one of kernel code.
 */
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

	.section .note.GNU-stack, "", @progbits
