/* SPDX-License-Identifier: MIT */
/*
 * The interrupt flag and interrupt sources, for the kernel. The flag is the vcpu's event mask.
 */
#ifndef PINFOLD_PV_IRQ_H
#define PINFOLD_PV_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/* Mask events; true if they were enabled before. */
bool pv_irq_save(void);
/* Back to what pv_irq_save() returned; a pending event is taken before this returns. */
void pv_irq_restore(bool enabled);
void pv_irq_enable(void);
void pv_irq_disable(void);
bool pv_irq_enabled(void);

/* Sleep until an event arrives, which is taken before this returns. Called with events masked, so that a
 * wake-up between the caller's last look and the sleep is not lost; returns with events enabled. */
void pv_irq_wait(void);

/* Handlers run with events masked, on whatever stack was in use; they only mark work. */
typedef void pv_irq_handler(void *arg);

/* A device's interrupt line, of the machine this kernel owns as first domain. 0 or a negative errno. */
int pv_irq_bind_line(unsigned int gsi, pv_irq_handler *handler, void *arg);

#endif
