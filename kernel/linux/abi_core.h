/* SPDX-License-Identifier: MIT */
/*
 * Core files in the x86-64 Linux ABI: an ELF file of notes and of the process's memory.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_CORE_H
#define PINFOLD_KERNEL_LINUX_ABI_CORE_H

#include <stdint.h>

#include "kernel/linux/abi.h"

#define ABI_ELF_CORE    4
#define ABI_ELF_X86_64  62
#define ABI_ELF_LOAD    1
#define ABI_ELF_NOTE    4
#define ABI_ELF_EXEC    1u
#define ABI_ELF_WRITE   2u
#define ABI_ELF_READ    4u
#define ABI_ELF_VERSION 1

struct abi_elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments_at, sections_at;
	uint32_t flags;
	uint16_t header_bytes, segment_bytes, segment_count;
	uint16_t section_bytes, section_count, section_names;
};

struct abi_elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

struct abi_elf_note {
	uint32_t name_bytes, bytes, type;
};

#define ABI_NT_PRSTATUS   1
#define ABI_NT_FPREGSET   2
#define ABI_NT_PRPSINFO   3
#define ABI_NT_AUXV       6
#define ABI_NT_X86_XSTATE 0x202
#define ABI_NT_FILE       0x46494c45
#define ABI_NT_SIGINFO    0x53494749

/* The registers as debuggers know them. */
struct abi_user_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax, rip, cs, rflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};

struct abi_prstatus {
	int32_t signo, code, error;
	int16_t current_signal;
	uint64_t pending, held;
	int32_t pid, ppid, pgrp, sid;
	struct abi_timeval user, system, children_user, children_system;
	struct abi_user_regs regs;
	int32_t float_valid;
};

struct abi_prpsinfo {
	char state, state_name, zombie, nice;
	uint64_t flags;
	uint32_t uid, gid;
	int32_t pid, ppid, pgrp, sid;
	char name[16];
	char arguments[80];
};

_Static_assert(sizeof(struct abi_elf_header) == 64, "Elf64_Ehdr");
_Static_assert(sizeof(struct abi_elf_segment) == 56, "Elf64_Phdr");
_Static_assert(sizeof(struct abi_prstatus) == 336, "struct elf_prstatus");
_Static_assert(sizeof(struct abi_prpsinfo) == 136, "struct elf_prpsinfo");

#endif
