/* SPDX-License-Identifier: MIT */
/*
 * The way to user mode.
 *
 * A kernel looks for work with events masked, and when there is none the return call enables
 * them in the same step as it leaves. An event before the look is work; one after it interrupts
 * user mode. A kernel that looks and masks afterwards loses the event in between until the next
 * entry: the world reports a return with work pending.
 */
#include "tests/model/scenarios.h"

#include "xen/evtchn.h"
#include "xen/irq_flag.h"

#define SENDS 2u

static struct pt_space space;
static pfn_t frame;
static port_t port;
static bool marked;
static unsigned int sent, worked;

static void on_event(void *arg)
{
	(void)arg;
	marked = true;
}

void user_return_setup(void)
{
	scenario_space(&space, &frame, 1);
	xen_space_activate(&space);
	CHECK(evtchn_bind_ipi((vcpu_t){0}, on_event, NULL, &port) == 0);
}

/* As a kernel's loop before the return. Events masked when it ends. */
static void do_work(void)
{
	for (;;) {
		xen_irq_disable();
		if (!marked)
			return;
		xen_irq_enable();
		marked = false;
		worked = sent;
	}
}

void user_return_run(void)
{
	xen_space_switch(&space);
	for (unsigned int round = 0; round < 3; round++) {
		xen_irq_enable(); /* the kernel's work */
		do_work();
		world_enter_user(marked);
		xen_irq_disable();
	}
}

void user_return_send(void)
{
	for (unsigned int n = 0; n < SENDS; n++) {
		sent++;
		evtchn_send(port);
	}
}

void user_return_finish(void)
{
	xen_irq_enable();
	do_work();
	CHECK(worked == sent);
	scenario_space_end(&space, frame);
}
