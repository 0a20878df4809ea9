/* SPDX-License-Identifier: MIT */
/*
 * A guest domain's ear for its toolstack: `xl shutdown` and `xl reboot` arrive through the store.
 */
#ifndef PINFOLD_KERNEL_DEV_XENSTORE_H
#define PINFOLD_KERNEL_DEV_XENSTORE_H

/* Boot: start to listen, if there is a store. What arrives ends up in shutdown_request(). */
void xenstore_init(void);

#endif
