/* SPDX-License-Identifier: MIT */
/* Shows: mprotect on whole mappings and parts, both directions, over two mappings, inheritance by
 * fork, and its errors. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>

#define PAGE 4096

static sigjmp_buf back;
static char *area;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	siglongjmp(back, info->si_code == SEGV_ACCERR ? 1 : 2);
}

/* r or -, w or -, per page; ? where nothing is mapped. */
static void show(const char *what)
{
	char line[64];
	size_t at = 0;
	volatile int i;

	for (i = 0; i < 6; i++) {
		volatile char *page = area + i * PAGE;
		int fault = sigsetjmp(back, 1);

		if (fault == 0) {
			(void)*page;
			line[at++] = 'r';
		} else {
			line[at++] = fault == 1 ? '-' : '?';
		}
		fault = sigsetjmp(back, 1);
		if (fault == 0) {
			*page = 1;
			line[at++] = 'w';
		} else {
			line[at++] = fault == 1 ? '-' : '?';
		}
		line[at++] = ' ';
	}
	line[at] = '\0';
	say("%s: %s", what, line);
}

static void show_in_child(void)
{
	show("child");
}

int main(void)
{
	handle_info(SIGSEGV, on_fault, 0);
	area = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	show("fresh");
	say_number("one page read-only", mprotect(area + 2 * PAGE, PAGE, PROT_READ));
	show("third read-only");
	say_number("two pages none", mprotect(area + 3 * PAGE, 2 * PAGE, PROT_NONE));
	show("fourth and fifth none");
	in_child("in a child", show_in_child);
	say_number("all writable", mprotect(area, 6 * PAGE, PROT_READ | PROT_WRITE));
	show("all writable");
	say_number("none on an untouched page", mprotect(area, PAGE, PROT_NONE));
	show("first none");
	munmap(area + PAGE, PAGE);
	say_number("across a hole", mprotect(area, 3 * PAGE, PROT_READ));
	show("hole");
	say_number("odd address", mprotect(area + 1, PAGE, PROT_READ));
	say_number("length 0", mprotect(area, 0, PROT_READ));
	say_number("nothing there", mprotect((void *)HIDE((uintptr_t)0x10000), PAGE, PROT_READ));
	say_number("bad protection", mprotect(area, PAGE, 0x1000));
	return 0;
}
