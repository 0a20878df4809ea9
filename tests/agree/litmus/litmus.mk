# SPDX-License-Identifier: MIT
# What two vcpus may see of each other's calls: the same pairs of sequences on real Xen and on the
# model, in all schedules of the model's.

LITMUS_KERNEL := $(AGREE_BUILD)/litmus-kernel.elf
LITMUS_MODEL := $(AGREE_BUILD)/litmus-model
LITMUS_SHARED := tests/agree/litmus/litmus.c tests/agree/litmus/steps.c tests/agree/litmus/table.c \
	tests/agree/calls.c
LITMUS_OBJECTS := $(call guest_objects,tests/agree/litmus/guest.c $(LITMUS_SHARED) \
	examples/minimal/host.c)

$(LITMUS_KERNEL): $(LITMUS_OBJECTS) $(GUEST_LIBRARY) $(KERNEL_SCRIPT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ld -m elf_x86_64 -nostdlib -static --fatal-warnings -z max-page-size=4096 -z noexecstack \
		--build-id=none -T $(KERNEL_SCRIPT) -o $@ $(LITMUS_OBJECTS) --whole-archive $(GUEST_LIBRARY)

$(LITMUS_MODEL): tests/agree/litmus/hosted.c $(LITMUS_SHARED) lib/fmt.c $(wildcard model/*.c explore/*.c) \
		arch/x86/64/context.c arch/x86/64/context.S tests/agree/litmus/litmus.h tests/agree/sequence.h \
		tests/agree/calls.h $(wildcard model/*.h explore/*.h)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -fno-strict-aliasing $(WARNINGS) -I. -Iport/hosted \
		-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -o $@ $(filter %.c %.S,$^)

LITMUS_RUNS ?= 60
LITMUS_RANDOMS ?= 20

.PHONY: test-litmus
test-programs: $(LITMUS_KERNEL) $(LITMUS_MODEL)
test-litmus: $(LITMUS_KERNEL) $(LITMUS_MODEL) xen-debug
	$(Q)sh tests/agree/litmus/run.sh $(AGREE_BUILD) $(LITMUS_RUNS) $(LITMUS_RANDOMS)
