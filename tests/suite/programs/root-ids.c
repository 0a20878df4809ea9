/* SPDX-License-Identifier: MIT */
/* Shows: user and group numbers as root: giving them up and not getting them back, saved ones,
 * files made and denied as another user, signals between users. */
#include "tests/suite/programs/say.h"
#include <grp.h>
#include <sys/resource.h>

static void show(const char *what)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	say("%s: uid %d %d %d, gid %d %d %d", what, (int)r, (int)e, (int)s, (int)gr, (int)ge,
	    (int)gs);
}

static void give_up(void)
{
	say_number("setgid", setgid(50));
	say_number("setuid", setuid(1000));
	show("given up");
	say_number("back", setuid(0));
	say_number("group back", setgid(0));
	say_number("to myself", setuid(1000));
	say_number("open root's file", open("secret", O_RDONLY));
	say_number("open a public one", open("public", O_RDONLY) >= 0);
	say_number("write to it", open("public", O_WRONLY));
	say_number("create in root's directory", open("new", O_WRONLY | O_CREAT, 0600));
	say_number("chmod of root's", chmod("public", 0777));
	say_number("chown of root's", chown("public", 1000, 1000));
	say_number("enter a closed directory", chdir("closed"));
	say_number("remove from root's directory", unlink("public"));
	say_number("signal the parent", kill(getppid(), 0));
	say_number("nice down", setpriority(PRIO_PROCESS, 0, 2));
	say_number("nice up", setpriority(PRIO_PROCESS, 0, 0));
	say_number("chroot", chroot("."));
	say_number("raise a hard limit",
	           setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 2000, .rlim_max = 2000}));
}

static void saved(void)
{
	say_number("setresuid", setresuid(1000, 1001, 0));
	show("three kinds");
	say_number("to the saved one", seteuid(0));
	show("effective root");
	say_number("setreuid", setreuid(1002, 1003));
	show("setreuid");
	say_number("setregid as nobody", setregid(1, 2));
	say_number("swap", setreuid(1003, 1002));
	show("swapped");
	say_number("not mine", setresuid(5, 5, 5));
}

static void own_files(void)
{
	struct stat status;

	if (setgid(60) || setuid(1000) || chdir("shared"))
		_exit(1);
	make_file("mine", "x");
	stat("mine", &status);
	say("owner %d %d", (int)status.st_uid, (int)status.st_gid);
	say_number("chmod of mine", chmod("mine", 0400));
	say_number("chown of mine to another", chown("mine", 1001, 60));
	say_number("remove a stranger's from a sticky directory", unlink("roots"));
	say_number("remove mine", unlink("mine"));
}

int main(void)
{
	gid_t groups[3] = {10, 20, 30}, got[10];
	int count;

	show("at first");
	make_file("secret", "s");
	chmod("secret", 0600);
	make_file("public", "p");
	mkdir("closed", 0700);
	mkdir("shared", 0777);
	chmod("shared", 01777);
	make_file("shared/roots", "x");
	in_child("give up", give_up);
	in_child("saved", saved);
	in_child("own files", own_files);
	say_number("setgroups", setgroups(3, groups));
	count = getgroups(10, got);
	say("groups %d: %d %d %d", count, (int)got[0], (int)got[1], (int)got[2]);
	say_number("too little room", getgroups(1, got));
	say_number("no groups", setgroups(0, NULL));
	say_number("count", getgroups(0, NULL));
	say_number("setgroups from nowhere", setgroups(1, (gid_t *)HIDE((uintptr_t)8)));
	say_number("chown", chown("public", 7, 8));
	say_number("bad uid", setuid((uid_t)-1));
	return 0;
}
