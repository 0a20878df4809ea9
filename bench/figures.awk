# SPDX-License-Identifier: MIT
# Turns the plugin's lines into one line for each operation and system, tabs between the fields:
#
#   SYSTEM OPERATION RUNS TOTAL USER KERNEL XEN HYPERCALLS TRAPS PTE-STORES FLUSHES-ALL FLUSHES-ONE
#   KINDS LEAST MOST
#
# Figures are for one run, without what two marks cost. KINDS lists the hypercalls, entries of
# multicalls too. The boot is an operation named boot. Other lines: SYSTEM value NAME N.
# Use: awk -f bench/figures.awk build/bench/SYSTEM.out…

# Those of at least one in twenty runs, by name.
function list_kinds(count,  key, i, many, text) {
	many = 0
	for (key in figure) {
		if (key !~ /^hypercall\./ || figure[key] / count < 0.05) continue
		for (i = ++many; i > 1 && sorted[i - 1] > key; i--) sorted[i] = sorted[i - 1]
		sorted[i] = key
	}
	text = ""
	for (i = 1; i <= many; i++)
		text = text (i > 1 ? ", " : "") substr(sorted[i], 11) " " \
			sprintf("%.1f", figure[sorted[i]] / count)
	return text
}

function show(name, count, marks,  total) {
	total = figure["user"] + figure["kernel"] + figure["xen"] + figure["firmware"]
	printf "%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%s\t%.0f\t%.0f\n",
		who, name, count, total / count - marks, figure["user"] / count - marks,
		figure["kernel"] / count, figure["xen"] / count, figure["hypercall"] / count,
		figure["trap"] / count, figure["pte_store"] / count, figure["flush_all"] / count,
		figure["flush_one"] / count, list_kinds(count), figure["least"] - marks,
		figure["most"] - marks
}

function read_pairs(first,  i) {
	for (i in figure) delete figure[i]
	for (i = first; i < NF; i += 2) figure[$i] = $(i + 1)
}

FNR == 1 {
	who = FILENAME
	sub(/.*\//, "", who)
	sub(/\.out$/, "", who)
	marks = 0
}
$1 == "op" && $2 == "nothing" { marks = $6; next }
$1 == "op" { read_pairs(3); show($2, figure["runs"], marks) }
$1 == "boot" { read_pairs(2); figure["user"] = 0; show("boot", 1, 0) }
$1 == "value" { printf "%s\tvalue\t%s\t%s\n", who, $2, $3 }
