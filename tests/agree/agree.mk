# SPDX-License-Identifier: MIT
# The model agrees with Xen: the same sequences of calls on both, line by line.

AGREE_BUILD := $(BUILD)/tests/agree
AGREE_KERNEL := $(AGREE_BUILD)/agree-kernel.elf
AGREE_MODEL := $(AGREE_BUILD)/agree-model
AGREE_SEQUENCES := $(filter-out %/guest.c %/hosted.c,$(wildcard tests/agree/*.c))
AGREE_OBJECTS := $(call guest_objects,tests/agree/guest.c $(filter-out %/pae.c,$(AGREE_SEQUENCES)) \
	examples/minimal/host.c)
AGREE_KERNEL32 := $(AGREE_BUILD)/agree-kernel32.elf
AGREE_OBJECTS32 := $(addprefix $(BUILD)/guest32/,$(addsuffix .o,tests/agree/32/guest.c \
	tests/agree/pae.c tests/agree/calls.c tests/agree/sequence.c lib/fmt.c lib/str.c lib/string.c))
AGREE_SEEDS ?= 5200

$(AGREE_KERNEL): $(AGREE_OBJECTS) $(GUEST_LIBRARY) $(KERNEL_SCRIPT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ld -m elf_x86_64 -nostdlib -static --fatal-warnings -z max-page-size=4096 -z noexecstack \
		--build-id=none -T $(KERNEL_SCRIPT) -o $@ $(AGREE_OBJECTS) --whole-archive $(GUEST_LIBRARY)

$(AGREE_KERNEL32): $(AGREE_OBJECTS32) tests/agree/32/guest.lds
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ld -m elf_i386 -nostdlib -static --fatal-warnings -z noexecstack --no-warn-rwx-segments \
		--build-id=none -T tests/agree/32/guest.lds -o $@ $(AGREE_OBJECTS32)

$(AGREE_MODEL): tests/agree/hosted.c $(AGREE_SEQUENCES) tests/agree/sequence.h lib/fmt.c $(wildcard model/*.c model/*.h)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -fno-strict-aliasing $(WARNINGS) -I. -Iport/hosted \
		-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -o $@ $(filter %.c,$^)

.PHONY: test-agree
test-programs: $(AGREE_KERNEL) $(AGREE_KERNEL32) $(AGREE_MODEL)
test-agree: $(AGREE_KERNEL) $(AGREE_KERNEL32) $(AGREE_MODEL) xen xen-debug
	$(Q)sh tests/agree/run.sh $(AGREE_BUILD) $(AGREE_SEEDS)
	$(Q)$(MAKE) --no-print-directory test-litmus

include tests/agree/litmus/litmus.mk
