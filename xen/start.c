/* SPDX-License-Identifier: MIT */
/*
 * Boot: see start.h. The order is forced: the per-CPU area before the first counted call,
 * translation before any entry is made, the direct map before the boot map goes, the shared page
 * before events.
 */
#include "xen/start.h"

#include <stdint.h>

#include <port/cpu.h>

#include <xen/features.h>
#include <xen/sched.h>
#include <xen/version.h>

#include "arch/x86/boot_layout.h"
#include "lib/string.h"
#include "xen/boot_map.h"
#include "xen/console.h"
#include "xen/direct_map.h"
#include "xen/entry.h"
#include "xen/evtchn.h"
#include "xen/fpu.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/p2m.h"
#include "xen/patch.h"
#include "xen/segments.h"
#include "xen/smp.h"
#include "xen/space.h"
#include "xen/time.h"
#include "xen/vcpu_info.h"

#define ENTRY_STACK_BYTES 4096u

struct xen_boot_info xen_boot;
struct xen_cpu xen_cpus[XEN_CPU_COUNT_MAX];
volatile unsigned long xen_online_mask = 1;

static uint64_t start_ticks;
static uint32_t features[XENFEAT_NR_SUBMAPS];

/* The page that is remapped to what Xen shares with the domain. */
static _Alignas(4096) char shared_page[4096];
/* Where frames from user mode arrive, before the entry code moves them. */
static _Alignas(16) char entry_stack[XEN_CPU_COUNT_MAX][ENTRY_STACK_BYTES];
/* Stands in until the shared page is mapped. Xen starts a domain with events masked. */
static struct vcpu_info early_vcpu_info = {.evtchn_upcall_mask = 1};

void *xen_entry_stack_top(vcpu_t vcpu)
{
	return entry_stack[vcpu.v] + ENTRY_STACK_BYTES;
}

struct vcpu_info *xen_shared_vcpu_info(vcpu_t vcpu)
{
	return &((struct shared_info *)(void *)shared_page)->vcpu_info[vcpu.v];
}

maddr_t xen_cpu_area(vcpu_t vcpu)
{
	const struct xen_cpu *cpu = &xen_cpus[vcpu.v];
	mfn_t mfn = p2m_mfn(boot_virt_to_pfn(cpu));

	return (maddr_t){mfn_to_maddr(mfn).v + ((uintptr_t)cpu & (PAGE_BYTES - 1))};
}

static void init_cpu_area(void)
{
	struct xen_cpu *cpu = &xen_cpus[0];

	cpu->self = cpu;
	cpu->id = (vcpu_t){0};
	cpu->vcpu_info = &early_vcpu_info;
	segments_init_cpu(cpu);
}

_Noreturn static void refuse(const char *why)
{
	static const char prefix[] = "Pinfold cannot start: ";

	console_emergency(prefix, sizeof(prefix) - 1);
	console_emergency(why, strlen(why));
	console_emergency("\n", 1);
	xen_shutdown(SHUTDOWN_crash);
}

bool xen_has_feature(unsigned int feature)
{
	return feature / 32 < XENFEAT_NR_SUBMAPS &&
	       (features[feature / 32] & (1u << (feature % 32)));
}

static void read_features(void)
{
	for (unsigned int i = 0; i < XENFEAT_NR_SUBMAPS; i++) {
		struct xen_feature_info info = {.submap_idx = i};

		if (xen_op(__HYPERVISOR_xen_version, XENVER_get_features, &info) == 0)
			features[i] = info.submap;
	}
	const char *why = start_features_check(features);

	if (why)
		refuse(why);
}

/* Assists are offers: what Xen does not know it refuses, and nothing rests on them. */
static void enable_assists(void)
{
	/* A forgotten read-modify-write of a leaf entry is then emulated in any domain (the
	 * first has it anyway) and can be counted. */
	xen_call2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	xen_call2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag);
}

static void read_boot_info(const struct start_info *info)
{
	long version = xen_call2(__HYPERVISOR_xen_version, XENVER_version, 0);

	str_copy(xen_boot.command_line, (const char *)info->cmd_line,
	         strnlen((const char *)info->cmd_line, MAX_GUEST_CMDLINE) + 1);
	xen_boot.frame_count = info->nr_pages;
	xen_boot.first_domain = info->flags & SIF_INITDOMAIN;
	xen_boot.xenstore_mfn = MFN((unsigned long)info->store_mfn);
	xen_boot.xenstore_port = (port_t){info->store_evtchn};
	fmt_print(xen_boot.xen_version, sizeof(xen_boot.xen_version), "%ld.%ld", version >> 16,
	          version & 0xffff);
	if (info->mod_start != 0 && info->mod_len != 0) {
		pfn_t first = boot_virt_to_pfn((void *)info->mod_start);
		pfn_t last = boot_virt_to_pfn((void *)(info->mod_start + info->mod_len - 1));

		xen_boot.ramdisk_first = first;
		xen_boot.ramdisk_frames = last.v - first.v + 1;
		xen_boot.ramdisk =
		    (char *)xen_pfn_to_virt(first) + (info->mod_start & (PAGE_BYTES - 1));
		xen_boot.ramdisk_bytes = info->mod_len;
	}
}

static struct shared_info *map_shared_page(maddr_t address)
{
	pte_t entry = pte_from_mfn(maddr_to_mfn(address),
	                           PTE_PRESENT | PTE_WRITE | PTE_NX | PTE_ACCESSED | PTE_DIRTY);

	if (xen_update_va(VADDR(shared_page), entry, UVMF_INVLPG | UVMF_LOCAL) != 0)
		refuse("Xen refused the mapping of the shared page");
	return (struct shared_info *)(void *)shared_page;
}

_Noreturn void xen_start(struct start_info *info)
{
	const char *why = start_info_check(info);

	start_ticks = port_tsc();
	xen_choose_operations();
	if (why)
		refuse(why);
	init_cpu_area();
	read_features();
	enable_assists();
	read_boot_info(info);
	pfn_t start = boot_virt_to_pfn(info);

	p2m_init((const unsigned long *)info->mfn_list, info->nr_pages);
	xen_entry_init(xen_entry_stack_top((vcpu_t){0}));
	xen_boot.first_free = boot_map_build(info);
	/* The boot map is gone but for the image. */
	info = xen_pfn_to_virt(start);

	struct shared_info *shared = map_shared_page((maddr_t){info->shared_info});

	xen_cpus[0].vcpu_info = &shared->vcpu_info[0];
	evtchn_init(shared);
	smp_init();
	patch_apply(vcpu_info_placed);
	console_init(info);
	fpu_init();
	time_init(shared);
	time_init_cpu();
	host_main();
}

void xen_memory_adopt(void)
{
	boot_map_adopt();
	boot_map_verify();
}

uint64_t xen_ticks_since_start(void)
{
	return port_tsc() - start_ticks;
}

_Noreturn void xen_shutdown(unsigned int reason)
{
	struct sched_shutdown op = {.reason = reason};

	for (;;)
		port_hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&op, 0, 0,
		               0);
}
