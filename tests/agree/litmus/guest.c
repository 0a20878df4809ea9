/* SPDX-License-Identifier: MIT */
/*
 * The litmus tests on real Xen: two vcpus, each on a processor of its own, make their steps at once
 * with small delays from a seed, many times, and each outcome that is seen is printed with how
 * often it was. Arguments of the kernel: `runs=N` of each, and `randoms=N`, how many there are
 * beside the table. Events stay masked.
 */
#include "tests/agree/litmus/litmus.h"

#include <xen/vcpu.h>

#include "arch/x86/segments.h"
#include "examples/minimal/host.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/cpu.h"
#include "pv/irq.h"
#include "xen/direct_map.h"
#include "xen/hypercall.h"
#include "xen/p2m.h"
#include "xen/smp.h"
#include "xen/space.h"
#include "xen/start.h"

#define STACK_BYTES  8192u
#define KERNEL_HALF  (272u * 8) /* behind Xen's own slots */
#define OUTCOMES_MAX 96u
#define DELAY_BITS   14u /* the longest delay is about as long as a call */

static pfn_t frames[AGREE_FRAMES];
static _Alignas(16) char stack[STACK_BYTES], third_stack[STACK_BYTES];
static uint64_t random_state[LITMUS_VCPUS];

/* What the second vcpu is to do: a new value of `round` is one run of `current`. */
static const struct litmus *volatile current;
static volatile unsigned long round, reached[LITMUS_VCPUS];
static evtchn_port_t start_port; /* it sleeps until an event comes here, which stays masked */

static struct seen {
	char text[LITMUS_OUTCOME_BYTES];
	unsigned long times;
} seen[OUTCOMES_MAX];

static long call(unsigned int number, unsigned long arg0, unsigned long arg1, unsigned long arg2,
                 unsigned long arg3)
{
	return xen_call(number, arg0, arg1, arg2, arg3, 0);
}

static uint64_t mfn(unsigned int frame)
{
	return p2m_mfn(frames[frame]).v;
}

static uint64_t pfn(unsigned int frame)
{
	return frames[frame].v;
}

static char *memory(unsigned int frame)
{
	return xen_pfn_to_virt(frames[frame]);
}

static void copy_kernel_half(char *top)
{
	const char *from = xen_pfn_to_virt(xen_kernel_space.root);

	memcpy(top + KERNEL_HALF, from + KERNEL_HALF, PAGE_BYTES - KERNEL_HALF);
}

static uint32_t some(unsigned int vcpu, uint32_t count)
{
	uint64_t *state = &random_state[vcpu];

	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32) % count;
}

/* Short ones are as likely as long ones. */
static void gap(void)
{
	unsigned int vcpu = (unsigned int)this_cpu()->id.v;
	uint32_t turns = some(vcpu, 1u << some(vcpu, DELAY_BITS + 1));

	for (volatile uint32_t i = 0; i < turns; i++)
		;
}

static struct agree_world calls = {
    .call = call, .mfn = mfn, .pfn = pfn, .copy_kernel_half = copy_kernel_half, .memory = memory};

/* Both have come to the same place, and start from it together. */
static void meet(unsigned int vcpu, unsigned long place)
{
	port_exchange_word(&reached[vcpu], place);
	while (port_load_word(&reached[1 - vcpu]) < place)
		port_relax();
}

static void secondary(void)
{
	struct sched_poll poll = {.nr_ports = 1};

	set_xen_guest_handle(poll.ports, &start_port);
	for (unsigned long next = 1;; next++) {
		while (port_load_word(&round) != next)
			call(__HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)&poll, 0, 0);
		port_and_word(&calls.shared->evtchn_pending[start_port / 64],
		              ~(1ul << start_port % 64));
		meet(1, 2 * next);
		litmus_run(current, 1);
		litmus_leave(1);
		meet(1, 2 * next + 1);
	}
}

/* A vcpu that is up and does nothing. It has no per-CPU area. */
_Noreturn static void do_nothing(void)
{
	struct sched_poll poll = {.nr_ports = 0};

	for (;;)
		port_hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)&poll, 0, 0, 0);
}

static void make_third(void)
{
	static struct vcpu_guest_context context;

	context.flags = VGCF_in_kernel;
	context.user_regs.rip = (uint64_t)do_nothing;
	context.user_regs.cs = XEN_KERNEL_CS;
	context.user_regs.ss = XEN_KERNEL_SS;
	context.kernel_ss = XEN_KERNEL_SS;
	context.user_regs.rsp = context.kernel_sp = (uint64_t)(third_stack + STACK_BYTES - 8);
	context.ctrlreg[3] = xen_pfn_to_cr3(p2m_mfn(xen_kernel_space.root).v);
	if (call(__HYPERVISOR_vcpu_op, VCPUOP_initialise, LITMUS_THIRD, (unsigned long)&context,
	         0) != 0 ||
	    call(__HYPERVISOR_vcpu_op, VCPUOP_up, LITMUS_THIRD, 0, 0) != 0)
		host_panic("no third vcpu");
}

static void wake_second(void)
{
	struct evtchn_send send = {.port = start_port};

	call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (unsigned long)&send, 0, 0);
}

static void count_outcome(const char *text)
{
	unsigned int i = 0;

	while (seen[i].times > 0 && strcmp(seen[i].text, text) != 0)
		if (++i == OUTCOMES_MAX)
			host_panic("more outcomes than there is room for");
	memcpy(seen[i].text, text, strlen(text) + 1);
	seen[i].times++;
}

static void run_litmus(const struct litmus *litmus, unsigned long runs)
{
	static char text[LITMUS_OUTCOME_BYTES];

	memset(seen, 0, sizeof(seen));
	for (unsigned long i = 0; i < runs; i++) {
		if (!litmus_setup(litmus)) {
			say("set-up of %s refused", litmus->name);
			host_panic("a set-up was refused");
		}
		current = litmus;
		unsigned long now = port_load_word(&round) + 1;

		port_exchange_word(&round, now);
		wake_second();
		meet(0, 2 * now);
		litmus_run(litmus, 0);
		litmus_leave(0);
		meet(0, 2 * now + 1);
		if (!litmus_finish(text)) {
			say("%s:%s", litmus->name, text);
			host_panic("a litmus has not cleaned up");
		}
		count_outcome(text);
	}
	for (unsigned int i = 0; i < OUTCOMES_MAX && seen[i].times > 0; i++)
		say("litmus %s:%s  # %lu", litmus->name, seen[i].text, seen[i].times);
}

static void start_others(void)
{
	host_handlers = (struct host_handlers){.secondary = secondary};
	pv_irq_enable();
	if (smp_up((vcpu_t){1}, stack + STACK_BYTES) != 0)
		host_panic("no second vcpu");
	pv_irq_disable();
	make_third();
}

static unsigned long argument(const char *name)
{
	const char *at = strstr(pv_boot_info()->command_line, name), *end;
	uint64_t value = 0;

	if (!at)
		host_panic("an argument is missing");
	at += strlen(name);
	end = strchr(at, ' ');
	if (!str_parse_u64(at, end ? end : at + strlen(at), &value))
		host_panic("an argument is not a number");
	return (unsigned long)value;
}

void host_main(void)
{
	static struct litmus_world world = {.agree = &calls, .gap = gap};
	struct evtchn_bind_ipi start = {.vcpu = 1};
	unsigned long runs, randoms;

	host_memory_init();
	runs = argument("runs=");
	randoms = argument("randoms=");
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		frames[i] = host_table_alloc();
	calls.shared = (struct shared_info *)(void *)xen_shared_vcpu_info((vcpu_t){0});
	if (call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, (unsigned long)&start, 0, 0) !=
	    0)
		host_panic("no port");
	start_port = start.port;
	start_others();
	memset(calls.shared->evtchn_mask, 0xff, sizeof(calls.shared->evtchn_mask));
	calls.kernel_base = p2m_mfn(xen_kernel_space.root).v;
	for (unsigned int i = 0; i < LITMUS_VCPUS; i++) {
		random_state[i] = 0x9e3779b97f4a7c15ull + i;
		world.info[i] = xen_cpus[i].vcpu_info;
	}
	litmus_begin(&world);
	for (unsigned int i = 0; litmus_get(i, (unsigned int)randoms); i++)
		run_litmus(litmus_get(i, (unsigned int)randoms), runs);
	say("finished");
	pv_cpu_reboot();
}
