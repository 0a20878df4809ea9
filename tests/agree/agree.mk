# SPDX-License-Identifier: MIT
# The model agrees with Xen: the same sequences of calls on both, line by line.

AGREE_BUILD := $(BUILD)/tests/agree
AGREE_KERNEL := $(AGREE_BUILD)/agree-kernel.elf
AGREE_MODEL := $(AGREE_BUILD)/agree-model
AGREE_SEQUENCES := $(filter-out %/guest.c %/hosted.c,$(wildcard tests/agree/*.c))
AGREE_OBJECTS := $(call guest_objects,tests/agree/guest.c $(AGREE_SEQUENCES) \
	examples/minimal/host.c)
AGREE_SEEDS ?= 5200

$(AGREE_KERNEL): $(AGREE_OBJECTS) $(GUEST_LIBRARY) $(KERNEL_SCRIPT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ld -m elf_x86_64 -nostdlib -static --fatal-warnings -z max-page-size=4096 -z noexecstack \
		--build-id=none -T $(KERNEL_SCRIPT) -o $@ $(AGREE_OBJECTS) --whole-archive $(GUEST_LIBRARY)

$(AGREE_MODEL): tests/agree/hosted.c $(AGREE_SEQUENCES) tests/agree/sequence.h lib/fmt.c $(wildcard model/*.c model/*.h)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -fno-strict-aliasing $(WARNINGS) -I. -Iport/hosted \
		-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -o $@ $(filter %.c,$^)

.PHONY: test-agree
test-agree: $(AGREE_KERNEL) $(AGREE_MODEL) xen
	$(Q)sh tests/agree/run.sh $(AGREE_BUILD) $(AGREE_SEEDS)
