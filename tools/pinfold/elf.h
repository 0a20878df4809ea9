/* SPDX-License-Identifier: MIT */
/*
 * Can the guest run this file of the host's?
 */
#ifndef PINFOLD_TOOLS_ELF_H
#define PINFOLD_TOOLS_ELF_H

#include <stddef.h>

/*
 * Looks at an open file from its start. Returns 0 if it is a static x86-64 Linux ELF program; else
 * -1 with `why` saying what it is, to follow "FILE: ".
 */
int elf_check_static(int fd, char *why, size_t why_bytes);

#endif
