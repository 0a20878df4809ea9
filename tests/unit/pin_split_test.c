/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/pin_cases.c tests/unit/table_rules.c tests/unit/fake_xen.c */
/* sources: xen/space.c xen/space_entries.c xen/leave.c xen/trim.c xen/share.c xen/table_pool.c */
/* sources: xen/pin.c xen/tlb.c xen/lazy.c xen/pt_walk.c */
/* sources: xen/p2m.c xen/multicall.c xen/irq_flag.c xen/ipi.c xen/evtchn.c lib/fmt.c */
/* flags: -DCONFIG_SPLIT_TABLE_LOCKS=1 */
/* Pinning with a lock for each leaf table. */
#include "tests/unit/pin_cases.h"

int main(void)
{
	return pin_cases_run();
}
