/* SPDX-License-Identifier: MIT */
/*
 * Capabilities and what goes with them, as the ABI of Linux numbers them.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_CRED_H
#define PINFOLD_KERNEL_LINUX_ABI_CRED_H

#include "kernel/kernel.h"

#define ABI_CAP_CHOWN           0
#define ABI_CAP_DAC_OVERRIDE    1
#define ABI_CAP_DAC_READ_SEARCH 2
#define ABI_CAP_FOWNER          3
#define ABI_CAP_FSETID          4
#define ABI_CAP_KILL            5
#define ABI_CAP_SETGID          6
#define ABI_CAP_SETUID          7
#define ABI_CAP_SETPCAP         8
#define ABI_CAP_LINUX_IMMUTABLE 9
#define ABI_CAP_IPC_LOCK        14
#define ABI_CAP_SYS_CHROOT      18
#define ABI_CAP_SYS_PTRACE      19
#define ABI_CAP_SYS_ADMIN       21
#define ABI_CAP_SYS_BOOT        22
#define ABI_CAP_SYS_NICE        23
#define ABI_CAP_SYS_RESOURCE    24
#define ABI_CAP_SYS_TIME        25
#define ABI_CAP_MKNOD           27
#define ABI_CAP_LEASE           28
#define ABI_CAP_MAC_OVERRIDE    32
#define ABI_CAP_SYSLOG          34
#define ABI_CAP_LAST            40

/* capget, capset */
#define ABI_CAPABILITY_VERSION_1 0x19980330u
#define ABI_CAPABILITY_VERSION_2 0x20071026u
#define ABI_CAPABILITY_VERSION_3 0x20080522u

struct abi_cap_header {
	uint32_t version;
	int32_t pid;
};

struct abi_cap_data {
	uint32_t effective, permitted, inheritable;
};

/* Bits of PR_SET_SECUREBITS; the bit above each one locks it. */
#define ABI_SECURE_NOROOT               0x01u
#define ABI_SECURE_NO_SETUID_FIXUP      0x04u
#define ABI_SECURE_KEEP_CAPS            0x10u
#define ABI_SECURE_KEEP_CAPS_LOCKED     0x20u
#define ABI_SECURE_NO_CAP_AMBIENT_RAISE 0x40u
#define ABI_SECURE_ALL_BITS             0x55u
#define ABI_SECURE_ALL_LOCKS            0xaau

#define ABI_PR_CAP_AMBIENT_IS_SET    1
#define ABI_PR_CAP_AMBIENT_RAISE     2
#define ABI_PR_CAP_AMBIENT_LOWER     3
#define ABI_PR_CAP_AMBIENT_CLEAR_ALL 4

/* PR_SET_DUMPABLE */
#define ABI_DUMPABLE_NO   0
#define ABI_DUMPABLE_USER 1

#endif
