/* SPDX-License-Identifier: MIT */
/* Shows: x87, SSE and AVX registers and their control words are each process's own across context
 * switches, and survive signal handlers that use them. */
#include "tests/suite/programs/say.h"
#include <sched.h>

static volatile int handled;

static void spoil(int number)
{
	volatile double x = 3.0;
	unsigned int control = 0x1f80;

	(void)number;
	x = x / 7.0;
	__asm__ volatile("ldmxcsr %0; fninit; xorps %%xmm0, %%xmm0; xorps %%xmm7, %%xmm7;"
	                 "xorps %%xmm15, %%xmm15" ::"m"(control)
	                 : "xmm0", "xmm7", "xmm15");
	handled++;
}

/* Sets registers, lets others run or a handler interfere, and checks them. */
__attribute__((noinline)) static bool sse_kept(unsigned long seed, bool with_signal)
{
	unsigned long in[4] = {seed, ~seed, seed * 3, seed * 5}, out[4] = {0};
	unsigned int control = 0x3f80, control_out = 0; /* another rounding mode */
	unsigned short fpu = 0x0f7f, fpu_out = 0;
	long call = with_signal ? SYS_tkill : SYS_sched_yield;
	long self = syscall(SYS_gettid), result;

	__asm__ volatile("movups %[in0], %%xmm0; movups %[in1], %%xmm7; movups %[in0], %%xmm15;"
	                 "fldcw %[fpu]; ldmxcsr %[control]; fldpi;"
	                 "syscall;"
	                 "fstp %%st(0); stmxcsr %[control_out]; fnstcw %[fpu_out];"
	                 "pxor %%xmm15, %%xmm0; movups %%xmm0, %[out0]; movups %%xmm7, %[out1]"
	                 : "=a"(result), [out0] "=m"(out[0]), [out1] "=m"(out[2]),
	                   [control_out] "=m"(control_out), [fpu_out] "=m"(fpu_out)
	                 : "a"(call), "D"(self), "S"((long)SIGUSR1), [in0] "m"(in[0]),
	                   [in1] "m"(in[2]), [fpu] "m"(fpu), [control] "m"(control)
	                 : "rcx", "r11", "memory", "xmm0", "xmm7", "xmm15", "st");
	fpu = 0x37f;
	__asm__ volatile("fldcw %0" ::"m"(fpu));
	control = 0x1f80;
	__asm__ volatile("ldmxcsr %0" ::"m"(control));
	return result == 0 && out[0] == 0 && out[2] == in[2] && control_out == 0x3f80 &&
	       (fpu_out & 0xf3f) == (0x0f7f & 0xf3f);
}

__attribute__((noinline, target("avx"))) static bool avx_kept(unsigned long seed)
{
	unsigned long in[4] = {seed, ~seed, seed * 3, seed * 5}, out[4] = {0};
	long result;

	__asm__ volatile("vmovups %[in], %%ymm9; syscall; vmovups %%ymm9, %[out]; vzeroupper"
	                 : "=a"(result), [out] "=m"(out)
	                 : "a"((long)SYS_sched_yield), [in] "m"(in)
	                 : "rcx", "r11", "memory", "xmm9");
	return !memcmp(in, out, sizeof(in));
}

static void worker(unsigned long seed, int turns)
{
	bool sse = true, avx = true;
	volatile double sum = 0;
	int i;

	for (i = 1; i <= turns; i++) {
		sse = sse && sse_kept(seed * (unsigned long)i, false);
		if (__builtin_cpu_supports("avx"))
			avx = avx && avx_kept(seed * (unsigned long)i);
		sum += 1.0 / i;
	}
	_exit(sse && avx && sum > 5.18 && sum < 5.19 ? 0 : 1);
}

int main(void)
{
	pid_t child[4];
	bool kept = true;
	int i;

	__builtin_cpu_init();
	for (i = 0; i < 4; i++) {
		child[i] = fork();
		if (child[i] == 0)
			worker(0x123456789abcdefUL * (unsigned long)(i + 1), 100);
	}
	for (i = 0; i < 4; i++)
		say_end("worker", child[i]);
	handle(SIGUSR1, spoil, 0);
	for (i = 0; i < 20; i++)
		kept = kept && sse_kept(0xfedcba987UL + (unsigned long)i, true);
	say("handlers %d", handled);
	say_truth("kept across them", kept);
	return 0;
}
