#!/bin/sh
# SPDX-License-Identifier: MIT
# Boots the systems one after the other, and reports what their operations cost.
#
# Use: make bench [OPS=…] [SYSTEMS=…] [PROFILE=…]
# A run of some operations, or on some systems, prints a table. A run of all boots each system
# twice, as two runs must agree to the instruction, then the PV ones with more vcpus, and writes the
# report to bench/results/. Raw lines of the plugin and the logs stay in build/bench/.
set -u

build=build/bench
ops=${OPS:-}
all_systems='pinfold linux-pv linux'
systems=${SYSTEMS:-$all_systems}
profile=${PROFILE:-}
export XEN="${XEN:-release}" VCPUS="${VCPUS:-1}" MEMORY="${MEMORY:-512}"
# What is run with more vcpus too: the rows of two processors, and what should cost the same.
vcpu_counts='2 4 8'
vcpu_ops='pipe futex thread-create fork-small mmap-1M'

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
		case " $all_systems " in
		*" $system "*) ;;
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

# boot SYSTEM RESULT [WORD…]
boot() {
	echo "bench: $1, $VCPUS vcpu (a minute or some; the console is in $2.log)"
	sh bench/boot.sh "$@" || status=1
}

# With the set of operations that was asked for, which is meant to be split.
boot_asked() {
	for system in $systems; do
		# shellcheck disable=SC2086
		boot "$system" "$build/$system.out" $ops
	done
}

boot_again() {
	for system in $systems; do
		boot "$system" "$build/$system.again"
	done
}

boot_with_vcpus() {
	for VCPUS in $vcpu_counts; do
		for system in pinfold linux-pv; do
			# shellcheck disable=SC2086
			boot "$system" "$build/$system.v$VCPUS.out" $vcpu_ops
		done
	done
	VCPUS=1
}

check_input
rm -f "$build"/*.out "$build"/*.again
status=0
if [ -n "$profile" ]; then
	systems=pinfold
	make_roots
	PROFILE=$profile boot pinfold "$build/pinfold.out" "$profile"
	[ "$status" = 0 ] && exec sh bench/profile.sh "$profile" "$build/pinfold.out"
	exit 1
fi
make_roots
boot_asked
full=no
if [ -z "$ops" ] && [ "$systems" = "$all_systems" ] && [ "$XEN$VCPUS" = release1 ]; then
	full=yes
	boot_again
	boot_with_vcpus
fi
awk -f bench/figures.awk "$build"/*.out > "$build/figures"
# shellcheck disable=SC2086
sh bench/table.sh "$build/figures" $systems || status=1
[ "$full" = no ] || sh bench/report.sh "$build/figures" || status=1
exit $status
