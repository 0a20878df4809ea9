/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/evtchn.c xen/irq_flag.c xen/p2m.c */
/*
 * Events: sent at every point of the scan and of the flag operations, none is lost, none starves
 * another, none nests.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/sched.h>

#include "xen/evtchn.h"
#include "xen/irq_flag.h"

#define PORT_COUNT 256u

static struct shared_info shared;

static struct {
	uint64_t clock;                  /* counts sends and handlings */
	uint64_t sent_at[PORT_COUNT];    /* 0: never */
	uint64_t handled_at[PORT_COUNT]; /* start of the last handling */
	unsigned int handled[PORT_COUNT];
	unsigned int depth, deepest;
	void (*in_handler)(unsigned int port);
	unsigned int unmask_calls;
	long result; /* of binding, closing, sending */
	uint32_t bound_port, bound_vcpu;
} world;

static unsigned long bit(unsigned int port)
{
	return 1ul << port % 64;
}

/* What comes for a vcpu that is not masked interrupts it at once. */
static void interrupt(void)
{
	struct vcpu_info *info = &fake.vcpu_info;

	if (!info->evtchn_upcall_pending || info->evtchn_upcall_mask || !fake.upcall)
		return;
	info->evtchn_upcall_mask = 1;
	fake.upcall();
	info->evtchn_upcall_mask = 0;
}

/* Xen's part of a send: pending; if that is new and the port is not masked, the selector; if that
 * is new, the vcpu's flag. */
static void mark_port(unsigned int port)
{
	struct vcpu_info *info = &fake.vcpu_info;

	if ((shared.evtchn_mask[port / 64] & bit(port)) ||
	    (info->evtchn_pending_sel & bit(port / 64)))
		return;
	info->evtchn_pending_sel |= bit(port / 64);
	info->evtchn_upcall_pending = 1;
}

static void send(unsigned int port)
{
	world.sent_at[port] = ++world.clock;
	if (shared.evtchn_pending[port / 64] & bit(port))
		return;
	shared.evtchn_pending[port / 64] |= bit(port);
	mark_port(port);
}

static long answer(unsigned int op, unsigned long *args)
{
	union {
		struct evtchn_unmask unmask;
		struct evtchn_bind_virq virq;
		struct evtchn_bind_pirq pirq;
		struct evtchn_bind_ipi ipi;
		struct evtchn_send send;
		struct evtchn_close close;
	} *arg = (void *)args[1];

	if (op != __HYPERVISOR_event_channel_op)
		return 0;
	switch (args[0]) {
	case EVTCHNOP_unmask:
		world.unmask_calls++;
		shared.evtchn_mask[arg->unmask.port / 64] &= ~bit(arg->unmask.port);
		if (shared.evtchn_pending[arg->unmask.port / 64] & bit(arg->unmask.port))
			mark_port(arg->unmask.port);
		return 0;
	case EVTCHNOP_bind_virq:
		assert_int_equal(arg->virq.virq, 17);
		assert_int_equal(arg->virq.vcpu, world.bound_vcpu);
		arg->virq.port = world.bound_port;
		break;
	case EVTCHNOP_bind_pirq:
		assert_int_equal(arg->pirq.pirq, 9);
		arg->pirq.port = world.bound_port;
		break;
	case EVTCHNOP_bind_ipi:
		assert_int_equal(arg->ipi.vcpu, world.bound_vcpu);
		arg->ipi.port = world.bound_port;
		break;
	case EVTCHNOP_send:
		assert_int_equal(arg->send.port, world.bound_port);
		break;
	case EVTCHNOP_close:
		assert_int_equal(arg->close.port, world.bound_port);
		break;
	default:
		return -XEN_ENOSYS;
	}
	return world.result;
}

static void handle(void *arg)
{
	unsigned int port = (unsigned int)(uintptr_t)arg;

	/* Its bit is clear by now: what comes from here on makes it run again. */
	assert_false(shared.evtchn_pending[port / 64] & bit(port));
	assert_true(fake.vcpu_info.evtchn_upcall_mask);
	world.handled_at[port] = ++world.clock;
	world.handled[port]++;
	world.depth++;
	if (world.depth > world.deepest)
		world.deepest = world.depth;
	if (world.in_handler)
		world.in_handler(port);
	world.depth--;
}

static const unsigned int adopted[] = {0, 1, 5, 63, 64, 65, 127, 128, 200, 255};
#define ADOPTED_COUNT (sizeof(adopted) / sizeof(adopted[0]))

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	memset(&shared, 0, sizeof(shared));
	memset(&world, 0, sizeof(world));
	fake.other = answer;
	fake.upcall = evtchn_upcall;
	evtchn_init(&shared);
	for (unsigned int i = 0; i < ADOPTED_COUNT; i++)
		evtchn_adopt((port_t){adopted[i]}, handle, (void *)(uintptr_t)adopted[i]);
	return 0;
}

/* Each event that was ever sent was handled by a run that began later. */
static void check_none_lost(void)
{
	for (unsigned int port = 0; port < PORT_COUNT; port++)
		assert_true(world.handled_at[port] > world.sent_at[port] ||
		            world.sent_at[port] == 0);
	assert_int_equal(fake.vcpu_info.evtchn_upcall_pending, 0);
	assert_int_equal(world.depth, 0);
}

static void test_all_masked_at_first(void **state)
{
	(void)state;
	evtchn_init(&shared);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(shared.evtchn_mask[i], ~0ul);
}

static void test_each_port(void **state)
{
	for (unsigned int i = 0; i < ADOPTED_COUNT; i++) {
		start(state);
		send(adopted[i]);
		interrupt();
		check_none_lost();
		for (unsigned int port = 0; port < PORT_COUNT; port++)
			assert_int_equal(world.handled[port], port == adopted[i]);
		assert_int_equal(this_cpu()->counters.events, 1);
		assert_int_equal(this_cpu()->counters.upcalls, 1);
	}
}

static void test_many_at_once(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ADOPTED_COUNT; i++)
		send(adopted[i]);
	interrupt();
	check_none_lost();
	assert_int_equal(this_cpu()->counters.events, ADOPTED_COUNT);
	assert_int_equal(this_cpu()->counters.upcalls, 1);
}

/* A send at each point of an upcall. */

static struct {
	unsigned int point, at;
	unsigned int port;
	bool random;
} sender;

static void send_at_point(const char *what)
{
	(void)what;
	if (sender.random) {
		if (sender.at > 0 && fake_random() % 3 == 0) {
			sender.at--;
			send(adopted[fake_random() % ADOPTED_COUNT]);
		}
	} else if (sender.point++ == sender.at) {
		send(sender.port);
	}
	interrupt();
}

static void test_send_at_every_point_of_the_scan(void **state)
{
	for (unsigned int first = 0; first < ADOPTED_COUNT; first++) {
		for (unsigned int second = 0; second < ADOPTED_COUNT; second++) {
			for (unsigned int at = 0; at < 20; at++) {
				start(state);
				sender.point = 0;
				sender.at = at;
				sender.port = adopted[second];
				sender.random = false;
				send(adopted[first]);
				fake.schedule = send_at_point;
				interrupt();
				fake.schedule = NULL;
				interrupt();
				check_none_lost();
				assert_int_equal(world.deepest, 1);
			}
		}
	}
}

static void test_storms(void **state)
{
	for (unsigned int seed = 1; seed <= 200; seed++) {
		start(state);
		fake_random_seed(seed);
		sender.random = true;
		sender.at = 150;
		send(adopted[seed % ADOPTED_COUNT]);
		fake.schedule = send_at_point;
		for (unsigned int i = 0; i < 20; i++)
			interrupt();
		fake.schedule = NULL;
		interrupt();
		check_none_lost();
		assert_int_equal(world.deepest, 1);
	}
}

/* A port that fires again whenever it is handled does not keep the others waiting. */
static unsigned int greedy_port;
static unsigned int greedy_runs_before_all;

static void fire_again(unsigned int port)
{
	bool all = true;

	if (port != greedy_port || world.handled[port] >= 500)
		return;
	for (unsigned int i = 0; i < ADOPTED_COUNT; i++)
		all &= world.handled[adopted[i]] > 0;
	if (!all)
		greedy_runs_before_all = world.handled[port];
	send(port);
}

static void test_no_port_starves(void **state)
{
	for (unsigned int i = 0; i < ADOPTED_COUNT; i++) {
		start(state);
		greedy_port = adopted[i];
		greedy_runs_before_all = 0;
		world.in_handler = fire_again;
		for (unsigned int k = 0; k < ADOPTED_COUNT; k++)
			send(adopted[k]);
		interrupt();
		check_none_lost();
		assert_int_equal(world.handled[greedy_port], 500);
		assert_true(greedy_runs_before_all <= 2);
		assert_int_equal(world.deepest, 1);
	}
}

/* The scan does not start at the same word for ever: of two words that keep firing, each comes
 * first at times. */
static unsigned int first_port, low_first, high_first;

static void note_first(unsigned int port)
{
	if (first_port == PORT_COUNT)
		first_port = port;
}

static void test_words_take_turns(void **state)
{
	(void)state;
	world.in_handler = note_first;
	low_first = high_first = 0;
	for (unsigned int i = 0; i < 128; i++) {
		first_port = PORT_COUNT;
		send(0);
		send(200);
		interrupt();
		low_first += first_port == 0;
		high_first += first_port == 200;
	}
	assert_true(low_first > 0 && high_first > 0);
}

/* A handler that enters Xen, or touches the flag, is not interrupted by another. */
static void enter_xen(unsigned int port)
{
	send(adopted[(port + 1) % ADOPTED_COUNT]);
	bool enabled = xen_irq_save();

	assert_false(enabled);
	xen_irq_take_pending();
	xen_irq_restore(enabled);
	interrupt();
	if (world.handled[port] > 5)
		world.in_handler = NULL;
}

static void test_no_nesting(void **state)
{
	(void)state;
	world.in_handler = enter_xen;
	for (unsigned int i = 0; i < ADOPTED_COUNT; i++)
		send(adopted[i]);
	interrupt();
	check_none_lost();
	assert_int_equal(world.deepest, 1);
}

static void test_ports_without_a_handler(void **state)
{
	(void)state;
	shared.evtchn_mask[0] = shared.evtchn_mask[20] = 0;
	shared.evtchn_pending[0] = bit(9);
	shared.evtchn_pending[20] = bit(3); /* beyond the table of handlers */
	fake.vcpu_info.evtchn_pending_sel = bit(0) | bit(20);
	fake.vcpu_info.evtchn_upcall_pending = 1;
	interrupt();
	/* They are no ports of this vcpu: whoever they belong to finds them. */
	assert_int_equal(shared.evtchn_pending[0], bit(9));
	assert_int_equal(shared.evtchn_pending[20], bit(3));
	assert_int_equal(this_cpu()->counters.events, 0);
}

/* Events of two vcpus are pending in one word: each takes its own. */
static void test_ports_of_two_vcpus(void **state)
{
	port_t mine, other;

	(void)state;
	world.bound_port = 80;
	assert_int_equal(evtchn_bind_ipi((vcpu_t){0}, handle, (void *)80ul, &mine), 0);
	world.bound_port = 81;
	world.bound_vcpu = 2;
	assert_int_equal(evtchn_bind_ipi((vcpu_t){2}, handle, (void *)81ul, &other), 0);
	send(80);
	send(81);
	interrupt();
	assert_int_equal(world.handled[80], 1);
	assert_int_equal(world.handled[81], 0);
	assert_true(shared.evtchn_pending[1] & bit(81));
	port_current_cpu = &xen_cpus[2];
	xen_cpus[2].vcpu_info = &fake.vcpu_info;
	fake.vcpu_info.evtchn_pending_sel = bit(1);
	fake.vcpu_info.evtchn_upcall_pending = 1;
	interrupt();
	assert_int_equal(world.handled[80], 1);
	assert_int_equal(world.handled[81], 1);
	assert_int_equal(shared.evtchn_pending[1], 0);
	/* Given back, it is nobody's. */
	evtchn_close(other);
	assert_int_equal(xen_cpus[2].event_ports[1], 0);
}

/* Masks. */

static void test_masked_port_waits(void **state)
{
	(void)state;
	evtchn_mask((port_t){65});
	send(65);
	send(64);
	interrupt();
	assert_int_equal(world.handled[65], 0);
	assert_int_equal(world.handled[64], 1);
	assert_int_equal(world.unmask_calls, 0);
	evtchn_unmask((port_t){65});
	assert_int_equal(world.unmask_calls, 1);
	assert_int_equal(world.handled[65], 1);
	/* Nothing pending: nothing to tell Xen. */
	evtchn_mask((port_t){65});
	evtchn_unmask((port_t){65});
	assert_int_equal(world.unmask_calls, 1);
	check_none_lost();
}

static void test_send_at_every_point_of_unmask(void **state)
{
	for (unsigned int at = 0; at < 8; at++) {
		start(state);
		evtchn_mask((port_t){65});
		sender.point = 0;
		sender.at = at;
		sender.port = 65;
		sender.random = false;
		fake.schedule = send_at_point;
		evtchn_unmask((port_t){65});
		while (sender.point <= at)
			send_at_point("after");
		fake.schedule = NULL;
		check_none_lost();
		assert_false(shared.evtchn_mask[1] & bit(65));
	}
}

/* Binding. */

static void test_bind(void **state)
{
	port_t port;

	for (unsigned int kind = 0; kind < 3; kind++) {
		for (unsigned int fails = 0; fails < 2; fails++) {
			start(state);
			world.result = fails ? -XEN_EEXIST : 0;
			world.bound_port = 77;
			port = (port_t){1};
			int result =
			    kind == 0
			        ? evtchn_bind_virq(17, (vcpu_t){0}, handle, (void *)77ul, &port)
			    : kind == 1 ? evtchn_bind_pirq(9, handle, (void *)77ul, &port)
			                : evtchn_bind_ipi((vcpu_t){0}, handle, (void *)77ul, &port);

			assert_int_equal(result, world.result);
			assert_int_equal(port.v, fails ? 1 : 77);
			assert_int_equal(!(shared.evtchn_mask[1] & bit(77)), !fails);
			if (fails)
				continue;
			send(77);
			interrupt();
			assert_int_equal(world.handled[77], 1);
			evtchn_send(port);
			assert_int_equal(evtchn_close(port), 0);
			assert_true(shared.evtchn_mask[1] & bit(77));
			/* What comes late for a closed port is nobody's. */
			shared.evtchn_mask[1] &= ~bit(77);
			send(77);
			interrupt();
			assert_int_equal(world.handled[77], 1);
		}
	}
}

static void test_misuse(void **state)
{
	(void)state;
	assert_non_null(FAKE_PANIC_OF(evtchn_adopt((port_t){256}, handle, NULL)));
	world.result = -XEN_EINVAL;
	world.bound_port = 3;
	assert_non_null(FAKE_PANIC_OF(evtchn_send((port_t){3})));
}

/* The flag. */

static void test_enable_takes_what_is_pending(void **state)
{
	(void)state;
	xen_irq_disable();
	send(5);
	interrupt();
	assert_int_equal(world.handled[5], 0);
	xen_irq_enable();
	assert_int_equal(world.handled[5], 1);
	assert_true(xen_irq_enabled());
	/* No call into Xen when nothing is pending. */
	fake_forget();
	xen_irq_disable();
	xen_irq_enable();
	assert_int_equal(fake.trap_count, 0);
}

static void test_event_at_every_point_of_enable(void **state)
{
	for (unsigned int at = 0; at < 6; at++) {
		start(state);
		xen_irq_disable();
		sender.point = 0;
		sender.at = at;
		sender.port = 5;
		sender.random = false;
		fake.schedule = send_at_point;
		xen_irq_enable();
		while (sender.point <= at)
			send_at_point("after");
		fake.schedule = NULL;
		assert_int_equal(world.handled[5], 1);
		check_none_lost();
	}
}

static void test_save_and_restore(void **state)
{
	(void)state;
	bool outer = xen_irq_save();
	bool inner = xen_irq_save();

	assert_true(outer);
	assert_false(inner);
	send(5);
	xen_irq_restore(inner);
	assert_false(xen_irq_enabled());
	assert_int_equal(world.handled[5], 0);
	xen_irq_restore(outer);
	assert_true(xen_irq_enabled());
	assert_int_equal(world.handled[5], 1);
}

static void test_wait(void **state)
{
	(void)state;
	fake_forget();
	xen_irq_wait();
	assert_int_equal(fake.request_count, 1);
	assert_int_equal(fake.requests[0].op, __HYPERVISOR_sched_op);
	assert_int_equal(fake.requests[0].args[0], SCHEDOP_block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_all_masked_at_first, start),
	    cmocka_unit_test_setup(test_each_port, start),
	    cmocka_unit_test_setup(test_many_at_once, start),
	    cmocka_unit_test_setup(test_send_at_every_point_of_the_scan, start),
	    cmocka_unit_test_setup(test_storms, start),
	    cmocka_unit_test_setup(test_no_port_starves, start),
	    cmocka_unit_test_setup(test_words_take_turns, start),
	    cmocka_unit_test_setup(test_no_nesting, start),
	    cmocka_unit_test_setup(test_ports_without_a_handler, start),
	    cmocka_unit_test_setup(test_ports_of_two_vcpus, start),
	    cmocka_unit_test_setup(test_masked_port_waits, start),
	    cmocka_unit_test_setup(test_send_at_every_point_of_unmask, start),
	    cmocka_unit_test_setup(test_bind, start),
	    cmocka_unit_test_setup(test_misuse, start),
	    cmocka_unit_test_setup(test_enable_takes_what_is_pending, start),
	    cmocka_unit_test_setup(test_event_at_every_point_of_enable, start),
	    cmocka_unit_test_setup(test_save_and_restore, start),
	    cmocka_unit_test_setup(test_wait, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
