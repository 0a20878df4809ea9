#!/bin/sh
# SPDX-License-Identifier: MIT
# Boots one system with the benchmark program and the counting plugin.
#
# Use: bench/boot.sh SYSTEM RESULT [WORD…]      (from the top of the source tree)
# SYSTEM is pinfold, linux-pv or linux; the words choose operations (all without one). RESULT gets
# the plugin's lines, RESULT.log what the machine said. Status 1 when the program did not come to
# its end.
# Environment: XEN (release or debug), VCPUS, MEMORY (MiB of the guest), PROFILE (an operation or
# nothing), BENCH_TIMEOUT (seconds).
set -u

system=$1
result=$2
shift 2
[ $# -gt 0 ] || set -- all
build=build/bench
memory=${MEMORY:-512}
vcpus=${VCPUS:-1}
# Without randomness, and without guards against what an emulated processor does not do.
linux_args="nokaslr norandmaps mitigations=off transparent_hugepage=never panic=-1 quiet -- $*"
xen_args="console=com1 com1=115200,8n1 dom0_mem=${memory}M,max:${memory}M dom0_max_vcpus=$vcpus \
dom0_vcpus_pin xpti=no spec-ctrl=no,eager-fpu"

# With -icount a nanosecond is an instruction, and time jumps where the machine is idle. Nothing
# comes from outside: no disk, no network, no keyboard, no clock.
# The processor has no fast string instructions: a cleared page is 512 steps, not 4096.
boot() {
	timeout "${BENCH_TIMEOUT:-1500}" qemu-system-x86_64 \
		-accel tcg,thread=single -icount shift=0,sleep=off -seed 1 \
		-rtc base=2024-01-01,clock=vm -smp "$vcpus" -no-user-config -nodefaults -no-reboot \
		-cpu Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid,-erms,-rdrand,-rdseed \
		-display none -nic none -chardev "file,id=com1,path=$result.log" \
		-serial chardev:com1 -plugin "$build/count.so,out=$result${PROFILE:+,profile=$PROFILE}" \
		"$@" < /dev/null > "$result.qemu" 2>&1
}

boot_xen() {
	boot -m "$((memory + 64 + memory / 32))" -kernel "build/xen/xen-$XEN" -append "$xen_args" \
		-initrd "$1"
}

rm -f "$result" "$result.log"
case $system in
pinfold)
	./pinfold image -o "$build/image" --root "$build/root" --memory "$memory" \
		--kernel-args noaslr -- /bin/bench "$@" > /dev/null || exit 1
	boot_xen "$build/image/pinfold-kernel.elf noaslr,$build/image/ramdisk.cpio"
	;;
linux-pv)
	boot_xen "build/linux/kernel console=hvc0 $linux_args,$build/linux.cpio"
	;;
linux)
	# More than one processor does not start under -icount without Xen.
	vcpus=1
	boot -m "$memory" -kernel build/linux/kernel -initrd "$build/linux.cpio" \
		-append "console=ttyS0 tsc=reliable $linux_args"
	;;
esac
grep -q '^done' "$result" 2> /dev/null && exit 0
echo "bench: $system did not come to the end of the operations; see $result.log" >&2
exit 1
