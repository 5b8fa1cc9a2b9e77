/* SPDX-License-Identifier: MIT */
/* What a reference problem implies, in long double, written down from its formula and from nothing
   that the engine computes. */
#include <complex.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/check_problems.h"

enum { P = NDG_REF_PHI, Q = NDG_REF_THETA };

/* Σ_j matrix_ij θ_j */
static ndg_real row_dot(const double *matrix, uint32_t i, const double *theta) {
  ndg_real sum = 0;
  for (uint32_t j = 0; j < Q; j++)
    sum += (ndg_real)matrix[i * Q + j] * theta[j];
  return sum;
}

void ndg_ref_slope(const ndg_ref_problem *p, uint64_t task, const ndg_ref_number *phi,
                   ndg_ref_number beta, ndg_ref_number *out) {
  const ndg_ref_task *t = &p->task[task];
  for (uint32_t i = 0; i < P; i++) {
    ndg_ref_number learn = row_dot(t->k, i, p->theta) * phi[i] +
                           t->quartic * phi[i] * phi[i] * phi[i] -
                           (row_dot(t->b, i, p->theta) + t->a[i]);
    ndg_ref_number eval = -(row_dot(t->c_matrix, i, p->theta) + t->c[i]);
    for (uint32_t j = 0; j < P; j++) {
      learn += t->a_matrix[i * P + j] * phi[j];
      eval += t->m[i * P + j] * phi[j];
    }
    out[i] = learn + beta * eval;
  }
}

static void learn_slope(const ndg_ref_problem *p, uint64_t task, const ndg_real *phi,
                        ndg_real *out) {
  ndg_ref_number at[P], complex_out[P];
  for (uint32_t i = 0; i < P; i++)
    at[i] = phi[i];
  ndg_ref_slope(p, task, at, 0, complex_out);
  for (uint32_t i = 0; i < P; i++)
    out[i] = creall(complex_out[i]);
}

/* The slope of L^eval alone: as a difference of two it would be lost where it is small. */
static void eval_slope(const ndg_ref_problem *p, uint64_t task, const ndg_real *phi,
                       ndg_real *out) {
  const ndg_ref_task *t = &p->task[task];
  for (uint32_t i = 0; i < P; i++) {
    out[i] = -(row_dot(t->c_matrix, i, p->theta) + t->c[i]);
    for (uint32_t j = 0; j < P; j++)
      out[i] += (ndg_real)t->m[i * P + j] * phi[j];
  }
}

void ndg_ref_hessian(const ndg_ref_problem *p, uint64_t task, const ndg_real *phi, ndg_real damping,
                     ndg_real *out) {
  const ndg_ref_task *t = &p->task[task];
  for (uint32_t i = 0; i < P * P; i++)
    out[i] = t->a_matrix[i];
  for (uint32_t i = 0; i < P; i++)
    out[i * P + i] += row_dot(t->k, i, p->theta) + 3 * t->quartic * phi[i] * phi[i] + damping;
}

bool ndg_ref_solve(uint32_t n, ndg_real *matrix, ndg_real *x) {
  for (uint32_t k = 0; k < n; k++) {
    uint32_t best = k;
    for (uint32_t i = k + 1; i < n; i++)
      best = fabsl(matrix[i * n + k]) > fabsl(matrix[best * n + k]) ? i : best;
    if (!(fabsl(matrix[best * n + k]) > 0))
      return false;
    for (uint32_t j = 0; best != k && j < n; j++) {
      const ndg_real swapped = matrix[k * n + j];
      matrix[k * n + j] = matrix[best * n + j];
      matrix[best * n + j] = swapped;
    }
    const ndg_real swapped = x[k];
    x[k] = x[best];
    x[best] = swapped;
    for (uint32_t i = k + 1; i < n; i++) {
      const ndg_real factor = matrix[i * n + k] / matrix[k * n + k];
      for (uint32_t j = k; j < n; j++)
        matrix[i * n + j] -= factor * matrix[k * n + j];
      x[i] -= factor * x[k];
    }
  }
  for (uint32_t k = n; k-- > 0;) {
    for (uint32_t j = k + 1; j < n; j++)
      x[k] -= matrix[k * n + j] * x[j];
    x[k] /= matrix[k * n + k];
  }
  return true;
}

ndg_real ndg_ref_norm(const ndg_real *x, uint64_t n) {
  ndg_real largest = 0, sum = 0;
  for (uint64_t i = 0; i < n; i++)
    largest = fmaxl(largest, fabsl(x[i]));
  for (uint64_t i = 0; largest > 0 && i < n; i++)
    sum += x[i] / largest * (x[i] / largest);
  return largest * sqrtl(sum);
}

bool ndg_ref_optimum(const ndg_ref_problem *p, uint64_t task, ndg_real *phi) {
  enum { STEPS = 100 };
  ndg_real h[P * P], step[P];
  memset(phi, 0, P * sizeof *phi);
  for (int k = 0; k < STEPS; k++) {
    learn_slope(p, task, phi, step);
    ndg_ref_hessian(p, task, phi, 0, h);
    if (!ndg_ref_solve(P, h, step))
      return false;
    for (uint32_t i = 0; i < P; i++)
      phi[i] -= step[i];
    if (ndg_ref_norm(step, P) <= 4 * LDBL_EPSILON * ndg_ref_norm(phi, P))
      return true;
  }
  return true; /* at round-off */
}

/* (H + damping I)⁻¹, and the extreme eigenvalues by power iteration on both. */
static bool invert(const ndg_real *h, ndg_real *inverse) {
  for (uint32_t j = 0; j < P; j++) {
    ndg_real copy[P * P], x[P] = {0};
    memcpy(copy, h, sizeof copy);
    x[j] = 1;
    if (!ndg_ref_solve(P, copy, x))
      return false;
    for (uint32_t i = 0; i < P; i++)
      inverse[i * P + j] = x[i];
  }
  return true;
}

static ndg_real largest_eigenvalue(const ndg_real *matrix) {
  enum { STEPS = 200 };
  ndg_real x[P] = {1, 0.9L, 0.8L, 0.7L}, y[P], norm = 0;
  for (int k = 0; k < STEPS; k++) {
    for (uint32_t i = 0; i < P; i++) {
      y[i] = 0;
      for (uint32_t j = 0; j < P; j++)
        y[i] += matrix[i * P + j] * x[j];
    }
    norm = ndg_ref_norm(y, P);
    for (uint32_t i = 0; norm > 0 && i < P; i++)
      x[i] = y[i] / norm;
  }
  return norm;
}

/* (∂²φθ L^learn)ᵢⱼ */
static ndg_real mixed(const ndg_ref_problem *p, uint64_t task, const ndg_real *phi, uint32_t i,
                      uint32_t j) {
  return -(ndg_real)p->task[task].b[i * Q + j] + p->task[task].k[i * Q + j] * phi[i];
}

/* Sums of absolute values, that round-off is relative to. */
static void add_up_terms(const ndg_ref_problem *p, uint64_t task, ndg_ref_fixed *x) {
  const ndg_ref_task *t = &p->task[task];
  x->terms = x->eval_terms = 0;
  for (uint32_t j = 0; j < Q; j++) {
    ndg_real learn = 0, eval = fabsl((ndg_real)t->d[j]);
    for (uint32_t i = 0; i < P; i++) {
      learn += fabsl(t->b[i * Q + j] * x->phi[i]) + 0.5L * t->k[i * Q + j] * x->phi[i] * x->phi[i];
      eval +=
          fabsl(t->c_matrix[i * Q + j] * x->phi[i]) + fabsl(mixed(p, task, x->phi, i, j) * x->v[i]);
    }
    x->terms = fmaxl(x->terms, learn);
    x->eval_terms = fmaxl(x->eval_terms, eval);
  }
}

/* H + β M is singular first at 1 / (largest eigenvalue of H⁻¹ M): M is positive definite, or zero.
 */
static ndg_real radius(const ndg_ref_task *t, const ndg_real *inverse) {
  ndg_real product[P * P];
  for (uint32_t i = 0; i < P; i++)
    for (uint32_t j = 0; j < P; j++) {
      product[i * P + j] = 0;
      for (uint32_t k = 0; k < P; k++)
        product[i * P + j] += inverse[i * P + k] * t->m[k * P + j];
    }
  return 1 / largest_eigenvalue(product);
}

bool ndg_ref_fixed_point(const ndg_ref_problem *p, uint64_t task, ndg_real damping,
                         ndg_ref_fixed *x) {
  const ndg_ref_task *t = &p->task[task];
  ndg_real h[P * P], inverse[P * P], square = 0;
  memset(x, 0, sizeof *x);
  if (!ndg_ref_optimum(p, task, x->phi))
    return false;
  eval_slope(p, task, x->phi, x->g);
  ndg_ref_hessian(p, task, x->phi, damping, h);
  if (!invert(h, inverse))
    return false;
  x->smallest = 1 / largest_eigenvalue(inverse);
  x->condition = largest_eigenvalue(h) / x->smallest;
  x->radius = radius(t, inverse);
  memcpy(x->v, x->g, sizeof x->v);
  (void)ndg_ref_solve(P, h, x->v);
  for (uint32_t j = 0; j < Q; j++) {
    x->gradient[j] = t->d[j];
    for (uint32_t i = 0; i < P; i++)
      x->gradient[j] -= t->c_matrix[i * Q + j] * x->phi[i] + mixed(p, task, x->phi, i, j) * x->v[i];
    for (uint32_t k = 0; k < P; k++) {
      ndg_real entry = 0;
      for (uint32_t i = 0; i < P; i++)
        entry += mixed(p, task, x->phi, i, j) * inverse[i * P + k];
      square += entry * entry;
    }
  }
  x->sensitivity = sqrtl(square);
  add_up_terms(p, task, x);
  return true;
}

/* Coefficient k of φᵢ³ of the series, as far as it does not depend on φ_k; that part is 3 φ_0² φ_k.
 */
static ndg_real cube_without(const ndg_real (*phi)[P], uint32_t k, uint32_t i) {
  ndg_real sum = 0;
  for (uint32_t l = 0; l < k; l++)
    for (uint32_t m = 0; l + m <= k && m < k; m++)
      sum += k - l - m < k ? phi[l][i] * phi[m][i] * phi[k - l - m][i] : 0;
  return sum;
}

/* φ_β = Σ φ_k β^k: H φ_k = -q (φ³)_k without its last term - M φ_{k-1}, at k = 1 plus Cθ + c. */
static bool expand(const ndg_ref_problem *p, uint64_t task, uint32_t n, ndg_real (*phi)[P]) {
  const ndg_ref_task *t = &p->task[task];
  ndg_real h[P * P];
  if (!ndg_ref_optimum(p, task, phi[0]))
    return false;
  for (uint32_t k = 1; k < n; k++) {
    if (k == 1)
      eval_slope(p, task, phi[0], phi[1]);
    for (uint32_t i = 0; k > 1 && i < P; i++) {
      phi[k][i] = t->quartic * cube_without((const ndg_real(*)[P])phi, k, i);
      for (uint32_t j = 0; j < P; j++)
        phi[k][i] += t->m[i * P + j] * phi[k - 1][j];
    }
    for (uint32_t i = 0; i < P; i++)
      phi[k][i] = -phi[k][i];
    ndg_ref_hessian(p, task, phi[0], 0, h);
    if (!ndg_ref_solve(P, h, phi[k]))
      return false;
  }
  return true;
}

bool ndg_ref_taylor(const ndg_ref_problem *p, uint64_t task, uint32_t n, ndg_real *norm) {
  const ndg_ref_task *t = &p->task[task];
  ndg_real phi[NDG_REF_TAYLOR][P], g[Q];
  if (n > NDG_REF_TAYLOR || !expand(p, task, n, phi))
    return false;
  for (uint32_t k = 0; k < n; k++) {
    for (uint32_t j = 0; j < Q; j++) {
      g[j] = k == 1 ? t->d[j] : 0;
      for (uint32_t i = 0; i < P; i++) {
        ndg_real square = 0; /* coefficient k of φᵢ² */
        for (uint32_t l = 0; l <= k; l++)
          square += phi[l][i] * phi[k - l][i];
        g[j] += -t->b[i * Q + j] * phi[k][i] + 0.5L * t->k[i * Q + j] * square;
        g[j] -= k > 0 ? t->c_matrix[i * Q + j] * phi[k - 1][i] : 0;
      }
    }
    norm[k] = ndg_ref_norm(g, Q);
  }
  return true;
}
