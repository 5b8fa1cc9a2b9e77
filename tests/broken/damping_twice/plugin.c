/* SPDX-License-Identifier: MIT */
/* Case 4: solves (H + 2 damping I) v = g. */
#define DEFECT_DAMPING_TWICE
#define RULE_DOC "Damping is added in the product, and once more."
#include "../sound_rule.h"
