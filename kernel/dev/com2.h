/* SPDX-License-Identifier: MIT */
/*
 * The doorbell: one byte either way on the second serial port. What the byte is means nothing.
 */
#ifndef PINFOLD_KERNEL_DEV_COM2_H
#define PINFOLD_KERNEL_DEV_COM2_H

#include <stdbool.h>

/* Set the port up; `bell` runs with events masked when a byte has come, and only marks work. 0 or a
 * negative errno. After pv_port_io_enable(). */
int com2_init(void (*bell)(void));

/* Ring the other side. Any context. */
void com2_ring(void);

#endif
