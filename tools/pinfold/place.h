/* SPDX-License-Identifier: MIT */
/*
 * Where Pinfold's own files are: the kernel, the base ramdisk, Xen.
 */
#ifndef PINFOLD_TOOLS_PLACE_H
#define PINFOLD_TOOLS_PLACE_H

enum place_file {
	PLACE_KERNEL,
	PLACE_BASE,
	PLACE_XEN,
};

/*
 * The path of a file, looked for in the folder of the variable PINFOLD_LIB, else in build/ beside
 * the command, else in ../lib/pinfold. Ends the process when it is in none. The caller frees it.
 */
char *place_find(enum place_file file);

/*
 * The Xen to use: `chosen`, which must look like one, or where that is NULL Pinfold's own. As
 * above.
 */
char *place_xen(const char *chosen);

#endif
