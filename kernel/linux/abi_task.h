/* SPDX-License-Identifier: MIT */
/*
 * Processes, time and machine information in the x86-64 Linux ABI.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_TASK_H
#define PINFOLD_KERNEL_LINUX_ABI_TASK_H

#include <stdint.h>

#include "kernel/linux/abi.h"
#include "kernel/linux/abi_signal.h"

/* clone */
#define ABI_CSIGNAL              0x000000ffull
#define ABI_CLONE_VM             0x00000100ull
#define ABI_CLONE_FS             0x00000200ull
#define ABI_CLONE_FILES          0x00000400ull
#define ABI_CLONE_SIGHAND        0x00000800ull
#define ABI_CLONE_PIDFD          0x00001000ull
#define ABI_CLONE_PTRACE         0x00002000ull
#define ABI_CLONE_VFORK          0x00004000ull
#define ABI_CLONE_PARENT         0x00008000ull
#define ABI_CLONE_THREAD         0x00010000ull
#define ABI_CLONE_NEWNS          0x00020000ull
#define ABI_CLONE_SYSVSEM        0x00040000ull
#define ABI_CLONE_SETTLS         0x00080000ull
#define ABI_CLONE_PARENT_SETTID  0x00100000ull
#define ABI_CLONE_CHILD_CLEARTID 0x00200000ull
#define ABI_CLONE_DETACHED       0x00400000ull
#define ABI_CLONE_UNTRACED       0x00800000ull
#define ABI_CLONE_CHILD_SETTID   0x01000000ull
#define ABI_CLONE_NEWCGROUP      0x02000000ull
#define ABI_CLONE_NEWUTS         0x04000000ull
#define ABI_CLONE_NEWIPC         0x08000000ull
#define ABI_CLONE_NEWUSER        0x10000000ull
#define ABI_CLONE_NEWPID         0x20000000ull
#define ABI_CLONE_NEWNET         0x40000000ull
#define ABI_CLONE_IO             0x80000000ull
#define ABI_CLONE_CLEAR_SIGHAND  0x100000000ull /* clone3 only */

/* wait4, waitid */
#define ABI_WNOHANG    1
#define ABI_WUNTRACED  2
#define ABI_WEXITED    4
#define ABI_WCONTINUED 8
#define ABI_WNOWAIT    0x01000000
#define ABI_WNOTHREAD  0x20000000
#define ABI_WALL       0x40000000
#define ABI_WCLONE     ((int)0x80000000u)
#define ABI_WAIT_CORE  0x80 /* in the status */
#define ABI_P_ALL      0
#define ABI_P_PID      1
#define ABI_P_PGID     2
#define ABI_P_PIDFD    3

/* personality(): what changes something here. */
#define ABI_PER_MASK              0x000000ffu
#define ABI_PER_LINUX32           0x00000008u
#define ABI_PER_UNAME26           0x00020000u
#define ABI_PER_ADDR_NO_RANDOMIZE 0x00040000u
#define ABI_PER_READ_IMPLIES_EXEC 0x00400000u
#define ABI_PER_STICKY_TIMEOUTS   0x04000000u
/* What a program that gains rights does not inherit; with flags of layouts that are not here. */
#define ABI_PER_CLEAR_ON_SETID 0x00740000u

/* The auxiliary vector of a new program. */
#define ABI_AT_NULL        0
#define ABI_AT_PHDR        3
#define ABI_AT_PHENT       4
#define ABI_AT_PHNUM       5
#define ABI_AT_PAGESZ      6
#define ABI_AT_BASE        7
#define ABI_AT_FLAGS       8
#define ABI_AT_ENTRY       9
#define ABI_AT_UID         11
#define ABI_AT_EUID        12
#define ABI_AT_GID         13
#define ABI_AT_EGID        14
#define ABI_AT_PLATFORM    15
#define ABI_AT_HWCAP       16
#define ABI_AT_CLKTCK      17
#define ABI_AT_SECURE      23
#define ABI_AT_RANDOM      25
#define ABI_AT_HWCAP2      26
#define ABI_AT_EXECFN      31
#define ABI_AT_MINSIGSTKSZ 51

#define ABI_CLK_TCK 100u

/* execveat */
#define ABI_EXEC_AT_FDCWD            (-100)
#define ABI_EXEC_AT_SYMLINK_NOFOLLOW 0x100
#define ABI_EXEC_AT_EMPTY_PATH       0x1000

/* rseq */
#define ABI_RSEQ_FLAG_UNREGISTER   1
#define ABI_RSEQ_CPU_UNINITIALIZED UINT32_MAX

struct abi_rseq {
	uint32_t cpu_id_start, cpu_id;
	uint64_t section; /* of a struct abi_rseq_section, or 0 */
	uint32_t flags, reserved[3];
};

struct abi_rseq_section {
	uint32_t version, flags;
	uint64_t start, bytes, abort;
};

/* Clocks. */
#define ABI_CLOCK_REALTIME           0
#define ABI_CLOCK_MONOTONIC          1
#define ABI_CLOCK_PROCESS_CPUTIME_ID 2
#define ABI_CLOCK_THREAD_CPUTIME_ID  3
#define ABI_CLOCK_MONOTONIC_RAW      4
#define ABI_CLOCK_REALTIME_COARSE    5
#define ABI_CLOCK_MONOTONIC_COARSE   6
#define ABI_CLOCK_BOOTTIME           7
#define ABI_CLOCK_REALTIME_ALARM     8
#define ABI_CLOCK_BOOTTIME_ALARM     9
#define ABI_CLOCK_TAI                11
#define ABI_TIMER_ABSTIME            1

#define ABI_ITIMER_REAL    0
#define ABI_ITIMER_VIRTUAL 1
#define ABI_ITIMER_PROF    2

struct abi_itimerval {
	struct abi_timeval interval;
	struct abi_timeval value;
};

struct abi_timezone {
	int32_t minutes_west;
	int32_t dst;
};

/* clock_adjtime: what is to change, or is told. */
#define ABI_ADJ_OFFSET          0x0001u
#define ABI_ADJ_SETOFFSET       0x0100u
#define ABI_ADJ_NANO            0x2000u /* for SETOFFSET: the fraction is in nanoseconds */
#define ABI_ADJ_TICK            0x4000u
#define ABI_ADJ_OFFSET_READONLY 0x2000u /* with ADJTIME */
#define ABI_ADJ_ADJTIME         0x8000u /* with OFFSET: as adjtime(3) does */
#define ABI_STA_UNSYNC          0x0040
#define ABI_TIME_ERROR          5 /* the result while the clock is not synchronised */

struct abi_timex {
	uint32_t modes;
	int64_t offset, freq, maxerror, esterror;
	int32_t status;
	int64_t constant, precision, tolerance;
	struct abi_timeval time;
	int64_t tick, ppsfreq, jitter;
	int32_t shift;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai;
	int32_t unused[11];
};

struct abi_tms {
	int64_t user, system, children_user, children_system;
};

#define ABI_RUSAGE_SELF     0
#define ABI_RUSAGE_CHILDREN (-1)
#define ABI_RUSAGE_THREAD   1

struct abi_rusage {
	struct abi_timeval user, system;
	int64_t maxrss, ixrss, idrss, isrss, minflt, majflt, nswap;
	int64_t inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};

struct abi_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct abi_sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, padding;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit;
};

/* futex */
#define ABI_FUTEX_WAIT           0
#define ABI_FUTEX_WAKE           1
#define ABI_FUTEX_REQUEUE        3
#define ABI_FUTEX_CMP_REQUEUE    4
#define ABI_FUTEX_WAKE_OP        5
#define ABI_FUTEX_LOCK_PI        6
#define ABI_FUTEX_UNLOCK_PI      7
#define ABI_FUTEX_TRYLOCK_PI     8
#define ABI_FUTEX_WAIT_BITSET    9
#define ABI_FUTEX_WAKE_BITSET    10
#define ABI_FUTEX_LOCK_PI2       13
#define ABI_FUTEX_PRIVATE_FLAG   128
#define ABI_FUTEX_CLOCK_REALTIME 256
#define ABI_FUTEX_BITSET_ANY     0xffffffffu
#define ABI_FUTEX_WAITERS        0x80000000u
#define ABI_FUTEX_OWNER_DIED     0x40000000u
#define ABI_FUTEX_TID_MASK       0x3fffffffu

/* set_robust_list: a list in user memory that ends where it began. */
struct abi_robust_list_head {
	uint64_t next;
	int64_t futex_offset;
	uint64_t pending;
};

/* arch_prctl */
#define ABI_ARCH_SET_GS 0x1001
#define ABI_ARCH_SET_FS 0x1002
#define ABI_ARCH_GET_FS 0x1003
#define ABI_ARCH_GET_GS 0x1004

/* prctl */
#define ABI_PR_SET_PDEATHSIG       1
#define ABI_PR_GET_PDEATHSIG       2
#define ABI_PR_GET_DUMPABLE        3
#define ABI_PR_SET_DUMPABLE        4
#define ABI_PR_GET_KEEPCAPS        7
#define ABI_PR_SET_KEEPCAPS        8
#define ABI_PR_GET_TIMING          13
#define ABI_PR_SET_TIMING          14
#define ABI_PR_SET_NAME            15
#define ABI_PR_GET_NAME            16
#define ABI_PR_GET_SECCOMP         21
#define ABI_PR_CAPBSET_READ        23
#define ABI_PR_CAPBSET_DROP        24
#define ABI_PR_GET_TSC             25
#define ABI_PR_SET_TSC             26
#define ABI_PR_GET_SECUREBITS      27
#define ABI_PR_SET_SECUREBITS      28
#define ABI_PR_SET_TIMERSLACK      29
#define ABI_PR_GET_TIMERSLACK      30
#define ABI_PR_SET_CHILD_SUBREAPER 36
#define ABI_PR_GET_CHILD_SUBREAPER 37
#define ABI_PR_SET_NO_NEW_PRIVS    38
#define ABI_PR_GET_NO_NEW_PRIVS    39
#define ABI_PR_GET_TID_ADDRESS     40
#define ABI_PR_CAP_AMBIENT         47
#define ABI_PR_TSC_ENABLE          1

/* scheduling */
#define ABI_SCHED_OTHER              0
#define ABI_SCHED_FIFO               1
#define ABI_SCHED_RR                 2
#define ABI_SCHED_BATCH              3
#define ABI_SCHED_IDLE               5
#define ABI_SCHED_DEADLINE           6
#define ABI_SCHED_RESET_ON_FORK      0x40000000
#define ABI_SCHED_FLAG_RESET_ON_FORK 0x01u
#define ABI_SCHED_FLAG_RECLAIM       0x02u
#define ABI_SCHED_FLAG_DL_OVERRUN    0x04u
#define ABI_SCHED_FLAG_KEEP_POLICY   0x08u
#define ABI_SCHED_FLAG_KEEP_PARAMS   0x10u
#define ABI_SCHED_FLAG_UTIL_CLAMP    0x60u
#define ABI_SCHED_FLAG_ALL           0x7full
#define ABI_SCHED_FLAGS_OF_DEADLINE  (ABI_SCHED_FLAG_RECLAIM | ABI_SCHED_FLAG_DL_OVERRUN)

/* sched_setattr, sched_getattr. */
#define ABI_SCHED_ATTR_BYTES_MIN 48u /* the first version's, without the last line */
struct abi_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

#define ABI_PRIO_PROCESS 0
#define ABI_PRIO_PGRP    1
#define ABI_PRIO_USER    2

/* reboot */
#define ABI_REBOOT_MAGIC1    0xfee1deadu
#define ABI_REBOOT_MAGIC2    0x28121969u
#define ABI_REBOOT_MAGIC2A   0x05121996u
#define ABI_REBOOT_MAGIC2B   0x16041998u
#define ABI_REBOOT_MAGIC2C   0x20112000u
#define ABI_REBOOT_CAD_OFF   0x00000000u
#define ABI_REBOOT_CAD_ON    0x89abcdefu
#define ABI_REBOOT_RESTART   0x01234567u
#define ABI_REBOOT_HALT      0xcdef0123u
#define ABI_REBOOT_POWER_OFF 0x4321fedcu

/* getrandom */
#define ABI_GRND_NONBLOCK 1u
#define ABI_GRND_RANDOM   2u
#define ABI_GRND_INSECURE 4u

#endif
