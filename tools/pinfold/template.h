/* SPDX-License-Identifier: MIT */
/*
 * Saved machines on disk: machines of one kind each that have come up and wait for what they are to
 * run.
 *
 * A kind is described by a text, its key: all that the machine was made of. Each has a folder of
 * its own in the cache, $XDG_CACHE_HOME/pinfold or ~/.cache/pinfold, named by a hash of the key:
 *   key    the text
 *   state  QEMU's record of the devices
 *   ram    the memory
 *   log    what the machine wrote to COM1 while it came up
 *   seal   size and times of state and ram and a hash of state: whoever changes them breaks it
 * It is made under another name, NAME.tmp, and then renamed. Who makes or removes one holds the
 * lock NAME.lock; nobody waits for it. Who uses one needs no lock: it has the files open, and then
 * they may be removed. What a killed maker leaves is removed by the next one, of whatever kind. The
 * key has the machine's boot id, so a file that a crash of this machine left half-written is never
 * used.
 */
#ifndef PINFOLD_TOOLS_TEMPLATE_H
#define PINFOLD_TOOLS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where saved machines of a kind are. */
struct template_place {
	int cache_fd; /* -1: there is no cache */
	const char *key;
	char name[24];
};

/* The open files of a saved machine. */
struct template
{
	int ram_fd;
	int state_fd;
	int log_fd;
};

enum template_answer {
	TEMPLATE_FOUND,
	TEMPLATE_MISSING,
	TEMPLATE_REFUSED, /* making one failed not long ago */
};

/* False, and why, when there is no cache to be had. The key stays the caller's. */
bool template_place(struct template_place *place, const char *key, const char **why);

/* Opens the saved machine of the kind, if there is one that is whole. */
enum template_answer template_find(const struct template_place *place, struct template *found);

/* A saved machine while it is made. The files are open for writing. */
struct template_draft {
	struct template files;
	int lock_fd;
	int folder_fd;
};

/*
 * Begins one: false, and why, when another process makes it, or there is not enough room for
 * `bytes` of memory. Makes room by removing what was not used for longest.
 */
bool template_begin(const struct template_place *place, struct template_draft *draft,
                    uint64_t bytes, const char **why);

/* It is made: others find it from now on. False: it could not be written, and is gone. */
bool template_finish(const struct template_place *place, struct template_draft *draft);

/* It is given up; `remember`: and for some time nobody is to try again. */
void template_give_up(const struct template_place *place, struct template_draft *draft,
                      bool remember);

/* Removes one that does not work. */
void template_remove(const struct template_place *place, const struct template *broken);

void template_close(struct template *template);

#endif
