#!/bin/sh
# SPDX-License-Identifier: MIT
# Boots the kernels that test the guest layer, each on the debug build of Xen, and passes their
# verdicts on. A line of Xen's between a test's begin and end must contain a text that the test has
# announced (`expect: TEXT`), and each of those must come; anything else is a failure of the test.
#
# Use: tests/guest/run.sh TEST-KERNEL MINIMAL-KERNEL      (from the top of the source tree)
set -u

xen=build/xen/xen-debug
logs=build/tests/guest

# boot NAME KERNEL SECONDS: the machine's console in $logs/NAME.log
boot() {
	timeout -k 5 "$3" qemu-system-x86_64 -accel tcg,thread=single -cpu Haswell-noTSX -smp 2 -m 512 \
		-display none -no-reboot -nodefaults -serial stdio -kernel "$xen" \
		-append "console=com1 com1=115200,8n1 dom0_mem=128M dom0_max_vcpus=4 sched=credit \
loglvl=all guest_loglvl=all" \
		-initrd "$2" < /dev/null > "$logs/$1.log" 2>&1
}

mkdir -p "$logs"
boot test-kernel "$1" 240
sh tests/console.sh "$logs/test-kernel.log" | awk '
	/^begin / { test = $2; expected = 0; split("", seen); bad = ""; verdict = ""; next }
	/^expect: / { expect[++expected] = substr($0, 9); next }
	/^\(XEN\)/ && test != "" {
		known = 0
		for (i = 1; i <= expected; i++)
			if (index($0, expect[i])) {
				known = 1
				seen[i] = 1
			}
		if (!known)
			bad = $0
		next
	}
	/^ok / { verdict = $0; next }
	/^FAIL / { print; verdict = "failed"; next }
	/^end$/ {
		for (i = 1; i <= expected; i++)
			if (!seen[i])
				bad = "(nothing of) " expect[i]
		if (bad != "")
			print "FAIL guest/" test ": Xen says: " bad
		else if (verdict != "failed")
			print verdict
		test = ""
		next
	}
	/^finished, 0 failed/ { finished = 1 }
	!/^\(XEN\)/ { last = $0 }
	END {
		if (test != "")
			print "FAIL guest/" test ": the kernel stopped there: " last
		else if (!finished)
			print "FAIL guest/finished: " last
		else
			print "ok guest/finished"
	}'

boot minimal "$2" 60
sh tests/console.sh "$logs/minimal.log" | awk '
	/^minimal: / { print "# " $0; said = said $0 "\n" }
	/^\(XEN\).*(mm\.c|traps|d0v0)/ { bad = $0 }
	END {
		if (bad != "")
			print "FAIL guest/minimal-kernel: Xen says: " bad
		else if (said ~ /answered 42/ && said ~ /tick came, not early/ && said ~ /done/)
			print "ok guest/minimal-kernel"
		else
			print "FAIL guest/minimal-kernel: see build/tests/guest/minimal.log"
	}'
