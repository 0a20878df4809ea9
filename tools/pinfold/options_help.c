/* SPDX-License-Identifier: MIT */
/*
 * The texts of help, see options_help.h.
 */
#include "tools/pinfold/options_help.h"

#include <string.h>

static const char machine_help[] =
    "  -m, --memory SIZE   memory of the guest in MiB, or as 512M, 2G (default 256, least 32)\n"
    "  --vcpus N           virtual CPUs of the guest (default 2, at most 32); also --cpus\n"
    "  --root DIR          DIR's tree becomes the guest's root, in place of busybox\n"
    "  --add HOST[:GUEST]  put a file or folder of this machine into the guest (repeatable)\n"
    "  -e, --env NAME[=VALUE]  set a variable of the program's environment; without a value\n"
    "                      it is this machine's (repeatable)\n"
    "  --env-file FILE     set those on the lines of FILE (repeatable)\n"
    "  -w, --workdir DIR   the folder that the program starts in (default /); made if missing\n"
    "  -u, --user USER[:GROUP]  whom the program runs as: names of the guest, or numbers\n"
    "  --ulimit NAME=SOFT[:HARD]  a limit of the program, as nofile=1024 (repeatable)\n"
    "  --xen FILE          another Xen than the release one in build/xen\n"
    "  --xen-args STRING   more arguments for Xen\n"
    "  --kernel-args STR   arguments for the Pinfold kernel (noaslr, loglevel=N)\n"
    "  --cpu MODEL         QEMU's CPU model\n";

static const char run_help[] =
    "Use: pinfold run [options] -- PROGRAM [ARGUMENTS]\n"
    "\n"
    "Runs a static x86-64 Linux program in a Xen PV virtual machine of its own, with this\n"
    "command's standard input, output and error, and ends with the program's status.\n"
    "PROGRAM is a path on this machine, or a name found in the guest (busybox's applets).\n"
    "\n"
    "  --timeout SECONDS   end the run after that time, with status 124\n"
    "  --log FILE          write Xen's and the kernel's messages to FILE\n"
    "  -v, --verbose       show them on standard error as they come\n"
    "  --cold              boot a machine for this run rather than start from a saved one\n"
    "  --stats             print the kernel's counters on standard error at the end\n"
    "%s"
    "  --qemu ARGUMENT     one more argument for QEMU (repeatable)\n"
    "  --dry-run           print the QEMU command and do not run it\n"
    "  -i, --interactive, -t, --tty, --rm   taken and without effect: it is always so\n"
    "  -h, --help          this text\n"
    "\n"
    "Statuses: the program's own; 128+N when signal N ended it; 124 timeout; 126 PROGRAM cannot\n"
    "be run; 127 not found; 125 any failure of Pinfold, Xen or QEMU.\n";

static const char image_help[] =
    "Use: pinfold image -o DIR [options] -- PROGRAM [ARGUMENTS]\n"
    "\n"
    "Writes what a machine elsewhere needs to run the program: the kernel, the ramdisk, Xen, a\n"
    "script with the QEMU command, and a configuration for xl.\n"
    "\n"
    "  -o, --output DIR    the folder to write to; made if it is not there\n"
    "%s"
    "  -h, --help          this text\n";

static const char main_help[] =
    "Use: pinfold run [options] -- PROGRAM [ARGUMENTS]    run a program in a guest of its own\n"
    "     pinfold image -o DIR [options] -- PROGRAM …     write kernel, ramdisk, command lines\n"
    "     pinfold help run, pinfold help image            the options\n"
    "     pinfold version\n"
    "\n"
    "Pinfold runs a Linux program as a PV guest on the Xen hypervisor, inside QEMU. Try\n"
    "     pinfold run -- sh\n";

void help_print_main(FILE *to)
{
	fputs(main_help, to);
}

void help_print_command(FILE *to, const char *command)
{
	if (strcmp(command, "run") == 0)
		fprintf(to, run_help, machine_help);
	else if (strcmp(command, "image") == 0)
		fprintf(to, image_help, machine_help);
}
