/* SPDX-License-Identifier: MIT */
/*
 * The cpio reader: a pure function over a byte buffer that trusts nothing in it. Every length is
 * compared with what is left before it is used.
 *
 * An entry: a header of 110 characters (magic, 13 numbers of 8 hexadecimal digits), the name, zero
 * bytes up to a multiple of 4 from the header's start, the data, zero bytes up to a multiple of 4.
 * The entry "TRAILER!!!" ends an archive.
 */
#include "kernel/fs/cpio.h"

#include <stdbool.h>

#include "kernel/linux/errno.h"
#include "lib/string.h"

#define HEADER_BYTES   110
#define MAGIC_BYTES    6
#define FIELD_COUNT    13
#define NAME_MAX_BYTES 4096

enum cpio_field {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_LINK_COUNT,
	FIELD_MTIME,
	FIELD_BYTES,
	FIELD_DEV_MAJOR,
	FIELD_DEV_MINOR,
	FIELD_RDEV_MAJOR,
	FIELD_RDEV_MINOR,
	FIELD_NAME_BYTES,
	FIELD_CHECKSUM,
};

struct cpio_reader {
	const uint8_t *at;
	size_t left;
};

static size_t align4(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static bool parse_field(const uint8_t *digits, uint32_t *out)
{
	uint32_t value = 0;

	for (int i = 0; i < 8; i++) {
		uint8_t c = digits[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10u;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10u;
		else
			return false;
		value = value << 4 | digit;
	}
	*out = value;
	return true;
}

static bool parse_header(const uint8_t *header, uint32_t field[FIELD_COUNT])
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!parse_field(header + MAGIC_BYTES + (size_t)i * 8, &field[i]))
			return false;
	}
	return true;
}

static uint32_t checksum_of(const uint8_t *data, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum += data[i];
	return sum;
}

static void fill_entry(struct cpio_entry *entry, const uint32_t field[FIELD_COUNT])
{
	entry->ino = field[FIELD_INO];
	entry->mode = field[FIELD_MODE];
	entry->uid = field[FIELD_UID];
	entry->gid = field[FIELD_GID];
	entry->link_count = field[FIELD_LINK_COUNT];
	entry->mtime = field[FIELD_MTIME];
	entry->dev_major = field[FIELD_DEV_MAJOR];
	entry->dev_minor = field[FIELD_DEV_MINOR];
	entry->rdev_major = field[FIELD_RDEV_MAJOR];
	entry->rdev_minor = field[FIELD_RDEV_MINOR];
}

/* Read the entry at reader->at and step over it. What is wrong with it, or NULL. */
static const char *read_entry(struct cpio_reader *reader, struct cpio_entry *entry)
{
	uint32_t field[FIELD_COUNT];
	size_t name_bytes, data_at, data_bytes;
	bool summed;

	if (reader->left < HEADER_BYTES)
		return "the archive ends inside a header";
	summed = memcmp(reader->at, "070702", MAGIC_BYTES) == 0;
	if (!summed && memcmp(reader->at, "070701", MAGIC_BYTES) != 0)
		return "no newc header where one is due";
	if (!parse_header(reader->at, field))
		return "a header field is no hexadecimal number";
	name_bytes = field[FIELD_NAME_BYTES];
	data_bytes = field[FIELD_BYTES];
	if (name_bytes < 2 || name_bytes > NAME_MAX_BYTES)
		return "the length of a name is out of range";
	data_at = align4(HEADER_BYTES + name_bytes);
	if (data_at > reader->left)
		return "the archive ends inside a name";
	if (data_bytes > reader->left - data_at)
		return "the archive ends inside a file";
	entry->name = (const char *)reader->at + HEADER_BYTES;
	entry->name_len = name_bytes - 1;
	if (memchr(entry->name, 0, name_bytes) != entry->name + entry->name_len)
		return "a name does not end where it should";
	fill_entry(entry, field);
	entry->data = reader->at + data_at;
	entry->bytes = data_bytes;
	if (summed && checksum_of(entry->data, data_bytes) != field[FIELD_CHECKSUM])
		return "a file's checksum is wrong";
	data_bytes = align4(data_bytes);
	/* The last file's padding may be cut off. */
	if (data_bytes > reader->left - data_at)
		data_bytes = reader->left - data_at;
	reader->at += data_at + data_bytes;
	reader->left -= data_at + data_bytes;
	return NULL;
}

static void skip_zeros(struct cpio_reader *reader)
{
	while (reader->left > 0 && *reader->at == 0) {
		reader->at++;
		reader->left--;
	}
}

int cpio_read(const void *archive, size_t bytes, cpio_visitor *visit, void *arg,
              struct cpio_error *error)
{
	struct cpio_reader reader = {.at = archive, .left = bytes};
	bool inside = false;

	for (skip_zeros(&reader); reader.left > 0 || inside;) {
		struct cpio_entry entry;
		int result;

		error->offset = bytes - reader.left;
		error->what = read_entry(&reader, &entry);
		if (error->what != NULL)
			return -EINVAL;
		inside = strcmp(entry.name, "TRAILER!!!") != 0;
		if (!inside) {
			skip_zeros(&reader);
			continue;
		}
		result = visit(arg, &entry);
		if (result != 0)
			return result;
	}
	return 0;
}
