/* SPDX-License-Identifier: MIT */
/* Group rules: tasks are estimated together as they are alone, and one that fails takes no other
   with it. */
#include <math.h>
#include <string.h>

#include "check/groups.h"
#include "check/rules_trial.h"

enum { N = 3 };

typedef struct together {
  ndg_check *check;
  ndg_ref_problem all, permuted, alone[N];
  uint64_t n_compared;
  bool exactly; /* the rule says that rows are the same bits in any batch */
} together;

static bool claims(const ndg_check *c, uint32_t prop) {
  return (c->subject->component->props & prop) != 0;
}

/* How far two rows are apart, relative. */
static double apart(const double *x, const double *y, uint64_t n) {
  ndg_real difference[NDG_REF_META], size[NDG_REF_META];
  for (uint64_t j = 0; j < n; j++) {
    difference[j] = (ndg_real)x[j] - y[j];
    size[j] = x[j];
  }
  const ndg_real norm = ndg_ref_norm(size, n), by = ndg_ref_norm(difference, n);
  return (double)(norm > 0 ? by / norm : by);
}

/* Is a row what it is elsewhere: the same bits where that is claimed; else as far from it as errors
   explain that both may have (a solver that stops at one residual for all tasks stops elsewhere). A
   biased rule that claims nothing may draw numbers for the batch. */
static bool same_row(const together *x, const ndg_trial *t, uint64_t task, const ndg_trial *other,
                     uint64_t other_task, double *distance) {
  const double *row = t->gradient[task], *there = other->gradient[other_task];
  ndg_verdict here, elsewhere;
  *distance = apart(row, there, t->problem->n_meta);
  if (x->exactly)
    return memcmp(row, there, (size_t)t->problem->n_meta * sizeof *row) == 0;
  ndg_trial_judge_task(t, task, &here);
  ndg_trial_judge_task(other, other_task, &elsewhere);
  if (!here.conclusive || !elsewhere.conclusive)
    return true;
  return *distance * (double)here.size <= 2 * (double)(here.allowed + elsewhere.allowed);
}

static bool compare_tasks(void *context, const ndg_setting *v) {
  together *x = context;
  static const uint32_t place[N] = {2, 0,
                                    1}; /* in `permuted`: number of the task that lies there */
  ndg_trial all, permuted, alone;
  ndg_verdict verdict;
  double distance = NAN;
  char text[NDG_VERDICT_TEXT];
  ndg_trial_run(&all, &x->all, v);
  ndg_trial_run(&permuted, &x->permuted, v);
  if (all.status != NDG_OK)
    return true;
  x->n_compared++;
  ndg_trial_judge(&all, &verdict);
  if (ndg_verdict_is_wrong(&verdict)) {
    ndg_check_fail(x->check, "of %d tasks: %s", N, ndg_verdict_text(&all, &verdict, text));
    return false;
  }
  for (uint32_t i = 0; i < N; i++) {
    if (permuted.status != NDG_OK || !same_row(x, &permuted, i, &all, place[i], &distance)) {
      ndg_check_fail(x->check,
                     "task %u has another row (by %.2g, relative) when the tasks are in another "
                     "order%s; %s",
                     place[i], distance, x->exactly ? ", and is said to have the same bits" : "",
                     v->text);
      return false;
    }
    ndg_trial_run(&alone, &x->alone[i], v);
    if (alone.status != NDG_OK || !same_row(x, &alone, 0, &all, i, &distance)) {
      ndg_check_fail(x->check, "task %u of %d has another row than alone (by %.2g, relative)%s; %s",
                     i, N, distance, x->exactly ? ", and is said to have the same bits" : "",
                     v->text);
      return false;
    }
  }
  return true;
}

static void tasks_alike(ndg_check *c) {
  static const uint32_t order[N] = {2, 0, 1};
  together x = {.check = c, .exactly = claims(c, NDG_PROP_BATCH_INVARIANT)};
  ndg_ref_form f = {
      .n_tasks = N, .has_start = true, .inner = ndg_ref_brief_descent(), .dtype = NDG_F64};
  bool open = ndg_trial_open(c, &x.all, &f);
  f.which = order;
  open = open && ndg_trial_open(c, &x.permuted, &f);
  for (uint32_t i = 0; open && i < N; i++) {
    const uint32_t one[] = {i};
    f.which = one;
    f.n_tasks = 1;
    open = ndg_trial_open(c, &x.alone[i], &f);
  }
  if (open)
    ndg_settings_walk(c, NDG_SETTINGS_SINGLE, compare_tasks, &x);
  if (open && x.n_compared == 0)
    ndg_check_skip(c, "at no setting of its options was there anything to compare");
  ndg_ref_close(&x.all);
  ndg_ref_close(&x.permuted);
  for (uint32_t i = 0; i < N; i++)
    ndg_ref_close(&x.alone[i]);
}

/* ---- one that fails ---- */

static bool is_finite_row(const ndg_trial *t, uint64_t task) {
  for (uint64_t j = 0; j < t->problem->n_meta; j++)
    if (!isfinite(t->gradient[task][j]))
      return false;
  return true;
}

static bool lose_one(void *context, const ndg_setting *v) {
  together *x = context;
  ndg_trial alone, all;
  double distance = NAN;
  ndg_trial_run(&alone, &x->alone[0], v); /* the others are well */
  if (alone.status != NDG_OK)
    return true;
  ndg_trial_run(&all, &x->all, v);
  x->n_compared++;
  if (all.status < 0)
    ndg_check_fail(x->check,
                   "one of %d tasks runs away, and the estimate of all is refused: %s; %s", N,
                   all.error.text, v->text);
  else if (is_finite_row(&all, 1) && all.status == NDG_OK)
    ndg_check_fail(x->check, "one of %d tasks runs away, and has a gradient, with status 0; %s", N,
                   v->text);
  else if (all.status > 0 && !is_finite_row(&all, 0) && !is_finite_row(&all, 2))
    ndg_check_warn(x->check,
                   "one of %d tasks runs away, and no task has a gradient (status %d): a rule may "
                   "go on without it; %s",
                   N, (int)all.status, v->text);
  else if (!is_finite_row(&all, 0) || !same_row(x, &alone, 0, &all, 0, &distance))
    ndg_check_fail(x->check, "task 0 has another row (by %.2g, relative) when task 1 runs away; %s",
                   distance, v->text);
  return !x->check->has_failed;
}

static bool lose_all(void *context, const ndg_setting *v) {
  together *x = context;
  ndg_trial t;
  ndg_trial_run(&t, &x->alone[1], v);
  if (t.status == NDG_OK && is_finite_row(&t, 0))
    ndg_check_fail(x->check, "the only task runs away, and has a gradient, with status 0; %s",
                   v->text);
  return !x->check->has_failed;
}

static void soft_failures(ndg_check *c) {
  static const uint32_t well[] = {0}, ill[] = {1};
  together x = {.check = c, .exactly = claims(c, NDG_PROP_BATCH_INVARIANT)};
  ndg_ref_form f = {.curvature = NDG_REF_UNSTABLE,
                    .n_tasks = N,
                    .has_start = true,
                    .inner = ndg_ref_brief_descent(),
                    .dtype = NDG_F64};
  bool open = ndg_trial_open(c, &x.all, &f);
  f.n_tasks = 1;
  f.which = well;
  open = open && ndg_trial_open(c, &x.alone[0], &f);
  f.which = ill;
  open = open && ndg_trial_open(c, &x.alone[1], &f);
  if (open) {
    ndg_settings_walk(c, NDG_SETTINGS_CHOICES, lose_one, &x);
    ndg_settings_walk(c, NDG_SETTINGS_CHOICES, lose_all, &x);
  }
  if (open && x.n_compared == 0)
    ndg_check_skip(c, "at no setting of its options was there anything to compare");
  ndg_ref_close(&x.all);
  ndg_ref_close(&x.alone[0]);
  ndg_ref_close(&x.alone[1]);
}

/* ---- where learning starts ---- */

static bool look_at_start(void *context, const ndg_setting *v) {
  together *x = context;
  ndg_trial t;
  bool zero = true, rest = false;
  ndg_trial_run(&t, &x->all, v);
  if (t.status != NDG_OK)
    return true;
  x->n_compared++;
  for (uint64_t j = 0; j < x->all.n_meta; j++) {
    zero = zero && (j < NDG_REF_THETA || t.gradient[0][j] == 0);
    rest = rest || (j < NDG_REF_THETA && t.gradient[0][j] != 0);
  }
  if (zero && rest && t.estimand.kind == 0 && !t.record.note[0]) {
    static const char said[] =
        "where learning starts gets exactly 0, and nothing says so: right for the fixed point, "
        "which "
        "forgets its start, but then estimand() says NDG_ESTIMATES_FIXED_POINT";
    if (x->check->subject->plugin->abi_minor < 2) /* it could not */
      ndg_check_warn(x->check, "%s (ABI 1.2); %s", said, v->text);
    else
      ndg_check_fail(x->check, "%s; %s", said, v->text);
  }
  if (!zero && t.estimand.kind == NDG_ESTIMATES_FIXED_POINT)
    ndg_check_fail(x->check,
                   "estimand() says fixed point, which forgets its start, and the start gets other "
                   "than 0 (%.3g, ...); %s",
                   t.gradient[0][NDG_REF_THETA], v->text);
  return !x->check->has_failed;
}

static void initial_point(ndg_check *c) {
  together x = {.check = c};
  const ndg_ref_form f = {.n_tasks = 1,
                          .has_start = true,
                          .inner = ndg_ref_short(NDG_GRADIENT_DESCENT),
                          .dtype = NDG_F64};
  if (!ndg_trial_open(c, &x.all, &f))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_SINGLE, look_at_start, &x);
  if (x.n_compared == 0)
    ndg_check_skip(c, "at no setting of its options did it give a gradient");
  ndg_ref_close(&x.all);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "rules", .name = #name_, .property = property_, .kind = NDG_KIND_RULE, .limit_s = 20, \
    .run = name_                                                                                   \
  }
const ndg_check_case ndg_check_rules_tasks[] = {
    CASE(tasks_alike, "each task has the row that it has alone, in any order of tasks"),
    CASE(soft_failures, "a task that runs away has no number, and changes no other task's"),
    CASE(initial_point, "zeros for the initial point are said to be meant"),
    {.group = NULL}};
