/* SPDX-License-Identifier: MIT */
/*
 * Recycled page tables: see table_pool.h.
 *
 * Invariant: count + promised never exceeds the limit of a level, so that a table that was
 * promised a place has one.
 */
#include "xen/table_pool.h"

#include <port/memory.h>

#include "xen/hooks.h"
#include "xen/percpu.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"

#define TOPS_MAX 8u
/* Below the top, by level. A process has a few leaf tables and one or two of each other level. */
#define KEPT_MAX 48u
static const unsigned int kept_max[PT_LEVELS_MAX] = {0, KEPT_MAX, 16, 16};

static struct {
	struct spinlock lock;
	struct {
		uint32_t count, promised;
		pfn_t tables[KEPT_MAX];
	} level[PT_LEVELS_MAX];
	unsigned int top_count;
	struct {
		pfn_t root, user_root;
	} tops[TOPS_MAX];
} pool;

pfn_t table_alloc(void)
{
	pfn_t table = host_table_alloc();

	if (pfn_is_none(table) && xen_tables_reclaim() > 0)
		table = host_table_alloc();
	if (!pfn_is_none(table))
		pt_mark_empty(table);
	return table;
}

void table_free(pfn_t table)
{
	pt_mark_unknown(table);
	host_table_free(table);
}

pfn_t table_pool_take(unsigned int level)
{
	pfn_t table = PFN_NONE;
	uint32_t *count = &pool.level[level].count;

	spinlock_lock(&pool.lock);
	uint32_t there = port_load32(count);

	if (there > 0) {
		table = pool.level[level].tables[there - 1];
		port_store32(count, there - 1);
	}
	spinlock_unlock(&pool.lock);
	if (!pfn_is_none(table))
		this_cpu()->counters.tables_recycled++;
	return table;
}

bool table_pool_take_tops(struct pt_space *space)
{
	bool taken;

	spinlock_lock(&pool.lock);
	taken = pool.top_count > 0;
	if (taken) {
		pool.top_count--;
		space->root = pool.tops[pool.top_count].root;
		space->user_root = pool.tops[pool.top_count].user_root;
	}
	spinlock_unlock(&pool.lock);
	if (taken)
		this_cpu()->counters.tables_recycled += pfn_is_none(space->user_root) ? 1 : 2;
	return taken;
}

bool table_pool_put_tops(const struct pt_space *space)
{
	bool room;

	spinlock_lock(&pool.lock);
	room = pool.top_count < TOPS_MAX;
	if (room) {
		pool.tops[pool.top_count].root = space->root;
		pool.tops[pool.top_count].user_root = space->user_root;
		pool.top_count++;
	}
	spinlock_unlock(&pool.lock);
	return room;
}

static bool promise(unsigned int level)
{
	bool room;

	spinlock_lock(&pool.lock);
	room = pool.level[level].count + pool.level[level].promised < kept_max[level];
	if (room)
		pool.level[level].promised++;
	spinlock_unlock(&pool.lock);
	return room;
}

bool table_detach_begin(struct mc_batch *batch, pfn_t table, unsigned int level)
{
	if (!pin_is_live(table) || !promise(level))
		return false;
	/* While its parent still holds it as a table: nothing is validated again. */
	pin_alone(batch, table, level);
	return true;
}

void table_detach_queue(struct mc_batch *batch, struct pt_space *space, pfn_t table,
                        unsigned int level, bool kept)
{
	if (!kept)
		unpin_table(batch, space, table, level);
}

void table_detach_end(pfn_t table, unsigned int level, bool kept)
{
	if (!kept) {
		table_free(table);
		return;
	}
	pt_mark_empty(table);
	spinlock_lock(&pool.lock);
	pool.level[level].promised--;
	pool.level[level].tables[pool.level[level].count++] = table;
	spinlock_unlock(&pool.lock);
}

static unsigned int drain_level(unsigned int level)
{
	unsigned int freed = 0;
	pfn_t table;

	while (!pfn_is_none(table = table_pool_take(level))) {
		struct mc_batch batch = mc_begin();

		unpin_table(&batch, &xen_kernel_space, table, level);
		mc_issue(); /* whatever is held open around: the frame is given away next */
		mc_commit(&batch);
		table_free(table);
		freed++;
	}
	return freed;
}

unsigned int xen_tables_reclaim(void)
{
	struct pt_space space = {.pinned = true};
	unsigned int freed = 0;

	for (unsigned int level = 1; level < PT_FORMAT.levels; level++)
		freed += drain_level(level);
	while (table_pool_take_tops(&space)) {
		spinlock_init(&space.lock);
		freed += pfn_is_none(space.user_root) ? 1 : 2;
		unpin_space(&space);
		xen_space_destroy(&space);
		space.pinned = true;
	}
	return freed;
}

unsigned int table_pool_frames(void)
{
	unsigned int frames = pool.top_count * (PT_FORMAT.user_top && !xen_spaces_apart() ? 2 : 1);

	if (PT_FORMAT.levels == 3)
		frames += pool.top_count;
	for (unsigned int level = 1; level < PT_FORMAT.levels; level++)
		frames += pool.level[level].count;
	return frames;
}
