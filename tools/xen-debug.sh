#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the debug Xen from Debian's own source package. A debug Xen says why it refuses a call, and
# its counters are an independent witness for the tests; Debian's packaged one does neither.
#
# Use: tools/xen-debug.sh            (from the top of the source tree)
# Result: build/xen/xen-debug, an ELF. Does nothing when it is there.
# Which version: the pinned one where this machine's Debian has it, as its files do not vanish when
# a newer one comes; else the newest of this Debian; and where none of those can be had, the pinned
# one of its own Debian, from the same archives. XEN_SOURCE=VERSION asks for another one first.
# Source lists, package lists and caches of apt are the build folder's own; the machine's apt
# configuration is read, never changed. XEN_JOBS sets the number of compile jobs (default: CPUs).
set -u

pinned='4.17.5+72-g01140da4e8-1'
pinned_suite=bookworm
name=xen-debug
top=$PWD
folder=$top/build/xen
result=$folder/xen-debug
log=$folder/debug.log
apt=$folder/apt

[ -s "$result" ] && exit 0
case $top in
*[[:space:]]*)
	echo "$name: there is a blank in the path $top, which Xen's own build cannot take: the tests" \
		"that need a debug Xen run in a folder without one" >&2
	exit 1
	;;
esac
. tools/packages.sh
packages_begin dpkg-source flex bison m4 python3 gcc make
[ -s "$result" ] && exit 0

# Prints the archives that offer the hypervisor package, one URI per line.
list_archives() {
	apt-cache madison "$package" 2>> "$log" |
		awk -F '|' '{ split($3, part, " "); print part[1] }' | sort -u
}

# Writes source lists for those archives only: another archive that is down must not stop the build.
# SUITE, if it is not empty, takes the place of the suites that the machine's lists name.
write_source_lists() { # SUITE
	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/parts" "$apt/cache/archives/partial" || return 1
	: > "$apt/sources.list"
	archives=$(list_archives | tr '\n' ' ')
	[ -n "$archives" ] || return 1
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$file" ] || continue
		awk -v archives="$archives" -v suite="$1" '
			BEGIN { count = split(archives, uri, " ") }
			$1 == "deb" {
				for (i = 1; i <= count; i++)
					if (index($0, uri[i])) {
						$1 = "deb-src"
						for (j = 2; suite != "" && j < NF; j++)
							if (index($j, uri[i]) == 1)
								$(j + 1) = suite
						print
						next
					}
			}' "$file" >> "$apt/sources.list"
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -r "$file" ] || continue
		grep -v '^#' "$file" | awk -v archives="$archives" -v suite="$1" '
			BEGIN { RS = ""; FS = "\n"; count = split(archives, uri, " ") }
			{
				for (i = 1; i <= count; i++)
					if (index($0, uri[i])) {
						sub(/Types:[^\n]*/, "Types: deb-src")
						if (suite != "")
							sub(/Suites:[^\n]*/, "Suites: " suite)
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

# The versions that the lists name: those that are preferred, then the newest first.
source_versions() {
	with_lists apt-cache madison xen 2>> "$log" | awk -F '|' '
		/Sources/ { gsub(/ /, "", $2); print $2 }' | sort -u -V -r |
		awk -v asked="${XEN_SOURCE:-}" -v pinned="$pinned" '
			$0 == asked { first = $0 "\n"; next }
			$0 == pinned { second = $0 "\n"; next }
			{ rest = rest $0 "\n" }
			END { printf "%s", first second rest }'
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
		say "the source of that version cannot be had"
	done
	return 1
}

# The lists of this machine's archives for SUITE, or for their own suites, and the source.
fetch_source_of() { # SUITE
	write_source_lists "$1" || return 1
	# Not every archive has every suite.
	with_lists apt-get update >> "$log" 2>&1 || [ -n "$1" ] ||
		die "cannot read the source package lists"
	fetch_source
}

configure() {
	# This self-test fails under emulation and then waits five seconds. 4.20 has an option for it.
	sed -i '/__initcall(stub_selftest);/d' "$tree/xen/arch/x86/extable.c" || return 1
	rm -rf "$out"
	mkdir -p "$out"
	{
		printf 'CONFIG_%s=y\n' EXPERT DEBUG PV PV32 PERF_COUNTERS PERF_ARRAYS
		echo '# CONFIG_SELF_TESTS is not set'
	} > "$out/.config"
	make -C "$tree/xen" O="$out" olddefconfig >> "$log" 2>&1 || return 1
	for option in DEBUG PV32 PERF_COUNTERS PERF_ARRAYS; do
		grep -q "^CONFIG_$option=y" "$out/.config" || {
			say "the configuration lost CONFIG_$option"
			return 1
		}
	done
}

say "reading the source package lists of this machine's archives"
packages_name_xen
if [ -z "$(list_archives)" ]; then
	packages_refresh
	[ -n "$(list_archives)" ] || die "no archive in apt's source lists offers $package"
fi
if ! fetch_source_of ''; then
	say "looking for xen $pinned of $pinned_suite in the same archives"
	fetch_source_of "$pinned_suite" || die "no version of the xen source package can be had"
fi

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
say "$result is xen $version, ready after $(($(date +%s) - started)) s of compiling"
