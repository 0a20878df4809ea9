/* SPDX-License-Identifier: MIT */
/*
 * Where an operation on the interrupt flag is used.
 */
#ifndef PINFOLD_PORT_IRQ_SITE_H
#define PINFOLD_PORT_IRQ_SITE_H

#include "port/irq_call.h"

#endif
