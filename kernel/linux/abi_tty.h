/* SPDX-License-Identifier: MIT */
/*
 * Terminals in the x86-64 Linux ABI: attributes, ioctl commands.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_TTY_H
#define PINFOLD_KERNEL_LINUX_ABI_TTY_H

#include <stdint.h>

#define ABI_NCCS 19

/* As TCGETS gives it. TCGETS2 adds the two speeds. */
struct abi_termios {
	uint32_t iflag;
	uint32_t oflag;
	uint32_t cflag;
	uint32_t lflag;
	uint8_t line;
	uint8_t cc[ABI_NCCS];
};

struct abi_termios2 {
	struct abi_termios base;
	uint32_t ispeed;
	uint32_t ospeed;
};

struct abi_winsize {
	uint16_t rows;
	uint16_t columns;
	uint16_t x_pixels;
	uint16_t y_pixels;
};

_Static_assert(sizeof(struct abi_termios) == 36, "the kernel's termios");
_Static_assert(sizeof(struct abi_termios2) == 44, "the kernel's termios2");

/* Indices of cc. */
#define ABI_VINTR    0
#define ABI_VQUIT    1
#define ABI_VERASE   2
#define ABI_VKILL    3
#define ABI_VEOF     4
#define ABI_VTIME    5
#define ABI_VMIN     6
#define ABI_VSWTC    7
#define ABI_VSTART   8
#define ABI_VSTOP    9
#define ABI_VSUSP    10
#define ABI_VEOL     11
#define ABI_VREPRINT 12
#define ABI_VDISCARD 13
#define ABI_VWERASE  14
#define ABI_VLNEXT   15
#define ABI_VEOL2    16

/* iflag */
#define ABI_IGNBRK  0000001u
#define ABI_BRKINT  0000002u
#define ABI_IGNPAR  0000004u
#define ABI_PARMRK  0000010u
#define ABI_INPCK   0000020u
#define ABI_ISTRIP  0000040u
#define ABI_INLCR   0000100u
#define ABI_IGNCR   0000200u
#define ABI_ICRNL   0000400u
#define ABI_IUCLC   0001000u
#define ABI_IXON    0002000u
#define ABI_IXANY   0004000u
#define ABI_IXOFF   0010000u
#define ABI_IMAXBEL 0020000u
#define ABI_IUTF8   0040000u

/* oflag */
#define ABI_OPOST  0000001u
#define ABI_OLCUC  0000002u
#define ABI_ONLCR  0000004u
#define ABI_OCRNL  0000010u
#define ABI_ONOCR  0000020u
#define ABI_ONLRET 0000040u
#define ABI_TABDLY 0014000u
#define ABI_XTABS  0014000u

/* cflag */
#define ABI_B38400 0000017u
#define ABI_CS8    0000060u
#define ABI_CREAD  0000200u

/* lflag */
#define ABI_ISIG    0000001u
#define ABI_ICANON  0000002u
#define ABI_ECHO    0000010u
#define ABI_ECHOE   0000020u
#define ABI_ECHOK   0000040u
#define ABI_ECHONL  0000100u
#define ABI_NOFLSH  0000200u
#define ABI_TOSTOP  0000400u
#define ABI_ECHOCTL 0001000u
#define ABI_ECHOPRT 0002000u
#define ABI_ECHOKE  0004000u
#define ABI_FLUSHO  0010000u
#define ABI_IEXTEN  0100000u
#define ABI_EXTPROC 0200000u

/* ioctl commands */
#define ABI_TCGETS      0x5401u
#define ABI_TCSETS      0x5402u
#define ABI_TCSETSW     0x5403u
#define ABI_TCSETSF     0x5404u
#define ABI_TCSBRK      0x5409u
#define ABI_TCXONC      0x540au
#define ABI_TCFLSH      0x540bu
#define ABI_TIOCSCTTY   0x540eu
#define ABI_TIOCGPGRP   0x540fu
#define ABI_TIOCSPGRP   0x5410u
#define ABI_TIOCOUTQ    0x5411u
#define ABI_TIOCGWINSZ  0x5413u
#define ABI_TIOCSWINSZ  0x5414u
#define ABI_FIONREAD    0x541bu
#define ABI_TIOCNOTTY   0x5422u
#define ABI_TIOCGETD    0x5424u
#define ABI_TCSBRKP     0x5425u
#define ABI_TIOCGSID    0x5429u
#define ABI_TCGETS2     0x802c542au
#define ABI_TIOCGPTN    0x80045430u
#define ABI_TIOCSPTLCK  0x40045431u
#define ABI_TIOCSIG     0x40045436u
#define ABI_TIOCGPTLCK  0x80045439u
#define ABI_TIOCGPTPEER 0x5441u
#define ABI_TCSETS2     0x402c542bu
#define ABI_TCSETSW2    0x402c542cu
#define ABI_TCSETSF2    0x402c542du

/* Arguments of TCFLSH and TCXONC. */
#define ABI_TCIFLUSH  0
#define ABI_TCOFLUSH  1
#define ABI_TCIOFLUSH 2
#define ABI_TCOOFF    0
#define ABI_TCOON     1
#define ABI_TCIOFF    2
#define ABI_TCION     3

#endif
