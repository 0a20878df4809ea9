/* SPDX-License-Identifier: MIT */
/*
 * The PAE sequences on real Xen: the smallest 32-bit kernel there can be. It takes no trap and no
 * event, keeps the tables that Xen has booted it on, and has its frames in its own data.
 */
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/elfnote.h>
#include <xen/features.h>
#include <xen/sched.h>
#include <xen/version.h>

#include "lib/string.h"
#include "tests/agree/sequence.h"

#define VIRT_BASE   0xc0000000ul
#define PAGE_BYTES  4096u
#define KERNEL_SLOT 3u

#define STRING(x)    STRING_OF(x)
#define STRING_OF(x) #x
#define NOTE(type, value)                                                                     \
	__asm__(".pushsection .note.xen, \"a\", @note\n.balign 4\n.long 4, 2f - 1f, " STRING( \
	    type) "\n.asciz \"Xen\"\n1: " value "\n2: .balign 4\n.popsection")

NOTE(XEN_ELFNOTE_GUEST_OS, ".asciz \"agree\"");
NOTE(XEN_ELFNOTE_XEN_VERSION, ".asciz \"xen-3.0\"");
NOTE(XEN_ELFNOTE_LOADER, ".asciz \"generic\"");
NOTE(XEN_ELFNOTE_VIRT_BASE, ".long 0xc0000000");
NOTE(XEN_ELFNOTE_PADDR_OFFSET, ".long 0");
NOTE(XEN_ELFNOTE_ENTRY, ".long start");
NOTE(XEN_ELFNOTE_SUPPORTED_FEATURES, ".long 1 << " STRING(XENFEAT_dom0));
NOTE(XEN_ELFNOTE_PAE_MODE, ".asciz \"yes\"");

/* start_info is in esi; the stack is Xen's. */
__asm__(".pushsection .text.head, \"ax\"\n.globl start\nstart: cld\nmovl %esi, %eax\n"
        "pushl %eax\ncall begin\nud2\n.popsection");

static _Alignas(4096) char frames[AGREE_FRAMES][PAGE_BYTES];
static const struct start_info *info;

void begin(const struct start_info *start_info);

/* What the compiler itself calls. */
#undef memcpy
#undef memset

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	return string_copy(to, from, bytes);
}

void *memset(void *to, int value, size_t bytes)
{
	return string_fill(to, value, bytes);
}

static long call(unsigned int number, unsigned long arg0, unsigned long arg1, unsigned long arg2,
                 unsigned long arg3)
{
	long result;

	__asm__ volatile("int $0x82"
	                 : "=a"(result), "+b"(arg0), "+c"(arg1), "+d"(arg2), "+S"(arg3)
	                 : "0"(number)
	                 : "memory", "edi");
	return result;
}

static uint64_t pfn(unsigned int frame)
{
	return ((uintptr_t)frames[frame] - VIRT_BASE) / PAGE_BYTES;
}

static uint64_t mfn(unsigned int frame)
{
	return ((const unsigned long *)info->mfn_list)[pfn(frame)];
}

static char *memory(unsigned int frame)
{
	return frames[frame];
}

/* Level 2 of the tables in force that covers the kernel: Xen has put it behind the top. */
static const char *kernel_level2(void)
{
	const uint64_t *top = (const uint64_t *)info->pt_base;
	unsigned long wanted = (unsigned long)(top[KERNEL_SLOT] >> 12);

	for (unsigned long i = 0; i < info->nr_pt_frames; i++) {
		unsigned long address = info->pt_base + i * PAGE_BYTES;

		if (((const unsigned long *)info->mfn_list)[(address - VIRT_BASE) / PAGE_BYTES] ==
		    wanted)
			return (const char *)address;
	}
	return NULL;
}

static void copy_kernel_half(char *level2)
{
	memcpy(level2, kernel_level2(), PAGE_BYTES);
}

static void print(const char *line)
{
	call(__HYPERVISOR_console_io, CONSOLEIO_write, strlen(line), (unsigned long)line, 0);
	call(__HYPERVISOR_console_io, CONSOLEIO_write, 1, (unsigned long)"\n", 0);
}

static void say_version(void)
{
	char line[16];
	long version = call(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0);

	fmt_print(line, sizeof(line), "xen %ld", (version >> 16) * 100 + (version & 0xffff));
	print(line);
}

static uint64_t seeds(void)
{
	const char *text = strstr((const char *)info->cmd_line, "seeds=");
	uint64_t count = 0;

	return text && str_parse_u64(text + 6, NULL, &count) ? count : 0;
}

void begin(const struct start_info *start_info)
{
	static struct agree_world world = {.call = call,
	                                   .mfn = mfn,
	                                   .pfn = pfn,
	                                   .memory = memory,
	                                   .copy_kernel_half = copy_kernel_half};
	struct sched_shutdown reboot = {.reason = SHUTDOWN_reboot};
	const uint64_t *top;

	info = start_info;
	say_version();
	top = (const uint64_t *)info->pt_base;
	world.kernel_base =
	    ((const unsigned long *)info->mfn_list)[((uintptr_t)top - VIRT_BASE) / PAGE_BYTES];
	print(agree_run_all(&world, agree_pae_topics, (unsigned long)seeds(), print)
	          ? "finished"
	          : "a sequence has not cleaned up");
	for (;;)
		call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&reboot, 0, 0);
}
