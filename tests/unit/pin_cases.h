/* SPDX-License-Identifier: MIT */
/*
 * The cases of pinning, of spaces, of their entries and leaf tables, for the programs that run them
 * with each lock model. Status as of cmocka's groups.
 */
#ifndef PINFOLD_TESTS_UNIT_PIN_CASES_H
#define PINFOLD_TESTS_UNIT_PIN_CASES_H

int pin_cases_run(void);
int space_cases_run(void);
int share_cases_run(void);
int entry_cases_run(void);
int table_cases_run(void);

/* One of the entries' cases, with a file of its own. */
void test_random_histories(void **state);

#endif
