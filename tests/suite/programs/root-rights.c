/* SPDX-License-Identifier: MIT */
/* Shows: which right each call asks for: files of others, owners, set-id bits, sticky directories,
 * devices, signals, ids, groups, the root directory. Root without the one right fails, a user with
 * nothing else succeeds. */
#include "tests/suite/programs/rights.h"
#include <signal.h>
#include <sys/sysmacros.h>

static pid_t root_child;

/* A file that belongs to neither of those who try, made anew by main() for each. */
static void remake(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	unlink(name);
	make_file(name, "x");
	if (chown(name, uid, gid) || chmod(name, mode))
		_exit(70);
}

static void say_mode(const char *name)
{
	struct stat status;

	if (stat(name, &status))
		say_done(name, -1);
	else
		say("%s: mode %o, owner %d %d", name, (unsigned int)status.st_mode & 07777,
		    (int)status.st_uid, (int)status.st_gid);
}

static void others_files(void)
{
	say_done("read", open("secret", O_RDONLY));
	say_done("write", open("secret", O_WRONLY));
	say_done("read and write", open("secret", O_RDWR));
	say_done("list", open("closed", O_RDONLY | O_DIRECTORY));
	say_done("search", open("closed/inside", O_RDONLY));
	say_done("make", open("closed/new", O_WRONLY | O_CREAT, 0600));
	say_done("remove", unlink("closed/new"));
	say_number("truncate", truncate("secret", 3));
	say_number("access", access("secret", R_OK | W_OK));
	say_number("effective access", faccessat(AT_FDCWD, "secret", R_OK | W_OK, AT_EACCESS));
	say_number("access to execute", faccessat(AT_FDCWD, "secret", X_OK, AT_EACCESS));
	say_number("executable", faccessat(AT_FDCWD, "secret-program", X_OK, AT_EACCESS));
	say_number("write access", faccessat(AT_FDCWD, "closed", W_OK | X_OK, AT_EACCESS));
	say_number("times to now", utimensat(AT_FDCWD, "secret", NULL, 0));
	say_number("chdir", chdir("closed"));
}

static void owner(void)
{
	struct timespec times[2] = {{1, 0}, {2, 0}};

	say_number("chmod", chmod("secret", 0640));
	say_number("times", utimensat(AT_FDCWD, "secret", times, 0));
	say_done("without access time", open("shown", O_RDONLY | O_NOATIME));
	say_number("in a sticky directory", unlink("sticky/theirs"));
	say_number("rename from it", rename("sticky/other", "sticky/mine"));
	say_number("back", rename("sticky/mine", "sticky/other"));
	make_file("sticky/theirs", "x");
	chmod("secret", 0600);
}

static void give_away(void)
{
	say_number("chown", chown("secret", 3000, 3000));
	say_mode("secret");
	say_number("lchown", lchown("secret", 2000, 2000));
	say_number("group alone", chown("secret", (uid_t)-1, 2001));
	say_number("nothing", chown("secret", (uid_t)-1, (gid_t)-1));
	say_number("set-id bits go", chown("set", 2000, 2000));
	say_mode("set");
}

/* Who writes to a file takes its set-id bits away. */
static void set_ids(void)
{
	int fd = open("set-open", O_WRONLY);

	say_number("write", write(fd, "y", 1));
	say_mode("set-open");
	close(fd);
	make_file("sticky/own", "x");
	if (chown("sticky/own", (uid_t)-1, getgid()) == 0)
		say_number("group bit, own group", chmod("sticky/own", 02755));
	say_mode("sticky/own");
	unlink("sticky/own");
	fd = open("grouped/own", O_WRONLY | O_CREAT, 02755);
	say_truth("made in a directory of another group", fd >= 0);
	say_number("group bit, another group", fchmod(fd, 02755));
	say_mode("grouped/own");
	close(fd);
	unlink("grouped/own");
}

static void devices(void)
{
	say_number("character", mknod("sticky/device", S_IFCHR | 0600, makedev(1, 3)));
	say_number("block", mknod("sticky/block", S_IFBLK | 0600, makedev(1, 3)));
	say_number("nothing", mknod("sticky/nothing", S_IFCHR | 0600, 0));
	say_number("pipe", mknod("sticky/pipe", S_IFIFO | 0600, 0));
	unlink("sticky/device");
	unlink("sticky/block");
	unlink("sticky/nothing");
	unlink("sticky/pipe");
}

static void signals(void)
{
	say_number("a stranger's", kill(root_child, 0));
	say_number("own", kill(getpid(), 0));
}

static void users(void)
{
	say_number("setfsuid", syscall(SYS_setfsuid, 3000));
	say_number("is", syscall(SYS_setfsuid, -1));
	say_number("setresuid", setresuid((uid_t)-1, (uid_t)-1, 3001));
	say_number("setreuid", setreuid(3002, (uid_t)-1));
	say_number("setuid", setuid(3003));
	say_number("groups", setgroups(0, NULL));
	say_number("group", setgid(3004));
}

static void groups(void)
{
	gid_t group = 3005;

	say_number("setfsgid", syscall(SYS_setfsgid, 3000));
	say_number("is", syscall(SYS_setfsgid, -1));
	say_number("setresgid", setresgid((gid_t)-1, (gid_t)-1, 3001));
	say_number("setregid", setregid(3002, (gid_t)-1));
	say_number("setgid", setgid(3003));
	say_number("setgroups", setgroups(1, &group));
	say_number("user", setresuid((uid_t)-1, (uid_t)-1, 3006));
}

static void sets(void)
{
	say_number("bounding", prctl(PR_CAPBSET_DROP, CAP_KILL));
	say_number("secure bits", prctl(PR_SET_SECUREBITS, SECBIT_NOROOT));
	say_number("inheritable", caps_set(0, 0, CAP(CAP_MKNOD)));
}

static void root_directory(void)
{
	say_number("chroot", chroot("sticky"));
	say_number("to a file", chroot("secret"));
}

static void each(const char *what, unsigned int right, void (*attempt)(void))
{
	remake("secret", 0600, 2000, 2000);
	remake("secret-program", 0700, 2000, 2000);
	remake("shown", 0444, 2000, 2000);
	remake("set", 06755, 2000, 2000);
	remake("set-open", 06777, 2000, 2000);
	try_right(what, right, COMMON_CAPS, attempt);
}

int main(void)
{
	rights_begin(COMMON_CAPS);
	root_child = fork();
	if (root_child == 0) {
		become_with(4000, 0);
		for (;;)
			pause();
	}
	usleep(50000);
	umask(0);
	chmod(".", 0777);
	mkdir("closed", 0700);
	make_file("closed/inside", "x");
	chmod("closed/inside", 0644);
	chown("closed", 2000, 2000);
	mkdir("sticky", 01777);
	make_file("sticky/theirs", "x");
	make_file("sticky/other", "x");
	chown("sticky/theirs", 2000, 2000);
	chown("sticky/other", 2000, 2000);
	chown("sticky", 2000, 2000);
	chmod("sticky", 01777);
	mkdir("grouped", 0777);
	chown("grouped", 2000, 2001);
	chmod("grouped", 02777);
	each("CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE, others_files);
	each("CAP_FOWNER", CAP_FOWNER, owner);
	each("CAP_CHOWN", CAP_CHOWN, give_away);
	each("CAP_FSETID", CAP_FSETID, set_ids);
	each("CAP_MKNOD", CAP_MKNOD, devices);
	each("CAP_KILL", CAP_KILL, signals);
	each("CAP_SETUID", CAP_SETUID, users);
	each("CAP_SETGID", CAP_SETGID, groups);
	each("CAP_SETPCAP", CAP_SETPCAP, sets);
	each("CAP_SYS_CHROOT", CAP_SYS_CHROOT, root_directory);
	kill(root_child, SIGKILL);
	waitpid(root_child, NULL, 0);
	return 0;
}
