/* SPDX-License-Identifier: MIT */
/* Shows: signals by number: a thread's number means its process for kill and rt_sigqueueinfo, not
 * for others; numbers and signals that are not there, in which order they fail; ended processes
 * that wait for their parents, by every call that names a process; full queues; owners of files. */
#include "tests/suite/programs/threads.h"
#include <sched.h>
#include <sys/resource.h>

static volatile sig_atomic_t got, got_code, got_value;
static volatile pid_t got_in;

static void note(int number, siginfo_t *info, void *context)
{
	(void)context;
	got = number;
	got_code = info->si_code;
	got_value = info->si_value.sival_int;
	got_in = (pid_t)syscall(SYS_gettid);
}

static volatile int thread_tid, thread_ends;

static void *wait_in_thread(void *argument)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	thread_tid = own_tid();
	while (!thread_ends)
		usleep(1000);
	return argument;
}

/* After a signal has been sent to the process: the main thread takes it. */
static void say_got(const char *what)
{
	say("%s: signal %d, code %d, value %d, in the main thread %d", what, (int)got,
	    (int)got_code, got_code == SI_QUEUE ? (int)got_value : 0, got_in == getpid());
	got = got_code = 0;
}

static void fill(siginfo_t *info, int code, int value)
{
	memset(info, 0, sizeof(*info));
	info->si_code = code;
	info->si_pid = getpid();
	info->si_uid = getuid();
	info->si_value.sival_int = value;
}

static void numbers_of_threads(void)
{
	siginfo_t info;
	pthread_t thread;

	handle_info(SIGUSR1, note, 0);
	pthread_create(&thread, NULL, wait_in_thread, NULL);
	while (!thread_tid)
		usleep(1000);
	say_number("kill", kill(thread_tid, SIGUSR1));
	say_got("kill");
	say_number("kill, only asking", kill(thread_tid, 0));
	say_number("kill, no such signal", kill(thread_tid, 65));
	fill(&info, SI_QUEUE, 42);
	say_number("queued", syscall(SYS_rt_sigqueueinfo, thread_tid, SIGUSR1, &info));
	say_got("queued");
	/* Only the very thread may say that it was a kill. */
	fill(&info, SI_USER, 0);
	say_number("as a kill, to the thread",
	           syscall(SYS_rt_sigqueueinfo, thread_tid, SIGUSR1, &info));
	say_number("as a kill, to itself", syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
	say_got("as a kill");
	say_number("to the thread of its process",
	           syscall(SYS_rt_tgsigqueueinfo, getpid(), thread_tid, SIGUSR1, &info));
	fill(&info, SI_QUEUE, 43);
	say_number("queued to the thread",
	           syscall(SYS_rt_tgsigqueueinfo, getpid(), thread_tid, SIGUSR1, &info));
	say_number("of another process",
	           syscall(SYS_rt_tgsigqueueinfo, 1, thread_tid, SIGUSR1, &info));
	say_number("tgkill", syscall(SYS_tgkill, getpid(), thread_tid, 0));
	say_number("tgkill by the thread", syscall(SYS_tgkill, thread_tid, thread_tid, 0));
	say_number("tgkill of another", syscall(SYS_tgkill, 1, thread_tid, 0));
	say_number("tkill", syscall(SYS_tkill, thread_tid, 0));
	say_number("kill of a group by the thread", kill(-thread_tid, 0));
	say_truth("getpgid", getpgid(thread_tid) == getpgrp());
	say_truth("getsid", getsid(thread_tid) == getsid(0));
	say_number("setpgid", setpgid(thread_tid, 0));
	say_number("waitid", waitid(P_PID, (id_t)thread_tid, &info, WEXITED));
	thread_ends = 1;
	pthread_join(thread, NULL);
	/* Who joins may be told before it has gone. */
	while (syscall(SYS_tkill, thread_tid, 0) == 0)
		usleep(1000);
	say_number("tkill of the ended", syscall(SYS_tkill, thread_tid, 0));
}

static void no_such(void)
{
	siginfo_t info;
	pid_t none = 0x3fffffff;

	fill(&info, SI_QUEUE, 0);
	say_number("kill", kill(none, 65));
	say_number("kill, itself", kill(getpid(), 65));
	say_number("kill, -1", kill(getpid(), -1));
	say_number("group", kill(-none, 65));
	say_number("own group", kill(0, 65));
	say_number("the least number", kill(INT32_MIN, 0));
	say_number("tgkill of 0", syscall(SYS_tgkill, 0, getpid(), 0));
	say_number("tgkill 0 of it", syscall(SYS_tgkill, getpid(), 0, 0));
	say_number("tgkill of -1", syscall(SYS_tgkill, -1, -1, 65));
	say_number("tgkill", syscall(SYS_tgkill, none, none, 65));
	say_number("tkill of 0", syscall(SYS_tkill, 0, 0));
	say_number("tkill of -1", syscall(SYS_tkill, -1, 0));
	say_number("tkill", syscall(SYS_tkill, getpid(), 65));
	say_number("queue", syscall(SYS_rt_sigqueueinfo, none, 65, &info));
	say_number("queue to itself", syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info));
	say_number("queue to 0", syscall(SYS_rt_sigqueueinfo, 0, 0, &info));
	say_number("queue to a group", syscall(SYS_rt_sigqueueinfo, -1, 0, &info));
	say_number("queue from nowhere", syscall(SYS_rt_sigqueueinfo, none, 65, HIDE((char *)8)));
	say_number("queue to a thread, 0", syscall(SYS_rt_tgsigqueueinfo, 0, 0, 65, &info));
	say_number("queue to a thread", syscall(SYS_rt_tgsigqueueinfo, none, none, 65, &info));
}

/* A process that has ended is there until it has been waited for. */
static void ended(void)
{
	struct sched_param param = {0};
	struct rlimit limit;
	siginfo_t info;
	uint64_t cpus[128];
	pid_t child = fork();
	size_t bytes;
	void *head;

	if (child == 0) {
		setpriority(PRIO_PROCESS, 0, 3);
		setpgid(0, 0);
		_exit(0);
	}
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	fill(&info, SI_QUEUE, 0);
	say_number("kill", kill(child, 0));
	say_number("kill it again", kill(child, SIGKILL));
	say_number("its group", kill(-child, 0));
	say_number("tgkill", syscall(SYS_tgkill, child, child, 0));
	say_number("queue", syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &info));
	say("getpriority %d", getpriority(PRIO_PROCESS, (id_t)child));
	say("getpriority of its group %d", getpriority(PRIO_PGRP, (id_t)child));
	say_number("setpriority", setpriority(PRIO_PROCESS, (id_t)child, 5));
	say("getpriority %d", getpriority(PRIO_PROCESS, (id_t)child));
	say_truth("sched_getaffinity",
	          syscall(SYS_sched_getaffinity, child, sizeof(cpus), cpus) > 0);
	say_number("sched_getscheduler", sched_getscheduler(child));
	say_number("sched_getparam", sched_getparam(child, &param));
	say_truth("getpgid", getpgid(child) == child);
	say_truth("getsid", getsid(child) == getsid(0));
	say_number("prlimit", prlimit(child, RLIMIT_NOFILE, NULL, &limit));
	say_number("get_robust_list", syscall(SYS_get_robust_list, child, &head, &bytes));
	waitpid(child, NULL, 0);
	say_number("kill", kill(child, 0));
	say_number("its group", kill(-child, 0));
	say_number("getpriority", getpriority(PRIO_PROCESS, (id_t)child));
	say_number("getpgid", getpgid(child));
	say_number("prlimit", prlimit(child, RLIMIT_NOFILE, NULL, &limit));
}

/* With no room in the queue, those fail that say more than a number; others are pending once. */
static void no_room(void)
{
	struct rlimit limit;
	sigset_t set, pending;
	siginfo_t info;
	union sigval value = {.sival_int = 1};

	getrlimit(RLIMIT_SIGPENDING, &limit);
	limit.rlim_cur = 0;
	setrlimit(RLIMIT_SIGPENDING, &limit);
	sigemptyset(&set);
	for (int i = 0; i < 4; i++)
		sigaddset(&set, SIGRTMIN + i);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say_number("kill", kill(getpid(), SIGRTMIN));
	say_number("tgkill", syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN + 1));
	say_number("sigqueue", sigqueue(getpid(), SIGRTMIN + 2, value));
	say_number("sigqueue of one without a queue", sigqueue(getpid(), SIGUSR2, value));
	sigpending(&pending);
	for (int i = 0; i < 4; i++)
		say("pending %d", sigismember(&pending, SIGRTMIN + i));
	say("pending %d", sigismember(&pending, SIGUSR2));
	say_truth("taken", sigwaitinfo(&set, &info) == SIGUSR2);
	say_truth("taken", sigwaitinfo(&set, &info) == SIGRTMIN);
	say("its code %d", info.si_code);
}

/* Who is told of what happens to a file. */
static void file_owners(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	struct f_owner_ex owner = {.type = 99, .pid = 99};
	pid_t child;

	say_number("none", fcntl(fd, F_GETOWN));
	say_number("itself", fcntl(fd, F_SETOWN, getpid()));
	say_truth("itself", fcntl(fd, F_GETOWN) == getpid());
	say_number("read whole", fcntl(fd, F_GETOWN_EX, &owner));
	say("type %d, itself %d", (int)owner.type, owner.pid == getpid());
	say_number("its group", fcntl(fd, F_SETOWN, -getpgrp()));
	say_number("read whole", fcntl(fd, F_GETOWN_EX, &owner));
	say("type %d, the group %d", (int)owner.type, owner.pid == getpgrp());
	owner.type = F_OWNER_TID;
	owner.pid = getpid();
	say_number("the thread", fcntl(fd, F_SETOWN_EX, &owner));
	owner.pid = 0;
	say_number("read whole", fcntl(fd, F_GETOWN_EX, &owner));
	say("type %d, the thread %d", (int)owner.type, owner.pid == getpid());
	owner.type = 99;
	say_number("no such type", fcntl(fd, F_SETOWN_EX, &owner));
	say_number("nobody", fcntl(fd, F_SETOWN, 0x3fffffff));
	say_number("no such group", fcntl(fd, F_SETOWN, -0x3fffffff));
	say_number("from nowhere", fcntl(fd, F_SETOWN_EX, HIDE((char *)8)));
	say_truth("still", fcntl(fd, F_GETOWN) == getpid());
	say_number("by another descriptor", fcntl(dup(fd), F_GETOWN) == getpid());
	say_number("signal", fcntl(fd, F_GETSIG));
	say_number("set it", fcntl(fd, F_SETSIG, SIGUSR1));
	say_number("signal", fcntl(fd, F_GETSIG));
	say_number("no such signal", fcntl(fd, F_SETSIG, 65));
	say_number("no owner", fcntl(fd, F_SETOWN, 0));
	say_number("none", fcntl(fd, F_GETOWN));
	child = fork();
	if (child == 0)
		_exit(0);
	say_number("a child", fcntl(fd, F_SETOWN, child));
	waitpid(child, NULL, 0);
	say_number("gone", fcntl(fd, F_GETOWN));
}

int main(void)
{
	numbers_of_threads();
	no_such();
	ended();
	in_child("no room", no_room);
	in_child("owners of files", file_owners);
	return 0;
}
