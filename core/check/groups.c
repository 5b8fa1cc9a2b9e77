/* SPDX-License-Identifier: MIT */
#include "check/groups.h"

const ndg_check_case *const ndg_check_groups[] = {
    ndg_check_library,
    ndg_check_descriptor,
    ndg_check_options,
    ndg_check_life_cycle,
    /* learners */
    ndg_check_learner_data,
    ndg_check_learner_seen,
    ndg_check_learner_rows,
    ndg_check_learner_hygiene,
    ndg_check_learner_bounds,
    ndg_check_learner_built,
    ndg_check_learner_determinism,
    ndg_check_learner_values,
    ndg_check_learner_gradients,
    ndg_check_learner_identities,
    ndg_check_learner_types,
    ndg_check_learner_complex,
    ndg_check_learner_solutions,
    ndg_check_learner_checkpoint,
    /* rules */
    ndg_check_rules_exact,
    ndg_check_rules_scale,
    ndg_check_rules_tasks,
    ndg_check_rules_same,
    ndg_check_rules_record,
    ndg_check_rules_extremes,
    NULL,
};
