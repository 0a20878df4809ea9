/* SPDX-License-Identifier: MIT */
/*
 * The Xen backend of the paravirtual operations: tables of the layer's functions, and the few that
 * need a word of adapting.
 */
#include <stdint.h>

#include <xen/sched.h>

#include "arch/x86/irq_code.h"
#include "pv/ops.h"
#include "xen/console.h"
#include "xen/cpuid.h"
#include "xen/device.h"
#include "xen/entry.h"
#include "xen/fpu.h"
#include "xen/hypercall.h"
#include "xen/ipi.h"
#include "xen/irq_flag.h"
#include "xen/lazy.h"
#include "xen/p2m.h"
#include "xen/segments.h"
#include "xen/share.h"
#include "xen/smp.h"
#include "xen/start.h"
#include "xen/table_pool.h"
#include "xen/time.h"
#include "xen/tlb.h"
#include "xen/xenstore.h"

static void set_entry(struct pt_space *space, vaddr_t va, pte_t pte, enum pv_flush flush)
{
	xen_pte_set(space, va, pte, flush == PV_FLUSH_PAGE ? XEN_FLUSH_PAGE : XEN_FLUSH_NONE);
}

static void lazy_mmu_enter(void)
{
	xen_lazy_enter(XEN_LAZY_MMU);
}

static void lazy_mmu_leave(void)
{
	xen_lazy_leave(XEN_LAZY_MMU);
}

static const struct pv_mmu_ops mmu_ops = {
    .spaces_set_apart = xen_spaces_set_apart,
    .space_init = xen_space_init,
    .space_activate = xen_space_activate,
    .space_retire = xen_space_retire,
    .space_destroy = xen_space_destroy,
    .space_dissolve = xen_space_dissolve,
    .space_switch = xen_space_switch,
    .pte_read = xen_pte_read,
    .user_reach = xen_user_reach,
    .pte_prepare = xen_pte_prepare,
    .pte_prepare_like = xen_pte_prepare_like,
    .tables_own = xen_tables_own,
    .tables_share = xen_tables_share,
    .ptes_read = xen_ptes_read,
    .ptes_add = xen_ptes_add,
    .tables_leave = xen_tables_leave,
    .pte_set = set_entry,
    .pte_walk = xen_pte_walk,
    .pte_rewrite = xen_pte_rewrite,
    .pte_protect = xen_pte_protect,
    .table_move = xen_table_move,
    .tables_trim = xen_tables_trim,
    .tables_reclaim = xen_tables_reclaim,
    .tables_count = xen_tables_count,
    .table_links = xen_table_links,
    .flush_space = xen_flush_space,
    .lazy_enter = lazy_mmu_enter,
    .lazy_leave = lazy_mmu_leave,
    .pte_make = pte_from_pfn,
    .pte_pfn = pte_pfn,
};

static struct pv_cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs regs = xen_cpuid(leaf, subleaf);

	return (struct pv_cpuid){regs.eax, regs.ebx, regs.ecx, regs.edx};
}

static void set_kernel_stack(void *top)
{
	this_cpu()->kernel_stack = top;
}

static void lazy_cpu_enter(void)
{
	xen_lazy_enter(XEN_LAZY_CPU);
}

static void lazy_cpu_leave(void)
{
	xen_lazy_leave(XEN_LAZY_CPU);
}

_Noreturn static void poweroff(void)
{
	xen_shutdown(SHUTDOWN_poweroff);
}

_Noreturn static void reboot(void)
{
	xen_shutdown(SHUTDOWN_reboot);
}

_Noreturn static void crash(void)
{
	xen_shutdown(SHUTDOWN_crash);
}

static const struct pv_cpu_ops cpu_ops = {
    .cpuid = cpuid,
    .set_kernel_stack = set_kernel_stack,
    .user_fs_base = segments_user_fs_base,
    .set_user_fs_base = segments_set_user_fs_base,
    .user_gs_base = segments_user_gs_base,
    .set_user_gs_base = segments_set_user_gs_base,
    .bases_enter = segments_bases_enter,
    .fpu_area_bytes = fpu_area_bytes,
    .fpu_features = fpu_features,
    .fpu_control_mask = fpu_control_mask,
    .fpu_init_area = fpu_init_area,
    .fpu_reset = fpu_reset,
    .fpu_save = fpu_save,
    .fpu_save_user = fpu_save_user,
    .fpu_restore = fpu_restore,
    .fpu_restore_user = fpu_restore_user,
    .fault_address = xen_fault_address,
    .lazy_enter = lazy_cpu_enter,
    .lazy_leave = lazy_cpu_leave,
    .yield = xen_yield,
    .poweroff = poweroff,
    .reboot = reboot,
    .crash = crash,
    .port_io_enable = device_enable_ports,
    .map_device = device_map,
};

static const struct pv_irq_ops irq_ops = {
    .enabled = xen_irq_enabled,
    .wait = xen_irq_wait,
    .bind_line = device_bind_line,
};

static int cpu_up(unsigned int cpu, void *stack_top)
{
	return smp_up((vcpu_t){cpu}, stack_top);
}

static bool cpu_is_down(unsigned int cpu)
{
	return smp_is_down((vcpu_t){cpu});
}

static unsigned long online_mask(void)
{
	return xen_online_mask;
}

static void reschedule(unsigned int cpu)
{
	ipi_reschedule((vcpu_t){cpu});
}

static int send_nmi(unsigned int cpu)
{
	return smp_send_nmi((vcpu_t){cpu});
}

static const struct pv_smp_ops smp_ops = {
    .cpu_count = smp_vcpu_count,
    .cpu_up = cpu_up,
    .cpu_down_self = smp_down_self,
    .cpu_is_down = cpu_is_down,
    .online_mask = online_mask,
    .reschedule = reschedule,
    .set_reschedule_handler = ipi_set_reschedule_handler,
    .call_mask = ipi_call_mask,
    .send_nmi = send_nmi,
    .stop_others = smp_stop_others,
};

static uint64_t stolen_ns(unsigned int cpu)
{
	return time_stolen_ns((vcpu_t){cpu});
}

static const struct pv_time_ops time_ops = {
    .monotonic_ns = time_monotonic_ns,
    .ticks_to_ns = time_ticks_to_ns,
    .wall_ns = time_wall_ns,
    .sched_clock_ns = time_sched_clock_ns,
    .stolen_ns = stolen_ns,
    .timer_set = time_timer_set,
    .timer_set_handler = time_timer_set_handler,
};

static const struct pv_console_ops console_ops = {
    .log_write = console_log,
    .present = console_present,
    .write = console_write,
    .read = console_read,
    .unread = console_unread,
    .set_handler = console_set_handler,
};

static const struct pv_xenstore_ops xenstore_ops = {
    .open = xenstore_open,
    .send = xenstore_send,
    .receive = xenstore_receive,
};

static const struct pv_ops xen_ops = {
    .mmu = &mmu_ops,
    .cpu = &cpu_ops,
    .irq = &irq_ops,
    .smp = &smp_ops,
    .time = &time_ops,
    .console = &console_ops,
    .xenstore = &xenstore_ops,
};

void xen_choose_operations(void)
{
	pv_choose(&xen_ops);
}

struct pv_flag_ops pv_flag = {
    .save = irq_save_indirect,
    .restore = irq_restore_indirect,
    .enable = irq_enable_indirect,
    .disable = irq_disable_indirect,
};
