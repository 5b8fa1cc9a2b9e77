/* SPDX-License-Identifier: MIT */
/* Group mathematics, solutions: closed forms against what the graph says, and the gradient through
   learning against differences of learning. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"
#include "engine/oracle.h"

enum { N_TASKS = 2 };
static const double betas[] = {0, 0.25, -0.0625};
enum { N_BETAS = sizeof betas / sizeof *betas };

/* A task at its closed-form optimum: gradient and Hessian of learn_loss + beta eval_loss there. */
typedef struct solution {
  ndg_bench bench;
  const ndg_closed_form *form;
  uint64_t n;
  double *phi, *gradient;
  long double *h, *inverse, *slope;
} solution;

static ndg_status open_solution(ndg_check *c, const ndg_check_variant *v, solution *s,
                                ndg_error *e) {
  memset(s, 0, sizeof *s);
  bool incomplete;
  s->form = ndg_check_closed_form(c, &incomplete);
  if (incomplete)
    return ndg_fail(e, NDG_EINVAL, "its closed form lacks optimum or meta_gradient");
  if (!s->form)
    return ndg_fail(e, NDG_ECAPABILITY, "it has no closed form");
  const ndg_bench_spec spec = {.dtype = NDG_LONG_DOUBLE,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  const ndg_status st = ndg_bench_open(c, v, &spec, &s->bench, e);
  if (st < 0)
    return st;
  const uint64_t n = s->n = s->bench.n_phi;
  s->phi = ndg_arena_alloc(c->arena, n, sizeof *s->phi);
  s->gradient = ndg_arena_alloc(c->arena, s->bench.n_theta, sizeof *s->gradient);
  s->h = ndg_arena_alloc(c->arena, n * n, sizeof *s->h);
  s->inverse = ndg_arena_alloc(c->arena, n * n, sizeof *s->inverse);
  s->slope = ndg_arena_alloc(c->arena, n, sizeof *s->slope);
  return s->phi && s->gradient && s->h && s->inverse && s->slope
             ? NDG_OK
             : ndg_fail(e, NDG_ENOMEM, "out of memory for a solution");
}

/* Gradient and Hessian at the bench's phi. */
static ndg_status derive(solution *s, uint64_t task, double beta, ndg_error *e) {
  ndg_bench *b = &s->bench;
  ndg_status st = NDG_OK;
  memset(s->h, 0, s->n * s->n * sizeof *s->h);
  memset(s->slope, 0, s->n * sizeof *s->slope);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    const long double weight = loss == NDG_LEARN_LOSS ? 1 : beta;
    for (uint64_t j = 0; st >= 0 && j < s->n; j++) {
      ndg_vector_zero(b->direction);
      ndg_bench_set(b->direction, task, j, 1, 0);
      st = ndg_bench_evaluate(b, loss, NDG_WANT_HVP | NDG_WANT_GRAD_PHI, e);
      for (uint64_t i = 0; i < s->n; i++)
        s->h[i * s->n + j] += weight * ndg_bench_get(b->hvp, task, i);
    }
    for (uint64_t i = 0; st >= 0 && i < s->n; i++)
      s->slope[i] += weight * ndg_bench_get(b->grad_phi, task, i);
  }
  return st;
}

static long double norm(const long double *x, uint64_t n) {
  long double squares = 0;
  for (uint64_t i = 0; i < n; i++)
    squares += x[i] * x[i];
  return sqrtl(squares);
}

/* Puts the closed-form optimum into the bench. NDG_ENUMERIC: there is none. */
static ndg_status solve(solution *s, uint64_t task, double beta, ndg_error *e) {
  ndg_bench *b = &s->bench;
  const ndg_status st = s->form->optimum(b->variant->learner.options, ndg_problem_tasks(b->problem),
                                         task, b->theta, beta, s->phi, e);
  for (uint64_t i = 0; st >= 0 && i < s->n; i++)
    ndg_bench_set(b->phi, task, i, s->phi[i], 0);
  return st;
}

/* ---- optimum ---- */

/* v'Hv for the eighths that directions are made of. */
static long double curvature(const solution *s, const ndg_vector *v, uint64_t task) {
  long double sum = 0;
  for (uint64_t i = 0; i < s->n; i++)
    for (uint64_t j = 0; j < s->n; j++)
      sum += ndg_bench_get(v, task, i) * s->h[i * s->n + j] * ndg_bench_get(v, task, j);
  return sum;
}

static void judge_optimum(solution *s, uint64_t task, double beta) {
  ndg_bench *b = &s->bench;
  long double length = 0;
  for (uint64_t i = 0; i < s->n; i++)
    length += (long double)s->phi[i] * s->phi[i];
  /* The optimum is rounded to double: the gradient there is the Hessian times that. */
  const long double allowed =
      norm(s->h, s->n * s->n) * (4 * DBL_EPSILON * sqrtl(length) + 0x1p10L * LDBL_EPSILON);
  const long double found = norm(s->slope, s->n);
  if (!(found <= allowed))
    ndg_check_fail_variant(b->check, b->variant,
                           "at the closed-form optimum of learn_loss + %g eval_loss the gradient "
                           "is %.6Lg (allowed %.2Lg) in task %llu",
                           beta, found, allowed, (unsigned long long)task + 1);
  ndg_bench_draw_directions(b, "curvature");
  if (!(curvature(s, b->direction, task) > 0))
    ndg_check_fail_variant(b->check, b->variant,
                           "the closed-form optimum of learn_loss + %g eval_loss is no minimum in "
                           "task %llu",
                           beta, (unsigned long long)task + 1);
}

static ndg_status optimum(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  solution s;
  ndg_status st = open_solution(c, v, &s, e);
  for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++)
    for (int k = 0; st >= 0 && k < N_BETAS; k++) {
      st = solve(&s, t, betas[k], e);
      if (st == NDG_ENUMERIC && k > 0) { /* nudged past its radius */
        st = NDG_OK;
        continue;
      }
      if (st >= 0)
        st = derive(&s, t, betas[k], e);
      if (st >= 0)
        judge_optimum(&s, t, betas[k]);
    }
  ndg_bench_close(&s.bench);
  return st;
}

/* ---- meta-gradient: -(d2/dphi dtheta learn)' H^-1 dphi eval + dtheta eval ---- */

/* By Gauss and Jordan, with pivots; false: singular. */
static bool invert(const long double *of, long double *inverse, uint64_t n, ndg_arena *arena) {
  long double *a = ndg_arena_alloc(arena, n * n, sizeof *a);
  if (!a)
    return false;
  memcpy(a, of, n * n * sizeof *a);
  for (uint64_t i = 0; i < n * n; i++)
    inverse[i] = i / n == i % n;
  for (uint64_t k = 0; k < n; k++) {
    uint64_t pivot = k;
    for (uint64_t i = k + 1; i < n; i++)
      pivot = fabsl(a[i * n + k]) > fabsl(a[pivot * n + k]) ? i : pivot;
    if (a[pivot * n + k] == 0)
      return false;
    for (uint64_t j = 0; j < n; j++) {
      const long double x = a[k * n + j], y = inverse[k * n + j];
      a[k * n + j] = a[pivot * n + j];
      a[pivot * n + j] = x;
      inverse[k * n + j] = inverse[pivot * n + j];
      inverse[pivot * n + j] = y;
    }
    const long double scale = 1 / a[k * n + k];
    for (uint64_t j = 0; j < n; j++) {
      a[k * n + j] *= scale;
      inverse[k * n + j] *= scale;
    }
    for (uint64_t i = 0; i < n; i++) {
      const long double factor = a[i * n + k];
      for (uint64_t j = 0; i != k && j < n; j++) {
        a[i * n + j] -= factor * a[k * n + j];
        inverse[i * n + j] -= factor * inverse[k * n + j];
      }
    }
  }
  return true;
}

static long double times(const solution *s, uint64_t i, const ndg_vector *v, uint64_t task) {
  long double sum = 0;
  for (uint64_t j = 0; j < s->n; j++)
    sum += s->inverse[i * s->n + j] * ndg_bench_get(v, task, j);
  return sum;
}

/* At the optimum, brought to long double by a step of Newton's. */
static ndg_status pull_back(solution *s, uint64_t task, long double *scale, ndg_error *e) {
  ndg_bench *b = &s->bench;
  ndg_status st = ndg_bench_evaluate(b, NDG_LEARN_LOSS, NDG_WANT_GRAD_PHI, e);
  for (uint64_t i = 0; st >= 0 && i < s->n; i++)
    ndg_bench_set(b->phi, task, i, s->phi[i] - times(s, i, b->grad_phi, task), 0);
  if (st >= 0)
    st = ndg_bench_evaluate(b, NDG_EVAL_LOSS, NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA, e);
  ndg_vector_zero(b->direction);
  for (uint64_t i = 0; st >= 0 && i < s->n; i++)
    ndg_bench_set(b->direction, task, i, times(s, i, b->grad_phi, task), 0);
  if (st >= 0)
    st = ndg_bench_evaluate(b, NDG_LEARN_LOSS, NDG_WANT_MIXED, e);
  *scale = ndg_bench_peak(b->grad_theta, task) + ndg_bench_peak(b->mixed, task);
  return st;
}

static ndg_status judge_gradient(solution *s, uint64_t task, ndg_error *e) {
  ndg_bench *b = &s->bench;
  long double scale;
  char name[80];
  if (!invert(s->h, s->inverse, s->n, b->check->arena))
    return ndg_fail(e, NDG_ECAPABILITY, "the Hessian at its optimum is singular");
  ndg_status st = pull_back(s, task, &scale, e);
  if (st >= 0)
    st = s->form->meta_gradient(b->variant->learner.options, ndg_problem_tasks(b->problem), task,
                                b->theta, s->gradient, e);
  const long double condition = norm(s->h, s->n * s->n) * norm(s->inverse, s->n * s->n);
  const long double allowed = 16 * DBL_EPSILON * condition * scale;
  for (uint64_t j = 0; st >= 0 && j < b->n_theta; j++) {
    const long double expected =
        ndg_bench_get(b->grad_theta, task, j) - ndg_bench_get(b->mixed, task, j);
    if (fabsl(s->gradient[j] - expected) <= allowed)
      continue;
    ndg_bench_name(b, NDG_THETA, j, name);
    ndg_check_fail_variant(b->check, b->variant,
                           "closed-form meta-gradient of %s: %.12g, by the implicit function "
                           "theorem %.12Lg (ratio %.6Lg, apart by %.2Lg, allowed %.2Lg) in task "
                           "%llu",
                           name, s->gradient[j], expected, s->gradient[j] / expected,
                           fabsl(s->gradient[j] - expected), allowed, (unsigned long long)task + 1);
  }
  return st;
}

static ndg_status gradient(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  solution s;
  ndg_status st = open_solution(c, v, &s, e);
  for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++) {
    st = solve(&s, t, 0, e);
    if (st >= 0)
      st = derive(&s, t, 0, e);
    if (st >= 0)
      st = judge_gradient(&s, t, e);
  }
  ndg_bench_close(&s.bench);
  return st;
}

/* ---- through learning ---- */

static ndg_status through_learning(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_bench_spec spec = {
      .dtype = NDG_F64,
      .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks"),
      .inner = {.optimizer = {NDG_HEAVY_BALL, 0, 0.02, 0.5, 0, 0}, .steps = 5}};
  ndg_bench b;
  ndg_exact exact;
  ndg_status st = ndg_bench_open(c, v, &spec, &b, e);
  if (st < 0)
    return st;
  double *found = ndg_arena_alloc(c->arena, b.n_theta, sizeof *found);
  st = found ? ndg_oracle(b.problem, NDG_EXACT_UNROLLED, NDG_RUNG_UNROLLED | NDG_RUNG_DIFFERENCES,
                          found, NULL, &exact, e)
             : ndg_fail(e, NDG_ENOMEM, "out of memory for a gradient");
  if (st == NDG_NOT_CONVERGED)
    ndg_check_fail_variant(c, v,
                           "reverse mode through 5 steps and differences of eval_loss after them "
                           "are apart by %.2g of the gradient's length (allowed 1e-8)",
                           exact.agreement);
  else if (st > 0)
    st = ndg_fail(e, NDG_ECAPABILITY, "learning diverges within 5 steps");
  ndg_bench_close(&b);
  return st;
}

static void run_closed_form_optimum(ndg_check *c) {
  ndg_check_each_variant(c, optimum);
}
static void run_closed_form_gradient(ndg_check *c) {
  ndg_check_each_variant(c, gradient);
}
static void run_through_learning(ndg_check *c) {
  ndg_check_each_variant(c, through_learning);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "mathematics", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,       \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_solutions[] = {
    CASE(through_learning,
         "the gradient through steps of learning, from their start on, is the slope of eval_loss"),
    CASE(closed_form_optimum, "the closed-form optimum is where learning ends, nudged and free"),
    CASE(closed_form_gradient, "the closed-form meta-gradient is that of the solution"),
    {.group = NULL}};
