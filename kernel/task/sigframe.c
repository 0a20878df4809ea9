/* SPDX-License-Identifier: MIT */
/*
 * What a signal handler finds on its stack, and the way back from it. The layout is the ABI's; what
 * comes back from user memory is checked or forced to harmless values before it reaches the CPU.
 */
#include "kernel/linux/abi_signal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"
#include "pv/cpu.h"

#define RED_ZONE_BYTES     128u
#define FPU_ALIGNMENT      64u
#define XSAVE_HEADER_BYTES 64u

/* In the legacy part of the FPU state. */
#define MXCSR_OFFSET 24u

/* Flags that a program may set: carry parity adjust zero sign trap direction overflow
 * nested-task(no) alignment. */
#define RFLAGS_USER              0x50dd5ull /* CF PF AF ZF SF TF DF OF RF AC */
#define RFLAGS_CLEAR_FOR_HANDLER 0x10500ull /* TF DF RF */

/* Bytes of the state in a frame, with the second magic when there is one. */
static size_t fpu_frame_bytes(void)
{
	size_t bytes = pv_fpu_area_bytes();

	return pv_fpu_features() ? bytes + sizeof(uint32_t) : bytes;
}

size_t sigframe_bytes_max(void)
{
	size_t bytes = fpu_frame_bytes() + FPU_ALIGNMENT - 1;

	bytes += sizeof(struct abi_rt_sigframe) + 15 + sizeof(uint64_t);
	return (bytes + 15) & ~15ul;
}

static bool on_altstack(const struct task *task, uint64_t sp)
{
	return sp > task->altstack.sp && sp - task->altstack.sp <= task->altstack.size;
}

/* The FPU state, as the CPU has it, goes straight to the stack, or through a page of the kernel's
 * where the stack does not lie in one page. */
static int fpu_push(uintptr_t to, size_t frame_bytes)
{
	static _Alignas(FPU_ALIGNMENT) uint8_t aside[PAGE_BYTES];
	struct abi_fpx_software software = {0};
	const uint32_t magic2 = ABI_FP_XSTATE_MAGIC2;
	uint32_t bytes = pv_fpu_area_bytes();
	uint64_t features = pv_fpu_features();
	uint8_t *direct = user_span(to, frame_bytes);
	uint8_t *area = direct ? direct : aside;

	ASSERT(frame_bytes <= sizeof(aside));
	/* The CPU writes only a part of the header. */
	if (features)
		memset(area + ABI_FXSAVE_BYTES, 0, XSAVE_HEADER_BYTES);
	if (!pv_fpu_save_user(area))
		panic("signal: the state of the FPU cannot be saved");
	if (features) {
		software.magic1 = ABI_FP_XSTATE_MAGIC1;
		software.extended_bytes = bytes + (uint32_t)sizeof(magic2);
		software.features = features;
		software.state_bytes = bytes;
		memcpy(area + bytes, &magic2, sizeof(magic2));
	}
	memcpy(area + ABI_FPX_SOFTWARE_OFFSET, &software, sizeof(software));
	return direct ? 0 : copy_to_user((void *)to, aside, frame_bytes);
}

/* All of it, field by field: it may be the program's stack, and is written once. */
static void context_fill(struct abi_sigcontext *context, const struct cpu_frame *frame,
                         const struct task *task, sigset mask)
{
	context->r8 = frame->r8;
	context->r9 = frame->r9;
	context->r10 = frame->r10;
	context->r11 = frame->r11;
	context->r12 = frame->r12;
	context->r13 = frame->r13;
	context->r14 = frame->r14;
	context->r15 = frame->r15;
	context->rdi = frame->rdi;
	context->rsi = frame->rsi;
	context->rbp = frame->rbp;
	context->rbx = frame->rbx;
	context->rdx = frame->rdx;
	context->rax = frame->rax;
	context->rcx = frame->rcx;
	context->rsp = frame->rsp;
	context->rip = frame->rip;
	context->rflags = frame->rflags;
	context->cs = (uint16_t)frame->cs;
	context->gs = context->fs = 0;
	context->ss = (uint16_t)frame->ss;
	context->err = task->fault_error;
	context->trapno = task->fault_vector;
	context->oldmask = mask;
	context->cr2 = task->fault_address;
	memset(context->reserved, 0, sizeof(context->reserved));
}

static void frame_fill(struct abi_rt_sigframe *user, const struct cpu_frame *frame,
                       const struct abi_sigaction *action, const struct abi_siginfo *info,
                       sigset restore_mask)
{
	const struct task *task = current();

	user->return_address = action->restorer;
	user->uc.flags = ABI_UC_SIGCONTEXT_SS | ABI_UC_STRICT_RESTORE_SS |
	                 (pv_fpu_features() ? ABI_UC_FP_XSTATE : 0);
	user->uc.link = 0;
	user->uc.stack = task->altstack;
	context_fill(&user->uc.context, frame, task, restore_mask);
	user->uc.sigmask = restore_mask;
	user->info = *info;
}

int sigframe_push(struct cpu_frame *frame, int signal, const struct abi_sigaction *action,
                  const struct abi_siginfo *info, sigset restore_mask)
{
	struct task *task = current();
	struct abi_rt_sigframe aside, *direct, *user;
	bool was_on_altstack = on_altstack(task, frame->rsp);
	uintptr_t sp = frame->rsp - RED_ZONE_BYTES;
	size_t fpu_bytes = fpu_frame_bytes();
	uintptr_t fpu;

	/* The CPU refuses to go to an address that is none, and not in the program's name. */
	if (!(action->flags & ABI_SA_RESTORER) || action->handler >= PV_USER_END)
		return -EFAULT;
	if ((action->flags & ABI_SA_ONSTACK) && task->altstack.size != 0 && !was_on_altstack)
		sp = task->altstack.sp + task->altstack.size;
	fpu = (sp - fpu_bytes) & ~(uintptr_t)(FPU_ALIGNMENT - 1);
	sp = ((fpu - sizeof(*user)) & ~15ul) - sizeof(uint64_t);
	if (was_on_altstack && !on_altstack(task, sp))
		return -EFAULT;

	if (fpu_push(fpu, fpu_bytes) != 0)
		return -EFAULT;
	direct = user_span(sp, sizeof(*user));
	user = direct ? direct : &aside;
	frame_fill(user, frame, action, info, restore_mask);
	user->uc.context.fpstate = fpu;
	if (!direct && copy_to_user((void *)sp, user, sizeof(*user)) != 0)
		return -EFAULT;
	if (task->altstack.flags & ABI_SS_AUTODISARM)
		task->altstack = (struct abi_stack){.flags = ABI_SS_DISABLE};

	/* The handler starts with nothing of what it interrupted. */
	pv_fpu_reset();
	frame->rdi = (uint64_t)signal;
	frame->rsi = sp + offsetof(struct abi_rt_sigframe, info);
	frame->rdx = sp + offsetof(struct abi_rt_sigframe, uc);
	frame->rax = 0;
	frame->rsp = sp;
	frame->rip = action->handler;
	frame->rflags &= ~RFLAGS_CLEAR_FOR_HANDLER;
	frame->vector = FRAME_UPCALL; /* all registers are loaded; no call to restart */
	return 0;
}

/* The state's header beyond the legacy area: nothing but the features we have, in the standard
 * format. */
static bool fpu_header_ok(const uint8_t *area)
{
	uint64_t header[3]; /* the words that the CPU checks */

	memcpy(header, area + ABI_FXSAVE_BYTES, sizeof(header));
	if (header[0] & ~pv_fpu_features())
		return false;
	return header[1] == 0 && header[2] == 0;
}

/* Control bits that the CPU does not have make the load fault; not every emulator sees to that. */
static bool mxcsr_ok(const uint8_t *area)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, area + MXCSR_OFFSET, sizeof(mxcsr));
	return !(mxcsr & ~pv_fpu_control_mask());
}

/* Take the FPU state from a frame. On failure the task's area is damaged. */
static int fpu_take(struct task *task, uintptr_t from)
{
	struct abi_fpx_software software;
	uint32_t magic2 = 0;
	uint32_t bytes = pv_fpu_area_bytes(), given = ABI_FXSAVE_BYTES;
	uint8_t *area = task->fpu;

	if (from % FPU_ALIGNMENT != 0 ||
	    copy_from_user(&software, (void *)(from + ABI_FPX_SOFTWARE_OFFSET), sizeof(software)) !=
	        0)
		return -EFAULT;
	if (pv_fpu_features() && software.magic1 == ABI_FP_XSTATE_MAGIC1 &&
	    software.state_bytes == bytes) {
		given = bytes;
		if (copy_from_user(&magic2, (void *)(from + bytes), sizeof(magic2)) != 0)
			return -EFAULT;
	}
	if (copy_from_user(area, (void *)from, given) != 0)
		return -EFAULT;
	if (pv_fpu_features() && magic2 != ABI_FP_XSTATE_MAGIC2) {
		/* Only the legacy part counts: x87 and SSE; the rest is initial. */
		memset(area + ABI_FXSAVE_BYTES, 0, bytes - ABI_FXSAVE_BYTES);
		area[ABI_FXSAVE_BYTES] = 3;
	} else if (pv_fpu_features() && !fpu_header_ok(area)) {
		return -EFAULT;
	}
	return mxcsr_ok(area) && pv_fpu_restore_user(area) ? 0 : -EFAULT;
}

/* 0 as address: the initial state, which also follows a frame that is refused. */
static int fpu_pop(struct task *task, uintptr_t from)
{
	int result = from == 0 ? 0 : fpu_take(task, from);

	if (result != 0)
		pv_fpu_init_area(task->fpu); /* the next save relies on its header */
	if (from == 0 || result != 0)
		pv_fpu_reset();
	return result;
}

static void context_load(struct cpu_frame *frame, const struct abi_sigcontext *context)
{
	frame->r8 = context->r8;
	frame->r9 = context->r9;
	frame->r10 = context->r10;
	frame->r11 = context->r11;
	frame->r12 = context->r12;
	frame->r13 = context->r13;
	frame->r14 = context->r14;
	frame->r15 = context->r15;
	frame->rdi = context->rdi;
	frame->rsi = context->rsi;
	frame->rbp = context->rbp;
	frame->rbx = context->rbx;
	frame->rdx = context->rdx;
	frame->rax = context->rax;
	frame->rcx = context->rcx;
	frame->rsp = context->rsp;
	frame->rip = context->rip;
	frame->rflags = (frame->rflags & ~RFLAGS_USER) | (context->rflags & RFLAGS_USER);
	/* Segments are those of 64-bit user mode: the caller has refused any others. */
	frame->vector = FRAME_UPCALL;
}

/* Set an alternate stack as sigaltstack() would, without complaint: the frame may hold anything. */
static void altstack_restore(struct task *task, const struct abi_stack *stack)
{
	if (stack->flags & ~(ABI_SS_ONSTACK | ABI_SS_DISABLE | ABI_SS_AUTODISARM))
		return;
	if (stack->flags & ABI_SS_DISABLE)
		task->altstack = (struct abi_stack){.flags = ABI_SS_DISABLE};
	else if (stack->size >= ABI_MINSIGSTKSZ && !on_altstack(task, task->frame->rsp))
		task->altstack = *stack;
}

long sys_rt_sigreturn(const struct sys_args *args)
{
	struct task *task = current();
	struct cpu_frame *frame = task->frame;
	/* The handler's return has taken the first word off. */
	uintptr_t at = frame->rsp - sizeof(uint64_t) + offsetof(struct abi_rt_sigframe, uc);
	struct abi_ucontext uc;

	(void)args;
	task->restart.resume = NULL;
	task->access_short = false;
	task_attend(task); /* all registers are loaded */
	if (copy_from_user(&uc, (void *)at, sizeof(uc)) != 0 || uc.context.rip >= PV_USER_END ||
	    uc.context.cs != (uint16_t)frame->cs || uc.context.ss != (uint16_t)frame->ss)
		goto bad;
	context_load(frame, &uc.context);
	signal_set_blocked(uc.sigmask);
	if (fpu_pop(task, uc.context.fpstate) != 0)
		goto bad;
	altstack_restore(task, &uc.stack);
	return (long)frame->rax;
bad:
	frame->vector = FRAME_UPCALL;
	signal_force_access();
	return (long)frame->rax;
}
