/* SPDX-License-Identifier: MIT */
/* Shows: a program can neither read, write nor jump to addresses of the kernel's half, nor to
 * addresses that are no addresses; each gives SIGSEGV. Left out is the first part of the kernel's
 * half: there Xen lets every program read its own table of frame numbers. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>

static sigjmp_buf back;

static void jump(int number, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	siglongjmp(back, number);
}

static const uintptr_t addresses[] = {
    0x0000800000000000, /* first that is no address */
    0x1234567812345678, 0xffff808000000000, 0xffff820000000000, 0xffff880000000000,
    0xffff888000000000, 0xffffc90000000000, 0xffffffff80000000, 0xffffffff81000000,
    0xffffffffff5ff000, 0xfffffffffffff000, 0xffffffffffffffff,
};

int main(void)
{
	volatile size_t i;

	handle_info(SIGSEGV, jump, SA_NODEFER);
	handle_info(SIGBUS, jump, SA_NODEFER);
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		uintptr_t address = addresses[i];
		volatile int reading, writing, jumping;

		reading = sigsetjmp(back, 1);
		if (reading == 0)
			(void)*(volatile char *)HIDE(address);
		writing = sigsetjmp(back, 1);
		if (writing == 0)
			*(volatile char *)HIDE(address) = 1;
		jumping = sigsetjmp(back, 1);
		if (jumping == 0)
			((void (*)(void))HIDE(address))();
		say("%016lx: read %d, write %d, jump %d", (unsigned long)addresses[i], reading,
		    writing, jumping);
	}
	return 0;
}
