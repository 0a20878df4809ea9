/* SPDX-License-Identifier: MIT */
/*
 * What the programs about rights share: the sets of a thread as the kernel tells them, and
 * programs that begin with the same sets wherever they run.
 */
#ifndef SUITE_RIGHTS_H
#define SUITE_RIGHTS_H

#include "tests/suite/programs/say.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#define CAP(number) (1ull << (number))

/* What root has in every container too. */
#define COMMON_CAPS                                                                   \
	(CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE) | CAP(CAP_FOWNER) | CAP(CAP_FSETID) | \
	 CAP(CAP_KILL) | CAP(CAP_SETGID) | CAP(CAP_SETUID) | CAP(CAP_SETPCAP) |       \
	 CAP(CAP_SYS_CHROOT) | CAP(CAP_MKNOD))

struct sets {
	uint64_t effective, permitted, inheritable;
};

static inline long caps_get(pid_t pid, struct sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3,
	                                          .pid = pid};
	struct __user_cap_data_struct data[2] = {{0}};
	long result = syscall(SYS_capget, &header, data);

	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return result;
}

static inline long caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
	    {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
	    {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
	     (uint32_t)(inheritable >> 32)},
	};

	return syscall(SYS_capset, &header, data);
}

/* Of the first `count` capabilities. */
static inline uint64_t bounding_set(int count)
{
	uint64_t set = 0;

	for (int i = 0; i < count; i++)
		set |= (uint64_t)(prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) << i;
	return set;
}

static inline uint64_t ambient_set(int count)
{
	uint64_t set = 0;

	for (int i = 0; i < count; i++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			set |= 1ull << i;
	}
	return set;
}

/* Have `rights` at most, for good; a machine that lacks some of them cannot run the test. */
static inline void rights_begin(uint64_t rights)
{
	struct sets sets;

	caps_get(0, &sets);
	if (rights & ~sets.permitted)
		say("this root lacks %llx", (unsigned long long)(rights & ~sets.permitted));
	for (int i = 0; i < 64; i++) {
		if (!(rights & 1ull << i))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
	if (caps_set(rights, rights, 0))
		_exit(90);
}

static inline void say_sets(const char *what)
{
	struct sets sets;

	caps_get(0, &sets);
	say("%s: effective %llx, permitted %llx, inheritable %llx, bounding %llx, ambient %llx",
	    what, (unsigned long long)sets.effective, (unsigned long long)sets.permitted,
	    (unsigned long long)sets.inheritable, (unsigned long long)bounding_set(41),
	    (unsigned long long)ambient_set(41));
}

/* Raw calls, for the calling thread alone. */
static inline void say_ids(const char *what)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	syscall(SYS_getresuid, &r, &e, &s);
	syscall(SYS_getresgid, &gr, &ge, &gs);
	say("%s: user %d %d %d, for files %d, group %d %d %d, for files %d", what, (int)r, (int)e,
	    (int)s, (int)syscall(SYS_setfsuid, -1), (int)gr, (int)ge, (int)gs,
	    (int)syscall(SYS_setfsgid, -1));
}

/* A copy of the running program, with these owner and mode. */
static inline void copy_self(const char *self, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	static char buffer[65536];
	int from = open(self, O_RDONLY), to = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	ssize_t count;

	if (from < 0 || to < 0)
		_exit(91);
	while ((count = read(from, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, (size_t)count) != count)
			_exit(92);
	}
	if (fchown(to, uid, gid) || fchmod(to, mode))
		_exit(93);
	close(from);
	close(to);
}

/* Become another user with these rights alone, all in force. */
static inline void become_with(uid_t uid, uint64_t rights)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) || setgid(uid) ||
	    setuid(uid) || caps_set(rights, rights, 0))
		_exit(94);
}

/*
 * An attempt by root with every right of `all` but this one, and by user 1000 with this one alone.
 * Each in a child of its own.
 */
static inline void try_right(const char *what, unsigned int right, uint64_t all,
                             void (*attempt)(void))
{
	pid_t child;

	say("== %s", what);
	child = fork();
	if (child == 0) {
		if (caps_set(all & ~CAP(right), all & ~CAP(right), 0))
			_exit(95);
		attempt();
		_exit(0);
	}
	say_end("all but this right", child);
	child = fork();
	if (child == 0) {
		become_with(1000, CAP(right));
		attempt();
		_exit(0);
	}
	say_end("this right alone", child);
}

#endif
