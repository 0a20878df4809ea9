/* SPDX-License-Identifier: MIT */
/*
 * The topics of a 64-bit guest.
 */
#include "tests/agree/sequence.h"

const struct agree_topic agree_topics[] = {
    {"settled", 1000000, agree_settled},
    {"memory", 1, agree_memory},
    {"events", 4, agree_events},
    {"vcpus", 4, agree_vcpus},
    {"processor", 4, agree_processor},
    {"spaces", 2, agree_spaces},
    {"upper", 2, agree_upper},
    {"linear", 4, agree_linear},
    {"ldt", 4, agree_ldt},
    {0},
};
