/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/time.c xen/evtchn.c xen/p2m.c */
/*
 * Clocks and the timer. Xen writes its records at every point of a reading, in steps of every
 * size; what comes out is the old record or the new one.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include <port/cpu.h>
#include <port/memory.h>

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/vcpu.h>

#include "xen/evtchn.h"
#include "xen/time.h"

#define TIMER_PORT 5u

static struct shared_info shared;
static uint64_t tsc;

uint64_t port_tsc(void)
{
	port_schedule_point("tsc");
	return tsc;
}

/* The layer's clock never goes back, also not from one test to the next: each starts later. */
static uint64_t epoch_ns;

static struct {
	unsigned int vcpu_ops;
	unsigned int last_op;
	uint64_t deadline;
	uint32_t flags;
	long result;
	long runstate_result, bind_result;
} timer;

static long answer(unsigned int op, unsigned long *args)
{
	if (op == __HYPERVISOR_event_channel_op && args[0] == EVTCHNOP_bind_virq) {
		struct evtchn_bind_virq *bind = (void *)args[1];

		assert_int_equal(bind->virq, VIRQ_TIMER);
		bind->port = TIMER_PORT;
		return timer.bind_result;
	}
	if (op != __HYPERVISOR_vcpu_op)
		return 0;
	assert_int_equal(args[1], 0);
	timer.vcpu_ops++;
	timer.last_op = (unsigned int)args[0];
	if (args[0] == VCPUOP_set_singleshot_timer) {
		const struct vcpu_set_singleshot_timer *set = (const void *)args[2];

		timer.deadline = set->timeout_abs_ns;
		timer.flags = set->flags;
		return timer.result;
	}
	return args[0] == VCPUOP_register_runstate_memory_area ? timer.runstate_result : 0;
}

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	memset(&shared, 0, sizeof(shared));
	memset(&timer, 0, sizeof(timer));
	fake.other = answer;
	epoch_ns += 1000000000000ull;
	tsc = 1000000;
	fake.vcpu_info.time = (struct vcpu_time_info){.version = 2,
	                                              .tsc_timestamp = 1000000,
	                                              .system_time = epoch_ns,
	                                              .tsc_to_system_mul = 1u << 31,
	                                              .tsc_shift = 1};
	time_init(&shared);
	return 0;
}

/* Scaling. */

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 wide_t;
#else
typedef uint64_t wide_t; /* compiled only: no such type on this machine */
#endif

static uint64_t scale_exactly(uint64_t ticks, uint32_t mul, int shift)
{
	wide_t shifted = shift < 0 ? ticks >> -shift : (uint64_t)(ticks << shift);

	return (uint64_t)(shifted * mul >> 32);
}

static void test_scale(void **state)
{
	static const uint64_t edges[] = {0,
	                                 1,
	                                 2,
	                                 0x7fffffff,
	                                 0x80000000,
	                                 0xffffffff,
	                                 0x100000000,
	                                 0x1ffffffff,
	                                 0x7fffffffffffffff,
	                                 0x8000000000000000,
	                                 0xffffffffffffffff};
	static const uint32_t muls[] = {0,          1,          2,          0x7fffffff,
	                                0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};

	(void)state;
	for (int shift = -31; shift <= 31; shift++) {
		for (unsigned int i = 0; i < 11; i++)
			for (unsigned int k = 0; k < 8; k++)
				assert_int_equal(time_scale(edges[i], muls[k], (int8_t)shift),
				                 scale_exactly(edges[i], muls[k], shift));
		for (unsigned int i = 0; i < 2000; i++) {
			uint64_t ticks = fake_random() >> fake_random() % 64;
			uint32_t mul = (uint32_t)fake_random();

			assert_int_equal(time_scale(ticks, mul, (int8_t)shift),
			                 scale_exactly(ticks, mul, shift));
		}
	}
	/* A counter of 2.5 GHz: 0.4 ns a tick. */
	assert_int_equal(time_scale(2500000000ull, 3435973837u, -1), 1000000000ull);
}

/* Readings. */

static void test_monotonic_follows_the_counter(void **state)
{
	(void)state;
	assert_int_equal(time_monotonic_ns(), 0);
	tsc += 12345;
	assert_int_equal(time_monotonic_ns(), 12345);
	fake.vcpu_info.time.tsc_shift = -1;
	fake.vcpu_info.time.tsc_to_system_mul = 3435973837u;
	tsc = 1000000 + 2500000000ull;
	assert_int_equal(time_monotonic_ns(), 1000000000);
}

/* What was counted stays what it is when Xen corrects the counter's rate. */
static void test_counted_ticks_keep_their_length(void **state)
{
	(void)state;
	assert_int_equal(time_ticks_to_ns(123456789), 123456789);
	fake.vcpu_info.time.tsc_to_system_mul -= 100;
	assert_int_equal(time_ticks_to_ns(123456789), 123456789);
}

static void test_monotonic_never_goes_back(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		fake.vcpu_info.time.system_time = epoch_ns + i * 1000 + fake_random() % 5000;
		tsc = 1000000 + fake_random() % 3000;
		uint64_t now = time_monotonic_ns();

		assert_true(now >= last);
		last = now;
	}
	/* And it does not run away from the records either. */
	assert_true(last <= 20000 * 1000 + 8000);
	fake.vcpu_info.time.system_time = epoch_ns;
	assert_int_equal(time_monotonic_ns(), last);
}

static void test_no_time_before_the_clock(void **state)
{
	(void)state;
	time_init(NULL);
	assert_int_equal(time_monotonic_ns(), 0);
}

static void test_wall(void **state)
{
	(void)state;
	shared.wc_version = 4;
	shared.wc_sec = 1700000000u;
	shared.wc_nsec = 123456789u;
	assert_int_equal(time_wall_ns(), 1700000000123456789ull + epoch_ns);
	/* Beyond 2106. */
	shared.xen_wc_sec_hi = 1;
	shared.wc_sec = 5;
	assert_int_equal(time_wall_ns(), 4294967301ull * 1000000000 + 123456789 + epoch_ns);
}

/* Xen as writer: from the given point on it makes `pace` steps at each point until it has written
 * `rounds` times. */
struct writer {
	unsigned int points, first_point, pace, step, rounds;
	unsigned int every;             /* points from one move to the next: a slow writer */
	unsigned int step_count, round; /* round: the record that is being written, from 1 */
	void (*make_step)(unsigned int step);
};

static struct writer writer;

static void write_some(const char *what)
{
	(void)what;
	unsigned int point = writer.points++;

	if (point < writer.first_point || (point - writer.first_point) % writer.every != 0)
		return;
	for (unsigned int i = 0; i < writer.pace && writer.step < writer.rounds * writer.step_count;
	     i++) {
		writer.round = writer.step / writer.step_count + 1;
		writer.make_step(writer.step++ % writer.step_count);
	}
}

static void start_writer(unsigned int first_point, unsigned int every, unsigned int pace,
                         unsigned int rounds, unsigned int step_count,
                         void (*make_step)(unsigned int step))
{
	writer = (struct writer){.first_point = first_point,
	                         .pace = pace,
	                         .rounds = rounds,
	                         .every = every,
	                         .step_count = step_count,
	                         .make_step = make_step};
	fake.schedule = write_some;
}

/* The n-th record that Xen writes: all its members differ from the one before. */
static struct vcpu_time_info time_record(unsigned int n)
{
	return (struct vcpu_time_info){.tsc_timestamp = 1000000 - 7919 * n,
	                               .system_time = epoch_ns + 1000000 * n,
	                               .tsc_to_system_mul = (1u << 31) + 1000003 * n,
	                               .tsc_shift = (int8_t)(1 + n)};
}

static uint64_t time_by_record(unsigned int n)
{
	struct vcpu_time_info record = time_record(n);

	return record.system_time + scale_exactly(tsc - record.tsc_timestamp,
	                                          record.tsc_to_system_mul, record.tsc_shift);
}

static void write_time(unsigned int step)
{
	struct vcpu_time_info *record = &fake.vcpu_info.time;
	struct vcpu_time_info next = time_record(writer.round);

	if (step == 0 || step == 5)
		record->version++;
	else if (step == 1)
		record->tsc_timestamp = next.tsc_timestamp;
	else if (step == 2)
		record->system_time = next.system_time;
	else if (step == 3)
		record->tsc_to_system_mul = next.tsc_to_system_mul;
	else
		record->tsc_shift = next.tsc_shift;
}

static bool is_time_of_a_record(uint64_t ns, unsigned int rounds)
{
	for (unsigned int n = 0; n <= rounds; n++)
		if (ns == time_by_record(n))
			return true;
	return false;
}

/* One reading under a writer; how many points it took. */
static unsigned int read_torn_time(unsigned int point, unsigned int every, unsigned int pace,
                                   unsigned int rounds)
{
	start(NULL);
	tsc += 50000;
	start_writer(point, every, pace, rounds, 6, write_time);
	uint64_t ns = time_monotonic_ns() + epoch_ns;

	fake.schedule = NULL;
	assert_true(is_time_of_a_record(ns, rounds));
	return writer.points;
}

static void test_torn_time_record(void **state)
{
	unsigned int repeated = 0;

	(void)state;
	for (unsigned int every = 1; every <= 13; every += 3)
		for (unsigned int rounds = 1; rounds <= 4; rounds++)
			for (unsigned int pace = 1; pace <= 7; pace++)
				for (unsigned int point = 0; point < 12; point++)
					repeated += read_torn_time(point, every, pace, rounds) > 5;
	assert_true(repeated > 50);
}

static void write_wall(unsigned int step)
{
	if (step == 0 || step == 4)
		shared.wc_version++;
	else if (step == 1)
		shared.wc_sec += 1000;
	else if (step == 2)
		shared.wc_nsec += 1;
	else
		shared.xen_wc_sec_hi += 1;
}

static void test_torn_wall_record(void **state)
{
	for (unsigned int pace = 1; pace <= 6; pace++) {
		for (unsigned int point = 0; point < 12; point++) {
			start(state);
			start_writer(point, 1, pace, 3, 5, write_wall);
			uint64_t ns = time_wall_ns() - epoch_ns;
			uint64_t n = ns % 1000; /* how often the nanoseconds had been counted up */

			fake.schedule = NULL;
			assert_true(n <= 3);
			assert_int_equal(ns, (n << 32) * 1000000000 + n * 1000 * 1000000000 + n);
		}
	}
}

static struct vcpu_runstate_info runstate;

static struct vcpu_runstate_info runstate_record(unsigned int n)
{
	return (struct vcpu_runstate_info){
	    .state = (int)(n % 4),
	    .state_entry_time = 1000 + n,
	    .time = {100 + n, 200 + n, 300 + n, 400 + n},
	};
}

static void write_runstate(unsigned int step)
{
	struct vcpu_runstate_info next = runstate_record(writer.round);

	if (step == 0)
		runstate.state_entry_time |= XEN_RUNSTATE_UPDATE;
	else if (step == 1)
		runstate.state = next.state;
	else if (step < 6)
		runstate.time[step - 2] = next.time[step - 2];
	else
		runstate.state_entry_time = next.state_entry_time;
}

static void read_torn_runstate(unsigned int point, unsigned int every, unsigned int pace)
{
	start(NULL);
	runstate = runstate_record(0);
	start_writer(point, every, pace, 4, 7, write_runstate);
	struct vcpu_runstate_info copy = time_read_runstate(&runstate);

	fake.schedule = NULL;
	assert_true(copy.state_entry_time >= 1000 && copy.state_entry_time <= 1004);
	struct vcpu_runstate_info whole =
	    runstate_record((unsigned int)copy.state_entry_time - 1000);

	assert_int_equal(copy.state, whole.state);
	assert_memory_equal(copy.time, whole.time, sizeof(whole.time));
}

static void test_torn_runstate(void **state)
{
	(void)state;
	for (unsigned int every = 1; every <= 13; every += 3)
		for (unsigned int pace = 1; pace <= 8; pace++)
			for (unsigned int point = 0; point < 20; point++)
				read_torn_runstate(point, every, pace);
}

static void test_stolen_time(void **state)
{
	(void)state;
	struct vcpu_runstate_info *run = &this_cpu()->runstate;

	run->time[RUNSTATE_running] = 1000;
	run->time[RUNSTATE_runnable] = 200;
	run->time[RUNSTATE_blocked] = 30;
	run->time[RUNSTATE_offline] = 4;
	for (int now = RUNSTATE_running; now <= RUNSTATE_offline; now++) {
		run->state = now;
		run->state_entry_time = epoch_ns;
		tsc = 1000000 + 7000;
		bool ours = now == RUNSTATE_running || now == RUNSTATE_blocked;

		assert_int_equal(time_sched_clock_ns(), 1030 + (ours ? 7000 : 0));
		assert_int_equal(time_stolen_ns((vcpu_t){0}), 204 + (ours ? 0 : 7000));
	}
	/* The state began a moment after the clock's reading. */
	run->state_entry_time = epoch_ns + 7001;
	assert_int_equal(time_stolen_ns((vcpu_t){0}), 204);
}

/* The timer. */

static unsigned int shots;

static void count_shot(void)
{
	shots++;
}

static void fire(void)
{
	shared.evtchn_pending[0] |= 1ul << TIMER_PORT;
	fake.vcpu_info.evtchn_pending_sel |= 1;
	fake.vcpu_info.evtchn_upcall_pending = 1;
	evtchn_upcall();
}

static void test_timer(void **state)
{
	(void)state;
	evtchn_init(&shared);
	time_init_cpu();
	time_timer_set_handler(count_shot);
	shots = timer.vcpu_ops = 0;
	time_timer_set(500);
	assert_int_equal(timer.vcpu_ops, 1);
	assert_int_equal(timer.last_op, VCPUOP_set_singleshot_timer);
	assert_int_equal(timer.deadline, epoch_ns + 500);
	assert_int_equal(timer.flags, 0); /* a deadline that is past must fire, not fail */
	time_timer_set(500);
	assert_int_equal(timer.vcpu_ops, 1);
	fire();
	assert_int_equal(shots, 1);
	/* It has fired: the same deadline is a new one. */
	time_timer_set(500);
	assert_int_equal(timer.vcpu_ops, 2);
	/* So late that as a signed number it would be past. */
	time_timer_set(~0ull);
	assert_true(timer.deadline > epoch_ns && timer.deadline < 1ull << 63);
	time_timer_set(0);
	assert_int_equal(timer.last_op, VCPUOP_stop_singleshot_timer);
	time_timer_set(0);
	assert_int_equal(timer.vcpu_ops, 4);
}

static void test_refusals(void **state)
{
	(void)state;
	evtchn_init(&shared);
	timer.result = -XEN_EINVAL;
	assert_non_null(FAKE_PANIC_OF(time_timer_set(1)));
	timer.runstate_result = -XEN_EINVAL;
	assert_non_null(FAKE_PANIC_OF(time_init_cpu()));
	timer.runstate_result = 0;
	timer.bind_result = -XEN_EEXIST;
	assert_non_null(FAKE_PANIC_OF(time_init_cpu()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_scale, start),
	    cmocka_unit_test_setup(test_monotonic_follows_the_counter, start),
	    cmocka_unit_test_setup(test_counted_ticks_keep_their_length, start),
	    cmocka_unit_test_setup(test_monotonic_never_goes_back, start),
	    cmocka_unit_test_setup(test_no_time_before_the_clock, start),
	    cmocka_unit_test_setup(test_wall, start),
	    cmocka_unit_test(test_torn_time_record),
	    cmocka_unit_test(test_torn_wall_record),
	    cmocka_unit_test(test_torn_runstate),
	    cmocka_unit_test_setup(test_stolen_time, start),
	    cmocka_unit_test_setup(test_timer, start),
	    cmocka_unit_test_setup(test_refusals, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
