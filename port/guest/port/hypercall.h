/* SPDX-License-Identifier: MIT */
/*
 * The trap into Xen. Made by a trapping instruction of the kernel's own (syscall on x86-64, int
 * 0x82 on i386), never through the hypercall page: a page that Xen writes code into cannot carry
 * the kernel's own mitigations.
 */
#ifndef PINFOLD_PORT_HYPERCALL_H
#define PINFOLD_PORT_HYPERCALL_H

/* Any context. The result is Xen's: negative errno values in Xen's numbering, or what the call
 * defines. */
long port_hypercall(unsigned long number, unsigned long arg0, unsigned long arg1,
                    unsigned long arg2, unsigned long arg3, unsigned long arg4);

#endif
