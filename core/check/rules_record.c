/* SPDX-License-Identifier: MIT */
/* Group rules: what the record says is so, and what is used was asked for. */
#include <math.h>
#include <string.h>

#include "check/groups.h"
#include "check/rules_trial.h"

typedef struct books {
  ndg_check *check;
  ndg_ref_problem problem;
  uint64_t n_seen;
} books;

static bool open_books(ndg_check *c, books *x) {
  const ndg_ref_form f = {
      .n_tasks = 2, .has_start = true, .inner = ndg_ref_brief_descent(), .dtype = NDG_F64};
  x->check = c;
  return ndg_trial_open(c, &x->problem, &f);
}

/* ---- residual ---- */

static bool compare_residual(void *context, const ndg_setting *v) {
  books *x = context;
  ndg_trial t;
  ndg_trial_run(&t, &x->problem, v);
  const double solved = t.spy.solve_residual, said = t.record.residual;
  if (t.status < 0 || t.spy.n_solves != 1 || isnan(solved))
    return true;
  x->n_seen++;
  if (isnan(said) && t.status == NDG_OK && solved > 1e-9)
    ndg_check_fail(x->check,
                   "the linear solve ended at residual %.3g, and the record says nothing of it; %s",
                   solved, v->text);
  else if (said < 0.5 * solved && solved > 1e-12)
    ndg_check_fail(x->check, "the record says residual %.3g; the linear solve ended at %.3g; %s",
                   said, solved, v->text);
  return !x->check->has_failed;
}

static void residual(ndg_check *c) {
  books x = {0};
  if (!open_books(c, &x))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_SINGLE, compare_residual, &x);
  if (x.n_seen == 0)
    ndg_check_skip(c, "it makes no one use of the host's linear solvers");
  ndg_ref_close(&x.problem);
}

/* ---- costs and words ---- */

typedef struct count {
  const char *name;
  uint64_t said, counted;
} count;

/* What a rule finds out from few samples is an estimate; what is off by more warns of nothing, or
   of what is not there. */
static void compare_radius(books *x, const ndg_trial *t) {
  const double said = t->record.stability_radius;
  ndg_real least = INFINITY;
  for (uint64_t task = 0; task < t->problem->n_tasks; task++) {
    ndg_ref_fixed f;
    if (ndg_ref_fixed_point(t->problem, task, 0, &f))
      least = fminl(least, f.radius);
  }
  if (t->status == NDG_OK && isfinite(said) && !(said > 0.2L * least && said < 5 * least))
    ndg_check_fail(x->check, "the record says stability radius %.3g; it is %.3Lg; %s", said, least,
                   t->setting->text);
}

static bool compare_counts(void *context, const ndg_setting *v) {
  books *x = context;
  ndg_trial t;
  ndg_trial_run(&t, &x->problem, v);
  const ndg_record *said = &t.spy.left, *is = &t.record;
  const count counts[] = {
      {"learner_runs", said->learner_runs, is->learner_runs},
      {"gradient_evaluations", said->gradient_evaluations, is->gradient_evaluations},
      {"hessian_vector_products", said->hessian_vector_products, is->hessian_vector_products},
      {"mixed_products", said->mixed_products, is->mixed_products},
      {"bytes_held", said->bytes_held, is->bytes_held},
      {"nonlocal", said->nonlocal, is->nonlocal}};
  for (size_t i = 0; t.status >= 0 && i < sizeof counts / sizeof *counts; i++)
    if (counts[i].said != 0 && counts[i].said != counts[i].counted)
      ndg_check_fail(x->check, "it writes %s = %llu into the record; the host counted %llu; %s",
                     counts[i].name, (unsigned long long)counts[i].said,
                     (unsigned long long)counts[i].counted, v->text);
  if (said->residual < 0)
    ndg_check_fail(x->check, "the record says residual %g; %s", said->residual, v->text);
  if (said->stability_radius <= 0)
    ndg_check_fail(x->check, "the record says stability radius %g; %s", said->stability_radius,
                   v->text);
  if (said->status > 0 && !said->note[0] && !t.error.text[0])
    ndg_check_fail(x->check, "status %d, and no line that says why; %s", (int)said->status,
                   v->text);
  if (said->status < 0 || said->status > NDG_PAST_RADIUS)
    ndg_check_fail(x->check, "the record says status %d, which is none; %s", (int)said->status,
                   v->text);
  if (!memchr(said->note, 0, sizeof said->note))
    ndg_check_fail(x->check, "the note of the record has no end; %s", v->text);
  compare_radius(x, &t);
  x->n_seen++;
  return !x->check->has_failed;
}

static void honest_record(ndg_check *c) {
  books x = {0};
  if (!open_books(c, &x))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_SINGLE, compare_counts, &x);
  ndg_ref_close(&x.problem);
}

/* ---- what is not local ---- */

static bool is_declared(const ndg_setting *v, const char *capability) {
  const ndg_component *c = v->instance.loaded->component;
  const ndg_rule_ops *ops = &v->instance.loaded->ops.rule;
  return ndg_ids_contain(c->needs, capability) || ndg_ids_contain(c->uses, capability) ||
         (ops->needs && ndg_ids_contain(ops->needs(v->instance.options), capability));
}

static bool compare_use(void *context, const ndg_setting *v) {
  books *x = context;
  ndg_trial t;
  ndg_trial_run(&t, &x->problem, v);
  const struct {
    bool used;
    const char *what, *capability;
  } use[] = {{t.spy.second_order, "second derivatives", NDG_CAP_SECOND_ORDER},
             {t.spy.complex_numbers, "complex numbers", NDG_CAP_COMPLEX},
             {t.spy.transposed_steps, "transposed steps", NDG_CAP_TRANSPOSED_STEP}};
  for (size_t i = 0; i < sizeof use / sizeof *use; i++)
    if (use[i].used && !is_declared(v, use[i].capability))
      ndg_check_fail(x->check,
                     "it uses %s, and asks for them nowhere: %s belongs into needs or uses; %s",
                     use[i].what, use[i].capability, v->text);
  x->n_seen++;
  return !x->check->has_failed;
}

static void declared_use(ndg_check *c) {
  books x = {0};
  if (!open_books(c, &x))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_SINGLE, compare_use, &x);
  ndg_ref_close(&x.problem);
}

#define CASE(name_, property_)                                                                     \
  { .group = "rules", .name = #name_, .property = property_, .kind = NDG_KIND_RULE, .run = name_ }
const ndg_check_case ndg_check_rules_record[] = {
    CASE(residual, "the residual in the record is that of the linear solve"),
    CASE(honest_record, "costs in the record are those that the host counts, the radius is that of "
                        "the problem, a soft status has a line"),
    CASE(declared_use, "what is not local is asked for before it is used"),
    {.group = NULL}};
