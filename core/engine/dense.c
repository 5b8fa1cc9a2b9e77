/* SPDX-License-Identifier: MIT */
/* Dense Hessians, column by column through products with unit vectors. */
#include "engine/dense.h"

#include <math.h>
#include <string.h>

#include "engine/internal.h"
#include "tensor/lapack.h"

/* Numbers in all tasks' matrices together. */
static const double DENSE_LIMIT = 5e8;

ndg_vector *ndg_real_vector(const ndg_problem *p, uint32_t space) {
  return ndg_vector_create(space, p->dtype, p->tasks.arrays.n_tasks,
                           space == NDG_THETA ? p->n_theta : p->n_phi);
}

void ndg_dense_free(ndg_dense *d) {
  ndg_free(d->matrix);
  ndg_free(d->factor);
  ndg_free(d->pivots);
  ndg_free(d->is_lu);
  *d = (ndg_dense){0};
}

static double *task_matrix(double *matrices, const ndg_dense *d, uint64_t task) {
  return matrices + task * d->n * d->n;
}

static void set_coordinate(ndg_vector *v, uint64_t i, double value) {
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    char *at = (char *)ndg_task_data(v, t) + i * ndg_dtype_size(v->dtype);
    ndg_convert_from_f64(v->dtype, at, &value, 1);
  }
}

/* Row j of every task's matrix := H e_j. */
static ndg_status assemble(ndg_problem *p, ndg_evaluation *ev, ndg_vector *direction,
                           const ndg_dense *out, ndg_error *e) {
  for (uint64_t j = 0; j < out->n; j++) {
    set_coordinate(direction, j, 1);
    const ndg_status st = ndg_problem_evaluate(p, ev, e);
    set_coordinate(direction, j, 0);
    if (st < 0) {
      return st;
    }
    for (uint64_t t = 0; t < out->n_tasks; t++) {
      double *row = task_matrix(out->matrix, out, t) + j * out->n;
      ndg_convert_to_f64(ev->hvp->dtype, ndg_task_data(ev->hvp, t), row, out->n);
    }
  }
  return NDG_OK;
}

/* The mean of a matrix and its transpose, plus damping; false if a number is not finite. */
static bool symmetrise(double *a, uint64_t n, double damping) {
  double sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    for (uint64_t j = 0; j < i; j++) {
      a[i * n + j] = a[j * n + i] = 0.5 * (a[i * n + j] + a[j * n + i]);
      sum += fabs(a[i * n + j]);
    }
    a[i * n + i] += damping;
    sum += fabs(a[i * n + i]);
  }
  return isfinite(sum);
}

static ndg_status factorise_task(const ndg_problem *p, ndg_dense *d, uint64_t task, ndg_error *e) {
  const uint64_t n = d->n;
  const double *matrix = task_matrix(d->matrix, d, task);
  double *factor = task_matrix(d->factor, d, task);
  memcpy(factor, matrix, n * n * sizeof *factor);
  if (ndg_cholesky(n, factor, NULL) == NDG_OK) {
    d->is_lu[task] = NDG_CHOLESKY;
    return NDG_OK;
  }
  memcpy(factor, matrix, n * n * sizeof *factor);
  d->is_lu[task] = NDG_LU;
  if (ndg_lu(n, factor, d->pivots + task * n, NULL) < 0) {
    char name[NDG_TASK_NAME_SIZE];
    ndg_task_name(&p->tasks.labels, task, name);
    return ndg_fail(e, NDG_ENUMERIC,
                    "the Hessian of %s (%llu parameters) is singular: some direction of phi "
                    "changes nothing; add damping, or a penalty to the learning loss",
                    name, (unsigned long long)n);
  }
  return NDG_OK;
}

static ndg_status factorise_all(const ndg_problem *p, ndg_dense *d, ndg_error *e) {
  d->factor = ndg_calloc(d->n_tasks * d->n, d->n * sizeof *d->factor);
  d->pivots = ndg_calloc(d->n_tasks * d->n, sizeof *d->pivots);
  d->is_lu = ndg_calloc(d->n_tasks, sizeof *d->is_lu);
  if (!d->factor || !d->pivots || !d->is_lu) {
    return ndg_no_memory(e, "a factorised Hessian");
  }
  for (uint64_t t = 0; t < d->n_tasks; t++) {
    const bool lost = ndg_outcomes_lost(p, t);
    const ndg_status st = lost ? NDG_OK : factorise_task(p, d, t, e);
    if (lost) {
      d->is_lu[t] = NDG_NO_FACTOR;
    }
    if (st < 0) {
      return st;
    }
  }
  return NDG_OK;
}

ndg_status ndg_dense_hessian(ndg_problem *p, uint32_t loss, ndg_complex beta, const ndg_vector *phi,
                             double damping, bool factorise, ndg_dense *out, ndg_error *e) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks, n = p->n_phi;
  *out = (ndg_dense){.n_tasks = n_tasks, .n = n};
  if (beta.im != 0 || ndg_vector_is_complex(phi)) {
    return ndg_fail(e, NDG_EINVAL, "a dense Hessian is real: it needs a real phi and beta");
  }
  if ((double)n_tasks * (double)n * (double)n > DENSE_LIMIT) {
    return ndg_fail(
        e, NDG_EINVAL,
        "dense Hessians of %llu parameters for %llu tasks would take %.0f GB each time; "
        "use conjugate gradients",
        (unsigned long long)n, (unsigned long long)n_tasks,
        8e-9 * (double)n_tasks * (double)n * (double)n);
  }
  ndg_vector *direction = ndg_real_vector(p, NDG_PHI), *hvp = ndg_real_vector(p, NDG_PHI);
  ndg_status st = NDG_OK;
  out->matrix = ndg_calloc(n_tasks * n, n * sizeof *out->matrix);
  if (!direction || !hvp || !out->matrix) {
    st = ndg_no_memory(e, "a dense Hessian");
    goto out;
  }
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_HVP,
                       .loss = loss,
                       .beta = beta,
                       .phi = phi,
                       .direction = direction,
                       .hvp = hvp};
  st = assemble(p, &ev, direction, out, e);
  for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
    if (!symmetrise(task_matrix(out->matrix, out, t), n, damping) && !ndg_outcomes_lost(p, t)) {
      char name[NDG_TASK_NAME_SIZE];
      ndg_task_name(&p->tasks.labels, t, name);
      st = ndg_fail(e, NDG_ENUMERIC, "the Hessian of %s is not finite at this phi", name);
    }
  }
  if (st >= 0 && factorise) {
    st = factorise_all(p, out, e);
  }
out:
  ndg_vector_destroy(direction);
  ndg_vector_destroy(hvp);
  if (st < 0) {
    ndg_dense_free(out);
  }
  return st;
}

void ndg_dense_norms(const ndg_dense *d, double *norms) {
  for (uint64_t t = 0; t < d->n_tasks; t++) {
    const double *a = task_matrix(d->matrix, d, t);
    long double sum = 0;
    for (uint64_t i = 0; i < d->n * d->n; i++) {
      sum += (long double)a[i] * a[i];
    }
    norms[t] = (double)sqrtl(sum);
  }
}

void ndg_dense_solve_task(const ndg_dense *d, uint64_t task, size_t n_rhs, double *b) {
  const double *factor = task_matrix(d->factor, d, task);
  if (d->is_lu[task] == NDG_NO_FACTOR) {
    for (uint64_t i = 0; i < n_rhs * d->n; i++) {
      b[i] = NAN;
    }
  } else if (d->is_lu[task]) {
    ndg_lu_solve(d->n, factor, d->pivots + task * d->n, false, n_rhs, b);
  } else {
    ndg_cholesky_solve(d->n, factor, n_rhs, b);
  }
}

/* Real and imaginary parts of interleaved numbers as two right-hand sides, and back. */
static void solve_complex(const ndg_dense *d, uint64_t task, double *x, double *b) {
  for (uint64_t i = 0; i < d->n; i++) {
    b[i] = x[2 * i];
    b[d->n + i] = x[2 * i + 1];
  }
  ndg_dense_solve_task(d, task, 2, b);
  for (uint64_t i = 0; i < d->n; i++) {
    x[2 * i] = b[i];
    x[2 * i + 1] = b[d->n + i];
  }
}

ndg_status ndg_dense_solve(const ndg_dense *d, ndg_vector *x, ndg_error *e) {
  double *b = ndg_calloc(2 * d->n, sizeof *b);
  if (!b) {
    return ndg_no_memory(e, "a dense solve");
  }
  for (uint64_t t = 0; t < d->n_tasks; t++) {
    void *data = ndg_task_data(x, t);
    if (ndg_vector_is_complex(x)) {
      solve_complex(d, t, data, b);
    } else {
      ndg_convert_to_f64(x->dtype, data, b, d->n);
      ndg_dense_solve_task(d, t, 1, b);
      ndg_convert_from_f64(x->dtype, data, b, d->n);
    }
  }
  x->identity = (ndg_identity){0, 0};
  ndg_free(b);
  return NDG_OK;
}

void ndg_factor_free(ndg_factor *f) {
  if (f) {
    ndg_vector_destroy(f->phi);
    ndg_dense_free(&f->dense);
    ndg_free(f->norms);
    ndg_free(f);
  }
}

static bool same_point(const ndg_vector *a, const ndg_vector *b) {
  const size_t bytes = a->length * ndg_dtype_size(a->dtype);
  for (uint64_t t = 0; t < a->n_tasks; t++) {
    if (memcmp(ndg_task_data(a, t), ndg_task_data(b, t), bytes) != 0) {
      return false;
    }
  }
  return true;
}

ndg_status ndg_factorise_at(ndg_problem *p, uint32_t loss, double beta, const ndg_vector *phi,
                            double damping, ndg_dense *out, double *norms, ndg_error *e) {
  *out = (ndg_dense){0};
  ndg_problem *q = p;
  ndg_status st = p->dtype == NDG_F64 ? NDG_OK : ndg_problem_sibling(p, NDG_F64, &q, e);
  if (st < 0) {
    return st;
  }
  ndg_vector *real = ndg_real_vector(q, NDG_PHI);
  if (!real) {
    return ndg_no_memory(e, "a factorised Hessian");
  }
  ndg_vector_copy(real, phi);
  ndg_outcomes_lend(p, q);
  st = ndg_dense_hessian(q, loss, (ndg_complex){beta, 0}, real, damping, true, out, e);
  ndg_vector_destroy(real);
  if (q != p) { /* counted there */
    p->record.hessian_vector_products += p->n_phi;
    p->record.nonlocal |= NDG_USES_SECOND_DERIVATIVES;
  }
  if (st >= 0) {
    if (norms) {
      ndg_dense_norms(out, norms);
    }
    ndg_free(out->matrix); /* half of the memory, and nothing needs it again */
    out->matrix = NULL;
  }
  return st;
}

static ndg_status make_factor(ndg_problem *p, const ndg_vector *phi, double damping, ndg_factor *f,
                              ndg_error *e) {
  f->generation = p->generation;
  f->damping = damping;
  f->phi = ndg_vector_create(NDG_PHI, phi->dtype, phi->n_tasks, p->n_phi);
  f->norms = ndg_calloc(p->tasks.arrays.n_tasks, sizeof *f->norms);
  if (!f->phi || !f->norms) {
    return ndg_no_memory(e, "a factorised Hessian");
  }
  ndg_vector_copy(f->phi, phi);
  return ndg_factorise_at(p, NDG_LEARN_LOSS, 0, f->phi, damping, &f->dense, f->norms, e);
}

ndg_status ndg_factor_at(ndg_problem *p, const ndg_vector *phi, double damping,
                         const ndg_factor **out, ndg_error *e) {
  ndg_factor *f = p->factor;
  p->record.nonlocal |= NDG_USES_DENSE_MATRIX;
  if (f && f->generation == p->generation && f->damping == damping && f->phi->dtype == phi->dtype &&
      same_point(f->phi, phi)) {
    p->record.hessian_vector_products += p->n_phi;
    *out = f;
    return NDG_OK;
  }
  ndg_factor_free(f); /* first, because two would need twice the memory */
  p->factor = NULL;
  f = ndg_calloc(1, sizeof *f);
  if (!f) {
    return ndg_no_memory(e, "a factorised Hessian");
  }
  const ndg_status st = make_factor(p, phi, damping, f, e);
  if (st < 0) {
    ndg_factor_free(f);
    return st;
  }
  *out = p->factor = f;
  return NDG_OK;
}
