/* SPDX-License-Identifier: MIT */
/*
 * The interrupt flag and interrupt sources, for the kernel. The flag is the vcpu's event mask.
 */
#ifndef PINFOLD_PV_IRQ_H
#define PINFOLD_PV_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include <port/irq_site.h>

#include "pv/ops.h"

/* Mask events; true if they were enabled before. */
static inline bool pv_irq_save(void)
{
	return port_site_irq_save(&pv_flag.save);
}
/* Back to what pv_irq_save() returned; a pending event is taken before this returns. */
static inline void pv_irq_restore(bool enabled)
{
	port_site_irq_restore(&pv_flag.restore, enabled);
}
static inline void pv_irq_enable(void)
{
	port_site_irq_enable(&pv_flag.enable);
}
static inline void pv_irq_disable(void)
{
	port_site_irq_disable(&pv_flag.disable);
}
static inline bool pv_irq_enabled(void)
{
	return pv_irq_ops.enabled();
}

/* Sleep until an event arrives, which is taken before this returns. Called with events masked,
 * so that a wake-up between the caller's last look and the sleep is not lost; returns with
 * events enabled. */
static inline void pv_irq_wait(void)
{
	pv_irq_ops.wait();
}

/* Handlers run with events masked, on whatever stack was in use; they only mark work. */
typedef void pv_irq_handler(void *arg);

/* A device's interrupt line, of the machine this kernel owns as first domain. 0 or a negative
 * errno. */
static inline int pv_irq_bind_line(unsigned int gsi, pv_irq_handler *handler, void *arg)
{
	return pv_irq_ops.bind_line(gsi, handler, arg);
}

#endif
