/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/status. A process that has ended and waits for its parent has no memory and no files;
 * its numbers are still told.
 */
#include "kernel/fs/procfs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"
#include "pv/smp.h"

static const char *state_name(char letter)
{
	switch (letter) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	case 'T':
		return "stopped";
	default:
		return "zombie";
	}
}

static void show_ids(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	const struct cred *cred = &task->cred;
	char state = proc_state_letter(task);

	seq_printf(seq, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n", task->name,
	           task->fs != NULL ? task->fs->umask : 0, state, state_name(state));
	seq_printf(seq, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", process->pid,
	           task->tid, process->parent != NULL ? process->parent->pid : 0);
	seq_printf(seq, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", cred->uid, cred->euid,
	           cred->suid, cred->fsuid, cred->gid, cred->egid, cred->sgid, cred->fsgid);
	seq_printf(seq, "FDSize:\t%d\nGroups:\t",
	           task->files != NULL ? fd_table_capacity(task->files) : 0);
	for (uint32_t i = 0; cred->groups != NULL && i < cred->groups->count; i++)
		seq_printf(seq, "%u ", cred->groups->gid[i]);
	seq_printf(seq, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", process->pid,
	           task->tid, process->pgid, process->sid);
}

static unsigned long long kib(uint64_t bytes)
{
	return (unsigned long long)(bytes >> 10);
}

static void show_kib(struct seq *seq, const char *name, uint64_t bytes)
{
	seq_printf(seq, "%s:\t%8llu kB\n", name, kib(bytes));
}

static void show_memory(struct seq *seq, struct vm *vm)
{
	uint64_t shared_memory = vm_shared_memory_pages(vm);
	uint64_t own_text =
	    (vm->code_end - (vm->code_start & PAGE_MASK) + PAGE_BYTES - 1) & PAGE_MASK;
	struct vm_usage usage;

	vm_measure(vm, &usage);
	own_text = MIN(own_text, usage.text);
	show_kib(seq, "VmPeak", vm_mapped_peak(vm));
	show_kib(seq, "VmSize", vm->mapped_bytes);
	show_kib(seq, "VmLck", usage.locked);
	show_kib(seq, "VmPin", 0);
	show_kib(seq, "VmHWM", MAX(vm->resident_peak, vm->resident_pages) << PAGE_SHIFT);
	show_kib(seq, "VmRSS", vm->resident_pages << PAGE_SHIFT);
	show_kib(seq, "RssAnon", (vm->resident_pages - vm->file_pages) << PAGE_SHIFT);
	show_kib(seq, "RssFile", (vm->file_pages - shared_memory) << PAGE_SHIFT);
	show_kib(seq, "RssShmem", shared_memory << PAGE_SHIFT);
	show_kib(seq, "VmData", usage.data);
	show_kib(seq, "VmStk", usage.stack);
	show_kib(seq, "VmExe", own_text);
	show_kib(seq, "VmLib", usage.text - own_text);
	show_kib(seq, "VmPTE", pv_tables_count(&vm->space) << PAGE_SHIFT);
	show_kib(seq, "VmSwap", 0);
	show_kib(seq, "HugetlbPages", 0);
	seq_printf(seq, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static unsigned int pending_count(const struct sig_pending *pending)
{
	const struct list *node;
	unsigned int count = 0;

	for (node = pending->infos.next; node != &pending->infos; node = node->next)
		count++;
	return count;
}

/* Signals that wait in the queues of all processes of a user. */
static unsigned int queued_signals(uint32_t uid)
{
	const struct process *process;
	unsigned int count = 0;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		const struct task *task;

		if (process->leader->cred.uid != uid)
			continue;
		count += pending_count(&process->pending);
		list_for_each_entry (task, &process->tasks, struct task, process_node)
			count += pending_count(&task->pending);
	}
	return count;
}

static void show_signals(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	sigset ignored, caught;

	proc_handled_signals(task, &ignored, &caught);
	seq_printf(seq, "Threads:\t%u\nSigQ:\t%u/%llu\n", MAX(process->task_count, 1u),
	           queued_signals(task->cred.uid),
	           (unsigned long long)process->rlimit[ABI_RLIMIT_SIGPENDING].soft);
	seq_printf(seq, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n",
	           (unsigned long long)task->pending.set, (unsigned long long)process->pending.set,
	           (unsigned long long)task->blocked);
	seq_printf(seq, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", (unsigned long long)ignored,
	           (unsigned long long)caught);
}

static void show_rights(struct seq *seq, const struct cred *cred)
{
	seq_printf(seq, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n",
	           (unsigned long long)cred->inheritable, (unsigned long long)cred->permitted,
	           (unsigned long long)cred->effective);
	seq_printf(seq, "CapBnd:\t%016llx\nCapAmb:\t%016llx\nNoNewPrivs:\t%d\nSeccomp:\t0\n",
	           (unsigned long long)cred->bounding, (unsigned long long)cred->ambient,
	           cred->no_new_privs);
}

/* Memory has one node. */
static void show_places(struct seq *seq, const struct task *task)
{
	unsigned long cpus = task->affinity & pv_smp_online_mask();

	seq_printf(seq, "Cpus_allowed:\t%lx\nCpus_allowed_list:\t", cpus);
	seq_bit_list(seq, cpus);
	seq_printf(seq, "Mems_allowed:\t1\nMems_allowed_list:\t0\n");
}

void proc_show_status(struct seq *seq, struct task *task)
{
	show_ids(seq, task);
	if (task->vm != NULL)
		show_memory(seq, task->vm);
	show_signals(seq, task);
	show_rights(seq, &task->cred);
	show_places(seq, task);
	seq_printf(seq, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
	           (unsigned long long)task->voluntary_switches,
	           (unsigned long long)task->involuntary_switches);
}
