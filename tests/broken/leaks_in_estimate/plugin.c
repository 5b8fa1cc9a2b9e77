/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
#include <stdlib.h>
static void *volatile table;
static ndg_status leak(const void *options, const ndg_problem_api *api, ndg_problem *problem,
                       ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  const ndg_complex zero = {0, 0};
  (void)options, (void)record;
  table = malloc(1000);
  return api->combine(problem, gradient, zero, 0, NULL, NULL, e);
}
#define ESTIMATE leak
#include "../sound.h"
