/* SPDX-License-Identifier: MIT */
/*
 * The guest layer between the model of Xen and a scenario: host hooks, per-CPU areas, boot of the
 * smallest possible guest.
 */
#ifndef PINFOLD_TESTS_MODEL_WORLD_H
#define PINFOLD_TESTS_MODEL_WORLD_H

#include "arch/x86/pt_format.h"
#include "explore/explore.h"
#include "model/model.h"
#include "xen/percpu.h"
#include "xen/space.h"

/* The guest has booted on the model in format `idx`: tables adopted, every vcpu on the kernel's
 * own tables, events masked. */
void world_boot(unsigned int format, unsigned int vcpus);

/* For explore_options: the state that a run starts from. */
void world_save(void);
void world_restore(void);
uint64_t world_hash(void);

/* Data frames. Giving one back checks that no vcpu can still reach it. */
pfn_t world_frame_alloc(void);
void world_frame_free(pfn_t pfn);
unsigned int world_frames_used(void);

/* As choices: whether table allocations may fail, and whether the clock may jump to the next timer
 * at any point; how often Xen may take the processor away, for WORLD_STEAL_NS each time. */
extern bool world_allocations_fail, world_clock_jumps;
/* Whether a store to a leaf table in use is carried out as Xen would, and counted
 * (model.emulated_stores); else it is reported with the place. */
extern bool world_stores_emulated;
/* Whether another vcpu may run inside a request of Xen's, too, where it has done a part; else a
 * request is one step. */
extern bool world_inside_seen;
/* As choices: whether Xen has no memory for a vcpu that is to be initialised or brought up. */
extern bool world_vcpus_fail;
extern unsigned int world_steals;
#define WORLD_STEAL_NS 1000000u

/* The machine frame of a page of the image, that is of static data: for what is registered there
 * (the offset within it is the address's). */
uint64_t world_image_mfn(const void *address);

/* The running vcpu looks for something in vain: others go on, and an event that was sent reaches
 * it. */
void world_wait(const char *what);

/* For a vcpu that xen/smp.c brings up: its body, and what it does when it is up (it ends in
 * smp_down_self()). */
void world_secondary_body(void);
extern void (*world_secondary_main)(void);

/* What must hold for this CPU before it sleeps or returns to user mode. */
void world_check_quiet(void);

/* What must hold when all bodies have ended: no event is lost. */
void world_check_end(void);

/* The last step of a kernel's way to user mode, with what it knows of work that is left: nothing
 * may be, this CPU must be quiet, and events masked. User mode then has them enabled; the next
 * entry is the caller's xen_irq_disable(). */
void world_enter_user(bool work_pending);

#define CHECK(cond)                                                                     \
	do {                                                                            \
		if (!(cond))                                                            \
			explore_fail("%s:%d: not true: %s", __FILE__, __LINE__, #cond); \
	} while (0)

#endif
