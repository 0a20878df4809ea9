/* SPDX-License-Identifier: MIT */
/* Shows: a process's memory in /proc: maps, smaps and smaps_rollup say the same of it, also when
 * they are read in small pieces and from the middle; mem reads and writes it, pagemap tells which
 * pages are there; the auxiliary vector and the environment; and who may not look. */
#include "tests/suite/programs/proc-text.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#define PAGE 4096ul

/* The number behind a key of the area that begins at the address, in smaps. */
static long area_number(const void *start, const char *key)
{
	char head[32];
	const char *at;

	proc_read("/proc/self/smaps");
	snprintf(head, sizeof(head), "%lx-", (unsigned long)start);
	at = strstr(proc_text, head);
	at = at ? strstr(at, key) : NULL;
	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static void areas(void)
{
	static const char *const keys[] = {
	    "\nRss:",           "\nShared_Clean:",  "\nShared_Dirty:",
	    "\nPrivate_Clean:", "\nPrivate_Dirty:", "\nReferenced:",
	    "\nAnonymous:",     "\nSwap:",          "\nLocked:"};
	char *memory =
	    mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *flags;

	mprotect(memory + 40 * PAGE, 24 * PAGE, PROT_READ);
	memset(memory, 1, 40 * PAGE);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		say("%s %ld", keys[i] + 1, area_number(memory, keys[i]));
	say("Size: %ld, Pss: %ld", area_number(memory, "\nSize:"), area_number(memory, "\nPss:"));
	mlock(memory, 4 * PAGE);
	say("part of it locked: Size: %ld, Locked: %ld", area_number(memory, "\nSize:"),
	    area_number(memory, "\nLocked:"));
	flags = strstr(strstr(proc_text, "Locked:"), "VmFlags:");
	munlock(memory, 4 * PAGE);
	area_number(memory, "Size:");
	flags = strstr(proc_text, "[stack]");
	say_truth("the stack grows down", flags && strstr(strstr(flags, "VmFlags:"), " gd"));
	say_truth("a heap and a stack",
	          strstr(proc_text, "[heap]") && strstr(proc_text, "[stack]"));
	munmap(memory, 64 * PAGE);
}

/* A child shares what neither has written since. */
static void shared_pages(void)
{
	char *memory =
	    mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(memory, 1, 8 * PAGE);
	if (fork() == 0) {
		say_truth("most is shared with a child",
		          area_number(memory, "\nShared_Clean:") +
		                  area_number(memory, "\nShared_Dirty:") >=
		              16);
		_exit(0);
	}
	wait(NULL);
	say("after it: shared %ld, private %ld",
	    area_number(memory, "\nShared_Clean:") + area_number(memory, "\nShared_Dirty:"),
	    area_number(memory, "\nPrivate_Clean:") + area_number(memory, "\nPrivate_Dirty:"));
	munmap(memory, 8 * PAGE);
}

/* The sum over the areas is what the rollup says. */
static void rollup(void)
{
	long sum = 0, private_dirty = 0;

	proc_read("/proc/self/smaps");
	for (const char *at = proc_text; (at = strstr(at, "\nRss:")); at++)
		sum += strtol(at + 5, NULL, 10);
	for (const char *at = proc_text; (at = strstr(at, "\nPrivate_Dirty:")); at++)
		private_dirty += strtol(at + 15, NULL, 10);
	say_truth("rollup's Rss",
	          labs(proc_number("/proc/self/smaps_rollup", "Rss:") - sum) < 1024);
	say_truth("rollup's Private_Dirty",
	          labs(proc_number("/proc/self/smaps_rollup", "Private_Dirty:") - private_dirty) <
	              1024);
	say_truth("and its name", strstr(proc_text, "[rollup]\n") != NULL);
}

/* Many areas: the whole, byte by byte, from the middle. */
static void pieces(void)
{
	static char whole[1 << 20];
	char *memory = mmap(NULL, 2000 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t lines = 0, len;
	int fd;

	for (size_t i = 0; i < 2000; i += 2)
		mprotect(memory + i * PAGE, PAGE, PROT_NONE);
	len = (size_t)proc_read("/proc/self/maps");
	memcpy(whole, proc_text, len + 1);
	for (const char *at = whole; (at = strchr(at, '\n')); at++)
		lines++;
	say_truth("a line for each", lines >= 2000 && lines < 2100);
	fd = open("/proc/self/maps", O_RDONLY);
	for (size_t at = 0; at < len;) {
		ssize_t got = read(fd, proc_text + at, 1 + at % 97);

		if (got <= 0)
			break;
		at += (size_t)got;
	}
	say_truth("in small pieces", memcmp(whole, proc_text, len) == 0);
	say_truth("from the middle", pread(fd, proc_text, 50, (off_t)(len / 2)) == 50 &&
	                                 memcmp(whole + len / 2, proc_text, 50) == 0);
	say_truth("from before that", pread(fd, proc_text, 50, (off_t)(len / 3)) == 50 &&
	                                  memcmp(whole + len / 3, proc_text, 50) == 0);
	say_number("behind the end", pread(fd, proc_text, 50, (off_t)len + 100000));
	close(fd);
	munmap(memory, 2000 * PAGE);
}

static void memory_file(void)
{
	static char secret[] = "what was there", other[32];
	char *constant = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/mem", O_RDWR);

	say_number("read", pread(fd, other, sizeof(secret), (off_t)(uintptr_t)secret));
	say("it is: %s", other);
	say_number("write", pwrite(fd, "this is now", 11, (off_t)(uintptr_t)secret));
	say("it is: %s", secret);
	say_number("write to what is read-only", pwrite(fd, "x", 1, (off_t)(uintptr_t)constant));
	say("it is: %c", constant[0]);
	munmap(constant, PAGE);
	say_number("read where nothing is", pread(fd, other, 1, (off_t)(uintptr_t)constant));
	say_number("write there", pwrite(fd, other, 1, (off_t)(uintptr_t)constant));
	say_truth("lseek", lseek(fd, 0x7f0000001000, SEEK_SET) == 0x7f0000001000);
	say_number("lseek from the end", lseek(fd, 0, SEEK_END));
	close(fd);
}

static void page_map(void)
{
	char *memory =
	    mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t words[4] = {0};

	memory[PAGE] = memory[2 * PAGE] = 1;
	say_number("pagemap",
	           pread(fd, words, sizeof(words), (off_t)((uintptr_t)memory / PAGE * 8)));
	for (int i = 0; i < 4; i++)
		say("page %d: there %d, of a file %d, in swap %d", i, (int)(words[i] >> 63),
		    (int)(words[i] >> 61 & 1), (int)(words[i] >> 62 & 1));
	say_number("not whole words", pread(fd, words, 12, 0));
	say_number("not at a word", pread(fd, words, 8, 4));
	munmap(memory, 4 * PAGE);
	close(fd);
}

static void vector(void)
{
	static const unsigned long types[] = {AT_PHDR, AT_PHENT, AT_PHNUM,  AT_PAGESZ, AT_ENTRY,
	                                      AT_UID,  AT_EUID,  AT_CLKTCK, AT_RANDOM, AT_EXECFN};
	const ElfW(auxv_t) *pair = (const void *)proc_text;
	const char *end = proc_text + proc_read("/proc/self/auxv");
	int same = 0;

	for (; (const char *)pair < end && pair->a_type != AT_NULL; pair++)
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			same += pair->a_type == types[i] && pair->a_un.a_val == getauxval(types[i]);
	say("auxv: %d pairs as the program got them, ends %d", same,
	    pair->a_type == AT_NULL && (const char *)(pair + 1) == end);
	say_truth("room for a signal's frame", getauxval(51) >= 1024 && getauxval(51) < 65536);
}

static void marks(void)
{
	char *memory = mmap(NULL, 16384 * PAGE, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd = open("/proc/self/clear_refs", O_WRONLY);
	long before;

	munmap(memory, 16384 * PAGE);
	before = proc_number("/proc/self/status", "VmHWM:");
	say_number("clear_refs", write(fd, "5", 1));
	say_truth("the mark is lower",
	          proc_number("/proc/self/status", "VmHWM:") <= before - 16384 * 4 + 8192);
	say_number("clear_refs of another number", write(fd, "9", 1));
	close(fd);
}

/* Another user's process: what everybody may see, and what not. */
static void rights(void)
{
	static const char *const names[] = {"status",  "stat",    "cmdline",     "comm",  "limits",
	                                    "environ", "auxv",    "maps",        "smaps", "mem",
	                                    "pagemap", "syscall", "personality", "fd",    "cwd"};
	pid_t parent = getpid();

	if (getuid() != 0)
		return;
	if (fork() == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			char path[64];

			snprintf(path, sizeof(path), "/proc/%d/%s", parent, names[i]);
			say_done(names[i], strcmp(names[i], "cwd") == 0
			                       ? readlink(path, proc_text, 100)
			                       : open(path, O_RDONLY));
		}
		_exit(0);
	}
	wait(NULL);
}

/* A file that is open already shows what it did, whoever reads it; and nothing, once the process
 * runs another program. */
static void opened_before(const char *self)
{
	static const char *const names[] = {"maps", "environ", "mem"};
	int go[2], fds[3];
	char path[64], byte;
	pid_t child;

	if (pipe(go))
		return;
	child = fork();
	if (child == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) == 0)
			execl(self, self, "wait", (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", child, names[i]);
		fds[i] = open(path, O_RDONLY);
	}
	if (fork() == 0) {
		close(go[1]);
		if (getuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(1);
		say_truth("handed on", read(fds[0], proc_text, 100) > 0);
		_exit(0);
	}
	wait(NULL);
	close(go[1]);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", child);
	for (int i = 0; i < 1000; i++) {
		if (proc_read(path) > 5 && strcmp(proc_text + strlen(proc_text) + 1, "wait") == 0)
			break;
		sleep_ms(2);
	}
	for (int i = 0; i < 3; i++) {
		lseek(fds[i], i == 2 ? (off_t)(uintptr_t)names : 0, SEEK_SET);
		say_number(names[i], read(fds[i], proc_text, 100));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		pause();
		return 0;
	}
	areas();
	shared_pages();
	rollup();
	pieces();
	memory_file();
	page_map();
	vector();
	marks();
	rights();
	opened_before(argv[0]);
	return 0;
}
