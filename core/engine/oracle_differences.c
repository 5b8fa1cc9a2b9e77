/* SPDX-License-Identifier: MIT */
/* Central differences of the whole pipeline, theta to F, along random directions: they share no
   derivative program with the other rungs, so they catch wrong signs, factors and forgotten terms.
 */
#include <math.h>

#include "base/random.h"
#include "engine/oracle_internal.h"

/* Five points: F at ±h and ±2h. Truncation h⁴, rounding 1/h. */
static const double STEP = 1e-3;
enum { DIRECTIONS = 2, POINTS = 4, NEWTON_STEPS = 200 };

typedef struct differences {
  const ndg_ladder *ladder;
  ndg_problem *q; /* a clone, whose theta is moved */
  uint32_t kind;
  double *theta, *direction;
  ndg_vector *phi;
} differences;

/* Mean evaluation loss after learning with theta + a direction. */
static ndg_status pipeline(differences *s, double a, double *value, ndg_error *e) {
  const ndg_ladder *l = s->ladder;
  for (uint64_t i = 0; i < l->n_theta; i++) {
    s->theta[i] = l->problem->theta[i] + a * s->direction[i];
  }
  ndg_status st = ndg_problem_set_theta(s->q, s->theta, e);
  if (st < 0) {
    return st;
  }
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = s->q->inner.optimizer,
                     .end = s->phi,
                     .steps = s->q->inner.steps};
  if (s->kind == NDG_EXACT_FIXED_POINT) {
    phase.start = l->phi_wide;
    phase.steps = NEWTON_STEPS;
    phase.optimizer.kind = NDG_NEWTON;
    st = ndg_newton_from(s->q, &phase, &l->factor, e);
  } else {
    phase.tolerance = s->q->inner.tolerance;
    st = ndg_problem_relax(s->q, &phase, e);
  }
  if (st < 0 || st == NDG_DIVERGED) {
    return st;
  }
  ndg_evaluation ev = {
      .struct_size = sizeof ev, .want = NDG_WANT_VALUE, .loss = NDG_EVAL_LOSS, .phi = s->phi};
  st = ndg_problem_evaluate(s->q, &ev, e);
  *value = ev.value.re;
  return st;
}

/* Random signs, scaled like theta; where theta may not be negative, never past zero. */
static void draw_direction(differences *s, uint64_t number) {
  const ndg_layout *layout = ndg_problem_layout(s->ladder->problem);
  const double *theta = s->ladder->problem->theta;
  const ndg_rng root = ndg_rng_root(0);
  ndg_rng stream = ndg_rng_stream(&root, "differences", number);
  uint64_t i = 0;
  for (uint32_t g = 0; g < layout->n_theta; g++) {
    const uint64_t size = ndg_shape_size(&layout->theta[g].shape);
    double square = 0;
    for (uint64_t j = 0; j < size; j++) {
      square += theta[i + j] * theta[i + j];
    }
    const double typical = square > 0 ? sqrt(square / (double)size) : 1;
    for (uint64_t j = 0; j < size; j++, i++) {
      const double own = fabs(theta[i]);
      const bool bounded = layout->theta[g].constraint == NDG_NONNEGATIVE;
      const double scale = bounded ? fmin(own, typical) : fmax(own, typical);
      s->direction[i] = ndg_rng_uniform(&stream) < 0.5 ? -scale : scale;
    }
  }
}

/* Squares of the error along one direction and of what it is relative to. */
static ndg_status compare(differences *s, const double *gradient, double *error, double *size,
                          ndg_error *e) {
  static const double at[POINTS] = {-2, -1, 1, 2};
  static const double weight[POINTS] = {1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12};
  long double slope = 0;
  ndg_status st = NDG_OK;
  for (int k = 0; k < POINTS && st >= 0; k++) {
    double value = NAN;
    st = pipeline(s, STEP * at[k], &value, e);
    slope += (long double)value * weight[k] / STEP;
  }
  long double expected = 0, square = 0;
  for (uint64_t i = 0; i < s->ladder->n_theta; i++) {
    const long double x = (long double)gradient[i] * s->direction[i];
    expected += x;
    square += x * x;
  }
  *error += (double)((slope - expected) * (slope - expected));
  *size += (double)square;
  return st;
}

ndg_status ndg_rung_differences(ndg_ladder *l, uint32_t kind, const double *gradient,
                                double *distance, ndg_error *e) {
  /* Learning itself runs in float64: in long double it would be slow, and its value is a double. */
  ndg_problem *of = kind == NDG_EXACT_FIXED_POINT ? l->wide : l->f64;
  differences s = {.ladder = l, .kind = kind};
  double error = 0, size = 0;
  *distance = NAN;
  ndg_status st = ndg_problem_clone(of, of->pool, &s.q, e);
  if (st < 0) {
    return st;
  }
  s.theta = ndg_calloc(l->n_theta, sizeof *s.theta);
  s.direction = ndg_calloc(l->n_theta, sizeof *s.direction);
  s.phi = ndg_real_vector(s.q, NDG_PHI);
  st = s.theta && s.direction && s.phi ? NDG_OK : ndg_no_memory(e, "differences");
  for (uint64_t k = 0; st >= 0 && k < DIRECTIONS; k++) {
    draw_direction(&s, k);
    st = compare(&s, gradient, &error, &size, e);
  }
  if (st >= 0) {
    *distance = size > 0 ? sqrt(error / size) : sqrt(error);
    l->exact->rungs |= NDG_RUNG_DIFFERENCES;
  }
  ndg_free(s.theta);
  ndg_free(s.direction);
  ndg_vector_destroy(s.phi);
  ndg_problem_close(s.q);
  return st;
}
