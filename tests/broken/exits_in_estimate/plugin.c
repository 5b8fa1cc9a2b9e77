/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
#include <stdlib.h>
static ndg_status leave(const void *options, const ndg_problem_api *api, ndg_problem *problem,
                        ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  (void)options, (void)api, (void)problem, (void)gradient, (void)record, (void)e;
  exit(0);
}
#define ESTIMATE leave
#include "../sound.h"
