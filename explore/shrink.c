/* SPDX-License-Identifier: MIT */
/*
 * Makes a failing run short: see explore_shrink().
 *
 * First the choices: parts of them are made calm, halves, quarters, … single ones, as long as the
 * run still fails for the same reason (delta debugging). What is left is asked for at the same
 * places; if that does not fail, at the same places of each vcpu's own choices, as all that comes
 * later is elsewhere when one choice less is made before. Then values are made smaller. What is
 * left cannot lose any single choice. Then a search with fewer preemptions than that, from none up;
 * a failure that it finds has the fewest there can be, and its choices are reduced once more.
 */
#include "explore/engine.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHOICES_MAX 2048u

struct deviation {
	unsigned int place;
	struct wish wish;
};

struct shrink {
	const struct scenario *scenario;
	struct explore_options options;
	struct explore_result best;
	struct deviation kept[CHOICES_MAX], tried[CHOICES_MAX];
	struct wish wishes[CHOICES_MAX];
	unsigned int count;
	unsigned long schedules, tries;
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

/* Of the run that was made last. */
static void read_deviations(struct shrink *s)
{
	s->count = 0;
	for (unsigned int i = 0; i < ex->trail_len && s->count < CHOICES_MAX; i++) {
		const struct choice *at = &ex->trail[i];

		if (at->taken == 0)
			continue;
		s->kept[s->count].place = i;
		s->kept[s->count++].wish =
		    (struct wish){at->vcpu, at->own, at->target, at->taken, at->kind};
	}
}

/* True if it fails for the same reason, and is the best then. */
static bool fails_with(struct shrink *s, const char *choices)
{
	struct explore_options options = s->options;

	options.strategy = EXPLORE_REPLAY;
	options.choices = choices;
	struct explore_result result = explore_run(s->scenario, &options);

	s->schedules++;
	if (!result.failed || !same_reason(result.what, s->best.what))
		return false;
	s->best = result;
	read_deviations(s);
	return true;
}

/* The first `count` of `tried`, each among its vcpu's own choices. */
static bool fails_by_wishes(struct shrink *s, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		s->wishes[i] = s->tried[i].wish;
	ex->wishes = s->wishes;
	ex->wish_count = count;
	bool failed = fails_with(s, "-");

	ex->wish_count = 0;
	return failed;
}

/* With the first `count` of `tried`. */
static bool still_fails(struct shrink *s, unsigned int count)
{
	char *text = s->text;
	size_t len = 0, size = sizeof(s->text);

	for (unsigned int i = 0; i < count && len + 12 < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%u=%u", len ? "," : "",
		                        s->tried[i].place, s->tried[i].wish.value);
	if (len == 0)
		snprintf(text, size, "-");
	return fails_with(s, text) || fails_by_wishes(s, count);
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

static bool may_try(const struct shrink *s)
{
	return s->schedules < s->tries;
}

static void leave_out(struct shrink *s)
{
	unsigned int part = s->count;

	while (part > 0 && s->count > 0 && may_try(s)) {
		bool any = false;

		/* From the end: what comes early decides what the later places mean. */
		for (unsigned int first = s->count; first > 0 && may_try(s);) {
			first = first > part ? first - part : 0;
			if (first < s->count && without(s, first, part))
				any = true;
		}
		if (part == 1 && !any)
			break;
		part = part > 1 ? part / 2 : 1;
	}
}

/* The least that does of each choice that was not of a vcpu. */
static void lower(struct shrink *s)
{
	for (unsigned int i = 0; i < s->count; i++)
		for (unsigned int value = 1;
		     s->kept[i].wish.kind == CHOICE_PLAIN && value < s->kept[i].wish.value;
		     value++) {
			memcpy(s->tried, s->kept, s->count * sizeof(s->kept[0]));
			s->tried[i].wish.value = value;
			if (!may_try(s) || still_fails(s, s->count))
				break;
		}
}

static void reduce(struct shrink *s)
{
	leave_out(s);
	lower(s);
	leave_out(s);
}

static bool find_with_fewer(struct shrink *s)
{
	struct explore_options options = s->options;

	if (s->best.preemptions == 0)
		return false;
	options.strategy = EXPLORE_EXHAUSTIVE;
	options.preemptions = s->best.preemptions - 1;
	options.faults = s->best.faults;
	options.schedules = s->tries;
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
	s->tries = tries;
	s->best = *failed;
	if (fails_with(s, failed->choices)) {
		reduce(s);
		if (find_with_fewer(s)) {
			s->tries = s->schedules + tries;
			reduce(s);
		}
	}
	s->best.schedules = s->schedules;
	best = s->best;
	explore_unmap(s, sizeof(*s));
	return best;
}
