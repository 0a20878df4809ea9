# SPDX-License-Identifier: MIT
# Tests of the command's behaviour: tests/command/run.sh says what each shows.

COMMAND_BUILD := $(BUILD)/tests/command
COMMAND_TOOLS := $(addprefix $(COMMAND_BUILD)/,fake-qemu on-terminal tty-probe \
	stream-probe random-probe)

.PHONY: test-command
test-programs: $(COMMAND_TOOLS)
test-command: $(COMMAND_TOOLS) pinfold ramdisk
	$(Q)CC='$(CC)' sh tests/command/run.sh $(COMMAND_BUILD)

$(COMMAND_BUILD)/%: tests/command/%.c $(FLAGS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED_CFLAGS) -o $@ $< -lutil

# These run in the guest too.
$(COMMAND_BUILD)/%-probe: tests/command/%-probe.c $(FLAGS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED_CFLAGS) -static -o $@ $<
