/* SPDX-License-Identifier: MIT */
/* Shows: who may look into a process by /proc and get_robust_list: by users, by rights, by whether
 * it is dumpable, and what changes that; who owns its files there. Needs every right. */
#include "tests/suite/programs/others.h"

#define ALL_CAPS (COMMON_CAPS | CAP(CAP_SYS_PTRACE) | CAP(CAP_DAC_READ_SEARCH) | CAP(CAP_SYS_NICE))

static const char *self;

static const char *file_of(pid_t pid, const char *name)
{
	static char path[80];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return path;
}

static void say_opened(const char *name, const char *path, int flags)
{
	int fd = open(path, flags);
	char byte;

	if (fd < 0)
		say_done(name, -1);
	else
		say("%s: opened, %s", name,
		    (flags & O_DIRECTORY) || read(fd, &byte, 1) >= 0 ? "read" : "not read");
	if (fd >= 0)
		close(fd);
}

static void look(pid_t pid)
{
	static const char *const files[] = {"environ", "maps",   "status", "stat",
	                                    "cmdline", "limits", "comm",   "oom_score_adj"};
	static const char *const links[] = {"cwd", "root", "exe", "fd/0"};
	char text[256];
	void *head;
	size_t bytes;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		say_opened(files[i], file_of(pid, files[i]), O_RDONLY);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		say_done(links[i], readlink(file_of(pid, links[i]), text, sizeof(text)));
	say_opened("through cwd", file_of(pid, "cwd/."), O_RDONLY | O_DIRECTORY);
	say_opened("fd", file_of(pid, "fd"), O_RDONLY | O_DIRECTORY);
	say_opened("fdinfo", file_of(pid, "fdinfo"), O_RDONLY | O_DIRECTORY);
	say_opened("task", file_of(pid, "task"), O_RDONLY | O_DIRECTORY);
	say_done("write comm", open(file_of(pid, "comm"), O_WRONLY));
	say_done("write oom_score_adj", open(file_of(pid, "oom_score_adj"), O_WRONLY));
	say_done("get_robust_list", syscall(SYS_get_robust_list, pid, &head, &bytes));
}

static void look_at_self(pid_t pid)
{
	(void)pid;
	look(getpid());
}

static void say_owners(pid_t pid)
{
	static const char *const names[] = {"",   "stat",   "environ", "maps", "cwd",
	                                    "fd", "fdinfo", "task",    "fd/0"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat status;

		if (lstat(file_of(pid, names[i]), &status))
			say_done(names[i], -1);
		else
			say("owner of \"%s\": %d %d", names[i], (int)status.st_uid,
			    (int)status.st_gid);
	}
}

static void users(void)
{
	user();
	if (prctl(PR_SET_DUMPABLE, 1))
		_exit(2);
}

static void users_private(void)
{
	users();
	if (prctl(PR_SET_DUMPABLE, 0))
		_exit(2);
}

static void users_with_right(void)
{
	become_with(1000, CAP(CAP_KILL));
	prctl(PR_SET_DUMPABLE, 1);
}

static void user_with_right(void)
{
	become_with(1000, CAP(CAP_KILL) | CAP(CAP_CHOWN));
	prctl(PR_SET_DUMPABLE, 1);
}

static void other_group(void)
{
	if (setgroups(0, NULL) || setgid(1001) || setuid(1000))
		_exit(2);
}

static void real_user(void)
{
	if (setgroups(0, NULL) || setgid(1000) || setresuid(1000, 0, 0))
		_exit(2);
	prctl(PR_SET_DUMPABLE, 1);
}

static void tracer(void)
{
	become_with(1000, CAP(CAP_SYS_PTRACE));
}

static void nobody_tracer(void)
{
	become_with(65534, CAP(CAP_SYS_PTRACE));
}

static void nobody_reader(void)
{
	become_with(65534, CAP(CAP_DAC_READ_SEARCH));
}

static void files_user(void)
{
	setfsgid(1000);
	setfsuid(1000);
}

static void on(const char *what, void (*get_ready)(void), const char *who, void (*become)(void))
{
	pid_t target = start_target(get_ready);

	say("== %s", what);
	somebody_tries(who, become, look, target);
	end_target(target);
}

static void owners(const char *what, void (*get_ready)(void))
{
	pid_t target = start_target(get_ready);

	say("== %s", what);
	say_owners(target);
	end_target(target);
}

static void show_dumpable(const char *what)
{
	say("%s: dumpable %d", what, prctl(PR_GET_DUMPABLE) == 1);
}

/* What takes the state away, and what leaves it. */
static void dumpable(void)
{
	show_dumpable("at first");
	say_number("2", prctl(PR_SET_DUMPABLE, 2));
	say_number("0", prctl(PR_SET_DUMPABLE, 0));
	show_dumpable("off");
	in_child("child", stay);
	prctl(PR_SET_DUMPABLE, 1);
	show_dumpable("on");
	syscall(SYS_setresuid, -1, -1, 1000);
	show_dumpable("saved id");
	syscall(SYS_setresuid, 1000, -1, -1);
	show_dumpable("real id");
	setfsuid(1000);
	show_dumpable("id for files");
	prctl(PR_SET_DUMPABLE, 1);
	setegid(5);
	show_dumpable("effective group");
	prctl(PR_SET_DUMPABLE, 1);
	caps_set(CAP(CAP_KILL), ALL_CAPS, 0);
	show_dumpable("fewer rights");
}

static void zombie_owners(void)
{
	pid_t child = fork();
	siginfo_t info;

	if (child == 0) {
		user();
		_exit(0);
	}
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	say_owners(child);
	waitpid(child, NULL, 0);
}

/* The program itself, executed by a user: its own. */
static void run_by_user(void)
{
	user();
	execl(self, self, "look", NULL);
}

static void run_unreadable(void)
{
	user();
	execl("./unreadable", "./unreadable", "look", NULL);
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 2) {
		show_dumpable("executed");
		say_owners(getpid());
		look(getpid());
		return 0;
	}
	rights_begin(ALL_CAPS);
	chmod(".", 0777);
	copy_self(self, "unreadable", 0, 0, 0711);
	on("root's", stay, "nobody", nobody);
	on("a user's", users, "nobody", nobody);
	on("a user's", users, "the user", user);
	on("a user's, private", users_private, "the user", user);
	on("a user's, private", users_private, "root", stay);
	on("a user's", users, "of another group", other_group);
	on("a user's with a right", users_with_right, "the user", user);
	on("a user's with a right", users_with_right, "the user with more", user_with_right);
	on("root's, real user", real_user, "the user", user);
	on("root's", stay, "a tracer", tracer);
	on("a user's, private", users_private, "nobody, tracer", nobody_tracer);
	on("a user's", users, "nobody, reader of files", nobody_reader);
	on("a user's", users, "root, for files the user", files_user);
	somebody_tries("itself, private", users_private, look_at_self, 0);
	owners("root's", stay);
	owners("a user's", users);
	owners("a user's, private", users_private);
	owners("root's, real user", real_user);
	in_child("zombie", zombie_owners);
	in_child("dumpable", dumpable);
	in_child("executed by a user", run_by_user);
	in_child("unreadable", run_unreadable);
	return 0;
}
