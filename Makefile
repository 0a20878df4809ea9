# SPDX-License-Identifier: MIT
# Pinfold's build. Everything that is made goes to build/, but for the launcher ./pinfold.
#
#   make          the launcher, the guest library, the kernel, the base ramdisk, the release Xen
#   make run      builds and gives a shell in the guest
#   make test     builds and runs all tests
#   make check    formatting, linters, the include order; all test programs and the i386 layer compile
#   make test-domu        boots the image as a domU under Xen's own toolstack
#   make bench            counts what operations cost, on Linux too (docs/performance.md)
#   make test-debian13    the tests on Debian 13, in a root of its own (docs/testing.md)
#   make mutants          takes each protection out and looks whether a check notices
#                         (MUTANTS="lazy-*": some of them)
#   make model            the standard set of schedules on the model of Xen, some minutes
#   make replay CASE=…     runs one interleaving of the model again
#   make model-example    a page-table routine of one's own on the model
#   make deps     installs what the machine lacks, with apt
#   make install  to $(DESTDIR)$(PREFIX); make uninstall
#   make help     this list
#   make clean    removes build/ but for the downloaded and compiled Xen; make distclean that too
#
# Variables: CC (gcc or clang), V=1 (show commands), PREFIX, DESTDIR, TESTS (levels of make test).
# Sources are found by folder: a new file needs no line here. Parts with rules of their own bring
# a fragment, examples/*/*.mk, tests/*/*.mk or bench/bench.mk, read in this order.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD := build
Q := $(if $(V),,@)
# One short line for each step; the commands themselves with V=1.
say = $(if $(V),,@printf '  %-8s%s\n' '$(1)' '$(2)')

ifneq ($(shell mkdir -p $(BUILD) 2>&1 && [ -w . ] && [ -w $(BUILD) ] || echo no),)
$(error this folder cannot be written. Pinfold is built in it, in $(BUILD): copy the sources to one of yours)
endif

include mk/flags.mk
include mk/guest.mk
include mk/launcher.mk
include mk/check.mk
include mk/test.mk
include $(wildcard examples/*/*.mk tests/*/*.mk) bench/bench.mk

.PHONY: all help run deps clean distclean force
all: deps-build
	$(Q)$(MAKE) --no-print-directory $(if $(LAUNCHER_SOURCES),pinfold ramdisk) \
		$(GUEST_LIBRARY) kernel xen

# The head of this file.
help:
	@sed -n '/^#   make /,/^# Variables/{s/^# \{0,3\}//;p;}' Makefile

run: all
	$(Q)sh tools/greet.sh

# The lists of packages, and how each is looked for, are in tools/deps.sh.
deps:
	$(Q)sh tools/deps.sh all

.PHONY: deps-build deps-test deps-check deps-bench
deps-build deps-test deps-check deps-bench: deps-%:
	$(Q)sh tools/deps.sh $*

clean:
	rm -f pinfold
	[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 ! -name xen -exec rm -rf {} +

distclean: clean
	rm -rf $(BUILD)

# Not those of other trees that lie there: Xen, the copies of the mutants, a Debian.
-include $(shell [ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 -type d \
	! -name xen ! -name mutants ! -name debian13 -exec find {} -name '*.d' -type f \;)
