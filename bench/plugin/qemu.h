/* SPDX-License-Identifier: MIT */
/*
 * What the counting plugin uses of QEMU 7.2: the plugin interface, and three functions of QEMU
 * itself that read the processor.
 *
 * Debian ships no header for either. The plugin interface (version 1) has no way to read registers
 * or memory, but Debian's QEMU is built with loadable modules, and so exports every one of its
 * functions to what it loads. Only functions are used, no layout of a structure of QEMU's.
 */
#ifndef BENCH_PLUGIN_QEMU_H
#define BENCH_PLUGIN_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define QEMU_PLUGIN_VERSION 1

/* The plugin interface numbers its flags and operations; what is used here is 0 in both. */
enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

typedef void (*qemu_tb_translated_fn)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_executed_fn)(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_tb_translated_fn fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_executed_fn fn, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_executed_fn fn,
                                            int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation,
                                                void *target, uint64_t addend);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* QEMU's own. A CPU state is only passed on. */
struct qemu_cpu;
struct qemu_cpu *qemu_get_cpu(int idx);
void cpu_dump_state(struct qemu_cpu *cpu, FILE *to, int flags);
int cpu_memory_rw_debug(struct qemu_cpu *cpu, uint64_t va, void *buffer, uint64_t bytes,
                        bool write);

/* Appends the register to the array; the numbers are those of gdb's x86-64 description. */
struct glib_bytes {
	uint8_t *data;
	unsigned int len;
};
int x86_cpu_gdb_read_register(struct qemu_cpu *cpu, struct glib_bytes *to, int number);
struct glib_bytes *g_byte_array_new(void);
struct glib_bytes *g_byte_array_set_size(struct glib_bytes *array, unsigned int len);

/* What QEMU looks up in a plugin. */
extern __attribute__((visibility("default"))) int qemu_plugin_version;
__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

#endif
