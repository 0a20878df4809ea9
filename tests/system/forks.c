/* SPDX-License-Identifier: MIT */
/*
 * Runs inside the guest: forks of processes with much memory, in chains and trees. Each process
 * writes, maps, unmaps, protects, moves and drops parts of its memory in an order drawn from a
 * fixed seed, some of it of a file, some of one that shrinks under all of them; it forks, and ends
 * in one of several ways, beside its children and with what it shares with them. It keeps a list of
 * what each of its pages must hold, and looks.
 *
 * Then the same with little memory: whoever touches a page that cannot be had is ended, as on
 * Linux, but nobody inside a call, and what the others hold stays right. And with none at all:
 * calls on parts of shared tables are refused, and have changed nothing. At the end everything is
 * given back.
 *
 * Arguments: the path of a program that exits at once, how many CPUs there are, and a seed if it is
 * to be another than the one that every run has.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "tests/system/counters.h"

#define PAGE        4096ul
#define LEAF_PAGES  512u
#define LEAF_BYTES  (LEAF_PAGES * PAGE)
#define LEAVES_ROOM 8u   /* to move to */
#define LEAVES_FULL 340u /* with no memory: more than the kernel keeps frames for itself */
#define LEAVES_MAX  (LEAVES_FULL + 120u)
#define PAGES_MAX   (LEAVES_MAX * LEAF_PAGES)
#define LINEAGES    4u
#define CHILDREN    4u
#define DEPTH_MAX   4u
#define SLOTS       2048u
#define OPERATIONS  40u
#define PARTS       400u
#define WRITTEN     4u
#define WATCHERS    100u
#define SHORT_BYTES (66ul << 20) /* what is free when memory is short */

static const char *exit_program;
static uint32_t seed = 2463534242u;

/* What all processes see. Status words lie here too: to write one takes no memory. */
struct board {
	volatile bool failed, memory_short;
	volatile bool ready, go; /* all is shared; no memory is left */
	unsigned int slots_used;
	unsigned int refused, ended; /* calls without memory, processes */
	struct {
		const char *what;
		unsigned int slot, depth, page, rights;
		long is, expected;
	} wrong; /* the first that was noticed; to print it takes memory */
	struct slot {
		volatile pid_t pid;
		volatile int in_call, told_to_end, status;
	} slots[SLOTS];
};
static struct board *board;

/* UNSURE: after a call that failed half-way; TORN: of the file that shrinks, so it is not touched. */
enum rights { GONE, NOTHING, READABLE, WRITABLE, UNSURE, TORN };

/* What a page holds if that is not known: a call that failed half-way may have dropped it. */
#define ANY UINT32_MAX

/* What a page of the file that lasts holds, with its number. */
#define FILE_VALUE 0x80000000u
#define FILE_PAGES 1000u

/* One process: its memory, and what must be there. */
static struct process {
	unsigned int slot, depth, operations;
	uint32_t random, writes;
	unsigned int pages;       /* of the region that it uses */
	unsigned int first_pages; /* … fills before it forks */
	unsigned int children[CHILDREN];
	unsigned int child_count;
} self;
static char *region;
static uint8_t rights[PAGES_MAX];
static uint32_t values[PAGES_MAX];
static uint16_t
    file_pages[PAGES_MAX]; /* the page of a file that is mapped there, from 1; 0: none */
static int lasting_file, torn_file;

static void note_wrong(const char *what, unsigned int page, long is, long expected)
{
	if (!__atomic_exchange_n(&board->failed, true, __ATOMIC_SEQ_CST)) {
		board->wrong.what = what;
		board->wrong.slot = self.slot;
		board->wrong.depth = self.depth;
		board->wrong.page = page;
		board->wrong.rights = rights[page];
		board->wrong.is = is;
		board->wrong.expected = expected;
	}
}

static void wrong(const char *what, unsigned int page, long is, long expected)
{
	note_wrong(what, page, is, expected);
	_exit(1);
}

static void must(bool truth, const char *what, long result)
{
	if (!truth)
		wrong(what, 0, result, 0);
}

static uint32_t draw(uint32_t below)
{
	self.random ^= self.random << 13;
	self.random ^= self.random >> 17;
	self.random ^= self.random << 5;
	return (self.random >> 3) % below;
}

/* A system call, its result or -errno. Between the two marks no memory is touched, so that a
 * process that is ended there was ended by the call. */
static inline __attribute__((always_inline)) long call(long number, long a, long b, long c, long d,
                                                       long e, long f)
{
	volatile int *in_call = &board->slots[self.slot].in_call;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result = number;

	__asm__ volatile("movl $1, %[mark]\n\t"
	                 "syscall\n\t"
	                 "movl $0, %[mark]"
	                 : "+a"(result), [mark] "+m"(*in_call)
	                 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	if (result == -ENOMEM)
		__atomic_add_fetch(&board->refused, 1, __ATOMIC_RELAXED);
	must(result >= 0 || (result == -ENOMEM && board->memory_short), "a call failed", result);
	return result;
}

static long at(unsigned int page)
{
	return (long)(region + page * PAGE);
}

/* --- What the pages hold. --- */

static bool readable(unsigned int page)
{
	return rights[page] == READABLE || rights[page] == WRITABLE;
}

static void write_page(unsigned int page)
{
	volatile uint32_t *words = (uint32_t *)(void *)(region + page * PAGE);
	uint32_t value = self.slot << 20 | (++self.writes & 0xfffff);

	words[0] = value;
	words[PAGE / 4 - 1] = ~value;
	values[page] = value;
}

static void check_page(unsigned int page)
{
	const volatile uint32_t *words = (uint32_t *)(void *)(region + page * PAGE);
	uint32_t value = values[page];

	if (value == ANY)
		return;
	if (words[0] != value)
		wrong("the first word", page, words[0], value);
	value = value == 0 ? 0 : ~value;
	if (words[PAGE / 4 - 1] != value)
		wrong("the last word", page, words[PAGE / 4 - 1], value);
}

/* All that was written, and some of what never was: to read that may take memory. */
static void check_all(void)
{
	unsigned int zero = 0;

	for (unsigned int page = 0; page < self.pages; page++)
		if (readable(page) &&
		    (values[page] != 0 || (!board->memory_short && zero++ % 16 == 0)))
			check_page(page);
}

/* --- Ranges. --- */

struct range {
	unsigned int first, count;
};

/* A few pages, whole leaf tables, or much that begins and ends anywhere. */
static struct range draw_range(void)
{
	unsigned int kind = draw(4);
	struct range range;

	if (kind == 0) {
		range.count = LEAF_PAGES * (1 + draw(3));
		range.first = draw(self.pages / LEAF_PAGES) * LEAF_PAGES;
	} else {
		range.count = 1 + draw(kind == 1 ? 3 * LEAF_PAGES : 40);
		range.first = draw(self.pages);
	}
	if (range.count > self.pages - range.first)
		range.count = self.pages - range.first;
	return range;
}

/* How many pages from `first` on are mapped, or are not. */
static unsigned int run_of(unsigned int first, unsigned int count, bool mapped)
{
	unsigned int n = 0;

	while (n < count && (rights[first + n] != GONE) == mapped)
		n++;
	return n;
}

/* How many are one area: with the rights of the first and of the same file. */
static unsigned int area_at(unsigned int first, unsigned int count)
{
	unsigned int n = rights[first] == GONE || rights[first] == UNSURE ? 0 : 1;

	while (n > 0 && n < count && rights[first + n] == rights[first] &&
	       file_pages[first + n] == (file_pages[first] ? file_pages[first] + n : 0))
		n++;
	return n;
}

static void set_rights(unsigned int first, unsigned int count, enum rights new)
{
	memset(&rights[first], (int)new, count);
}

/* What is there when nobody has written. */
static void set_unwritten(unsigned int first, unsigned int count)
{
	for (unsigned int page = first; page < first + count; page++)
		values[page] = file_pages[page] ? FILE_VALUE | file_pages[page] : 0;
}

static void set_gone(unsigned int first, unsigned int count)
{
	set_rights(first, count, GONE);
	memset(&file_pages[first], 0, count * sizeof(file_pages[0]));
	set_unwritten(first, count);
}

/* --- Operations. --- */

static void op_write(struct range range)
{
	unsigned int step = 1 + draw(3) * draw(3);

	for (unsigned int i = 0; i < range.count; i += step)
		if (rights[range.first + i] == WRITABLE)
			write_page(range.first + i);
}

static void op_read(struct range range)
{
	for (unsigned int i = 0; i < range.count; i++)
		if (readable(range.first + i))
			check_page(range.first + i);
}

static void op_unmap(struct range range)
{
	if (range.count == 0 ||
	    call(SYS_munmap, at(range.first), (long)(range.count * PAGE), 0, 0, 0, 0) < 0)
		return;
	set_gone(range.first, range.count);
}

static bool map(struct range range, int flags, int file, unsigned int file_page, enum rights new)
{
	if (range.count == 0 ||
	    call(SYS_mmap, at(range.first), (long)(range.count * PAGE), PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_FIXED_NOREPLACE | flags, file, (long)(file_page * PAGE)) < 0)
		return false;
	set_rights(range.first, range.count, new);
	return true;
}

/* Sometimes with frames at once, as many as there are: so memory can be used up without an end. */
static void op_map(struct range range)
{
	range.count = run_of(range.first, range.count, false);
	map(range, MAP_ANONYMOUS | (draw(2) ? MAP_POPULATE : 0), -1, 0, WRITABLE);
}

static void op_map_file(struct range range)
{
	unsigned int from = draw(FILE_PAGES);
	bool torn = draw(2);

	range.count = run_of(range.first, range.count, false);
	if (range.count > FILE_PAGES - from)
		range.count = FILE_PAGES - from;
	if (!map(range, draw(2) ? MAP_POPULATE : 0, torn ? torn_file : lasting_file, from,
	         torn ? TORN : WRITABLE))
		return;
	for (unsigned int i = 0; i < range.count; i++)
		file_pages[range.first + i] = (uint16_t)(from + i + 1);
	set_unwritten(range.first, range.count);
}

/* Wherever it is mapped, pages go. */
static void op_tear(void)
{
	call(SYS_ftruncate, torn_file, (long)(draw(FILE_PAGES + 1) * PAGE), 0, 0, 0, 0);
}

static void op_protect(struct range range)
{
	static const int prots[] = {
	    [NOTHING] = PROT_NONE, [READABLE] = PROT_READ, [WRITABLE] = PROT_READ | PROT_WRITE};
	unsigned int count = run_of(range.first, range.count, true);
	enum rights new = draw(2) ? WRITABLE : draw(2) ? READABLE : NOTHING;

	for (unsigned int i = 0; i < count; i++)
		if (rights[range.first + i] == TORN)
			count = i;
	if (count == 0)
		return;
	/* One that fails has changed some of it. */
	long result =
	    call(SYS_mprotect, at(range.first), (long)(count * PAGE), prots[new], 0, 0, 0);

	set_rights(range.first, count, result < 0 ? UNSURE : new);
}

static void op_drop(struct range range)
{
	unsigned int count = run_of(range.first, range.count, true);

	if (count == 0)
		return;
	long result =
	    call(SYS_madvise, at(range.first), (long)(count * PAGE), MADV_DONTNEED, 0, 0, 0);

	set_unwritten(range.first, count);
	for (unsigned int i = 0; i < count && result < 0; i++)
		values[range.first + i] = ANY;
}

/* To where nothing is, `more` pages longer. */
static void move(struct range range, unsigned int to, unsigned int more)
{
	if (call(SYS_mremap, at(range.first), (long)(range.count * PAGE),
	         (long)((range.count + more) * PAGE), MREMAP_MAYMOVE | MREMAP_FIXED, at(to), 0) < 0)
		return;
	set_rights(to, range.count + more, rights[range.first]);
	memcpy(&values[to], &values[range.first], range.count * sizeof(values[0]));
	memcpy(&file_pages[to], &file_pages[range.first], range.count * sizeof(file_pages[0]));
	set_gone(range.first, range.count);
}

/* Mostly to the same place in a leaf table. */
static void op_move(struct range range)
{
	unsigned int to = draw(self.pages / LEAF_PAGES) * LEAF_PAGES, more = draw(4) ? 0 : 9;
	unsigned int room;

	to += draw(4) ? range.first % LEAF_PAGES : draw(LEAF_PAGES);
	room = run_of(to, self.pages - to, false);
	range.count = area_at(range.first, range.count);
	if (file_pages[range.first])
		more = 0;
	if (range.count + more > room)
		range.count = room > more ? room - more : 0;
	if (range.count > 0)
		move(range, to, more);
}

/* --- Processes. --- */

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

/* What a lineage begins with. */
static void fill_memory(unsigned int pages, unsigned int step)
{
	op_map((struct range){0, pages});
	for (unsigned int page = 0; page < pages; page += step)
		if (rights[page] == WRITABLE)
			write_page(page);
}

/* All of a process's life; its end is one of several. */
static void live(void)
{
	fill_memory(self.first_pages, 1);
	self.first_pages = 0;
	for (unsigned int i = 0; i < self.operations; i++)
		operate();
	check_all();
	if (draw(4) == 0)
		_exit(0); /* its children have another parent then */
	while (self.child_count > 0)
		await_child(0);
	check_all();
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
	CHECK(ftruncate(torn_file, 0) == 0); /* whatever it held */
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
	before = read_counters();
	lineages(32, OPERATIONS);
	CHECK(board->refused == 0 && board->ended == 0);
	check_balance(&before);
}

static void short_of_memory(void)
{
	struct counters before = read_counters();
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

/* --- Parts of shared tables, with no memory at all. --- */

/* What a process will write is its own before memory ends. */
static void touch(void *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		((volatile char *)memory)[i] = ((volatile char *)memory)[i];
}

/* Parts of tables that another process has, too; moves take several of them along. */
static void change_some_part(unsigned int *to)
{
	unsigned int first = draw(LEAVES_FULL * LEAF_PAGES);
	unsigned int count = area_at(first, 8 + draw(8));

	switch (draw(5)) {
	case 0:
		/* Of a whole table: gives one back, if it is a copy, so that a call comes further.
		 */
		op_unmap((struct range){first & -LEAF_PAGES, LEAF_PAGES});
		break;
	case 4:
		op_unmap((struct range){first, count});
		break;
	case 1:
		op_protect((struct range){first, count});
		break;
	case 2:
		op_drop((struct range){first, count});
		break;
	case 3:
		*to += draw(4) ? (first - *to) % LEAF_PAGES : draw(9);
		count = area_at(first, 8 + draw(1500));
		if (count == 0 || *to + count > self.pages)
			break;
		move((struct range){first, count}, *to, 0);
		*to += count;
		break;
	}
}

static void change_parts(void)
{
	unsigned int to = LEAVES_FULL * LEAF_PAGES;

	touch(values, sizeof(values));
	touch(rights, sizeof(rights));
	touch(file_pages, sizeof(file_pages));
	board->ready = true;
	while (!board->go)
		sched_yield();
	/* Copies of most of the tables use up what the kernel had for itself. */
	for (unsigned int leaf = 0; leaf < LEAVES_FULL; leaf++)
		if (leaf % 4 != 0)
			op_drop((struct range){leaf * LEAF_PAGES, 8});
	must(ftruncate(torn_file, 0) == 0, "ftruncate", errno);
	for (unsigned int i = 0; i < PARTS; i++)
		change_some_part(&to);
	check_all();
	must(call(SYS_munmap, at(0), (long)(self.pages * PAGE), 0, 0, 0, 0) == 0,
	     "munmap of everything", 0);
	_exit(0);
}

static void share_and_wait(void)
{
	fill_memory(LEAVES_FULL * LEAF_PAGES, 7);
	/* A file that shrinks is taken out of all tables, with memory or without. */
	must(ftruncate(torn_file, FILE_PAGES * PAGE) == 0, "ftruncate", errno);
	for (unsigned int leaf = 0; leaf < LEAVES_FULL; leaf += 64) {
		struct range range = {leaf * LEAF_PAGES + 500, 1};

		op_unmap(range);
		map(range, MAP_POPULATE, torn_file, leaf, TORN);
	}
	if (make_child(0, change_parts))
		await_child(0);
	check_all();
	_exit(0);
}

static void no_memory(void)
{
	struct counters before = read_counters();
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

/* --- Forks beside a thread that writes. --- */

static volatile uint32_t *written; /* a page in each of some leaf tables */
static _Atomic bool writer_stops;

/* Each page holds what was written there last, whoever forks meanwhile. */
static void *write_always(void *arg)
{
	uint32_t round = 0;

	while (!writer_stops) {
		round++;
		for (unsigned int i = 0; i < WRITTEN; i++)
			written[i * LEAF_BYTES / 4] = round;
		for (unsigned int i = 0; i < WRITTEN; i++)
			if (written[i * LEAF_BYTES / 4] != round)
				*(bool *)arg = true;
	}
	return NULL;
}

/* In a child nobody writes: what it found it finds again. */
static void watch(void)
{
	uint32_t found[WRITTEN];

	for (unsigned int i = 0; i < WRITTEN; i++)
		found[i] = written[i * LEAF_BYTES / 4];
	for (unsigned int look = 0; look < 20; look++) {
		for (volatile unsigned int spin = 0; spin < 2000; spin++)
			;
		for (unsigned int i = 0; i < WRITTEN; i++)
			if (written[i * LEAF_BYTES / 4] != found[i])
				_exit(1);
	}
	_exit(0);
}

static void beside_a_writer(void)
{
	bool lost = false;
	pthread_t writer;
	int status;

	written = mmap(region, WRITTEN * LEAF_BYTES, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);
	CHECK(written != MAP_FAILED);
	CHECK(pthread_create(&writer, NULL, write_always, &lost) == 0);
	for (unsigned int i = 0; i < WATCHERS; i++) {
		uint32_t round = written[0];
		pid_t pid = fork();

		if (pid == 0)
			watch();
		/* The writer is at it, however late it comes to run. */
		while (written[0] == round)
			sched_yield();
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	writer_stops = true;
	pthread_join(writer, NULL);
	CHECK(!lost);
	munmap((void *)written, WRITTEN * LEAF_BYTES);
}

/* Without a name; -1: cannot be had. */
static int make_file(void)
{
	int file = memfd_create("forks", 0);
	uint32_t words[PAGE / 4] = {0};

	for (unsigned int page = 1; page <= FILE_PAGES; page++) {
		words[0] = FILE_VALUE | page;
		words[PAGE / 4 - 1] = ~words[0];
		if (write(file, words, sizeof(words)) != sizeof(words))
			return -1;
	}
	return file;
}

static bool prepare(void)
{
	size_t bytes = (LEAVES_MAX + 1) * LEAF_BYTES;
	char *place = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	board =
	    mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED || board == MAP_FAILED || munmap(place, bytes) != 0)
		return false;
	lasting_file = make_file();
	torn_file = make_file();
	if (lasting_file < 0 || torn_file < 0)
		return false;
	region = (char *)(((uintptr_t)place + LEAF_BYTES - 1) & -LEAF_BYTES);
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

int main(int argc, char **argv)
{
	static char name[64];

	if (argc < 3 || !prepare())
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
	snprintf(name, sizeof(name), "forks-beside-a-writer-on-%s-cpus", argv[2]);
	if (atoi(argv[2]) >= 2)
		run(name, beside_a_writer);
	return 0;
}
