/* SPDX-License-Identifier: MIT */
/* Error numbers of the Linux ABI on x86. tests/unit/abi_test.c holds them against the system's
 * own headers. */
#ifndef PINFOLD_KERNEL_LINUX_ERRNO_H
#define PINFOLD_KERNEL_LINUX_ERRNO_H

#define EPERM        1
#define ENOENT       2
#define ESRCH        3
#define EINTR        4
#define EIO          5
#define ENXIO        6
#define E2BIG        7
#define ENOEXEC      8
#define EBADF        9
#define ECHILD       10
#define EAGAIN       11
#define ENOMEM       12
#define EACCES       13
#define EFAULT       14
#define EBUSY        16
#define EEXIST       17
#define EXDEV        18
#define ENODEV       19
#define ENOTDIR      20
#define EISDIR       21
#define EINVAL       22
#define ENFILE       23
#define EMFILE       24
#define ENOTTY       25
#define ETXTBSY      26
#define EFBIG        27
#define ENOSPC       28
#define ESPIPE       29
#define EROFS        30
#define EMLINK       31
#define EPIPE        32
#define EDOM         33
#define ERANGE       34
#define EDEADLK      35
#define ENAMETOOLONG 36
#define ENOSYS       38
#define ENOTEMPTY    39
#define ELOOP        40
#define ENODATA      61
#define ETIME        62
#define EOVERFLOW    75
#define ELIBBAD      80
#define ENOTSOCK     88
#define EOPNOTSUPP   95
#define EAFNOSUPPORT 97
#define ETIMEDOUT    110
#define ECANCELED    125

/* Never seen by programs: a system call that a signal interrupted. The return to user mode turns
 * it into a restart or EINTR, by the handler's SA_RESTART (ERESTARTSYS), always EINTR with a
 * handler (ERESTARTNOHAND), or always a restart (ERESTARTNOINTR). */
#define ERESTARTSYS    512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
/* Restart through restart_syscall(), for sleeps that must not begin anew. */
#define ERESTART_BLOCK 516

#endif
