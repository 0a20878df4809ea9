/* SPDX-License-Identifier: MIT */
/* Shows: data, stack, heap and plain mappings cannot be executed; code can be written only while
 * it is not read-only, and runs once made executable; the faulting address is the jump's target. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>

static const unsigned char code[] = {0xb8, 0x2a, 0x00, 0x00, 0x00, 0xc3}; /* returns 42 */
static unsigned char in_data[16] = {0xb8, 0x2a, 0x00, 0x00, 0x00, 0xc3};
static unsigned char in_bss[16];
static sigjmp_buf back;
static volatile uintptr_t target;

static void jump(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("  signal %d, code %d, address %s", number, info->si_code,
	    (uintptr_t)info->si_addr == target ? "of the target" : "other");
	siglongjmp(back, 1);
}

static void run(const char *what, const void *place)
{
	say("%s", what);
	target = (uintptr_t)place;
	if (sigsetjmp(back, 1) == 0)
		say("  returned %d", ((int (*)(void))HIDE(target))());
}

int main(void)
{
	unsigned char on_stack[16];
	unsigned char *heap = malloc(16);
	unsigned char *page =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	handle_info(SIGSEGV, jump, 0);
	memcpy(on_stack, code, sizeof(code));
	memcpy(heap, code, sizeof(code));
	memcpy(in_bss, code, sizeof(code));
	memcpy(page, code, sizeof(code));
	run("data", in_data);
	run("bss", in_bss);
	run("constants", code);
	run("stack", on_stack);
	run("heap", heap);
	run("mapping", page);
	say_number("made executable", mprotect(page, 4096, PROT_READ | PROT_EXEC));
	run("executable mapping", page);
	say("writing to it");
	target = (uintptr_t)page;
	if (sigsetjmp(back, 1) == 0)
		*(volatile unsigned char *)page = 0x90;
	say_number("made data again", mprotect(page, 4096, PROT_READ | PROT_WRITE));
	run("data again", page);
	fd = open("code", O_RDWR | O_CREAT, 0755);
	if (write(fd, code, sizeof(code)) != (ssize_t)sizeof(code))
		return 1;
	run("file mapped executable", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
	run("file mapped readable", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	return 0;
}
