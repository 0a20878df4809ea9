#!/bin/sh
# SPDX-License-Identifier: MIT
# Boots the systems one after the other, and reports what their operations cost.
#
# Use: make bench [OPS=…] [SYSTEMS=…] [PROFILE=…]
# A run of all operations boots each system twice, as two runs must agree to the instruction, and
# writes the report to bench/results/. A run of some prints a table only. Raw lines of the plugin
# and the logs stay in build/bench/.
set -u

build=build/bench
ops=${OPS:-}
systems=${SYSTEMS:-pinfold linux-pv linux}
profile=${PROFILE:-}
export XEN="${XEN:-release}" VCPUS="${VCPUS:-1}" MEMORY="${MEMORY:-512}"

usage() {
	cat >&2 << END
bench: $1
use: make bench [OPS="NAME…"] [SYSTEMS="SYSTEM…"] [PROFILE=NAME] [XEN=debug] [VCPUS=N]
  a NAME is an operation, or what names of operations begin with: fork, scale-fork
  the systems: pinfold (Xen PV), linux-pv (Linux as Xen PV dom0), linux (on the bare machine)
the operations:
$("$build/root/bin/bench" --list | tr '\n' ' ' | fold -s -w 90 | sed 's/^/  /')
END
	exit 2
}

check_input() {
	for system in $systems; do
		case $system in
		pinfold | linux-pv | linux) ;;
		*) usage "there is no system $system" ;;
		esac
	done
	for word in $ops; do
		"$build/root/bin/bench" --list | grep -q -e "^$word\$" -e "^$word-" ||
			usage "there is no operation $word"
	done
	[ -z "$profile" ] || "$build/root/bin/bench" --list | grep -q -x -e "$profile" ||
		usage "there is no operation $profile to profile"
	case $XEN in release | debug) ;; *) usage "XEN is release or debug, not $XEN" ;; esac
	case $VCPUS$MEMORY in *[!0-9]*) usage "VCPUS and BENCH_MEMORY are numbers" ;; esac
}

# The same root for all: the program, what it executes, and the first program's name for Linux.
make_roots() {
	cp "$(command -v busybox)" "$build/root/bin/busybox" || exit 1
	case " $systems " in *" linux"*) sh tools/linux-fetch.sh || exit 1 ;; esac
	ln -sf bin/bench "$build/root/init"
	(cd "$build/root" && find . | sort | busybox cpio -o -H newc 2> /dev/null) \
		> "$build/linux.cpio" || exit 1
}

boot_once() {
	echo "bench: $1 (a minute or some; the console is in $2.log)"
	# Words are names of operations: meant to be split.
	# shellcheck disable=SC2086
	sh bench/boot.sh "$1" "$2" $ops
}

boot_all() {
	failed=0
	for system in $systems; do
		boot_once "$system" "$build/$system.out" || failed=1
		[ -n "$ops" ] || boot_once "$system" "$build/$system.again" || failed=1
	done
	return $failed
}

check_input
rm -f "$build"/*.out "$build"/*.again
if [ -n "$profile" ]; then
	ops=$profile
	systems=pinfold
fi
make_roots
if [ -n "$profile" ]; then
	PROFILE=$profile boot_once pinfold "$build/pinfold.out" || exit 1
	exec sh bench/profile.sh "$profile" "$build/pinfold.out"
fi
boot_all
status=$?
sh bench/table.sh $systems || status=1
exit $status
