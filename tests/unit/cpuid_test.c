/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/cpuid.c xen/p2m.c */
/*
 * The CPUID filter: what it hides, bit by bit, and that it hides nothing else and invents nothing.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include <port/cpu.h>

#include "xen/cpuid.h"

enum reg { EAX, EBX, ECX, EDX };

/* Numbers and names as in the processors' manuals. */
static const struct hidden {
	uint32_t leaf;
	enum reg reg;
	unsigned int bit;
	const char *name;
} hidden[] = {
    {1, EDX, 1, "VME"},
    {1, EDX, 3, "PSE"},
    {1, EDX, 7, "MCE"},
    {1, EDX, 9, "APIC"},
    {1, EDX, 11, "SEP"},
    {1, EDX, 12, "MTRR"},
    {1, EDX, 13, "PGE"},
    {1, EDX, 14, "MCA"},
    {1, EDX, 17, "PSE36"},
    {1, EDX, 21, "DS"},
    {1, EDX, 22, "ACPI"},
    {1, EDX, 29, "TM"},
    {1, EDX, 31, "PBE"},
    {1, ECX, 2, "DTES64"},
    {1, ECX, 3, "MONITOR"},
    {1, ECX, 4, "DS-CPL"},
    {1, ECX, 5, "VMX"},
    {1, ECX, 6, "SMX"},
    {1, ECX, 7, "EIST"},
    {1, ECX, 8, "TM2"},
    {1, ECX, 15, "PDCM"},
    {1, ECX, 17, "PCID"},
    {1, ECX, 18, "DCA"},
    {1, ECX, 21, "x2APIC"},
    {1, ECX, 24, "TSC-deadline"},
    {7, EBX, 7, "SMEP"},
    {7, EBX, 10, "INVPCID"},
    {7, EBX, 20, "SMAP"},
    {7, ECX, 2, "UMIP"},
    {7, ECX, 3, "PKU"},
    {7, ECX, 4, "OSPKE"},
    {7, ECX, 16, "LA57"},
    {0x80000001, ECX, 2, "SVM"},
    {0x80000001, ECX, 3, "ExtApicSpace"},
    {0x80000001, ECX, 9, "OSVW"},
    {0x80000001, ECX, 10, "IBS"},
    {0x80000001, ECX, 12, "SKINIT"},
    {0x80000001, EDX, 1, "VME"},
    {0x80000001, EDX, 3, "PSE"},
    {0x80000001, EDX, 7, "MCE"},
    {0x80000001, EDX, 9, "APIC"},
    {0x80000001, EDX, 12, "MTRR"},
    {0x80000001, EDX, 13, "PGE"},
    {0x80000001, EDX, 14, "MCA"},
    {0x80000001, EDX, 17, "PSE36"},
    {0x80000001, EDX, 26, "1 GB pages"},
};
#define HIDDEN_COUNT (sizeof(hidden) / sizeof(hidden[0]))

/* Leaves about the machine, not about our vcpus: nothing of them is shown. */
static const uint32_t empty_leaves[] = {5, 6, 0xa, 0xb};

static uint32_t reg_of(struct cpuid_regs regs, enum reg reg)
{
	return reg == EAX ? regs.eax : reg == EBX ? regs.ebx : reg == ECX ? regs.ecx : regs.edx;
}

static const struct cpuid_regs all_ones = {~0u, ~0u, ~0u, ~0u};

static void test_each_bit_is_hidden(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HIDDEN_COUNT; i++) {
		struct cpuid_regs out = cpuid_filter(hidden[i].leaf, 0, all_ones);

		if (reg_of(out, hidden[i].reg) & 1u << hidden[i].bit)
			fail_msg("%s is shown", hidden[i].name);
	}
}

static bool leaf_is_empty(uint32_t leaf)
{
	for (unsigned int i = 0; i < 4; i++)
		if (empty_leaves[i] == leaf)
			return true;
	return false;
}

/* What of an answer of ones is shown, by the table above. */
static uint32_t shown(uint32_t leaf, enum reg reg)
{
	uint32_t mask = leaf_is_empty(leaf) ? 0 : ~0u;

	for (unsigned int i = 0; i < HIDDEN_COUNT; i++)
		if (hidden[i].leaf == leaf && hidden[i].reg == reg)
			mask &= ~(1u << hidden[i].bit);
	return mask;
}

static void test_nothing_else_is_hidden(void **state)
{
	(void)state;
	for (uint64_t leaf = 0; leaf < 0x80000020; leaf = leaf == 0x20         ? 0x40000000
	                                                  : leaf == 0x40000010 ? 0x80000000
	                                                                       : leaf + 1)
		for (enum reg reg = EAX; reg <= EDX; reg++)
			assert_int_equal(reg_of(cpuid_filter((uint32_t)leaf, 0, all_ones), reg),
			                 shown((uint32_t)leaf, reg));
}

/* For any question and answer: a bit that is clear stays clear, one that is shown is what the
 * machine said, and the filter of what is filtered changes nothing. */
static void test_no_bit_is_ever_set(void **state)
{
	static const uint32_t leaves[] = {0,   1,   2,   4,          5,          6,         7,
	                                  0xa, 0xb, 0xd, 0x80000000, 0x80000001, 0x80000008};

	(void)state;
	fake_random_seed(1);
	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t a = fake_random(), b = fake_random(), pick = fake_random();
		struct cpuid_regs raw = {(uint32_t)a, (uint32_t)(a >> 32), (uint32_t)b,
		                         (uint32_t)(b >> 32)};
		uint32_t leaf = pick % 4 ? leaves[pick / 4 % 13] : (uint32_t)(pick >> 32);
		struct cpuid_regs out = cpuid_filter(leaf, (uint32_t)(pick >> 8) % 4, raw);
		struct cpuid_regs again = cpuid_filter(leaf, 0, out);

		for (enum reg reg = EAX; reg <= EDX; reg++) {
			assert_int_equal(reg_of(out, reg) & ~reg_of(raw, reg), 0);
			assert_int_equal(reg_of(out, reg), reg_of(raw, reg) & shown(leaf, reg));
		}
		assert_memory_equal(&again, &out, sizeof(out));
	}
}

static struct {
	uint32_t leaf, subleaf;
} asked;

struct port_cpuid port_cpuid(uint32_t leaf, uint32_t subleaf)
{
	asked.leaf = leaf;
	asked.subleaf = subleaf;
	return (struct port_cpuid){0x11111111, 0x22222222, ~0u, ~0u};
}

static void test_the_machine_is_asked(void **state)
{
	(void)state;
	struct cpuid_regs out = xen_cpuid(7, 3);

	assert_int_equal(asked.leaf, 7);
	assert_int_equal(asked.subleaf, 3);
	assert_int_equal(out.eax, 0x11111111);
	assert_int_equal(out.ebx, 0x22222222 & shown(7, EBX));
	assert_int_equal(out.ecx, shown(7, ECX));
	assert_int_equal(out.edx, ~0u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_bit_is_hidden),
	    cmocka_unit_test(test_nothing_else_is_hidden),
	    cmocka_unit_test(test_no_bit_is_ever_set),
	    cmocka_unit_test(test_the_machine_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
