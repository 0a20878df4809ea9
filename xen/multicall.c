/* SPDX-License-Identifier: MIT */
/*
 * Batches of hypercalls: see multicall.h.
 *
 * Invariants: entries [0, entry_count) are complete; callbacks are ordered by `after`; the last
 * entry may still grow if it is an array. The buffer is empty while no token is open. Xen may
 * preempt between entries and re-executes the call, and may overwrite what it has finished: only
 * `result` is read afterwards, and reports use the copy in `origins`.
 */
#include "xen/multicall.h"

#include "lib/string.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/irq_flag.h"

#define ARG_NONE UINT32_MAX

static void check(bool condition, const char *what)
{
	if (!condition)
		host_panic(what);
}

struct mc_batch mc_begin(void)
{
	bool enabled = xen_irq_save();
	struct mc_buffer *mc = &this_cpu()->mc;

	check(!mc->issuing, "multicall: a callback opened a batch");
	return (struct mc_batch){.irq_enabled = enabled, .outermost = mc->open_depth++ == 0};
}

void mc_commit(struct mc_batch *batch)
{
	struct mc_buffer *mc = &this_cpu()->mc;

	check(mc->open_depth > 0, "multicall: commit without begin");
	if (mc->open_depth == 1)
		mc_issue();
	mc->open_depth--;
	check(batch->outermost == (mc->open_depth == 0), "multicall: commits out of order");
	if (batch->outermost)
		xen_irq_restore(batch->irq_enabled);
}

bool mc_idle(void)
{
	const struct mc_buffer *mc = &this_cpu()->mc;

	return mc->open_depth == 0 && mc->entry_count == 0 && mc->callback_count == 0;
}

static void count_batch(struct xen_counters *counters, const struct mc_buffer *mc)
{
	unsigned int bin = 0;

	if (mc->entry_count == 1) {
		counters->batch_sizes[0]++;
		return;
	}
	while (bin + 1 < XEN_BATCH_SIZE_BINS && mc->entry_count > 1u << bin)
		bin++;
	counters->batch_sizes[bin]++;
	for (uint32_t i = 0; i < mc->entry_count; i++)
		counters->batched[mc->origins[i].op]++;
}

static void report_entry(const struct mc_buffer *mc, uint32_t idx)
{
	const struct mc_origin *origin = &mc->origins[idx];
	char line[200];

	fmt_print(line, sizeof(line),
	          "multicall entry %u of %u: hypercall %u(%#lx, %#lx, %#lx) = %ld, from %#lx", idx,
	          mc->entry_count, origin->op, origin->first_args[0], origin->first_args[1],
	          origin->first_args[2], (long)mc->entries[idx].result,
	          (unsigned long)origin->caller);
	host_log(line);
	if (origin->arg_offset == ARG_NONE)
		return;
	/* The start of the argument block: the first requests of an array. */
	const uint64_t *arg = &mc->args[origin->arg_offset / 8];

	fmt_print(line, sizeof(line), "  arguments: %#llx %#llx %#llx %#llx",
	          (unsigned long long)arg[0], (unsigned long long)arg[1],
	          (unsigned long long)arg[2], (unsigned long long)arg[3]);
	host_log(line);
}

static void report_failure(const struct mc_buffer *mc, uint32_t failed)
{
	const struct mc_origin *origin = &mc->origins[failed];
	char line[160];

	for (uint32_t i = 0; i < mc->entry_count; i++)
		report_entry(mc, i);
	fmt_print(line, sizeof(line), "Xen refused hypercall %u with %ld; it was queued from %#lx",
	          origin->op, (long)mc->entries[failed].result, (unsigned long)origin->caller);
	host_panic(line);
}

/* Hand the entries to Xen. Returns the index of the first that failed, or the count. */
static uint32_t carry_out(struct mc_buffer *mc)
{
	if (mc->entry_count == 1) {
		multicall_entry_t *entry = &mc->entries[0];
		long result = xen_call((unsigned int)entry->op, entry->args[0], entry->args[1],
		                       entry->args[2], entry->args[3], entry->args[4]);

		entry->result = (unsigned long)result;
		return result < 0 ? 0 : 1;
	}
	long result =
	    xen_call2(__HYPERVISOR_multicall, (unsigned long)mc->entries, mc->entry_count);

	check(result == 0, "multicall: Xen refused the call itself");
	for (uint32_t i = 0; i < mc->entry_count; i++)
		if ((long)mc->entries[i].result < 0)
			return i;
	return mc->entry_count;
}

static void run_callbacks(struct mc_buffer *mc, uint32_t done)
{
	mc->issuing = true;
	for (uint32_t i = 0; i < mc->callback_count; i++) {
		const struct mc_callback *callback = &mc->callbacks[i];

		callback->fn(callback->arg, callback->after <= done);
	}
	mc->issuing = false;
}

void mc_issue(void)
{
	struct xen_cpu *cpu = this_cpu();
	struct mc_buffer *mc = &cpu->mc;
	uint32_t done = 0;

	check(!mc->issuing, "multicall: issued from a callback");
	mc->array_op = MC_NO_ARRAY;
	if (mc->entry_count > 0) {
		count_batch(&cpu->counters, mc);
		done = carry_out(mc);
	}
	if (mc->callback_count > 0)
		run_callbacks(mc, done);
	if (done < mc->entry_count)
		report_failure(mc, done);
	mc->entry_count = 0;
	mc->callback_count = 0;
	mc->arg_bytes = 0;
}

/* A new entry with room for `arg_bytes` of argument block; issues first if there is no room. Inline
 * as what it is part of. */
static inline __attribute__((always_inline)) multicall_entry_t *
new_entry(unsigned int op, unsigned int arg_bytes, uintptr_t caller)
{
	struct mc_buffer *mc = &this_cpu()->mc;

	check(mc->open_depth > 0 && !mc->issuing, "multicall: queued without a batch");
	check(arg_bytes <= MC_ARG_BYTES, "multicall: argument block too large");
	mc->array_op = MC_NO_ARRAY;
	mc->arg_bytes = (mc->arg_bytes + 7u) & ~7u; /* blocks are aligned; an array has no gaps */
	if (mc->entry_count == MC_ENTRIES_MAX || mc->arg_bytes + arg_bytes > MC_ARG_BYTES)
		mc_issue();
	uint32_t idx = mc->entry_count++;

	/* The arguments are the caller's to set, as far as the call has them. */
	struct mc_origin *origin = &mc->origins[idx];

	origin->caller = caller;
	origin->op = op;
	origin->arg_offset = arg_bytes ? mc->arg_bytes : ARG_NONE;
	mc->entries[idx].op = op;
	return &mc->entries[idx];
}

static void *take_args(struct mc_buffer *mc, unsigned int bytes)
{
	void *block = (char *)mc->args + mc->arg_bytes;

	mc->arg_bytes += bytes;
	return block;
}

static void note_args(struct mc_buffer *mc)
{
	uint32_t idx = mc->entry_count - 1;

	for (unsigned int i = 0; i < 3; i++)
		mc->origins[idx].first_args[i] = mc->entries[idx].args[i];
}

/* Requests are whole words. */
static inline void copy_request(void *to, const void *from, unsigned int bytes)
{
	const unsigned long *from_words = from;
	unsigned long *to_words = to;

	for (unsigned int i = 0; i < bytes / sizeof(unsigned long); i++)
		to_words[i] = from_words[i];
}

_Static_assert(sizeof(struct mmuext_op) % sizeof(unsigned long) == 0 &&
                   sizeof(struct mmu_update) % sizeof(unsigned long) == 0,
               "copied by words");

/* Append one request to an array call, growing the last entry if it is the same call and its
 * array ends where the free room begins. The array is argument 0, its count argument 1 of both
 * calls. Inline, so that the size is a constant: this is what page-table work consists of. */
static inline __attribute__((always_inline)) void
append_request(unsigned int op, const void *request, unsigned int bytes, unsigned long domain_arg,
               uintptr_t caller)
{
	struct mc_buffer *mc = &this_cpu()->mc;

	if (mc->array_op == op && mc->arg_bytes + bytes <= MC_ARG_BYTES) {
		uint32_t last = mc->entry_count - 1;

		copy_request(take_args(mc, bytes), request, bytes);
		mc->origins[last].first_args[1] = ++mc->entries[last].args[1];
		return;
	}
	multicall_entry_t *entry = new_entry(op, bytes, caller);
	struct mc_origin *origin = &mc->origins[mc->entry_count - 1];
	void *block = take_args(mc, bytes);

	mc->array_op = op;
	copy_request(block, request, bytes);
	entry->args[0] = origin->first_args[0] = (unsigned long)block;
	entry->args[1] = origin->first_args[1] = 1;
	/* No count of successes is wanted: the first failure is the result. */
	entry->args[2] = origin->first_args[2] = 0;
	entry->args[3] = domain_arg;
}

void mc_mmu_update(struct mc_batch *batch, maddr_t entry, pte_t value)
{
	struct mmu_update request = {.ptr = entry.v | MMU_NORMAL_PT_UPDATE, .val = value.v};

	(void)batch;
	this_cpu()->counters.entry_requests++;
	append_request(__HYPERVISOR_mmu_update, &request, sizeof(request), DOMID_SELF,
	               (uintptr_t)__builtin_return_address(0));
}

void mc_mmuext(struct mc_batch *batch, const struct mmuext_op *op)
{
	(void)batch;
	append_request(__HYPERVISOR_mmuext_op, op, sizeof(*op), DOMID_SELF,
	               (uintptr_t)__builtin_return_address(0));
}

static __attribute__((noinline, cold)) void refused_now(maddr_t entry, pte_t value, long result)
{
	char line[120];

	fmt_print(line, sizeof(line), "Xen refused to set the entry at %#llx to %#llx: %ld",
	          (unsigned long long)entry.v, (unsigned long long)value.v, result);
	host_panic(line);
}

/* Both, in this order. */
static long update_and_flush(const struct mmu_update *update, const struct mmuext_op *flush)
{
	multicall_entry_t calls[2];

	calls[0].op = __HYPERVISOR_mmu_update;
	calls[0].args[0] = (unsigned long)update;
	calls[1].op = __HYPERVISOR_mmuext_op;
	calls[1].args[0] = (unsigned long)flush;
	for (unsigned int i = 0; i < 2; i++) {
		calls[i].args[1] = 1;
		calls[i].args[2] = 0;
		calls[i].args[3] = DOMID_SELF;
		this_cpu()->counters.batched[calls[i].op]++;
	}
	long result = xen_call2(__HYPERVISOR_multicall, (unsigned long)calls, 2);

	for (unsigned int i = 0; i < 2 && result == 0; i++)
		result = (long)calls[i].result;
	return result;
}

void mc_mmu_update_now(maddr_t entry, pte_t value, const struct mmuext_op *flush)
{
	struct mmu_update request = {.ptr = entry.v | MMU_NORMAL_PT_UPDATE, .val = value.v};
	struct xen_counters *counters = &this_cpu()->counters;
	long result;

	check(!mc_open(), "multicall: a request at once overtakes those that are queued");
	counters->entry_requests++;
	counters->batch_sizes[flush != NULL]++;
	result =
	    flush ? update_and_flush(&request, flush)
	          : xen_call(__HYPERVISOR_mmu_update, (unsigned long)&request, 1, 0, DOMID_SELF, 0);
	if (result < 0)
		refused_now(entry, value, result);
}

void mc_update_va(struct mc_batch *batch, vaddr_t va, pte_t value, unsigned long flags)
{
	multicall_entry_t *entry =
	    new_entry(__HYPERVISOR_update_va_mapping, 0, (uintptr_t)__builtin_return_address(0));

	(void)batch;
	this_cpu()->counters.entry_requests++;
	entry->args[0] = va.v;
	entry->args[1] = (unsigned long)value.v;
	/* On 32 bits the entry takes two arguments (public/xen.h). */
	if (sizeof(unsigned long) == 4) {
		entry->args[2] = (unsigned long)(value.v >> 32);
		entry->args[3] = flags;
	} else {
		entry->args[2] = flags;
	}
	note_args(&this_cpu()->mc);
}

void mc_call(struct mc_batch *batch, unsigned int op, const unsigned long args[5], const void *arg,
             unsigned int arg_bytes, unsigned int arg_slot)
{
	struct mc_buffer *mc = &this_cpu()->mc;
	multicall_entry_t *entry =
	    new_entry(op, arg ? arg_bytes : 0, (uintptr_t)__builtin_return_address(0));

	(void)batch;
	for (unsigned int i = 0; i < 5; i++)
		entry->args[i] = args[i];
	if (arg) {
		void *block = take_args(mc, arg_bytes);

		memcpy(block, arg, arg_bytes);
		entry->args[arg_slot] = (unsigned long)block;
	}
	note_args(mc);
}

void mc_callback(struct mc_batch *batch, mc_callback_fn *fn, void *arg)
{
	struct mc_buffer *mc = &this_cpu()->mc;

	(void)batch;
	check(mc->open_depth > 0 && !mc->issuing, "multicall: callback without a batch");
	mc->array_op = MC_NO_ARRAY; /* it waits for the last entry as that is now */
	if (mc->callback_count == MC_CALLBACKS_MAX)
		mc_issue();
	mc->callbacks[mc->callback_count++] =
	    (struct mc_callback){.fn = fn, .arg = arg, .after = mc->entry_count};
}
