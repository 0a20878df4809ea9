/* SPDX-License-Identifier: MIT */
/*
 * Files over the channel's standard streams, which behave as pipes do, and over the kernel's log.
 */
#ifndef PINFOLD_KERNEL_DEV_STREAM_FILE_H
#define PINFOLD_KERNEL_DEV_STREAM_FILE_H

#include "kernel/kernel.h"

struct file;

/* Boot. */
void stream_file_init(void);

/* A file for descriptor 0, 1 or 2 over the channel's ring, with one reference, or err_ptr. */
struct file *stream_file_open(int fd);

/* A file whose bytes go to the log, with one reference, or err_ptr. */
struct file *stream_file_open_log(void);

/* From deferred work: the channel has moved. */
void stream_file_moved(void);

#endif
