/* SPDX-License-Identifier: MIT */
/*
 * NMIs: somebody outside asks for a sign of life (`xl trigger N nmi`), or a machine that Xen
 * forwards one of. Each is a line of the log and changes nothing else.
 */
#ifndef PINFOLD_KERNEL_GLUE_NMI_H
#define PINFOLD_KERNEL_GLUE_NMI_H

/* At boot, before others can send one that matters. */
void nmi_init(void);

#endif
