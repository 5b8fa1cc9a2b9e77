/* SPDX-License-Identifier: MIT */
#include "engine/analysis.h"

#include <math.h>

/* Neumaier's sum: the parts that rounding drops are added up apart. */
typedef struct exact_sum {
  long double sum, lost;
} exact_sum;

static void add(exact_sum *s, long double x) {
  const long double t = s->sum + x;
  if (fabsl(s->sum) >= fabsl(x)) {
    s->lost += (s->sum - t) + x;
  } else {
    s->lost += (x - t) + s->sum;
  }
  s->sum = t;
}

static long double total(const exact_sum *s) {
  /* An infinite sum has lost inf - inf, which says nothing. */
  return isfinite(s->sum) ? s->sum + s->lost : s->sum;
}

ndg_comparison ndg_compare(const double *estimate, const double *exact, uint64_t n) {
  exact_sum aa = {0}, ee = {0}, ae = {0}, dd = {0};
  uint64_t same = 0, counted = 0;
  for (uint64_t i = 0; i < n; i++) {
    const long double a = estimate[i], x = exact[i], d = a - x;
    add(&aa, a * a);
    add(&ee, x * x);
    add(&ae, a * x);
    add(&dd, d * d);
    counted += exact[i] != 0;
    same += (estimate[i] > 0 && exact[i] > 0) || (estimate[i] < 0 && exact[i] < 0);
  }
  const long double a = sqrtl(total(&aa)), x = sqrtl(total(&ee)), d = sqrtl(total(&dd));
  ndg_comparison c = {NAN, NAN, NAN, NAN};
  if (isnan(a) || isnan(x)) {
    return c;
  }
  if (x == 0) {
    c.relative_error = a == 0 ? 0 : INFINITY;
    return c;
  }
  c.relative_error = (double)(d / x);
  c.cosine = a > 0 ? (double)(total(&ae) / (a * x)) : NAN;
  c.sign_agreement = counted ? (double)same / (double)counted : NAN;
  c.norm_ratio = (double)(a / x);
  return c;
}

/* A least-squares line through the decimal logarithms of points first .. last. */
typedef struct line {
  double slope, intercept;
  double uncertainty; /* standard error of the slope */
} line;

/* Scatter below which points count as straight, in decades: keeps a lucky short stretch from
   beating a long one that is as good. */
static const double STRAIGHT_ENOUGH = 1e-4;
/* A truncation error falls at least linearly; slower is a plateau (saturation, an unconverged
   phase) or round-off. */
static const double SLOWEST_RISE = 0.5;
static const double DECADE = 1 - 1e-9;

static line fit(const double *beta, const double *error, uint64_t first, uint64_t last) {
  const double n = (double)(last - first + 1);
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0, rest = 0;
  for (uint64_t i = first; i <= last; i++) {
    mean_x += log10(beta[i]) / n;
    mean_y += log10(error[i]) / n;
  }
  for (uint64_t i = first; i <= last; i++) {
    const double x = log10(beta[i]) - mean_x;
    xx += x * x;
    xy += x * (log10(error[i]) - mean_y);
  }
  line l = {.slope = xy / xx, .intercept = mean_y - xy / xx * mean_x};
  for (uint64_t i = first; i <= last; i++) {
    const double r = log10(error[i]) - (l.intercept + l.slope * log10(beta[i]));
    rest += r * r;
  }
  l.uncertainty = sqrt((rest / (n - 2) + STRAIGHT_ENOUGH * STRAIGHT_ENOUGH) / xx);
  return l;
}

static bool usable(double beta, double error, double beta_max) {
  return beta > 0 && isfinite(beta) && error > 0 && isfinite(error) &&
         (isnan(beta_max) || beta < beta_max);
}

/* Does the error rise from point i to i + 1 as a truncation error does? */
static bool rises(const double *beta, const double *error, uint64_t i, double beta_max) {
  if (!usable(beta[i], error[i], beta_max) || !usable(beta[i + 1], error[i + 1], beta_max)) {
    return false;
  }
  const double step = log10(beta[i + 1] / beta[i]);
  return step > 0 && log10(error[i + 1] / error[i]) >= SLOWEST_RISE * step;
}

ndg_order ndg_fit_order(const double *beta, const double *error, uint64_t n, double beta_max) {
  ndg_order best = {NAN, NAN, NAN, NAN, 0};
  double uncertainty = INFINITY;
  for (uint64_t first = 0; first + 2 < n; first++) {
    for (uint64_t last = first + 1; last < n && rises(beta, error, last - 1, beta_max); last++) {
      if (last < first + 2 || log10(beta[last] / beta[first]) < DECADE) {
        continue;
      }
      const line l = fit(beta, error, first, last);
      if (l.uncertainty < uncertainty) {
        uncertainty = l.uncertainty;
        best = (ndg_order){.order = l.slope,
                           .constant = pow(10, l.intercept),
                           .beta_low = beta[first],
                           .beta_high = beta[last],
                           .n = last - first + 1};
      }
    }
  }
  return best;
}

double ndg_bound_at(const ndg_bound *b, double beta) {
  const double power = pow(beta, b->p);
  /* 1 / (1/power + 1) is power / (1 + power) without overflow. */
  return b->b_learn / beta * (b->delta + b->delta_nudged) + b->b_eval * b->delta_nudged +
         b->c / (1 / power + 1);
}

double ndg_bound_optimum(const ndg_bound *b) {
  return pow(b->b_learn * (b->delta + b->delta_nudged) / (b->p * b->c), 1.0 / (b->p + 1.0));
}
