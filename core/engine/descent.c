/* SPDX-License-Identifier: MIT */
/* Minimising a loss where its Hessian is not positive definite yet: Newton steps with a shifted
   Hessian that never go uphill, so that they stay in the basin of their start. Ends near a minimum;
   Newton's method proper does the rest. */
#include <math.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/internal.h"
#include "tensor/lapack.h"

enum { STEPS = 200, TRIES = 40 };
static const double FIRST_SHIFT = 1e-8; /* of the Hessian's norm */
static const double WORTH = 1e-11;      /* predicted decrease of the loss, relative, that is one */
static const double ENOUGH = 1e-3;      /* share of the predicted decrease that must come true */
static const double FAR = 1e6;          /* relative to the start: the loss has no minimum */

typedef struct slope {
  double shift, loss, predicted, size; /* size: Frobenius norm of H */
  double hint;                         /* shift to try where none is not enough */
  double start;                        /* ‖φ‖ */
  bool moved, done, reached;
} slope;

typedef struct descent {
  ndg_problem *q;
  uint32_t loss;
  ndg_complex beta;
  uint64_t n, n_tasks;
  ndg_dense h;
  ndg_vector *phi, *trial, *gradient;
  double *factor, *g, *step; /* n x n; n_tasks x n */
  double *norms;
  slope *task;
} descent;

static ndg_status open_descent(descent *s, ndg_problem *q, double beta, ndg_vector *phi,
                               ndg_error *e) {
  *s = (descent){.q = q,
                 .loss = beta == 0 ? NDG_LEARN_LOSS : NDG_AUGMENTED_LOSS,
                 .beta = {beta, 0},
                 .n = q->n_phi,
                 .n_tasks = q->tasks.arrays.n_tasks,
                 .phi = phi};
  s->trial = ndg_real_vector(s->q, NDG_PHI);
  s->gradient = ndg_real_vector(s->q, NDG_PHI);
  s->factor = ndg_calloc(s->n, s->n * sizeof *s->factor);
  s->g = ndg_calloc(s->n_tasks * s->n, sizeof *s->g);
  s->step = ndg_calloc(s->n_tasks * s->n, sizeof *s->step);
  s->norms = ndg_calloc(s->n_tasks, sizeof *s->norms);
  s->task = ndg_calloc(s->n_tasks, sizeof *s->task);
  return s->trial && s->gradient && s->factor && s->g && s->step && s->norms && s->task
             ? NDG_OK
             : ndg_no_memory(e, "a descent");
}

static void close_descent(descent *s) {
  ndg_dense_free(&s->h);
  ndg_vector_destroy(s->trial);
  ndg_vector_destroy(s->gradient);
  ndg_free(s->factor);
  ndg_free(s->g);
  ndg_free(s->step);
  ndg_free(s->norms);
  ndg_free(s->task);
}

static ndg_status losses_at(descent *s, const ndg_vector *phi, bool with_gradient, double *losses,
                            ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_VALUE | (with_gradient ? NDG_WANT_GRAD_PHI : 0),
                       .loss = s->loss,
                       .beta = s->beta,
                       .phi = phi,
                       .grad_phi = s->gradient};
  const ndg_status st = ndg_problem_evaluate(s->q, &ev, e);
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    ndg_convert_to_f64(NDG_F64, ndg_task_data(s->q->values[0], t), &losses[t], 1);
  }
  return st;
}

/* Hessians and gradients where the tasks are now. */
static ndg_status look(descent *s, ndg_error *e) {
  ndg_dense_free(&s->h);
  ndg_status st = ndg_dense_hessian(s->q, s->loss, s->beta, s->phi, 0, false, &s->h, e);
  if (st >= 0) {
    ndg_dense_norms(&s->h, s->norms);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->task[t].size = s->norms[t];
      s->task[t].moved = false;
    }
    st = losses_at(s, s->phi, true, s->norms, e);
  }
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    s->task[t].loss = s->norms[t];
    ndg_convert_to_f64(NDG_F64, ndg_task_data(s->gradient, t), s->g + t * s->n, s->n);
  }
  return st;
}

static void raise_shift(slope *k) {
  k->shift = fmax(k->shift == 0 ? k->hint : 4 * k->shift, FIRST_SHIFT * k->size);
}

/* −(H + shift)⁻¹ g with the least shift tried that makes it a descent direction. */
static void find_step(descent *s, uint64_t t) {
  slope *k = &s->task[t];
  const uint64_t n = s->n;
  const double *h = s->h.matrix + t * n * n, *g = s->g + t * n;
  double *step = s->step + t * n;
  for (int i = 0; i < TRIES; i++) {
    memcpy(s->factor, h, n * n * sizeof *h);
    for (uint64_t j = 0; j < n; j++) {
      s->factor[j * (n + 1)] += k->shift;
    }
    if (ndg_cholesky(n, s->factor, NULL) == NDG_OK) {
      break;
    }
    raise_shift(k);
  }
  memcpy(step, g, n * sizeof *step);
  ndg_cholesky_solve(n, s->factor, 1, step);
  k->predicted = 0; /* sᵀg/2 + shift ‖s‖²/2: what the quadratic model loses */
  for (uint64_t j = 0; j < n; j++) {
    k->predicted += 0.5 * step[j] * (g[j] + k->shift * step[j]);
  }
}

static void place(const descent *s, uint64_t t, bool moved) {
  const double *from = ndg_task_data(s->phi, t), *step = s->step + t * s->n;
  double *to = ndg_task_data(s->trial, t);
  for (uint64_t j = 0; j < s->n; j++) {
    to[j] = from[j] - (moved ? step[j] : 0);
  }
}

/* Steps of all tasks that have not moved since they last looked; shorter ones where they fail. */
static ndg_status attempt(descent *s, bool *pending, ndg_error *e) {
  *pending = false;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    slope *k = &s->task[t];
    const bool tries = !k->done && !k->moved;
    if (tries) {
      find_step(s, t);
      if (k->shift > 0 && k->predicted <= WORTH * fabs(k->loss)) {
        k->shift = 0; /* is it the shift that leaves so little to gain? */
        find_step(s, t);
      }
      k->done = k->predicted <= WORTH * fabs(k->loss);
      k->reached = k->done && k->shift == 0;
    }
    place(s, t, tries && !k->done);
  }
  const ndg_status st = losses_at(s, s->trial, false, s->norms, e);
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    slope *k = &s->task[t];
    if (k->done || k->moved) {
      continue;
    }
    const double gain = k->loss - s->norms[t];
    if (gain >= ENOUGH * k->predicted) {
      memcpy(ndg_task_data(s->phi, t), ndg_task_data(s->trial, t), s->n * sizeof(double));
      const bool faithful = gain > 0.75 * k->predicted; /* the quadratic model, to the loss */
      k->moved = true;
      k->hint = faithful ? k->shift / 8 : k->shift;
      k->shift = faithful ? 0 : k->shift;
    } else {
      raise_shift(k);
      *pending = true;
    }
  }
  s->phi->identity = (ndg_identity){0, 0};
  return st;
}

/* Tasks that run away have no minimum to find. */
static bool finished(descent *s) {
  bool all = true;
  ndg_vector_norms(s->phi, s->n, s->norms);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    slope *k = &s->task[t];
    k->done = k->done || !(s->norms[t] <= FAR * (1 + k->start));
    all = all && k->done;
  }
  return all;
}

ndg_status ndg_descend(ndg_problem *q, double beta, ndg_vector *phi, const bool *wanted,
                       bool *reached, ndg_error *e) {
  descent s;
  ndg_status st = open_descent(&s, q, beta, phi, e);
  if (st >= 0) {
    ndg_vector_norms(phi, s.n, s.norms);
    for (uint64_t t = 0; t < s.n_tasks; t++) {
      s.task[t].start = s.norms[t];
      s.task[t].done = !wanted[t];
    }
  }
  for (int i = 0; st >= 0 && i < STEPS && !finished(&s); i++) {
    bool pending = true;
    st = look(&s, e);
    for (int k = 0; st >= 0 && pending && k < TRIES; k++) {
      st = attempt(&s, &pending, e);
    }
    for (uint64_t t = 0; t < s.n_tasks; t++) {
      slope *k = &s.task[t];
      k->done = k->done || !k->moved; /* round-off hides what is left of the slope */
    }
  }
  for (uint64_t t = 0; st >= 0 && t < s.n_tasks; t++) {
    reached[t] = s.task[t].reached;
  }
  close_descent(&s);
  return st;
}
