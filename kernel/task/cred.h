/* SPDX-License-Identifier: MIT */
/*
 * Credentials: who a task is, and what it may do to files, to other tasks and to the machine.
 *
 * Every task has its own, as on Linux: a thread that gives a right up gives it up for itself alone
 * (C libraries make their threads change together). Only the task itself changes them, under the
 * kernel lock; so a task may read its own ids without the lock. Others read them under it.
 *
 * Nothing in the kernel asks "is it user 0". A right is a capability in the effective set, and
 * docs/rights.md says which call asks for which. What user 0 is more than others follows from the
 * rules here for changes of user and for exec, by which it comes to its capabilities.
 *
 * Left out: user namespaces, and capabilities of files.
 */
#ifndef PINFOLD_KERNEL_TASK_CRED_H
#define PINFOLD_KERNEL_TASK_CRED_H

#include "kernel/kernel.h"
#include "kernel/linux/abi_cred.h"

struct task;
struct inode;

typedef uint64_t cap_set; /* bit n is capability n */

#define CAP_SET_ALL ((1ull << (ABI_CAP_LAST + 1)) - 1)

static inline cap_set cap_bit(unsigned int cap)
{
	return 1ull << cap;
}

/* Supplementary groups, shared by those that have the same. */
struct group_list {
	uint32_t ref_count;
	uint32_t count;
	uint32_t gid[]; /* ascending */
};

struct cred {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	cap_set inheritable, permitted, effective, bounding, ambient;
	uint32_t securebits; /* ABI_SECURE_ */
	bool no_new_privs;
	struct group_list *groups; /* one reference; NULL: none */
};

/* User 0 with every right: what kernel tasks have. */
extern const struct cred cred_kernel;

/* `to` is without groups, or not yet anything. */
void cred_copy(struct cred *to, const struct cred *from);
void cred_drop(struct cred *cred); /* its reference on the groups */

/* Whether a right is in force. */
static inline bool cred_has(const struct cred *cred, unsigned int cap)
{
	return cred->effective & cap_bit(cap);
}

/* cred_has() of the running task. */
bool cap_held(unsigned int cap);

/* Whether the group is the one for files, or among the supplementary ones. */
bool cred_in_group(const struct cred *cred, uint32_t gid);

/*
 * Changes of the running task's credentials. All of them go through cred_change(): `next` is a copy
 * of the present ones, without a reference of its own on the groups, in which something differs.
 * A change of what files are reached with makes the process's memory private (not dumpable), and
 * takes its parent-death signal away.
 */
void cred_change(const struct cred *next);
/* What a change of users does to the sets, in `next`, before cred_change(): for the calls that set
 * uid, euid, suid, and for setfsuid(). */
void cred_fix_users(struct cred *next, const struct cred *old);
void cred_fix_fsuid(struct cred *next, const struct cred *old);

/*
 * What exec makes of the running task's credentials: `next` as they will be, for a program in
 * `inode`. `shared`: others outside the process share its directories, so that set-id bits do
 * nothing. True: the program must not trust what its caller hands down (AT_SECURE).
 */
bool cred_for_exec(struct cred *next, const struct inode *inode, bool shared);

/*
 * What the running task may do to another one. None of them looks at process groups, sessions or
 * who is whose parent, except where it says so. Threads of one process may do all of it to one
 * another, but for scheduling.
 */

/* By which ids a task looks into others: those for files, as in /proc, or the real ones. */
enum look_as {
	LOOK_AS_FSUID,
	LOOK_AS_REAL,
};

/* May it see the other's memory, registers and files. */
bool task_may_look(const struct task *target, enum look_as as);
/* May it send a signal, from a program. SIGCONT reaches all of a session. */
bool task_may_signal(const struct task *target, int signal);
/* May it change scheduling and the CPUs it runs on. */
bool task_may_schedule(const struct task *target);
/* Whether the target's capabilities are all among the caller's; whoever may schedule any task need
 * not ask. */
bool task_has_no_more_rights(const struct task *target);
/* May it read and set limits of resources. */
bool task_may_limit(const struct task *target);
/* Who owns the files of /proc that belong to a task: its user, but user 0 while its memory is
 * private. `directory`: of what everyone may list. */
void task_proc_owner(const struct task *target, bool directory, uint32_t *uid, uint32_t *gid);

#endif
