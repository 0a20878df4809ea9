/* SPDX-License-Identifier: MIT */
/*
 * Spaces: one set of page tables each, and the leaf entries in them.
 *
 * A space starts unpinned: its tables are ordinary memory and entries are stored. Activation pins
 * it: Xen validates the tables once, every mapping of them is read-only, and each change is a
 * request. Retiring unpins it again. Calls on one space are serialised by its owner; the locks
 * inside are only against the layer's own pinning on other CPUs.
 */
#ifndef PINFOLD_XEN_SPACE_H
#define PINFOLD_XEN_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include <port/spinlock.h>

#include "arch/x86/pte.h"
#include "arch/x86/units.h"

/* Where an access of user mode's was found to come to. It still does while the entry is the same
 * and its table is one of the space's. */
struct pt_reached {
	uintptr_t last[2]; /* the last byte of the page, to read and to write; 0: not so */
	const volatile uint64_t *entry; /* 64 bits: not for the 2-level format */
	uint64_t value;                 /* of the entry, whatever its table's link takes from it */
	char *page;                     /* in the direct map */
};

#define SPACE_REACHED 16u

/* The place of a page among those reached. Pages that are used by turns often lie apart by
 * powers of two, as stacks of threads do: the number is scrambled. */
static inline unsigned int space_reached_place(vaddr_t va)
{
	return ((uint32_t)(va.v >> PAGE_SHIFT) * 2654435761u) >> 28;
}

struct xen_sharing;

struct pt_space {
	pfn_t root; /* the top table that walks begin at */
	/* x86-64, tops in step: user mode's top table, the user half of which is that of root.
	 * PFN_NONE in all other forms. */
	pfn_t user_root;
	/* The vcpus that may hold translations of it, one bit each: set before a vcpu asks for
	 * it, cleared when it has dropped them. Xen reads it as a mask of vcpus. */
	_Alignas(8) volatile unsigned long cpus;
	bool pinned;          /* Xen has validated the tables */
	uint64_t leaf_end;    /* the leaf table found last covers offsets up to here; 0: none */
	pfn_t leaf;           /* … and is this */
	bool leaf_building;   /* it is not linked yet: ordinary memory, filled by plain stores */
	bool leaf_read_only;  /* it is linked without write permission: xen/share.h */
	struct spinlock lock; /* of all its leaf tables, where they have none of their own */
	uint32_t shared; /* leaf tables that it links without write permission, shared or not */
	const struct xen_sharing *sharing;        /* what the kernel says of their entries */
	struct pt_reached reached[SPACE_REACHED]; /* space_reached_place() */
};

enum xen_flush {
	XEN_FLUSH_NONE,
	XEN_FLUSH_PAGE,
};

typedef bool xen_pte_visitor(struct pt_space *space, vaddr_t va, pte_t pte, void *arg);

/* Changes *pte, a non-zero entry, or leaves it. False: not this one, and no further. */
typedef bool xen_pte_editor(vaddr_t va, pte_t *pte, void *arg);

/* An entry that no CPU can use any more. */
typedef void xen_pte_release(pte_t pte, void *arg);

/* What a kernel says of tables that its spaces share. None of these calls the layer, but for the
 * visitor, which may set entries in both spaces. */
struct xen_sharing {
	/* Whether the other space is to have all that the leaf table at this address maps, and
	 * nothing else. */
	bool (*may_share)(vaddr_t table, void *arg);
	/* An entry of `from`, of a table that is not shared: xen_tables_share(). */
	xen_pte_visitor *visit;
	/* A second table gets this entry. Takes the reference of it; the entry as the copy has it,
	 * that is without the right to write to what is not to be written by both. */
	pte_t (*copy)(pte_t pte);
	/* Whether an entry that permits writes may go on to do so, after others were copied from
	 * its table: nobody else refers to what it maps, or all are to see what is written. */
	bool (*sole)(pte_t pte);
	/* The table goes: gives the reference back. `arg` is NULL. */
	xen_pte_release *release;
};

/* The boot tables: the kernel half that all spaces share. Always pinned. */
extern struct pt_space xen_kernel_space;

/* Boot: adopt the tables Xen built, once frame records exist. `tables` frames from `first` are
 * page tables of theirs. */
void xen_space_adopt_boot(pfn_t first, unsigned long tables);

/* x86-64: the kernel stays on its own top table for ever, and a space has user mode's only. Else a
 * space has two tops in step, and the kernel runs on its space's. For a kernel that never reaches
 * user memory by its address. To be said before the first space is made. */
void xen_spaces_set_apart(bool apart);
bool xen_spaces_apart(void);

/* Contracts: pv/mmu.h, whose functions of the same names these are. */
int xen_space_init(struct pt_space *space);
void xen_space_activate(struct pt_space *space);
void xen_space_retire(struct pt_space *space);
void xen_space_destroy(struct pt_space *space);
void xen_space_dissolve(struct pt_space *space, xen_pte_release *release, void *arg);
void xen_space_switch(struct pt_space *next);
pte_t xen_pte_read(const struct pt_space *space, vaddr_t va);
void *xen_user_reach(struct pt_space *space, vaddr_t va, bool write);
int xen_pte_prepare(struct pt_space *space, vaddr_t va);
int xen_pte_prepare_like(struct pt_space *space, vaddr_t va, const struct pt_space *model);
void xen_pte_set(struct pt_space *space, vaddr_t va, pte_t pte, enum xen_flush flush);
bool xen_pte_walk(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_visitor *visit,
                  void *arg);
vaddr_t xen_pte_rewrite(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_editor *edit,
                        void *arg);
int xen_pte_protect(struct pt_space *space, vaddr_t start, vaddr_t end, bool write,
                    const struct xen_sharing *sharing, xen_pte_editor *edit, void *arg);
int xen_table_move(struct pt_space *space, vaddr_t from, vaddr_t to);
int xen_tables_own(struct pt_space *space, vaddr_t start, vaddr_t end);
void xen_ptes_read(struct pt_space *space, vaddr_t va, pte_t *ptes, unsigned int count);
void xen_ptes_add(struct pt_space *space, vaddr_t va, const pte_t *ptes, unsigned int count);
void xen_tables_leave(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_release *gone,
                      xen_pte_release *release, void *arg);
void xen_tables_trim(struct pt_space *space, vaddr_t start, vaddr_t end);
size_t xen_tables_count(const struct pt_space *space);

#endif
