/* SPDX-License-Identifier: MIT */
/*
 * Process 1 and the run: the run description is read and removed, its program becomes process 2,
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
#include "pv/time.h"

#define RUN_PATH       "/.pinfold-run"
#define RUN_BYTES_MAX  (4ul << 20)
#define RUN_COUNT_MAX  65536u
#define KILL_WAIT_NS   (2 * NS_PER_SEC)
#define MESSAGE_BYTES  256u
#define NOFILE_SOFT    1024u
#define NOFILE_HARD    4096u
#define STACK_SOFT     (8ul << 20)
#define MEMLOCK_BYTES  (8ul << 20)
#define MSGQUEUE_BYTES 819200u

struct run {
	const char *path; /* "": look argv[0] up */
	const char **argv;
	const char **envp;
};

static const char *const default_env[] = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/root",
                                          "TERM=dumb", NULL};

static _Noreturn void end_run(enum channel_exit_kind kind, uint32_t value, const char *message)
{
	stream_finish(kind, value, message);
	shutdown_machine();
}

/* The next string of the description, or NULL at its end. */
static const char *next_string(const char **at, const char *end)
{
	const char *string = *at;
	const char *nul = string < end ? memchr(string, 0, (size_t)(end - string)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return string;
}

/* A count and as many strings. NULL: the description is broken, or no memory. */
static const char **next_vector(const char **at, const char *end)
{
	const char *number = next_string(at, end);
	const char **vector;
	uint64_t count;

	if (!number || !str_parse_u64(number, number + strlen(number), &count) ||
	    count > RUN_COUNT_MAX)
		return NULL;
	vector = kzalloc((count + 1) * sizeof(*vector));
	for (uint64_t i = 0; vector && i < count; i++) {
		vector[i] = next_string(at, end);
		if (!vector[i])
			return NULL;
	}
	return vector;
}

static bool run_parse(const char *text, size_t bytes, struct run *run)
{
	const char *at = text;
	const char *end = text + bytes;
	const char *version = next_string(&at, end);

	if (!version || strcmp(version, "1") != 0)
		return false;
	run->path = next_string(&at, end);
	run->argv = run->path ? next_vector(&at, end) : NULL;
	run->envp = run->argv ? next_vector(&at, end) : NULL;
	return run->envp && run->argv[0];
}

/* The whole file; it stays in memory for good. NULL: not there, with *bytes 0, or not readable. */
static char *run_read(size_t *bytes)
{
	struct inode *inode = path_lookup(NULL, RUN_PATH, PATH_NOFOLLOW);
	struct file *file;
	uint64_t pos = 0;
	char *text = NULL;
	long done = -1;

	*bytes = 0;
	if (is_err(inode))
		return NULL;
	*bytes = inode->size;
	if (*bytes <= RUN_BYTES_MAX)
		text = kmalloc(*bytes + 1);
	file = file_open_inode(inode, ABI_O_RDONLY);
	if (text && !is_err(file))
		done = file_read_kernel(file, text, *bytes, &pos);
	if (!is_err(file))
		file_put(file);
	inode_put(inode);
	path_unlink(RUN_PATH);
	if (text && done == (long)*bytes)
		return text;
	kfree(text);
	return NULL;
}

static bool present(const char *path)
{
	struct inode *inode = path_lookup(NULL, path, 0);

	if (is_err(inode))
		return false;
	inode_put(inode);
	return true;
}

/* Without a description: what the root offers. */
static void run_default(struct run *run)
{
	static const char *argv[2];

	argv[0] = present("/init") ? "/init" : "/bin/sh";
	klog(LOG_INFO, "no run description: starting %s", argv[0]);
	run->path = argv[0];
	run->argv = argv;
	run->envp = (const char **)(uintptr_t)default_env;
}

static void run_find(struct run *run)
{
	size_t bytes;
	char *text = run_read(&bytes);

	if (text && run_parse(text, bytes, run))
		return;
	if (bytes != 0)
		panic("the run description %s is broken", RUN_PATH);
	run_default(run);
}

static const char *env_value(const char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp; envp++) {
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	}
	return NULL;
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
	const char *dirs = env_value(run->envp, "PATH");
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

/* Process 2, still in the kernel. Returning means going to user mode. */
static void program_start(void *arg)
{
	const struct run *run = arg;
	int result = stream_install_fds();

	if (result != 0)
		panic("the program's standard streams: error %d", -result);
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
	process->dumpable = true;
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
