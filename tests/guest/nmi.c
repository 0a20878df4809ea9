/* SPDX-License-Identifier: MIT */
/*
 * NMIs (M18): Xen delivers one whatever the event mask says, at any instruction, and then holds the
 * next one back until an iret hypercall. The layer calls the kernel's hook, sees to it that events
 * are looked for afterwards, and goes on exactly where it was.
 */
#include <port/cpu.h>
#include <port/memory.h>

#include <xen/vcpu.h>

#include "arch/x86/entry_points.h"
#include "arch/x86/uaccess.h"
#include "lib/string.h"
#include "pv/irq.h"
#include "pv/mmu.h"
#include "pv/time.h"
#include "tests/guest/inside_return.h"
#include "tests/guest/test.h"
#include "tests/guest/vcpus.h"
#include "xen/evtchn.h"
#include "xen/smp.h"

#define VCPUS     4u
#define RFLAGS_IF 0x200u

static volatile unsigned int nmis[VCPUS], nmis_of_user;
static volatile unsigned int events;
static port_t port;

static void note(const struct cpu_frame *frame)
{
	CHECK(!pv_irq_enabled());
	nmis[this_cpu()->id.v]++;
	nmis_of_user += frame_from_user(frame);
}

static void on_event(void *arg)
{
	(void)arg;
	events++;
}

static void begin(void)
{
	memset((void *)nmis, 0, sizeof(nmis));
	nmis_of_user = events = 0;
	host_handlers.nmi = note;
}

static void end(void)
{
	pv_irq_disable();
	host_handlers = (struct host_handlers){0};
}

/* Sent to itself it comes on the way back from the call. Afterwards events are looked for, though
 * none has come, as soon as they are enabled. */
static void in_the_kernel(void)
{
	uint64_t upcalls = this_cpu()->counters.upcalls;

	begin();
	for (unsigned int i = 1; i <= 3; i++) {
		CHECK_EQUAL(smp_send_nmi(this_cpu()->id), 0);
		CHECK_EQUAL(nmis[0], i);
		CHECK(!pv_irq_enabled());
	}
	CHECK_EQUAL(this_cpu()->counters.upcalls, upcalls);
	pv_irq_enable();
	CHECK_EQUAL(this_cpu()->counters.upcalls, upcalls + 1);
	for (unsigned int i = 4; i <= 6; i++) {
		CHECK_EQUAL(smp_send_nmi(this_cpu()->id), 0);
		CHECK_EQUAL(nmis[0], i);
		CHECK(pv_irq_enabled());
	}
	CHECK_EQUAL(this_cpu()->counters.upcalls, upcalls + 4);
	end();
}

static volatile bool rung;

static void ring(void)
{
	rung = true;
}

/* One that comes between the last look and the sleep is no reason to sleep on. */
static void before_sleep(void)
{
	begin();
	rung = false;
	pv_timer_set_handler(ring);
	pv_timer_set(pv_time_monotonic_ns() + 20000000000ull);
	CHECK_EQUAL(smp_send_nmi(this_cpu()->id), 0);
	pv_irq_wait();
	CHECK(!rung);
	CHECK_EQUAL(nmis[0], 1);
	pv_timer_set_handler(NULL);
	pv_timer_set(0);
	end();
}

/* The code of a page at `rip`, one instruction: only those of the range. 0: another. */
static unsigned int instruction_bytes(const char *rip)
{
	static const uint8_t bytes[256] = {
	    [0x48] = 2, [0x58] = 1, [0x75] = 2, [0xc6] = 4, [0xf6] = 3};

	return bytes[(uint8_t)*rip];
}

static void inside_once(const char *rip, bool event)
{
	uint64_t result[INSIDE_RESULTS] = {0};
	unsigned int before = nmis[0];

	events = 0;
	pv_irq_disable();
	if (event)
		evtchn_send(port);
	entry_inside = entry_nmi;
	/* The first instruction unmasks; behind the last one events are masked again. */
	entry_inside_flags = rip == critical_start || rip >= critical_end ? 0 : RFLAGS_IF;
	enter_inside_return((uintptr_t)rip, rip != critical_iret, result, this_cpu()->vcpu_info);
	CHECK(pv_irq_enabled());
	pv_irq_disable();
	CHECK_EQUAL(nmis[0], before + 1);
	CHECK_EQUAL(events, event);
	check_inside_results(result);
}

/* At every instruction of a return's last part, with an event pending and without: the return goes
 * on, and an event is taken once, in the name of the frame that is returned to. */
static void inside_a_return(void)
{
	begin();
	CHECK_EQUAL(evtchn_bind_ipi(this_cpu()->id, on_event, NULL, &port), 0);
	for (const char *rip = critical_start; rip <= critical_end; rip += instruction_bytes(rip)) {
		inside_once(rip, false);
		inside_once(rip, true);
		CHECK(instruction_bytes(rip) != 0);
		if (instruction_bytes(rip) == 0)
			break;
	}
	/* It was no real one: Xen holds nothing back. */
	CHECK_EQUAL(smp_send_nmi(this_cpu()->id), 0);
	CHECK_EQUAL(evtchn_close(port), 0);
	end();
}

static volatile bool sending;

static void send_to_first(void)
{
	while (sending) {
		smp_send_nmi((vcpu_t){0});
		xen_yield();
	}
}

extern const char user_wait_for_word[], user_wait_for_word_word[], user_wait_for_word_end[];

/* The program goes on when one has found it in user mode. */
static void let_go_on(const struct cpu_frame *frame)
{
	note(frame);
	if (frame_from_user(frame)) {
		pfn_t pfn = pv_pte_pfn(xen_pte_read(this_cpu()->space_actual, VADDR(TEST_ADDRESS)));

		*(uint32_t *)((char *)pv_pfn_to_virt(pfn) +
		              (user_wait_for_word_word - user_wait_for_word)) = 1;
	}
}

static void in_user_mode(void)
{
	struct cpu_frame frame;

	vcpus_up(2);
	sending = true;
	begin();
	for (unsigned int i = 0; i < 50; i++) {
		host_handlers.nmi = let_go_on;
		if (i == 0)
			vcpu_start_job(1, send_to_first);
		pv_irq_disable();
		frame = run_user_code(user_wait_for_word,
		                      (size_t)(user_wait_for_word_end - user_wait_for_word));
		CHECK_EQUAL(frame.vector, FRAME_SYSCALL);
		CHECK_EQUAL(frame.error_code, 0x1111);
		CHECK_EQUAL(frame.rbx, 0x2222);
		CHECK_EQUAL(frame.rdi, 0x3333);
		CHECK_EQUAL(frame.rsi, 0x4444);
		CHECK_EQUAL(frame.r15, 0x5555);
	}
	CHECK(nmis_of_user >= 50);
	sending = false;
	pv_irq_enable();
	vcpu_wait_job(1);
	vcpus_down(2);
	end();
}

static uintptr_t deepest;

static void note_depth(const struct cpu_frame *frame)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	note(frame);
	if (here < deepest)
		deepest = here;
}

/* Faults, events and NMIs from three vcpus at once on one: registers and values are right, and the
 * stack holds one of each at most. */
static void storm(void)
{
	unsigned int sent = 0, wrong = 0;
	uint64_t value;

	vcpus_up(VCPUS);
	begin();
	deepest = UINTPTR_MAX;
	host_handlers.nmi = note_depth;
	CHECK_EQUAL(evtchn_bind_ipi(this_cpu()->id, on_event, NULL, &port), 0);
	sending = true;
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_start_job(i, send_to_first);
	for (; nmis[0] < 3000 && sent < 1000000; sent++) {
		evtchn_send(port);
		wrong += uaccess_copy(&value, (void *)8, sizeof(value)) != sizeof(value);
	}
	sending = false;
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_wait_job(i);
	CHECK(nmis[0] >= 3000);
	CHECK_EQUAL(wrong, 0);
	CHECK_EQUAL(events, sent);
	CHECK((uintptr_t)__builtin_frame_address(0) - deepest < 2048);
	CHECK_EQUAL(evtchn_close(port), 0);
	vcpus_down(VCPUS);
	end();
}

static volatile bool asleep[VCPUS];

static void sleep_once(void)
{
	unsigned int before = nmis[this_cpu()->id.v];

	asleep[this_cpu()->id.v] = true;
	while (nmis[this_cpu()->id.v] == before) {
		pv_irq_disable();
		pv_irq_wait();
	}
}

/* Each vcpu sleeps until one comes for it, and only for it. */
static void on_each_vcpu(void)
{
	vcpus_up(VCPUS);
	begin();
	for (unsigned int round = 1; round <= 3; round++) {
		for (unsigned int i = 1; i < VCPUS; i++) {
			asleep[i] = false;
			vcpu_start_job(i, sleep_once);
			while (!asleep[i])
				xen_yield();
			CHECK_EQUAL(smp_send_nmi((vcpu_t){i}), 0);
			vcpu_wait_job(i);
			for (unsigned int other = 1; other < VCPUS; other++)
				CHECK_EQUAL(nmis[other], other <= i ? round : round - 1);
		}
	}
	CHECK_EQUAL(nmis[0], 0);
	vcpus_down(VCPUS);
	CHECK(smp_send_nmi((vcpu_t){VCPUS}) != 0);
	end();
}

const struct guest_test nmi_tests[] = {
    {"M18-nmi-in-the-kernel", in_the_kernel},
    {"M18-nmi-before-sleep", before_sleep},
    {"M18-nmi-inside-a-return", inside_a_return},
    {"M18-nmi-in-user-mode", in_user_mode},
    {"M18-nmi-storm", storm},
    {"M18-nmi-on-each-vcpu", on_each_vcpu},
    {NULL, NULL},
};
