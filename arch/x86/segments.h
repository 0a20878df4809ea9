/* SPDX-License-Identifier: MIT */
/*
 * Segment selectors that Xen supplies (ABI: arch-x86/xen-x86_64.h, xen-x86_32.h).
 */
#ifndef PINFOLD_ARCH_X86_SEGMENTS_H
#define PINFOLD_ARCH_X86_SEGMENTS_H

#ifdef __x86_64__
/* Kernel and user mode both run in ring 3 with these. */
#define XEN_KERNEL_CS 0xe033
#define XEN_KERNEL_SS 0xe02b
#define XEN_USER_CS   0xe033
#define XEN_USER_SS   0xe02b
#else
#define XEN_KERNEL_CS 0xe019
#define XEN_KERNEL_SS 0xe021
#define XEN_USER_CS   0xe02b
#define XEN_USER_SS   0xe033
#endif

/* Segment bases apart from descriptors exist on x86-64 only; i386 has TLS slots in the GDT
 * instead. */
#ifdef __x86_64__
#define XEN_SEGMENT_BASES  1
#define XEN_BASE_FS        SEGBASE_FS
#define XEN_BASE_GS_USER   SEGBASE_GS_USER
#define XEN_BASE_GS_KERNEL SEGBASE_GS_KERNEL
#else
#define XEN_SEGMENT_BASES  0
#define XEN_BASE_FS        0u
#define XEN_BASE_GS_USER   1u
#define XEN_BASE_GS_KERNEL 2u
#endif

#endif
