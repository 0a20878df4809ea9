/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences: a task registers an area in its memory, in which the kernel keeps the
 * number of the CPU, and the program a pointer to the description of the code that it is in. If the
 * task was preempted or moved there, or a handler is about to run, it goes on at the place that the
 * description names for this.
 *
 * A system call inside such code is against its rules, so what sleeps in one is not looked at: only
 * the CPU's number is written, if it is another. Its first fields only (those of Linux up to 6.2),
 * as the auxiliary vector does not announce more.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"
#include "pv/smp.h"

static int cpu_write(const struct task *task, uint32_t start, uint32_t cpu)
{
	uintptr_t area = task->rseq;

	if (user_store32(area + offsetof(struct abi_rseq, cpu_id_start), start) != 0)
		return -EFAULT;
	return user_store32(area + offsetof(struct abi_rseq, cpu_id), cpu);
}

static int section_write(const struct task *task, uint64_t value)
{
	return copy_to_user((void *)(task->rseq + offsetof(struct abi_rseq, section)), &value,
	                    sizeof(value));
}

/* The description is the program's: whatever it says, the task goes on inside its own half, behind
 * a word that it has named at the registration. */
static int section_check(const struct task *task, const struct abi_rseq_section *section)
{
	uint32_t signature;

	if (section->version != 0 || section->flags != 0)
		return -EINVAL;
	if (section->start >= PV_USER_END || section->bytes >= PV_USER_END ||
	    section->start + section->bytes >= PV_USER_END || section->abort >= PV_USER_END)
		return -EINVAL;
	if (section->abort - section->start < section->bytes)
		return -EINVAL;
	if (copy_from_user(&signature, (void *)(section->abort - sizeof(signature)),
	                   sizeof(signature)) != 0)
		return -EFAULT;
	return signature == task->rseq_signature ? 0 : -EINVAL;
}

/* The frame leaves the code that may not be interrupted, if it is in such code. */
int rseq_interrupt(struct cpu_frame *frame)
{
	const struct task *task = current();
	struct abi_rseq_section section;
	uint64_t pointer;

	if (copy_from_user(&pointer, (void *)(task->rseq + offsetof(struct abi_rseq, section)),
	                   sizeof(pointer)) != 0)
		return -EFAULT;
	if (pointer == 0)
		return 0;
	if (copy_from_user(&section, (void *)(uintptr_t)pointer, sizeof(section)) != 0)
		return -EFAULT;
	if (section_check(task, &section) != 0)
		return -EINVAL;
	/* Left long ago, or about to be left. */
	if (section_write(task, 0) != 0)
		return -EFAULT;
	if (frame->rip - section.start < section.bytes) {
		frame->rip = section.abort;
		frame->vector = FRAME_UPCALL; /* no call to restart */
	}
	return 0;
}

void rseq_update(struct cpu_frame *frame)
{
	struct task *task = current();
	bool interrupted = task->rseq_interrupted;
	uint32_t cpu = pv_cpu_id();

	task->rseq_event = false;
	task->rseq_interrupted = false;
	if (!task->rseq)
		return;
	task->access_short = false;
	if ((interrupted && rseq_interrupt(frame) != 0) || cpu_write(task, cpu, cpu) != 0) {
		signal_force_access();
		return;
	}
	task->rseq_cpu = cpu;
}

static long unregister(struct task *task, const struct sys_args *args)
{
	if (SYS_INT(args, 2) & ~ABI_RSEQ_FLAG_UNREGISTER)
		return -EINVAL;
	if (!task->rseq || args->arg[0] != task->rseq ||
	    SYS_UINT(args, 1) != sizeof(struct abi_rseq))
		return -EINVAL;
	if (SYS_UINT(args, 3) != task->rseq_signature)
		return -EPERM;
	if (cpu_write(task, 0, ABI_RSEQ_CPU_UNINITIALIZED) != 0)
		return -EFAULT;
	task->rseq = 0;
	return 0;
}

long sys_rseq(const struct sys_args *args)
{
	struct task *task = current();

	if (SYS_INT(args, 2) & ABI_RSEQ_FLAG_UNREGISTER)
		return unregister(task, args);
	if (SYS_INT(args, 2) != 0)
		return -EINVAL;
	if (task->rseq) {
		if (args->arg[0] != task->rseq || SYS_UINT(args, 1) != sizeof(struct abi_rseq))
			return -EINVAL;
		return SYS_UINT(args, 3) != task->rseq_signature ? -EPERM : -EBUSY;
	}
	if (args->arg[0] % sizeof(struct abi_rseq) != 0 ||
	    SYS_UINT(args, 1) != sizeof(struct abi_rseq))
		return -EINVAL;
	if (!user_range_ok(SYS_PTR(args, 0), sizeof(struct abi_rseq)))
		return -EFAULT;
	task->rseq = args->arg[0];
	task->rseq_signature = SYS_UINT(args, 3);
	/* What is written, and whether it can be, shows at the return. */
	task->rseq_event = true;
	task_attend(task);
	return 0;
}
