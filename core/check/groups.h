/* SPDX-License-Identifier: MIT */
/* The tables of all groups: one per file that defines cases, listed in groups.c. */
#ifndef NUDGE_CHECK_GROUPS_H
#define NUDGE_CHECK_GROUPS_H

#include "check/check.h"

extern const ndg_check_case ndg_check_descriptor[];
extern const ndg_check_case ndg_check_library[];
extern const ndg_check_case ndg_check_options[];

#endif
