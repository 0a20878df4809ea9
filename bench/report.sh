#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the report of a full run: bench/results/report.md and two charts beside it.
#
# Use: bench/report.sh FIGURES       (from the top of the source tree; what bench/figures.awk made)
# Environment: MEMORY, of the guests, in MiB.
set -u

figures=$1
memory=${MEMORY:-512}
build=build/bench
folder=bench/results
report=$folder/report.md
work=$build/report
mkdir -p "$folder" "$work" || exit 1

# What an ELF file takes in memory when it is loaded, in KiB.
loaded_kib() {
	readelf -lW "$1" | awk '
		function hex(text,  i, value) {
			value = 0
			for (i = 3; i <= length(text); i++)
				value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
			return value
		}
		$1 == "LOAD" { sum += hex($6) }
		END { printf "%.0f", sum / 1024 }'
}

# The rate of the model's explorer, by its own measurement. The only figures here that are times.
explorer_rates() {
	echo '| scenario | schedules a second | points in one |'
	echo '|---|---:|---:|'
	build/tests/model/model-test-split --bench |
		awk '$1 == "bench" { print "| " $2 " | " $3 " | " $6 " |" }'
}

agreement() {
	for system in pinfold linux-pv linux; do
		if cmp -s "$build/$system.out" "$build/$system.again"; then
			echo "Two runs of $system agree to the instruction."
		else
			echo "**Two runs of $system differ** in these operations:" \
				"$(diff "$build/$system.out" "$build/$system.again" |
					awk '$1 == "<" { print $3 }' | tr '\n' ' ')"
		fi
	done
}

value() {
	awk -F '\t' -v who="$1" -v name="$2" '$1 == who && $3 == name { print $4; exit }' "$figures"
}

used_kib() {
	free=$(value "$1" memory.free_kib)
	echo $((memory * 1024 - ${free:-0}))
}

# gnuplot reads columns: the three totals of each operation, and sizes of the linear ones.
write_columns() {
	awk -F '\t' -v folder="$work" '
	$2 == "value" || $1 ~ /\.v/ { next }
	{
		total[$2, $1] = $4
		if ($2 !~ /^(scale|boot)/ && !seen[$2]++) order[++count] = $2
		if ($2 ~ /^scale/) {
			split($2, part, "-")
			if (!size_seen[part[2], part[3]]++) sizes[part[2]] = sizes[part[2]] " " part[3]
		}
	}
	function cell(op, who, parts) {
		return (op, who) in total ? sprintf("%.0f", total[op, who] / parts) : "NaN"
	}
	function row(op, parts) {
		return cell(op, "pinfold", parts) " " cell(op, "linux-pv", parts) " " cell(op, "linux", parts)
	}
	END {
		for (i = 1; i <= count; i++) print order[i], row(order[i], 1) > (folder "/costs")
		for (kind in sizes) {
			many = split(sizes[kind], size, " ")
			for (i = 1; i <= many; i++)
				print size[i], row("scale-" kind "-" size[i], kind == "switch" ? size[i] + 1 : 1) \
					> (folder "/" kind)
		}
	}' "$figures"
	# By number of vcpus, only where the system had that many.
	for op in fork-small mmap-1M pipe-process futex-thread; do
		awk -F '\t' -v op="$op" '
		$2 == "value" && $3 == "processors" { has[$1] = $4 }
		$2 == op { total[$1] = $4 }
		function cell(who, count,  key) {
			key = count == 1 ? who : who ".v" count
			return has[key] == count && key in total ? total[key] : "NaN"
		}
		END {
			for (count = 1; count <= 8; count *= 2)
				print count, cell("pinfold", count), cell("linux-pv", count), "NaN"
		}' "$figures" > "$work/vcpus-$op"
	done
}

# Digits in threes, for awk.
group='
	function group(number,  text) {
		text = ""
		for (number = number ""; length(number) > 3; number = substr(number, 1, length(number) - 3))
			text = " " substr(number, length(number) - 2) text
		return number text
	}'

# Pinfold, Linux PV and Linux side by side, and the share of Pinfold.
summary() {
	echo '| operation | Pinfold | Linux PV | Linux, bare | Pinfold / Linux PV | Pinfold / bare |'
	echo '|---|---:|---:|---:|---:|---:|'
	awk -F '\t' "$group"'
	function ratio(a, b) { return a == "" || b == "" || b == 0 ? "" : sprintf("%.3g", a / b) }
	$2 == "value" || $2 ~ /^scale/ { next }
	$1 ~ /\.v/ && $1 !~ /\.v2$/ { next }
	$1 ~ /\.v2$/ && $2 !~ /-other$/ { next }
	{
		sub(/\.v2$/, "", $1)
		total[$2, $1] = $4
		if (!seen[$2]++) order[++count] = $2
	}
	END {
		for (i = 1; i <= count; i++) {
			op = order[i]
			p = total[op, "pinfold"]; pv = total[op, "linux-pv"]; bare = total[op, "linux"]
			printf "| %s | %s | %s | %s | %s | %s |\n", op, group(p), group(pv), group(bare),
				ratio(p, pv), ratio(p, bare)
		}
	}' "$figures"
}

# Every figure of each operation on each system.
details() {
	echo '| operation | system | total | user | kernel | Xen | hypercalls | traps | PTE stores |' \
		'flushes, all | flushes, one | least | most |'
	echo '|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|'
	awk -F '\t' '
	$2 == "value" || $1 ~ /\.v/ && $2 !~ /-other$/ || $1 ~ /\.v[^2]/ { next }
	{
		sub(/\.v2$/, ", 2 vcpus", $1)
		if (!($2 in lines)) order[++count] = $2
		lines[$2] = lines[$2] "| " $2 " | " $1 " | " $4 " | " $5 " | " $6 " | " $7 " | " $8 \
			" | " $9 " | " $10 " | " $11 " | " $12 " | " ($2 == "boot" ? "" : $14) " | " \
			($2 == "boot" ? "" : $15) " |\n"
	}
	END { for (i = 1; i <= count; i++) printf "%s", lines[order[i]] }' "$figures"
}

kinds() {
	echo '| operation | Pinfold | Linux PV |'
	echo '|---|---|---|'
	awk -F '\t' '
	$2 == "value" || $2 ~ /^scale/ || $1 ~ /\.v/ { next }
	{ kind[$2, $1] = $13 }
	!seen[$2]++ { order[++count] = $2 }
	END {
		for (i = 1; i <= count; i++)
			print "| " order[i] " | " kind[order[i], "pinfold"] " | " \
				kind[order[i], "linux-pv"] " |"
	}' "$figures"
}

# By how much the cost grows from one size to a larger one.
growth() {
	echo '| operation | from | to | Pinfold | Linux PV | Linux, bare |'
	echo '|---|---:|---:|---:|---:|---:|'
	awk -F '\t' '
	$2 ~ /^scale-/ { total[$2, $1] = $4 }
	function factor(kind, from, to, who,  a, b) {
		a = total["scale-" kind "-" from, who]
		b = total["scale-" kind "-" to, who]
		return a > 0 && b > 0 ? sprintf("%.2f", b / a) : ""
	}
	function row(kind, from, to) {
		print "| " kind " | " from " | " to " | " factor(kind, from, to, "pinfold") " | " \
			factor(kind, from, to, "linux-pv") " | " factor(kind, from, to, "linux") " |"
	}
	END {
		row("fork", 16, 64); row("fork", 64, 256)
		row("munmap", 16, 64); row("munmap", 64, 256)
		row("exit", 16, 64); row("exit", 64, 256)
		row("switch", 10, 100); row("switch", 100, 1000)
		row("wake", 10, 100); row("wake", 100, 1000)
		row("processes", 10, 100); row("processes", 100, 1000)
	}' "$figures"
}

targets() {
	echo '| operation | target | measured | |'
	echo '|---|---:|---:|---|'
	awk "$group"'
	FILENAME == ARGV[1] { if ($1 !~ /^#/) { op[++count] = $1; limit[$1] = $2; parts[$1] = $3 } next }
	$1 == "pinfold" { total[$2] = $4; hypercalls[$2] = $8; stores += $2 == "value" ? 0 : $10 }
	function verdict(met) { return met ? "met" : "not met" }
	function line(name, most, is) {
		printf "| %s | %s | %s | %s |\n", name, group(most), group(sprintf("%.0f", is)),
			verdict(is <= most)
	}
	END {
		for (i = 1; i <= count; i++)
			line(op[i] (parts[op[i]] > 1 ? ", a page" : ""), limit[op[i]],
				total[op[i]] / parts[op[i]])
		line("boot, hypercalls", 500, hypercalls["boot"])
		line("page-table stores that Xen emulated, all rows", 0, stores)
	}' bench/targets FS='\t' "$figures"
}

# The last commit that changed what is measured: a commit of the report itself is a later one.
measured_commit() {
	git log -1 --format='%cs, commit %h' -- lib port arch xen pv kernel
}

versions() {
	echo "QEMU $(qemu-system-x86_64 --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p'),"
	sed -n 's/.*Xen version [0-9.]* (Debian \([^)]*\)).*/Xen \1,/p' "$build/linux-pv.out.log"
	echo "Linux $(cut -d _ -f 2 build/linux/release),"
	echo "$memory MiB, one vcpu (two where the name ends in -other)."
}

memory_and_image() {
	echo '| | Pinfold | Linux PV | Linux, bare |'
	echo '|---|---:|---:|---:|'
	echo "| of $memory MiB not free when the first program starts, KiB |" \
		"$(used_kib pinfold) | $(used_kib linux-pv) | $(used_kib linux) |"
	linux_kib=$(loaded_kib build/linux/kernel)
	echo "| the kernel's image as loaded, KiB |" \
		"$(loaded_kib build/kernel/pinfold-kernel.elf) | $linux_kib | $linux_kib |"
}

write_report() {
	cat << END
# What operations cost: the guest of $(measured_commit)

Made by \`make bench\`; [docs/performance.md](../../docs/performance.md) says how it is counted.
Instructions a run, means of all counted runs.

$(versions)
$(agreement)

![costs](costs.svg)

$(summary)

Rows that end in -other need a second vcpu: Linux does not start with one on the bare machine under
\`-icount\`. An empty cell of Pinfold's there says that it has one vcpu only.

## Targets

$(targets)

## Boot, memory, image

The boot is from the kernel's first instruction to the first of a program; the loader's work,
unpacking included, is not in it.

$(memory_and_image)

## Linear costs

Memory in MiB, or processes beside the measuring one; both axes are logarithmic. A switch is one hop
of a token that visits all of them.

![linear costs](linear.svg)

By how much the cost grows. Linear would be 4 for memory. One switch, wake-up or fork among ten
times the processes should cost the same: 1, and 10 for \`switch\`, which is all hops of the token
here.

$(growth)

## Schedules of the model

Of the explorer, by processor time on one core of this machine: not counted, and so not repeatable.

$(explorer_rates)

## Hypercalls by kind

Entries of multicalls are counted too; a multicall itself is one more.

$(kinds)

## Every figure

$(details)
END
}

write_columns
write_report > "$report" || exit 1
# gnuplot warns of each line without a point: a system that has no more vcpus.
if ! gnuplot -e "work='$work'; folder='$folder'" bench/charts.gp 2> "$work/gnuplot.log"; then
	cat "$work/gnuplot.log" >&2
	exit 1
fi
echo "bench: $report, $folder/costs.svg, $folder/linear.svg"
