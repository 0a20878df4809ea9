/* SPDX-License-Identifier: MIT */
/*
 * Runs a command on a terminal of its own (a pty) and plays a user: waits for texts, types, changes
 * the window's size, sends signals.
 *
 * Use: on-terminal 'SCRIPT' COMMAND…
 * The script's words, separated by commas, are carried out in order:
 *   expect:TEXT   waits until TEXT has come on the terminal since the last expect (20 s at most)
 *   type:TEXT     types TEXT; ^X stands for a control character, ^? for the erase key,
 *                 \r for the return key
 *   size:RxC      sets the window's size
 *   kill:N        sends signal N to the command
 *   wait:MS       does nothing for that time
 *   raw, cooked   checks that the terminal is in that mode at this moment (waits up to 5 s)
 *   status:N      waits for the command's end and checks its status as a shell gives it
 * Prints all that came on the terminal, and exits with 1 and one line when a word does not hold.
 * Whether the command runs in the foreground is not its concern: it is the session's leader.
 */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#define EXPECT_MS 20000
#define MODE_MS   5000

static int master;
static int slave;
static pid_t child;
static char seen[1 << 16];
static size_t seen_len;
static size_t seen_used;

static _Noreturn void give_up(const char *word)
{
	fprintf(stderr, "on-terminal: '%s' does not hold\n", word);
	kill(child, SIGKILL);
	exit(1);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what comes within the time given. Returns 0 when nothing did. */
static int take(int wait_ms)
{
	struct pollfd poll_master = {.fd = master, .events = POLLIN};
	ssize_t got;

	if (poll(&poll_master, 1, wait_ms) <= 0 || (poll_master.revents & POLLIN) == 0)
		return 0;
	got = read(master, seen + seen_len, sizeof(seen) - 1 - seen_len);
	if (got <= 0)
		return 0;
	if (write(STDOUT_FILENO, seen + seen_len, (size_t)got) < 0)
		exit(1);
	seen_len += (size_t)got;
	seen[seen_len] = '\0';
	return 1;
}

static void do_expect(const char *word, const char *text)
{
	long until = now_ms() + EXPECT_MS;
	char *found;

	while ((found = strstr(seen + seen_used, text)) == NULL) {
		if (now_ms() > until)
			give_up(word);
		take(100);
	}
	seen_used = (size_t)(found - seen) + strlen(text);
}

static void do_type(const char *text)
{
	for (; *text != '\0'; text++) {
		char key = *text;

		if (key == '^' && text[1] != '\0') {
			text++;
			key = *text == '?' ? 0x7f : (char)(*text & 0x1f);
		} else if (key == '\\' && text[1] == 'r') {
			text++;
			key = '\r';
		}
		if (write(master, &key, 1) != 1)
			give_up(text);
	}
}

static void do_size(const char *text)
{
	struct winsize size = {0};

	if (sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) != 2 ||
	    ioctl(master, TIOCSWINSZ, &size) != 0)
		give_up(text);
}

static void do_wait(int wait_ms)
{
	long until = now_ms() + wait_ms;

	while (now_ms() < until)
		take((int)(until - now_ms()));
}

static void do_mode(const char *word, int raw)
{
	long until = now_ms() + MODE_MS;
	struct termios modes;

	for (;;) {
		if (tcgetattr(slave, &modes) == 0 && ((modes.c_lflag & ICANON) == 0) == raw)
			return;
		if (now_ms() > until)
			give_up(word);
		take(20);
	}
}

static void do_status(const char *word, int wanted)
{
	long until = now_ms() + EXPECT_MS;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now_ms() > until)
			give_up(word);
		take(20);
	}
	while (take(50))
		;
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (status != wanted) {
		fprintf(stderr, "on-terminal: the status is %d\n", status);
		give_up(word);
	}
}

static void carry_out(char *word)
{
	char *value = strchr(word, ':');

	value = value == NULL ? word + strlen(word) : value + 1;
	if (strncmp(word, "expect:", 7) == 0)
		do_expect(word, value);
	else if (strncmp(word, "type:", 5) == 0)
		do_type(value);
	else if (strncmp(word, "size:", 5) == 0)
		do_size(value);
	else if (strncmp(word, "kill:", 5) == 0)
		kill(child, atoi(value));
	else if (strncmp(word, "wait:", 5) == 0)
		do_wait(atoi(value));
	else if (strcmp(word, "raw") == 0)
		do_mode(word, 1);
	else if (strcmp(word, "cooked") == 0)
		do_mode(word, 0);
	else if (strncmp(word, "status:", 7) == 0)
		do_status(word, atoi(value));
	else
		give_up(word);
}

int main(int argc, char **argv)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	if (argc < 3 || openpty(&master, &slave, NULL, NULL, &size) != 0) {
		fprintf(stderr, "use: on-terminal SCRIPT COMMAND…\n");
		return 1;
	}
	child = fork();
	if (child == 0) {
		close(master);
		login_tty(slave);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	for (char *word = strtok(argv[1], ","); word != NULL; word = strtok(NULL, ","))
		carry_out(word);
	return 0;
}
