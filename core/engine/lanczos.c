/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "engine/krylov.h"
#include "tensor/lapack.h"

/* Basis q (B-orthonormal) and p = B q of every task, newest last, and the tridiagonal matrix. */
typedef struct lanczos {
  const ndg_pencil *pencil;
  uint32_t limit, m;         /* vectors that may be and are */
  double *q, *p;             /* limit + 1 blocks of n_tasks x n */
  double *w, *u;             /* n_tasks x n: A q, B⁻¹ of it */
  double *diagonal, *beside; /* n_tasks x limit; beside[j] couples j and j + 1 */
  double *small, *values;    /* limit x limit, limit */
  double tolerance;
} lanczos;

static const double ROUND_OFF = 1e-14;

static double dot(const double *x, const double *y, uint64_t n) {
  double sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    sum += x[i] * y[i];
  }
  return sum;
}

static void subtract(double *y, double a, const double *x, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) {
    y[i] -= a * x[i];
  }
}

static double *block(const lanczos *s, double *blocks, uint64_t j, uint64_t task) {
  const ndg_pencil *a = s->pencil;
  return blocks + (j * a->n_tasks + task) * a->n;
}

static ndg_status times_inverse(const lanczos *s, const double *w, double *u, ndg_error *e) {
  const ndg_pencil *a = s->pencil;
  if (a->solve) {
    return a->solve(a->context, w, u, e);
  }
  memcpy(u, w, a->n_tasks * a->n * sizeof *u);
  return NDG_OK;
}

/* Next basis vector from w and u = B⁻¹ w; returns its length before it was made one. */
static double append(lanczos *s, uint64_t task, uint64_t j) {
  const uint64_t n = s->pencil->n;
  const double *w = block(s, s->w, 0, task), *u = block(s, s->u, 0, task);
  double *p = block(s, s->p, j, task), *q = block(s, s->q, j, task);
  const double square = dot(w, u, n), length = square > 0 ? sqrt(square) : 0;
  for (uint64_t i = 0; i < n; i++) {
    p[i] = length > 0 ? w[i] / length : 0;
    q[i] = length > 0 ? u[i] / length : 0;
  }
  return length;
}

static ndg_status start(lanczos *s, ndg_error *e) {
  const ndg_pencil *a = s->pencil;
  const ndg_rng root = ndg_rng_root(0);
  for (uint64_t t = 0; t < a->n_tasks; t++) {
    ndg_rng stream = ndg_rng_stream(&root, "lanczos", 0); /* no task depends on its place */
    ndg_rng_fill_normal(&stream, NDG_F64, block(s, s->w, 0, t), a->n);
  }
  const ndg_status st = times_inverse(s, s->w, s->u, e);
  for (uint64_t t = 0; st >= 0 && t < a->n_tasks; t++) {
    (void)append(s, t, 0);
  }
  return st;
}

/* One more column: w = A q_m, orthogonal to all before. */
static ndg_status extend(lanczos *s, ndg_error *e) {
  const ndg_pencil *a = s->pencil;
  const uint32_t m = s->m;
  ndg_status st = a->apply(a->context, block(s, s->q, m, 0), s->w, e);
  if (st < 0) {
    return st;
  }
  for (uint64_t t = 0; t < a->n_tasks; t++) {
    double *w = block(s, s->w, 0, t);
    s->diagonal[t * s->limit + m] = dot(block(s, s->q, m, t), w, a->n);
    const double before = dot(w, w, a->n);
    for (int pass = 0; pass < 2; pass++) {
      for (uint32_t j = 0; j <= m; j++) {
        subtract(w, dot(block(s, s->q, j, t), w, a->n), block(s, s->p, j, t), a->n);
      }
    }
    if (dot(w, w, a->n) <= ROUND_OFF * ROUND_OFF * before) {
      memset(w, 0, a->n * sizeof *w); /* an invariant subspace: what is left has no direction */
    }
  }
  st = times_inverse(s, s->w, s->u, e);
  for (uint64_t t = 0; st >= 0 && t < a->n_tasks; t++) {
    s->beside[t * s->limit + m] = append(s, t, m + 1);
  }
  s->m++;
  return st;
}

/* Eigenvalue of largest modulus of a task's tridiagonal matrix, and its residual. */
static ndg_status ritz(lanczos *s, uint64_t task, double *largest, double *bound, ndg_error *e) {
  const uint32_t m = s->m;
  const double *diagonal = s->diagonal + task * s->limit, *beside = s->beside + task * s->limit;
  memset(s->small, 0, (size_t)m * m * sizeof *s->small);
  for (uint32_t j = 0; j < m; j++) {
    s->small[j * m + j] = diagonal[j];
    if (j + 1 < m) {
      s->small[j * m + j + 1] = s->small[(j + 1) * m + j] = beside[j];
    }
  }
  const ndg_status st = ndg_symmetric_eigen(m, s->small, true, s->values, e);
  if (st < 0) {
    return st;
  }
  const uint32_t best = fabs(s->values[0]) > fabs(s->values[m - 1]) ? 0 : m - 1;
  *largest = s->values[best];
  *bound = beside[m - 1] * fabs(s->small[best * m + m - 1]);
  return NDG_OK;
}

static bool time_to_look(const lanczos *s) {
  return s->m == s->limit || s->m <= 4 || s->m % 4 == 0;
}

static bool accurate(const lanczos *s, double largest, double bound) {
  return bound <= s->tolerance * fabs(largest);
}

static ndg_status iterate(lanczos *s, double *largest, double *bound, ndg_error *e) {
  const uint64_t n_tasks = s->pencil->n_tasks;
  bool done = false;
  for (uint64_t t = 0; t < n_tasks; t++) {
    largest[t] = NAN;
    bound[t] = INFINITY;
  }
  ndg_status st = start(s, e);
  while (st >= 0 && !done && s->m < s->limit) {
    st = extend(s, e);
    if (st < 0 || !time_to_look(s)) {
      continue;
    }
    done = true;
    for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
      if (!accurate(s, largest[t], bound[t])) {
        st = ritz(s, t, &largest[t], &bound[t], e);
      }
      done = done && accurate(s, largest[t], bound[t]);
    }
  }
  return st < 0 || done ? st : NDG_NOT_CONVERGED;
}

ndg_status ndg_lanczos(const ndg_pencil *a, uint32_t limit, double tolerance, double *largest,
                       double *bound, ndg_error *e) {
  const uint64_t size = a->n_tasks * a->n;
  lanczos s = {.pencil = a, .tolerance = tolerance};
  s.limit = a->n < limit ? (uint32_t)a->n : limit;
  s.q = ndg_calloc((s.limit + 1) * size, sizeof *s.q);
  s.p = a->solve ? ndg_calloc((s.limit + 1) * size, sizeof *s.p) : s.q;
  s.w = ndg_calloc(size, sizeof *s.w);
  s.u = ndg_calloc(size, sizeof *s.u);
  s.diagonal = ndg_calloc(a->n_tasks * s.limit, sizeof *s.diagonal);
  s.beside = ndg_calloc(a->n_tasks * s.limit, sizeof *s.beside);
  s.small = ndg_calloc((size_t)s.limit * s.limit, sizeof *s.small);
  s.values = ndg_calloc(s.limit, sizeof *s.values);
  const bool fits = s.q && s.p && s.w && s.u && s.diagonal && s.beside && s.small && s.values;
  const ndg_status st =
      fits ? iterate(&s, largest, bound, e)
           : ndg_fail(e, NDG_ENOMEM, "out of memory for %u Lanczos vectors", s.limit);
  if (s.p != s.q) {
    ndg_free(s.p);
  }
  ndg_free(s.q);
  ndg_free(s.w);
  ndg_free(s.u);
  ndg_free(s.diagonal);
  ndg_free(s.beside);
  ndg_free(s.small);
  ndg_free(s.values);
  return st;
}
