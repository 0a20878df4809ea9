/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: see shutdown.h.
 */
#include "kernel/shutdown.h"

#include "kernel/kernel.h"
#include "kernel/linux/abi.h"
#include "kernel/task/task.h"
#include "kernel/task/timer.h"
#include "pv/boot.h"
#include "pv/cpu.h"
#include "pv/time.h"

/* Between the request and force: long enough to write a file, short of the toolstack's patience. */
#define GRACE_NS (3 * NS_PER_SEC)

static enum shutdown_kind wanted = SHUTDOWN_POWEROFF;
static struct timer grace_timer;

/* To all processes; process 1 and the kernel's own are not touched by signals. */
static void signal_all(int signal)
{
	struct process *process;

	list_for_each_entry (process, &process_all, struct process, all_node)
		signal_send_process(process, signal, NULL);
}

static void grace_over(struct timer *timer)
{
	(void)timer;
	signal_all(ABI_SIGKILL);
}

void shutdown_init(void)
{
	timer_init(&grace_timer, grace_over);
}

void shutdown_request(enum shutdown_kind kind)
{
	klog(LOG_INFO, "%s requested", kind == SHUTDOWN_REBOOT ? "reboot" : "power-off");
	wanted = kind;
	signal_all(ABI_SIGTERM);
	signal_all(ABI_SIGCONT);
	timer_arm(&grace_timer, pv_time_monotonic_ns() + GRACE_NS);
}

_Noreturn void shutdown_machine(void)
{
	if (pv_boot_info()->first_domain || wanted == SHUTDOWN_REBOOT)
		pv_cpu_reboot();
	pv_cpu_poweroff();
}
