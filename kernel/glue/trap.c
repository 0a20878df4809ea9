/* SPDX-License-Identifier: MIT */
/*
 * Entries from the guest layer: system calls, page faults, and the other exceptions as signals.
 */
#include "arch/x86/frame.h"
#include "kernel/glue/report.h"
#include "kernel/kernel.h"
#include "kernel/linux/abi.h"
#include "kernel/linux/abi_signal.h"
#include "kernel/linux/syscall.h"
#include "kernel/lock.h"
#include "kernel/mm/vm.h"
#include "kernel/task/cpu.h"
#include "kernel/task/task.h"
#include "kernel/work.h"
#include "pv/cpu.h"
#include "pv/irq.h"
#include "xen/hooks.h"

#define RFLAGS_IF 0x200u

/* Bits of the exception status in an FXSAVE image: control word, status word, MXCSR. */
#define FPU_CONTROL_OFFSET 0
#define FPU_STATUS_OFFSET  2
#define FPU_MXCSR_OFFSET   24

static const char *exception_name(uint64_t vector)
{
	static const char *const names[] = {
	    [TRAP_DIVIDE_ERROR] = "divide error",
	    [TRAP_DEBUG] = "debug exception",
	    [TRAP_BREAKPOINT] = "breakpoint",
	    [TRAP_OVERFLOW] = "overflow",
	    [TRAP_BOUND] = "bound",
	    [TRAP_INVALID_OPCODE] = "invalid opcode",
	    [TRAP_NO_DEVICE] = "no FPU",
	    [TRAP_DOUBLE_FAULT] = "double fault",
	    [TRAP_INVALID_TSS] = "invalid TSS",
	    [TRAP_NO_SEGMENT] = "segment not present",
	    [TRAP_STACK_SEGMENT] = "stack segment fault",
	    [TRAP_GENERAL_PROTECTION] = "general protection fault",
	    [TRAP_PAGE_FAULT] = "page fault",
	    [TRAP_FPU_ERROR] = "FPU error",
	    [TRAP_ALIGNMENT] = "alignment check",
	    [TRAP_MACHINE_CHECK] = "machine check",
	    [TRAP_SIMD_ERROR] = "SIMD error",
	    [TRAP_VIRTUALIZATION] = "virtualization exception",
	    [TRAP_CONTROL_PROTECTION] = "control protection exception",
	};

	if (vector == FRAME_FAILSAFE)
		return "refused segment or return";
	return vector < ARRAY_COUNT(names) && names[vector] ? names[vector] : "unknown";
}

_Noreturn static void kernel_fault(const struct cpu_frame *frame, uintptr_t address)
{
	panic("exception %llu (%s) in the kernel at %#llx (error %#llx, address %#lx, stack %#llx)",
	      (unsigned long long)frame->vector, exception_name(frame->vector),
	      (unsigned long long)frame->rip, (unsigned long long)frame->error_code, address,
	      (unsigned long long)frame->rsp);
}

/* What Xen has no reason to send while a program runs: the program ends, the log says why. */
static void unexpected(const struct cpu_frame *frame)
{
	klog(LOG_ERROR, "%s[%d]: exception %llu (%s) at %#llx, error %#llx, which nobody expects",
	     current()->name, current()->tid, (unsigned long long)frame->vector,
	     exception_name(frame->vector), (unsigned long long)frame->rip,
	     (unsigned long long)frame->error_code);
}

static unsigned int wanted_access(uint64_t error_code)
{
	if (error_code & PF_FETCH)
		return VM_EXEC;
	return error_code & PF_WRITE ? VM_WRITE : VM_READ;
}

static void fault_signal(const struct cpu_frame *frame, uintptr_t address, int error)
{
	uint32_t vector = (uint32_t)frame->vector;

	switch (error) {
	case -EACCES:
		signal_force_fault(ABI_SIGSEGV, ABI_SEGV_ACCERR, address, vector,
		                   frame->error_code);
		break;
	case -EIO:
		signal_force_fault(ABI_SIGBUS, ABI_BUS_ADRERR, address, vector, frame->error_code);
		break;
	case -ENOMEM:
		signal_out_of_memory();
		break;
	default:
		signal_force_fault(ABI_SIGSEGV, ABI_SEGV_MAPERR, address, vector,
		                   frame->error_code);
		break;
	}
}

/* A page fault of user mode. */
static void page_fault(struct cpu_frame *frame)
{
	uintptr_t address = pv_cpu_fault_address();
	int error = -EFAULT;

	pv_irq_enable();
	kernel_lock();
	if (address < PV_USER_END)
		error = vm_fault(current()->vm, address, wanted_access(frame->error_code));
	if (error != 0)
		fault_signal(frame, address, error);
	kernel_unlock();
}

/* Any exception of the kernel's own: a few instructions of the layer may fault and say so; the
 * kernel itself reaches user memory without faults (mm/uaccess.c). */
static void kernel_exception(struct cpu_frame *frame)
{
	uintptr_t fixup = host_fixup(frame->rip);

	if (fixup == 0)
		kernel_fault(frame, frame->vector == TRAP_PAGE_FAULT ? pv_cpu_fault_address() : 0);
	frame->rip = fixup;
}

/* The si_code of a floating point exception: the first unmasked one in the processor's order of
 * precedence. */
static int float_code(bool simd)
{
	const char *area = current()->fpu;
	uint16_t control, status;
	uint32_t mxcsr, raised;

	sched_save_user_state(current());
	memcpy(&control, area + FPU_CONTROL_OFFSET, sizeof(control));
	memcpy(&status, area + FPU_STATUS_OFFSET, sizeof(status));
	memcpy(&mxcsr, area + FPU_MXCSR_OFFSET, sizeof(mxcsr));
	raised = simd ? mxcsr & ~(mxcsr >> 7) : (uint32_t)(status & ~control);
	if (raised & 0x01)
		return ABI_FPE_FLTINV;
	if (raised & 0x04)
		return ABI_FPE_FLTDIV;
	if (raised & 0x08)
		return ABI_FPE_FLTOVF;
	if (raised & 0x12)
		return ABI_FPE_FLTUND;
	return ABI_FPE_FLTRES;
}

/* Exceptions of user mode other than page faults. The codes are those that Linux gives on x86. */
static void user_exception(struct cpu_frame *frame)
{
	uint32_t vector = (uint32_t)frame->vector;
	uint64_t error_code = frame->error_code;
	int signal = ABI_SIGSEGV, code = ABI_SI_KERNEL;
	uintptr_t address = 0;

	switch (frame->vector) {
	case TRAP_DIVIDE_ERROR:
		signal = ABI_SIGFPE, code = ABI_FPE_INTDIV, address = frame->rip;
		break;
	case TRAP_DEBUG:
		signal = ABI_SIGTRAP, code = ABI_TRAP_TRACE, address = frame->rip;
		break;
	case TRAP_BREAKPOINT:
		signal = ABI_SIGTRAP;
		break;
	case TRAP_INVALID_OPCODE:
		signal = ABI_SIGILL, code = ABI_ILL_ILLOPN, address = frame->rip;
		break;
	case TRAP_NO_SEGMENT:
	case TRAP_STACK_SEGMENT:
		signal = ABI_SIGBUS;
		break;
	case TRAP_FPU_ERROR:
	case TRAP_SIMD_ERROR:
		signal = ABI_SIGFPE, code = float_code(frame->vector == TRAP_SIMD_ERROR),
		address = frame->rip;
		break;
	case TRAP_ALIGNMENT:
		signal = ABI_SIGBUS, code = ABI_BUS_ADRALN;
		break;
	case TRAP_INT80:
		/* The calls of 32-bit Linux are not there. */
		frame->rax = (uint64_t)-ENOSYS;
		return;
	case TRAP_OVERFLOW:
	case TRAP_BOUND:
	case TRAP_GENERAL_PROTECTION:
	case FRAME_FAILSAFE:
		break;
	default:
		unexpected(frame);
		break;
	}
	signal_force_fault(signal, code, address, vector, error_code);
}

void host_trap(struct cpu_frame *frame)
{
	if (!frame_from_user(frame)) {
		kernel_exception(frame);
		return;
	}
	cpu_enter_kernel(cpu_now());
	if (frame->vector == TRAP_PAGE_FAULT) {
		page_fault(frame);
		return;
	}
	pv_irq_enable();
	kernel_lock();
	user_exception(frame);
	kernel_unlock();
}

/* The two ways are not inline in host_syscall(): neither pays for the registers of the other. */

/* Nothing can have been marked on this CPU since user mode, as events were masked; what others ask
 * of the task is looked for as ever. */
static __attribute__((noinline)) bool quick_syscall(const struct syscall *call,
                                                    struct cpu_frame *frame)
{
	syscall_run(call, frame);
	if (__builtin_expect(current()->attention, 0)) {
		task_return_to_user(frame);
		return true;
	}
	return false;
}

static __attribute__((noinline)) bool locked_syscall(const struct syscall *call,
                                                     struct cpu_frame *frame)
{
	struct cpu *cpu;

	pv_irq_enable();
	cpu_enter_kernel(cpu_now());
	kernel_lock();
	syscall_run(call, frame);
	kernel_unlock();
	pv_irq_disable();
	cpu = cpu_now();
	if (cpu->current->attention || work_pending()) {
		task_return_to_user(frame);
		return true;
	}
	cpu_leave_kernel(cpu);
	return false;
}

bool host_syscall(struct cpu_frame *frame)
{
	const struct syscall *call = syscall_of(frame);

	return call->quick ? quick_syscall(call, frame) : locked_syscall(call, frame);
}

void host_return_to_user(struct cpu_frame *frame)
{
	task_return_to_user(frame);
	report_boot_done();
}
