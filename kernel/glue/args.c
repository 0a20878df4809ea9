/* SPDX-License-Identifier: MIT */
/*
 * The kernel's arguments: see args.h.
 */
#include "kernel/glue/args.h"

#include "lib/string.h"

static const char *line = "";

/* All that exist; a value follows where the name ends in '='. */
static const char *const known[] = {"noaslr", "loglevel="};

/* The word that begins with `name`, as a flag (all of it) or, for a name ending in '=', the text
 * behind. NULL: not there. */
static const char *find(const char *name, size_t *len)
{
	size_t name_len = strlen(name);
	bool value = name_len > 0 && name[name_len - 1] == '=';
	const char *at = line;

	while (*at) {
		const char *end = strchr(at, ' ');
		size_t word = end ? (size_t)(end - at) : strlen(at);

		if (word >= name_len && strncmp(at, name, name_len) == 0 &&
		    (value || word == name_len)) {
			*len = word - name_len;
			return at + name_len;
		}
		at += word + (end ? 1 : 0);
	}
	return NULL;
}

static bool is_known(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
		size_t name = strlen(known[i]);
		bool value = known[i][name - 1] == '=';

		if (strncmp(word, known[i], name) == 0 && (len == name || (value && len > name)))
			return true;
	}
	return false;
}

void kernel_args_init(const char *command_line)
{
	line = command_line;
	for (const char *at = line; *at;) {
		const char *end = strchr(at, ' ');
		size_t word = end ? (size_t)(end - at) : strlen(at);

		if (word > 0 && !is_known(at, word))
			klog(LOG_WARNING, "unknown kernel argument: %.*s", (int)word, at);
		at += word + (end ? 1 : 0);
	}
}

bool kernel_arg_flag(const char *name)
{
	size_t len;

	return find(name, &len) != NULL;
}

uint64_t kernel_arg_number(const char *name, uint64_t otherwise)
{
	char key[32];
	size_t len;
	uint64_t value;

	fmt_print(key, sizeof(key), "%s=", name);
	const char *text = find(key, &len);

	if (!text || !str_parse_u64(text, text + len, &value))
		return otherwise;
	return value;
}

const char *kernel_command_line(void)
{
	return line;
}
