/* SPDX-License-Identifier: MIT */
/* Central differences of the whole pipeline, theta to F, along random directions, extrapolated to
   step zero: they share no derivative program with the other rungs, so they catch wrong signs,
   factors and forgotten terms. All in long double: small steps need its digits. */
#include <math.h>

#include "base/random.h"
#include "engine/oracle_internal.h"

/* Steps, relative to theta, from which the slope is extrapolated: each a quarter of the one before,
   as many as it takes. Even a learner that curves a thousand times faster than theta is met. */
static const double FIRST_STEP = 1e-3, SHRINK = 4;
/* Two extrapolations that are this close, relatively, are the slope. */
static const double ENOUGH = 1e-11;
enum { DIRECTIONS = 2, LEVELS = 10, NEWTON_STEPS = 200 };

typedef struct differences {
  const ndg_ladder *ladder;
  ndg_problem *q; /* a clone, whose theta is moved */
  uint32_t kind;
  double *theta, *direction;
  ndg_vector *phi;
} differences;

/* Of the last evaluation, over tasks, with every digit. */
static long double mean_value(const ndg_problem *q) {
  const ndg_vector *values = q->values[0];
  long double sum = 0, one;
  for (uint64_t t = 0; t < values->n_tasks; t++) {
    ndg_dtype_convert(NDG_LONG_DOUBLE, &one, values->dtype, ndg_task_data(values, t), 1);
    sum += one;
  }
  return sum / (long double)values->n_tasks;
}

/* Mean evaluation loss after learning with theta + a direction. */
static ndg_status pipeline(differences *s, double a, long double *value, ndg_error *e) {
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
                     .steps = l->steps};
  if (s->kind == NDG_EXACT_FIXED_POINT) {
    phase.start = l->phi_wide;
    phase.steps = NEWTON_STEPS;
    phase.optimizer.kind = NDG_NEWTON;
    st = ndg_newton_from(s->q, &phase, &l->factor, e);
  } else {
    st = ndg_problem_relax(s->q, &phase, e);
  }
  if (st < 0 || st == NDG_DIVERGED) {
    return st;
  }
  ndg_evaluation ev = {
      .struct_size = sizeof ev, .want = NDG_WANT_VALUE, .loss = NDG_EVAL_LOSS, .phi = s->phi};
  st = ndg_problem_evaluate(s->q, &ev, e);
  if (st >= 0) {
    *value = mean_value(s->q);
  }
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
      const double scale = layout->theta[g].held ? 0
                           : bounded             ? fmin(own, typical)
                                                 : fmax(own, typical);
      s->direction[i] = ndg_rng_uniform(&stream) < 0.5 ? -scale : scale;
    }
  }
}

/* The slope along a direction, and how large slopes are there: F itself, and how much the slope
   changes where theta changes by its own size. */
typedef struct slope {
  long double value, error, scale;
} slope;

/* Central difference at one step. */
static ndg_status difference(differences *s, double step, long double middle, slope *out,
                             ndg_error *e) {
  long double above = NAN, below = NAN;
  ndg_status st = pipeline(s, step, &above, e);
  if (st >= 0) {
    st = pipeline(s, -step, &below, e);
  }
  out->value = (above - below) / (2 * (long double)step);
  out->scale = fabsl(middle) + fabsl(above - 2 * middle + below) / ((long double)step * step);
  return st;
}

/* Neville's table: row i holds the slopes extrapolated from steps 0 .. i. The entry that differs
   least from its neighbours is taken, whatever the gradient is that it will be compared with. */
static ndg_status find_slope(differences *s, slope *best, ndg_error *e) {
  long double row[LEVELS] = {0}, middle = NAN;
  double step = FIRST_STEP;
  ndg_status st = pipeline(s, 0, &middle, e);
  *best = (slope){NAN, INFINITY, NAN};
  for (int i = 0; st >= 0 && i < LEVELS; i++, step /= SHRINK) {
    slope plain = {0};
    long double factor = 1, above = NAN; /* above: the entry of the row before, same column */
    st = difference(s, step, middle, &plain, e);
    long double next = plain.value;
    for (int j = 0; j <= i; j++) {
      const long double old = row[j];
      row[j] = next;
      if (j > 0) {
        const long double error = fmaxl(fabsl(next - row[j - 1]), fabsl(next - above));
        if (error < best->error) {
          *best = (slope){next, error, plain.scale};
        }
      }
      factor *= SHRINK * SHRINK;
      next = j < i ? row[j] + (row[j] - old) / (factor - 1) : next;
      above = old;
    }
    if (best->error <= ENOUGH * fabsl(best->value)) {
      break;
    }
  }
  return st;
}

/* Squares of the error along one direction and of what it is relative to. */
static ndg_status compare(differences *s, const double *gradient, double *error, double *size,
                          ndg_error *e) {
  slope found;
  const ndg_status st = find_slope(s, &found, e);
  long double expected = 0, square = 0;
  for (uint64_t i = 0; i < s->ladder->n_theta; i++) {
    const long double x = (long double)gradient[i] * s->direction[i];
    expected += x;
    square += x * x;
  }
  const long double floor = NDG_SHARE_OF_TERMS * found.scale;
  /* What is not known to some digits confirms nothing to those digits. */
  const long double miss = fmaxl(fabsl(found.value - expected), found.error);
  *error += (double)(miss * miss);
  *size += (double)fmaxl(square, floor * floor);
  return st;
}

ndg_status ndg_rung_differences(ndg_ladder *l, uint32_t kind, const double *gradient,
                                double *distance, ndg_error *e) {
  ndg_problem *of = l->wide;
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
