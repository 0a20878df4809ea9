#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints what a guest and Xen have written to the serial line, without returns. When the machine below
# was slow, Xen 4.20 says that it looks at the line by a timer from now on, in the middle of a line of
# the guest's maybe: that is taken out, and the line is whole again.
#
# Use: tests/console.sh LOG
set -u

tr -d '\r' < "$1" | awk '
	sub(/\(XEN\) (\[[^]]*\] )?uart interrupt taking more than .*, switched to polling$/, "") {
		start = start $0
		next
	}
	{
		print start $0
		start = ""
	}'
