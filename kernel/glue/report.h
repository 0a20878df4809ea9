/* SPDX-License-Identifier: MIT */
/*
 * What happens, for people: /proc/pinfold/ and the launcher's --stats.
 */
#ifndef PINFOLD_KERNEL_GLUE_REPORT_H
#define PINFOLD_KERNEL_GLUE_REPORT_H

/* Boot, after procfs and the streams are there. */
void report_init(void);

#endif
