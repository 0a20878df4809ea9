/* SPDX-License-Identifier: MIT */
/*
 * Signals in the x86-64 Linux ABI: flags, codes, and the frame that a handler finds on its stack.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_SIGNAL_H
#define PINFOLD_KERNEL_LINUX_ABI_SIGNAL_H

#include <stdint.h>

#include "kernel/linux/abi.h"

/* sigaction flags. */
#define ABI_SA_NOCLDSTOP 0x00000001ull
#define ABI_SA_NOCLDWAIT 0x00000002ull
#define ABI_SA_SIGINFO   0x00000004ull
#define ABI_SA_RESTORER  0x04000000ull
#define ABI_SA_ONSTACK   0x08000000ull
#define ABI_SA_RESTART   0x10000000ull
#define ABI_SA_NODEFER   0x40000000ull
#define ABI_SA_RESETHAND 0x80000000ull

/* rt_sigprocmask */
#define ABI_SIG_BLOCK   0
#define ABI_SIG_UNBLOCK 1
#define ABI_SIG_SETMASK 2

/* sigaltstack */
#define ABI_SS_ONSTACK    1
#define ABI_SS_DISABLE    2
#define ABI_SS_AUTODISARM ((int)0x80000000u)
#define ABI_MINSIGSTKSZ   2048u

/* si_code */
#define ABI_SI_USER       0
#define ABI_SI_KERNEL     0x80
#define ABI_SI_QUEUE      (-1)
#define ABI_SI_TIMER      (-2)
#define ABI_SI_TKILL      (-6)
#define ABI_ILL_ILLOPN    2
#define ABI_FPE_INTDIV    1
#define ABI_FPE_FLTDIV    3
#define ABI_FPE_FLTOVF    4
#define ABI_FPE_FLTUND    5
#define ABI_FPE_FLTRES    6
#define ABI_FPE_FLTINV    7
#define ABI_SEGV_MAPERR   1
#define ABI_SEGV_ACCERR   2
#define ABI_BUS_ADRALN    1
#define ABI_BUS_ADRERR    2
#define ABI_TRAP_TRACE    2
#define ABI_CLD_EXITED    1
#define ABI_CLD_KILLED    2
#define ABI_CLD_DUMPED    3
#define ABI_CLD_TRAPPED   4
#define ABI_CLD_STOPPED   5
#define ABI_CLD_CONTINUED 6

/* sigevent */
#define ABI_SIGEV_SIGNAL    0
#define ABI_SIGEV_NONE      1
#define ABI_SIGEV_THREAD    2
#define ABI_SIGEV_THREAD_ID 4

struct abi_sigevent {
	uint64_t value;
	int32_t signo;
	int32_t notify;
	int32_t tid;
	int32_t padding[11];
};

/* Registers as the handler finds and may change them. */
struct abi_sigcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
	uint64_t rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate; /* address of the floating point state */
	uint64_t reserved[8];
};

/* uc_flags */
#define ABI_UC_FP_XSTATE         1u
#define ABI_UC_SIGCONTEXT_SS     2u
#define ABI_UC_STRICT_RESTORE_SS 4u

struct abi_ucontext {
	uint64_t flags;
	uint64_t link;
	struct abi_stack stack;
	struct abi_sigcontext context;
	uint64_t sigmask;
};

struct abi_rt_sigframe {
	uint64_t return_address;
	struct abi_ucontext uc;
	struct abi_siginfo info;
};

/* What lies in bytes 464..511 of the floating point state in a signal frame. */
struct abi_fpx_software {
	uint32_t magic1;
	uint32_t extended_bytes; /* with the second magic */
	uint64_t features;
	uint32_t state_bytes;
	uint32_t padding[7];
};

#define ABI_FPX_SOFTWARE_OFFSET 464u
#define ABI_FXSAVE_BYTES        512u
#define ABI_FP_XSTATE_MAGIC1    0x46505853u
#define ABI_FP_XSTATE_MAGIC2    0x46505845u

_Static_assert(sizeof(struct abi_siginfo) == 128, "siginfo_t");
_Static_assert(sizeof(struct abi_sigcontext) == 256, "struct sigcontext");
_Static_assert(sizeof(struct abi_ucontext) == 304, "struct ucontext with the kernel's mask");
_Static_assert(sizeof(struct abi_rt_sigframe) == 440, "struct rt_sigframe");
_Static_assert(sizeof(struct abi_fpx_software) == 48, "struct _fpx_sw_bytes");
_Static_assert(sizeof(struct abi_sigevent) == 64, "struct sigevent");

#endif
