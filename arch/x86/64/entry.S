/* SPDX-License-Identifier: MIT */
/*
 * Entries into the kernel and returns from it, x86-64 under Xen. Kernel and user mode both run in
 * ring 3.
 *
 * What Xen pushes (ABI: arch-x86/xen-x86_64.h; order observed): ss, rsp, rflags, cs, rip, an error
 * code where the CPU has one, r11, rcx. The saved cs has privilege 0 when the kernel was
 * interrupted, 3 when user mode was. From user mode Xen uses the entry stack, one for each vcpu and
 * always the same; the stub moves the frame to the running task's own stack, so that switching
 * tasks needs no hypercall. From the kernel it uses the current stack, aligned to 16.
 *
 * Returns: to user mode by the iret hypercall, which switches tables and sets the event mask in one
 * step. To the kernel by the plain instruction: the mask is cleared by hand, and between that and
 * iretq an event can nest. The upcall recognises that its return address lies in that range
 * (critical_start .. critical_end), drops the nested frame and takes the event in the name of the
 * outer one; so the stack does not grow and pending work is always looked at.
 */
#include <xen/xen.h>

#include "xen/percpu.h"

#define VECTOR_SYSCALL  0x100
#define VECTOR_UPCALL   0x101
#define VECTOR_FAILSAFE 0x102
#define VECTOR_NMI      2

/* Offsets in struct cpu_frame (checked in arch/x86/64/frame_check.c). */
#define FRAME_RAX    80
#define FRAME_VECTOR 120
#define FRAME_CS     144
#define FRAME_RFLAGS 152
#define FRAME_BYTES  176

#define VCPU_INFO_PENDING 0
#define VCPU_INFO_MASK    1

	.text

/* Stack: vector, error code, rip, cs, rflags, rsp, ss; all registers as interrupted. */
entry_common:
	cld
	testb	$3, 24(%rsp)
	jz	1f
	/* From user mode: over to the task's own stack. */
	movq	%rax, %gs:XEN_PERCPU_SCRATCH
	movq	%rsp, %rax
	movq	%gs:XEN_PERCPU_KERNEL_STACK, %rsp
	pushq	48(%rax)
	pushq	40(%rax)
	pushq	32(%rax)
	pushq	24(%rax)
	pushq	16(%rax)
	pushq	8(%rax)
	pushq	(%rax)
	movq	%gs:XEN_PERCPU_SCRATCH, %rax
1:	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	call	xen_entry

/* rsp is at a struct cpu_frame, events are masked. */
entry_return:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	/* left: rax, rcx, rdx, rsi, rdi, vector, error, rip, cs, rflags, rsp, ss */
	testb	$3, FRAME_CS-FRAME_RAX(%rsp)
	jz	return_to_kernel

	incq	%gs:XEN_PERCPU_IRET_COUNT
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	/* The vector and error words and the two below become the head of Xen's iret frame: rax,
	 * r11, rcx, flags. */
	movq	$0, 8(%rsp)
	movq	%rcx, (%rsp)
	pushq	%r11
	pushq	%rax
	movl	$__HYPERVISOR_iret, %eax
	syscall
	ud2

return_to_kernel:
	movq	%gs:XEN_PERCPU_VCPU_INFO, %rcx
	orb	$3, FRAME_CS-FRAME_RAX(%rsp) /* the real privilege */
	testb	$2, FRAME_RFLAGS-FRAME_RAX+1(%rsp) /* IF: were events enabled? */
	jz	return_masked
	movq	%rcx, %rax
	movq	8(%rsp), %rcx
	movq	16(%rsp), %rdx
	movq	24(%rsp), %rsi
	movq	32(%rsp), %rdi
	/* Put the saved rax right below rip, so that what is left is: rax, rip, cs, rflags, rsp,
	 * ss. */
	pushq	(%rsp)
	popq	48(%rsp)
	leaq	48(%rsp), %rsp
critical_start:
	movb	$0, VCPU_INFO_MASK(%rax)
	testb	$0xff, VCPU_INFO_PENDING(%rax)
	jnz	critical_pending
	popq	%rax
critical_iret:
	iretq
critical_pending:
	movb	$1, VCPU_INFO_MASK(%rax)
critical_end:
	popq	%rax
/* An event in the critical range, or found at its end: take it in the name of the frame at rsp
 * (rip …), all registers as that frame's owner had them. */
take_again:
	andb	$0xfc, 8(%rsp) /* the kernel's mark, as Xen writes it */
	pushq	$0
	pushq	$VECTOR_UPCALL
	jmp	entry_common

return_masked:
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$16, %rsp
	iretq

	.globl	entry_upcall
entry_upcall:
	/* rcx, r11, rip, cs, rflags, rsp, ss */
	testb	$3, 24(%rsp)
	jnz	2f
	cmpq	$critical_start, 16(%rsp)
	jb	2f
	cmpq	$critical_end, 16(%rsp)
	jae	2f
	/* Nested in the critical range. Everything but rax is the outer frame's already; the
	 * outer frame lies where rsp pointed. */
	cmpq	$critical_iret, 16(%rsp)
	movq	(%rsp), %rcx
	movq	8(%rsp), %r11
	movq	40(%rsp), %rsp
	je	take_again
	popq	%rax
	jmp	take_again
2:	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	$VECTOR_UPCALL
	jmp	entry_common

	.globl	entry_syscall
entry_syscall:
	popq	%rcx
	popq	%r11
	pushq	%rax /* the call's number stays readable when rax becomes the result */
	pushq	$VECTOR_SYSCALL
	jmp	entry_common

/* Xen could not load a segment or return where the frame said: rcx, r11, ds, es, fs, gs, rip,
 * cs, rflags, rsp, ss. */
	.globl	entry_failsafe
entry_failsafe:
	popq	%rcx
	popq	%r11
	addq	$32, %rsp
	pushq	$0
	pushq	$VECTOR_FAILSAFE
	jmp	entry_common

	.globl	entry_nmi
entry_nmi:
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	$VECTOR_NMI
	jmp	entry_common

.macro TRAP name, vector, has_error
	.globl	entry_\name
entry_\name:
	popq	%rcx
	popq	%r11
	.if \has_error == 0
	pushq	$0
	.endif
	pushq	$\vector
	jmp	entry_common
.endm

	TRAP divide_error, 0, 0
	TRAP debug, 1, 0
	TRAP breakpoint, 3, 0
	TRAP overflow, 4, 0
	TRAP bound, 5, 0
	TRAP invalid_opcode, 6, 0
	TRAP no_device, 7, 0
	TRAP invalid_tss, 10, 1
	TRAP no_segment, 11, 1
	TRAP stack_segment, 12, 1
	TRAP general_protection, 13, 1
	TRAP page_fault, 14, 1
	TRAP fpu_error, 16, 0
	TRAP alignment, 17, 1
	TRAP machine_check, 18, 0
	TRAP simd_error, 19, 0
	TRAP int80, 0x80, 0

/* A new task's first instructions: the stack holds entry, arg (see cpu_context_prepare) and
 * above them the frame. */
	.globl	context_first
context_first:
	popq	%rax
	popq	%rdi
	call	*%rax
	movq	%rsp, %rdi
	call	xen_entry_first_return
	jmp	entry_return

	.section .note.GNU-stack, "", @progbits
