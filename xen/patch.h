/* SPDX-License-Identifier: MIT */
/*
 * The recorded sites of the interrupt flag's operations get the operations' own code at boot.
 */
#ifndef PINFOLD_XEN_PATCH_H
#define PINFOLD_XEN_PATCH_H

#include <stdbool.h>

struct patch_counts {
	unsigned int sites;
	unsigned int inlined, called, left; /* what became of them (arch/x86/patch.h) */
};

/*
 * Rewrite all sites. `direct`: the flags of every vcpu lie inside its per-CPU area, for good. Once,
 * while one vcpu runs, with the direct map up; the text is writable nowhere before and after.
 */
void patch_apply(bool direct);

/* What patch_apply() did. */
extern struct patch_counts patch_counts;

#endif
