#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that this machine lacks, naming each before it is installed.
#
# Use: tools/deps.sh build|test|check|bench|all   (all: but bench)
# Each need is looked for by what it brings (a command or a file), not by its package, so that a
# tool that came another way counts. Nothing is printed when nothing is missing. Packages are
# installed as root or through sudo; without either the missing ones are named and the status is 1.
# Hypervisor and kernel packages are never installed: tools/xen-fetch.sh unpacks what it needs.
set -u

group=${1:-all}

# group  package  a command, or a file by its path
needs() {
	cat <<- 'END'
		build gcc gcc
		build binutils ld
		build libc6-dev /usr/include/stdio.h
		build libarchive-dev /usr/include/archive.h
		build libxen-dev /usr/include/xen/xen.h
		build busybox-static /bin/busybox
		build qemu-system-x86 qemu-system-x86_64
		test clang clang
		test libclang-rt-14-dev /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a
		test libcmocka-dev /usr/include/cmocka.h
		test musl-tools musl-gcc
		test golang-go go
		test flex flex
		test bison bison
		test m4 m4
		test python3-minimal python3
		test dpkg-dev dpkg-source
		test patch patch
		test xz-utils xz
		test util-linux unshare
		check clang clang
		check libc6-dev-i386 /usr/include/x86_64-linux-gnu/gnu/stubs-32.h
		check clang-format clang-format
		check clang-tidy clang-tidy
		check cppcheck cppcheck
		bench gnuplot-nox gnuplot
		bench xz-utils xz
	END
}

is_there() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" > /dev/null ;;
	esac
}

missing=
while read -r need_group package probe; do
	case $group in
	all) [ "$need_group" != bench ] || continue ;;
	test | check | bench) [ "$need_group" = build ] || [ "$need_group" = "$group" ] || continue ;;
	*) [ "$need_group" = "$group" ] || continue ;;
	esac
	is_there "$probe" || missing="$missing $package"
done << EOT
$(needs)
EOT
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
[ -n "${missing# }" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo > /dev/null && { [ -t 0 ] || sudo -n true 2> /dev/null; }; then
	sudo=sudo
else
	echo "make: this machine lacks: $missing" >&2
	echo "make: as root run: apt-get install $missing" >&2
	exit 1
fi
for package in $missing; do
	echo "deps: $package is missing and will be installed"
done

install() {
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
		$missing < /dev/null
}

mkdir -p build
log=build/deps.log
echo "deps: installing with apt-get (about a minute; details in $log)"
if ! install > "$log" 2>&1; then
	echo "deps: refreshing apt's package lists"
	$sudo apt-get -q update < /dev/null >> "$log" 2>&1
	echo "deps: installing with apt-get again"
	if ! install >> "$log" 2>&1; then
		tail -n 5 "$log" >&2
		echo "deps: installing failed; see $log" >&2
		exit 1
	fi
fi
echo "deps: done"
