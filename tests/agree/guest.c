/* SPDX-License-Identifier: MIT */
/*
 * The sequences on real Xen: a kernel that carries them out and prints their lines. The number of
 * seeds is its argument, `seeds=N`. Events stay masked throughout.
 */
#include "tests/agree/calls.h"

#include <xen/sched.h>
#include <xen/version.h>

#include "arch/x86/context.h"
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

#define USER_SLOT   200u /* of a top: no sequence uses it */
#define USER_TABLES 4u   /* of level 3, 2, 1, and the code */

static pfn_t frames[AGREE_FRAMES + AGREE_VCPUS + USER_TABLES];
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

static void say_version(void)
{
	long version = xen_call(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);

	say("xen %ld", (version >> 16) * 100 + (version & 0xffff));
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

static char *memory(unsigned int frame)
{
	return xen_pfn_to_virt(frames[frame]);
}

/* User mode: one access, the rest is the kernel's again. */
__asm__(".pushsection .rodata\nuser_code: movl (%rdi), %eax\nsyscall\n"
        "user_store_code: movl %esi, (%rdi)\nsyscall\nuser_code_end:\n.popsection");
extern const char user_code[], user_store_code[], user_code_end[];

static _Alignas(16) char user_stack[2 * STACK_BYTES];
static uintptr_t main_context, user_context;
static struct cpu_frame user_start, user_result;

static bool leave_user(struct cpu_frame *frame)
{
	user_result = *frame;
	cpu_context_switch(&user_context, main_context);
	return true;
}

static void enter_user(void *arg)
{
	(void)arg;
	*cpu_stack_frame(user_stack + sizeof(user_stack)) = user_start;
}

static bool run_user(const char *code, unsigned long address, uint32_t value)
{
	cpu_frame_init_user(&user_start,
	                    ((uintptr_t)USER_SLOT << 39) + (uintptr_t)(code - user_code), 0);
	user_start.rflags = 2; /* events stay masked */
	user_start.rdi = address;
	user_start.rsi = value;
	host_handlers = (struct host_handlers){.system_call = leave_user, .trap = leave_user};
	pv_cpu_set_kernel_stack(user_stack + sizeof(user_stack));
	user_context = cpu_context_prepare(user_stack + sizeof(user_stack), enter_user, NULL);
	cpu_context_switch(&main_context, user_context);
	host_handlers = (struct host_handlers){0};
	return user_result.vector == FRAME_SYSCALL;
}

static bool user_load(unsigned long address, uint32_t *value)
{
	bool done = run_user(user_code, address, 0);

	*value = (uint32_t)user_result.rax;
	return done;
}

static bool user_store(unsigned long address, uint32_t value)
{
	return run_user(user_store_code, address, value);
}

static void add_user_code(char *top)
{
	uint64_t entry = entry_of(AGREE_FRAMES + AGREE_VCPUS, PRESENT | WRITE | USER);

	memcpy(top + USER_SLOT * 8u, &entry, sizeof(entry));
}

static void build_user_code(void)
{
	for (unsigned int i = 0; i < USER_TABLES - 1; i++) {
		unsigned int table = AGREE_FRAMES + AGREE_VCPUS + i;
		uint64_t entry = entry_of(table + 1, PRESENT | USER);

		memcpy(memory(table), &entry, sizeof(entry));
		call_map_direct(table, false);
	}
	memcpy(memory(AGREE_FRAMES + AGREE_VCPUS + USER_TABLES - 1), user_code,
	       (size_t)(user_code_end - user_code));
	if (call_pin(AGREE_FRAMES + AGREE_VCPUS, 3) != 0)
		host_panic("no user code");
}

static void copy_kernel_half(char *top)
{
	const char *from = xen_pfn_to_virt(xen_kernel_space.root);

	memcpy(top + KERNEL_HALF, from + KERNEL_HALF, PAGE_BYTES - KERNEL_HALF);
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
	                                   .user_load = user_load,
	                                   .user_store = user_store,
	                                   .add_user_code = add_user_code,
	                                   .use_descriptor = use_descriptor,
	                                   .fill_context = fill_context};
	const char *seeds = strstr(pv_boot_info()->command_line, "seeds=");
	uint64_t count = 0;

	host_memory_init();
	say_version();
	if (!seeds || !str_parse_u64(seeds + 6, NULL, &count))
		host_panic("no number of seeds");
	for (unsigned int i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		frames[i] = host_table_alloc();
	world.vcpu_info = this_cpu()->vcpu_info;
	world.shared = (struct shared_info *)(void *)xen_shared_vcpu_info((vcpu_t){0});
	calls_begin(&world);
	build_user_code();
	world.kernel_base = p2m_mfn(xen_kernel_space.root).v;
	for (unsigned int i = 1; i < AGREE_VCPUS; i++)
		world.shared->vcpu_info[i].evtchn_upcall_mask = 1;
	if (!agree_run_all(&world, agree_topics, (unsigned long)count, print))
		host_panic("a sequence has not cleaned up");
	say("finished");
	pv_cpu_reboot();
}
