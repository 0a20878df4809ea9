/* SPDX-License-Identifier: MIT */
/*
 * The sequences on real Xen: a kernel that carries them out and prints their lines. The number of
 * seeds is its argument, `seeds=N`. Events stay masked throughout.
 */
#include "tests/agree/sequence.h"

#include <xen/sched.h>

#include "arch/x86/segments.h"
#include "arch/x86/uaccess.h"
#include "examples/minimal/host.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/console.h"
#include "pv/cpu.h"
#include "xen/direct_map.h"
#include "xen/hypercall.h"
#include "xen/p2m.h"
#include "xen/space.h"
#include "xen/start.h"

#define STACK_BYTES 4096u
#define KERNEL_HALF (272u * 8) /* behind Xen's own slots */

static pfn_t frames[AGREE_FRAMES + AGREE_VCPUS];
static _Alignas(16) char stacks[AGREE_VCPUS][STACK_BYTES];

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

static bool load(unsigned long address, uint32_t *value)
{
	return uaccess_load32((const void *)address, value);
}

static bool store(unsigned long address, uint32_t value)
{
	return uaccess_store32((void *)address, value);
}

static bool use_descriptor(unsigned int selector)
{
	unsigned long rights;
	bool done = false;

	__asm__ volatile("1: lar %2, %0\nmovb $1, %1\n2:\n"
	                 ".pushsection .fixup_table, \"a\"\n.balign 8\n.quad 1b, 2b\n.popsection"
	                 : "=&r"(rights), "+m"(done)
	                 : "r"((unsigned long)selector)
	                 : "cc");
	return done;
}

static void copy_kernel_half(char *top)
{
	const char *from = xen_pfn_to_virt(xen_kernel_space.root);

	memcpy(top + KERNEL_HALF, from + KERNEL_HALF, PAGE_BYTES - KERNEL_HALF);
}

static char *memory(unsigned int frame)
{
	return xen_pfn_to_virt(frames[frame]);
}

/* What a vcpu does that is up: nothing, with events masked. It has no per-CPU area. */
_Noreturn static void do_nothing(void)
{
	struct sched_poll poll = {.nr_ports = 0};

	for (;;)
		port_hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)&poll, 0, 0, 0);
}

static void fill_context(unsigned int vcpu, struct vcpu_guest_context *context)
{
	context->flags = VGCF_in_kernel;
	context->user_regs.rip = (uint64_t)do_nothing;
	context->user_regs.cs = XEN_KERNEL_CS;
	context->user_regs.ss = XEN_KERNEL_SS;
	context->user_regs.rsp = (uint64_t)(stacks[vcpu] + STACK_BYTES - 8);
	context->kernel_ss = XEN_KERNEL_SS;
	context->kernel_sp = (uint64_t)(stacks[vcpu] + STACK_BYTES - 8);
}

static void print(const char *line)
{
	pv_log_write(line, strlen(line));
	pv_log_write("\n", 1);
}

void host_main(void)
{
	static struct agree_world world = {.call = call,
	                                   .mfn = mfn,
	                                   .nowhere = 1ul << 46,
	                                   .pfn = pfn,
	                                   .copy_kernel_half = copy_kernel_half,
	                                   .memory = memory,
	                                   .load = load,
	                                   .store = store,
	                                   .use_descriptor = use_descriptor,
	                                   .fill_context = fill_context};
	const char *seeds = strstr(pv_boot_info()->command_line, "seeds=");
	uint64_t count = 0;

	host_memory_init();
	if (!seeds || !str_parse_u64(seeds + 6, NULL, &count))
		host_panic("no number of seeds");
	for (unsigned int i = 0; i < AGREE_FRAMES + AGREE_VCPUS; i++)
		frames[i] = host_table_alloc();
	world.vcpu_info = this_cpu()->vcpu_info;
	world.shared = (struct shared_info *)(void *)xen_shared_vcpu_info((vcpu_t){0});
	world.kernel_base = p2m_mfn(xen_kernel_space.root).v;
	for (unsigned int i = 1; i < AGREE_VCPUS; i++)
		world.shared->vcpu_info[i].evtchn_upcall_mask = 1;
	if (!agree_run_all(&world, agree_topics, (unsigned long)count, print))
		host_panic("a sequence has not cleaned up");
	say("finished");
	pv_cpu_reboot();
}
