/* SPDX-License-Identifier: MIT */
/*
 * What the programs of this level share: checks, and the kernel's counters before and after.
 */
#ifndef PINFOLD_TESTS_SYSTEM_COUNTERS_H
#define PINFOLD_TESTS_SYSTEM_COUNTERS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

static const char *running;
static bool failed;

#define CHECK(cond)                                                                             \
	do {                                                                                    \
		if (!(cond)) {                                                                  \
			printf("# %s:%d: not true: %s (errno %d)\n", __FILE__, __LINE__, #cond, \
			       errno);                                                          \
			failed = true;                                                          \
		}                                                                               \
	} while (0)

struct counters {
	unsigned long long entries, iret, sched_op, vcpu_op, version, evtchn;
	unsigned long long space_switches, task_switches, traps, pinned, unpinned, free_pages;
	unsigned long long pooled, evicted, nmis;
};

static inline unsigned long long value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	return 0;
}

static inline struct counters read_counters(void)
{
	static char text[8192];
	int fd = open("/proc/pinfold/counters", O_RDONLY);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (len <= 0)
		exit(1);
	text[len] = '\0';
	return (struct counters){
	    .entries = value_of(text, "xen.entries"),
	    .iret = value_of(text, "hypercall.iret"),
	    .sched_op = value_of(text, "hypercall.sched_op"),
	    .vcpu_op = value_of(text, "hypercall.vcpu_op"),
	    .version = value_of(text, "hypercall.xen_version"),
	    .evtchn = value_of(text, "hypercall.event_channel_op"),
	    .space_switches = value_of(text, "space.switches"),
	    .task_switches = value_of(text, "task.switches"),
	    .traps = value_of(text, "traps"),
	    .pinned = value_of(text, "tables.pinned"),
	    .unpinned = value_of(text, "tables.unpinned"),
	    .free_pages = value_of(text, "pages.free"),
	    .pooled = value_of(text, "tables.pooled"),
	    .nmis = value_of(text, "nmis"),
	    .evicted = value_of(text, "spaces.evicted"),
	};
}

/* Until those have ended too whose parents did not wait for them: run() adopts them. */
static inline void await_orphans(void)
{
	while (wait(NULL) > 0)
		;
}

/* The counters before a storm. */
static inline struct counters read_balance(void)
{
	await_orphans();
	return read_counters();
}

/* Everything that a storm takes it gives back. Tables that are kept for the next process are
 * neither lost nor in use. */
static inline void check_balance(const struct counters *before)
{
	struct counters after = read_balance();

	printf("# %s: free pages %llu then %llu, live tables %llu then %llu\n", running,
	       before->free_pages, after.free_pages, before->pinned - before->unpinned,
	       after.pinned - after.unpinned);
	CHECK(after.free_pages + after.pooled == before->free_pages + before->pooled);
	CHECK(after.pinned - after.unpinned - after.pooled ==
	      before->pinned - before->unpinned - before->pooled);
}

static inline void run(const char *name, void (*test)(void))
{
	running = name;
	failed = false;
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	read_counters(); /* the pages that this takes are taken before anything is counted */
	test();
	printf("%s system/%s\n", failed ? "FAIL" : "ok", name);
	fflush(stdout);
}

#endif
