# SPDX-License-Identifier: MIT
# make install, the installed command, make uninstall, make help. Sourced by run.sh.

run ${MAKE:-make} install DESTDIR="$PWD/$work/stage" PREFIX=/usr
check install 'status_is 0'
(cd "$work/stage" && find . -type f | sort) > "$work/out"
check install-files 'out_is "./usr/bin/pinfold
./usr/lib/pinfold/base.cpio
./usr/lib/pinfold/pinfold-kernel.elf
./usr/lib/pinfold/xen-release
./usr/share/bash-completion/completions/pinfold
./usr/share/man/man1/pinfold.1
./usr/share/zsh/site-functions/_pinfold
"'
run "$work/stage/usr/bin/pinfold" run --dry-run -- true
check install-finds-its-files 'status_is 0' 'err_is ""' 'out_has "lib/pinfold/xen-release"'
run ${MAKE:-make} uninstall DESTDIR="$PWD/$work/stage" PREFIX=/usr
check uninstall 'status_is 0' '[ -z "$(find "$work/stage" -type f -o -name pinfold)" ]'
rm -r "$work/stage"
run ${MAKE:-make} help
check make-help 'status_is 0' 'err_is ""' 'out_has "^make test "' 'out_has "^make uninstall\\|uninstall"' \
	'out_has "PREFIX"'
