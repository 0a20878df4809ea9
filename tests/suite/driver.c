/* SPDX-License-Identifier: MIT */
/*
 * The driver of the "same binary, two kernels" suite.
 *
 * Purpose: one static program that runs the same cases, in the same order and in the same
 * surroundings, under whatever kernel it is started on, and writes what each case did to its
 * standard output as one stream of records. The stream of the reference kernel and the stream of
 * the kernel under test are then compared elsewhere (compare.c); the driver judges nothing.
 *
 * Use: driver [-s COUNT] [-p NICE] [-n] [-k] LIST [PATTERN]
 *   LIST has lines "commands FILE" (a file of shell cases) and "program FILE" (an executable).
 *   PATTERN selects cases by shell pattern; -s leaves out the first COUNT cases; -p sets the nice
 *   value that the cases start with; -n only names them; -k says that the machine is the driver's
 *   alone: all that a case leaves running is killed.
 *
 * Every case has: a fresh directory of its own as current directory, a fixed environment, umask
 * 022, no core files, default signals, a session of its own, /dev/null or the case's own text as
 * standard input, and a time limit. It is over when its first process has ended and nobody has its
 * standard output or standard error open any more.
 *
 * A record, all numbers decimal:
 *   start NAME            before the case runs, so that a dying kernel shows where it died
 *   status KIND NUMBER    exit, signal, timeout (milliseconds) or overflow (bytes)
 *   cleanup WORD          ok, or failed when the case's directory could not be removed
 *   stdout LENGTH         followed by that many bytes and a newline
 *   stderr LENGTH         likewise
 * and after the last case: "done COUNT".
 *
 * Left out: terminals (cases have none), anything in parallel.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASE_LIMIT_MS 20000
#define OUTPUT_LIMIT  (256u * 1024u)
#define STDIN_LIMIT   4096u /* what any pipe takes without a reader */
#define WORK_TOP      "/tmp/work"

/* One case: either a script for the shell or an executable. The strings live until exit. */
struct suite_case {
	char *name;
	char *script;  /* NULL for a program */
	char *program; /* NULL for a script */
	char *input;   /* NULL: /dev/null */
};

static bool alone; /* nothing but a case's processes runs beside us */

struct suite {
	struct suite_case *cases;
	size_t count;
};

/* What a case wrote to one of its two streams. */
struct output {
	int fd; /* -1 once at its end */
	char *bytes;
	size_t length;
	bool overflow;
};

struct result {
	const char *kind;
	long number;
	bool cleaned;
	struct output out;
	struct output err;
};

static void die(const char *what, const char *name)
{
	fprintf(stderr, "suite driver: %s %s: %s\n", what, name, strerror(errno));
	exit(2);
}

static void *grow(void *old, size_t size)
{
	void *grown = realloc(old, size);

	if (!grown)
		die("no memory for", "the case list");
	return grown;
}

/* Appends LENGTH bytes to a growing string that is kept NUL-terminated; *text may start NULL. */
static void append(char **text, const char *bytes, size_t length)
{
	size_t old = *text ? strlen(*text) : 0;

	*text = grow(*text, old + length + 1);
	memcpy(*text + old, bytes, length);
	(*text)[old + length] = '\0';
}

static struct suite_case *suite_add(struct suite *suite, const char *group, const char *name)
{
	struct suite_case *added;
	size_t size = strlen(group) + strlen(name) + 2;

	suite->cases = grow(suite->cases, (suite->count + 1) * sizeof(*suite->cases));
	added = &suite->cases[suite->count++];
	memset(added, 0, sizeof(*added));
	added->name = grow(NULL, size);
	snprintf(added->name, size, "%s/%s", group, name);
	return added;
}

/* The part of a path after the last slash, without the ending given. */
static char *base_name(const char *path, const char *ending)
{
	const char *slash = strrchr(path, '/');
	char *base = strdup(slash ? slash + 1 : path);
	size_t length;

	if (!base)
		die("no memory for", path);
	length = strlen(base);
	if (length > strlen(ending) && !strcmp(base + length - strlen(ending), ending))
		base[length - strlen(ending)] = '\0';
	return base;
}

/*
 * Reads a file of shell cases. "@ NAME" begins a case, the lines after it are its script; "@stdin"
 * makes the rest of the case its standard input. Lines before the first case are comment.
 */
static void suite_read_commands(struct suite *suite, const char *path)
{
	FILE *file = fopen(path, "re");
	char *group = base_name(path, ".txt");
	struct suite_case *current = NULL;
	bool in_input = false;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	if (!file)
		die("cannot open", path);
	while ((length = getline(&line, &room, file)) > 0) {
		if (!strncmp(line, "@ ", 2)) {
			line[strcspn(line, "\n")] = '\0';
			current = suite_add(suite, group, line + 2);
			append(&current->script, "", 0);
			in_input = false;
		} else if (current && !strcmp(line, "@stdin\n")) {
			append(&current->input, "", 0);
			in_input = true;
		} else if (current) {
			append(in_input ? &current->input : &current->script, line, (size_t)length);
		}
	}
	free(line);
	free(group);
	fclose(file);
}

static void suite_add_program(struct suite *suite, const char *path)
{
	char *base = base_name(path, "");
	struct suite_case *added = suite_add(suite, "program", base);

	append(&added->program, path, strlen(path));
	free(base);
}

static void suite_read_list(struct suite *suite, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!file)
		die("cannot open", path);
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		errno = EINVAL;
		if (!strncmp(line, "commands ", 9))
			suite_read_commands(suite, line + 9);
		else if (!strncmp(line, "program ", 8))
			suite_add_program(suite, line + 8);
		else
			die("not understood in the list:", line);
	}
	free(line);
	fclose(file);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

/* Makes the case's standard input: /dev/null, or a pipe that already holds the text and has no
 * writer left. */
static int open_input(const char *text)
{
	int ends[2];

	if (!text)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (strlen(text) > STDIN_LIMIT || pipe2(ends, O_CLOEXEC))
		return -1;
	if (write(ends[1], text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	close(ends[1]);
	return ends[0];
}

static void set_limit(int which, rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

	setrlimit((__rlimit_resource_t)which, &limit);
}

/* No core files but where a case asks for them: it may have as much as we. */
static void no_core_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &limit);
}

/* In the child: the fixed surroundings, then the case itself. Does not return. */
static void run_child(const struct suite_case *one, const int fds[3])
{
	static char *const environment[] = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/root",
	                                    "TERM=dumb", "LC_ALL=C", NULL};
	char *shell[] = {"sh", "-c", one->script, NULL};
	char *program[] = {one->program, NULL};
	sigset_t none;
	int i;

	setsid();
	umask(022);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL); /* what started us may have ignored some */
	no_core_files();
	set_limit(RLIMIT_NOFILE, 256, 1024);
	set_limit(RLIMIT_STACK, 8u << 20, RLIM_INFINITY);
	for (i = 0; i < 3; i++)
		if (dup2(fds[i], i) != i)
			_exit(125);
	if (one->script)
		execve("/bin/sh", shell, environment);
	else
		execve(one->program, program, environment);
	dprintf(2, "suite driver: exec: %s\n", strerror(errno));
	_exit(126);
}

/* Takes what there is to read. Marks the end of the stream, or that the limit was passed. */
static void output_take(struct output *output)
{
	char buffer[16384];
	ssize_t count = read(output->fd, buffer, sizeof(buffer));

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (count <= 0) {
		close(output->fd);
		output->fd = -1;
		return;
	}
	if (output->length + (size_t)count > OUTPUT_LIMIT) {
		output->overflow = true;
		return;
	}
	output->bytes = grow(output->bytes, output->length + (size_t)count);
	memcpy(output->bytes + output->length, buffer, (size_t)count);
	output->length += (size_t)count;
}

/* Ends whatever a case has left running. */
static void kill_rest(pid_t first)
{
	kill(-first, SIGKILL);
	kill(first, SIGKILL);
	if (alone || getpid() == 1)
		kill(-1, SIGKILL);
}

/* Collects every ended child; true once the case's first process is among them. */
static bool reap(pid_t first, int *status)
{
	bool found = false;
	pid_t ended;
	int got;

	while ((ended = waitpid(-1, &got, WNOHANG)) > 0) {
		if (ended == first) {
			*status = got;
			found = true;
		}
	}
	return found;
}

/* Waits for the end of a case while collecting its output; fills in kind and number. */
static void watch_case(pid_t first, struct result *result)
{
	const long limit = now_ms() + CASE_LIMIT_MS;
	bool ended = false;
	int status = 0;

	while (!ended || result->out.fd >= 0 || result->err.fd >= 0) {
		struct pollfd ready[2] = {{.fd = result->out.fd, .events = POLLIN},
		                          {.fd = result->err.fd, .events = POLLIN}};
		bool open = result->out.fd >= 0 || result->err.fd >= 0;

		if (poll(ready, 2, open ? 200 : 2) > 0) {
			if (result->out.fd >= 0 && ready[0].revents)
				output_take(&result->out);
			if (result->err.fd >= 0 && ready[1].revents)
				output_take(&result->err);
		}
		ended = reap(first, &status) || ended;
		if (result->out.overflow || result->err.overflow) {
			result->kind = "overflow";
			result->number = OUTPUT_LIMIT;
			return;
		}
		if (now_ms() > limit) {
			result->kind = "timeout";
			result->number = CASE_LIMIT_MS;
			return;
		}
	}
	result->kind = WIFSIGNALED(status) ? "signal" : "exit";
	result->number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* Runs one case in the directory given, which is made here and removed again. */
static void run_case(const struct suite_case *one, const char *directory, struct result *result)
{
	int out[2], err[2];
	int input = open_input(one->input);
	int status = 0;
	pid_t first;

	if (input < 0 || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		die("no streams for", one->name);
	if (mkdir(directory, 0755) || chdir(directory))
		die("no directory for", one->name);
	first = fork();
	if (first < 0)
		die("cannot fork for", one->name);
	if (first == 0)
		run_child(one, (const int[3]){input, out[1], err[1]});
	close(input);
	close(out[1]);
	close(err[1]);
	result->out.fd = out[0];
	result->err.fd = err[0];
	watch_case(first, result);
	kill_rest(first);
	if (!strcmp(result->kind, "timeout") || !strcmp(result->kind, "overflow"))
		waitpid(first, &status, 0);
	if (result->out.fd >= 0)
		close(result->out.fd);
	if (result->err.fd >= 0)
		close(result->err.fd);
	if (chdir("/"))
		die("cannot go back to", "/");
	result->cleaned = !nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	reap(first, &status);
}

static void write_output(const char *name, const struct output *output)
{
	printf("%s %zu\n", name, output->length);
	if (output->length)
		fwrite(output->bytes, 1, output->length, stdout);
	putchar('\n');
}

static void run_and_record(const struct suite_case *one, size_t number)
{
	struct result result = {.kind = "exit"};
	char directory[64];

	printf("start %s\n", one->name);
	fflush(stdout);
	snprintf(directory, sizeof(directory), WORK_TOP "/%zu", number);
	run_case(one, directory, &result);
	printf("status %s %ld\n", result.kind, result.number);
	printf("cleanup %s\n", result.cleaned ? "ok" : "failed");
	write_output("stdout", &result.out);
	write_output("stderr", &result.err);
	fflush(stdout);
	free(result.out.bytes);
	free(result.err.bytes);
}

int main(int argc, char **argv)
{
	struct suite suite = {.cases = NULL};
	size_t skip = 0, done = 0, i;
	const char *pattern = "*";
	bool names_only = false;
	int option;

	while ((option = getopt(argc, argv, "s:p:nk")) != -1) {
		if (option == 's')
			skip = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			setpriority(PRIO_PROCESS, 0, atoi(optarg));
		else if (option == 'n')
			names_only = true;
		else if (option == 'k')
			alone = true;
		else
			return 2;
	}
	if (optind >= argc) {
		fprintf(stderr, "use: driver [-s COUNT] [-p NICE] [-n] [-k] LIST [PATTERN]\n");
		return 2;
	}
	if (optind + 1 < argc)
		pattern = argv[optind + 1];
	for (i = 3; i < 1024; i++)
		close((int)i); /* what started us may have left some open */
	suite_read_list(&suite, argv[optind]);
	if (!names_only) {
		/* Where we are not process 1, orphans still have to come to us and not go
		 * astray. */
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		mkdir("/tmp", 01777);
		if (mkdir(WORK_TOP, 0755) && errno != EEXIST)
			die("cannot make", WORK_TOP);
	}
	for (i = 0; i < suite.count; i++) {
		if (fnmatch(pattern, suite.cases[i].name, 0))
			continue;
		if (done++ < skip)
			continue;
		if (names_only)
			printf("%s\n", suite.cases[i].name);
		else
			run_and_record(&suite.cases[i], i);
	}
	if (!names_only)
		printf("done %zu\n", done);
	return 0;
}
