/* SPDX-License-Identifier: MIT */
/* Shows: the auxiliary vector: page size, clock ticks, ids, program headers, entry, platform,
 * random bytes that differ from run to run, and that the stack is aligned and laid out as it must
 * be. */
#include "tests/suite/programs/say.h"
#include <elf.h>
#include <sys/auxv.h>

extern char **environ;

static void random_bytes(const char *self)
{
	unsigned char here[16], there[16];
	int ends[2];
	pid_t child;

	memcpy(here, (void *)getauxval(AT_RANDOM), 16);
	if (pipe(ends))
		return;
	child = fork();
	if (child == 0) {
		dup2(ends[1], 1);
		execl(self, self, "random", (char *)NULL);
		_exit(1);
	}
	if (read(ends[0], there, 16) == 16)
		say_truth("random bytes differ", memcmp(here, there, 16) != 0);
	say_end("child", child);
}

int main(int argc, char **argv)
{
	const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
	unsigned long count = getauxval(AT_PHNUM), i, loads = 0;
	uintptr_t *words;
	int all = 0;

	if (argc > 1)
		return write(1, (void *)getauxval(AT_RANDOM), 16) != 16;
	say("page size %lu, ticks %lu", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK));
	say("ids %lu %lu %lu %lu, secure %lu", getauxval(AT_UID), getauxval(AT_EUID),
	    getauxval(AT_GID), getauxval(AT_EGID), getauxval(AT_SECURE));
	say("header size %lu", getauxval(AT_PHENT));
	for (i = 0; i < count; i++)
		loads += headers[i].p_type == PT_LOAD;
	say_truth("program headers are mapped", loads >= 2 && loads < 10);
	say_truth("entry is in the program",
	          getauxval(AT_ENTRY) > 0x400000 && getauxval(AT_ENTRY) < 0x800000);
	say("interpreter base %lu", getauxval(AT_BASE));
	say("platform %s", (const char *)getauxval(AT_PLATFORM));
	say("program %s", strrchr((const char *)getauxval(AT_EXECFN), '/'));
	say_truth("argv and environment follow each other", argv + argc + 1 == environ);
	say_truth("argument count stands before", ((long *)argv)[-1] == argc);
	say_truth("stack was aligned", (uintptr_t)(argv - 1) % 16 == 0);
	words = (uintptr_t *)environ;
	while (*words)
		words++;
	for (words++; words[0]; words += 2)
		all++;
	say_truth("vector ends", all > 10 && all < 40);
	random_bytes(argv[0]);
	return 0;
}
