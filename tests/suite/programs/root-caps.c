/* SPDX-License-Identifier: MIT */
/* Shows: the sets of capabilities of a task, all that changes them, and what comes of it: capget
 * and capset in every version, changes of user, keepcaps, securebits, the bounding and the ambient
 * set, no_new_privs, exec of plain and set-id programs, threads, random walks through all of it. */
#include "tests/suite/programs/rights.h"
#include <elf.h>
#include <pthread.h>
#include <sys/auxv.h>

static const char *self;

static void show(const char *what)
{
	say_ids(what);
	say_sets(what);
	say("%s: keep %d, secure %x, no new %d", what, prctl(PR_GET_KEEPCAPS),
	    (unsigned int)prctl(PR_GET_SECUREBITS), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* The kernel's word for what a program was started with. */
static void show_started(const char *what)
{
	show(what);
	say("%s: secure %lu, dumpable %d", what, getauxval(AT_SECURE),
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
}

static void versions(void)
{
	static const uint32_t version[] = {_LINUX_CAPABILITY_VERSION_1, _LINUX_CAPABILITY_VERSION_2,
	                                   _LINUX_CAPABILITY_VERSION_3, 0, 77};

	for (size_t i = 0; i < sizeof(version) / sizeof(version[0]); i++) {
		struct __user_cap_header_struct header = {.version = version[i]};
		struct __user_cap_data_struct data[2];

		memset(data, 0x55, sizeof(data));
		say_number("get", syscall(SYS_capget, &header, data));
		say("version %x, %x %x, %x %x", header.version, data[0].effective,
		    data[0].permitted, data[1].effective, data[1].permitted);
		header.version = version[i];
		say_number("get without data", syscall(SYS_capget, &header, NULL));
		say("version %x", header.version);
		header = (struct __user_cap_header_struct){.version = version[i], .pid = -1};
		say_number("get of -1", syscall(SYS_capget, &header, data));
		say_number("without data", syscall(SYS_capget, &header, NULL));
		header =
		    (struct __user_cap_header_struct){.version = version[i], .pid = 0x3fffffff};
		say_number("get of nobody", syscall(SYS_capget, &header, data));
		say_number("set of nobody", syscall(SYS_capset, &header, data));
		header = (struct __user_cap_header_struct){.version = version[i], .pid = 1};
		say_number("set of another", syscall(SYS_capset, &header, data));
		header = (struct __user_cap_header_struct){.version = version[i]};
		say_number("set from nowhere", syscall(SYS_capset, &header, HIDE((char *)8)));
		header = (struct __user_cap_header_struct){.version = version[i]};
		say_number("get to nowhere", syscall(SYS_capget, &header, HIDE((char *)8)));
	}
	say_number("header nowhere", syscall(SYS_capget, HIDE((char *)8), NULL));
	say_number("to set by", syscall(SYS_capset, HIDE((char *)8), NULL));
}

static void set_rules(void)
{
	const uint64_t some = CAP(CAP_KILL) | CAP(CAP_CHOWN);

	say_number("more effective than permitted", caps_set(some, CAP(CAP_KILL), 0));
	say_number("inheritable beyond permitted", caps_set(some, some, CAP(CAP_MKNOD)));
	say_sets("with the right to");
	say_number("drop for good", caps_set(CAP(CAP_KILL), some, CAP(CAP_MKNOD)));
	say_sets("some");
	say_number("effective again", caps_set(some, some, CAP(CAP_MKNOD)));
	say_number("permitted again", caps_set(some, some | CAP(CAP_MKNOD), 0));
	say_number("inheritable beyond", caps_set(some, some, CAP(CAP_MKNOD) | CAP(CAP_FOWNER)));
	say_number("inheritable within", caps_set(some, some, some));
	say_number("numbers that are none", caps_set(some | 3ull << 62, some | 3ull << 62, some));
	say_sets("without them");
	say_number("nothing", caps_set(0, 0, 0));
	say_sets("nothing");
	say_number("chown without it", chown("plain", 5, 5));
	say_number("setuid without it", setuid(5));
	say_number("setgid without it", setgid(5));
	say_number("setgroups without it", setgroups(0, NULL));
	say_number("mknod without it", mknod("device", S_IFCHR | 0600, 0x103));
	say_number("chroot without it", chroot("."));
	say_number("bounding without it", prctl(PR_CAPBSET_DROP, CAP_KILL));
	show("root without any");
}

static void change_users(void)
{
	say_number("to the effective", seteuid(1000));
	show("effective user");
	say_number("chown", chown("plain", 5, 5));
	say_number("back", seteuid(0));
	show("back");
	say_number("another real one", setreuid(1000, 0));
	show("real user");
	say_number("another saved one", setresuid((uid_t)-1, (uid_t)-1, 1001));
	show("saved user");
	say_number("none is root", setresuid(1000, 1000, 1000));
	show("none");
	say_number("for ever", setresuid(0, 0, 0));
}

static void for_files(void)
{
	say_number("old number", setfsuid(1000));
	show("for files");
	say_number("chown", chown("plain", 5, 5));
	say_number("kill of another's", kill(1, 0));
	say_number("old number", setfsuid(0));
	show("for files again");
	say_number("group", setfsgid(77));
	say_number("of new files", open("of77", O_CREAT | O_WRONLY, 0600) >= 0);
	if (setuid(1000))
		_exit(1);
	say_number("not mine", setfsuid(1001));
	say_number("still", setfsuid((uid_t)-1));
	say_number("not mine either", setfsgid(1));
	say_number("still", setfsgid((gid_t)-1));
	show("a user's");
}

static void keeping(void)
{
	say_number("2", prctl(PR_SET_KEEPCAPS, 2));
	say_number("keep", prctl(PR_SET_KEEPCAPS, 1));
	say_number("setuid", setresuid(1000, 1000, 1000));
	show("kept");
	say_number("in force again", caps_set(CAP(CAP_CHOWN), CAP(CAP_CHOWN), 0));
	say_number("chown", chown("plain", 9, 9));
	show("one");
	execl(self, self, "started", "kept, by exec", NULL);
}

static void locked(void)
{
	say_number("unknown", prctl(PR_SET_SECUREBITS, 1u << 20));
	say_number("no fix-up", prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
	say_number("setuid", setresuid(1000, 1000, 1000));
	show("another user, all rights");
	say_number("for files", setfsuid(1000));
	say_number("lock",
	           prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
	                                        SECBIT_KEEP_CAPS_LOCKED));
	say_number("unlock", prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
	say_number("change", prctl(PR_SET_SECUREBITS,
	                           SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED));
	say_number("keep", prctl(PR_SET_KEEPCAPS, 1));
	show("locked");
	caps_set(0, 0, 0);
	say_number("without the right", prctl(PR_SET_SECUREBITS, 0));
	execl(self, self, "started", "locked, by exec", NULL);
}

static void bounded(void)
{
	say_number("no such", prctl(PR_CAPBSET_DROP, 64));
	say_number("no such", prctl(PR_CAPBSET_READ, 64));
	say_number("drop", prctl(PR_CAPBSET_DROP, CAP_MKNOD));
	say_number("drop again", prctl(PR_CAPBSET_DROP, CAP_MKNOD));
	show("bounded");
	say_number("inheritable beyond", caps_set(COMMON_CAPS, COMMON_CAPS, CAP(CAP_MKNOD)));
	say_number("inheritable within", caps_set(COMMON_CAPS, COMMON_CAPS, CAP(CAP_KILL)));
	execl(self, self, "started", "bounded, by exec", NULL);
}

static void ambient(void)
{
	say_number("not inheritable", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	caps_set(COMMON_CAPS, COMMON_CAPS, CAP(CAP_KILL) | CAP(CAP_CHOWN));
	say_number("raise", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	say_number("raise", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	show("raised");
	say_number("no such", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 64, 0, 0));
	say_number("no such way", prctl(PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0));
	say_number("more words", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 1, 0));
	say_number("more words", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
	say_number("lower", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0));
	show("lowered");
	prctl(PR_SET_KEEPCAPS, 1);
	if (setresuid(1000, 1000, 1000))
		_exit(1);
	show("gone with root");
	say_number("raise", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	execl(self, self, "ambient", NULL);
}

/* A user's program, by which ambient capabilities live on. */
static void ambient_started(void)
{
	show_started("ambient, by exec");
	say_number("not inheritable any more", caps_set(CAP(CAP_KILL), CAP(CAP_KILL), 0));
	show("gone");
	caps_set(CAP(CAP_KILL), CAP(CAP_KILL), CAP(CAP_KILL));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
	execl("./suid", "./suid", "started", "ambient, by a set-id program", NULL);
}

static void no_raise(void)
{
	caps_set(COMMON_CAPS, COMMON_CAPS, CAP(CAP_KILL));
	prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE);
	say_number("forbidden", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
}

static void user_runs(const char *program, const char *what)
{
	if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
		_exit(1);
	execl(program, program, "started", what, NULL);
}

static void runs_set_user(void)
{
	user_runs("./suid", "set-user-id");
}

static void runs_set_group(void)
{
	user_runs("./sgid", "set-group-id");
}

static void runs_set_other(void)
{
	user_runs("./other", "set-user-id of another");
}

static void runs_unreadable(void)
{
	user_runs("./unreadable", "unreadable");
}

static void runs_locked_group(void)
{
	user_runs("./mandatory", "the bit without execution");
}

static void runs_without_gain(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	user_runs("./suid", "set-user-id, no new rights");
}

static void root_without_gain(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	caps_set(CAP(CAP_KILL), CAP(CAP_KILL), 0);
	execl(self, self, "started", "root, no new rights", NULL);
}

static void root_dropped(void)
{
	caps_set(0, 0, CAP(CAP_KILL));
	execl(self, self, "started", "root again", NULL);
}

static void no_root(void)
{
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT);
	execl(self, self, "started", "root is nobody special", NULL);
}

static void root_effective(void)
{
	if (setresuid(1000, 0, 0))
		_exit(1);
	show("effective root");
	execl(self, self, "started", "effective root, by exec", NULL);
}

static void root_real(void)
{
	if (setresuid(0, 1000, 1000))
		_exit(1);
	show("real root");
	execl(self, self, "started", "real root, by exec", NULL);
}

static void root_saved(void)
{
	if (setresuid(1000, 1000, 0))
		_exit(1);
	show("saved root");
	execl(self, self, "started", "saved root, by exec", NULL);
}

/* Sharing directories with another process forbids the gain. */
static int shares_and_runs(void *argument)
{
	(void)argument;
	execl("./suid", "./suid", "started", "set-user-id, shared directories", NULL);
	return 1;
}

static void shared_directories(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status;

	if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
		_exit(1);
	if (clone(shares_and_runs, stack + sizeof(stack), CLONE_FS | SIGCHLD, NULL) < 0)
		_exit(2);
	wait(&status);
	say_status("it", status);
}

static void *thread_gives_up(void *argument)
{
	(void)argument;
	say_number("raw setuid", syscall(SYS_setresuid, 1000, 1000, 1000));
	say_number("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	show("the thread");
	return NULL;
}

static void threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_gives_up, NULL);
	pthread_join(thread, NULL);
	show("the others");
}

static void *thread_execs(void *argument)
{
	(void)argument;
	syscall(SYS_setresuid, 1000, 1000, 1000);
	execl(self, self, "started", "a thread's exec", NULL);
	return NULL;
}

static void thread_exec(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_execs, NULL);
	pthread_join(thread, NULL);
}

static void inherited(void)
{
	pid_t child;

	caps_set(CAP(CAP_KILL), CAP(CAP_KILL) | CAP(CAP_CHOWN), CAP(CAP_CHOWN));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setfsgid(0);
	child = fork();
	if (child == 0) {
		show("the child");
		_exit(0);
	}
	say_end("child", child);
}

/* Any call with any value, most of them refused; every state on the way is compared. */
static uint64_t random_state;

static uint32_t rnd(uint32_t limit)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(random_state >> 33) % limit;
}

static int random_id(void)
{
	static const int ids[] = {0, 1000, 1001, -1};

	return ids[rnd(4)];
}

static uint64_t random_caps(uint64_t from)
{
	uint64_t set = 0;

	for (int i = 0; i < 20; i++) {
		if (rnd(8) != 0)
			set |= from & 1ull << i;
	}
	return set;
}

static long random_step(void)
{
	struct sets sets;

	switch (rnd(12)) {
	case 0:
		return syscall(SYS_setuid, random_id());
	case 1:
		return syscall(SYS_setreuid, random_id(), random_id());
	case 2:
	case 3:
		/* Whether a call that changes nothing resets the id for files is not the same in
		 * all releases: the effective one is always named. */
		return syscall(SYS_setresuid, random_id(), 1000 * rnd(2), random_id());
	case 4:
		return syscall(SYS_setfsuid, random_id());
	case 5:
		return prctl(PR_SET_KEEPCAPS, rnd(2));
	case 6:
		return rnd(4) == 0 ? prctl(PR_SET_SECUREBITS, rnd(256) & 0x75) : 0;
	case 7:
		return rnd(4) == 0 ? prctl(PR_CAPBSET_DROP, rnd(8)) : 0;
	case 8:
		return prctl(PR_CAP_AMBIENT, rnd(2) + 2, rnd(8), 0, 0);
	case 9:
		return syscall(SYS_setresgid, random_id(), 1000 * rnd(2), random_id());
	default:
		caps_get(0, &sets);
		return caps_set(random_caps(sets.permitted), random_caps(sets.permitted),
		                random_caps(COMMON_CAPS));
	}
}

static uint64_t state_hash(uint64_t hash)
{
	struct sets sets;
	uid_t ids[8];

	caps_get(0, &sets);
	syscall(SYS_getresuid, &ids[0], &ids[1], &ids[2]);
	syscall(SYS_getresgid, &ids[3], &ids[4], &ids[5]);
	ids[6] = (uid_t)syscall(SYS_setfsuid, -1);
	ids[7] = (uid_t)syscall(SYS_setfsgid, -1);
	for (int i = 0; i < 8; i++)
		hash = (hash ^ ids[i]) * 0x100000001b3ull;
	hash = (hash ^ sets.effective) * 0x100000001b3ull;
	hash = (hash ^ sets.permitted) * 0x100000001b3ull;
	hash = (hash ^ sets.inheritable) * 0x100000001b3ull;
	hash = (hash ^ bounding_set(8)) * 0x100000001b3ull;
	hash = (hash ^ ambient_set(8)) * 0x100000001b3ull;
	return (hash ^ (unsigned int)prctl(PR_GET_SECUREBITS)) * 0x100000001b3ull;
}

static void random_walk(void)
{
	uint64_t hash = 1;

	for (int i = 0; i < 40; i++)
		hash = state_hash(hash ^ (uint64_t)random_step());
	show("at its end");
	say("all the way: %llx", (unsigned long long)hash);
	/* What exec makes of different real and effective ids is not the same in all releases. */
	if (getuid() == geteuid() && getgid() == getegid())
		execl(self, self, "started", "and by exec", NULL);
}

static void random_walks(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		random_state = seed;
		in_child("walk", random_walk);
	}
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 3 && strcmp(argv[1], "started") == 0) {
		show_started(argv[2]);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "ambient") == 0) {
		ambient_started();
		return 0;
	}
	rights_begin(COMMON_CAPS);
	show("at first");
	make_file("plain", "x");
	chmod(".", 0777);
	copy_self(self, "suid", 0, 0, 04755);
	copy_self(self, "sgid", 0, 70, 02755);
	copy_self(self, "other", 1001, 71, 06755);
	copy_self(self, "unreadable", 0, 0, 0711);
	copy_self(self, "mandatory", 0, 70, 02705);
	in_child("versions", versions);
	in_child("rules of capset", set_rules);
	in_child("changes of user", change_users);
	in_child("for files", for_files);
	in_child("keepcaps", keeping);
	in_child("securebits", locked);
	in_child("bounding set", bounded);
	in_child("ambient set", ambient);
	in_child("ambient forbidden", no_raise);
	in_child("set-user-id", runs_set_user);
	in_child("set-group-id", runs_set_group);
	in_child("set-user-id of another", runs_set_other);
	in_child("unreadable", runs_unreadable);
	in_child("the bit without execution", runs_locked_group);
	in_child("no new rights", runs_without_gain);
	in_child("root without gain", root_without_gain);
	in_child("root dropped", root_dropped);
	in_child("no root", no_root);
	in_child("effective root", root_effective);
	in_child("real root", root_real);
	in_child("saved root", root_saved);
	in_child("shared directories", shared_directories);
	in_child("threads", threads);
	in_child("a thread's exec", thread_exec);
	in_child("inherited", inherited);
	random_walks();
	return 0;
}
