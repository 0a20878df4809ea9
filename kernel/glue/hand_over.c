/* SPDX-License-Identifier: MIT */
/*
 * The hand-over: see hand_over.h.
 *
 * The machine may have been saved while it waited, and be one of many that go on from there. So
 * whatever is to be this run's own is made behind the wait: the random generator is seeded from the
 * host's bytes before anything is drawn from it, and the wall clock is the host's. The monotonic
 * clock goes on from where it stood.
 */
#include "kernel/glue/hand_over.h"

#include "kernel/dev/channel.h"
#include "kernel/dev/stream.h"
#include "kernel/fs/vfs.h"
#include "kernel/kernel.h"
#include "kernel/task/clock.h"
#include "lib/rng.h"

void hand_over_take(void)
{
	struct hand_over taken;
	int error;

	if (!channel_present())
		return;
	stream_wait_hand_over();
	error = channel_take_hand_over(&taken);
	if (error)
		panic("what the launcher hands over cannot be used: error %d", -error);
	rng_stir(taken.random, sizeof(taken.random));
	memset(taken.random, 0, sizeof(taken.random));
	clock_set_realtime((int64_t)taken.wall_ns);
	channel_set_state(CHANNEL_GUEST_TAKEN);
	error = taken.archive ? ramdisk_unpack(taken.archive, taken.archive_bytes, NULL) : 0;
	if (error)
		panic("the archive of the run cannot be used%s",
		      error == -ENOSPC || error == -ENOMEM ? ": too little memory for it" : "");
	stream_start();
}
