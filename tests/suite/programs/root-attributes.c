/* SPDX-License-Identifier: MIT */
/* Shows: extended attributes of files in memory: those of root (trusted.) on files, directories and
 * links, flags, lengths and lists; who may see and set which; names that mean nothing. */
#include "tests/suite/programs/say.h"
#include <sys/xattr.h>

static char text[70000];

static void whole_life(void)
{
	int fd = open("f", O_RDONLY);

	say_number("none", getxattr("f", "trusted.a", text, 10));
	say_number("no list", listxattr("f", text, 10));
	say_number("set", setxattr("f", "trusted.a", "value", 5, 0));
	say_number("length", getxattr("f", "trusted.a", NULL, 0));
	say_number("get", getxattr("f", "trusted.a", text, 10));
	say("got %.5s", text);
	say_number("little room", getxattr("f", "trusted.a", text, 4));
	say_number("make", setxattr("f", "trusted.a", "x", 1, XATTR_CREATE));
	say_number("replace", setxattr("f", "trusted.a", "longer value", 12, XATTR_REPLACE));
	say_number("replace none", setxattr("f", "trusted.b", "x", 1, XATTR_REPLACE));
	say_number("by a reader", fsetxattr(fd, "trusted.b", "", 0, XATTR_CREATE));
	say_number("empty", fgetxattr(fd, "trusted.b", text, 10));
	say_number("list", flistxattr(fd, text, 100));
	say_number("length of the list", flistxattr(fd, NULL, 0));
	say_number("little room", flistxattr(fd, text, 15));
	say_number("remove", removexattr("f", "trusted.a"));
	say_number("again", fremovexattr(fd, "trusted.a"));
	say_number("the other", listxattr("f", text, 100));
	say("is %s", text);
	unlink("f");
	say_number("without a name", fgetxattr(fd, "trusted.b", text, 10));
}

static void kinds(void)
{
	int ends[2];

	make_file("g", "");
	say_number("directory", setxattr(".", "trusted.d", "d", 1, 0));
	say_number("link itself", lsetxattr("l", "trusted.l", "l", 1, 0));
	say_number("where it leads", getxattr("l", "trusted.l", text, 10));
	say_number("itself", lgetxattr("l", "trusted.l", text, 10));
	say_number("itself", llistxattr("l", text, 10));
	say_number("of the user, itself", lsetxattr("l", "user.l", "l", 1, 0));
	say_number("itself", lgetxattr("l", "user.l", text, 10));
	say_number("removed", lremovexattr("l", "trusted.l"));
	say_number("security", setxattr("g", "security.mine", "s", 1, 0));
	say_number("security", getxattr("g", "security.mine", text, 10));
	if (pipe(ends))
		return;
	say_number("pipe", fgetxattr(ends[0], "user.p", text, 10));
	say_number("pipe", fsetxattr(ends[0], "user.p", "p", 1, 0));
	say_number("closed", fgetxattr(99, "user.p", text, 10));
	say_number("path", fgetxattr(open("g", O_PATH), "user.p", text, 10));
	say_number("/proc", listxattr("/proc/self/status", text, 10));
	say_number("/proc", getxattr("/proc/self/status", "trusted.p", text, 10));
}

static void bad(void)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	memcpy(name, "trusted.", 8);
	name[256] = 0;
	say_number("long name", setxattr("g", name, "x", 1, 0));
	name[255] = 0;
	say_number("longest name", setxattr("g", name, "x", 1, 0));
	say_number("no name", setxattr("g", "", "x", 1, 0));
	say_number("only a prefix", setxattr("g", "trusted.", "x", 1, 0));
	say_number("no prefix", setxattr("g", "mine", "x", 1, 0));
	say_number("no such prefix", getxattr("g", "my.own", text, 10));
	say_number("long value", setxattr("g", "trusted.v", text, 65537, 0));
	say_number("longest value", setxattr("g", "trusted.v", text, 65536, 0));
	say_number("back", getxattr("g", "trusted.v", text, sizeof(text)));
	say_number("bad flags", setxattr("g", "trusted.v", text, 1, 4));
	say_number("bad value", setxattr("g", "trusted.v", HIDE((char *)8), 10, 0));
	say_number("bad name", setxattr("g", HIDE((char *)8), "x", 1, 0));
	say_number("no file", setxattr("n", "trusted.v", "x", 1, 0));
}

static void as_nobody(void)
{
	if (chmod(".", 01777) || chmod("g", 0666) || setuid(65534))
		_exit(1);
	say_number("get", getxattr("g", "trusted.v", text, 0));
	say_number("set", setxattr("g", "trusted.v", "x", 1, 0));
	say_number("remove", removexattr("g", "trusted.v"));
	say_number("security", getxattr("g", "security.mine", text, 10));
	say_number("set", setxattr("g", "security.mine", "x", 1, 0));
	say_number("sticky directory", setxattr(".", "user.x", "x", 1, 0));
	say_number("list", listxattr("g", text, 300));
	say("is %s", text);
}

int main(void)
{
	make_file("f", "");
	if (symlink("g", "l"))
		return 1;
	whole_life();
	kinds();
	bad();
	in_child("nobody", as_nobody);
	return 0;
}
