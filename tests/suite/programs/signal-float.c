/* SPDX-License-Identifier: MIT */
/*
 * Shows: a signal handler starts with the initial state of the floating-point unit, whatever it
 * interrupts (another handler, too), on whatever stack and in whatever thread; when it returns all
 * of the interrupted state is back, and when it jumps out the state stays its own.
 */
#include "tests/suite/programs/say.h"
#include <pthread.h>
#include <setjmp.h>
#include <ucontext.h>

#define MXCSR_SET   0x7f80u /* round to zero */
#define CONTROL_SET 0x0f7fu /* the same */
#define XMM_BYTES   256

struct state {
	uint32_t mxcsr;
	uint16_t control, status, tags;
	uint64_t top; /* of the x87's stack, if it has something */
	uint8_t xmm[XMM_BYTES];
};

struct environment {
	uint32_t control, status, tags, rest[4];
};

static bool has_avx;

/* All of it as it is, without a change. */
static void look(struct state *state)
{
	struct environment x87;

	__asm__ volatile("stmxcsr %0; fnstenv %1; fldenv %1" : "=m"(state->mxcsr), "=m"(x87));
	state->control = (uint16_t)x87.control;
	state->status = (uint16_t)x87.status;
	state->tags = (uint16_t)x87.tags;
	__asm__ volatile(
	    "movups %%xmm0, 0(%0); movups %%xmm1, 16(%0); movups %%xmm2, 32(%0);"
	    "movups %%xmm3, 48(%0); movups %%xmm4, 64(%0); movups %%xmm5, 80(%0);"
	    "movups %%xmm6, 96(%0); movups %%xmm7, 112(%0); movups %%xmm8, 128(%0);"
	    "movups %%xmm9, 144(%0); movups %%xmm10, 160(%0); movups %%xmm11, 176(%0);"
	    "movups %%xmm12, 192(%0); movups %%xmm13, 208(%0); movups %%xmm14, 224(%0);"
	    "movups %%xmm15, 240(%0)" ::"r"(state->xmm)
	    : "memory");
}

/* The upper half of one of AVX's. */
__attribute__((target("avx"))) static uint64_t look_above(void)
{
	uint64_t out[2] = {0};

	if (has_avx)
		__asm__ volatile("vextractf128 $1, %%ymm11, %0" : "=m"(out));
	return out[0] | out[1];
}

static bool is_initial(const struct state *state)
{
	for (size_t i = 0; i < XMM_BYTES; i++) {
		if (state->xmm[i] != 0)
			return false;
	}
	return state->mxcsr == 0x1f80 && state->control == 0x37f && state->tags == 0xffff &&
	       (state->status & 0x3fff) == 0;
}

static void set(unsigned int seed)
{
	uint32_t mxcsr = MXCSR_SET;
	uint16_t control = CONTROL_SET;
	uint8_t fill[16];

	memset(fill, (int)seed, sizeof(fill));
	__asm__ volatile("ldmxcsr %0; fninit; fldcw %1; fldpi; fld1" ::"m"(mxcsr), "m"(control));
	__asm__ volatile("movups %0, %%xmm0; movups %0, %%xmm1; movups %0, %%xmm2;"
	                 "movups %0, %%xmm3; movups %0, %%xmm4; movups %0, %%xmm5;"
	                 "movups %0, %%xmm6; movups %0, %%xmm7; movups %0, %%xmm8;"
	                 "movups %0, %%xmm9; movups %0, %%xmm10; movups %0, %%xmm11;"
	                 "movups %0, %%xmm12; movups %0, %%xmm13; movups %0, %%xmm14;"
	                 "movups %0, %%xmm15" ::"m"(fill));
}

__attribute__((target("avx"))) static void set_above(unsigned int seed)
{
	uint8_t fill[32];

	memset(fill, (int)seed, sizeof(fill));
	if (has_avx)
		__asm__ volatile("vmovups %0, %%ymm11" ::"m"(fill));
}

static void back_to_normal(void)
{
	uint32_t mxcsr = 0x1f80;

	__asm__ volatile("ldmxcsr %0; fninit" ::"m"(mxcsr));
	if (has_avx)
		__asm__ volatile(".byte 0xc5, 0xf8, 0x77"); /* vzeroupper */
}

/* A handler writes nothing before it has looked: what it calls may use vectors. */
static __thread struct state in_first, in_second;
static __thread uint64_t above_first, above_second;
static __thread volatile unsigned int nested;

static long raise_here(int number)
{
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"((long)SYS_tgkill), "D"((long)getpid()),
	                   "S"((long)syscall(SYS_gettid)), "d"((long)number)
	                 : "rcx", "r11", "memory");
	return result;
}

static void second(int number)
{
	(void)number;
	above_second = look_above();
	look(&in_second);
	set(0x99);
	set_above(0x99);
}

static void first(int number)
{
	struct state after;

	(void)number;
	above_first = look_above();
	look(&in_first);
	set(0x77);
	set_above(0x77);
	raise_here(SIGUSR2);
	nested += look_above() == (has_avx ? 0x7777777777777777ull : 0);
	look(&after);
	nested +=
	    after.mxcsr == MXCSR_SET && after.control == CONTROL_SET && after.xmm[255] == 0x77;
}

static bool round_trip(void)
{
	static __thread struct state before, after;
	uint64_t above;
	bool same;

	nested = 0;
	set(0x55);
	set_above(0x55);
	look(&before);
	raise_here(SIGUSR1);
	above = look_above();
	look(&after);
	back_to_normal();
	same = before.mxcsr == after.mxcsr && before.control == after.control &&
	       before.tags == after.tags && memcmp(before.xmm, after.xmm, XMM_BYTES) == 0;
	return same && above == (has_avx ? 0x5555555555555555ull : 0);
}

static void say_all(const char *what)
{
	bool kept = round_trip();

	say("%s: first handler initial %d %d, second %d %d, kept for the first %u, for the program "
	    "%d",
	    what, is_initial(&in_first), above_first == 0, is_initial(&in_second),
	    above_second == 0, nested, kept);
}

static sigjmp_buf back;

static void jump(int number)
{
	uint32_t mxcsr = 0x3f80;

	(void)number;
	__asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
	siglongjmp(back, 1);
}

/* The jump restores neither registers nor MXCSR: what the handler had goes on. */
static void jump_out(void)
{
	uint32_t mxcsr;

	handle(SIGUSR1, jump, 0);
	if (sigsetjmp(back, 1) == 0) {
		set(0x33);
		raise_here(SIGUSR1);
	}
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	back_to_normal();
	say("after a jump out of a handler: MXCSR %x", mxcsr);
}

/* What the frame holds is the interrupted state, and what the handler puts there comes back. */
static void change(int number, siginfo_t *info, void *context)
{
	struct _libc_fpstate *fpu = ((ucontext_t *)context)->uc_mcontext.fpregs;

	(void)number;
	(void)info;
	say("in the frame: MXCSR %x, control %x, xmm5 %x", fpu->mxcsr, fpu->cwd,
	    fpu->_xmm[5].element[0]);
	fpu->mxcsr = 0x5f80;
	fpu->cwd = 0x077f;
}

static void through_the_frame(void)
{
	struct state after;

	handle_info(SIGUSR1, change, 0);
	set(0x44);
	raise_here(SIGUSR1);
	look(&after);
	back_to_normal();
	say("changed there: MXCSR %x, control %x, xmm5 %x", after.mxcsr, after.control,
	    after.xmm[80]);
}

static void *in_thread(void *argument)
{
	bool *good = argument;

	*good = true;
	for (int i = 0; i < 200; i++)
		*good = *good && round_trip() && nested == 2 && is_initial(&in_first) &&
		        is_initial(&in_second);
	return NULL;
}

static void threads(void)
{
	pthread_t thread[4];
	bool good[4] = {false};

	for (size_t i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, in_thread, &good[i]);
	for (size_t i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	say("in four threads at once: %d %d %d %d", good[0], good[1], good[2], good[3]);
}

int main(void)
{
	static char other[65536];
	stack_t stack = {.ss_sp = other, .ss_size = sizeof(other)};

	__builtin_cpu_init();
	has_avx = __builtin_cpu_supports("avx");
	handle(SIGUSR1, first, 0);
	handle(SIGUSR2, second, 0);
	say_all("on the stack");
	sigaltstack(&stack, NULL);
	handle(SIGUSR1, first, SA_ONSTACK);
	say_all("on a stack of its own");
	handle(SIGUSR2, second, SA_ONSTACK);
	say_all("both on it");
	threads();
	jump_out();
	through_the_frame();
	return 0;
}
