#!/bin/sh
# SPDX-License-Identifier: MIT
# Brings Debian's Linux kernel: its package, downloaded and unpacked in the build folder.
#
# Use: tools/linux-fetch.sh          (from the top of the source tree)
# Results: build/linux/kernel, the ELF file that Xen and QEMU start; build/linux/modules, its
# modules for Xen; build/linux/release, the package's name and version. Does nothing when they are
# there.
set -u

name=linux-fetch
folder=build/linux
log=$folder/fetch.log
result=$folder/kernel

# The packaged kernel is a small loader around an xz stream that holds the ELF file. That is taken
# as it is, which saves the seconds that decompression takes under emulation.
extract() {
	magic=$(printf '\375''7zXZ')
	for offset in $(LC_ALL=C grep -abo "$magic" "$1" | cut -d : -f 1); do
		tail -c "+$((offset + 1))" "$1" | xz -dc --single-stream > "$result.new" 2>> "$log"
		readelf -h "$result.new" > /dev/null 2>&1 && return 0
	done
	return 1
}

[ -s "$result" ] && exit 0
. tools/packages.sh
packages_begin readelf xz
[ -s "$result" ] && exit 0
packages_name linux-image-amd64 linux-image-
packages_fetch "Debian's Linux kernel (about 70 MB)" "$package"
image=$(find "$folder/unpacked/boot" -name 'vmlinuz-*' | head -n 1)
[ -n "$image" ] || die "no kernel in the package"
extract "$image" || die "no ELF file found in $image"
rm -rf "$folder/modules"
mv "$folder"/unpacked/lib/modules/*/kernel/drivers/xen "$folder/modules" || die "no modules for Xen"
basename "$folder"/download/*.deb .deb > "$folder/release"
rm -rf "$folder/download" "$folder/unpacked"
mv "$result.new" "$result" || die "cannot write $result"
say "$result is $(cat "$folder/release")"
