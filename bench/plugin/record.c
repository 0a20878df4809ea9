/* SPDX-License-Identifier: MIT */
/* What was counted between two marks, see record.h. */
#include "bench/plugin/record.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/mark.h"
#include "bench/plugin/counts.h"
#include "bench/plugin/cpu.h"
#include "bench/plugin/flow.h"

#define OPS_MAX    256
#define NAME_BYTES 40
#define PAGE_SIZE  4096
#define PAGE_SLOTS 65536 /* of profiled pages; a power of two */

struct op {
	char name[NAME_BYTES];
	uint64_t runs, least, most;
	struct counts sum;
};

/* The profile of a page of code, by byte; `from` is that at the operation's begin. */
struct page {
	uint64_t va;
	uint64_t now[PAGE_SIZE], from[PAGE_SIZE], sum[PAGE_SIZE];
};

static FILE *output;
static const char *profiled_name;
static struct page *pages[PAGE_SLOTS];

static struct op ops[OPS_MAX];
static unsigned int op_count;
static struct op *running;
static struct counts begin;

void record_open(const char *path, const char *profiled)
{
	output = fopen(path, "w");
	if (output == NULL) {
		perror(path);
		exit(1);
	}
	profiled_name = profiled == NULL ? NULL : strdup(profiled);
}

uint64_t *record_profile_counter(uint64_t va)
{
	uint64_t page_va = va & ~(uint64_t)(PAGE_SIZE - 1);
	uint64_t slot = (page_va / PAGE_SIZE * 0x9e3779b97f4a7c15ULL) >> 48;

	if (profiled_name == NULL)
		return NULL;
	while (pages[slot % PAGE_SLOTS] != NULL && pages[slot % PAGE_SLOTS]->va != page_va)
		slot++;
	if (pages[slot % PAGE_SLOTS] == NULL) {
		pages[slot % PAGE_SLOTS] = calloc(1, sizeof(struct page));
		if (pages[slot % PAGE_SLOTS] == NULL)
			abort();
		pages[slot % PAGE_SLOTS]->va = page_va;
	}
	return &pages[slot % PAGE_SLOTS]->now[va % PAGE_SIZE];
}

static bool is_profiled(const char *name)
{
	return profiled_name != NULL && strcmp(profiled_name, name) == 0;
}

static void begin_profile(void)
{
	for (unsigned int slot = 0; slot < PAGE_SLOTS; slot++) {
		if (pages[slot] != NULL)
			memcpy(pages[slot]->from, pages[slot]->now, sizeof(pages[slot]->from));
	}
}

static void end_profile(void)
{
	for (unsigned int slot = 0; slot < PAGE_SLOTS; slot++) {
		for (unsigned int i = 0; pages[slot] != NULL && i < PAGE_SIZE; i++)
			pages[slot]->sum[i] += pages[slot]->now[i] - pages[slot]->from[i];
	}
}

static struct op *find_op(const char *name)
{
	for (unsigned int i = 0; i < op_count; i++) {
		if (strcmp(ops[i].name, name) == 0)
			return &ops[i];
	}
	if (op_count == OPS_MAX) {
		fprintf(output, "problem more than %d operations\n", OPS_MAX);
		exit(1);
	}
	strcpy(ops[op_count].name, name);
	ops[op_count].least = UINT64_MAX;
	return &ops[op_count++];
}

static void begin_op(const char *name)
{
	running = find_op(name);
	if (is_profiled(name))
		begin_profile();
	begin = counts_now;
}

static void end_op(void)
{
	struct counts end = counts_now;
	uint64_t total = counts_total(&end) - counts_total(&begin);

	if (running == NULL) {
		fprintf(output, "problem an end without a begin\n");
		return;
	}
	counts_add_difference(&running->sum, &begin, &end);
	running->runs++;
	running->least = total < running->least ? total : running->least;
	running->most = total > running->most ? total : running->most;
	if (is_profiled(running->name))
		end_profile();
	running = NULL;
}

void record_mark(unsigned int cpu, void *unused)
{
	uint64_t kind = cpu_read_reg(cpu, CPU_RDI), value = cpu_read_reg(cpu, CPU_RDX);
	char name[NAME_BYTES];

	(void)unused;
	if (kind == MARK_END) {
		end_op();
		return;
	}
	cpu_read_string(cpu, cpu_read_reg(cpu, CPU_RSI), name, sizeof(name));
	if (kind == MARK_START)
		flow_learn_handlers(cpu);
	else if (kind == MARK_BEGIN)
		begin_op(name);
	else if (kind == MARK_VALUE)
		fprintf(output, "value %s %" PRIu64 "\n", name, value);
	else if (kind == MARK_DONE)
		record_close();
}

static void print_profile(void)
{
	for (unsigned int slot = 0; slot < PAGE_SLOTS; slot++) {
		for (unsigned int i = 0; pages[slot] != NULL && i < PAGE_SIZE; i++) {
			if (pages[slot]->sum[i] != 0)
				fprintf(output, "pc %016" PRIx64 " %" PRIu64 "\n",
				        pages[slot]->va + i, pages[slot]->sum[i]);
		}
	}
}

void record_close(void)
{
	struct counts boot;

	if (output == NULL)
		return;
	if (flow_boot_counts(&boot)) {
		fprintf(output, "boot");
		counts_print(&boot, output);
		fprintf(output, "\n");
	}
	for (unsigned int i = 0; i < op_count; i++) {
		fprintf(output, "op %s runs %" PRIu64 " least %" PRIu64 " most %" PRIu64,
		        ops[i].name, ops[i].runs, ops[i].least, ops[i].most);
		counts_print(&ops[i].sum, output);
		fprintf(output, "\n");
	}
	print_profile();
	fprintf(output, "done\n");
	fclose(output);
	output = NULL;
}
