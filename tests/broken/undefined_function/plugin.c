/* SPDX-License-Identifier: MIT */
#define ESTIMATE no_such_function
#include "nudge/nudge.h"
ndg_status no_such_function(const void *, const ndg_problem_api *, ndg_problem *, ndg_vector *,
                            ndg_record *, ndg_error *);
#include "../sound.h"
