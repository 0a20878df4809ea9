# SPDX-License-Identifier: MIT
# make test: every level, with one line at the end that counts.
#
# A level is a script or program that prints `ok NAME`, `FAIL NAME` or `skip NAME: why` for each
# test. It is run through a make target test-LEVEL, which builds what it needs first; a fragment
# defines that target for its level. TESTS="unit command" runs those levels only.

TEST_LEVELS := unit fuzz model agree guest system suite command
TESTS ?= $(TEST_LEVELS)

# All that the levels build, and no test run: a fragment adds its own as `test-programs: mine`.
.PHONY: test test-programs
test: deps-test
	$(Q)$(MAKE) --no-print-directory all
	$(Q)MAKE='$(MAKE)' sh tests/run.sh $(TESTS)
