# SPDX-License-Identifier: MIT
# What the tests of the command share. Sourced, after `work` was set to a folder for their files.
#
# A test is: run COMMAND…; then conditions, each with a name of the test; then it is told with one
# line. Standard output, standard error and status of the last run are in $work/out, $work/err, $status.

failures=0
pinfold=./pinfold
busybox=${BUSYBOX:-/bin/busybox}

# Runs a command with nothing on its standard input, bounded in time.
run() {
	run_with /dev/null "$@"
}

run_with() {
	input=$1
	shift
	status=0
	timeout -k 5 "${limit:-120}" "$@" < "$input" > "$work/out" 2> "$work/err" || status=$?
}

# A guest that does as the words say, in place of QEMU.
fake() {
	words=$1
	shift
	run env PINFOLD_QEMU="$work/fake-qemu" PINFOLD_LIB="$work/lib" FAKE_GUEST="$words" "$@"
}

# On a terminal of its own; the first argument is the script of on-terminal.
terminal() {
	run "$work/on-terminal" "$@"
}

fake_terminal() {
	words=$1
	shift
	run env PINFOLD_QEMU="$work/fake-qemu" PINFOLD_LIB="$work/lib" FAKE_GUEST="$words" \
		"$work/on-terminal" "$@"
}

# Tells of a test: ok if all the conditions, each a string for eval, hold.
check() {
	name=$1
	shift
	for condition in "$@"; do
		if ! eval "$condition"; then
			echo "FAIL command/$name"
			echo "  does not hold: $condition (status $status)"
			sed 's/^/  err: /' "$work/err" | head -n 5
			failures=$((failures + 1))
			return
		fi
	done
	echo "ok command/$name"
}

status_is() { [ "$status" = "$1" ]; }
out_is() { printf '%s' "$1" | cmp -s - "$work/out"; }
err_is() { printf '%s' "$1" | cmp -s - "$work/err"; }
out_has() { grep -q -- "$1" "$work/out"; }
err_has() { grep -q -- "$1" "$work/err"; }
err_is_one_line() { [ "$(wc -l < "$work/err")" = 1 ] && err_has '^pinfold: '; }

# The log that the error line names exists and has the text given; it is removed then.
log_has() {
	path=$(sed -n 's/.*(log: \(.*\))$/\1/p' "$work/err")
	[ -n "$path" ] && grep -q -- "$1" "$path"
	found=$?
	[ -z "$path" ] || rm -f "$path"
	return "$found"
}
