/* SPDX-License-Identifier: MIT */
/*
 * Leaf tables that several spaces link at once: how a copy of a space costs a request or two for
 * each leaf table and not one for each entry.
 *
 * What holds of a shared table:
 * - no link to it permits writes, so nobody changes what it maps without a fault;
 * - its entries do not change as long as more than one space links it. A space that wants to change
 *   one makes the table its own first (xen_pte_prepare(), xen_tables_own()): it takes a copy, or,
 *   if nobody else links the table any more, the right to write;
 * - the table, not the space, holds the references on what it maps.
 *
 * A space may also take the right to write from all of a table by its own link (xen/protect.c),
 * shared or not. Such a link has a mark, LINK_TAKEN: what the entries say of writing counts for
 * nothing until the space gives all of it back, and when the table becomes its own for any other
 * reason they say no more of it than the link did.
 *
 * Its record counts the spaces that link it beside the first, and notes that tables were copied
 * from it: then what it lets write may belong to a copy as well, and loses that right before the
 * link gains it.
 *
 * Spaces that share a table are used on several CPUs at the same time, each under the lock of its
 * own owner. The count is what they have in common: a space gives its part back only when its link
 * is gone and no CPU translates by it any more, as the last one may then change the table, and what
 * it maps be given away. Who looks and finds itself the last one stays that until it shares again.
 */
#ifndef PINFOLD_XEN_SHARE_H
#define PINFOLD_XEN_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/pte.h"
#include "arch/x86/units.h"
#include "xen/pt_walk.h"
#include "xen/space.h"

/* In a link without write permission: taken from what the entries permit. Nothing to Xen. */
#define LINK_TAKEN PTE_SOFT0

/* Other spaces than one link this table. If not, then not until that one shares it. */
bool share_with_others(pfn_t table);

/* Nor was it copied from while its link permitted no writes. */
bool share_with_nobody(pfn_t table);

/* The leaf table found last, which covers `offset` and is linked without write permission, becomes
 * the space's own. -ENOMEM. Carried out on return. */
int share_own(struct pt_space *space, uint64_t offset);

/* All leaf tables with an entry in [start, end) become the space's own, but those to be spared, if
 * any are. -ENOMEM. */
typedef bool share_spared(void *arg, pfn_t leaf, bool read_only, uint64_t from, uint64_t to);
int share_own_range(struct pt_space *space, vaddr_t start, vaddr_t end, share_spared *spared,
                    void *arg);

/* The link of a leaf table that is linked without write permission goes; `gone` sees its entries.
 * Carried out on return. */
void share_unlink(struct pt_space *space, const struct pt_place *place, xen_pte_release *gone,
                  void *arg);

/* A space has done with a table: its link is gone, and so are all translations. True: it was the
 * last; the table is the caller's, who ends it. */
bool share_drop(pfn_t table);
void share_end(struct pt_space *space, pfn_t table, xen_pte_release *release, void *arg);

/* Nothing is known of the table any more: it is about to be another one. */
void share_forget(pfn_t table);

/* Contracts: pv/mmu.h. */
unsigned int xen_table_links(const struct pt_space *space, vaddr_t va);
bool xen_tables_share(struct pt_space *from, struct pt_space *to, vaddr_t start, vaddr_t end,
                      const struct xen_sharing *sharing, void *arg);

#endif
