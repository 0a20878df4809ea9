# SPDX-License-Identifier: MIT
# Fuzzing of what reads untrusted bytes: each tests/fuzz/NAME_fuzz.c is a libFuzzer target, with a
# comment in its first lines that names what it links. Needs clang, whatever CC is.
#
#   make test-fuzz                 as part of make test: bounded, some seconds each
#   make fuzz FUZZ_SECONDS=3600    longer; the corpus stays in build/tests/fuzz/corpus

FUZZ_BUILD := $(BUILD)/tests/fuzz
FUZZ_CC := clang
FUZZ_SECONDS ?= 300
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_PROGRAMS := $(addprefix $(FUZZ_BUILD)/,$(FUZZ_NAMES))
FUZZ_SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer $(FUZZ_SANITIZERS) \
	-fsanitize=fuzzer-no-link $(WARNINGS) \
	-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -I. -Iport/hosted -MMD -MP

fuzz_sources = $(shell sed -n '1,10s|^.*sources: *\(.*[^ ]\) *\*/.*$$|\1|p' tests/fuzz/$(1).c)

define fuzz_program
$(FUZZ_BUILD)/$(1): $(addprefix $(FUZZ_BUILD)/obj/,$(addsuffix .o,\
		tests/fuzz/$(1).c $(call fuzz_sources,$(1))))
	$$(call say,LINK,$$@)
	$$(Q)$$(FUZZ_CC) $(FUZZ_SANITIZERS) -fsanitize=fuzzer -o $$@ $$^
endef
$(foreach name,$(FUZZ_NAMES),$(eval $(call fuzz_program,$(name))))

$(FUZZ_BUILD)/obj/%.c.o: %.c $(FLAGS_STAMP) tests/fuzz/fuzz.mk
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -c -o $@ $<

$(FUZZ_BUILD)/seeds: tests/fuzz/seeds.c $(FLAGS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED_CFLAGS) -Iport/hosted -o $@ $<

$(FUZZ_BUILD)/corpus/made: $(FUZZ_BUILD)/seeds
	@mkdir -p $(@D)
	$(Q)$(FUZZ_BUILD)/seeds $(@D)
	@touch $@

.PHONY: test-fuzz fuzz
test-programs: $(FUZZ_PROGRAMS) $(FUZZ_BUILD)/seeds
test-fuzz: $(FUZZ_PROGRAMS) $(FUZZ_BUILD)/corpus/made
	$(Q)sh tests/fuzz/run.sh 20 200000 $(FUZZ_PROGRAMS)
fuzz: $(FUZZ_PROGRAMS) $(FUZZ_BUILD)/corpus/made
	$(Q)sh tests/fuzz/run.sh $(FUZZ_SECONDS) -1 $(FUZZ_PROGRAMS)
