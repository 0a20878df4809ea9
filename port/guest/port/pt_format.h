/* SPDX-License-Identifier: MIT */
/* The format of the machine this is built for, a constant. */
#ifndef PINFOLD_PORT_PT_FORMAT_H
#define PINFOLD_PORT_PT_FORMAT_H

#ifdef __x86_64__
#define PT_FORMAT PT_FORMAT_4LEVEL
#else
#define PT_FORMAT PT_FORMAT_PAE
#endif

#endif
