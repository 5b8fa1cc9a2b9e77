/* SPDX-License-Identifier: MIT */
/* Case 2: 0 for H = 2I. */
#define DEFECT_LAST_ITERATE
#define RULE_DOC "The loop ends before the converged iterate is stored."
#include "../sound_rule.h"
