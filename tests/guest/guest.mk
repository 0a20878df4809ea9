# SPDX-License-Identifier: MIT
# The guest layer on real Xen: a test kernel, run on the debug build.

GUEST_TEST := $(BUILD)/tests/guest/test-kernel.elf
GUEST_TEST_OBJECTS := $(call guest_objects,$(wildcard tests/guest/*.c tests/guest/*.S) examples/minimal/host.c)

$(GUEST_TEST): $(GUEST_TEST_OBJECTS) $(GUEST_LIBRARY) $(KERNEL_SCRIPT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ld -m elf_x86_64 -nostdlib -static --fatal-warnings -z max-page-size=4096 -z noexecstack \
		--build-id=none -T $(KERNEL_SCRIPT) -o $@ $(GUEST_TEST_OBJECTS) --whole-archive $(GUEST_LIBRARY)

.PHONY: test-guest
test-programs: $(GUEST_TEST) $(MINIMAL)
test-guest: $(GUEST_TEST) $(MINIMAL) xen-debug
	$(Q)sh tests/guest/run.sh $(GUEST_TEST) $(MINIMAL)
