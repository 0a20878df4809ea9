/* SPDX-License-Identifier: MIT */
/*
 * The same calls on real Xen and on the model: sequences made from a seed, carried out by whoever
 * is there, and what came of them as one line of text. The two lines must be equal.
 *
 * Each topic makes sequences of its own kind. What differs between the two worlds (machine frames,
 * addresses, which ports are free) must not get into a line.
 */
#ifndef PINFOLD_TESTS_AGREE_SEQUENCE_H
#define PINFOLD_TESTS_AGREE_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#define AGREE_FRAMES     16u
#define AGREE_CALLS      40u
#define AGREE_VCPUS      4u
#define AGREE_LINE_BYTES 4096u

/* Frames are named by their index, AGREE_FRAMES of them and AGREE_VCPUS more, which stay in use;
 * the world knows which machine frame each is, and where the kernel sees it. */
struct agree_world {
	long (*call)(unsigned int number, unsigned long arg0, unsigned long arg1,
	             unsigned long arg2, unsigned long arg3);
	uint64_t (*mfn)(unsigned int frame);
	uint64_t (*pfn)(unsigned int frame);
	char *(*memory)(unsigned int frame);
	/* An access of the kernel's to an address of user space: false if it faults. */
	bool (*load)(unsigned long address, uint32_t *value);
	bool (*store)(unsigned long address, uint32_t value);
	/* One of user mode's, if a user top is loaded that has user mode's code: */
	bool (*user_load)(unsigned long address, uint32_t *value);
	bool (*user_store)(unsigned long address, uint32_t value);
	void (*add_user_code)(char *top);
	/* The processor looks for a descriptor by its selector: false if it faults. */
	bool (*use_descriptor)(unsigned int selector);
	struct shared_info *shared;
	/* Where vcpu 0's is; those of the others are in the shared page. */
	struct vcpu_info *vcpu_info;
	/* Into a top table, in PAE into a table of level 2: whatever of it is not user space's. */
	void (*copy_kernel_half)(char *top);
	unsigned long nowhere; /* an address that nothing is mapped at */
	uint64_t kernel_base;  /* the machine frame of the top table in force */
	/* All of a context but base tables and descriptors, for a vcpu that does nothing. */
	void (*fill_context)(unsigned int vcpu, struct vcpu_guest_context *context);
};

/* One topic: carries out the sequence and adds its results to the line; leaves the world as it
 * found it, or as it is after every sequence of this topic: false if it could not. */
struct agree_topic {
	const char *name;
	unsigned int share; /* it has one sequence where memory has so many */
	bool (*run)(const struct agree_world *world);
};

extern const struct agree_topic agree_topics[];     /* of a 64-bit guest */
extern const struct agree_topic agree_pae_topics[]; /* of a 32-bit one */

/* Carry out all sequences of these topics and hand each line to `print`: false if one did not
 * clean up. */
bool agree_run_all(const struct agree_world *world, const struct agree_topic *topics,
                   unsigned long seeds, void (*print)(const char *line));

/* For the topics. */
unsigned int pick(unsigned int count); /* 0 … count - 1, from the seed */
/* To the line of the sequence: any text; and a result, 0 or an error as a number without its
 * sign. The name of the call goes before it is made. */
void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
void add_result(long result);

bool agree_settled(const struct agree_world *world);
bool agree_memory(const struct agree_world *world);
bool agree_events(const struct agree_world *world);
bool agree_vcpus(const struct agree_world *world);
bool agree_processor(const struct agree_world *world);
bool agree_spaces(const struct agree_world *world);
bool agree_upper(const struct agree_world *world);
bool agree_linear(const struct agree_world *world);
bool agree_ldt(const struct agree_world *world);

#endif
