/* SPDX-License-Identifier: MIT */
/*
 * What the model's files share, and nobody outside sees: the bits of an entry, in the model's own
 * words, and the functions that one file has for the others.
 */
#ifndef PINFOLD_MODEL_INTERNAL_H
#define PINFOLD_MODEL_INTERNAL_H

#include "model/model.h"

#define PAGE        4096u
#define FRAME_SHIFT 12

/* Of an entry, in every format. */
#define PRESENT    1ull
#define WRITE      2ull
#define USER       4ull
#define ACCESSED   0x20ull
#define DIRTY      0x40ull
#define LARGE      0x80ull
#define GLOBAL     0x100ull
#define NO_EXECUTE (1ull << 63)
#define FRAME_MASK 0x000ffffffffff000ull

/* MODEL_NONE for a number that no frame has. */
static inline uint32_t frame_of(uint64_t entry)
{
	uint64_t mfn = (entry & FRAME_MASK) >> FRAME_SHIFT;

	return mfn < MODEL_NONE ? (uint32_t)mfn : MODEL_NONE;
}

/* model/calls.c */
/* Another vcpu may run here, and see what is done so far of this request. */
void model_half_way(const char *what);

/* model/frames.c */
/* Memory of the guest's that Xen can reach. */
bool model_can_access(const void *pointer);
/* Where the guest has this machine frame, of its memory or of the image; NULL: it is not the
 * guest's. */
char *model_memory_of(uint64_t mfn);
/* An entry as Xen writes it: kernel and user mode of a 4-level guest have the same privilege. */
uint64_t model_adjust(uint64_t entry, unsigned int level);
long model_get_type(uint32_t mfn, enum model_type type, bool kernel_l2);
void model_put_type(uint32_t mfn);
/* Xen's lock of a frame in use, while an entry of it changes; false for one that is not in use, or
 * that is changing. */
bool model_lock_frame(uint32_t mfn);
void model_unlock_frame(uint32_t mfn);
bool model_slot_is_xens(uint32_t table, unsigned int level, unsigned int idx);
bool model_slot_is_kernel_l2(unsigned int level, unsigned int idx);

/* model/entries.c */
/* Whether an entry, if it is present, has no bit that it must not have. */
bool model_flags_allowed(uint64_t entry, unsigned int level);
/* Take what an entry of `table` (MODEL_NONE: of the direct map) uses, and give it back. */
long model_get_entry(uint32_t table, unsigned int level, uint64_t entry, bool kernel_l2);
void model_put_entry(uint32_t table, unsigned int level, uint64_t entry);

/* model/mmu.c */
long model_load_base(unsigned int vcpu, uint32_t *base, uint32_t mfn);
void model_drop_base(uint32_t *base);
long model_update(const struct mmu_update *request);
long model_change_entry(uint32_t table, unsigned int idx, uint64_t value, bool keep_ad);

/* model/tlb.c */
/* The frame that kernel mode on the vcpu that runs reads at an address; MODEL_NONE: it faults. */
uint32_t model_kernel_frame(uint64_t address);
/* One address, or all that the vcpu holds. */
void model_tlb_drop(uint32_t vcpu, bool all, uint64_t address);
void model_tlb_type_changed(uint32_t mfn);
void model_tlb_entry_changed(uint32_t table, unsigned int level, unsigned int idx, uint64_t old,
                             uint64_t value);
/* Another user top takes the place of `top`, and nothing has been dropped. */
void model_tlb_user_top_left(uint32_t vcpu, uint32_t top);
/* A table of `level` has been linked into another, or such a link has become writable. */
void model_tlb_linked(uint32_t mfn, unsigned int level, bool writable);
/* The vcpu leaves Xen: it walks no table that has got a new use meanwhile. */
void model_tlb_call_ends(uint32_t vcpu);

/* model/descriptors.c */
long model_validate_descriptors(uint32_t mfn);
long model_set_gdt(unsigned int vcpu, const unsigned long *frames, unsigned long entries);
long model_update_descriptor(uint64_t address, uint64_t descriptor);
long model_set_ldt(uint64_t address, uint64_t entries);
void model_drop_ldt(unsigned int vcpu);
long model_set_trap_table(const struct trap_info *traps);
long model_callback_op(unsigned int command, const void *arg);
long model_stack_switch(uint64_t selector, uint64_t stack);
long model_set_segment_base(unsigned int which, uint64_t base);
long model_iret(const struct iret_context *frame);

/* model/events.c */
void model_vcpu_kick(unsigned int vcpu);
bool model_port_is_bound(unsigned int port);
long model_event_op(unsigned int command, void *arg);

/* model/vcpus.c */
void model_vcpu_reset(unsigned int vcpu);
void model_wake(unsigned int vcpu);
long model_vcpu_op(unsigned int command, unsigned int vcpu, void *arg);
long model_sched_op(unsigned int command, void *arg);

/* model/places.c */
long model_register_info(unsigned int vcpu, const struct vcpu_register_vcpu_info *op);
/* By machine address: -ENOSYS for a command that is none of those. */
long model_register_record(unsigned int command, unsigned int vcpu, const void *arg);

/* model/clock.c */
void model_time_record(unsigned int vcpu);
void model_runstate_change(unsigned int vcpu, int state);
void model_runstate_write(unsigned int vcpu);
struct vcpu_runstate_info model_runstate(unsigned int vcpu);
long model_timer_set(unsigned int vcpu, const struct vcpu_set_singleshot_timer *op);
long model_timer_stop(unsigned int vcpu);

#endif
