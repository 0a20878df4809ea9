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
	(cd "$work/unpacked" && busybox cpio -id < ../image/ramdisk.cpio 2> /dev/null)
	(cd "$work/unpacked" && find . ! -name . | sort) > "$work/names"
}
names_are() { printf '%s\n' "$@" | cmp -s - "$work/names"; }

image --env A=1 --env 'B= two ' --env A=3 -- name 'one  two' ''
check archive-description 'status_is 0' 'names_are ./.pinfold-run' \
	"printf '1\0\0003\0name\0one  two\0\0005\0PATH=/bin:/sbin:/usr/bin:/usr/sbin\0HOME=/root\0TERM=%s\0B= two \0A=3\0' \"${TERM:-dumb}\" |
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
