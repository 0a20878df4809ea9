/* SPDX-License-Identifier: MIT */
/*
 * The sequences on real Xen: a kernel that carries them out and prints their lines. The number of
 * seeds is its argument, `seeds=N`.
 */
#include "tests/agree/sequence.h"

#include "examples/minimal/host.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/console.h"
#include "pv/cpu.h"
#include "xen/direct_map.h"
#include "xen/hypercall.h"
#include "xen/p2m.h"
#include "xen/pt_walk.h"

static pfn_t frames[AGREE_FRAMES];

static long update(unsigned int table, unsigned int idx, uint64_t value)
{
	struct mmu_update request = {.ptr = pt_entry_maddr(frames[table], idx).v, .val = value};

	return xen_call(__HYPERVISOR_mmu_update, (unsigned long)&request, 1, 0, DOMID_SELF, 0);
}

static long write_entry(unsigned int table, unsigned int idx, unsigned int frame, uint64_t flags)
{
	return update(table, idx, pte_from_pfn(frames[frame], flags).v);
}

static long clear_entry(unsigned int table, unsigned int idx)
{
	return update(table, idx, 0);
}

static long map_direct(unsigned int frame, bool writable)
{
	uint64_t flags =
	    PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX | (writable ? PTE_WRITE : 0);

	return xen_update_va(VADDR(xen_pfn_to_virt(frames[frame])),
	                     pte_from_pfn(frames[frame], flags), UVMF_INVLPG);
}

static long mmuext(unsigned int command, unsigned int frame)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = p2m_mfn(frames[frame]).v};

	return xen_call(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF, 0);
}

static long pin(unsigned int frame, unsigned int level)
{
	return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, frame);
}

static long unpin(unsigned int frame)
{
	return mmuext(MMUEXT_UNPIN_TABLE, frame);
}

static unsigned int read_entry(unsigned int table, unsigned int idx)
{
	pte_t entry = pt_entry_read(frames[table], idx);
	unsigned int bits = (unsigned int)(entry.v & (PTE_PRESENT | PTE_WRITE));

	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		if (pte_present(entry) && pte_mfn(entry).v == p2m_mfn(frames[i]).v)
			bits += 16 + 4 * i;
	return bits;
}

static void clear_frame(unsigned int frame)
{
	memset(xen_pfn_to_virt(frames[frame]), 0, PAGE_BYTES);
}

void host_main(void)
{
	static const struct agree_world world = {write_entry, clear_entry, map_direct, pin,
	                                         unpin,       read_entry,  clear_frame};
	static char line[1024];
	const char *seeds = strstr(pv_boot_info()->command_line, "seeds=");
	uint64_t count = 0;

	host_memory_init();
	if (!seeds || !str_parse_u64(seeds + 6, NULL, &count))
		host_panic("no number of seeds");
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		frames[i] = host_table_alloc();
	for (uint64_t seed = 1; seed <= count; seed++) {
		if (!agree_run(&world, seed, line, sizeof(line)))
			host_panic("the frames do not become ordinary memory again");
		pv_log_write(line, strlen(line));
		pv_log_write("\n", 1);
	}
	say("finished");
	pv_cpu_reboot();
}
