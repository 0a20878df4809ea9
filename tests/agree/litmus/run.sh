#!/bin/sh
# SPDX-License-Identifier: MIT
# Pairs of sequences that two vcpus make at once: each outcome that is seen on real Xen must be one
# that some schedule of the model's gives. How many of those are seen depends on the machine, and is
# only told. The debug build, made quiet (it would log every refusal), each vcpu with a processor of
# its own.
#
# Use: tests/agree/litmus/run.sh BUILD-FOLDER RUNS RANDOM-PAIRS   (from the top of the source tree)
set -u

name=$1/litmus
runs=$2
randoms=$3

# judge ALLOWED SEEN
judge() {
	awk '
		/^FAIL / { print; next }
		{ test = $2; sub(/:$/, "", test) }
		/^sequence / { said[test] = said[test] "\n# " $0 }
		/^litmus / && FNR == NR { allowed[$0] = 1; count[test]++; next }
		/^litmus / {
			times = $NF
			sub(/  # [0-9]+$/, "")
			if (!(test in seen))
				order[++tests] = test
			seen[test]++
			runs[test] += times
			if (!($0 in allowed))
				bad[test] = bad[test] "\n# " times " times: " substr($0, index($0, ":") + 2)
		}
		END {
			for (i = 1; i <= tests; i++) {
				test = order[i]
				if (test in bad)
					print "FAIL agree/litmus-" test ": seen, and not allowed:" bad[test] \
						said[test]
				else
					print "ok agree/litmus-" test "  # seen " seen[test] " of " \
						count[test] " outcomes in " runs[test] " runs"
			}
		}' "$1" "$2"
}

timeout -k 5 $((240 + runs * (randoms + 25) / 50)) qemu-system-x86_64 -accel tcg,thread=multi -cpu Haswell-noTSX -smp 2 -m 256 \
	-display none -no-reboot -nodefaults -serial stdio -kernel build/xen/xen-debug \
	-append "console=com1 com1=115200,8n1 dom0_mem=64M dom0_max_vcpus=3 dom0_vcpus_pin \
sched=credit loglvl=none guest_loglvl=none" \
	-initrd "$1/litmus-kernel.elf runs=$runs randoms=$randoms" < /dev/null > "$name.log" 2>&1
sh tests/console.sh "$name.log" > "$name.all"
grep '^litmus ' "$name.all" > "$name.xen"
if ! grep -q '^finished' "$name.all"; then
	echo "FAIL agree/litmus-finished: $(tail -n 1 "$name.all")"
fi
"$1/litmus-model" "$randoms" > "$name.model" || echo "FAIL agree/litmus-model: see $name.model"
judge "$name.model" "$name.xen"

# Without one of the outcomes that were seen, that one must be a failure.
one=$(head -n 1 "$name.xen" | sed 's/  # [0-9]*$//')
test=$(echo "$one" | sed 's/^litmus \([^:]*\):.*/\1/')
grep -vxF "$one" "$name.model" > "$name.narrow"
if judge "$name.narrow" "$name.xen" | grep -q "^FAIL agree/litmus-$test:"; then
	echo "ok agree/litmus-narrowed"
else
	echo "FAIL agree/litmus-narrowed: no failure without '$one'"
fi
