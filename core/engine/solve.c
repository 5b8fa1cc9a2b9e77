/* SPDX-License-Identifier: MIT */
/* (H + damping I) x = rhs, per task. Every solver sees right-hand sides scaled by a power of two to
   a norm near one, so that small ones do not underflow in the products, and every residual that is
   reported is computed afresh from the solution. */
#include <math.h>
#include <string.h>

#include "engine/solver.h"

static ndg_status open_solver(ndg_solver *s, ndg_problem *p, ndg_solve *request, ndg_error *e) {
  *s = (ndg_solver){.problem = p, .request = request, .n_tasks = p->tasks.arrays.n_tasks};
  ndg_vector **vectors[] = {&s->b, &s->x, &s->r, &s->p, &s->q};
  long double **numbers[] = {&s->scale, &s->bb, &s->rr, &s->pq, &s->factor, &s->alpha};
  uint8_t **flags[] = {&s->broken, &s->lost, &s->active, &s->done};
  bool fits = true;
  s->epsilon = ndg_epsilon(p->dtype);
  for (int i = 0; i < 5; i++) {
    *vectors[i] = ndg_real_vector(p, NDG_PHI);
    fits = fits && *vectors[i];
  }
  for (int i = 0; i < 6; i++) {
    *numbers[i] = ndg_calloc(s->n_tasks, sizeof **numbers[i]);
    fits = fits && *numbers[i];
  }
  for (int i = 0; i < 4; i++) {
    *flags[i] = ndg_calloc(s->n_tasks, sizeof **flags[i]);
    fits = fits && *flags[i];
  }
  s->before = ndg_calloc(s->n_tasks, sizeof *s->before);
  s->curvature = ndg_calloc(s->n_tasks, sizeof *s->curvature);
  s->spent = ndg_calloc(s->n_tasks, sizeof *s->spent);
  fits = fits && s->before && s->curvature && s->spent;
  for (uint64_t t = 0; fits && t < s->n_tasks; t++) {
    s->lost[t] = p->outcome.status[t] == NDG_TASK_DIVERGED;
  }
  return fits ? NDG_OK : ndg_no_memory(e, "a linear solve");
}

static void close_solver(ndg_solver *s) {
  ndg_vector *vectors[] = {s->b, s->x, s->r, s->p, s->q};
  long double *numbers[] = {s->scale, s->bb, s->rr, s->pq, s->factor, s->alpha};
  uint8_t *flags[] = {s->broken, s->lost, s->active, s->done};
  for (int i = 0; i < 5; i++) {
    ndg_vector_destroy(vectors[i]);
  }
  for (int i = 0; i < 6; i++) {
    ndg_free(numbers[i]);
  }
  for (int i = 0; i < 4; i++) {
    ndg_free(flags[i]);
  }
  ndg_free(s->before);
  ndg_free(s->curvature);
  ndg_free(s->spent);
}

static const char SOLVE[] = "linear solve";

ndg_status ndg_solver_product(ndg_solver *s, const ndg_vector *v, ndg_vector *out, ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_HVP,
                       .loss = NDG_LEARN_LOSS,
                       .phi = s->request->phi,
                       .direction = v,
                       .hvp = out};
  if (s->spent[0] < s->request->iterations) {
    ndg_problem_tell(s->problem, SOLVE, s->spent[0], s->request->iterations);
  }
  const ndg_status st = ndg_problem_evaluate(s->problem, &ev, e);
  if (st >= 0 && s->request->damping != 0) {
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = s->request->damping;
    }
    ndg_task_axpy(out, s->factor, v);
  }
  return st;
}

ndg_status ndg_solver_residual(ndg_solver *s, ndg_error *e) {
  const ndg_status st = ndg_solver_product(s, s->x, s->q, e);
  ndg_vector_copy(s->r, s->b);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->factor[t] = -1;
  }
  ndg_task_axpy(s->r, s->factor, s->q);
  ndg_vector_dot(s->r, s->r, s->rr);
  return st;
}

double ndg_solver_relative(const ndg_solver *s, uint64_t t) {
  return s->bb[t] == 0 && s->rr[t] == 0 ? 0 : (double)sqrtl(s->rr[t] / s->bb[t]);
}

bool ndg_solver_unsolved(const ndg_solver *s, uint64_t t) {
  const long double floor = s->request->tolerance > 0 ? s->request->tolerance : 1e-3 * s->epsilon;
  return !s->broken[t] && !s->lost[t] && s->rr[t] > floor * floor * s->bb[t];
}

bool ndg_solver_choose(ndg_solver *s) {
  bool any = false;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->active[t] = !s->done[t] && s->spent[t] < s->request->iterations && ndg_solver_unsolved(s, t);
    any = any || s->active[t];
  }
  return any;
}

/* Scaled right-hand side and start. */
static void begin(ndg_solver *s) {
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

/* The worst of the tasks that have something to solve. */
static double largest_residual(const ndg_solver *s) {
  double worst = 0;
  for (uint64_t t = 0; t < s->n_tasks && !isnan(worst); t++) {
    const double r = s->lost[t] ? 0 : ndg_solver_relative(s, t);
    worst = r > worst || isnan(r) ? r : worst;
  }
  return worst;
}

/* Solution and its residual back to the caller, in the caller's scale. */
static ndg_status finish(ndg_solver *s, ndg_error *e) {
  const ndg_status st = ndg_solver_residual(s, e);
  s->request->residual = largest_residual(s);
  s->request->iterations_taken = 0;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->factor[t] = 1 / s->scale[t];
    if (s->spent[t] > s->request->iterations_taken) {
      s->request->iterations_taken = s->spent[t];
    }
  }
  ndg_task_scale(s->x, s->factor);
  ndg_vector_copy(s->request->x, s->x);
  s->request->x->identity = (ndg_identity){0, 0};
  return st;
}

static ndg_status short_of_tolerance(const ndg_solver *s, const char *name, ndg_error *e) {
  const ndg_solve *r = s->request;
  const bool spent = r->solver != NDG_SOLVE_DENSE && r->iterations_taken >= r->iterations;
  return ndg_fail(e, NDG_NOT_CONVERGED,
                  "%s stopped at relative residual %.3g after %llu products, above the tolerance "
                  "%.3g%s",
                  name, r->residual, (unsigned long long)r->iterations_taken, r->tolerance,
                  spent ? ": allow more iterations, raise damping or the tolerance"
                        : ", at the round-off of the element type: raise damping or the "
                          "tolerance, or compute in a wider type");
}

/* Whatever else is said of the solve: tasks that are no solution to the tolerance. */
static void tell(const ndg_solver *s) {
  const double tolerance = s->request->tolerance;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (!s->lost[t] &&
        (s->broken[t] || (tolerance > 0 && !(ndg_solver_relative(s, t) <= tolerance)))) {
      ndg_outcomes_soften(s->problem, t, NDG_NOT_CONVERGED);
    }
  }
}

static ndg_status judge(const ndg_solver *s, const char *name, ndg_error *e) {
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
                      name, s->curvature[t], task);
    }
  }
  if (s->request->tolerance > 0 && !(s->request->residual <= s->request->tolerance)) {
    return short_of_tolerance(s, name, e);
  }
  return NDG_OK;
}

/* A series that grows has no sum: its tasks are lost, the others are as good as ever. */
static ndg_status judge_series(ndg_solver *s, ndg_error *e) {
  ndg_status st = NDG_OK;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const double residual = ndg_solver_relative(s, t);
    char task[NDG_TASK_NAME_SIZE];
    if (s->lost[t] || s->spent[t] == 0 || residual <= 1) {
      continue;
    }
    ndg_task_name(&s->problem->tasks.labels, t, task);
    if (st == NDG_OK) {
      st = ndg_fail(e, NDG_DIVERGED,
                    "the Neumann series grows in %s (relative residual %.3g after %llu terms): "
                    "alpha %.3g exceeds 2 / the largest eigenvalue, or H is not positive definite",
                    task, residual, (unsigned long long)s->spent[t] + 1, (double)s->alpha[t]);
    }
    ndg_outcomes_lose(s->problem, t, s->spent[t]);
    /* A later solve may start warm, and would never come back from there. */
    memset(ndg_task_data(s->request->x, t), 0,
           (size_t)s->request->x->length * ndg_dtype_size(s->request->x->dtype));
  }
  return st;
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
  return NDG_OK;
}

static ndg_status check_finite(const ndg_solver *s, ndg_error *e) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    char task[NDG_TASK_NAME_SIZE];
    ndg_task_name(&s->problem->tasks.labels, t, task);
    if (!s->lost[t] && !isfinite((double)s->bb[t])) {
      return ndg_fail(e, NDG_ENUMERIC,
                      "the right-hand side of the linear solve is not finite in %s", task);
    }
  }
  return NDG_OK;
}

static ndg_status run(ndg_solver *s, ndg_error *e) {
  static const struct {
    ndg_status (*run)(ndg_solver *, ndg_error *);
    const char *name;
  } solvers[] = {[NDG_SOLVE_DENSE] = {ndg_solve_dense, "the dense solve"},
                 [NDG_SOLVE_CG] = {ndg_solve_cg, "conjugate gradients"},
                 [NDG_SOLVE_NEUMANN] = {ndg_solve_neumann, "the Neumann series"}};
  const uint32_t which = s->request->solver;
  if (which >= sizeof solvers / sizeof *solvers) {
    return ndg_fail(e, NDG_EINVAL,
                    "no linear solver %u; there are %u (dense), %u (cg), %u (neumann)", which,
                    NDG_SOLVE_DENSE, NDG_SOLVE_CG, NDG_SOLVE_NEUMANN);
  }
  begin(s);
  ndg_status st = check_finite(s, e);
  if (st >= 0) {
    st = solvers[which].run(s, e);
    ndg_problem_tell(s->problem, SOLVE, s->request->iterations, s->request->iterations);
  }
  if (st >= 0) {
    st = finish(s, e);
    tell(s);
  }
  if (st >= 0 && which == NDG_SOLVE_NEUMANN) {
    const ndg_status grows = judge_series(s, e);
    st = grows == NDG_OK ? st : grows;
  }
  return st == NDG_OK ? judge(s, solvers[which].name, e) : st;
}

ndg_status ndg_linear_solve(ndg_problem *p, ndg_solve *request, ndg_error *e) {
  request->iterations_taken = 0;
  request->residual = NAN;
  ndg_status st = check(p, request, e);
  if (st < 0) {
    return st;
  }
  ndg_solver s;
  st = open_solver(&s, p, request, e);
  if (st >= 0) {
    st = run(&s, e);
  }
  close_solver(&s);
  return st;
}
