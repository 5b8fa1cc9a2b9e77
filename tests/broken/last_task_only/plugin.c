/* SPDX-License-Identifier: MIT */
/* Case 9: only the last task reaches the update. */
#define DEFECT_LAST_TASK
#define RULE_DOC "Step lengths come from the last task of the batch."
#include "../sound_rule.h"
