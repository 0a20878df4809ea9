#!/bin/sh
# SPDX-License-Identifier: MIT
# Is Xen content? On the debug build it says why it refuses a call; such a line carries a place in Xen's
# sources or the name of the domain's vcpu. Any in the log of a run is a failure of that run.
#
# Use: tests/xen-log.sh LEVEL LOG
set -u

complaints=$(sh tests/console.sh "$2" | sed -n '/^(XEN) Freed .* init memory/,$p' |
	grep -E '^\(XEN\).*(\.c:[0-9]+|d0v[0-9]|d\[)' | head -n 3)
if [ -z "$complaints" ] && grep -q '^(XEN) Freed .* init memory' "$2"; then
	echo "ok $1/xen-has-no-complaint"
else
	echo "FAIL $1/xen-has-no-complaint: ${complaints:-nothing of Xen in $2}"
fi
