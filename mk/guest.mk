# SPDX-License-Identifier: MIT
# The guest: the library (lib, port, arch, xen, pv) and the kernel.
#
# Numbers that assembly needs: arch/x86/64/offsets.c, when there, is compiled to assembly only, and
# each line of it that reads `@define NAME VALUE` becomes a line of build/guest/generated/offsets.h
# (included as "offsets.h"). Such a line is made by
#   __asm__ volatile("\n@define NAME %c0" : : "i"(offsetof(...)));

GUEST_LIBRARY := $(BUILD)/libpinfold.a
KERNEL := $(BUILD)/kernel/pinfold-kernel.elf
KERNEL_SCRIPT := arch/x86/64/kernel.lds

LIBRARY_SOURCES := $(wildcard lib/*.c arch/x86/*.c port/guest/*.c port/guest/*.S xen/*.c pv/*.c \
	arch/x86/64/*.S) $(filter-out arch/x86/64/offsets.c,$(wildcard arch/x86/64/*.c))
KERNEL_SOURCES := $(sort $(shell [ ! -d kernel ] || find kernel -name '*.[cS]'))

guest_objects = $(addprefix $(BUILD)/guest/,$(addsuffix .o,$(1)))
LIBRARY_OBJECTS := $(call guest_objects,$(LIBRARY_SOURCES))
KERNEL_OBJECTS := $(call guest_objects,$(KERNEL_SOURCES))

OFFSETS_SOURCE := $(wildcard arch/x86/64/offsets.c)
OFFSETS := $(if $(OFFSETS_SOURCE),$(BUILD)/guest/generated/offsets.h)
GUEST_NEEDS := $(FLAGS_STAMP) $(GUEST_SYSTEM)/xen/xen.h

.PHONY: kernel library
library: $(GUEST_LIBRARY)
	@:
ifneq ($(and $(KERNEL_SOURCES),$(wildcard $(KERNEL_SCRIPT))),)
kernel: $(KERNEL)
	@:
else
kernel:
	@echo "make: no kernel sources yet"
endif

$(BUILD)/guest/%.c.o: %.c $(GUEST_NEEDS) | $(OFFSETS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -c -o $@ $<

$(BUILD)/guest/%.S.o: %.S $(GUEST_NEEDS) $(OFFSETS)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) $(GUEST_ASFLAGS) -c -o $@ $<

$(BUILD)/guest/generated/offsets.h: $(OFFSETS_SOURCE) $(GUEST_NEEDS)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -g0 -MT $@ -S -o $(@:.h=.s) $<
	$(Q)sed -n 's/^[[:space:]]*@define /#define /p' $(@:.h=.s) > $@.new
	@mv $@.new $@

$(GUEST_LIBRARY): $(LIBRARY_OBJECTS) $(BUILD)/guest/library-list
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsD $@ $(LIBRARY_OBJECTS)

# Removing a source must remake what it was part of.
$(BUILD)/guest/library-list: force
	@mkdir -p $(@D)
	@echo '$(LIBRARY_OBJECTS)' | cmp -s - $@ || echo '$(LIBRARY_OBJECTS)' > $@
$(BUILD)/guest/kernel-list: force
	@mkdir -p $(@D)
	@echo '$(KERNEL_OBJECTS)' | cmp -s - $@ || echo '$(KERNEL_OBJECTS)' > $@

$(KERNEL): $(KERNEL_OBJECTS) $(GUEST_LIBRARY) $(KERNEL_SCRIPT) $(BUILD)/guest/kernel-list
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ld -m elf_x86_64 -nostdlib -static --fatal-warnings -z max-page-size=4096 -z noexecstack \
		--build-id=none --gc-sections -T $(KERNEL_SCRIPT) -o $@ \
		$(KERNEL_OBJECTS) --whole-archive $(GUEST_LIBRARY)
