#!/bin/sh
# SPDX-License-Identifier: MIT
# The same sequences of calls on real Xen (the release build: the debug one would log every
# refusal) and on the model. Every result, every entry read back, every pin left must be the same.
#
# Use: tests/agree/run.sh BUILD-FOLDER SEEDS      (from the top of the source tree)
set -u

build=$1
seeds=$2
timeout -k 5 $((60 + seeds / 10)) qemu-system-x86_64 -accel tcg,thread=single -cpu Haswell-noTSX \
	-smp 1 -m 256 -display none -no-reboot -nodefaults -serial stdio -kernel build/xen/xen-release \
	-append "console=com1 com1=115200,8n1 dom0_mem=64M dom0_max_vcpus=4" \
	-initrd "$build/agree-kernel.elf seeds=$seeds" < /dev/null > "$build/xen.log" 2>&1
tr -d '\r' < "$build/xen.log" | grep '^agree ' > "$build/xen.lines"
"$build/agree-model" "$seeds" > "$build/model.lines" 2> "$build/model.err" || cat "$build/model.err"

if ! tr -d '\r' < "$build/xen.log" | grep -q '^finished'; then
	echo "FAIL agree/finished: $(tail -n 1 "$build/xen.log")"
fi
for topic in $(cut -d ' ' -f 2 "$build/model.lines" | uniq); do
	grep "^agree $topic " "$build/xen.lines" > "$build/xen.$topic"
	grep "^agree $topic " "$build/model.lines" > "$build/model.$topic"
	count=$(wc -l < "$build/model.$topic")
	if cmp -s "$build/xen.$topic" "$build/model.$topic"; then
		echo "ok agree/$topic  # $count sequences"
		continue
	fi
	differ=$(diff "$build/xen.$topic" "$build/model.$topic" | grep -c '^<')
	echo "FAIL agree/$topic: $differ of $count differ; the first, Xen's before the model's:"
	diff "$build/xen.$topic" "$build/model.$topic" | grep -m 1 '^<'
	diff "$build/xen.$topic" "$build/model.$topic" | grep -m 1 '^>'
done
