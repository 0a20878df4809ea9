/* SPDX-License-Identifier: MIT */
/*
 * The syslog call: what dmesg reads. Console levels are accepted and kept apart from the log's own:
 * the machine's console is not the program's terminal, so that there is nothing to silence.
 */
#include "kernel/linux/syscall.h"
#include "kernel/log.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

enum syslog_action {
	SYSLOG_CLOSE = 0,
	SYSLOG_OPEN = 1,
	SYSLOG_READ = 2,
	SYSLOG_READ_ALL = 3,
	SYSLOG_READ_CLEAR = 4,
	SYSLOG_CLEAR = 5,
	SYSLOG_CONSOLE_OFF = 6,
	SYSLOG_CONSOLE_ON = 7,
	SYSLOG_CONSOLE_LEVEL = 8,
	SYSLOG_SIZE_UNREAD = 9,
	SYSLOG_SIZE_BUFFER = 10,
};

static uint64_t read_pos;  /* of SYSLOG_READ */
static uint64_t clear_pos; /* READ_ALL starts here after a CLEAR */

/* Copy from *pos on to the user; bytes or -EFAULT. */
static long copy_log(uint64_t *pos, char *user, size_t size)
{
	char chunk[256];
	size_t done = 0;

	while (done < size) {
		size_t len = log_read(pos, chunk, MIN(sizeof(chunk), size - done));

		if (len == 0)
			break;
		if (copy_to_user(user + done, chunk, len))
			return -EFAULT;
		done += len;
	}
	return (long)done;
}

/* The last `size` bytes since the last clear, from the start of a line. */
static long read_all(char *user, size_t size)
{
	uint64_t end = log_end();
	uint64_t pos = clear_pos;

	if (end - pos > LOG_RING_BYTES)
		pos = end - LOG_RING_BYTES;
	if (end - pos > size || pos != clear_pos) {
		char c = '\0';

		if (end - pos > size)
			pos = end - size;
		while (c != '\n' && log_read(&pos, &c, 1) == 1)
			;
	}
	return copy_log(&pos, user, (size_t)(end - pos));
}

long sys_syslog(const struct sys_args *args)
{
	int action = SYS_INT(args, 0);
	char *user = SYS_PTR(args, 1);
	int size = SYS_INT(args, 2);
	long result;

	if (action != SYSLOG_READ_ALL && action != SYSLOG_SIZE_BUFFER && !cap_held(ABI_CAP_SYSLOG))
		return -EPERM;
	switch (action) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
	case SYSLOG_CONSOLE_OFF:
	case SYSLOG_CONSOLE_ON:
		return 0;
	case SYSLOG_CONSOLE_LEVEL:
		return size >= 1 && size <= 8 ? 0 : -EINVAL;
	case SYSLOG_SIZE_UNREAD:
		return (long)MIN(log_end() - read_pos, (uint64_t)LOG_RING_BYTES);
	case SYSLOG_SIZE_BUFFER:
		return LOG_RING_BYTES;
	case SYSLOG_CLEAR:
		clear_pos = log_end();
		return 0;
	default:
		break;
	}
	if (action < 0 || action > SYSLOG_READ_CLEAR || !user || size < 0)
		return -EINVAL;
	if (action == SYSLOG_READ)
		return copy_log(&read_pos, user, (size_t)size);
	result = read_all(user, (size_t)size);
	if (action == SYSLOG_READ_CLEAR && result >= 0)
		clear_pos = log_end();
	return result;
}
