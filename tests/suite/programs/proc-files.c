/* SPDX-License-Identifier: MIT */
/* Shows: the smaller files of a process's directory in /proc: which there are, in it and in those
 * of its tasks; what they say of what the program has just done; fdinfo of each kind of descriptor;
 * namespaces; timers; and that changes of the mounts can be waited for. */
#include "tests/suite/programs/proc-text.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

static const char *const names[] = {
    "auxv",      "cgroup",        "clear_refs", "cmdline",      "comm",   "coredump_filter",
    "cwd",       "environ",       "exe",        "fd",           "fdinfo", "gid_map",
    "limits",    "maps",          "mem",        "mountinfo",    "mounts", "ns",
    "oom_score", "oom_score_adj", "pagemap",    "personality",  "root",   "sched",
    "schedstat", "setgroups",     "smaps",      "smaps_rollup", "stack",  "stat",
    "statm",     "status",        "syscall",    "task",         "timers", "uid_map",
    "wchan",     "children"};

static void which(void)
{
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int alone;

		snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
		alone = access(path, F_OK) == 0;
		snprintf(path, sizeof(path), "/proc/thread-self/%s", names[i]);
		say("%s: %d %d", names[i], alone, access(path, F_OK) == 0);
	}
}

static const char *first_line(const char *path)
{
	if (proc_read(path) < 0)
		return strerror(errno);
	proc_text[strcspn(proc_text, "\n")] = 0;
	return proc_text;
}

static void small_ones(void)
{
	static char numbers[300];
	const char *at;
	pid_t child;

	say("wchan %s", first_line("/proc/self/wchan"));
	say("coredump_filter %s", first_line("/proc/self/coredump_filter"));
	proc_read("/proc/self/schedstat");
	say("schedstat has %d numbers",
	    sscanf(proc_text, "%s %s %s", numbers, numbers + 100, numbers + 200));
	say_truth("sched's name", strstr(first_line("/proc/self/sched"), ", #threads: 1)") != NULL);
	proc_read("/proc/self/syscall");
	strcpy(numbers, proc_text);
	say_truth("the call is read", strtol(numbers, NULL, 10) == SYS_read);
	at = strstr(numbers, " 0x");
	say_truth("of this text", at && strstr(at, " 0x") && strchr(at, '\n'));
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	proc_read("/proc/thread-self/children");
	say_truth("a child", atoi(proc_text) == child);
	kill(child, SIGKILL);
	wait(NULL);
	proc_read("/proc/thread-self/children");
	say("no child: \"%s\"", proc_text);
	say_truth("cgroups", strncmp(first_line("/proc/self/cgroup"), "", 0) == 0 &&
	                         strchr(proc_text, ':') != NULL);
}

static void filter(void)
{
	int fd = open("/proc/self/coredump_filter", O_RDWR);

	say_number("write 0x7", write(fd, "0x7", 3));
	say("coredump_filter %s", first_line("/proc/self/coredump_filter"));
	say_number("write nonsense", write(fd, "seven", 5));
	if (fork() == 0) {
		say("child's %s", first_line("/proc/self/coredump_filter"));
		_exit(0);
	}
	wait(NULL);
	close(fd);
}

static void say_info(const char *what, int fd, const char *key)
{
	char path[64];
	const char *at;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	proc_read(path);
	at = proc_find(key);
	say("%s: %s%.*s", what, key, at ? (int)strcspn(at, "\n") : 5, at ? at : " none");
}

static void descriptors(void)
{
	struct itimerspec time = {{7, 5}, {100000, 0}};
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0xabcdef};
	int file = open("file", O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	int number = eventfd(77, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0), epoll;
	char path[64];

	if (write(file, "0123456789", 10) != 10)
		return;
	lseek(file, 4, SEEK_SET);
	say_info("file", file, "pos:");
	say_info("file", file, "flags:");
	say_truth("mount and inode", proc_find("mnt_id:") && proc_find("ino:"));
	say_info("eventfd", number, "eventfd-count:");
	timerfd_settime(timer, 0, &time, NULL);
	say_info("timerfd", timer, "clockid:");
	say_info("timerfd", timer, "ticks:");
	say_info("timerfd", timer, "settime flags:");
	say_info("timerfd", timer, "it_interval:");
	epoll = epoll_create1(0);
	dup2(number, 20);
	epoll_ctl(epoll, EPOLL_CTL_ADD, 20, &event);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epoll);
	proc_read(path);
	say_truth("epoll's item", strstr(proc_text, "tfd:       20 events: 80000019 data:"
	                                            "           abcdef") != NULL);
	close(file);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file);
	say_done("closed", access(path, F_OK));
}

static void timers(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	timer_t timer;
	char want[64];

	event.sigev_value.sival_ptr = (void *)0xabcd;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return;
	proc_read("/proc/self/timers");
	say_truth("a timer", strncmp(proc_text, "ID: ", 4) == 0);
	say_truth("its signal", proc_find("signal: 12/000000000000abcd\n") != NULL);
	snprintf(want, sizeof(want), "notify: signal/pid.%d\n", getpid());
	say_truth("its receiver", proc_find(want) != NULL);
	say_truth("its clock", proc_find("ClockID: 1\n") != NULL);
	timer_delete(timer);
}

static void namespaces(void)
{
	static const char *const kinds[] = {"ipc", "mnt", "pid", "user", "uts"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char path[32], text[64] = {0}, same[64] = {0};
		struct stat by_name, by_fd;
		int fd;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		say_truth(kinds[i], readlink(path, text, sizeof(text) - 1) > 0 &&
		                        strncmp(text, kinds[i], strlen(kinds[i])) == 0 &&
		                        strncmp(text + strlen(kinds[i]), ":[", 2) == 0);
		fd = open(path, O_RDONLY);
		fstat(fd, &by_fd);
		stat(path, &by_name);
		snprintf(same, sizeof(same), "%s:[%lu]", kinds[i], (unsigned long)by_fd.st_ino);
		say("its number is the file's %d, the file is the same %d", strcmp(text, same) == 0,
		    by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev);
		close(fd);
	}
}

/* Nothing happens to the mounts while it looks. */
static void mounts(void)
{
	struct epoll_event event = {.events = EPOLLPRI};
	struct pollfd poll_mounts;
	int epoll = epoll_create1(0), fd = open("/proc/self/mounts", O_RDONLY);

	say_done("epoll", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	say_number("no change", epoll_wait(epoll, &event, 1, 20));
	poll_mounts = (struct pollfd){.fd = fd, .events = POLLPRI | POLLIN};
	say_number("poll", poll(&poll_mounts, 1, 0));
	say_truth("readable", (poll_mounts.revents & POLLIN) != 0);
	say_done("mountinfo too",
	         epoll_ctl(epoll, EPOLL_CTL_ADD, open("/proc/self/mountinfo", O_RDONLY), &event));
	say_done("status not",
	         epoll_ctl(epoll, EPOLL_CTL_ADD, open("/proc/self/status", O_RDONLY), &event));
	close(fd);
	close(epoll);
}

static void id_maps(void)
{
	proc_read("/proc/self/uid_map");
	say_truth("uid_map has three numbers", strlen(proc_text) >= 33);
	say("setgroups: %d", strcmp(first_line("/proc/self/setgroups"), "allow") == 0 ||
	                         strcmp(proc_text, "deny") == 0);
}

int main(void)
{
	which();
	small_ones();
	filter();
	descriptors();
	timers();
	namespaces();
	mounts();
	id_maps();
	return 0;
}
