/* SPDX-License-Identifier: MIT */
/*
 * The smallest kernel on the guest layer: it says what it runs on, makes an address space, has Xen
 * validate it, runs a few instructions in user mode there, takes a timer tick, and shuts down.
 * docs/porting.md walks through it.
 *
 * It is not a kernel to build on: one CPU, one task, no freeing of memory but for page tables.
 */
#include "arch/x86/context.h"
#include "examples/minimal/host.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/cpu.h"
#include "pv/irq.h"
#include "pv/mmu.h"
#include "pv/time.h"

#define USER_ADDRESS 0x400000ul
#define STACK_BYTES  16384ul

enum user_call { USER_REPORT = 1, USER_LEAVE = 2 };

extern const char user_code[];

static _Alignas(16) char task_stack[STACK_BYTES];
static uintptr_t main_context, task_context;
static uint64_t user_answer;
static volatile bool ticked;

static void say_machine(void)
{
	const struct xen_boot_info *boot = pv_boot_info();

	say("minimal: Xen %s, %lu MiB of memory, %lu KiB used", boot->xen_version,
	    boot->frame_count >> 8, host_frames_used() * 4);
}

static void say_cpu(void)
{
	struct pv_cpuid vendor = pv_cpuid(0, 0);
	struct pv_cpuid features = pv_cpuid(1, 0);
	char name[13];

	memcpy(name, &vendor.ebx, 4);
	memcpy(name + 4, &vendor.edx, 4);
	memcpy(name + 8, &vendor.ecx, 4);
	name[12] = '\0';
	say("minimal: CPU %s, features %08x %08x, FPU area %u bytes", name, features.edx,
	    features.ecx, pv_fpu_area_bytes());
}

static bool system_call(struct cpu_frame *frame)
{
	switch ((enum user_call)frame->error_code) {
	case USER_REPORT:
		user_answer = frame->rdi;
		frame->rax = 0;
		return false;
	case USER_LEAVE:
		cpu_context_switch(&task_context, main_context);
		break;
	}
	host_panic("user mode made an unknown call");
}

static void enter_user(void *arg)
{
	struct cpu_frame *frame = cpu_stack_frame(task_stack + STACK_BYTES);

	(void)arg;
	cpu_frame_init_user(frame, USER_ADDRESS, USER_ADDRESS);
}

static void run_user(void)
{
	/* The code lies in the image; its frame is mapped a second time, for user mode,
	 * read-only. */
	pfn_t code = pv_image_pfn(user_code);
	struct pt_space space;

	if (pv_space_init(&space) != 0 || pv_pte_prepare(&space, VADDR(USER_ADDRESS)) != 0)
		host_panic("no memory for an address space");
	pv_pte_set(&space, VADDR(USER_ADDRESS),
	           pv_pte_make(code, PTE_PRESENT | PTE_USER | PTE_ACCESSED), PV_FLUSH_NONE);
	pv_space_activate(&space);
	pv_space_switch(&space);
	pv_cpu_set_kernel_stack(task_stack + STACK_BYTES);
	task_context = cpu_context_prepare(task_stack + STACK_BYTES, enter_user, NULL);
	cpu_context_switch(&main_context, task_context);
	say("minimal: user mode answered %llu", (unsigned long long)user_answer);
	pv_space_retire(&space);
	pv_space_destroy(&space);
}

static void tick(void)
{
	ticked = true;
}

static void wait_for_tick(void)
{
	uint64_t start = pv_time_monotonic_ns();

	pv_timer_set_handler(tick);
	pv_timer_set(start + 10000000);
	pv_irq_disable();
	while (!ticked) {
		pv_irq_wait();
		pv_irq_disable();
	}
	say("minimal: a timer tick came, %s",
	    pv_time_monotonic_ns() - start >= 10000000 ? "not early" : "EARLY");
}

void host_main(void)
{
	struct xen_counters sum;

	host_memory_init();
	host_handlers.system_call = system_call;
	say_machine();
	say_cpu();
	run_user();
	wait_for_tick();
	pv_counters(&sum);
	say("minimal: %llu entries into Xen; done", (unsigned long long)xen_counters_entries(&sum));
	pv_cpu_reboot();
}
