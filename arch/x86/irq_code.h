/* SPDX-License-Identifier: MIT */
/*
 * The operations on the interrupt flag that are compiled inline where they are used, and the sites
 * of them. A site is a call through memory with room behind it for the operation's own code.
 */
#ifndef PINFOLD_ARCH_X86_IRQ_CODE_H
#define PINFOLD_ARCH_X86_IRQ_CODE_H

/* Numbers of the operations, and the room of a site: its longest code (arch/x86/64/irq_code.S). */
#define IRQ_CODE_SAVE    0
#define IRQ_CODE_RESTORE 1
#define IRQ_CODE_ENABLE  2
#define IRQ_CODE_DISABLE 3
#define IRQ_CODE_COUNT   4

#define IRQ_CODE_SAVE_BYTES    21
#define IRQ_CODE_RESTORE_BYTES 32
#define IRQ_CODE_ENABLE_BYTES  27
#define IRQ_CODE_DISABLE_BYTES 13

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

/* One record for each site, in the order of linking. */
struct patch_record {
	uint64_t address;
	uint8_t bytes;
	uint8_t op; /* IRQ_CODE_* */
	uint8_t unused[6];
};

/* Marked by the linker script. */
extern const struct patch_record patch_records_start[], patch_records_end[];

/* Begin and end of an operation's code. */
struct irq_code {
	const uint8_t *start, *end;
};

/*
 * The code of each operation in two forms. Where the vcpu's flags are reached by a pointer in the
 * per-CPU area: right at all times. Directly, as they lie inside that area: right once Xen keeps
 * those of all vcpus there.
 */
extern const struct irq_code irq_code_indirect[IRQ_CODE_COUNT], irq_code_direct[IRQ_CODE_COUNT];

/* The same, to be called. They follow the C calling convention and more: no register changes but
 * rax and rcx, which is what a site relies on. */
bool irq_save_indirect(void), irq_save_direct(void);
void irq_restore_indirect(bool enabled), irq_restore_direct(bool enabled);
void irq_enable_indirect(void), irq_enable_direct(void);
void irq_disable_indirect(void), irq_disable_direct(void);

#endif
#endif
