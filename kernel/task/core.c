/* SPDX-License-Identifier: MIT */
/*
 * The core file of a process that a signal ends: an ELF file named "core" where the process is,
 * with its registers and its memory, for a debugger.
 *
 * The other tasks stop first, where they would go back to user mode: each has its registers in its
 * frame then. While memory is written other processes take their turns, so what is mapped may
 * change under it where one shares the memory; the headers are of one moment.
 */
#include "kernel/task/core.h"

#include "kernel/fs/internal.h"
#include "kernel/linux/abi_core.h"
#include "kernel/linux/abi_task.h"
#include "kernel/mm/dump.h"
#include "kernel/task/internal.h"

#define CORE_NAME "core"
#define CORE_MODE 0600u
/* No file below this limit. */
#define CORE_BYTES_MIN PAGE_BYTES

struct core_part {
	uintptr_t start, end;
	size_t file_bytes;
	unsigned int prot;
};

void core_write(struct core_out *out, const void *data, size_t bytes)
{
	if (out->file && !out->ended) {
		out->ended = bytes > out->left;
		out->left -= MIN(bytes, out->left);
		if (!out->ended) {
			uint64_t pos = out->pos;

			out->ended = file_write_kernel(out->file, data, bytes, &pos) != (long)bytes;
		}
	}
	out->pos += bytes;
}

/* Wait until no other task of the process runs on. False: it ends or executes a program. */
static bool stop_others(struct process *process)
{
	struct wait_entry entry;

	if (process->group_exit || process->exec_task)
		return false;
	process->exec_task = current();
	process->core_parked = 0;
	process->core_dump = true;
	signal_kick(process);
	wait_enqueue(&process->vfork_wait, &entry);
	while (process->core_parked + 1 < process->task_count)
		task_sleep(false, WAIT_FOREVER);
	wait_dequeue(&entry);
	return true;
}

/* The process ends; so do those that wait. */
static void let_others_end(struct process *process, int exit_code)
{
	process->core_dump = false;
	process->exec_task = NULL;
	process->group_exit = true;
	process->exit_code = exit_code;
	process->stopped = false;
	wait_wake_all(&process->vfork_wait);
}

void core_park(struct process *process)
{
	struct wait_entry entry;

	process->core_parked++;
	wait_wake_all(&process->vfork_wait);
	wait_enqueue(&process->vfork_wait, &entry);
	while (process->core_dump)
		task_sleep(false, WAIT_FOREVER);
	wait_dequeue(&entry);
}

static struct core_part *parts_gather(struct vm *vm, size_t *count)
{
	struct core_part *parts = kmalloc(MAX(vm->area_count, 1u) * sizeof(*parts));
	const struct vm_area *area;

	*count = 0;
	if (!parts)
		return NULL;
	list_for_each_entry (area, &vm->areas, struct vm_area, node) {
		parts[*count] = (struct core_part){.start = area->start,
		                                   .end = area->end,
		                                   .file_bytes = vm_dump_bytes(vm, area),
		                                   .prot = area->prot};
		++*count;
	}
	return parts;
}

static void write_header(struct core_out *out, size_t segment_count)
{
	const struct abi_elf_header header = {
	    .ident = {0x7f, 'E', 'L', 'F', 2, 1, ABI_ELF_VERSION},
	    .type = ABI_ELF_CORE,
	    .machine = ABI_ELF_X86_64,
	    .version = ABI_ELF_VERSION,
	    .segments_at = sizeof(header),
	    .header_bytes = sizeof(header),
	    .segment_bytes = sizeof(struct abi_elf_segment),
	    .segment_count = (uint16_t)segment_count,
	};

	core_write(out, &header, sizeof(header));
}

static void write_segments(struct core_out *out, const struct core_part *parts, size_t count,
                           uint64_t notes_bytes, uint64_t data_at)
{
	struct abi_elf_segment segment = {
	    .type = ABI_ELF_NOTE,
	    .offset = out->pos + (count + 1) * sizeof(segment),
	    .file_bytes = notes_bytes,
	    .align = 4,
	};

	core_write(out, &segment, sizeof(segment));
	for (size_t i = 0; i < count; i++) {
		segment = (struct abi_elf_segment){
		    .type = ABI_ELF_LOAD,
		    .flags = (parts[i].prot & VM_READ ? ABI_ELF_READ : 0) |
		             (parts[i].prot & VM_WRITE ? ABI_ELF_WRITE : 0) |
		             (parts[i].prot & VM_EXEC ? ABI_ELF_EXEC : 0),
		    .offset = data_at,
		    .address = parts[i].start,
		    .file_bytes = parts[i].file_bytes,
		    .memory_bytes = parts[i].end - parts[i].start,
		    .align = PAGE_BYTES,
		};
		data_at += segment.file_bytes;
		core_write(out, &segment, sizeof(segment));
	}
}

/* Pages that are not there stay holes. */
static void write_memory(struct core_out *out, struct vm *vm, const struct core_part *part)
{
	struct task *task = current();

	for (uintptr_t at = part->start; at < part->start + part->file_bytes; at += PAGE_BYTES) {
		const void *page = vm_dump_page(vm, at);

		if (out->ended)
			return;
		if (page)
			core_write(out, page, PAGE_BYTES);
		else
			out->pos += PAGE_BYTES;
		if (task->need_resched)
			sched_yield();
		if (task->process->pending.set & signal_bit(ABI_SIGKILL))
			out->ended = true;
	}
}

static bool write_core(struct core_out *out, int signal, const struct abi_siginfo *info)
{
	struct vm *vm = current()->vm;
	struct core_out notes = {0};
	size_t count;
	struct core_part *parts = parts_gather(vm, &count);
	uint64_t data_at;

	if (!parts)
		return false;
	data_at = sizeof(struct abi_elf_header) + (count + 1) * sizeof(struct abi_elf_segment);
	notes.pos = data_at;
	if (!core_notes(&notes, signal, info)) {
		kfree(parts);
		return false;
	}
	write_header(out, count + 1);
	write_segments(out, parts, count, notes.pos - data_at,
	               (notes.pos + PAGE_BYTES - 1) & PAGE_MASK);
	core_notes(out, signal, info);
	out->pos = (out->pos + PAGE_BYTES - 1) & PAGE_MASK;
	for (size_t i = 0; i < count; i++)
		write_memory(out, vm, &parts[i]);
	/* Holes at the end are a part of the file, too. */
	if (!out->ended && out->file->inode->size < out->pos)
		inode_truncate(out->file->inode, out->pos);
	kfree(parts);
	return true;
}

/* A new file of the process's own: never one that was there, nor through a link. */
static struct file *create_file(void)
{
	path_remove(CORE_NAME);
	return path_open(CORE_NAME, ABI_O_WRONLY | ABI_O_CREAT | ABI_O_EXCL | ABI_O_NOFOLLOW,
	                 CORE_MODE);
}

_Noreturn void core_exit(int signal, const struct abi_siginfo *info)
{
	struct process *process = current()->process;
	struct core_out out = {.left = process->rlimit[ABI_RLIMIT_CORE].soft};
	bool dumped = false;

	if (current()->vm->dumpable != ABI_DUMPABLE_USER || out.left < CORE_BYTES_MIN ||
	    !stop_others(process))
		process_exit(signal);
	sched_save_user_state(current());
	out.file = create_file();
	if (!is_err(out.file)) {
		dumped = write_core(&out, signal, info);
		file_put(out.file);
	}
	let_others_end(process, signal | (dumped ? ABI_WAIT_CORE : 0));
	process_exit(signal);
}
