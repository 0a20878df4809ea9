/* SPDX-License-Identifier: MIT */
/*
 * Shows: what the memory calls answer at the edges of their arguments (mmap, munmap, mprotect,
 * mremap, madvise, msync, mincore, mlock and mlockall), and which signal an access gives where a
 * file was cut, where a child did not inherit, where a stack may grow.
 */
#include "tests/suite/programs/say.h"

#include <setjmp.h>
#include <sys/resource.h>

#define PAGE 4096ul
#define RW   (PROT_READ | PROT_WRITE)
#define PA   (MAP_PRIVATE | MAP_ANONYMOUS)
#define SA   (MAP_SHARED | MAP_ANONYMOUS)

/* The call itself is the name of the line. */
#define CALL(call)                         \
	do {                               \
		errno = 0;                 \
		say_number(#call, (call)); \
	} while (0)
#define MAP(addr, length, prot, flags, fd, offset)                                                 \
	do {                                                                                       \
		errno = 0;                                                                         \
		say_mapped("mmap(" #addr ", " #length ", " #prot ", " #flags ", " #fd ", " #offset \
		           ")",                                                                    \
		           mmap((void *)HIDE((uintptr_t)(addr)), (length), (prot), (flags), (fd),  \
		                (off_t)(offset)));                                                 \
	} while (0)

static sigjmp_buf after_fault;
static volatile sig_atomic_t fault_code;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = number * 100 + info->si_code;
	siglongjmp(after_fault, 1);
}

static void touch(const char *what, volatile char *at, bool write)
{
	fault_code = 0;
	if (sigsetjmp(after_fault, 1) == 0) {
		if (write)
			*at = 1;
		else
			(void)*at;
	}
	say("%s: fault %d", what, (int)fault_code);
}

static char *anonymous(size_t pages)
{
	char *at = mmap(NULL, pages * PAGE, RW, PA, -1, 0);

	if (at == MAP_FAILED)
		_exit(98);
	return at;
}

static void map_files(void)
{
	int fd = open("edges", O_RDWR | O_CREAT, 0600), reader = open("edges", O_RDONLY);
	int append = open("edges", O_RDWR | O_APPEND), path = open("edges", O_PATH);
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR), ends[2];

	if (pipe(ends) != 0 || ftruncate(fd, 3 * (off_t)PAGE) != 0)
		_exit(97);
	MAP(0, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0);
	MAP(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);
	MAP(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0);
	MAP(0, PAGE, RW, 4, fd, 0);
	MAP(0, PAGE, RW, MAP_SHARED, append, 0);
	MAP(0, PAGE, PROT_READ, MAP_SHARED, path, 0);
	MAP(0, PAGE, RW, MAP_SHARED, reader, 0);
	MAP(0, PAGE, RW, MAP_PRIVATE, ends[0], 0);
	MAP(0, PAGE, RW, MAP_SHARED, null, 0);
	MAP(0, PAGE, RW, MAP_SHARED, zero, 0);
	MAP(0, PAGE, RW, MAP_PRIVATE, zero, 0);
	MAP(0, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0);
	MAP(0, PAGE, RW, MAP_PRIVATE | MAP_HUGETLB, fd, 0);
	MAP(0, PAGE, RW, MAP_PRIVATE, fd, -PAGE);
	MAP(0, PAGE, RW, MAP_PRIVATE, fd, 100 * PAGE);
	MAP(0, PAGE, RW, PA, 5000, PAGE);
	MAP(0, PAGE, RW, PA, -1, 1);
	MAP(0, PAGE, RW, SA | MAP_GROWSDOWN, -1, 0);
	MAP(0, PAGE, 0x100, PA, -1, 0);
}

static void map_places(void)
{
	char *area = anonymous(4);

	MAP(1, PAGE, RW, PA | MAP_FIXED, -1, 0);
	MAP(-PAGE, PAGE, RW, PA | MAP_FIXED, -1, 0);
	MAP(0x7ffffffff000, PAGE, RW, PA | MAP_FIXED, -1, 0);
	MAP(0, 1ul << 47, PROT_NONE, PA, -1, 0);
	MAP(0, 1ul << 40, PROT_NONE, PA, -1, 0);
	MAP(0, 1ul << 40, RW, PA | MAP_NORESERVE, -1, 0);
	say_truth("32 bits", (uintptr_t)mmap(NULL, PAGE, RW, PA | MAP_32BIT, -1, 0) < 1ul << 31);
	munmap(area + 3 * PAGE, PAGE);
	MAP(area + 2 * PAGE, 2 * PAGE, RW, PA | MAP_FIXED_NOREPLACE, -1, 0);
	MAP(area + 3 * PAGE, PAGE, RW, PA | MAP_FIXED_NOREPLACE, -1, 0);
	CALL(munmap(area + 1, PAGE));
	CALL(munmap(area, 0));
	CALL(munmap(area, (size_t)-1));
	CALL(munmap((void *)HIDE(1ul << 47), PAGE));
	CALL(munmap((void *)HIDE(PAGE), 1));
}

static void protect(void)
{
	char *area = anonymous(4);

	CALL(mprotect(area + 1, PAGE, PROT_READ));
	CALL(mprotect(area, 0, 99));
	CALL(mprotect(area, PAGE, 99));
	CALL(mprotect(area, PAGE, 8));
	CALL(mprotect(area, (size_t)-1, PROT_READ));
	CALL(mprotect(area, PAGE, PROT_GROWSDOWN | PROT_READ));
	CALL(mprotect(area, PAGE, PROT_GROWSUP | PROT_READ));
	CALL(mprotect(area, PAGE, PROT_GROWSUP | PROT_GROWSDOWN));
	munmap(area + 2 * PAGE, PAGE);
	CALL(mprotect(area + PAGE, 3 * PAGE, PROT_READ));
	touch("before the hole", area + PAGE, true);
	touch("in the hole", area + 2 * PAGE, true);
	touch("behind the hole", area + 3 * PAGE, true);
}

static void cut_a_file(void)
{
	int fd = open("edges", O_RDWR), reader = open("edges", O_RDONLY);
	char *shared = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	char *own = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE, fd, 0);
	char *constant = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);

	CALL(mprotect(constant, PAGE, RW));
	CALL(mprotect(constant, PAGE, PROT_EXEC));
	touch("last page", shared + 2 * PAGE, true);
	touch("behind the file", shared + 3 * PAGE, false);
	touch("a private copy", own + 2 * PAGE, true);
	touch("a private copy behind the file", own + 3 * PAGE, true);
	say_number("cut", ftruncate(fd, (off_t)PAGE));
	touch("what stayed", shared, true);
	touch("what was cut", shared + 2 * PAGE, false);
	touch("the copy of what was cut", own + 2 * PAGE, false);
	say_number("longer again", ftruncate(fd, 3 * (off_t)PAGE));
	touch("what is new", shared + 2 * PAGE, false);
	say("new: %d, copy: %d", shared[2 * PAGE], own[2 * PAGE]);
}

static void advise(void)
{
	char *area = anonymous(4), *shared = mmap(NULL, PAGE, RW, SA, -1, 0);
	static const int advices[] = {MADV_NORMAL,
	                              MADV_RANDOM,
	                              MADV_WILLNEED,
	                              MADV_DONTNEED,
	                              5,
	                              6,
	                              7,
	                              MADV_FREE,
	                              MADV_REMOVE,
	                              MADV_DONTFORK,
	                              MADV_DOFORK,
	                              MADV_DONTDUMP,
	                              MADV_WIPEONFORK,
	                              MADV_KEEPONFORK,
	                              MADV_COLD,
	                              MADV_POPULATE_READ,
	                              MADV_POPULATE_WRITE,
	                              99};

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		say("advice %d", advices[i]);
		area[0] = 1;
		say_number("  anonymous", madvise(area, PAGE, advices[i]));
		/* After MADV_FREE both the old contents and zeros are right. */
		if (advices[i] != MADV_FREE)
			say("  holds %d", area[0]);
		say_number("  shared", madvise(shared, PAGE, advices[i]));
	}
	CALL(madvise(area, 0, 99));
	CALL(madvise(area, (size_t)-1, MADV_DONTNEED));
	munmap(area + 2 * PAGE, PAGE);
	CALL(madvise(area + PAGE, 3 * PAGE, MADV_NORMAL));
	CALL(madvise(area + 2 * PAGE, PAGE, MADV_DONTNEED));
}

static void lock(void)
{
	char *area = anonymous(4);

	munmap(area + 2 * PAGE, PAGE);
	CALL(mlock(area, PAGE));
	CALL(madvise(area, PAGE, MADV_DONTNEED));
	CALL(msync(area, PAGE, MS_INVALIDATE));
	CALL(munlock(area, PAGE));
	CALL(mlock(area + PAGE, 3 * PAGE));
	CALL(munlock(area + 2 * PAGE, PAGE));
	CALL(mlock(area, 0));
	CALL(mlockall(0));
	CALL(mlockall(MCL_ONFAULT));
	CALL(mlockall(8));
	CALL(syscall(SYS_mlock2, area, PAGE, 2));
	CALL(syscall(SYS_mlock2, area, PAGE, 1));
	CALL(munlockall());
	CALL(msync(area + 1, PAGE, MS_SYNC));
	CALL(msync(area, PAGE, MS_SYNC | MS_ASYNC));
	CALL(msync(area, PAGE, 8));
	CALL(msync(area, 3 * PAGE, MS_SYNC));
}

static void in_core(void)
{
	unsigned char answer[8];
	char *area = anonymous(4);

	area[PAGE] = 1;
	CALL(mincore(area, 4 * PAGE, answer));
	say("in core: %d%d%d%d", answer[0] & 1, answer[1] & 1, answer[2] & 1, answer[3] & 1);
	CALL(mincore(area + 1, PAGE, answer));
	CALL(mincore(area, PAGE, (unsigned char *)HIDE(8ul)));
	CALL(mincore((void *)HIDE(1ul << 47), PAGE, answer));
	CALL(mincore(area, 0, answer));
	munmap(area + 2 * PAGE, PAGE);
	CALL(mincore(area, 4 * PAGE, answer));
}

static void move(void)
{
	char *area = anonymous(8), *place = anonymous(8),
	     *shared = mmap(NULL, 2 * PAGE, RW, SA, -1, 0), *got;

	memset(area, 5, 8 * PAGE);
	munmap(area + 4 * PAGE, 4 * PAGE);
	say_mapped("unknown flag", mremap(area, PAGE, PAGE, 8));
	say_mapped("fixed alone", mremap(area, PAGE, PAGE, MREMAP_FIXED, place));
	say_mapped("old length 0", mremap(area, 0, PAGE, MREMAP_MAYMOVE));
	say_mapped("over the end", mremap(area, 5 * PAGE, 6 * PAGE, MREMAP_MAYMOVE));
	say_mapped("onto itself",
	           mremap(area, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + PAGE));
	say_mapped("odd place", mremap(area, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + 1));
	say_mapped("shorter elsewhere",
	           mremap(area, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place));
	say("holds %d %d", place[0], place[2 * PAGE - 1]);
	touch("moved away", area, false);
	touch("cut off", area + 3 * PAGE, false);
	shared[0] = 9;
	got = mremap(shared, 0, 2 * PAGE, MREMAP_MAYMOVE);
	say("a second view holds %d", got == MAP_FAILED ? -1 : got[0]);
	got = mremap(shared, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	touch("behind shared memory that grew", got + 3 * PAGE, true);
	got = mremap(place, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	say("left behind %d, taken along %d", place[0], got == MAP_FAILED ? -1 : got[0]);
}

static void inherit(void)
{
	char *none = anonymous(3), *wiped = anonymous(1);
	pid_t child;

	none[PAGE] = wiped[0] = 5;
	CALL(madvise(none + PAGE, PAGE, MADV_DONTFORK));
	CALL(madvise(wiped, PAGE, MADV_WIPEONFORK));
	child = fork();
	if (child == 0) {
		touch("not inherited", none + PAGE, false);
		say("wiped: %d", wiped[0]);
		_exit(0);
	}
	say_end("child", child);
	say("still %d and %d", none[PAGE], wiped[0]);
}

static void grow(void)
{
	char *place = anonymous(1024), *down;

	munmap(place, 1024 * PAGE);
	down = mmap(place + 1000 * PAGE, PAGE, RW, PA | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	touch("right below", down - 1, true);
	touch("twenty pages below", down - 20 * PAGE, true);
	touch("in between", down - 10 * PAGE, false);
	CALL(mprotect(down, PAGE, PROT_READ | PROT_GROWSDOWN));
	touch("all of it protected", down - 10 * PAGE, true);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	map_files();
	map_places();
	protect();
	cut_a_file();
	advise();
	lock();
	in_core();
	move();
	inherit();
	grow();
	return unlink("edges");
}
