# SPDX-License-Identifier: MIT
# Hosted unit tests: each tests/unit/NAME_test.c is a program of its own, with cmocka, the address and the
# undefined-behaviour sanitizer. A comment in its first lines names what it links of the guest's
# sources: /* sources: lib/str.c lib/fmt.c */

UNIT_BUILD := $(BUILD)/tests/unit
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*_test.c)))
# Of port/, what a hosted program answers differently is in hosted; the rest is taken as it is.
UNIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined $(WARNINGS) \
	-I. -Iport/hosted -Iport/guest -MMD -MP

unit_sources = $(shell sed -n '1,10s|^.*sources: *\(.*[^ ]\) *\*/.*$$|\1|p' tests/unit/$(1).c)

define unit_program
$(UNIT_BUILD)/$(1): $(addprefix $(UNIT_BUILD)/obj/,$(addsuffix .o,\
		tests/unit/$(1).c $(call unit_sources,$(1))))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) -fsanitize=address,undefined -o $$@ $$^ -lcmocka
endef
$(foreach name,$(UNIT_NAMES),$(eval $(call unit_program,$(name))))

$(UNIT_BUILD)/obj/%.c.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -c -o $@ $<

.PHONY: test-unit
test-unit: $(addprefix $(UNIT_BUILD)/,$(UNIT_NAMES))
	$(Q)sh tests/unit/run.sh $^
