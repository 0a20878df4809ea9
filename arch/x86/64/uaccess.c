/* SPDX-License-Identifier: MIT */
/*
 * The fix-up table's reader: see arch/x86/uaccess.h. The table is short, so a linear search is
 * right.
 */
#include "arch/x86/uaccess.h"

struct fixup {
	uintptr_t at;
	uintptr_t go_on;
};

/* From the linker script. */
extern const struct fixup fixup_table_start[], fixup_table_end[];

uintptr_t uaccess_fixup(uintptr_t rip)
{
	for (const struct fixup *fixup = fixup_table_start; fixup < fixup_table_end; fixup++)
		if (fixup->at == rip)
			return fixup->go_on;
	return 0;
}
