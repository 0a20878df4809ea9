/* SPDX-License-Identifier: MIT */
/* Texts that grow, for the files of procfs. Running out of memory is remembered and reported at the
 * end. */
#include "kernel/fs/procfs.h"

#define SEQ_FIRST_BYTES 512

/* Room for `bytes` more and a NUL. */
static bool seq_reserve(struct seq *seq, size_t bytes)
{
	size_t capacity = MAX(seq->capacity, (size_t)SEQ_FIRST_BYTES);
	char *text;

	if (seq->failed)
		return false;
	while (capacity <= seq->len + bytes)
		capacity *= 2;
	if (capacity == seq->capacity)
		return true;
	text = krealloc(seq->text, capacity);
	if (text == NULL) {
		seq->failed = true;
		return false;
	}
	seq->text = text;
	seq->capacity = capacity;
	return true;
}

void seq_printf(struct seq *seq, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = fmt_vprint(NULL, 0, format, args);
	va_end(args);
	if (!seq_reserve(seq, (size_t)len))
		return;
	va_start(args, format);
	fmt_vprint(seq->text + seq->len, (size_t)len + 1, format, args);
	va_end(args);
	seq->len += (size_t)len;
}

void seq_write(struct seq *seq, const void *data, size_t bytes)
{
	if (!seq_reserve(seq, bytes))
		return;
	memcpy(seq->text + seq->len, data, bytes);
	seq->len += bytes;
}

void seq_bit_list(struct seq *seq, unsigned long bits)
{
	const char *before = "";

	while (bits != 0) {
		unsigned int first = (unsigned int)__builtin_ctzl(bits), last = first;

		while (last < 63 && (bits >> (last + 1) & 1) != 0)
			last++;
		seq_printf(seq, first == last ? "%s%u" : "%s%u-%u", before, first, last);
		before = ",";
		bits &= last < 63 ? ~0ul << (last + 1) : 0;
	}
	seq_printf(seq, "\n");
}

void seq_drop(struct seq *seq)
{
	kfree(seq->text);
	*seq = (struct seq){0};
}
