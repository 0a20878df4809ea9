# SPDX-License-Identifier: MIT
# make bench: what operations cost on Pinfold, and on Linux beside it, see docs/performance.md.
#
#   make bench                        all operations on all systems, twice; writes bench/results/
#   make bench OPS="fork pipe"        some operations: a name, or what names begin with
#   make bench SYSTEMS="pinfold"      some systems: pinfold linux-pv linux
#   make bench PROFILE=fork-small     that operation's instructions by function of the kernel
# More variables: XEN=debug (the debug Xen), VCPUS=N (PV systems only), BENCH_MEMORY=MiB.

BENCH_BUILD := $(BUILD)/bench
BENCH_PLUGIN := $(BENCH_BUILD)/count.so
BENCH_PROGRAM := $(BENCH_BUILD)/root/bin/bench
BENCH_TINY := $(BENCH_BUILD)/root/bin/tiny
BENCH_HEADERS := $(wildcard bench/*.h bench/ops/*.h bench/plugin/*.h)
OPS ?=
SYSTEMS ?= pinfold linux-pv linux
PROFILE ?=
XEN ?= release
VCPUS ?= 1
BENCH_MEMORY ?= 512

# The plugin is loaded into QEMU, which brings the functions it calls.
$(BENCH_PLUGIN): $(wildcard bench/plugin/*.c) $(BENCH_HEADERS) $(FLAGS_STAMP)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(HOSTED_CFLAGS)) -fPIC -shared -fvisibility=hidden -o $@ \
		$(filter %.c,$^)

$(BENCH_PROGRAM): $(wildcard bench/ops/*.c) bench/ops/mark.S $(BENCH_HEADERS) $(FLAGS_STAMP)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(HOSTED_CFLAGS)) -static -o $@ $(filter %.c %.S,$^)

$(BENCH_TINY): bench/tiny.S $(FLAGS_STAMP)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -o $@ $<

.PHONY: bench
bench: deps-bench $(BENCH_PLUGIN) $(BENCH_PROGRAM) $(BENCH_TINY)
	$(Q)$(MAKE) --no-print-directory all $(if $(filter debug,$(XEN)),xen-debug) \
		$(if $(OPS)$(PROFILE),,$(BUILD)/tests/model/model-test-split)
	$(Q)OPS='$(OPS)' SYSTEMS='$(SYSTEMS)' PROFILE='$(PROFILE)' XEN='$(XEN)' VCPUS='$(VCPUS)' \
		MEMORY='$(BENCH_MEMORY)' sh bench/run.sh
