/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: what the kernel tells about a process. A process that has ended and waits for its
 * parent has no memory and no files; its numbers are still told.
 */
#include "kernel/dev/tty.h"
#include "kernel/fs/procfs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/cpu.h"
#include "kernel/task/task.h"

#define TICK_NS          10000000ull /* of the ABI's clock, 100 Hz */
#define PRIORITY_BASE    20
#define STAT_PATH_COLUMN 73 /* where /proc/PID/maps has the name */

static uint64_t ticks(uint64_t ns)
{
	return ns / TICK_NS;
}

static char state_letter(const struct task *task)
{
	if (task->process->zombie)
		return 'Z';
	switch (task->state) {
	case TASK_RUNNING:
		return 'R';
	case TASK_SLEEPING:
		return 'S';
	case TASK_BLOCKED:
		return 'D';
	case TASK_STOPPED:
		return 'T';
	case TASK_ZOMBIE:
		return 'Z';
	}
	return '?';
}

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

static int parent_pid(const struct process *process)
{
	return process->parent != NULL ? process->parent->pid : 0;
}

/* Signals that the process ignores and catches. */
static void handled_signals(const struct task *task, sigset *ignored, sigset *caught)
{
	*ignored = *caught = 0;
	for (unsigned int i = 0; task->handlers != NULL && i < ABI_SIGNAL_COUNT; i++) {
		uint64_t handler = task->handlers->action[i].handler;

		if (handler == ABI_SIG_IGN)
			*ignored |= 1ull << i;
		else if (handler != ABI_SIG_DFL)
			*caught |= 1ull << i;
	}
}

static void show_stat_ids(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	bool tty = process->tty != NULL;

	seq_printf(seq, "%d (%s) %c %d %d %d %u %d 0", task->tid, task->name, state_letter(task),
	           parent_pid(process), process->pgid, process->sid,
	           tty ? tty_device_number(process->tty) : 0,
	           tty ? tty_foreground_group(process->tty) : -1);
}

static void show_stat_times(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	struct abi_rusage_times times;

	process_times(process, &times);
	seq_printf(
	    seq, " %llu %llu %llu %llu %llu %llu %llu %llu", (unsigned long long)times.minor_faults,
	    (unsigned long long)process->children_times.minor_faults,
	    (unsigned long long)times.major_faults,
	    (unsigned long long)process->children_times.major_faults,
	    (unsigned long long)ticks(times.user_ns), (unsigned long long)ticks(times.system_ns),
	    (unsigned long long)ticks(process->children_times.user_ns),
	    (unsigned long long)ticks(process->children_times.system_ns));
	seq_printf(seq, " %d %d %u 0 %llu", PRIORITY_BASE + task->nice, task->nice,
	           MAX(process->task_count, 1u), (unsigned long long)ticks(process->start_ns));
}

static void show_stat(struct seq *seq, struct task *task)
{
	static const struct vm no_vm;
	const struct process *process = task->process;
	const struct vm *vm = task->vm != NULL ? task->vm : &no_vm;
	sigset ignored, caught;

	handled_signals(task, &ignored, &caught);
	show_stat_ids(seq, task);
	show_stat_times(seq, task);
	seq_printf(seq, " %llu %llu %llu 0 0 %lu 0 0", (unsigned long long)vm->mapped_bytes,
	           (unsigned long long)vm->resident_pages,
	           (unsigned long long)process->rlimit[ABI_RLIMIT_RSS].soft,
	           (unsigned long)vm->stack_top);
	seq_printf(seq, " %llu %llu %llu %llu 0 0 0 %d %u %d %d 0 0 0",
	           (unsigned long long)(task->pending.set & INT32_MAX),
	           (unsigned long long)(task->blocked & INT32_MAX),
	           (unsigned long long)(ignored & INT32_MAX),
	           (unsigned long long)(caught & INT32_MAX), process->exit_signal,
	           task->cpu != NULL ? task->cpu->id : 0, task->rt_priority, task->policy);
	seq_printf(seq, " 0 0 %lu %lu %lu %lu %lu %d\n", (unsigned long)vm->brk_start,
	           (unsigned long)vm->arg_start, (unsigned long)vm->arg_end,
	           (unsigned long)vm->env_start, (unsigned long)vm->env_end,
	           process->zombie ? process->exit_code : 0);
}

/* Bytes of the areas by use: executable and not, writable private, stack. */
struct vm_usage {
	uint64_t text, data, stack, shared;
};

static void vm_measure(const struct vm *vm, struct vm_usage *usage)
{
	const struct vm_area *area;

	*usage = (struct vm_usage){0};
	list_for_each_entry (area, &vm->areas, struct vm_area, node) {
		uint64_t bytes = area->end - area->start;

		if ((area->flags & VM_GROWS_DOWN) != 0)
			usage->stack += bytes;
		else if ((area->prot & (VM_EXEC | VM_WRITE)) == VM_EXEC)
			usage->text += bytes;
		else if ((area->prot & VM_WRITE) != 0 && (area->flags & VM_SHARED) == 0)
			usage->data += bytes;
		if ((area->flags & VM_SHARED) != 0)
			usage->shared += bytes;
	}
}

static void show_statm(struct seq *seq, struct task *task)
{
	struct vm_usage usage;

	if (task->vm == NULL) {
		seq_printf(seq, "0 0 0 0 0 0 0\n");
		return;
	}
	vm_measure(task->vm, &usage);
	seq_printf(seq, "%llu %llu %llu %llu 0 %llu 0\n",
	           (unsigned long long)(task->vm->mapped_bytes >> PAGE_SHIFT),
	           (unsigned long long)task->vm->resident_pages,
	           (unsigned long long)MIN(usage.shared >> PAGE_SHIFT, task->vm->resident_pages),
	           (unsigned long long)(usage.text >> PAGE_SHIFT),
	           (unsigned long long)((usage.data + usage.stack) >> PAGE_SHIFT));
}

static void show_status_ids(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	char state = state_letter(task);

	seq_printf(seq, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n", task->name,
	           task->fs != NULL ? task->fs->umask : 0, state, state_name(state));
	seq_printf(seq, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", process->pid,
	           task->tid, parent_pid(process));
	seq_printf(seq, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", process->uid, process->euid,
	           process->suid, process->euid, process->gid, process->egid, process->sgid,
	           process->egid);
	seq_printf(seq, "FDSize:\t%d\nGroups:\t", task->files != NULL ? 64 : 0);
	for (uint32_t i = 0; process->groups != NULL && i < process->groups->count; i++)
		seq_printf(seq, "%u ", process->groups->gid[i]);
	seq_printf(seq, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", process->pid,
	           task->tid, process->pgid, process->sid);
}

static unsigned long long kib(uint64_t bytes)
{
	return (unsigned long long)(bytes >> 10);
}

static void show_status_memory(struct seq *seq, const struct vm *vm)
{
	uint64_t resident = vm->resident_pages << PAGE_SHIFT;
	struct vm_usage usage;

	vm_measure(vm, &usage);
	seq_printf(seq, "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t%8u kB\n",
	           kib(vm->mapped_bytes), kib(vm->mapped_bytes), 0u);
	seq_printf(seq, "VmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\nRssAnon:\t%8llu kB\n", kib(resident),
	           kib(resident), kib(resident));
	seq_printf(seq, "VmData:\t%8llu kB\nVmStk:\t%8llu kB\nVmExe:\t%8llu kB\nVmLib:\t%8u kB\n",
	           kib(usage.data), kib(usage.stack), kib(usage.text), 0u);
	seq_printf(seq, "VmSwap:\t%8u kB\n", 0u);
}

static void show_status_signals(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	sigset ignored, caught;

	handled_signals(task, &ignored, &caught);
	seq_printf(seq, "Threads:\t%u\nSigQ:\t0/%llu\n", MAX(process->task_count, 1u),
	           (unsigned long long)process->rlimit[ABI_RLIMIT_SIGPENDING].soft);
	seq_printf(seq, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n",
	           (unsigned long long)task->pending.set, (unsigned long long)process->pending.set,
	           (unsigned long long)task->blocked);
	seq_printf(seq, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", (unsigned long long)ignored,
	           (unsigned long long)caught);
}

static void show_status(struct seq *seq, struct task *task)
{
	unsigned long long capabilities = task->process->euid == 0 ? 0x1ffffffffffull : 0;

	show_status_ids(seq, task);
	if (task->vm != NULL)
		show_status_memory(seq, task->vm);
	show_status_signals(seq, task);
	seq_printf(seq, "CapInh:\t%016x\nCapPrm:\t%016llx\nCapEff:\t%016llx\n", 0u, capabilities,
	           capabilities);
	seq_printf(seq, "CapBnd:\t%016llx\nCapAmb:\t%016x\nNoNewPrivs:\t0\nSeccomp:\t0\n",
	           0x1ffffffffffull, 0u);
	seq_printf(seq, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
	seq_printf(seq, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
	           (unsigned long long)task->voluntary_switches,
	           (unsigned long long)task->involuntary_switches);
}

/* Copy a range of the process's memory into the text; what cannot be read ends it. */
static void show_memory(struct seq *seq, struct vm *vm, uintptr_t start, uintptr_t end)
{
	uint8_t block[256];

	while (start < end) {
		long done = vm_read(vm, start, block, MIN(end - start, sizeof(block)));

		if (done <= 0)
			return;
		seq_write(seq, block, (size_t)done);
		start += (size_t)done;
	}
}

static void show_cmdline(struct seq *seq, struct task *task)
{
	if (task->vm != NULL)
		show_memory(seq, task->vm, task->vm->arg_start, task->vm->arg_end);
}

static void show_environ(struct seq *seq, struct task *task)
{
	if (task->vm != NULL)
		show_memory(seq, task->vm, task->vm->env_start, task->vm->env_end);
}

static void show_comm(struct seq *seq, struct task *task)
{
	seq_printf(seq, "%s\n", task->name);
}

static long write_comm(struct task *task, const char *text, size_t len)
{
	size_t bytes = len;

	if (task->process != current()->process)
		return -EINVAL;
	if (bytes > 0 && text[bytes - 1] == '\n')
		bytes--;
	bytes = MIN(bytes, sizeof(task->name) - 1);
	memcpy(task->name, text, bytes);
	task->name[bytes] = 0;
	return (long)len;
}

static void show_map_line(struct seq *seq, const struct vm_area *area, char *path)
{
	static const struct inode none;
	const struct inode *inode = area->inode != NULL ? area->inode : &none;
	size_t start = seq->len, used;
	const char *name = area->name;

	seq_printf(
	    seq, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %llu", (unsigned long)area->start,
	    (unsigned long)area->end, (area->prot & VM_READ) != 0 ? 'r' : '-',
	    (area->prot & VM_WRITE) != 0 ? 'w' : '-', (area->prot & VM_EXEC) != 0 ? 'x' : '-',
	    (area->flags & VM_SHARED) != 0 ? 's' : 'p',
	    (unsigned long long)(area->inode != NULL ? area->offset : 0), abi_dev_major(inode->dev),
	    abi_dev_minor(inode->dev), (unsigned long long)inode->ino);
	if (name == NULL && area->inode != NULL &&
	    path_of_inode(area->inode, path, ABI_PATH_MAX) > 0)
		name = path;
	used = seq->len - start;
	if (name != NULL)
		seq_printf(seq, "%*s%s",
		           used < STAT_PATH_COLUMN ? (int)(STAT_PATH_COLUMN - used) : 1, "", name);
	seq_printf(seq, "\n");
}

static void show_maps(struct seq *seq, struct task *task)
{
	char *path = kmalloc(ABI_PATH_MAX);
	const struct vm_area *area;

	if (path == NULL) {
		seq->failed = true;
		return;
	}
	if (task->vm != NULL) {
		list_for_each_entry (area, &task->vm->areas, struct vm_area, node) {
			show_map_line(seq, area, path);
		}
	}
	kfree(path);
}

static void show_limit(struct seq *seq, uint64_t value)
{
	if (value == ABI_RLIM_INFINITY)
		seq_printf(seq, "%-20s ", "unlimited");
	else
		seq_printf(seq, "%-20llu ", (unsigned long long)value);
}

static void show_limits(struct seq *seq, struct task *task)
{
	static const char *const names[ABI_RLIMIT_COUNT][2] = {
	    {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
	    {"Max data size", "bytes"},      {"Max stack size", "bytes"},
	    {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
	    {"Max processes", "processes"},  {"Max open files", "files"},
	    {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
	    {"Max file locks", "locks"},     {"Max pending signals", "signals"},
	    {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
	    {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
	};

	seq_printf(seq, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < ABI_RLIMIT_COUNT; i++) {
		seq_printf(seq, "%-25s ", names[i][0]);
		show_limit(seq, task->process->rlimit[i].soft);
		show_limit(seq, task->process->rlimit[i].hard);
		if (names[i][1][0] != 0)
			seq_printf(seq, "%-10s", names[i][1]);
		seq_printf(seq, "\n");
	}
}

static void show_mounts(struct seq *seq, struct task *task)
{
	(void)task;
	proc_show_mounts(seq);
}

static void show_mountinfo(struct seq *seq, struct task *task)
{
	struct filesystem *fs;

	(void)task;
	list_for_each_entry (fs, &filesystem_all, struct filesystem, node) {
		const char *access = (fs->flags & ABI_MS_RDONLY) != 0 ? "ro" : "rw";
		const struct inode *covered = fs->root->covers;
		unsigned int id = abi_dev_minor(fs->dev);
		char path[256];

		if (path_of_directory(fs->root, path, sizeof(path)) < 0)
			continue;
		seq_printf(seq, "%u %u %u:%u / %s %s,relatime - %s %s %s\n", id,
		           covered != NULL ? abi_dev_minor(covered->dev) : 1u,
		           abi_dev_major(fs->dev), id, path, access, fs->type, fs->source, access);
	}
}

/* The killer of processes when memory runs out has no scores here: these files are for programs
 * that insist on them. */
static void show_zero(struct seq *seq, struct task *task)
{
	(void)task;
	seq_printf(seq, "0\n");
}

static long write_ignored(struct task *task, const char *text, size_t len)
{
	(void)task;
	(void)text;
	return (long)len;
}

static struct inode *follow_exe(struct task *task)
{
	if (task->vm == NULL || task->vm->exe == NULL)
		return err_ptr(-ENOENT);
	inode_get(task->vm->exe);
	return task->vm->exe;
}

static struct inode *follow_cwd(struct task *task)
{
	if (task->fs == NULL)
		return err_ptr(-ENOENT);
	inode_get(task->fs->cwd);
	return task->fs->cwd;
}

static struct inode *follow_root(struct task *task)
{
	if (task->fs == NULL)
		return err_ptr(-ENOENT);
	inode_get(task->fs->root);
	return task->fs->root;
}

#define REG(mode) (ABI_S_IFREG | (mode))
#define LNK       (ABI_S_IFLNK | 0777)

const struct proc_pid_file proc_pid_files[] = {
    {.name = "environ", .mode = REG(0400), .show = show_environ},
    {.name = "status", .mode = REG(0444), .show = show_status},
    {.name = "limits", .mode = REG(0444), .show = show_limits},
    {.name = "comm", .mode = REG(0644), .show = show_comm, .write = write_comm},
    {.name = "cmdline", .mode = REG(0444), .show = show_cmdline},
    {.name = "stat", .mode = REG(0444), .show = show_stat},
    {.name = "statm", .mode = REG(0444), .show = show_statm},
    {.name = "maps", .mode = REG(0444), .show = show_maps},
    {.name = "cwd", .mode = LNK, .follow = follow_cwd},
    {.name = "root", .mode = LNK, .follow = follow_root},
    {.name = "exe", .mode = LNK, .follow = follow_exe},
    {.name = "mounts", .mode = REG(0444), .show = show_mounts, .tells_mounts = true},
    {.name = "mountinfo", .mode = REG(0444), .show = show_mountinfo, .tells_mounts = true},
    {.name = "oom_score", .mode = REG(0444), .show = show_zero},
    {.name = "oom_score_adj", .mode = REG(0644), .show = show_zero, .write = write_ignored},
};

const size_t proc_pid_file_count = ARRAY_COUNT(proc_pid_files);
