#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the sources that match the patterns, one path per line: what git has, or where the tree came
# without git, as a tarball does, all files but those of the build.
#
# Use: tools/sources.sh PATTERN…     (from the top of the source tree; a pattern is one of git's,
# which like '*.c' means the files of all folders, or the path of a file)
set -u

if [ -e .git ] && git ls-files "$@" 2> /dev/null; then
	exit 0
fi
for pattern in "$@"; do
	find . -path ./build -prune -o -path "./$pattern" -type f -print
done | sed 's|^\./||' | sort
