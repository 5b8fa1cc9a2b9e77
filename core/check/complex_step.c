/* SPDX-License-Identifier: MIT */
/* Group mathematics, complex numbers: where the graph is analytic a complex step gives derivatives
   without differences, and those of complex points obey Cauchy and Riemann. */
#include <float.h>
#include <math.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 2 };
static const long double STEP = 1e-30L;

static ndg_status open_complex(ndg_check *c, const ndg_check_variant *v, ndg_bench *b,
                               ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  const ndg_status st = ndg_bench_open_complex(c, v, &spec, b, e);
  const ndg_error refused = *e;
  if (st == NDG_ECAPABILITY && ndg_ids_contain(c->subject->component->provides, NDG_CAP_COMPLEX))
    return ndg_fail(e, NDG_EINVAL, "it claims %s, but %.300s", NDG_CAP_COMPLEX, refused.text);
  return st;
}

static void step_aside(ndg_bench *b, long double by) {
  for (uint64_t t = 0; t < N_TASKS; t++)
    for (uint64_t i = 0; i < b->n_phi; i++)
      ndg_bench_set(b->phi, t, i, ndg_bench_get(b->phi, t, i),
                    by * ndg_bench_get(b->direction, t, i));
}

static void compare(const ndg_bench *b, uint32_t loss, const char *what, uint64_t task,
                    long double found, long double stepped, long double scale) {
  /* Two evaluations of the same terms in float64. */
  const long double allowed = 0x1p10L * DBL_EPSILON * scale;
  if (!(fabsl(found - stepped) <= allowed))
    ndg_check_fail_variant(b->check, b->variant,
                           "%s of %s: %.12Lg, by a complex step %.12Lg (apart by %.2Lg, allowed "
                           "%.2Lg) in task %llu",
                           what, ndg_bench_loss_name(loss), found, stepped, fabsl(found - stepped),
                           allowed, (unsigned long long)task + 1);
}

static ndg_status step_loss(ndg_bench *b, uint32_t loss, ndg_error *e) {
  long double slope[N_TASKS], moduli[N_TASKS] = {0};
  step_aside(b, 0);
  ndg_status st = ndg_bench_evaluate(b, loss, NDG_WANT_GRAD_PHI | NDG_WANT_HVP | NDG_WANT_MIXED, e);
  for (uint64_t t = 0; t < N_TASKS; t++)
    slope[t] = ndg_bench_dot(b->grad_phi, b->direction, t, &moduli[t]);
  if (st >= 0)
    step_aside(b, STEP);
  if (st >= 0)
    st = ndg_bench_evaluate(b, loss, NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA, e);
  for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++) {
    const long double at = ndg_bench_get_im(b->problem->values[1], t, 0) / STEP;
    const long double phi = ndg_bench_peak(b->grad_phi, t) + ndg_bench_peak(b->hvp, t);
    const long double theta = ndg_bench_peak(b->grad_theta, t) + ndg_bench_peak(b->mixed, t);
    compare(b, loss, "d/dphi", t, slope[t], at, moduli[t]);
    for (uint64_t i = 0; i < b->n_phi; i++)
      compare(b, loss, "the Hessian-vector product", t, ndg_bench_get(b->hvp, t, i),
              ndg_bench_get_im(b->grad_phi, t, i) / STEP, phi);
    for (uint64_t i = 0; i < b->n_theta; i++)
      compare(b, loss, "the mixed product", t, ndg_bench_get(b->mixed, t, i),
              ndg_bench_get_im(b->grad_theta, t, i) / STEP, theta);
  }
  return st;
}

static ndg_status complex_step(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench b;
  ndg_status st = open_complex(c, v, &b, e);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++)
    st = step_loss(&b, loss, e);
  ndg_bench_close(&b);
  return st;
}

/* ---- Cauchy and Riemann ---- */

/* phi = point + at direction, or i times that, from a point off the real axis. */
typedef struct circuit {
  ndg_bench *bench;
  uint32_t loss;
  bool across; /* along i */
  long double *re, *im;
} circuit;

/* Real and imaginary parts of the gradient in phi. */
static ndg_status along(void *context, double at, long double *out, ndg_error *e) {
  const circuit *s = context;
  ndg_bench *b = s->bench;
  for (uint64_t t = 0; t < N_TASKS; t++)
    for (uint64_t i = 0; i < b->n_phi; i++) {
      const long double d = at * ndg_bench_get(b->direction, t, i);
      const uint64_t k = t * b->n_phi + i;
      ndg_bench_set(b->phi, t, i, s->re[k] + (s->across ? 0 : d), s->im[k] + (s->across ? d : 0));
    }
  const ndg_status st = ndg_bench_evaluate(b, s->loss, NDG_WANT_GRAD_PHI, e);
  for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++)
    for (uint64_t i = 0; i < b->n_phi; i++) {
      out[2 * (t * b->n_phi + i)] = ndg_bench_get(b->grad_phi, t, i);
      out[2 * (t * b->n_phi + i) + 1] = ndg_bench_get_im(b->grad_phi, t, i);
    }
  return st;
}

/* With f(x + iy) = u + iv: u_x = v_y and v_x = -u_y. */
static ndg_status circle(circuit *s, ndg_error *e) {
  ndg_bench *b = s->bench;
  ndg_arena *arena = b->check->arena;
  const uint64_t n = 2 * N_TASKS * b->n_phi;
  long double *slope[2], *error[2], peak = 0;
  ndg_status st = NDG_OK;
  for (int k = 0; st >= 0 && k < 2; k++) {
    slope[k] = ndg_arena_alloc(arena, n, sizeof **slope);
    error[k] = ndg_arena_alloc(arena, n, sizeof **error);
    if (!slope[k] || !error[k])
      return ndg_fail(e, NDG_ENOMEM, "out of memory for slopes");
    s->across = k == 1;
    st = ndg_check_slope(along, s, n, DBL_EPSILON, arena, slope[k], error[k], e);
  }
  for (uint64_t i = 0; st >= 0 && i < n; i++)
    peak = fmaxl(peak, fabsl(slope[0][i]));
  for (uint64_t i = 0; st >= 0 && i < n; i++) {
    const uint64_t j = i ^ 1;
    const long double other = i % 2 == 0 ? slope[1][j] : -slope[1][j];
    const ndg_slope_verdict v =
        ndg_check_compare(other, slope[0][i], error[0][i] + error[1][j], peak, DBL_EPSILON);
    if (v.wrong)
      ndg_check_fail_variant(b->check, b->variant,
                             "of the gradient of %s at complex phi the slope is %.10Lg along the "
                             "real and %.10Lg along the imaginary axis (allowed %.2Lg)",
                             ndg_bench_loss_name(s->loss), slope[0][i], other, v.allowed);
  }
  return st;
}

static ndg_status cauchy_riemann(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench b;
  ndg_status st = open_complex(c, v, &b, e);
  if (st < 0)
    return st;
  circuit s = {.bench = &b};
  s.re = ndg_arena_alloc(c->arena, N_TASKS * b.n_phi, sizeof *s.re);
  s.im = ndg_arena_alloc(c->arena, N_TASKS * b.n_phi, sizeof *s.im);
  if (!s.re || !s.im)
    st = ndg_fail(e, NDG_ENOMEM, "out of memory for a complex point");
  for (uint64_t k = 0; st >= 0 && k < N_TASKS * b.n_phi; k++) {
    s.re[k] = ndg_bench_get(b.phi, k / b.n_phi, k % b.n_phi);
    s.im[k] = 0.1L * ndg_bench_get(b.direction, k / b.n_phi, b.n_phi - 1 - k % b.n_phi);
  }
  for (s.loss = NDG_LEARN_LOSS; st >= 0 && s.loss <= NDG_EVAL_LOSS; s.loss++)
    st = circle(&s, e);
  ndg_bench_close(&b);
  return st;
}

static void run_complex_step(ndg_check *c) {
  ndg_check_each_variant(c, complex_step);
}
static void run_cauchy_riemann(ndg_check *c) {
  ndg_check_each_variant(c, cauchy_riemann);
}

const ndg_check_case ndg_check_learner_complex[] = {
    {.group = "mathematics",
     .name = "complex_step",
     .property = "first and second derivatives in phi are those of a complex step",
     .kind = NDG_KIND_LEARNER,
     .run = run_complex_step},
    {.group = "mathematics",
     .name = "cauchy_riemann",
     .property = "where it can be evaluated at complex phi, or claims so, it is analytic there",
     .kind = NDG_KIND_LEARNER,
     .run = run_cauchy_riemann},
    {.group = NULL}};
