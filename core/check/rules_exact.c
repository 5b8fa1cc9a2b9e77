/* SPDX-License-Identifier: MIT */
/* Group rules: is the estimate the gradient that the rule says it is, at many settings of its
   options and on problems of several kinds? */
#include <math.h>

#include "check/groups.h"
#include "check/rules_trial.h"

/* One problem, many settings. */
typedef struct tour {
  ndg_check *check;
  ndg_ref_problem problem;
  uint64_t n_settings, n_judged, n_said; /* said: that they are biased */
  bool truncates;                        /* then order_of_truncation says where it tends to */
  ndg_real nearest;                      /* least relative error of all that were judged */
  char nearest_text[NDG_SETTING_TEXT];
  bool only_damped, only_undamped, only_steps;
  char why[200]; /* the first one could not be judged */
} tour;

static bool is_asked_for(const tour *x, const ndg_estimand *s) {
  return !(x->only_damped && s->damping == 0) && !(x->only_undamped && s->damping != 0) &&
         !(x->only_steps && s->kind != NDG_ESTIMATES_UNROLLED);
}

static bool visit(void *context, const ndg_setting *v) {
  tour *x = context;
  ndg_estimand says;
  ndg_trial t;
  ndg_verdict verdict;
  char text[NDG_VERDICT_TEXT];
  ndg_trial_ask(&v->instance, &says);
  x->n_said += says.kind == NDG_ESTIMATES_BIASED;
  if (!is_asked_for(x, &says))
    return true;
  ndg_trial_run(&t, &x->problem, v);
  ndg_trial_judge(&t, &verdict);
  x->n_settings++;
  if (!verdict.conclusive) {
    if (!x->why[0])
      (void)snprintf(x->why, sizeof x->why, "%s", verdict.why);
    return true;
  }
  x->n_judged++;
  x->truncates = x->truncates || t.truncates;
  if (verdict.error / verdict.size < x->nearest) {
    x->nearest = verdict.error / verdict.size;
    (void)snprintf(x->nearest_text, sizeof x->nearest_text, "%s", v->text);
  }
  if (ndg_verdict_is_wrong(&verdict))
    ndg_check_fail(x->check, "%s", ndg_verdict_text(&t, &verdict, text));
  return !ndg_verdict_is_wrong(&verdict);
}

static bool begin(ndg_check *c, tour *x, const ndg_ref_form *f) {
  x->check = c;
  x->nearest = INFINITY;
  return ndg_trial_open(c, &x->problem, f);
}

/* Nothing judged is no pass. */
static void end(tour *x) {
  ndg_check *c = x->check;
  if (x->n_judged == 0 && x->n_said > 0 && x->n_settings == x->n_said)
    ndg_check_skip(c, "the rule says that it is biased");
  else if (x->n_judged == 0 && x->n_settings > 0)
    ndg_check_skip(c, "at no setting of its options was there anything to compare: %s", x->why);
  ndg_ref_close(&x->problem);
}

static void exactness(ndg_check *c) {
  tour x = {.only_undamped = true};
  const ndg_ref_form f = {
      .n_tasks = 2, .has_start = true, .inner = ndg_ref_descent(), .dtype = NDG_F64};
  if (!begin(c, &x, &f))
    return;
  ndg_settings_walk(c, c->quick ? NDG_SETTINGS_SINGLE : NDG_SETTINGS_PAIRS, visit, &x);
  if (x.n_judged > 0 && !x.truncates && !c->has_failed && x.nearest > 1e-5)
    ndg_check_fail(c,
                   "of %llu settings of its options none comes nearer than %.2Lg (relative; %s): a "
                   "rule that never is exact says so (NDG_ESTIMATES_BIASED)",
                   (unsigned long long)x.n_judged, x.nearest, x.nearest_text);
  end(&x);
}

static void damping(ndg_check *c) {
  tour x = {.only_damped = true};
  const ndg_ref_form f = {
      .n_tasks = 2, .has_start = true, .inner = ndg_ref_descent(), .dtype = NDG_F64};
  if (!begin(c, &x, &f))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_PAIRS, visit, &x);
  if (x.n_settings == 0)
    ndg_check_skip(c, "at no setting does it say that it adds to the curvature");
  end(&x);
}

static void identity_hessian(ndg_check *c) {
  tour x = {0};
  const ndg_ref_form f = {
      .curvature = NDG_REF_IDENTITY, .n_tasks = 1, .inner = ndg_ref_descent(), .dtype = NDG_F64};
  if (!begin(c, &x, &f))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_SINGLE, visit, &x);
  end(&x);
}

/* Newton's steps, which some rules cannot go back through: then a few of gradient descent. */
static void ill_conditioned(ndg_check *c) {
  const ndg_inner inner[] = {ndg_ref_newton(), ndg_ref_short(NDG_GRADIENT_DESCENT)};
  for (int i = 0; i < 2 && !c->has_failed; i++) {
    tour x = {0};
    const ndg_ref_form f = {.curvature = NDG_REF_ILL,
                            .n_tasks = 1,
                            .has_start = true,
                            .inner = inner[i],
                            .dtype = NDG_F64};
    if (!begin(c, &x, &f))
      return;
    ndg_settings_walk(c, NDG_SETTINGS_SINGLE, visit, &x);
    if (i == 1 || x.n_judged > 0) {
      end(&x);
      return;
    }
    ndg_ref_close(&x.problem);
  }
}

static void non_quadratic(ndg_check *c) {
  tour x = {0};
  const ndg_ref_form f = {.n_tasks = 2,
                          .has_start = true,
                          .quartic = 0.5,
                          .inner = ndg_ref_descent(),
                          .dtype = NDG_F64};
  if (!begin(c, &x, &f))
    return;
  ndg_settings_walk(c, NDG_SETTINGS_SINGLE, visit, &x);
  end(&x);
}

static void steps_taken(ndg_check *c) {
  static const uint32_t optimizer[] = {NDG_GRADIENT_DESCENT, NDG_HEAVY_BALL, NDG_NESTEROV,
                                       NDG_ADAM};
  uint64_t n_settings = 0;
  for (int i = 0; i < 4 && !c->has_failed; i++) {
    tour x = {.only_steps = true};
    const ndg_ref_form f = {.n_tasks = 2,
                            .has_start = true,
                            .quartic = 0.25,
                            .inner = ndg_ref_short(optimizer[i]),
                            .dtype = NDG_F64};
    if (!begin(c, &x, &f))
      return;
    ndg_settings_walk(c, NDG_SETTINGS_SINGLE, visit, &x);
    n_settings += x.n_settings;
    if (n_settings == 0)
      ndg_check_skip(c, "at no setting does it say that it estimates the gradient of the steps");
    end(&x);
  }
}

/* ---- order in beta ---- */

typedef struct orders {
  ndg_check *check;
  ndg_ref_problem problem;
  uint64_t n_said, n_measured;
} orders;

/* A beta at which the leading term of the truncation error is most of it; its size in *expected. */
static double suitable_beta(const orders *x, const ndg_truncation *t, ndg_real *expected) {
  ndg_real a[NDG_REF_TAYLOR];
  if (t->order + 3 > NDG_REF_TAYLOR || !ndg_ref_taylor(&x->problem, 0, t->order + 3, a))
    return NAN;
  const ndg_real beta = 0.06L * a[t->order + 1] / a[t->order + 2];
  *expected = t->factor * a[t->order + 1] * powl(beta, t->order);
  return (double)beta;
}

static ndg_real error_at(orders *x, const ndg_setting *v, double beta, ndg_trial *t,
                         ndg_verdict *verdict) {
  ndg_setting at;
  if (!ndg_setting_with(x->check, v, "beta", beta, &at))
    return NAN;
  ndg_trial_run(t, &x->problem, &at);
  t->setting = v;
  ndg_trial_judge(t, verdict);
  return t->status == NDG_OK && verdict->size > 0 ? verdict->error : (ndg_real)NAN;
}

static bool measure_order(void *context, const ndg_setting *v) {
  orders *x = context;
  ndg_truncation t = {.struct_size = sizeof t};
  const ndg_rule_ops *ops = &v->instance.loaded->ops.rule;
  ndg_trial trial;
  ndg_verdict far_off, near;
  ndg_real expected = 0;
  if (!ops->truncation || !ops->truncation(v->instance.options, &t) || t.order == 0)
    return true;
  x->n_said++;
  const double beta = suitable_beta(x, &t, &expected);
  const ndg_real error[] = {error_at(x, v, beta, &trial, &far_off),
                            error_at(x, v, beta / 2, &trial, &near)};
  /* Round-off and learning would hide the smaller one. */
  if (!(error[0] >= 0) || !(error[1] >= 0) ||
      expected * powl(0.5L, t.order) < 4 * (near.round_off / 100 + near.learning / 10))
    return true;
  x->n_measured++;
  const ndg_real order = log2l(error[0] / error[1]);
  if (!(order > t.order - 0.5L) || !(error[0] <= 2 * expected) || !(error[0] >= expected / 2))
    ndg_check_fail(x->check,
                   "truncation() says order %u with factor %.4g, but the error is %.3Lg at "
                   "beta=%.4g, where %.3Lg is expected, and %.3Lg at half of it: order %.2Lf; %s",
                   t.order, t.factor, error[0], beta, expected, error[1], order, v->text);
  return !x->check->has_failed;
}

static void order_of_truncation(ndg_check *c) {
  orders x = {.check = c};
  for (int quartic = 0; quartic < 2 && !c->has_failed; quartic++) {
    const ndg_ref_form f = {.n_tasks = 1,
                            .has_start = true,
                            .quartic = 0.5 * quartic,
                            .inner = ndg_ref_descent(),
                            .dtype = NDG_F64};
    if (!ndg_trial_open(c, &x.problem, &f))
      return;
    ndg_settings_walk(c, NDG_SETTINGS_SINGLE, measure_order, &x);
    ndg_ref_close(&x.problem);
  }
  if (x.n_said == 0)
    ndg_check_skip(c, "it says nothing of a truncation error");
  else if (x.n_measured == 0 && !c->has_failed)
    ndg_check_warn(c, "truncation() could be measured at no setting of its options");
}

#define CASE(name_, property_, limit_)                                                             \
  {                                                                                                \
    .group = "rules", .name = #name_, .property = property_, .kind = NDG_KIND_RULE,                \
    .limit_s = limit_, .run = name_                                                                \
  }
const ndg_check_case ndg_check_rules_exact[] = {
    CASE(exactness,
         "the estimate is the gradient that the rule says it estimates (estimand()), but for its "
         "truncation error, its residual, and how far learning came",
         30),
    CASE(damping, "where H + damping I is said to take the place of H, that system is solved", 20),
    CASE(identity_hessian, "the estimate is right for H = 2I", 0),
    CASE(ill_conditioned,
         "the estimate is right for a condition number of 5000, or says how far off", 20),
    CASE(non_quadratic, "the estimate is right where learn_loss is not quadratic", 0),
    CASE(
        steps_taken,
        "the gradient of the steps taken is that of every optimiser, window and length of learning",
        20),
    CASE(order_of_truncation, "the error falls with beta as truncation() says", 0),
    {.group = NULL}};
