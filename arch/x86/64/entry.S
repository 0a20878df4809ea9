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
 * System calls have a way of their own, as they are the most frequent and always come from user
 * mode: their registers are pushed where they belong at once, and the ones that C functions
 * preserve are not loaded again unless the kernel has changed them in the frame.
 *
 * Returns: to user mode by the iret hypercall, which switches tables and sets the event mask in one
 * step; the frame's upper end is the one that Xen wants. To the kernel by the plain instruction:
 * the mask is cleared by hand, and between that and iretq an event can nest. The upcall
 * recognises that its return address lies in that range (critical_start .. critical_end), drops
 * the nested frame and takes the event in the name of the outer one; so the stack does not grow
 * and pending work is always looked at.
 *
 * An NMI comes at any instruction of the kernel's, also in here, and Xen holds the next one back
 * until an iret hypercall. So it returns by that, wherever it came from, and to the very
 * instruction: in the critical range, too, as Xen sets the mask to what it was there.
 */
#include <xen/xen.h>

#include "xen/percpu.h"

#define VECTOR_SYSCALL  0x100
#define VECTOR_UPCALL   0x101
#define VECTOR_FAILSAFE 0x102
#define VECTOR_NMI      2

/* Offsets in struct cpu_frame (checked in arch/x86/64/frame_check.c), and from its vector on. */
#define FRAME_RDI    48
#define FRAME_VECTOR 96
#define FRAME_CS     144
#define UPPER_RAX    8
#define UPPER_R11    16
#define UPPER_RCX    24
#define UPPER_ERROR  32
#define UPPER_CS     48
#define UPPER_RFLAGS 56

#define VCPU_INFO_PENDING 0
#define VCPU_INFO_MASK    1

	.text

/* The part of struct cpu_frame below its vector. */
.macro PUSH_LOWER
	pushq	%r9
	pushq	%r8
	pushq	%r10
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro POP_PRESERVED
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
.endm

.macro POP_ARGUMENTS
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%r10
	popq	%r8
	popq	%r9
.endm

/* Stack: vector, error code, rip, cs, rflags, rsp, ss; all registers as interrupted. Calls
 * \handler with the frame. */
.macro ENTER handler
	cld
	testb	$3, 24(%rsp)
	jz	.Lfrom_kernel\@
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
	pushq	%rcx
	pushq	%r11
	pushq	%gs:XEN_PERCPU_SCRATCH
	pushq	(%rax)
.Lcomplete\@:
	PUSH_LOWER
	movq	%rsp, %rdi
	call	\handler
	.subsection 1
.Lfrom_kernel\@:
	/* Three registers go between vector and error code. */
	pushq	%r11
	pushq	%rax
	movq	16(%rsp), %rax
	movq	%rcx, 16(%rsp)
	pushq	%rax
	jmp	.Lcomplete\@
	.previous
.endm

entry_common:
	ENTER	xen_entry

/* rsp is at a struct cpu_frame, events are masked. */
entry_return:
	POP_PRESERVED
	testb	$3, FRAME_CS-FRAME_RDI(%rsp)
	jz	return_to_kernel
return_by_hypercall:
	incq	%gs:XEN_PERCPU_IRET_COUNT
	POP_ARGUMENTS
	addq	$8, %rsp
	movq	$0, UPPER_ERROR-8(%rsp) /* Xen's flags: load all registers from here */
	movl	$__HYPERVISOR_iret, %eax
	syscall
	ud2

	.globl	entry_syscall
entry_syscall:
	/* rcx, r11, rip, cs, rflags, rsp, ss */
	movq	%rsp, %rcx
	movq	%gs:XEN_PERCPU_KERNEL_STACK, %rsp
	pushq	48(%rcx)
	pushq	40(%rcx)
	pushq	32(%rcx)
	pushq	24(%rcx)
	pushq	16(%rcx)
	pushq	%rax /* the call's number stays readable when rax becomes the result */
	pushq	(%rcx)
	pushq	8(%rcx)
	pushq	%rax
	pushq	$VECTOR_SYSCALL
	PUSH_LOWER
	movq	%rsp, %rdi
	cld
	call	xen_entry_syscall
	testb	%al, %al
	jnz	entry_return
	addq	$FRAME_RDI, %rsp
	jmp	return_by_hypercall

return_to_kernel:
	POP_ARGUMENTS
	movq	UPPER_R11(%rsp), %r11
	movq	UPPER_RCX(%rsp), %rcx
	movq	UPPER_RAX(%rsp), %rax
	orb	$3, UPPER_CS(%rsp) /* the real privilege */
	testb	$2, UPPER_RFLAGS+1(%rsp) /* IF: were events enabled? */
	jz	return_masked
	/* Put the saved rax right below rip, so that what is left is: rax, rip, cs, rflags, rsp,
	 * ss. */
	movq	%rax, UPPER_ERROR(%rsp)
	movq	%gs:XEN_PERCPU_VCPU_INFO, %rax
	addq	$UPPER_ERROR, %rsp
	.globl	critical_start, critical_iret, critical_end /* a test looks for them */
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
	addq	$UPPER_ERROR+8, %rsp
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

/* Always back by the hypercall, also to the kernel: no other NMI comes before it. */
	.globl	entry_nmi
entry_nmi:
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	$VECTOR_NMI
	ENTER	xen_entry_nmi
	POP_PRESERVED
	jmp	return_by_hypercall

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
	TRAP double_fault, 8, 1
	TRAP invalid_tss, 10, 1
	TRAP no_segment, 11, 1
	TRAP stack_segment, 12, 1
	TRAP general_protection, 13, 1
	TRAP page_fault, 14, 1
	TRAP fpu_error, 16, 0
	TRAP alignment, 17, 1
	TRAP machine_check, 18, 0
	TRAP simd_error, 19, 0
	TRAP virtualization, 20, 0
	TRAP control_protection, 21, 1
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
