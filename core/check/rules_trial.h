/* SPDX-License-Identifier: MIT */
/* One estimate of a rule on a reference problem, and whether it is what the rule says that it is:
   no further from the gradient that it estimates than its truncation error, the residual of its
   linear solve, how far its learning came, and round-off explain. */
#ifndef NUDGE_CHECK_RULES_TRIAL_H
#define NUDGE_CHECK_RULES_TRIAL_H

#include "check/rules_settings.h"
#include "check/rules_spy.h"

typedef struct ndg_trial {
  ndg_ref_problem *problem;
  const ndg_setting *setting;
  ndg_estimand estimand; /* kind 0: nothing is said */
  bool truncates;
  ndg_truncation truncation;
  double beta; /* of a rule that truncates */
  ndg_spy spy;
  ndg_status status;
  ndg_record record;
  ndg_error error;
  double gradient[NDG_REF_TASKS][NDG_REF_META];
} ndg_trial;

/* [main; case; cost of the rule] */
void ndg_trial_run(ndg_trial *, ndg_ref_problem *, const ndg_setting *);

/* What came of it, for the task that is worst off. */
typedef struct ndg_verdict {
  bool conclusive; /* there was something to compare, and allowed is small enough to tell */
  char why[200];   /* it was not; "" */
  uint32_t kind;   /* of the gradient that it was compared with: NDG_ESTIMATES_* */
  uint64_t task;
  ndg_real error, allowed, size; /* size: norm of the exact gradient */
  /* parts of allowed */
  ndg_real truncation, residual, learning, round_off;
} ndg_verdict;
/* [main; case; cheap] */
void ndg_trial_judge(const ndg_trial *, ndg_verdict *);
/* The same of one task, whatever the status of the estimate. [main; case; cheap] */
void ndg_trial_judge_task(const ndg_trial *, uint64_t task, ndg_verdict *);
/* Is it conclusive and too far off? */
bool ndg_verdict_is_wrong(const ndg_verdict *);
/* "error 0.15 of 1.3, allowed 3e-12 (...)". */
enum { NDG_VERDICT_TEXT = 600 };
const char *ndg_verdict_text(const ndg_trial *, const ndg_verdict *, char out[NDG_VERDICT_TEXT]);

/* [any; any; pure] What the rule says of these options; defaults as rule.h has them. */
void ndg_trial_ask(const ndg_instance *rule, ndg_estimand *);
/* [any; any; pure] "float32", "float64". */
const char *ndg_trial_dtype(const ndg_ref_problem *);
double ndg_trial_epsilon(const ndg_ref_problem *);

/* Opens a reference problem of the case's seed, or fails the case. */
bool ndg_trial_open(ndg_check *, ndg_ref_problem *, const ndg_ref_form *);

#endif
