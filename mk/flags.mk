# SPDX-License-Identifier: MIT
# Compiler flags. Hosted code: the launcher and the tests. Guest code: the library and the kernel.

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	-Wpointer-arith -Wvla -Werror

HOSTED_CFLAGS := -std=c11 -D_GNU_SOURCE -O2 -g $(WARNINGS) -I. -MMD -MP

# The guest sees the compiler's own headers and Xen's public ones, nothing of the C library.
XEN_HEADERS ?= /usr/include/xen
GUEST_SYSTEM := $(BUILD)/guest/include
COMPILER_HEADERS := $(shell $(CC) -print-file-name=include 2>/dev/null)
GUEST_COMMON := -std=gnu11 -ffreestanding -nostdinc -isystem $(COMPILER_HEADERS) \
	-isystem $(GUEST_SYSTEM) -I. -Iport/guest -I$(BUILD)/guest/generated \
	-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -fno-pic -fno-pie \
	-mgeneral-regs-only -fno-stack-protector -fno-strict-aliasing -fno-common -O2 -g \
	-fno-asynchronous-unwind-tables $(WARNINGS) -MMD -MP
GUEST_CFLAGS := $(GUEST_COMMON) -m64 -mcmodel=kernel -mno-red-zone
GUEST32_CFLAGS := $(GUEST_COMMON) -m32 -march=i686 -freg-struct-return
GUEST_ASFLAGS := -D__ASSEMBLY__ -Wa,--noexecstack

# Objects depend on this file: it changes when the compiler or a flag does.
FLAGS_STAMP := $(BUILD)/flags
FLAGS_TEXT := $(CC) $(HOSTED_CFLAGS) $(GUEST_CFLAGS) $(GUEST_ASFLAGS)
$(FLAGS_STAMP): force
	@mkdir -p $(@D)
	@echo '$(FLAGS_TEXT)' | cmp -s - $@ || echo '$(FLAGS_TEXT)' > $@

$(GUEST_SYSTEM)/xen/xen.h:
	@mkdir -p $(GUEST_SYSTEM)
	@test -r $(XEN_HEADERS)/xen.h || { echo "make: no Xen headers in $(XEN_HEADERS)" >&2; exit 1; }
	@ln -sfn $(abspath $(XEN_HEADERS)) $(GUEST_SYSTEM)/xen
