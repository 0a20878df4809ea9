# SPDX-License-Identifier: MIT
# Completion: what bash offers, by the same function that it calls, and that every option is known to
# both shells. Sourced by run.sh.

# What is offered for the last of the words, sorted.
offers() {
	run bash -c 'shift
		. tools/completion/pinfold.bash
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_pinfold
		printf "%s\n" "${COMPREPLY[@]}" | sort' sh sh "$@"
}

offers pinfold ''
check completion-commands 'status_is 0' 'err_is ""' 'out_is "help
image
run
version
"'
offers pinfold run --me
check completion-option 'out_is "--memory
"'
offers pinfold image --ti
check completion-option-of-run-only 'out_is "
"'
offers pinfold run -m 25
check completion-letter-value 'out_is "256M
"'
offers pinfold run -itm 25
check completion-bundled-letters 'out_is "256M
"'
offers pinfold run --memory = 2
check completion-value-with-equals 'out_is "256M
2G
"'
offers pinfold run --ulimit nof
check completion-limit 'out_is "nofile=
"'
offers pinfold run --root tools/comp
check completion-folder 'out_is "tools/completion
"'
offers pinfold run --add tools/greet
check completion-file 'out_is "tools/greet.sh
"'
offers pinfold run --memory 2G -v -- busyb
check completion-program 'out_is "busybox
"'
offers pinfold run -- cat tools/greet
check completion-argument 'out_is "tools/greet.sh
"'
offers pinfold run cat --me
check completion-argument-is-no-option 'out_is "
"'
offers pinfold help im
check completion-help 'out_is "image
"'

for option in $(sed -n 's/.*{"\([a-z-]*\)", [a-z]*_argument.*/\1/p' tools/pinfold/options.c); do
	for file in tools/completion/pinfold.bash tools/completion/_pinfold; do
		grep -q -e "--$option[^a-z-]" "$file" || echo "$option is not in $file"
	done
done > "$work/out"
check completion-has-every-option 'out_is ""'
if command -v zsh > /dev/null; then
	run zsh -n tools/completion/_pinfold
	check completion-zsh-syntax 'status_is 0' 'err_is ""'
fi
