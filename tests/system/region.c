/* SPDX-License-Identifier: MIT */
/*
 * The memory of a process and what must be there: see region.h.
 */
#include "tests/system/region.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* UNSURE: after a call that failed half-way; TORN: of the file that shrinks, so not touched. */
enum rights { GONE, NOTHING, READABLE, WRITABLE, UNSURE, TORN };

/* What a page holds if that is not known: a call that failed half-way may have dropped it. */
#define ANY UINT32_MAX

/* What a page of the file that lasts holds, with its number. */
#define FILE_VALUE 0x80000000u

struct board *board;
struct process self;
int region_torn_file;
static int lasting_file;

static char *region;
static uint8_t rights[PAGES_MAX];
static uint32_t values[PAGES_MAX];
static uint16_t file_pages[PAGES_MAX]; /* which page of a file is there, from 1; 0: of none */

void note_wrong(const char *what, unsigned int page, long is, long expected)
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

void must(bool truth, const char *what, long result)
{
	if (!truth)
		wrong(what, 0, result, 0);
}

uint32_t draw(uint32_t below)
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

void region_check(void)
{
	unsigned int zero = 0;

	for (unsigned int page = 0; page < self.pages; page++)
		if (readable(page) &&
		    (values[page] != 0 || (!board->memory_short && zero++ % 16 == 0)))
			check_page(page);
}

/* --- Ranges. --- */

struct range draw_range(void)
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

unsigned int region_area(unsigned int first, unsigned int count)
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

void op_write(struct range range)
{
	unsigned int step = 1 + draw(3) * draw(3);

	for (unsigned int i = 0; i < range.count; i += step)
		if (rights[range.first + i] == WRITABLE)
			write_page(range.first + i);
}

void op_read(struct range range)
{
	for (unsigned int i = 0; i < range.count; i++)
		if (readable(range.first + i))
			check_page(range.first + i);
}

bool op_unmap(struct range range)
{
	if (range.count == 0 ||
	    call(SYS_munmap, at(range.first), (long)(range.count * PAGE), 0, 0, 0, 0) < 0)
		return false;
	set_gone(range.first, range.count);
	return true;
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
void op_map(struct range range)
{
	range.count = run_of(range.first, range.count, false);
	map(range, MAP_ANONYMOUS | (draw(2) ? MAP_POPULATE : 0), -1, 0, WRITABLE);
}

void op_map_file(struct range range)
{
	unsigned int from = draw(FILE_PAGES);
	bool torn = draw(2);

	range.count = run_of(range.first, range.count, false);
	if (range.count > FILE_PAGES - from)
		range.count = FILE_PAGES - from;
	if (!map(range, draw(2) ? MAP_POPULATE : 0, torn ? region_torn_file : lasting_file, from,
	         torn ? TORN : WRITABLE))
		return;
	for (unsigned int i = 0; i < range.count; i++)
		file_pages[range.first + i] = (uint16_t)(from + i + 1);
	set_unwritten(range.first, range.count);
}

void op_map_torn(struct range range, unsigned int file_page)
{
	map(range, MAP_POPULATE, region_torn_file, file_page, TORN);
}

/* Wherever it is mapped, pages go. */
void op_tear(void)
{
	call(SYS_ftruncate, region_torn_file, (long)(draw(FILE_PAGES + 1) * PAGE), 0, 0, 0, 0);
}

void op_protect(struct range range)
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

void op_drop(struct range range)
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

void op_move_to(struct range range, unsigned int to, unsigned int more)
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
void op_move(struct range range)
{
	unsigned int to = draw(self.pages / LEAF_PAGES) * LEAF_PAGES, more = draw(4) ? 0 : 9;
	unsigned int room;

	to += draw(4) ? range.first % LEAF_PAGES : draw(LEAF_PAGES);
	room = run_of(to, self.pages - to, false);
	range.count = region_area(range.first, range.count);
	if (file_pages[range.first])
		more = 0;
	if (range.count + more > room)
		range.count = room > more ? room - more : 0;
	if (range.count > 0)
		op_move_to(range, to, more);
}

void region_fill(unsigned int pages, unsigned int step)
{
	op_map((struct range){0, pages});
	for (unsigned int page = 0; page < pages; page += step)
		if (rights[page] == WRITABLE)
			write_page(page);
}

static void touch(void *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		((volatile char *)memory)[i] = ((volatile char *)memory)[i];
}

void region_touch(void)
{
	touch(values, sizeof(values));
	touch(rights, sizeof(rights));
	touch(file_pages, sizeof(file_pages));
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

bool region_prepare(void)
{
	size_t bytes = (LEAVES_MAX + 1) * LEAF_BYTES;
	char *place = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	board =
	    mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED || board == MAP_FAILED || munmap(place, bytes) != 0)
		return false;
	region = (char *)(((uintptr_t)place + LEAF_BYTES - 1) & -LEAF_BYTES);
	lasting_file = make_file();
	region_torn_file = make_file();
	return lasting_file >= 0 && region_torn_file >= 0;
}
