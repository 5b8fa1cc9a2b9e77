/* SPDX-License-Identifier: MIT */
#include "engine/eigen.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "engine/internal.h"
#include "engine/krylov.h"
#include "tensor/lapack.h"

/* A linear map of a problem at a point, for Lanczos. */
typedef struct map {
  ndg_problem *problem;
  ndg_evaluation request;
  ndg_vector *in, *out, *theta; /* theta: between the two halves of a mixed product */
  const ndg_dense *factor;
  uint32_t kind; /* of factor: other tasks are left out */
} map;

static ndg_status open_map(map *m, ndg_problem *p, uint32_t loss, const ndg_vector *phi, bool mixed,
                           ndg_error *e) {
  *m = (map){.problem = p};
  m->in = ndg_real_vector(p, NDG_PHI);
  m->out = ndg_real_vector(p, NDG_PHI);
  m->theta = mixed ? ndg_real_vector(p, NDG_THETA) : NULL;
  m->request = (ndg_evaluation){.struct_size = sizeof m->request, .loss = loss, .phi = phi};
  return m->in && m->out && (m->theta || !mixed) ? NDG_OK : ndg_no_memory(e, "a power iteration");
}

static void close_map(map *m) {
  ndg_vector_destroy(m->in);
  ndg_vector_destroy(m->out);
  ndg_vector_destroy(m->theta);
}

static void load(ndg_vector *v, const double *x) {
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    ndg_convert_from_f64(v->dtype, ndg_task_data(v, t), x + t * v->length, v->length);
  }
  v->identity = (ndg_identity){0, 0};
}

static void unload(const ndg_vector *v, double *x) {
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    ndg_convert_to_f64(v->dtype, ndg_task_data(v, t), x + t * v->length, v->length);
  }
}

static ndg_status apply_hessian(void *context, const double *x, double *y, ndg_error *e) {
  map *m = context;
  load(m->in, x);
  m->request.want = NDG_WANT_HVP;
  m->request.direction = m->in;
  m->request.hvp = m->out;
  const ndg_status st = ndg_problem_evaluate(m->problem, &m->request, e);
  unload(m->out, y);
  for (uint64_t t = 0; t < m->out->n_tasks; t++) {
    if (ndg_outcomes_lost(m->problem, t) || (m->factor && m->factor->is_lu[t] != m->kind)) {
      memset(y + t * m->out->length, 0, m->out->length * sizeof *y);
    }
  }
  return st;
}

/* J Jᵀ with J = ∂²φθ, a map of phi to itself. */
static ndg_status apply_mixed(void *context, const double *x, double *y, ndg_error *e) {
  map *m = context;
  load(m->in, x);
  m->request.want = NDG_WANT_MIXED;
  m->request.direction = m->in;
  m->request.mixed = m->theta;
  ndg_status st = ndg_problem_evaluate(m->problem, &m->request, e);
  if (st < 0) {
    return st;
  }
  m->request.want = NDG_WANT_MIXED_FORWARD;
  m->request.direction = m->theta;
  m->request.mixed_forward = m->out;
  st = ndg_problem_evaluate(m->problem, &m->request, e);
  unload(m->out, y);
  return st;
}

static ndg_status apply_inverse(void *context, const double *x, double *y, ndg_error *e) {
  const map *m = context;
  const ndg_dense *d = m->factor;
  (void)e;
  memcpy(y, x, d->n_tasks * d->n * sizeof *y);
  for (uint64_t t = 0; t < d->n_tasks; t++) {
    ndg_dense_solve_task(d, t, 1, y + t * d->n);
  }
  return NDG_OK;
}

ndg_status ndg_largest_eigenvalues(ndg_problem *p, const ndg_vector *phi, double *each,
                                   ndg_error *e) {
  enum { PRODUCTS = 100 };
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  map m;
  double *largest = ndg_calloc(2 * n_tasks, sizeof *largest);
  ndg_status st = open_map(&m, p, NDG_LEARN_LOSS, phi, false, e);
  if (st >= 0 && !largest) {
    st = ndg_no_memory(e, "a power iteration");
  }
  if (st >= 0) {
    const ndg_pencil a = {.n_tasks = n_tasks, .n = p->n_phi, .apply = apply_hessian, .context = &m};
    st = ndg_lanczos(&a, PRODUCTS, 1e-3, largest, largest + n_tasks, e);
  }
  for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
    /* From above: the bound, and what rounding in the products may hide. */
    each[t] = (fabs(largest[t]) + largest[n_tasks + t]) * (1 + 1e-4);
    if (!isfinite(each[t])) {
      char task[NDG_TASK_NAME_SIZE];
      ndg_task_name(&p->tasks.labels, t, task);
      st = ndg_fail(e, NDG_ENUMERIC, "the Hessian of %s is not finite at this phi", task);
    }
  }
  close_map(&m);
  ndg_free(largest);
  return st < 0 ? st : NDG_OK;
}

ndg_status ndg_extreme_eigenvalues(ndg_dense *d, double *smallest, double *largest, ndg_error *e) {
  double *values = ndg_calloc(d->n, sizeof *values);
  ndg_status st = values ? NDG_OK : ndg_no_memory(e, "eigenvalues");
  for (uint64_t t = 0; st >= 0 && t < d->n_tasks; t++) {
    st = ndg_symmetric_eigen(d->n, d->matrix + t * d->n * d->n, false, values, e);
    smallest[t] = values[0];
    largest[t] = values[d->n - 1];
  }
  ndg_free(values);
  return st;
}

/* Modulus of the largest eigenvalue of H⁻¹M where H is indefinite, so that no inner product makes
   the map symmetric: the growth of a vector under it, averaged over many products because a complex
   pair makes it swing. */
static ndg_status growth_rates(const ndg_pencil *a, double *rate, ndg_error *e) {
  enum { PRODUCTS = 200 };
  const uint64_t n_tasks = a->n_tasks, n = a->n;
  double *x = ndg_calloc(n_tasks * n, sizeof *x), *y = ndg_calloc(n_tasks * n, sizeof *y);
  ndg_status st = x && y ? NDG_OK : ndg_no_memory(e, "a power iteration");
  const ndg_rng root = ndg_rng_root(0);
  for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
    ndg_rng stream = ndg_rng_stream(&root, "power iteration", 0);
    ndg_rng_fill_normal(&stream, NDG_F64, x + t * n, n);
    rate[t] = 0;
  }
  for (int k = 0; st >= 0 && k < PRODUCTS; k++) {
    st = a->apply(a->context, x, y, e);
    if (st >= 0) {
      st = a->solve(a->context, y, x, e);
    }
    for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
      double square = 0;
      for (uint64_t i = 0; i < n; i++) {
        square += x[t * n + i] * x[t * n + i];
      }
      const double norm = sqrt(square);
      for (uint64_t i = 0; i < n; i++) {
        x[t * n + i] = norm > 0 ? x[t * n + i] / norm : 0;
      }
      rate[t] += k >= PRODUCTS / 2 ? log(norm) / (PRODUCTS - PRODUCTS / 2) : 0;
    }
  }
  for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
    rate[t] = exp(rate[t]);
  }
  ndg_free(x);
  ndg_free(y);
  return st;
}

static bool has_kind(const ndg_dense *d, uint32_t kind) {
  for (uint64_t t = 0; t < d->n_tasks; t++) {
    if (d->is_lu[t] == kind) {
      return true;
    }
  }
  return false;
}

ndg_status ndg_stability_radii(ndg_problem *p, const ndg_vector *phi, const ndg_dense *factor,
                               double *out, ndg_error *e) {
  enum { PRODUCTS = 200 };
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  map m;
  double *rate = ndg_calloc(2 * n_tasks, sizeof *rate);
  ndg_status st = open_map(&m, p, NDG_EVAL_LOSS, phi, false, e);
  m.factor = factor;
  const ndg_pencil a = {.n_tasks = n_tasks,
                        .n = p->n_phi,
                        .apply = apply_hessian,
                        .solve = apply_inverse,
                        .context = &m};
  if (st >= 0 && !rate) {
    st = ndg_no_memory(e, "the stability radius");
  }
  for (uint64_t t = 0; t < n_tasks; t++) {
    out[t] = NAN;
  }
  /* Each kind of factor by itself, so that no task's number depends on its neighbours. */
  for (m.kind = NDG_CHOLESKY; st >= 0 && m.kind <= NDG_LU; m.kind++) {
    if (!has_kind(factor, m.kind)) {
      continue;
    }
    st = m.kind == NDG_CHOLESKY ? ndg_lanczos(&a, PRODUCTS, 1e-8, rate, rate + n_tasks, e)
                                : growth_rates(&a, rate, e);
    for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
      out[t] = factor->is_lu[t] == m.kind ? 1 / fabs(rate[t]) : out[t];
    }
  }
  close_map(&m);
  ndg_free(rate);
  return st < 0 ? st : NDG_OK;
}

ndg_status ndg_mixed_norms(ndg_problem *p, uint32_t loss, const ndg_vector *phi, double *out,
                           ndg_error *e) {
  enum { PRODUCTS = 100 };
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  map m;
  double *bound = ndg_calloc(n_tasks, sizeof *bound);
  ndg_status st = open_map(&m, p, loss, phi, true, e);
  if (st >= 0 && !bound) {
    st = ndg_no_memory(e, "the norm of a mixed derivative");
  }
  if (st >= 0) {
    const ndg_pencil a = {.n_tasks = n_tasks, .n = p->n_phi, .apply = apply_mixed, .context = &m};
    st = ndg_lanczos(&a, PRODUCTS, 1e-4, out, bound, e);
  }
  for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
    out[t] = sqrt(fabs(out[t]) + bound[t]);
  }
  close_map(&m);
  ndg_free(bound);
  return st < 0 ? st : NDG_OK;
}
