/* SPDX-License-Identifier: MIT */
/*
 * The doorbell UART, an 8250 or one of its successors at the second serial port's usual place.
 */
#include "kernel/dev/com2.h"

#include "kernel/kernel.h"
#include "pv/irq.h"
#include "pv/port_io.h"

#define COM2_IRQ 3u

/* Registers. */
#define COM2_DATA         0x2f8 /* divisor, low byte, while LCR_DIVISOR is set */
#define COM2_INT_ENABLE   0x2f9 /* divisor, high byte */
#define COM2_FIFO_CONTROL 0x2fa
#define COM2_LINE_CONTROL 0x2fb
#define COM2_MODEM        0x2fc
#define COM2_LINE_STATUS  0x2fd

#define INT_DATA_READY 0x01
#define FIFO_ENABLE    0x01
#define FIFO_RESET     0x06
#define LCR_8_BITS     0x03
#define LCR_DIVISOR    0x80
#define MODEM_DTR_RTS  0x03
#define MODEM_OUT2     0x08 /* lets the interrupt out of the chip */
#define LSR_DATA_READY 0x01
#define DIVISOR_115200 1

static void (*com2_bell)(void);

/* The interrupt is an edge: it comes again only after the chip has had nothing to give. A chip that
 * is not there reads as all ones for ever, hence the bound. */
static void com2_drain(void)
{
	for (unsigned int i = 0; i < 256; i++) {
		if (!(pv_port_in8(COM2_LINE_STATUS) & LSR_DATA_READY))
			break;
		pv_port_in8(COM2_DATA);
	}
}

static void com2_interrupt(void *arg)
{
	(void)arg;
	com2_drain();
	com2_bell();
}

int com2_init(void (*bell)(void))
{
	int error;

	com2_bell = bell;
	pv_port_out8(COM2_INT_ENABLE, 0);
	pv_port_out8(COM2_LINE_CONTROL, LCR_DIVISOR);
	pv_port_out8(COM2_DATA, DIVISOR_115200);
	pv_port_out8(COM2_INT_ENABLE, 0);
	pv_port_out8(COM2_LINE_CONTROL, LCR_8_BITS);
	pv_port_out8(COM2_FIFO_CONTROL, FIFO_ENABLE | FIFO_RESET);
	pv_port_out8(COM2_MODEM, MODEM_DTR_RTS | MODEM_OUT2);
	error = pv_irq_bind_line(COM2_IRQ, com2_interrupt, NULL);
	if (error)
		return error;
	pv_port_out8(COM2_INT_ENABLE, INT_DATA_READY);
	com2_drain();
	return 0;
}

/* Ready or not: a byte that has not left yet may be replaced, for one is enough to wake the other
 * side, which then looks at everything. */
void com2_ring(void)
{
	pv_port_out8(COM2_DATA, '!');
}
