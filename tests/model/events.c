/* SPDX-License-Identifier: MIT */
/*
 * The flag and the scan, with events sent at every step of both.
 *
 * Enabling is two steps, unmask and look: an event between them is delivered by Xen, one before
 * them is seen by the look; one that comes while masked must be neither lost nor taken early. The
 * scan clears the upcall flag before it takes the selector and the pending bit before it calls the
 * handler: an event at any point in between makes the handler run again.
 */
#include "tests/model/scenarios.h"

#include <port/schedule.h>

#include "xen/evtchn.h"
#include "xen/irq_flag.h"

#define PORTS 2u
#define SENDS 3u

static port_t ports[PORTS];
static unsigned int sent[PORTS], seen[PORTS]; /* what had been sent when the handler last ran */
static bool may_handle;

static void on_event(void *arg)
{
	unsigned int i = (unsigned int)(uintptr_t)arg;

	CHECK(may_handle);
	CHECK(!xen_irq_enabled());
	seen[i] = sent[i];
}

void events_setup(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		CHECK(evtchn_bind_ipi((vcpu_t){0}, on_event, (void *)(uintptr_t)i, &ports[i]) == 0);
}

/* vcpu 0: works with events masked and enabled in turn. */
void events_receive(void)
{
	for (unsigned int round = 0; round < 2; round++) {
		may_handle = true;
		xen_irq_enable();
		port_schedule_point("user work");
		bool enabled = xen_irq_save();

		may_handle = false;
		CHECK(enabled);
		port_schedule_point("critical work");
		may_handle = true;
		xen_irq_restore(enabled);
		xen_irq_disable();
	}
}

/* Enables events once and stays so: one that comes meanwhile must not wait for the next time. */
void enable_receive(void)
{
	may_handle = true;
	xen_irq_enable();
	port_schedule_point("user work");
}

/* vcpu 1: sends. */
void events_send(void)
{
	for (unsigned int n = 0; n < SENDS; n++) {
		sent[n % PORTS]++;
		evtchn_send(ports[n % PORTS]);
	}
}

void events_finish(void)
{
	may_handle = true;
	xen_irq_enable();
	xen_irq_disable();
	for (unsigned int i = 0; i < PORTS; i++)
		CHECK(seen[i] == sent[i]);
}

/* A port is masked and unmasked while events come. */
void masking_receive(void)
{
	may_handle = true;
	xen_irq_enable();
	evtchn_mask(ports[0]);
	port_schedule_point("masked work");
	evtchn_unmask(ports[0]);
	xen_irq_disable();
}
