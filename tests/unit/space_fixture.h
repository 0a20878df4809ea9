/* SPDX-License-Identifier: MIT */
/*
 * What the tests of spaces start from: two spaces, the second of them active, on a machine where
 * tests/unit/table_rules.c checks each request as it comes; addresses in the first; and what
 * several of them do or look for.
 */
#ifndef PINFOLD_TESTS_UNIT_SPACE_FIXTURE_H
#define PINFOLD_TESTS_UNIT_SPACE_FIXTURE_H

#include "tests/unit/fake_xen.h"
#include "tests/unit/table_rules.h"
#include "xen/p2m.h"
#include "xen/space.h"

#define FIXTURE_ADDRESSES 40u

extern struct space_fixture {
	struct pt_space space, other;
	uint64_t offset[FIXTURE_ADDRESSES]; /* addresses in use, ascending */
} fixture;

/* A new machine with page tables of this format, and nothing recorded yet. */
void fixture_start(const struct pt_format *format);

static inline vaddr_t fixture_address(unsigned int i)
{
	return rules_va(fixture.offset[i]);
}

/* An entry for a page, another for each number. */
static inline pte_t fixture_entry(unsigned int n)
{
	return pte_from_pfn(PFN(n), PTE_PRESENT | PTE_USER);
}

/* Tables for so many addresses, two in each leaf table, in a space that becomes active. */
void fixture_prepare_and_pin(unsigned int count);

/* Trim, and check that just those tables go that are empty and lie within the range: their
 * number. */
unsigned int fixture_trim(uint64_t start, uint64_t end);

/* Requests that drop translations of user addresses. */
bool fixture_is_flush(const struct fake_request *request);
unsigned int fixture_flush_count(void);

#endif
