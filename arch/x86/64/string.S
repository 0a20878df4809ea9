/* SPDX-License-Identifier: MIT */
/*
 * memcpy and memset: what is large goes by the processor's string instructions, which take some
 * time to start and are then the quickest way there is; the rest is lib/string.c's.
 */
#define LARGE_BYTES 256

	.text
	.globl	memcpy
memcpy:
	cmpq	$LARGE_BYTES, %rdx
	jb	string_copy
	movq	%rdi, %rax
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep movsq
	movl	%edx, %ecx
	andl	$7, %ecx
	rep movsb
	ret

	.globl	memset
memset:
	cmpq	$LARGE_BYTES, %rdx
	jb	string_fill
	movq	%rdi, %r8
	movzbl	%sil, %eax
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rax
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep stosq
	movl	%edx, %ecx
	andl	$7, %ecx
	rep stosb
	movq	%r8, %rax
	ret

	.section .note.GNU-stack, "", @progbits
