/* SPDX-License-Identifier: MIT */
/*
 * The ring of bytes between a domain and xenstored. What the bytes say is the kernel's affair.
 */
#ifndef PINFOLD_XEN_XENSTORE_H
#define PINFOLD_XEN_XENSTORE_H

#include <stddef.h>

/* Contracts: pv/xenstore.h, whose functions of the same names these are. */
int xenstore_open(void (*handler)(void));
size_t xenstore_send(const void *data, size_t len);
size_t xenstore_receive(void *data, size_t len);

#endif
