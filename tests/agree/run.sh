#!/bin/sh
# SPDX-License-Identifier: MIT
# The same sequences of memory calls on real Xen (the release build: the debug one would log every
# refusal) and on the model. Every result, every entry read back and every pin left must be the same.
#
# Use: tests/agree/run.sh BUILD-FOLDER SEEDS      (from the top of the source tree)
set -u

build=$1
seeds=$2
timeout -k 5 $((60 + seeds / 10)) qemu-system-x86_64 -accel tcg,thread=single -cpu Haswell-noTSX \
	-smp 1 -m 256 -display none -no-reboot -nodefaults -serial stdio -kernel build/xen/xen-release \
	-append "console=com1 com1=115200,8n1 dom0_mem=64M dom0_max_vcpus=1" \
	-initrd "$build/agree-kernel.elf seeds=$seeds" < /dev/null > "$build/xen.log" 2>&1
tr -d '\r' < "$build/xen.log" | grep '^agree ' > "$build/xen.lines"
"$build/agree-model" "$seeds" > "$build/model.lines" 2> "$build/model.err" || cat "$build/model.err"

if cmp -s "$build/xen.lines" "$build/model.lines" && [ "$(wc -l < "$build/xen.lines")" = "$seeds" ]; then
	echo "ok agree/$seeds-sequences-of-40-calls"
else
	differ=$(diff "$build/xen.lines" "$build/model.lines" | grep -c '^<')
	echo "FAIL agree/sequences: $differ of $seeds differ; the first, Xen's before the model's:"
	diff "$build/xen.lines" "$build/model.lines" | grep -m 1 '^<'
	diff "$build/xen.lines" "$build/model.lines" | grep -m 1 '^>'
	tail -n 1 "$build/xen.log"
fi
