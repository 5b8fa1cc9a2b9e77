/* SPDX-License-Identifier: MIT */
/* Every form is, at given theta, a pair of quadratic functions of phi:
     L^learn = ½ φᵀ H φ - rᵀφ + const,   L^eval = ½ φᵀ E φ - tᵀφ + const,
   so φ*_β = (H + βE)⁻¹ (r + βt) and ∇F = -(∂²φθ L^learn)ᵀ H⁻¹ (E φ*_0 - t). All in long double. */
#include <math.h>
#include <stdlib.h>

#include "dense.h"
#include "quadratic.h"

typedef struct equations {
  quadratic_arrays arrays;
  const double *data[QUADRATIC_MAX_ARRAYS]; /* of the task */
  uint64_t n;                               /* length of phi */
  long double *memory;
  long double *h, *e;           /* n x n */
  long double *r, *t, *phi, *v; /* n */
  long double *rows;            /* longest residual */
  long double *theta;
} equations;

static uint64_t rows_of(const equations *s, uint32_t i) {
  return s->arrays.of[i]->shape.dim[0];
}

static void assemble_linear_quadratic(const quadratic_options *o, equations *s) {
  const uint64_t n = s->n;
  for (uint64_t i = 0; i < n; i++) {
    s->v[i] = s->data[LQ_A][i];
    s->phi[i] = s->data[LQ_C][i];
  }
  dense_add_symmetric(s->data[LQ_H0], n, 1, s->h);
  dense_multiply_symmetric(s->data[LQ_H0], n, 1, s->v, s->r);
  dense_add_symmetric(s->data[LQ_M], n, 1, s->e);
  dense_multiply_symmetric(s->data[LQ_M], n, 1, s->phi, s->t);
  for (uint64_t i = 0; i < n; i++) {
    s->h[i * n + i] += o->l;
    s->r[i] += o->l * s->theta[i];
  }
}

static void assemble_least_squares(equations *s) {
  const uint64_t n = s->n, n_learn = rows_of(s, LS_D), n_eval = rows_of(s, LS_A);
  for (uint64_t i = 0; i < n_learn; i++) {
    s->rows[i] = -(long double)s->data[LS_E][i];
  }
  dense_multiply(s->data[LS_C], n_learn, s->arrays.n_theta, 0, 1, s->theta, s->rows);
  dense_gram(s->data[LS_D], n_learn, n, 2, s->h);
  dense_multiply(s->data[LS_D], n_learn, n, 1, -2, s->rows, s->r);
  for (uint64_t i = 0; i < n_eval; i++) {
    s->rows[i] = s->data[LS_B][i];
  }
  dense_gram(s->data[LS_A], n_eval, n, 2, s->e);
  dense_multiply(s->data[LS_A], n_eval, n, 1, 2, s->rows, s->t);
}

static long double strength(const quadratic_options *o, const equations *s, uint64_t i) {
  return o->lambda_scale == LOG ? expl(s->theta[i]) : s->theta[i];
}

static void assemble_ridge(const quadratic_options *o, equations *s) {
  const uint32_t inputs[] = {RIDGE_X, RIDGE_EVAL_X}, targets[] = {RIDGE_Y, RIDGE_EVAL_Y};
  long double *matrix[] = {s->h, s->e}, *vector[] = {s->r, s->t};
  for (int part = 0; part < 2; part++) {
    const uint64_t rows = rows_of(s, inputs[part]);
    for (uint64_t i = 0; i < rows; i++) {
      s->rows[i] = s->data[targets[part]][i];
    }
    const long double scale = 1 / (long double)rows;
    dense_gram(s->data[inputs[part]], rows, s->n, scale, matrix[part]);
    dense_multiply(s->data[inputs[part]], rows, s->n, 1, scale, s->rows, vector[part]);
  }
  for (uint64_t i = 0; i < s->n; i++) {
    s->h[i * s->n + i] += strength(o, s, i);
  }
}

static ndg_status locate(const quadratic_options *o, const ndg_task_arrays *tasks, uint64_t task,
                         equations *s, ndg_error *e) {
  ndg_status st = quadratic_find_arrays(o, tasks->n_arrays, tasks->arrays, &s->arrays, e);
  for (uint32_t i = 0; st == NDG_OK && i < s->arrays.n; i++) {
    const ndg_array *a = s->arrays.of[i];
    if (!a->data) {
      return ndg_fail(e, NDG_EINVAL, "array %s has no data to solve with", a->name);
    }
    s->data[i] = (const double *)a->data + task * ndg_shape_size(&a->shape);
  }
  return st;
}

static void close_equations(equations *s) {
  free(s->memory);
}

static ndg_status open_equations(const quadratic_options *o, const ndg_task_arrays *tasks,
                                 uint64_t task, const double *theta, equations *s, ndg_error *e) {
  *s = (equations){.memory = NULL};
  ndg_status st = locate(o, tasks, task, s, e);
  if (st < 0) {
    return st;
  }
  const uint64_t n = s->n = s->arrays.n_phi, n_theta = s->arrays.n_theta;
  uint64_t rows = 0;
  for (uint32_t i = 0; i < s->arrays.n; i++) {
    rows = rows_of(s, i) > rows ? rows_of(s, i) : rows;
  }
  s->memory = calloc(2 * n * n + 4 * n + rows + n_theta, sizeof *s->memory);
  if (!s->memory) {
    return ndg_fail(e, NDG_ENOMEM, "no memory for a closed form of %llu parameters",
                    (unsigned long long)n);
  }
  s->h = s->memory;
  s->e = s->h + n * n;
  s->r = s->e + n * n;
  s->t = s->r + n;
  s->phi = s->t + n;
  s->v = s->phi + n;
  s->rows = s->v + n;
  s->theta = s->rows + rows;
  for (uint64_t i = 0; i < n_theta; i++) {
    s->theta[i] = theta[i];
  }
  if (o->form == LINEAR_QUADRATIC) {
    assemble_linear_quadratic(o, s);
  } else if (o->form == LEAST_SQUARES) {
    assemble_least_squares(s);
  } else {
    assemble_ridge(o, s);
  }
  return NDG_OK;
}

/* s->h becomes the Cholesky factor of H + βE, s->phi the minimiser. */
static ndg_status minimise(equations *s, double beta, ndg_error *e) {
  const uint64_t n = s->n;
  for (uint64_t i = 0; beta != 0 && i < n * n; i++) {
    s->h[i] += beta * s->e[i];
  }
  for (uint64_t i = 0; i < n; i++) {
    s->phi[i] = s->r[i] + beta * s->t[i];
  }
  const uint64_t bad = dense_cholesky(s->h, n);
  if (bad) {
    return ndg_fail(e, NDG_ENUMERIC,
                    "the Hessian of learn_loss + %g eval_loss is not positive definite (pivot %llu "
                    "of %llu): there is no unique minimum",
                    beta, (unsigned long long)bad, (unsigned long long)n);
  }
  dense_solve(s->h, n, s->phi);
  return NDG_OK;
}

static ndg_status optimum(const void *options, const ndg_task_arrays *tasks, uint64_t task,
                          const double *theta, double beta, double *phi, ndg_error *e) {
  equations s;
  ndg_status st = open_equations(options, tasks, task, theta, &s, e);
  if (st == NDG_OK) {
    st = minimise(&s, beta, e);
  }
  for (uint64_t i = 0; st == NDG_OK && i < s.n; i++) {
    phi[i] = (double)s.phi[i];
  }
  close_equations(&s);
  return st;
}

/* gradient = -(∂²φθ L^learn)ᵀ v */
static void pull_back(const quadratic_options *o, equations *s, double *gradient) {
  const uint64_t n_theta = s->arrays.n_theta;
  if (o->form == LEAST_SQUARES) {
    const uint64_t rows = rows_of(s, LS_D);
    for (uint64_t i = 0; i < rows; i++) {
      s->rows[i] = 0;
    }
    for (uint64_t i = 0; i < n_theta; i++) {
      s->theta[i] = 0;
    }
    dense_multiply(s->data[LS_D], rows, s->n, 0, 1, s->v, s->rows);
    dense_multiply(s->data[LS_C], rows, n_theta, 1, -2, s->rows, s->theta);
    for (uint64_t i = 0; i < n_theta; i++) {
      gradient[i] = (double)s->theta[i];
    }
    return;
  }
  for (uint64_t i = 0; i < n_theta; i++) {
    const long double slope = o->lambda_scale == LOG ? expl(s->theta[i]) : 1;
    gradient[i] =
        (double)(o->form == RIDGE ? -slope * s->phi[i] * s->v[i] : (long double)o->l * s->v[i]);
  }
}

static ndg_status meta_gradient(const void *options, const ndg_task_arrays *tasks, uint64_t task,
                                const double *theta, double *gradient, ndg_error *e) {
  equations s;
  ndg_status st = open_equations(options, tasks, task, theta, &s, e);
  if (st == NDG_OK) {
    st = minimise(&s, 0, e);
  }
  if (st == NDG_OK) {
    for (uint64_t i = 0; i < s.n; i++) {
      s.v[i] = -s.t[i];
      for (uint64_t j = 0; j < s.n; j++) {
        s.v[i] += s.e[i * s.n + j] * s.phi[j];
      }
    }
    dense_solve(s.h, s.n, s.v);
    pull_back(options, &s, gradient);
  }
  close_equations(&s);
  return st;
}

const ndg_closed_form quadratic_closed_form = {.struct_size = sizeof quadratic_closed_form,
                                               .optimum = optimum,
                                               .meta_gradient = meta_gradient};
