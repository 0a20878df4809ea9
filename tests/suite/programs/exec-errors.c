/* SPDX-License-Identifier: MIT */
/* Shows: execve's errors for missing, unreadable, empty, broken, foreign and directory files, bad
 * arguments, and that the caller goes on unharmed; scripts with and without arguments, nested,
 * broken. */
#include "tests/suite/programs/say.h"
#include <elf.h>

static char *arguments[] = {(char[]){"name"}, (char[]){"one"}, NULL};
static char *environment[] = {(char[]){"PATH=/bin"}, NULL};

static void attempt(const char *what, const char *path)
{
	pid_t child = fork();

	if (child == 0) {
		execve(path, arguments, environment);
		say_number(what, -1);
		_exit(42);
	}
	say_end(what, child);
}

static void script(const char *name, const char *content)
{
	make_file(name, content);
	chmod(name, 0755);
	attempt(name, name);
}

static void broken_elf(const char *name, const char *self, void (*spoil)(Elf64_Ehdr *))
{
	char block[8192];
	int in = open(self, O_RDONLY), out = open(name, O_WRONLY | O_CREAT, 0755);
	ssize_t count = read(in, block, sizeof(block));

	spoil((Elf64_Ehdr *)(void *)block);
	if (write(out, block, (size_t)count) != count)
		_exit(1);
	close(in);
	close(out);
	attempt(name, name);
}

static void spoil_magic(Elf64_Ehdr *header)
{
	header->e_ident[3] = 'X';
}

static void spoil_machine(Elf64_Ehdr *header)
{
	header->e_machine = EM_AARCH64;
}

static void spoil_type(Elf64_Ehdr *header)
{
	header->e_type = ET_REL;
}

static void spoil_entry_size(Elf64_Ehdr *header)
{
	header->e_phentsize = 1;
}

static void spoil_count(Elf64_Ehdr *header)
{
	header->e_phnum = 0;
}

static void spoil_offset(Elf64_Ehdr *header)
{
	header->e_phoff = 1UL << 40;
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		say("started as %s %s %s", argv[0], argv[1], argv[2]);
		return 7;
	}
	attempt("missing", "none");
	attempt("empty path", "");
	attempt("directory", "/");
	attempt("device", "/dev/null");
	make_file("plain", "data");
	attempt("not executable", "plain");
	attempt("below a file", "plain/x");
	if (symlink("loop", "loop"))
		return 1;
	attempt("loop", "loop");
	script("empty", "");
	script("short", "x");
	script("nonsense", "nonsense without meaning\n");
	script("half-a-header", "\177ELF");
	broken_elf("wrong-magic", argv[0], spoil_magic);
	broken_elf("wrong-machine", argv[0], spoil_machine);
	broken_elf("wrong-type", argv[0], spoil_type);
	broken_elf("wrong-entry-size", argv[0], spoil_entry_size);
	broken_elf("no-headers", argv[0], spoil_count);
	broken_elf("far-headers", argv[0], spoil_offset);
	if (symlink(argv[0], "program"))
		return 1;
	script("interpreted", "#!program\n");
	script("with-argument", "#! program  some argument \n");
	script("no-newline", "#!program x");
	script("no-interpreter", "#!\n");
	script("missing-interpreter", "#!/no/such\n");
	script("directory-interpreter", "#!/\n");
	script("shell", "#!/bin/sh\necho \"$0 $1\"; exit 3\n");
	script("by-script", "#!with-argument\n");
	script("itself", "#!itself\n");
	say("still here");
	return 0;
}
