/* SPDX-License-Identifier: MIT */
/* Case 3. */
#define DEFECT_STALE_RESIDUAL
#define RULE_DOC "The direction is updated with the residual before the step."
#include "../sound_rule.h"
