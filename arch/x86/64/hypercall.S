/* SPDX-License-Identifier: MIT */
/*
 * The trap into Xen (ABI: arch-x86/xen-x86_64.h): number in rax, arguments in rdi, rsi, rdx,
 * r10, r8; rcx and r11 are lost to the instruction. long port_hypercall(number, arg0 … arg4)
 */
	.text
	.globl	port_hypercall
port_hypercall:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	syscall
	ret

	.section .note.GNU-stack, "", @progbits
