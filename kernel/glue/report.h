/* SPDX-License-Identifier: MIT */
/*
 * What happens, for people: /proc/pinfold/ and the launcher's --stats.
 */
#ifndef PINFOLD_KERNEL_GLUE_REPORT_H
#define PINFOLD_KERNEL_GLUE_REPORT_H

/* Boot, after procfs and the streams are there. */
void report_init(void);

/* The first user instruction is next: what boot cost is noted. Called at each return to user
 * mode; only the first counts. */
void report_boot_done(void);

#endif
