#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the root of the domU tests' Linux dom0: a ramdisk that holds busybox and Xen's own
# toolstack (xl, xenstored, xenconsoled). The kernel is that of tools/linux-fetch.sh.
#
# Use: tests/domu/build.sh           (from the top of the source tree)
# Result: build/domu/dom0.cpio. Does nothing when it is there and newer than the kernel.
# Left out: what only network, disk and HVM guests need.
set -u

name=domu
folder=build/domu
log=$folder/build.log
ramdisk=$folder/dom0.cpio

# The toolstack, and the libraries that its programs name; build_root checks that none is missing.
packages='xen-utils-4.17 xenstore-utils libc6 libgcc-s1 libxencall1 libxendevicemodel1 libxenevtchn1
	libxenforeignmemory1 libxengnttab1 libxenhypfs1 libxenmisc4.17 libxenstore4 libxentoolcore1
	libxentoollog1 libyajl2 libuuid1 liblzma5 libzstd1 zlib1g libext2fs2 libcom-err2'
# Modules of dom0's kernel, in the order in which they load.
modules='xen-evtchn xen-privcmd xen-gntdev xen-gntalloc xenfs'

# The ramdisk holds modules of that kernel.
is_ready() {
	[ -s "$ramdisk" ] && [ -n "$(find "$ramdisk" -newer build/linux/kernel)" ]
}

sh tools/linux-fetch.sh || exit 1
is_ready && exit 0
. tools/packages.sh
packages_begin busybox readelf
is_ready && exit 0

# The file of a library among the unpacked packages.
find_unpacked() {
	find "$folder/unpacked" -name "$1" ! -type d | head -n 1
}

# Copies the libraries that a program names, and theirs, to the root's /lib.
copy_libraries() {
	for library in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[ -e "$root/lib/$library" ] && continue
		file=$(find_unpacked "$library")
		[ -n "$file" ] || die "$library, which $1 needs, is in none of the packages"
		cp -L "$file" "$root/lib/$library" || die "cannot copy $file"
		copy_libraries "$root/lib/$library"
	done
}

build_root() {
	root=$folder/root
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/lib/modules" "$root/lib64" "$root/dev" "$root/proc" \
		"$root/sys" "$root/run" "$root/tmp" "$root/etc/xen" "$root/var/log/xen/console" \
		"$root/var/lib/xen" "$root/var/lib/xenstored" || die "cannot make $root"
	ln -s ../run "$root/var/run"
	cp "$(command -v busybox)" "$root/bin/busybox" || die "cannot copy busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
	# xl starts its helpers at the package's own path.
	programs=$folder/unpacked/usr/lib/xen-4.17/bin
	mkdir -p "$root/usr/lib/xen-4.17/bin"
	for program in xl xenstored xenconsoled xen-init-dom0 libxl-save-helper; do
		cp "$programs/$program" "$root/usr/lib/xen-4.17/bin/" || die "no $program"
		copy_libraries "$programs/$program"
	done
	for program in xenstore-read xenstore-write xenstore-ls; do
		cp -L "$folder/unpacked/usr/bin/$program" "$root/bin/" || die "no $program"
		copy_libraries "$root/bin/$program"
	done
	# libc loads these two by name: xl ends its threads with the help of the first.
	for library in libgcc_s.so.1 ld-linux-x86-64.so.2; do
		cp -L "$(find_unpacked $library)" "$root/lib/" || die "no $library"
	done
	ln -s ../lib/ld-linux-x86-64.so.2 "$root/lib64/ld-linux-x86-64.so.2"
	number=0
	for module in $modules; do
		file=$(find build/linux/modules -name "$module.ko")
		[ -n "$file" ] || die "no module $module in build/linux/modules"
		number=$((number + 1))
		cp "$file" "$root/lib/modules/$number-$module.ko" || die "cannot copy $file"
	done
}

pack_root() {
	(cd "$root" && find . | busybox cpio -o -H newc) > "$ramdisk.new" 2>> "$log" ||
		die "cannot write $ramdisk.new"
}

# Package names do not hold spaces: the list is meant to be split.
# shellcheck disable=SC2086
packages_fetch "Xen's toolstack (about 10 MB)" $packages
say "building the ramdisk"
build_root
pack_root
mv "$ramdisk.new" "$ramdisk" || die "cannot write $ramdisk"
rm -rf "$folder/download" "$folder/unpacked" "$root"
say "$ramdisk is ready"
