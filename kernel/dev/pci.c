/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space by the first access mechanism. No resources are assigned: the firmware
 * did.
 */
#include "kernel/dev/pci.h"

#include "pv/port_io.h"

#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT    0xcfc
#define PCI_ENABLE       0x80000000u
#define PCI_SLOT_COUNT   32u

#define PCI_REG_IDS     0x00u
#define PCI_REG_COMMAND 0x04u
#define PCI_REG_BAR0    0x10u

#define PCI_COMMAND_MEMORY 0x2u

#define PCI_BAR_IO      0x1u
#define PCI_BAR_TYPE    0x6u
#define PCI_BAR_TYPE_64 0x4u
#define PCI_BAR_FLAGS   0xfu

static uint32_t pci_read(unsigned int slot, unsigned int reg)
{
	pv_port_out32(PCI_ADDRESS_PORT, PCI_ENABLE | (slot << 11) | reg);
	return pv_port_in32(PCI_DATA_PORT);
}

static void pci_write(unsigned int slot, unsigned int reg, uint32_t value)
{
	pv_port_out32(PCI_ADDRESS_PORT, PCI_ENABLE | (slot << 11) | reg);
	pv_port_out32(PCI_DATA_PORT, value);
}

bool pci_find(uint16_t vendor, uint16_t device, unsigned int *slot)
{
	uint32_t want = (uint32_t)device << 16 | vendor;

	for (unsigned int i = 0; i < PCI_SLOT_COUNT; i++) {
		if (pci_read(i, PCI_REG_IDS) == want) {
			*slot = i;
			return true;
		}
	}
	return false;
}

/* The size is told by the address bits that cannot be set. */
static uint64_t bar_bytes(unsigned int slot, unsigned int reg, uint32_t low, bool wide,
                          uint32_t high)
{
	uint64_t settable;

	pci_write(slot, reg, UINT32_MAX);
	settable = pci_read(slot, reg) & ~PCI_BAR_FLAGS;
	pci_write(slot, reg, low);
	if (wide) {
		pci_write(slot, reg + 4, UINT32_MAX);
		settable |= (uint64_t)pci_read(slot, reg + 4) << 32;
		pci_write(slot, reg + 4, high);
	} else {
		settable |= (uint64_t)UINT32_MAX << 32;
	}
	return -settable;
}

bool pci_enable_memory_bar(unsigned int slot, unsigned int bar, maddr_t *base, uint64_t *bytes)
{
	unsigned int reg = PCI_REG_BAR0 + 4 * bar;
	uint32_t low = pci_read(slot, reg);
	bool wide = (low & PCI_BAR_TYPE) == PCI_BAR_TYPE_64;
	uint32_t high = wide ? pci_read(slot, reg + 4) : 0;
	uint32_t command;

	if (low & PCI_BAR_IO)
		return false;
	base->v = (uint64_t)high << 32 | (low & ~PCI_BAR_FLAGS);
	if (base->v == 0)
		return false;
	/* The upper half of the register is the status, whose bits are cleared by writing ones. */
	command = pci_read(slot, PCI_REG_COMMAND) & 0xffff;
	pci_write(slot, PCI_REG_COMMAND, command & ~PCI_COMMAND_MEMORY);
	*bytes = bar_bytes(slot, reg, low, wide, high);
	pci_write(slot, PCI_REG_COMMAND, command | PCI_COMMAND_MEMORY);
	return true;
}
