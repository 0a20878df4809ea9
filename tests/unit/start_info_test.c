/* SPDX-License-Identifier: MIT */
/* sources: xen/start_info.c */
/*
 * A start_info page that lacks something is refused with words about it; one with all is
 * accepted. The fuzzer (tests/fuzz/start_info_fuzz.c) looks for the page that is accepted and
 * should not be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <xen/xen.h>

#include <xen/features.h>

#include "arch/x86/boot_layout.h"
#include "xen/start.h"

#define FRAMES 8192ul

static struct start_info info;

/* As a domain builder lays a small domain out: image, ramdisk, frame list, page, tables. */
static int start(void **state)
{
	(void)state;
	memset(&info, 0, sizeof(info));
	strcpy(info.magic, "xen-3.0-x86_64");
	info.nr_pages = FRAMES;
	info.shared_info = 0x7f000;
	info.mod_start = XEN_VIRT_BASE + 0x300000;
	info.mod_len = 0x123456;
	info.mfn_list = XEN_VIRT_BASE + 0x500000;
	info.pt_base = XEN_VIRT_BASE + 0x520000;
	info.nr_pt_frames = 9;
	return 0;
}

static void test_good(void **state)
{
	(void)state;
	assert_null(start_info_check(&info));
	info.mod_start = info.mod_len = 0;
	assert_null(start_info_check(&info));
	/* At the limits. */
	info.nr_pt_frames = FRAMES - 0x520;
	assert_null(start_info_check(&info));
	info.mfn_list = info.pt_base - FRAMES * 8;
	assert_null(start_info_check(&info));
	start(NULL);
	info.mod_start += 0x123; /* anywhere in its page */
	info.mod_len = info.pt_base - info.mod_start;
	assert_null(start_info_check(&info));
}

#define REFUSED_AFTER(change, words)                                \
	do {                                                        \
		start(NULL);                                        \
		change;                                             \
		const char *why = start_info_check(&info);          \
		if (!why)                                           \
			fail_msg("accepted although: %s", #change); \
		assert_non_null(strstr(why, words));                \
	} while (0)

static void test_each_lack_is_named(void **state)
{
	(void)state;
	REFUSED_AFTER(info.magic[0] = 'X', "magic");
	REFUSED_AFTER(memset(info.magic, 0, sizeof(info.magic)), "magic");
	REFUSED_AFTER(info.nr_pages = 0, "no memory");
	REFUSED_AFTER(info.pt_base = 0, "page tables");
	REFUSED_AFTER(info.pt_base += 8, "page tables");
	REFUSED_AFTER(info.pt_base = XEN_VIRT_BASE + FRAMES * 4096, "page tables");
	REFUSED_AFTER(info.nr_pt_frames = PT_LEVELS_LEAST - 1, "page tables");
	REFUSED_AFTER(info.nr_pt_frames = FRAMES - 0x520 + 1, "page tables");
	REFUSED_AFTER(info.nr_pt_frames = ~0ul, "page tables");
	/* 64 GiB of memory, and tables that would lie beyond the end of all addresses. */
	REFUSED_AFTER((info.nr_pages = 1ul << 24, info.mfn_list = XEN_VIRT_BASE,
	               info.pt_base = XEN_VIRT_BASE + (1ul << 27), info.nr_pt_frames = 1ul << 23,
	               info.mod_start = 0),
	              "boot map");
	REFUSED_AFTER(info.mfn_list = 0, "frame list");
	REFUSED_AFTER(info.mfn_list += 1, "frame list");
	REFUSED_AFTER(info.mfn_list = info.pt_base - FRAMES * 8 + 4096, "frame list");
	REFUSED_AFTER(info.nr_pages = ~0ul, "frame list");
	REFUSED_AFTER(info.nr_pages = (unsigned long)(1ull << 61), "frame list");
	REFUSED_AFTER(info.shared_info = 0, "shared page");
	REFUSED_AFTER(info.shared_info += 16, "shared page");
	REFUSED_AFTER(info.mod_start = 1, "ramdisk");
	REFUSED_AFTER(info.mod_start = info.pt_base + 1, "ramdisk");
	REFUSED_AFTER(info.mod_len = info.pt_base - info.mod_start + 1, "ramdisk");
	REFUSED_AFTER(info.mod_len = ~0ul, "ramdisk");
}

static void test_auto_translated(void **state)
{
	uint32_t features[XENFEAT_NR_SUBMAPS];

	(void)state;
	memset(features, 0xff, sizeof(features));
	assert_non_null(start_features_check(features));
	features[XENFEAT_auto_translated_physmap / 32] &=
	    ~(1u << XENFEAT_auto_translated_physmap % 32);
	assert_null(start_features_check(features));
	memset(features, 0, sizeof(features));
	assert_null(start_features_check(features));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_good, start),
	    cmocka_unit_test(test_each_lack_is_named),

	    cmocka_unit_test(test_auto_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
