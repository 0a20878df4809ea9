/* SPDX-License-Identifier: MIT */
/*
 * The processor: traps from user mode, isolation, descriptors, bases, CPUID, FPU, returns (M15,
 * M17, M18).
 */
#include "tests/guest/inside_return.h"
#include "tests/guest/test.h"

#include <port/cpu.h>

#include "arch/x86/entry_points.h"
#include "arch/x86/uaccess.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/cpu.h"
#include "pv/irq.h"
#include "pv/mmu.h"
#include "pv/time.h"
#include "xen/evtchn.h"
#include "xen/segments.h"

/* user_code.S: int3 with `rbx` in rbx and *rax in rax, which comes back; returns *count as it
 * was at the next instruction. */
uint64_t breakpoint_with(uint64_t rbx, uint64_t *rax, const unsigned int *count);

#define RFLAGS_IF 0x200u

#define USER_CODE(name)                                                                       \
	extern const char user_##name[], user_##name##_end[];                                 \
	static struct cpu_frame run_##name(void)                                              \
	{                                                                                     \
		return run_user_code(user_##name, (size_t)(user_##name##_end - user_##name)); \
	}

USER_CODE(regs)
USER_CODE(read_kernel)
USER_CODE(read_direct_map)
USER_CODE(write_text)
USER_CODE(int80)
USER_CODE(breakpoint)
USER_CODE(undefined)
USER_CODE(divide)
USER_CODE(privileged)
USER_CODE(flag)

static void system_call_registers(void)
{
	struct cpu_frame frame = run_regs();

	CHECK_EQUAL(frame.vector, FRAME_SYSCALL);
	CHECK_EQUAL(frame.error_code, 0x1111);
	CHECK_EQUAL(frame.rbx, 0x2222);
	CHECK_EQUAL(frame.rdx, 0x3333);
	CHECK_EQUAL(frame.rbp, 0x4444);
	CHECK_EQUAL(frame.r8, 0x5555);
	CHECK_EQUAL(frame.r15, 0x6666);
	CHECK_EQUAL(frame.rip, TEST_ADDRESS + (uintptr_t)(user_regs_end - user_regs));
	CHECK_EQUAL(frame.rsp, TEST_ADDRESS + PAGE_BYTES);
	CHECK(frame_from_user(&frame) && (frame.rflags & 0x200));
}

/* Both ways back from a system call: what user mode finds in its registers. */
extern const char user_two_calls[], user_two_calls_between[], user_two_calls_end[];

static struct cpu_frame first_frame;

static bool answer_only(struct cpu_frame *frame)
{
	first_frame = *frame;
	frame->rax = 0x2222;
	return false;
}

static bool answer_with_registers(struct cpu_frame *frame)
{
	answer_only(frame);
	frame->rbx = 0x301;
	frame->rbp = 0x302;
	frame->r12 = 0x303;
	frame->r15 = 0x304;
	frame->rdi = 0x307;
	return true;
}

static void check_argument_registers(const struct cpu_frame *frame)
{
	for (unsigned int i = 1; i < 6; i++)
		CHECK_EQUAL(frame->call_arg[i], 0x201 + i);
	CHECK_EQUAL(frame->r13, 0x104);
	CHECK_EQUAL(frame->r14, 0x105);
	CHECK(frame->rflags & 0x400); /* its direction flag is its own */
}

static void system_call_returns(void)
{
	size_t bytes = (size_t)(user_two_calls_end - user_two_calls);
	uintptr_t between = TEST_ADDRESS + (uintptr_t)(user_two_calls_between - user_two_calls);
	struct cpu_frame frame = run_user_code_on(user_two_calls, bytes, answer_only);

	CHECK_EQUAL(first_frame.error_code, 0x1111);
	CHECK_EQUAL(first_frame.rip, between);
	CHECK_EQUAL(first_frame.rcx, between);
	CHECK_EQUAL(first_frame.r11, first_frame.rflags);
	check_argument_registers(&first_frame);
	check_argument_registers(&frame);
	CHECK_EQUAL(frame.error_code, 0x2222);
	CHECK_EQUAL(frame.rdi, 0x201);
	CHECK_EQUAL(frame.rbx, 0x101);
	CHECK_EQUAL(frame.rbp, 0x102);
	CHECK_EQUAL(frame.r12, 0x103);
	CHECK_EQUAL(frame.r15, 0x106);
	CHECK_EQUAL(frame.rsp, TEST_ADDRESS + PAGE_BYTES);
	frame = run_user_code_on(user_two_calls, bytes, answer_with_registers);
	check_argument_registers(&frame);
	CHECK_EQUAL(frame.error_code, 0x2222);
	CHECK_EQUAL(frame.rbx, 0x301);
	CHECK_EQUAL(frame.rbp, 0x302);
	CHECK_EQUAL(frame.r12, 0x303);
	CHECK_EQUAL(frame.r15, 0x304);
	CHECK_EQUAL(frame.rdi, 0x307);
}

/* User mode reads neither the kernel's image nor any memory through the direct map, and cannot
 * write what is read-only. */
static void isolation(void)
{
	CHECK_EQUAL(run_read_kernel().vector, TRAP_PAGE_FAULT);
	CHECK_EQUAL(run_read_direct_map().vector, TRAP_PAGE_FAULT);
	struct cpu_frame frame = run_write_text();

	CHECK_EQUAL(frame.vector, TRAP_PAGE_FAULT);
	CHECK_EQUAL(frame.error_code & (PF_WRITE | PF_USER | PF_PRESENT),
	            PF_WRITE | PF_USER | PF_PRESENT);
}

static void traps(void)
{
	struct cpu_frame frame = run_int80();

	CHECK_EQUAL(frame.vector, TRAP_INT80);
	CHECK_EQUAL(frame.rax, 0x77);
	CHECK_EQUAL(run_breakpoint().vector, TRAP_BREAKPOINT);
	CHECK_EQUAL(run_undefined().vector, TRAP_INVALID_OPCODE);
	CHECK_EQUAL(run_divide().vector, TRAP_DIVIDE_ERROR);
	CHECK_EQUAL(run_privileged().vector, TRAP_GENERAL_PROTECTION);
	CHECK_EQUAL(run_flag().vector, TRAP_GENERAL_PROTECTION);
}

static uint64_t code_descriptor(void)
{
	return 0x00affb000000ffffull; /* flat 64-bit code, privilege 3 */
}

/* A GDT's frames are read-only before it is loaded; its entries change by request. */
static void descriptor_table(void)
{
	pfn_t gdt = host_table_alloc();
	uint64_t *words = pv_pfn_to_virt(gdt);
	vaddr_t va = VADDR(words);

	words[2] = code_descriptor();
	expect_xen("Bad type");
	expect_xen("Could not get page type");
	expect_xen("Error getting mfn");
	CHECK(segments_load_gdt(&gdt, 512) != 0); /* still writable */
	CHECK_EQUAL(xen_update_va(va, pv_pte_make(gdt, PTE_PRESENT | PTE_NX), UVMF_INVLPG), 0);
	CHECK_EQUAL(segments_load_gdt(&gdt, 512), 0);
	CHECK_EQUAL(segments_update_descriptor(gdt, 3, code_descriptor()), 0);
	CHECK_EQUAL(words[3], code_descriptor());
	/* Privilege 0 is made 3 or refused, never granted: a system descriptor (here a TSS) is
	 * refused. */
	CHECK(segments_update_descriptor(gdt, 4, 0x0000890000000067ull) != 0);
	CHECK_EQUAL(words[4], 0);
	CHECK(xen_update_va(va, pv_pte_make(gdt, PTE_PRESENT | PTE_WRITE | PTE_NX), UVMF_INVLPG) !=
	      0);
	CHECK_EQUAL(segments_load_gdt(&this_cpu()->gdt, SEGMENTS_GDT_ENTRIES), 0);
	CHECK_EQUAL(
	    xen_update_va(va, pv_pte_make(gdt, PTE_PRESENT | PTE_WRITE | PTE_NX), UVMF_INVLPG), 0);
	host_table_free(gdt);
}

static void local_table(void)
{
	pfn_t ldt = host_table_alloc();
	vaddr_t va = VADDR(pv_pfn_to_virt(ldt));

	CHECK_EQUAL(xen_update_va(va, pv_pte_make(ldt, PTE_PRESENT | PTE_NX), UVMF_INVLPG), 0);
	segments_load_ldt(pv_pfn_to_virt(ldt), 512); /* a refusal would be a panic */
	CHECK_EQUAL(segments_update_descriptor(ldt, 0, code_descriptor()), 0);
	segments_load_ldt(NULL, 0);
	CHECK_EQUAL(
	    xen_update_va(va, pv_pte_make(ldt, PTE_PRESENT | PTE_WRITE | PTE_NX), UVMF_INVLPG), 0);
	host_table_free(ldt);
}

static void segment_bases(void)
{
	uint64_t before;

	segments_set_user_fs_base(0x7000);
	CHECK_EQUAL(segments_user_fs_base(), 0x7000);
	segments_set_user_gs_base(0x9000);
	before = entries_so_far();
	segments_set_user_gs_base(0x9000); /* nothing differs */
	CHECK_EQUAL(entries_so_far(), before);
	segments_set_user_gs_base(0);
	segments_set_user_fs_base(0);
	CHECK(this_cpu()->self == this_cpu()); /* the kernel's own base is as it was */
}

static void cpuid_hides(void)
{
	struct pv_cpuid one = pv_cpuid(1, 0), ten = pv_cpuid(10, 0);

	CHECK_EQUAL(one.edx & (1u << 9 | 1u << 12 | 1u << 22), 0); /* APIC, MTRR, ACPI */
	CHECK_EQUAL(one.ecx & (1u << 3 | 1u << 5 | 1u << 21), 0);  /* MWAIT, VMX, x2APIC */
	CHECK(one.edx & (1u << 25));                               /* SSE is not hidden */
	CHECK_EQUAL(ten.eax, 0);
}

static void extended_state(void)
{
	static _Alignas(64) char area[4096], again[4096];

	CHECK(pv_fpu_area_bytes() >= 512 && pv_fpu_area_bytes() <= sizeof(area));
	CHECK(pv_fpu_features() == 0 || (pv_fpu_features() & 3) == 3);
	pv_fpu_init_area(area);
	memset(area + 160, 0x5a, 256); /* xmm0 … xmm15 */
	if (pv_fpu_features() != 0)
		area[512] = 3; /* x87 and SSE are there */
	pv_fpu_restore(area);
	pv_fpu_save(again);
	CHECK_EQUAL(memcmp(area + 160, again + 160, 256), 0);
	pv_fpu_reset();
	pv_fpu_init_area(area);
	pv_fpu_save_user(again);
	CHECK_EQUAL(memcmp(area, again, 2), 0);             /* control word */
	CHECK_EQUAL(memcmp(area + 24, again + 24, 4), 0);   /* MXCSR */
	CHECK_EQUAL(memcmp(area + 32, again + 32, 384), 0); /* st0 … xmm15 */
	/* A header that no CPU writes, but user mode could. */
	if (pv_fpu_features() == 0)
		return;
	area[512 + 16] = 1;
	CHECK(!pv_fpu_restore_user(area));
	area[512 + 16] = 0;
	CHECK(pv_fpu_restore_user(area));
}

static void ports_and_registers(void)
{
	CHECK_EQUAL(pv_cpu_ops.port_io_enable(), 0);
	port_out32(0xcf8, 0x80000000u); /* the host bridge's identity */
	CHECK_EQUAL(port_in32(0xcfc) & 0xffff, 0x8086);
	CHECK_EQUAL(xen_call2(__HYPERVISOR_set_debugreg, 0, 0x1000), 0);
	CHECK_EQUAL(xen_call1(__HYPERVISOR_get_debugreg, 0), 0x1000);
	CHECK_EQUAL(xen_call2(__HYPERVISOR_set_debugreg, 0, 0), 0);
}

/* Returns to the kernel with events coming at any instruction of the way: registers are intact,
 * nothing is lost, the stack does not grow. Each faulting access is such a return. */
static volatile unsigned int ticks;
static uintptr_t deepest;

static void tick(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	ticks++;
	if (here < deepest)
		deepest = here;
}

static void returns_under_events(void)
{
	unsigned int fired = 0, wrong = 0;
	uint64_t value;

	ticks = 0;
	deepest = UINTPTR_MAX;
	pv_timer_set_handler(tick);
	for (unsigned int i = 0; i < 3000; i++) {
		pv_timer_set(pv_time_monotonic_ns() + 1000 + i % 97 * 211);
		fired++;
		pv_irq_enable();
		for (unsigned int spin = 0; ticks < fired && spin < 100000; spin++)
			wrong += uaccess_copy(&value, (void *)8, sizeof(value)) != sizeof(value);
		pv_irq_disable();
		if (ticks != fired)
			break;
	}
	pv_timer_set_handler(NULL);
	CHECK_EQUAL(ticks, fired);
	CHECK_EQUAL(fired, 3000);
	CHECK_EQUAL(wrong, 0);
	CHECK((uintptr_t)__builtin_frame_address(0) - deepest < 2048);
}

/* An event that becomes pending while a trap of the kernel's own is handled, events masked, is
 * taken on the way back, before the interrupted code goes on; its registers are its own. */
static port_t own_port;
static unsigned int own_events;

static void on_own_event(void *arg)
{
	(void)arg;
	CHECK(!pv_irq_enabled());
	own_events++;
}

static bool send_in_trap(struct cpu_frame *frame)
{
	if (frame->vector != TRAP_BREAKPOINT)
		return false;
	evtchn_send(own_port);
	CHECK_EQUAL(own_events, frame->rbx); /* masked: not yet */
	return true;
}

static void return_finds_pending(void)
{
	own_events = 0;
	host_handlers.trap = send_in_trap;
	CHECK_EQUAL(evtchn_bind_ipi(this_cpu()->id, on_own_event, NULL, &own_port), 0);
	pv_irq_enable();
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t a = i * 3, seen = breakpoint_with(i, &a, &own_events);

		if (seen != i + 1 || a != i * 3) {
			CHECK_EQUAL(seen, i + 1);
			CHECK_EQUAL(a, i * 3);
			break;
		}
	}
	pv_irq_disable();
	host_handlers.trap = NULL;
	CHECK_EQUAL(evtchn_close(own_port), 0);
}

void (*entry_inside)(void);
uint64_t entry_inside_flags;

void check_inside_results(const uint64_t result[INSIDE_RESULTS])
{
	for (unsigned int i = 0; i + 1 < INSIDE_RESULTS; i++)
		CHECK_EQUAL(result[i], 0x1100 + i);
	CHECK_EQUAL(result[INSIDE_RESULTS - 1], 0);
}

static uintptr_t handler_stack;

static void note_stack(void *arg)
{
	handler_stack = (uintptr_t)__builtin_frame_address(0);
	on_own_event(arg);
}

static void upcall_once(const char *rip)
{
	uint64_t result[INSIDE_RESULTS] = {0};

	own_events = 0;
	pv_irq_disable();
	evtchn_send(own_port);
	entry_inside = entry_upcall;
	entry_inside_flags = RFLAGS_IF;
	enter_inside_return((uintptr_t)rip, rip != critical_iret, result, this_cpu()->vcpu_info);
	CHECK(pv_irq_enabled());
	pv_irq_disable();
	CHECK_EQUAL(own_events, 1);
	check_inside_results(result);
}

/* An event inside the last instructions of a return to the kernel is taken in the name of the frame
 * that is returned to: its registers are its own, and no frame comes on top of it. */
static void upcall_inside_a_return(void)
{
	uintptr_t ordinary;

	CHECK_EQUAL(evtchn_bind_ipi(this_cpu()->id, note_stack, NULL, &own_port), 0);
	upcall_once(rest_of_return);
	ordinary = handler_stack;
	for (const char *rip = critical_start; rip < critical_end; rip++) {
		upcall_once(rip);
		CHECK(handler_stack >= ordinary + 5 * sizeof(uintptr_t)); /* a frame less */
	}
	CHECK_EQUAL(evtchn_close(own_port), 0);
}

const struct guest_test cpu_tests[] = {
    {"M15-system-call-registers", system_call_registers},
    {"M15-system-call-returns", system_call_returns},
    {"N11-user-reads-no-kernel", isolation},
    {"M15-M17-traps", traps},
    {"M15-gdt", descriptor_table},
    {"M15-ldt", local_table},
    {"M15-segment-bases", segment_bases},
    {"M15-cpuid", cpuid_hides},
    {"M15-fpu", extended_state},
    {"M15-ports-debug-registers", ports_and_registers},
    {"M18-returns-under-events", returns_under_events},
    {"M18-return-finds-pending", return_finds_pending},
    {"M18-upcall-inside-a-return", upcall_inside_a_return},
    {NULL, NULL},
};
