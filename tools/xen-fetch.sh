#!/bin/sh
# SPDX-License-Identifier: MIT
# Brings the release Xen: Debian's hypervisor package, downloaded and unpacked in the build folder.
#
# Use: tools/xen-fetch.sh            (from the top of the source tree)
# Result: build/xen/xen-release, an ELF that QEMU takes as -kernel. Does nothing when it is there.
# Left out: any Xen but Debian's own; `pinfold run --xen FILE` takes another one.
set -u

name=xen-fetch
folder=build/xen
log=$folder/fetch.log
result=$folder/xen-release

[ -s "$result" ] && exit 0
. tools/packages.sh
packages_begin
[ -s "$result" ] && exit 0
packages_name_xen
packages_fetch "Debian's Xen (about 4 MB)" "$package"
image=$(find "$folder/unpacked/boot" -name 'xen-*.gz' ! -name '*dbg*' | sort | tail -n 1)
[ -n "$image" ] || die "no hypervisor image in the package"
gunzip -c "$image" > "$result.new" 2>> "$log" || die "cannot unpack $image"
mv "$result.new" "$result" || die "cannot write $result"
say "$result is $(basename "$image" .gz)"
rm -rf "$folder/download" "$folder/unpacked"
