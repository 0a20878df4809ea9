/* SPDX-License-Identifier: MIT */
/* sources: kernel/dev/xenstore.c */
/*
 * The store's client against a scripted xenstored: what it asks for, how it answers a toolstack's
 * wish, and that nothing the other end sends upsets it, however it is cut into pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "kernel/dev/xenstore.h"
#include "kernel/kernel.h"
#include "kernel/shutdown.h"
#include "kernel/work.h"
#include "pv/ops.h"

/* The ring as the client sees it, and the log of what it did. */
static struct {
	bool absent;
	char in[65536]; /* what xenstored will say */
	size_t in_len, in_pos;
	size_t piece; /* bytes that one call gives or takes at most */
	char out[65536];
	size_t out_len;
	size_t room; /* bytes that the ring still takes */
	struct work *work;
	int requests;
	enum shutdown_kind kind;
	int errors;
} world;

static int fake_open(void (*handler)(void))
{
	(void)handler;
	return world.absent ? -19 : 0;
}

static size_t fake_send(const void *data, size_t len)
{
	size_t count = MIN(MIN(len, world.piece), world.room);

	assert_true(world.out_len + count <= sizeof(world.out));
	memcpy(world.out + world.out_len, data, count);
	world.out_len += count;
	world.room -= count;
	return count;
}

static size_t fake_receive(void *data, size_t len)
{
	size_t count = MIN(MIN(len, world.piece), world.in_len - world.in_pos);

	memcpy(data, world.in + world.in_pos, count);
	world.in_pos += count;
	return count;
}

struct pv_xenstore_ops pv_xenstore_ops = {
    .open = fake_open, .send = fake_send, .receive = fake_receive};

void klog(enum log_level level, const char *format, ...)
{
	(void)format;
	if (level == LOG_ERROR)
		world.errors++;
}

void work_register(struct work *work)
{
	work->bit = 0;
	world.work = work;
}

void work_mark(struct work *work)
{
	work->bit = 1;
}

void shutdown_request(enum shutdown_kind kind)
{
	world.requests++;
	world.kind = kind;
}

static void run(void)
{
	for (int i = 0; i < 20000 && (i < 3 || world.in_pos < world.in_len); i++)
		world.work->run();
}

/* Append a message of xenstored's. */
static void say(uint32_t type, uint32_t request, const void *payload, size_t len)
{
	struct xsd_sockmsg head = {.type = type, .req_id = request, .len = (uint32_t)len};

	assert_true(world.in_len + sizeof(head) + len <= sizeof(world.in));
	memcpy(world.in + world.in_len, &head, sizeof(head));
	memcpy(world.in + world.in_len + sizeof(head), payload, len);
	world.in_len += sizeof(head) + len;
}

/* Take the client's next request; its payload is checked. Returns its number. */
static uint32_t expect(uint32_t type, const void *payload, size_t len)
{
	struct xsd_sockmsg head;

	for (int i = 0; i < 1000; i++)
		world.work->run();
	assert_true(world.out_len >= sizeof(head) + len);
	memcpy(&head, world.out, sizeof(head));
	assert_int_equal(head.type, type);
	assert_int_equal(head.tx_id, 0);
	assert_int_equal(head.len, len);
	assert_memory_equal(world.out + sizeof(head), payload, len);
	world.out_len -= sizeof(head) + len;
	memmove(world.out, world.out + sizeof(head) + len, world.out_len);
	return head.req_id;
}

#define EXPECT(type, text) expect((type), (text), sizeof(text) - 1)

static uint32_t expect_start(void)
{
	uint32_t watch = EXPECT(XS_WATCH, "control/shutdown\0shutdown\0");

	EXPECT(XS_WRITE, "control/feature-poweroff\0001");
	EXPECT(XS_WRITE, "control/feature-reboot\0001");
	return watch;
}

static uint32_t expect_read(void)
{
	return EXPECT(XS_READ, "control/shutdown\0");
}

static void say_event(void)
{
	static const char event[] = "control/shutdown\0shutdown";

	say(XS_WATCH_EVENT, 0, event, sizeof(event));
}

static void say_value(uint32_t request, const char *value)
{
	say(XS_READ, request, value, strlen(value));
}

static void start(size_t piece)
{
	memset(&world, 0, sizeof(world));
	world.piece = piece;
	world.room = SIZE_MAX;
	xenstore_init();
	assert_non_null(world.work);
}

static void wish_is_answered(const char *value, enum shutdown_kind kind, size_t piece)
{
	start(piece);
	say(XS_WATCH, expect_start(), "OK", 3);
	say_event();
	say_value(expect_read(), "");
	run();
	assert_int_equal(world.requests, 0);
	say_event();
	say_value(expect_read(), value);
	EXPECT(XS_WRITE, "control/shutdown\0");
	assert_int_equal(world.requests, 1);
	assert_int_equal(world.kind, kind);
	/* The answer makes the watch fire once more. */
	say_event();
	say_value(expect_read(), "");
	run();
	assert_int_equal(world.requests, 1);
	assert_int_equal(world.out_len, 0);
	assert_int_equal(world.errors, 0);
}

static void test_poweroff(void **state)
{
	(void)state;
	wish_is_answered("poweroff", SHUTDOWN_POWEROFF, SIZE_MAX);
}

static void test_halt(void **state)
{
	(void)state;
	wish_is_answered("halt", SHUTDOWN_POWEROFF, 7);
}

static void test_reboot(void **state)
{
	(void)state;
	wish_is_answered("reboot", SHUTDOWN_REBOOT, 1);
}

static void test_unknown_wish_is_answered_only(void **state)
{
	(void)state;
	start(SIZE_MAX);
	expect_start();
	say_event();
	say_value(expect_read(), "suspend");
	EXPECT(XS_WRITE, "control/shutdown\0");
	assert_int_equal(world.requests, 0);
}

static void test_a_full_ring_delays(void **state)
{
	(void)state;
	start(SIZE_MAX);
	world.room = 0;
	for (int i = 0; i < 3; i++)
		say_event();
	run();
	assert_int_equal(world.out_len, 0);
	world.room = SIZE_MAX;
	expect_start();
	for (int i = 0; i < 3; i++)
		expect_read();
	assert_int_equal(world.errors, 0);
}

/* A ring that takes nothing while events flood in must not overflow the queue of requests. */
static void test_a_stuck_ring_ends_it(void **state)
{
	(void)state;
	start(SIZE_MAX);
	world.room = 0;
	for (int i = 0; i < 100; i++)
		say_event();
	for (int i = 0; i < 100; i++)
		world.work->run();
	assert_int_equal(world.errors, 1);
	assert_int_equal(world.requests, 0);
}

static void test_long_value_is_skipped(void **state)
{
	char value[XENSTORE_PAYLOAD_MAX];

	(void)state;
	memset(value, 'p', sizeof(value));
	memcpy(value, "poweroff", 9);
	start(100);
	expect_start();
	say_event();
	say(XS_READ, expect_read(), value, sizeof(value));
	run();
	assert_int_equal(world.requests, 0);
	say_event();
	say_value(expect_read(), "poweroff");
	run();
	assert_int_equal(world.requests, 1);
}

static void test_too_long_message_ends_it(void **state)
{
	struct xsd_sockmsg head = {.type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1};

	(void)state;
	start(SIZE_MAX);
	expect_start();
	memcpy(world.in, &head, sizeof(head));
	world.in_len = sizeof(head) + 4097;
	for (int i = 0; i < 10; i++)
		world.work->run();
	assert_int_equal(world.errors, 1);
	assert_int_equal(world.in_pos, sizeof(head));
}

static void test_errors(void **state)
{
	uint32_t watch;

	(void)state;
	start(SIZE_MAX);
	watch = expect_start();
	say(XS_ERROR, watch + 1, "EACCES", 7);
	say_event();
	say(XS_ERROR, expect_read(), "ENOENT", 7);
	run();
	assert_int_equal(world.errors, 0);
	say(XS_ERROR, watch, "EINVAL", 7);
	run();
	assert_int_equal(world.errors, 1);
}

/* A value that nobody asked for is not a wish. */
static void test_stray_reply(void **state)
{
	(void)state;
	start(SIZE_MAX);
	say_value(expect_start() + 77, "poweroff");
	run();
	assert_int_equal(world.requests, 0);
}

static void test_absent(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.absent = true;
	xenstore_init();
	assert_int_equal(world.work->bit, 0);
}

static void test_garbage(void **state)
{
	(void)state;
	srand(1);
	start(13);
	for (int i = 0; i < 200; i++) {
		char payload[128];
		size_t len = (size_t)rand() % sizeof(payload);

		for (size_t k = 0; k < len; k++)
			payload[k] = (char)rand();
		say((uint32_t)rand() % 24, (uint32_t)rand() % 8, payload, len);
	}
	while (world.in_len < sizeof(world.in))
		world.in[world.in_len++] = (char)rand();
	run();
	assert_int_equal(world.requests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_poweroff),
	    cmocka_unit_test(test_halt),
	    cmocka_unit_test(test_reboot),
	    cmocka_unit_test(test_unknown_wish_is_answered_only),
	    cmocka_unit_test(test_a_full_ring_delays),
	    cmocka_unit_test(test_a_stuck_ring_ends_it),
	    cmocka_unit_test(test_long_value_is_skipped),
	    cmocka_unit_test(test_too_long_message_ends_it),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_stray_reply),
	    cmocka_unit_test(test_absent),
	    cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
