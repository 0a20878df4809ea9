/* SPDX-License-Identifier: MIT */
/*
 * Litmus tests: two short sequences of calls, made by two vcpus at once, on real Xen and on the
 * model.
 *
 * What comes of one run is its outcome, one line of text: the results of both vcpus, what tables,
 * ports and pins then are. The model's schedules, all of them, give the outcomes that are allowed;
 * real Xen makes many runs with different delays, and each outcome that is seen must be allowed.
 *
 * A sequence is data (struct step), so that it can be carried out, printed and drawn at random.
 */
#ifndef PINFOLD_TESTS_AGREE_LITMUS_LITMUS_H
#define PINFOLD_TESTS_AGREE_LITMUS_LITMUS_H

#include "tests/agree/sequence.h"

#include <xen/event_channel.h>
#include <xen/sched.h>

#define LITMUS_VCPUS         2u
#define LITMUS_THIRD         2u /* a vcpu that does nothing, for others to bring up and down */
#define LITMUS_STEPS         5u
#define LITMUS_SETUP         20u
#define LITMUS_PORTS         3u
#define LITMUS_OUTCOME_BYTES 400u

enum step_kind {
	STEP_END,
	/* Frames by their index. */
	STEP_LINK,        /* table, index, frame, flags: by a store, before it is a table */
	STEP_KERNEL_HALF, /* table: what a top needs to be loaded */
	STEP_SET,         /* table, index, frame, flags: mmu_update */
	STEP_SET_AD,      /* … with PRESERVE_AD */
	STEP_CLEAR,       /* table, index */
	STEP_ADDRESS,     /* index in the first leaf table, frame, flags: update_va_mapping */
	STEP_MAP,         /* frame, writable or not: its place in the direct map */
	STEP_PIN,         /* frame, level */
	STEP_UNPIN,       /* frame */
	STEP_BASE,        /* frame; LITMUS_KERNEL: the kernel's own */
	STEP_USER,        /* frame; LITMUS_KERNEL: none */
	STEP_FLUSH,       /* all vcpus */
	/* The next steps, so many, as one multicall; as one array of requests. */
	STEP_MULTI,
	STEP_ARRAY,
	/* Ports by their index. */
	STEP_IPI,      /* port, vcpu */
	STEP_PAIR,     /* port, and a second one that is its partner */
	STEP_UNBOUND,  /* port: it waits for a partner */
	STEP_PARTNER,  /* port, and the one that it becomes the partner of */
	STEP_SEND,     /* port */
	STEP_MASK,     /* port: by a store */
	STEP_UNMASK,   /* port */
	STEP_CLOSE,    /* port */
	STEP_NOTIFY,   /* port, vcpu */
	STEP_SELECTED, /* vcpu: has it been told of a port? by a load */
	STEP_POLL,     /* port */
	/* The third vcpu. */
	STEP_UP,
	STEP_DOWN,
	STEP_IS_UP,
	STEP_KINDS
};

#define LITMUS_KERNEL 255u

struct step {
	uint8_t kind; /* enum step_kind */
	uint8_t a, b, c;
	uint8_t flags;
};

struct litmus {
	const char *name;
	struct step setup[LITMUS_SETUP];
	struct step vcpu[LITMUS_VCPUS][LITMUS_STEPS + 1];
};

struct litmus_world {
	const struct agree_world *agree;
	/* The running vcpu is about to make a step: others go on, or some time goes by. */
	void (*gap)(void);
	struct vcpu_info *info[LITMUS_VCPUS];
};

/* All that a run changes beside Xen's own state. */
struct litmus_state {
	struct {
		long results[LITMUS_STEPS];
		unsigned int count;
		/* What Xen is shown: it must stay as long as the call lasts. */
		struct prepared {
			unsigned long args[4];
			unsigned int number;
			union {
				struct mmu_update update;
				struct mmuext_op op;
				struct evtchn_send send;
				struct evtchn_unmask unmask;
				struct evtchn_close close;
				struct evtchn_bind_vcpu notify;
				struct evtchn_bind_ipi ipi;
				struct evtchn_alloc_unbound unbound;
				struct evtchn_bind_interdomain partner;
				struct sched_poll poll;
			} of;
			evtchn_port_t port;
		} calls[LITMUS_STEPS];
		multicall_entry_t entries[LITMUS_STEPS];
		struct mmu_update updates[LITMUS_STEPS];
		struct mmuext_op ops[LITMUS_STEPS];
		unsigned int done;
	} vcpu[LITMUS_VCPUS];
	evtchn_port_t ports[LITMUS_PORTS];
};

extern struct litmus_state litmus_state;

/* The tests: the table, and behind it so many random ones. NULL behind the last; one that is random
 * lasts until the next is asked for. */
const struct litmus *litmus_get(unsigned int number, unsigned int randoms);

void litmus_begin(const struct litmus_world *world);
/* By vcpu 0, before and after; `outcome` has LITMUS_OUTCOME_BYTES. False: it cannot go on. */
bool litmus_setup(const struct litmus *litmus);
bool litmus_finish(char *outcome);
/* By each vcpu, at once, and again before vcpu 0 finishes. */
void litmus_run(const struct litmus *litmus, unsigned int vcpu);
void litmus_leave(unsigned int vcpu);

/* The sequence as text. */
void litmus_print(const struct step *steps, char *text, size_t size);

/* steps.c: carry out a step of a vcpu's, or those that it takes together, and note the results:
 * how many steps it were. */
void steps_begin(const struct litmus_world *world);
unsigned int step_run(const struct step *step, unsigned int vcpu);
/* One step of the set-up: false if it was refused. */
bool step_prepare_world(const struct step *step);

#endif
