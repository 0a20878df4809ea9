/* SPDX-License-Identifier: MIT */
/* The format is chosen at run time, so that one program proves them all. */
#ifndef PINFOLD_PORT_PT_FORMAT_H
#define PINFOLD_PORT_PT_FORMAT_H

extern const struct pt_format *port_pt_format;
#define PT_FORMAT (*port_pt_format)

#endif
