/* SPDX-License-Identifier: MIT */
/* Shows: what terminal calls say where there is no terminal: pipes, files, devices, /dev/tty
 * without a controlling terminal. */
#include "tests/suite/programs/say.h"
#include <sys/ioctl.h>
#include <termios.h>

static void ask(const char *what, int fd)
{
	struct termios mode;
	struct winsize size;
	int group;

	say("%s", what);
	say_number("  isatty", isatty(fd) ? 1 : -1);
	say_number("  TCGETS", tcgetattr(fd, &mode));
	say_number("  TIOCGWINSZ", ioctl(fd, TIOCGWINSZ, &size));
	say_number("  TIOCGPGRP", ioctl(fd, TIOCGPGRP, &group));
	say_number("  TIOCSCTTY", ioctl(fd, TIOCSCTTY, 0));
	say_number("  tcsetpgrp", tcsetpgrp(fd, getpgrp()));
	say_number("  unknown ioctl", ioctl(fd, 0x12345678, 0));
}

int main(void)
{
	int ends[2];

	if (pipe(ends))
		return 1;
	ask("pipe", ends[0]);
	ask("file", open("f", O_RDWR | O_CREAT, 0600));
	ask("directory", open(".", O_RDONLY));
	ask("null", open("/dev/null", O_RDWR));
	ask("zero", open("/dev/zero", O_RDWR));
	ask("closed", 99);
	say_number("/dev/tty without a terminal", open("/dev/tty", O_RDWR));
	return 0;
}
