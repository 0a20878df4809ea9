/* SPDX-License-Identifier: MIT */
/* Shows: rename's rules: over files, directories empty and not, into itself, links to one file,
 * through slashes, renameat2's flags. */
#include "tests/suite/programs/say.h"

static void attempt(const char *from, const char *to)
{
	char what[64];

	snprintf(what, sizeof(what), "%s -> %s", from, to);
	say_number(what, rename(from, to));
}

static void there(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0)
		say("%s is there, mode %o, links %d", path, status.st_mode,
		    S_ISDIR(status.st_mode) ? 0 : (int)status.st_nlink);
	else
		say("%s is not there", path);
}

static void exchange(const char *from, const char *to, unsigned int flags)
{
	char what[64];

	snprintf(what, sizeof(what), "%s -> %s flags %u", from, to, flags);
	say_number(what, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}

int main(void)
{
	make_file("a", "content of a");
	make_file("b", "b");
	mkdir("d", 0755);
	mkdir("e", 0755);
	mkdir("full", 0755);
	make_file("full/x", "x");
	attempt("a", "c");
	there("a");
	there("c");
	attempt("c", "b");
	there("b");
	attempt("missing", "x");
	attempt("b", "d");
	attempt("d", "b");
	attempt("d", "e");
	there("d");
	attempt("e", "full");
	attempt("full", "e");
	there("e/x");
	attempt("e", "e/sub");
	attempt("e", "e");
	attempt("b", "no/where");
	attempt("b", "b/x");
	attempt("b", "new/");
	attempt("e", "new/");
	there("new/x");
	if (link("b", "hard"))
		return 1;
	attempt("b", "hard");
	there("b");
	there("hard");
	if (symlink("b", "soft"))
		return 1;
	attempt("soft", "moved");
	there("moved");
	attempt(".", "x");
	attempt("new/.", "x");
	attempt("new/..", "x");
	attempt("b", "");
	exchange("b", "hard", 1);
	make_file("one", "1");
	exchange("one", "two", 1);
	mkdir("dir", 0700);
	exchange("two", "dir", 2);
	there("two");
	there("dir");
	exchange("two", "gone", 2);
	exchange("two", "dir", 3);
	exchange("two", "dir", 64);
	return 0;
}
