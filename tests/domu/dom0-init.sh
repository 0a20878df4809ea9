#!/bin/sh
# SPDX-License-Identifier: MIT
# /init of the Linux dom0 of the domU tests: brings Xen's toolstack up, runs the checks, ends the
# machine. What the checks say goes to the second serial port, the first one is Xen's console.

export PATH=/bin:/usr/lib/xen-4.17/bin

mkdir -p /dev /proc /sys /run/xen /run/xenstored /var/lock
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin

exec 3> /dev/ttyS1
stty -F /dev/ttyS1 raw -echo

fail() {
	echo "dom0: $*" >&3
	reboot -f
}

# An empty file spares a warning in each command.
: > /etc/xen/xl.conf

for module in /lib/modules/*.ko; do
	insmod "$module" || fail "cannot load $module"
done
mount -t xenfs xenfs /proc/xen || fail "no xenfs"
xenstored --pid-file /run/xenstored.pid || fail "xenstored does not start"
xen-init-dom0 || fail "xen-init-dom0 failed"
xenconsoled --log=guest --pid-file=/run/xenconsoled.pid || fail "xenconsoled does not start"
echo "dom0: up after $(cut -d ' ' -f 1 /proc/uptime) s" >&3

sh /checks.sh
echo "dom0: end" >&3
reboot -f
