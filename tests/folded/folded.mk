# SPDX-License-Identifier: MIT
# make check-folded, part of make check: in a guest build the format of the page tables is folded
# into the code, and no object looks anything up in it. The library is compiled once more, for both
# widths, with a format that has a name (tests/folded/port/pt_format.h), and the name must be in no
# object. That the check can fail is shown first: without optimisation the name is there.

FOLDED_BUILD := $(BUILD)/tests/folded
FOLDED_SOURCES := $(filter xen/%.c pv/%.c arch/x86/%.c,$(filter-out arch/x86/64/% arch/x86/32/%,\
	$(LIBRARY_SOURCES)))
FOLDED_OBJECTS := $(foreach width,64 32,$(FOLDED_SOURCES:%=$(FOLDED_BUILD)/$(width)/%.o))
FOLDED_PROOF := $(FOLDED_BUILD)/proof.o

CHECK_MORE += check-folded

.PHONY: check-folded
check-folded: $(FOLDED_OBJECTS) $(FOLDED_PROOF)
	$(call say,FOLDED,$(words $(FOLDED_OBJECTS)) objects)
	$(Q)nm $(FOLDED_PROOF) | grep -q pt_format_remains || \
		{ echo "check-folded: the check itself finds nothing" >&2; exit 1; }
	$(Q)if nm -A $(FOLDED_OBJECTS) | grep pt_format_remains; then \
		echo "check-folded: these look the format up at run time" >&2; exit 1; fi

$(FOLDED_BUILD)/64/%.c.o: %.c $(GUEST_NEEDS) | $(OFFSETS)
	@mkdir -p $(@D)
	$(Q)$(CC) -Itests/folded $(GUEST_CFLAGS) -c -o $@ $<

$(FOLDED_BUILD)/32/%.c.o: %.c $(GUEST_NEEDS) | $(OFFSETS)
	@mkdir -p $(@D)
	$(Q)$(CC) -Itests/folded $(GUEST32_CFLAGS) -c -o $@ $<

$(FOLDED_PROOF): xen/pt_walk.c $(GUEST_NEEDS)
	@mkdir -p $(@D)
	$(Q)$(CC) -Itests/folded $(GUEST_CFLAGS) -O0 -c -o $@ $<
