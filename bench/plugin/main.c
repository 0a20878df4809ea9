/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU that counts what a guest executes, between marks that a program sets.
 *
 * Use: qemu-system-x86_64 -plugin FILE,out=FILE[,profile=OPERATION]
 * Each instruction is counted when it begins; one that faults is counted again when it is tried
 * again, and each round of a repeated string instruction is one, as for QEMU's own -icount.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/mark.h"
#include "bench/plugin/counts.h"
#include "bench/plugin/flow.h"
#include "bench/plugin/qemu.h"
#include "bench/plugin/record.h"

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static bool begins_with(const uint8_t *code, size_t len, const char *bytes, size_t count)
{
	return len >= count && memcmp(code, bytes, count) == 0;
}

static void count_when_executed(struct qemu_plugin_insn *insn, uint64_t *counter)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

static bool is_mark(const uint8_t *code, size_t len)
{
	uint32_t displacement;

	if (len != 8 || !begins_with(code, len, "\x0f\x1f\x84\x00", 4))
		return false;
	memcpy(&displacement, code + 4, sizeof(displacement));
	return displacement == MARK_DISPLACEMENT;
}

/* Loads of cr3 and cr4 and invlpg; none of them is coded with a prefix that changes its start. */
static void watch_flushes(struct qemu_plugin_insn *insn, const uint8_t *code, size_t len)
{
	unsigned int reg = len >= 3 ? code[2] >> 3 & 7 : 0;

	if (len > 3 && (code[0] & 0xf0) == 0x40) {
		watch_flushes(insn, code + 1, len - 1);
		return;
	}
	if (begins_with(code, len, "\x0f\x22", 2) && (reg == 3 || reg == 4))
		count_when_executed(insn, &counts_now.value[COUNT_FLUSH_ALL]);
	if (len >= 3 && begins_with(code, len, "\x0f\x01", 2) && reg == 7 && code[2] < 0xc0)
		count_when_executed(insn, &counts_now.value[COUNT_FLUSH_ONE]);
}

static void watch_insn(struct qemu_plugin_insn *insn, struct block *block)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t len = qemu_plugin_insn_size(insn);
	uint64_t *profile = record_profile_counter(qemu_plugin_insn_vaddr(insn));

	count_when_executed(insn, &counts_now.value[COUNT_PLACE + block->place]);
	if (profile != NULL)
		count_when_executed(insn, profile);
	if (is_mark(code, len))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, record_mark, QEMU_PLUGIN_CB_NO_REGS,
		                                       NULL);
	if (len == 2 && begins_with(code, len, "\x0f\x05", 2))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, flow_syscall, QEMU_PLUGIN_CB_NO_REGS,
		                                       block);
	if (block->place == PLACE_KERNEL && len == 2 && begins_with(code, len, "\x48\xcf", 2))
		count_when_executed(insn, &counts_now.value[COUNT_IRETQ]);
	if (block->place != PLACE_USER)
		watch_flushes(insn, code, len);
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = flow_make_block(qemu_plugin_tb_vaddr(tb));

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, flow_enter, QEMU_PLUGIN_CB_NO_REGS, block);
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		watch_insn(qemu_plugin_tb_get_insn(tb, i), block);
}

static const char *option(int argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return argv[i] + len + 1;
	}
	return NULL;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	const char *path = option(argc, argv, "out");

	(void)info;
	if (path == NULL) {
		fprintf(stderr, "count: out=FILE is missing\n");
		return 1;
	}
	record_open(path, option(argc, argv, "profile"));
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	return 0;
}
