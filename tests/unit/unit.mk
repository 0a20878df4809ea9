# SPDX-License-Identifier: MIT
# Hosted unit tests: each tests/unit/NAME_test.c is a program of its own, with cmocka, the address
# and the undefined-behaviour sanitizer. Comments in its first lines name what else it links, and
# one flag that its objects (all of them) are compiled with beyond the common ones:
#   /* sources: lib/str.c tests/unit/fake_xen.c */
#   /* flags: -DCONFIG_SPLIT_TABLE_LOCKS=0 */

UNIT_BUILD := $(BUILD)/tests/unit
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*_test.c)))
UNIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined $(WARNINGS) \
	-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -I. -Iport/hosted -MMD -MP

unit_line = $(shell sed -n '1,20s|^.*$(2): *\(.*[^ ]\) *\*/.*$$|\1|p' tests/unit/$(1).c)
unit_sources = $(call unit_line,$(1),sources)
unit_flags = $(call unit_line,$(1),flags)

# Programs with the same flag share their objects.
unit_objects = obj$(subst =,-,$(1))

define unit_program
$(UNIT_BUILD)/$(1): $(addprefix $(UNIT_BUILD)/$(call unit_objects,$(3))/,$(addsuffix .o,\
		tests/unit/$(1).c $(2)))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) -fsanitize=address,undefined -o $$@ $$^ -lcmocka
endef

define unit_compile
$(UNIT_BUILD)/$(1)/%.c.o: %.c $(FLAGS_STAMP) tests/unit/unit.mk
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $(UNIT_CFLAGS) $(2) -c -o $$@ $$<
$(UNIT_BUILD)/$(1)/%.S.o: %.S $(FLAGS_STAMP)
	$$(call say,AS,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -c -o $$@ $$<
endef

$(eval $(call unit_compile,obj))
$(foreach flag,$(sort $(foreach name,$(UNIT_NAMES),$(call unit_flags,$(name)))),$(eval \
	$(call unit_compile,$(call unit_objects,$(flag)),$(flag))))
$(foreach name,$(UNIT_NAMES),$(eval $(call unit_program,$(name),$(call \
	unit_sources,$(name)),$(call unit_flags,$(name)))))

.PHONY: test-unit
test-programs: $(addprefix $(UNIT_BUILD)/,$(UNIT_NAMES))
test-unit: $(addprefix $(UNIT_BUILD)/,$(UNIT_NAMES))
	$(Q)sh tests/unit/run.sh $^

# The tests of what is for both widths compile for 32 bits too, without a warning.
UNIT32_NAMES := $(sort $(shell cd tests/unit && \
	grep -lE '"tests/unit/(fake_xen|table_rules)\.h"|sources:.* xen/' *.c))
CHECK_MORE += check-i386-tests
.PHONY: check-i386-tests
check-i386-tests:
	$(call say,CC32,$(words $(UNIT32_NAMES)) unit tests)
	$(Q)for name in $(UNIT32_NAMES); do \
		$(CC) -m32 -march=i686 -fsyntax-only $(filter-out -MMD -MP -fsanitize=%,$(UNIT_CFLAGS)) \
			tests/unit/$$name || exit 1; done
