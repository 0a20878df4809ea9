# SPDX-License-Identifier: MIT
# Mutants of the guest layer: each must be noticed by a test.

.PHONY: mutants
mutants: deps-test
	$(Q)MAKE='$(MAKE)' sh tests/mutants/run.sh
