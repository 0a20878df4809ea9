#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs fuzz targets and prints `ok fuzz/TARGET` or `FAIL fuzz/TARGET` for each.
#
# Use: tests/fuzz/run.sh SECONDS RUNS PROGRAM…
# Each runs for RUNS inputs (-1: no limit) or SECONDS, whichever is less, over its corpus in
# build/tests/fuzz/corpus, which grows. The input that broke something lies beside the program.
set -u

seconds=$1
runs=$2
shift 2
failures=0

# Freed blocks are kept back long enough to be noticed, not so long that a long run grows.
export ASAN_OPTIONS=quarantine_size_mb=16

for program in "$@"; do
	name=$(basename "$program")
	directory=$(dirname "$program")
	log=$program.log
	if "$program" -seed=1 -runs="$runs" -max_total_time="$seconds" -max_len=8192 -timeout=10 \
		-rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$program-" \
		"$directory/corpus/$name" > "$log" 2>&1 < /dev/null &&
		grep -q '^stat::number_of_executed_units: *[1-9][0-9][0-9]' "$log"; then
		echo "ok fuzz/$name"
	else
		failures=$((failures + 1))
		echo "FAIL fuzz/$name"
		tail -n 40 "$log" | sed 's/^/    /'
	fi
done
[ "$failures" = 0 ]
