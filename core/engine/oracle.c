/* SPDX-License-Identifier: MIT */
/* Which rungs are climbed, which result is trusted, and what it is compared with. */
#include "engine/oracle.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "engine/oracle_internal.h"
#include "nudge/plugin.h"

/* Two rungs that are this close, relatively, agree. */
static const double AGREEMENT = 1e-8;

static const char *const names[NDG_N_RUNGS] = {"closed form", "dense",    "extended",
                                               "holomorphic", "unrolled", "differences"};
static const uint32_t fixed_point_rungs = NDG_RUNG_CLOSED_FORM | NDG_RUNG_DENSE |
                                          NDG_RUNG_EXTENDED | NDG_RUNG_HOLOMORPHIC |
                                          NDG_RUNG_DIFFERENCES;
static const uint32_t unrolled_rungs = NDG_RUNG_UNROLLED | NDG_RUNG_DIFFERENCES;

/* Most trusted first. */
static const uint32_t by_trust[] = {NDG_RUNG_EXTENDED, NDG_RUNG_CLOSED_FORM, NDG_RUNG_UNROLLED,
                                    NDG_RUNG_HOLOMORPHIC, NDG_RUNG_DENSE};
/* Most independent of the others first. */
static const uint32_t by_independence[] = {NDG_RUNG_CLOSED_FORM, NDG_RUNG_HOLOMORPHIC,
                                           NDG_RUNG_DIFFERENCES, NDG_RUNG_DENSE, NDG_RUNG_EXTENDED};
enum { N_TRUST = 5, N_INDEPENDENT = 5 };

static uint32_t rung_index(uint32_t rung) {
  uint32_t i = 0;
  while (i < NDG_N_RUNGS && rung != 1u << i) {
    i++;
  }
  return i;
}

const char *ndg_rung_name(uint32_t rung) {
  const uint32_t i = rung_index(rung);
  return i < NDG_N_RUNGS ? names[i] : "none";
}

double *ndg_ladder_rung(ndg_ladder *s, uint32_t rung) {
  double **slot = &s->gradient[rung_index(rung)];
  ndg_free(*slot);
  *slot = ndg_calloc(s->n_theta, sizeof **slot);
  if (*slot) {
    s->exact->rungs |= rung;
  }
  return *slot;
}

static ndg_status in_dtype(ndg_problem *p, ndg_dtype dtype, ndg_problem **out, ndg_error *e) {
  const ndg_status st = p->dtype == dtype ? NDG_OK : ndg_problem_sibling(p, dtype, out, e);
  if (p->dtype == dtype) {
    *out = p;
  }
  if (st >= 0) {
    ndg_outcomes_begin(*out); /* what an estimate has lost is not lost here */
  }
  return st;
}

static ndg_status open_ladder(ndg_ladder *s, ndg_problem *p, uint32_t allowed, ndg_exact *exact,
                              ndg_error *e) {
  *s = (ndg_ladder){.problem = p,
                    .allowed = allowed,
                    .n_tasks = p->tasks.arrays.n_tasks,
                    .n_phi = p->n_phi,
                    .n_theta = p->n_theta,
                    .exact = exact};
  ndg_status st = in_dtype(p, NDG_F64, &s->f64, e);
  if (st >= 0) {
    st = in_dtype(p, NDG_LONG_DOUBLE, &s->wide, e);
  }
  if (st < 0) {
    return st;
  }
  s->phi = ndg_real_vector(s->f64, NDG_PHI);
  s->phi_wide = ndg_real_vector(s->wide, NDG_PHI);
  s->by_task = ndg_calloc(2 * s->n_tasks, sizeof *s->by_task);
  return s->phi && s->phi_wide && s->by_task ? NDG_OK : ndg_no_memory(e, "the oracle");
}

static void close_ladder(ndg_ladder *s) {
  ndg_vector_destroy(s->phi);
  ndg_vector_destroy(s->phi_wide);
  ndg_dense_free(&s->factor.dense);
  ndg_free(s->factor.norms);
  ndg_free(s->by_task);
  for (uint32_t i = 0; i < NDG_N_RUNGS; i++) {
    ndg_free(s->gradient[i]);
  }
}

static void forget(ndg_exact *x, uint32_t kind) {
  *x = (ndg_exact){.kind = kind};
  x->agreement = x->gradient_norm = x->condition = x->mu = x->l = NAN;
  x->stability_radius = x->b_learn = x->b_eval = x->eval_loss = x->learn_loss = NAN;
  for (size_t i = 0; i < sizeof x->taylor / sizeof *x->taylor; i++) {
    x->taylor[i] = NAN;
  }
}

/* Rungs that solve, in the order in which one builds on another. */
static ndg_status climb_fixed_point(ndg_ladder *s, ndg_error *e) {
  ndg_status st = ndg_ladder_settle(s, e);
  if (st == NDG_OK) {
    st = ndg_ladder_spectrum(s, e);
  }
  if (st != NDG_OK) {
    return st;
  }
  if (s->allowed & NDG_RUNG_CLOSED_FORM &&
      ndg_problem_provides(s->problem, NDG_CAP_CLOSED_FORM, NULL)) {
    st = ndg_rung_closed_form(s, e);
  }
  if (st >= 0 && s->allowed & NDG_RUNG_DENSE) {
    st = ndg_rung_dense(s, e);
  }
  if (st >= 0 && s->allowed & NDG_RUNG_EXTENDED) {
    st = ndg_rung_extended(s, e);
  }
  if (st >= 0) {
    st = ndg_ladder_terms(s, &s->floor, e);
    s->floor *= NDG_SHARE_OF_TERMS;
  }
  if (st >= 0 && s->allowed & NDG_RUNG_HOLOMORPHIC &&
      ndg_problem_provides(s->f64, NDG_CAP_COMPLEX, NULL)) {
    st = ndg_rung_holomorphic(s, e);
  }
  return st;
}

static ndg_status climb_unrolled(ndg_ladder *s, ndg_error *e) {
  double learn, eval;
  ndg_status st = ndg_ladder_losses(s->f64, s->f64->start, &learn, &eval, &s->initial_norm, e);
  if (st >= 0 && s->allowed & NDG_RUNG_UNROLLED) {
    st = ndg_rung_unrolled(s, e);
  }
  return st;
}

static const double *gradient_of(const ndg_ladder *s, uint32_t rung) {
  return s->gradient[rung_index(rung)];
}

static void choose(ndg_ladder *s) {
  for (int i = 0; i < N_TRUST && !s->exact->chosen; i++) {
    if (gradient_of(s, by_trust[i])) {
      s->exact->chosen = by_trust[i];
    }
  }
}

/* Differences are climbed if asked for by name, or where no other independent rung is. */
static bool wants_differences(const ndg_ladder *s, bool by_name) {
  const uint32_t independent =
      s->exact->rungs & (NDG_RUNG_CLOSED_FORM | NDG_RUNG_HOLOMORPHIC) & ~s->exact->chosen;
  return (s->allowed & NDG_RUNG_DIFFERENCES) && (by_name || !independent);
}

/* ‖a − b‖ relative to ‖b‖, or to the floor where that is more. */
static double distance_between(const ndg_ladder *s, const double *a, const double *b) {
  long double difference = 0, size = 0;
  for (uint64_t i = 0; i < s->n_theta; i++) {
    const long double d = (long double)a[i] - b[i];
    difference += d * d;
    size += (long double)b[i] * b[i];
  }
  const long double against = fmaxl(sqrtl(size), s->floor);
  return difference == 0 ? 0 : (double)(sqrtl(difference) / against);
}

/* The most independent rung that agrees; if none does, the most independent one. */
static void find_witness(ndg_ladder *s, double differences) {
  ndg_exact *x = s->exact;
  const double *chosen = gradient_of(s, x->chosen);
  for (int i = 0; i < N_INDEPENDENT; i++) {
    const uint32_t rung = by_independence[i];
    const double *other = gradient_of(s, rung);
    if (rung == x->chosen || !(x->rungs & rung)) {
      continue;
    }
    const double distance =
        rung == NDG_RUNG_DIFFERENCES ? differences : distance_between(s, other, chosen);
    if (!x->witness || distance <= AGREEMENT) {
      x->witness = rung;
      x->agreement = distance;
    }
    if (distance <= AGREEMENT) {
      break;
    }
    ndg_report(NDG_LOG_WARNING, "oracle: the %s gradient differs from the %s one by %.2g",
               ndg_rung_name(rung), ndg_rung_name(x->chosen), distance);
  }
}

static ndg_status weigh(ndg_ladder *s, uint32_t kind, bool by_name, ndg_error *e) {
  ndg_exact *x = s->exact;
  double differences = NAN;
  ndg_status st = NDG_OK;
  choose(s);
  if (!x->chosen) {
    return ndg_fail(e, NDG_EINVAL,
                    "none of the oracle's rungs that are allowed (0x%x) applies to "
                    "this problem",
                    s->allowed);
  }
  if (wants_differences(s, by_name)) {
    st = ndg_rung_differences(s, kind, gradient_of(s, x->chosen), &differences, e);
  }
  if (st < 0) {
    return st;
  }
  find_witness(s, differences);
  if (!x->witness) {
    return ndg_fail(e, NDG_NOT_CONVERGED,
                    "only the %s gradient could be computed, and nothing confirms it",
                    ndg_rung_name(x->chosen));
  }
  if (!(x->agreement <= AGREEMENT)) {
    return ndg_fail(e, NDG_NOT_CONVERGED,
                    "no two ways to the exact gradient agree: %s and %s differ by %.2g, more than "
                    "%.0e (condition of H: %.2g)",
                    ndg_rung_name(x->chosen), ndg_rung_name(x->witness), x->agreement, AGREEMENT,
                    x->condition);
  }
  return NDG_OK;
}

static void hand_over(const ndg_ladder *s, double *gradient, double *phi_star) {
  if (!s->exact->chosen) {
    return;
  }
  memcpy(gradient, gradient_of(s, s->exact->chosen), s->n_theta * sizeof *gradient);
  for (uint64_t t = 0; phi_star && t < s->n_tasks; t++) {
    ndg_convert_to_f64(s->phi_wide->dtype, ndg_task_data(s->phi_wide, t), phi_star + t * s->n_phi,
                       s->n_phi);
  }
}

ndg_status ndg_oracle(ndg_problem *p, uint32_t kind, uint32_t allowed, double *gradient,
                      double *phi_star, ndg_exact *exact, ndg_error *e) {
  const uint32_t apply = kind == NDG_EXACT_UNROLLED ? unrolled_rungs : fixed_point_rungs;
  const char *reason = NULL;
  ndg_ladder s;
  forget(exact, kind);
  if (kind != NDG_EXACT_FIXED_POINT && kind != NDG_EXACT_UNROLLED) {
    return ndg_fail(e, NDG_EINVAL,
                    "no kind %u of exact gradient: 0 is of the fixed point, 1 through "
                    "learning",
                    kind);
  }
  if (!ndg_problem_provides(p, NDG_CAP_SECOND_ORDER, &reason)) {
    return ndg_fail(e, NDG_ECAPABILITY, "the oracle needs second derivatives: %s", reason);
  }
  for (uint64_t i = 0; i < p->n_theta; i++) {
    gradient[i] = NAN;
  }
  for (uint64_t i = 0; phi_star && i < p->n_phi * p->tasks.arrays.n_tasks; i++) {
    phi_star[i] = NAN;
  }
  ndg_status st = open_ladder(&s, p, allowed ? allowed & apply : apply, exact, e);
  if (st >= 0) {
    st = kind == NDG_EXACT_UNROLLED ? climb_unrolled(&s, e) : climb_fixed_point(&s, e);
  }
  if (st == NDG_OK) {
    st = weigh(&s, kind, (allowed & NDG_RUNG_DIFFERENCES) != 0, e);
  }
  if (st >= 0) {
    hand_over(&s, gradient, phi_star);
  }
  close_ladder(&s);
  return st;
}
