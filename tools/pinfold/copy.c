/* SPDX-License-Identifier: MIT */
/*
 * Copies a file, see copy.h.
 */
#include "tools/pinfold/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/limits.h"

/* What could not be written whole is told by the next write. */
static void write_all(int fd, const char *data, ssize_t len, const char *name)
{
	while (len > 0) {
		ssize_t done = write(fd, data, (size_t)len);

		if (done < 0)
			fail_exit(STATUS_FAILURE, "cannot write %s: %s", name,
			          limits_explain(errno));
		data += done;
		len -= done;
	}
}

int64_t copy_whole(int to, const char *name, const char *from)
{
	static char buffer[65536];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	int64_t bytes = 0;
	ssize_t len = -1;

	while (fd >= 0 && (len = read(fd, buffer, sizeof(buffer))) > 0) {
		write_all(to, buffer, len, name);
		bytes += len;
	}
	if (len < 0)
		fail_exit(STATUS_FAILURE, "cannot read %s: %s", from, limits_explain(errno));
	close(fd);
	return bytes;
}
