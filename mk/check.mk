# SPDX-License-Identifier: MIT
# make check: what can be said about the sources without running them.
#
# Each check is a target check-NAME, so that it can be run alone. A fragment adds its own with
# `check: check-mine`.

CHECK_C := $(sort $(shell git ls-files '*.c' '*.h' 2>/dev/null))
CHECK_SH := $(sort $(shell git ls-files '*.sh' .ci/run 2>/dev/null))
CHECK32_SOURCES := $(wildcard lib/*.c arch/x86/*.c arch/x86/32/*.c xen/*.c pv/*.c)
CHECK32_OBJECTS := $(CHECK32_SOURCES:%=$(BUILD)/guest32/%.o)

.PHONY: check check-format check-tidy check-cppcheck check-includes check-i386 check-shell
check: deps-check
	$(Q)$(MAKE) --no-print-directory check-format check-includes check-i386 check-shell \
		check-cppcheck check-tidy $(CHECK_MORE)

check-format:
	$(call say,FORMAT,$(words $(CHECK_C)) files)
	$(Q)clang-format --dry-run --Werror $(CHECK_C)

# Who may include whom.
check-includes:
	$(call say,INCLUDES,$(words $(CHECK_C)) files)
	$(Q)sh tools/check-includes.sh $(CHECK_C)

# The guest layer compiles for the 32-bit guest too.
check-i386: $(CHECK32_OBJECTS)
$(BUILD)/guest32/%.c.o: %.c $(GUEST_NEEDS)
	$(call say,CC32,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST32_CFLAGS) -c -o $@ $<

check-shell:
	$(call say,SHELL,$(words $(CHECK_SH)) files)
	$(Q)for file in $(CHECK_SH); do sh -n $$file || exit 1; done

check-cppcheck:
	$(call say,CPPCHECK,guest and launcher)
	$(Q)cppcheck -q --error-exitcode=1 --inline-suppr --std=c11 --language=c \
		--enable=warning,portability --suppress=missingIncludeSystem \
		-D__x86_64__ -D__STDC_HOSTED__=0 -I. -Iport/guest \
		$(filter %.c,$(filter-out tests/%,$(CHECK_C)))

TIDY := clang-tidy --quiet --warnings-as-errors='*' \
	--checks='-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-assignment-in-if-condition,-bugprone-narrowing-conversions'
tidy_guest := $(filter $(LIBRARY_SOURCES) $(KERNEL_SOURCES),$(filter %.c,$(CHECK_C)))
tidy_hosted := $(filter tools/%.c,$(CHECK_C))
check-tidy: $(GUEST_NEEDS) $(OFFSETS)
	$(call say,TIDY,$(words $(tidy_guest) $(tidy_hosted)) files (a minute or two))
	$(Q)$(if $(tidy_guest),$(TIDY) $(tidy_guest) -- $(filter-out -MMD -MP -nostdinc -isystem \
		$(COMPILER_HEADERS),$(GUEST_CFLAGS)) -isystem $(GUEST_SYSTEM) 2>/dev/null,true)
	$(Q)$(if $(tidy_hosted),$(TIDY) $(tidy_hosted) -- $(filter-out -MMD -MP,$(HOSTED_CFLAGS)) \
		2>/dev/null,true)
