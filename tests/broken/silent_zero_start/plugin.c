/* SPDX-License-Identifier: MIT */
/* Case 12: correct, but surprising. */
#define DEFECT_SILENT
#define RULE_DOC "Nothing says that the initial point gets exactly zero."
#include "../sound_rule.h"
