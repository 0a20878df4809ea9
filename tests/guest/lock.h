/* SPDX-License-Identifier: MIT */
/* The test of the locks, for who brings the vcpus up: the first and the last part once, the
 * middle on each vcpu, all of which run it at the same time, with events enabled. */
#ifndef PINFOLD_TESTS_GUEST_LOCK_H
#define PINFOLD_TESTS_GUEST_LOCK_H

#define LOCK_TEST_VCPUS 4u

void lock_test_begin(void);
void lock_test_run(void);
void lock_test_end(void);

#endif
