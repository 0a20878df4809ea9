/* SPDX-License-Identifier: MIT */
/* The processor's registers and memory, through functions of QEMU's, see cpu.h. */
#include "bench/plugin/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plugin/qemu.h"

uint64_t cpu_read_reg(unsigned int cpu, enum cpu_reg reg)
{
	static struct glib_bytes *bytes;
	uint64_t value = 0;

	if (bytes == NULL)
		bytes = g_byte_array_new();
	g_byte_array_set_size(bytes, 0);
	x86_cpu_gdb_read_register(qemu_get_cpu((int)cpu), bytes, (int)reg);
	memcpy(&value, bytes->data, bytes->len < sizeof(value) ? bytes->len : sizeof(value));
	return value;
}

bool cpu_read_memory(unsigned int cpu, uint64_t va, void *buffer, size_t bytes)
{
	return cpu_memory_rw_debug(qemu_get_cpu((int)cpu), va, buffer, bytes, false) == 0;
}

void cpu_read_string(unsigned int cpu, uint64_t va, char *buffer, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && cpu_read_memory(cpu, va + len, buffer + len, 1) &&
	       buffer[len] != '\0')
		len++;
	buffer[len] = '\0';
}

/* The register that holds the table's address is not among gdb's: QEMU's dump has it. */
static uint64_t table_address(unsigned int cpu)
{
	char *text = NULL, *line;
	size_t size = 0;
	uint64_t address = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return 0;
	cpu_dump_state(qemu_get_cpu((int)cpu), to, 0);
	fclose(to);
	line = strstr(text, "IDT=");
	if (line != NULL)
		address = strtoull(line + strlen("IDT="), NULL, 16);
	free(text);
	return address;
}

bool cpu_read_handlers(unsigned int cpu, uint64_t handlers[CPU_VECTORS])
{
	struct gate {
		uint16_t low, selector, kind, middle;
		uint32_t high, unused;
	} gates[CPU_VECTORS];

	if (!cpu_read_memory(cpu, table_address(cpu), gates, sizeof(gates)))
		return false;
	for (size_t i = 0; i < CPU_VECTORS; i++)
		handlers[i] =
		    (uint64_t)gates[i].high << 32 | (uint64_t)gates[i].middle << 16 | gates[i].low;
	return true;
}
