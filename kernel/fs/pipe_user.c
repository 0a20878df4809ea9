/* SPDX-License-Identifier: MIT */
/*
 * How much the pipes of each user can hold, together. A pipe belongs to the user who made it, by
 * the real id. Those who may exceed limits are counted, too, and not held to it.
 */
#include "kernel/fs/pipe.h"

#define BUCKETS    64u
#define PAGES_LEFT 2u /* of a new pipe of a user who has too many */

struct pipe_user {
	struct pipe_user *next;
	uint32_t uid;
	uint32_t pipes;
	size_t pages;
};

static struct pipe_user *users[BUCKETS];

static bool held_to_limits(void)
{
	return !cred_has(fs_cred(), ABI_CAP_SYS_RESOURCE) &&
	       !cred_has(fs_cred(), ABI_CAP_SYS_ADMIN);
}

/* The record of the caller, a new one at the first pipe. NULL: out of memory. */
static struct pipe_user *user_get(uint32_t uid)
{
	struct pipe_user **bucket = &users[uid % BUCKETS], *user;

	for (user = *bucket; user != NULL && user->uid != uid; user = user->next)
		;
	if (user == NULL) {
		user = kzalloc(sizeof(*user));
		if (user == NULL)
			return NULL;
		user->uid = uid;
		user->next = *bucket;
		*bucket = user;
	}
	user->pipes++;
	return user;
}

bool pipe_user_join(struct pipe *pipe)
{
	size_t pages = pipe->capacity >> PAGE_SHIFT;

	pipe->user = user_get(fs_cred()->uid);
	if (pipe->user == NULL)
		return false;
	if (pipe->user->pages + pages > PIPE_USER_PAGES_SOFT && held_to_limits()) {
		pages = PAGES_LEFT;
		pipe->capacity = pipe->limit = pages << PAGE_SHIFT;
	}
	pipe->user->pages += pages;
	return true;
}

void pipe_user_leave(struct pipe *pipe)
{
	struct pipe_user *user = pipe->user;
	struct pipe_user **at = &users[user->uid % BUCKETS];

	user->pages -= pipe->capacity >> PAGE_SHIFT;
	if (--user->pipes > 0)
		return;
	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	kfree(user);
}

bool pipe_user_may_grow(const struct pipe *pipe, size_t capacity)
{
	size_t pages = pipe->user->pages + ((capacity - pipe->capacity) >> PAGE_SHIFT);

	return pages <= PIPE_USER_PAGES_SOFT || !held_to_limits();
}

void pipe_user_resize(struct pipe *pipe, size_t capacity)
{
	pipe->user->pages += capacity >> PAGE_SHIFT;
	pipe->user->pages -= pipe->capacity >> PAGE_SHIFT;
}
