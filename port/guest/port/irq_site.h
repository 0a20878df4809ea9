/* SPDX-License-Identifier: MIT */
/*
 * Where an operation on the interrupt flag is used: a call through a pointer at a fixed address,
 * recorded, with room to be replaced by the operation's own code (arch/x86/irq_code.h). The
 * pointers' functions leave all registers alone but rax and rcx. On 32-bit machines: plain calls.
 */
#ifndef PINFOLD_PORT_IRQ_SITE_H
#define PINFOLD_PORT_IRQ_SITE_H

#include <stdbool.h>

#include "arch/x86/irq_code.h"

#ifdef __x86_64__

#define PORT_SITE                                      \
	"771:	call	*%[function]\n"                     \
	"	.skip	%c[bytes] - (. - 771b), 0x90\n"        \
	"	.pushsection .patch_records, \"a\"\n"        \
	"	.quad	771b\n"                                \
	"	.byte	%c[bytes], %c[op], 0, 0, 0, 0, 0, 0\n" \
	"	.popsection"

static inline bool port_site_irq_save(bool (**function)(void))
{
	bool enabled;

	__asm__ volatile(
	    PORT_SITE
	    : "=a"(enabled)
	    : [function] "m"(*function), [op] "i"(IRQ_CODE_SAVE), [bytes] "i"(IRQ_CODE_SAVE_BYTES)
	    : "rcx", "memory", "cc");
	return enabled;
}

static inline void port_site_irq_restore(void (**function)(bool enabled), bool enabled)
{
	__asm__ volatile(PORT_SITE
	                 :
	                 : [function] "m"(*function), [op] "i"(IRQ_CODE_RESTORE),
	                   [bytes] "i"(IRQ_CODE_RESTORE_BYTES), "D"(enabled)
	                 : "rax", "rcx", "memory", "cc");
}

static inline void port_site_irq_enable(void (**function)(void))
{
	__asm__ volatile(PORT_SITE
	                 :
	                 : [function] "m"(*function), [op] "i"(IRQ_CODE_ENABLE),
	                   [bytes] "i"(IRQ_CODE_ENABLE_BYTES)
	                 : "rax", "rcx", "memory", "cc");
}

static inline void port_site_irq_disable(void (**function)(void))
{
	__asm__ volatile(PORT_SITE
	                 :
	                 : [function] "m"(*function), [op] "i"(IRQ_CODE_DISABLE),
	                   [bytes] "i"(IRQ_CODE_DISABLE_BYTES)
	                 : "rax", "rcx", "memory", "cc");
}

#else

#include "port/irq_call.h"

#endif

#endif
