/* SPDX-License-Identifier: MIT */
/*
 * QEMU's protocol, see qmp.h. Facts: QEMU's docs/interop/qmp-spec.txt and qapi/migration.json. The
 * capability x-ignore-shared leaves memory out of the state that is shared with a file.
 */
#include "tools/pinfold/qmp.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CAPABILITIES                                                                  \
	"{\"execute\":\"qmp_capabilities\"}"                                          \
	"{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":[" \
	"{\"capability\":\"x-ignore-shared\",\"state\":true},"                        \
	"{\"capability\":\"events\",\"state\":true}]}}"

bool qmp_open(struct qmp *qmp)
{
	int ends[2];

	*qmp = (struct qmp){.fd = -1, .qemu_fd = -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return false;
	qmp->fd = ends[0];
	qmp->qemu_fd = ends[1];
	return true;
}

void qmp_close(struct qmp *qmp)
{
	if (qmp->fd >= 0)
		close(qmp->fd);
	if (qmp->qemu_fd >= 0)
		close(qmp->qemu_fd);
	qmp->fd = qmp->qemu_fd = -1;
}

/* The whole text in one piece, with a descriptor unless that is -1. */
static bool send_text(struct qmp *qmp, const char *text, int fd)
{
	struct iovec piece = {.iov_base = (char *)(uintptr_t)text, .iov_len = strlen(text)};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *header = &control.header;

		header->cmsg_len = CMSG_LEN(sizeof(int));
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	return sendmsg(qmp->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)piece.iov_len;
}

bool qmp_save(struct qmp *qmp, int state_fd)
{
	return send_text(qmp,
	                 CAPABILITIES
	                 "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"state\"}}"
	                 "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:state\"}}",
	                 state_fd);
}

bool qmp_restore(struct qmp *qmp, int state_fd)
{
	char text[512];

	snprintf(text, sizeof(text),
	         CAPABILITIES
	         "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:%d\"}}",
	         state_fd);
	return send_text(qmp, text, -1);
}

void qmp_quit(struct qmp *qmp)
{
	(void)send_text(qmp, "{\"execute\":\"quit\"}", -1);
}

static const char *member(json_object *object, const char *name)
{
	json_object *found;

	if (!json_object_object_get_ex(object, name, &found))
		return "";
	return json_object_get_string(found);
}

static enum qmp_news read_migration(json_object *object)
{
	json_object *data;
	const char *status;

	if (!json_object_object_get_ex(object, "data", &data))
		return QMP_NOTHING;
	status = member(data, "status");
	if (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0)
		return QMP_FAILED;
	return strcmp(status, "completed") == 0 ? QMP_SAVED : QMP_NOTHING;
}

/* A line that is no object is nothing of ours: there is none. */
static enum qmp_news read_line(const char *line)
{
	json_object *object = json_tokener_parse(line);
	json_object *error;
	enum qmp_news news = QMP_NOTHING;
	const char *event;

	if (object == NULL)
		return QMP_FAILED;
	event = member(object, "event");
	if (json_object_object_get_ex(object, "error", &error))
		news = QMP_FAILED;
	else if (strcmp(event, "RESUME") == 0)
		news = QMP_RUNS;
	else if (strcmp(event, "MIGRATION") == 0)
		news = read_migration(object);
	json_object_put(object);
	return news;
}

/* The news of the whole lines that are there; the first that is some, except that a failure counts
 * most. */
static enum qmp_news read_lines(struct qmp *qmp)
{
	enum qmp_news news = QMP_NOTHING;
	char *end;

	qmp->line[qmp->len] = '\0';
	while ((end = strchr(qmp->line, '\n')) != NULL) {
		enum qmp_news more;

		*end = '\0';
		more = read_line(qmp->line);
		if (news == QMP_NOTHING || more == QMP_FAILED)
			news = more;
		qmp->len -= (size_t)(end + 1 - qmp->line);
		memmove(qmp->line, end + 1, qmp->len + 1);
	}
	return news;
}

enum qmp_news qmp_take(struct qmp *qmp)
{
	size_t room = sizeof(qmp->line) - 1 - qmp->len;
	ssize_t got = recv(qmp->fd, qmp->line + qmp->len, room, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return QMP_NOTHING;
	if (got <= 0)
		return QMP_FAILED;
	qmp->len += (size_t)got;
	return read_lines(qmp);
}
