#!/bin/sh
# SPDX-License-Identifier: MIT
# Removes one protection of the guest layer, or of the kernel in mm-*, after the other and requires that a test notices.
#
# Each tests/mutants/NAME.patch says in its first line what is removed. It is applied to a copy of the sources; the copy is
# built and run: first on the model under the explorer, then the layer's unit tests. A mutant that nothing
# notices has survived, and that is a failure. The last column is the check that noticed.
#
# Use: tests/mutants/run.sh [NAME…]      (from the top of the source tree)
set -u

work=build/mutants/tree
unit="multicall pt_walk pin_split space_split space_single p2m evtchn time vm"
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS

# Anew: an object of an earlier run could be of a mutant.
rm -rf "$work"
mkdir -p "$work" || exit 1
git ls-files -z Makefile mk lib arch port xen pv model explore tests/model tests/unit kernel tools |
	tar -c --null -T - -f - | tar -x -f - -C "$work" || exit 1

# A mutant that does not compile shows nothing.
broken() {
	echo "BROKEN $(grep -m 1 'error' "$work/make.log")"
}

# What notices the mutant in the work tree, in one line; nothing if it survives.
noticed() {
	"$make" -C "$work" --no-print-directory build/tests/model/model-test-split > "$work/make.log" 2>&1 || {
		broken
		return
	}
	timeout 120 "$work/build/tests/model/model-test-split" > "$work/model.log" 2>&1
	status=$?
	line=$(grep -m 1 '^FAIL' "$work/model.log")
	if [ -n "$line" ]; then
		echo "${line#FAIL }"
		return
	fi
	if [ "$status" != 0 ]; then
		echo "model: ended with status $status"
		return
	fi
	for test in $unit; do
		program=build/tests/unit/${test}_test
		"$make" -C "$work" --no-print-directory "$program" > "$work/make.log" 2>&1 || {
			broken
			return
		}
		if ! timeout 120 "$work/$program" > "$work/unit.log" 2>&1; then
			echo "unit/$test: $(grep -m 1 -E '^\[  FAILED|ERROR|not true' "$work/unit.log")"
			return
		fi
	done
}

killed=0
survived=0
[ $# -gt 0 ] || set -- $(ls tests/mutants/*.patch | sed 's|.*/||; s|\.patch$||')
for name in "$@"; do
	patch -s -d "$work" -p1 < "tests/mutants/$name.patch" || {
		echo "FAIL mutant/$name: the patch does not apply"
		survived=$((survived + 1))
		continue
	}
	by=$(noticed | cut -c1-150)
	patch -s -R -d "$work" -p1 < "tests/mutants/$name.patch"
	if [ "${by#BROKEN}" != "$by" ]; then
		echo "FAIL mutant/$name: does not compile: ${by#BROKEN }"
		survived=$((survived + 1))
	elif [ -n "$by" ]; then
		echo "ok mutant/$name  # $by"
		killed=$((killed + 1))
	else
		echo "FAIL mutant/$name: nothing notices that $(head -n 1 "tests/mutants/$name.patch")"
		survived=$((survived + 1))
	fi
done
echo "# $killed mutants killed, $survived survived"
[ "$survived" = 0 ]
