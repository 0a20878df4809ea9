/* SPDX-License-Identifier: MIT */
/*
 * The host hooks of a very small kernel (see host.h), and its memory: frames are handed out in
 * order; freed page tables are kept on a list through their first word.
 */
#include "examples/minimal/host.h"

#include "arch/x86/uaccess.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/console.h"
#include "pv/cpu.h"
#include "pv/mmu.h"

struct host_handlers host_handlers;

static struct pt_frame *frames;
static unsigned long next_frame;
static pfn_t free_tables = {~0ul};
static unsigned long free_table_count;

void say(const char *format, ...)
{
	char line[200];
	va_list args;

	va_start(args, format);
	fmt_vprint(line, sizeof(line), format, args);
	va_end(args);
	pv_log_write(line, strlen(line));
	pv_log_write("\n", 1);
}

void host_memory_init(void)
{
	const struct xen_boot_info *boot = pv_boot_info();
	size_t bytes = boot->frame_count * sizeof(struct pt_frame);

	next_frame = boot->first_free.v + (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	pv_memory_extend(next_frame);
	memset(pv_pfn_to_virt(boot->first_free), 0, bytes);
	frames = pv_pfn_to_virt(boot->first_free);
	pv_memory_adopt();
}

unsigned long host_frames_used(void)
{
	return next_frame - free_table_count;
}

struct pt_frame *host_frame(pfn_t pfn)
{
	return frames && pfn.v < pv_boot_info()->frame_count ? &frames[pfn.v] : NULL;
}

pfn_t host_table_alloc(void)
{
	pfn_t pfn = free_tables;

	if (!pfn_is_none(pfn)) {
		free_tables = *(pfn_t *)pv_pfn_to_virt(pfn);
		free_table_count--;
	} else if (next_frame < pv_boot_info()->frame_count) {
		pfn = PFN(next_frame++);
		pv_memory_extend(next_frame);
	} else {
		return PFN_NONE;
	}
	memset(pv_pfn_to_virt(pfn), 0, PAGE_BYTES);
	return pfn;
}

void host_table_free(pfn_t pfn)
{
	*(pfn_t *)pv_pfn_to_virt(pfn) = free_tables;
	free_tables = pfn;
	free_table_count++;
}

uintptr_t host_fixup(uintptr_t rip)
{
	return uaccess_fixup(rip);
}

void host_log(const char *text)
{
	say("%s", text);
}

void host_panic(const char *text)
{
	say("panic: %s", text);
	pv_cpu_crash();
}

void host_secondary_main(void)
{
	if (!host_handlers.secondary)
		host_panic("a vcpu has come up that nobody has asked for");
	host_handlers.secondary();
	host_panic("a secondary vcpu has returned");
}

bool host_syscall(struct cpu_frame *frame)
{
	if (!host_handlers.system_call)
		host_panic("user mode made a system call that nobody expects");
	return host_handlers.system_call(frame);
}

void host_trap(struct cpu_frame *frame)
{
	uintptr_t fixup = frame_from_user(frame) ? 0 : host_fixup(frame->rip);

	if (fixup != 0) {
		frame->rip = fixup;
		return;
	}
	if (host_handlers.trap && host_handlers.trap(frame))
		return;
	say("exception %llu at %#llx", (unsigned long long)frame->vector,
	    (unsigned long long)frame->rip);
	host_panic("an exception that nobody expects");
}

void host_nmi(const struct cpu_frame *frame)
{
	if (host_handlers.nmi)
		host_handlers.nmi(frame);
}

void host_return_to_user(struct cpu_frame *frame)
{
	(void)frame; /* no signals, no scheduler: nothing to do on the way */
}
