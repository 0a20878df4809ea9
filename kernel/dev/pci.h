/* SPDX-License-Identifier: MIT */
/*
 * The little of PCI that finding the channel takes: configuration space of bus 0 through the ports
 * 0xcf8 and 0xcfc. For the first domain, after pv_port_io_enable().
 */
#ifndef PINFOLD_KERNEL_DEV_PCI_H
#define PINFOLD_KERNEL_DEV_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/units.h"

/* Find function 0 of the first device on bus 0 with these numbers; its slot. */
bool pci_find(uint16_t vendor, uint16_t device, unsigned int *slot);

/* Make a device answer at its memory BAR `bar` (0 to 5; 64-bit ones count twice), and say where
 * that is and how many bytes. Nobody may use that memory meanwhile. False: it is no memory BAR, or
 * nobody has given it an address. */
bool pci_enable_memory_bar(unsigned int slot, unsigned int bar, maddr_t *base, uint64_t *bytes);

#endif
