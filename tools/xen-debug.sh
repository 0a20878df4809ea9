#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the debug Xen from Debian's own source package. A debug Xen says why it refuses a call, and
# its counters are an independent witness for the tests; Debian's packaged one does neither.
#
# Use: tools/xen-debug.sh            (from the top of the source tree)
# Result: build/xen/xen-debug, an ELF. Does nothing when it is there.
# Source lists, package lists and caches of apt are the build folder's own; the machine's apt
# configuration is read, never changed. XEN_JOBS sets the number of compile jobs (default: CPUs).
set -u

pinned='4.17.5+72-g01140da4e8-1'
package=${XEN_PACKAGE:-xen-hypervisor-4.17-amd64}
top=$PWD
folder=$top/build/xen
result=$folder/xen-debug
log=$folder/debug.log
apt=$folder/apt

say() { echo "xen-debug: $*"; }
die() {
	echo "xen-debug: $* (see $log)" >&2
	exit 1
}

[ -s "$result" ] && exit 0
mkdir -p "$folder" || exit 1
: > "$log" || exit 1
exec 9> "$folder/debug.lock"
flock 9
[ -s "$result" ] && exit 0
for tool in apt-cache apt-get dpkg-source flex bison m4 python3 gcc make; do
	command -v "$tool" > /dev/null || die "$tool is missing; run: make deps"
done

# Prints the archives that offer the hypervisor package, one URI per line.
list_archives() {
	apt-cache madison "$package" 2>> "$log" |
		awk -F '|' '{ split($3, part, " "); print part[1] }' | sort -u
}

# Writes source lists for those archives only: another archive that is down must not stop the build.
write_source_lists() {
	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/parts" "$apt/cache/archives/partial" || return 1
	: > "$apt/sources.list"
	archives=$(list_archives | tr '\n' ' ')
	[ -n "$archives" ] || return 1
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$file" ] || continue
		awk -v archives="$archives" '
			BEGIN { count = split(archives, uri, " ") }
			$1 == "deb" {
				for (i = 1; i <= count; i++)
					if (index($0, uri[i])) { $1 = "deb-src"; print; next }
			}' "$file" >> "$apt/sources.list"
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -r "$file" ] || continue
		grep -v '^#' "$file" | awk -v archives="$archives" '
			BEGIN { RS = ""; FS = "\n"; count = split(archives, uri, " ") }
			{
				for (i = 1; i <= count; i++)
					if (index($0, uri[i])) {
						sub(/Types:[^\n]*/, "Types: deb-src")
						print $0 "\n"
						next
					}
			}' > "$apt/parts/$(basename "$file")"
	done
}

# apt-get and apt-cache with the build folder's own lists.
with_lists() {
	command=$1
	shift
	"$command" -q -o "Dir::Etc::sourcelist=$apt/sources.list" \
		-o "Dir::Etc::sourceparts=$apt/parts" -o "Dir::State::lists=$apt/lists" \
		-o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root "$@" < /dev/null
}

source_versions() {
	with_lists apt-cache madison xen 2>> "$log" | awk -F '|' '
		/Sources/ { gsub(/ /, "", $2); print $2 }' | sort -u -V -r |
		awk -v pinned="$pinned" '$0 == pinned { print; next } { rest = rest $0 "\n" }
			END { printf "%s", rest }'
}

fetch_source() {
	for version in $(source_versions); do
		say "downloading the source of xen $version (about 6 MB)"
		rm -rf "$folder/source"
		mkdir -p "$folder/source"
		if (cd "$folder/source" && with_lists apt-get source --download-only \
			"xen=$version") >> "$log" 2>&1; then
			say "unpacking it"
			(cd "$folder/source" && dpkg-source --no-check -x ./*.dsc tree) \
				>> "$log" 2>&1 && return 0
		fi
		say "that version cannot be had; trying the next"
	done
	return 1
}

configure() {
	# This self-test of 4.17 fails under emulation and then waits five seconds.
	sed -i '/__initcall(stub_selftest);/d' "$tree/xen/arch/x86/extable.c" || return 1
	rm -rf "$out"
	mkdir -p "$out"
	printf 'CONFIG_%s=y\n' EXPERT DEBUG PV PV32 PERF_COUNTERS PERF_ARRAYS > "$out/.config"
	make -C "$tree/xen" O="$out" olddefconfig >> "$log" 2>&1 || return 1
	for option in DEBUG PV32 PERF_COUNTERS PERF_ARRAYS; do
		grep -q "^CONFIG_$option=y" "$out/.config" || {
			say "the configuration lost CONFIG_$option"
			return 1
		}
	done
}

say "reading the source package lists of this machine's archives"
if ! write_source_lists; then
	[ "$(id -u)" = 0 ] || die "no archive offers $package; as root run: apt-get update"
	say "refreshing apt's package lists"
	apt-get -q update < /dev/null >> "$log" 2>&1 || die "apt-get update failed"
	write_source_lists || die "no archive in apt's source lists offers $package"
fi
with_lists apt-get update >> "$log" 2>&1 || die "cannot read the source package lists"
fetch_source || die "no version of the xen source package can be had"

tree=$folder/source/tree
out=$folder/debug
jobs=${XEN_JOBS:-$(nproc)}
configure || die "cannot configure Xen"
say "compiling the debug Xen with $jobs jobs (1 to 4 minutes)"
started=$(date +%s)
make -C "$tree/xen" O="$out" -j "$jobs" >> "$log" 2>&1 || die "compiling Xen failed"
[ -s "$out/xen-syms" ] || die "the build left no xen-syms"
gunzip -c "$out/xen.gz" > "$result.new" 2>> "$log" || die "cannot unpack xen.gz"
mv "$result.new" "$result" || die "cannot write $result"
say "$result is ready after $(($(date +%s) - started)) s of compiling"
