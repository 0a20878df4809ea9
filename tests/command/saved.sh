# SPDX-License-Identifier: MIT
# Runs that start from a saved machine: that they do, that nothing of one run is in another, and that
# whatever is wrong with the cache the run is right all the same.

outer_cache=$XDG_CACHE_HOME
cache=$work/saved
new_cache() {
	rm -rf "$cache"
	mkdir -p "$cache"
	XDG_CACHE_HOME=$PWD/$cache
}

was_saved_just_now() { err_has '^pinfold: start from a machine that was saved just now'; }
was_saved() { err_has '^pinfold: start from a saved machine'; }
was_cold() { err_has "^pinfold: cold start$1"; }
# Nothing half-made is left, and no machine of ours.
is_tidy() { [ -z "$(find "$cache" -name '*.tmp')" ]; }
is_one() { [ "$(find "$cache" -name seal | wc -l)" = 1 ]; }

# The file of the one saved machine.
saved_file() { find "$cache" -name "$1"; }

# Says of a changed memory that it is as it was made.
seal_again() {
	{
		stat -c '%i %s %.9Y %.9Z' "$(saved_file ram)"
		sed 1d "$(saved_file seal)"
	} > "$work/seal"
	cp "$work/seal" "$(saved_file seal)"
}

new_cache
guest -v -- sh -c 'echo one; exit 5'
check saved-made 'status_is 5' 'out_is "one
"' was_saved_just_now is_tidy is_one 'err_has "^(XEN) Freed"'
guest -v -- sh -c 'echo two; exit 6'
check saved-used 'status_is 6' 'out_is "two
"' was_saved is_one 'err_has "^(XEN) Freed"'
guest --cold -v -- echo three
check saved-cold-on-demand 'status_is 0' 'out_is "three
"' 'err_has "^(XEN) Freed"' '! err_has "^pinfold"'
guest -- echo four
check saved-in-silence 'status_is 0' 'out_is "four
"' 'err_is ""'
guest --log "$work/saved.log" -- true
check saved-log 'err_is ""' 'grep -q "^(XEN) Freed" "$work/saved.log"' \
	'grep -q "Hardware Dom0 shutdown" "$work/saved.log"'
run_with "$work/mib" $pinfold run -- sha256sum
check saved-stdin 'status_is 0' 'sha256sum < "$work/mib" | cmp -s - "$work/out"'
guest -v --root "$work/root" -- hi
check saved-root-is-another-kind 'status_is 3' was_saved_just_now 'out_is "hello from hi, 1
"'
guest -v --root "$work/root" -- /sub/hello
check saved-root-used 'status_is 3' was_saved 'out_is "hello from /sub/hello, 1
"'
guest -v --qemu -name --qemu x -- echo five
check saved-not-with-qemu-arguments 'out_is "five
"' '! err_has "^pinfold"'

# What each run has for itself.
new_cache
for turn in 1 2 3 4 5 6 7 8 9 10; do
	$pinfold run -v -- "$work/random-probe" < /dev/null > "$work/random.$turn" 2> "$work/err.$turn" &
done
wait
check saved-ten-at-once is_one is_tidy \
	'[ "$(cat "$work"/random.[0-9]* | wc -l)" = 80 ]'
for turn in 1 2 3 4 5 6 7 8 9 10; do
	$pinfold run -v -- "$work/random-probe" < /dev/null > "$work/random.$turn" 2> "$work/err.$turn" &
done
wait
check saved-ten-more-at-once is_one is_tidy \
	'[ "$(cat "$work"/random.[0-9]* | wc -l)" = 80 ]' \
	'[ "$(cat "$work"/err.[0-9]* | grep -c "start from a saved machine")" = 10 ]'
for what in getrandom urandom at-random boot-id uuid; do
	check "saved-own-$what" "[ \$(cat $work/random.[0-9]* | grep '^$what' | sort -u | wc -l) = 10 ]"
done
# Of a few thousand places two may be the same.
for what in stack mmap brk; do
	check "saved-own-$what" "[ \$(cat $work/random.[0-9]* | grep '^$what' | sort -u | wc -l) -ge 8 ]"
done
sleep 3
before=$(date +%s)
guest -v -- date +%s
after=$(date +%s)
check saved-clock-is-right was_saved '[ $(cat "$work/out") -ge $((before - 1)) ]' \
	'[ $(cat "$work/out") -le $((after + 1)) ]'

# What it is made of has changed.
mkdir -p "$work/parts"
cp build/kernel/pinfold-kernel.elf build/ramdisk/base.cpio build/xen/xen-release "$work/parts"
guest_of_parts() {
	run env PINFOLD_LIB="$work/parts" $pinfold run "$@"
}
for part in pinfold-kernel.elf base.cpio xen-release; do
	new_cache
	guest_of_parts -v -- true
	check "saved-parts-$part" was_saved_just_now
	cp "$work/parts/$part" "$work/parts/new"
	mv "$work/parts/new" "$work/parts/$part"
	guest_of_parts -v -- echo there
	check "saved-changed-$part" was_saved_just_now 'out_is "there
"'
done

# What was saved has changed: noticed, and made again.
for file in ram state; do
	new_cache
	guest -- true
	printf x | dd of="$(saved_file $file)" bs=1 seek=70000 conv=notrunc 2> /dev/null
	guest -v -- echo there
	check "saved-broken-$file" was_saved_just_now 'out_is "there
"' is_one is_tidy
	guest -v -- echo there
	check "saved-broken-$file-made-again" was_saved 'out_is "there
"'
done
# Not noticed before QEMU or the guest fails: cold, with all of the input, and not tried again.
fails_to_go_on() {
	run sh -c "cat '$work/mib' | $pinfold run -v -- sha256sum"
	check "$1" 'status_is 0' 'err_has "the saved machine does not go on; cold start"' \
		'sha256sum < "$work/mib" | cmp -s - "$work/out"' '! is_one' is_tidy
}
for damage in 'truncate -s 1M ram' 'truncate -s 0 ram' \
	'dd if=/dev/zero of=ram bs=1M count=300 conv=notrunc'; do
	new_cache
	guest -- true
	(cd "$(dirname "$(saved_file seal)")" && $damage 2> /dev/null)
	seal_again
	fails_to_go_on "saved-damaged-$(echo "$damage" | tr -c 'a-z0-9\n' -)"
	guest -v -- echo there
	check saved-damaged-made-again was_saved_just_now 'out_is "there
"'
done
# QEMUs that can save and not restore, that do nothing then, that cannot save.
for when in '*-incoming*) exit 1' '*-incoming*) exec sleep 100' '*share=on*mem-path*share=on*) exit 1'; do
	printf '#!/bin/sh\ncase "$*" in\n%s;;\nesac\nexec qemu-system-x86_64 "$@"\n' "$when" \
		> "$work/other-qemu"
	chmod 755 "$work/other-qemu"
	new_cache
	PINFOLD_QEMU=$PWD/$work/other-qemu
	export PINFOLD_QEMU
	case $when in
	*-incoming*)
		fails_to_go_on "saved-with-qemu-that-does-${when##*) }"
		;;
	*)
		guest -v -- echo there
		check saved-not-with-this-qemu 'was_cold ": QEMU"' 'out_is "there
"' '! is_one' is_tidy
		guest -v -- echo there
		check saved-not-tried-again 'was_cold ": to save one failed not long ago"' 'out_is "there
"' '! is_one' is_tidy
		;;
	esac
	unset PINFOLD_QEMU
done

# Two at once with nothing saved yet: one makes it, both are right.
new_cache
run sh -c "$pinfold run -v -- echo one 2> '$work/err.1' & $pinfold run -v -- echo two 2> '$work/err.2'
	wait"
check saved-two-makers 'sort "$work/out" | tr "\n" " " | grep -qx "one two "' is_one is_tidy \
	'[ "$(cat "$work/err.1" "$work/err.2" | grep -c "saved just now")" = 1 ]' \
	'[ "$(cat "$work/err.1" "$work/err.2" | grep -c "cold start: another run makes it")" = 1 ]'

# Who makes one is ended at some moment: no machine and, after the next run, nothing half-made.
for moment in 0.02 0.1 0.3 0.6 0.9 1.2 1.5 1.8 2.1; do
	new_cache
	run sh -c "$pinfold run -- true & job=\$!
		sleep $moment; guest=\$(cat /proc/\$job/task/\$job/children 2> /dev/null)
		kill -KILL \$job 2> /dev/null; wait \$job
		for try in 1 2 3 4 5 6 7 8 9; do
			[ -n \"\$guest\" ] && grep -q '^State:.[^Z]' /proc/\$guest/status 2> /dev/null ||
				exit 77
			sleep 0.1
		done"
	check "saved-maker-killed-after-$moment" 'status_is 77'
	guest -v -- echo there
	check "saved-after-maker-killed-after-$moment" 'status_is 0' 'out_is "there
"' is_one is_tidy
done
for signal in TERM:143 HUP:129; do
	new_cache
	run sh -c "$pinfold run -- true & job=\$!
		sleep 0.4; kill -${signal%:*} \$job; wait \$job"
	check "saved-maker-ended-by-${signal%:*}" "status_is ${signal#*:}" is_tidy '! is_one'
done
new_cache
guest --timeout 0.3 -- true
check saved-maker-out-of-time 'status_is 124' err_is_one_line is_tidy '! is_one'
terminal 'wait:400,type:^C,status:130,cooked' $pinfold run -- sh
check saved-maker-interrupted 'status_is 0' is_tidy '! is_one'

# No cache to be had.
run env -u HOME -u XDG_CACHE_HOME $pinfold run -v -- echo there
check saved-no-home 'out_is "there
"' 'was_cold ": there is no folder"'
run env -u XDG_CACHE_HOME HOME="$PWD/$work/no-home" $pinfold run -v -- echo there
check saved-home-is-not-made 'out_is "there
"' 'was_cold ": there is no folder"' '[ ! -e "$work/no-home" ]'
mkdir "$work/home"
run env -u XDG_CACHE_HOME HOME="$PWD/$work/home" $pinfold run -v -- echo there
check saved-at-home 'out_is "there
"' was_saved_just_now '[ -n "$(find "$work/home/.cache/pinfold" -name seal)" ]'
rm -rf "$work/home"
XDG_CACHE_HOME=/proc/nowhere
guest -v -- echo there
check saved-no-folder 'out_is "there
"' 'was_cold ": there is no folder"'
new_cache
mkdir -m 755 "$cache/pinfold"
guest -v -- echo there
check saved-folder-open-to-others 'out_is "there
"' 'was_cold ": the cache is not"'
cat > "$work/full.sh" << END
mount -t tmpfs -o size=\$1 none '$PWD/$cache' || exit 99
$pinfold run -v -- echo there
END
for size in 4k 8M; do
	new_cache
	run unshare -rm sh "$work/full.sh" "$size"
	if [ "$status" = 99 ] || err_has '^unshare'; then
		echo "skip command/saved-full-$size: no file systems of one's own here"
		continue
	fi
	check "saved-full-$size" 'status_is 0' 'out_is "there
"' 'was_cold ": the cache has too little room"'
done

# Bounded: of many the ones that were used last stay; nothing of an earlier boot.
new_cache
guest -- true
key=$(saved_file key)
for turn in 1 2 3 4 5 6 7 8 9; do
	mkdir "$cache/pinfold/000000000000000$turn"
	cp "$key" "$cache/pinfold/000000000000000$turn/key"
	touch -d "now -$turn hour" "$cache/pinfold/000000000000000$turn/key"
done
sed '2s/.*/boot of another day/' "$key" > "$cache/pinfold/0000000000000001/key"
mkdir "$cache/pinfold/0000000000000abc.tmp"
guest -v --memory 128 -- true
check saved-bounded was_saved_just_now is_tidy \
	'[ "$(find "$cache/pinfold" -type d -name "????????????????" | wc -l)" = 8 ]' \
	'[ ! -e "$cache/pinfold/0000000000000001" ]' '[ -e "$cache/pinfold/0000000000000007" ]' \
	'[ ! -e "$cache/pinfold/0000000000000008" ]' '[ -e "$key" ]'
XDG_CACHE_HOME=$outer_cache
rm -rf "$cache"
