/* SPDX-License-Identifier: MIT */
/*
 * The notes of a core file: registers of each task, the ended one's first, what the process was and
 * which files it had mapped.
 */
#include "kernel/linux/abi_core.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/core.h"
#include "pv/cpu.h"

#define NOTE_ALIGN      4u
#define AUX_BYTES_MAX   512u
#define FPU_X87_BYTES   160u /* of the legacy part: all but MXCSR and its mask are the x87's */
#define FPU_XMM_BYTES   256u
#define XSTATE_FEATURES 464u /* where debuggers look for the enabled features */

static void pad(struct core_out *out)
{
	static const char zeros[NOTE_ALIGN];

	core_write(out, zeros, -out->pos % NOTE_ALIGN);
}

static void note_begin(struct core_out *out, const char *name, uint32_t type, size_t bytes)
{
	const struct abi_elf_note note = {
	    .name_bytes = (uint32_t)strlen(name) + 1, .bytes = (uint32_t)bytes, .type = type};

	core_write(out, &note, sizeof(note));
	core_write(out, name, note.name_bytes);
	pad(out);
}

static void note(struct core_out *out, const char *name, uint32_t type, const void *data,
                 size_t bytes)
{
	note_begin(out, name, type, bytes);
	core_write(out, data, bytes);
	pad(out);
}

static void registers_fill(struct abi_user_regs *regs, const struct task *task)
{
	const struct cpu_frame *frame = task->frame;
	bool call = frame->vector == FRAME_SYSCALL;

	*regs = (struct abi_user_regs){
	    .r15 = frame->r15,
	    .r14 = frame->r14,
	    .r13 = frame->r13,
	    .r12 = frame->r12,
	    .rbp = frame->rbp,
	    .rbx = frame->rbx,
	    .r11 = frame->r11,
	    .r10 = frame->r10,
	    .r9 = frame->r9,
	    .r8 = frame->r8,
	    .rax = frame->rax,
	    .rcx = frame->rcx,
	    .rdx = frame->rdx,
	    .rsi = frame->rsi,
	    .rdi = frame->rdi,
	    .orig_rax = call ? frame->error_code : UINT64_MAX,
	    .rip = frame->rip,
	    .cs = frame->cs & 0xffff,
	    .rflags = frame->rflags,
	    .rsp = frame->rsp,
	    .ss = frame->ss & 0xffff,
	    .fs_base = task->fs_base,
	    .gs_base = task->gs_base,
	};
}

static void status_note(struct core_out *out, const struct task *task, int signal,
                        const struct abi_siginfo *info)
{
	const struct process *process = task->process;
	struct abi_rusage_times times = {0};
	struct abi_prstatus status = {
	    .signo = signal,
	    .code = info->code,
	    .error = info->error,
	    .current_signal = (int16_t)signal,
	    .pending = task->pending.set,
	    .held = task->blocked,
	    .pid = task->tid,
	    .ppid = process->parent ? process->parent->pid : 0,
	    .pgrp = process->pgid,
	    .sid = process->sid,
	    .children_user = timeval_from_ns(process->children_times.user_ns),
	    .children_system = timeval_from_ns(process->children_times.system_ns),
	    .float_valid = 1,
	};

	if (task == current())
		process_times(process, &times);
	else
		task_times_add((struct task *)(uintptr_t)task, &times);
	status.user = timeval_from_ns(times.user_ns);
	status.system = timeval_from_ns(times.system_ns);
	registers_fill(&status.regs, task);
	note(out, "CORE", ABI_NT_PRSTATUS, &status, sizeof(status));
}

/* What a saved area does not hold, as it is initial, is filled in. */
static void float_notes(struct core_out *out, const struct task *task)
{
	static _Alignas(64) uint8_t area[PAGE_BYTES];
	static _Alignas(64) uint8_t initial[PAGE_BYTES];
	const uint64_t enabled = pv_fpu_features();
	uint32_t bytes = pv_fpu_area_bytes();
	uint64_t held = 3;

	ASSERT(bytes <= sizeof(area));
	memcpy(area, task->fpu, bytes);
	pv_fpu_init_area(initial);
	if (enabled)
		memcpy(&held, area + ABI_FXSAVE_BYTES, sizeof(held));
	if (!(held & 1)) {
		memcpy(area, initial, 24);
		memcpy(area + 32, initial + 32, FPU_X87_BYTES - 32);
	}
	if (!(held & 2))
		memcpy(area + FPU_X87_BYTES, initial + FPU_X87_BYTES, FPU_XMM_BYTES);
	note(out, "CORE", ABI_NT_FPREGSET, area, ABI_FXSAVE_BYTES);
	if (!enabled)
		return;
	memcpy(area + XSTATE_FEATURES, &enabled, sizeof(enabled));
	note(out, "LINUX", ABI_NT_X86_XSTATE, area, bytes);
}

static void process_note(struct core_out *out)
{
	const struct task *task = current();
	const struct process *process = task->process;
	struct vm *vm = task->vm;
	struct abi_prpsinfo about = {
	    .state_name = 'R',
	    .nice = (char)task->nice,
	    .uid = task->cred.uid,
	    .gid = task->cred.gid,
	    .pid = process->pid,
	    .ppid = process->parent ? process->parent->pid : 0,
	    .pgrp = process->pgid,
	    .sid = process->sid,
	};
	size_t bytes = MIN(vm->arg_end - vm->arg_start, sizeof(about.arguments) - 1);
	long done = vm_read(vm, vm->arg_start, about.arguments, bytes);

	for (long i = 0; i < done; i++) {
		if (about.arguments[i] == '\0')
			about.arguments[i] = ' ';
	}
	str_copy(about.name, task->name, sizeof(about.name));
	note(out, "CORE", ABI_NT_PRPSINFO, &about, sizeof(about));
}

/* From the program's stack, where the words lie above those of the environment. */
static void auxiliary_note(struct core_out *out)
{
	struct vm *vm = current()->vm;
	uint64_t words[AUX_BYTES_MAX / sizeof(uint64_t)] = {0};
	long done = vm_read(vm, vm->aux_start, words, sizeof(words));
	size_t count = done > 0 ? (size_t)done / sizeof(uint64_t) : 0, i = 0;

	while (i + 1 < count && words[i] != 0)
		i += 2;
	note(out, "CORE", ABI_NT_AUXV, words, MIN(i + 2, ARRAY_COUNT(words)) * sizeof(uint64_t));
}

/* The path of an area's file with its NUL; 0: it has none. */
static size_t path_bytes(const struct vm_area *area, char *path)
{
	long length = area->inode ? path_of_inode(area->inode, path, ABI_PATH_MAX) : 0;

	return length > 0 ? (size_t)length + 1 : 0;
}

/* Number of areas and bytes in a page; start, end and offset in pages of each; their paths. */
static void files_note(struct core_out *out, char *path)
{
	const struct vm *vm = current()->vm;
	const struct vm_area *area;
	uint64_t head[2] = {0, PAGE_BYTES}, place[3];
	size_t names = 0, bytes;

	list_for_each_entry (area, &vm->areas, struct vm_area, node) {
		bytes = path_bytes(area, path);
		names += bytes;
		head[0] += bytes != 0;
	}
	note_begin(out, "CORE", ABI_NT_FILE, sizeof(head) + head[0] * sizeof(place) + names);
	core_write(out, head, sizeof(head));
	list_for_each_entry (area, &vm->areas, struct vm_area, node) {
		place[0] = area->start;
		place[1] = area->end;
		place[2] = area->offset >> PAGE_SHIFT;
		if (path_bytes(area, path) != 0)
			core_write(out, place, sizeof(place));
	}
	list_for_each_entry (area, &vm->areas, struct vm_area, node) {
		bytes = path_bytes(area, path);
		core_write(out, path, bytes);
	}
	pad(out);
}

bool core_notes(struct core_out *out, int signal, const struct abi_siginfo *info)
{
	const struct task *task;
	char *path = kmalloc(ABI_PATH_MAX);

	if (!path)
		return false;
	status_note(out, current(), signal, info);
	process_note(out);
	note(out, "CORE", ABI_NT_SIGINFO, info, sizeof(*info));
	auxiliary_note(out);
	files_note(out, path);
	float_notes(out, current());
	list_for_each_entry (task, &current()->process->tasks, struct task, process_node) {
		if (task == current() || task->state == TASK_ZOMBIE)
			continue;
		status_note(out, task, signal, info);
		float_notes(out, task);
	}
	kfree(path);
	return true;
}
