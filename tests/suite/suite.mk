# SPDX-License-Identifier: MIT
# The "same binary, two kernels" suite: builds the driver, the comparison and the small programs,
# and lays out the tree that both kernels get as /suite. Included by the top Makefile; works alone
# too: make -f tests/suite/suite.mk suite-build
#
# Everything in tests/suite/programs is linked statically, with glibc and, where musl-gcc is there,
# the programs of SUITE_MUSL with musl as well (their cases are called NAME.musl). Those in Go are
# built where Go is there.

SUITE_BUILD  := build/tests/suite
SUITE_STAGE  := $(SUITE_BUILD)/stage/suite
SUITE_HEADERS := $(wildcard tests/suite/programs/*.h)
SUITE_GO     := $(shell command -v go 2>/dev/null)
SUITE_SOURCES := $(sort $(wildcard tests/suite/programs/*.c \
		$(if $(SUITE_GO),tests/suite/programs/*.go)))
SUITE_COMMANDS := $(sort $(wildcard tests/suite/commands/*.txt))
SUITE_NAMES  := $(basename $(notdir $(SUITE_SOURCES)))
SUITE_MUSL_CC := $(shell command -v musl-gcc 2>/dev/null)
SUITE_MUSL   := $(if $(SUITE_MUSL_CC),env-exec exec-errors fork-cow mmap-anon pipe-basics \
		signal-handlers stdio-buffers fault-segv string-sort directories time-timers \
		pty futex-threads robust-list shared-memory signal-any-thread signal-thread-stacks signal-threads \
		thread-exec thread-exit-group thread-fork thread-stop thread-vfork \
		membarrier sched-calls thread-events thread-leader thread-times \
		futex-times thread-c11 thread-children thread-files thread-float thread-malloc \
		thread-memory thread-pipes thread-timers thread-barrier thread-cond \
		thread-create thread-ids thread-local thread-mutex thread-pi thread-robust thread-rwlock \
		thread-semaphore thread-stacks,)
SUITE_PROGRAMS := $(SUITE_NAMES:%=$(SUITE_STAGE)/programs/%) \
		$(SUITE_MUSL:%=$(SUITE_STAGE)/programs/%.musl)

SUITE_WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
		-Wundef -Wpointer-arith -Wvla -Werror
SUITE_CFLAGS := -std=gnu11 -O1 -g0 $(SUITE_WARNINGS) -I.
# -fno-builtin: the programs mean the calls that they write.
SUITE_PROGRAM_CFLAGS := $(SUITE_CFLAGS) -fno-builtin -fno-stack-protector -fno-strict-aliasing

.PHONY: suite-build suite test-suite
test-programs: suite-build

suite-build: $(SUITE_PROGRAMS) $(SUITE_STAGE)/driver $(SUITE_STAGE)/list $(SUITE_BUILD)/compare

# Alone, with whatever launcher and kernel are there; and as a level of make test, on the debug Xen,
# which must have nothing to say about it. That is a machine that was saved; some cases once more on
# one that has come up for them.
suite: suite-build
	$(Q)sh tests/suite/run.sh

test-suite: suite-build xen-debug
	$(Q)PINFOLD_OPTIONS='--xen $(XEN_DEBUG) --vcpus 4' sh tests/suite/run.sh; status=$$?; \
		sh tests/xen-log.sh suite $(SUITE_BUILD)/guest.log; \
		PINFOLD_OPTIONS='--cold --xen $(XEN_DEBUG) --vcpus 4' SUITE_TITLE=suite/cold \
		sh tests/suite/run.sh 'program/t*' || status=1; \
		sh tests/xen-log.sh suite/cold $(SUITE_BUILD)/guest.log; exit $$status

$(SUITE_STAGE)/programs/%: tests/suite/programs/%.c $(SUITE_HEADERS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SUITE_PROGRAM_CFLAGS) -static -s -o $@ $<

$(SUITE_STAGE)/programs/%.musl: tests/suite/programs/%.c $(SUITE_HEADERS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(SUITE_MUSL_CC) $(SUITE_PROGRAM_CFLAGS) -static -s -o $@ $<

# Without C, without the network, and with all that the go command keeps in the build folder.
SUITE_GO_ENVIRONMENT := CGO_ENABLED=0 GO111MODULE=off GOFLAGS= \
		GOCACHE='$(CURDIR)/$(SUITE_BUILD)/go-cache' GOPATH='$(CURDIR)/$(SUITE_BUILD)/go'

$(SUITE_STAGE)/programs/%: tests/suite/programs/%.go
	$(call say,GO,$@)
	@mkdir -p $(@D)
	$(Q)$(SUITE_GO_ENVIRONMENT) $(SUITE_GO) build -trimpath -ldflags '-s -w' -o $@ $<

$(SUITE_STAGE)/driver: tests/suite/driver.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SUITE_CFLAGS) -static -s -o $@ $<

$(SUITE_BUILD)/compare: tests/suite/compare.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SUITE_CFLAGS) -o $@ $<

# The list of cases also brings the command files and drops programs whose source has gone.
$(SUITE_STAGE)/list: $(SUITE_COMMANDS) $(SUITE_SOURCES) tests/suite/suite.mk
	@mkdir -p $(SUITE_STAGE)/commands $(SUITE_STAGE)/programs
	@rm -f $(SUITE_STAGE)/commands/*
	@cd $(SUITE_STAGE)/programs && for name in *; do \
		case " $(SUITE_NAMES) $(SUITE_MUSL:%=%.musl) " in \
		*" $$name "*) ;; *) rm -f "$$name" ;; esac; done
	@cp $(SUITE_COMMANDS) $(SUITE_STAGE)/commands/
	@{ for file in $(notdir $(SUITE_COMMANDS)); do echo "commands /suite/commands/$$file"; done; \
		for name in $(notdir $(SUITE_PROGRAMS)); do echo "program /suite/programs/$$name"; done; } > $@
