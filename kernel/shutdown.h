/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: on the wish of someone outside, and when the run is over.
 */
#ifndef PINFOLD_KERNEL_SHUTDOWN_H
#define PINFOLD_KERNEL_SHUTDOWN_H

enum shutdown_kind {
	SHUTDOWN_POWEROFF,
	SHUTDOWN_REBOOT,
};

/* Boot, once timers work. */
void shutdown_init(void);

/* Ask every process to end: SIGTERM now, SIGKILL to those that are there some seconds later. The
 * run is over with the program, and the machine then ends in the way that was asked for last. Task
 * context; returns at once. */
void shutdown_request(enum shutdown_kind kind);

/* The run is over: end the machine. The first domain always reboots: powering off may hang without
 * ACPI, and the launcher's QEMU takes a reboot as the end. */
_Noreturn void shutdown_machine(void);

#endif
