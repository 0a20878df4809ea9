# SPDX-License-Identifier: MIT
# The whole kernel on real Xen: costs and balances, with the debug build as witness.

SYSTEM_BUILD := $(BUILD)/tests/system
SYSTEM_PROGRAMS := $(addprefix $(SYSTEM_BUILD)/,checks clock exit forks storm turns)

$(SYSTEM_BUILD)/%: tests/system/%.c tests/system/counters.h $(FLAGS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -I. -static -pthread -o $@ $(filter %.c,$^)

$(SYSTEM_BUILD)/forks: tests/system/region.c tests/system/region.h

.PHONY: test-system
test-programs: $(SYSTEM_PROGRAMS)
test-system: all xen-debug $(SYSTEM_PROGRAMS)
	$(Q)sh tests/system/run.sh $(SYSTEM_BUILD)
