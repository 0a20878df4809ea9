#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole kernel on the debug build of Xen: the checks inside the guest, a clock that is set, turns
# beside long requests, storms on 2 to 32 vcpus, forks of processes with much memory, then what boot
# costs in instructions. What Xen logs is a witness: no complaint, and no store to a page table that
# it had to emulate.
#
# Use: tests/system/run.sh BUILD-FOLDER      (from the top of the source tree)
set -u

build=$1
xen=build/xen/xen-debug
verdict() {
	if [ "$2" = yes ]; then echo "ok system/$1"; else echo "FAIL system/$1: $3"; fi
}

# witness NAME: what Xen has to say about the run whose log is $build/NAME.log
witness() {
	sh tests/xen-log.sh "system/$1" "$build/$1.log"
	emulated=$(sh tests/console.sh "$build/$1.log" |
		sed -n 's/^(XEN) writable pt emulations *TOTAL\[ *\([0-9]*\)\].*/\1/p' | tail -n 1)
	verdict "$1-no-page-table-store-was-emulated" "$([ "$emulated" = 0 ] && echo yes)" \
		"Xen counted ${emulated:-nothing}"
}

# guest NAME COMMAND OPTIONS...: runs it in a guest, has Xen print its counters, looks at the log.
guest() {
	name=$1 command=$2
	shift 2
	./pinfold run --cold --xen "$xen" --log "$build/$name.log" --timeout 400 "$@" \
		--add "$build/checks:/bin/checks" --add "$build/storm:/bin/storm" \
		--add "$build/forks:/bin/forks" --add "$build/clock:/bin/clock" \
		--add "$build/turns:/bin/turns" \
		--add "$build/exit:/bin/exit-now" -- \
		sh -c "$command; echo p > /proc/pinfold/debug-keys" < /dev/null
	status=$?
	[ "$status" = 0 ] || echo "FAIL system/$name: ended with status $status, see $build/$name.log"
	witness "$name"
}

guest checks 'checks /bin/exit-now'
guest clock clock
# With -icount the clock counts instructions: what is measured does not depend on this machine.
guest turns turns --vcpus 1 --qemu -icount --qemu shift=0,sleep=off
for vcpus in 2 4 8 32; do
	guest "storm-$vcpus" "storm /bin/exit-now $vcpus" --vcpus "$vcpus"
done

for vcpus in 1 4; do
	guest "forks-$vcpus" "forks /bin/exit-now $vcpus" --vcpus "$vcpus" --memory 768
done

# With -icount the counter ticks once per instruction.
cost=$(./pinfold run --cold --xen "$xen" --log "$build/boot.log" --timeout 200 \
	--qemu -icount --qemu shift=0,sleep=off -- \
	grep -E '^boot' /proc/pinfold/counters < /dev/null)
ticks=$(echo "$cost" | sed -n 's/^boot.ticks *//p')
entries=$(echo "$cost" | sed -n 's/^boot.entries *//p')
echo "# boot to the first user instruction: ${ticks:-?} instructions, ${entries:-?} entries into Xen"
verdict boot-below-20-million-instructions "$([ "${ticks:-999999999}" -lt 20000000 ] && echo yes)" "$ticks"
verdict boot-below-500-entries "$([ "${entries:-9999}" -lt 500 ] && echo yes)" "$entries"
