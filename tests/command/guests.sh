# SPDX-License-Identifier: MIT
# Real guests: every status, the streams, files put in, the terminal, failures of QEMU.

guest() {
	run $pinfold run "$@"
}

guest -- true
check guest-status-0 'status_is 0' 'out_is ""' 'err_is ""'
guest -- sh -c 'exit 42'
check guest-status-42 'status_is 42' 'err_is ""'
guest -- sh -c 'kill -KILL $$'
check guest-killed 'status_is 137'
guest -- sh -c 'echo out; echo err >&2; echo more'
check guest-streams-apart 'status_is 0' 'out_is "out
more
"' 'err_is "err
"'
guest -- no-such-program
check guest-not-found-in-path 'status_is 127' err_is_one_line
guest -- /no/such/program
check guest-not-found 'status_is 127' err_is_one_line
guest --timeout 6 -- sleep 100
check guest-timeout 'status_is 124' err_is_one_line

guest -- sh -c 'pwd; echo $# "$0" "$1" "$2"; echo "$HOME $TERM $PATH"; set | grep -c ^A_NAME=' \
	name 'one  two' ''
check guest-arguments 'out_is "/
2 name one  two 
/root dumb /bin:/sbin:/usr/bin:/usr/sbin
0
"'
guest --env A_NAME='a value' --env TERM=vt100 -- sh -c 'echo "$A_NAME $TERM"'
check guest-env 'out_is "a value vt100
"'

# Where, as whom and under which limits the program runs.
guest -w /srv/deep -- sh -c 'pwd; stat -c "%U %a" .; cd /; rmdir /srv/deep'
check guest-workdir 'status_is 0' 'out_is "/srv/deep
root 755
"'
guest -w /bin -- pwd
check guest-workdir-there 'out_is "/bin
"'
guest -w /etc/passwd -- pwd
check guest-workdir-file 'status_is 125' err_is_one_line 'err_has "working directory.*/etc/passwd"'
user_is() {
	guest -u "$1" -- sh -c 'echo "$(id -u) $(id -g) $HOME"; touch /x 2> /dev/null || echo denied'
	check "guest-user-$1" 'status_is 0' "out_is '$2
denied
'"
}
user_is nobody '65534 65534 /'
user_is nobody:tty '65534 5 /'
user_is 1234 '1234 0 /'
user_is 1234:99 '1234 99 /'
user_is 65534 '65534 65534 /'
guest -u root:tty -- sh -c 'id -u; id -g; echo $HOME; touch /x'
check guest-user-root 'status_is 0' 'out_is "0
5
/root
"'
printf 'me:x:7:8:of two:/home/me:/bin/sh\nbad line\n7:x:9:9::/other:\n' > "$work/passwd"
guest --add "$work/passwd:/etc/passwd" -u me -e A=1 -- sh -c 'echo $(id -u) $(id -g) $HOME $A'
check guest-user-added 'status_is 0' 'out_is "7 8 /home/me 1
"'
guest --add "$work/passwd:/etc/passwd" -u 7 -e HOME=/x -- sh -c 'echo $(id -u) $HOME'
check guest-user-named-by-a-number 'status_is 0' 'out_is "9 /x
"'
for nobody in who nobody:who 4294967295; do
	guest -u $nobody -- true
	check "guest-user-unknown-$nobody" 'status_is 125' err_is_one_line "err_has 'no such user.*$nobody'"
done
guest --ulimit nofile=20:30 --ulimit core=unlimited --ulimit stack=131072 -- \
	sh -c 'ulimit -n; ulimit -H -n; ulimit -c; ulimit -s'
check guest-limits 'status_is 0' 'out_is "20
30
unlimited
128
"'
guest -- /bin/sh -c 'echo its own'
check guest-own-program 'status_is 0' 'out_is "its own
"' 'err_is ""'

# Bytes: a MiB through a program, ten MiB of output, a reader that leaves.
head -c 1048576 /dev/urandom > "$work/mib"
run_with "$work/mib" $pinfold run -- sha256sum
check guest-stdin-mib 'status_is 0' 'sha256sum < "$work/mib" | cmp -s - "$work/out"'
run_with "$work/mib" $pinfold run -- cat
check guest-binary 'cmp -s "$work/mib" "$work/out"' 'err_is ""'
mkdir -p "$work/tree/deep"
head -c 10485760 /dev/urandom > "$work/tree/deep/data"
ln -sf deep/data "$work/tree/link"
printf 'text' > "$work/tree/note"
guest --add "$work/tree:/tree" -- cat /tree/link
check guest-output-10-mib 'status_is 0' 'cmp -s "$work/tree/deep/data" "$work/out"'
run sh -c "{ $pinfold run -- yes; echo \$? >&2; } | head -n 1000 | sort -u"
check guest-reader-leaves 'out_is "y
"' 'err_is "141
"'

# Descriptors that are closed, or cannot be read or written, are so to the program: what the same
# busybox says here.
same_here() {
	test_name=$1 redirection=$2
	shift 2
	run sh -c "'$busybox' \"\$@\" $redirection" sh "$@"
	cp "$work/out" "$work/out-here"
	cp "$work/err" "$work/err-here"
	status_here=$status
	run sh -c "$pinfold run -- busybox \"\$@\" $redirection" sh "$@"
	check "guest-$test_name" 'status_is $status_here' 'cmp -s "$work/out" "$work/out-here"' \
		'cmp -s "$work/err" "$work/err-here"'
}
same_here stdin-closed '<&-' cat
same_here stdin-directory '< /' cat
same_here stdin-only-for-writing '0> /dev/null' cat
same_here stdout-closed '>&-' sh -c 'echo lost; echo "status $?" >&2'
same_here stdout-only-for-reading '1< /dev/null' sh -c 'echo lost; echo "status $?" >&2'
same_here stderr-closed '2>&-' sh -c 'echo lost >&2; echo "status $?"'
same_here all-closed '<&- >&- 2>&-' sh -c 'read -r line; echo "$line" && exit 1; exit 7'

# The limit on file sizes is not one of the guest's memory; where it has to hold, one line says so.
run sh -c "(ulimit -S -f 0; exec $pinfold run -- echo through) | cat"
check guest-file-limit-soft 'status_is 0' 'out_is "through
"' 'err_is ""'
run sh -c "ulimit -S -f 1; $pinfold run -- seq 1000 > '$work/limited'"
check guest-file-limit-of-output 'status_is 125' err_is_one_line 'err_has "lost: File too large"' \
	'[ "$(wc -c < "$work/limited")" = 512 ]'

# An NMI for each CPU, and for one that a program runs on: lines of the log, and all goes on.
guest --vcpus 2 --log "$work/nmi.log" -- sh -c 'echo 0 > /proc/pinfold/nmi
	echo 1 > /proc/pinfold/nmi
	echo 2 > /proc/pinfold/nmi || echo refused
	while :; do :; done & while :; do :; done & sleep 0.3
	echo 0 > /proc/pinfold/nmi; echo 1 > /proc/pinfold/nmi; sleep 0.3; kill %1 %2; echo over' 2> /dev/null
check guest-nmi 'status_is 0' 'grep -q "NMI on CPU 0, in the kernel .* number 1 there" "$work/nmi.log"' \
	'grep -q "NMI on CPU 1, in .* number 2 there" "$work/nmi.log"' 'tail -n 1 "$work/out" | grep -qx over'

# Files.
guest --add "$work/tree/note:/tmp/" --add "$work/tree/note:/a/b/c" -- \
	sh -c 'cat /tmp/note /a/b/c; ls -ld /tmp | cut -c1-10'
check guest-add 'out_is "texttextdrwxrwxrwt
"'
cat > "$programs/hello.c" << 'END'
#include <stdio.h>
int main(int argc, char **argv)
{
	printf("hello from %s, %d\n", argv[0], argc);
	return 3;
}
END
${CC:-gcc} -static -o "$programs/hello" "$programs/hello.c"
guest -- "$programs/hello" x y
check guest-program-of-host 'status_is 3' 'out_is "hello from $programs/hello, 3
"'
mkdir -p "$work/root/bin" "$work/root/sub"
cp "$programs/hello" "$work/root/sub/hello"
ln -sf ../sub/hello "$work/root/bin/hi"
guest --root "$work/root" -- hi
check guest-root 'status_is 3' 'out_is "hello from hi, 1
"'
guest --root "$work/root" -- /sub/hello
check guest-root-path 'status_is 3' 'out_is "hello from /sub/hello, 1
"'
guest --root "$work/root" -- sh
check guest-root-without-shell 'status_is 127'

# The machine.
guest --memory 32 -- sh -c 'echo small'
check guest-memory-32 'status_is 0' 'out_is "small
"'
# Files may take nearly all of the memory, and what the refusal names is enough.
head -c 222822400 /dev/urandom > "$work/most"
guest --add "$work/most:/most" -- sha256sum /most
check guest-memory-85-percent-files 'status_is 0' \
	'[ "$(cut -c1-64 "$work/out")" = "$(sha256sum < "$work/most" | cut -c1-64)" ]'
rm "$work/most"
mkdir -p "$work/many"
(cd "$work/many" && seq 10000 | xargs -n 1 sh -c ': > "$0"; echo "$0" > "$0"')
truncate -s 20M "$work/20"
truncate -s 190M "$work/190"
truncate -s 600M "$work/600"
for case in 20 190 600 many; do
	guest --memory 32 --add "$work/$case:/files" -- true
	memory=$(sed -n 's/.*--memory \([0-9]*\) would do$/\1/p' "$work/err")
	guest --memory "${memory:-32}" --add "$work/$case:/files" -- sh -c 'du -s /files > /tmp/x && echo fits'
	check "guest-memory-named-for-$case" '[ -n "$memory" ]' 'status_is 0' 'out_is "fits
"'
done
rm -r "$work/many" "$work/20" "$work/190" "$work/600"
guest --add "$times:/times" -- sh -c 'cd /times && stat -c "%n %y" early link folder'
check guest-times 'status_is 0' 'out_is "early 1933-03-03 03:03:03.250000000 +0000
link 2200-01-01 00:00:00.000000000 +0000
folder 1970-01-02 00:00:00.000000000 +0000
"'
guest --stats -- true
check guest-stats 'status_is 0' 'out_is ""' 'err_has hypercall'
guest --log "$work/guest.log" -- true
check guest-log 'err_is ""' 'out_is ""' 'grep -q "^(XEN) " "$work/guest.log"'
guest -v -- echo through
check guest-verbose 'out_is "through
"' 'err_has "^(XEN) "'
guest -- sh -c 'echo "the end is near" > /proc/pinfold/panic'
check guest-panic 'status_is 125' err_is_one_line 'err_has "the end is near"' 'log_has panic'
guest --kernel-args loglevel=7 --xen-args 'loglvl=none' --cpu SandyBridge -- echo there
check guest-arguments-elsewhere 'out_is "there
"'
# Models with what the emulator does not do right: SMAP, MWAIT's extension.
for model in EPYC max; do
	guest --cpu $model -- echo there
	check guest-cpu-$model 'status_is 0' 'out_is "there
"'
done

# QEMU is killed: found as the launcher's child, once the guest's program runs.
: > "$work/up"
run sh -c "$pinfold run -- sh -c 'echo up; sleep 100' > '$work/up' & job=\$!
	until grep -q up '$work/up'; do sleep 0.1; done
	kill -KILL \$(cat /proc/\$job/task/\$job/children); wait \$job"
check guest-qemu-killed 'status_is 125' err_is_one_line 'err_has "killed by signal 9"' 'log_has XEN'
: > "$work/up"
run sh -c "$pinfold run -- sh -c 'trap \"echo caught; exit 9\" TERM; echo up
		while :; do sleep 0.1; done' > '$work/up' & job=\$!
	until grep -q up '$work/up'; do sleep 0.1; done
	kill -TERM \$job; wait \$job"
check guest-signal-forwarded 'status_is 9' 'grep -q caught "$work/up"'
: > "$work/up"
run sh -c "$pinfold run -- sh -c 'trap \"\" TERM; echo up; sleep 6; exit 8' > '$work/up' & job=\$!
	until grep -q up '$work/up'; do sleep 0.1; done
	kill -TERM \$job; wait \$job"
check guest-signal-ignored 'status_is 8'
run sh -c "$pinfold run -- sh -c 'echo one; sleep 1; exit 1' > '$work/one' & one=\$!
	$pinfold run -- sh -c 'echo two; sleep 1; exit 2' > '$work/two' & two=\$!
	wait \$one; echo \$?; wait \$two; echo \$?"
check guest-two-at-once 'out_is "1
2
"' '[ "$(cat "$work/one" "$work/two")" = "one
two" ]'

# The terminal.
terminal 'expect:# ,raw,type:echo a$((1+1))b\r,expect:a2b,type:sleep 100\r,wait:500,type:^C,expect:# ,type:stty size\r,expect:24 80,size:31x91,wait:300,type:stty size\r,expect:31 91,type:exit 4\r,status:4,cooked' \
	$pinfold run -- sh
check guest-terminal-shell 'status_is 0'
terminal 'expect:# ,type:cax^Ht /etc/hostnamf^?e\r,expect:pinfold,expect:# ,type:^D,status:0,cooked' \
	$pinfold run -- sh
check guest-terminal-editing 'status_is 0'
terminal 'expect:go,type:^C,status:130,cooked' $pinfold run -- sh -c 'echo go; exec sleep 100'
check guest-terminal-ctrl-c 'status_is 0'
terminal 'expect:# ,type:vi /tmp/x\r,expect:/tmp/x,type:ihello,expect:hello,wait:500,type:^[,expect:Modified,wait:500,type::wq\r,expect:# ,type:cat /tmp/x\r,expect:hello,expect:# ,type:exit\r,status:0,cooked' \
	$pinfold run -- sh
check guest-terminal-vi 'status_is 0'

# An image runs without the launcher.
run $pinfold image -o "$work/image" -- sh -c 'echo from the image'
check image 'status_is 0' '[ -s "$work/image/ramdisk.cpio" ]' \
	'grep -q "^kernel = " "$work/image/pinfold.cfg"'
run timeout 60 sh "$work/image/run-qemu.sh"
check image-runs 'out_has "from the image"'
# The machine's console is the program's terminal.
run $pinfold image -o "$work/image" -- sh
check image-says-where-its-console-is 'out_has "console: sh $work/image/run-qemu.sh, or xl create -c"'
terminal 'expect:# ,type:echo a$((1+1))b\r,expect:a2b,type:sleep 100\r,wait:500,type:^C,expect:# ,type:exit 4\r,expect:exit status 4,status:0' \
	sh "$work/image/run-qemu.sh"
check image-has-a-terminal 'status_is 0'
