/* SPDX-License-Identifier: MIT */
/*
 * Values of options, see options_value.h.
 */
#include "tools/pinfold/options_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "tools/pinfold/fail.h"

#define TIMEOUT_S_MAX 1e9

/* A decimal number that begins with a digit or a point, and what follows it; NaN if it is none. */
static double parse_decimal(const char *text, const char **rest)
{
	char *end;
	double value = strtod(text, &end);

	*rest = end;
	if (end == text || (!isdigit((unsigned char)text[0]) && text[0] != '.') ||
	    strpbrk(text, "xXpP") != NULL)
		return NAN;
	return value;
}

/* How many MiB a unit is; 0 if it is none. */
static double unit_mib(const char *unit)
{
	static const struct {
		char letter;
		double mib;
	} units[] = {{'k', 1.0 / 1024}, {'m', 1}, {'g', 1024}, {'t', 1048576}};

	if (unit[0] == '\0')
		return 1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (tolower((unsigned char)unit[0]) == units[i].letter &&
		    (unit[1] == '\0' || strcasecmp(unit + 1, "b") == 0 ||
		     strcasecmp(unit + 1, "ib") == 0))
			return units[i].mib;
	}
	return 0;
}

unsigned int value_memory(const char *text, unsigned int least_mib, unsigned int most_mib)
{
	const char *unit;
	double number = parse_decimal(text, &unit);
	double mib = ceil(number * unit_mib(unit));

	if (!(mib >= least_mib && mib <= most_mib))
		fail_exit(STATUS_FAILURE,
		          "--memory wants a size from %u MiB to %u GiB (as 256, 512M, 2G), not "
		          "'%s'",
		          least_mib, most_mib / 1024, text);
	return (unsigned int)mib;
}

unsigned int value_cpus(const char *option, const char *text, unsigned int most)
{
	const char *rest;
	double number = ceil(parse_decimal(text, &rest));

	if (!(number >= 1 && number <= most) || *rest != '\0')
		fail_exit(STATUS_FAILURE, "%s wants a number from 1 to %u, not '%s'", option, most,
		          text);
	return (unsigned int)number;
}

int64_t value_timeout(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds > 0) || seconds > TIMEOUT_S_MAX)
		fail_exit(STATUS_FAILURE, "--timeout wants a number of seconds above 0, not '%s'",
		          text);
	return (int64_t)ceil(seconds * 1e9);
}

/* False: the text is no variable. */
static bool add_variable(struct strvec *to, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *value;

	if (text[0] == '\0' || equals == text)
		return false;
	if (equals != NULL)
		strvec_add(to, text);
	else if ((value = getenv(text)) != NULL)
		strvec_addf(to, "%s=%s", text, value);
	return true;
}

void value_environment(struct strvec *to, const char *text)
{
	if (!add_variable(to, text))
		fail_exit(STATUS_FAILURE, "--env wants NAME=VALUE or NAME, not '%s'", text);
}

void value_environment_file(struct strvec *to, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		fail_exit(STATUS_FAILURE, "--env-file: %s: %s", path, strerror(errno));
	for (unsigned int number = 1; getline(&line, &room, file) >= 0; number++) {
		const char *text = line + strspn(line, " \t");

		line[strcspn(line, "\r\n")] = '\0';
		if (text[0] != '#' && text[0] != '\0' && !add_variable(to, text))
			fail_exit(STATUS_FAILURE,
			          "--env-file: %s: line %u is not NAME=VALUE or NAME: '%s'", path,
			          number, text);
	}
	if (ferror(file))
		fail_exit(STATUS_FAILURE, "--env-file: %s: %s", path, strerror(errno));
	free(line);
	fclose(file);
}

static const struct {
	const char *name;
	int which;
} limits[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

/* A number, or "unlimited" or "-1". False if it is neither. */
static bool parse_limit(const char *text, size_t len, unsigned long long *value)
{
	char number[32], *end;

	if (len == 0 || len >= sizeof(number))
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	*value = RLIM_INFINITY;
	if (strcmp(number, "unlimited") == 0 || strcmp(number, "-1") == 0)
		return true;
	errno = 0;
	*value = strtoull(number, &end, 10);
	return isdigit((unsigned char)number[0]) && *end == '\0' && errno == 0;
}

void value_limit(struct strvec *to, const char *text)
{
	size_t name = strcspn(text, "=");
	const char *soft = text + name + (text[name] == '=');
	size_t soft_len = strcspn(soft, ":");
	const char *hard = soft[soft_len] == ':' ? soft + soft_len + 1 : soft;
	size_t hard_len = hard == soft ? soft_len : strlen(hard);
	unsigned long long low, high;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (strlen(limits[i].name) != name || strncmp(text, limits[i].name, name) != 0)
			continue;
		if (!parse_limit(soft, soft_len, &low) || !parse_limit(hard, hard_len, &high) ||
		    low > high)
			break;
		strvec_addf(to, "%d:%llu:%llu", limits[i].which, low, high);
		return;
	}
	fail_exit(STATUS_FAILURE, "--ulimit wants NAME=SOFT[:HARD], as nofile=1024:4096, not '%s'",
	          text);
}

const char *value_workdir(const char *text)
{
	if (text[0] != '/')
		fail_exit(STATUS_FAILURE, "--workdir wants an absolute path, not '%s'", text);
	return text;
}

const char *value_user(const char *text)
{
	const char *colon = strchr(text, ':');

	if (text[0] == '\0' || colon == text ||
	    (colon != NULL && (colon[1] == '\0' || strchr(colon + 1, ':') != NULL)))
		fail_exit(STATUS_FAILURE, "--user wants USER or USER:GROUP, not '%s'", text);
	return text;
}
