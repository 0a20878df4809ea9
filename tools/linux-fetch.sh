#!/bin/sh
# SPDX-License-Identifier: MIT
# Brings Debian's Linux kernel: its package, downloaded and unpacked in the build folder. It is
# never installed: an installed kernel changes the boot menu of the machine.
#
# Use: tools/linux-fetch.sh          (from the top of the source tree)
# Results: build/linux/kernel, the ELF file that Xen and QEMU start; build/linux/modules, its
# modules for Xen; build/linux/release, the package's name and version. Does nothing when they are
# there.
set -u

folder=build/linux
result=$folder/kernel
log=$folder/fetch.log

say() { echo "linux-fetch: $*"; }
die() {
	echo "linux-fetch: $* (see $log)" >&2
	exit 1
}

[ -s "$result" ] && exit 0
mkdir -p "$folder" || exit 1
: > "$log" || exit 1
# Two runs of make must not download over each other.
exec 9> "$folder/fetch.lock"
flock 9
[ -s "$result" ] && exit 0
for tool in apt-get apt-cache dpkg readelf xz; do
	command -v "$tool" > /dev/null || die "$tool is missing; run: make deps"
done

# The package that Debian's current kernel stands for. As root apt downloads as a user of its own,
# who may not write here.
download() {
	package=$(apt-cache depends linux-image-amd64 2>> "$log" |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }')
	[ -n "$package" ] || return 1
	(cd "$folder/download" && apt-get -q -o APT::Sandbox::User=root download "$package") \
		< /dev/null >> "$log" 2>&1
}

# The packaged kernel is a small loader around an xz stream that holds the ELF file.
extract() {
	magic=$(printf '\375''7zXZ')
	for offset in $(LC_ALL=C grep -abo "$magic" "$1" | cut -d : -f 1); do
		tail -c "+$((offset + 1))" "$1" | xz -dc --single-stream > "$result.new" 2>> "$log"
		readelf -h "$result.new" > /dev/null 2>&1 && return 0
	done
	return 1
}

rm -rf "$folder/download" "$folder/unpacked"
mkdir -p "$folder/download" "$folder/unpacked" || exit 1
say "downloading Debian's Linux kernel (about 70 MB)"
if ! download; then
	[ "$(id -u)" = 0 ] || die "cannot download it; as root run: apt-get update"
	say "refreshing apt's package lists"
	apt-get -q update < /dev/null >> "$log" 2>&1 || die "apt-get update failed"
	say "downloading it again"
	download || die "cannot download it"
fi
deb=$(find "$folder/download" -name '*.deb' | head -n 1)
[ -n "$deb" ] || die "no package file arrived"
say "unpacking $(basename "$deb")"
dpkg -x "$deb" "$folder/unpacked" >> "$log" 2>&1 || die "cannot unpack $deb"
image=$(find "$folder/unpacked/boot" -name 'vmlinuz-*' | head -n 1)
[ -n "$image" ] || die "no kernel in $deb"
extract "$image" || die "no ELF file found in $image"
rm -rf "$folder/modules"
mv "$folder"/unpacked/lib/modules/*/kernel/drivers/xen "$folder/modules" || die "no modules for Xen"
basename "$deb" .deb > "$folder/release"
rm -rf "$folder/download" "$folder/unpacked"
mv "$result.new" "$result" || die "cannot write $result"
say "$result is $(cat "$folder/release")"
