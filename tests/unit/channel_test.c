/* SPDX-License-Identifier: MIT */
/* sources: lib/str.c */
/*
 * The guest's side of the channel, with a machine of a few lines: a PCI device, a UART and shared
 * memory. The host's side is played here straight from lib/channel.h, and does wrong as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The processor's port instructions are the fake machine's. */
#define PINFOLD_PORT_CPU_H
static uint8_t port_in8(uint16_t port);
static void port_out8(uint16_t port, uint8_t value);
static uint32_t port_in32(uint16_t port);
static void port_out32(uint16_t port, uint32_t value);

#include "kernel/dev/channel.c"
#include "kernel/dev/com2.c"
#include "kernel/dev/pci.c"

/* The machine. */

#define AREA_BASE   0xfe00000000ull
#define AREA_BYTES  (2 * CHANNEL_BYTES)
#define DEVICE_SLOT 5u

static struct {
	bool has_device;
	uint32_t pci_address;
	uint32_t command;
	uint32_t bar_low, bar_high;
	uint32_t area_bytes;
	uint8_t uart[8];
	unsigned int keys_waiting; /* bytes in the UART's receiver */
	unsigned int rings;        /* bytes that the guest has sent */
	void (*handler)(void *arg);
	unsigned int gsi;
	_Alignas(4096) uint8_t area[AREA_BYTES];
} machine;

static unsigned int bells;
static unsigned int log_lines;

static uint8_t port_in8(uint16_t port)
{
	if (port == 0x2fd)
		return machine.keys_waiting > 0 ? 0x61 : 0x60;
	if (port == 0x2f8 && machine.keys_waiting > 0)
		machine.keys_waiting--;
	return 0;
}

static void port_out8(uint16_t port, uint8_t value)
{
	assert_in_range(port, 0x2f8, 0x2ff);
	if (port == 0x2f8 && !(machine.uart[3] & 0x80))
		machine.rings++;
	machine.uart[port - 0x2f8] = value;
}

static uint32_t port_in32(uint16_t port)
{
	uint32_t slot = (machine.pci_address >> 11) & 31;

	assert_int_equal(port, 0xcfc);
	if (slot != DEVICE_SLOT || !machine.has_device)
		return 0xffffffffu;
	switch (machine.pci_address & 0xfc) {
	case 0x00:
		return 0x11101af4u;
	case 0x04:
		return 0x02900000u | machine.command;
	case 0x18:
		return machine.bar_low;
	case 0x1c:
		return machine.bar_high;
	default:
		return 0;
	}
}

static void port_out32(uint16_t port, uint32_t value)
{
	if (port == 0xcf8) {
		machine.pci_address = value;
		return;
	}
	assert_int_equal(port, 0xcfc);
	switch (machine.pci_address & 0xfc) {
	case 0x04:
		assert_int_equal(value >> 16, 0);
		machine.command = value & 0xffff;
		break;
	case 0x18:
		/* The address moves only while the device does not answer at it. */
		assert_int_equal(machine.command & 2, 0);
		machine.bar_low = (value & ~(machine.area_bytes - 1) & ~0xfu) | 0xc;
		break;
	case 0x1c:
		assert_int_equal(machine.command & 2, 0);
		machine.bar_high = value;
		break;
	default:
		fail();
	}
}

static int fake_port_io_enable(void)
{
	return 0;
}

static void *fake_map_device(maddr_t base, uint64_t bytes)
{
	assert_true(base.v >= AREA_BASE && bytes <= machine.area_bytes - (base.v - AREA_BASE));
	assert_int_equal(machine.command & 2, 2);
	assert_int_equal(machine.bar_low, 0x0000000cu);
	assert_int_equal(machine.bar_high, 0xfeu);
	return machine.area + (base.v - AREA_BASE);
}

static int fake_bind_line(unsigned int gsi, void (*handler)(void *arg), void *arg)
{
	(void)arg;
	machine.gsi = gsi;
	machine.handler = handler;
	return 0;
}

struct pv_cpu_ops pv_cpu_ops = {
    .port_io_enable = fake_port_io_enable,
    .map_device = fake_map_device,
};
struct pv_irq_ops pv_irq_ops = {.bind_line = fake_bind_line};

void klog(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
	log_lines++;
}

/* The host. */

static struct channel_header *host(void)
{
	return (struct channel_header *)(void *)machine.area;
}

static void count_bell(void)
{
	bells++;
}

static int set_up(void **state)
{
	static const uint32_t sizes[CHANNEL_RING_COUNT] = {65536, 4096, 8192, 4096, 32768, 16384};
	uint32_t offset = 4096;

	(void)state;
	memset(&machine, 0, sizeof(machine));
	memset(rings, 0, sizeof(rings));
	header = NULL;
	bells = 0;
	log_lines = 0;
	machine.has_device = true;
	machine.bar_low = 0x0000000cu;
	machine.bar_high = 0xfeu;
	machine.command = 2;
	machine.area_bytes = AREA_BYTES;
	host()->magic = CHANNEL_MAGIC;
	host()->version = CHANNEL_VERSION;
	for (int i = 0; i < CHANNEL_RING_COUNT; i++) {
		host()->ring[i].offset_bytes = offset;
		host()->ring[i].size_bytes = sizes[i];
		offset += sizes[i];
	}
	return 0;
}

static size_t host_write(enum channel_ring_idx idx, const uint8_t *data, size_t len)
{
	struct channel_ring *ring = &host()->ring[idx];
	size_t done = 0;

	while (done < len && ring->head - ring->tail < ring->size_bytes) {
		machine.area[ring->offset_bytes + ring->head % ring->size_bytes] = data[done++];
		ring->head++;
	}
	return done;
}

static size_t host_read(enum channel_ring_idx idx, uint8_t *data, size_t size)
{
	struct channel_ring *ring = &host()->ring[idx];
	size_t done = 0;

	while (done < size && ring->tail != ring->head) {
		data[done++] = machine.area[ring->offset_bytes + ring->tail % ring->size_bytes];
		ring->tail++;
	}
	return done;
}

/* The tests. */

static void test_take_over(void **state)
{
	(void)state;
	host()->host_wants_bell = 1;
	assert_true(channel_init(count_bell));
	assert_true(channel_present());
	assert_int_equal(host()->guest_wants_bell, 1);
	assert_int_equal(machine.rings, 0);
	channel_set_state(CHANNEL_GUEST_WAITS);
	assert_int_equal(host()->guest_state, CHANNEL_GUEST_WAITS);
	assert_int_equal(machine.rings, 1);
	assert_int_equal(machine.gsi, 3);
	assert_int_equal(machine.uart[1], 0x01);
	assert_int_equal(machine.uart[3], 0x03);
	assert_int_equal(machine.uart[4] & 0x08, 0x08);
}

static void test_no_device(void **state)
{
	(void)state;
	machine.has_device = false;
	assert_false(channel_init(count_bell));
	assert_false(channel_present());
	assert_int_equal(log_lines, 0);
}

static void test_unusable(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
	} wrong[] = {
	    {offsetof(struct channel_header, magic), 7},
	    {offsetof(struct channel_header, version), CHANNEL_VERSION + 1},
	    {offsetof(struct channel_header, ring[2].offset_bytes), 64},
	    {offsetof(struct channel_header, ring[2].offset_bytes), CHANNEL_BYTES},
	    {offsetof(struct channel_header, ring[2].offset_bytes), CHANNEL_BYTES - 4096},
	    {offsetof(struct channel_header, ring[2].offset_bytes), 0xfffff000u},
	    {offsetof(struct channel_header, ring[3].size_bytes), 0},
	    {offsetof(struct channel_header, ring[3].size_bytes), 5000},
	    {offsetof(struct channel_header, ring[3].size_bytes), 2048},
	    {offsetof(struct channel_header, ring[3].size_bytes), 0x80000000u},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		set_up(state);
		memcpy(machine.area + wrong[i].offset, &wrong[i].value, sizeof(uint32_t));
		assert_false(channel_init(count_bell));
		assert_false(channel_present());
		assert_int_equal(log_lines, 1);
		assert_int_equal(host()->guest_state, 0);
	}
	set_up(state);
	machine.bar_low = 0x0000000cu;
	machine.bar_high = 0;
	assert_false(channel_init(count_bell));
	assert_int_equal(log_lines, 1);
	set_up(state);
	machine.area_bytes = CHANNEL_BYTES / 2;
	assert_false(channel_init(count_bell));
	assert_int_equal(log_lines, 1);
}

static void hand_over(uint32_t offset, uint64_t bytes)
{
	host()->archive_offset = offset;
	host()->archive_bytes = bytes;
	host()->wall_ns = 7000000000;
	memset(host()->random, 0x5a, sizeof(host()->random));
	host()->handed_over = 1;
}

static void test_hand_over(void **state)
{
	struct hand_over taken;

	(void)state;
	assert_true(channel_init(count_bell));
	assert_false(channel_handed_over());
	/* A machine that was saved: the memory is another one, with bytes in it. */
	memset(machine.area + 4096, 0, sizeof(machine.area) - 4096);
	host_write(CHANNEL_STDIN, (const uint8_t *)"key", 3);
	memcpy(machine.area + CHANNEL_BYTES, "archive", 7);
	hand_over(CHANNEL_BYTES, AREA_BYTES - CHANNEL_BYTES);
	assert_true(channel_handed_over());
	assert_int_equal(channel_take_hand_over(&taken), 0);
	assert_int_equal(taken.archive_bytes, AREA_BYTES - CHANNEL_BYTES);
	assert_memory_equal(taken.archive, "archive", 7);
	assert_int_equal(taken.wall_ns, 7000000000);
	for (size_t i = 0; i < sizeof(taken.random); i++) {
		assert_int_equal(taken.random[i], 0x5a);
		assert_int_equal(host()->random[i], 0);
	}
	assert_int_equal(channel_readable(CHANNEL_STDIN), 3);
	assert_int_equal(log_lines, 0);
	/* None at all is right, too. */
	hand_over(CHANNEL_BYTES, 0);
	assert_int_equal(channel_take_hand_over(&taken), 0);
	assert_null(taken.archive);
}

static void test_wrong_hand_over(void **state)
{
	static const struct {
		uint32_t offset;
		uint64_t bytes;
	} wrong[] = {
	    {0, 4096},
	    {4096, 4096},
	    {CHANNEL_BYTES - 4096, 4096},
	    {CHANNEL_BYTES + 512, 4096},
	    {CHANNEL_BYTES, AREA_BYTES - CHANNEL_BYTES + 1},
	    {CHANNEL_BYTES, UINT64_MAX},
	    {CHANNEL_BYTES, UINT64_MAX - CHANNEL_BYTES + 2},
	    {AREA_BYTES, 1},
	    {AREA_BYTES + 4096, 1},
	    {0xfffff000u, 4096},
	};
	struct hand_over taken;

	assert_true(channel_init(count_bell));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		log_lines = 0;
		hand_over(wrong[i].offset, wrong[i].bytes);
		assert_int_equal(channel_take_hand_over(&taken), -EINVAL);
		assert_int_equal(log_lines, 1);
	}
	set_up(state);
	assert_true(channel_init(count_bell));
	host()->ring[CHANNEL_STDOUT].size_bytes = 0x80000000u;
	hand_over(CHANNEL_BYTES, 4096);
	assert_int_equal(channel_take_hand_over(&taken), -EINVAL);
}

/* Random pieces both ways, positions wrapping at 2^32; what comes out is what went in. */
static void test_transfers(void **state)
{
	uint32_t in_sent = 0, in_got = 0, out_sent = 0, out_got = 0;
	static uint8_t piece[70000];
	unsigned int seed = 1;

	(void)state;
	host()->ring[CHANNEL_STDIN].head = host()->ring[CHANNEL_STDIN].tail = 0xfffff000u;
	host()->ring[CHANNEL_STDOUT].head = host()->ring[CHANNEL_STDOUT].tail = 0xffffff80u;
	assert_true(channel_init(count_bell));
	for (int round = 0; round < 4000; round++) {
		size_t len, done;
		const char *data;

		seed = seed * 1664525u + 1013904223u;
		len = (seed >> 8) % (round % 50 == 0 ? sizeof(piece) : 3000);
		switch (seed >> 30) {
		case 0:
			for (size_t i = 0; i < len; i++)
				piece[i] = (uint8_t)((in_sent + i) * 7 % 251);
			in_sent += (uint32_t)host_write(CHANNEL_STDIN, piece, len);
			break;
		case 1:
			done = MIN(channel_peek(CHANNEL_STDIN, &data), len);
			for (size_t i = 0; i < done; i++)
				assert_int_equal((uint8_t)data[i], (in_got + i) * 7 % 251);
			channel_consume(CHANNEL_STDIN, done);
			in_got += (uint32_t)done;
			break;
		case 2:
			for (size_t i = 0; i < len; i++)
				piece[i] = (uint8_t)((out_sent + i) * 11 % 251);
			out_sent += (uint32_t)channel_write(CHANNEL_STDOUT, (char *)piece, len);
			assert_true(out_sent - out_got <= 4096);
			break;
		default:
			done = host_read(CHANNEL_STDOUT, piece, len);
			for (size_t i = 0; i < done; i++)
				assert_int_equal(piece[i], (out_got + i) * 11 % 251);
			out_got += (uint32_t)done;
			break;
		}
		assert_int_equal(channel_readable(CHANNEL_STDIN), in_sent - in_got);
		assert_int_equal(channel_unread(CHANNEL_STDOUT), out_sent - out_got);
		assert_int_equal(channel_writable(CHANNEL_STDOUT), 4096 - (out_sent - out_got));
	}
	assert_true(in_got > 100000 && out_got > 100000);
	assert_int_equal(log_lines, 0);
}

static void test_end_of_input(void **state)
{
	(void)state;
	assert_true(channel_init(count_bell));
	assert_false(channel_at_end(CHANNEL_STDIN));
	host_write(CHANNEL_STDIN, (const uint8_t *)"x", 1);
	host()->ring[CHANNEL_STDIN].eof = 1;
	assert_false(channel_at_end(CHANNEL_STDIN));
	channel_consume(CHANNEL_STDIN, 1);
	assert_true(channel_at_end(CHANNEL_STDIN));
	assert_int_equal(channel_error(CHANNEL_STDIN), 0);
	host()->ring[CHANNEL_STDIN].error = 21;
	assert_int_equal(channel_error(CHANNEL_STDIN), -21);
	host()->ring[CHANNEL_STDIN].error = 4096;
	assert_int_equal(channel_error(CHANNEL_STDIN), -EIO);
}

/* A position that cannot be closes its ring, with one line in the log, and harms no other. */
static void test_wrong_positions(void **state)
{
	const char *data;
	char *space;

	(void)state;
	assert_true(channel_init(count_bell));
	host()->ring[CHANNEL_STDIN].head = 65537;
	assert_int_equal(channel_readable(CHANNEL_STDIN), 0);
	assert_int_equal(channel_peek(CHANNEL_STDIN, &data), 0);
	assert_true(channel_at_end(CHANNEL_STDIN));
	host()->ring[CHANNEL_STDIN].head = 1;
	assert_true(channel_at_end(CHANNEL_STDIN));
	assert_int_equal(log_lines, 1);

	host()->ring[CHANNEL_STDOUT].tail = 1;
	assert_int_equal(channel_writable(CHANNEL_STDOUT), 0);
	assert_int_equal(channel_space(CHANNEL_STDOUT, &space), 0);
	assert_int_equal(channel_write(CHANNEL_STDOUT, "abc", 3), 0);
	assert_true(channel_reader_closed(CHANNEL_STDOUT));
	assert_int_equal(log_lines, 2);

	assert_int_equal(channel_write(CHANNEL_STDERR, "abc", 3), 3);
	assert_false(channel_reader_closed(CHANNEL_STDERR));
}

/* The host changes the geometry afterwards: nobody looks. */
static void test_geometry_is_kept(void **state)
{
	(void)state;
	assert_true(channel_init(count_bell));
	host()->ring[CHANNEL_STDERR].offset_bytes = 0xffffff00u;
	host()->ring[CHANNEL_STDERR].size_bytes = 0xffffffffu;
	assert_int_equal(channel_writable(CHANNEL_STDERR), 8192);
	assert_int_equal(channel_write(CHANNEL_STDERR, "abc", 3), 3);
}

static void test_bell(void **state)
{
	(void)state;
	assert_true(channel_init(count_bell));
	machine.rings = 0;
	host()->host_wants_bell = 0;
	channel_write(CHANNEL_STDOUT, "abc", 3);
	channel_set_eof(CHANNEL_STDOUT);
	channel_consume(CHANNEL_STDIN, 0);
	assert_int_equal(machine.rings, 0);
	host()->host_wants_bell = CHANNEL_BELL_NEWS;
	channel_write(CHANNEL_STDERR, "abc", 3);
	assert_int_equal(machine.rings, 1);
	channel_set_eof(CHANNEL_STDERR);
	assert_int_equal(machine.rings, 2);
	channel_consume(CHANNEL_STDIN, 0);
	assert_int_equal(machine.rings, 2);
	host()->host_wants_bell = CHANNEL_BELL_ROOM;
	channel_consume(CHANNEL_STDIN, 0);
	assert_int_equal(machine.rings, 3);
	channel_set_eof(CHANNEL_STDERR);
	assert_int_equal(machine.rings, 3);

	/* One wish is answered by one interrupt; the next look states it again. */
	machine.keys_waiting = 5;
	machine.handler(NULL);
	assert_int_equal(machine.keys_waiting, 0);
	assert_int_equal(bells, 1);
	assert_int_equal(host()->guest_wants_bell, 0);
	channel_arm();
	assert_int_equal(host()->guest_wants_bell, CHANNEL_BELL_NEWS);
}

/* Room is asked for when there is too little, and only then; news is never unasked for by it. */
static void test_bell_for_room(void **state)
{
	static const char full[4096];

	(void)state;
	assert_true(channel_init(count_bell));
	assert_true(channel_has_room(CHANNEL_STDOUT, 4096));
	assert_int_equal(channel_unread(CHANNEL_STDOUT), 0);
	assert_int_equal(channel_write(CHANNEL_STDOUT, full, 4000), 4000);
	assert_int_equal(host()->guest_wants_bell, CHANNEL_BELL_NEWS);
	assert_true(channel_has_room(CHANNEL_STDOUT, 96));
	assert_int_equal(host()->guest_wants_bell, CHANNEL_BELL_NEWS);
	assert_false(channel_has_room(CHANNEL_STDOUT, 97));
	assert_int_equal(host()->guest_wants_bell, CHANNEL_BELL_NEWS | CHANNEL_BELL_ROOM);
	channel_arm();
	assert_int_equal(channel_fill(CHANNEL_STDOUT), 4000);
	assert_int_equal(host()->guest_wants_bell, CHANNEL_BELL_NEWS);
	assert_int_equal(channel_unread(CHANNEL_STDOUT), 4000);
	assert_int_equal(host()->guest_wants_bell, CHANNEL_BELL_NEWS | CHANNEL_BELL_ROOM);
	channel_arm();
	assert_int_equal(channel_write(CHANNEL_STDOUT, full, 100), 96);
	assert_int_equal(host()->guest_wants_bell, CHANNEL_BELL_NEWS | CHANNEL_BELL_ROOM);
}

static void test_exit(void **state)
{
	char text[400];

	(void)state;
	assert_true(channel_init(count_bell));
	machine.rings = 0;
	memset(text, 'm', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	channel_store_exit(CHANNEL_EXIT_NOEXEC, 9, text);
	assert_int_equal(host()->exit_kind, CHANNEL_EXIT_NOEXEC);
	assert_int_equal(host()->exit_value, 9);
	assert_int_equal(strlen(host()->message), sizeof(host()->message) - 1);
	assert_int_equal(machine.rings, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_take_over, set_up),
	    cmocka_unit_test_setup(test_no_device, set_up),
	    cmocka_unit_test_setup(test_unusable, set_up),
	    cmocka_unit_test_setup(test_hand_over, set_up),
	    cmocka_unit_test_setup(test_wrong_hand_over, set_up),
	    cmocka_unit_test_setup(test_transfers, set_up),
	    cmocka_unit_test_setup(test_end_of_input, set_up),
	    cmocka_unit_test_setup(test_wrong_positions, set_up),
	    cmocka_unit_test_setup(test_geometry_is_kept, set_up),
	    cmocka_unit_test_setup(test_bell, set_up),
	    cmocka_unit_test_setup(test_bell_for_room, set_up),
	    cmocka_unit_test_setup(test_exit, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
