/* SPDX-License-Identifier: MIT */
/*
 * The world of a run: see world.h. The state of the guest is the whole data segment of this program
 * and the frames; both are saved once and put back before each run. What must survive that (the
 * explorer's trail, the saved copies) lies in mappings of its own. What the layer asks of its
 * processor is port.c.
 */
#define _GNU_SOURCE
#include "tests/model/world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <port/cpu.h>
#include <port/hypercall.h>
#include <port/memory.h>

#include "xen/evtchn.h"
#include "xen/hooks.h"
#include "xen/irq_flag.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pin.h"
#include "xen/table_pool.h"

#define PAGE        4096u
#define FLAGS_STEP  0x100 /* the processor traps after the next instruction */
#define KERNEL_ROOT 1u
#define KERNEL_L2   2u
#define FIRST_FREE  3u
#define FRAME_USED  512u /* bytes of a frame that hold entries, and more */
#define FREE_BYTE   0xdb /* what a free frame is filled with: as an entry it is no one's frame */

/* The layer's formats with tables of 8 entries, as the model's are: levels, index and top bits,
 * entry size, reach, rights and user top, Xen's hole, end of user space, frame bits. */
static const struct pt_format formats[4] = {
    {4, 3, 3, 3, 24, true, true, 0x800000, 0xa00000, 0x800000, 0x000ffffffffff000ull},
    {3, 3, 2, 3, 20, false, false, 0xf8000, 0x100000, 0xc0000, 0x000ffffffffff000ull},
    {2, 3, 3, 2, 18, true, false, 0x38000, 0x40000, 0x30000, 0xfffff000ull},
    {4, 3, 3, 3, 24, true, true, 0x800000, 0xa00000, 0x800000, 0x000ffffffffff000ull},
};

uintptr_t port_direct_map_base;
const struct pt_format *port_pt_format = &formats[0];
void *port_current_cpu;
struct xen_cpu xen_cpus[XEN_CPU_COUNT_MAX];
volatile unsigned long xen_online_mask;
bool world_allocations_fail, world_clock_jumps, world_stores_emulated, world_vcpus_fail;
bool world_inside_seen;
unsigned int world_steals;

static struct shared_info shared;
static unsigned long p2m_list[MODEL_FRAMES], m2p_list[MODEL_FRAMES];
static struct pt_frame records[MODEL_FRAMES];
static bool taken[MODEL_FRAMES];
static unsigned int used;

/* Mappings of their own; the pointers are the same in every copy of the data once they are set. */
static struct saved {
	char *data, *frames;
	bool *touched; /* frames that may differ from what was saved */
	struct model *before;
} saved;

/* The host hooks. */

struct pt_frame *host_frame(pfn_t pfn)
{
	return pfn.v < MODEL_FRAMES ? &records[pfn.v] : NULL;
}

/* Nobody has written to a free frame. */
static void check_untouched(uint32_t pfn)
{
	const char *memory = model_frame_memory(model_mfn(pfn));

	if ((uint8_t)memory[0] != FREE_BYTE || memcmp(memory, memory + 1, PAGE - 1) != 0)
		explore_fail("pfn %u was written to while it was free", pfn);
}

pfn_t world_frame_alloc(void)
{
	for (uint32_t pfn = FIRST_FREE; pfn < MODEL_FRAMES; pfn++) {
		if (taken[pfn])
			continue;
		taken[pfn] = true;
		if (saved.touched)
			saved.touched[pfn] = true;
		used++;
		check_untouched(pfn);
		memset(model_frame_memory(model_mfn(pfn)), 0, PAGE);
		return PFN(pfn);
	}
	return PFN_NONE;
}

void world_frame_free(pfn_t pfn)
{
	uint32_t mfn = model_mfn((uint32_t)pfn.v);

	CHECK(taken[pfn.v]);
	model_check_reuse(mfn);
	taken[pfn.v] = false;
	used--;
	memset(model_frame_memory(mfn), FREE_BYTE, PAGE);
}

unsigned int world_frames_used(void)
{
	return used;
}

pfn_t host_table_alloc(void)
{
	if (world_allocations_fail && explore_fault("no memory for a table"))
		return PFN_NONE;
	return world_frame_alloc();
}

void host_table_free(pfn_t pfn)
{
	const struct model_frame *frame = &model.frames[model_mfn((uint32_t)pfn.v)];

	if (frame->type_count > 0 && frame->type != TYPE_WRITABLE)
		explore_fail("table pfn %lu is freed while Xen uses it as type %u", pfn.v,
		             frame->type);
	if (!(model.direct[pfn.v] & 2))
		explore_fail("table pfn %lu is freed while it is read-only", pfn.v);
	world_frame_free(pfn);
}

void host_panic(const char *text)
{
	explore_fail("the layer panics: %s", text);
}

void host_log(const char *text)
{
	explore_note("log: %s", text);
}

void world_check_quiet(void)
{
	if (explore_locks_held() > 0)
		explore_fail("vcpu %u holds a lock where it is to be quiet", explore_vcpu());
	CHECK(mc_idle());
	CHECK(this_cpu()->lazy == XEN_LAZY_NONE);
	CHECK(this_cpu()->flush_page_count == 0);
	CHECK(this_cpu()->space_asked == this_cpu()->space_actual);
	model_check_user_return();
}

/* Nothing but a look of its own would bring the vcpu to what waits for it. */
static void check_upcall(unsigned int number)
{
	const struct model_vcpu *vcpu = &model.vcpus[number];

	if (vcpu->up && !vcpu->kicked && vcpu->info->evtchn_upcall_pending &&
	    !vcpu->info->evtchn_upcall_mask)
		explore_fail("an event waits for vcpu %u, which has events enabled", number);
}

void world_check_end(void)
{
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		check_upcall(i);
	for (unsigned int port = 0; port < MODEL_PORTS; port++) {
		const struct model_vcpu *vcpu = &model.vcpus[model.ports[port].vcpu];

		if (model.ports[port].state == MODEL_PORT_FREE || !vcpu->up ||
		    !model_port_is_pending(port) ||
		    (shared.evtchn_mask[port / 64] >> (port % 64) & 1))
			continue;
		if (!vcpu->info->evtchn_upcall_pending)
			explore_fail("an event is lost: port %u is pending and not masked, and "
			             "vcpu %u does not know",
			             port, model.ports[port].vcpu);
	}
}

void world_enter_user(bool work_pending)
{
	struct iret_context frame = {.cs = 3, .rflags = 0x200};

	world_check_quiet();
	CHECK(!xen_irq_enabled());
	if (work_pending)
		explore_fail("vcpu %u returns to user mode with work pending", explore_vcpu());
	CHECK(port_hypercall(__HYPERVISOR_iret, (unsigned long)&frame, 0, 0, 0, 0) == 0);
	CHECK(xen_irq_enabled());
	port_schedule_point("user mode");
}

/* A store of the guest's that its own mapping forbids. */
static void stray_store(int signal, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)model_direct_map;

	(void)signal;
	if (world_stores_emulated && model_store_begin(info->si_addr)) {
		((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= FLAGS_STEP;
		return;
	}
	if (at < model_memory_bytes())
		explore_fail(
		    "a stray store to pfn %lu, which is a page table of type %u, at byte %lu",
		    at / PAGE, model.frames[model_mfn((uint32_t)(at / PAGE))].type, at % PAGE);
	explore_fail("a bad access at %p", info->si_addr);
}

/* The store that Xen emulates has been made. */
static void store_made(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~FLAGS_STEP;
	if (!model_store_end())
		explore_fail("a store to a page table that Xen refuses");
	explore_note("Xen emulates a store to a page table");
}

static void catch_stray_stores(void)
{
	struct sigaction step = {.sa_sigaction = store_made, .sa_flags = SA_SIGINFO | SA_NODEFER};
	struct sigaction action = {.sa_sigaction = stray_store,
	                           .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGTRAP, &step, NULL);
}

static void on_switch(unsigned int vcpu)
{
	port_current_cpu = &xen_cpus[vcpu];
}

/* Boot. */

extern char __data_start[], _end[];

/* The kernel's image is this program's own data, as far as a machine frame of it is asked for. */
static char *image_start(void)
{
	return (char *)((uintptr_t)__data_start & ~(uintptr_t)(PAGE - 1));
}

uint64_t world_image_mfn(const void *address)
{
	return MODEL_IMAGE_MFN + (uint64_t)((const char *)address - image_start()) / PAGE;
}

static void make_kernel_table(uint32_t pfn)
{
	uint64_t entry = model.direct[pfn] & ~2ull;

	if (model_update_va((uintptr_t)model_direct_map + pfn * PAGE, entry, 0) != 0)
		abort();
}

void world_boot(unsigned int format, unsigned int vcpus)
{
	if (table_pool_frames() > 0)
		xen_tables_reclaim(); /* of the guest before */
	port_pt_format = &formats[format];
	memset(xen_cpus, 0, sizeof(xen_cpus));
	xen_online_mask = (1ul << vcpus) - 1;
	memset(&shared, 0, sizeof(shared));
	memset(records, 0, sizeof(records));
	memset(taken, 0, sizeof(taken));
	world_allocations_fail = world_clock_jumps = world_vcpus_fail = false;
	world_inside_seen = false;
	world_steals = 0;
	used = 0;
	model_init(&model_formats[format], vcpus, &shared);
	port_direct_map_base = (uintptr_t)model_direct_map;
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++) {
		p2m_list[pfn] = model_mfn(pfn);
		m2p_list[model_mfn(pfn)] = pfn;
	}
	for (unsigned int i = 0; i < vcpus; i++) {
		xen_cpus[i].self = &xen_cpus[i];
		xen_cpus[i].id = (vcpu_t){i};
		xen_cpus[i].vcpu_info = &shared.vcpu_info[i];
		model_vcpu_set_up(i);
	}
	port_current_cpu = &xen_cpus[0];
	model.image = image_start();
	model.p2m = p2m_list;
	model.m2p = m2p_list;
	model.image_pages = (size_t)(_end - model.image + PAGE - 1) / PAGE;
	for (uint32_t pfn = FIRST_FREE; pfn < MODEL_FRAMES; pfn++)
		memset(model_frame_memory(model_mfn(pfn)), FREE_BYTE, PAGE);
	p2m_init(p2m_list, MODEL_FRAMES);
	xen_spaces_set_apart(model.format->tops_apart);
	evtchn_init(&shared);
	xen_kernel_space =
	    (struct pt_space){.root = PFN(KERNEL_ROOT), .user_root = PFN_NONE, .pinned = true};
	if (formats[format].levels == 3)
		model_entry_write(model_mfn(KERNEL_ROOT), 3,
		                  (uint64_t)model_mfn(KERNEL_L2) << 12 | 1);
	make_kernel_table(KERNEL_ROOT);
	make_kernel_table(KERNEL_L2);
	xen_space_adopt_boot(PFN(KERNEL_ROOT), 2);
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE + formats[format].levels - 1,
	                       .arg1.mfn = model_mfn(KERNEL_ROOT)};

	if (model_mmuext(&op) != 0)
		abort();
	op.cmd = MMUEXT_NEW_BASEPTR;
	for (unsigned int i = 0; i < vcpus; i++) {
		port_current_cpu = &xen_cpus[i];
		if (model_mmuext(&op) != 0)
			abort();
	}
	port_current_cpu = &xen_cpus[0];
	explore_switch_hook = on_switch;
	explore_idle_hook = model_clock_jump_to_timer;
	catch_stray_stores();
}

/* Snapshots: the program's data and the frames that were taken, then or since. */

struct range {
	char *start, *end;
};

/* The data without the areas of CPUs that no vcpu has. */
static void data_ranges(struct range ranges[2])
{
	ranges[0] = (struct range){__data_start, (char *)&xen_cpus[model.vcpu_count]};
	ranges[1] = (struct range){(char *)&xen_cpus[XEN_CPU_COUNT_MAX], _end};
}

static void *map(size_t bytes)
{
	void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		abort();
	return area;
}

static void touch_taken(void)
{
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++)
		saved.touched[pfn] = pfn < FIRST_FREE || taken[pfn];
}

void world_save(void)
{
	struct range ranges[2];

	if (!saved.data) {
		saved.data = map((size_t)(_end - __data_start));
		saved.frames = map(model_memory_bytes());
		saved.touched = map(MODEL_FRAMES * sizeof(bool));
		saved.before = map(sizeof(struct model));
	}
	touch_taken();
	memcpy(saved.frames, model_memory(), model_memory_bytes());
	data_ranges(ranges);
	for (unsigned int i = 0; i < 2; i++)
		memcpy(saved.data + (ranges[i].start - __data_start), ranges[i].start,
		       (size_t)(ranges[i].end - ranges[i].start));
}

/* What world_hash() leaves out of a frame in use is as it was when the frame was taken. */
static void check_rest_of_frames(void)
{
	for (uint32_t pfn = FIRST_FREE; pfn < MODEL_FRAMES; pfn++) {
		const char *rest = model_frame_memory(model_mfn(pfn)) + FRAME_USED;

		if (taken[pfn] && (*rest || memcmp(rest, rest + 1, PAGE - FRAME_USED - 1) != 0)) {
			fprintf(stderr, "pfn %u was written to behind its entries\n", pfn);
			abort();
		}
	}
}

void world_restore(void)
{
	struct range ranges[2];

	check_rest_of_frames();
	memcpy(saved.before, &model, sizeof(model));
	data_ranges(ranges);
	for (unsigned int i = 0; i < 2; i++)
		memcpy(ranges[i].start, saved.data + (ranges[i].start - __data_start),
		       (size_t)(ranges[i].end - ranges[i].start));
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++)
		if (saved.touched[pfn])
			memcpy(model_frame_memory(model_mfn(pfn)),
			       saved.frames + (size_t)model_mfn(pfn) * PAGE, PAGE);
	touch_taken();
	model_direct_map_settle(saved.before);
}

/* Free frames are all the same: their contents are what world_frame_free() leaves. */
uint64_t world_hash(void)
{
	struct range ranges[2];
	uint64_t hash = 1;

	data_ranges(ranges);
	for (unsigned int i = 0; i < 2; i++)
		hash =
		    explore_hash(hash, ranges[i].start, (size_t)(ranges[i].end - ranges[i].start));
	for (uint32_t pfn = 0; pfn < MODEL_FRAMES; pfn++)
		if (pfn < FIRST_FREE || taken[pfn])
			hash = explore_hash(hash, model_frame_memory(model_mfn(pfn)), FRAME_USED);
	return hash;
}
