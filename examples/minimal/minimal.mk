# SPDX-License-Identifier: MIT
# The example kernel: the library and three files.

MINIMAL := $(BUILD)/examples/minimal.elf
MINIMAL_OBJECTS := $(call guest_objects,examples/minimal/main.c examples/minimal/host.c examples/minimal/user.S)

.PHONY: minimal
minimal: $(MINIMAL)
$(MINIMAL): $(MINIMAL_OBJECTS) $(GUEST_LIBRARY) $(KERNEL_SCRIPT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ld -m elf_x86_64 -nostdlib -static --fatal-warnings -z max-page-size=4096 -z noexecstack \
		--build-id=none -T $(KERNEL_SCRIPT) -o $@ $(MINIMAL_OBJECTS) --whole-archive $(GUEST_LIBRARY)
