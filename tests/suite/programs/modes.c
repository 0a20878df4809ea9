/* SPDX-License-Identifier: MIT */
/* Shows: chmod, fchmod, umask, access, chown as root, and what they say of links and missing
 * files. */
#include "tests/suite/programs/say.h"

static unsigned int mode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : status.st_mode;
}

int main(void)
{
	int fd;

	make_file("f", "x");
	say_number("chmod", chmod("f", 0640));
	say("mode %o", mode_of("f"));
	say_number("all bits", chmod("f", 07777));
	say("mode %o", mode_of("f"));
	say_number("bits beyond", chmod("f", 0170644));
	say("mode %o", mode_of("f"));
	fd = open("f", O_RDONLY);
	say_number("fchmod", fchmod(fd, 0400));
	say("mode %o", mode_of("f"));
	say_number("fchmod closed", fchmod(99, 0400));
	say_number("missing", chmod("none", 0600));
	if (symlink("f", "l"))
		return 1;
	say_number("through a link", chmod("l", 0755));
	say("mode %o", mode_of("f"));
	say("umask %o", umask(027));
	say("umask %o", umask(0777));
	close(open("closed", O_WRONLY | O_CREAT, 0666));
	say("mode %o", mode_of("closed"));
	say("umask %o", umask(07777));
	say("umask %o", umask(022));
	mkdir("d", 0777);
	say("mode %o", mode_of("d"));
	say_number("access to be there", access("f", F_OK));
	say_number("access to run", access("f", X_OK));
	chmod("f", 0);
	say_number("root reads all", access("f", R_OK | W_OK));
	say_number("root runs nothing that nobody may", access("f", X_OK));
	say_number("root enters directories", (chmod("d", 0), access("d", X_OK)));
	say_number("access to nothing", access("none", F_OK));
	say_number("access bad mode", access("f", 64));
	say_number("chown to myself", chown("f", getuid(), getgid()));
	say_number("chown without change", chown("f", (uid_t)-1, (gid_t)-1));
	say_number("lchown", lchown("l", getuid(), getgid()));
	say_number("fchown", fchown(fd, getuid(), getgid()));
	say_number("chown missing", chown("none", 0, 0));
	return 0;
}
