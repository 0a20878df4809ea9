/* SPDX-License-Identifier: MIT */
/* Shows: floating-point results to the last bit, rounding modes, sticky flags, and unmasked
 * exceptions as SIGFPE with their code. Those are asked of the x87 alone: QEMU's processor never
 * raises the ones of SSE. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>

static sigjmp_buf back;

static void jump(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("  signal %d, code %d", number, info->si_code);
	siglongjmp(back, 1);
}

static void set_control(unsigned int control)
{
	__asm__ volatile("ldmxcsr %0" ::"m"(control));
}

static unsigned int get_control(void)
{
	unsigned int control;

	__asm__ volatile("stmxcsr %0" : "=m"(control));
	return control;
}

static void divide(const char *what, unsigned int control, double over, double under)
{
	say("%s", what);
	if (sigsetjmp(back, 1) == 0) {
		volatile double one = over, other = under, result;

		set_control(control);
		result = one / other;
		say("  result %a, flags %x", result, get_control() & 0x3f);
	}
	set_control(0x1f80);
}

static void divide_x87(const char *what, unsigned short control, double over, double under)
{
	say("%s", what);
	if (sigsetjmp(back, 1) == 0) {
		volatile double one = over, other = under, result;
		unsigned short status;

		__asm__ volatile("fninit; fldcw %[control]; fldl %[one]; fdivl %[other]; fwait;"
		                 "fnstsw %[status]; fstpl %[result]"
		                 : [status] "=m"(status), [result] "=m"(result)
		                 : [control] "m"(control), [one] "m"(one), [other] "m"(other)
		                 : "st");
		say("  result %a, flags %x", result, status & 0x3fu);
	}
	__asm__ volatile("fninit");
}

int main(void)
{
	volatile double tiny = 0x1p-1070, three = 3.0;
	volatile long double wide = 1.0L;
	volatile float narrow = 16777216.0f;

	handle_info(SIGFPE, jump, 0);
	divide("nearest", 0x1f80, 1.0, 3.0);
	divide("down", 0x3f80, 1.0, 3.0);
	divide("up", 0x5f80, 1.0, 3.0);
	divide("by zero, masked", 0x1f80, 1.0, 0.0);
	divide("zero by zero, masked", 0x1f80, 0.0, 0.0);
	divide_x87("x87, masked", 0x37f, 1.0, 0.0);
	divide_x87("x87, by zero", 0x37b, 1.0, 0.0);
	divide_x87("x87, zero by zero", 0x37e, 0.0, 0.0);
	divide_x87("x87, inexact", 0x35f, 1.0, 3.0);
	divide_x87("x87, single precision", 0x07f, 1.0, 3.0);
	say("denormal %a, half %a", tiny, tiny / 2);
	say("long double %La", wide / (long double)three);
	say("float %a", (double)(narrow + 1.0f));
	say("conversions %d %ld %u", (int)(three * 1.9), (long)-2.9, (unsigned int)4.1e9);
	return 0;
}
