/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of the channel.
 *
 * Our own positions and the geometry of the rings are kept in our memory: what the host stores is
 * used for its positions only, and a position that cannot be is taken as the end of that ring, with
 * one log line.
 *
 * The bell: the guest always wants to hear of news but between the interrupt and the deferred work
 * that looks at everything: the interrupt handler clears the wish, channel_arm() states it again
 * before the work looks. So the host rings once for any number of changes, and none is missed. Room
 * is asked for by who lacks it, each time anew.
 */
#include "kernel/dev/channel.h"

#include "kernel/dev/com2.h"
#include "kernel/dev/pci.h"
#include "pv/port_io.h"

#define IVSHMEM_VENDOR 0x1af4
#define IVSHMEM_DEVICE 0x1110
#define IVSHMEM_BAR    2u

/* A short write must fit as one piece. */
#define RING_BYTES_MIN 4096u

struct ring {
	char *data;
	uint32_t size;
	uint32_t own_pos; /* head of a ring to the host, tail of one from it */
	bool broken;      /* the host's position is nonsense */
};

static struct channel_header *header;
static maddr_t area_base;
static uint64_t area_bytes;
static struct ring rings[CHANNEL_RING_COUNT];
static void (*bell_handler)(void);

static bool ring_is_input(enum channel_ring_idx idx)
{
	return idx == CHANNEL_STDIN || idx == CHANNEL_TTY_IN;
}

bool channel_present(void)
{
	return header != NULL;
}

struct channel_header *channel_header(void)
{
	return header;
}

/* State what the guest wants to hear of; the caller looks afterwards. */
static void want_bell(uint32_t kinds)
{
	__atomic_store_n(&header->guest_wants_bell, kinds, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void channel_arm(void)
{
	want_bell(CHANNEL_BELL_NEWS);
}

/* Room that is asked for includes news, which must not be lost by it. */
static void want_room(void)
{
	want_bell(CHANNEL_BELL_NEWS | CHANNEL_BELL_ROOM);
}

/* Ring the host if it asked for this kind of bell. */
static void ring_bell(uint32_t kind)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&header->host_wants_bell, __ATOMIC_RELAXED) & kind)
		com2_ring();
}

static void channel_interrupt(void)
{
	__atomic_store_n(&header->guest_wants_bell, 0u, __ATOMIC_RELAXED);
	bell_handler();
}

/* Bytes in the ring, by our position and the host's. */
static uint32_t ring_fill(enum channel_ring_idx idx)
{
	struct ring *ring = &rings[idx];
	struct channel_ring *shared = &header->ring[idx];
	uint32_t fill;

	if (ring->broken)
		return 0;
	if (ring_is_input(idx))
		fill = __atomic_load_n(&shared->head, __ATOMIC_ACQUIRE) - ring->own_pos;
	else
		fill = ring->own_pos - __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE);
	if (fill > ring->size) {
		ring->broken = true;
		klog(LOG_ERROR, "channel: ring %d: the host's position is off by %u; ring closed",
		     (int)idx, fill);
		return 0;
	}
	return fill;
}

size_t channel_readable(enum channel_ring_idx idx)
{
	return ring_fill(idx);
}

bool channel_at_end(enum channel_ring_idx idx)
{
	/* The mark first: what was written before it is then seen too. */
	bool eof = __atomic_load_n(&header->ring[idx].eof, __ATOMIC_ACQUIRE);

	return rings[idx].broken || (eof && ring_fill(idx) == 0);
}

int channel_error(enum channel_ring_idx idx)
{
	uint32_t error = __atomic_load_n(&header->ring[idx].error, __ATOMIC_RELAXED);

	return error <= CHANNEL_ERROR_MAX ? -(int)error : -EIO;
}

size_t channel_peek(enum channel_ring_idx idx, const char **data)
{
	struct ring *ring = &rings[idx];
	uint32_t offset = ring->own_pos & (ring->size - 1);

	*data = ring->data + offset;
	return MIN(ring_fill(idx), ring->size - offset);
}

void channel_consume(enum channel_ring_idx idx, size_t bytes)
{
	rings[idx].own_pos += (uint32_t)bytes;
	__atomic_store_n(&header->ring[idx].tail, rings[idx].own_pos, __ATOMIC_RELEASE);
	ring_bell(CHANNEL_BELL_ROOM);
}

void channel_demand(enum channel_ring_idx idx)
{
	uint32_t *demand = &header->ring[idx].demand;
	uint32_t wanted = rings[idx].own_pos + 1;

	if (__atomic_load_n(demand, __ATOMIC_RELAXED) == wanted)
		return;
	__atomic_store_n(demand, wanted, __ATOMIC_RELEASE);
	ring_bell(CHANNEL_BELL_NEWS);
}

size_t channel_fill(enum channel_ring_idx idx)
{
	return ring_fill(idx);
}

size_t channel_unread(enum channel_ring_idx idx)
{
	if (ring_fill(idx) == 0)
		return 0;
	want_room();
	return ring_fill(idx);
}

size_t channel_writable(enum channel_ring_idx idx)
{
	uint32_t fill = ring_fill(idx);

	return rings[idx].broken ? 0 : rings[idx].size - fill;
}

bool channel_has_room(enum channel_ring_idx idx, size_t need)
{
	if (channel_writable(idx) >= need)
		return true;
	want_room();
	return channel_writable(idx) >= need;
}

bool channel_reader_closed(enum channel_ring_idx idx)
{
	return rings[idx].broken ||
	       __atomic_load_n(&header->ring[idx].reader_closed, __ATOMIC_ACQUIRE);
}

size_t channel_space(enum channel_ring_idx idx, char **data)
{
	struct ring *ring = &rings[idx];
	uint32_t offset = ring->own_pos & (ring->size - 1);

	*data = ring->data + offset;
	return MIN(channel_writable(idx), (size_t)(ring->size - offset));
}

/* Make bytes visible; the bell is the caller's. */
static void publish(enum channel_ring_idx idx, size_t bytes)
{
	rings[idx].own_pos += (uint32_t)bytes;
	__atomic_store_n(&header->ring[idx].head, rings[idx].own_pos, __ATOMIC_RELEASE);
}

void channel_produce(enum channel_ring_idx idx, size_t bytes)
{
	publish(idx, bytes);
	ring_bell(CHANNEL_BELL_NEWS);
}

size_t channel_write(enum channel_ring_idx idx, const char *data, size_t len)
{
	size_t done = 0;
	bool asked = false;

	/* In two pieces where the ring wraps. */
	while (done < len) {
		char *space;
		size_t room = channel_space(idx, &space);
		size_t piece = MIN(room, len - done);

		if (piece == 0 && asked)
			break;
		if (piece == 0) {
			want_room();
			asked = true;
			continue;
		}
		memcpy(space, data + done, piece);
		publish(idx, piece);
		done += piece;
	}
	if (done > 0)
		ring_bell(CHANNEL_BELL_NEWS);
	return done;
}

void channel_set_eof(enum channel_ring_idx idx)
{
	__atomic_store_n(&header->ring[idx].eof, 1u, __ATOMIC_RELEASE);
	ring_bell(CHANNEL_BELL_NEWS);
}

void channel_store_exit(enum channel_exit_kind kind, uint32_t value, const char *message)
{
	str_copy(header->message, message ? message : "", sizeof(header->message));
	header->exit_value = value;
	__atomic_store_n(&header->exit_kind, (uint32_t)kind, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	com2_ring();
}

/* Take the rings' geometry over, if it makes sense. */
static bool adopt_rings(struct channel_header *shared)
{
	for (int i = 0; i < CHANNEL_RING_COUNT; i++) {
		uint32_t offset = __atomic_load_n(&shared->ring[i].offset_bytes, __ATOMIC_RELAXED);
		uint32_t size = __atomic_load_n(&shared->ring[i].size_bytes, __ATOMIC_RELAXED);

		if (offset < sizeof(*shared) || offset >= CHANNEL_BYTES || size < RING_BYTES_MIN ||
		    (size & (size - 1)) != 0 || size > CHANNEL_BYTES - offset) {
			klog(LOG_ERROR, "channel: ring %d is at %u with %u bytes: not usable", i,
			     offset, size);
			return false;
		}
		rings[i].data = (char *)shared + offset;
		rings[i].size = size;
		rings[i].own_pos = ring_is_input((enum channel_ring_idx)i) ? shared->ring[i].tail
		                                                           : shared->ring[i].head;
	}
	return true;
}

/* The shared area, or NULL. */
static struct channel_header *map_area(void)
{
	unsigned int slot;
	struct channel_header *shared;

	if (pv_port_io_enable() != 0 || !pci_find(IVSHMEM_VENDOR, IVSHMEM_DEVICE, &slot))
		return NULL;
	if (!pci_enable_memory_bar(slot, IVSHMEM_BAR, &area_base, &area_bytes)) {
		klog(LOG_ERROR, "channel: the device in slot %u has no address", slot);
		return NULL;
	}
	shared = area_bytes < CHANNEL_BYTES ? NULL : pv_map_device(area_base, CHANNEL_BYTES);
	if (!shared) {
		klog(LOG_ERROR, "channel: cannot map %llu bytes at 0x%llx",
		     (unsigned long long)area_bytes, (unsigned long long)area_base.v);
		return NULL;
	}
	if (shared->magic != CHANNEL_MAGIC || shared->version != CHANNEL_VERSION) {
		klog(LOG_ERROR, "channel: magic 0x%x version %u, not ours", shared->magic,
		     shared->version);
		return NULL;
	}
	return shared;
}

bool channel_init(void (*bell)(void))
{
	struct channel_header *shared = map_area();
	int error;

	if (!shared || !adopt_rings(shared))
		return false;
	header = shared;
	bell_handler = bell;
	error = com2_init(channel_interrupt);
	if (error) {
		klog(LOG_ERROR, "channel: no doorbell: error %d", error);
		header = NULL;
		return false;
	}
	channel_arm();
	return true;
}

void channel_set_state(enum channel_guest_state state)
{
	__atomic_store_n(&header->guest_state, (uint32_t)state, __ATOMIC_RELEASE);
	ring_bell(CHANNEL_BELL_NEWS);
}

bool channel_handed_over(void)
{
	return __atomic_load_n(&header->handed_over, __ATOMIC_ACQUIRE) != 0;
}

/* The archive that the host names, mapped for good: its size is not to change under the reader. */
static int take_archive(struct hand_over *taken)
{
	uint32_t offset = __atomic_load_n(&header->archive_offset, __ATOMIC_RELAXED);
	uint64_t bytes = __atomic_load_n(&header->archive_bytes, __ATOMIC_RELAXED);

	*taken = (struct hand_over){0};
	if (bytes == 0)
		return 0;
	if (offset % PAGE_BYTES != 0 || offset < CHANNEL_BYTES || offset > area_bytes ||
	    bytes > area_bytes - offset) {
		klog(LOG_ERROR, "channel: an archive at %u with %llu bytes: not usable", offset,
		     (unsigned long long)bytes);
		return -EINVAL;
	}
	taken->archive = pv_map_device((maddr_t){area_base.v + offset}, bytes);
	taken->archive_bytes = bytes;
	return taken->archive ? 0 : -ENOMEM;
}

int channel_take_hand_over(struct hand_over *taken)
{
	int error = adopt_rings(header) ? take_archive(taken) : -EINVAL;

	if (error)
		return error;
	taken->wall_ns = __atomic_load_n(&header->wall_ns, __ATOMIC_RELAXED);
	memcpy(taken->random, header->random, sizeof(taken->random));
	memset(header->random, 0, sizeof(header->random));
	return 0;
}
