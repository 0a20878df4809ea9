/* SPDX-License-Identifier: MIT */
/*
 * The interrupt flag, event channels, time (M16, M17, M22).
 */
#include "tests/guest/test.h"

#include <port/cpu.h>

#include "pv/irq.h"
#include "pv/time.h"
#include "xen/evtchn.h"

#define PORTS 8u

static unsigned int got[PORTS];
static port_t ports[PORTS];
static unsigned int resend;

static void on_event(void *arg)
{
	unsigned int i = (unsigned int)(uintptr_t)arg;

	got[i]++;
	CHECK(!pv_irq_enabled()); /* no nesting */
	if (resend > 0) {
		resend--;
		evtchn_send(ports[i]);
	}
}

static void open_ports(void)
{
	for (unsigned int i = 0; i < PORTS; i++) {
		got[i] = 0;
		CHECK_EQUAL(
		    evtchn_bind_ipi(this_cpu()->id, on_event, (void *)(uintptr_t)i, &ports[i]), 0);
	}
}

static void close_ports(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		CHECK_EQUAL(evtchn_close(ports[i]), 0);
}

static void flag(void)
{
	open_ports();
	CHECK(!pv_irq_enabled());
	evtchn_send(ports[0]);
	CHECK_EQUAL(got[0], 0); /* masked: pending */
	pv_irq_enable();
	CHECK_EQUAL(got[0], 1); /* taken before enable returned */
	CHECK(pv_irq_save());
	CHECK(!pv_irq_save());
	evtchn_send(ports[1]);
	pv_irq_restore(false);
	CHECK_EQUAL(got[1], 0);
	pv_irq_restore(true);
	CHECK_EQUAL(got[1], 1);
	evtchn_send(ports[2]); /* enabled: at once */
	CHECK_EQUAL(got[2], 1);
	pv_irq_disable();
	close_ports();
}

static void masked_port(void)
{
	open_ports();
	pv_irq_enable();
	evtchn_mask(ports[3]);
	evtchn_send(ports[3]);
	CHECK_EQUAL(got[3], 0);
	evtchn_unmask(ports[3]);
	CHECK_EQUAL(got[3], 1);
	pv_irq_disable();
	close_ports();
}

/* A port that keeps firing from its own handler: all of it is seen, the others are too, and the
 * stack is not used up. */
static void storm(void)
{
	open_ports();
	resend = 20000;
	for (unsigned int i = 0; i < PORTS; i++)
		evtchn_send(ports[i]);
	pv_irq_enable();
	pv_irq_disable();
	unsigned int sum = 0;

	for (unsigned int i = 0; i < PORTS; i++) {
		CHECK(got[i] > 0);
		sum += got[i];
	}
	CHECK_EQUAL(resend, 0);
	CHECK_EQUAL(sum, 20000 + PORTS);
	close_ports();
}

static void block_wakes(void)
{
	open_ports();
	evtchn_send(ports[5]);
	pv_irq_wait(); /* pending already: it does not sleep */
	CHECK_EQUAL(got[5], 1);
	pv_irq_disable();
	close_ports();
}

static void clocks(void)
{
	uint64_t last = pv_time_monotonic_ns(), first = last;

	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t now = pv_time_monotonic_ns();

		if (now < last) {
			CHECK_EQUAL(now, last);
			break;
		}
		last = now;
	}
	CHECK(last > first);
	uint64_t wall = pv_time_wall_ns();

	CHECK(wall > 1600000000ull * 1000000000ull); /* after 2020 */
	CHECK(wall - pv_time_monotonic_ns() < wall);
}

static volatile bool rung;

static void ring(void)
{
	rung = true;
}

static void timer(void)
{
	static const uint64_t after_ns[] = {50000, 1000000, 20000000};

	pv_timer_set_handler(ring);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t start = pv_time_monotonic_ns();

		rung = false;
		pv_timer_set(start + after_ns[i]);
		while (!rung) {
			pv_irq_wait();
			pv_irq_disable();
		}
		CHECK(pv_time_monotonic_ns() - start >= after_ns[i]);
	}
	rung = false;
	pv_timer_set(1); /* long past: at once */
	pv_irq_enable();
	for (unsigned int spin = 0; !rung && spin < 10000000; spin++)
		port_relax();
	pv_irq_disable();
	CHECK(rung);
	rung = false;
	pv_timer_set(UINT64_MAX - 1); /* as good as never: not the past of Xen's signed time */
	pv_irq_enable();
	for (uint64_t start = pv_time_monotonic_ns(); pv_time_monotonic_ns() - start < 2000000;)
		port_relax();
	pv_irq_disable();
	CHECK(!rung);
	pv_timer_set_handler(NULL);
}

/* What we ran and slept, and what was stolen, add up to the time that passed. */
static void stolen_time(void)
{
	uint64_t mono = pv_time_monotonic_ns(), own = pv_time_sched_clock_ns(),
	         stolen = pv_time_stolen_ns(0);

	for (unsigned int i = 0; i < 200000; i++)
		port_relax();
	own = pv_time_sched_clock_ns() - own;
	stolen = pv_time_stolen_ns(0) - stolen;
	mono = pv_time_monotonic_ns() - mono;
	CHECK(own > 0);
	/* Three readings one after the other: the last sees the most. */
	CHECK(own + stolen <= mono);
	CHECK(mono - (own + stolen) < 5000000);
}

const struct guest_test event_tests[] = {
    {"M16-flag", flag},
    {"M17-masked-port", masked_port},
    {"M17-storm", storm},
    {"M17-block-wakes", block_wakes},
    {"M22-clocks", clocks},
    {"M22-timer", timer},
    {"M22-stolen-time", stolen_time},
    {NULL, NULL},
};
