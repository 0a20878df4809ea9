/* SPDX-License-Identifier: MIT */
/* Decodes hypercalls, by Xen's public interface, see hypercall.h. */
#include "bench/plugin/hypercall.h"

#include <stddef.h>
#include <stdint.h>

#include "bench/plugin/cpu.h"

#define HYPERCALL_MMU_UPDATE 1
#define HYPERCALL_MULTICALL  13
#define HYPERCALL_MMUEXT_OP  26

/* What Xen sets in the count of a call that it preempted. */
#define COUNT_PREEMPTED 0x80000000ULL
/* No guest hands over more at once; a longer array would be a misread register. */
#define ARRAY_LEN_MAX 4096

struct mmuext_command {
	uint32_t number, unused;
	uint64_t arg[2];
};

struct multicall_entry {
	uint64_t number, result;
	uint64_t arg[6];
};

static void count_one(unsigned int cpu, uint64_t number, const uint64_t arg[2]);

static void count_mmuext(unsigned int cpu, uint64_t array, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++) {
		struct mmuext_command command;

		if (!cpu_read_memory(cpu, array + i * sizeof(command), &command, sizeof(command)))
			return;
		counts_now.value[COUNT_MMUEXT + command.number % MMUEXT_MAX]++;
	}
}

static void count_multicall(unsigned int cpu, uint64_t array, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++) {
		struct multicall_entry entry;

		if (!cpu_read_memory(cpu, array + i * sizeof(entry), &entry, sizeof(entry)))
			return;
		if (entry.number != HYPERCALL_MULTICALL)
			count_one(cpu, entry.number, entry.arg);
	}
}

static void count_one(unsigned int cpu, uint64_t number, const uint64_t arg[2])
{
	uint64_t len = arg[1] & ~COUNT_PREEMPTED;

	counts_now.value[COUNT_KIND + number % HYPERCALL_MAX]++;
	if (number == HYPERCALL_MMU_UPDATE)
		counts_now.value[COUNT_MMU_REQUEST] += len;
	if (len > ARRAY_LEN_MAX)
		return;
	if (number == HYPERCALL_MMUEXT_OP)
		count_mmuext(cpu, arg[0], len);
	else if (number == HYPERCALL_MULTICALL)
		count_multicall(cpu, arg[0], len);
}

enum count_idx hypercall_count(unsigned int cpu, bool resumed)
{
	uint64_t number = cpu_read_reg(cpu, CPU_RAX) % HYPERCALL_MAX;
	uint64_t arg[2] = {cpu_read_reg(cpu, CPU_RDI), cpu_read_reg(cpu, CPU_RSI)};

	counts_now.value[COUNT_HYPERCALL]++;
	if (!resumed)
		count_one(cpu, number, arg);
	return (enum count_idx)number;
}
