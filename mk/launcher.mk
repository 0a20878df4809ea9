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
	$(Q)$(CC) -o $@ $^ -larchive -ljson-c -lm

.PHONY: ramdisk xen xen-debug install uninstall
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

# What is installed, each as MODE:FROM:TO, below $(DESTDIR)$(PREFIX).
INSTALLED := 755:pinfold:bin/pinfold 644:$(KERNEL):lib/pinfold/pinfold-kernel.elf \
	644:$(RAMDISK):lib/pinfold/base.cpio 644:$(XEN_RELEASE):lib/pinfold/xen-release \
	644:docs/pinfold.1:share/man/man1/pinfold.1 \
	644:tools/completion/pinfold.bash:share/bash-completion/completions/pinfold \
	644:tools/completion/_pinfold:share/zsh/site-functions/_pinfold

installed_part = $(word $(2),$(subst :, ,$(1)))
install: all
	$(foreach one,$(INSTALLED),install -D -m $(call installed_part,$(one),1) \
		$(call installed_part,$(one),2) $(DESTDIR)$(PREFIX)/$(call installed_part,$(one),3) && )true

# Folders that others may use stay.
uninstall:
	rm -f $(foreach one,$(INSTALLED),$(DESTDIR)$(PREFIX)/$(call installed_part,$(one),3))
	[ ! -d $(DESTDIR)$(PREFIX)/lib/pinfold ] || rmdir $(DESTDIR)$(PREFIX)/lib/pinfold
