# SPDX-License-Identifier: MIT
# What goes into the ramdisk, read back with another cpio (busybox's).

PINFOLD_LIB=$work/lib
export PINFOLD_LIB

echo 'int main(void) { return 0; }' > "$programs/main.c"
${CC:-gcc} -static -o "$programs/static" "$programs/main.c"

# Writes an image and unpacks its ramdisk. The base comes as an archive of its own before the rest;
# busybox reads the first archive only, so the base is replaced by an empty file here.
: > "$work/lib/base.cpio"
image() {
	rm -rf "$work/image" "$work/unpacked"
	mkdir -p "$work/unpacked"
	run $pinfold image -o "$work/image" "$@"
	(cd "$work/unpacked" && busybox cpio -idm < ../image/ramdisk.cpio 2> /dev/null)
	(cd "$work/unpacked" && find . ! -name . ! -name .pinfold-times | sort) > "$work/names"
}
names_are() { printf '%s\n' "$@" | cmp -s - "$work/names"; }

image --env A=1 --env 'B= two ' --env A=3 -- name 'one  two' ''
check archive-description 'status_is 0' 'names_are ./.pinfold-run' \
	"printf '2\0\0003\0name\0one  two\0\0005\0PATH=/bin:/sbin:/usr/bin:/usr/sbin\0HOME=/root\0TERM=%s\0B= two \0A=3\0000\0' \"${TERM:-dumb}\" |
		cmp -s - '$work/unpacked/.pinfold-run'"

printf '  # comment\n\nF=of file\r\nA=file\n OF_HERE\nNOT_HERE\n' > "$work/variables"
OF_HERE='from here' image --env-file "$work/variables" -e A=1 -e NOT_HERE -e OF_HERE=no -e OF_HERE \
	-w /srv/x -u nobody:5 --ulimit nofile=10 --ulimit core=0:unlimited -- true
check archive-description-settings 'status_is 0' \
	"printf '2\0\0001\0true\0005\0PATH=/bin:/sbin:/usr/bin:/usr/sbin\0TERM=%s\0F=of file\0A=1\0OF_HERE=from here\0004\0cwd=/srv/x\0user=nobody:5\0limit=7:10:10\0limit=4:0:18446744073709551615\0' \"\${TERM:-dumb}\" |
		cmp -s - '$work/unpacked/.pinfold-run'"

mkdir -p "$work/source/sub"
echo one > "$work/source/sub/one"
ln -f "$work/source/sub/one" "$work/source/two"
ln -sf sub/one "$work/source/link"
ln -sfn / "$work/source/outside"
chmod 4751 "$work/source/sub/one"
chmod 1777 "$work/source/sub"
image --add "$work/source:/put/here" -- true
check archive-add-folder 'names_are ./.pinfold-run ./put ./put/here ./put/here/link \
	./put/here/outside ./put/here/sub ./put/here/sub/one ./put/here/two' \
	'[ "$(cat "$work/unpacked/put/here/two")" = one ]' \
	'[ "$(stat -c %h:%a "$work/unpacked/put/here/sub/one")" = 2:4751 ]' \
	'[ "$(stat -c %a "$work/unpacked/put/here/sub")" = 1777 ]' \
	'[ "$(readlink "$work/unpacked/put/here/outside")" = / ]'
image --add "$work/source/sub/one:/tmp/" --add "$work/source/link:/a/../b/c" -- true
check archive-add-file 'names_are ./.pinfold-run ./b ./b/c ./tmp ./tmp/one'
image --add "$work/source/two" -- true
check archive-add-own-path '[ -f "$work/unpacked$PWD/$work/source/two" ]'

# A root of its own: links in it are followed as the guest would, kernel folders come empty.
root=$work/source-root
mkdir -p "$root/usr/bin" "$root/dev" "$root/proc/1" "$root/etc"
ln -sfn usr/bin "$root/bin"
ln -sfn /usr/bin "$root/absolute"
echo x > "$root/dev/x"
mkfifo "$root/fifo" 2> /dev/null || true
image --root "$root" --add "$programs/static:/bin/a" --add "$programs/static:/absolute/b" -- a
check archive-root 'names_are ./.pinfold-run ./absolute ./bin ./dev ./etc ./fifo ./proc ./usr \
	./usr/bin ./usr/bin/a ./usr/bin/b'

# What the format cannot say about times stands in a last entry.
times=$work/times
mkdir -p "$times/folder"
echo early > "$times/early"
ln -sf early "$times/link"
touch -d '1933-03-03 03:03:03.25 UTC' "$times/early"
touch -h -d '2200-01-01 UTC' "$times/link"
touch -d '1970-01-02 UTC' "$times/folder"
image --add "$times/early:/early" --add "$times/link:/to/early" --add "$times:/all" -- true
tr '\0' '\n' < "$work/unpacked/.pinfold-times" | grep -v 'all$' > "$work/out"
check archive-times 'out_is "-1162328217 250000000 early
-1162328217 250000000 to/early
-1162328217 250000000 all/early
7258118400 0 all/link
"' '[ "$(stat -c %Y "$work/unpacked/all/folder")" = 86400 ]'

# Names of all kinds of bytes, and what is no file.
odd=$work/odd
mkdir -p "$odd"
odd_name=$(printf 'a\nb \377\303\274')
echo odd > "$odd/$odd_name"
mkfifo "$odd/fifo"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$odd/socket"
image --add "$odd:/odd" -- true
check archive-odd-names 'status_is 0' 'cmp -s "$odd/$odd_name" "$work/unpacked/odd/$odd_name"' \
	'[ -p "$work/unpacked/odd/fifo" ]' '[ ! -e "$work/unpacked/odd/socket" ]'
image --add "$odd/socket" -- true
check archive-socket 'status_is 125' err_is_one_line 'err_has "odd/socket is a socket"'
image --add /dev/zero -- true
check archive-device 'status_is 125' err_is_one_line 'err_has "/dev/zero is a device"'
image --add /proc/self/status:/status -- true
check archive-file-of-proc 'status_is 0' 'grep -q "^Name:.pinfold" "$work/unpacked/status"'
truncate -s 5G "$odd/huge"
image --memory 65536 --add "$odd/huge" -- true
check archive-file-over-4-gib 'status_is 125' err_is_one_line 'err_has "huge is too large"'
rm "$odd/huge"
# A file that shrinks meanwhile: the pipe is read only after the first MiB went into it.
mkdir -p "$work/shrinks"
head -c 40000000 /dev/zero | tr '\0' x > "$work/shrinks/b"
mkfifo "$work/shrunk-ramdisk"
rm -rf "$work/image"
mkdir -p "$work/image" && mkfifo "$work/image/ramdisk.cpio"
{ head -c 1000000; truncate -s 30000000 "$work/shrinks/b"; cat; } < "$work/image/ramdisk.cpio" \
	> "$work/shrunk-ramdisk.cpio" &
run $pinfold image -o "$work/image" --add "$work/shrinks:/s" -- true
wait
rm "$work/image/ramdisk.cpio" "$work/shrunk-ramdisk"
(cd "$work/unpacked" && busybox cpio -id < ../shrunk-ramdisk.cpio 2> /dev/null)
check archive-file-shrinks 'status_is 0' err_is_one_line 'err_has "shrunk while it was packed"' \
	'[ "$(tr -d "\0" < "$work/unpacked/s/b" | wc -c)" = 30000000 ]' \
	'[ "$(wc -c < "$work/unpacked/s/b")" = 40000000 ]' '[ -s "$work/unpacked/.pinfold-run" ]'
rm -rf "$work/shrinks" "$work/shrunk-ramdisk.cpio"
# Not root: a file that cannot be read.
mkdir -p "$work/secret"
echo x > "$work/secret/file"
chmod 0 "$work/secret/file"
if [ "$(id -u)" = 0 ]; then
	image_as="setpriv --reuid 65534 --clear-groups --inh-caps -all --bounding-set -all"
else
	image_as=
fi
run $image_as $pinfold run --dry-run --add "$work/secret:/s" -- true
check archive-unreadable 'status_is 125' err_is_one_line 'err_has "secret.*: Permission denied"'

# Whose file a path with a slash is.
program_is() {
	tr '\0' '\n' < "$work/unpacked/.pinfold-run" | sed -n 2p | grep -q -x -- "$1"
}
image -- "$programs/static"
check archive-program 'program_is "$PWD/$programs/static"' '[ -x "$work/unpacked$PWD/$programs/static" ]'
image -- busybox
check archive-program-name 'program_is ""'
image -- bin/no-such-program
check archive-program-of-guest 'program_is /bin/no-such-program'
image --add "$programs/script:/bin/sh" -- /bin/sh
check archive-program-added 'status_is 0' 'program_is /bin/sh'
cp "$programs/script" "$root/usr/bin/env"
image --root "$root" -- /bin/env
check archive-program-of-root 'status_is 0' 'program_is /bin/env'

unset PINFOLD_LIB
cp build/ramdisk/base.cpio "$work/lib/base.cpio"
