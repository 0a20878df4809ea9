/* SPDX-License-Identifier: MIT */
/* Shows: /proc/PID/oom_score_adj and oom_adj: what is written is kept, in all notations, within
 * bounds, seen in both forms and by threads, and handed down to children and programs. Only upwards
 * of what any machine begins with. */
#include "tests/suite/programs/threads.h"
#include <sys/prctl.h>

static const char *const new_form = "/proc/self/oom_score_adj";
static const char *const old_form = "/proc/self/oom_adj";

static void say_value(const char *path)
{
	char text[40];
	int fd = open(path, O_RDONLY);
	ssize_t count = read(fd, text, sizeof(text) - 1);

	text[count > 0 ? count : 0] = '\0';
	say("%s", strtok(text, "\n"));
	close(fd);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	say_number(text, write(fd, text, strlen(text)));
	close(fd);
	say_value(path);
}

static void *in_thread(void *argument)
{
	say_value("/proc/thread-self/oom_score_adj");
	put("/proc/thread-self/oom_score_adj", "990");
	return argument;
}

int main(int argc, char **argv)
{
	static const char *const texts[] = {
	    "700",  "800\n", " 850 ", "0x384", "01604",
	    "+950", "1000",  "1001",  "-1001", "abc",
	    "",     "12x",   "1 2",   "960 x", "99999999999999999999"};

	if (argc > 1) {
		say_value(new_form);
		return 0;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		put(new_form, texts[i]);
	say_value(old_form);
	put(new_form, "900");
	say_value(old_form);
	put(old_form, "15");
	say_value(new_form);
	put(old_form, "16");
	put(old_form, "-18");
	put(new_form, "980");
	join(start(in_thread, NULL));
	say_value(new_form);
	if (fork() == 0) {
		say_value(new_form);
		put(new_form, "1000");
		execl(argv[0], argv[0], "again", NULL);
	}
	wait(NULL);
	say_value(new_form);
	return 0;
}
