/* SPDX-License-Identifier: MIT */
/* Shows: stacks of threads: asked sizes, deep use, a guard below that ends the process, stacks of
 * the program's own; attributes as they are read back. */
#include "tests/suite/programs/threads.h"

#define KIB 1024ul

/* The pointer to the caller's block keeps the compiler from making a loop of it. */
static long use_stack(long bytes, const volatile char *above)
{
	volatile char block[1024];

	for (size_t i = 0; i < sizeof(block); i += 256)
		block[i] = (char)bytes;
	if (bytes <= 2048)
		return above ? above[0] : 0;
	return use_stack(bytes - 1200, block) + block[256] - (char)bytes;
}

static void *deep(void *argument)
{
	return (void *)(intptr_t)(use_stack((long)(intptr_t)argument, NULL) != 1000);
}

static void *own_size(void *argument)
{
	pthread_attr_t attributes;
	size_t bytes, guard;
	void *at;
	char here;

	(void)argument;
	must("attributes", pthread_getattr_np(pthread_self(), &attributes));
	pthread_attr_getstack(&attributes, &at, &bytes);
	pthread_attr_getguardsize(&attributes, &guard);
	say_truth("on it", (char *)at <= &here && &here < (char *)at + bytes);
	say("guard of %zu pages", guard / 4096);
	pthread_attr_destroy(&attributes);
	return NULL;
}

static void with_size(size_t bytes)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	must("size", pthread_attr_setstacksize(&attributes, bytes));
	must("create", pthread_create(&thread, &attributes, deep, (void *)(bytes - 48 * KIB)));
	say("%zu KiB: %ld", bytes / KIB, join(thread));
	must("create", pthread_create(&thread, &attributes, own_size, NULL));
	join(thread);
}

static void own_stack(void)
{
	size_t bytes = 256 * KIB;
	char *stack = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t used = 0;

	pthread_attr_init(&attributes);
	must("stack", pthread_attr_setstack(&attributes, stack, bytes));
	must("create", pthread_create(&thread, &attributes, deep, (void *)(128 * KIB)));
	say("own stack: %ld", join(thread));
	for (size_t i = 0; i < bytes; i += 4096) {
		for (size_t k = 0; k < 4096; k++) {
			if (stack[i + k]) {
				used += 4096;
				break;
			}
		}
	}
	say_truth("it was used", used >= 96 * KIB && used < bytes);
	say_number("unmap", munmap(stack, bytes));
}

static void *overflow(void *argument)
{
	return (void *)use_stack((intptr_t)argument, NULL);
}

static void beyond(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 512 * KIB);
	pthread_attr_setguardsize(&attributes, 256 * KIB);
	must("create", pthread_create(&thread, &attributes, overflow, (void *)(640 * KIB)));
	join(thread);
}

static _Atomic int together;

static void *big_and_small(void *argument)
{
	together += (int)(intptr_t)deep((void *)(((intptr_t)argument % 7 + 1) * 64 * (long)KIB));
	return NULL;
}

int main(void)
{
	/* First, as the library uses stacks again. */
	in_child("beyond the guard", beyond);
	with_size(64 * KIB);
	with_size(1024 * KIB);
	with_size(16 * 1024 * KIB);
	own_stack();
	for (int i = 0; i < 10; i++) {
		pthread_t threads[8];
		pthread_attr_t attributes;

		pthread_attr_init(&attributes);
		pthread_attr_setstacksize(&attributes, 512 * KIB);
		for (intptr_t k = 0; k < 8; k++)
			must("create", pthread_create(&threads[k], &attributes, big_and_small,
			                              (void *)(k % 6)));
		for (int k = 0; k < 8; k++)
			join(threads[k]);
	}
	say("together %d", together);
	return 0;
}
