/* SPDX-License-Identifier: MIT */
/*
 * Job control: which session a terminal belongs to, which of its process groups is in the
 * foreground, and what happens to the others.
 */
#include "kernel/dev/tty_internal.h"
#include "kernel/task/task.h"

int tty_check_foreground(struct tty *tty, int signal)
{
	struct process *process = current()->process;

	if (process->tty != tty || tty->pgid == 0 || tty->pgid == process->pgid)
		return 0;
	if (signal_blocked_or_ignored(signal))
		return signal == ABI_SIGTTIN ? -EIO : 0;
	if (pgroup_orphaned(process->pgid))
		return -EIO;
	signal_send_group(process->pgid, signal, NULL);
	return -ERESTARTSYS;
}

/* Take the terminal from all processes of a session. */
static void session_lose_tty(int sid, struct tty *tty)
{
	struct process *process;

	list_for_each_entry (process, &process_all, struct process, all_node)
		if (process->sid == sid && process->tty == tty)
			process->tty = NULL;
}

static void tty_control(struct tty *tty, struct process *process)
{
	tty->sid = process->sid;
	tty->pgid = process->pgid;
	process->tty = tty;
}

int tty_acquire(struct tty *tty, bool may_steal)
{
	struct process *process = current()->process;
	bool leader = process->sid == process->pid;

	if (leader && tty->sid == process->sid)
		return 0;
	if (!leader || process->tty)
		return -EPERM;
	if (tty->sid != 0) {
		if (!may_steal || !cap_held(ABI_CAP_SYS_ADMIN))
			return -EPERM;
		session_lose_tty(tty->sid, tty);
	}
	tty_control(tty, process);
	return 0;
}

int tty_give_up(struct tty *tty)
{
	struct process *process = current()->process;

	if (process->tty != tty)
		return -ENOTTY;
	if (process->sid != process->pid) {
		process->tty = NULL;
		return 0;
	}
	if (tty->pgid != 0) {
		signal_send_group(tty->pgid, ABI_SIGHUP, NULL);
		signal_send_group(tty->pgid, ABI_SIGCONT, NULL);
	}
	tty->sid = 0;
	tty->pgid = 0;
	session_lose_tty(process->sid, tty);
	return 0;
}

int tty_get_group(const struct tty *tty, int *pgid)
{
	if (current()->process->tty != tty)
		return -ENOTTY;
	*pgid = tty->pgid;
	return 0;
}

/* The session of a process group; 0: there is no such group. */
static int session_of_group(int pgid)
{
	struct process *process;

	list_for_each_entry (process, &process_all, struct process, all_node)
		if (process->pgid == pgid)
			return process->sid;
	return 0;
}

int tty_set_group(struct tty *tty, int pgid)
{
	struct process *process = current()->process;
	int error = tty_check_foreground(tty, ABI_SIGTTOU);
	int sid;

	if (error)
		return error == -EIO ? -ENOTTY : error;
	if (process->tty != tty || tty->sid != process->sid)
		return -ENOTTY;
	if (pgid < 0)
		return -EINVAL;
	sid = session_of_group(pgid);
	if (sid == 0)
		return -ESRCH;
	if (sid != process->sid)
		return -EPERM;
	tty->pgid = pgid;
	return 0;
}

int tty_get_session(const struct tty *tty, int *sid)
{
	if (current()->process->tty != tty || tty->sid == 0)
		return -ENOTTY;
	*sid = tty->sid;
	return 0;
}

/* Nobody can use the files that are open now any more. */
static void tty_end_life(struct tty *tty)
{
	session_lose_tty(tty->sid, tty);
	tty->life++;
	tty->sid = 0;
	tty->pgid = 0;
	tty->writing = false;
	ldisc_flush_input(&tty->ld);
	wait_wake_all(&tty->read_wait);
	wait_wake_all(&tty->write_wait);
}

void tty_hangup(struct tty *tty)
{
	struct process *leader = tty->sid != 0 ? process_find(tty->sid) : NULL;

	if (leader && leader->tty == tty) {
		signal_send_process(leader, ABI_SIGHUP, NULL);
		signal_send_process(leader, ABI_SIGCONT, NULL);
		leader->lost_pgid = tty->pgid;
	}
	tty_end_life(tty);
}

/* The terminal has gone before the leader: the group that was in the foreground learns it now. */
static void hangup_lost_group(struct process *leader)
{
	if (leader->lost_pgid == 0)
		return;
	signal_send_group(leader->lost_pgid, ABI_SIGHUP, NULL);
	signal_send_group(leader->lost_pgid, ABI_SIGCONT, NULL);
	leader->lost_pgid = 0;
}

void tty_hangup_session(struct process *leader)
{
	struct tty *tty = leader->tty;

	if (!tty) {
		hangup_lost_group(leader);
		return;
	}
	if (tty->sid != leader->sid)
		return;
	if (tty->pgid != 0)
		signal_send_group(tty->pgid, ABI_SIGHUP, NULL);
	if (!tty->pty) {
		tty_end_life(tty);
		return;
	}
	/* Who has a pseudo-terminal open keeps it, and another session may have it. */
	session_lose_tty(tty->sid, tty);
	tty->sid = 0;
	tty->pgid = 0;
}
