# SPDX-License-Identifier: MIT
# The standard streams, held against pipes of this machine: the same program, the same input, and
# what it writes to either output must be the same. Sourced by run.sh.

stream_tools=$(cd "$work" && pwd)

# The second part of the input comes when the program has found nothing to read.
feed_probe() {
	echo input
	until grep -q '^read of nothing' "$work/stream.$1"; do
		sleep 0.1
	done
	echo more
}

probe_streams() {
	side=$1
	shift
	: > "$work/stream.$side"
	feed_probe "$side" | timeout -k 5 60 "$@" 2> "$work/stream-err.$side" |
		cat > "$work/stream.$side"
}

probe_streams here "$stream_tools/stream-probe"
probe_streams guest $pinfold run -- "$stream_tools/stream-probe"
status=0
cp "$work/stream.guest" "$work/out"
cp "$work/stream-err.guest" "$work/err"
check streams-are-pipes '[ "$(wc -l < "$work/stream.here")" -gt 50 ]' \
	'cmp -s "$work/stream.here" "$work/stream.guest"' \
	'cmp -s "$work/stream-err.here" "$work/stream-err.guest"'
diff "$work/stream.here" "$work/stream.guest" | sed 's/^/  /'

# A shell's view, all at once: the reader's position is shared, links lead to the streams, the end
# comes through, and the outputs stay apart.
cat > "$work/stream-commands" << 'END'
read line; echo "line: $line"
dd bs=1 count=3 2> /dev/null; echo
read line; echo "again: $line"
cat /dev/stdin | sha256sum
[ -t 0 ] || echo no terminal
[ -p /dev/stdin ] && [ -p /proc/self/fd/1 ] && echo pipes
echo to stderr > /dev/stderr
echo to stdout >> /dev/stdout
echo both | tee /dev/stderr
stat -L -c '%F %a' /dev/stdin /dev/stdout /dev/stderr
cat; cat; wc -c
exec 0<&-
cat
echo "status $?"
exec 1>&2
echo all to stderr
END
seq 1000 1400 > "$work/stream-input"
shell_streams() {
	side=$1
	shift
	{
		cat "$work/stream-input" |
			timeout -k 5 60 "$@" sh -c "$(cat "$work/stream-commands")" 2>&1 >&3 3>&- |
			cat > "$work/commands-err.$side"
	} 3>&1 | cat > "$work/commands.$side"
}

shell_streams here env -i PATH="$PATH" "$busybox"
shell_streams guest $pinfold run -- busybox
cp "$work/commands.guest" "$work/out"
cp "$work/commands-err.guest" "$work/err"
check streams-in-a-shell '[ "$(wc -l < "$work/commands.here")" -gt 10 ]' \
	'cmp -s "$work/commands.here" "$work/commands.guest"' \
	'cmp -s "$work/commands-err.here" "$work/commands-err.guest"'
diff "$work/commands.here" "$work/commands.guest" | sed 's/^/  /' | head -n 20
diff "$work/commands-err.here" "$work/commands-err.guest" | sed 's/^/  /' | head -n 20

# Without a terminal the console is the log, and has no keyboard.
run $pinfold run --log "$work/console.log" -- sh -c \
	'echo to the log > /dev/console; cat < /dev/console; echo "end $?"; cat < /dev/tty'
check streams-console-is-the-log 'status_is 1' 'out_is "end 0
"' 'grep -q "^to the log" "$work/console.log"' 'err_has "/dev/tty: No such device or address"'
