/* SPDX-License-Identifier: MIT */
/*
 * What the guest layer asks of this kernel (xen/hooks.h), but for main and traps.
 */
#include "xen/hooks.h"

#include "arch/x86/uaccess.h"
#include "kernel/kernel.h"
#include "kernel/mm/page.h"
#include "kernel/task/task.h"

struct pt_frame *host_frame(pfn_t pfn)
{
	if (pfn.v >= page_total_count())
		return NULL;
	return &page_of_pfn(pfn)->pt;
}

pfn_t host_table_alloc(void)
{
	struct page *page = page_alloc_zeroed();

	return page ? page_pfn(page) : PFN_NONE;
}

void host_table_free(pfn_t pfn)
{
	page_put(page_of_pfn(pfn));
}

void host_secondary_main(void)
{
	sched_secondary();
}

uintptr_t host_fixup(uintptr_t rip)
{
	return uaccess_fixup(rip);
}

void host_panic(const char *text)
{
	panic("%s", text);
}

void host_log(const char *text)
{
	klog(LOG_ERROR, "%s", text);
}
