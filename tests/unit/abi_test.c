/* SPDX-License-Identifier: MIT */
/* sources: */
/*
 * Our idea of the Linux ABI against this machine's headers. Most of it is decided when this is
 * compiled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/prctl.h>
#include <linux/reboot.h>
#include <linux/rseq.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <asm/prctl.h>

#include <cmocka.h>

#include "kernel/linux/abi.h"
#include "kernel/linux/abi_core.h"
#include "kernel/linux/abi_cred.h"
#include "kernel/linux/abi_mm.h"
#include "kernel/linux/abi_signal.h"
#include "kernel/linux/abi_task.h"

#define SAME(name) \
	_Static_assert((uint64_t)(int64_t)(ABI_##name) == (uint64_t)(int64_t)(name), #name)
#define SAME_U32(name)        _Static_assert((uint32_t)(ABI_##name) == (uint32_t)(name), #name)
#define SAME_AS(ours, theirs) _Static_assert((int64_t)(ABI_##ours) == (int64_t)(theirs), #ours)
#define SAME_U32_AS(ours, theirs) \
	_Static_assert((uint32_t)(ABI_##ours) == (uint32_t)(theirs), #ours)
#define SIZE(ours, theirs) _Static_assert(sizeof(struct ours) == sizeof(theirs), #ours)
#define FIELD(ours, member, theirs, other)                                                 \
	_Static_assert(offsetof(struct ours, member) == offsetof(theirs, other),           \
	               #ours "." #member);                                                 \
	_Static_assert(sizeof(((struct ours *)0)->member) == sizeof(((theirs *)0)->other), \
	               #ours "." #member)

/* Signals. */
SAME(SIGHUP);
SAME(SIGINT);
SAME(SIGQUIT);
SAME(SIGILL);
SAME(SIGTRAP);
SAME(SIGABRT);
SAME(SIGBUS);
SAME(SIGFPE);
SAME(SIGKILL);
SAME(SIGUSR1);
SAME(SIGSEGV);
SAME(SIGUSR2);
SAME(SIGPIPE);
SAME(SIGALRM);
SAME(SIGTERM);
SAME(SIGSTKFLT);
SAME(SIGCHLD);
SAME(SIGCONT);
SAME(SIGSTOP);
SAME(SIGTSTP);
SAME(SIGTTIN);
SAME(SIGTTOU);
SAME(SIGURG);
SAME(SIGXCPU);
SAME(SIGXFSZ);
SAME(SIGVTALRM);
SAME(SIGPROF);
SAME(SIGWINCH);
SAME(SIGIO);
SAME(SIGPWR);
SAME(SIGSYS);
SAME_AS(SIGNAL_COUNT, _NSIG - 1);
SAME_AS(SIGRTMIN, __SIGRTMIN);
SAME(SA_NOCLDSTOP);
SAME(SA_NOCLDWAIT);
SAME(SA_SIGINFO);
SAME(SA_ONSTACK);
SAME(SA_RESTART);
SAME(SA_NODEFER);
SAME_U32(SA_RESETHAND);
SAME(SIG_BLOCK);
SAME(SIG_UNBLOCK);
SAME(SIG_SETMASK);
SAME(SS_ONSTACK);
SAME(SS_DISABLE);
SAME(SI_USER);
SAME(SI_KERNEL);
SAME(SI_QUEUE);
SAME(SI_TIMER);
SAME(SI_TKILL);
SAME(CLD_EXITED);
SAME(CLD_KILLED);
SAME(CLD_DUMPED);
SAME(CLD_TRAPPED);
SAME(CLD_STOPPED);
SAME(CLD_CONTINUED);
SAME(SIGEV_SIGNAL);
SAME(SIGEV_NONE);
SAME(SIGEV_THREAD);
SAME(SIGEV_THREAD_ID);
SIZE(abi_siginfo, siginfo_t);
FIELD(abi_siginfo, signo, siginfo_t, si_signo);
FIELD(abi_siginfo, error, siginfo_t, si_errno);
FIELD(abi_siginfo, code, siginfo_t, si_code);
FIELD(abi_siginfo, sender.pid, siginfo_t, si_pid);
FIELD(abi_siginfo, sender.uid, siginfo_t, si_uid);
FIELD(abi_siginfo, sender.value, siginfo_t, si_value);
FIELD(abi_siginfo, timer.timer_id, siginfo_t, si_timerid);
FIELD(abi_siginfo, timer.overrun, siginfo_t, si_overrun);
FIELD(abi_siginfo, child.status, siginfo_t, si_status);
FIELD(abi_siginfo, child.user_ticks, siginfo_t, si_utime);
FIELD(abi_siginfo, child.system_ticks, siginfo_t, si_stime);
FIELD(abi_siginfo, fault.address, siginfo_t, si_addr);
FIELD(abi_siginfo, poll.band, siginfo_t, si_band);
FIELD(abi_siginfo, poll.fd, siginfo_t, si_fd);
SIZE(abi_stack, stack_t);
FIELD(abi_stack, sp, stack_t, ss_sp);
FIELD(abi_stack, flags, stack_t, ss_flags);
FIELD(abi_stack, size, stack_t, ss_size);
SIZE(abi_sigevent, struct sigevent);
FIELD(abi_sigevent, value, struct sigevent, sigev_value);
FIELD(abi_sigevent, signo, struct sigevent, sigev_signo);
FIELD(abi_sigevent, notify, struct sigevent, sigev_notify);
FIELD(abi_sigevent, tid, struct sigevent, _sigev_un._tid);
FIELD(abi_ucontext, flags, ucontext_t, uc_flags);
FIELD(abi_ucontext, link, ucontext_t, uc_link);
FIELD(abi_ucontext, stack, ucontext_t, uc_stack);
_Static_assert(offsetof(struct abi_ucontext, context) == offsetof(ucontext_t, uc_mcontext),
               "context");
_Static_assert(offsetof(struct abi_ucontext, sigmask) == offsetof(ucontext_t, uc_sigmask), "mask");
_Static_assert(offsetof(struct abi_sigcontext, rflags) == REG_EFL * 8, "rflags");
_Static_assert(offsetof(struct abi_sigcontext, rip) == REG_RIP * 8, "rip");
_Static_assert(offsetof(struct abi_sigcontext, rsp) == REG_RSP * 8, "rsp");
_Static_assert(offsetof(struct abi_sigcontext, rdi) == REG_RDI * 8, "rdi");
_Static_assert(offsetof(struct abi_sigcontext, rax) == REG_RAX * 8, "rax");
_Static_assert(offsetof(struct abi_sigcontext, cs) == REG_CSGSFS * 8, "segments");
_Static_assert(offsetof(struct abi_sigcontext, err) == REG_ERR * 8, "err");
_Static_assert(offsetof(struct abi_sigcontext, trapno) == REG_TRAPNO * 8, "trapno");
_Static_assert(offsetof(struct abi_sigcontext, oldmask) == REG_OLDMASK * 8, "oldmask");
_Static_assert(offsetof(struct abi_sigcontext, cr2) == REG_CR2 * 8, "cr2");
_Static_assert(offsetof(struct abi_sigcontext, fpstate) == offsetof(mcontext_t, fpregs), "fpstate");

/* Times, vectors, limits. */
SIZE(abi_timespec, struct timespec);
FIELD(abi_timespec, nsec, struct timespec, tv_nsec);
SIZE(abi_timeval, struct timeval);
FIELD(abi_timeval, usec, struct timeval, tv_usec);
SIZE(abi_itimerval, struct itimerval);
FIELD(abi_itimerval, value, struct itimerval, it_value);
SIZE(abi_iovec, struct iovec);
FIELD(abi_iovec, len, struct iovec, iov_len);
SIZE(abi_rlimit, struct rlimit);
FIELD(abi_rlimit, hard, struct rlimit, rlim_max);
_Static_assert(ABI_RLIM_INFINITY == RLIM_INFINITY, "infinity");
_Static_assert(ABI_RLIMIT_COUNT == RLIM_NLIMITS, "limits");
SAME(RLIMIT_CPU);
SAME(RLIMIT_FSIZE);
SAME(RLIMIT_DATA);
SAME(RLIMIT_STACK);
SAME(RLIMIT_CORE);
SAME(RLIMIT_RSS);
SAME(RLIMIT_NPROC);
SAME(RLIMIT_NOFILE);
SAME(RLIMIT_MEMLOCK);
SAME(RLIMIT_AS);
SAME_AS(RLIMIT_LOCKS, __RLIMIT_LOCKS);
SAME_AS(RLIMIT_SIGPENDING, __RLIMIT_SIGPENDING);
SAME_AS(RLIMIT_MSGQUEUE, __RLIMIT_MSGQUEUE);
SAME_AS(RLIMIT_NICE, __RLIMIT_NICE);
SAME_AS(RLIMIT_RTPRIO, __RLIMIT_RTPRIO);
SAME_AS(RLIMIT_RTTIME, __RLIMIT_RTTIME);
SAME_U32(CLONE_VM);
SAME_U32(CLONE_FS);
SAME_U32(CLONE_FILES);
SAME_U32(CLONE_SIGHAND);
SAME_U32(CLONE_PIDFD);
SAME_U32(CLONE_PTRACE);
SAME_U32(CLONE_VFORK);
SAME_U32(CLONE_PARENT);
SAME_U32(CLONE_THREAD);
SAME_U32(CLONE_NEWNS);
SAME_U32(CLONE_SYSVSEM);
SAME_U32(CLONE_SETTLS);
SAME_U32(CLONE_PARENT_SETTID);
SAME_U32(CLONE_CHILD_CLEARTID);
SAME_U32(CLONE_DETACHED);
SAME_U32(CLONE_UNTRACED);
SAME_U32(CLONE_CHILD_SETTID);
SAME_U32(CLONE_NEWCGROUP);
SAME_U32(CLONE_NEWUTS);
SAME_U32(CLONE_NEWIPC);
SAME_U32(CLONE_NEWUSER);
SAME_U32(CLONE_NEWPID);
SAME_U32(CLONE_NEWNET);
SAME_U32(CLONE_IO);
SAME(CSIGNAL);
SAME(WNOHANG);
SAME(WUNTRACED);
SAME(WEXITED);
SAME(WCONTINUED);
SAME(WNOWAIT);
SAME_AS(WNOTHREAD, __WNOTHREAD);
SAME_AS(WALL, __WALL);
SAME_U32_AS(WCLONE, __WCLONE);
SAME_AS(P_ALL, (idtype_t)P_ALL);
SAME_AS(P_PID, (idtype_t)P_PID);
SAME_AS(P_PGID, (idtype_t)P_PGID);
SAME(AT_NULL);
SAME(AT_PHDR);
SAME(AT_PHENT);
SAME(AT_PHNUM);
SAME(AT_PAGESZ);
SAME(AT_BASE);
SAME(AT_FLAGS);
SAME(AT_ENTRY);
SAME(AT_UID);
SAME(AT_EUID);
SAME(AT_GID);
SAME(AT_EGID);
SAME(AT_PLATFORM);
SAME(AT_HWCAP);
SAME(AT_CLKTCK);
SAME(AT_SECURE);
SAME(AT_RANDOM);
SAME(AT_HWCAP2);
SAME(AT_EXECFN);
SAME(CLOCK_REALTIME);
SAME(CLOCK_MONOTONIC);
SAME(CLOCK_PROCESS_CPUTIME_ID);
SAME(CLOCK_THREAD_CPUTIME_ID);
SAME(CLOCK_MONOTONIC_RAW);
SAME(CLOCK_REALTIME_COARSE);
SAME(CLOCK_MONOTONIC_COARSE);
SAME(CLOCK_BOOTTIME);
SAME(CLOCK_REALTIME_ALARM);
SAME(CLOCK_BOOTTIME_ALARM);
SAME(CLOCK_TAI);
SAME(TIMER_ABSTIME);
SAME_AS(ITIMER_REAL, (int)ITIMER_REAL);
SAME_AS(ITIMER_VIRTUAL, (int)ITIMER_VIRTUAL);
SAME_AS(ITIMER_PROF, (int)ITIMER_PROF);
SAME_AS(RUSAGE_SELF, (int)RUSAGE_SELF);
SAME_AS(RUSAGE_CHILDREN, (int)RUSAGE_CHILDREN);
SAME_AS(RUSAGE_THREAD, (int)RUSAGE_THREAD);
SIZE(abi_tms, struct tms);
FIELD(abi_tms, children_system, struct tms, tms_cstime);
SIZE(abi_rusage, struct rusage);
FIELD(abi_rusage, system, struct rusage, ru_stime);
FIELD(abi_rusage, maxrss, struct rusage, ru_maxrss);
FIELD(abi_rusage, minflt, struct rusage, ru_minflt);
FIELD(abi_rusage, nvcsw, struct rusage, ru_nvcsw);
FIELD(abi_rusage, nivcsw, struct rusage, ru_nivcsw);
SIZE(abi_utsname, struct utsname);
FIELD(abi_utsname, release, struct utsname, release);
FIELD(abi_utsname, machine, struct utsname, machine);
SIZE(abi_sysinfo, struct sysinfo);
FIELD(abi_sysinfo, totalram, struct sysinfo, totalram);
FIELD(abi_sysinfo, procs, struct sysinfo, procs);
FIELD(abi_sysinfo, mem_unit, struct sysinfo, mem_unit);
SIZE(abi_timezone, struct timezone);
SIZE(abi_robust_list_head, struct robust_list_head);
FIELD(abi_robust_list_head, pending, struct robust_list_head, list_op_pending);
SAME(FUTEX_WAIT);
SAME(FUTEX_WAKE);
SAME(FUTEX_REQUEUE);
SAME(FUTEX_CMP_REQUEUE);
SAME(FUTEX_WAKE_OP);
SAME(FUTEX_LOCK_PI);
SAME(FUTEX_UNLOCK_PI);
SAME(FUTEX_TRYLOCK_PI);
SAME(FUTEX_LOCK_PI2);
SAME(FUTEX_WAIT_BITSET);
SAME(FUTEX_WAKE_BITSET);
SAME(FUTEX_PRIVATE_FLAG);
SAME(FUTEX_CLOCK_REALTIME);
SAME(FUTEX_WAITERS);
SAME(FUTEX_OWNER_DIED);
SAME(FUTEX_TID_MASK);
SAME_U32_AS(FUTEX_BITSET_ANY, FUTEX_BITSET_MATCH_ANY);
SAME(ARCH_SET_GS);
SAME(ARCH_SET_FS);
SAME(ARCH_GET_FS);
SAME(ARCH_GET_GS);
SAME(PR_SET_PDEATHSIG);
SAME(PR_GET_PDEATHSIG);
SAME(PR_GET_DUMPABLE);
SAME(PR_SET_DUMPABLE);
SAME(PR_GET_KEEPCAPS);
SAME(PR_SET_KEEPCAPS);
SAME(PR_SET_NAME);
SAME(PR_GET_NAME);
SAME(PR_GET_SECCOMP);
SAME(PR_CAPBSET_READ);
SAME(PR_CAPBSET_DROP);
SAME(PR_GET_TIMING);
SAME(PR_SET_TIMING);
SAME(PR_GET_TSC);
SAME(PR_SET_TSC);
SAME(PR_TSC_ENABLE);
SAME(PR_GET_TID_ADDRESS);
SAME(PR_CAP_AMBIENT);
SAME(PR_CAP_AMBIENT_IS_SET);
SAME(PR_CAP_AMBIENT_RAISE);
SAME(PR_CAP_AMBIENT_LOWER);
SAME(PR_CAP_AMBIENT_CLEAR_ALL);
SAME(PR_SET_SECUREBITS);
SAME(PR_GET_SECUREBITS);
SAME(PR_SET_TIMERSLACK);
SAME(PR_GET_TIMERSLACK);
SAME(PR_SET_CHILD_SUBREAPER);
SAME(PR_GET_CHILD_SUBREAPER);
SAME(PR_SET_NO_NEW_PRIVS);
SAME(PR_GET_NO_NEW_PRIVS);
SAME(SCHED_OTHER);
SAME(SCHED_FIFO);
SAME(SCHED_RR);
SAME(SCHED_BATCH);
SAME(SCHED_IDLE);
SAME(SCHED_DEADLINE);
SAME(SCHED_RESET_ON_FORK);
SAME_AS(PRIO_PROCESS, (int)PRIO_PROCESS);
SAME_AS(PRIO_PGRP, (int)PRIO_PGRP);
SAME_AS(PRIO_USER, (int)PRIO_USER);
SAME_U32_AS(REBOOT_MAGIC1, LINUX_REBOOT_MAGIC1);
SAME_U32_AS(REBOOT_MAGIC2, LINUX_REBOOT_MAGIC2);
SAME_U32_AS(REBOOT_MAGIC2A, LINUX_REBOOT_MAGIC2A);
SAME_U32_AS(REBOOT_MAGIC2B, LINUX_REBOOT_MAGIC2B);
SAME_U32_AS(REBOOT_MAGIC2C, LINUX_REBOOT_MAGIC2C);
SAME_U32_AS(REBOOT_CAD_ON, LINUX_REBOOT_CMD_CAD_ON);
SAME_U32_AS(REBOOT_CAD_OFF, LINUX_REBOOT_CMD_CAD_OFF);
SAME_U32_AS(REBOOT_RESTART, LINUX_REBOOT_CMD_RESTART);
SAME_U32_AS(REBOOT_HALT, LINUX_REBOOT_CMD_HALT);
SAME_U32_AS(REBOOT_POWER_OFF, LINUX_REBOOT_CMD_POWER_OFF);
SAME(GRND_NONBLOCK);
SAME(GRND_RANDOM);

/* Memory. */
SAME(MADV_COLD);
SAME(MADV_DODUMP);
SAME(MADV_DOFORK);
SAME(MADV_DONTDUMP);
SAME(MADV_DONTFORK);
SAME(MADV_DONTNEED);
SAME_AS(MADV_DONTNEED_LOCKED, 24);
SAME(MADV_FREE);
SAME(MADV_HUGEPAGE);
SAME(MADV_KEEPONFORK);
SAME(MADV_MERGEABLE);
SAME(MADV_NOHUGEPAGE);
SAME(MADV_NORMAL);
SAME(MADV_PAGEOUT);
SAME(MADV_POPULATE_READ);
SAME(MADV_POPULATE_WRITE);
SAME(MADV_RANDOM);
SAME(MADV_REMOVE);
SAME(MADV_SEQUENTIAL);
SAME(MADV_UNMERGEABLE);
SAME(MADV_WILLNEED);
SAME(MADV_WIPEONFORK);
SAME(MAP_32BIT);
SAME(MAP_ANONYMOUS);
SAME(MAP_DENYWRITE);
SAME(MAP_EXECUTABLE);
SAME(MAP_FIXED);
SAME(MAP_FIXED_NOREPLACE);
SAME(MAP_GROWSDOWN);
SAME(MAP_HUGETLB);
SAME(MAP_LOCKED);
SAME(MAP_NONBLOCK);
SAME(MAP_NORESERVE);
SAME(MAP_POPULATE);
SAME(MAP_PRIVATE);
SAME(MAP_SHARED);
SAME(MAP_SHARED_VALIDATE);
SAME(MAP_STACK);
SAME(MAP_SYNC);
SAME(MAP_TYPE);
SAME(MCL_CURRENT);
SAME(MCL_FUTURE);
SAME(MCL_ONFAULT);
SAME(MLOCK_ONFAULT);
SAME(MREMAP_DONTUNMAP);
SAME(MREMAP_FIXED);
SAME(MREMAP_MAYMOVE);
SAME(MS_ASYNC);
SAME(MS_INVALIDATE);
SAME(MS_SYNC);
SAME(PROT_GROWSDOWN);
SAME(PROT_GROWSUP);

/* Restartable sequences: the first fields of the area. */
FIELD(abi_rseq, cpu_id, struct rseq, cpu_id);
FIELD(abi_rseq, section, struct rseq, rseq_cs);
SIZE(abi_rseq_section, struct rseq_cs);
FIELD(abi_rseq_section, bytes, struct rseq_cs, post_commit_offset);
FIELD(abi_rseq_section, abort, struct rseq_cs, abort_ip);
SAME(RSEQ_FLAG_UNREGISTER);

/* Core files. */
SIZE(abi_elf_header, Elf64_Ehdr);
FIELD(abi_elf_header, segment_count, Elf64_Ehdr, e_phnum);
SIZE(abi_elf_segment, Elf64_Phdr);
FIELD(abi_elf_segment, memory_bytes, Elf64_Phdr, p_memsz);
SIZE(abi_elf_note, Elf64_Nhdr);
FIELD(abi_elf_note, type, Elf64_Nhdr, n_type);
SAME(NT_PRSTATUS);
SAME(NT_PRPSINFO);
SAME(NT_AUXV);
SAME(NT_FILE);
SAME(NT_SIGINFO);
SAME(NT_X86_XSTATE);
SAME_AS(NT_FPREGSET, NT_FPREGSET);
SAME_AS(ELF_CORE, ET_CORE);
SAME_AS(ELF_X86_64, EM_X86_64);
SAME_AS(ELF_LOAD, PT_LOAD);
SAME_AS(ELF_NOTE, PT_NOTE);
SAME_AS(ELF_EXEC, PF_X);
SAME_AS(ELF_WRITE, PF_W);
SAME_AS(ELF_READ, PF_R);
SIZE(abi_prstatus, struct elf_prstatus);
FIELD(abi_prstatus, current_signal, struct elf_prstatus, pr_cursig);
FIELD(abi_prstatus, held, struct elf_prstatus, pr_sighold);
FIELD(abi_prstatus, pid, struct elf_prstatus, pr_pid);
FIELD(abi_prstatus, user, struct elf_prstatus, pr_utime);
FIELD(abi_prstatus, regs, struct elf_prstatus, pr_reg);
FIELD(abi_prstatus, float_valid, struct elf_prstatus, pr_fpvalid);
SIZE(abi_user_regs, struct user_regs_struct);
FIELD(abi_user_regs, r11, struct user_regs_struct, r11);
FIELD(abi_user_regs, orig_rax, struct user_regs_struct, orig_rax);
FIELD(abi_user_regs, rflags, struct user_regs_struct, eflags);
FIELD(abi_user_regs, gs_base, struct user_regs_struct, gs_base);
SIZE(abi_prpsinfo, struct elf_prpsinfo);
FIELD(abi_prpsinfo, uid, struct elf_prpsinfo, pr_uid);
FIELD(abi_prpsinfo, name, struct elf_prpsinfo, pr_fname);
FIELD(abi_prpsinfo, arguments, struct elf_prpsinfo, pr_psargs);

/* The number that this machine's headers give a call, as text; its name where they have none. */
#define TEXT_OF(macro)      TEXT_OF_WORD(macro)
#define TEXT_OF_WORD(macro) #macro

/* The list has every call this machine's headers know, up to the last that we do. */
static void test_list_is_complete(void **state)
{
	static const struct {
		int number;
		const char *name, *known;
	} list[] = {
#define HAVE(number, name)  {number, #name, TEXT_OF(SYS_##name)},
#define QUICK(number, name) HAVE(number, name)
#define NONE(number, name)  HAVE(number, name)
#include "kernel/linux/syscall_list.h"
#undef HAVE
#undef QUICK
#undef NONE
	};
	const size_t count = sizeof(list) / sizeof(list[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (isdigit(list[i].known[0]) && atoi(list[i].known) != list[i].number)
			fail_msg("%s is %s here", list[i].name, list[i].known);
		if (!isdigit(list[i].known[0]) && list[i].number <= SYS_set_mempolicy_home_node)
			fail_msg("no %s here", list[i].name);
	}
	for (size_t i = 1; i < count; i++) {
		if (list[i].number != list[i - 1].number + 1)
			assert_int_equal(list[i].number, 424);
	}
	assert_int_equal(list[0].number, 0);
	assert_string_equal(list[0].name, "read");
	assert_int_equal(list[334].number, SYS_rseq);
}

/* The libc's sigaction differs from the kernel's: the two meet in the system call. */
static void test_sigaction_layout(void **state)
{
	struct abi_sigaction action = {.handler = (uint64_t)(uintptr_t)SIG_IGN,
	                               .flags = ABI_SA_RESTART | ABI_SA_RESTORER,
	                               .restorer = 0x1000,
	                               .mask = 1ull << (ABI_SIGUSR2 - 1)};
	struct abi_sigaction read_back = {0};
	struct sigaction through_libc;

	(void)state;
	assert_int_equal(syscall(SYS_rt_sigaction, ABI_SIGUSR1, &action, NULL, 8), 0);
	assert_int_equal(sigaction(SIGUSR1, NULL, &through_libc), 0);
	assert_ptr_equal(through_libc.sa_handler, SIG_IGN);
	assert_true(through_libc.sa_flags & SA_RESTART);
	assert_true(sigismember(&through_libc.sa_mask, SIGUSR2));
	assert_int_equal(syscall(SYS_rt_sigaction, ABI_SIGUSR1, NULL, &read_back, 8), 0);
	assert_memory_equal(&action, &read_back, sizeof(action));
	signal(SIGUSR1, SIG_DFL);
}

static uint32_t magic_found;
static uint64_t features_found;

static void read_frame(int signal_number, siginfo_t *info, void *context)
{
	const struct abi_ucontext *uc = context;
	struct abi_fpx_software software;

	(void)signal_number;
	(void)info;
	memcpy(&software, (const char *)uc->context.fpstate + ABI_FPX_SOFTWARE_OFFSET,
	       sizeof(software));
	magic_found = software.magic1;
	features_found = software.features;
	assert_int_equal(*(const uint32_t *)(uc->context.fpstate + software.extended_bytes - 4),
	                 ABI_FP_XSTATE_MAGIC2);
}

/* What this machine's kernel writes into a signal frame is where we say. */
static void test_frame_of_this_machine(void **state)
{
	struct sigaction action = {.sa_sigaction = read_frame, .sa_flags = SA_SIGINFO};

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	raise(SIGUSR1);
	assert_int_equal(magic_found, ABI_FP_XSTATE_MAGIC1);
	assert_true(features_found & 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list_is_complete),
	    cmocka_unit_test(test_sigaction_layout),
	    cmocka_unit_test(test_frame_of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
