/* SPDX-License-Identifier: MIT */
/* Shows: personality(): it is kept over fork and exec and told in /proc; a program that asks for no
 * random layout is always laid out alike; reading implies executing where that is asked for;
 * select() leaves its timeout alone; and what uname() then says. */
#include "tests/suite/programs/proc-text.h"
#include <sys/personality.h>
#include <sys/select.h>
#include <sys/utsname.h>

/* The layout of a new program with that personality, as a text. */
static void layout(const char *self, unsigned long persona, char text[200])
{
	int ends[2];

	memset(text, 0, 200);
	if (pipe(ends))
		return;
	if (fork() == 0) {
		personality(persona);
		dup2(ends[1], 1);
		execl(self, self, "layout", (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], text, 199) < 0)
		text[0] = 0;
	close(ends[0]);
	wait(NULL);
}

static void show_layout(void)
{
	int on_stack;

	say("%08x %p %p %p", (unsigned int)personality(0xffffffff), (void *)&on_stack, sbrk(0),
	    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void layouts(const char *self)
{
	char one[200], two[200];

	layout(self, ADDR_NO_RANDOMIZE, one);
	layout(self, ADDR_NO_RANDOMIZE, two);
	say_truth("without random places twice the same", one[0] && strcmp(one, two) == 0);
	say("exec keeps %.8s", one);
	layout(self, READ_IMPLIES_EXEC | ADDR_COMPAT_LAYOUT, one);
	say("exec keeps %.8s", one);
	layout(self, 0, one);
	layout(self, 0, two);
	say_truth("with them differ", one[0] && strcmp(one, two) != 0);
}

/* The rights of the area at the address, as in maps. */
static void say_rights(const char *what, const void *start)
{
	char head[32];
	const char *at;

	proc_read("/proc/self/maps");
	snprintf(head, sizeof(head), "%lx-", (unsigned long)start);
	at = proc_find(head);
	say("%s: %.4s", what, at ? strchr(at, ' ') + 1 : "none");
}

static void implied(void)
{
	char *memory;

	personality(READ_IMPLIES_EXEC);
	memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say_rights("mapped readable", memory);
	mprotect(memory, 4096, PROT_WRITE);
	say_rights("writable", memory);
	mprotect(memory, 4096, PROT_READ | PROT_WRITE);
	say_rights("both", memory);
	personality(0);
	mprotect(memory, 4096, PROT_READ);
	say_rights("readable again", memory);
}

static void timeouts(void)
{
	struct timeval time = {0, 20000};

	syscall(SYS_select, 0, NULL, NULL, NULL, &time);
	say("select left %ld", (long)time.tv_usec);
	personality(STICKY_TIMEOUTS);
	time.tv_usec = 20000;
	syscall(SYS_select, 0, NULL, NULL, NULL, &time);
	say("select left %ld", (long)time.tv_usec);
	personality(0);
}

static void names(void)
{
	struct utsname name;

	personality(UNAME26);
	uname(&name);
	say("release %.4s", name.release);
	personality(PER_LINUX32);
	uname(&name);
	say("machine %s", name.machine);
	personality(0);
}

static void told(void)
{
	say("was %x", (unsigned int)personality(0x1234567));
	say("is %x", (unsigned int)personality(0xffffffff));
	proc_read("/proc/self/personality");
	say("told %s", strtok(proc_text, "\n"));
	if (fork() == 0) {
		say("child %x", (unsigned int)personality(0xffffffff));
		_exit(0);
	}
	wait(NULL);
	personality(0);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		show_layout();
		return 0;
	}
	personality(0);
	layouts(argv[0]);
	implied();
	timeouts();
	names();
	told();
	return 0;
}
