# SPDX-License-Identifier: MIT
# The guest layer on the model of Xen, under the schedule explorer. The layer's sources are the ones
# the guest is built from; only the port headers differ.

MODEL_BUILD := $(BUILD)/tests/model
MODEL_LAYER := xen/multicall.c xen/lazy.c xen/space.c xen/space_entries.c xen/leave.c xen/trim.c xen/share.c xen/rewrite.c xen/protect.c xen/table_move.c xen/table_pool.c xen/pin.c xen/pt_walk.c xen/p2m.c xen/tlb.c \
	xen/evtchn.c xen/ipi.c xen/smp.c xen/segments.c xen/irq_flag.c xen/pv_lock.c xen/time.c xen/vcpu_info.c lib/fmt.c
MODEL_SOURCES := $(wildcard model/*.c explore/*.c tests/model/*.c) arch/x86/64/context.c \
	arch/x86/64/start_context.c \
	arch/x86/64/context.S $(MODEL_LAYER)
MODEL_CFLAGS := -std=gnu11 -O2 -g -fno-strict-aliasing $(WARNINGS) -I. -Iport/hosted -MMD -MP \
	-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__

# One lock per leaf table, and one per space: both are built and run.
define model_program
$(MODEL_BUILD)/model-test-$(1): $(addprefix $(MODEL_BUILD)/$(1)/,$(addsuffix .o,$(MODEL_SOURCES))) \
		$(MODEL_BUILD)/commit.o
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) -o $$@ $$^
$(MODEL_BUILD)/$(1)/%.o: % $(FLAGS_STAMP)
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $(MODEL_CFLAGS) -DCONFIG_SPLIT_TABLE_LOCKS=$(2) -c -o $$@ $$<
endef
$(eval $(call model_program,split,1))
$(eval $(call model_program,single,0))

# examples/model: all but the scenarios and their main.
MODEL_EXAMPLE_SOURCES := $(wildcard examples/model/*.c) tests/model/world.c tests/model/port.c \
	tests/model/tell.c tests/model/bring_up.c \
	$(filter-out tests/%,$(MODEL_SOURCES))
$(MODEL_EXAMPLE): $(addprefix $(MODEL_BUILD)/split/,$(addsuffix .o,$(MODEL_EXAMPLE_SOURCES)))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^

# What a failure names: looked at whenever make runs, made anew when it is another.
MODEL_COMMIT = $(shell git describe --always --dirty 2>/dev/null || echo unknown)
$(MODEL_BUILD)/commit.c: force
	@mkdir -p $(@D)
	@echo 'extern const char model_commit[]; const char model_commit[] = "$(MODEL_COMMIT)";' > $@.new
	@cmp -s $@.new $@ || cp $@.new $@
$(MODEL_BUILD)/commit.o: $(MODEL_BUILD)/commit.c $(FLAGS_STAMP)
	$(Q)$(CC) $(MODEL_CFLAGS) -c -o $@ $<

MODEL_RUN = $(MODEL_BUILD)/model-test

# Both lock models side by side.
define model_set
	$(Q)$(MODEL_RUN)-single $(1) > $(MODEL_BUILD)/single.log & single=$$!; \
	$(MODEL_RUN)-split $(1); split=$$?; \
	wait $$single; single=$$?; cat $(MODEL_BUILD)/single.log; exit $$((split | single))
endef

# The standard set; make test runs a small one.
.PHONY: model test-model replay
test-programs: $(MODEL_BUILD)/model-test-split $(MODEL_BUILD)/model-test-single $(MODEL_EXAMPLE)
model: $(MODEL_BUILD)/model-test-split $(MODEL_BUILD)/model-test-single
	$(call model_set,--standard)
test-model: $(MODEL_BUILD)/model-test-split $(MODEL_BUILD)/model-test-single $(MODEL_EXAMPLE)
	$(Q)$(MODEL_EXAMPLE)
	$(Q)test "`$(MODEL_RUN)-split --commit`" = "$(MODEL_COMMIT)" && echo ok model/commit || \
		{ echo "FAIL model/commit: not $(MODEL_COMMIT)"; exit 1; }
	$(call model_set,--quick)

# make replay CASE='pin-window 4-level split 41=1' [SHRINK=1]: that run again, with a timeline.
REPLAY_LOCKS = $(or $(filter split single,$(word 3,$(CASE))),split)
replay: $(MODEL_BUILD)/model-test-split $(MODEL_BUILD)/model-test-single
	$(Q)$(MODEL_RUN)-$(REPLAY_LOCKS) --replay $(filter-out split single,$(CASE)) \
		$(if $(SHRINK),--shrink)
