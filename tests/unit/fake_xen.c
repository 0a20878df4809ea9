/* SPDX-License-Identifier: MIT */
/*
 * The test double: see fake_xen.h.
 *
 * The direct map lies at a fixed address that no test uses as a user address. The boot tables
 * that fake_start() makes hold kernel entries as a guest would have them, and in Xen's range
 * entries for frames that are not the guest's: whoever follows one of those is found out.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/errno.h>
#include <xen/memory.h>

#include <port/cpu.h>
#include <port/hypercall.h>
#include <port/memory.h>
#include <port/percpu.h>

#include "xen/p2m.h"
#include "xen/pv_lock.h"

/* On a 32-bit machine the tests are compiled only. */
#define DIRECT_MAP   ((uintptr_t)0x200000000000ull)
#define MEMORY_BYTES (FAKE_FRAME_COUNT * PAGE_BYTES)
/* Odd, so that multiplying by it permutes a power of two. */
#define SCRAMBLE  421ul
#define MFN_FIRST (FAKE_MACHINE_COUNT / 2)

const struct pt_format fake_formats[FAKE_FORMAT_COUNT] = {PT_FORMAT_4LEVEL, PT_FORMAT_PAE,
                                                          PT_FORMAT_2LEVEL, PT_FORMAT_4LEVEL};

struct fake_xen fake;

uintptr_t port_direct_map_base = DIRECT_MAP;
const struct pt_format *port_pt_format = &fake_formats[0];
void *port_current_cpu;
struct xen_cpu xen_cpus[XEN_CPU_COUNT_MAX];
volatile unsigned long xen_online_mask = 1;

static char *memory; /* the double's own view */
static uint64_t random_state;

uint64_t fake_random(void)
{
	/* A 64-bit xorshift. */
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

void fake_random_seed(uint64_t seed)
{
	random_state = seed * 2654435761u + 88172645463325252ull;
}

static void map_memory(void)
{
	int fd = memfd_create("guest", 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)MEMORY_BYTES), 0);
	memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	void *direct = mmap((void *)DIRECT_MAP, MEMORY_BYTES, PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);

	assert_ptr_equal(direct, (void *)DIRECT_MAP);
	close(fd);
}

mfn_t fake_mfn(pfn_t pfn)
{
	assert_true(pfn.v < FAKE_FRAME_COUNT);
	return MFN(MFN_FIRST + (pfn.v * SCRAMBLE + 77) % FAKE_FRAME_COUNT);
}

pfn_t fake_pfn(mfn_t mfn)
{
	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++)
		if (fake_mfn(PFN(pfn)).v == mfn.v)
			return PFN(pfn);
	return PFN_NONE;
}

pfn_t fake_entry_pfn(uint64_t entry)
{
	return fake_pfn(MFN((unsigned long)((entry & PTE_FRAME_MASK) >> PAGE_SHIFT)));
}

static char *entry_at(pfn_t table, unsigned int idx)
{
	assert_true(table.v < FAKE_FRAME_COUNT);
	return memory + table.v * PAGE_BYTES + ((size_t)idx << PT_FORMAT.entry_shift);
}

uint64_t fake_entry_read(pfn_t table, unsigned int idx)
{
	uint64_t value = 0;

	memcpy(&value, entry_at(table, idx), 1u << PT_FORMAT.entry_shift);
	return value;
}

void fake_entry_write(pfn_t table, unsigned int idx, uint64_t value)
{
	memcpy(entry_at(table, idx), &value, 1u << PT_FORMAT.entry_shift);
}

uint64_t fake_table_entry(pfn_t table)
{
	return fake_mfn(table).v << PAGE_SHIFT | 0x67;
}

/* The bits of an address that index a table, written down per format and level rather than
 * computed. */
static unsigned int index_of(uint64_t offset, unsigned int level)
{
	static const struct {
		uint8_t shift, bits;
	} four[] = {{12, 9}, {21, 9}, {30, 9}, {39, 9}}, pae[] = {{12, 9}, {21, 9}, {30, 2}},
	  two[] = {{12, 10}, {22, 10}};
	const unsigned int levels = PT_FORMAT.levels;
	unsigned int shift = levels == 4   ? four[level - 1].shift
	                     : levels == 3 ? pae[level - 1].shift
	                                   : two[level - 1].shift;
	unsigned int bits = levels == 4   ? four[level - 1].bits
	                    : levels == 3 ? pae[level - 1].bits
	                                  : two[level - 1].bits;

	return (unsigned int)(offset >> shift) & ((1u << bits) - 1);
}

uint64_t fake_walk(mfn_t root, uint64_t offset)
{
	pfn_t table = fake_pfn(root);

	for (unsigned int level = PT_FORMAT.levels; level > 1; level--) {
		uint64_t entry = fake_entry_read(table, index_of(offset, level));

		if (!(entry & 1))
			return 0;
		table = fake_entry_pfn(entry);
		assert_false(pfn_is_none(table));
	}
	return fake_entry_read(table, index_of(offset, 1));
}

pfn_t fake_frame_take(void)
{
	for (unsigned long i = 0; i < FAKE_FRAME_COUNT; i++) {
		/* Not in order, so that neighbours in a table are none in memory. */
		unsigned long pfn = (i * 37 + 5) % FAKE_FRAME_COUNT;

		if (fake.taken[pfn])
			continue;
		fake.taken[pfn] = true;
		memset(memory + pfn * PAGE_BYTES, 0, PAGE_BYTES);
		return PFN(pfn);
	}
	fail_msg("the test needs more frames than there are");
	return PFN_NONE;
}

unsigned long fake_frames_taken(void)
{
	unsigned long count = 0;

	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++)
		count += fake.taken[pfn];
	return count;
}

unsigned int fake_frame_locks_held(void)
{
	unsigned int count = 0;

	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++)
		count += port_ticket_held(&fake.frames[pfn].lock);
	return count;
}

static void set_writable(pfn_t pfn, bool writable)
{
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;

	if (fake.writable[pfn.v] == writable)
		return;
	fake.writable[pfn.v] = writable;
	assert_int_equal(mprotect((char *)DIRECT_MAP + pfn.v * PAGE_BYTES, PAGE_BYTES, prot), 0);
}

/* Boot tables: marked as tables and read-only, as after xen_memory_adopt(). */
static pfn_t boot_table(void)
{
	pfn_t table = fake_frame_take();

	fake.frames[table.v].flags = 1;
	set_writable(table, false);
	return table;
}

static void make_boot_tables(void)
{
	const unsigned int levels = PT_FORMAT.levels;
	uint64_t xens_own = 7ull << PAGE_SHIFT | 0x67; /* not ours */
	pfn_t root = boot_table();

	fake.kernel_root = root;
	fake.root = fake_mfn(root);
	fake.user_root = MFN(0);
	fake.frames[root.v].flags = 3;
	fake.pinned[root.v] = (uint8_t)levels;
	if (levels == 4) {
		for (unsigned int i = 256; i < 272; i++)
			fake_entry_write(root, i, xens_own);
		fake_entry_write(root, 272, fake_table_entry(boot_table()));
		fake_entry_write(root, 511, fake_table_entry(boot_table()));
	} else if (levels == 3) {
		pfn_t l2 = boot_table();

		fake_entry_write(root, 3, fake_mfn(l2).v << PAGE_SHIFT | 1);
		fake_entry_write(l2, 0, fake_table_entry(boot_table()));
		fake_entry_write(l2, 200, fake_table_entry(boot_table()));
		for (unsigned int i = 428; i < 512; i++)
			fake_entry_write(l2, i, xens_own);
	} else {
		fake_entry_write(root, 768, fake_table_entry(boot_table()));
		fake_entry_write(root, 900, fake_table_entry(boot_table()));
		for (unsigned int i = 1008; i < 1024; i++)
			fake_entry_write(root, i, xens_own);
	}
}

static void make_translations(void)
{
	for (unsigned long mfn = 0; mfn < FAKE_MACHINE_COUNT; mfn++)
		fake.m2p[mfn] = mfn % FAKE_FRAME_COUNT; /* what the owners of other frames wrote */
	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++) {
		fake.p2m[pfn] = fake_mfn(PFN(pfn)).v;
		fake.m2p[fake.p2m[pfn]] = pfn;
	}
}

void fake_start(const struct pt_format *format)
{
	if (!memory)
		map_memory();
	assert_int_equal(mprotect((void *)DIRECT_MAP, MEMORY_BYTES, PROT_READ | PROT_WRITE), 0);
	memset(&fake, 0, sizeof(fake));
	memset(xen_cpus, 0, sizeof(xen_cpus));
	xen_online_mask = 1;
	memset(fake.writable, true, sizeof(fake.writable));
	fake.allocations_left = -1;
	port_pt_format = format;
	port_current_cpu = &xen_cpus[0];
	xen_cpus[0].self = &xen_cpus[0];
	xen_cpus[0].vcpu_info = &fake.vcpu_info;
	fake_random_seed(1);
	make_translations();
	fake.taken[0] = true; /* no table is frame 0 */
	make_boot_tables();
	p2m_init(fake.p2m, FAKE_FRAME_COUNT);
	fake_forget();
}

void fake_forget(void)
{
	fake.request_count = 0;
	fake.trap_count = 0;
	fake.log_count = 0;
}

const struct fake_request *fake_last_request(void)
{
	assert_true(fake.request_count > 0);
	return &fake.requests[fake.request_count - 1];
}

/* Xen's side. */

static long do_mmu_update(const struct fake_request *request)
{
	maddr_t address = {request->update.ptr & ~3ull};
	pfn_t table = fake_pfn(maddr_to_mfn(address));

	if (pfn_is_none(table))
		return -XEN_EINVAL;
	fake_entry_write(table,
	                 (unsigned int)((address.v & (PAGE_BYTES - 1)) >> PT_FORMAT.entry_shift),
	                 request->update.val);
	return 0;
}

static long do_update_va(const struct fake_request *request)
{
	uint64_t offset = request->va.v - DIRECT_MAP;

	if (offset < MEMORY_BYTES) {
		pfn_t pfn = PFN((unsigned long)(offset >> PAGE_SHIFT));

		/* The direct map never shows another frame. */
		assert_int_equal((request->update.val & PTE_FRAME_MASK) >> PAGE_SHIFT,
		                 fake_mfn(pfn).v);
		assert_true(request->update.val & PTE_PRESENT);
		set_writable(pfn, request->update.val & PTE_WRITE);
		return 0;
	}
	pfn_t table = fake_pfn(fake.root);

	offset = pt_offset(request->va);
	for (unsigned int level = PT_FORMAT.levels; level > 1; level--) {
		uint64_t entry = fake_entry_read(table, index_of(offset, level));

		if (!(entry & PTE_PRESENT))
			return -XEN_EINVAL;
		table = fake_entry_pfn(entry);
	}
	fake_entry_write(table, index_of(offset, 1), request->update.val);
	return 0;
}

static long do_mmuext(const struct fake_request *request)
{
	pfn_t pfn = fake_pfn(MFN(request->ext.arg1.mfn));

	switch (request->ext.cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		if (pfn_is_none(pfn) || fake.pinned[pfn.v])
			return -XEN_EINVAL;
		fake.pinned[pfn.v] = (uint8_t)(request->ext.cmd - MMUEXT_PIN_L1_TABLE + 1);
		return 0;
	case MMUEXT_UNPIN_TABLE:
		if (pfn_is_none(pfn) || !fake.pinned[pfn.v])
			return -XEN_EINVAL;
		fake.pinned[pfn.v] = 0;
		return 0;
	case MMUEXT_NEW_BASEPTR:
		fake.root = MFN(request->ext.arg1.mfn);
		return 0;
	case MMUEXT_NEW_USER_BASEPTR:
		fake.user_root = MFN(request->ext.arg1.mfn);
		return 0;
	default:
		return 0;
	}
}

static long do_other(unsigned int op, unsigned long *args)
{
	if (op == __HYPERVISOR_memory_op && args[0] == XENMEM_machphys_mapping) {
		struct xen_machphys_mapping *mapping = (void *)args[1];

		if (fake.m2p_refused)
			return -XEN_ENOSYS;
		mapping->v_start = (unsigned long)fake.m2p;
		mapping->v_end = (unsigned long)(fake.m2p + FAKE_MACHINE_COUNT);
		mapping->max_mfn = FAKE_MACHINE_COUNT - 1;
		return 0;
	}
	return fake.other ? fake.other(op, args) : 0;
}

static long carry_out(struct fake_request *request)
{
	request->result = fake.judge ? fake.judge(request) : 0;
	if (request->result == 0 && request->op == __HYPERVISOR_mmu_update)
		request->result = do_mmu_update(request);
	else if (request->result == 0 && request->op == __HYPERVISOR_update_va_mapping)
		request->result = do_update_va(request);
	else if (request->result == 0 && request->op == __HYPERVISOR_mmuext_op)
		request->result = do_mmuext(request);
	else if (request->result == 0)
		request->result = do_other(request->op, request->args);
	assert_true(fake.request_count < FAKE_REQUESTS_MAX);
	fake.requests[fake.request_count++] = *request;
	return request->result;
}

/* The array calls stop at the first request that is refused. */
static long one_call(unsigned int op, const unsigned long *args, bool batched)
{
	struct fake_request request = {.op = op, .trap = fake.trap_count, .batched = batched};
	long result = 0;

	memcpy(request.args, args, sizeof(request.args));
	if (op == __HYPERVISOR_update_va_mapping) {
		request.va = (vaddr_t){args[0]};
		request.update.val = args[1];
	}
	if (op != __HYPERVISOR_mmu_update && op != __HYPERVISOR_mmuext_op)
		return carry_out(&request);
	assert_int_equal(args[2], 0);
	assert_int_equal(args[3], DOMID_SELF);
	assert_true(args[1] > 0);
	for (unsigned long i = 0; i < args[1] && result == 0; i++) {
		if (op == __HYPERVISOR_mmu_update)
			request.update = ((const struct mmu_update *)args[0])[i];
		else
			request.ext = ((const struct mmuext_op *)args[0])[i];
		result = carry_out(&request);
	}
	return result;
}

/* Finished entries are overwritten but for their result, as a debug Xen does. */
static void multicall(multicall_entry_t *entries, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		unsigned long args[5];
		unsigned int op = (unsigned int)entries[i].op;

		assert_int_not_equal(op, __HYPERVISOR_multicall);
		for (unsigned int k = 0; k < 5; k++)
			args[k] = entries[i].args[k];
		long result = one_call(op, args, true);

		memset(&entries[i], 0xaa, sizeof(entries[i]));
		entries[i].result = (unsigned long)result;
	}
}

static void deliver(void)
{
	struct vcpu_info *info = &fake.vcpu_info;

	if (!fake.upcall || info->evtchn_upcall_mask || !info->evtchn_upcall_pending)
		return;
	info->evtchn_upcall_mask = 1;
	fake.upcall();
	info->evtchn_upcall_mask = 0;
}

long port_hypercall(unsigned long number, unsigned long arg0, unsigned long arg1,
                    unsigned long arg2, unsigned long arg3, unsigned long arg4)
{
	const unsigned long args[5] = {arg0, arg1, arg2, arg3, arg4};
	long result = 0;

	fake.trap_count++;
	if (number == __HYPERVISOR_multicall)
		multicall((multicall_entry_t *)arg0, arg1);
	else
		result = one_call((unsigned int)number, args, false);
	deliver();
	return result;
}

bool port_read_safe(const void *address, unsigned long *value)
{
	size_t idx = (size_t)((const unsigned long *)address - fake.m2p);

	assert_true(idx < FAKE_MACHINE_COUNT);
	if (fake.m2p_hole[idx])
		return false;
	*value = fake.m2p[idx];
	return true;
}

void port_schedule_point(const char *what)
{
	if (fake.schedule)
		fake.schedule(what);
}

void port_lock_wanted(const void *lock)
{
	(void)lock;
}

void port_lock_taken(const void *lock)
{
	(void)lock;
}

void port_lock_dropped(const void *lock)
{
	(void)lock;
}

void pv_lock_wait(const struct spinlock *lock, uint16_t ticket)
{
	(void)lock, (void)ticket;
	fail_msg("a lock is taken that its own holder waits for");
}

void pv_lock_kick(const struct spinlock *lock, uint16_t ticket)
{
	(void)lock, (void)ticket;
	fail_msg("there is one vcpu, and another waits");
}

/* The host's side. */

struct pt_frame *host_frame(pfn_t pfn)
{
	return pfn.v < FAKE_FRAME_COUNT ? &fake.frames[pfn.v] : NULL;
}

pfn_t host_table_alloc(void)
{
	if (fake.allocations_left == 0)
		return PFN_NONE;
	if (fake.allocations_left > 0)
		fake.allocations_left--;
	return fake_frame_take();
}

void host_table_free(pfn_t pfn)
{
	assert_true(pfn.v < FAKE_FRAME_COUNT);
	assert_true(fake.taken[pfn.v]);
	assert_true(fake.writable[pfn.v]);
	assert_int_equal(fake.pinned[pfn.v], 0);
	assert_int_equal(fake.frames[pfn.v].flags, 0);
	assert_false(port_ticket_held(&fake.frames[pfn.v].lock));
	assert_true(fake_mfn(pfn).v != fake.root.v && fake_mfn(pfn).v != fake.user_root.v);
	memset(memory + pfn.v * PAGE_BYTES, 0xa5, PAGE_BYTES);
	fake.taken[pfn.v] = false;
}

void host_panic(const char *text)
{
	if (!fake.panic_expected) {
		for (unsigned int i = 0; i < fake.log_count; i++)
			print_error("%s\n", fake.log[i]);
		fail_msg("the layer stopped: %s", text);
	}
	snprintf(fake.panic_text, sizeof(fake.panic_text), "%s", text);
	longjmp(fake.panic_jump, 1);
}

void host_log(const char *text)
{
	assert_true(fake.log_count < FAKE_LOG_LINES);
	snprintf(fake.log[fake.log_count++], sizeof(fake.log[0]), "%s", text);
}

/* There is one vcpu: nobody else would end the wait. */
void port_spin_pause(const char *why)
{
	fail_msg("the only vcpu %s", why);
}
