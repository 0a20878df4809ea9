/* SPDX-License-Identifier: MIT */
/* Shows: /proc of threads: a thread that is not the leader has a directory under its own number,
 * which is not listed, and one in its process's task directory; whose names, numbers and states
 * they tell; the links self and thread-self; and that a thread which moves itself to a CPU is
 * there at once, by the call and by its stat file. */
#include "tests/suite/programs/proc-text.h"
#include "tests/suite/programs/threads.h"
#include <dirent.h>

static _Atomic int tid, done;

static void *body(void *argument)
{
	pthread_setname_np(pthread_self(), "worker one");
	proc_read("/proc/thread-self/comm");
	say("thread-self of the thread: %s", strtok(proc_text, "\n"));
	tid = own_tid();
	while (!done)
		sleep_ms(1);
	return argument;
}

static const char *file(const char *format, int first, const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), format, first, name);
	return path;
}

static bool listed(const char *dir, int number)
{
	DIR *list = opendir(dir);
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(list)))
		found = found || atoi(entry->d_name) == number;
	closedir(list);
	return found;
}

/* What a directory of the thread says, by its number or under its process. */
static void look(const char *what, const char *format)
{
	static const char *const names[] = {"comm", "status", "stat",   "maps",  "fd/1",
	                                    "cwd",  "exe",    "fdinfo", "limits"};

	say("-- %s", what);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		say_done(names[i], access(file(format, tid, names[i]), F_OK));
	proc_read(file(format, tid, "comm"));
	say("name %s", strtok(proc_text, "\n"));
	say("process %d, thread %d, threads %ld",
	    proc_number(file(format, tid, "status"), "Tgid:") == getpid(),
	    proc_number(file(format, tid, "status"), "Pid:") == tid,
	    proc_number(file(format, tid, "status"), "Threads:"));
	proc_read(file(format, tid, "stat"));
	say("number %d, name %d", atoi(proc_text) == tid,
	    strstr(proc_text, "(worker one)") != NULL);
}

/* As the call, the number of the CPU and the stat file have it. */
static void move_about(void)
{
	cpu_set_t all, one;
	int rounds = 0, wrong = 0;

	sched_getaffinity(0, sizeof(all), &all);
	for (int cpu = 0; rounds < 20; cpu = (cpu + 1) % CPU_SETSIZE) {
		if (!CPU_ISSET((size_t)cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET((size_t)cpu, &one);
		wrong += sched_setaffinity(0, sizeof(one), &one) != 0;
		wrong += sched_getcpu() != cpu;
		wrong += proc_stat_field("/proc/thread-self/stat", 39) != cpu;
		rounds++;
	}
	sched_setaffinity(0, sizeof(all), &all);
	say("%d moves, %d wrong", rounds, wrong);
}

int main(void)
{
	char link[64] = {0}, want[64];
	pthread_t thread;

	pthread_create(&thread, NULL, body, NULL);
	while (!tid)
		sleep_ms(1);
	say("listed: process %d, thread %d, as a task %d", listed("/proc", getpid()),
	    listed("/proc", tid), listed("/proc/self/task", tid));
	look("/proc/TID", "/proc/%d/%s");
	look("/proc/self/task/TID", "/proc/self/task/%d/%s");
	say_done("/proc/TID/task", access(file("/proc/%d/%s", tid, "task"), F_OK));
	say_done("/proc/self/task/TID/task",
	         access(file("/proc/self/task/%d/%s", tid, "task"), F_OK));
	snprintf(want, sizeof(want), "%d/task/%d", getpid(), own_tid());
	say("thread-self %d",
	    readlink("/proc/thread-self", link, sizeof(link) - 1) > 0 && strcmp(link, want) == 0);
	move_about();
	done = 1;
	pthread_join(thread, NULL);
	say_truth("gone", access(file("/proc/%d/%s", tid, ""), F_OK) != 0);
	return 0;
}
