# SPDX-License-Identifier: MIT
# The launcher with a guest that does what is asked of it (fake-qemu): everything that a real
# guest does seldom or late.

fake 'boot exit=0' $pinfold run --cold -- x
check fake-exit-0 'status_is 0' 'out_is ""' 'err_is ""'
fake 'boot exit=255' $pinfold run --cold -- x
check fake-exit-255 'status_is 255' 'err_is ""'
fake 'boot killed=9' $pinfold run --cold -- x
check fake-killed 'status_is 137' 'err_is ""'
fake 'boot both exit=1' $pinfold run --cold -- x
check fake-streams-apart 'status_is 1' 'out_is "out
"' 'err_is "err
"'
fake 'boot enoent' $pinfold run --cold -- x
check fake-not-found 'status_is 127' err_is_one_line
fake 'boot noexec' $pinfold run --cold -- x
check fake-noexec 'status_is 126' err_is_one_line 'err_is "pinfold: x: is a teapot?
"'
fake 'boot refused' $pinfold run --cold -- x
check fake-refused 'status_is 125' 'err_is "pinfold: there is nobody
"'
fake 'boot report exit=0' $pinfold run --cold --stats -- x
check fake-stats 'status_is 0' 'err_is "hypercalls 7
"'
fake 'boot report exit=0' $pinfold run --cold -v -- x
check fake-verbose 'status_is 0' 'out_is ""' "err_is \"the kernel's log
\""

# Failures: 125, one line with the cause, and the log that it names.
fake 'boot panic' $pinfold run --cold -- x
check fake-panic 'status_is 125' err_is_one_line 'err_has "the sky fell"' 'log_has "the kernel"'
limit=10
fake 'boot xen-panic' $pinfold run --cold -- x
check fake-xen-panic 'status_is 125' err_is_one_line 'err_has "FATAL TRAP: vector = 14"' \
	'log_has "Reboot in five"'
fake 'boot xen-crash' $pinfold run --cold -- x
check fake-xen-crash 'status_is 125' err_is_one_line 'err_has "Unhandled page fault"' \
	'log_has "crashed on cpu"'
fake 'boot say-end exit=4' $pinfold run --cold -- x
check fake-no-false-alarm 'status_is 4' 'err_is ""'
fake 'boot both die' $pinfold run --cold -- x
check fake-qemu-dies 'status_is 125' 'err_has "killed by signal 9"' 'out_is "out
"' 'log_has "the kernel"'
fake 'quit=1' $pinfold run --cold -- x
check fake-qemu-refuses 'status_is 125' err_is_one_line 'err_has "no such thing"' 'log_has no.such'
fake 'boot quit=0' $pinfold run --cold -- x
check fake-no-status 'status_is 125' err_is_one_line 'log_has "the kernel"'
fake 'boot broken' $pinfold run --cold -- x
check fake-broken-ring 'status_is 125' err_is_one_line 'log_has "the kernel"'
fake 'boot hang' $pinfold run --cold --timeout 0.5 -- x
check fake-timeout 'status_is 124' err_is_one_line
fake 'boot panic' $pinfold run --cold --log "$work/named.log" -- x
check fake-named-log 'status_is 125' 'err_has "(log: $work/named.log)"' \
	'grep -q "the kernel" "$work/named.log"'
fake 'boot exit=0' $pinfold run --cold --log /dev/full -- x
check fake-full-log 'status_is 0' err_is_one_line 'err_has "/dev/full: No space left"'
limit=

for size in 0 8; do
	fake 'boot exit=3' sh -c "{ (ulimit -f $size; exec $pinfold run --cold -- x); echo \$?; } 2>&1 | cat"
	check "fake-file-limit-$size" '[ "$(wc -l < "$work/out")" = 2 ]' 'out_has "ulimit -f"' \
		'out_has "^125$"'
done
fake 'boot exit=3' sh -c "ulimit -S -f 0; exec $pinfold run --cold -- x"
check fake-file-limit-soft 'status_is 3' 'err_is ""'

# Streams.
head -c 3000000 /dev/urandom > "$work/random"
PINFOLD_QEMU=$work/fake-qemu PINFOLD_LIB=$work/lib FAKE_GUEST='boot copy exit=0'
export PINFOLD_QEMU PINFOLD_LIB FAKE_GUEST
run_with "$work/random" $pinfold run --cold -- x
check fake-copy-file 'status_is 0' 'cmp -s "$work/random" "$work/out"'
run sh -c "cat '$work/random' | $pinfold run --cold -- x | { sleep 0.3; cat; }"
check fake-copy-pipes 'status_is 0' 'cmp -s "$work/random" "$work/out"'
run sh -c "$pinfold run --cold -- x <&-"
check fake-stdin-closed 'status_is 0' 'out_is ""' 'err_is ""'
FAKE_GUEST='boot both exit=0'
run sh -c "$pinfold run --cold -- x >&-"
check fake-stdout-closed 'status_is 0' 'err_is "err
"'
run sh -c "$pinfold run --cold -- x > /dev/full"
check fake-stdout-full 'status_is 125' 'err_has "^err"' 'err_has "lost: No space left"'
FAKE_GUEST='boot zeros exit=9'
run sh -c "{ $pinfold run --cold -- x; echo \$? >&2; } | head -c 5000000 | wc -c"
check fake-reader-leaves 'out_is "5000000
"' 'err_is "9
"'

FAKE_GUEST='boot read=6 exit=0'
printf 'first\nsecond\nthird\n' > "$work/lines"
run_with "$work/lines" sh -c "$pinfold run --cold -- x; cat"
check fake-file-left-to-others 'status_is 0' 'out_is "second
third
"'
FAKE_GUEST='boot exit=0'
run_with "$work/lines" sh -c "while read -r line; do $pinfold run --cold -- x; echo \$line; done"
check fake-loop-over-file 'out_is "first
second
third
"'
# Signals from outside: the first is the program's, a second one ends the run, and so does one that
# a guest does not take.
FAKE_GUEST='boot signal exit=6'
: > "$work/ready"
run sh -c "$pinfold run --cold -v -- x 2> '$work/ready' & job=\$!
	until grep -q log '$work/ready'; do sleep 0.05; done; kill -TERM \$job; wait \$job"
check fake-signal-forwarded 'status_is 6' 'out_has "signal 15"'
FAKE_GUEST='boot hang'
: > "$work/ready"
run sh -c "$pinfold run --cold -v -- x 2> '$work/ready' & job=\$!
	until grep -q log '$work/ready'; do sleep 0.05; done
	kill -TERM \$job; sleep 0.2; kill -HUP \$job; wait \$job"
check fake-second-signal 'status_is 129'
: > "$work/ready"
run sh -c "$pinfold run --cold -v -- x 2> '$work/ready' & job=\$!
	until grep -q log '$work/ready'; do sleep 0.05; done; kill -TERM \$job; wait \$job"
cp "$work/ready" "$work/err"
check fake-signal-not-taken 'status_is 125' 'err_has "the guest hangs"' 'log_has "the kernel"'
FAKE_GUEST='boot ignore'
: > "$work/ready"
run sh -c "$pinfold run --cold -v --timeout 7 -- x 2> '$work/ready' & job=\$!
	until grep -q log '$work/ready'; do sleep 0.05; done; kill -TERM \$job; sleep 6
	kill -USR1 \$job; wait \$job"
check fake-signal-ignored 'status_is 124'
FAKE_GUEST='boot hang'
: > "$work/ready"
run sh -c "$pinfold run --cold -v -- x 2> '$work/ready' & job=\$!
	until grep -q log '$work/ready'; do sleep 0.05; done
	guest=\$(cat /proc/\$job/task/\$job/children); kill -KILL \$job; wait \$job
	for try in 1 2 3 4 5 6 7 8 9; do
		grep -q '^State:.[^Z]' /proc/\$guest/status 2> /dev/null || exit 77; sleep 0.1
	done"
check fake-qemu-dies-with-launcher 'status_is 77'
unset PINFOLD_QEMU PINFOLD_LIB FAKE_GUEST

# The terminal: raw while the guest runs, its modes back however the run ends.
fake_terminal 'boot terminal exit=5' \
	'expect:size 24 80,raw,type:a^C,expect:key 97,expect:key 3,size:30x90,expect:size 30 90,type:q,status:5,cooked' \
	$pinfold run --cold -- x
check fake-terminal 'status_is 0'
for end in 9:137 11:139; do
	fake_terminal 'boot terminal exit=5' \
		"expect:size,raw,kill:${end%:*},status:${end#*:},cooked" $pinfold run --cold -- x
	check "fake-terminal-back-after-signal-${end%:*}" 'status_is 0'
done
fake_terminal 'boot terminal exit=5' 'expect:size,raw,kill:15,wait:200,kill:15,status:143,cooked' \
	$pinfold run --cold -- x
check fake-terminal-back-after-two-signals 'status_is 0'
fake_terminal 'boot xen-panic' 'expect:Xen panicked,status:125,cooked' $pinfold run --cold -- x
check fake-terminal-back-after-panic 'status_is 0'
# Ctrl-C is the guest's, unless there is no program yet, or it does not take keys any more.
fake_terminal 'hang' 'raw,type:^C,status:130,cooked' $pinfold run --cold -- x
check fake-terminal-interrupt-before-program 'status_is 0'
fake_terminal 'boot hang' \
	"expect:kernel's log,type:^C^C,wait:5200,type:^C,expect:the guest hangs,status:125,cooked" \
	$pinfold run --cold -v -- x
check fake-terminal-interrupt-of-hung-guest 'status_is 0'
rm -f "$TMPDIR"/pinfold-*.log
fake_terminal 'boot hang' 'type:typed ahead\r,expect:left typed ahead,status:0' \
	sh -c "$pinfold run --cold --timeout 1 -- x > '$work/terminal-out'; read -r line; echo left \$line"
check fake-terminal-keys-left-to-others 'status_is 0'
fake_terminal 'boot signal exit=5' "expect:kernel's log,cooked,type:^C,status:5,cooked" \
	sh -c "exec $pinfold run --cold -v -- x > $work/terminal-out"
check fake-terminal-only-input 'status_is 0' 'grep -q "signal 2" "$work/terminal-out"'

# Packing that takes more than two seconds shows a line on a terminal, which is erased; elsewhere
# nothing is shown. The reader of the ramdisk is slow.
slow_image="rm -rf '$work/slow'; mkdir -p '$work/slow'; mkfifo '$work/slow/ramdisk.cpio'
	{ sleep 2.5; cat > /dev/null; } < '$work/slow/ramdisk.cpio' &
	$pinfold image -o '$work/slow' --add '$work/slow-data:/data' -- true; code=\$?; wait; exit \$code"
head -c 20000000 /dev/zero > "$work/slow-data"
terminal 'expect:packing the ramdisk: ,expect:pinfold-kernel.elf,status:0' sh -c "$slow_image"
check progress-on-a-terminal 'status_is 0' \
	'grep -q "MiB$(printf "\r\033\\[K").*slow: pinfold-kernel" "$work/out"'
run sh -c "$slow_image"
check progress-not-elsewhere 'status_is 0' 'err_is ""'
rm -rf "$work/slow" "$work/slow-data"
