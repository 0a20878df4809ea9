#!/bin/sh
# SPDX-License-Identifier: MIT
# make run: a shell in the guest, after a greeting that says what is running.
set -u

echo "Pinfold: a PV virtual machine on Xen, under QEMU. The shell is busybox's; try ps, free, top, vi."
echo "It ends with exit or Ctrl-D; nothing in it outlives it."
./pinfold run -- sh
# How the shell ended is nothing that make should call an error; that it could not start is.
[ $? != 125 ]
