/* SPDX-License-Identifier: MIT */
/* sources: kernel/task/runqueue.c */
/*
 * Which CPU a task that becomes runnable goes to, and what a CPU takes from others. The other
 * CPUs are areas that do nothing; the events sent to them are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/task/cpu.h"
#include "kernel/task/internal.h"

#define CPUS 4u

struct cpu cpus[PV_CPU_COUNT_MAX];
void *port_current_cpu;

static struct xen_cpu area;
static struct task tasks[8];
static unsigned int rescheduled[CPUS], slices;
static unsigned long online;

static unsigned long online_mask(void)
{
	return online;
}

static void reschedule(unsigned int cpu)
{
	assert_in_range(cpu, 0, CPUS - 1);
	rescheduled[cpu]++;
}

struct pv_smp_ops pv_smp_ops = {.online_mask = online_mask, .reschedule = reschedule};

void sched_slice_time(void)
{
	slices++;
}

static int start(void **state)
{
	(void)state;
	memset(cpus, 0, sizeof(cpus));
	memset(tasks, 0, sizeof(tasks));
	memset(rescheduled, 0, sizeof(rescheduled));
	slices = 0;
	online = (1ul << CPUS) - 1;
	port_current_cpu = &area;
	area.host_data = &cpus[0];
	for (unsigned int i = 0; i < CPUS; i++) {
		run_queue_init(&cpus[i]);
		cpus[i].id = i;
		cpus[i].bit = 1ul << i;
		cpus[i].current = &tasks[7]; /* busy with something */
		run_queue_set_idle(&cpus[i], false);
	}
	for (size_t i = 0; i < 8; i++) {
		list_init(&tasks[i].run_node);
		tasks[i].affinity = ~0ul;
	}
	return 0;
}

static void go_idle(unsigned int cpu)
{
	cpus[cpu].current = &cpus[cpu].idle;
	run_queue_set_idle(&cpus[cpu], true);
}

/* The last one if that is idle, another idle one if not; each is told, and is idle no more. */
static void test_idle_ones_first(void **state)
{
	(void)state;
	go_idle(1);
	go_idle(2);
	tasks[0].cpu = &cpus[2];
	run_queue_add(&tasks[0]);
	assert_ptr_equal(tasks[0].cpu, &cpus[2]);
	assert_int_equal(rescheduled[2], 1);
	tasks[1].cpu = &cpus[2];
	run_queue_add(&tasks[1]);
	assert_ptr_equal(tasks[1].cpu, &cpus[1]);
	assert_int_equal(rescheduled[1], 1);
	tasks[2].cpu = &cpus[2]; /* nobody is idle: back where it was */
	run_queue_add(&tasks[2]);
	assert_ptr_equal(tasks[2].cpu, &cpus[2]);
	assert_int_equal(cpus[2].run_count, 2);
	assert_int_equal(rescheduled[2], 1); /* it knows by now that its slices end */
}

/* A busy CPU that is not the calling one hears of its first waiting task: a slice must end. */
static void test_busy_ones_are_told_once(void **state)
{
	(void)state;
	tasks[0].cpu = tasks[1].cpu = &cpus[3];
	run_queue_add(&tasks[0]);
	assert_int_equal(rescheduled[3], 1);
	run_queue_add(&tasks[1]);
	assert_int_equal(rescheduled[3], 1);
	assert_int_equal(slices, 0);
	run_queue_add(&tasks[2]); /* ran nowhere yet: the calling CPU, which sets its own timer */
	assert_ptr_equal(tasks[2].cpu, &cpus[0]);
	assert_int_equal(slices, 1);
	assert_int_equal(rescheduled[0], 0);
}

static void test_affinity(void **state)
{
	(void)state;
	go_idle(1);
	tasks[0].cpu = &cpus[1];
	tasks[0].affinity = 1ul << 3;
	run_queue_add(&tasks[0]);
	assert_ptr_equal(tasks[0].cpu, &cpus[3]);
	/* An idle CPU takes only what may run there. */
	area.host_data = &cpus[1];
	assert_false(run_queue_pull(&cpus[1], 0));
	area.host_data = &cpus[3];
	run_queue_put_back(&cpus[3], &tasks[1]);
	assert_ptr_equal(tasks[1].cpu, &cpus[3]);
	assert_true(run_queue_pull(&cpus[1], 0));
	assert_ptr_equal(run_queue_take(&cpus[1]), &tasks[1]);
	/* One that may no longer run where it ran goes elsewhere when it gives its turn away. */
	tasks[2].affinity = 1ul << 2;
	run_queue_put_back(&cpus[3], &tasks[2]);
	assert_ptr_equal(tasks[2].cpu, &cpus[2]);
	assert_int_equal(rescheduled[2], 1);
	/* CPUs that are not online are no choice. */
	online = 1ul << 0 | 1ul << 3;
	area.host_data = &cpus[0];
	tasks[3].affinity = 1ul << 2 | 1ul << 3;
	run_queue_add(&tasks[3]);
	assert_ptr_equal(tasks[3].cpu, &cpus[3]);
}

/* A waiting task whose affinity changes leaves its queue. */
static void test_move(void **state)
{
	(void)state;
	tasks[0].cpu = tasks[1].cpu = &cpus[1];
	run_queue_add(&tasks[0]);
	run_queue_add(&tasks[1]);
	tasks[0].affinity = 1ul << 2;
	run_queue_move(&tasks[0]);
	assert_ptr_equal(tasks[0].cpu, &cpus[2]);
	assert_int_equal(rescheduled[2], 1);
	assert_int_equal(cpus[1].run_count, 1);
	assert_ptr_equal(run_queue_take(&cpus[1]), &tasks[1]);
	assert_null(run_queue_take(&cpus[1]));
	assert_ptr_equal(run_queue_take(&cpus[2]), &tasks[0]);
}

/* From the longest queue, in order, and not for the sake of one task more or less. */
static void test_pull(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		tasks[i].cpu = &cpus[1];
		run_queue_add(&tasks[i]);
	}
	for (unsigned int i = 2; i < 5; i++) {
		tasks[i].cpu = &cpus[2];
		run_queue_add(&tasks[i]);
	}
	assert_false(run_queue_pull(&cpus[1], 1));
	assert_true(run_queue_pull(&cpus[3], 0));
	assert_ptr_equal(run_queue_take(&cpus[3]), &tasks[2]);
	assert_null(run_queue_take(&cpus[3]));
	assert_int_equal(cpus[2].run_count, 2);
	assert_true(run_queue_pull(&cpus[3], 1));
	assert_ptr_equal(tasks[0].cpu, &cpus[3]);
	assert_ptr_equal(run_queue_take(&cpus[2]), &tasks[3]);
	assert_ptr_equal(run_queue_take(&cpus[2]), &tasks[4]);
	assert_int_equal(cpus[2].run_count, 0);
	assert_null(run_queue_take(&cpus[2]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_idle_ones_first, start),
	    cmocka_unit_test_setup(test_busy_ones_are_told_once, start),
	    cmocka_unit_test_setup(test_affinity, start),
	    cmocka_unit_test_setup(test_move, start),
	    cmocka_unit_test_setup(test_pull, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
