/* SPDX-License-Identifier: MIT */
/*
 * The test kernel's main and what its tests share: see test.h.
 */
#include "tests/guest/test.h"

#include "arch/x86/context.h"
#include "arch/x86/segments.h"
#include "arch/x86/uaccess.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/cpu.h"
#include "pv/irq.h"
#include "pv/mmu.h"
#include "xen/table_pool.h"

#define STACK_BYTES 16384ul

static const char *running;
static bool failed;
static unsigned int failures;

void test_fail(const char *file, int line, const char *what, long long got)
{
	say("FAIL guest/%s: %s:%d: %s (%lld)", running, file, line, what, got);
	failed = true;
}

void expect_xen(const char *text)
{
	say("expect: %s", text);
}

bool try_store(void *address, uint64_t value)
{
	return uaccess_copy(address, &value, sizeof(value)) == 0;
}

uint64_t entries_so_far(void)
{
	struct xen_counters sum;

	pv_counters(&sum);
	return xen_counters_entries(&sum) - sum.hypercalls[__HYPERVISOR_iret];
}

pfn_t test_space(struct pt_space *space, bool active)
{
	pfn_t frame = host_table_alloc();

	CHECK_EQUAL(xen_space_init(space), 0);
	CHECK_EQUAL(xen_pte_prepare(space, VADDR(TEST_ADDRESS)), 0);
	xen_pte_set(space, VADDR(TEST_ADDRESS),
	            pv_pte_make(frame, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX),
	            XEN_FLUSH_NONE);
	if (active) {
		xen_space_activate(space);
		xen_space_switch(space);
	}
	return frame;
}

void test_space_end(struct pt_space *space)
{
	pfn_t frame = pv_pte_pfn(xen_pte_read(space, VADDR(TEST_ADDRESS)));

	xen_space_retire(space);
	xen_space_destroy(space);
	if (!pfn_is_none(frame))
		host_table_free(frame);
}

/* User mode. */

static _Alignas(16) char user_stack[STACK_BYTES];
static uintptr_t main_context, user_context;
static struct cpu_frame user_result;

static bool (*first_call)(struct cpu_frame *frame);

static void leave_user(struct cpu_frame *frame)
{
	user_result = *frame;
	cpu_context_switch(&user_context, main_context);
}

static bool leave_user_by_call(struct cpu_frame *frame)
{
	bool (*handler)(struct cpu_frame *) = first_call;

	first_call = NULL;
	if (handler)
		return handler(frame);
	leave_user(frame);
	return true;
}

static bool leave_user_by_trap(struct cpu_frame *frame)
{
	if (!frame_from_user(frame))
		return false;
	leave_user(frame);
	return true;
}

static void enter_user(void *arg)
{
	(void)arg;
	cpu_frame_init_user(cpu_stack_frame(user_stack + STACK_BYTES), TEST_ADDRESS,
	                    TEST_ADDRESS + PAGE_BYTES);
}

struct cpu_frame run_user_code(const void *code, size_t bytes)
{
	struct pt_space space;
	pfn_t frame = test_space(&space, false);

	memcpy(pv_pfn_to_virt(frame), code, bytes);
	xen_pte_set(&space, VADDR(TEST_ADDRESS), pv_pte_make(frame, PTE_PRESENT | PTE_USER),
	            XEN_FLUSH_NONE);
	xen_space_activate(&space);
	xen_space_switch(&space);
	host_handlers.system_call = leave_user_by_call;
	host_handlers.trap = leave_user_by_trap;
	pv_cpu_set_kernel_stack(user_stack + STACK_BYTES);
	user_context = cpu_context_prepare(user_stack + STACK_BYTES, enter_user, NULL);
	cpu_context_switch(&main_context, user_context);
	host_handlers.system_call = NULL;
	host_handlers.trap = NULL;
	test_space_end(&space);
	return user_result;
}

struct cpu_frame run_user_code_on(const void *code, size_t bytes,
                                  bool (*handler)(struct cpu_frame *frame))
{
	first_call = handler;
	return run_user_code(code, bytes);
}

static void run(const struct guest_test *test)
{
	for (; test->name; test++) {
		unsigned long frames = host_frames_used();

		running = test->name;
		failed = false;
		say("begin %s", running);
		test->run();
		/* Whatever a test does, it leaves nothing behind. */
		xen_tables_reclaim();
		CHECK_EQUAL(host_frames_used(), frames);
		CHECK(this_cpu()->space_asked == NULL && this_cpu()->space_actual == NULL);
		CHECK_EQUAL(this_cpu()->mc.open_depth, 0);
		CHECK(!pv_irq_enabled());
		if (failed)
			failures++;
		else
			say("ok guest/%s", running);
		say("end");
	}
}

void host_main(void)
{
	host_memory_init();
	/* The one table that all kernel mappings of a test go through stays; made now, it is in
	 * no test's balance. */
	CHECK_EQUAL(xen_pte_prepare(&xen_kernel_space, VADDR(XEN_DEVICE_BASE)), 0);
	smp_first_time();
	run(memory_tests);
	run(table_tests);
	run(share_tests);
	run(batch_tests);
	run(apart_tests);
	run(cpu_tests);
	run(event_tests);
	run(nmi_tests);
	run(smp_tests);
	run(patch_tests);
	say("finished, %u failed", failures);
	pv_cpu_reboot();
}
