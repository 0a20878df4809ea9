#!/bin/sh
# SPDX-License-Identifier: MIT
# Removes one protection after the other from a copy of the sources and requires that a check
# notices, and that it says what is wrong.
#
# Use: tests/mutants/run.sh [GLOB…]      (from the top of the source tree)
#
# Each tests/mutants/NAME.patch opens with
#	removed: what the mutant lacks
#	protects: the rows of the design that it breaks, and the numbers of races, with commas
#	tests: model/LOCKS[/SCENARIO] (locks split or single), unit/NAME, guest; until one notices
#	expect: an extended regular expression for the line of a check that fails
# A build that fails, a test that crashes or runs out of time and a failure with other words are no
# kill, and neither is a patch that does not apply: all are failures here. The tests must pass
# without a mutant first.
#
# Two copies work side by side, each with the objects that are built already. One of them alone
# runs the machines. The table goes to build/mutants/table.md as well, and which mutants each row of
# the design has to build/mutants/rows.md; a row without one is a failure.
set -u

top=build/mutants
make=${MAKE:-make}
seconds=300
# Rows and races that the layer has code for: each has a mutant. No code: M9 (memory above a 32-bit
# kernel's map), M23 (a second backend), race 21 (suspend).
rows="M1 M2 M3 M4 M5 M6 M7 M8 M10 M11 M12 M13 M14 M15 M16 M17 M18 M19 M20 M21 M22"
races="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 22 23 24 25"
tab=$(printf '\t')
unset MAKEFLAGS MFLAGS

header() {
	sed -n "/^--- /q; s/^$2: //p" "tests/mutants/$1.patch"
}

targets() {
	case $1 in
	model/split*) echo build/tests/model/model-test-split ;;
	model/single*) echo build/tests/model/model-test-single ;;
	unit/*) echo "build/tests/unit/${1#unit/}_test" ;;
	guest) echo "build/tests/guest/test-kernel.elf build/examples/minimal.elf" ;;
	*) return 1 ;;
	esac
}

# Run a test in the tree $1; what it prints goes to its file `log`. Its status.
run_test() (
	cd "$1" || exit 1
	case $2 in
	guest) sh tests/guest/run.sh $(targets guest) ;; # it has bounds of its own
	model/*/*) timeout $seconds "$(targets "$2")" --quick "${2##*/}" ;;
	model/*) timeout $seconds "$(targets "$2")" --quick ;;
	*) timeout $seconds "$(targets "$2")" ;;
	esac > log 2>&1
)

# The failed checks in what test $1 printed, one a line: `TEST: PLACE: MESSAGE`. A test that ended
# in an exception has checked nothing.
failures() {
	case $1 in
	unit/*)
		awk -v program="$1" '
			/^\[ RUN/ { test = $4; text = place = "" }
			/^ERROR: / { text = substr($0, 8) }
			/^\[  ERROR   \] --- [^[]/ { text = substr($0, 18) }
			/\[   LINE   \] --- / {
				place = $0
				sub(/.*\[   LINE   \] --- /, "", place)
				sub(/: error: Failure!$/, "", place)
			}
			/: runtime error: / { print program "/" test ": " $0 }
			/^\[  FAILED  \] [a-z]/ && $4 == test && place != "" {
				print program "/" test ": " place ": " text
				test = ""
			}' ;;
	*) sed -n 's/^FAIL //p' ;;
	esac
}

# How many schedules the explorer ran before the failure in the log that starts with $1.
schedules() {
	grep -F -A 1 "FAIL $1" | sed -n 's/.*after \([0-9]*\) schedules.*/\1/p' | head -n 1
}

verdict() {
	printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}"
}

# Writes `STATUS<tab>WHAT<tab>SCHEDULES` for mutant $2 with its patch applied to the tree $1.
judge() {
	expected=$(header "$2" expect)
	seen=
	for test in $(header "$2" tests); do
		"$make" -C "$1" --no-print-directory $(targets "$test") > "$1/make.log" 2>&1 || {
			verdict FAIL "does not compile: $(grep -m 1 error "$1/make.log")"
			return
		}
		run_test "$1" "$test"
		[ $? != 124 ] || seen="$test runs out of time"
		failures "$test" < "$1/log" > "$1/failures"
		by=$(grep -m 1 -E -e "$expected" "$1/failures") && {
			verdict ok "$by" "$(schedules "$by" < "$1/log")"
			return
		}
		[ -n "$seen" ] || seen=$(head -n 1 "$1/failures")
	done
	if [ -n "$seen" ]; then
		verdict FAIL "no check says it: $seen"
	else
		verdict FAIL "survives: $(header "$2" removed)"
	fi
}

mutant() {
	if ! patch -s -f -F 0 --dry-run -d "$1" -p1 < "tests/mutants/$2.patch" > /dev/null; then
		verdict FAIL "does not apply"
		return
	fi
	patch -s -f -F 0 -d "$1" -p1 < "tests/mutants/$2.patch"
	judge "$1" "$2"
	patch -s -f -F 0 -R -d "$1" -p1 < "tests/mutants/$2.patch"
}

# work TREE NAME…: those that nobody has taken yet.
work() {
	tree=$1
	shift
	for name in "$@"; do
		mkdir "$top/taken/$name" 2> /dev/null || continue
		mutant "$tree" "$name" > "$top/result/$name"
		IFS=$tab read -r status what count < "$top/result/$name"
		echo "$status mutant/$name: $what${count:+, after $count schedules}" | cut -c1-200
	done
}

# All sources, also those that git does not have yet; and where the tree came without git.
list_sources() {
	if [ -e .git ]; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . -path ./build -prune -o -type f -print0
	fi
}

# A copy of the sources with what is built of them, in which all tests of the mutants pass.
make_trees() {
	rm -rf "$top"
	mkdir -p "$top/1/build/tests" "$top/taken" "$top/result" || return 1
	list_sources | tar -c --null -T - -f - |
		tar -x -f - -C "$top/1" || return 1
	for part in flags guest libpinfold.a examples tests/model tests/unit tests/guest; do
		[ ! -e build/$part ] || cp -a build/$part "$top/1/build/$part"
	done
	ln -s ../../../xen "$top/1/build/xen"
	for test in $(for name in "$@"; do header "$name" tests; done | tr ' ' '\n' | sort -u); do
		"$make" -C "$top/1" -j2 --no-print-directory $(targets "$test") > "$top/make.log" 2>&1 || {
			echo "FAIL mutants: $test does not build: $(grep -m 1 -i error "$top/make.log")"
			return 1
		}
		run_test "$top/1" "$test" && ! grep -q '^FAIL' "$top/1/log" || {
			echo "FAIL mutants: without a mutant, $test fails; see $top/1/log"
			return 1
		}
	done
	cp -a "$top/1" "$top/2"
}

table() {
	echo "| mutant | protects | killed by | schedules |"
	echo "|---|---|---|---|"
	for name in "$@"; do
		IFS=$tab read -r status what count < "$top/result/$name"
		[ "$status" = ok ] || what="**$what**"
		echo "| $name | $(header "$name" protects) | $(echo "$what" | sed 's/|/\\|/g') | $count |"
	done
}

# The mutants of the row or race $1, on one line.
mutants_of() {
	grep -lE "^protects: (.*, )?$1(,|\$)" tests/mutants/*.patch |
		sed 's|.*/||; s|\.patch$||' | tr '\n' ' '
}

rows_table() {
	echo "| row | mutants |"
	echo "|---|---|"
	for row in $rows; do
		echo "| $row | $(mutants_of "$row") |"
	done
	for race in $races; do
		echo "| race $race | $(mutants_of "race $race") |"
	done
}

rows_table | grep '|  |$' && {
	echo "FAIL mutants: the rows above have none"
	exit 1
}
# With no argument all of them; a name that matches nothing stays as it is, and is refused below.
[ $# -gt 0 ] || set -- '*'
names=$(for glob in "$@"; do (cd tests/mutants && ls -d $glob.patch); done | sed 's/\.patch$//' |
	sort -u)
[ -n "$names" ] || exit 1
for name in $names; do
	for field in removed protects tests expect; do
		[ -n "$(header "$name" $field)" ] || {
			echo "FAIL mutant/$name: no line '$field:' in its head"
			exit 1
		}
	done
done
with_guest=$(for name in $names; do header "$name" tests | grep -q guest && echo "$name"; done)
without_guest=$(for name in $names; do header "$name" tests | grep -q guest || echo "$name"; done)
make_trees $names || exit 1
work "$top/1" $with_guest $without_guest &
work "$top/2" $without_guest
wait $!
echo
table $names | tee "$top/table.md"
rows_table > "$top/rows.md"
killed=$(cat "$top"/result/* | grep -c "^ok$tab")
survived=$(cat "$top"/result/* | grep -vc "^ok$tab")
echo
echo "$killed mutants killed, $survived not"
[ "$survived" = 0 ]
