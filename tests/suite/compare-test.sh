#!/bin/sh
# SPDX-License-Identifier: MIT
# Shows that the suite's comparison reports what it must: equal streams pass, and a difference in
# status, stdout, stderr or clean-up, a missing, a surplus and an unfinished case all fail.
#
# Use: compare-test.sh COMPARE SCRATCH
set -u

compare=$1
scratch=$2/compare-test
mkdir -p "$scratch"
result=0
second= # another stream of a machine that was started twice

# record NAME STATUS CLEANUP STDOUT STDERR
record() {
	printf 'start %s\nstatus %s\ncleanup %s\n' "$1" "$2" "$3"
	printf 'stdout %s\n%s\nstderr %s\n%s\n' ${#4} "$4" ${#5} "$5"
}

# expect NAME STATUS TEXT: the comparison of base and other ends so and says so.
expect() {
	# shellcheck disable=SC2086
	"$compare" "$scratch/base" "$scratch/other" $second > "$scratch/out" 2>&1
	status=$?
	if [ "$status" = "$2" ] && grep -q -x -F -e "$3" "$scratch/out"; then
		echo "ok suite/compare/$1"
	else
		echo "FAIL suite/compare/$1"
		echo "  status $status where $2 was expected, or no line: $3"
		sed 's/^/  /' "$scratch/out"
		result=1
	fi
}

{ record a/one 'exit 0' ok 'start x' ''; record a/two 'exit 1' ok "l1
l2" 'e'; echo 'done 2'; } > "$scratch/base"
cp "$scratch/base" "$scratch/other"
expect same 0 'ok suite/a/two'
sed 's/exit 1/signal 11/' "$scratch/base" > "$scratch/other"
expect status 1 '    + signal 11'
sed 's/^l2/l3/' "$scratch/base" > "$scratch/other"
expect stdout 1 '  stdout differs at line 2 (- reference, + here):'
sed 's/^e$/f/' "$scratch/base" > "$scratch/other"
expect stderr 1 '  stderr differs at line 1 (- reference, + here):'
sed '3s/ok/failed/' "$scratch/base" > "$scratch/other"
expect cleanup 1 'FAIL suite/a/one'
{ record a/two 'exit 1' ok "l1
l2" 'e'; echo 'done 1'; } > "$scratch/other"
expect missing 1 '  was never started here'
{ sed '$d' "$scratch/base"; record a/three 'exit 0' ok '' ''; echo 'done 3'; } > "$scratch/other"
expect surplus 1 'FAIL suite/a/three'
sed '/^status exit 1/,$d' "$scratch/base" > "$scratch/other"
expect unfinished 2 '  the machine stopped in this case'
printf 'nonsense\n' > "$scratch/other"
expect nonsense 2 '  was never started here'
sed '/^l2/,$d' "$scratch/base" > "$scratch/other"
{ record a/three 'exit 0' ok '' ''; echo 'done 3'; } > "$scratch/second"
second=$scratch/second
expect restarted 1 'FAIL suite/a/three'
started=$("$compare" --started "$scratch/other" "$second")
if [ "$started" = 3 ]; then
	echo "ok suite/compare/started"
else
	echo "FAIL suite/compare/started"
	echo "  counted $started cases where 3 were started"
	result=1
fi
exit $result
