/* SPDX-License-Identifier: MIT */
/* sources: */
/*
 * Our idea of capabilities, securebits and scheduling flags against this machine's headers, which
 * do not go together with those of abi_test.c on every release. All of it is decided when this is
 * compiled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <linux/types.h>

#include <linux/sched/types.h>

#include <cmocka.h>

#include "kernel/linux/abi_cred.h"
#include "kernel/linux/abi_task.h"

#define SAME(name) _Static_assert((uint64_t)(ABI_##name) == (uint64_t)(name), #name)

SAME(CAP_CHOWN);
SAME(CAP_DAC_OVERRIDE);
SAME(CAP_DAC_READ_SEARCH);
SAME(CAP_FOWNER);
SAME(CAP_FSETID);
SAME(CAP_KILL);
SAME(CAP_SETGID);
SAME(CAP_SETUID);
SAME(CAP_SETPCAP);
SAME(CAP_LINUX_IMMUTABLE);
SAME(CAP_IPC_LOCK);
SAME(CAP_SYS_CHROOT);
SAME(CAP_SYS_PTRACE);
SAME(CAP_SYS_ADMIN);
SAME(CAP_SYS_BOOT);
SAME(CAP_SYS_NICE);
SAME(CAP_SYS_RESOURCE);
SAME(CAP_SYS_TIME);
SAME(CAP_MKNOD);
SAME(CAP_LEASE);
SAME(CAP_MAC_OVERRIDE);
SAME(CAP_SYSLOG);
_Static_assert(ABI_CAP_LAST == CAP_CHECKPOINT_RESTORE, "the last one of Linux 5.10");

_Static_assert(ABI_CAPABILITY_VERSION_1 == _LINUX_CAPABILITY_VERSION_1, "");
_Static_assert(ABI_CAPABILITY_VERSION_2 == _LINUX_CAPABILITY_VERSION_2, "");
_Static_assert(ABI_CAPABILITY_VERSION_3 == _LINUX_CAPABILITY_VERSION_3, "");
_Static_assert(sizeof(struct abi_cap_header) == sizeof(struct __user_cap_header_struct), "");
_Static_assert(sizeof(struct abi_cap_data) == sizeof(struct __user_cap_data_struct), "");

_Static_assert(ABI_SECURE_NOROOT == SECBIT_NOROOT, "");
_Static_assert(ABI_SECURE_NO_SETUID_FIXUP == SECBIT_NO_SETUID_FIXUP, "");
_Static_assert(ABI_SECURE_KEEP_CAPS == SECBIT_KEEP_CAPS, "");
_Static_assert(ABI_SECURE_KEEP_CAPS_LOCKED == SECBIT_KEEP_CAPS_LOCKED, "");
_Static_assert(ABI_SECURE_NO_CAP_AMBIENT_RAISE == SECBIT_NO_CAP_AMBIENT_RAISE, "");

SAME(SCHED_FLAG_RESET_ON_FORK);
SAME(SCHED_FLAG_RECLAIM);
SAME(SCHED_FLAG_DL_OVERRUN);
SAME(SCHED_FLAG_KEEP_POLICY);
SAME(SCHED_FLAG_KEEP_PARAMS);
SAME(SCHED_FLAG_UTIL_CLAMP);
SAME(SCHED_FLAG_ALL);
_Static_assert(ABI_SCHED_ATTR_BYTES_MIN == SCHED_ATTR_SIZE_VER0, "");

static void test_compiled(void **state)
{
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_compiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
