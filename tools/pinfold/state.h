/* SPDX-License-Identifier: MIT */
/*
 * The one thing in QEMU's record of a machine that has to be changed before another QEMU takes it.
 */
#ifndef PINFOLD_TOOLS_STATE_H
#define PINFOLD_TOOLS_STATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * QEMU writes for each piece of memory that it leaves out where in the machine it is mapped, and
 * the reading QEMU compares. But the channel is mapped where its PCI register says, which is read
 * later: when the places are compared, no place has been given to it yet, and QEMU refuses. So the
 * channel's place is set to that: 0. Nothing else is read from it. `channel_bytes` is the channel's
 * size. False: the file does not have that form.
 */
bool state_detach(int state_fd, uint64_t channel_bytes);

#endif
