/* SPDX-License-Identifier: MIT */
/*
 * The seam between a kernel and what it runs on: groups of operations, one table of each per
 * backend, chosen once at boot. A kernel does not include this: it calls the inline functions of
 * pv/mmu.h, pv/cpu.h …, whose contracts are there.
 */
#ifndef PINFOLD_PV_OPS_H
#define PINFOLD_PV_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/pte.h"
#include "arch/x86/units.h"
#include "xen/space.h"

/* Whether anyone may still hold the old translation after a change, and so must be made to drop
 * it. */
enum pv_flush {
	/* The entry was not present, or only gained rights: a stale one faults and is retried. */
	PV_FLUSH_NONE = XEN_FLUSH_NONE,
	/* Drop the translation of this address on every CPU that may hold it. */
	PV_FLUSH_PAGE = XEN_FLUSH_PAGE,
};

typedef xen_pte_visitor pv_pte_visitor;
typedef xen_pte_editor pv_pte_editor;

struct pv_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

struct pv_mmu_ops {
	void (*spaces_set_apart)(bool apart);
	int (*space_init)(struct pt_space *space);
	void (*space_activate)(struct pt_space *space);
	void (*space_retire)(struct pt_space *space);
	void (*space_destroy)(struct pt_space *space);
	void (*space_dissolve)(struct pt_space *space, xen_pte_release *release, void *arg);
	void (*space_switch)(struct pt_space *next);
	pte_t (*pte_read)(const struct pt_space *space, vaddr_t va);
	void *(*user_reach)(struct pt_space *space, vaddr_t va, bool write);
	int (*pte_prepare)(struct pt_space *space, vaddr_t va);
	int (*pte_prepare_like)(struct pt_space *space, vaddr_t va, const struct pt_space *model);
	int (*tables_own)(struct pt_space *space, vaddr_t start, vaddr_t end);
	bool (*tables_share)(struct pt_space *from, struct pt_space *to, vaddr_t start, vaddr_t end,
	                     const struct xen_sharing *sharing, void *arg);
	void (*tables_leave)(struct pt_space *space, vaddr_t start, vaddr_t end,
	                     xen_pte_release *gone, xen_pte_release *release, void *arg);
	void (*pte_set)(struct pt_space *space, vaddr_t va, pte_t pte, enum pv_flush flush);
	bool (*pte_walk)(struct pt_space *space, vaddr_t start, vaddr_t end, pv_pte_visitor *visit,
	                 void *arg);
	vaddr_t (*pte_rewrite)(struct pt_space *space, vaddr_t start, vaddr_t end,
	                       pv_pte_editor *edit, void *arg);
	void (*ptes_read)(struct pt_space *space, vaddr_t va, pte_t *ptes, unsigned int count);
	void (*ptes_add)(struct pt_space *space, vaddr_t va, const pte_t *ptes, unsigned int count);
	int (*pte_protect)(struct pt_space *space, vaddr_t start, vaddr_t end, bool write,
	                   const struct xen_sharing *sharing, pv_pte_editor *edit, void *arg);
	int (*table_move)(struct pt_space *space, vaddr_t from, vaddr_t to);
	void (*tables_trim)(struct pt_space *space, vaddr_t start, vaddr_t end);
	unsigned int (*tables_reclaim)(void);
	size_t (*tables_count)(const struct pt_space *space);
	unsigned int (*table_links)(const struct pt_space *space, vaddr_t va);
	void (*flush_space)(struct pt_space *space);
	void (*lazy_enter)(void);
	void (*lazy_leave)(void);
	pte_t (*pte_make)(pfn_t pfn, uint64_t flags);
	pfn_t (*pte_pfn)(pte_t pte);
};

struct pv_cpu_ops {
	struct pv_cpuid (*cpuid)(uint32_t leaf, uint32_t subleaf);
	void (*set_kernel_stack)(void *top);
	uint64_t (*user_fs_base)(void);
	void (*set_user_fs_base)(uint64_t base);
	uint64_t (*user_gs_base)(void);
	void (*set_user_gs_base)(uint64_t base);
	bool (*bases_enter)(uint64_t fs_base, uint64_t gs_base);
	uint32_t (*fpu_area_bytes)(void);
	uint64_t (*fpu_features)(void);
	uint32_t (*fpu_control_mask)(void);
	void (*fpu_init_area)(void *area);
	void (*fpu_reset)(void);
	void (*fpu_save)(void *area);
	bool (*fpu_save_user)(void *area);
	void (*fpu_restore)(const void *area);
	bool (*fpu_restore_user)(const void *area);
	uintptr_t (*fault_address)(void);
	void (*lazy_enter)(void);
	void (*lazy_leave)(void);
	void (*yield)(void);
	void (*poweroff)(void); /* does not return */
	void (*reboot)(void);   /* does not return */
	void (*crash)(void);    /* does not return */
	int (*port_io_enable)(void);
	void *(*map_device)(maddr_t base, uint64_t bytes);
};

/* Operations that are inline code in the end: a site calls through one of these words until it is
 * patched at boot (port/irq_site.h). They change no register that a caller may not expect. */
struct pv_flag_ops {
	bool (*save)(void);
	void (*restore)(bool enabled);
	void (*enable)(void);
	void (*disable)(void);
};

struct pv_irq_ops {
	bool (*enabled)(void);
	void (*wait)(void);
	int (*bind_line)(unsigned int gsi, void (*handler)(void *arg), void *arg);
};

struct pv_smp_ops {
	unsigned int (*cpu_count)(void);
	int (*cpu_up)(unsigned int cpu, void *stack_top);
	void (*cpu_down_self)(void); /* does not return */
	bool (*cpu_is_down)(unsigned int cpu);
	unsigned long (*online_mask)(void);
	void (*reschedule)(unsigned int cpu);
	void (*set_reschedule_handler)(void (*handler)(void));
	void (*call_mask)(unsigned long cpus, void (*fn)(void *arg), void *arg, bool wait);
	int (*send_nmi)(unsigned int cpu);
	void (*stop_others)(void);
};

struct pv_time_ops {
	uint64_t (*monotonic_ns)(void);
	uint64_t (*ticks_to_ns)(uint64_t ticks);
	uint64_t (*wall_ns)(void);
	uint64_t (*sched_clock_ns)(void);
	uint64_t (*stolen_ns)(unsigned int cpu);
	void (*timer_set)(uint64_t deadline_ns);
	void (*timer_set_handler)(void (*handler)(void));
};

struct pv_console_ops {
	void (*log_write)(const char *data, size_t len);
	bool (*present)(void);
	size_t (*write)(const char *data, size_t len);
	size_t (*read)(char *data, size_t len);
	size_t (*unread)(void);
	int (*set_handler)(void (*handler)(void));
};

struct pv_xenstore_ops {
	int (*open)(void (*handler)(void));
	size_t (*send)(const void *data, size_t len);
	size_t (*receive)(void *data, size_t len);
};

/* What a backend has. */
struct pv_ops {
	const struct pv_mmu_ops *mmu;
	const struct pv_cpu_ops *cpu;
	const struct pv_irq_ops *irq;
	const struct pv_smp_ops *smp;
	const struct pv_time_ops *time;
	const struct pv_console_ops *console;
	const struct pv_xenstore_ops *xenstore;
};

/* First thing at boot, by the backend that finds itself started. */
void pv_choose(const struct pv_ops *backend);

/* The operations in force: copies, so that a call is one instruction. Nobody changes them after
 * boot. */
extern struct pv_mmu_ops pv_mmu_ops;
extern struct pv_cpu_ops pv_cpu_ops;
extern struct pv_irq_ops pv_irq_ops;
extern struct pv_smp_ops pv_smp_ops;
extern struct pv_time_ops pv_time_ops;
extern struct pv_console_ops pv_console_ops;
extern struct pv_xenstore_ops pv_xenstore_ops;
extern struct pv_flag_ops pv_flag;

#endif
