/* SPDX-License-Identifier: MIT */
/*
 * Boot of the kernel: from the guest layer's hand-over to the idle loop.
 */
#include "kernel/dev/stream.h"
#include "kernel/dev/xenstore.h"
#include "kernel/fs/vfs.h"
#include "kernel/glue/args.h"
#include "kernel/glue/hand_over.h"
#include "kernel/glue/nmi.h"
#include "kernel/glue/report.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/mm/page.h"
#include "kernel/shutdown.h"
#include "kernel/task/cpu.h"
#include "kernel/task/task.h"
#include "pv/boot.h"
#include "pv/irq.h"
#include "pv/mmu.h"
#include "xen/hooks.h"

static size_t memory_extend(size_t frames)
{
	return pv_memory_extend(frames);
}

/* The frame records come first behind the boot data, then everything is free. Frame 0 is left
 * out: an address of zero would be a valid one. */
static void memory_init(const struct xen_boot_info *boot)
{
	size_t bytes = boot->frame_count * sizeof(struct page);
	size_t frames = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	struct page *records = pv_pfn_to_virt(boot->first_free);
	unsigned long first = boot->first_free.v + frames, usable;

	if (first >= boot->frame_count)
		panic("%lu KiB of memory are too little", boot->frame_count * 4);
	usable = pv_memory_extend(first);
	page_init(records, boot->frame_count, usable, memory_extend);
	pv_memory_adopt();
	page_free_range(PFN(first), usable - first);
	page_set_reclaim(pv_tables_reclaim);
	pv_spaces_set_apart(true); /* mm/uaccess.c */
}

/* Frames of the ramdisk that have been freed, from the first on. */
static size_t ramdisk_freed;

static void ramdisk_free(size_t frames)
{
	pfn_t first = PFN(pv_boot_info()->ramdisk_first.v + ramdisk_freed);

	page_free_range(first, frames - ramdisk_freed);
	ramdisk_freed = frames;
}

static void ramdisk_used(size_t bytes)
{
	size_t skipped = (uintptr_t)pv_boot_info()->ramdisk & (PAGE_BYTES - 1);

	ramdisk_free((skipped + bytes) / PAGE_BYTES);
}

static void root_init(const struct xen_boot_info *boot)
{
	int error;

	if (!boot->ramdisk)
		return;
	error = ramdisk_unpack(boot->ramdisk, boot->ramdisk_bytes, ramdisk_used);
	if (error)
		panic("the ramdisk cannot be used%s",
		      error == -ENOSPC || error == -ENOMEM ? ": too little memory for it" : "");
	ramdisk_free(boot->ramdisk_frames);
}

/* The first task: what may sleep, then the program. */
static void first_task(void *arg)
{
	(void)arg;
	hand_over_take();
	task_run_init();
}

void host_main(void)
{
	const struct xen_boot_info *boot = pv_boot_info();
	struct task *init;

	sched_early();
	memory_init(boot);
	kernel_args_init(boot->command_line);
	log_set_level((unsigned int)kernel_arg_number("loglevel", LOG_INFO));
	klog(LOG_INFO, "Pinfold on Xen %s as %s, %lu MiB, %zu KiB free", boot->xen_version,
	     boot->first_domain ? "first domain" : "guest domain", boot->frame_count >> 8,
	     page_free_count() * 4);
	sched_init();
	vfs_init();
	root_init(boot);
	stream_init();
	shutdown_init();
	xenstore_init();
	report_init();
	nmi_init();
	pv_irq_enable();
	cpu_start_others();
	init = task_create_kernel("init", first_task, NULL);
	if (!init)
		panic("no memory for the first task");
	sched_add(init);
	sched_idle();
}
