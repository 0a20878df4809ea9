/* SPDX-License-Identifier: MIT */
/*
 * The launcher's side of the channel, see hostchan.h and the rules in lib/channel.h.
 */
#include "tools/pinfold/hostchan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/limits.h"

#define RINGS_START 4096u

static const uint32_t ring_bytes[CHANNEL_RING_COUNT] = {
    [CHANNEL_STDIN] = 1u << 20,  [CHANNEL_STDOUT] = 1u << 20,  [CHANNEL_STDERR] = 1u << 18,
    [CHANNEL_TTY_IN] = 1u << 16, [CHANNEL_TTY_OUT] = 1u << 18, [CHANNEL_REPORT] = 1u << 18,
};

static void make_rings(struct hostchan *channel)
{
	uint32_t offset = RINGS_START;

	for (int i = 0; i < CHANNEL_RING_COUNT; i++) {
		struct hostchan_ring *ring = &channel->ring[i];

		ring->shared = &channel->header->ring[i];
		ring->data = (uint8_t *)channel->header + offset;
		ring->size = ring_bytes[i];
		ring->shared->offset_bytes = offset;
		ring->shared->size_bytes = ring->size;
		offset += ring->size;
	}
	if (offset > CHANNEL_BYTES)
		fail_exit(STATUS_FAILURE, "the rings do not fit the channel");
}

static void send_bell(struct hostchan *channel)
{
	if (send(channel->bell_fd, "!", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		/* Full, or QEMU has gone: the end of the process tells. */
	}
}

/* Rings the guest if it asked for this kind of bell; one still unheard in the socket is enough. */
static void ring_bell(struct hostchan *channel, uint32_t kind)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((__atomic_load_n(&channel->header->guest_wants_bell, __ATOMIC_RELAXED) & kind) != 0)
		send_bell(channel);
}

static void make_bell(struct hostchan *channel)
{
	int bell[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, bell) != 0)
		fail_exit(STATUS_FAILURE, "cannot make the bell: %s", strerror(errno));
	channel->bell_fd = bell[0];
	channel->qemu_fd = bell[1];
}

void hostchan_create(struct hostchan *channel, unsigned int memory_mib)
{
	void *memory;

	*channel = (struct hostchan){.area_bytes = CHANNEL_BYTES};
	while (channel->area_bytes < CHANNEL_BYTES + ((uint64_t)memory_mib << 20))
		channel->area_bytes *= 2;
	channel->memory_fd = memfd_create("pinfold-channel", MFD_CLOEXEC);
	if (channel->memory_fd < 0 ||
	    ftruncate(channel->memory_fd, (off_t)channel->area_bytes) != 0)
		fail_exit(STATUS_FAILURE, "cannot make the channel: %s", limits_explain(errno));
	memory =
	    mmap(NULL, CHANNEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, channel->memory_fd, 0);
	if (memory == MAP_FAILED)
		fail_exit(STATUS_FAILURE, "cannot map the channel: %s", strerror(errno));
	make_bell(channel);
	channel->header = memory;
	make_rings(channel);
	channel->header->version = CHANNEL_VERSION;
	__atomic_store_n(&channel->header->magic, CHANNEL_MAGIC, __ATOMIC_RELEASE);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void hostchan_restart(struct hostchan *channel)
{
	struct channel_header *header = channel->header;

	close_fd(&channel->bell_fd);
	close_fd(&channel->qemu_fd);
	make_bell(channel);
	channel->broken = false;
	channel->handed_over = false;
	header->handed_over = 0;
	header->guest_wants_bell = 0;
	header->host_wants_bell = 0;
	header->guest_state = CHANNEL_GUEST_BOOTS;
	header->signal_taken = 0;
	header->exit_kind = CHANNEL_EXIT_NONE;
	for (int i = 0; i < CHANNEL_RING_COUNT; i++) {
		struct hostchan_ring *ring = &channel->ring[i];
		bool to_guest = i == CHANNEL_STDIN || i == CHANNEL_TTY_IN;

		ring->shared->head = ring->position;
		ring->shared->tail = to_guest ? 0 : ring->position;
		ring->shared->demand = 0;
	}
	make_rings(channel);
}

void hostchan_destroy(struct hostchan *channel)
{
	close_fd(&channel->bell_fd);
	close_fd(&channel->qemu_fd);
	close_fd(&channel->memory_fd);
	munmap(channel->header, CHANNEL_BYTES);
}

void hostchan_hand_over(struct hostchan *channel)
{
	struct channel_header *header = channel->header;
	struct timespec now;

	if (getrandom(header->random, sizeof(header->random), 0) != sizeof(header->random))
		fail_exit(STATUS_FAILURE, "no random bytes: %s", strerror(errno));
	clock_gettime(CLOCK_REALTIME, &now);
	header->wall_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	header->archive_offset = CHANNEL_BYTES;
	header->archive_bytes = channel->archive_bytes;
	__atomic_store_n(&header->handed_over, 1, __ATOMIC_RELEASE);
	channel->handed_over = true;
	/* A guest that was saved asked for the bell in another memory. */
	send_bell(channel);
}

enum channel_guest_state hostchan_guest_state(const struct hostchan *channel)
{
	uint32_t state = __atomic_load_n(&channel->header->guest_state, __ATOMIC_ACQUIRE);

	return (enum channel_guest_state)state;
}

void hostchan_drop_archive(struct hostchan *channel)
{
	if (channel->archive_bytes > 0)
		(void)fallocate(channel->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		                CHANNEL_BYTES, (off_t)channel->archive_bytes);
	channel->archive_bytes = 0;
}

size_t hostchan_peek(struct hostchan *channel, enum channel_ring_idx idx, const uint8_t **data)
{
	struct hostchan_ring *ring = &channel->ring[idx];
	uint32_t fill = __atomic_load_n(&ring->shared->head, __ATOMIC_ACQUIRE) - ring->position;
	uint32_t start = ring->position & (ring->size - 1);

	if (fill > ring->size) {
		channel->broken = true;
		return 0;
	}
	*data = ring->data + start;
	return fill < ring->size - start ? fill : ring->size - start;
}

void hostchan_consume(struct hostchan *channel, enum channel_ring_idx idx, size_t len)
{
	struct hostchan_ring *ring = &channel->ring[idx];

	ring->position += (uint32_t)len;
	__atomic_store_n(&ring->shared->tail, ring->position, __ATOMIC_RELEASE);
	ring_bell(channel, CHANNEL_BELL_ROOM);
}

/*
 * Free space of a ring to the guest; when there is none, the guest is asked to ring when it reads.
 */
static uint32_t free_space(struct hostchan *channel, const struct hostchan_ring *ring)
{
	uint32_t fill = ring->position - __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);

	if (fill == ring->size) {
		__atomic_store_n(&channel->header->host_wants_bell,
		                 CHANNEL_BELL_NEWS | CHANNEL_BELL_ROOM, __ATOMIC_SEQ_CST);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		fill = ring->position - __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
	}
	if (fill > ring->size) {
		channel->broken = true;
		return 0;
	}
	return ring->size - fill;
}

size_t hostchan_room(struct hostchan *channel, enum channel_ring_idx idx, uint8_t **data)
{
	struct hostchan_ring *ring = &channel->ring[idx];
	uint32_t start = ring->position & (ring->size - 1);
	uint32_t room = free_space(channel, ring);

	*data = ring->data + start;
	return room < ring->size - start ? room : ring->size - start;
}

void hostchan_produce(struct hostchan *channel, enum channel_ring_idx idx, size_t len)
{
	struct hostchan_ring *ring = &channel->ring[idx];

	ring->position += (uint32_t)len;
	__atomic_store_n(&ring->shared->head, ring->position, __ATOMIC_RELEASE);
	ring_bell(channel, CHANNEL_BELL_NEWS);
}

bool hostchan_is_wanted(const struct hostchan *channel, enum channel_ring_idx idx)
{
	const struct hostchan_ring *ring = &channel->ring[idx];
	uint32_t demand = __atomic_load_n(&ring->shared->demand, __ATOMIC_ACQUIRE);

	return (int32_t)(demand - ring->position) > 0;
}

uint32_t hostchan_unread(const struct hostchan *channel, enum channel_ring_idx idx)
{
	const struct hostchan_ring *ring = &channel->ring[idx];
	uint32_t fill = ring->position - __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);

	return fill <= ring->size ? fill : 0;
}

uint32_t hostchan_position(const struct hostchan *channel, enum channel_ring_idx idx)
{
	return channel->ring[idx].position;
}

bool hostchan_has_read(const struct hostchan *channel, enum channel_ring_idx idx, uint32_t position)
{
	uint32_t behind = channel->ring[idx].position - position;

	return hostchan_unread(channel, idx) <= behind;
}

void hostchan_set_eof(struct hostchan *channel, enum channel_ring_idx idx, int error)
{
	__atomic_store_n(&channel->ring[idx].shared->error, (uint32_t)error, __ATOMIC_RELAXED);
	__atomic_store_n(&channel->ring[idx].shared->eof, 1, __ATOMIC_RELEASE);
	ring_bell(channel, CHANNEL_BELL_NEWS);
}

void hostchan_close_reader(struct hostchan *channel, enum channel_ring_idx idx)
{
	__atomic_store_n(&channel->ring[idx].shared->reader_closed, 1, __ATOMIC_RELEASE);
	ring_bell(channel, CHANNEL_BELL_NEWS);
}

bool hostchan_reader_closed(const struct hostchan *channel, enum channel_ring_idx idx)
{
	return __atomic_load_n(&channel->ring[idx].shared->reader_closed, __ATOMIC_ACQUIRE) != 0;
}

void hostchan_set_window(struct hostchan *channel, unsigned int rows, unsigned int columns)
{
	struct channel_header *header = channel->header;

	header->winsize_rows = rows;
	header->winsize_columns = columns;
	__atomic_store_n(&header->winsize_seq, header->winsize_seq + 1, __ATOMIC_RELEASE);
	ring_bell(channel, CHANNEL_BELL_NEWS);
}

void hostchan_send_signal(struct hostchan *channel, unsigned int number)
{
	struct channel_header *header = channel->header;

	header->signal_number = number;
	__atomic_store_n(&header->signal_seq, header->signal_seq + 1, __ATOMIC_RELEASE);
	ring_bell(channel, CHANNEL_BELL_NEWS);
}

bool hostchan_signal_taken(const struct hostchan *channel)
{
	const struct channel_header *header = channel->header;

	return __atomic_load_n(&header->signal_taken, __ATOMIC_ACQUIRE) == header->signal_seq;
}

void hostchan_arm(struct hostchan *channel)
{
	__atomic_store_n(&channel->header->host_wants_bell, CHANNEL_BELL_NEWS, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void hostchan_disarm(struct hostchan *channel)
{
	char heard[64];

	__atomic_store_n(&channel->header->host_wants_bell, 0, __ATOMIC_RELAXED);
	while (recv(channel->bell_fd, heard, sizeof(heard), MSG_DONTWAIT) == (ssize_t)sizeof(heard))
		;
}

enum channel_exit_kind hostchan_exit_kind(const struct hostchan *channel)
{
	uint32_t kind = __atomic_load_n(&channel->header->exit_kind, __ATOMIC_ACQUIRE);

	return (enum channel_exit_kind)kind;
}

void hostchan_message(const struct hostchan *channel, char *text, size_t bytes)
{
	size_t len = 0;

	while (len + 1 < bytes && len < sizeof(channel->header->message)) {
		char c = ((const volatile char *)channel->header->message)[len];

		if (c == '\0')
			break;
		text[len++] = c;
		if (c < ' ' || c > '~')
			text[len - 1] = '?';
	}
	text[len] = '\0';
}
