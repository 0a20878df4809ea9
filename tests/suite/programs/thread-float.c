/* SPDX-License-Identifier: MIT */
/* Shows: what the processor keeps for each thread: floating-point and vector registers, rounding
 * and flags, through preemption, signals, sleeps and faults of all others. */
#include "tests/suite/programs/threads.h"

#define ROUND_NEAREST 0x0000u
#define ROUND_DOWN    0x2000u
#define ROUND_UP      0x4000u
#define ROUND_ZERO    0x6000u
#define ROUND_MASK    0x6000u
#define FLAG_INVALID  0x01u
#define FLAG_DIVIDE   0x04u
#define FLAG_MASK     0x3fu

#define THREADS 6

static unsigned int control(void)
{
	return __builtin_ia32_stmxcsr();
}

static void set_rounding(unsigned int mode)
{
	__builtin_ia32_ldmxcsr((control() & ~ROUND_MASK) | mode);
}

static void clear_flags(void)
{
	__builtin_ia32_ldmxcsr(control() & ~FLAG_MASK);
}

static _Atomic int end, wrong;
static __thread volatile int own_signals;

/* In a handler all registers are used for something else. */
static void disturb(int number)
{
	volatile double x = number;

	for (int i = 0; i < 20; i++)
		x = x * 1.5 + 1 / x;
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm7, %%xmm7\n\tpxor %%xmm15, %%xmm15" ::
	                     : "xmm0", "xmm7", "xmm15");
	own_signals++;
}

/* Fills vector registers, spends time, and compares them: the compiler puts nothing between. */
static int hold_registers(uint64_t value)
{
	uint64_t low, high, middle;

	__asm__ volatile("movq %3, %%xmm0\n\t"
	                 "movq %3, %%xmm7\n\t"
	                 "paddq %%xmm7, %%xmm7\n\t"
	                 "movq %3, %%xmm15\n\t"
	                 "mov $20000, %%ecx\n\t"
	                 "1: dec %%ecx\n\t"
	                 "jnz 1b\n\t"
	                 "movq %%xmm0, %0\n\t"
	                 "movq %%xmm7, %1\n\t"
	                 "movq %%xmm15, %2\n\t"
	                 : "=r"(low), "=r"(middle), "=r"(high)
	                 : "r"(value)
	                 : "rcx", "xmm0", "xmm7", "xmm15", "cc");
	return low != value || middle != 2 * value || high != value;
}

static double series(int terms)
{
	volatile double sum = 0;

	for (int i = 1; i <= terms; i++)
		sum += 1.0 / ((double)i * i);
	return sum;
}

static void *compute(void *argument)
{
	static const unsigned int modes[] = {ROUND_NEAREST, ROUND_UP, ROUND_DOWN, ROUND_ZERO};
	intptr_t own = (intptr_t)argument;
	double first;

	set_rounding(modes[own % 4]);
	clear_flags();
	first = series(500);
	for (int i = 0; i < 40; i++) {
		wrong += hold_registers((uint64_t)own * 0x0101010101010101u + (uint64_t)i);
		wrong += series(500) != first;
		wrong += (control() & ROUND_MASK) != modes[own % 4];
		wrong += (control() & (FLAG_INVALID | FLAG_DIVIDE)) != 0;
		if (i % 8 == 0)
			usleep(200);
		if (i % 8 == 4)
			sched_yield();
	}
	/* Upward and downward differ in the last digits. */
	return (void *)(intptr_t)(first * 1e6);
}

static pthread_t threads[THREADS];

static void *hit(void *argument)
{
	for (int i = 0; !end; i++) {
		pthread_kill(threads[i % THREADS], SIGUSR1);
		usleep(300);
	}
	return argument;
}

static void *flags(void *argument)
{
	volatile double zero = 0, one = 1;

	clear_flags();
	if ((intptr_t)argument % 2)
		one = one / zero;
	sched_yield();
	usleep(500);
	return (void *)(intptr_t)((control() & FLAG_DIVIDE) != 0);
}

static void *mode_of_new(void *argument)
{
	(void)argument;
	return (void *)(intptr_t)((control() & ROUND_MASK) == ROUND_UP);
}

int main(void)
{
	pthread_t hitter;
	long sum = 0;

	handle(SIGUSR1, disturb, SA_RESTART);
	for (intptr_t i = 0; i < THREADS; i++)
		threads[i] = start(compute, (void *)i);
	hitter = start(hit, NULL);
	/* The hit ones must not be joined while they may be hit. */
	sleep_ms(20);
	end = 1;
	join(hitter);
	for (int i = 0; i < THREADS; i++)
		sum += join(threads[i]);
	say("sum %ld, wrong %d", sum, wrong);
	say("flags of %ld", run_threads(10, flags));
	set_rounding(ROUND_UP);
	say("a new thread rounds as its maker: %ld", join(start(mode_of_new, NULL)));
	return 0;
}
