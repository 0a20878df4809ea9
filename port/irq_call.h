/* SPDX-License-Identifier: MIT */
/*
 * Operations on the interrupt flag where no site is patched: a plain call. Included by irq_site.h.
 */
#ifndef PINFOLD_PORT_IRQ_CALL_H
#define PINFOLD_PORT_IRQ_CALL_H

#include <stdbool.h>

static inline bool port_site_irq_save(bool (**function)(void))
{
	return (*function)();
}

static inline void port_site_irq_restore(void (**function)(bool enabled), bool enabled)
{
	(*function)(enabled);
}

static inline void port_site_irq_enable(void (**function)(void))
{
	(*function)();
}

static inline void port_site_irq_disable(void (**function)(void))
{
	(*function)();
}

#endif
