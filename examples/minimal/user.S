/* SPDX-License-Identifier: MIT */
/*
 * What runs in user mode: two system calls, position independent, on one page of its own.
 */
	.section .rodata
	.balign	4096
	.globl	user_code
user_code:
	movl	$6, %eax
	imull	$7, %eax, %edi
	movl	$1, %eax /* "report": the argument */
	syscall
	movl	$2, %eax /* "leave" */
	syscall
	ud2
	.balign	4096

	.section .note.GNU-stack, "", @progbits
