/* SPDX-License-Identifier: MIT */
/* Shows: munmap of parts: holes fault with SEGV_MAPERR at the right address, the rest stays,
 * unmapping nothing is fine, one call takes several mappings, errors. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>

#define PAGE 4096

static sigjmp_buf back;
static char *area;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	say("  fault code %d in page %td", info->si_code, ((char *)info->si_addr - area) / PAGE);
	siglongjmp(back, 1);
}

static void show(const char *what)
{
	volatile int i;

	say("%s", what);
	for (i = 0; i < 6; i++)
		if (sigsetjmp(back, 1) == 0)
			say("  page %d holds %c", i, ((volatile char *)area)[i * PAGE + 123]);
}

int main(void)
{
	int i;

	handle_info(SIGSEGV, on_fault, 0);
	area = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < 6; i++)
		area[i * PAGE + 123] = (char)('A' + i);
	say_number("middle", munmap(area + 2 * PAGE, 2 * PAGE));
	show("hole in the middle");
	say_number("again", munmap(area + 2 * PAGE, 2 * PAGE));
	say_number("first", munmap(area, PAGE));
	show("first gone");
	say_number("over pieces and holes", munmap(area, 5 * PAGE));
	show("only the last");
	say_number("odd address", munmap(area + 1, PAGE));
	say_number("length 0", munmap(area, 0));
	say_number("odd length", munmap(area + 5 * PAGE, 1));
	show("nothing left");
	say_number("beyond user space", munmap((void *)HIDE((uintptr_t)1 << 47), PAGE));
	return 0;
}
