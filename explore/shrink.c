/* SPDX-License-Identifier: MIT */
/*
 * Makes a failing run short: see explore_shrink().
 *
 * First the choices: parts of them are made calm, halves, quarters, … single ones, as long as the
 * run still fails for the same reason (delta debugging). What is left cannot lose any single
 * choice. Then a search with fewer preemptions than that, from none up; a failure that it finds
 * has the fewest there can be, and its choices are reduced once more.
 */
#include "explore/engine.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHOICES_MAX 2048u

struct deviation {
	unsigned int place, value;
};

struct shrink {
	const struct scenario *scenario;
	struct explore_options options;
	struct explore_result best;
	struct deviation kept[CHOICES_MAX], tried[CHOICES_MAX];
	unsigned int count;
	unsigned long schedules;
	char text[EXPLORE_CHOICES_SIZE];
};

/* The same text, but for numbers. */
static bool same_reason(const char *a, const char *b)
{
	for (;;) {
		while (isxdigit((unsigned char)*a) || *a == 'x')
			a++;
		while (isxdigit((unsigned char)*b) || *b == 'x')
			b++;
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

static void read_deviations(struct shrink *s)
{
	const char *at = s->best.choices;

	s->count = 0;
	while (*at >= '0' && *at <= '9' && s->count < CHOICES_MAX) {
		char *end;

		s->kept[s->count].place = (unsigned int)strtoul(at, &end, 10);
		s->kept[s->count++].value = (unsigned int)strtoul(end + 1, &end, 10);
		at = *end ? end + 1 : end;
	}
}

/* Run with the first `count` of `tried`: true if it fails for the same reason, and is the best
 * then. */
static bool still_fails(struct shrink *s, unsigned int count)
{
	struct explore_options options = s->options;
	char *text = s->text;
	size_t len = 0, size = sizeof(s->text);

	for (unsigned int i = 0; i < count && len + 12 < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%u=%u", len ? "," : "",
		                        s->tried[i].place, s->tried[i].value);
	if (len == 0)
		snprintf(text, size, "-");
	options.strategy = EXPLORE_REPLAY;
	options.choices = text;
	struct explore_result result = explore_run(s->scenario, &options);

	s->schedules++;
	if (!result.failed || !same_reason(result.what, s->best.what))
		return false;
	s->best = result;
	read_deviations(s);
	return true;
}

/* Make `part` choices from `first` on calm. */
static bool without(struct shrink *s, unsigned int first, unsigned int part)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < s->count; i++)
		if (i < first || i >= first + part)
			s->tried[count++] = s->kept[i];
	return still_fails(s, count);
}

static void reduce(struct shrink *s)
{
	unsigned int part = s->count;

	while (part > 0 && s->count > 0) {
		bool any = false;

		/* From the end: what comes early decides what the later places mean. */
		for (unsigned int first = s->count; first > 0;) {
			first = first > part ? first - part : 0;
			if (first < s->count && without(s, first, part))
				any = true;
		}
		if (part == 1 && !any)
			break;
		part = part > 1 ? part / 2 : 1;
	}
}

static bool find_with_fewer(struct shrink *s, unsigned long tries)
{
	struct explore_options options = s->options;

	if (s->best.preemptions == 0)
		return false;
	options.strategy = EXPLORE_EXHAUSTIVE;
	options.preemptions = s->best.preemptions - 1;
	options.faults = s->best.faults;
	options.schedules = tries;
	struct explore_result result = explore_deepen(s->scenario, &options);

	s->schedules += result.schedules;
	if (!result.failed || !same_reason(result.what, s->best.what))
		return false;
	s->best = result;
	read_deviations(s);
	return true;
}

struct explore_result explore_shrink(const struct scenario *scenario,
                                     const struct explore_options *options,
                                     const struct explore_result *failed, unsigned long tries)
{
	struct shrink *s = explore_map(sizeof(*s));
	struct explore_result best;

	s->scenario = scenario;
	s->options = *options;
	s->options.timeline = false;
	s->best = *failed;
	read_deviations(s);
	reduce(s);
	if (find_with_fewer(s, tries))
		reduce(s);
	s->best.schedules = s->schedules;
	best = s->best;
	explore_unmap(s, sizeof(*s));
	return best;
}
