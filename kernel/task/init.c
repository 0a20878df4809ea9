/* SPDX-License-Identifier: MIT */
/*
 * Process 1 and the run: the program of the run description (run.h) becomes process 2,
 * orphans are reaped, and with the program's end everything else is killed and the machine stops.
 *
 * The program is not process 1 itself, because signals that would end any other process do not end
 * that one, and because it need not know how to reap.
 */
#include "kernel/dev/stream.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/mm/page.h"
#include "kernel/shutdown.h"
#include "kernel/task/exec.h"
#include "kernel/task/internal.h"
#include "kernel/task/random.h"
#include "kernel/task/run.h"
#include "pv/time.h"

#define KILL_WAIT_NS   (2 * NS_PER_SEC)
#define MESSAGE_BYTES  256u
#define NOFILE_SOFT    1024u
#define NOFILE_HARD    4096u
#define STACK_SOFT     (8ul << 20)
#define MEMLOCK_BYTES  (8ul << 20)
#define MSGQUEUE_BYTES 819200u

static _Noreturn void end_run(enum channel_exit_kind kind, uint32_t value, const char *message)
{
	stream_finish(kind, value, message);
	shutdown_machine();
}

/* Try one directory of PATH. -ENOENT: not there. */
static int exec_in(const char *dir, size_t dir_len, const struct run *run)
{
	char *path = kmalloc(ABI_PATH_MAX);
	int result = -ENOMEM;

	if (!path)
		return -ENOMEM;
	if (dir_len == 0)
		fmt_print(path, ABI_PATH_MAX, "%s", run->argv[0]);
	else
		fmt_print(path, ABI_PATH_MAX, "%.*s/%s", (int)dir_len, dir, run->argv[0]);
	result = exec_kernel(path, run->argv, run->envp);
	kfree(path);
	return result;
}

/* As execvp() does it: the first that can be run; permission problems are remembered. */
static int exec_by_path(const struct run *run)
{
	const char *dirs = run_variable(run, "PATH");
	bool denied = false;

	if (strchr(run->argv[0], '/'))
		return exec_kernel(run->argv[0], run->argv, run->envp);
	if (!dirs)
		dirs = "/bin:/usr/bin";
	for (;;) {
		const char *end = strchr(dirs, ':');
		size_t len = end ? (size_t)(end - dirs) : strlen(dirs);
		int result = exec_in(dirs, len, run);

		if (result == -EACCES)
			denied = true;
		else if (result != -ENOENT && result != -ENOTDIR)
			return result;
		if (!end)
			return denied ? -EACCES : -ENOENT;
		dirs = end + 1;
	}
}

static _Noreturn void program_failed(const struct run *run, int error)
{
	const char *name = run->path[0] ? run->path : run->argv[0];
	const char *why = exec_failure_text();
	char message[MESSAGE_BYTES];

	if ((error == -ENOENT || error == -ENOTDIR) && !why) {
		fmt_print(message, sizeof(message), "%s: not found", name);
		end_run(CHANNEL_EXIT_ENOENT, 0, message);
	}
	if (!why && error == -ENOMEM)
		why = "it does not fit into memory";
	if (why)
		fmt_print(message, sizeof(message), "%s: %s", name, why);
	else
		fmt_print(message, sizeof(message), "%s: cannot be run (error %d)", name, -error);
	end_run(CHANNEL_EXIT_NOEXEC, 0, message);
}

static _Noreturn void refuse_run(const char *what, const char *name)
{
	char message[MESSAGE_BYTES];

	fmt_print(message, sizeof(message), "%s: %s", what, name);
	end_run(CHANNEL_EXIT_REFUSED, 0, message);
}

static void set_limits(const struct run *run)
{
	struct abi_rlimit *limits = current()->process->rlimit;

	for (unsigned int i = 0; i < run->limit_count; i++)
		limits[run->limit[i].which] = run->limit[i].value;
}

/* Where, under which limits and as whom the program runs. */
static void settle_program(struct run *run)
{
	set_limits(run);
	if (run->cwd && (path_make_directories(run->cwd) != 0 || fs_set_cwd(run->cwd) != 0))
		refuse_run("the working directory cannot be made in the guest", run->cwd);
	if (run->user && run_become_user(run) != 0)
		refuse_run("no such user or group in the guest's /etc/passwd and /etc/group",
		           run->user);
}

/* Process 2, still in the kernel. Returning means going to user mode. */
static void program_start(void *arg)
{
	struct run *run = arg;
	int result = stream_install_fds();

	if (result != 0)
		panic("the program's standard streams: error %d", -result);
	settle_program(run);
	if (run->path[0])
		result = exec_kernel(run->path, run->argv, run->envp);
	else
		result = exec_by_path(run);
	if (result != 0)
		program_failed(run, result);
}

static void limits_default(struct abi_rlimit *limits)
{
	uint64_t tasks = task_limit() / 2;

	for (int i = 0; i < ABI_RLIMIT_COUNT; i++)
		limits[i] = (struct abi_rlimit){ABI_RLIM_INFINITY, ABI_RLIM_INFINITY};
	limits[ABI_RLIMIT_STACK].soft = STACK_SOFT;
	limits[ABI_RLIMIT_CORE].soft = 0;
	limits[ABI_RLIMIT_NPROC] = (struct abi_rlimit){tasks, tasks};
	limits[ABI_RLIMIT_NOFILE] = (struct abi_rlimit){NOFILE_SOFT, NOFILE_HARD};
	limits[ABI_RLIMIT_MEMLOCK] = (struct abi_rlimit){MEMLOCK_BYTES, MEMLOCK_BYTES};
	limits[ABI_RLIMIT_SIGPENDING] = (struct abi_rlimit){tasks, tasks};
	limits[ABI_RLIMIT_MSGQUEUE] = (struct abi_rlimit){MSGQUEUE_BYTES, MSGQUEUE_BYTES};
	limits[ABI_RLIMIT_NICE] = (struct abi_rlimit){0, 0};
	limits[ABI_RLIMIT_RTPRIO] = (struct abi_rlimit){0, 0};
}

/* The running kernel task becomes process 1. */
static void become_init(void)
{
	struct task *task = current();
	struct process *process = process_alloc(NULL);

	if (!process)
		panic("no memory for process 1");
	limits_default(process->rlimit);
	process->executed = true;
	if (process_add(process, task) != 0 || process->pid != 1)
		panic("process 1 has another number");
	process->pgid = 1;
	process->sid = 1;
	process_init = process;
	str_copy(task->name, "init", sizeof(task->name));
}

static int program_create(struct run *run)
{
	struct task *task = task_create_kernel("program", program_start, run);
	struct process *process = process_alloc(process_init);

	if (task && process) {
		task->files = fd_table_create();
		task->fs = fs_context_create();
		task->handlers = sig_handlers_create();
	}
	if (!task || !process || !task->files || !task->fs || !task->handlers ||
	    process_add(process, task) != 0)
		panic("no memory for the program's process");
	process->pgid = process->pid;
	process->sid = process->pid;
	sched_add(task);
	return process->pid;
}

/* Kill what the program has left behind, and wait a little for it to go. */
static void kill_all(void)
{
	uint64_t deadline = pv_time_monotonic_ns() + KILL_WAIT_NS;
	struct process *process;
	int status;

	list_for_each_entry (process, &process_all, struct process, all_node)
		signal_send_process(process, ABI_SIGKILL, NULL);
	while (wait_reap_any(&status, deadline) > 0)
		;
}

_Noreturn void task_run_init(void)
{
	static struct run run;
	int program, pid, status = 0;

	task_init_limits();
	random_init();
	become_init();
	run_find(&run);
	program = program_create(&run);
	do {
		pid = wait_reap_any(&status, WAIT_FOREVER);
	} while (pid != program);
	kill_all();
	if (status & 0x7f)
		end_run(CHANNEL_EXIT_SIGNAL, (uint32_t)status & 0x7f, NULL);
	end_run(CHANNEL_EXIT_STATUS, (uint32_t)status >> 8 & 0xff, NULL);
}
