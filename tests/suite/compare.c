/* SPDX-License-Identifier: MIT */
/*
 * Compares two result streams of the suite's driver (driver.c describes the records).
 *
 * Use: compare REFERENCE OTHER...  one line per case, "ok suite/NAME" or "FAIL suite/NAME" with
 *                                  what differed; status 0 only if every case is the same in both
 *      compare --started STREAM... prints how many cases the streams have the start of
 *
 * A case whose record is incomplete counts as different and says so: that is where the machine that
 * wrote the stream stopped. Anything that is not a record makes the stream unusable (status 2),
 * except an end in the middle of one. There are several OTHER streams when the machine stopped and
 * was started again; each goes on behind the case where the one before ended, and the last must be
 * whole.
 *
 * Left out: any notion of a difference that does not matter. There is none.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_LINES 6   /* of a stream that differs */
#define SHOWN_BYTES 150 /* of a line */

struct text {
	const char *bytes; /* inside the stream; not terminated */
	size_t length;
};

struct record {
	struct text name;
	struct text status;
	struct text cleanup;
	struct text out;
	struct text err;
	bool complete;
};

struct stream {
	const char *path;
	char *bytes;
	size_t length;
	size_t at; /* the reader's place */
	struct record *records;
	size_t count;
	bool done; /* the closing line is there */
};

static void *grow(void *old, size_t size)
{
	void *grown = realloc(old, size);

	if (!grown) {
		fprintf(stderr, "compare: no memory\n");
		exit(2);
	}
	return grown;
}

static void stream_load(struct stream *stream, const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t room = 0, count;

	if (!file) {
		fprintf(stderr, "compare: cannot open %s: %s\n", path, strerror(errno));
		exit(2);
	}
	do {
		if (stream->length == room) {
			room = room ? room * 2 : 65536;
			stream->bytes = grow(stream->bytes, room + 1);
		}
		count = fread(stream->bytes + stream->length, 1, room - stream->length, file);
		stream->length += count;
	} while (count);
	stream->bytes[stream->length] = '\0'; /* so that comparing strings stops there */
	fclose(file);
}

/* The next whole line that begins with WORD and a blank; else false, with the place unmoved. */
static bool stream_line(struct stream *stream, const char *word, struct text *rest)
{
	const char *line = stream->bytes + stream->at;
	size_t left = stream->length - stream->at;
	size_t length = strlen(word);
	const char *end = left ? memchr(line, '\n', left) : NULL;

	if (!end || left <= length || strncmp(line, word, length) || line[length] != ' ')
		return false;
	rest->bytes = line + length + 1;
	rest->length = (size_t)(end - rest->bytes);
	stream->at += (size_t)(end - line) + 1;
	return true;
}

/* "WORD LENGTH", then that many bytes and a newline. */
static bool stream_block(struct stream *stream, const char *word, struct text *block)
{
	struct text number;
	size_t before = stream->at;
	size_t length;

	if (!stream_line(stream, word, &number))
		return false;
	length = strtoul(number.bytes, NULL, 10);
	if (stream->length - stream->at <= length) {
		stream->at = before;
		return false;
	}
	block->bytes = stream->bytes + stream->at;
	block->length = length;
	stream->at += length + 1;
	return true;
}

/* Adds the records of one file. Texts of records point into the files, which stay in memory. */
static void stream_add(struct stream *stream, const char *path)
{
	struct record record;
	struct text rest;

	*stream = (struct stream){.path = path, .records = stream->records, .count = stream->count};
	stream_load(stream, path);
	for (;;) {
		memset(&record, 0, sizeof(record));
		if (stream_line(stream, "done", &rest)) {
			stream->done = true;
			continue;
		}
		if (!stream_line(stream, "start", &record.name))
			return;
		record.complete = stream_line(stream, "status", &record.status) &&
		                  stream_line(stream, "cleanup", &record.cleanup) &&
		                  stream_block(stream, "stdout", &record.out) &&
		                  stream_block(stream, "stderr", &record.err);
		stream->records = grow(stream->records, (stream->count + 1) * sizeof(record));
		stream->records[stream->count++] = record;
		if (!record.complete)
			return;
	}
}

static bool text_same(struct text one, struct text two)
{
	return one.length == two.length && !memcmp(one.bytes, two.bytes, one.length);
}

static const struct record *stream_find(const struct stream *stream, struct text name)
{
	size_t i;

	for (i = 0; i < stream->count; i++)
		if (text_same(stream->records[i].name, name))
			return &stream->records[i];
	return NULL;
}

/* Prints bytes so that a terminal survives them and every difference can be seen. */
static void print_visible(const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length && i < SHOWN_BYTES; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\\')
			printf("\\\\");
		else if (isprint(byte))
			putchar(byte);
		else
			printf("\\x%02x", byte);
	}
	if (length > SHOWN_BYTES)
		printf(" ... (%zu bytes)", length);
	putchar('\n');
}

/* Takes the next line off a text, without its newline; *whole tells whether it had one. */
static bool text_next_line(struct text *text, struct text *line, bool *whole)
{
	const char *end;

	if (!text->length)
		return false;
	end = memchr(text->bytes, '\n', text->length);
	*whole = end != NULL;
	line->bytes = text->bytes;
	line->length = end ? (size_t)(end - text->bytes) : text->length;
	text->bytes += line->length + *whole;
	text->length -= line->length + *whole;
	return true;
}

static void print_from(const char *mark, struct text text)
{
	struct text line;
	bool whole;
	int shown = 0;

	while (shown++ < SHOWN_LINES && text_next_line(&text, &line, &whole)) {
		printf("    %s ", mark);
		print_visible(line.bytes, line.length);
		if (!whole)
			printf("    %s (no newline at the end)\n", mark);
	}
	if (text.length)
		printf("    %s ... %zu more bytes\n", mark, text.length);
}

/* Shows both texts from their first different line on. */
static void print_difference(const char *what, struct text reference, struct text other)
{
	struct text rest_one = reference, rest_two = other;
	size_t number = 0;

	for (;;) {
		struct text line_one, line_two, before_one = rest_one, before_two = rest_two;
		bool whole_one = false, whole_two = false;
		bool more_one = text_next_line(&rest_one, &line_one, &whole_one);
		bool more_two = text_next_line(&rest_two, &line_two, &whole_two);

		number++;
		if (more_one && more_two && whole_one == whole_two && text_same(line_one, line_two))
			continue;
		printf("  %s differs at line %zu (- reference, + here):\n", what, number);
		print_from("-", before_one);
		print_from("+", before_two);
		return;
	}
}

static void print_words(const char *what, struct text reference, struct text other)
{
	printf("  %s differs (- reference, + here):\n", what);
	printf("    - %.*s\n    + %.*s\n", (int)reference.length, reference.bytes,
	       (int)other.length, other.bytes);
}

/* Compares one case and prints its verdict. */
static bool compare_record(const struct record *reference, const struct record *other)
{
	bool same = reference->complete && other && other->complete &&
	            text_same(reference->status, other->status) &&
	            text_same(reference->cleanup, other->cleanup) &&
	            text_same(reference->out, other->out) && text_same(reference->err, other->err);

	printf("%s suite/%.*s\n", same ? "ok" : "FAIL", (int)reference->name.length,
	       reference->name.bytes);
	if (same)
		return true;
	if (!reference->complete) {
		printf("  the reference stopped in this case\n");
	} else if (!other) {
		printf("  was never started here\n");
	} else if (!other->complete) {
		printf("  the machine stopped in this case\n");
	} else {
		if (!text_same(reference->status, other->status))
			print_words("status", reference->status, other->status);
		if (!text_same(reference->cleanup, other->cleanup))
			print_words("cleanup", reference->cleanup, other->cleanup);
		if (!text_same(reference->out, other->out))
			print_difference("stdout", reference->out, other->out);
		if (!text_same(reference->err, other->err))
			print_difference("stderr", reference->err, other->err);
	}
	return false;
}

static int compare_streams(char **paths)
{
	struct stream reference = {.path = NULL}, other = {.path = NULL};
	size_t failed = 0, i;

	stream_add(&reference, *paths++);
	while (*paths)
		stream_add(&other, *paths++);
	for (i = 0; i < reference.count; i++)
		failed += !compare_record(&reference.records[i],
		                          stream_find(&other, reference.records[i].name));
	for (i = 0; i < other.count; i++) {
		if (stream_find(&reference, other.records[i].name))
			continue;
		printf("FAIL suite/%.*s\n  the reference has no such case\n",
		       (int)other.records[i].name.length, other.records[i].name.bytes);
		failed++;
	}
	fflush(stdout);
	if (!reference.done || !reference.count || reference.at != reference.length) {
		fprintf(stderr, "compare: %s is not a whole stream\n", reference.path);
		return 2;
	}
	if (!other.done || other.at != other.length) {
		fprintf(stderr, "compare: %s is not a whole stream\n", other.path);
		return 2;
	}
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct stream stream = {.path = NULL};

	if (argc >= 3 && !strcmp(argv[1], "--started")) {
		for (argv += 2; *argv; argv++)
			stream_add(&stream, *argv);
		printf("%zu\n", stream.count);
		return 0;
	}
	if (argc < 3) {
		fprintf(stderr, "use: compare REFERENCE OTHER... | compare --started STREAM...\n");
		return 2;
	}
	return compare_streams(argv + 1);
}
