/* SPDX-License-Identifier: MIT */
/*
 * A test double for what lies under and over the guest layer: Xen's memory calls with their plain
 * effect, the frames of a guest, and the host hooks. It knows no rule of Xen's types: it writes
 * what it is told to write, records it, and refuses on demand.
 *
 * Frames are scrambled: the machine's number of a frame is never the guest's. They are mapped
 * twice: the guest's direct map is really read-only where the guest made it so, and a stray store
 * to a page table ends the test; the double uses a view of its own.
 */
#ifndef PINFOLD_TESTS_UNIT_FAKE_XEN_H
#define PINFOLD_TESTS_UNIT_FAKE_XEN_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/pt_format.h"
#include "arch/x86/pte.h"
#include "arch/x86/units.h"
#include "xen/hooks.h"
#include "xen/percpu.h"

#define FAKE_FRAME_COUNT   1024ul
#define FAKE_MACHINE_COUNT 4096ul
#define FAKE_REQUESTS_MAX  16384u
#define FAKE_LOG_LINES     64u

/* The three formats, for loops over them, and 4-level again, for spaces with user mode's top alone
 * (rules_start()). */
#define FAKE_FORMAT_COUNT 4u
#define FAKE_FORMAT_APART 3u
extern const struct pt_format fake_formats[FAKE_FORMAT_COUNT];

/* One thing that Xen was asked for, in the order in which it came to it. */
struct fake_request {
	unsigned int op;          /* hypercall number */
	unsigned int trap;        /* number of the entry into Xen that brought it */
	bool batched;             /* inside a multicall */
	unsigned long args[5];    /* as given; for array calls, of the whole call */
	struct mmu_update update; /* mmu_update */
	struct mmuext_op ext;     /* mmuext_op */
	vaddr_t va;               /* update_va_mapping, with update.val */
	long result;
};

struct fake_xen {
	struct fake_request requests[FAKE_REQUESTS_MAX];
	unsigned int request_count;
	unsigned int trap_count;

	/* What the CPU runs on. */
	mfn_t root, user_root;
	uint8_t pinned[FAKE_FRAME_COUNT]; /* level a frame is pinned at, by pfn; 0: not */
	bool writable[FAKE_FRAME_COUNT];  /* in the direct map */
	bool taken[FAKE_FRAME_COUNT];
	struct pt_frame frames[FAKE_FRAME_COUNT];
	pfn_t kernel_root; /* the boot tables: a few kernel entries, and Xen's own in the hole */
	long allocations_left; /* host_table_alloc() has none after so many; -1: no limit */

	unsigned long p2m[FAKE_FRAME_COUNT];
	unsigned long m2p[FAKE_MACHINE_COUNT]; /* answers for every frame; ours are right */
	bool m2p_hole[FAKE_MACHINE_COUNT];     /* not mapped there */

	/* Asked before each request is carried out: 0, or the error to refuse with. */
	long (*judge)(const struct fake_request *request);
	/* Any other hypercall; without it the answer is 0. */
	long (*other)(unsigned int op, unsigned long *args);
	void (*schedule)(const char *what);
	/* The event upcall; made on the way back from Xen when one is due. */
	void (*upcall)(void);

	struct vcpu_info vcpu_info;
	bool m2p_refused;
	char log[FAKE_LOG_LINES][256];
	unsigned int log_count;
	char panic_text[256];
	bool panic_expected;
	jmp_buf panic_jump;
};

extern struct fake_xen fake;

/* A new machine with page tables of this format, vcpu 0 running on the boot tables, events
 * enabled, p2m_init() done. */
void fake_start(const struct pt_format *format);

/* Forget the requests and the log so far. */
void fake_forget(void);

/* The latest request: there must be one. */
const struct fake_request *fake_last_request(void);

/* A zeroed frame that is in use from here on, whatever allocations_left says; and how many are in
 * use. */
pfn_t fake_frame_take(void);
unsigned long fake_frames_taken(void);

mfn_t fake_mfn(pfn_t pfn);
/* PFN_NONE when the machine frame is not the guest's; and the frame that an entry names. */
pfn_t fake_pfn(mfn_t mfn);
pfn_t fake_entry_pfn(uint64_t entry);

/* An entry of a table, past all protection. */
uint64_t fake_entry_read(pfn_t table, unsigned int idx);
void fake_entry_write(pfn_t table, unsigned int idx, uint64_t value);

/* The leaf entry that a CPU on these tables would use for an offset: 0 where there is none. */
uint64_t fake_walk(mfn_t root, uint64_t offset);

/* Locks of frames that are held now. */
unsigned int fake_frame_locks_held(void);

/* A table's entry for a frame as a guest would make it. */
uint64_t fake_table_entry(pfn_t table);

/* What the compiler warns of is a local that changes between here and the jump; in these
 * statements none does. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wclobbered"
#endif

/* Text that `statement` made the layer stop with, or NULL. */
#define FAKE_PANIC_OF(statement)                                             \
	({                                                                   \
		fake.panic_expected = true;                                  \
		fake.panic_text[0] = 0;                                      \
		if (setjmp(fake.panic_jump) == 0) {                          \
			statement;                                           \
		}                                                            \
		fake.panic_expected = false;                                 \
		(const char *)(fake.panic_text[0] ? fake.panic_text : NULL); \
	})

/* Reproducible numbers: the same for every run of a test. */
uint64_t fake_random(void);
void fake_random_seed(uint64_t seed);

#endif
