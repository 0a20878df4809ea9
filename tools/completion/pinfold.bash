# SPDX-License-Identifier: MIT
# Completion of pinfold for bash: installed as share/bash-completion/completions/pinfold.

_pinfold_options() {
	local common='--memory --vcpus --cpus --root --add --env --env-file --workdir --user --ulimit
		--xen --xen-args --kernel-args --cpu --help'

	case $1 in
	run) echo "$common --timeout --log --cold --stats --qemu --dry-run --verbose --interactive --tty --rm" ;;
	image) echo "$common --output" ;;
	esac
}

# The options that want a value.
_pinfold_wants_value() {
	case $1 in
	--memory | --vcpus | --cpus | --root | --add | --env | --env-file | --workdir | --user | --ulimit | \
		--xen | --xen-args | --kernel-args | --cpu | --timeout | --log | --qemu | --output | \
		-[hvit]*[mewuo] | -[mewuo]) return 0 ;;
	esac
	return 1
}

_pinfold_value() {
	local word=$2 limit limits='as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio
		rttime sigpending stack'

	case $1 in
	--root | --output | -*o)
		compopt -o filenames 2> /dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		;;
	--add | --env-file | --xen | --log)
		compopt -o filenames 2> /dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	--env | -*e) mapfile -t COMPREPLY < <(compgen -e -- "$word") ;;
	--memory | -*m) mapfile -t COMPREPLY < <(compgen -W '64M 128M 256M 512M 1G 2G 4G' -- "$word") ;;
	--vcpus | --cpus) mapfile -t COMPREPLY < <(compgen -W '1 2 4 8 16 32' -- "$word") ;;
	--user | -*u) mapfile -t COMPREPLY < <(compgen -W 'root nobody' -- "$word") ;;
	--kernel-args) mapfile -t COMPREPLY < <(compgen -W 'noaslr loglevel=' -- "$word") ;;
	--ulimit)
		compopt -o nospace 2> /dev/null
		for limit in $limits; do
			[[ $limit != "$word"* ]] || COMPREPLY+=("$limit=")
		done
		;;
	esac
}

# The program: a file of this machine, or a name of the guest's.
_pinfold_program() {
	compopt -o filenames 2> /dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1"
		[[ $1 == */* ]] || compgen -W 'sh busybox ls cat ps free top vi' -- "$1")
}

_pinfold() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-} i

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'run image help version' -- "$word")
		return
	fi
	case $command in
	help) ((COMP_CWORD > 2)) || mapfile -t COMPREPLY < <(compgen -W 'run image' -- "$word") ;;
	run | image) ;;
	*) return ;;
	esac
	# The options end at "--" or at the program.
	for ((i = 2; i < COMP_CWORD; i++)); do
		if _pinfold_wants_value "${COMP_WORDS[i]}"; then
			((++i < COMP_CWORD)) || {
				_pinfold_value "${COMP_WORDS[i - 1]}" "$word"
				return
			}
			# Readline takes "--memory=2G" apart.
			[[ ${COMP_WORDS[i]} != = ]] || ((++i < COMP_CWORD)) || {
				_pinfold_value "${COMP_WORDS[i - 2]}" "$word"
				return
			}
		elif [[ ${COMP_WORDS[i]} == -- ]]; then
			((++i < COMP_CWORD)) || _pinfold_program "$word"
			((i >= COMP_CWORD)) || _pinfold_arguments "$word"
			return
		elif [[ ${COMP_WORDS[i]} != -* ]]; then
			_pinfold_arguments "$word"
			return
		fi
	done
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_pinfold_options "$command") --" -- "$word")
	elif [[ $command != help ]]; then
		_pinfold_program "$word"
	fi
}

# What the program itself is given: files.
_pinfold_arguments() {
	compopt -o filenames 2> /dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

complete -F _pinfold pinfold ./pinfold
