/* SPDX-License-Identifier: MIT */
/* Signals, and faults that a program handles itself. */
#include "bench/ops/ops.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile sig_atomic_t delivered;
static pid_t self;
static char *page;

static void count_signal(int number)
{
	(void)number;
	delivered++;
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	op_check(sigaction(number, &action, NULL) == 0, "sigaction");
}

static void set_up_signal(void)
{
	self = getpid();
	handle(SIGUSR1, count_signal);
}

static void run_signal(void)
{
	sig_atomic_t before = delivered;

	kill(self, SIGUSR1);
	op_check(delivered == before + 1, "a signal's delivery");
}

static void make_writable(int number)
{
	(void)number;
	mprotect(page, PAGE_BYTES, PROT_READ | PROT_WRITE);
	delivered++;
}

static void set_up_fault(void)
{
	page = op_map_touched(PAGE_BYTES);
	handle(SIGSEGV, make_writable);
}

static void run_fault(void)
{
	sig_atomic_t before = delivered;

	mprotect(page, PAGE_BYTES, PROT_READ);
	*(volatile char *)page = 2;
	op_check(delivered == before + 1, "a fault's delivery");
}

static void tear_down_fault(void)
{
	handle(SIGSEGV, SIG_DFL);
	munmap(page, PAGE_BYTES);
}

const struct op signals_ops[] = {
    {.name = "signal", .runs = 300, .run = run_signal, .set_up = set_up_signal},
    {.name = "fault-cycle",
     .runs = 300,
     .run = run_fault,
     .set_up = set_up_fault,
     .tear_down = tear_down_fault},
    {0},
};
