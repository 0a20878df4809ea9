/* SPDX-License-Identifier: MIT */
/* Shows: pseudo-terminals: names and the lock, bytes through the line discipline both ways, sizes,
 * sessions that take one by opening it or by asking, signals by keys, and what is left when the
 * slave or the master is closed: reads of the master fail, the session is hung up. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int new_master(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0 || grantpt(master) || unlockpt(master))
		_exit(97);
	return master;
}

static int open_slave(int master, int flags)
{
	return open(ptsname(master), O_RDWR | flags);
}

static void tell_text(const char *what, const char *text, ssize_t len)
{
	char shown[300];
	size_t at = 0;
	ssize_t i;

	if (len < 0) {
		say_number(what, len);
		return;
	}
	for (i = 0; i < len && at < sizeof(shown) - 5; i++) {
		if (text[i] >= ' ' && text[i] < 127)
			shown[at++] = text[i];
		else
			at += (size_t)snprintf(shown + at, 5, "\\%02x", text[i]);
	}
	shown[at] = 0;
	say("%s: [%s]", what, shown);
}

/* Reads so many bytes, in however many pieces they come. */
static void expect(const char *what, int fd, size_t bytes)
{
	char text[300];
	size_t got = 0;

	while (got < bytes) {
		ssize_t now = read(fd, text + got, bytes - got);

		if (now <= 0) {
			say_number("read", now);
			break;
		}
		got += (size_t)now;
	}
	tell_text(what, text, (ssize_t)got);
}

/* Libraries do not agree about the type of a command. */
static long request(int fd, unsigned long command, void *argument)
{
	return syscall(SYS_ioctl, fd, command, argument);
}

static void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		say("lost");
}

static void look(const char *what, int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
	int got = poll(&one, 1, 0);

	say("%s: %d, events %x", what, got, (unsigned int)one.revents);
}

static void names(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), number = -1, locked = -1, slave;
	char name[40] = "";
	struct stat by_name, by_file;

	say_number("number", request(master, TIOCGPTN, &number));
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	say_number("locked", open(name, O_RDWR | O_NOCTTY));
	say_number("peer", ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
	say_number("lock", request(master, TIOCGPTLCK, &locked));
	say("is %d", locked);
	say_number("unlock", unlockpt(master));
	say_truth("name", strcmp(ptsname(master), name) == 0);
	slave = (int)say_done("slave", open(name, O_RDWR | O_NOCTTY));
	stat(name, &by_name);
	fstat(slave, &by_file);
	say_truth("the same", by_name.st_ino == by_file.st_ino &&
	                          by_name.st_rdev == by_file.st_rdev && S_ISCHR(by_file.st_mode));
	say_truth("its name", ttyname(slave) && strcmp(ttyname(slave), name) == 0);
	say("terminals: %d %d", isatty(master), isatty(slave));
	say_number("number of the slave", request(slave, TIOCGPTN, &number));
	close(slave);
	slave = (int)say_done("peer", ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	say_number("its flags", fcntl(slave, F_GETFD));
	say_number("seek", lseek(master, 0, SEEK_SET));
	say_number("make one", open("/dev/pts/x", O_RDWR | O_CREAT, 0600));
	say_number("remove it", unlink(name));
	close(slave);
	close(master);
	say_number("gone", stat(name, &by_name));
}

static void bytes(void)
{
	int master = new_master(), slave = open_slave(master, O_NOCTTY);
	struct termios mode;

	put(master, "hellp\177o\n");
	expect("line", slave, 6);
	expect("echo", master, 11);
	put(slave, "a\nb\tc");
	expect("shown", master, 6);
	tcgetattr(master, &mode);
	say("flags %x %x %x", mode.c_iflag, mode.c_oflag, mode.c_lflag);
	cfmakeraw(&mode);
	say_number("raw", tcsetattr(master, TCSANOW, &mode));
	tcgetattr(slave, &mode);
	say("flags of the slave %x", mode.c_lflag);
	put(master, "x\3\4\r");
	expect("keys", slave, 4);
	put(slave, "y\n");
	expect("shown", master, 2);
	mode.c_lflag |= ICANON;
	tcsetattr(slave, TCSADRAIN, &mode);
	put(master, "\4");
	say_number("end of file", read(slave, &mode, 1));
	say_number("stop", tcflow(slave, TCOOFF));
	fcntl(slave, F_SETFL, O_NONBLOCK);
	say_number("no room", write(slave, "z", 1));
	say_number("go on", tcflow(slave, TCOON));
	say_number("room", write(slave, "z", 1));
	expect("shown", master, 1);
	close(master);
	close(slave);
}

/* More than any buffer has, while a child takes it. */
static void much(void)
{
	int master = new_master(), slave = open_slave(master, O_NOCTTY);
	static char block[1000], back[1000];
	long sum = 0, sent = 0;
	struct termios mode;
	pid_t child;

	tcgetattr(slave, &mode);
	cfmakeraw(&mode);
	tcsetattr(slave, TCSANOW, &mode);
	child = fork();
	if (child == 0) {
		ssize_t len;
		long left = 100000;

		close(master);
		for (; left > 0 && (len = read(slave, block, sizeof(block))) > 0; left -= len) {
			if (write(slave, block, (size_t)len) != len)
				_exit(2);
		}
		_exit(left != 0);
	}
	close(slave);
	fcntl(master, F_SETFL, O_NONBLOCK);
	while (sum < 100000) {
		struct pollfd one = {.fd = master,
		                     .events = POLLIN | (sent < 100000 ? POLLOUT : 0)};
		ssize_t len;

		poll(&one, 1, 5000);
		if (one.revents & POLLOUT) {
			len = write(master, block,
			            (size_t)(100000 - sent < 1000 ? 100000 - sent : 1000));
			sent += len > 0 ? len : 0;
		}
		len = read(master, back, sizeof(back));
		if (len > 0)
			sum += len;
		else if (len < 0 && errno != EAGAIN)
			break;
	}
	say_truth("came back", sum >= 100000);
	say_end("child", child);
	close(master);
}

static volatile sig_atomic_t resized;

static void note(int number)
{
	(void)number;
	resized++;
}

/* In a child that leads a session. */
static void leader(const char *name, int master)
{
	struct winsize size;
	int tty, slave, sid = 0;

	setsid();
	say_number("no terminal yet", open("/dev/tty", O_RDWR));
	slave = open(name, O_RDWR | O_NOCTTY);
	say_number("not by O_NOCTTY", open("/dev/tty", O_RDWR));
	close(slave);
	slave = open(name, O_WRONLY);
	say_number("not by writing", open("/dev/tty", O_RDWR));
	close(slave);
	slave = open(name, O_RDWR);
	tty = (int)say_done("by opening", open("/dev/tty", O_RDWR));
	say_truth("session", ioctl(slave, TIOCGSID, &sid) == 0 && sid == getpid());
	say_truth("foreground", tcgetpgrp(tty) == getpgrp());
	handle(SIGWINCH, note, 0);
	handle(SIGINT, note, 0);
	signal(SIGHUP, SIG_IGN); /* TIOCNOTTY sends one */
	size = (struct winsize){.ws_row = 7, .ws_col = 9};
	say_number("size", ioctl(master, TIOCSWINSZ, &size));
	memset(&size, 0, sizeof(size));
	ioctl(tty, TIOCGWINSZ, &size);
	say("%d rows, %d columns, signals %d", size.ws_row, size.ws_col, (int)resized);
	put(master, "\3");
	while (resized < 2)
		sleep_ms(5);
	expect("the key is shown", master, 2);
	say_number("give it up", ioctl(tty, TIOCNOTTY));
	say_number("again", ioctl(tty, TIOCNOTTY));
	say_number("ask for it", ioctl(slave, TIOCSCTTY, 0));
	put(master, "to tty\n");
	expect("read", tty, 7);
	say_number("signal", ioctl(master, TIOCSIG, SIGINT));
	say_number("no such signal", ioctl(master, TIOCSIG, SIGKILL));
	say("signals %d", (int)resized);
}

static void sessions(void)
{
	int master = new_master();
	pid_t child = fork();

	if (child == 0) {
		leader(ptsname(master), master);
		_exit(0);
	}
	say_end("leader", child);
	close(master);
}

static void slave_ends(void)
{
	int master = new_master(), slave, other;
	char text[10];

	fcntl(master, F_SETFL, O_NONBLOCK);
	say_number("nobody yet", read(master, text, 10));
	look("nobody yet", master);
	slave = open_slave(master, O_NOCTTY);
	other = open_slave(master, O_NOCTTY);
	put(slave, "rest");
	close(slave);
	look("one is left", master);
	close(other);
	look("none is left", master);
	tell_text("rest", text, read(master, text, 10));
	say_number("then", read(master, text, 10));
	look("then", master);
	say_number("written for the next", write(master, "next\n", 5));
	slave = open_slave(master, O_NOCTTY);
	expect("next", slave, 5);
	fcntl(master, F_SETFL, 0);
	expect("its echo", master, 6);
	close(slave);
	say_number("a read that waits", read(master, text, 10));
	close(master);
}

static volatile sig_atomic_t hung_up;

static void hung(int number)
{
	(void)number;
	hung_up = 1;
}

/* The master goes: the leader hears it; the job in the foreground when the leader ends. */
static void master_ends(void)
{
	int master = new_master(), ready[2], slave, status;
	char byte;
	pid_t child;

	if (pipe(ready))
		return;
	child = fork();
	if (child == 0) {
		pid_t job;

		setsid();
		slave = open_slave(master, 0);
		handle(SIGHUP, hung, 0);
		job = fork();
		if (job == 0) {
			signal(SIGTTOU, SIG_IGN);
			signal(SIGHUP, SIG_DFL);
			setpgid(0, 0);
			tcsetpgrp(slave, getpid());
			close(master);
			close(ready[0]);
			put(ready[1], "j");
			pause();
			_exit(1);
		}
		close(master);
		put(ready[1], "l");
		while (!hung_up)
			sleep_ms(5);
		say_number("read", read(slave, &byte, 1));
		say_number("write", write(slave, "x", 1));
		say_number("ask", ioctl(slave, TIOCGWINSZ, &status));
		say_number("/dev/tty", open("/dev/tty", O_RDWR));
		look("hung up", slave);
		say_number("the job goes on", waitpid(job, &status, WNOHANG));
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1 || read(ready[0], &byte, 1) != 1)
		return;
	close(master);
	say_end("leader", child);
	say_number("the job has ended too", read(ready[0], &byte, 1));
}

static void many(void)
{
	int master[20], slave[20], i, good = 0;
	char byte;

	for (i = 0; i < 20; i++) {
		master[i] = new_master();
		slave[i] = open_slave(master[i], O_NOCTTY);
	}
	for (i = 0; i < 20; i++)
		put(slave[i], (char[]){(char)('a' + i), 0});
	for (i = 0; i < 20; i++)
		good += read(master[i], &byte, 1) == 1 && byte == 'a' + i;
	say("%d of 20", good);
	for (i = 0; i < 20; i++)
		close(i % 2 ? master[i] : slave[i]);
	for (i = 0; i < 20; i++)
		close(i % 2 ? slave[i] : master[i]);
}

int main(void)
{
	/* Not as the leader that the suite starts: masters would give it terminals. */
	pid_t child = fork();

	if (child != 0) {
		say_end("all", child);
		return 0;
	}
	alarm(15);
	names();
	bytes();
	much();
	sessions();
	slave_ends();
	master_ends();
	many();
	return 0;
}
