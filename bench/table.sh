#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints a table of what the operations cost, and whether two runs agree.
#
# Use: bench/table.sh FIGURES SYSTEM…      (FIGURES: what bench/figures.awk made)
# A system with a second set of lines (build/bench/SYSTEM.again) is compared with it; status 1 when
# they differ.
set -u

build=build/bench
figures=$1
shift
awk -F '\t' '
BEGIN {
	printf "%-21s %-9s %11s %9s %11s %11s %8s %7s %7s %7s %7s\n", "instructions a run", "",
		"total", "user", "kernel", "Xen", "hyperc.", "traps", "pte st.", "fl.all", "fl.one"
}
$2 == "value" {
	if ($3 ~ /^(failed|skipped)/) note[++notes] = $1 ": " $3
	next
}
{
	text = sprintf("%-21s %-9s %11.0f %9.0f %11.0f %11.0f %8.1f %7.1f %7.1f %7.1f %7.1f", $2, $1,
		$4, $5, $6, $7, $8, $9, $10, $11, $12)
	if (!($2 in lines)) order[++ops] = $2
	lines[$2] = lines[$2] text "\n"
}
END {
	for (i = 1; i <= ops; i++) printf "%s", lines[order[i]]
	for (i = 1; i <= notes; i++) print note[i]
}' "$figures"

status=0
for system in "$@"; do
	[ -r "$build/$system.again" ] || continue
	if cmp -s "$build/$system.out" "$build/$system.again"; then
		echo "$system: two runs agree to the instruction"
	else
		echo "$system: two runs differ: diff $build/$system.out $build/$system.again"
		status=1
	fi
done
exit $status
