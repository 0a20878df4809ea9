/* SPDX-License-Identifier: MIT */
/*
 * Runs inside the guest: forks of processes with much memory, in chains and trees. Each process
 * writes, maps, unmaps, protects, moves and drops parts of its memory in an order drawn from a
 * fixed seed (region.c), some of it of a file, some of one that shrinks under all of them; it
 * forks, and ends in one of several ways, beside its children and with what it shares with them. It
 * knows what each of its pages must hold, and looks.
 *
 * Then the same with little memory: whoever touches a page that cannot be had is ended, as on
 * Linux, but nobody inside a call, and what the others hold stays right. And with none at all:
 * calls on parts of shared tables are refused, and have changed nothing. At the end everything is
 * given back.
 *
 * Arguments: the path of a program that exits at once, how many CPUs there are, and a seed if it is
 * to be another than the one that every run has.
 */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "tests/system/counters.h"
#include "tests/system/region.h"

#define LEAVES_ROOM 8u   /* to move to */
#define LEAVES_FULL 340u /* with no memory: more than the kernel keeps frames for itself */
#define LINEAGES    4u
#define DEPTH_MAX   4u
#define OPERATIONS  40u
#define PARTS       400u
#define SHORT_BYTES (66ul << 20) /* what is free when memory is short */

static const char *exit_program;
static uint32_t seed = 2463534242u;

static void check_end(unsigned int number)
{
	struct slot *slot = &board->slots[number];
	int status = slot->status;

	if (status == 0 ||
	    (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && slot->told_to_end))
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && board->memory_short &&
	    !slot->in_call) {
		__atomic_add_fetch(&board->ended, 1, __ATOMIC_RELAXED);
		return;
	}
	note_wrong(slot->in_call ? "ended in a call: status" : "status", number, status, 0);
}

static void await_child(unsigned int which)
{
	unsigned int number = self.children[which];

	self.children[which] = self.children[--self.child_count];
	must(waitpid(board->slots[number].pid, (int *)&board->slots[number].status, 0) ==
	         board->slots[number].pid,
	     "waitpid", errno);
	check_end(number);
}

/* A child with all that the process has. False: none. */
static bool make_child(unsigned int operations, void (*life)(void))
{
	unsigned int number = __atomic_fetch_add(&board->slots_used, 1, __ATOMIC_RELAXED);
	uint32_t random = draw(UINT32_MAX) | 1;
	pid_t pid;

	must(number < SLOTS, "too many processes", number);
	if (self.child_count == CHILDREN)
		await_child(draw(CHILDREN));
	pid = fork();
	if (pid == 0) {
		board->slots[number].pid = getpid();
		self.slot = number;
		self.depth++;
		self.child_count = self.writes = 0;
		self.random = random;
		self.operations = operations;
		life();
	}
	if (pid < 0) {
		must(board->memory_short && errno == ENOMEM, "fork", errno);
		__atomic_add_fetch(&board->refused, 1, __ATOMIC_RELAXED);
		return false;
	}
	board->slots[number].pid = pid;
	self.children[self.child_count++] = number;
	return true;
}

static void op_end_child(void)
{
	if (self.child_count == 0)
		return;
	unsigned int which = draw(self.child_count);

	if (draw(2)) {
		board->slots[self.children[which]].told_to_end = true;
		kill(board->slots[self.children[which]].pid, SIGTERM);
	}
	await_child(which);
}

static void live(void);

/* A tree in which the children do less. */
static void op_fork(void)
{
	if (self.depth < DEPTH_MAX)
		make_child(self.operations / 2 + draw(self.operations / 2 + 1), live);
}

static void operate(void)
{
	struct range range = draw_range();

	switch (draw(16)) {
	case 0:
	case 1:
		op_unmap(range);
		break;
	case 2:
		op_map_file(range);
		break;
	case 3:
		op_map(range);
		break;
	case 4:
	case 5:
		op_protect(range);
		break;
	case 6:
	case 7:
		op_move(range);
		break;
	case 8:
		if (draw(2))
			op_drop(range);
		else
			op_tear();
		break;
	case 9:
	case 15:
		op_fork();
		break;
	case 10:
		op_end_child();
		break;
	case 11:
	case 12:
		op_read(range);
		break;
	default:
		op_write(range);
		break;
	}
}

/* All of a process's life; its end is one of several. */
static void live(void)
{
	region_fill(self.first_pages, 1);
	self.first_pages = 0;
	for (unsigned int i = 0; i < self.operations; i++)
		operate();
	region_check();
	if (draw(4) == 0)
		_exit(0); /* its children have another parent then */
	while (self.child_count > 0)
		await_child(0);
	region_check();
	if (draw(3) == 0)
		execl(exit_program, exit_program, (char *)NULL);
	if (draw(3) == 0)
		op_unmap((struct range){0, self.pages});
	_exit(0);
}

static unsigned int slot_of(pid_t pid)
{
	unsigned int number = board->slots_used - 1;

	while (number > 0 && board->slots[number].pid != pid)
		number--;
	return number;
}

static void start_board(void)
{
	memset(board->slots, 0, sizeof(board->slots));
	board->slots_used = 1;
	board->refused = board->ended = 0;
}

/* Until all that came of the processes has ended. */
static void await_all(void)
{
	pid_t pid;
	int status;

	while ((pid = wait(&status)) > 0) {
		unsigned int number = slot_of(pid);

		board->slots[number].status = status;
		check_end(number);
	}
	CHECK(errno == ECHILD);
	CHECK(ftruncate(region_torn_file, 0) == 0); /* whatever it held */
	CHECK(!board->failed);
	if (board->failed)
		printf("# process %u of depth %u: %s: page or process %u with rights %u: %#lx, "
		       "expected %#lx\n",
		       board->wrong.slot, board->wrong.depth, board->wrong.what, board->wrong.page,
		       board->wrong.rights, board->wrong.is, board->wrong.expected);
	printf("# %u processes, %u calls refused, %u processes ended for want of memory\n",
	       board->slots_used - 1, board->refused, board->ended);
}

/* Four processes with up to `leaves` leaf tables full of memory, and all that comes of them. */
static void lineages(unsigned int leaves, unsigned int operations)
{
	start_board();
	for (unsigned int i = 0; i < LINEAGES; i++) {
		unsigned int full = leaves * (i + 1) / LINEAGES * LEAF_PAGES;

		self = (struct process){.random = seed + i, .first_pages = full};
		self.pages = full + LEAVES_ROOM * LEAF_PAGES;
		CHECK(make_child(operations, live));
	}
	await_all();
}

static void much_memory(void)
{
	struct counters before;

	lineages(4, 10); /* what is kept for good fills */
	read_counters();
	before = read_balance();
	lineages(32, OPERATIONS);
	CHECK(board->refused == 0 && board->ended == 0);
	check_balance(&before);
}

static void short_of_memory(void)
{
	struct counters before = read_balance();
	struct sysinfo info;

	CHECK(sysinfo(&info) == 0);
	size_t bytes = (info.freeram - SHORT_BYTES) & -PAGE;
	void *ballast = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	CHECK(ballast != MAP_FAILED && madvise(ballast, bytes, MADV_DONTFORK) == 0);
	board->memory_short = true;
	lineages(12, OPERATIONS);
	CHECK(board->ended > 0);
	board->memory_short = false;
	munmap(ballast, bytes);
	check_balance(&before);
}

/* Parts of tables that another process has, too; moves take several of them along. */
static void change_some_part(unsigned int *to)
{
	unsigned int first = draw(LEAVES_FULL * LEAF_PAGES);
	unsigned int count = region_area(first, 8 + draw(8));

	switch (draw(5)) {
	case 0:
		/* Of a whole table: gives one back, if it is a copy, so that a call comes further.
		 */
		op_unmap((struct range){first & -LEAF_PAGES, LEAF_PAGES});
		break;
	case 1:
		op_unmap((struct range){first, count});
		break;
	case 2:
		op_protect((struct range){first, count});
		break;
	case 3:
		op_drop((struct range){first, count});
		break;
	default:
		*to += draw(4) ? (first - *to) % LEAF_PAGES : draw(9);
		count = region_area(first, 8 + draw(1500));
		if (count == 0 || *to + count > self.pages)
			break;
		op_move_to((struct range){first, count}, *to, 0);
		*to += count;
		break;
	}
}

static void change_parts(void)
{
	unsigned int to = LEAVES_FULL * LEAF_PAGES;

	region_touch();
	board->ready = true;
	while (!board->go)
		sched_yield();
	/* Copies of most of the tables use up what the kernel had for itself. */
	for (unsigned int leaf = 0; leaf < LEAVES_FULL; leaf++)
		if (leaf % 4 != 0)
			op_drop((struct range){leaf * LEAF_PAGES, 8});
	must(ftruncate(region_torn_file, 0) == 0, "ftruncate", errno);
	for (unsigned int i = 0; i < PARTS; i++)
		change_some_part(&to);
	region_check();
	must(op_unmap((struct range){0, self.pages}), "munmap of everything", 0);
	_exit(0);
}

static void share_and_wait(void)
{
	region_fill(LEAVES_FULL * LEAF_PAGES, 7);
	/* A file that shrinks is taken out of all tables, with memory or without. */
	must(ftruncate(region_torn_file, FILE_PAGES * PAGE) == 0, "ftruncate", errno);
	for (unsigned int leaf = 0; leaf < LEAVES_FULL; leaf += 64) {
		struct range range = {leaf * LEAF_PAGES + 500, 1};

		op_unmap(range);
		op_map_torn(range, leaf);
	}
	if (make_child(0, change_parts))
		await_child(0);
	region_check();
	_exit(0);
}

static void no_memory(void)
{
	struct counters before = read_balance();
	struct sysinfo info;

	start_board();
	board->memory_short = true;
	board->ready = board->go = false;
	self = (struct process){.random = seed, .pages = PAGES_MAX};
	CHECK(make_child(0, share_and_wait));
	while (!board->ready && !board->failed)
		sched_yield();
	CHECK(sysinfo(&info) == 0);
	void *hog = mmap(NULL, info.freeram & -PAGE, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	CHECK(hog != MAP_FAILED);
	board->go = true;
	await_all();
	CHECK(board->refused > 0 && board->ended == 0);
	board->memory_short = false;
	munmap(hog, info.freeram & -PAGE);
	check_balance(&before);
}

int main(int argc, char **argv)
{
	static char name[64];

	if (argc < 3 || !region_prepare())
		return 2;
	exit_program = argv[1];
	if (argc > 3)
		seed = (uint32_t)strtoul(argv[3], NULL, 0);
	snprintf(name, sizeof(name), "forks-of-much-memory-on-%s-cpus-leave-nothing", argv[2]);
	run(name, much_memory);
	snprintf(name, sizeof(name), "forks-short-of-memory-on-%s-cpus-leave-nothing", argv[2]);
	run(name, short_of_memory);
	snprintf(name, sizeof(name), "calls-without-memory-on-%s-cpus-leave-nothing", argv[2]);
	run(name, no_memory);
	return 0;
}
