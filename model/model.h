/* SPDX-License-Identifier: MIT */
/*
 * A model of Xen for one paravirtual domain: its rules about page tables and events, in user space.
 *
 * Written from the public interface and from what real Xen answers, not from its code, and on
 * purpose without any header of the guest layer: an oracle that shared the layer's walker would
 * share its mistakes. docs/model.md says what is modelled; what is left out on purpose is in
 * docs/caveats.md.
 *
 * Frames. Each machine frame has a type (none, writable, a page-table level, descriptors), a count
 * of uses as that type, and a count of references. A frame becomes a page table when it is first
 * used as one, by validation of all it contains, and stops to be one when the last use ends. A pin
 * is one use.
 *
 * Memory. The frames are one memory file, mapped twice: the guest's direct map, where a page is
 * really read-only when its entry says so, and the model's own view. A stray store of the guest's
 * to a page table faults.
 *
 * Time. One hypercall is carried out in steps, and between the entries of a multicall the scheduler
 * may run another vcpu. All state is in struct model, which is plain memory: a copy of it and of
 * the frames is a snapshot.
 */
#ifndef PINFOLD_MODEL_MODEL_H
#define PINFOLD_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/vcpu.h>

#define MODEL_FRAMES          128u /* machine frames, of which the guest owns most */
#define MODEL_VCPUS           4u
#define MODEL_STALE           512u
#define MODEL_PORTS           128u
#define MODEL_CALLBACKS       8u
#define MODEL_GDT_FRAMES      14u
#define MODEL_LDT_FRAMES      16u
#define MODEL_GDT_ENTRIES_MAX 7168u /* the rest of the 8192 is Xen's */
#define MODEL_NONE            UINT32_MAX
#define MODEL_NEVER           UINT64_MAX
/* Machine frames of the kernel's image, which is not in the guest memory above but wherever the
 * world says (struct model, image): only for what a guest registers there. */
#define MODEL_IMAGE_MFN 0x10000u

#define MODEL_XENS_FRAME 0xfffffull /* what Xen's own entries in a top hold */

#define MODEL_POLLS_NOTHING UINT32_MAX
#define MODEL_POLLS_ANY     (UINT32_MAX - 1)

/* Geometry of a format, in the model's own words. */
struct model_format {
	const char *name;
	unsigned int levels;
	unsigned int entries[5]; /* of a table of each level, from 1 */
	unsigned int shift[5];   /* of the address bits that index it */
	unsigned int entry_bytes;
	unsigned int user_slots; /* top entries that are user space's */
	unsigned int xen_slot_first,
	    xen_slot_last;   /* top entries that are Xen's (last included), first > last: none */
	bool top_has_rights; /* a top entry has WRITE and USER bits */
	bool user_top;       /* NEW_USER_BASEPTR exists */
	/* The guest's own rule: kernel mode never runs on a top with a user half. Else it keeps its
	 * two tops in step. */
	bool tops_apart;
	unsigned int kernel_l2_xen_first; /* Xen's from here in PAE's kernel table; 0: none is */
};

extern const struct model_format model_formats[4];
/* With tables of 512 entries, as real Xen's. */
extern const struct model_format model_full_format, model_full_pae;

enum model_type {
	TYPE_NONE,
	TYPE_L1,
	TYPE_L2,
	TYPE_L3,
	TYPE_L4,
	TYPE_WRITABLE,
	TYPE_DESCRIPTORS,
};

struct model_frame {
	uint8_t type;       /* enum model_type */
	uint8_t last_type;  /* what it was used as last, or is */
	bool changing;      /* it is just becoming a table, or just ceases to be one */
	bool locked;        /* an entry of it is being changed */
	bool direct_locked; /* its entry in the direct map is being changed */
	bool pinned;
	bool owned;     /* by the guest */
	bool kernel_l2; /* PAE: this L2 serves slot 3, so it serves no other table */
	uint32_t type_count;
	uint32_t refs;
	/* Entries in it that lead to other tables of its level, and such entries elsewhere that
	 * lead to it. */
	uint32_t linear_entries, linear_uses;
};

/* What a vcpu may still hold though its entry is gone or has lost rights: a translation, or an
 * upper entry that leads to a table. */
struct model_stale {
	uint32_t vcpu;
	uint32_t mfn;
	uint64_t address;
	bool writable;
	bool table;
	bool reused; /* while the vcpu was in Xen */
	bool left;   /* of a user top that was in force before */
};

/* Where Xen writes a record, in a frame of the guest's; MODEL_NONE and NULL: nowhere. */
struct model_record {
	uint32_t mfn;
	char *at;
};

struct model_vcpu {
	uint32_t base, user_base; /* mfn; MODEL_NONE: none */
	struct vcpu_info *info;
	struct vcpu_info nowhere; /* stands in as long as the guest has no place for it */
	uint32_t info_mfn;        /* where it was registered; MODEL_NONE: it was not */
	bool initialised, up;
	bool in_call;
	bool half_way;    /* in a request, of which others may see a part */
	bool just_loaded; /* a base, in the call that it is in: not yet back in user mode */
	bool stays_down;  /* it is inside model_vcpu_stay_down() */
	bool asleep;      /* in Xen, until something wakes it */
	bool kicked;      /* an event was sent: Xen will look at this vcpu when it next can */
	/* Where it starts, from its context. */
	uint64_t entry, entry_stack, entry_argument;
	uint64_t gs_base_kernel;
	uint64_t timer_ns;    /* single-shot; MODEL_NEVER: none */
	uint32_t polls;       /* a port, MODEL_POLLS_ANY, MODEL_POLLS_NOTHING */
	uint64_t poll_end_ns; /* MODEL_NEVER: no limit */
	int64_t skew_ns;      /* its system time against the clock: vcpus differ a little */
	uint32_t gdt_frames[MODEL_GDT_FRAMES];
	unsigned int gdt_frame_count;
	uint64_t ldt_address;
	unsigned int ldt_entries;
	uint32_t ldt_frames[MODEL_LDT_FRAMES], ldt_used; /* which are in use, a bit each */
	uint64_t traps[256], callbacks[MODEL_CALLBACKS];
	uint64_t kernel_ss, kernel_sp;
	uint64_t fs_base, gs_base_user;
	bool fpu_traps;
	struct vcpu_runstate_info run;
	struct vcpu_runstate_info *run_area; /* the guest's copy; NULL: none */
	/* By machine address, which the one by address above gives way to. */
	struct model_record run_record, time_record;
};

enum model_port_state {
	MODEL_PORT_FREE,
	MODEL_PORT_UNBOUND, /* waits for a partner */
	MODEL_PORT_PAIRED,  /* with another port of this domain */
	MODEL_PORT_IPI,
	MODEL_PORT_VIRQ,
};

struct model_port {
	uint8_t state; /* enum model_port_state */
	uint8_t vcpu;  /* which it notifies */
	uint8_t virq, partner;
	uint8_t in_use; /* by vcpus that send or unmask; nobody closes it then */
};

struct model {
	const struct model_format *format;
	struct model_frame frames[MODEL_FRAMES];
	struct model_vcpu vcpus[MODEL_VCPUS];
	unsigned int vcpu_count;
	/* The kernel's mapping of each of its frames: the direct map, as one array of leaf
	 * entries by pfn. */
	uint64_t direct[MODEL_FRAMES];
	struct model_stale stale[MODEL_STALE];
	unsigned int stale_count;
	/* The guest's and Xen's translation tables, which model_check() looks at; NULL: not shown. */
	const unsigned long *p2m, *m2p;
	struct shared_info *shared;
	unsigned int shared_infos; /* vcpus whose vcpu_info has a place in the shared page */
	struct model_port ports[MODEL_PORTS];
	unsigned int ports_known; /* numbers below may be named, bound or not */
	char *image;              /* page-aligned */
	size_t image_pages;
	uint64_t clock_ns;  /* system time, and the time stamp counter */
	bool reuse_allowed; /* stale translations are none of this run's business */
	bool runstate_mark; /* the guest asked for the mark while Xen writes a runstate record */
	/* Counted. */
	unsigned long hypercalls, multicall_entries, refusals, emulated_stores;
};

extern struct model model;

/* Which Xen is modelled, 417 for 4.17: the answers to some calls differ (model/places.c). 4.17 if
 * nobody says anything else, and it may be said before model_init() only. */
extern unsigned int model_xen;

/* The world around the model supplies these. */
void world_violation(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
unsigned int world_this_vcpu(void);
/* A place inside Xen where another vcpu may run; `what` is for the timeline. */
void world_step(const char *what);
/* A place inside a request, where another vcpu may see it half-way; and one where the running vcpu
 * looks again and again until another has gone on. */
void world_inside(const char *what);
void world_spin(const char *what);
/* Xen delivers an event: the guest's upcall entry, with events masked. */
void world_upcall(void);
/* The running vcpu sleeps inside Xen until world_wake() names it, and may be woken for nothing.
 * `may_stay`: a run may end while it sleeps, as it is not up. */
void world_sleep(const char *what, bool may_stay);
void world_wake(unsigned int vcpu);

/* Start: all frames the guest's, ordinary memory and zero; no base tables; vcpu 0 up, the others as
 * before their VCPUOP_initialise. */
void model_init(const struct model_format *format, unsigned int vcpus, struct shared_info *shared);

/* Scrambled frame numbers: pfn to mfn and back. */
uint32_t model_mfn(uint32_t pfn);
uint32_t model_pfn(uint32_t mfn);

/* The two views of memory. */
char *model_frame_memory(uint32_t mfn); /* the model's own */
extern char *model_direct_map;          /* the guest's, by pfn */
size_t model_memory_bytes(void);
char *model_memory(void);
/* Make the guest's view of every frame as writable as its direct entry says: after a snapshot
 * was put back. */
void model_direct_map_settle(const struct model *before);

/* A hypercall of the vcpu that runs. */
long model_hypercall(unsigned long number, const unsigned long args[5]);

/* Events: what a device, a timer or another vcpu does. */
void model_send(unsigned int port);
void model_send_virq(unsigned int vcpu, unsigned int virq);
/* The upcall, if it is due for the vcpu that runs. Between two instructions of the guest's Xen has
 * looked only if the vcpu was kicked. */
void model_deliver_if_due(bool entering_from_xen);

/* vcpus. A scenario that does not bring them up itself says so: */
void model_vcpu_set_up(unsigned int vcpu);
/* … and one that does: as before VCPUOP_initialise. */
void model_vcpu_off(unsigned int vcpu);
/* The vcpu that runs is not up: it sleeps until it is. Called at the start of each vcpu and at
 * every place where Xen could take the processor away. */
void model_vcpu_stay_down(void);

/* Time. One tick of the time stamp counter is a nanosecond; it goes on a little with each
 * reading. A jump fires what has become due. */
uint64_t model_clock_read(void);
void model_clock_jump(uint64_t to_ns);
/* When the next timer or poll ends; MODEL_NEVER: there is none. */
uint64_t model_timer_next(void);
/* To there; false if there is none. What a world does when all vcpus sleep. */
bool model_clock_jump_to_timer(void);
/* Xen runs something else for so long instead of the vcpu that runs. */
void model_steal(uint64_t ns);

/* The guest gives a frame to something else: no vcpu may still reach it, or walk it as a table. */
void model_check_reuse(uint32_t mfn);

/* The frame that user mode on a vcpu reaches at an address, to read or to write: by its tables as
 * they are, or by what it may still hold. MODEL_NONE: it faults, or holds nothing. */
uint32_t model_reach(unsigned int vcpu, uint64_t address, bool write, bool stale);

/* By the tables below `top` as they are: every level counts. */
uint32_t model_walk(uint32_t top, uint64_t address, bool write, bool user);

/* The processor looks for a descriptor in the LDT of the vcpu that runs: false if it faults. */
bool model_use_ldt(unsigned int selector);

/* What must hold when the vcpu that runs goes to user mode: its two tops are in step, or kernel
 * mode's has no user half; and user mode reaches nothing of a top that was in force before. */
void model_check_user_return(void);

/* A store of the guest's that has faulted: if it goes to a leaf table in use, the guest's view is
 * writable for the one instruction, and what it wrote is then asked for as a request. Begin is
 * false if Xen would not emulate it, end if Xen would refuse the value and let it fault. */
bool model_store_begin(const void *address);
bool model_store_end(void);

/* All counts made anew from what is there, and held against the ones kept; tops in step; no
 * writable mapping of a table. */
void model_check(void);

/* For a world that lays its first tables out before any vcpu runs, or looks at what there is: an
 * entry of a table as it is, and without any rule; calls without a vcpu that makes them. */
uint64_t model_entry(uint32_t mfn, unsigned int idx);
void model_entry_write(uint32_t mfn, unsigned int idx, uint64_t value);
long model_update_va(uint64_t va, uint64_t value, unsigned long flags);
long model_mmuext(const struct mmuext_op *op);
bool model_port_is_pending(unsigned int port);

#endif
