/* SPDX-License-Identifier: MIT */
/* Case 1 of mathematics.md section 5: right at alpha = 1 only. */
#define DEFECT_ALPHA
#define RULE_DOC "The step length uses alpha H p, the residual update H p."
#include "../sound_rule.h"
