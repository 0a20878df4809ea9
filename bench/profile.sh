#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints where the instructions of one operation go: by place, by what entered Xen, and by function
# of the Pinfold kernel, of the benchmark program and, when it is the debug Xen, of Xen. All figures
# are for one run of the operation.
#
# Use: bench/profile.sh OPERATION RESULT      (RESULT: the plugin's lines, with those of pc)
# Environment: XEN, release or debug, as in the run.
set -u

operation=$1
result=$2

# Symbols of a function's start, by address, then the counted addresses; both sorted.
{
	nm build/kernel/pinfold-kernel.elf | awk '$2 ~ /^[tTwW]$/ { print $1, "s", $3 }'
	nm build/bench/root/bin/bench |
		awk '$2 ~ /^[tTwWiI]$/ { print $1, "s", "program:" $3 }'
	echo "ffff800000000000 s (Xen)"
	[ "${XEN:-release}" = release ] ||
		nm build/xen/debug/xen-syms | awk '$2 ~ /^[tTwW]$/ { print $1, "s", "xen:" $3 }'
	echo "ffff880000000000 s (unknown)"
	awk '$1 == "pc" { print $2, "t", $3 }' "$result"
} | LC_ALL=C sort > "$result.symbols"

awk -v operation="$operation" '
function pairs(  i) {
	for (i = 3; i < NF; i += 2) figure[$i] = $(i + 1)
	runs = figure["runs"]
}
FILENAME == ARGV[1] && $1 == "op" && $2 == operation { pairs(); next }
FILENAME == ARGV[1] { next }
$2 == "s" { name = $3; next }
{ count[name] += $3 }
END {
	if (runs == 0) { print "bench: " operation " was not run"; exit 1 }
	total = figure["user"] + figure["kernel"] + figure["xen"] + figure["firmware"]
	printf "%s: %.0f instructions a run (%d runs, %d to %d)\n", operation, total / runs, runs,
		figure["least"], figure["most"]
	printf "  user %.0f, kernel %.0f, Xen %.0f\n", figure["user"] / runs,
		figure["kernel"] / runs, figure["xen"] / runs
	printf "\nentered Xen by                      times   instructions in Xen\n"
	sorted = "sort -k 3,3 -n -r"
	for (key in figure) {
		if (key !~ /^cost\./) continue
		kind = substr(key, 6)
		printf "  %-30s %8.2f %12.0f\n", kind, figure[kind] / runs, figure[key] / runs | sorted
	}
	close(sorted)
	printf "\nhypercalls and entries of multicalls; commands and requests in them; flushes\n"
	sorted = "sort -k 2,2 -n -r"
	for (key in figure) {
		if (key ~ /^(hypercall\.|mmuext\.|mmu_request|pte_store|privileged|flush)/)
			printf "  %-30s %8.2f\n", key, figure[key] / runs | sorted
	}
	close(sorted)
	printf "\ninstructions  share  function\n"
	sorted = "sort -n -r | head -n 60"
	for (name in count)
		printf "%12.1f %5.1f%%  %s\n", count[name] / runs, 100 * count[name] / total, name | sorted
	close(sorted)
}' "$result" "$result.symbols"
