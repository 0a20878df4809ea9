/* SPDX-License-Identifier: MIT */
/*
 * Processes for scenarios: what a kernel does with the layer when they write, fork, unmap, lose and
 * get the right to write, and end, with a naive oracle beside. Each process knows what it wrote
 * last in each place and where it may write; frames have a count of references as a kernel's have.
 */
#ifndef PINFOLD_TESTS_MODEL_PROCESS_H
#define PINFOLD_TESTS_MODEL_PROCESS_H

#include "tests/model/world.h"

#define PLACES    2u
#define PROCESSES (2 * EXPLORE_VCPUS)

struct process {
	struct pt_space space;
	bool live;
	uint32_t value[PLACES];       /* 0: nothing mapped */
	volatile bool denied[PLACES]; /* may not be written */
};

extern struct process processes[PROCESSES];

/* Tables are not to be shared in a fork, but their entries. */
extern bool process_share_refused;

vaddr_t process_place(unsigned int i);
uint32_t *process_content(uint32_t mfn);

/* Never the same twice, whatever the order of the vcpus. */
uint32_t process_new_value(void);

/* Nothing of the runs before, and the first process: active, all places mapped. */
void process_begin(void);
/* Its like on the running vcpu, by number. */
struct process *process_run(void);
/* False: no memory. */
bool process_fork(struct process *parent, struct process *child, bool lazy);
void process_end(struct process *process);

/* The running vcpu's own process: user mode writes, by a fault if need be, if it may. */
void process_write(struct process *process, unsigned int i);
/* The places of [first, end) may not be written any more, or may again. */
void process_protect(struct process *process, unsigned int first, unsigned int end, bool write);
/* Everything, and one place. */
void process_unmap(struct process *process);
void process_unmap_one(struct process *process, unsigned int i);

/* The running vcpu's own process reads what it must and can write nowhere else than it may; and
 * the same of one that does not run, by its tables. */
void process_check(const struct process *process);
void process_look(const struct process *process);

#endif
