# SPDX-License-Identifier: MIT
# The launcher ./pinfold, the base ramdisk, the two Xens, installation.

PREFIX ?= /usr/local
LAUNCHER_SOURCES := $(wildcard tools/pinfold/*.c)
LAUNCHER_OBJECTS := $(LAUNCHER_SOURCES:%.c=$(BUILD)/hosted/%.o)
RAMDISK := $(BUILD)/ramdisk/base.cpio
MKBASE := $(BUILD)/hosted/mkbase
BUSYBOX ?= /bin/busybox
XEN_RELEASE := $(BUILD)/xen/xen-release
XEN_DEBUG := $(BUILD)/xen/xen-debug

$(BUILD)/hosted/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED_CFLAGS) -c -o $@ $<

pinfold: $(LAUNCHER_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ -larchive -lm

.PHONY: ramdisk xen xen-debug install
ramdisk: $(RAMDISK)
	@:
xen: $(XEN_RELEASE)
	@:
xen-debug: $(XEN_DEBUG)
	@:

# The base root: busybox with a link for each applet, and a few files.
MKBASE_PARTS := tree tree_host fail limits path progress strvec
$(MKBASE): $(BUILD)/hosted/tools/mkbase.o $(MKBASE_PARTS:%=$(BUILD)/hosted/tools/pinfold/%.o)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ -larchive -lm

$(RAMDISK): $(MKBASE) $(BUSYBOX)
	$(call say,RAMDISK,$@)
	@mkdir -p $(@D)
	$(Q)$(MKBASE) $(BUSYBOX) $@.new && mv $@.new $@

$(XEN_RELEASE):
	@sh tools/xen-fetch.sh

$(XEN_DEBUG):
	@sh tools/xen-debug.sh

install: all
	install -D -m 755 pinfold $(DESTDIR)$(PREFIX)/bin/pinfold
	install -D -m 644 $(KERNEL) $(DESTDIR)$(PREFIX)/lib/pinfold/pinfold-kernel.elf
	install -D -m 644 $(RAMDISK) $(DESTDIR)$(PREFIX)/lib/pinfold/base.cpio
	install -D -m 644 $(XEN_RELEASE) $(DESTDIR)$(PREFIX)/lib/pinfold/xen-release
	install -D -m 644 docs/pinfold.1 $(DESTDIR)$(PREFIX)/share/man/man1/pinfold.1
