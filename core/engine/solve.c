/* SPDX-License-Identifier: MIT */
/* (H + damping I) x = rhs, per task. Every solver sees right-hand sides scaled by a power of two to
   a norm near one, so that small ones do not underflow in the products, and every residual that is
   reported is computed afresh from the solution. */
#include <math.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/internal.h"
#include "engine/task_algebra.h"

typedef struct solver {
  ndg_problem *problem;
  ndg_solve *request;
  uint64_t n_tasks, products;
  ndg_vector *b, *x, *r, *p, *q;              /* scaled rhs, solution, residual, direction, A p */
  long double *scale, *bb, *rr, *pq, *factor; /* per task */
  uint8_t *broken;                            /* per task: a direction of negative curvature */
  double worst_curvature;
  double epsilon;
} solver;

static ndg_status open_solver(solver *s, ndg_problem *p, ndg_solve *request, ndg_error *e) {
  *s = (solver){.problem = p, .request = request, .n_tasks = p->tasks.arrays.n_tasks};
  ndg_vector **vectors[] = {&s->b, &s->x, &s->r, &s->p, &s->q};
  long double **numbers[] = {&s->scale, &s->bb, &s->rr, &s->pq, &s->factor};
  s->epsilon = ndg_epsilon(p->dtype);
  s->broken = ndg_calloc(s->n_tasks, sizeof *s->broken);
  bool fits = s->broken != NULL;
  for (int i = 0; i < 5; i++) {
    *vectors[i] = ndg_real_vector(p, NDG_PHI);
    *numbers[i] = ndg_calloc(s->n_tasks, sizeof **numbers[i]);
    fits = fits && *vectors[i] && *numbers[i];
  }
  return fits ? NDG_OK : ndg_no_memory(e, "a linear solve");
}

static void close_solver(solver *s) {
  ndg_vector *vectors[] = {s->b, s->x, s->r, s->p, s->q};
  long double *numbers[] = {s->scale, s->bb, s->rr, s->pq, s->factor};
  for (int i = 0; i < 5; i++) {
    ndg_vector_destroy(vectors[i]);
    ndg_free(numbers[i]);
  }
  ndg_free(s->broken);
}

/* out = (H + damping I) v */
static ndg_status product(solver *s, const ndg_vector *v, ndg_vector *out, ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_HVP,
                       .loss = NDG_LEARN_LOSS,
                       .phi = s->request->phi,
                       .direction = v,
                       .hvp = out};
  const ndg_status st = ndg_problem_evaluate(s->problem, &ev, e);
  if (st >= 0 && s->request->damping != 0) {
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = s->request->damping;
    }
    ndg_task_axpy(out, s->factor, v);
  }
  return st;
}

/* r = b − A x and rr = ‖r‖². */
static ndg_status find_residual(solver *s, ndg_error *e) {
  const ndg_status st = product(s, s->x, s->q, e);
  ndg_vector_copy(s->r, s->b);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->factor[t] = -1;
  }
  ndg_task_axpy(s->r, s->factor, s->q);
  ndg_vector_dot(s->r, s->r, s->rr);
  return st;
}

/* Scaled right-hand side and start. */
static void begin(solver *s) {
  ndg_vector_copy(s->b, s->request->rhs);
  ndg_task_peaks(s->b, s->scale);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const bool plain = !(s->scale[t] > 0) || !isfinite(s->scale[t]);
    s->scale[t] = plain ? 1 : ldexpl(1, -ilogbl(s->scale[t]));
  }
  ndg_task_scale(s->b, s->scale);
  ndg_vector_dot(s->b, s->b, s->bb);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->factor[t] = s->bb[t] == 0 ? 0 : s->scale[t]; /* nothing asked: the answer is zero */
  }
  if (s->request->warm) {
    ndg_vector_copy(s->x, s->request->x);
    ndg_task_scale(s->x, s->factor);
  }
}

static double relative_residual(const solver *s) {
  double worst = 0;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (s->bb[t] == 0 && s->rr[t] == 0) {
      continue;
    }
    const double r = (double)sqrtl(s->rr[t] / s->bb[t]);
    worst = r > worst || isnan(r) ? r : worst;
    if (isnan(worst)) {
      break;
    }
  }
  return worst;
}

/* Solution and its residual back to the caller, in the caller's scale. */
static ndg_status finish(solver *s, ndg_error *e) {
  const ndg_status st = find_residual(s, e);
  s->request->residual = relative_residual(s);
  s->request->iterations_taken = s->products;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->factor[t] = 1 / s->scale[t];
  }
  ndg_task_scale(s->x, s->factor);
  ndg_vector_copy(s->request->x, s->x);
  s->request->x->identity = (ndg_identity){0, 0};
  return st;
}

/* Is the recursive residual of a task still worth work? */
static bool running(const solver *s, uint64_t t) {
  const long double floor = s->request->tolerance > 0 ? s->request->tolerance : 1e-3 * s->epsilon;
  return !s->broken[t] && s->rr[t] > floor * floor * s->bb[t];
}

static bool any_running(const solver *s) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (running(s, t)) {
      return true;
    }
  }
  return false;
}

/* factor = step lengths: rr / pᵀAp, 0 for tasks that have stopped. */
static void step_lengths(solver *s) {
  ndg_vector_dot(s->p, s->q, s->pq);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->factor[t] = 0;
    if (!running(s, t)) {
      continue;
    }
    if (s->pq[t] > 0) {
      s->factor[t] = s->rr[t] / s->pq[t];
    } else {
      s->broken[t] = 1;
      s->worst_curvature = (double)s->pq[t];
    }
  }
}

/* One pass of conjugate gradients from the residual in r, until tolerance or out of products. */
static ndg_status conjugate_gradients(solver *s, ndg_error *e) {
  ndg_vector_copy(s->p, s->r);
  while (s->products < s->request->iterations && any_running(s)) {
    const ndg_status st = product(s, s->p, s->q, e);
    if (st < 0) {
      return st;
    }
    s->products++;
    step_lengths(s);
    ndg_task_axpy(s->x, s->factor, s->p);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->pq[t] = s->rr[t]; /* the old one */
      s->factor[t] = -s->factor[t];
    }
    ndg_task_axpy(s->r, s->factor, s->q);
    ndg_vector_dot(s->r, s->r, s->rr);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = s->pq[t] > 0 ? s->rr[t] / s->pq[t] : 0;
    }
    ndg_task_xpay(s->p, s->factor, s->r);
  }
  return NDG_OK;
}

static ndg_status short_of_tolerance(const solver *s, const char *name, ndg_error *e) {
  const ndg_solve *r = s->request;
  const bool spent = r->solver != NDG_SOLVE_DENSE && s->products >= r->iterations;
  return ndg_fail(e, NDG_NOT_CONVERGED,
                  "%s stopped at relative residual %.3g after %llu products, above the tolerance "
                  "%.3g%s",
                  name, r->residual, (unsigned long long)r->iterations_taken, r->tolerance,
                  spent ? ": allow more iterations, raise damping or the tolerance"
                        : ", at the round-off of the element type: raise damping or the "
                          "tolerance, or compute in a wider type");
}

static ndg_status judge(const solver *s, const char *name, ndg_error *e) {
  if (!isfinite(s->request->residual)) {
    return ndg_fail(e, NDG_ENUMERIC, "%s gives numbers that are not finite", name);
  }
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    char task[NDG_TASK_NAME_SIZE];
    ndg_task_name(&s->problem->tasks.labels, t, task);
    if (s->broken[t] && s->request->solver == NDG_SOLVE_DENSE) {
      return ndg_fail(e, NDG_NOT_CONVERGED,
                      "the dense solve: H + damping I is not positive definite in %s "
                      "(saddle); raise damping, or learn longer so that phi is at a minimum",
                      task);
    }
    if (s->broken[t]) {
      return ndg_fail(e, NDG_NOT_CONVERGED,
                      "%s met curvature %.3g in %s: H + damping I is not positive definite; "
                      "raise damping, or learn longer so that phi is at a minimum",
                      name, s->worst_curvature, task);
    }
  }
  if (s->request->tolerance > 0 && !(s->request->residual <= s->request->tolerance)) {
    return short_of_tolerance(s, name, e);
  }
  return NDG_OK;
}

static ndg_status solve_cg(solver *s, ndg_error *e) {
  enum { PASSES = 4 };
  ndg_status st = NDG_OK;
  if (s->request->warm) {
    st = find_residual(s, e);
    s->products = 1;
  } else {
    ndg_vector_copy(s->r, s->b);
    memcpy(s->rr, s->bb, s->n_tasks * sizeof *s->rr);
  }
  if (st >= 0) {
    st = conjugate_gradients(s, e);
  }
  /* The recursive residual drifts from the true one near round-off: go on from the true one. */
  for (int pass = 1; st >= 0 && s->request->tolerance > 0 && pass < PASSES; pass++) {
    st = find_residual(s, e);
    if (st < 0 || !any_running(s) || s->products >= s->request->iterations) {
      break;
    }
    st = conjugate_gradients(s, e);
  }
  if (st >= 0) {
    st = finish(s, e);
  }
  return st < 0 ? st : judge(s, "conjugate gradients", e);
}

/* x += α (b − A x), so often: the partial sums of the Neumann series; r is its next term. At least
   one term, then until tolerance or out of products. */
static ndg_status neumann_terms(solver *s, double alpha, ndg_error *e) {
  for (bool first = true;; first = false) {
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = first || running(s, t) ? alpha : 0;
    }
    ndg_task_axpy(s->x, s->factor, s->r);
    if (s->products >= s->request->iterations || !any_running(s)) {
      return NDG_OK;
    }
    const ndg_status st = product(s, s->r, s->q, e);
    if (st < 0) {
      return st;
    }
    s->products++;
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = running(s, t) ? -alpha : 0;
    }
    ndg_task_axpy(s->r, s->factor, s->q);
    ndg_vector_dot(s->r, s->r, s->rr);
  }
}

/* The recursive residual drifts from the true one near round-off: go on from the true one, while
   that falls. */
static ndg_status neumann_passes(solver *s, double alpha, ndg_error *e) {
  double before = INFINITY;
  ndg_status st = neumann_terms(s, alpha, e);
  while (st >= 0 && s->request->tolerance > 0 && s->products < s->request->iterations) {
    st = find_residual(s, e);
    const double now = relative_residual(s);
    if (st < 0 || !any_running(s) || !(now < before)) {
      break;
    }
    before = now;
    s->products++;
    st = neumann_terms(s, alpha, e);
  }
  return st;
}

static ndg_status solve_neumann(solver *s, ndg_error *e) {
  double alpha = s->request->alpha;
  ndg_status st = NDG_OK;
  if (isnan(alpha)) {
    double largest = 0;
    st = ndg_largest_eigenvalue(s->problem, s->request->phi, &largest, e);
    alpha = 1 / (largest + s->request->damping);
  }
  if (st >= 0 && (!(alpha > 0) || !isfinite(alpha))) {
    return ndg_fail(e, NDG_EINVAL, "Neumann series: alpha is %g; it must be positive", alpha);
  }
  ndg_vector_copy(s->r, s->b);
  memcpy(s->rr, s->bb, s->n_tasks * sizeof *s->rr);
  if (st >= 0 && s->request->warm) {
    st = find_residual(s, e);
    s->products = 1;
  }
  if (st >= 0) {
    st = neumann_passes(s, alpha, e);
  }
  if (st >= 0) {
    st = finish(s, e);
  }
  if (st >= 0 && s->products > 0 && !(s->request->residual <= 1)) {
    return ndg_fail(
        e, NDG_DIVERGED,
        "the Neumann series grows (relative residual %.3g after %llu terms): alpha %.3g "
        "exceeds 2 / the largest eigenvalue, or H is not positive definite",
        s->request->residual, (unsigned long long)s->products + 1, alpha);
  }
  return st < 0 ? st : judge(s, "the Neumann series", e);
}

/* Factor once in float64, then refine in the problem's element type while it helps. */
static ndg_status solve_dense(solver *s, ndg_error *e) {
  enum { REFINEMENTS = 10 };
  const ndg_factor *factor = NULL;
  ndg_status st = ndg_factor_at(s->problem, s->request->phi, s->request->damping, &factor, e);
  ndg_vector_zero(s->x);
  ndg_vector_copy(s->r, s->b);
  double before = INFINITY;
  for (int i = 0; st >= 0 && i <= REFINEMENTS; i++) {
    ndg_vector_copy(s->p, s->x); /* the best so far */
    st = ndg_dense_solve(&factor->dense, s->r, e);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = 1;
    }
    ndg_task_axpy(s->x, s->factor, s->r);
    if (st >= 0) {
      st = find_residual(s, e);
    }
    const double now = relative_residual(s);
    if (i > 0 && !(now < before)) {
      ndg_vector_copy(s->x, s->p);
      break;
    }
    s->products++;
    if (!(now < 0.5 * before) || now == 0) {
      break;
    }
    before = now;
  }
  if (st >= 0) {
    st = finish(s, e);
  }
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    s->broken[t] = (uint8_t)factor->dense.is_lu[t];
  }
  return st < 0 ? st : judge(s, "the dense solve", e);
}

static ndg_status check(ndg_problem *p, const ndg_solve *r, ndg_error *e) {
  ndg_status st = ndg_problem_check_vector(p, r->rhs, "right-hand side", NDG_PHI, false, e);
  if (st >= 0) {
    st = ndg_problem_check_vector(p, r->x, "solution", NDG_PHI, false, e);
  }
  if (st < 0) {
    return st;
  }
  if (!(r->damping >= 0) || !isfinite(r->damping)) {
    return ndg_fail(e, NDG_EINVAL, "damping is %g; it must be at least 0", r->damping);
  }
  if (!(r->tolerance >= 0)) {
    return ndg_fail(e, NDG_EINVAL, "tolerance is %g; it must be at least 0", r->tolerance);
  }
  if (!isfinite(ndg_vector_norm(r->rhs, r->rhs->length))) {
    return ndg_fail(e, NDG_ENUMERIC, "the right-hand side of the linear solve is not finite");
  }
  return NDG_OK;
}

ndg_status ndg_linear_solve(ndg_problem *p, ndg_solve *request, ndg_error *e) {
  request->iterations_taken = 0;
  request->residual = NAN;
  ndg_status st = check(p, request, e);
  if (st < 0) {
    return st;
  }
  solver s;
  st = open_solver(&s, p, request, e);
  if (st >= 0) {
    begin(&s);
    switch (request->solver) {
    case NDG_SOLVE_DENSE:
      st = solve_dense(&s, e);
      break;
    case NDG_SOLVE_CG:
      st = solve_cg(&s, e);
      break;
    case NDG_SOLVE_NEUMANN:
      st = solve_neumann(&s, e);
      break;
    default:
      st = ndg_fail(e, NDG_EINVAL,
                    "no linear solver %u; there are %u (dense), %u (cg), %u (neumann)",
                    request->solver, NDG_SOLVE_DENSE, NDG_SOLVE_CG, NDG_SOLVE_NEUMANN);
    }
  }
  close_solver(&s);
  return st;
}
