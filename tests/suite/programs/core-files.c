/* SPDX-License-Identifier: MIT */
/*
 * Shows: the core file of a process that a signal ends: when there is one, what the parent is told,
 * and what is in it, read as a debugger would: registers of each thread, the signal, the auxiliary
 * vector, mapped files, and the memory that is the process's own.
 *
 * Where the machine puts core files elsewhere (/proc/sys/kernel/core_pattern) or allows none, the
 * lines are printed unchecked: what is checked is Pinfold, and Linux as it comes.
 */
#include "tests/suite/programs/say.h"
#include <elf.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/user.h>

#define THREADS 3

static bool checked;

static void check(const char *what, bool good)
{
	say("%s: %s", what, good || !checked ? "as it should be" : "WRONG");
}

static bool may_raise_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == RLIM_INFINITY;
}

static bool named_core(void)
{
	char text[32] = "";
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);
	int uses = open("/proc/sys/kernel/core_uses_pid", O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);
	char pid = '0';

	if (uses >= 0 && read(uses, &pid, 1) != 1)
		pid = '1';
	close(fd);
	close(uses);
	return length == 5 && strcmp(text, "core\n") == 0 && pid == '0';
}

static void limit_to(rlim_t bytes)
{
	struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

	setrlimit(RLIMIT_CORE, &limit);
}

/* Whether the parent is told of a core file, and whether there is one. */
static void end_with(const char *what, rlim_t limit, int number, bool dumpable, bool expected)
{
	struct stat found;
	int status = 0;
	bool there;
	pid_t child = fork();

	if (child == 0) {
		limit_to(limit);
		if (!dumpable)
			prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		signal(number, SIG_DFL);
		raise(number);
		_exit(0);
	}
	waitpid(child, &status, 0);
	there = lstat("core", &found) == 0 && S_ISREG(found.st_mode);
	say("%s: signal %d", what, WTERMSIG(status));
	check("  told of a core file", !!WCOREDUMP(status) == expected);
	check("  it is there", there == expected);
	if (expected) {
		check("  its mode", there && (found.st_mode & 07777) == 0600);
		check("  its size",
		      there && found.st_size > 4096 && (rlim_t)found.st_blocks * 512 <= limit);
	}
	unlink("core");
}

static void each_signal(void)
{
	static const int dumping[] = {SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
	                              SIGFPE,  SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS};
	static const int others[] = {SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGPIPE, SIGALRM, SIGTERM};

	for (size_t i = 0; i < sizeof(dumping) / sizeof(dumping[0]); i++)
		end_with("dumps", RLIM_INFINITY, dumping[i], true, true);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		end_with("does not", RLIM_INFINITY, others[i], true, false);
	end_with("no limit's worth", 0, SIGSEGV, true, false);
	end_with("less than a page", 1000, SIGSEGV, true, false);
	end_with("64 KiB", 65536, SIGSEGV, true, true);
	end_with("not dumpable", RLIM_INFINITY, SIGSEGV, false, false);
}

static volatile int code_seen, status_seen;

static void note_child(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	code_seen = info->si_code;
	status_seen = info->si_status;
}

static void told(void)
{
	siginfo_t info = {0};
	pid_t child;

	handle_info(SIGCHLD, note_child, 0);
	child = fork();
	if (child == 0) {
		limit_to(RLIM_INFINITY);
		abort();
	}
	while (waitid(P_PID, (id_t)child, &info, WEXITED) != 0 && errno == EINTR)
		continue;
	check("waitid says dumped", info.si_code == CLD_DUMPED && info.si_status == SIGABRT);
	check("SIGCHLD says so, too", code_seen == CLD_DUMPED && status_seen == SIGABRT);
	signal(SIGCHLD, SIG_DFL);
	unlink("core");
}

/* What has the name already. */
static void names(void)
{
	struct stat found = {0};

	make_file("other", "kept");
	say_number("link", symlink("other", "core"));
	end_with("where a link was", RLIM_INFINITY, SIGSEGV, true, true);
	stat("other", &found);
	say("the file behind the link: %d bytes", (int)found.st_size);
	make_file("core", "to be replaced");
	end_with("where a file was", RLIM_INFINITY, SIGSEGV, true, true);
	say_number("directory", mkdir("core", 0755));
	end_with("where a directory is", RLIM_INFINITY, SIGSEGV, true, false);
	rmdir("core");
}

/* The process that is looked into afterwards. Its memory and its parent's are the same here. */
struct secrets {
	pid_t pid, crashing_tid;
	char *heap, *hidden, *of_file, *shared;
	uintptr_t at, address;
};

static struct secrets *secrets;
static char in_data[] = "a word in the data";
extern char crash_at[];

static void *sleeper(void *argument)
{
	int pipefd[2];
	char byte;

	if (argument) {
		for (;;)
			continue;
	}
	return pipe(pipefd) == 0 && read(pipefd[0], &byte, 1) == 1 ? argument : NULL;
}

static void *crasher(void *argument)
{
	double number = 1.25;
	char on_stack[] = "a word on the stack";

	secrets->at = (uintptr_t)HIDE(&on_stack[0]);
	secrets->crashing_tid = (pid_t)syscall(SYS_gettid);
	sleep_ms(20);
	__asm__ volatile("movsd %0, %%xmm6; fldpi; movq $0x1234567, %%rbx; movq $0x89abcde, %%r13;"
	                 "xorl %%ecx, %%ecx; crash_at: movb $1, 64(%%rcx)" ::"m"(number)
	                 : "rbx", "r13", "rcx", "memory", "xmm6");
	return argument;
}

static char *map(int fd, int prot, int flags)
{
	return mmap(NULL, 8192, prot, flags, fd, 0);
}

static void be_crashing(void)
{
	pthread_t thread[THREADS];
	int fd = open("mapped", O_RDWR | O_CREAT, 0644);

	secrets->pid = getpid();
	secrets->heap = strcpy(map(-1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS),
	                       "a word of its own");
	secrets->hidden = strcpy(map(-1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS),
	                         "a word to be left out");
	madvise(secrets->hidden, 8192, MADV_DONTDUMP);
	if (ftruncate(fd, 8192) != 0)
		_exit(3);
	secrets->of_file = strcpy(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), "a word of a file");
	secrets->shared = strcpy(map(-1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS),
	                         "a word that is shared");
	mprotect(secrets->heap, 8192, PROT_READ);
	limit_to(RLIM_INFINITY);
	pthread_create(&thread[0], NULL, sleeper, NULL);
	pthread_create(&thread[1], NULL, sleeper, secrets);
	pthread_create(&thread[2], NULL, crasher, NULL);
	pthread_join(thread[2], NULL);
}

/* The file, and what is found in it. */
static char *core;
static size_t core_bytes;

static const char *memory_at(uintptr_t address)
{
	const Elf64_Ehdr *header = (const void *)core;
	const Elf64_Phdr *segment = (const void *)(core + header->e_phoff);

	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type == PT_LOAD && address >= segment[i].p_vaddr &&
		    address - segment[i].p_vaddr < segment[i].p_filesz)
			return core + segment[i].p_offset + (address - segment[i].p_vaddr);
	}
	return NULL;
}

static bool holds(const void *address, const char *text)
{
	const char *at = memory_at((uintptr_t)address);

	return at && at < core + core_bytes && strcmp(at, text) == 0;
}

/* The note of the type that comes as number `which`; *bytes: its size. NULL: there is none. */
static const void *note_at(unsigned int type, unsigned int which, size_t *bytes)
{
	const Elf64_Ehdr *header = (const void *)core;
	const Elf64_Phdr *segment = (const void *)(core + header->e_phoff);
	const char *at = core + segment->p_offset, *end = at + segment->p_filesz;

	while (at < end) {
		const Elf64_Nhdr *note = (const void *)at;
		const char *data = at + sizeof(*note) + (note->n_namesz + 3u) / 4 * 4;

		if (note->n_type == type && which-- == 0) {
			*bytes = note->n_descsz;
			return data;
		}
		at = data + (note->n_descsz + 3u) / 4 * 4;
	}
	return NULL;
}

static unsigned int note_count(unsigned int type)
{
	unsigned int count = 0;
	size_t bytes;

	while (note_at(type, count, &bytes))
		count++;
	return count;
}

static void look_at_threads(void)
{
	size_t bytes = 0;
	const struct elf_prstatus *status = note_at(NT_PRSTATUS, 0, &bytes);
	const struct user_fpregs_struct *fpu = note_at(NT_FPREGSET, 0, &bytes);
	const struct user_regs_struct *regs = (const void *)&status->pr_reg;
	double number;

	check("registers of each thread",
	      note_count(NT_PRSTATUS) == THREADS + 1 && note_count(NT_FPREGSET) == THREADS + 1);
	check("the thread that ended first", status->pr_pid == secrets->crashing_tid &&
	                                         status->pr_cursig == SIGSEGV &&
	                                         status->pr_info.si_signo == SIGSEGV);
	check("where it was", regs->rip == (uintptr_t)crash_at);
	check("its registers", regs->rbx == 0x1234567 && regs->r13 == 0x89abcde && regs->rcx == 0 &&
	                           regs->orig_rax == (unsigned long)-1);
	memcpy(&number, (const char *)fpu->xmm_space + 6 * 16, sizeof(number));
	check("its floating point", number == 1.25 && fpu->mxcsr == 0x1f80 && fpu->cwd == 0x37f);
	check("its stack", holds((void *)secrets->at, "a word on the stack"));
}

static void look_at_process(void)
{
	size_t bytes = 0, aux_bytes = 0;
	const struct elf_prpsinfo *about = note_at(NT_PRPSINFO, 0, &bytes);
	const siginfo_t *info;
	const Elf64_auxv_t *aux;
	unsigned int pages = 0;

	check("what it was", about->pr_pid == secrets->pid && about->pr_ppid == getpid() &&
	                         about->pr_pgrp == getpgrp() && about->pr_uid == getuid() &&
	                         strncmp(about->pr_fname, "core-files", 10) == 0 &&
	                         strstr(about->pr_psargs, "core-files"));
	info = note_at(NT_SIGINFO, 0, &bytes);
	check("the signal", bytes == sizeof(*info) && info->si_signo == SIGSEGV &&
	                        info->si_code == SEGV_MAPERR && info->si_addr == (void *)64);
	aux = note_at(NT_AUXV, 0, &aux_bytes);
	for (size_t i = 0; i < aux_bytes / sizeof(*aux); i++)
		pages += aux[i].a_type == AT_PAGESZ && aux[i].a_un.a_val == 4096;
	check("the auxiliary vector", pages == 1);
	check("mapped files", note_count(NT_FILE) == 1);
}

static bool names_file(const char *end_of_path)
{
	size_t bytes = 0, length = strlen(end_of_path);
	const uint64_t *words = note_at(NT_FILE, 0, &bytes);
	const char *at = (const char *)(words + 2 + 3 * words[0]),
	           *end = (const char *)words + bytes;

	if (words[1] != 4096 && words[1] != 1)
		return false;
	for (; at < end; at += strlen(at) + 1) {
		if (strlen(at) >= length && strcmp(at + strlen(at) - length, end_of_path) == 0)
			return true;
	}
	return false;
}

static void look_at_memory(void)
{
	check("data", holds(in_data, "a word in the data"));
	check("memory of its own, now read-only", holds(secrets->heap, "a word of its own"));
	check("shared memory", holds(secrets->shared, "a word that is shared"));
	check("left out when asked", !memory_at((uintptr_t)secrets->hidden));
	check("a shared file's is not there", !memory_at((uintptr_t)secrets->of_file));
	check("its code is not there", !memory_at((uintptr_t)crash_at));
	check("the files' names", names_file("/mapped"));
}

/* The filter is turned round: shared files, and nothing that has none. */
static void look_at_filtered(void)
{
	check("filtered: no data", !memory_at((uintptr_t)in_data));
	check("filtered: no shared memory", !memory_at((uintptr_t)secrets->shared));
	check("filtered: a shared file's", holds(secrets->of_file, "a word of a file"));
}

/* Has a process end with its core file, and maps that. `filter`: NULL, or what it writes to
 * /proc/self/coredump_filter. False: there is no core file. */
static bool map_core(const char *filter)
{
	int status = 0, fd;
	struct stat found = {0};
	pid_t child = fork();

	if (child == 0) {
		fd = filter ? open("/proc/self/coredump_filter", O_WRONLY) : -1;
		if (filter && write(fd, filter, strlen(filter)) != (ssize_t)strlen(filter))
			_exit(4);
		be_crashing();
		_exit(0);
	}
	waitpid(child, &status, 0);
	say("a process of four threads: signal %d", WTERMSIG(status));
	fd = open("core", O_RDONLY);
	fstat(fd, &found);
	core_bytes = (size_t)found.st_size;
	core = mmap(NULL, core_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	unlink("core");
	return core != MAP_FAILED && memcmp(core, ELFMAG, SELFMAG) == 0;
}

static void look_inside(void)
{
	const Elf64_Ehdr *header;

	if (!map_core(NULL)) {
		checked = false;
		say("WRONG: no core file");
		return;
	}
	header = (const void *)core;
	check("an ELF file", header->e_type == ET_CORE && header->e_machine == EM_X86_64 &&
	                         header->e_ident[EI_CLASS] == ELFCLASS64);
	look_at_threads();
	look_at_process();
	look_at_memory();
	if (map_core("0x8"))
		look_at_filtered();
}

static void say_unchecked(void)
{
	static const char *const lines[] = {"an ELF file",
	                                    "registers of each thread",
	                                    "the thread that ended first",
	                                    "where it was",
	                                    "its registers",
	                                    "its floating point",
	                                    "its stack",
	                                    "what it was",
	                                    "the signal",
	                                    "the auxiliary vector",
	                                    "mapped files",
	                                    "data",
	                                    "memory of its own, now read-only",
	                                    "shared memory",
	                                    "left out when asked",
	                                    "a shared file's is not there",
	                                    "its code is not there",
	                                    "the files' names",
	                                    NULL,
	                                    "filtered: no data",
	                                    "filtered: no shared memory",
	                                    "filtered: a shared file's"};

	say("a process of four threads: signal %d", SIGSEGV);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i])
			check(lines[i], true);
		else
			say("a process of four threads: signal %d", SIGSEGV);
	}
}

int main(void)
{
	secrets = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	checked = may_raise_limit() && named_core();
	each_signal();
	told();
	names();
	if (checked)
		look_inside();
	else
		say_unchecked();
	return 0;
}
