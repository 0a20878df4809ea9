#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the suite's driver on this machine's own Linux, in a root directory like the guest's.
#
# Use: host.sh probe                              prints the way that works here, or nothing
#      host.sh WAY STAGE ROOT [DRIVER OPTIONS]    the driver's stream on stdout
#
# Ways, best first:
#   namespaces  as root: a root directory in memory, own processes (the driver is process 1),
#               /proc and /dev/pts
#   user        the same for an ordinary user, as root of a user namespace; nobody else exists there
#   chroot      as root without the right to make namespaces: a plain directory, no /proc, no /dev/pts
# STAGE is the directory that becomes /suite. ROOT is made, and holds nothing afterwards.
set -u
PATH=$PATH:/usr/sbin:/sbin

busybox=${BUSYBOX:-/bin/busybox}
devices='null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0'

populate() {
	mkdir -p "$root/bin" "$root/sbin" "$root/usr/bin" "$root/usr/sbin" "$root/etc" "$root/tmp" \
		"$root/root" "$root/proc" "$root/sys" "$root/dev/shm" || return 1
	chmod 1777 "$root/tmp" "$root/dev/shm"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s /proc/self/fd/0 "$root/dev/stdin"
	ln -s /proc/self/fd/1 "$root/dev/stdout"
	ln -s /proc/self/fd/2 "$root/dev/stderr"
	cp "$busybox" "$root/bin/busybox" && cp -R "$stage" "$root/suite" || return 1
	"$busybox" --list-full | while read -r applet; do
		[ -e "$root/$applet" ] || ln -s /bin/busybox "$root/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
	echo 'root:x:0:' > "$root/etc/group"
}

start_driver() {
	exec env -i "$(command -v chroot)" "$root" /suite/driver "$@"
}

# In the new namespaces, as their process 1.
inside() {
	mount -t tmpfs -o mode=755 suite "$root" && populate && mount -t proc proc "$root/proc" || exit 3
	mount --rbind /sys "$root/sys" || exit 3
	for device in $devices; do
		name=${device%%:*}
		: > "$root/dev/$name" && mount --bind "/dev/$name" "$root/dev/$name" || exit 3
	done
	mkdir "$root/dev/pts" && mount -t devpts -o newinstance,mode=620,ptmxmode=666 pts "$root/dev/pts" &&
		ln -s pts/ptmx "$root/dev/ptmx" || exit 3
	start_driver "$@"
}

probe_namespaces() {
	# shellcheck disable=SC2016
	"$@" sh -c 'mount -t tmpfs t /tmp && mkdir /tmp/p && mount -t proc p /tmp/p && : > /tmp/n &&
		mount --bind /dev/null /tmp/n' > /dev/null 2>&1
}

probe() {
	if [ "$(id -u)" = 0 ]; then
		if probe_namespaces unshare -m -p -f; then
			echo namespaces
		elif chroot / true > /dev/null 2>&1; then
			echo chroot
		fi
	elif probe_namespaces unshare -r -m -p -f; then
		echo user
	fi
}

if [ "${1-}" = probe ]; then
	probe
	exit
fi
way=$1 stage=$2 root=$3
shift 3
mkdir -p "$root" || exit 3
case $way in
namespaces) exec unshare -m -p -f sh "$0" inside "$stage" "$root" "$@" ;;
user) exec unshare -r -m -p -f sh "$0" inside "$stage" "$root" "$@" ;;
inside) inside "$@" ;;
chroot)
	populate || exit 3
	for device in $devices; do
		name=${device%%:*} numbers=${device#*:}
		mknod -m 666 "$root/dev/$name" c "${numbers%:*}" "${numbers#*:}" || exit 3
	done
	(start_driver "$@")
	status=$?
	rm -rf "$root"
	exit $status
	;;
*)
	echo "host.sh: no such way: $way" >&2
	exit 3
	;;
esac
