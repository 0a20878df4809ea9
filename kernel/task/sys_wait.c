/* SPDX-License-Identifier: MIT */
/*
 * wait4 and waitid: news of children, and the end of zombies.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/pidfd.h"
#include "kernel/task/rusage.h"
#include "kernel/task/task.h"

struct wait_request {
	int type; /* ABI_P_ */
	int id;
	int options;
};

struct wait_news {
	int pid;
	uint32_t uid;
	int status; /* as wait4 has it */
	int code;   /* CLD_ */
	int value;  /* exit status or signal */
	struct abi_rusage usage;
};

static bool child_matches(const struct process *child, const struct wait_request *request)
{
	bool clone_child = child->exit_signal != ABI_SIGCHLD;

	if (request->type == ABI_P_PGID && child->pgid != request->id)
		return false;
	if (request->options & ABI_WALL)
		return true;
	return clone_child == !!(request->options & ABI_WCLONE);
}

static void usage_of(const struct process *child, struct wait_news *news)
{
	struct abi_rusage_times times;

	process_times(child, &times);
	rusage_add(&times, &child->children_times);
	rusage_fill(&news->usage, &times);
}

static void reap(struct process *zombie)
{
	struct process *parent = zombie->parent;

	rusage_add(&parent->children_times, &zombie->times);
	rusage_add(&parent->children_times, &zombie->children_times);
	process_release(zombie);
}

/* What there is to say about a child; takes it off the child unless WNOWAIT. */
static bool child_news(struct process *child, int options, struct wait_news *news)
{
	bool take = !(options & ABI_WNOWAIT);

	*news = (struct wait_news){.pid = child->pid, .uid = child->leader->cred.uid};
	if (child->zombie && (options & ABI_WEXITED)) {
		int signal = child->exit_code & 0x7f;

		usage_of(child, news);
		news->status = child->exit_code;
		news->code = !signal                            ? ABI_CLD_EXITED
		             : child->exit_code & ABI_WAIT_CORE ? ABI_CLD_DUMPED
		                                                : ABI_CLD_KILLED;
		news->value = signal ? signal : child->exit_code >> 8;
		if (take)
			reap(child);
		return true;
	}
	if (child->zombie)
		return false;
	if (child->stopped && !child->stopping && !child->stop_reported &&
	    (options & ABI_WUNTRACED)) {
		usage_of(child, news);
		child->stop_reported = take;
		news->status = child->stop_signal << 8 | 0x7f;
		news->code = ABI_CLD_STOPPED;
		news->value = child->stop_signal;
		return true;
	}
	if (child->continued && (options & ABI_WCONTINUED)) {
		usage_of(child, news);
		if (take)
			child->continued = false;
		news->status = 0xffff;
		news->code = ABI_CLD_CONTINUED;
		news->value = ABI_SIGCONT;
		return true;
	}
	return false;
}

/* One look: the child's number, 0: none has news, -ECHILD: none matches. A child asked for by its
 * number is looked up, however many others there are. */
static int wait_look(struct process *parent, const struct wait_request *request,
                     struct wait_news *news)
{
	struct process *child;
	int result = -ECHILD;

	if (request->type == ABI_P_PID) {
		child = process_find(request->id);
		if (!child || child->parent != parent || !child_matches(child, request))
			return -ECHILD;
		return child_news(child, request->options, news) ? request->id : 0;
	}
	list_for_each_entry (child, &parent->children, struct process, sibling) {
		if (!child_matches(child, request))
			continue;
		result = 0;
		if (child_news(child, request->options, news))
			return news->pid;
	}
	return result;
}

static int wait_for_child(const struct wait_request *request, struct wait_news *news,
                          uint64_t deadline_ns)
{
	struct process *parent = current()->process;
	struct wait_entry entry;
	int result;

	wait_enqueue(&parent->child_wait, &entry);
	for (;;) {
		result = wait_look(parent, request, news);
		if (result != 0 || (request->options & ABI_WNOHANG))
			break;
		result = task_sleep(true, deadline_ns);
		if (result != 0) {
			int late = wait_look(parent, request, news);

			if (late != 0)
				result = late;
			else if (result == -EINTR)
				result = -ERESTARTSYS;
			break;
		}
	}
	wait_dequeue(&entry);
	return result;
}

int wait_reap_any(int *status, uint64_t deadline_ns)
{
	const struct wait_request request = {.options = ABI_WEXITED | ABI_WALL};
	struct wait_news news;
	int pid = wait_for_child(&request, &news, deadline_ns);

	if (pid > 0)
		*status = news.status;
	return pid;
}

static bool request_from_pid(struct wait_request *request, int pid)
{
	if (pid == INT32_MIN)
		return false;
	if (pid > 0)
		*request = (struct wait_request){ABI_P_PID, pid, request->options};
	else if (pid == -1)
		*request = (struct wait_request){ABI_P_ALL, 0, request->options};
	else
		*request = (struct wait_request){
		    ABI_P_PGID, pid == 0 ? current()->process->pgid : -pid, request->options};
	return true;
}

long sys_wait4(const struct sys_args *args)
{
	const int known =
	    ABI_WNOHANG | ABI_WUNTRACED | ABI_WCONTINUED | ABI_WNOTHREAD | ABI_WALL | ABI_WCLONE;
	struct wait_request request = {.options = SYS_INT(args, 2)};
	struct wait_news news;
	long result;

	if (request.options & ~known)
		return -EINVAL;
	if (!request_from_pid(&request, SYS_INT(args, 0)))
		return -ESRCH;
	request.options |= ABI_WEXITED;
	result = wait_for_child(&request, &news, WAIT_FOREVER);
	if (result <= 0)
		return result;
	if (args->arg[1] && copy_to_user(SYS_PTR(args, 1), &news.status, sizeof(int)) != 0)
		return -EFAULT;
	if (args->arg[3] && copy_to_user(SYS_PTR(args, 3), &news.usage, sizeof(news.usage)) != 0)
		return -EFAULT;
	return result;
}

/* A descriptor means the process whose it is. */
static int waitid_by_descriptor(struct wait_request *request, bool *nonblocking)
{
	struct process *process;

	if (request->id < 0)
		return -EINVAL;
	process = pidfd_process(request->id, nonblocking);
	if (!process)
		return -EBADF;
	request->type = ABI_P_PID;
	/* No child has the number 0. */
	request->id = process->leader ? process->pid : 0;
	process_put(process);
	if (*nonblocking)
		request->options |= ABI_WNOHANG;
	return 0;
}

static int waitid_request(const struct sys_args *args, struct wait_request *request,
                          bool *nonblocking)
{
	const int wanted = ABI_WEXITED | ABI_WUNTRACED | ABI_WCONTINUED;
	const int known =
	    wanted | ABI_WNOHANG | ABI_WNOWAIT | ABI_WNOTHREAD | ABI_WALL | ABI_WCLONE;

	*request = (struct wait_request){SYS_INT(args, 0), SYS_INT(args, 1), SYS_INT(args, 3)};
	if ((request->options & ~known) || !(request->options & wanted))
		return -EINVAL;
	switch (request->type) {
	case ABI_P_ALL:
		return 0;
	case ABI_P_PID:
		return request->id > 0 ? 0 : -EINVAL;
	case ABI_P_PGID:
		if (request->id == 0)
			request->id = current()->process->pgid;
		return request->id > 0 ? 0 : -EINVAL;
	case ABI_P_PIDFD:
		return waitid_by_descriptor(request, nonblocking);
	default:
		return -EINVAL;
	}
}

long sys_waitid(const struct sys_args *args)
{
	struct abi_siginfo info = {0};
	struct wait_request request;
	struct wait_news news = {0};
	bool nonblocking = false;
	long result = waitid_request(args, &request, &nonblocking);

	if (result != 0)
		return result;
	result = wait_for_child(&request, &news, WAIT_FOREVER);
	if (result == 0 && nonblocking && !(SYS_INT(args, 3) & ABI_WNOHANG))
		result = -EAGAIN;
	if (result < 0)
		return result;
	if (result > 0) {
		info.signo = ABI_SIGCHLD;
		info.code = news.code;
		info.child.pid = news.pid;
		info.child.uid = news.uid;
		info.child.status = news.value;
		if (args->arg[4] &&
		    copy_to_user(SYS_PTR(args, 4), &news.usage, sizeof(news.usage)) != 0)
			return -EFAULT;
	}
	/* Times are not part of what waitid reports here. */
	if (args->arg[2] && copy_to_user(SYS_PTR(args, 2), &info, sizeof(info)) != 0)
		return -EFAULT;
	return 0;
}
