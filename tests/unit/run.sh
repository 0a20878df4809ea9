#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs hosted unit tests and prints `ok unit/PROGRAM/TEST` or `FAIL unit/PROGRAM/TEST` for each.
#
# Use: tests/unit/run.sh PROGRAM…
# What a program with a failure wrote is shown. One that ends badly without a failed test (a
# sanitizer's report, a signal, the time limit) counts as a failure of its own.
set -u

limit_seconds=300
failures=0

for program in "$@"; do
	name=$(basename "$program")
	log=$program.log
	timeout "$limit_seconds" "$program" > "$log" 2>&1
	status=$?
	sed -n "s|^\[       OK \] \(.*\)$|ok unit/$name/\1|p;
		s|^\[  FAILED  \] \([a-z][A-Za-z0-9_]*\)$|FAIL unit/$name/\1|p;
		s|^\[  SKIPPED \] \(.*\)$|skip unit/$name/\1: the test says so|p" "$log" | sort -u
	[ "$status" = 0 ] && continue
	failures=$((failures + 1))
	grep -q '^\[  FAILED  \] [a-z]' "$log" || echo "FAIL unit/$name: ended with status $status"
	sed 's/^/    /' "$log"
done
[ "$failures" = 0 ]
