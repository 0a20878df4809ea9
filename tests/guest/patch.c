/* SPDX-License-Identifier: MIT */
/*
 * Sites that were patched at boot (M20): what is there now, byte by byte, that the text can be
 * written nowhere, and that the code does what it should and leaves the registers alone.
 */
#include "tests/guest/test.h"

#include "arch/x86/boot_layout.h"
#include "arch/x86/irq_code.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/irq.h"
#include "xen/direct_map.h"
#include "xen/evtchn.h"
#include "xen/vcpu_info.h"

/* From patch_sites.S: a site that crosses a page; calls of the operations with known registers. */
void test_crossing_disable(void);
unsigned long test_registers_around(void (*operation)(void), unsigned long arg);

static const struct irq_code *codes(void)
{
	return vcpu_info_placed ? irq_code_direct : irq_code_indirect;
}

/* The length of the instruction without effect at `at`; 0 for any other. */
static size_t nop_length(const uint8_t *at)
{
	size_t prefixes = 0;

	while (at[prefixes] == 0x66)
		prefixes++;
	if (at[prefixes] == 0x90)
		return prefixes + 1;
	if (at[prefixes] != 0x0f || at[prefixes + 1] != 0x1f)
		return 0;
	switch (at[prefixes + 2]) { /* how the address is written */
	case 0x00:
		return prefixes + 3;
	case 0x40:
		return prefixes + 4;
	case 0x44:
		return prefixes + 5;
	case 0x80:
		return prefixes + 7;
	case 0x84:
		return prefixes + 8;
	default:
		return 0;
	}
}

static void check_site(const struct patch_record *record)
{
	const uint8_t *at = (const uint8_t *)(uintptr_t)record->address;
	const uint8_t *end = at + record->bytes;
	const struct irq_code *code = &codes()[record->op];
	size_t bytes = (size_t)(code->end - code->start);

	CHECK(bytes > 0 && bytes <= record->bytes);
	CHECK_EQUAL(memcmp(at, code->start, bytes), 0);
	for (at += bytes; at < end;) {
		size_t len = nop_length(at);

		CHECK(len > 0);
		at += len > 0 ? len : 1;
	}
	CHECK(at == end);
}

static void sites(void)
{
	const struct patch_counts *counts = pv_patch_counts();
	bool crossing = false;

	CHECK_EQUAL(counts->sites, patch_records_end - patch_records_start);
	CHECK_EQUAL(counts->inlined, counts->sites);
	CHECK_EQUAL(counts->called + counts->left, 0);
	for (const struct patch_record *record = patch_records_start; record < patch_records_end;
	     record++) {
		check_site(record);
		crossing |= record->address / PAGE_BYTES !=
		            (record->address + record->bytes - 1) / PAGE_BYTES;
	}
	CHECK(crossing);
}

/* Neither where it runs nor in the direct map. */
static void text_is_read_only(void)
{
	for (const struct patch_record *record = patch_records_start; record < patch_records_end;
	     record++) {
		uintptr_t at = (uintptr_t)record->address & ~7ul;
		char *alias = xen_pfn_to_virt(boot_virt_to_pfn((void *)at));

		CHECK(!try_store((void *)at, 0));
		CHECK(!try_store(alias + (at & (PAGE_BYTES - 1)), 0));
	}
}

static unsigned int handled;

static void on_event(void *arg)
{
	(void)arg;
	handled++;
}

/* The functions and the sites, in both forms: the indirect one is right at all times. */
static void forms(void)
{
	static bool (*const saves[])(void) = {irq_save_indirect, irq_save_direct};
	static void (*const restores[])(bool enabled) = {irq_restore_indirect, irq_restore_direct};
	static void (*const enables[])(void) = {irq_enable_indirect, irq_enable_direct};
	static void (*const disables[])(void) = {irq_disable_indirect, irq_disable_direct};
	port_t port;

	CHECK_EQUAL(evtchn_bind_ipi(this_cpu()->id, on_event, NULL, &port), 0);
	for (unsigned int form = 0; form <= (vcpu_info_placed ? 1 : 0); form++) {
		handled = 0;
		evtchn_send(port);
		CHECK_EQUAL(test_registers_around((void (*)(void))saves[form], 0), 0);
		CHECK_EQUAL(test_registers_around((void (*)(void))restores[form], 0), 0);
		CHECK_EQUAL(handled, 0);
		CHECK_EQUAL(test_registers_around(enables[form], 0), 0);
		CHECK_EQUAL(handled, 1);
		CHECK(pv_irq_enabled());
		CHECK_EQUAL(saves[form](), true);
		CHECK(!pv_irq_enabled());
		CHECK_EQUAL(saves[form](), false);
		evtchn_send(port);
		CHECK_EQUAL(test_registers_around((void (*)(void))restores[form], 1), 0);
		CHECK_EQUAL(handled, 2);
		CHECK(pv_irq_enabled());
		CHECK_EQUAL(test_registers_around(disables[form], 0), 0);
		CHECK(!pv_irq_enabled());
	}
	pv_irq_enable();
	test_crossing_disable();
	CHECK(!pv_irq_enabled());
	CHECK_EQUAL(evtchn_close(port), 0);
}

const struct guest_test patch_tests[] = {
    {"M20-sites", sites},
    {"M20-text-read-only", text_is_read_only},
    {"M20-forms", forms},
    {0},
};
