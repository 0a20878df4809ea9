/* SPDX-License-Identifier: MIT */
/*
 * execve and execveat. The new program is built in an address space of its own beside the old one,
 * so that whatever fails leaves the caller as it was; the last step cannot fail.
 */
#include "arch/x86/context.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/task/exec.h"
#include "kernel/task/internal.h"
#include "pv/cpu.h"

/* Copies that replace what is shared; NULL: nothing to replace. */
struct exec_own {
	struct sig_handlers *handlers;
	struct fd_table *files;
};

static void exec_free(struct exec *exec)
{
	exec_args_free(&exec->args);
	if (exec->vm)
		vm_put(exec->vm);
	if (exec->inode)
		inode_put(exec->inode);
	kfree(exec->name);
}

/* Whether a task of another process has the directories in common with this one. */
static bool directories_shared(const struct task *self)
{
	const struct task *task;
	uint32_t own = 0;

	list_for_each_entry (task, &self->process->tasks, struct task, process_node) {
		if (task->fs == self->fs)
			own++;
	}
	return self->fs->ref_count > own;
}

static void credentials_choose(struct exec *exec)
{
	exec->secure = cred_for_exec(&exec->cred, exec->inode, directories_shared(current()));
	exec->readable = inode_permission(exec->inode, ABI_R_OK) == 0;
	exec->personality = current()->personality & ~ABI_PER_READ_IMPLIES_EXEC;
	if (exec->secure)
		exec->personality &= ~ABI_PER_CLEAR_ON_SETID;
}

/* A program that its user may not read, or that runs as somebody else, is not to be looked into. */
static void credentials_commit(struct task *task, const struct exec *exec)
{
	const struct cred *old = &task->cred;

	task->vm->dumpable = exec->readable && old->uid == old->euid && old->gid == old->egid
	                         ? ABI_DUMPABLE_USER
	                         : ABI_DUMPABLE_NO;
	cred_change(&exec->cred);
	if (exec->secure)
		task->process->parent_death_signal = 0;
}

static void name_set(struct task *task, const char *path)
{
	const char *slash = strrchr(path, '/');

	memset(task->name, 0, sizeof(task->name));
	str_copy(task->name, slash ? slash + 1 : path, sizeof(task->name));
}

/* What the process keeps, and what starts anew. */
static void process_renew(struct task *task, const struct exec *exec)
{
	struct process *process = task->process;

	credentials_commit(task, exec);
	process->executed = true;
	process_timers_exec(process);
	sig_handlers_reset(task->handlers);
	task->altstack = (struct abi_stack){.flags = ABI_SS_DISABLE};
	task->restart.resume = NULL;
	name_set(task, exec->name);
	fd_table_close_on_exec(task->files);
}

/* Leave the old address space for the new one. */
static void vm_replace(struct task *task, struct vm *vm)
{
	struct vm *old = task->vm;

	if (old) {
		process_note_memory(task->process, old);
		futex_exit_task(task);
		sched_drop_user_state(task);
	}
	task->clear_child_tid = 0;
	task->set_child_tid = 0;
	task->robust_list = 0;
	task->rseq = 0;
	task->vm = vm;
	pv_space_activate(&vm->space);
	pv_space_switch(&vm->space);
	if (old)
		vm_put(old);
}

/* What tasks outside the process, or its other threads, share must become our own. */
static int make_own(struct task *task, struct exec_own *own)
{
	*own = (struct exec_own){NULL, NULL};
	if (task->handlers->ref_count > 1) {
		own->handlers = sig_handlers_copy(task->handlers);
		if (!own->handlers)
			return -ENOMEM;
	}
	if (fd_table_shared(task->files)) {
		own->files = fd_table_copy(task->files);
		if (!own->files)
			return -ENOMEM;
	}
	return 0;
}

static void own_free(struct exec_own *own)
{
	sig_handlers_put(own->handlers);
	if (own->files)
		fd_table_put(own->files);
}

static void own_install(struct task *task, const struct exec_own *own)
{
	if (own->handlers) {
		sig_handlers_put(task->handlers);
		task->handlers = own->handlers;
	}
	if (own->files) {
		fd_table_put(task->files);
		task->files = own->files;
	}
}

static int exec_commit(struct exec *exec)
{
	struct task *task = current();
	struct exec_own own;
	int result = make_own(task, &own);

	if (result == 0)
		result = exit_other_threads();
	if (result != 0) {
		own_free(&own);
		return result;
	}
	vm_replace(task, exec->vm);
	exec->vm = NULL;
	own_install(task, &own);
	process_renew(task, exec);
	task->personality = exec->personality;
	task->fs_base = 0;
	task->gs_base = 0;
	pv_fpu_init_area(task->fpu);
	sched_load_user_state(task);
	cpu_frame_init_user(task->frame, exec->start, exec->stack);
	task_attend(task); /* all registers are loaded */
	vfork_complete(task->process);
	return 0;
}

static int exec_prepare(struct exec *exec, const char *name, const struct exec_source *source)
{
	size_t name_bytes = strlen(name) + 1;
	int result;

	exec->name = kmalloc(name_bytes);
	if (!exec->name)
		return -ENOMEM;
	memcpy(exec->name, name, name_bytes);
	result = exec_args_gather(&exec->args, source);
	if (result == 0)
		result = exec_find_program(exec);
	if (result != 0)
		return result;
	credentials_choose(exec);
	result = exec_map_program(exec);
	if (result != 0)
		return result;
	return exec_make_stack(exec);
}

int exec_inode(struct inode *inode, const char *name, const struct exec_source *source)
{
	struct exec *exec = kzalloc(sizeof(*exec));
	int result;

	if (!exec) {
		inode_put(inode);
		return -ENOMEM;
	}
	exec->inode = inode;
	exec_args_init(&exec->args);
	result = exec_prepare(exec, name, source);
	if (result == 0)
		result = exec_commit(exec);
	exec_free(exec);
	kfree(exec);
	return result;
}

int exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	const struct exec_source source = {.user = false, .argv = argv, .envp = envp};
	struct inode *inode = exec_check(path_lookup(NULL, path, 0));

	if (is_err(inode))
		return (int)ptr_err(inode);
	return exec_inode(inode, path, &source);
}

/* The directory or file that execveat()'s descriptor means, with a reference; NULL: the current
 * directory. */
static struct inode *base_of_fd(int fd)
{
	struct inode *inode;
	struct file *file;

	if (fd == ABI_EXEC_AT_FDCWD)
		return NULL;
	file = fd_get_file(fd);
	if (!file)
		return err_ptr(-EBADF);
	inode = file->inode;
	inode_get(inode);
	file_put(file);
	return inode;
}

static struct inode *open_at(int fd, char *path, size_t size, int flags)
{
	unsigned int path_flags = flags & ABI_EXEC_AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0;
	struct inode *base, *inode;

	if (path[0] == '/')
		return exec_check(path_lookup(NULL, path, path_flags));
	if (path[0] == '\0' && !(flags & ABI_EXEC_AT_EMPTY_PATH))
		return err_ptr(-ENOENT);
	base = base_of_fd(fd);
	if (is_err(base))
		return base;
	if (path[0] == '\0' && !base)
		return err_ptr(-EACCES);
	if (path[0] == '\0') {
		inode_get(base);
		inode = exec_check(base);
	} else {
		inode = exec_check(path_lookup(base, path, path_flags));
	}
	if (base) {
		char *copy = kmalloc(size);

		/* The name under which a script can open itself again. */
		if (copy && path[0] != '\0')
			fmt_print(copy, size, "/dev/fd/%d/%s", fd, path);
		else if (copy)
			fmt_print(copy, size, "/dev/fd/%d", fd);
		if (copy)
			str_copy(path, copy, size);
		kfree(copy);
		inode_put(base);
	}
	return inode;
}

static long exec_user(int fd, const char *user_path, const struct exec_source *source, int flags)
{
	char *path = kmalloc(ABI_PATH_MAX);
	struct inode *inode;
	long result;

	if (!path)
		return -ENOMEM;
	result = strncpy_from_user(path, user_path, ABI_PATH_MAX);
	if (result >= 0) {
		inode = open_at(fd, path, ABI_PATH_MAX, flags);
		result = is_err(inode) ? ptr_err(inode) : exec_inode(inode, path, source);
	}
	kfree(path);
	return result;
}

long sys_execve(const struct sys_args *args)
{
	const struct exec_source source = {
	    .user = true, .argv = SYS_PTR(args, 1), .envp = SYS_PTR(args, 2)};

	return exec_user(ABI_EXEC_AT_FDCWD, SYS_PTR(args, 0), &source, 0);
}

long sys_execveat(const struct sys_args *args)
{
	const struct exec_source source = {
	    .user = true, .argv = SYS_PTR(args, 2), .envp = SYS_PTR(args, 3)};
	int flags = SYS_INT(args, 4);

	if (flags & ~(ABI_EXEC_AT_SYMLINK_NOFOLLOW | ABI_EXEC_AT_EMPTY_PATH))
		return -EINVAL;
	return exec_user(SYS_INT(args, 0), SYS_PTR(args, 1), &source, flags);
}
