/* SPDX-License-Identifier: MIT */
/* Group rules: losses and cotangents of every size, none, and no numbers at all. Sizes are powers
   of two, so that the problems are the same ones to the last bit. */
#include <math.h>

#include "check/groups.h"
#include "check/rules_trial.h"

/* One size after another, each at the same settings. */
typedef struct sizes {
  ndg_check *check;
  ndg_ref_problem plain, scaled; /* of the same data; plain: as it is */
  int power;                     /* of L^eval; of L^learn if `both` */
  bool both;
  uint64_t n_judged;
} sizes;

/* What nudges by beta L^eval is asked to nudge as much as before. */
static bool prepare(sizes *x, const ndg_setting *v, ndg_setting *out) {
  const ndg_rule_ops *ops = &v->instance.loaded->ops.rule;
  ndg_truncation t = {.struct_size = sizeof t};
  const double beta = ndg_setting_number(&v->instance, "beta");
  *out = *v;
  if (x->both || !ops->truncation || !ops->truncation(v->instance.options, &t) || !(beta > 0))
    return true;
  return ndg_setting_with(x->check, v, "beta", ldexp(beta, -x->power), out);
}

static bool compare_sizes(void *context, const ndg_setting *v) {
  sizes *x = context;
  ndg_setting adapted;
  ndg_trial plain, scaled;
  ndg_verdict verdict;
  char text[NDG_VERDICT_TEXT];
  if (!prepare(x, v, &adapted))
    return true;
  ndg_trial_run(&plain, &x->plain, v);
  if (plain.status != NDG_OK)
    return true; /* whatever it is, it is not the size */
  if (plain.estimand.kind == NDG_ESTIMATES_BIASED && x->power > 0)
    return true; /* it may learn on eval_loss */
  ndg_trial_run(&scaled, &x->scaled, &adapted);
  if (scaled.status != NDG_OK) {
    ndg_check_fail(x->check, "with %s times 2^%d at %s, %s: %s (status %d), without it all is well",
                   x->both ? "both losses" : "eval_loss", x->power, ndg_trial_dtype(&x->plain),
                   v->text, scaled.status < 0 ? scaled.error.text : scaled.record.note,
                   (int)scaled.status);
    return false;
  }
  ndg_trial_judge(&scaled, &verdict);
  x->n_judged += verdict.conclusive;
  if (ndg_verdict_is_wrong(&verdict))
    ndg_check_fail(x->check, "with %s times 2^%d: %s", x->both ? "both losses" : "eval_loss",
                   x->power, ndg_verdict_text(&scaled, &verdict, text));
  return !x->check->has_failed;
}

static uint64_t try_size(ndg_check *c, int power, bool both, ndg_dtype dtype) {
  sizes x = {.check = c, .power = power, .both = both};
  ndg_ref_form f = {
      .n_tasks = 1, .has_start = true, .inner = ndg_ref_brief_descent(), .dtype = dtype};
  if (!ndg_trial_open(c, &x.plain, &f))
    return 0;
  f.eval_power = power;
  f.learn_power = both ? power : 0;
  if (ndg_trial_open(c, &x.scaled, &f))
    ndg_settings_walk(c, NDG_SETTINGS_CHOICES, compare_sizes, &x);
  ndg_ref_close(&x.plain);
  ndg_ref_close(&x.scaled);
  return x.n_judged;
}

static void loss_scale(ndg_check *c) {
  static const int power[] = {10, -10, 40, -40};
  uint64_t n = 0;
  for (int i = 0; i < 4 && !c->has_failed; i++)
    n += try_size(c, power[i], true, NDG_F64);
  for (int i = 0; i < 2 && !c->has_failed; i++)
    n += try_size(c, 2 * power[i], true, NDG_F32);
  if (n == 0)
    ndg_check_skip(c, "at no setting of its options was there anything to compare");
}

/* 1e-20, 1e-30 and 1e20. */
static void tiny_cotangents(ndg_check *c) {
  static const int power[] = {-66, -100, 66};
  for (int i = 0; i < 3 && !c->has_failed; i++)
    (void)try_size(c, power[i], false, NDG_F32);
  for (int i = 0; i < 3 && !c->has_failed; i++)
    (void)try_size(c, power[i], false, NDG_F64);
}

static bool compare_zero(void *context, const ndg_setting *v) {
  sizes *x = context;
  ndg_trial t;
  ndg_verdict verdict;
  ndg_real row[NDG_REF_META];
  ndg_trial_run(&t, &x->plain, v);
  if (t.status != NDG_OK || t.estimand.kind == NDG_ESTIMATES_BIASED)
    return true;
  for (uint64_t j = 0; j < x->plain.n_meta; j++)
    row[j] = t.gradient[0][j];
  const ndg_real norm = ndg_ref_norm(row, x->plain.n_meta);
  /* A difference of samples of G has their round-off, and what learning still moved. */
  ndg_trial_judge(&t, &verdict);
  const ndg_real allowed = t.truncates ? verdict.round_off + verdict.learning : 0;
  x->n_judged++;
  if (!(norm <= allowed))
    ndg_check_fail(x->check,
                   "eval_loss is 0 everywhere, and the gradient has norm %.3Lg, allowed %.3Lg at "
                   "float64, %s",
                   norm, allowed, v->text);
  return !x->check->has_failed;
}

static void zero_cotangent(ndg_check *c) {
  sizes x = {.check = c};
  const ndg_ref_form f = {.n_tasks = 1,
                          .has_start = true,
                          .eval_zero = true,
                          .inner = ndg_ref_brief_descent(),
                          .dtype = NDG_F64};
  if (!ndg_trial_open(c, &x.plain, &f))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_SINGLE, compare_zero, &x);
  if (x.n_judged == 0)
    ndg_check_skip(c, "at no setting of its options does it give a gradient that it calls one");
  ndg_ref_close(&x.plain);
}

static bool look_for_number(void *context, const ndg_setting *v) {
  sizes *x = context;
  ndg_trial t;
  bool finite = true;
  ndg_trial_run(&t, &x->plain, v);
  for (uint64_t j = 0; j < x->plain.n_meta; j++)
    finite = finite && isfinite(t.gradient[0][j]);
  /* Rules that never look at eval_loss may have one. */
  if (t.status == NDG_OK && finite && t.estimand.kind != NDG_ESTIMATES_BIASED)
    ndg_check_fail(x->check,
                   "eval_loss is NaN everywhere, and the estimate is finite, with status 0; %s",
                   v->text);
  return !x->check->has_failed;
}

static void not_a_number(ndg_check *c) {
  sizes x = {.check = c};
  const ndg_ref_form f = {.n_tasks = 1,
                          .has_start = true,
                          .poisoned = true,
                          .inner = ndg_ref_brief_descent(),
                          .dtype = NDG_F64};
  if (!ndg_trial_open(c, &x.plain, &f))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_CHOICES, look_for_number, &x);
  ndg_ref_close(&x.plain);
}

#define CASE(name_, property_)                                                                     \
  { .group = "rules", .name = #name_, .property = property_, .kind = NDG_KIND_RULE, .run = name_ }
const ndg_check_case ndg_check_rules_scale[] = {
    CASE(loss_scale, "losses times c, steps divided by c: the gradient times c"),
    CASE(tiny_cotangents,
         "eval_loss times 1e-20, 1e-30, 1e20, in float32 and float64: the gradient "
         "times that"),
    CASE(zero_cotangent, "where eval_loss is 0 the gradient is exactly 0"),
    CASE(not_a_number, "where eval_loss is NaN there is no number, or no status 0"),
    {.group = NULL}};
