/* SPDX-License-Identifier: MIT */
/* Shows: sendfile from file to file and pipe, with and without an offset; its errors. */
#include "tests/suite/programs/say.h"
#include <sys/sendfile.h>

int main(void)
{
	int in, out, ends[2];
	off_t offset = 2;
	char text[40] = "";

	make_file("in", "0123456789");
	in = open("in", O_RDONLY);
	out = open("out", O_RDWR | O_CREAT, 0600);
	if (pipe(ends))
		return 1;
	say_number("file to file", sendfile(out, in, NULL, 4));
	say_number("position", lseek(in, 0, SEEK_CUR));
	say_number("with an offset", sendfile(out, in, &offset, 3));
	say("offset %ld, position %ld", (long)offset, (long)lseek(in, 0, SEEK_CUR));
	say_number("file to pipe", sendfile(ends[1], in, NULL, 100));
	say_number("at the end", sendfile(ends[1], in, NULL, 100));
	say_number("from the pipe", read(ends[0], text, sizeof(text)));
	say("got %.6s", text);
	say_number("file holds", pread(out, text, sizeof(text), 0));
	say("got %.7s", text);
	say_number("none", sendfile(out, in, NULL, 0));
	say_number("closed", sendfile(99, in, NULL, 1));
	say_number("from a write-only file",
	           sendfile(out, open("w", O_WRONLY | O_CREAT, 0600), NULL, 1));
	return 0;
}
