/* SPDX-License-Identifier: MIT */
/* Shows: stdio on files and pipes: buffering modes, seeking, ungetc, append, popen, system,
 * temporary files, what fork does with a full buffer, write errors found at fclose. */
#include "tests/suite/programs/say.h"

static void files(void)
{
	FILE *file = fopen("f", "w+");
	char line[50];
	int number = 0;

	fprintf(file, "line %d\nsecond line\nthird %s\n", 1, "word");
	say("position %ld", ftell(file));
	rewind(file);
	while (fgets(line, sizeof(line), file))
		say("read %.*s", (int)strcspn(line, "\n"), line);
	fseek(file, 5, SEEK_SET);
	if (fscanf(file, "%d", &number) == 1)
		say("scanned %d", number);
	ungetc('Z', file);
	say("pushed back %c", fgetc(file));
	fseek(file, 0, SEEK_END);
	fputs("end\n", file);
	say_number("fclose", fclose(file));
	file = fopen("f", "a");
	fputs("appended\n", file);
	say("append position %ld", ftell(file));
	fclose(file);
	say_truth("missing", fopen("none/f", "r") == NULL);
}

static void pipes(void)
{
	FILE *file = popen("read x; echo \"<$x>\" >&2; exit 5", "w");
	char line[50] = "";

	fflush(stdout);
	fputs("to the shell\n", file);
	say("pclose %d", WEXITSTATUS(pclose(file)));
	file = popen("echo one; echo two", "r");
	while (fgets(line, sizeof(line), file))
		say("from the shell %.*s", (int)strcspn(line, "\n"), line);
	say("pclose %d", pclose(file));
	say("system %d", WEXITSTATUS(system("exit 9")));
	say("system of a missing program %d", WEXITSTATUS(system("no-such-program 2> /dev/null")));
	say_truth("there is a shell", system(NULL) != 0);
}

static void forked(void)
{
	printf("buffered, printed twice after fork\n");
	if (fork() == 0)
		exit(0);
	wait(NULL);
	fflush(stdout);
}

int main(void)
{
	FILE *file;
	int i;

	files();
	pipes();
	forked();
	file = fopen("/dev/full", "w");
	fputs("no room", file);
	say_number("fclose on a full device", fclose(file));
	file = tmpfile();
	say_truth("tmpfile", file != NULL);
	if (file) {
		for (i = 0; i < 3000; i++)
			fprintf(file, "%d\n", i);
		say("position %ld", ftell(file));
		rewind(file);
		for (i = 0; i < 3000; i++) {
			int value = -1;

			if (fscanf(file, "%d", &value) != 1 || value != i)
				say("wrong at %d", i);
		}
	}
	return 0;
}
