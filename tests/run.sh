#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the levels of tests and counts: the last line is exactly `N passed, N failed`.
#
# Use: tests/run.sh LEVEL…       (from the top of the source tree; normally through make test)
# Each level is the make target test-LEVEL; its lines `ok NAME`, `FAIL NAME` and `skip NAME: why`
# are counted, and all that it prints is shown and kept in build/tests/LEVEL.log. A level that ends
# with an error without a FAIL line counts as one failure, and so does one that shows no test.
set -u

make=${MAKE:-make}
passed=0
failed=0
skipped=0
started=$(date +%s)
mkdir -p build/tests || exit 1

count() {
	grep -c "^$1 " "$2"
}

run_level() {
	log=build/tests/$1.log
	status_file=build/tests/$1.status
	echo "== $1"
	{
		"$make" --no-print-directory "test-$1" < /dev/null 2>&1
		echo $? > "$status_file"
	} | tee "$log"
	status=$(cat "$status_file")
	level_passed=$(count ok "$log")
	level_failed=$(count FAIL "$log")
	skipped=$((skipped + $(count skip "$log")))
	if [ "$level_failed" = 0 ] && { [ "$status" != 0 ] || [ "$level_passed" = 0 ]; }; then
		echo "FAIL $1: the level ended with status $status after $level_passed tests"
		level_failed=1
	fi
	passed=$((passed + level_passed))
	failed=$((failed + level_failed))
}

for level in "$@"; do
	run_level "$level"
done
echo "== $(($(date +%s) - started)) s, $skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
