/* SPDX-License-Identifier: MIT */
/*
 * From a machine that is up to a machine with something to run: what the launcher hands over
 * through the channel (lib/channel.h).
 */
#ifndef PINFOLD_KERNEL_GLUE_HAND_OVER_H
#define PINFOLD_KERNEL_GLUE_HAND_OVER_H

/* In the first task, before there is any process: wait for the hand-over and carry it out. Returns
 * at once where there is no channel. Panics when what is handed over cannot be used. */
void hand_over_take(void);

#endif
