#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that this machine lacks, naming each before it is installed.
#
# Use: tools/deps.sh build|test|check|bench|all   (all: but bench)
# Each need is looked for by what it brings (a command or a file), not by its package, so that a
# tool that came another way counts. Nothing is printed when nothing is missing. Packages are
# installed as root or through sudo; without either it prints the commands that install them, and
# the status is 1.
# Hypervisor and kernel packages are never installed: tools/xen-fetch.sh unpacks what it needs.
set -u

# What the groups of needs are for: each asks for the groups behind it, too.
case ${1:-all} in
build) groups='build' ;;
test) groups='build programs test' ;;
check) groups='build programs check' ;; # make check compiles all test programs
bench) groups='build bench' ;;
all) groups='build programs test check' ;;
*)
	echo "deps: no group $1" >&2
	exit 1
	;;
esac

# group  package  a command, a file by its path, or clang:FILE, a file of clang's own
needs() {
	cat <<- 'END'
		build gcc gcc
		build binutils ld
		build libc6-dev /usr/include/stdio.h
		build libarchive-dev /usr/include/archive.h
		build libjson-c-dev /usr/include/json-c/json.h
		build libxen-dev /usr/include/xen/xen.h
		build busybox-static /bin/busybox
		build qemu-system-x86 qemu-system-x86_64
		programs clang clang
		programs libclang-rt-dev clang:libclang_rt.fuzzer-x86_64.a
		programs libcmocka-dev /usr/include/cmocka.h
		programs musl-tools musl-gcc
		programs golang-go go
		test flex flex
		test bison bison
		test m4 m4
		test python3-minimal python3
		test dpkg-dev dpkg-source
		test patch patch
		test xz-utils xz
		test util-linux unshare
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
	clang:*) [ -e "$(clang "-print-file-name=${1#clang:}" 2> /dev/null)" ] ;;
	*) command -v "$1" > /dev/null ;;
	esac
}

missing=
while read -r group package probe; do
	case " $groups " in *" $group "*) ;; *) continue ;; esac
	is_there "$probe" || missing="$missing $package"
done << EOT
$(needs)
EOT
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
missing=${missing# }
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo > /dev/null && { [ -t 0 ] || sudo -n true 2> /dev/null; }; then
	sudo=sudo
else
	cat >&2 <<- EOT
		make: this machine lacks packages, and only root can install them. As root run:

		apt-get update
		apt-get install --no-install-recommends $missing

	EOT
	exit 1
fi
for package in $missing; do
	echo "deps: $package is missing and will be installed"
done

# Puts apt's output into the log. On a terminal it shows how far apt is, in one line.
show_progress() {
	if [ -t 2 ]; then terminal=1; else terminal=0; fi
	awk -v log_file="$log" -v terminal="$terminal" '
		{ print >> log_file }
		terminal && split($0, part, ":") >= 3 && part[1] ~ /^(dl|pm)status$/ {
			what = part[1] == "dlstatus" ? "downloading" : "installing"
			text = sprintf("deps: %s, %d %%", what, part[3])
			if (text != shown)
				printf "\r\033[K%s", text > "/dev/stderr"
			shown = text
		}
		END { if (shown != "") printf "\r\033[K" > "/dev/stderr" }'
}

# apt_get ARGUMENTS: apt-get with its output in the log. The status is apt-get's.
apt_get() {
	failed=$( {
		{
			# shellcheck disable=SC2086
			$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o APT::Status-Fd=1 "$@" \
				< /dev/null 2>&1 || echo failed >&3
		} | show_progress >&2
	} 3>&1)
	[ -z "$failed" ]
}

install() {
	# shellcheck disable=SC2086
	apt_get --no-install-recommends install $missing
}

mkdir -p build
log=build/deps.log
: > "$log"
echo "deps: installing with apt-get (about a minute; details in $log)"
if ! install; then
	echo "deps: refreshing apt's package lists"
	apt_get update
	echo "deps: installing with apt-get again"
	if ! install; then
		grep -v 'status:' "$log" | tail -n 5 >&2
		echo "deps: installing failed; see $log" >&2
		exit 1
	fi
fi
echo "deps: done"
