#!/bin/sh
# SPDX-License-Identifier: MIT
# The "same binary, two kernels" suite: runs every case on this machine's own Linux and in Pinfold,
# with one driver and one static busybox, and compares stdout, stderr, status and clean-up.
#
# Use: run.sh [PATTERN]                the comparison; PATTERN picks cases, as in 'ash/*'
#      run.sh --determinism [PATTERN]  three runs here beside a busy loop, compared with each other
#
# Prints "ok suite/NAME", "FAIL suite/NAME" with what differs, "skip suite/NAME: why". Status 0 when
# nothing failed. The guest is started once; only when it stops in the middle is it started again
# behind the case in which it stopped, so that one fault does not hide the other cases.
#
# Environment: PINFOLD (the launcher, ./pinfold), PINFOLD_OPTIONS (more options of pinfold run),
# SUITE_TITLE (in place of "suite" in what is printed about cases).
set -u

here=$(dirname "$0")
build=build/tests/suite
stage=$build/stage/suite
compare=$build/compare
pinfold=${PINFOLD:-./pinfold}
title=${SUITE_TITLE:-suite}
starts_allowed=6
XDG_CACHE_HOME=$PWD/$build/cache
export XDG_CACHE_HOME
mkdir -p "$XDG_CACHE_HOME"

fail() {
	echo "FAIL suite/$1"
	shift
	printf '  %s\n' "$@"
	exit 1
}

# The programs that look into /proc, as lines of the list begin.
users_of_proc() {
	grep -l '"/proc' "$here"/programs/*.c | sed 's,.*/,/suite/programs/,; s,c$,,'
}

# The cases that this way of running the reference can answer go into the list $1.
write_list() {
	case $way in
	namespaces) cat "$stage/list" ;;
	user) grep -v -e '/root[.-]' "$stage/list" ;;
	# No /proc and no /dev/pts there, root may lack rights, and the working folders lie on a disk:
	# positions in them are its own affair.
	chroot)
		users_of_proc > "$1.proc"
		sed 's,$,.,' "$stage/list" | grep -v -F -f "$1.proc" | sed 's,\.$,,' |
			grep -v -e '/proc[.-]' -e '/root-all-' -e '/directory-seek' -e '/pty'
		;;
	esac > "$1"
	grep -v -x -F -f "$1" "$stage/list" | while read -r kind file; do
		name=$(basename "$file" .txt)
		[ "$kind" = program ] && name=program/$name
		echo "skip suite/$name: the reference cannot show it here (way: $way)"
	done
}

run_host() {
	sh "$here/host.sh" "$way" "$stage" "$build/host-root" /suite/list-used "$pattern" \
		< /dev/null > "$1" 2> "$1.err"
}

# As nice as the reference was.
run_guest() {
	# shellcheck disable=SC2086
	"$pinfold" run --timeout 900 --log "$build/guest.log" --add "$stage:/suite" \
		${PINFOLD_OPTIONS-} -- /suite/driver -k -p "$(nice)" "$@" /suite/list-used "$pattern" \
		< /dev/null
}

# Makes the streams guest.1, guest.2 ...: one for each start.
run_guest_all() {
	rm -f "$build"/guest.[0-9]*
	starts=1 started=0
	until run_guest -s "$started" > "$build/guest.$starts" 2> "$build/guest.err"; do
		echo "# the guest stopped early (start $starts): $(tail -n 1 "$build/guest.err")"
		cp "$build/guest.log" "$build/guest.log.$starts" 2> /dev/null
		before=$started
		started=$("$compare" --started "$build"/guest.[0-9]*)
		[ "$started" -gt "$before" ] && [ "$starts" -lt "$starts_allowed" ] || return 1
		starts=$((starts + 1))
	done
}

# compare_with REFERENCE OTHER...: their verdicts; ends the run when a stream is no stream.
compare_with() {
	"$compare" "$@" > "$build/compare.out" 2>&1
	status=$?
	sed "s|^\([okFAIL]*\) suite/|\1 $title/|" "$build/compare.out"
	[ "$status" -le 1 ] || fail stream "$(tail -n 1 "$build/compare.out")"
	return "$status"
}

determinism() {
	(while :; do :; done) &
	busy=$!
	trap 'kill $busy 2> /dev/null' EXIT
	result=0
	run_host "$build/host.1" || fail host "$(cat "$build/host.1.err")"
	for turn in 2 3; do
		run_host "$build/host.$turn" || fail host "$(cat "$build/host.$turn.err")"
		compare_with "$build/host.1" "$build/host.$turn" || result=1
	done
	return "$result"
}

mode=guest
if [ "${1-}" = --determinism ]; then
	mode=determinism
	shift
fi
pattern=${1:-*}

[ "$title" != suite ] || sh "$here/compare-test.sh" "$compare" "$build" || exit 1
way=$(sh "$here/host.sh" probe)
if [ -z "$way" ]; then
	echo "skip suite: neither chroot nor user namespaces work here, so there is no reference"
	exit 0
fi
write_list "$stage/list-used"
grep -q "/go-" "$stage/list" || echo "skip suite/program/go-*: no go here"
grep -q "\.musl$" "$stage/list" || echo "skip suite/program/*.musl: no musl-gcc here"
if [ "$mode" = determinism ]; then
	determinism
	exit
fi
[ -x "$pinfold" ] || fail guest "no launcher at $pinfold"
run_host "$build/host.1" || fail host "$(cat "$build/host.1.err")"
run_guest_all "$build/guest.1"
compare_with "$build/host.1" "$build"/guest.[0-9]*
