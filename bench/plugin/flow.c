/* SPDX-License-Identifier: MIT */
/*
 * Follows the processor from block to block, see flow.h.
 *
 * A hypercall that Xen preempts is made again: Xen comes back at the instruction that made it.
 * A store to a page-table entry that Xen emulates, and a privileged instruction that it carries
 * out, show in how Xen comes back: behind the instruction that trapped. A trap that the guest has
 * to handle comes back in the guest's handler, one that was to be tried again at the instruction.
 */
#include "bench/plugin/flow.h"

#include <stdlib.h>

#include "bench/plugin/cpu.h"
#include "bench/plugin/hypercall.h"

/* Programs lie from 2 MiB, so that the firmware's memory is not taken for theirs. */
#define USER_START    0x200000ULL
#define USER_END      0x800000000000ULL
#define XEN_START     0xffff800000000000ULL
#define XEN_END       0xffff880000000000ULL
#define INSN_BYTES    15 /* the longest instruction */
#define SYSCALL_BYTES 2
#define ERROR_CODES   0x227d00U /* a bit for each vector that pushes an error code */
#define FRAME_RETURN  16        /* of the frame of an event: rcx and r11 come first */
#define VECTOR_UD     6
#define VECTOR_GP     13
#define VECTOR_PF     14

struct cpu_state {
	enum count_place place;
	enum count_place syscall_from;
	bool after_syscall;
	/* Xen at work for the guest: the counter that its instructions belong to, and where it began. */
	bool at_work;
	enum count_idx cost_idx;
	uint64_t cost_from;
	/* The syscall instruction of the hypercall that Xen works on, and of one that it preempted. */
	uint64_t hypercall_va;
	uint64_t preempted_va;
	/* A trap of a guest kernel that Xen looks at. */
	uint64_t fault_va;
	int fault_vector;
};

static struct cpu_state cpus[FLOW_CPUS];
static uint64_t handlers[CPU_VECTORS];
static unsigned int generation;

static enum { BOOT_FIRMWARE, BOOT_KERNEL, BOOT_DONE } boot;
static struct counts boot_from, boot_to;

enum count_place flow_place_of(uint64_t va)
{
	if (va < USER_START)
		return PLACE_FIRMWARE;
	if (va < USER_END)
		return PLACE_USER;
	return va >= XEN_START && va < XEN_END ? PLACE_XEN : PLACE_KERNEL;
}

struct block *flow_make_block(uint64_t va)
{
	struct block *block = calloc(1, sizeof(*block));

	if (block == NULL)
		abort();
	block->va = va;
	block->place = flow_place_of(va);
	block->vector = -1;
	return block;
}

void flow_learn_handlers(unsigned int cpu)
{
	if (cpu_read_handlers(cpu, handlers))
		generation++;
}

static int find_vector(uint64_t va)
{
	for (int i = 0; i < CPU_VECTORS; i++) {
		if (handlers[i] == va)
			return i;
	}
	return -1;
}

/* A kernel that boots runs some code at low addresses too, but not at a program's privilege. */
static void follow_boot(unsigned int cpu, enum count_place place)
{
	if (boot == BOOT_FIRMWARE && place == PLACE_KERNEL) {
		boot_from = counts_now;
		flow_learn_handlers(cpu);
		boot = BOOT_KERNEL;
	} else if (boot == BOOT_KERNEL && place == PLACE_USER &&
	           (cpu_read_reg(cpu, CPU_CS) & 3) == 3) {
		boot_to = counts_now;
		boot = BOOT_DONE;
	}
}

bool flow_boot_counts(struct counts *counts)
{
	*counts = (struct counts){{0}};
	counts_add_difference(counts, &boot_from, &boot_to);
	return boot == BOOT_DONE;
}

static bool is_guest(enum count_place place)
{
	return place == PLACE_USER || place == PLACE_KERNEL;
}

/* Xen begins to work for the guest. */
static void start_cost(struct cpu_state *state, enum count_idx idx)
{
	state->at_work = true;
	state->cost_idx = idx;
	state->cost_from = counts_now.value[COUNT_PLACE + PLACE_XEN];
}

static void enter_by_syscall(unsigned int cpu, struct cpu_state *state, enum count_place to)
{
	state->after_syscall = false;
	if (state->syscall_from == PLACE_USER) {
		counts_now.value[COUNT_SYSCALL]++;
		start_cost(state, COUNT_COST_SYSCALL);
	} else if (to == PLACE_XEN) {
		state->hypercall_va = cpu_read_reg(cpu, CPU_RCX) - SYSCALL_BYTES;
		start_cost(state, COUNT_COST_KIND + hypercall_count(cpu, state->hypercall_va ==
		                                                             state->preempted_va));
	}
}

static void note_fault(unsigned int cpu, struct cpu_state *state, int vector)
{
	uint64_t stack = cpu_read_reg(cpu, CPU_RSP);

	if ((ERROR_CODES >> vector & 1) != 0)
		stack += 8;
	state->fault_vector = vector;
	if (!cpu_read_memory(cpu, stack, &state->fault_va, sizeof(state->fault_va)))
		state->fault_vector = 0;
}

static void enter_by_trap(unsigned int cpu, struct cpu_state *state, const struct block *block)
{
	int vector = block->vector;

	counts_now.value[COUNT_TRAP]++;
	counts_now.value[COUNT_VECTOR + vector]++;
	if (block->place != PLACE_XEN || !is_guest(state->place))
		return;
	state->hypercall_va = 0;
	start_cost(state, COUNT_COST_VECTOR + (enum count_idx)vector);
	if (state->place == PLACE_KERNEL &&
	    (vector == VECTOR_PF || vector == VECTOR_GP || vector == VECTOR_UD))
		note_fault(cpu, state, vector);
}

static bool is_behind_fault(const struct cpu_state *state, uint64_t va)
{
	uint64_t behind = va - state->fault_va;

	return behind >= 1 && behind <= INSN_BYTES;
}

/* Xen may have an event to deliver first: then the place to go on at is in the handler's frame. */
static bool was_emulated(unsigned int cpu, const struct cpu_state *state, const struct block *to)
{
	uint64_t return_va = 0;

	if (is_behind_fault(state, to->va))
		return true;
	return to->place == PLACE_KERNEL &&
	       cpu_read_memory(cpu, cpu_read_reg(cpu, CPU_RSP) + FRAME_RETURN, &return_va,
	                       sizeof(return_va)) &&
	       is_behind_fault(state, return_va);
}

static void leave_xen(unsigned int cpu, struct cpu_state *state, const struct block *to)
{
	if (state->at_work)
		counts_now.value[state->cost_idx] +=
		    counts_now.value[COUNT_PLACE + PLACE_XEN] - state->cost_from;
	state->at_work = false;
	state->preempted_va = to->va == state->hypercall_va ? to->va : 0;
	if (state->fault_vector != 0 && was_emulated(cpu, state, to))
		counts_now
		    .value[state->fault_vector == VECTOR_PF ? COUNT_PTE_STORE : COUNT_PRIVILEGED]++;
	state->fault_vector = 0;
}

void flow_enter(unsigned int cpu, void *data)
{
	struct cpu_state *state = &cpus[cpu % FLOW_CPUS];
	struct block *block = data;

	if (block->generation != generation) {
		block->vector = find_vector(block->va);
		block->generation = generation;
	}
	if (boot != BOOT_DONE)
		follow_boot(cpu, block->place);
	if (state->after_syscall)
		enter_by_syscall(cpu, state, block->place);
	else if (block->vector >= 0)
		enter_by_trap(cpu, state, block);
	if (state->place == PLACE_XEN && is_guest(block->place))
		leave_xen(cpu, state, block);
	state->place = block->place;
}

void flow_syscall(unsigned int cpu, void *data)
{
	const struct block *block = data;

	cpus[cpu % FLOW_CPUS].after_syscall = true;
	cpus[cpu % FLOW_CPUS].syscall_from = block->place;
}
