/* SPDX-License-Identifier: MIT */
/*
 * One run of a litmus, and its outcome: see litmus.h.
 */
#include "tests/agree/litmus/litmus.h"

#include <stdarg.h>

#include "lib/string.h"
#include "tests/agree/calls.h"

#define TABLES 8u /* frames that may be one */
#define ROUNDS 5u /* a table is read-only as long as one that is given back later uses it */
#define SLOTS  3u /* of a table that a step may change */

struct litmus_state litmus_state;

static const struct litmus_world *world;
static const struct litmus *current;
static unsigned int touched; /* a bit for each frame that may be a table, or pinned */
static struct {
	char *text;
	size_t len;
} outcome;

void litmus_begin(const struct litmus_world *the_world)
{
	world = the_world;
	steps_begin(world);
	calls_begin(world->agree);
}

static unsigned int frames_of(const struct step *step)
{
	unsigned int mask = 0;

	for (; step->kind != STEP_END; step++)
		if (step->kind == STEP_MAP || step->kind == STEP_PIN)
			mask |= 1u << step->a;
	return mask;
}

bool litmus_setup(const struct litmus *litmus)
{
	current = litmus;
	touched =
	    frames_of(litmus->setup) | frames_of(litmus->vcpu[0]) | frames_of(litmus->vcpu[1]);
	memset(&litmus_state, 0, sizeof(litmus_state));
	for (unsigned int i = 0; i < LITMUS_VCPUS; i++) {
		world->info[i]->evtchn_pending_sel = 0;
		world->info[i]->evtchn_upcall_pending = 0;
	}
	for (const struct step *step = litmus->setup; step->kind != STEP_END; step++)
		if (!step_prepare_world(step))
			return false;
	return true;
}

void litmus_run(const struct litmus *litmus, unsigned int vcpu)
{
	const struct step *step = litmus->vcpu[vcpu];

	while (step->kind != STEP_END)
		step += step_run(step, vcpu);
}

static bool loads_base(const struct step *step)
{
	while (step->kind != STEP_END && step->kind != STEP_BASE && step->kind != STEP_USER)
		step++;
	return step->kind != STEP_END;
}

void litmus_leave(unsigned int vcpu)
{
	struct mmuext_op ops[2] = {
	    {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = world->agree->kernel_base},
	    {.cmd = MMUEXT_NEW_USER_BASEPTR}};

	if (loads_base(current->vcpu[vcpu]))
		world->agree->call(__HYPERVISOR_mmuext_op, (unsigned long)ops, 2, 0, DOMID_SELF);
}

/* The outcome. */

static void add_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add_text(const char *format, ...)
{
	va_list args;

	if (outcome.len + 24 > LITMUS_OUTCOME_BYTES)
		return;
	va_start(args, format);
	outcome.len += (size_t)fmt_vprint(outcome.text + outcome.len,
	                                  LITMUS_OUTCOME_BYTES - outcome.len, format, args);
	va_end(args);
}

static void add_results(void)
{
	for (unsigned int vcpu = 0; vcpu < LITMUS_VCPUS; vcpu++) {
		add_text("%s", vcpu > 0 ? " /" : "");
		for (unsigned int i = 0; i < litmus_state.vcpu[vcpu].count; i++)
			add_text(" %ld", litmus_state.vcpu[vcpu].results[i]);
	}
}

static void add_entry(unsigned int frame, unsigned int idx)
{
	uint64_t entry;

	memcpy(&entry, world->agree->memory(frame) + idx * sizeof(entry), sizeof(entry));
	for (unsigned int n = 0; n < AGREE_FRAMES && (entry & PRESENT); n++)
		if ((entry & FRAME_MASK) >> 12 == world->agree->mfn(n))
			/* Of an upper table the processor's own walks set ACCESSED. */
			add_text(" %u.%u=%u:%x", frame, idx, n,
			         (unsigned int)(entry & (frame < 2 ? 0x1e7 : 0x187)));
}

static void add_port(evtchn_port_t port)
{
	struct shared_info *shared = world->agree->shared;
	struct evtchn_status status = {.dom = DOMID_SELF, .port = port};

	world->agree->call(__HYPERVISOR_event_channel_op, EVTCHNOP_status, (unsigned long)&status,
	                   0, 0);
	add_text(" port%u.%u%s%s", status.status, status.vcpu,
	         shared->evtchn_pending[port / 64] >> port % 64 & 1 ? "P" : "",
	         shared->evtchn_mask[port / 64] >> port % 64 & 1 ? "M" : "");
}

static void add_ports(void)
{
	unsigned int ports = 0;

	for (unsigned int i = 0; i < LITMUS_PORTS; i++) {
		if (litmus_state.ports[i] == 0)
			continue;
		add_port(litmus_state.ports[i]);
		ports++;
	}
	for (unsigned int i = 0; i < LITMUS_VCPUS && ports > 0; i++)
		add_text(" %s%s", world->info[i]->evtchn_pending_sel ? "told" : "-",
		         world->info[i]->evtchn_upcall_pending ? "!" : "");
}

static void close_ports(void)
{
	for (unsigned int i = 0; i < LITMUS_PORTS; i++) {
		evtchn_port_t port = litmus_state.ports[i];
		struct evtchn_close close = {.port = port};

		if (port == 0)
			continue;
		world->agree->shared->evtchn_mask[port / 64] |= 1ul << port % 64;
		world->agree->call(__HYPERVISOR_event_channel_op, EVTCHNOP_close,
		                   (unsigned long)&close, 0, 0);
	}
}

/* Ordinary memory again, and zero. */
static bool give_back(void)
{
	unsigned int left = touched;

	for (unsigned int round = 0; round < ROUNDS; round++)
		for (unsigned int i = 0; i < TABLES; i++)
			if ((left & 1u << i) && call_map_direct(i, true) == 0) {
				memset(world->agree->memory(i), 0, 4096);
				left &= ~(1u << i);
			}
	return left == 0;
}

bool litmus_finish(char *text)
{
	outcome.text = text;
	outcome.len = 0;
	add_results();
	add_text(" |");
	for (unsigned int frame = 0; frame < TABLES; frame++)
		for (unsigned int idx = 0; idx < SLOTS; idx++)
			add_entry(frame, idx);
	add_ports();
	add_text(" |");
	for (unsigned int frame = 0; frame < TABLES; frame++)
		if ((touched & 1u << frame) && call_unpin(frame) == 0)
			add_text(" pinned %u", frame);
	close_ports();
	return give_back();
}
