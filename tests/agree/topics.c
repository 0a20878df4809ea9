/* SPDX-License-Identifier: MIT */
/*
 * The topics of a 64-bit guest, in their order: `upper` goes to user mode, so it comes before those
 * that change where its traps lead.
 */
#include "tests/agree/sequence.h"

const struct agree_topic agree_topics[] = {
    {"upper", 2, agree_upper},           {"memory", 1, agree_memory},
    {"events", 4, agree_events},         {"vcpus", 4, agree_vcpus},
    {"processor", 4, agree_processor},   {"spaces", 2, agree_spaces},
    {"linear", 4, agree_linear},         {"ldt", 4, agree_ldt},
    {"settled", 1000000, agree_settled}, {0},
};
