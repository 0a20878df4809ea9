# SPDX-License-Identifier: MIT
# The terminal, held against this machine's own: the same keys go to the same programs on a
# pseudo-terminal here and in the guest; all that shows must be the same, byte for byte. Sourced
# by run.sh.

mkdir -p "$work/applets"
"$busybox" --install -s "$work/applets"
applets=$(cd "$work/applets" && pwd)
tools=$(cd "$work" && pwd)

escape=$(printf '\033')

# What depends on how fast the keys come, and not on the terminal: the launcher's word on a slow
# start, what a full-screen program paints (what it did counts), and the shell's question for the
# cursor's place, which it leaves out when a key is there already.
without_haste() {
	sed -i -e '/^pinfold: the guest is still starting/d' -e "s/$escape\[6n//g" \
		-e "s/$escape\[?1049h.*$escape\[?1049l/(screen)/" "$@"
}

# Compares a run of COMMAND… on both sides; the script of on-terminal comes on standard input, one
# word a line.
same_on_terminal() {
	test_name=$1
	shift
	script=$(paste -sd , -)
	run sh -c 'cd / && exec env -i PATH="$0" HOME=/root TERM=vt100 PS1="\$ " "$@"' "$applets" \
		"$tools/on-terminal" "$script" "$@"
	host_status=$status
	mv "$work/out" "$work/terminal-here"
	mv "$work/err" "$work/terminal-here.err"
	terminal "$script" $pinfold run --env PS1='$ ' --env TERM=vt100 -- "$@"
	without_haste "$work/terminal-here" "$work/out"
	check "terminal-$test_name" '[ "$host_status" = 0 ]' 'status_is 0' \
		'cmp -s "$work/terminal-here" "$work/out"' || :
	if [ "$host_status" != 0 ]; then
		sed 's/^/  here: /' "$work/terminal-here.err"
	elif ! cmp -s "$work/terminal-here" "$work/out"; then
		diff "$work/terminal-here" "$work/out" | cat -v | sed 's/^/  /' | head -n 20
	fi
}

same_on_terminal editing sh << 'END'
expect:$ 
type:sh -c 'echo st""art; exec cat'\r
expect:start
type:hello^?p\r
expect:hellp
type:to be killed^Uone  two^W three\r
expect:one   three
type:a^Abc^?^?^?d\r
expect:ad
type:lit^V^Ceral^V^?\r
expect:eral
expect:eral
type:half a line^D
expect:half a line
expect:half a line
type:and the rest
wait:300
type:^R\r
expect:and the rest
expect:and the rest
expect:and the rest
type:^D
expect:$ 
type:stty -echo; sh -c 'echo st""art; exec cat'\r
expect:start
type:secret\r
expect:secret
type:^D
expect:$ 
type:stty echo; exit 5\r
status:5
END

same_on_terminal jobs sh << 'END'
expect:$ 
type:sh -c 'echo st""art; exec sleep 100'\r
expect:start
wait:300
type:^C
expect:$ 
type:echo $?\r
expect:130
expect:$ 
type:sh -c 'echo st""art; exec sleep 100'\r
expect:start
wait:300
type:^\
expect:$ 
type:echo $?\r
expect:131
expect:$ 
type:sh -c 'echo st""art; exec sleep 100'\r
expect:start
wait:300
type:^Z
expect:Stopped
expect:$ 
type:jobs\r
expect:Stopped
expect:$ 
type:bg\r
expect:$ 
type:jobs\r
expect:Running
expect:$ 
type:fg\r
expect:sleep 100
wait:1000
type:^C
expect:$ 
type:cat &\r
expect:$ 
type:until jobs > /tmp/j$$; grep -q Stop /tmp/j$$; do sleep 0.1; done; cat /tmp/j$$; rm /tmp/j$$\r
expect:(tty input)
expect:$ 
type:fg\r
wait:500
type:to the cat\r
expect:to the cat
expect:to the cat
type:^D
expect:$ 
type:stty tostop\r
expect:$ 
type:echo hidden &\r
expect:$ 
type:until jobs > /tmp/j$$; grep -q Stop /tmp/j$$; do sleep 0.1; done; cat /tmp/j$$; rm /tmp/j$$\r
expect:(tty output)
expect:$ 
type:fg\r
expect:hidden
expect:$ 
type:stty -tostop\r
expect:$ 
type:sh -c 'trap "c=1; echo caught" INT; echo st""art; while [ -z "$c" ]; do sleep 0.05; done; exit 0'\r
expect:start
type:^C
expect:$ 
type:exit\r
status:0
END

same_on_terminal modes sh << 'END'
expect:$ 
type:stty -a\r
expect:echoke
expect:$ 
type:stty -icanon min 0 time 3; cat; stty sane\r
expect:$ 
type:read -n 1 x; echo "[$x]"\r
wait:300
type:q
expect:[q]
expect:$ 
type:read -t 1 x; echo $?\r
expect:1
expect:$ 
type:tty -s; echo $?; stty size\r
expect:24 80
expect:$ 
type:tty -s < /dev/null; echo $?\r
expect:1
expect:$ 
type:stty raw -echo; echo a; stty sane\r
expect:$ 
type:stty -onlcr; echo a; stty sane\r
expect:$ 
type:stty -tabs; printf '1\t2\n'; stty sane\r
expect:2
expect:$ 
type:echo pi''ped | sh -c 'cat; cat < /dev/tty'\r
expect:piped
type:typed\r
expect:typed
expect:typed
type:^D
expect:$ 
type:true | setsid sh -c 'cat < /dev/tty'; echo $?\r
expect:open /dev/tty
expect:1
expect:$ 
type:exit\r
status:0
END

same_on_terminal vi sh << 'END'
expect:$ 
type:vi /tmp/pinfold-tty-test\r
expect:-
type:ione two three
expect:I /tmp
type:^[
expect:- /tmp
type:0wdwonew line
expect:I /tmp
type:^[
expect:- /tmp
type:k:wq\r
expect:$ 
type:cat /tmp/pinfold-tty-test; rm /tmp/pinfold-tty-test\r
expect:new line
expect:$ 
type:exit\r
status:0
END

same_on_terminal window sh -c 'trap "stty size; exit 3" WINCH; echo ready
	while :; do sleep 0.05; done' << 'END'
expect:ready
size:31x91
expect:31 91
status:3
END

same_on_terminal flow sh -c 'echo ready; cat; echo end' << 'END'
expect:ready
type:^S
wait:200
type:held back\r
wait:500
type:^Q
expect:held back
expect:held back
type:^D
expect:end
status:0
END

# Keys before the program is there go to the command, as to any that has not started yet.
same_on_terminal alone sh -c 'echo ready; exec cat' << 'END'
expect:ready
type:^Z
wait:300
type:still there\r
expect:still there
expect:still there
type:^C
status:130
END

same_on_terminal busy sh -c 'trap "echo caught; exit 6" INT; echo ready; while :; do :; done' << 'END'
expect:ready
wait:300
type:^Z
wait:300
type:^C
expect:caught
status:6
END

same_on_terminal probe "$tools/tty-probe" << 'END'
expect:keys 1
type:hello^?p\r
expect:keys 2
type:abcdef\r
expect:keys 3
type:^D
expect:keys 4
type:abcde
expect:keys 5
type:x
expect:keys 6
type:^C^Z
expect:keys 7
wait:300
type:abc
expect:abc
type:^C
expect:keys 8
wait:300
type:abc
expect:abc
type:^Cdef\r
expect:keys 9
type:to child\r
expect:keys 10
type:^Z
expect:keys 11
type:to parent\r
expect:done
status:0
END

# The launcher's terminal goes away.
terminal 'expect:ready,kill:1,expect:hung up,status:7' \
	$pinfold run -- sh -c 'trap "echo hung up; exit 7" HUP; echo ready; while :; do sleep 0.05; done'
check terminal-hang-up 'status_is 0'

# A terminal that is no pseudo-terminal is hung up when its session ends.
terminal 'expect:group,status:0' $pinfold run -- "$tools/tty-probe" hang-up
tr -d '\r' < "$work/out" > "$work/hang-up"
without_haste "$work/hang-up"
check terminal-session-ends 'status_is 0' 'cmp -s "$work/hang-up" - << END
TIOCNOTTY by the leader: 0 
hang-ups 1
leader takes the terminal: 0
left behind: hang-ups 1, read 0
read again 0
write -1 EIO
attributes -1 EIO
open /dev/tty -1 ENXIO
write -1 EIO
TIOCSCTTY again: 0 
group 1
END'
