/* SPDX-License-Identifier: MIT */
/*
 * Pinning: see pin.h.
 */
#include "xen/pin.h"

#include "xen/config.h"
#include "xen/counters.h"
#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/p2m.h"
#include "xen/percpu.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"

#define DIRECT_MAP_READ_ONLY  (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX)
#define DIRECT_MAP_READ_WRITE (DIRECT_MAP_READ_ONLY | PTE_WRITE)

struct pt_frame *pin_frame(pfn_t table)
{
	struct pt_frame *frame = host_frame(table);

	if (!frame)
		host_panic("pin: a table without a frame record");
	return frame;
}

bool pin_is_live(pfn_t table)
{
	return pin_frame(table)->flags & PT_FRAME_TABLE;
}

struct spinlock *pin_leaf_lock(struct pt_space *space, struct pt_frame *frame)
{
	return CONFIG_SPLIT_TABLE_LOCKS ? &frame->lock : &space->lock;
}

void pin_unlock_completed(void *lock, bool ok)
{
	(void)ok;
	spinlock_unlock(lock);
}

static void queue_pin(struct mc_batch *batch, unsigned int command, pfn_t table)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = p2m_mfn(table).v};

	mc_mmuext(batch, &op);
}

static unsigned int pin_command(unsigned int level)
{
	switch (level) {
	case 1:
		return MMUEXT_PIN_L1_TABLE;
	case 2:
		return MMUEXT_PIN_L2_TABLE;
	case 3:
		return MMUEXT_PIN_L3_TABLE;
	default:
		return MMUEXT_PIN_L4_TABLE;
	}
}

static void remap(struct mc_batch *batch, pfn_t table, uint64_t flags)
{
	/* No flush: Xen itself makes sure of stale writable translations before it takes a frame
	 * as a table (type change), and a stale read-only one faults and is retried. */
	mc_update_va(batch, VADDR(xen_pfn_to_virt(table)), pte_from_pfn(table, flags), UVMF_NONE);
}

static bool pinned_alone(unsigned int level)
{
	return level == PT_FORMAT.levels || (CONFIG_SPLIT_TABLE_LOCKS && level == 1);
}

/* A table is made read-only, and pinned if its level is pinned on its own. */
void pin_table(struct mc_batch *batch, struct pt_space *space, pfn_t table, unsigned int level)
{
	struct pt_frame *frame = pin_frame(table);
	struct spinlock *lock = NULL;

	if (frame->flags & PT_FRAME_TABLE)
		return;
	if (CONFIG_SPLIT_TABLE_LOCKS && level == 1) {
		lock = pin_leaf_lock(space, frame);
		spinlock_lock(lock);
	}
	frame->level = (uint8_t)level;
	frame->flags |= PT_FRAME_TABLE;
	this_cpu()->counters.tables_pinned++;
	remap(batch, table, DIRECT_MAP_READ_ONLY);
	if (pinned_alone(level)) {
		frame->flags |= PT_FRAME_PINNED;
		queue_pin(batch, pin_command(level), table);
	}
	if (lock)
		mc_callback(batch, pin_unlock_completed, lock);
}

void pin_alone(struct mc_batch *batch, pfn_t table, unsigned int level)
{
	struct pt_frame *frame = pin_frame(table);

	if (frame->flags & PT_FRAME_PINNED)
		return;
	frame->flags |= PT_FRAME_PINNED;
	queue_pin(batch, pin_command(level), table);
}

/* The converse in the converse order. */
void unpin_table(struct mc_batch *batch, struct pt_space *space, pfn_t table, unsigned int level)
{
	struct pt_frame *frame = pin_frame(table);
	struct spinlock *lock = NULL;

	if (!(frame->flags & PT_FRAME_TABLE))
		return;
	if (CONFIG_SPLIT_TABLE_LOCKS && level == 1) {
		lock = pin_leaf_lock(space, frame);
		spinlock_lock(lock);
	}
	if (frame->flags & PT_FRAME_PINNED)
		queue_pin(batch, MMUEXT_UNPIN_TABLE, table);
	remap(batch, table, DIRECT_MAP_READ_WRITE);
	frame->flags = (uint8_t)(frame->flags & ~(PT_FRAME_TABLE | PT_FRAME_PINNED));
	this_cpu()->counters.tables_unpinned++;
	if (lock)
		mc_callback(batch, pin_unlock_completed, lock);
}

struct pin_walk {
	struct mc_batch *batch;
	struct pt_space *space;
};

/* The kernel's own level-2 table of a PAE space: never shared between tables under Xen, and not
 * below the user limit, so the walk does not come to it. PFN_NONE in other formats. */
static pfn_t kernel_l2(const struct pt_space *space)
{
	if (PT_FORMAT.levels != 3)
		return PFN_NONE;
	return pt_find_table(space->root, PT_FORMAT.user_end, 2);
}

static bool visit_pin(void *arg, const struct pt_place *place)
{
	struct pin_walk *walk = arg;
	struct pt_space *space = walk->space;

	if (place->level < PT_FORMAT.levels) {
		pin_table(walk->batch, space, place->table, place->level);
		return true;
	}
	/* The top comes last: all that it refers to is read-only by now. */
	if (!pfn_is_none(kernel_l2(space)))
		pin_table(walk->batch, space, kernel_l2(space), 2);
	pin_table(walk->batch, space, place->table, place->level);
	if (!pfn_is_none(space->user_root))
		pin_table(walk->batch, space, space->user_root, place->level);
	return true;
}

/* Pins of their own hold what lies below, so they go first. */
static bool visit_unpin_upper(void *arg, const struct pt_place *place)
{
	struct pin_walk *walk = arg;
	struct pt_frame *frame = pin_frame(place->table);

	if (place->level > 1 && place->level < PT_FORMAT.levels &&
	    (frame->flags & PT_FRAME_PINNED)) {
		frame->flags &= (uint8_t)~PT_FRAME_PINNED;
		queue_pin(walk->batch, MMUEXT_UNPIN_TABLE, place->table);
	}
	return true;
}

static bool visit_unpin(void *arg, const struct pt_place *place)
{
	struct pin_walk *walk = arg;

	if (place->level < PT_FORMAT.levels)
		unpin_table(walk->batch, walk->space, place->table, place->level);
	return true;
}

static void lock_space(struct pt_space *space)
{
	if (!CONFIG_SPLIT_TABLE_LOCKS)
		spinlock_lock(&space->lock);
}

static void unlock_space(struct pt_space *space)
{
	if (!CONFIG_SPLIT_TABLE_LOCKS)
		spinlock_unlock(&space->lock);
}

void pin_space(struct pt_space *space)
{
	struct mc_batch batch;

	if (space->pinned)
		return;
	lock_space(space);
	batch = mc_begin();
	struct pin_walk walk = {.batch = &batch, .space = space};

	pt_walk(space->root, 0, PT_FORMAT.user_end,
	        &(struct pt_visitor){.table = visit_pin, .arg = &walk});
	mc_issue(); /* whatever is held open around: the locks' holders wait */
	space->pinned = true;
	mc_commit(&batch);
	unlock_space(space);
}

void unpin_space(struct pt_space *space)
{
	struct mc_batch batch;

	if (!space->pinned)
		return;
	lock_space(space);
	batch = mc_begin();
	struct pin_walk walk = {.batch = &batch, .space = space};

	if (!pfn_is_none(space->user_root))
		unpin_table(&batch, space, space->user_root, PT_FORMAT.levels);
	unpin_table(&batch, space, space->root, PT_FORMAT.levels);
	if (!pfn_is_none(kernel_l2(space)))
		unpin_table(&batch, space, kernel_l2(space), 2);
	pt_walk(space->root, 0, PT_FORMAT.user_end,
	        &(struct pt_visitor){.table = visit_unpin_upper, .arg = &walk});
	pt_walk(space->root, 0, PT_FORMAT.user_end,
	        &(struct pt_visitor){.table = visit_unpin, .arg = &walk});
	mc_issue();
	space->pinned = false;
	mc_commit(&batch);
	unlock_space(space);
}
