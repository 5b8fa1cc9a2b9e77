/* SPDX-License-Identifier: MIT */
/* The holomorphic rung: G(beta) = Σ c_k beta^k from its values on a circle, c_1 = ∇F. It uses no
   second derivative in the result and no difference of nearly equal numbers: nothing that the
   implicit rungs use. */
#include <complex.h>
#include <math.h>
#include <string.h>

#include "engine/oracle_internal.h"

typedef double complex number;

/* First radius, relative to the stability radius: terms that alias onto c_1 are 1e-16 of it. */
static const double RELATIVE_RADIUS = 0.1;
/* The last coefficient must have fallen to this share of the first, or the circle is too wide. */
static const double DECAY = 1e-9;
enum { SHRINKS = 3, STEPS = 200, HALF = NDG_CONTOUR / 2 };

typedef struct contour {
  ndg_ladder *ladder;
  double radius;
  number *values; /* HALF + 1 points x Q: the lower half is the conjugate of the upper */
  number *sum;    /* Q */
  ndg_vector *phi, *by_task;
  double noise; /* rounding of a value, absolute */
} contour;

static number point(int k) {
  const double angle = 2 * M_PI * k / NDG_CONTOUR;
  return cos(angle) + sin(angle) * I;
}

/* Mean over tasks of ∂θ 𝓛 at the stationary point of one complex beta. */
static ndg_status value_at(contour *s, int k, ndg_error *e) {
  const ndg_ladder *l = s->ladder;
  /* On the real axis exactly: sin(pi) is not zero. */
  const number beta = s->radius * (k == HALF ? -1 : point(k));
  const ndg_complex b = {creal(beta), cimag(beta)};
  ndg_phase phase = {.struct_size = sizeof phase,
                     .beta = b,
                     .optimizer.kind = NDG_NEWTON,
                     .start = l->phi,
                     .end = s->phi,
                     .steps = STEPS};
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_GRAD_THETA,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = b,
                       .phi = s->phi,
                       .grad_theta = s->by_task};
  ndg_status st = ndg_newton_from(l->f64, &phase, &l->factor, e);
  if (st == NDG_OK) {
    st = ndg_problem_evaluate(l->f64, &ev, e);
  }
  if (st != NDG_OK) {
    return st;
  }
  number *out = s->values + (uint64_t)k * l->n_theta;
  memset(out, 0, l->n_theta * sizeof *out);
  for (uint64_t t = 0; t < l->n_tasks; t++) {
    const double *pairs = ndg_task_data(s->by_task, t);
    for (uint64_t i = 0; i < l->n_theta; i++) {
      out[i] += (pairs[2 * i] + pairs[2 * i + 1] * I) / (double)l->n_tasks;
    }
  }
  return NDG_OK;
}

/* c_k, real because G(conj beta) = conj G(beta); returns its norm. */
static double coefficient(contour *s, int k, double *out) {
  const uint64_t n = s->ladder->n_theta;
  double square = 0;
  for (uint64_t i = 0; i < n; i++) {
    s->sum[i] = creal(s->values[i]) + creal(s->values[(uint64_t)HALF * n + i]) * (k % 2 ? -1 : 1);
  }
  for (int j = 1; j < HALF; j++) {
    const number turn = conj(point(j * k % NDG_CONTOUR));
    const number *value = s->values + (uint64_t)j * n;
    for (uint64_t i = 0; i < n; i++) {
      s->sum[i] += 2 * creal(value[i] * turn);
    }
  }
  for (uint64_t i = 0; i < n; i++) {
    const double c = creal(s->sum[i]) / NDG_CONTOUR / pow(s->radius, k);
    square += c * c;
    if (out) {
      out[i] = c;
    }
  }
  return sqrt(square);
}

static ndg_status walk(contour *s, ndg_error *e) {
  ndg_status st = NDG_OK;
  double largest = 0;
  for (int k = 0; k <= HALF && st == NDG_OK; k++) {
    double square = 0;
    st = value_at(s, k, e);
    for (uint64_t i = 0; i < s->ladder->n_theta; i++) {
      const double size = cabs(s->values[(uint64_t)k * s->ladder->n_theta + i]);
      square += size * size;
    }
    largest = fmax(largest, sqrt(square));
  }
  s->noise = 1e-15 * largest;
  return st;
}

/* Walk circles until one lies well inside the region where the series converges. */
static ndg_status find_circle(contour *s, ndg_error *e) {
  ndg_status st = NDG_OK;
  for (int i = 0; i <= SHRINKS; i++) {
    st = walk(s, e);
    if (st < 0) {
      return st;
    }
    const double first = coefficient(s, 1, NULL) * s->radius;
    const double last = coefficient(s, NDG_CONTOUR - 1, NULL) * pow(s->radius, NDG_CONTOUR - 1);
    if (st == NDG_OK && last <= fmax(DECAY * first, 10 * s->noise)) {
      return NDG_OK;
    }
    s->radius /= 4;
  }
  return st == NDG_OK ? NDG_NOT_CONVERGED : st;
}

static void take_series(contour *s, double *gradient) {
  double *taylor = s->ladder->exact->taylor;
  for (int k = 0; k < NDG_CONTOUR; k++) {
    const double norm = coefficient(s, k, k == 1 ? gradient : NULL);
    /* What rounding could have made is not known. */
    taylor[k] = norm * pow(s->radius, k) > 10 * s->noise ? norm : NAN;
  }
}

ndg_status ndg_rung_holomorphic(ndg_ladder *l, ndg_error *e) {
  const uint64_t n_theta = l->n_theta;
  const double radius = l->exact->stability_radius;
  contour s = {.ladder = l, .radius = isfinite(radius) ? RELATIVE_RADIUS * radius : 1};
  s.values = ndg_calloc((HALF + 1) * n_theta, sizeof *s.values);
  s.sum = ndg_calloc(n_theta, sizeof *s.sum);
  s.phi = ndg_vector_create(NDG_PHI, NDG_C128, l->n_tasks, l->n_phi);
  s.by_task = ndg_vector_create(NDG_THETA, NDG_C128, l->n_tasks, n_theta);
  double *gradient = ndg_calloc(n_theta, sizeof *gradient);
  ndg_status st = s.values && s.sum && s.phi && s.by_task && gradient
                      ? NDG_OK
                      : ndg_no_memory(e, "the oracle's contour");
  if (st >= 0) {
    st = find_circle(&s, e);
  }
  if (st == NDG_OK) {
    double *out = ndg_ladder_rung(l, NDG_RUNG_HOLOMORPHIC);
    take_series(&s, gradient);
    if (out) {
      memcpy(out, gradient, n_theta * sizeof *out);
    }
    st = out ? NDG_OK : ndg_no_memory(e, "the oracle's gradient");
  }
  ndg_free(s.values);
  ndg_free(s.sum);
  ndg_free(gradient);
  ndg_vector_destroy(s.phi);
  ndg_vector_destroy(s.by_task);
  /* A contour that cannot be walked is one rung fewer, not a failure. */
  return st > 0 ? NDG_OK : st;
}
