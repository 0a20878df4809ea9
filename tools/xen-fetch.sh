#!/bin/sh
# SPDX-License-Identifier: MIT
# Brings the release Xen: Debian's hypervisor package, downloaded and unpacked in the build folder.
# It is never installed: an installed hypervisor changes the boot menu of the machine.
#
# Use: tools/xen-fetch.sh            (from the top of the source tree)
# Result: build/xen/xen-release, an ELF that QEMU takes as -kernel. Does nothing when it is there.
# Left out: any Xen but Debian's own; `pinfold run --xen FILE` takes another one.
set -u

package=${XEN_PACKAGE:-xen-hypervisor-4.17-amd64}
folder=build/xen
result=$folder/xen-release
log=$folder/fetch.log

say() { echo "xen-fetch: $*"; }
die() {
	echo "xen-fetch: $* (see $log)" >&2
	exit 1
}

[ -s "$result" ] && exit 0
mkdir -p "$folder" || exit 1
: > "$log" || exit 1
# Two runs of make must not download over each other.
exec 9> "$folder/fetch.lock"
flock 9
[ -s "$result" ] && exit 0
command -v apt-get > /dev/null || die "apt-get is missing: this needs Debian"

rm -rf "$folder/download" "$folder/release"
mkdir -p "$folder/download" "$folder/release"
top=$PWD

# As root apt downloads as a user of its own, who may not write here.
download() {
	(cd "$folder/download" && apt-get -q -o APT::Sandbox::User=root download "$package") \
		< /dev/null >> "$log" 2>&1
}

say "downloading $package (about 4 MB)"
if ! download; then
	[ "$(id -u)" = 0 ] || die "cannot download $package; as root run: apt-get update"
	say "refreshing apt's package lists"
	apt-get -q update < /dev/null >> "$log" 2>&1 || die "apt-get update failed"
	say "downloading $package again"
	download || die "cannot download $package"
fi

deb=$(find "$folder/download" -name '*.deb' | head -n 1)
[ -n "$deb" ] || die "no package file arrived"
say "unpacking $(basename "$deb")"
dpkg -x "$deb" "$top/$folder/release" >> "$log" 2>&1 || die "cannot unpack $deb"
image=$(find "$folder/release/boot" -name 'xen-*.gz' ! -name '*dbg*' | sort | tail -n 1)
[ -n "$image" ] || die "no hypervisor image in $deb"
gunzip -c "$image" > "$result.new" 2>> "$log" || die "cannot unpack $image"
mv "$result.new" "$result" || die "cannot write $result"
say "$result is $(basename "$image" .gz)"
