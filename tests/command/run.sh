#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests of the command: options and errors, then the launcher alone, then real guests.
#
# Use: tests/command/run.sh BUILD-FOLDER      (normally through make test-command)
# With SKIP_GUESTS=1 only what needs no real guest: a few seconds.
set -u

work=$1
here=tests/command
TMPDIR=$work/tmp
XDG_CACHE_HOME=$PWD/$work/cache
export TMPDIR XDG_CACHE_HOME
find "$work" -mindepth 1 -maxdepth 1 ! -name fake-qemu ! -name on-terminal \
	! -name "*-probe" ! -name "*.d" -exec rm -rf {} +
mkdir -p "$work/tmp" "$work/lib" "$work/cache"
# A kernel that nobody will start: the launcher only has to find the files.
echo kernel > "$work/lib/pinfold-kernel.elf"
echo xen > "$work/lib/xen-release"
cp build/ramdisk/base.cpio "$work/lib/base.cpio"

. "$here/lib.sh"
. "$here/arguments.sh"
. "$here/completion.sh"
. "$here/install.sh"
. "$here/archive.sh"
. "$here/launcher.sh"
if [ -z "${SKIP_GUESTS-}" ]; then
	. "$here/guests.sh"
	. "$here/saved.sh"
	. "$here/stream.sh"
	. "$here/tty.sh"
fi

run ls "$TMPDIR"
check nothing-left-behind 'out_is ""'
[ "$failures" = 0 ]
