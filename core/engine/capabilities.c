/* SPDX-License-Identifier: MIT */
/* What a learner provides through the host, and whether a rule can work with it. */
#include <string.h>

#include "engine/internal.h"

static bool has_closed_form(const ndg_problem *p) {
  const ndg_loaded *l = p->learner.loaded;
  return ndg_ids_contain(l->component->provides, NDG_CAP_CLOSED_FORM) && l->ops.learner.extension &&
         l->ops.learner.extension(NDG_CAP_CLOSED_FORM);
}

bool ndg_problem_provides(const ndg_problem *p, const char *capability, const char **reason) {
  static const char *const by_host[] = {NDG_CAP_GRAPH, NDG_CAP_NUDGE, NDG_CAP_SECOND_ORDER,
                                        NDG_CAP_TRANSPOSED_STEP, NULL};
  const char *why = NULL;
  if (strcmp(capability, NDG_CAP_COMPLEX) == 0)
    why = p->not_complex[0] ? p->not_complex : NULL;
  else if (strcmp(capability, NDG_CAP_CLOSED_FORM) == 0)
    why = has_closed_form(p) ? NULL : "it has no closed-form solution";
  else if (strcmp(capability, NDG_CAP_META_START) == 0)
    why = p->n_start ? NULL
                     : "no group of phi starts at a group of theta; meta-learn where learning "
                       "starts";
  else if (!ndg_ids_contain(by_host, capability))
    why = "this version of nudge knows no such capability";
  if (reason)
    *reason = why;
  return !why;
}

static ndg_status accepts(const ndg_problem *p, const char *rule, const char *const *needs,
                          ndg_error *e) {
  for (; needs && *needs; needs++) {
    const char *reason;
    if (!ndg_problem_provides(p, *needs, &reason))
      return ndg_fail(e, NDG_ECAPABILITY,
                      "rule %s needs %s, which learner %s does not provide here: %s", rule, *needs,
                      p->learner.loaded->component->id, reason);
  }
  return NDG_OK;
}

ndg_status ndg_problem_accepts(const ndg_problem *p, const ndg_instance *rule, ndg_error *e) {
  const ndg_component *c = rule->loaded->component;
  const ndg_rule_ops *ops = &rule->loaded->ops.rule;
  ndg_status st = accepts(p, c->id, c->needs, e);
  if (st >= 0 && ops->needs)
    st = accepts(p, c->id, ops->needs(rule->options), e);
  return st;
}
