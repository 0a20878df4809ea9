/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the x86-64 Linux ABI for the memory calls. Protection bits are enum vm_prot.
 */
#ifndef PINFOLD_KERNEL_LINUX_ABI_MM_H
#define PINFOLD_KERNEL_LINUX_ABI_MM_H

#define ABI_PROT_SEM       0x8u
#define ABI_PROT_GROWSDOWN 0x01000000u
#define ABI_PROT_GROWSUP   0x02000000u

#define ABI_MAP_SHARED          0x01u
#define ABI_MAP_PRIVATE         0x02u
#define ABI_MAP_SHARED_VALIDATE 0x03u
#define ABI_MAP_TYPE            0x0fu
#define ABI_MAP_FIXED           0x10u
#define ABI_MAP_ANONYMOUS       0x20u
#define ABI_MAP_32BIT           0x40u
#define ABI_MAP_GROWSDOWN       0x0100u
#define ABI_MAP_DENYWRITE       0x0800u
#define ABI_MAP_EXECUTABLE      0x1000u
#define ABI_MAP_LOCKED          0x2000u
#define ABI_MAP_NORESERVE       0x4000u
#define ABI_MAP_POPULATE        0x8000u
#define ABI_MAP_NONBLOCK        0x10000u
#define ABI_MAP_STACK           0x20000u
#define ABI_MAP_HUGETLB         0x40000u
#define ABI_MAP_SYNC            0x80000u
#define ABI_MAP_FIXED_NOREPLACE 0x100000u
#define ABI_MAP_HUGE_MASK       0xfc000000u /* log2 of the size of huge pages */

#define ABI_MREMAP_MAYMOVE   1u
#define ABI_MREMAP_FIXED     2u
#define ABI_MREMAP_DONTUNMAP 4u

#define ABI_MS_ASYNC      1u
#define ABI_MS_INVALIDATE 2u
#define ABI_MS_SYNC       4u

#define ABI_MCL_CURRENT 1u
#define ABI_MCL_FUTURE  2u
#define ABI_MCL_ONFAULT 4u

#define ABI_MLOCK_ONFAULT 1u

#define ABI_MADV_NORMAL          0
#define ABI_MADV_RANDOM          1
#define ABI_MADV_SEQUENTIAL      2
#define ABI_MADV_WILLNEED        3
#define ABI_MADV_DONTNEED        4
#define ABI_MADV_FREE            8
#define ABI_MADV_REMOVE          9
#define ABI_MADV_DONTFORK        10
#define ABI_MADV_DOFORK          11
#define ABI_MADV_MERGEABLE       12
#define ABI_MADV_UNMERGEABLE     13
#define ABI_MADV_HUGEPAGE        14
#define ABI_MADV_NOHUGEPAGE      15
#define ABI_MADV_DONTDUMP        16
#define ABI_MADV_DODUMP          17
#define ABI_MADV_WIPEONFORK      18
#define ABI_MADV_KEEPONFORK      19
#define ABI_MADV_COLD            20
#define ABI_MADV_PAGEOUT         21
#define ABI_MADV_POPULATE_READ   22
#define ABI_MADV_POPULATE_WRITE  23
#define ABI_MADV_DONTNEED_LOCKED 24

#endif
