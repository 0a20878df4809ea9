/* SPDX-License-Identifier: MIT */
/*
 * The limit on file sizes, see limits.h. main() ignores SIGXFSZ, so that who writes beyond the
 * limit gets EFBIG.
 */
#include "tools/pinfold/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static struct rlimit found;

void limits_raise(void)
{
	struct rlimit raised;

	if (getrlimit(RLIMIT_FSIZE, &found) != 0)
		return;
	raised = (struct rlimit){.rlim_cur = found.rlim_max, .rlim_max = found.rlim_max};
	(void)setrlimit(RLIMIT_FSIZE, &raised);
}

void limits_restore(void)
{
	(void)setrlimit(RLIMIT_FSIZE, &found);
}

const char *limits_explain(int error)
{
	return error == EFBIG ? "the limit on file sizes (ulimit -f) is too low" : strerror(error);
}
