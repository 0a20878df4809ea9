#!/bin/sh
# SPDX-License-Identifier: MIT
# QEMU saves a machine that has a PCI device with shared memory, and refuses to restore it.
#
# Version: Debian 12's qemu-system-x86 7.2 (the version below), unpacked in a temporary folder.
# Input: a PC whose RAM is a shared file, an ivshmem-plain device (master=on) with another, firmware
# only. It is stopped and saved with the capability x-ignore-shared, which leaves shared memory out
# of the stream and writes down where each piece of it is mapped instead.
# Behaviour: saving succeeds. Restoring with the same command and capability ends with "Mismatched
# GPAs for block 0000:00:02.0/chan ADDRESS!= 0": the list of memory is compared before the device's
# registers are read, and until then its memory is mapped nowhere. So any device whose shared memory
# lies in a BAR cannot be restored this way, and nothing says so when it is saved. A machine
# without the device is restored, which the script shows, too.
# For Pinfold: tools/pinfold/state.c.
#
# Needs: Debian 12's apt lists, no root. Status 0: as described; 1: it behaves otherwise now.
set -u

version=1:7.2+dfsg-7+deb12u18+b3
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1

# QEMU and the libraries it needs, but for the C library, which is this machine's.
packages=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
	--no-replaces --no-enhances --no-pre-depends "qemu-system-x86=$version" 2> apt.log |
	grep '^[a-z0-9]' | grep -v -x -e 'libc6\|libc-bin\|libcrypt1\|libgcc-s1\|gcc-.*-base\|dpkg.*' \
		-e 'debconf.*\|cdebconf\|perl.*\|libperl.*\|adduser\|passwd\|login\|tar\|install-info' \
		-e 'qemu-system-x86' | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download "qemu-system-x86=$version" $packages \
	>> apt.log 2>&1 || {
	tail -n 3 apt.log
	echo "the packages cannot be downloaded"
	exit 1
}
for package in *.deb; do
	dpkg -x "$package" root
done
lib=$work/root/usr/lib/x86_64-linux-gnu
LD_LIBRARY_PATH=$lib:$lib/ceph:$work/root/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
root/usr/bin/qemu-system-x86_64 --version | head -n 1

# Answers of QMP come one a line. machine OPTION…: commands on standard input.
machine() {
	timeout 120 root/usr/bin/qemu-system-x86_64 -L root/usr/share/qemu -L root/usr/share/seabios \
		-accel tcg -m 64 -nodefaults -display none -qmp stdio \
		-machine pc,memory-backend=ram \
		-object memory-backend-file,id=ram,share=on,mem-path=ram,size=64M "$@"
}
begin() {
	echo '{"execute":"qmp_capabilities"}'
	echo '{"execute":"migrate-set-capabilities","arguments":{"capabilities":[
		{"capability":"x-ignore-shared","state":true},{"capability":"events","state":true}]}}'
}
# until_said FILE WORD: waits until the file has a line with the word, 30 seconds at most.
until_said() {
	for _ in $(seq 300); do
		! grep -q "$2" "$1" || return 0
		sleep 0.1
	done
	echo "QEMU has not said $2"
	return 1
}
# The firmware gives the device its place at its start.
save() {
	: > said
	{
		begin
		sleep 5
		echo '{"execute":"stop"}'
		echo '{"execute":"migrate","arguments":{"uri":"exec:cat > state"}}'
		until_said said '"status": "completed"'
		echo '{"execute":"quit"}'
	} | machine "$@" > said 2>&1
	grep -q '"status": "completed"' said
}
restore() {
	: > said
	{
		begin
		echo '{"execute":"migrate-incoming","arguments":{"uri":"exec:cat state"}}'
		until_said said '"status": "completed"\|load of migration failed'
		echo '{"execute":"quit"}'
	} | machine -incoming defer "$@" > said 2>&1
}

status=0
save || { echo "a machine without the device is not saved"; status=1; }
restore
grep -q '"status": "completed"' said || { echo "a machine without the device is not restored"; status=1; }

set -- -object memory-backend-file,id=chan,share=on,mem-path=chan,size=1M \
	-device ivshmem-plain,memdev=chan,master=on
save "$@" || { echo "the machine with the device is not saved"; status=1; }
restore "$@"
grep 'Mismatched GPAs for block 0000:00:02.0/chan [0-9]*!= 0' said || {
	echo "the machine with the device is restored, or refused with other words:"
	tail -n 3 said
	status=1
}
exit "$status"
