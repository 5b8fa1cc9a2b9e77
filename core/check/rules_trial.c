/* SPDX-License-Identifier: MIT */
#include "check/rules_trial.h"

#include <float.h>
#include <math.h>

#include "engine/internal.h"

void ndg_trial_ask(const ndg_instance *rule, ndg_estimand *out) {
  const ndg_rule_ops *ops = &rule->loaded->ops.rule;
  const ndg_estimand unsaid = {
      .struct_size = sizeof *out,
      .steps = UINT64_MAX,
      .optimizer = {.lr = NAN, .momentum = NAN, .beta2 = NAN, .epsilon = NAN}};
  *out = unsaid;
  if (ops->estimand && !ops->estimand(rule->options, out))
    *out = unsaid;
}

void ndg_trial_run(ndg_trial *t, ndg_ref_problem *p, const ndg_setting *v) {
  const ndg_rule_ops *ops = &v->instance.loaded->ops.rule;
  *t = (ndg_trial){.problem = p, .setting = v, .truncation = {.struct_size = sizeof t->truncation}};
  ndg_trial_ask(&v->instance, &t->estimand);
  t->beta = ndg_setting_number(&v->instance, "beta");
  t->truncates = ops->truncation && ops->truncation(v->instance.options, &t->truncation) &&
                 t->truncation.order > 0 && t->beta > 0;
  double rows[NDG_REF_TASKS * NDG_REF_META];
  for (uint64_t i = 0; i < p->n_tasks * p->n_meta; i++)
    rows[i] = NAN;
  t->status = ndg_spy_estimate(&t->spy, p, &v->instance, rows, &t->record, &t->error);
  for (uint64_t i = 0; i < p->n_tasks; i++)
    for (uint64_t j = 0; j < p->n_meta; j++)
      t->gradient[i][j] = rows[i * p->n_meta + j];
}

double ndg_trial_epsilon(const ndg_ref_problem *p) {
  return p->form.dtype == NDG_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
}

const char *ndg_trial_dtype(const ndg_ref_problem *p) {
  return p->form.dtype == NDG_F32 ? "float32" : "float64";
}

bool ndg_trial_open(ndg_check *c, ndg_ref_problem *p, const ndg_ref_form *f) {
  ndg_error e;
  if (ndg_ref_open(p, f, c->seed, &e) >= 0)
    return true;
  ndg_check_fail(c, "the reference problem: %s", e.text);
  ndg_ref_close(p);
  return false;
}

/* ---- how far off it may be ---- */

static ndg_real frobenius(const double *x, uint32_t n) {
  ndg_real wide[NDG_REF_PHI * NDG_REF_THETA];
  for (uint32_t i = 0; i < n; i++)
    wide[i] = x[i];
  return ndg_ref_norm(wide, n);
}

/* How far the ends of the phases can be from the points where 𝓛 is least; NaN: one diverged. */
static ndg_real distance(const ndg_trial *t, uint64_t task, ndg_real curvature) {
  ndg_real largest = 0;
  for (uint64_t i = 0; i < t->spy.n_phases; i++)
    largest = isnan(largest) || t->spy.phase[i].slope[task] <= largest
                  ? largest
                  : t->spy.phase[i].slope[task];
  return largest / curvature;
}

static ndg_real distance_from_start(const ndg_ref_fixed *x) {
  return ndg_ref_norm(x->phi, NDG_REF_PHI) + 1;
}

/* What an error of size one in phi does to the estimate. */
static ndg_real slope_in_phi(const ndg_trial *t, uint64_t task, const ndg_ref_fixed *x) {
  enum { P = NDG_REF_PHI, Q = NDG_REF_THETA };
  const ndg_ref_task *k = &t->problem->task[task];
  const ndg_real v = ndg_ref_norm(x->v, P), phi = ndg_ref_norm(x->phi, P);
  if (t->truncates) /* samples of ∂θ𝓛, whose weights stay below ten, divided by beta */
    return 10 * ((frobenius(k->b, P * Q) + frobenius(k->k, P * Q) * (phi + 1)) / t->beta +
                 frobenius(k->c_matrix, P * Q));
  return 10 * (frobenius(k->c_matrix, P * Q) + frobenius(k->k, P * Q) * v +
               x->sensitivity * (frobenius(k->m, P * P) + 6 * k->quartic * phi * v));
}

/* The leading term, if those that follow are small next to it. */
static ndg_real truncation_error(const ndg_trial *t, uint64_t task) {
  const uint32_t order = t->truncation.order;
  ndg_real a[NDG_REF_TAYLOR];
  if (!t->truncates)
    return 0;
  if (order + 3 > NDG_REF_TAYLOR || !ndg_ref_taylor(t->problem, task, order + 3, a))
    return NAN;
  /* A stencil may reach a few times beta. */
  if (4 * t->beta * a[order + 2] > a[order + 1])
    return NAN;
  return 2 * t->truncation.factor * a[order + 1] * powl(t->beta, order);
}

static void judge_fixed_point(const ndg_trial *t, uint64_t task, ndg_verdict *v) {
  const double epsilon = ndg_trial_epsilon(t->problem);
  ndg_ref_fixed x, free;
  ndg_real difference[NDG_REF_META];
  v->kind = NDG_ESTIMATES_FIXED_POINT;
  if (!ndg_ref_fixed_point(t->problem, task, t->estimand.damping, &x) ||
      !ndg_ref_fixed_point(t->problem, task, 0, &free)) {
    (void)snprintf(v->why, sizeof v->why, "the reference problem has no solution");
    return;
  }
  for (uint64_t j = 0; j < t->problem->n_meta; j++)
    difference[j] = t->gradient[task][j] - x.gradient[j];
  v->error = ndg_ref_norm(difference, t->problem->n_meta);
  v->size = ndg_ref_norm(x.gradient, t->problem->n_meta);
  v->truncation = truncation_error(t, task);
  v->residual = isnan(t->record.residual)
                    ? 0
                    : 1.01L * x.sensitivity * ndg_ref_norm(x.g, NDG_REF_PHI) * t->record.residual;
  v->learning = slope_in_phi(t, task, &x) * distance(t, task, free.smallest);
  v->round_off =
      100 * epsilon * (x.eval_terms * (1 + x.condition) + (t->truncates ? x.terms / t->beta : 0));
  /* phi itself is rounded. */
  v->round_off += epsilon * slope_in_phi(t, task, &x) * distance_from_start(&x);
}

static void judge_unrolled(const ndg_trial *t, uint64_t task, ndg_verdict *v) {
  enum { MOST_STEPS = 5000 };
  ndg_ref_problem *p = t->problem;
  const uint64_t steps = t->estimand.steps == UINT64_MAX ? p->form.inner.steps : t->estimand.steps;
  ndg_optimizer o;
  ndg_error e;
  ndg_ref_fixed x;
  ndg_real exact[NDG_REF_META], difference[NDG_REF_META], doubt;
  v->kind = NDG_ESTIMATES_UNROLLED;
  if (ndg_optimizer_resolve(p->problem, &t->estimand.optimizer, &o, &e) < 0 ||
      o.kind == NDG_NEWTON || steps > MOST_STEPS) {
    (void)snprintf(v->why, sizeof v->why, "there is no reference for such steps");
    return;
  }
  if (!ndg_ref_unrolled(p, task, &o, steps, t->estimand.window, exact, &doubt) || !(doubt < 1e-8) ||
      !ndg_ref_fixed_point(p, task, 0, &x)) {
    (void)snprintf(v->why, sizeof v->why, "the reference for these steps is not certain");
    return;
  }
  for (uint64_t j = 0; j < p->n_meta; j++)
    difference[j] = t->gradient[task][j] - exact[j];
  v->error = ndg_ref_norm(difference, p->n_meta);
  v->size = ndg_ref_norm(exact, p->n_meta);
  v->residual = isnan(t->record.residual) ? 0 : v->size * t->record.residual;
  v->round_off = 100 * ndg_trial_epsilon(p) * (ndg_real)(steps + 1) * (v->size + x.eval_terms) +
                 10 * doubt * v->size;
}

static void add_up(ndg_verdict *v) {
  v->allowed = v->truncation + v->residual + v->learning + v->round_off;
  if (v->why[0])
    return;
  v->conclusive = v->allowed <= 0.05L * v->size;
  if (!v->conclusive)
    (void)snprintf(
        v->why, sizeof v->why,
        "an error of %.2Lg would be explained, of a gradient of %.2Lg (truncation %.1Lg, "
        "residual %.1Lg, learning %.1Lg, round-off %.1Lg)",
        v->allowed, v->size, v->truncation, v->residual, v->learning, v->round_off);
}

bool ndg_verdict_is_wrong(const ndg_verdict *v) {
  return v->conclusive && !(v->error <= v->allowed);
}

void ndg_trial_judge_task(const ndg_trial *t, uint64_t task, ndg_verdict *v) {
  ndg_verdict fixed = {.task = task}, steps = {.task = task};
  const uint32_t kind = t->estimand.kind;
  *v = fixed;
  if (kind == NDG_ESTIMATES_FIXED_POINT || kind == 0) {
    judge_fixed_point(t, task, &fixed);
    add_up(&fixed);
  }
  if (kind == NDG_ESTIMATES_UNROLLED || kind == 0) {
    judge_unrolled(t, task, &steps);
    add_up(&steps);
  }
  /* A rule that says nothing is held to the one that explains it better; to none, where the error
     of the fixed point may be its truncation. */
  const bool is_better = fixed.conclusive
                             ? steps.error / steps.allowed < fixed.error / fixed.allowed
                             : !ndg_verdict_is_wrong(&steps);
  const bool to_steps =
      kind == NDG_ESTIMATES_UNROLLED || (kind == 0 && steps.conclusive && is_better);
  *v = to_steps ? steps : fixed;
}

static bool is_worse(const ndg_verdict *a, const ndg_verdict *b) {
  if (a->conclusive != b->conclusive)
    return a->conclusive;
  return !(a->error / a->allowed <= b->error / b->allowed);
}

void ndg_trial_judge(const ndg_trial *t, ndg_verdict *out) {
  *out = (ndg_verdict){.kind = t->estimand.kind};
  if (t->estimand.kind == NDG_ESTIMATES_BIASED)
    (void)snprintf(out->why, sizeof out->why, "the rule says that it is biased");
  else if (t->status < 0)
    (void)snprintf(out->why, sizeof out->why, "refused: %.180s", t->error.text);
  else if (t->status > 0)
    (void)snprintf(out->why, sizeof out->why, "status %d: %.170s", (int)t->status, t->record.note);
  const bool is_none = out->why[0];
  for (uint64_t task = 0; !is_none && task < t->problem->n_tasks; task++) {
    ndg_verdict v;
    ndg_trial_judge_task(t, task, &v);
    if (task == 0 || is_worse(&v, out))
      *out = v;
  }
}

const char *ndg_verdict_text(const ndg_trial *t, const ndg_verdict *v, char out[NDG_VERDICT_TEXT]) {
  char residual[100] = "";
  if (!isnan(t->record.residual))
    (void)snprintf(residual, sizeof residual, "; the record says residual %.3g",
                   t->record.residual);
  else if (t->estimand.kind == 0)
    (void)snprintf(residual, sizeof residual,
                   "; estimand() says nothing of damping, steps or bias");
  (void)snprintf(
      out, NDG_VERDICT_TEXT,
      "error %.3Lg of a gradient of %.3Lg, against that of %s, allowed %.1Lg (truncation "
      "%.1Lg, residual %.1Lg, learning %.1Lg, round-off %.1Lg) at %s, task %llu, %s%s",
      v->error, v->size, v->kind == NDG_ESTIMATES_UNROLLED ? "the steps taken" : "the fixed point",
      v->allowed, v->truncation, v->residual, v->learning, v->round_off,
      ndg_trial_dtype(t->problem), (unsigned long long)v->task, t->setting->text, residual);
  return out;
}
