/* SPDX-License-Identifier: MIT */
/* Shows: the list of locks that the kernel releases when a task ends: as it is registered and read
 * back, walked to its end, with an operation under way, with foreign and broken entries. */
#include "tests/suite/programs/threads.h"

struct entry {
	struct entry *next;
	_Atomic uint32_t word;
	uint32_t padding;
};

struct head {
	struct entry *next;
	long offset;
	struct entry *pending;
};

struct shared {
	struct head head;
	struct entry entries[8];
	_Atomic int ready;
};

static struct shared *shared;

/* Chains the first `count` entries, all owned by the caller. */
static void chain(unsigned int count)
{
	struct head *head = &shared->head;

	head->offset = offsetof(struct entry, word);
	head->pending = NULL;
	head->next = count ? &shared->entries[0] : (struct entry *)(void *)head;
	for (unsigned int i = 0; i < 8; i++) {
		shared->entries[i].next =
		    i + 1 < count ? &shared->entries[i + 1] : (struct entry *)(void *)head;
		shared->entries[i].word = (uint32_t)own_tid();
	}
	if (syscall(SYS_set_robust_list, head, sizeof(*head)))
		_exit(90);
}

static void say_words(const char *what, uint32_t mask)
{
	char text[128];
	int length = 0;

	for (unsigned int i = 0; i < 8; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, " %x",
		                   shared->entries[i].word & mask);
	say("%s:%s", what, text);
}

#define FLAGS_ONLY (FUTEX_WAITERS | FUTEX_OWNER_DIED)

static void plain(void)
{
	chain(5);
	shared->entries[2].word |= FUTEX_WAITERS;
	shared->entries[3].word += 1;
}

static void with_pending(void)
{
	chain(2);
	shared->head.pending = &shared->entries[5];
}

static void with_broken_end(void)
{
	chain(3);
	shared->entries[1].next = (struct entry *)8;
}

static void endless(void)
{
	chain(3);
	shared->entries[2].next = &shared->entries[0];
}

static void killed(void)
{
	chain(4);
	raise(SIGKILL);
}

static void *raw_thread(void *argument)
{
	/* A thread's exit without the library's end of it. */
	(void)argument;
	chain(6);
	syscall(SYS_exit, 0);
	return NULL;
}

static void in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, raw_thread, NULL);
	while (!(shared->entries[5].word & FUTEX_OWNER_DIED))
		sched_yield();
	_exit(3);
}

/* The dead owner's end wakes who waits in another process. */
static void wakes(void)
{
	pid_t owner = fork(), waiter;

	if (owner == 0) {
		chain(1);
		shared->entries[0].word |= FUTEX_WAITERS;
		shared->ready = 1;
		for (;;)
			pause();
	}
	while (!shared->ready)
		sched_yield();
	waiter = fork();
	if (waiter == 0) {
		uint32_t word = shared->entries[0].word;
		long result = futex(&shared->entries[0].word, FUTEX_WAIT, word, NULL);

		_exit(result == 0 && (shared->entries[0].word & FUTEX_OWNER_DIED) ? 0 : 1);
	}
	until_waiting(&shared->entries[0].word, 0, 1);
	kill(owner, SIGKILL);
	say_end("owner", owner);
	say_end("waiter", waiter);
}

static void read_back(void)
{
	struct head *head = NULL;
	size_t bytes = 0;

	chain(0);
	say_number("get", syscall(SYS_get_robust_list, 0, &head, &bytes));
	say("ours %d, %zu bytes", head == &shared->head, bytes);
	say_number("get own by number", syscall(SYS_get_robust_list, own_tid(), &head, &bytes));
	say_number("wrong size", syscall(SYS_set_robust_list, head, 23ul));
	say_number("nobody", syscall(SYS_get_robust_list, 0x3fffffff, &head, &bytes));
	say_number("to nowhere", syscall(SYS_get_robust_list, 0, 8ul, &bytes));
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = {{"plain", plain},     {"pending", with_pending}, {"broken", with_broken_end},
	             {"endless", endless}, {"killed", killed},        {"thread", in_thread}};

	shared = shared_memory(sizeof(*shared));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		in_child(cases[i].name, cases[i].run);
		say_words(cases[i].name, FLAGS_ONLY);
	}
	wakes();
	in_child("read back", read_back);
	return 0;
}
