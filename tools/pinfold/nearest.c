/* SPDX-License-Identifier: MIT */
/*
 * The nearest word, see nearest.h: the edit distance by rows.
 */
#include "tools/pinfold/nearest.h"

#include <string.h>

#define WORD_MAX 31 /* of the words compared; longer ones are near to nothing */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++) {
		for (size_t j = 0; j <= b_len; j++) {
			size_t changed;

			if (i == 0 || j == 0) {
				row[i][j] = i + j;
				continue;
			}
			changed = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			row[i][j] = least(changed, 1 + least(row[i - 1][j], row[i][j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[i][j] = least(row[i][j], row[i - 2][j - 2] + 1);
		}
	}
	return row[a_len][b_len];
}

void nearest_try(struct nearest *nearest, const char *typed, const char *candidate)
{
	size_t typed_len = strlen(typed), len = strlen(candidate), found;

	if (typed_len > WORD_MAX || len > WORD_MAX)
		return;
	found = distance(typed, typed_len, candidate, len);
	if (found > (typed_len > len ? typed_len : len) / 3)
		return;
	if (nearest->word == NULL || found < nearest->distance)
		*nearest = (struct nearest){.word = candidate, .distance = found};
}
