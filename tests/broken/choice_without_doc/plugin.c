/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
static const ndg_choice choices[] = {{"forward", 0, NULL}, {NULL, 0, NULL}};
#define OPTION NDG_OPT_ENUM(sound_options, variant, 0, choices, "Which difference.")
#include "../sound.h"
