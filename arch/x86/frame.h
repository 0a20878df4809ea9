/* SPDX-License-Identifier: MIT */
/*
 * What the entry code saves on the kernel stack for every entry into the kernel, from user mode or
 * from the kernel itself. The entry code knows the offsets; arch/x86/64/frame_check.c holds them
 * against this.
 */
#ifndef PINFOLD_ARCH_X86_FRAME_H
#define PINFOLD_ARCH_X86_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __x86_64__

/* In this order what a system call passes is an array, and the upper nine words are the frame that
 * Xen's iret wants, but for its flags where the error code is. */
struct cpu_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx; /* what a C function preserves */
	union {
		struct {
			uint64_t rdi, rsi, rdx, r10, r8, r9;
		};
		uint64_t call_arg[6];
	};
	uint64_t vector; /* enum trap_vector or FRAME_* */
	uint64_t rax, r11, rcx;
	uint64_t
	    error_code; /* as the CPU gave it, 0 when it gives none; the call number for FRAME_SYSCALL */
	uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct cpu_frame) == 22 * 8, "the entry code pushes 22 words");

#else

struct cpu_frame {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
	uint32_t ds, es, fs, gs;
	uint32_t vector;
	uint32_t error_code;
	uint32_t eip, cs, eflags, esp, ss; /* esp and ss only from user mode */
};

#endif

enum trap_vector {
	TRAP_DIVIDE_ERROR = 0,
	TRAP_DEBUG = 1,
	TRAP_NMI = 2,
	TRAP_BREAKPOINT = 3,
	TRAP_OVERFLOW = 4,
	TRAP_BOUND = 5,
	TRAP_INVALID_OPCODE = 6,
	TRAP_NO_DEVICE = 7,
	TRAP_DOUBLE_FAULT = 8,
	TRAP_INVALID_TSS = 10,
	TRAP_NO_SEGMENT = 11,
	TRAP_STACK_SEGMENT = 12,
	TRAP_GENERAL_PROTECTION = 13,
	TRAP_PAGE_FAULT = 14,
	TRAP_FPU_ERROR = 16,
	TRAP_ALIGNMENT = 17,
	TRAP_MACHINE_CHECK = 18,
	TRAP_SIMD_ERROR = 19,
	TRAP_VIRTUALIZATION = 20,
	TRAP_CONTROL_PROTECTION = 21,
	TRAP_INT80 = 0x80,
	FRAME_SYSCALL = 0x100,
	FRAME_UPCALL = 0x101,
	FRAME_FAILSAFE = 0x102, /* Xen could not load a segment or return where the frame says */
};

/* Page fault error code. */
#define PF_PRESENT 0x01u
#define PF_WRITE   0x02u
#define PF_USER    0x04u
#define PF_FETCH   0x10u

static inline bool frame_from_user(const struct cpu_frame *frame)
{
	return (frame->cs & 3) == 3;
}

#endif
