/* SPDX-License-Identifier: MIT */
/*
 * Time: see time.h. Records are read under their version: odd while Xen writes, changed if it wrote
 * meanwhile.
 */
#include "xen/time.h"

#include <stdint.h>

#include <port/cpu.h>
#include <port/memory.h>

#include <xen/vcpu.h>

#include "xen/evtchn.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"

#define NS_PER_SEC 1000000000ull
/* Some 146 years. */
#define DEADLINE_MAX_NS (1ull << 62)

static struct shared_info *shared;
static void (*timer_handler)(void);
/* System time began with Xen; ours begins when this domain does. */
static uint64_t start_ns;
/* Of the boot vcpu's counter, as it was at boot. */
static struct rate {
	uint32_t mul;
	int8_t shift;
} boot_rate;
/* The latest value any vcpu has returned. */
static volatile uint64_t last_monotonic;

uint64_t time_scale(uint64_t ticks, uint32_t mul, int8_t shift)
{
	ticks = shift < 0 ? ticks >> -shift : ticks << shift;
	/* ticks * mul / 2^32 in parts: no 128-bit product is needed, nor a library for it on 32
	 * bits. */
	uint64_t low = (ticks & 0xffffffffu) * mul;
	uint64_t high = (ticks >> 32) * mul;

	return high + (low >> 32);
}

/* Nanoseconds since Xen's system time began, on this vcpu. */
static uint64_t read_system_time(void)
{
	const volatile struct vcpu_time_info *record = &this_cpu()->vcpu_info->time;
	uint32_t version;
	uint64_t ns;

	do {
		version = port_load32(&record->version);
		port_compiler_barrier();
		uint64_t ticks = port_tsc() - record->tsc_timestamp;

		ns = record->system_time +
		     time_scale(ticks, record->tsc_to_system_mul, record->tsc_shift);
		port_compiler_barrier();
	} while ((version & 1) || port_load32(&record->version) != version);
	return ns;
}

/* System time that never goes back, whichever vcpu reads it. */
static uint64_t steady_system_time(void)
{
	uint64_t now = read_system_time();
	uint64_t last = __atomic_load_n(&last_monotonic, __ATOMIC_RELAXED);

	/* Records of different vcpus differ by a little: never below what another has seen. */
	do {
		if (now <= last)
			return last;
	} while (!__atomic_compare_exchange_n(&last_monotonic, &last, now, true, __ATOMIC_RELAXED,
	                                      __ATOMIC_RELAXED));
	return now;
}

uint64_t time_monotonic_ns(void)
{
	if (!shared)
		return 0; /* early messages of the log ask */
	return steady_system_time() - start_ns;
}

uint64_t time_ticks_to_ns(uint64_t ticks)
{
	return time_scale(ticks, boot_rate.mul, boot_rate.shift);
}

uint64_t time_wall_ns(void)
{
	uint32_t version;
	uint64_t seconds, ns;

	do {
		version = port_load32(&shared->wc_version);
		port_compiler_barrier();
		seconds = (uint64_t)shared->xen_wc_sec_hi << 32 | shared->wc_sec;
		ns = shared->wc_nsec;
		port_compiler_barrier();
	} while ((version & 1) || port_load32(&shared->wc_version) != version);
	/* The record says what the wall clock was when system time began. */
	return seconds * NS_PER_SEC + ns + steady_system_time();
}

struct vcpu_runstate_info time_read_runstate(const volatile struct vcpu_runstate_info *record)
{
	struct vcpu_runstate_info copy;
	uint64_t entry;

	/* With the update-flag assist Xen sets the top bit of state_entry_time while it writes. */
	do {
		entry = port_load64(&record->state_entry_time);
		if (entry & XEN_RUNSTATE_UPDATE)
			port_relax(); /* another vcpu's record, and Xen is at it */
		port_compiler_barrier();
		copy.state = record->state;
		for (unsigned int i = 0; i < 4; i++)
			copy.time[i] = port_load64(&record->time[i]);
		port_compiler_barrier();
	} while ((entry & XEN_RUNSTATE_UPDATE) || port_load64(&record->state_entry_time) != entry);
	copy.state_entry_time = entry;
	return copy;
}

/* Time of a vcpu in the states of the mask, the current one included up to now. */
static uint64_t time_in(const struct xen_cpu *cpu, unsigned int states)
{
	struct vcpu_runstate_info run = time_read_runstate(&cpu->runstate);
	uint64_t now = read_system_time();
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 4; i++)
		if (states & (1u << i))
			sum += run.time[i];
	if ((states & (1u << (unsigned int)run.state)) && now > run.state_entry_time)
		sum += now - run.state_entry_time;
	return sum;
}

uint64_t time_sched_clock_ns(void)
{
	return time_in(this_cpu(), 1u << RUNSTATE_running | 1u << RUNSTATE_blocked);
}

uint64_t time_stolen_ns(vcpu_t vcpu)
{
	return time_in(&xen_cpus[vcpu.v], 1u << RUNSTATE_runnable | 1u << RUNSTATE_offline);
}

void time_timer_set_handler(void (*handler)(void))
{
	timer_handler = handler;
}

/* In Xen's terms, and never so late that Xen, whose time is signed, takes it for the past. */
static uint64_t system_deadline(uint64_t deadline_ns)
{
	return deadline_ns < DEADLINE_MAX_NS - start_ns ? deadline_ns + start_ns : DEADLINE_MAX_NS;
}

void time_timer_set(uint64_t deadline_ns)
{
	struct xen_cpu *cpu = this_cpu();
	struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = system_deadline(deadline_ns)};

	if (cpu->timer_deadline_ns == deadline_ns)
		return;
	cpu->timer_deadline_ns = deadline_ns;
	if (deadline_ns == 0) {
		xen_call3(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, cpu->id.v, 0);
		return;
	}
	/* Without the "future" flag a deadline that is past fires at once: none is lost. */
	if (xen_call3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, cpu->id.v,
	              (unsigned long)&op) != 0)
		host_panic("time: Xen refused the timer");
}

static void timer_event(void *arg)
{
	(void)arg;
	this_cpu()->timer_deadline_ns = 0;
	if (timer_handler)
		timer_handler();
}

static void rate_read(struct rate *rate)
{
	const volatile struct vcpu_time_info *record = &this_cpu()->vcpu_info->time;
	uint32_t version;

	do {
		version = port_load32(&record->version);
		port_compiler_barrier();
		*rate = (struct rate){record->tsc_to_system_mul, record->tsc_shift};
		port_compiler_barrier();
	} while ((version & 1) || port_load32(&record->version) != version);
}

void time_init(struct shared_info *info)
{
	shared = info;
	start_ns = steady_system_time();
	rate_read(&boot_rate);
}

void time_init_cpu(void)
{
	struct xen_cpu *cpu = this_cpu();
	struct vcpu_register_runstate_memory_area area;

	area.addr.v = &cpu->runstate;
	if (xen_call3(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, cpu->id.v,
	              (unsigned long)&area) != 0)
		host_panic("time: Xen refused the runstate record");
	if (evtchn_bind_virq(VIRQ_TIMER, cpu->id, timer_event, NULL, &cpu->timer_port) != 0)
		host_panic("time: Xen refused the timer channel");
	xen_call3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, cpu->id.v, 0);
}

void time_stop_cpu(void)
{
	time_timer_set(0);
	evtchn_close(this_cpu()->timer_port);
}
