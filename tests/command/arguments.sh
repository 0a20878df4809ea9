# SPDX-License-Identifier: MIT
# Options, help, and programs that cannot be run: everything that is told before a guest starts.

run $pinfold --help
check help 'status_is 0' 'out_has "pinfold run"' 'err_is ""'
run $pinfold run --help
check help-run 'status_is 0' 'err_is ""' 'out_has "--memory"' 'out_has "--root"' 'out_has "--add"' \
	'out_has "--stats"' 'out_has "--xen FILE"' 'out_has "--xen-args"' 'out_has "--kernel-args"' \
	'out_has "--cpu"' 'out_has "--qemu"' 'out_has "--dry-run"' 'out_has "--timeout"' \
	'out_has "--log"' 'out_has "--env"' 'out_has "-v"'
run $pinfold image --help
check help-image 'status_is 0' 'out_has "-o"' 'err_is ""'
run $pinfold --version
check version 'status_is 0' 'out_has "^pinfold [0-9]"'

run $pinfold version
check version-command 'status_is 0' 'out_has "^pinfold [0-9]"'
for topic in run image; do
	run $pinfold $topic --help
	cp "$work/out" "$work/help-$topic"
	run $pinfold help $topic
	check "help-command-$topic" 'status_is 0' 'cmp -s "$work/out" "$work/help-$topic"'
done
run $pinfold help
check help-command 'status_is 0' 'out_has "pinfold run"' 'err_is ""'
# Every long option that is taken stands in the help and in the man page.
for option in $(sed -n 's/.*{"\([a-z-]*\)", [a-z]*_argument.*/\1/p' tools/pinfold/options.c); do
	grep -q -e "--$option" "$work/help-run" "$work/help-image" ||
		echo "$option: not in the help"
	sed 's/\\-/-/g' docs/pinfold.1 | grep -q -e "--$option" ||
		echo "$option: not in the man page"
done > "$work/out"
status=$(sed -n 's/.*{"\([a-z-]*\)", [a-z]*_argument.*/\1/p' tools/pinfold/options.c | wc -l)
check help-is-whole 'out_is ""' '[ "$status" -gt 20 ]'

run $pinfold
check no-command 'status_is 125' 'err_has "^Use: pinfold run"' 'out_is ""'
run $pinfold fly
check unknown-command 'status_is 125' err_is_one_line 'err_has fly'
run $pinfold rnu
check unknown-command-near 'err_is "pinfold: '"'rnu'"' is not a command; did you mean run?
"'
run $pinfold run --no-such-thing -- true
check unknown-option 'status_is 125' err_is_one_line 'err_has "--no-such-thing is not known; see"'
near() {
	run $pinfold $1 "$2" -- true
	check "unknown-option-near$2" 'status_is 125' err_is_one_line "err_has 'did you mean $3?'"
}
near run --memroy=512 --memory
near run --work-dir --workdir
near image --outptu --output
near image --envfile=x --env-file
run $pinfold run -z -- true
check unknown-letter 'status_is 125' err_is_one_line 'err_has "option -z is not known"'

# Sizes and the letters that other tools have.
machine() {
	run env PINFOLD_LIB="$work/lib" $pinfold run --dry-run "$@"
}
for size in 512 512M 512m 512MiB 512mb 0.5G 524288k 524287.5K; do
	machine -m $size -- true
	check "memory-$size" 'status_is 0' 'out_has "dom0_mem=512M,"'
done
machine --memory 2G -- true
check memory-2G 'out_has "dom0_mem=2048M,"'
for value in 31M 65G 5T 1GG 2Q 1e400 0x100 nan .; do
	machine --memory "$value" -- true
	check "memory-refused-'$value'" 'status_is 125' err_is_one_line 'err_has "--memory"'
done
machine -it --rm --cpus 1.5 -e A=1 -m 48m -- true
check letters-together 'status_is 0' 'err_is ""' 'out_has "dom0_mem=48M"' \
	'out_has "dom0_max_vcpus=2"'
for value in 0 33 -1 x 1x ""; do
	machine --cpus "$value" -- true
	check "cpus-refused-'$value'" 'status_is 125' err_is_one_line 'err_has "--cpus"'
done
for value in relative ""; do
	machine -w "$value" -- true
	check "workdir-refused-'$value'" 'status_is 125' err_is_one_line 'err_has "--workdir"'
done
for value in "" : a: :b a:b:c; do
	machine -u "$value" -- true
	check "user-refused-'$value'" 'status_is 125' err_is_one_line 'err_has "--user"'
done
for value in "" nofile nofile= nosuch=1 nofile=2:1 nofile=1x nofile=1:2:3 =1; do
	machine --ulimit "$value" -- true
	check "ulimit-refused-'$value'" 'status_is 125' err_is_one_line 'err_has "--ulimit"'
done
run $pinfold run
check no-program 'status_is 125' err_is_one_line 'err_has PROGRAM'
for value in 31 65537 -5 1x ""; do
	run $pinfold run --memory "$value" -- true
	check "memory-refused-'$value'" 'status_is 125' err_is_one_line 'err_has "--memory"'
done
for value in 0 -1 x ""; do
	run $pinfold run --timeout "$value" -- true
	check "timeout-refused-'$value'" 'status_is 125' err_is_one_line 'err_has "--timeout"'
done
run $pinfold run --memory -- true
check value-missing 'status_is 125' err_is_one_line 'err_has "--memory needs a value"'
run $pinfold run --env =VALUE -- true
check env-refused 'status_is 125' err_is_one_line 'err_has "=VALUE"'
run $pinfold run --env-file /no/such/file -- true
check env-file-missing 'status_is 125' err_is_one_line 'err_has "/no/such/file"'
printf 'A=1\n\n=2\n' > "$work/env-file"
run $pinfold run --env-file "$work/env-file" -- true
check env-file-refused 'status_is 125' err_is_one_line 'err_has "line 3 is not"'
run $pinfold run --env-file / -- true
check env-file-directory 'status_is 125' err_is_one_line 'err_has "Is a directory"'
run $pinfold run --add /no/such/file -- true
check add-missing 'status_is 125' err_is_one_line 'err_has "/no/such/file"'
run $pinfold run --add /etc/passwd:etc/passwd -- true
check add-relative 'status_is 125' err_is_one_line 'err_has "absolute path"'
run $pinfold run --root /no/such/folder -- true
check root-missing 'status_is 125' err_is_one_line 'err_has "/no/such/folder"'
# Too much for the memory: the line says how much would do (guests.sh tries it), and nothing is
# packed for that.
mkdir -p "$work/large"
truncate -s 300M "$work/large/file"
for option in --root --add; do
	run $pinfold run $option "$work/large" -- true
	check "too-large-$option" 'status_is 125' err_is_one_line \
		'err_has "do not fit into 256 MiB.*--memory [0-9]* would do"'
done
truncate -s 3G "$work/large/file"
for i in $(seq 40); do truncate -s 3G "$work/large/file$i"; done
run $pinfold run --root "$work/large" -- true
check too-large-for-any-guest 'status_is 125' err_is_one_line 'err_has "too much for any guest"'
rm -r "$work/large"
run $pinfold run --xen /no/such/xen -- true
check xen-missing 'status_is 125' err_is_one_line 'err_has "/no/such/xen"'
run $pinfold run --xen /etc/passwd -- true
check xen-of-no-kind 'status_is 125' err_is_one_line 'err_has "neither ELF nor multiboot"'
gzip -c /etc/passwd > "$work/xen.gz"
run $pinfold image -o "$work/none" --xen "$work/xen.gz" -- true
check xen-compressed 'status_is 125' err_is_one_line 'err_has "gunzip"' '[ ! -e "$work/none" ]'
run $pinfold run --xen / -- true
check xen-directory 'status_is 125' err_is_one_line 'err_has directory'
run $pinfold run --log /no/such/folder/log -- true
check log-unwritable 'status_is 125' err_is_one_line 'err_has "/no/such/folder/log"'
run $pinfold image -- true
check image-without-folder 'status_is 125' err_is_one_line
run env PINFOLD_LIB=/no/such/folder $pinfold run -- true
check kernel-missing 'status_is 125' err_is_one_line 'err_has "is missing"'
# A copy of the command alone.
mkdir -p "$work/alone"
cp pinfold "$work/alone/pinfold"
run "$work/alone/pinfold" run -- true
check kernel-missing-beside-a-copy 'status_is 125' err_is_one_line \
	'err_has "PINFOLD_LIB to the folder that has base.cpio"'
run env PATH=/no/such/folder PINFOLD_LIB="$work/lib" "$PWD/pinfold" run -- true
check qemu-missing 'status_is 125' err_is_one_line 'err_has "make deps"'
run env PINFOLD_QEMU=no-such-qemu PINFOLD_LIB="$work/lib" $pinfold run -- true
check qemu-missing-named 'status_is 125' err_is_one_line 'err_has "no-such-qemu"'

# What a program is that the guest cannot run.
programs=$work/programs
mkdir -p "$programs"
echo 'int main(void) { return 0; }' > "$programs/main.c"
${CC:-gcc} -o "$programs/dynamic" "$programs/main.c"
${CC:-gcc} -c -o "$programs/object.o" "$programs/main.c"
printf '#!/bin/sh\nexit 0\n' > "$programs/script"
printf 'hello' > "$programs/text"
: > "$programs/empty"
# The head of an ELF file: class, data, version, ABI, padding, type, machine, version.
elf_head() { printf '\177ELF'"$1"'\0\0\0\0\0\0\0\0'"$2"'\1\0\0\0'; }
elf_head '\1\1\1\0' '\2\0\3\0' > "$programs/i386"
elf_head '\2\1\1\0' '\2\0\267\0' > "$programs/arm64"
elf_head '\2\2\1\0' '\0\2\0\53' > "$programs/big-endian"
elf_head '\2\1\1\0' '\2\0\76\0' > "$programs/truncated"
chmod +x "$programs"/*
cp "$programs/dynamic" "$programs/plain-file"
chmod -x "$programs/plain-file"
refuses() {
	run $pinfold run -- "$programs/$1"
	check "refuses-$1" 'status_is 126' err_is_one_line "err_has '$2'" 'out_is ""'
}
refuses dynamic 'dynamic.*/lib64/ld-linux'
refuses object.o 'object file'
refuses script 'script for /bin/sh'
refuses text 'not an ELF'
refuses empty 'empty'
refuses i386 '32-bit'
refuses arm64 '64-bit ARM'
refuses big-endian 'big-endian'
refuses truncated 'damaged'
refuses plain-file 'not executable'
refuses . 'directory'
run $pinfold run -- /dev/null
check refuses-device 'status_is 126' err_is_one_line 'err_has "not a regular file"'

# A program of this machine that the guest cannot run, where the guest has its own: at that very
# path it is meant, elsewhere it is named. A line is for a terminal or -v.
run $pinfold run --dry-run -- /bin/sh
check own-program 'status_is 0' 'err_is ""'
run $pinfold run --dry-run -v -- /bin/sh
check own-program-told 'status_is 0' err_is_one_line 'err_has "own /bin/sh is run"'
cp "$programs/dynamic" "$programs/wc"
run $pinfold run -- "$programs/wc"
check own-program-named 'status_is 126' err_is_one_line 'err_has "its own: -- wc$"'

# The QEMU command.
run env PINFOLD_LIB="$work/lib" $pinfold run --dry-run --memory 48 --cpu Skylake-Client \
	--xen-args 'one two' --kernel-args 'loglevel=7 a,b' --qemu -name --qemu "it's" -- true
check dry-run 'status_is 0' 'err_is ""' 'out_has "dom0_mem=48M"' \
	'out_has "-cpu Skylake-Client,-smap,-monitor "' \
	'out_has " one two"' 'out_has " loglevel=7 a,,b,"' "out_has \"-name 'it\""
