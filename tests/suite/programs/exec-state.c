/* SPDX-License-Identifier: MIT */
/* Shows: what exec keeps and what it drops: pid, parent, current directory, umask, open files,
 * offsets, nice value, alarms kept; memory, mappings, handlers, alternate stack dropped. */
#include "tests/suite/programs/say.h"
#include <sys/auxv.h>
#include <sys/resource.h>

static void after(char **argv)
{
	char path[300];
	struct sigaction action;
	stack_t stack;
	char byte = '-';

	say_truth("same process", atol(argv[2]) == getpid());
	say_truth("same parent", atol(argv[3]) == getppid());
	say("directory %s", getcwd(path, sizeof(path)) ? strrchr(path, '/') : "none");
	say("umask %o", umask(0));
	say("nice %d", getpriority(PRIO_PROCESS, 0));
	if (read(5, &byte, 1) == 1)
		say("file goes on at %c", byte);
	sigaction(SIGUSR1, NULL, &action);
	say_truth("handler dropped", action.sa_handler == SIG_DFL);
	sigaltstack(NULL, &stack);
	say("alternate stack flags %d", stack.ss_flags);
	say_mapped("old mapping is gone",
	           mmap((void *)HIDE((uintptr_t)0x300000000), 4096, PROT_READ,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	say_truth("alarm kept", alarm(0) > 0);
	say("argv[0] %s", argv[0]);
	say("program by auxv ends in %s", strrchr((char *)getauxval(AT_EXECFN), '/'));
}

static void note(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	static char alternate[16384];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	char pid[20], parent[20];
	int fd;

	if (argc > 1) {
		after(argv);
		return 0;
	}
	make_file("f", "0123456789");
	fd = open("f", O_RDONLY);
	if (dup2(fd, 5) != 5 || lseek(fd, 4, SEEK_SET) != 4)
		return 1;
	mkdir("here", 0755);
	if (chdir("here"))
		return 1;
	umask(031);
	setpriority(PRIO_PROCESS, 0, 3);
	handle(SIGUSR1, note, 0);
	sigaltstack(&stack, NULL);
	mmap((void *)HIDE((uintptr_t)0x300000000), 4096, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	alarm(100);
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(parent, sizeof(parent), "%d", getppid());
	execl(argv[0], "another name", "again", pid, parent, (char *)NULL);
	return 1;
}
