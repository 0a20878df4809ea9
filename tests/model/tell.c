/* SPDX-License-Identifier: MIT */
/*
 * Words for the timeline: see tell.h. Frames are named by pfn, as the guest does.
 */
#include "tests/model/tell.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include "explore/explore.h"
#include "model/model.h"
#include "xen/hooks.h"
#include "xen/percpu.h"
#include "xen/space.h"

#define TEXT 1200

static struct {
	const struct pt_space *asked, *actual;
} told[EXPLORE_VCPUS];

static long pfn_of(uint64_t mfn)
{
	return mfn < MODEL_FRAMES ? (long)model_pfn((uint32_t)mfn) : -1;
}

static size_t tell_entry(char *text, size_t size, uint64_t value)
{
	int len;

	if (!(value & 1))
		len = snprintf(text, size, "none");
	else
		len = snprintf(text, size, "pfn %ld %s", pfn_of(value >> 12 & 0xffffffffffull),
		               value & 2 ? "rw" : "ro");
	return len < 0 ? 0 : (size_t)len;
}

static size_t tell_update(char *text, size_t size, const struct mmu_update *update)
{
	size_t len =
	    (size_t)snprintf(text, size, "mmu_update pfn %ld[%llu] = ", pfn_of(update->ptr >> 12),
	                     (unsigned long long)(update->ptr % 4096) / model.format->entry_bytes);

	return len < size ? len + tell_entry(text + len, size - len, update->val) : len;
}

static size_t tell_ext(char *text, size_t size, const struct mmuext_op *op)
{
	static const char *const names[] = {
	    [MMUEXT_PIN_L1_TABLE] = "pin L1",
	    [MMUEXT_PIN_L2_TABLE] = "pin L2",
	    [MMUEXT_PIN_L3_TABLE] = "pin L3",
	    [MMUEXT_PIN_L4_TABLE] = "pin L4",
	    [MMUEXT_UNPIN_TABLE] = "unpin",
	    [MMUEXT_NEW_BASEPTR] = "load base",
	    [MMUEXT_NEW_USER_BASEPTR] = "load user base",
	    [MMUEXT_TLB_FLUSH_LOCAL] = "flush",
	    [MMUEXT_INVLPG_LOCAL] = "flush page",
	    [MMUEXT_TLB_FLUSH_MULTI] = "flush on a mask",
	    [MMUEXT_INVLPG_MULTI] = "flush page on a mask",
	    [MMUEXT_TLB_FLUSH_ALL] = "flush on all",
	    [MMUEXT_INVLPG_ALL] = "flush page on all",
	};
	const char *name =
	    op->cmd < sizeof(names) / sizeof(names[0]) && names[op->cmd] ? names[op->cmd] : "?";

	if (op->cmd <= MMUEXT_NEW_BASEPTR || op->cmd == MMUEXT_NEW_USER_BASEPTR)
		return (size_t)snprintf(text, size, "%s pfn %ld", name, pfn_of(op->arg1.mfn));
	if (op->cmd == MMUEXT_INVLPG_LOCAL || op->cmd == MMUEXT_INVLPG_MULTI ||
	    op->cmd == MMUEXT_INVLPG_ALL)
		return (size_t)snprintf(text, size, "%s %#lx", name,
		                        (unsigned long)op->arg1.linear_addr);
	return (size_t)snprintf(text, size, "%s", name);
}

static size_t tell_array(char *text, size_t size, bool updates, const void *requests,
                         unsigned long count)
{
	size_t len = 0;

	for (unsigned long i = 0; i < count && len < size; i++) {
		len += (size_t)snprintf(text + len, size - len, "%s", i ? ", " : "");
		if (len >= size)
			break;
		if (updates)
			len += tell_update(text + len, size - len,
			                   (const struct mmu_update *)requests + i);
		else
			len += tell_ext(text + len, size - len,
			                (const struct mmuext_op *)requests + i);
	}
	return len;
}

static size_t tell_va(char *text, size_t size, unsigned long va, uint64_t value)
{
	uintptr_t direct = va - (uintptr_t)model_direct_map;
	size_t len;

	if (direct < model_memory_bytes())
		len = (size_t)snprintf(text, size, "direct map of pfn %lu = ", direct / 4096);
	else
		len = (size_t)snprintf(text, size, "update_va %#lx = ", va);
	return len < size ? len + tell_entry(text + len, size - len, value) : len;
}

static size_t tell_call(char *text, size_t size, unsigned long number, const unsigned long a[5])
{
	switch (number) {
	case __HYPERVISOR_mmu_update:
		return tell_array(text, size, true, (const void *)a[0], a[1]);
	case __HYPERVISOR_mmuext_op:
		return tell_array(text, size, false, (const void *)a[0], a[1]);
	case __HYPERVISOR_update_va_mapping:
		return tell_va(text, size, a[0], a[1]);
	case __HYPERVISOR_event_channel_op:
		if (a[0] == EVTCHNOP_send)
			return (size_t)snprintf(text, size, "send event %u",
			                        ((const struct evtchn_send *)a[1])->port);
		return (size_t)snprintf(text, size, "event_channel_op %lu", a[0]);
	case __HYPERVISOR_sched_op:
		return (size_t)snprintf(text, size, "sched_op %lu%s", a[0],
		                        a[0] == SCHEDOP_block   ? " (block)"
		                        : a[0] == SCHEDOP_poll  ? " (poll)"
		                        : a[0] == SCHEDOP_yield ? " (yield)"
		                                                : "");
	case __HYPERVISOR_vcpu_op:
		return (size_t)snprintf(text, size, "vcpu_op %lu of vcpu %lu", a[0], a[1]);
	default:
		return (size_t)snprintf(text, size, "hypercall %lu (%#lx, %#lx, %#lx)", number,
		                        a[0], a[1], a[2]);
	}
}

void tell_hypercall(unsigned long number, const unsigned long args[5])
{
	const multicall_entry_t *entries = (const multicall_entry_t *)args[0];
	char text[TEXT];

	if (!explore_timeline())
		return;
	if (number != __HYPERVISOR_multicall) {
		tell_call(text, sizeof(text), number, args);
		explore_note("Xen: %s", text);
		return;
	}
	explore_note("Xen: a batch of %lu", args[1]);
	for (unsigned long i = 0; i < args[1]; i++) {
		const unsigned long a[5] = {entries[i].args[0], entries[i].args[1],
		                            entries[i].args[2], entries[i].args[3],
		                            entries[i].args[4]};

		tell_call(text, sizeof(text), entries[i].op, a);
		explore_note("   %lu: %s", i, text);
	}
}

static void name_space(const struct pt_space *space, char *text, size_t size)
{
	if (space)
		snprintf(text, size, "the space of top pfn %lu", space->root.v);
	else
		snprintf(text, size, "the kernel's own");
}

void tell_spaces(void)
{
	unsigned int vcpu = explore_vcpu();
	const struct xen_cpu *cpu = this_cpu();
	char asked[60], actual[60];

	if (!explore_timeline() || !explore_running() || vcpu >= EXPLORE_VCPUS ||
	    (told[vcpu].asked == cpu->space_asked && told[vcpu].actual == cpu->space_actual))
		return;
	told[vcpu].asked = cpu->space_asked;
	told[vcpu].actual = cpu->space_actual;
	name_space(cpu->space_asked, asked, sizeof(asked));
	name_space(cpu->space_actual, actual, sizeof(actual));
	explore_note("tables: asked for %s, runs on %s", asked, actual);
}

void tell_lock(const void *lock, char *text, size_t size)
{
	for (unsigned long pfn = 0; pfn < MODEL_FRAMES; pfn++) {
		const struct pt_frame *frame = host_frame(PFN(pfn));

		if (frame && lock == &frame->lock) {
			snprintf(text, size, "the lock of leaf table pfn %lu", pfn);
			return;
		}
	}
	snprintf(text, size, "the lock at %p", lock);
}
