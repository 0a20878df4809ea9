# SPDX-License-Identifier: MIT
# Mutants of the guest layer: each must be noticed by a check. make mutants MUTANTS="lazy-* top-*"

MUTANTS ?= *

.PHONY: mutants
mutants: deps-test
	$(Q)MAKE='$(MAKE)' sh tests/mutants/run.sh $(foreach glob,$(MUTANTS),'$(glob)')
