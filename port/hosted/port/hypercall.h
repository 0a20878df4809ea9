/* SPDX-License-Identifier: MIT */
/*
 * The trap into Xen: whoever plays Xen supplies it.
 */
#ifndef PINFOLD_PORT_HYPERCALL_H
#define PINFOLD_PORT_HYPERCALL_H

long port_hypercall(unsigned long number, unsigned long arg0, unsigned long arg1,
                    unsigned long arg2, unsigned long arg3, unsigned long arg4);

#endif
