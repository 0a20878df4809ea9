/* SPDX-License-Identifier: MIT */
/*
 * A small client of the store: it watches control/shutdown, reads what the toolstack writes there,
 * answers by emptying it, and passes the wish on.
 *
 * Nothing waits: requests are queued in order and each reply, known by the number that its request
 * carried, makes the next request. All of it runs as deferred work. The other end is not trusted:
 * a message that breaks the protocol ends the listening, a value too long to be one of ours is read
 * to its end and ignored. Left out: transactions, device negotiation, suspend.
 */
#include "kernel/dev/xenstore.h"

#include "kernel/kernel.h"
#include "kernel/shutdown.h"
#include "kernel/work.h"
#include "pv/xenstore.h"

#define PATH_SHUTDOWN "control/shutdown"
#define WATCH_TOKEN   "shutdown"

/* Message types and the limit of a payload (public/io/xs_wire.h). */
enum store_type {
	STORE_READ = 2,
	STORE_WATCH = 4,
	STORE_WRITE = 11,
	STORE_WATCH_EVENT = 15,
	STORE_ERROR = 16,
};

#define STORE_PAYLOAD_MAX 4096u

/* The head of each message, followed by len bytes. */
struct store_head {
	uint32_t type;
	uint32_t request;
	uint32_t transaction;
	uint32_t len;
};

/* What a request is for; the reply carries the number. */
enum store_request {
	REQUEST_NONE,
	REQUEST_WATCH,
	REQUEST_OFFER,
	REQUEST_READ,
	REQUEST_ANSWER,
};

static struct {
	bool broken;
	/* The message that is arriving: its head, as much of its payload as is kept, and a NUL. */
	struct store_head head;
	char payload[64];
	size_t got; /* bytes of head and payload so far */
	/* Requests that the ring has not taken yet. */
	char out[512];
	size_t out_len;
} store;

static void store_break(const char *why)
{
	store.broken = true;
	klog(LOG_ERROR, "xenstore: %s; shutdown requests are no longer heard", why);
}

static void out_append(const void *data, size_t len)
{
	memcpy(store.out + store.out_len, data, len);
	store.out_len += len;
}

/* Queue a request whose payload is `path`, a NUL, and `rest`. */
static void request(enum store_type type, enum store_request number, const char *path,
                    const char *rest, size_t rest_len)
{
	size_t path_len = strlen(path) + 1;
	struct store_head head = {
	    .type = type,
	    .request = number,
	    .len = (uint32_t)(path_len + rest_len),
	};

	if (sizeof(head) + head.len > sizeof(store.out) - store.out_len) {
		store_break("requests are not taken");
		return;
	}
	out_append(&head, sizeof(head));
	out_append(path, path_len);
	out_append(rest, rest_len);
}

static void request_read(void)
{
	request(STORE_READ, REQUEST_READ, PATH_SHUTDOWN, "", 0);
}

/* The value of control/shutdown, as a string. Empty: nobody wants anything, or it is our answer. */
static void take_wish(const char *value)
{
	if (*value == 0)
		return;
	request(STORE_WRITE, REQUEST_ANSWER, PATH_SHUTDOWN, "", 0);
	if (strcmp(value, "poweroff") == 0 || strcmp(value, "halt") == 0)
		shutdown_request(SHUTDOWN_POWEROFF);
	else if (strcmp(value, "reboot") == 0)
		shutdown_request(SHUTDOWN_REBOOT);
	else
		klog(LOG_WARNING, "xenstore: a request that cannot be met: %s", value);
}

static void take_message(void)
{
	switch (store.head.type) {
	case STORE_WATCH_EVENT:
		request_read();
		break;
	case STORE_READ:
		if (store.head.request == REQUEST_READ && store.head.len < sizeof(store.payload))
			take_wish(store.payload);
		break;
	case STORE_ERROR:
		/* An offer may be refused and the node may be away; without the watch we are
		 * deaf. */
		if (store.head.request == REQUEST_WATCH)
			store_break("no watch");
		break;
	default: /* the others' replies say that it was done */
		break;
	}
}

/* Where the next bytes of the arriving message belong, and how many are wanted at most. A payload
 * that is longer than its room goes over itself: it is not looked at. */
static char *next_piece(size_t *len)
{
	size_t head_len = sizeof(store.head);
	size_t room = sizeof(store.payload) - 1;
	size_t at;

	if (store.got < head_len) {
		*len = head_len - store.got;
		return (char *)&store.head + store.got;
	}
	at = (store.got - head_len) % room;
	*len = MIN(head_len + store.head.len - store.got, room - at);
	return store.payload + at;
}

static bool message_complete(void)
{
	return store.got >= sizeof(store.head) && store.got == sizeof(store.head) + store.head.len;
}

/* Take what has arrived; true if a message is complete. */
static bool receive(void)
{
	while (!message_complete()) {
		size_t len;
		char *to = next_piece(&len);
		size_t count = pv_xenstore_receive(to, len);

		if (count == 0)
			return false;
		store.got += count;
		if (store.got == sizeof(store.head) && store.head.len > STORE_PAYLOAD_MAX) {
			store_break("a message is too long");
			return false;
		}
	}
	store.payload[MIN(store.head.len, (uint32_t)sizeof(store.payload) - 1)] = 0;
	store.got = 0;
	return true;
}

static void send_requests(void)
{
	size_t count = store.out_len > 0 ? pv_xenstore_send(store.out, store.out_len) : 0;

	store.out_len -= count;
	memmove(store.out, store.out + count, store.out_len);
}

static void store_run(void)
{
	while (!store.broken && receive())
		take_message();
	if (!store.broken)
		send_requests();
}

static struct work store_work = {.run = store_run};

static void store_moved(void)
{
	work_mark(&store_work);
}

void xenstore_init(void)
{
	memset(&store, 0, sizeof(store));
	work_register(&store_work);
	if (pv_xenstore_open(store_moved) != 0)
		return;
	request(STORE_WATCH, REQUEST_WATCH, PATH_SHUTDOWN, WATCH_TOKEN, sizeof(WATCH_TOKEN));
	/* Tell the toolstack which requests make sense. */
	request(STORE_WRITE, REQUEST_OFFER, "control/feature-poweroff", "1", 1);
	request(STORE_WRITE, REQUEST_OFFER, "control/feature-reboot", "1", 1);
	work_mark(&store_work);
}
