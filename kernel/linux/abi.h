/* SPDX-License-Identifier: MIT */
/*
 * Structures and numbers of the x86-64 Linux ABI that several parts of the kernel use. Those of one
 * area only are in abi_fs.h, abi_tty.h, abi_signal.h and so on. tests/unit/abi_test.c holds all of
 * them against the system's headers. Names have the prefix ABI_ so that hosted tests may include
 * both.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_H
#define PINFOLD_KERNEL_LINUX_ABI_H

#include <stdint.h>

/* Signals. */
#define ABI_SIGHUP       1
#define ABI_SIGINT       2
#define ABI_SIGQUIT      3
#define ABI_SIGILL       4
#define ABI_SIGTRAP      5
#define ABI_SIGABRT      6
#define ABI_SIGBUS       7
#define ABI_SIGFPE       8
#define ABI_SIGKILL      9
#define ABI_SIGUSR1      10
#define ABI_SIGSEGV      11
#define ABI_SIGUSR2      12
#define ABI_SIGPIPE      13
#define ABI_SIGALRM      14
#define ABI_SIGTERM      15
#define ABI_SIGSTKFLT    16
#define ABI_SIGCHLD      17
#define ABI_SIGCONT      18
#define ABI_SIGSTOP      19
#define ABI_SIGTSTP      20
#define ABI_SIGTTIN      21
#define ABI_SIGTTOU      22
#define ABI_SIGURG       23
#define ABI_SIGXCPU      24
#define ABI_SIGXFSZ      25
#define ABI_SIGVTALRM    26
#define ABI_SIGPROF      27
#define ABI_SIGWINCH     28
#define ABI_SIGIO        29
#define ABI_SIGPWR       30
#define ABI_SIGSYS       31
#define ABI_SIGRTMIN     32
#define ABI_SIGNAL_COUNT 64

/* Handlers that are no addresses. */
#define ABI_SIG_DFL 0ull
#define ABI_SIG_IGN 1ull

/* As rt_sigaction takes it. */
struct abi_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/* As sigaltstack takes it. */
struct abi_stack {
	uint64_t sp;
	int32_t flags;
	int32_t padding;
	uint64_t size;
};

/* siginfo_t: 128 bytes, a head and a part by the kind of signal. */
struct abi_siginfo {
	int32_t signo;
	int32_t error; /* si_errno */
	int32_t code;
	int32_t padding;
	union {
		struct {
			int32_t pid;
			uint32_t uid;
			uint64_t value; /* sigval */
		} sender;
		struct {
			int32_t timer_id;
			int32_t overrun;
			uint64_t value;
		} timer;
		struct {
			int32_t pid;
			uint32_t uid;
			int32_t status;
			int32_t padding;
			int64_t user_ticks;
			int64_t system_ticks;
		} child;
		struct {
			uint64_t address;
			uint64_t reserved[2];
		} fault;
		struct {
			int64_t band;
			int32_t fd;
			int32_t padding;
		} poll;
		uint8_t bytes[112];
	};
};

struct abi_timespec {
	int64_t sec;
	int64_t nsec;
};

struct abi_timeval {
	int64_t sec;
	int64_t usec;
};

struct abi_iovec {
	uint64_t base;
	uint64_t len;
};

/* Resource limits, by number. */
#define ABI_RLIMIT_CPU        0
#define ABI_RLIMIT_FSIZE      1
#define ABI_RLIMIT_DATA       2
#define ABI_RLIMIT_STACK      3
#define ABI_RLIMIT_CORE       4
#define ABI_RLIMIT_RSS        5
#define ABI_RLIMIT_NPROC      6
#define ABI_RLIMIT_NOFILE     7
#define ABI_RLIMIT_MEMLOCK    8
#define ABI_RLIMIT_AS         9
#define ABI_RLIMIT_LOCKS      10
#define ABI_RLIMIT_SIGPENDING 11
#define ABI_RLIMIT_MSGQUEUE   12
#define ABI_RLIMIT_NICE       13
#define ABI_RLIMIT_RTPRIO     14
#define ABI_RLIMIT_RTTIME     15
#define ABI_RLIMIT_COUNT      16
#define ABI_RLIM_INFINITY     UINT64_MAX

struct abi_rlimit {
	uint64_t soft;
	uint64_t hard;
};

/* What getrusage and wait4 report; not the ABI's layout, which is abi_rusage. */
struct abi_rusage_times {
	uint64_t user_ns;
	uint64_t system_ns;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	uint64_t rss_max_kib;
};

#endif
