/* SPDX-License-Identifier: MIT */
/*
 * The smallest kernel on the guest layer: it says what it runs on, makes an address space, has Xen validate it, runs a few instructions in
 * user mode there, takes a timer tick, and shuts down. docs/porting.md walks through it.
 *
 * It is not a kernel to build on: one CPU, one task, no freeing of memory but for page tables.
 */
#include "arch/x86/context.h"
#include "arch/x86/frame.h"
#include "arch/x86/segments.h"
#include "arch/x86/uaccess.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/console.h"
#include "pv/cpu.h"
#include "pv/irq.h"
#include "pv/mmu.h"
#include "pv/time.h"
#include "xen/hooks.h"

#define USER_ADDRESS 0x400000ul
#define STACK_BYTES  16384ul

enum user_call { USER_REPORT = 1, USER_LEAVE = 2 };

extern const char user_code[];

static _Alignas(16) char task_stack[STACK_BYTES];
static uintptr_t main_context, task_context;
static uint64_t user_answer;
static volatile bool ticked;

/* Memory: frames are handed out in order; freed page tables are kept on a list through their first word. */
static struct pt_frame *frames;
static unsigned long next_frame;
static pfn_t free_tables = {~0ul};

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[160];
	va_list args;

	va_start(args, format);
	fmt_vprint(line, sizeof(line), format, args);
	va_end(args);
	pv_log_write("minimal: ", 9);
	pv_log_write(line, strlen(line));
	pv_log_write("\n", 1);
}

/* The hooks. */

struct pt_frame *host_frame(pfn_t pfn)
{
	return frames ? &frames[pfn.v] : NULL;
}

pfn_t host_table_alloc(void)
{
	pfn_t pfn = free_tables;

	if (!pfn_is_none(pfn))
		free_tables = *(pfn_t *)pv_pfn_to_virt(pfn);
	else if (next_frame < pv_boot_info()->frame_count)
		pfn = PFN(next_frame++);
	else
		return PFN_NONE;
	memset(pv_pfn_to_virt(pfn), 0, PAGE_BYTES);
	return pfn;
}

void host_table_free(pfn_t pfn)
{
	*(pfn_t *)pv_pfn_to_virt(pfn) = free_tables;
	free_tables = pfn;
}

uintptr_t host_fixup(uintptr_t rip)
{
	return uaccess_fixup(rip);
}

void host_log(const char *text)
{
	say("%s", text);
}

void host_panic(const char *text)
{
	say("panic: %s", text);
	pv_cpu_crash();
}

void host_syscall(struct cpu_frame *frame)
{
	switch ((enum user_call)frame->error_code) {
	case USER_REPORT:
		user_answer = frame->rdi;
		frame->rax = 0;
		return;
	case USER_LEAVE:
		cpu_context_switch(&task_context, main_context);
		break;
	}
	host_panic("user mode made an unknown call");
}

void host_trap(struct cpu_frame *frame)
{
	uintptr_t fixup = host_fixup(frame->rip);

	if (frame_from_user(frame) || fixup == 0) {
		say("exception %llu at %#llx", (unsigned long long)frame->vector, (unsigned long long)frame->rip);
		host_panic("an exception that this kernel does not handle");
	}
	frame->rip = fixup;
}

void host_return_to_user(struct cpu_frame *frame)
{
	(void)frame; /* no signals, no scheduler: nothing to do on the way */
}

/* The steps. */

static void memory_init(void)
{
	const struct xen_boot_info *boot = pv_boot_info();
	size_t bytes = boot->frame_count * sizeof(struct pt_frame);

	next_frame = boot->first_free.v + (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	memset(pv_pfn_to_virt(boot->first_free), 0, bytes);
	frames = pv_pfn_to_virt(boot->first_free);
	pv_memory_adopt();
	say("Xen %s, %lu MiB of memory, %lu KiB used", boot->xen_version, boot->frame_count >> 8, next_frame * 4);
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
	say("CPU %s, features %08x %08x, FPU area %u bytes", name, features.edx, features.ecx, pv_fpu_area_bytes());
}

static void enter_user(void *arg)
{
	struct cpu_frame *frame = cpu_stack_frame(task_stack + STACK_BYTES);

	(void)arg;
	cpu_frame_init_user(frame, USER_ADDRESS, USER_ADDRESS);
}

static void run_user(void)
{
	/* The code lies in the image; its frame is mapped a second time, for user mode, read-only. */
	pfn_t code = pv_image_pfn(user_code);
	struct pt_space space;

	if (pv_space_init(&space) != 0 || pv_pte_prepare(&space, VADDR(USER_ADDRESS)) != 0)
		host_panic("no memory for an address space");
	pv_pte_set(&space, VADDR(USER_ADDRESS), pv_pte_make(code, PTE_PRESENT | PTE_USER | PTE_ACCESSED), PV_FLUSH_NONE);
	pv_space_activate(&space);
	pv_space_switch(&space);
	pv_cpu_set_kernel_stack(task_stack + STACK_BYTES);
	task_context = cpu_context_prepare(task_stack + STACK_BYTES, enter_user, NULL);
	cpu_context_switch(&main_context, task_context);
	say("user mode answered %llu", (unsigned long long)user_answer);
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
	say("a timer tick came, %s", pv_time_monotonic_ns() - start >= 10000000 ? "not early" : "EARLY");
}

void host_main(void)
{
	struct xen_counters sum;

	memory_init();
	say_cpu();
	run_user();
	wait_for_tick();
	pv_counters(&sum);
	say("%llu entries into Xen; done", (unsigned long long)xen_counters_entries(&sum));
	pv_cpu_reboot();
}
