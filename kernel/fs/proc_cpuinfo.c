/* SPDX-License-Identifier: MIT */
/*
 * /proc/cpuinfo: what CPUID says, in Linux's words.
 */
#include "kernel/fs/procfs.h"
#include "pv/cpu.h"
#include "pv/smp.h"

/* The CPU's name as CPUID gives it, without the blanks around it. */
static void cpu_model_name(char name[49])
{
	uint32_t words[12] = {0};
	size_t from = 0, len;

	if (pv_cpuid(0x80000000u, 0).eax >= 0x80000004u) {
		for (size_t i = 0; i < 3; i++) {
			struct pv_cpuid id = pv_cpuid(0x80000002u + (uint32_t)i, 0);

			words[i * 4] = id.eax;
			words[i * 4 + 1] = id.ebx;
			words[i * 4 + 2] = id.ecx;
			words[i * 4 + 3] = id.edx;
		}
	}
	memcpy(name, words, sizeof(words));
	name[48] = 0;
	while (name[from] == ' ')
		from++;
	len = strlen(name + from);
	memmove(name, name + from, len + 1);
	while (len > 0 && name[len - 1] == ' ')
		name[--len] = 0;
}

/* Names of feature bits, as Linux calls them, by CPUID register. */
struct cpu_feature {
	uint8_t word; /* of feature_words() */
	uint8_t bit;
	const char *name;
};

static const struct cpu_feature cpu_features[] = {
    {0, 0, "fpu"},       {0, 4, "tsc"},         {0, 5, "msr"},      {0, 6, "pae"},
    {0, 8, "cx8"},       {0, 15, "cmov"},       {0, 19, "clflush"}, {0, 23, "mmx"},
    {0, 24, "fxsr"},     {0, 25, "sse"},        {0, 26, "sse2"},    {3, 11, "syscall"},
    {3, 20, "nx"},       {3, 27, "rdtscp"},     {3, 29, "lm"},      {1, 0, "pni"},
    {1, 1, "pclmulqdq"}, {1, 9, "ssse3"},       {1, 12, "fma"},     {1, 13, "cx16"},
    {1, 19, "sse4_1"},   {1, 20, "sse4_2"},     {1, 22, "movbe"},   {1, 23, "popcnt"},
    {1, 25, "aes"},      {1, 26, "xsave"},      {1, 28, "avx"},     {1, 29, "f16c"},
    {1, 30, "rdrand"},   {1, 31, "hypervisor"}, {4, 0, "lahf_lm"},  {4, 5, "abm"},
    {2, 0, "fsgsbase"},  {2, 3, "bmi1"},        {2, 5, "avx2"},     {2, 8, "bmi2"},
    {2, 9, "erms"},      {2, 16, "avx512f"},    {2, 18, "rdseed"},  {2, 19, "adx"},
};

static void feature_words(uint32_t words[5])
{
	struct pv_cpuid base = pv_cpuid(1, 0), extended = pv_cpuid(0x80000001u, 0);

	words[0] = base.edx;
	words[1] = base.ecx;
	words[2] = pv_cpuid(0, 0).eax >= 7 ? pv_cpuid(7, 0).ebx : 0;
	words[3] = extended.edx;
	words[4] = extended.ecx;
}

static void show_cpu_flags(struct seq *seq)
{
	uint32_t words[5];

	feature_words(words);
	seq_printf(seq, "flags\t\t:");
	for (size_t i = 0; i < ARRAY_COUNT(cpu_features); i++) {
		if ((words[cpu_features[i].word] >> cpu_features[i].bit & 1) != 0)
			seq_printf(seq, " %s", cpu_features[i].name);
	}
	seq_printf(seq, "\n\n");
}

static void show_cpu(struct seq *seq, unsigned int cpu)
{
	struct pv_cpuid vendor = pv_cpuid(0, 0), version = pv_cpuid(1, 0);
	uint32_t family = (version.eax >> 8) & 15, model = (version.eax >> 4) & 15;
	char vendor_name[13], name[49];

	memcpy(vendor_name, &vendor.ebx, 4);
	memcpy(vendor_name + 4, &vendor.edx, 4);
	memcpy(vendor_name + 8, &vendor.ecx, 4);
	vendor_name[12] = 0;
	if (family == 6 || family == 15)
		model |= (version.eax >> 12) & 0xf0;
	if (family == 15)
		family += (version.eax >> 20) & 0xff;
	cpu_model_name(name);
	seq_printf(seq, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", cpu,
	           vendor_name, family, model);
	seq_printf(seq, "model name\t: %s\nstepping\t: %u\nphysical id\t: 0\nsiblings\t: %u\n",
	           name, version.eax & 15, pv_smp_cpu_count());
	seq_printf(seq, "core id\t\t: %u\ncpu cores\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\n",
	           cpu, pv_smp_cpu_count());
	seq_printf(seq, "wp\t\t: yes\n");
	show_cpu_flags(seq);
}

static void show_cpuinfo(struct seq *seq)
{
	for (unsigned long left = pv_smp_online_mask(); left; left &= left - 1)
		show_cpu(seq, (unsigned int)__builtin_ctzl(left));
}

int proc_cpuinfo_init(struct proc_entry *root)
{
	static const struct proc_tree_file file = {.path = "cpuinfo", .show = show_cpuinfo};

	return proc_tree_add_files(root, &file, 1);
}
