#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs make test on Debian 13, as somebody does who has just cloned the sources: in a root of its own
# that debootstrap makes, with git, make and ca-certificates and nothing else. HEAD is cloned, so what
# is not committed is not tested. The root stays for the next run, and so do the Xens that were
# downloaded and compiled in it; make clean removes them.
#
# Use: tests/debian13/run.sh FOLDER LEVEL…      (from the top of the source tree)
# Needs root, with the right to mount, and debootstrap. The archive is that of this machine's apt.
# Everything runs in a mount and a process namespace that end with their first process: whatever
# ends the run, kill -9 of make too, nothing stays mounted and no process is left.
set -u

folder=$1
shift
root=$folder/root
clone=$root/root/pinfold

say() { echo "debian13: $*"; }
die() {
	echo "debian13: $*" >&2
	exit 1
}

# The first archive that this machine's apt has Debian's own packages from.
archive() {
	apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Label: Debian' |
		head -n 1
}

check_needs() {
	[ "$(id -u)" = 0 ] || die "this makes a root file system and mounts in it: run it as root"
	for tool in debootstrap chroot unshare setpriv git apt-get; do
		command -v "$tool" > /dev/null ||
			die "$tool is missing; apt-get install --no-install-recommends debootstrap git"
	done
	[ -n "$(archive)" ] || die "apt on this machine has no archive of Debian's"
	unshare --mount --pid --fork true || die "this machine does not let root make namespaces"
}

make_root() {
	[ -e "$folder/ready" ] && return
	rm -rf "$root"
	say "making the root in $root (about a minute, 500 MB; see $folder/debootstrap.log)"
	debootstrap --variant=minbase --include=git,make,ca-certificates trixie "$root" \
		"$(archive)" > "$folder/debootstrap.log" 2>&1 || die "debootstrap failed"
	touch "$folder/ready"
}

# Its own processes, terminals and shared memory; of the devices, those that any program may use.
mount_root() {
	mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/dev" || return 1
	for device in null zero full random urandom tty; do
		touch "$root/dev/$device" || return 1
		mount --bind "/dev/$device" "$root/dev/$device" || return 1
	done
	mkdir "$root/dev/pts" "$root/dev/shm" || return 1
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts" || return 1
	mount -t tmpfs tmpfs "$root/dev/shm" || return 1
	ln -s pts/ptmx "$root/dev/ptmx" && ln -s /proc/self/fd "$root/dev/fd" &&
		ln -s fd/0 "$root/dev/stdin" && ln -s fd/1 "$root/dev/stdout" &&
		ln -s fd/2 "$root/dev/stderr"
}

clone_head() {
	rm -rf "$root/root/xen"
	[ ! -d "$clone/build/xen" ] || mv "$clone/build/xen" "$root/root/xen" || return 1
	rm -rf "$clone"
	git clone -q --no-hardlinks . "$clone" || return 1
	mkdir -p "$clone/build"
	[ ! -d "$root/root/xen" ] || mv "$root/root/xen" "$clone/build/xen"
}

# Process 1 of the namespaces.
run_inside() {
	mount -t proc proc /proc || die "cannot mount /proc"
	make_root
	mount_root || die "cannot mount what the root needs"
	clone_head || die "cannot clone HEAD"
	cp /etc/resolv.conf /etc/hosts "$root/etc/" || die "cannot copy /etc/resolv.conf"
	say "make test in Debian $(cat "$root/etc/debian_version"), at $(git -C "$clone" log -1 --format=%h)"
	chroot "$root" env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
		${http_proxy:+"http_proxy=$http_proxy"} \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		make -C /root/pinfold test "TESTS=$*" < /dev/null
}

if [ "$folder" = inside ]; then
	folder=$1
	root=$folder/root
	clone=$root/root/pinfold
	shift
	run_inside "$@"
	exit
fi

check_needs
mkdir -p "$folder" || exit 1
exec 9> "$folder/lock"
flock -n 9 || die "another run is at work in $folder"
# --kill-child: the namespaces' first process, and with it all of theirs, ends with unshare. Shells
# that wait take no signal, so this one waits for unshare in the background.
setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child \
	sh "$0" inside "$folder" "$@" < /dev/null &
child=$!
trap 'kill -KILL $child; wait $child; exit 143' HUP INT TERM
wait $child
