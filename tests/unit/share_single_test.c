/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/share_cases.c tests/unit/space_fixture.c */
/* sources: tests/unit/table_rules.c tests/unit/fake_xen.c */
/* sources: xen/protect.c xen/table_move.c xen/rewrite.c xen/space.c xen/space_entries.c xen/leave.c xen/trim.c xen/share.c xen/table_pool.c */
/* sources: xen/pin.c xen/tlb.c xen/lazy.c xen/pt_walk.c */
/* sources: xen/p2m.c xen/multicall.c xen/irq_flag.c xen/ipi.c xen/evtchn.c lib/fmt.c */
/* flags: -DCONFIG_SPLIT_TABLE_LOCKS=0 */
/* Shared leaf tables with one lock for a space. */
#include "tests/unit/pin_cases.h"

int main(void)
{
	return share_cases_run();
}
