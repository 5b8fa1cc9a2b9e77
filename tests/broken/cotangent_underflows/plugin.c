/* SPDX-License-Identifier: MIT */
/* Case 11: no number for small ones. */
#define DEFECT_UNDERFLOW
#define RULE_DOC "Inner products are float32, of cotangents as they come."
#include "../sound_rule.h"
