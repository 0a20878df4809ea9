#!/bin/sh
# SPDX-License-Identifier: MIT
# The checks of the domU tests. Runs in dom0, started by its /init; descriptor 3 leads to the host.
# Guests' images are in /guests/IMAGE as `pinfold image` writes them: hello (echo), status (a shell
# that ends with 3), shell (an interactive one); minimal is examples/minimal. Each check prints one
# line: `ok NAME` or `FAIL NAME: why`, and after a failure what the guest's console and the
# toolstack said.
#
# Every guest has a name of its own, because log files are named after it.

console_logs=/var/log/xen/console
patience=60 # seconds; an emulated machine that shares its processor is slow
escape=$(printf '\033')

# wait_for COMMAND…: true once the command is; false when it was not for too long.
wait_for() {
	tries=$((patience * 4))
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.25
	done
}

# wait_while_there NAME COMMAND…: as wait_for, but gives up when the guest has ended.
wait_while_there() {
	guest=$1
	shift
	tries=$((patience * 4))
	until "$@"; do
		tries=$((tries - 1))
		if [ $tries -le 0 ]; then
			return 1
		fi
		if guest_reaped "$guest"; then
			sleep 1 # the console's log may be a little behind
			"$@"
			return
		fi
		sleep 0.25
	done
}

# guest_start NAME IMAGE [SETTING…]: starts a guest; settings as in xl's configuration files.
guest_start() {
	name=$1
	image=$2
	shift 2
	guests="$guests $name"
	(cd "/guests/$image" && timeout $patience xl create pinfold.cfg "name=\"$name\"" "$@") \
		> "/tmp/create-$name" 2>&1 && return 0
	why="xl create failed"
	return 1
}

# What the guest wrote to its console, without the terminal's line ends and control sequences.
guest_console() {
	tr -d '\r' < "$console_logs/guest-$1.log" | sed "s/$escape\\[[0-9;]*[A-Za-z]//g"
}

# guest_says NAME LINE: one line of the guest's console is exactly this.
guest_says() {
	[ -f "$console_logs/guest-$1.log" ] && guest_console "$1" | grep -qxF -e "$2"
}

guest_prompts() {
	[ -f "$console_logs/guest-$1.log" ] && guest_console "$1" | tail -n 1 | grep -q '# $'
}

guest_expect() {
	wait_while_there "$1" guest_says "$1" "$2" && return 0
	why="no line '$2' on the console of $1"
	return 1
}

guest_expect_prompt() {
	wait_while_there "$1" guest_prompts "$1" && return 0
	why="no prompt on the console of $1"
	return 1
}

# guest_type NAME FORMAT: types what printf makes of the format at the guest's console.
guest_type() {
	id=$(xl domid "$1") && tty=$(xenstore-read "/local/domain/$id/console/tty") || {
		why="$1 has no console"
		return 1
	}
	# The text is a format: it may hold control characters.
	# shellcheck disable=SC2059
	printf "$2" > "$tty"
}

guest_reaped() {
	grep -q 'Done. Exiting now' "/var/log/xen/xl-$1.log" 2> /dev/null
}

# guest_expect_end NAME CODE: the guest ends by itself with this reason (0 power-off, 1 reboot,
# 3 crash).
guest_expect_end() {
	if ! wait_for guest_reaped "$1"; then
		why="$1 did not end"
		return 1
	fi
	reason=$(sed -n 's/.*has shut down, reason code \([0-9]*\) .*/\1/p' "/var/log/xen/xl-$1.log")
	if [ "$reason" != "$2" ]; then
		why="$1 ended with reason code '$reason' instead of $2"
		return 1
	fi
	if xl domid "$1" > /dev/null 2>&1; then
		why="$1 is still there"
		return 1
	fi
}

check_minimal() {
	guest_start minimal minimal && guest_expect minimal "minimal: user mode answered 42" &&
		guest_expect minimal "minimal: a timer tick came, not early" &&
		guest_expect_end minimal 1
}

check_hello() {
	guest_start hello hello memory=64 && guest_expect hello hello-from-domU &&
		guest_expect_end hello 0
}

check_memory_32() {
	guest_start small hello memory=32 && guest_expect small hello-from-domU &&
		guest_expect_end small 0
}

# The status has no other way out of a domU than the console's last line.
check_status() {
	guest_start status status && guest_expect_end status 0 || return 1
	guest_console status | tail -n 1 | grep -q 'status 3' && return 0
	why="the last line on the console does not name the status"
	return 1
}

check_input() {
	guest_start input shell && guest_expect_prompt input &&
		guest_type input 'echo answer=$((6 * 7))\n' && guest_expect input answer=42 &&
		guest_expect_prompt input && guest_type input 'exit\n' && guest_expect_end input 0
}

check_interrupt() {
	guest_start interrupt shell && guest_expect_prompt interrupt &&
		guest_type interrupt 'echo waiting; cat\n' && guest_expect interrupt waiting &&
		guest_type interrupt '\003' && guest_expect_prompt interrupt &&
		guest_type interrupt 'echo status=$?\n' && guest_expect interrupt status=130 &&
		guest_type interrupt 'exit\n' && guest_expect_end interrupt 0
}

# More than the console's ring holds, in both directions.
check_long_output() {
	guest_start output shell && guest_expect_prompt output &&
		guest_type output 'seq 10001 13000; exit\n' && guest_expect_end output 0 || return 1
	seq 10001 13000 > /tmp/expected
	guest_console output | grep -x '1[0-9][0-9][0-9][0-9]' | cmp -s - /tmp/expected && return 0
	why="lines are missing from 3000 lines of output"
	return 1
}

check_long_input() {
	guest_start lines shell && guest_expect_prompt lines &&
		guest_type lines 'stty -echo; echo reading; cksum\n' &&
		guest_expect lines reading || return 1
	seq 10001 10600 > /tmp/input
	guest_type lines "$(cat /tmp/input)\n\004" &&
		guest_expect lines "$(cksum < /tmp/input)" && guest_type lines 'exit\n' &&
		guest_expect_end lines 0
}

check_xl_shutdown() {
	guest_start stop shell && guest_expect_prompt stop || return 1
	if ! timeout $patience xl shutdown stop > /tmp/shutdown 2>&1; then
		why="xl shutdown failed: $(tail -n 1 /tmp/shutdown)"
		return 1
	fi
	guest_expect_end stop 0
}

check_xl_reboot() {
	guest_start again shell && guest_expect_prompt again || return 1
	if ! timeout $patience xl reboot again > /tmp/shutdown 2>&1; then
		why="xl reboot failed: $(tail -n 1 /tmp/shutdown)"
		return 1
	fi
	guest_expect_end again 1
}

# With the kernel's messages off, the console is the program's alone.
check_quiet() {
	guest_start quiet hello 'extra="loglevel=3"' && guest_expect_end quiet 0 || return 1
	[ "$(guest_console quiet)" = hello-from-domU ] && return 0
	why="more on the console than the program's output"
	return 1
}

# A domU has fewer rights than the first domain: what Xen lets that one do wrongly shows here.
check_processes() {
	guest_start many shell memory=32 && guest_expect_prompt many &&
		guest_type many 'i=0; while [ $i -lt 300 ]; do busybox true; i=$((i + 1)); done\n' &&
		guest_type many 'echo started=$i\n' && guest_expect many started=300 &&
		guest_type many 'seq 2000 | sort -r | tail -n 1 | sed s/^/least=/\n' &&
		guest_expect many least=1 && guest_type many 'exit\n' && guest_expect_end many 0
}

# Wall clock, time since boot and sleep, also across a pause: the clock goes on meanwhile.
check_clock() {
	started=$(date +%s)
	guest_start clock shell && guest_expect_prompt clock &&
		guest_type clock 'date +begin=%%s; sleep 2; date +end=%%s\n' &&
		guest_type clock 's=$?; sed "s/^/up=/; s/[.].*//" /proc/uptime; echo slept=$s\n' &&
		guest_expect clock slept=0 || return 1
	begin=$(guest_console clock | sed -n 's/^begin=//p')
	end=$(guest_console clock | sed -n 's/^end=//p')
	up=$(guest_console clock | sed -n 's/^up=//p')
	now=$(date +%s)
	if [ $((end - begin)) -lt 2 ] || [ $((now - end)) -gt 20 ] || [ $((now - end)) -lt -2 ]; then
		why="the clock went from $begin to $end and dom0's is at $now"
		return 1
	fi
	if [ "$up" -lt 2 ] || [ "$up" -gt $((now - started + 2)) ]; then
		why="up $up s, $((now - started)) s after its creation"
		return 1
	fi
	xl pause clock && sleep 3 && xl unpause clock || return 1
	guest_type clock 'date +resumed=%%s; sleep 1; echo slept=$((40 + 2))\n' &&
		guest_expect clock slept=42 || return 1
	resumed=$(guest_console clock | sed -n 's/^resumed=//p')
	if [ $((resumed - end)) -lt 3 ]; then
		why="the clock stood still while the guest was paused"
		return 1
	fi
	guest_type clock 'exit\n' && guest_expect_end clock 0
}

# A panic is a crash to the toolstack, and its cause is on the console.
check_panic() {
	guest_start panic shell && guest_expect_prompt panic &&
		guest_type panic 'echo a-cause > /proc/pinfold/panic\n' &&
		guest_expect_end panic 3 || return 1
	guest_console panic | grep -q 'panic.*: a-cause' && return 0
	why="no cause on the console"
	return 1
}

guest_notes_nmi() {
	guest_console "$1" | grep -q "NMI on CPU $2, in .*: number $3 there"
}

# A line of the log for each, and everything goes on.
check_xl_trigger_nmi() {
	guest_start nmi shell vcpus=2 && guest_expect_prompt nmi || return 1
	for turn in 1 2; do
		for vcpu in 0 1; do
			if ! xl trigger nmi nmi $vcpu > /tmp/trigger 2>&1; then
				why="xl trigger failed: $(tail -n 1 /tmp/trigger)"
				return 1
			fi
			if ! wait_while_there nmi guest_notes_nmi nmi $vcpu $turn; then
				why="no line about NMI $turn of vcpu $vcpu"
				return 1
			fi
		done
	done
	guest_type nmi 'echo answer=$((6 * 7))\n' && guest_expect nmi answer=42 &&
		guest_type nmi 'exit\n' && guest_expect_end nmi 0
}

check_two_at_once() {
	guest_start one shell memory=64 && guest_start two shell memory=64 &&
		guest_expect_prompt one && guest_expect_prompt two &&
		guest_type one 'echo one=$((100 + 1))\n' && guest_type two 'echo two=$((200 + 2))\n' &&
		guest_expect one one=101 && guest_expect two two=202 || return 1
	if guest_says one two=202 || guest_says two one=101; then
		why="a guest answered to the other's input"
		return 1
	fi
	guest_type one 'exit\n' && guest_expect_end one 0 &&
		guest_type two 'echo two=$((300 + 3))\n' && guest_expect two two=303 &&
		guest_type two 'exit\n' && guest_expect_end two 0
}

# Xen keeps the frames of a guest that is gone for as long as someone holds them.
check_nothing_left() {
	xl list > /tmp/list
	[ "$(wc -l < /tmp/list)" = 2 ] && return 0
	why="domains are left: $(tail -n +3 /tmp/list | tr '\n' ';')"
	return 1
}

# What Xen says about its first domain is that Linux's affair; all else must be explained here.
check_xen_log() {
	xl dmesg | grep -v -e '[ :]d0v[0-9]* ' -e '(XEN) d0: ' > /tmp/xen-log
	[ -s /tmp/xen-log ] || return 0
	why="Xen said: $(head -n 1 /tmp/xen-log)"
	return 1
}

# explain: what is there to understand a failure.
explain() {
	for name in $guests; do
		for file in "/tmp/create-$name" "/var/log/xen/xl-$name.log"; do
			[ -f "$file" ] && sed "s|^|  $name, toolstack: |" "$file"
		done
		[ -f "$console_logs/guest-$name.log" ] &&
			guest_console "$name" | tail -n 40 | sed "s|^|  $name, console: |"
	done
	xl dmesg | tail -n 40 | sed 's|^|  |'
}

# run_check NAME FUNCTION
run_check() {
	why=
	guests=
	if "$2"; then
		echo "ok $1" >&3
		return
	fi
	echo "FAIL $1: ${why:-no reason given}" >&3
	explain >&3 2>&1
	for name in $guests; do
		xl destroy "$name" > /dev/null 2>&1
	done
}

xl dmesg -c > /dev/null
for check in $(cat /wanted); do
	run_check "$check" "check_$(echo "$check" | tr - _)"
done
