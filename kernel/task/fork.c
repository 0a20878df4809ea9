/* SPDX-License-Identifier: MIT */
/*
 * fork, vfork, clone and clone3: a new process, or a new thread of this one, with what it copies
 * and what it shares.
 *
 * Everything that can fail is done before the child gets a number; from then on it exists.
 */
#include "kernel/fs/internal.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/pidfd.h"
#include "kernel/task/task.h"
#include "pv/cpu.h"

struct clone_request {
	uint64_t flags; /* ABI_CLONE_, without the signal */
	int exit_signal;
	uint64_t stack; /* 0: the parent's */
	uintptr_t parent_tid, child_tid, pidfd;
	uint64_t tls;
};

/* The rules about what may be shared without what. */
static int flags_check(uint64_t flags)
{
	const uint64_t unknown = ABI_CLONE_NEWNS | ABI_CLONE_NEWCGROUP | ABI_CLONE_NEWUTS |
	                         ABI_CLONE_NEWIPC | ABI_CLONE_NEWUSER | ABI_CLONE_NEWPID |
	                         ABI_CLONE_NEWNET;

	if (flags & unknown)
		return -EINVAL;
	if ((flags & ABI_CLONE_THREAD) && !(flags & ABI_CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & ABI_CLONE_SIGHAND) && !(flags & ABI_CLONE_VM))
		return -EINVAL;
	if ((flags & ABI_CLONE_SIGHAND) && (flags & ABI_CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((flags & ABI_CLONE_PIDFD) && (flags & (ABI_CLONE_THREAD | ABI_CLONE_DETACHED)))
		return -EINVAL;
	return 0;
}

/* Drop what a child that never ran has. */
static void child_resources_put(struct task *child)
{
	if (child->vm)
		vm_put(child->vm);
	if (child->files)
		fd_table_put(child->files);
	if (child->fs)
		fs_context_put(child->fs);
	sig_handlers_put(child->handlers);
	child->vm = NULL;
	child->files = NULL;
	child->fs = NULL;
	child->handlers = NULL;
}

static int share_or_copy_files(struct task *child, const struct task *parent, uint64_t flags)
{
	if (flags & ABI_CLONE_FILES) {
		fd_table_get(parent->files);
		child->files = parent->files;
	} else {
		child->files = fd_table_copy(parent->files);
	}
	if (flags & ABI_CLONE_FS) {
		fs_context_get(parent->fs);
		child->fs = parent->fs;
	} else {
		child->fs = fs_context_copy(parent->fs);
	}
	return child->files && child->fs ? 0 : -ENOMEM;
}

static int share_or_copy(struct task *child, const struct task *parent, uint64_t flags)
{
	if (share_or_copy_files(child, parent, flags) != 0)
		return -ENOMEM;
	if (flags & ABI_CLONE_SIGHAND) {
		parent->handlers->ref_count++;
		child->handlers = parent->handlers;
	} else {
		child->handlers = sig_handlers_copy(parent->handlers);
	}
	if (!child->handlers)
		return -ENOMEM;
	if (flags & ABI_CLONE_CLEAR_SIGHAND)
		sig_handlers_reset(child->handlers);
	if (flags & ABI_CLONE_VM) {
		vm_get(parent->vm);
		child->vm = parent->vm;
	} else {
		struct vm *vm = vm_fork(parent->vm);

		if (is_err(vm))
			return (int)ptr_err(vm);
		child->vm = vm;
	}
	return 0;
}

static void child_begin(void *arg)
{
	struct task *child = arg;

	/* In the child's own memory, which is there only now. */
	if (child->set_child_tid)
		copy_to_user((void *)child->set_child_tid, &child->tid, sizeof(int));
}

static void child_registers(struct task *child, struct task *parent,
                            const struct clone_request *request)
{
	sched_save_user_state(parent);
	memcpy(child->fpu, parent->fpu, pv_fpu_area_bytes());
	child->fs_base = request->flags & ABI_CLONE_SETTLS ? request->tls : parent->fs_base;
	child->gs_base = parent->gs_base;
	*child->frame = *parent->frame;
	child->frame->rax = 0;
	child->frame->vector = FRAME_UPCALL;
	if (request->stack)
		child->frame->rsp = request->stack;
	child->entry = child_begin;
	child->entry_arg = child;
}

static void child_fields(struct task *child, const struct task *parent,
                         const struct clone_request *request)
{
	bool keeps_altstack =
	    !(request->flags & ABI_CLONE_VM) || (request->flags & ABI_CLONE_VFORK);

	cred_copy(&child->cred, &parent->cred);
	child->blocked = parent->blocked;
	child->affinity = parent->affinity;
	sched_inherit(child, parent);
	child->personality = parent->personality;
	child->timer_slack_ns = child->timer_slack_default_ns = parent->timer_slack_ns;
	if (!(request->flags & ABI_CLONE_VM)) {
		child->rseq = parent->rseq;
		child->rseq_signature = parent->rseq_signature;
		child->rseq_cpu = parent->rseq_cpu;
	}
	if (keeps_altstack)
		child->altstack = parent->altstack;
	if (request->flags & ABI_CLONE_CHILD_SETTID)
		child->set_child_tid = request->child_tid;
	if (request->flags & ABI_CLONE_CHILD_CLEARTID)
		child->clear_child_tid = request->child_tid;
}

/* The process of the child: a new one, or the parent's own for a thread. */
static struct process *child_process(struct process *parent, const struct clone_request *request)
{
	struct process *process;

	if (request->flags & ABI_CLONE_THREAD)
		return parent;
	process = process_alloc(parent);
	if (process)
		process->exit_signal = request->exit_signal;
	return process;
}

static int child_add(struct task *child, struct process *process,
                     const struct clone_request *request)
{
	if (request->flags & ABI_CLONE_THREAD)
		return task_add_thread(child, process);
	if (request->flags & ABI_CLONE_PARENT) {
		process->exit_signal = process->parent->exit_signal;
		if (process->parent->parent)
			process_set_parent(process, process->parent->parent);
	}
	return process_add(process, child);
}

/* Uninterruptible but for the end of the parent itself, as the child uses the parent's stack. */
static void vfork_wait(struct process *child)
{
	struct wait_entry entry;

	wait_enqueue(&child->vfork_wait, &entry);
	while (!child->vfork_done) {
		if (task_sleep_killable(WAIT_FOREVER) == -EINTR)
			break;
	}
	wait_dequeue(&entry);
	process_put(child);
}

static bool task_limit_reached(const struct process *process)
{
	const uint32_t uid = current()->cred.uid;
	const struct process *other;
	uint64_t count = 0;

	if (task_total_count() >= task_limit())
		return true;
	if (uid == 0 || cap_held(ABI_CAP_SYS_RESOURCE) || cap_held(ABI_CAP_SYS_ADMIN))
		return false;
	list_for_each_entry (other, &process_all, struct process, all_node) {
		if (other->leader->cred.uid == uid)
			count += other->task_count;
	}
	return count >= process->rlimit[ABI_RLIMIT_NPROC].soft;
}

/* A descriptor of the child for the parent, who is told its number. 0 or -errno. */
static int child_descriptor(struct process *process, const struct clone_request *request, int *fd)
{
	if (!(request->flags & ABI_CLONE_PIDFD))
		return 0;
	*fd = pidfd_create(process, 0);
	if (*fd < 0)
		return *fd;
	return copy_to_user((void *)request->pidfd, fd, sizeof(*fd));
}

static long clone_task(const struct clone_request *request)
{
	struct task *parent = current();
	int descriptor = -1;
	struct process *process;
	struct task *child;
	bool thread = request->flags & ABI_CLONE_THREAD;
	long result = flags_check(request->flags);

	if (result != 0)
		return result;
	if ((request->flags & ABI_CLONE_SETTLS) && request->tls >= PV_USER_END)
		return -EPERM;
	if (task_limit_reached(parent->process) || parent->process->group_exit ||
	    !sched_may_fork(parent))
		return -EAGAIN;
	child = task_alloc(parent->name, parent->process);
	if (!child)
		return -ENOMEM;
	process = child_process(parent->process, request);
	result = process ? share_or_copy(child, parent, request->flags) : -ENOMEM;
	if (result != 0)
		goto undo;
	child_fields(child, parent, request);
	child_registers(child, parent, request);
	result = child_descriptor(process, request, &descriptor);
	if (result == 0)
		result = child_add(child, process, request);
	if (result != 0)
		goto undo;

	result = child->tid;
	if (request->flags & ABI_CLONE_PARENT_SETTID)
		copy_to_user((void *)request->parent_tid, &child->tid, sizeof(int));
	pv_space_activate(&child->vm->space);
	if (!(request->flags & ABI_CLONE_VFORK) || thread) {
		sched_add(child);
		return result;
	}
	process_get(process);
	sched_add(child);
	vfork_wait(process);
	return result;
undo:
	if (descriptor >= 0)
		fd_close(descriptor);
	child_resources_put(child);
	task_put(child);
	if (process && !thread)
		process_put(process);
	return result;
}

long sys_fork(const struct sys_args *args)
{
	const struct clone_request request = {.exit_signal = ABI_SIGCHLD};

	(void)args;
	return clone_task(&request);
}

long sys_vfork(const struct sys_args *args)
{
	const struct clone_request request = {
	    .flags = ABI_CLONE_VM | ABI_CLONE_VFORK,
	    .exit_signal = ABI_SIGCHLD,
	};

	(void)args;
	return clone_task(&request);
}

long sys_clone(const struct sys_args *args)
{
	const struct clone_request request = {
	    .flags = args->arg[0] & 0xffffffffull & ~ABI_CSIGNAL,
	    .exit_signal = (int)(args->arg[0] & ABI_CSIGNAL),
	    .stack = args->arg[1],
	    .parent_tid = args->arg[2],
	    .child_tid = args->arg[3],
	    .pidfd = args->arg[2],
	    .tls = args->arg[4],
	};

	/* Both would be told at the same place. */
	if ((request.flags & ABI_CLONE_PIDFD) && (request.flags & ABI_CLONE_PARENT_SETTID))
		return -EINVAL;

	if (request.exit_signal > ABI_SIGNAL_COUNT)
		return -EINVAL;
	return clone_task(&request);
}

/* What clone3 takes. */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_bytes, tls;
	uint64_t set_tid, set_tid_count, cgroup;
};

#define CLONE3_ARGS_MIN 64u
#define CLONE3_FLAGS    (UINT32_MAX | ABI_CLONE_CLEAR_SIGHAND)

/* Newer programs may give more than we know, if it is zero. */
static int clone3_read(struct clone3_args *user, uintptr_t from, size_t bytes)
{
	if (bytes > PAGE_BYTES)
		return -E2BIG;
	if (bytes < CLONE3_ARGS_MIN)
		return -EINVAL;
	for (size_t at = sizeof(*user); at < bytes;) {
		uint8_t rest[64];
		size_t piece = MIN(bytes - at, sizeof(rest));

		if (copy_from_user(rest, (void *)(from + at), piece) != 0)
			return -EFAULT;
		for (size_t i = 0; i < piece; i++) {
			if (rest[i] != 0)
				return -E2BIG;
		}
		at += piece;
	}
	return copy_from_user(user, (void *)from, MIN(bytes, sizeof(*user)));
}

static bool clone3_valid(const struct clone3_args *user)
{
	if ((user->flags & (ABI_CSIGNAL | ABI_CLONE_DETACHED)) || (user->flags & ~CLONE3_FLAGS))
		return false;
	if (user->set_tid || user->set_tid_count || user->exit_signal > ABI_SIGNAL_COUNT)
		return false;
	if ((user->stack == 0) != (user->stack_bytes == 0))
		return false;
	if ((user->flags & ABI_CLONE_PIDFD) && (user->flags & ABI_CLONE_PARENT_SETTID) &&
	    user->pidfd == user->parent_tid)
		return false;
	return !(user->flags & (ABI_CLONE_THREAD | ABI_CLONE_PARENT)) || !user->exit_signal;
}

long sys_clone3(const struct sys_args *args)
{
	struct clone3_args user = {0};
	struct clone_request request;
	int result = clone3_read(&user, args->arg[0], args->arg[1]);

	if (result != 0)
		return result;
	if (!clone3_valid(&user))
		return -EINVAL;
	request = (struct clone_request){
	    .flags = user.flags,
	    .exit_signal = (int)user.exit_signal,
	    .stack = user.stack ? user.stack + user.stack_bytes : 0,
	    .parent_tid = user.parent_tid,
	    .child_tid = user.child_tid,
	    .pidfd = user.pidfd,
	    .tls = user.tls,
	};
	return clone_task(&request);
}
