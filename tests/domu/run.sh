#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs Pinfold's image as a domU: a Linux dom0 with Xen's own toolstack, in QEMU, starts guests with
# `xl create`, talks to them on the PV console and ends them. One dom0 serves all checks.
#
# Use: tests/domu/run.sh XEN [CHECK…]     (from the top of the source tree; XEN: release or debug)
# Prints `ok domu-XEN/CHECK` or `FAIL domu-XEN/CHECK: why` for each; status 1 when one failed.
# Needs ./pinfold, build/examples/minimal.elf, build/xen/xen-XEN and what tests/domu/build.sh
# makes. Logs stay in build/domu/XEN/.
# Environment: PINFOLD, the command that writes the images; DOMU_TIMEOUT, seconds for the whole
# run; DOMU_DOM0_MEMORY, MiB.
set -u

xen=${1:-release}
[ $# -gt 0 ] && shift
checks=${*:-minimal hello memory-32 quiet status input interrupt long-output long-input processes \
	clock xl-trigger-nmi two-at-once xl-shutdown xl-reboot panic nothing-left xen-log}
pinfold=${PINFOLD:-./pinfold}
limit=${DOMU_TIMEOUT:-900}
memory=${DOMU_DOM0_MEMORY:-256}
folder=build/domu/$xen
root=$folder/overlay
machine=

die() {
	echo "domu: $*" >&2
	exit 1
}

end_machine() {
	[ -z "$machine" ] || kill "$machine" 2> /dev/null
}
trap end_machine EXIT
trap 'exit 1' HUP INT TERM

# write_image NAME PROGRAM…
write_image() {
	name=$1
	shift
	"$pinfold" image -o "$root/guests/$name" -- "$@" > "$folder/image.log" 2>&1 ||
		die "cannot write the image of $name: $(tail -n 1 "$folder/image.log")"
	rm -f "$root/guests/$name/xen"
}

# The smallest kernel on the guest layer, examples/minimal, is a guest too.
write_minimal() {
	mkdir -p "$root/guests/minimal"
	cp build/examples/minimal.elf "$root/guests/minimal/" || die "no minimal kernel"
	cat > "$root/guests/minimal/pinfold.cfg" <<- 'END'
		type = "pv"
		kernel = "minimal.elf"
		memory = 32
		on_reboot = "destroy"
		on_crash = "destroy"
	END
}

# A second archive after the one of build.sh: the checks and the guests, which change more often.
build_ramdisk() {
	mkdir -p "$root/guests"
	cp tests/domu/dom0-init.sh "$root/init" && chmod +x "$root/init" || return 1
	cp tests/domu/checks.sh "$root/checks.sh" || return 1
	echo "$checks" > "$root/wanted"
	write_image hello busybox echo hello-from-domU
	write_image status busybox sh -c 'exit 3'
	write_image shell busybox sh
	write_minimal
	(cd "$root" && find . | busybox cpio -o -H newc 2> /dev/null) > "$folder/overlay.cpio" &&
		cat build/domu/dom0.cpio "$folder/overlay.cpio" > "$folder/ramdisk" &&
		rm -rf "$root" "$folder/overlay.cpio"
}

# The first serial port is Xen's and Linux's log, the second one carries the results. A Linux dom0
# does not stand SMAP here, and one emulation thread is steadier on a busy machine.
start_machine() {
	rm -f "$folder/pipe"
	mkfifo "$folder/pipe" || return 1
	timeout -k 10 "$limit" qemu-system-x86_64 -accel tcg,thread=single \
		-cpu Haswell-noTSX,-smap -smp 1 -m $((memory + 512)) \
		-display none -no-reboot -nodefaults -nic none \
		-chardev "file,id=log,path=$folder/machine.log" -serial chardev:log \
		-chardev stdio,id=results,signal=off -serial chardev:results \
		-kernel "build/xen/xen-$xen" \
		-append "console=com1 com1=115200,8n1 dom0_mem=${memory}M,max:${memory}M \
dom0_max_vcpus=1 loglvl=all guest_loglvl=all" \
		-initrd "build/linux/kernel console=hvc0,$folder/ramdisk" \
		< /dev/null > "$folder/pipe" 2> "$folder/qemu.log" &
	machine=$!
}

[ -s "build/xen/xen-$xen" ] || die "build/xen/xen-$xen is missing"
rm -rf "$folder"
mkdir -p "$folder" || exit 1
tests/domu/build.sh || exit 1
build_ramdisk || die "cannot build dom0's ramdisk in $folder"
echo "domu: starting a Linux dom0 on the $xen Xen (some minutes; logs in $folder)"
start_machine || die "cannot start QEMU"

failed=0
: > "$folder/results"
while IFS= read -r line; do
	line=$(printf %s "$line" | tr -d "\r")
	case $line in
	'ok '*) line="ok domu-$xen/${line#ok }" ;;
	'FAIL '*)
		line="FAIL domu-$xen/${line#FAIL }"
		failed=1
		;;
	esac
	printf "%s\n" "$line" | tee -a "$folder/results"
done < "$folder/pipe"
wait "$machine"
machine=
rm -f "$folder/pipe"

for check in $checks; do
	grep -q -e "^ok domu-$xen/$check\$" -e "^FAIL domu-$xen/$check:" "$folder/results" && continue
	echo "FAIL domu-$xen/$check: the machine ended before it; see $folder/machine.log"
	failed=1
done
exit $failed
