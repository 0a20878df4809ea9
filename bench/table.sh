#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints a table of what the operations cost on each system, from the plugin's lines.
#
# Use: bench/table.sh SYSTEM…      (reads build/bench/SYSTEM.out)
# All figures are for one run; what two marks cost themselves is taken off. A system with a second
# set of lines (SYSTEM.again) is compared with it.
set -u

build=build/bench
files=
for system in "$@"; do
	[ -r "$build/$system.out" ] && files="$files $build/$system.out"
done
# shellcheck disable=SC2086
awk '
function show(who,  i) {
	for (i = 3; i < NF; i += 2) figure[$i] = $(i + 1)
	runs = figure["runs"]
	total = (figure["user"] + figure["kernel"] + figure["xen"] + figure["firmware"]) / runs - marks
	line[$2, who] = sprintf("%-9s %11.0f %9.0f %11.0f %11.0f %8.1f %7.1f %7.1f %7.1f %7.1f",
		who, total, figure["user"] / runs - marks, figure["kernel"] / runs,
		figure["xen"] / runs, figure["hypercall"] / runs, figure["trap"] / runs,
		figure["pte_store"] / runs, figure["flush_all"] / runs, figure["flush_one"] / runs)
	if (!($2 in seen)) { seen[$2] = 1; order[++ops] = $2 }
	for (i in figure) delete figure[i]
}
FNR == 1 {
	who = FILENAME
	sub(/.*\//, "", who); sub(/\.out$/, "", who)
	systems[++system_count] = who
	marks = 0
}
$1 == "op" && $2 == "nothing" { marks = $6; next }
$1 == "op" { show(who) }
$1 == "value" && $2 ~ /^(failed|skipped)/ { note[++notes] = who ": " $2 "" }
END {
	printf "%-19s %-9s %11s %9s %11s %11s %8s %7s %7s %7s %7s\n", "instructions a run", "",
		"total", "user", "kernel", "Xen", "hyperc.", "traps", "pte st.", "fl.all", "fl.one"
	for (i = 1; i <= ops; i++) {
		for (s = 1; s <= system_count; s++) {
			if ((order[i], systems[s]) in line)
				printf "%-19s %s\n", order[i], line[order[i], systems[s]]
		}
	}
	for (i = 1; i <= notes; i++) print note[i]
}' $files /dev/null

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
