# SPDX-License-Identifier: MIT
# Downloads Debian packages and unpacks them in the build folder. They are never installed: an
# installed hypervisor or kernel changes the boot menu of the machine.
#
# To be sourced, after the script has set: name (what its messages begin with), folder (where
# everything goes) and log (a file in it).
# shellcheck shell=sh disable=SC2154

say() { echo "$name: $*"; }
die() {
	echo "$name: $* (see $log)" >&2
	exit 1
}

# packages_begin TOOL…: makes the folder, waits until no other run of the same script works on it,
# and checks that the tools are there.
packages_begin() {
	mkdir -p "$folder" || exit 1
	: > "$log" || exit 1
	# Two runs of make must not download over each other.
	exec 9> "$folder/$name.lock"
	flock 9
	for tool in apt-cache apt-get dpkg "$@"; do
		command -v "$tool" > /dev/null || die "$tool is missing: this needs Debian; make deps"
	done
}

# packages_current META PREFIX: the package whose name begins with PREFIX and that META stands for
# in this Debian. It is printed; nothing is when apt's lists do not know META.
packages_current() {
	apt-cache depends "$1" 2>> "$log" | awk -v prefix="$2" '
		$1 == "Depends:" && index($2, prefix) == 1 { print $2; exit }'
}

# packages_name META PREFIX: the same into $package, with fresh lists when the old ones do not do.
packages_name() {
	package=$(packages_current "$@")
	[ -n "$package" ] || packages_refresh
	package=${package:-$(packages_current "$@")}
	[ -n "$package" ] || die "no archive in apt's source lists offers $1"
}

# The hypervisor of this Debian into $package: its name has Xen's version in it.
packages_name_xen() {
	package=${XEN_PACKAGE:-}
	[ -n "$package" ] || packages_name xen-system-amd64 xen-hypervisor-4
}

# As root apt downloads as a user of its own, who may not write here.
packages_download() {
	(cd "$folder/download" && apt-get -q -o APT::Sandbox::User=root download "$@") \
		< /dev/null >> "$log" 2>&1
}

packages_refresh() {
	[ "$(id -u)" = 0 ] || die "apt's package lists are missing or old; as root run: apt-get update"
	say "refreshing apt's package lists"
	apt-get -q update < /dev/null >> "$log" 2>&1 || die "apt-get update failed"
}

# packages_fetch WHAT PACKAGE…: the packages' files come to $folder/unpacked, the packages
# themselves to $folder/download. WHAT is for the message.
packages_fetch() {
	what=$1
	shift
	rm -rf "$folder/download" "$folder/unpacked"
	mkdir -p "$folder/download" "$folder/unpacked" || exit 1
	say "downloading $what"
	if ! packages_download "$@"; then
		packages_refresh
		say "downloading $what again"
		packages_download "$@" || die "cannot download $what"
	fi
	say "unpacking it"
	for deb in "$folder"/download/*.deb; do
		dpkg -x "$deb" "$folder/unpacked" >> "$log" 2>&1 || die "cannot unpack $deb"
	done
}
