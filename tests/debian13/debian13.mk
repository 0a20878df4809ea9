# SPDX-License-Identifier: MIT
# make test on the next Debian: see tests/debian13/run.sh. TESTS="unit suite" runs those levels only.

.PHONY: test-debian13
test-debian13:
	$(Q)setpriv --pdeathsig TERM sh tests/debian13/run.sh $(BUILD)/debian13 $(TESTS)
