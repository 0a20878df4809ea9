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

#endif
