/* SPDX-License-Identifier: MIT */
/*
 * The start of a run, as the pump goes through it: a saved machine goes on, the guest gets what it
 * waits for, and takes it.
 */
#ifndef PINFOLD_TOOLS_PUMP_START_H
#define PINFOLD_TOOLS_PUMP_START_H

#include <stdbool.h>

#include "tools/pinfold/pump.h"

/* There is a saved machine that has not taken anything yet: another may take its place. */
bool pump_start_is_restoring(const struct pump *pump);

/* Has the guest taken its hand-over, so that input is its own? */
bool pump_start_is_taken(const struct pump *pump);

/* There is a program, and it gets signals. */
bool pump_start_is_over(const struct pump *pump);

/* Takes what QEMU says; false: the saved machine cannot be started. */
bool pump_start_take_news(struct pump *pump);

/* Does what the guest has come to. */
void pump_start_go_on(struct pump *pump);

#endif
