/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "engine/krylov.h"

typedef double complex number;

/* One task's small least-squares problem: columns of the Hessenberg matrix, made triangular by
   Givens rotations as they come. */
typedef struct projected {
  number *r; /* limit columns of limit + 1 */
  number *sine, *rhs;
  double *cosine;
  double scale; /* ‖b‖ */
  uint32_t m;   /* columns */
  bool done;
} projected;

typedef struct gmres {
  const ndg_gmres *request;
  number *v, *z; /* limit + 1 and limit blocks of n_tasks x n: basis, preconditioned basis */
  projected *task;
  number *numbers; /* behind the tasks' arrays */
  double *cosines;
} gmres;

static number dot(const number *x, const number *y, uint64_t n) {
  number sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    sum += conj(x[i]) * y[i];
  }
  return sum;
}

static double length(const number *x, uint64_t n) {
  return sqrt(creal(dot(x, x, n)));
}

static number *block(const gmres *s, number *blocks, uint64_t j, uint64_t task) {
  const ndg_gmres *a = s->request;
  return blocks + (j * a->n_tasks + task) * a->n;
}

static void normalise(number *out, const number *in, double by, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) {
    out[i] = by > 0 ? in[i] / by : 0;
  }
}

/* Column h of length j + 2, orthogonal part of w left in w. */
static void orthogonalise(const gmres *s, uint64_t task, uint32_t j, number *w, number *h) {
  const uint64_t n = s->request->n;
  memset(h, 0, (j + 2) * sizeof *h);
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t i = 0; i <= j; i++) {
      const number *v = block(s, s->v, i, task);
      const number a = dot(v, w, n);
      h[i] += a;
      for (uint64_t k = 0; k < n; k++) {
        w[k] -= a * v[k];
      }
    }
  }
  h[j + 1] = length(w, n);
}

/* Make the new column triangular and turn the right-hand side with it. */
static void rotate(projected *p, uint32_t j, number *h) {
  for (uint32_t i = 0; i < j; i++) {
    const number a = h[i], b = h[i + 1];
    h[i] = p->cosine[i] * a + p->sine[i] * b;
    h[i + 1] = -conj(p->sine[i]) * a + p->cosine[i] * b;
  }
  const double a = cabs(h[j]), below = creal(h[j + 1]), both = hypot(a, below);
  p->cosine[j] = both > 0 ? a / both : 1;
  p->sine[j] = both > 0 ? (a > 0 ? h[j] / a * below / both : 1) : 0;
  h[j] = a > 0 ? h[j] / a * both : both;
  h[j + 1] = 0;
  p->rhs[j + 1] = -conj(p->sine[j]) * p->rhs[j];
  p->rhs[j] = p->cosine[j] * p->rhs[j];
}

static void grow(gmres *s, uint64_t task, uint32_t j) {
  const ndg_gmres *a = s->request;
  projected *p = &s->task[task];
  number *w = block(s, s->v, j + 1, task);
  if (p->done) {
    memset(w, 0, a->n * sizeof *w);
    return;
  }
  number *h = p->r + (size_t)j * (a->limit + 1);
  const double before = length(w, a->n);
  orthogonalise(s, task, j, w, h);
  const double left = creal(h[j + 1]);
  const bool closed = !(left > 1e-14 * before); /* the space holds the solution, or w is NaN */
  normalise(w, w, closed ? 0 : left, a->n);
  rotate(p, j, h);
  p->m = j + 1;
  p->done = closed || cabs(p->rhs[j + 1]) <= a->tolerance * p->scale;
}

/* x = Z y with R y = rhs. */
static void combine(const gmres *s, uint64_t task, number *x) {
  const ndg_gmres *a = s->request;
  projected *p = &s->task[task];
  for (uint32_t i = p->m; i-- > 0;) {
    const number *column = p->r + (size_t)i * (a->limit + 1);
    const number y = cabs(column[i]) > 0 ? p->rhs[i] / column[i] : 0;
    for (uint32_t k = 0; k < i; k++) {
      p->rhs[k] -= y * column[k];
    }
    const number *z = block(s, s->z, i, task);
    for (uint64_t k = 0; k < a->n; k++) {
      x[k] += y * z[k];
    }
  }
}

static ndg_status iterate(gmres *s, ndg_error *e) {
  const ndg_gmres *a = s->request;
  ndg_status st = NDG_OK;
  for (uint32_t j = 0; j < a->limit; j++) {
    bool done = true;
    for (uint64_t t = 0; t < a->n_tasks; t++) {
      done = done && s->task[t].done;
    }
    if (done) {
      break;
    }
    st = a->precondition(a->context, block(s, s->v, j, 0), block(s, s->z, j, 0), e);
    if (st >= 0) {
      st = a->apply(a->context, block(s, s->z, j, 0), block(s, s->v, j + 1, 0), e);
    }
    if (st < 0) {
      return st;
    }
    for (uint64_t t = 0; t < a->n_tasks; t++) {
      grow(s, t, j);
    }
  }
  return st;
}

static void begin(gmres *s, const number *b) {
  const ndg_gmres *a = s->request;
  const size_t per_task = (size_t)(a->limit + 1) * (a->limit + 2);
  for (uint64_t t = 0; t < a->n_tasks; t++) {
    projected *p = &s->task[t];
    p->r = s->numbers + t * per_task;
    p->rhs = p->r + (size_t)a->limit * (a->limit + 1);
    p->sine = p->rhs + a->limit + 1;
    p->cosine = s->cosines + t * a->limit;
    p->scale = length(b + t * a->n, a->n);
    p->done = !(p->scale > 0) || !isfinite(p->scale);
    p->rhs[0] = p->scale;
    normalise(block(s, s->v, 0, t), b + t * a->n, p->done ? 0 : p->scale, a->n);
  }
}

ndg_status ndg_gmres_solve(const ndg_gmres *a, const double complex *b, double complex *x,
                           double *residual, ndg_error *e) {
  const uint64_t size = a->n_tasks * a->n;
  gmres s = {.request = a};
  ndg_status st;
  s.v = ndg_calloc((a->limit + 1) * size, sizeof *s.v);
  s.z = ndg_calloc(a->limit * size, sizeof *s.z);
  s.task = ndg_calloc(a->n_tasks, sizeof *s.task);
  s.numbers = ndg_calloc(a->n_tasks * (a->limit + 1), (a->limit + 2) * sizeof *s.numbers);
  s.cosines = ndg_calloc(a->n_tasks * a->limit, sizeof *s.cosines);
  if (!s.v || !s.z || !s.task || !s.numbers || !s.cosines) {
    st = ndg_fail(e, NDG_ENOMEM, "out of memory for %u GMRES vectors", a->limit);
    goto out;
  }
  begin(&s, b);
  st = iterate(&s, e);
  memset(x, 0, size * sizeof *x);
  for (uint64_t t = 0; st >= 0 && t < a->n_tasks; t++) {
    const projected *p = &s.task[t];
    residual[t] = p->scale > 0 ? cabs(p->rhs[p->m]) / p->scale : 0;
    combine(&s, t, x + t * a->n);
  }
out:
  ndg_free(s.v);
  ndg_free(s.z);
  ndg_free(s.task);
  ndg_free(s.numbers);
  ndg_free(s.cosines);
  return st;
}
