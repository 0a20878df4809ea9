# SPDX-License-Identifier: MIT
# make check: what can be said about the sources without running them.
#
# Each check is a target check-NAME, so that it can be run alone. A fragment adds its own with
# `check: check-mine`.

CHECK_C := $(sort $(shell sh tools/sources.sh '*.c' '*.h'))
CHECK_SH := $(sort $(shell sh tools/sources.sh '*.sh' .ci/run))
CHECK32_SOURCES := $(wildcard lib/*.c arch/x86/*.c arch/x86/32/*.c xen/*.c pv/*.c)
CHECK32_OBJECTS := $(CHECK32_SOURCES:%=$(BUILD)/guest32/%.o)

.PHONY: check check-format check-tidy check-cppcheck check-includes check-builds check-i386 \
	check-shell
check: deps-check
	$(Q)$(MAKE) --no-print-directory check-format check-includes check-builds check-i386 \
		check-shell check-cppcheck check-tidy $(CHECK_MORE)

check-format:
	$(call say,FORMAT,$(words $(CHECK_C)) files)
	$(Q)clang-format --dry-run --Werror $(CHECK_C)
	$(Q)awk 'length > 100 && !/sources:/ { print FILENAME ":" FNR ": over 100 columns"; bad = 1 } \
		END { exit bad }' $(CHECK_C)

# Who may include whom.
check-includes:
	$(call say,INCLUDES,$(words $(CHECK_C)) files)
	$(Q)sh tools/check-includes.sh $(CHECK_C)

# Every program of the tests and of make bench compiles, those too that run in a guest only.
check-builds: test-programs $(BENCH_PLUGIN) $(BENCH_PROGRAM) $(BENCH_TINY)

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
		--suppress=normalCheckLevelMaxBranches \
		--suppress=comparePointers:arch/x86/64/uaccess.c --library=tools/cppcheck.cfg \
		-D__x86_64__ -D__STDC_HOSTED__=0 '-D__attribute__(x)=' -I. -Iport/guest \
		$(filter %.c,$(filter-out tests/%,$(CHECK_C)))

comma := ,
# The last two are newer than clang-tidy 14, which passes over names that it does not know. They ask
# for casts where C needs none, and warn of each container_of().
TIDY_CHECKS := -* clang-analyzer-* bugprone-* -clang-analyzer-security.insecureAPI.* \
	-clang-analyzer-valist.Uninitialized -bugprone-easily-swappable-parameters \
	-bugprone-reserved-identifier -bugprone-assignment-in-if-condition \
	-bugprone-narrowing-conversions -bugprone-implicit-widening-of-multiplication-result \
	-bugprone-casting-through-void -bugprone-multi-level-implicit-pointer-conversion
empty :=
space := $(empty) $(empty)
TIDY := clang-tidy --quiet '--warnings-as-errors=*' \
	'--checks=$(subst $(space),$(comma),$(strip $(TIDY_CHECKS)))'
# Clang's own headers in place of the chosen compiler's.
TIDY_GUEST_CFLAGS := -std=gnu11 -ffreestanding -nostdlibinc -isystem $(GUEST_SYSTEM) -I. \
	-Iport/guest -I$(BUILD)/guest/generated -m64 -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__
# Some files at a time for each processor; what clang-tidy says about other headers is dropped.
tidy = printf '%s\n' $(1) | xargs -r -n 12 -P $$(nproc) sh -c '"$$@" -- $(2) 2>/dev/null' sh $(TIDY)
tidy_guest := $(filter $(LIBRARY_SOURCES) $(KERNEL_SOURCES),$(filter %.c,$(CHECK_C)))
tidy_hosted := $(filter tools/%.c,$(CHECK_C))
check-tidy: $(GUEST_NEEDS) $(OFFSETS)
	$(call say,TIDY,$(words $(tidy_guest) $(tidy_hosted)) files (a minute or two))
	$(Q)$(call tidy,$(tidy_guest),$(TIDY_GUEST_CFLAGS))
	$(Q)$(call tidy,$(tidy_hosted),$(filter-out -MMD -MP,$(HOSTED_CFLAGS)))
