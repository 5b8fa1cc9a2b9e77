/* SPDX-License-Identifier: MIT */
/* Rules in use: each way is a setting of their choices on a reference problem. */
#include <math.h>
#include <string.h>

#include "check/check_problems.h"
#include "check/life.h"
#include "check/life_kinds.h"
#include "check/rules_settings.h"

enum { MOST_WAYS = 40 };

typedef struct rule_ways {
  uint64_t n;
  ndg_setting at[MOST_WAYS];
  ndg_ref_form form;
  ndg_ref_problem problem; /* stays where it is while it is open */
} rule_ways;

static rule_ways *ways_of(const ndg_life *l) {
  return l->ways;
}

/* Not much of it: the same for every way. */
static ndg_ref_form small_form(void) {
  return (ndg_ref_form){
      .n_tasks = 2, .has_start = true, .inner = ndg_ref_short(NDG_HEAVY_BALL), .dtype = NDG_F64};
}

static ndg_status use_rule(const ndg_life *l, uint64_t k, const void *options, bool work,
                           double *result, ndg_error *e) {
  rule_ways *ways = ways_of(l);
  ndg_instance rule = ways->at[k].instance;
  double gradient[NDG_REF_META] = {0};
  ndg_record record;
  if (options)
    rule.options = options;
  memset(&ways->problem, 0, sizeof ways->problem);
  ndg_status st = ndg_ref_open(&ways->problem, &ways->form, l->check->seed, e);
  if (st >= 0)
    st = ndg_problem_accepts(ways->problem.problem, &rule, e);
  if (st >= 0 && work)
    st = ndg_problem_estimate(ways->problem.problem, &rule, false, gradient, &record, e);
  ndg_ref_close(&ways->problem);
  *result = gradient[0];
  return st;
}

static const char *name_rule(const ndg_life *l, uint64_t k) {
  return ways_of(l)->at[k].text;
}

static const void *options_rule(const ndg_life *l, uint64_t k) {
  return ways_of(l)->at[k].instance.options;
}

/* Settings for which the rule cannot work on this problem are no way to use it. */
static bool add_way(void *context, const ndg_setting *s) {
  ndg_life *l = context;
  rule_ways *ways = ways_of(l);
  ndg_error e = {.code = NDG_OK};
  double result;
  ways->at[ways->n] = *s;
  if (use_rule(l, ways->n, NULL, true, &result, &e) >= 0)
    ways->n++;
  return ways->n < MOST_WAYS;
}

bool ndg_life_open_rule(ndg_check *c, ndg_life *l) {
  rule_ways *ways = ndg_arena_alloc(c->arena, 1, sizeof *ways);
  if (!ways) {
    ndg_check_skip(c, "out of memory");
    return false;
  }
  ways->form = small_form();
  *l = (ndg_life){
      .check = c, .ways = ways, .use = use_rule, .name = name_rule, .options = options_rule};
  ndg_settings_walk(c, NDG_SETTINGS_CHOICES, add_way, l);
  l->n_ways = ways->n;
  if (ways->n == 0)
    ndg_check_skip(c, "it gives no estimate on the reference problem; see the group rules");
  return ways->n > 0;
}
