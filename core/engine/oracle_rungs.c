/* SPDX-License-Identifier: MIT */
/* Rungs that solve with H at phi*, and the learner's own closed form. */
#include <math.h>

#include "engine/oracle_internal.h"
#include "engine/task_algebra.h"
#include "nudge/plugin.h"

void ndg_ladder_mean(const ndg_vector *by_task, double *out) {
  const double *pairs;
  const long double *wide;
  for (uint64_t i = 0; i < by_task->length; i++) {
    long double sum = 0;
    for (uint64_t t = 0; t < by_task->n_tasks; t++) {
      double x;
      const char *row = ndg_task_data(by_task, t);
      if (by_task->dtype == NDG_LONG_DOUBLE) {
        wide = (const void *)row;
        sum += wide[i];
      } else if (by_task->dtype == NDG_C128) {
        pairs = (const void *)row;
        sum += pairs[2 * i];
      } else {
        ndg_convert_to_f64(by_task->dtype, row + i * ndg_dtype_size(by_task->dtype), &x, 1);
        sum += x;
      }
    }
    out[i] = (double)(sum / (long double)by_task->n_tasks);
  }
}

ndg_status ndg_rung_closed_form(ndg_ladder *s, ndg_error *e) {
  const ndg_instance *learner = ndg_problem_learner(s->problem);
  const ndg_learner_ops *ops = &learner->loaded->ops.learner;
  const ndg_closed_form *form = ops->extension ? ops->extension(NDG_CAP_CLOSED_FORM) : NULL;
  if (!form || !form->meta_gradient) {
    return NDG_OK;
  }
  double *mean = ndg_ladder_rung(s, NDG_RUNG_CLOSED_FORM);
  double *one = ndg_calloc(s->n_theta, sizeof *one);
  ndg_status st = mean && one ? NDG_OK : ndg_no_memory(e, "the closed form");
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    st = form->meta_gradient(learner->options, ndg_problem_tasks(s->problem), t, s->problem->theta,
                             one, e);
    for (uint64_t i = 0; i < s->n_theta; i++) {
      mean[i] += one[i] / (double)s->n_tasks;
    }
  }
  ndg_free(one);
  return st;
}

/* v = H⁻¹ g at phi in a problem's own element type: the float64 factor, refined `refine` times at
   most and while that halves the residual. */
static ndg_status solve(ndg_problem *q, const ndg_dense *factor, const ndg_vector *phi,
                        const ndg_vector *g, int refine, ndg_vector *v, ndg_error *e) {
  ndg_vector *r = ndg_real_vector(q, NDG_PHI), *hv = ndg_real_vector(q, NDG_PHI);
  long double *one = ndg_calloc(2 * g->n_tasks, sizeof *one),
              *minus = one ? one + g->n_tasks : NULL;
  ndg_status st = r && hv && one ? NDG_OK : ndg_no_memory(e, "the oracle's linear solve");
  double before = INFINITY;
  for (uint64_t t = 0; one && t < g->n_tasks; t++) {
    one[t] = 1;
    minus[t] = -1;
  }
  for (int i = 0; st >= 0; i++) {
    ndg_vector_copy(r, g);
    if (i > 0) {
      ndg_evaluation ev = {.struct_size = sizeof ev,
                           .want = NDG_WANT_HVP,
                           .loss = NDG_LEARN_LOSS,
                           .phi = phi,
                           .direction = v,
                           .hvp = hv};
      st = ndg_problem_evaluate(q, &ev, e);
      ndg_task_axpy(r, minus, hv);
    }
    const double norm = ndg_vector_norm(r, r->length);
    if (st < 0 || i > refine || !(norm < 0.5 * before) || norm == 0) {
      break;
    }
    before = norm;
    st = ndg_dense_solve(factor, r, e);
    ndg_task_axpy(v, one, r);
  }
  ndg_vector_destroy(r);
  ndg_vector_destroy(hv);
  ndg_free(one);
  return st;
}

/* ∂θ L^eval − (∂²φθ L^learn)ᵀ H⁻¹ ∂φ L^eval, mean over tasks. */
static ndg_status implicit(ndg_problem *q, const ndg_dense *factor, const ndg_vector *phi,
                           int refine, double *out, ndg_error *e) {
  ndg_vector *g = ndg_real_vector(q, NDG_PHI), *v = ndg_real_vector(q, NDG_PHI);
  ndg_vector *local = ndg_real_vector(q, NDG_THETA), *mixed = ndg_real_vector(q, NDG_THETA);
  const ndg_complex weights[] = {{1, 0}, {-1, 0}};
  ndg_status st = g && v && local && mixed ? NDG_OK : ndg_no_memory(e, "the oracle's gradient");
  if (st < 0) {
    goto out;
  }
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                       .loss = NDG_EVAL_LOSS,
                       .phi = phi,
                       .grad_phi = g,
                       .grad_theta = local};
  st = ndg_problem_evaluate(q, &ev, e);
  if (st >= 0) {
    st = solve(q, factor, phi, g, refine, v, e);
  }
  if (st >= 0) {
    ev.want = NDG_WANT_MIXED;
    ev.loss = NDG_LEARN_LOSS;
    ev.direction = v;
    ev.mixed = mixed;
    st = ndg_problem_evaluate(q, &ev, e);
  }
  if (st >= 0) {
    ndg_vector_combine(local, weights[0], 2, weights, (const ndg_vector *const[]){local, mixed});
    ndg_ladder_mean(local, out);
  }
out:
  ndg_vector_destroy(g);
  ndg_vector_destroy(v);
  ndg_vector_destroy(local);
  ndg_vector_destroy(mixed);
  return st;
}

/* Adds to *sum the mean norm over tasks of M H⁻¹ right, or of `right` itself where it is in θ. */
static ndg_status add_term(ndg_ladder *s, ndg_vector *right, ndg_vector *theta, double *sum,
                           ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_MIXED,
                       .loss = NDG_LEARN_LOSS,
                       .phi = s->phi,
                       .direction = right,
                       .mixed = theta};
  ndg_status st = NDG_OK;
  if (right) {
    st = ndg_dense_solve(&s->factor.dense, right, e);
    st = st < 0 ? st : ndg_problem_evaluate(s->f64, &ev, e);
  }
  ndg_vector_norms(theta, theta->length, s->by_task);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    *sum += s->by_task[t] / (double)s->n_tasks;
  }
  return st;
}

ndg_status ndg_ladder_terms(ndg_ladder *s, double *size, ndg_error *e) {
  ndg_vector *slope = ndg_real_vector(s->f64, NDG_PHI), *turn = ndg_real_vector(s->f64, NDG_PHI);
  ndg_vector *theta = ndg_real_vector(s->f64, NDG_THETA);
  ndg_status st = slope && turn && theta ? NDG_OK : ndg_no_memory(e, "the oracle's gradient");
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA | NDG_WANT_HVP,
                       .loss = NDG_EVAL_LOSS,
                       .phi = s->phi,
                       .direction = s->phi,
                       .grad_phi = slope,
                       .grad_theta = theta,
                       .hvp = turn};
  *size = 0;
  if (st >= 0) {
    st = ndg_problem_evaluate(s->f64, &ev, e);
  }
  if (st >= 0) {
    st = add_term(s, NULL, theta, size, e);
  }
  if (st >= 0) {
    st = add_term(s, slope, theta, size, e);
  }
  if (st >= 0) {
    st = add_term(s, turn, theta, size, e);
  }
  ndg_vector_destroy(slope);
  ndg_vector_destroy(turn);
  ndg_vector_destroy(theta);
  return st;
}

ndg_status ndg_rung_dense(ndg_ladder *s, ndg_error *e) {
  double *out = ndg_ladder_rung(s, NDG_RUNG_DENSE);
  return out ? implicit(s->f64, &s->factor.dense, s->phi, 0, out, e)
             : ndg_no_memory(e, "the oracle's gradient");
}

ndg_status ndg_rung_extended(ndg_ladder *s, ndg_error *e) {
  enum { REFINEMENTS = 40 };
  double *out = ndg_ladder_rung(s, NDG_RUNG_EXTENDED);
  return out ? implicit(s->wide, &s->factor.dense, s->phi_wide, REFINEMENTS, out, e)
             : ndg_no_memory(e, "the oracle's gradient");
}
