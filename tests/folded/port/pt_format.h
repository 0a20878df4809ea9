/* SPDX-License-Identifier: MIT */
/*
 * The guest's format as a constant with a name. Where the compiler computes all that is asked of
 * it, nothing of it remains; where it does not, the object has the name in its list of symbols.
 */
#ifndef PINFOLD_PORT_PT_FORMAT_H
#define PINFOLD_PORT_PT_FORMAT_H

#ifdef __x86_64__
static const struct pt_format pt_format_remains __attribute__((unused)) = PT_FORMAT_4LEVEL;
#else
static const struct pt_format pt_format_remains __attribute__((unused)) = PT_FORMAT_PAE;
#endif
#define PT_FORMAT pt_format_remains

#endif
