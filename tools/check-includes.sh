#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks who includes whom: lib → port → arch → xen | native → pv → kernel, arrows never back.
#
# Use: tools/check-includes.sh FILE…     (C sources and headers, from the top of the source tree)
# Contract headers that describe what a lower layer asks of the one above (xen/hooks.h) belong to
# the lower layer. Tools and tests may include what they like.
set -u

exec awk '
function layer(path) {
	if (path ~ /^lib\//) return "lib"
	if (path ~ /^port\//) return "port"
	if (path ~ /^arch\//) return "arch"
	if (path ~ /^xen\//) return "xen"
	if (path ~ /^native\//) return "native"
	if (path ~ /^pv\//) return "pv"
	if (path ~ /^kernel\//) return "kernel"
	return ""
}
BEGIN {
	allowed["lib"] = " lib "
	allowed["port"] = " lib port arch "
	allowed["arch"] = " lib port arch "
	allowed["xen"] = " lib port arch xen "
	allowed["native"] = " lib port arch native "
	allowed["pv"] = " lib port arch xen native pv "
	allowed["kernel"] = " lib port arch xen pv kernel "
}
/^[ \t]*#[ \t]*include[ \t]+["<]/ {
	from = layer(FILENAME)
	if (from == "")
		next
	target = $0
	sub(/^[^"<]*["<]/, "", target)
	sub(/[">].*/, "", target)
	to = layer(target)
	if (to == "" || $0 ~ /<xen\//)
		next
	if (index(allowed[from], " " to " ") == 0) {
		printf "%s:%d: %s must not include %s\n", FILENAME, FNR, from, target
		bad = 1
	}
}
END { exit bad }' "$@" /dev/null
