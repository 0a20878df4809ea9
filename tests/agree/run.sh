#!/bin/sh
# SPDX-License-Identifier: MIT
# The same sequences of calls on real Xen and on the model. Every result, every entry read back,
# every pin left must be the same. 64-bit on the release build (the debug one would log every
# refusal); 32-bit on the debug build, made quiet: the release build takes no 32-bit guest.
#
# Use: tests/agree/run.sh BUILD-FOLDER SEEDS      (from the top of the source tree)
set -u

build=$1
seeds=$2

# NAME XEN KERNEL SEEDS OPTIONS [pae]
compare() {
	name=$build/$1
	timeout -k 5 $((60 + $4 / 10)) qemu-system-x86_64 -accel tcg,thread=single \
		-cpu Haswell-noTSX -smp 1 -m 256 -display none -no-reboot -nodefaults -serial stdio \
		-kernel "build/xen/$2" -append "console=com1 com1=115200,8n1 dom0_mem=64M $5" \
		-initrd "$build/$3 seeds=$4" < /dev/null > "$name.log" 2>&1
	sh tests/console.sh "$name.log" > "$name.all"
	grep '^agree ' "$name.all" > "$name.xen"
	# Its answers differ in places between versions, and the model is asked for the same one.
	version=$(sed -n 's/^xen //p' "$name.all")
	"$build/agree-model" "$4" "${version:-0}" $6 > "$name.model" 2> "$name.err" || cat "$name.err"
	if ! grep -q '^finished' "$name.all"; then
		echo "FAIL agree/finished-$1: $(tail -n 1 "$name.all")"
	fi
	for topic in $(cut -d ' ' -f 2 "$name.model" | uniq); do
		compare_topic "$name" "$topic"
	done
}

compare_topic() {
	grep "^agree $2 " "$1.xen" > "$build/xen.$2"
	grep "^agree $2 " "$1.model" > "$build/model.$2"
	count=$(wc -l < "$build/model.$2")
	if cmp -s "$build/xen.$2" "$build/model.$2"; then
		echo "ok agree/$2  # $count sequences"
		return
	fi
	differ=$(diff "$build/xen.$2" "$build/model.$2" | grep -c '^<')
	echo "FAIL agree/$2: $differ of $count differ; the first, Xen's before the model's:"
	diff "$build/xen.$2" "$build/model.$2" | grep -m 1 '^<'
	diff "$build/xen.$2" "$build/model.$2" | grep -m 1 '^>'
}

compare 64 xen-release agree-kernel.elf "$seeds" dom0_max_vcpus=4 ''
compare 32 xen-debug agree-kernel32.elf $((seeds / 2)) 'dom0_max_vcpus=1 loglvl=none guest_loglvl=none' pae
