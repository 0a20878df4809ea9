/* SPDX-License-Identifier: MIT */
/*
 * The CPUID filter: see cpuid.h. Bit numbers are the processor manuals'.
 */
#include "xen/cpuid.h"

#include <port/cpu.h>

/* Leaf 1, edx. */
#define F1D_VME   (1u << 1)
#define F1D_PSE   (1u << 3)
#define F1D_MCE   (1u << 7)
#define F1D_APIC  (1u << 9)
#define F1D_SEP   (1u << 11)
#define F1D_MTRR  (1u << 12)
#define F1D_PGE   (1u << 13)
#define F1D_MCA   (1u << 14)
#define F1D_PSE36 (1u << 17)
#define F1D_DS    (1u << 21)
#define F1D_ACPI  (1u << 22)
#define F1D_ACC   (1u << 29)
#define F1D_PBE   (1u << 31)
/* Leaf 1, ecx. */
#define F1C_DTES64 (1u << 2)
#define F1C_MWAIT  (1u << 3)
#define F1C_DSCPL  (1u << 4)
#define F1C_VMX    (1u << 5)
#define F1C_SMX    (1u << 6)
#define F1C_EST    (1u << 7)
#define F1C_TM2    (1u << 8)
#define F1C_PDCM   (1u << 15)
#define F1C_PCID   (1u << 17)
#define F1C_DCA    (1u << 18)
#define F1C_X2APIC (1u << 21)
#define F1C_TSCDL  (1u << 24)
/* Leaf 7, ebx and ecx. */
#define F7B_SMEP    (1u << 7)
#define F7B_INVPCID (1u << 10)
#define F7B_SMAP    (1u << 20)
#define F7C_UMIP    (1u << 2)
#define F7C_PKU     (1u << 3)
#define F7C_OSPKE   (1u << 4)
#define F7C_LA57    (1u << 16)
/* Extended leaf 1, ecx and edx. */
#define FXC_SVM     (1u << 2)
#define FXC_EXTAPIC (1u << 3)
#define FXC_OSVW    (1u << 9)
#define FXC_IBS     (1u << 10)
#define FXC_SKINIT  (1u << 12)
#define FXD_1GB     (1u << 26)
/* What the shared bits of leaf 1 are in AMD's copy. */
#define FXD_SHARED \
	(F1D_VME | F1D_PSE | F1D_MCE | F1D_APIC | F1D_MTRR | F1D_PGE | F1D_MCA | F1D_PSE36)

#define LEAF_FEATURES     0x00000001u
#define LEAF_MWAIT        0x00000005u
#define LEAF_POWER        0x00000006u
#define LEAF_EXTENDED     0x00000007u
#define LEAF_PERFMON      0x0000000au
#define LEAF_TOPOLOGY     0x0000000bu
#define LEAF_AMD_FEATURES 0x80000001u

struct cpuid_regs cpuid_filter(uint32_t leaf, uint32_t subleaf, struct cpuid_regs raw)
{
	struct cpuid_regs out = raw;

	(void)subleaf;
	switch (leaf) {
	case LEAF_FEATURES:
		out.edx &= ~(F1D_VME | F1D_PSE | F1D_MCE | F1D_APIC | F1D_SEP | F1D_MTRR | F1D_PGE |
		             F1D_MCA | F1D_PSE36 | F1D_DS | F1D_ACPI | F1D_ACC | F1D_PBE);
		out.ecx &= ~(F1C_DTES64 | F1C_MWAIT | F1C_DSCPL | F1C_VMX | F1C_SMX | F1C_EST |
		             F1C_TM2 | F1C_PDCM | F1C_PCID | F1C_DCA | F1C_X2APIC | F1C_TSCDL);
		break;
	case LEAF_EXTENDED:
		out.ebx &= ~(F7B_SMEP | F7B_INVPCID | F7B_SMAP);
		out.ecx &= ~(F7C_UMIP | F7C_PKU | F7C_OSPKE | F7C_LA57);
		break;
	case LEAF_MWAIT:
	case LEAF_POWER:
	case LEAF_PERFMON:
	case LEAF_TOPOLOGY: /* of the machine, not of our vcpus */
		out = (struct cpuid_regs){0};
		break;
	case LEAF_AMD_FEATURES:
		out.ecx &= ~(FXC_SVM | FXC_EXTAPIC | FXC_OSVW | FXC_IBS | FXC_SKINIT);
		out.edx &= ~(FXD_SHARED | FXD_1GB);
		break;
	default:
		break;
	}
	return out;
}

struct cpuid_regs xen_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct port_cpuid raw = port_cpuid(leaf, subleaf);

	return cpuid_filter(leaf, subleaf, (struct cpuid_regs){raw.eax, raw.ebx, raw.ecx, raw.edx});
}
