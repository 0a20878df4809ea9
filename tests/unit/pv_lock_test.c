/* SPDX-License-Identifier: MIT */
/* sources: xen/pv_lock.c */
/*
 * A spin lock step by step: what it costs when it is free, the order of tickets and their end,
 * whom an unlock kicks and whom not, and a vcpu without a port. What vcpus that really take turns
 * make of it is shown on the model (tests/model/pv_lock.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/sched.h>

#include <port/hypercall.h>

#include "xen/evtchn.h"
#include "xen/hooks.h"
#include "xen/percpu.h"
#include "xen/pv_lock.h"

struct xen_cpu xen_cpus[XEN_CPU_COUNT_MAX];
void *port_current_cpu;

static struct spinlock lock, other_lock;
static struct vcpu_info info;

static struct {
	long bind_result;
	unsigned int binds, polls, yields, sends;
	port_t sent, polled;
	bool pending[64];
	void (*while_polling)(void);
} world;

void port_schedule_point(const char *what)
{
	(void)what;
}

void port_lock_wanted(const void *which)
{
	(void)which;
}

void port_lock_taken(const void *which)
{
	(void)which;
}

void port_lock_dropped(const void *which)
{
	(void)which;
}

void evtchn_set_pending(port_t port)
{
	world.pending[port.v] = true;
}

void evtchn_clear_pending(port_t port)
{
	world.pending[port.v] = false;
}

void evtchn_send(port_t port)
{
	world.sends++;
	world.sent = port;
	world.pending[port.v] = true;
}

void xen_irq_take_pending(void)
{
	fail_msg("nothing is pending here");
}

void host_panic(const char *text)
{
	print_error("the layer stopped: %s\n", text);
	abort();
}

/* Another vcpu passes the lock on while this one waits. */
static void pass(struct spinlock *which)
{
	uint16_t next;

	(void)port_ticket_pass(which, &next);
}

void port_spin_wait(const struct spinlock *which, uint16_t ticket)
{
	assert_ptr_equal(which, &lock);
	(void)ticket;
	pass(&lock);
}

long port_hypercall(unsigned long number, unsigned long arg0, unsigned long arg1,
                    unsigned long arg2, unsigned long arg3, unsigned long arg4)
{
	(void)arg2, (void)arg3, (void)arg4;
	if (number == __HYPERVISOR_event_channel_op) {
		struct evtchn_bind_ipi *op = (void *)arg1;

		assert_int_equal(arg0, EVTCHNOP_bind_ipi);
		world.binds++;
		op->port = 10 + op->vcpu;
		return world.bind_result;
	}
	assert_int_equal(number, __HYPERVISOR_sched_op);
	if (arg0 == SCHEDOP_yield) {
		world.yields++;
		return 0;
	}
	const struct sched_poll *poll = (void *)arg1;

	assert_int_equal(arg0, SCHEDOP_poll);
	assert_int_equal(poll->nr_ports, 1);
	assert_int_equal(poll->timeout, 0);
	world.polled = (port_t){*poll->ports.p};
	assert_true(++world.polls < 10);
	/* What is pending already does not sleep. */
	if (!world.pending[world.polled.v])
		world.while_polling();
	return 0;
}

static void on_cpu(unsigned int vcpu)
{
	port_current_cpu = &xen_cpus[vcpu];
}

static int start(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	memset(xen_cpus, 0, sizeof(xen_cpus));
	for (unsigned int i = 0; i < XEN_CPU_COUNT_MAX; i++) {
		xen_cpus[i].self = &xen_cpus[i];
		xen_cpus[i].id = (vcpu_t){i};
		xen_cpus[i].vcpu_info = &info;
	}
	info.evtchn_upcall_mask = 1;
	on_cpu(0);
	spinlock_init(&lock);
	spinlock_init(&other_lock);
	return 0;
}

static void test_free_locks_need_no_call(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100000; i++) { /* past the end of the tickets */
		spinlock_lock(&lock);
		assert_true(spinlock_is_held(&lock));
		assert_false(spinlock_trylock(&lock));
		spinlock_unlock(&lock);
		assert_false(spinlock_is_held(&lock));
		assert_true(spinlock_trylock(&lock));
		spinlock_unlock(&lock);
	}
	assert_int_equal(world.polls + world.yields + world.sends, 0);
}

static void test_tickets_in_order_around_the_end(void **state)
{
	uint16_t first, second, third, next;

	(void)state;
	lock.word = 0xfffefffeu;
	assert_true(port_ticket_take(&lock, &first));
	assert_false(port_ticket_take(&lock, &second));
	assert_false(port_ticket_take(&lock, &third));
	assert_int_equal(second, 0xffff);
	assert_int_equal(third, 0);
	assert_true(port_ticket_pass(&lock, &next));
	assert_int_equal(next, second);
	assert_true(port_ticket_served(&lock, second));
	assert_false(port_ticket_served(&lock, third));
	assert_true(port_ticket_pass(&lock, &next));
	assert_int_equal(next, third);
	assert_false(port_ticket_pass(&lock, &next));
	assert_int_equal(lock.word, 0x00010001u);
}

static void test_save_and_restore(void **state)
{
	(void)state;
	info.evtchn_upcall_mask = 0;
	bool outer = spinlock_lock_save(&lock), inner = spinlock_lock_save(&other_lock);

	assert_true(outer && !inner && info.evtchn_upcall_mask);
	spinlock_unlock_restore(&other_lock, inner);
	assert_true(info.evtchn_upcall_mask);
	spinlock_unlock_restore(&lock, outer);
	assert_false(info.evtchn_upcall_mask);
}

/* vcpu 0 holds the lock, vcpu 3 waits; others wait for other tickets or another lock. */
static void unlock_on_another_cpu(void)
{
	on_cpu(0);
	spinlock_unlock(&lock);
	on_cpu(3);
}

static void test_the_next_is_kicked(void **state)
{
	(void)state;
	assert_int_equal(pv_lock_init_cpu((vcpu_t){3}), 0);
	assert_int_equal(pv_lock_init_cpu((vcpu_t){3}), 0);
	assert_int_equal(world.binds, 1);
	spinlock_lock(&lock);
	on_cpu(3);
	world.while_polling = unlock_on_another_cpu;
	spinlock_lock(&lock);
	assert_int_equal(world.polls, 1);
	assert_int_equal(world.polled.v, 13);
	assert_int_equal(world.sends, 1);
	assert_int_equal(world.sent.v, 13);
	/* It waits no more: nobody is kicked for it. */
	spinlock_unlock(&lock);
	assert_int_equal(world.sends, 1);
	assert_int_equal(xen_cpus[3].counters.lock_sleeps, 1);
	assert_int_equal(xen_cpus[0].counters.lock_kicks, 1);
}

/* While vcpu 3 sleeps, others unlock what it does not wait for. */
static void unlock_others_first(void)
{
	uint16_t ticket;

	on_cpu(0);
	spinlock_lock(&other_lock);
	assert_false(port_ticket_take(&other_lock, &ticket));
	spinlock_unlock(&other_lock); /* the same ticket of another lock */
	assert_int_equal(world.sends, 0);
	spinlock_unlock(&lock); /* another ticket of the lock: that of one who looks */
	assert_int_equal(world.sends, 0);
	spinlock_unlock(&lock);
	assert_int_equal(world.sends, 1);
	on_cpu(3);
}

static void test_nobody_else_is_kicked(void **state)
{
	uint16_t ticket;

	(void)state;
	pv_lock_init_cpu((vcpu_t){3});
	spinlock_lock(&lock);
	assert_false(port_ticket_take(&lock, &ticket));
	on_cpu(3);
	world.while_polling = unlock_others_first;
	spinlock_lock(&lock);
	assert_int_equal(world.polls, 1);
}

/* A kick of an earlier wait is still pending: one look more, no sleep that ends. */
static unsigned int spurious;

static void wake_for_nothing(void)
{
	if (spurious++ == 2)
		unlock_on_another_cpu();
}

static void test_woken_for_nothing(void **state)
{
	(void)state;
	spurious = 0;
	pv_lock_init_cpu((vcpu_t){3});
	evtchn_set_pending((port_t){13});
	spinlock_lock(&lock);
	on_cpu(3);
	world.while_polling = wake_for_nothing;
	spinlock_lock(&lock);
	assert_int_equal(world.polls, 3);
	assert_true(port_ticket_served(&lock, 1));
}

static void test_without_a_port(void **state)
{
	(void)state;
	world.bind_result = -XEN_ENOSPC;
	assert_int_equal(pv_lock_init_cpu((vcpu_t){3}), -XEN_ENOSPC);
	spinlock_lock(&lock);
	on_cpu(3);
	spinlock_lock(&lock); /* the holder passes it on meanwhile */
	assert_int_equal(world.polls, 0);
	assert_int_equal(world.yields, 1);
	assert_true(port_ticket_served(&lock, 1));
	spinlock_unlock(&lock);
	/* Later there may be one. */
	world.bind_result = 0;
	assert_int_equal(pv_lock_init_cpu((vcpu_t){3}), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_free_locks_need_no_call, start),
	    cmocka_unit_test_setup(test_tickets_in_order_around_the_end, start),
	    cmocka_unit_test_setup(test_save_and_restore, start),
	    cmocka_unit_test_setup(test_the_next_is_kicked, start),
	    cmocka_unit_test_setup(test_nobody_else_is_kicked, start),
	    cmocka_unit_test_setup(test_woken_for_nothing, start),
	    cmocka_unit_test_setup(test_without_a_port, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
