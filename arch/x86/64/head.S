/* SPDX-License-Identifier: MIT */
/*
 * Where Xen starts the kernel, and the notes that tell it how (ABI: public/elfnote.h). Entered with
 * rsi at start_info, paging on, flat segments, events masked, on a stack of Xen's.
 */
#include <xen/elfnote.h>
#include <xen/features.h>

	.section .text.head, "ax"
	.globl	xen_head
xen_head:
	cld
	/* Xen's loader has cleared the bss. */
	leaq	boot_stack_top(%rip), %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	call	xen_start
	ud2

/* A secondary vcpu, as arch/x86/start_context.h has set it up. */
	.globl	xen_secondary_head
xen_secondary_head:
	cld
	xorl	%ebp, %ebp
	call	xen_secondary_start
	ud2

	.globl	cpu_stack_restart
cpu_stack_restart:
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	call	*%rsi
	ud2

	.bss
	.balign	16
	.space	16384
	.globl	boot_stack_top
boot_stack_top:

.macro NOTE type, kind:req, value:vararg
	.pushsection .note.xen, "a", @note
	.balign	4
	.long	2f - 1f
	.long	4f - 3f
	.long	\type
1:	.asciz	"Xen"
2:	.balign	4
3:	\kind	\value
4:	.balign	4
	.popsection
.endm

	NOTE XEN_ELFNOTE_GUEST_OS, .asciz, "Pinfold"
	NOTE XEN_ELFNOTE_GUEST_VERSION, .asciz, "1"
	NOTE XEN_ELFNOTE_XEN_VERSION, .asciz, "xen-3.0"
	NOTE XEN_ELFNOTE_LOADER, .asciz, "generic"
	NOTE XEN_ELFNOTE_VIRT_BASE, .quad, 0xffffffff80000000
	NOTE XEN_ELFNOTE_PADDR_OFFSET, .quad, 0
	NOTE XEN_ELFNOTE_ENTRY, .quad, xen_head
	NOTE XEN_ELFNOTE_SUPPORTED_FEATURES, .long, 1 << XENFEAT_dom0
	NOTE XEN_ELFNOTE_PAE_MODE, .asciz, "yes"

	.section .note.GNU-stack, "", @progbits
