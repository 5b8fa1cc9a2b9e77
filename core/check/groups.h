/* SPDX-License-Identifier: MIT */
/* The tables of all groups: one per file that defines cases, listed in groups.c. */
#ifndef NUDGE_CHECK_GROUPS_H
#define NUDGE_CHECK_GROUPS_H

#include "check/check.h"

extern const ndg_check_case ndg_check_descriptor[];
extern const ndg_check_case ndg_check_library[];
extern const ndg_check_case ndg_check_life_cycle[];
extern const ndg_check_case ndg_check_options[];
/* Of learners. */
extern const ndg_check_case ndg_check_learner_bounds[];
extern const ndg_check_case ndg_check_learner_built[];
extern const ndg_check_case ndg_check_learner_checkpoint[];
extern const ndg_check_case ndg_check_learner_complex[];
extern const ndg_check_case ndg_check_learner_data[];
extern const ndg_check_case ndg_check_learner_determinism[];
extern const ndg_check_case ndg_check_learner_gradients[];
extern const ndg_check_case ndg_check_learner_hygiene[];
extern const ndg_check_case ndg_check_learner_identities[];
extern const ndg_check_case ndg_check_learner_rows[];
extern const ndg_check_case ndg_check_learner_seen[];
extern const ndg_check_case ndg_check_learner_solutions[];
extern const ndg_check_case ndg_check_learner_types[];
extern const ndg_check_case ndg_check_learner_values[];
extern const ndg_check_case ndg_check_rules_exact[], ndg_check_rules_scale[],
    ndg_check_rules_tasks[], ndg_check_rules_same[], ndg_check_rules_record[],
    ndg_check_rules_extremes[];

#endif
