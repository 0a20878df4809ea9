/* SPDX-License-Identifier: MIT */
/* sources: */
/*
 * Terminals: our numbers and layouts are the system's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <linux/termios.h>

#include "kernel/linux/abi_tty.h"

/* <sys/ioctl.h> and the kernel's own headers define the same structures. */
int ioctl(int fd, unsigned long command, ...);

#define NUMBER(name) _Static_assert(ABI_##name == (name), #name)

NUMBER(NCCS);
NUMBER(VINTR);
NUMBER(VQUIT);
NUMBER(VERASE);
NUMBER(VKILL);
NUMBER(VEOF);
NUMBER(VTIME);
NUMBER(VMIN);
NUMBER(VSWTC);
NUMBER(VSTART);
NUMBER(VSTOP);
NUMBER(VSUSP);
NUMBER(VEOL);
NUMBER(VREPRINT);
NUMBER(VDISCARD);
NUMBER(VWERASE);
NUMBER(VLNEXT);
NUMBER(VEOL2);
NUMBER(IGNBRK);
NUMBER(BRKINT);
NUMBER(IGNPAR);
NUMBER(PARMRK);
NUMBER(INPCK);
NUMBER(ISTRIP);
NUMBER(INLCR);
NUMBER(IGNCR);
NUMBER(ICRNL);
NUMBER(IUCLC);
NUMBER(IXON);
NUMBER(IXANY);
NUMBER(IXOFF);
NUMBER(IMAXBEL);
NUMBER(IUTF8);
NUMBER(OPOST);
NUMBER(OLCUC);
NUMBER(ONLCR);
NUMBER(OCRNL);
NUMBER(ONOCR);
NUMBER(ONLRET);
NUMBER(TABDLY);
NUMBER(XTABS);
NUMBER(B38400);
NUMBER(CS8);
NUMBER(CREAD);
NUMBER(ISIG);
NUMBER(ICANON);
NUMBER(ECHO);
NUMBER(ECHOE);
NUMBER(ECHOK);
NUMBER(ECHONL);
NUMBER(NOFLSH);
NUMBER(TOSTOP);
NUMBER(ECHOCTL);
NUMBER(ECHOPRT);
NUMBER(ECHOKE);
NUMBER(FLUSHO);
NUMBER(IEXTEN);
NUMBER(EXTPROC);
NUMBER(TCGETS);
NUMBER(TCSETS);
NUMBER(TCSETSW);
NUMBER(TCSETSF);
NUMBER(TCSBRK);
NUMBER(TCXONC);
NUMBER(TCFLSH);
NUMBER(TIOCSCTTY);
NUMBER(TIOCGPGRP);
NUMBER(TIOCSPGRP);
NUMBER(TIOCOUTQ);
NUMBER(TIOCGWINSZ);
NUMBER(TIOCSWINSZ);
NUMBER(FIONREAD);
NUMBER(TIOCNOTTY);
NUMBER(TIOCGETD);
NUMBER(TCSBRKP);
NUMBER(TIOCGSID);
NUMBER(TCGETS2);
NUMBER(TIOCGPTN);
NUMBER(TIOCSPTLCK);
NUMBER(TIOCSIG);
NUMBER(TIOCGPTLCK);
NUMBER(TIOCGPTPEER);
NUMBER(TCSETS2);
NUMBER(TCSETSW2);
NUMBER(TCSETSF2);
NUMBER(TCIFLUSH);
NUMBER(TCOFLUSH);
NUMBER(TCIOFLUSH);
NUMBER(TCOOFF);
NUMBER(TCOON);
NUMBER(TCIOFF);
NUMBER(TCION);

_Static_assert(sizeof(struct abi_termios) == sizeof(struct termios), "termios");
_Static_assert(offsetof(struct abi_termios, lflag) == offsetof(struct termios, c_lflag), "lflag");
_Static_assert(offsetof(struct abi_termios, line) == offsetof(struct termios, c_line), "line");
_Static_assert(offsetof(struct abi_termios, cc) == offsetof(struct termios, c_cc), "cc");
_Static_assert(sizeof(struct abi_termios2) == sizeof(struct termios2), "termios2");
_Static_assert(offsetof(struct abi_termios2, ospeed) == offsetof(struct termios2, c_ospeed),
               "ospeed");
_Static_assert(sizeof(struct abi_winsize) == sizeof(struct winsize), "winsize");
_Static_assert(offsetof(struct abi_winsize, columns) == offsetof(struct winsize, ws_col),
               "columns");

/* The compiler has decided most of it; the numbers also do what they are for. */
static void test_terminal_abi(void **state)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	struct abi_winsize size = {.rows = 12, .columns = 34}, back = {0};
	struct abi_termios2 attributes = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, ABI_TCGETS2, &attributes), 0);
	assert_int_equal(attributes.ospeed, 38400);
	assert_int_equal(attributes.base.cc[ABI_VEOF], 4);
	assert_int_equal(attributes.base.lflag & ABI_ICANON, ABI_ICANON);
	assert_int_equal(ioctl(fd, ABI_TIOCSWINSZ, &size), 0);
	assert_int_equal(ioctl(fd, ABI_TIOCGWINSZ, &back), 0);
	assert_memory_equal(&size, &back, sizeof(size));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_terminal_abi)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
