/* SPDX-License-Identifier: MIT */
#include "engine/newton.h"

#include <math.h>
#include <string.h>

#include "engine/krylov.h"

enum { KRYLOV_LIMIT = 60 };
static const double KRYLOV_TOLERANCE = 1e-3;

/* One task's numbers out of and into a vector of any element type. */
void ndg_newton_load(const ndg_newton *s, const ndg_vector *v, uint64_t t, ndg_number *out) {
  const double *pairs = ndg_task_data(v, t);
  if (!s->is_complex) {
    ndg_convert_to_f64(v->dtype, ndg_task_data(v, t), s->halves, s->n);
  }
  for (uint64_t i = 0; i < s->n; i++) {
    out[i] = s->is_complex ? pairs[2 * i] + pairs[2 * i + 1] * I : s->halves[i];
  }
}

static void store(const ndg_newton *s, ndg_vector *v, uint64_t t, const ndg_number *in) {
  double *pairs = ndg_task_data(v, t);
  for (uint64_t i = 0; i < s->n; i++) {
    if (s->is_complex) {
      pairs[2 * i] = creal(in[i]);
      pairs[2 * i + 1] = cimag(in[i]);
    } else {
      s->halves[i] = creal(in[i]);
    }
  }
  if (!s->is_complex) {
    ndg_convert_from_f64(v->dtype, ndg_task_data(v, t), s->halves, s->n);
  }
  v->identity = (ndg_identity){0, 0};
}

static ndg_status precondition(void *context, const ndg_number *x, ndg_number *y, ndg_error *e) {
  ndg_newton *s = context;
  (void)e;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const ndg_number *in = x + t * s->n;
    ndg_number *out = y + t * s->n;
    if (s->task[t].status != NDG_RUNNING) {
      memset(out, 0, s->n * sizeof *out);
      continue;
    }
    for (uint64_t i = 0; i < s->n; i++) {
      s->halves[i] = creal(in[i]);
      s->halves[s->n + i] = cimag(in[i]);
    }
    const ndg_dense *factor = s->task[t].use_own ? &s->own : &s->base->dense;
    ndg_dense_solve_task(factor, t, s->is_complex ? 2 : 1, s->halves);
    for (uint64_t i = 0; i < s->n; i++) {
      out[i] = s->is_complex ? s->halves[i] + s->halves[s->n + i] * I : s->halves[i];
    }
  }
  return NDG_OK;
}

static ndg_status apply(void *context, const ndg_number *x, ndg_number *y, ndg_error *e) {
  ndg_newton *s = context;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    store(s, s->in, t, x + t * s->n);
  }
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_HVP,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = s->phase->beta,
                       .phi = s->phi,
                       .direction = s->in,
                       .hvp = s->out};
  const ndg_status st = ndg_problem_evaluate(s->problem, &ev, e);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    ndg_newton_load(s, s->out, t, y + t * s->n);
  }
  return st;
}

static bool running(const ndg_newton *s, uint64_t t, uint8_t level) {
  return s->task[t].status == NDG_RUNNING && s->task[t].level == level;
}

static bool any(const ndg_newton *s, uint8_t level) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (running(s, t, level)) {
      return true;
    }
  }
  return false;
}

/* Directions of the tasks that need products: into scratch, then into step. */
static ndg_status krylov_directions(ndg_newton *s, ndg_error *e) {
  const uint32_t limit = s->n < KRYLOV_LIMIT ? (uint32_t)s->n : KRYLOV_LIMIT;
  const ndg_gmres request = {.n_tasks = s->n_tasks,
                             .n = s->n,
                             .apply = apply,
                             .precondition = precondition,
                             .context = s,
                             .limit = limit,
                             .tolerance = KRYLOV_TOLERANCE};
  ndg_number *x = ndg_calloc(s->n_tasks * s->n, sizeof *x);
  if (!x) {
    return ndg_no_memory(e, "a Newton direction");
  }
  memset(s->scratch, 0, s->n_tasks * s->n * sizeof *s->scratch);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (running(s, t, NDG_KRYLOV)) {
      memcpy(s->scratch + t * s->n, s->residual + t * s->n, s->n * sizeof *s->scratch);
    }
  }
  const ndg_status st = ndg_gmres_solve(&request, s->scratch, x, s->norms, e);
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    if (running(s, t, NDG_KRYLOV)) {
      memcpy(s->step + t * s->n, x + t * s->n, s->n * sizeof *x);
      s->task[t].linear = s->norms[t];
    }
  }
  ndg_free(x);
  return st;
}

static double length(const ndg_number *x, uint64_t n) {
  double sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    sum += creal(x[i]) * creal(x[i]) + cimag(x[i]) * cimag(x[i]);
  }
  return sqrt(sum);
}

ndg_status ndg_newton_directions(ndg_newton *s, ndg_error *e) {
  ndg_status st = NDG_OK;
  if (any(s, NDG_CHORD)) {
    st = precondition(s, s->residual, s->step, e);
  }
  if (st >= 0 && any(s, NDG_KRYLOV)) {
    st = krylov_directions(s, e);
  }
  ndg_vector_norms(s->phi, s->n, s->norms);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->task[t].distance = length(s->step + t * s->n, s->n) / s->norms[t];
  }
  return st;
}
