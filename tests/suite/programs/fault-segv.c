/* SPDX-License-Identifier: MIT */
/* Shows: SIGSEGV for null, unmapped, read-only, no-access and kernel addresses, with si_addr and
 * si_code, going on by siglongjmp and by repairing the mapping; unhandled, blocked and ignored it
 * kills. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>

static sigjmp_buf back;
static char *expected;
static char *page;
static volatile int repaired;

static void jump(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("  signal %d, code %d, address %s", number, info->si_code,
	    (char *)info->si_addr == expected ? "right" : "wrong");
	siglongjmp(back, 1);
}

static void repair(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	repaired++;
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void read_at(const char *what, uintptr_t address)
{
	say("%s", what);
	expected = (char *)address;
	if (sigsetjmp(back, 1) == 0)
		say("  read %d", *(volatile char *)HIDE(address));
}

static void write_at(const char *what, uintptr_t address)
{
	say("%s", what);
	expected = (char *)address;
	if (sigsetjmp(back, 1) == 0) {
		*(volatile char *)HIDE(address) = 1;
		say("  written");
	}
}

static void unhandled(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)HIDE((uintptr_t)8) = 1;
}

static void blocked(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*(volatile char *)HIDE((uintptr_t)8) = 1;
}

static void ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile char *)HIDE((uintptr_t)8) = 1;
}

static const char constant[] = "constant";

int main(void)
{
	handle_info(SIGSEGV, jump, 0);
	page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(page + 4096, 4096);
	read_at("null", 0);
	write_at("near null", 100);
	read_at("unmapped", (uintptr_t)page + 4096 + 5);
	read_at("readable", (uintptr_t)page + 7);
	write_at("read-only mapping", (uintptr_t)page + 7);
	mprotect(page, 4096, PROT_NONE);
	read_at("no access", (uintptr_t)page + 9);
	write_at("constant data", (uintptr_t)constant);
	write_at("program text", (uintptr_t)main);
	read_at("last page of user space", 0x7ffffffff000);
	handle_info(SIGSEGV, repair, 0);
	page[3] = 42;
	say("repaired %d times, value %d", repaired, page[3]);
	in_child("unhandled", unhandled);
	in_child("blocked", blocked);
	in_child("ignored", ignored);
	return 0;
}
