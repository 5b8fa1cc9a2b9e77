/* SPDX-License-Identifier: MIT */
/* Group mathematics, first and second derivatives: each is compared with differences of what it is
   the derivative of, in long double. The losses' values are what everything rests on. */
#include <float.h>
#include <math.h>

#include "check/groups.h"
#include "check/motion.h"

enum { N_TASKS = 3 };

static ndg_status open_wide(ndg_check *c, const ndg_check_variant *v, ndg_bench *b, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_LONG_DOUBLE,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  return ndg_bench_open(c, v, &spec, b, e);
}

/* Why differences and derivatives may part ways. */
static const char *hint(long double found, long double slope) {
  return found == 0 && slope != 0 ? "; it changes, but no derivative says so: is stop_gradient, or "
                                    "an operation without slope, in the way?"
         : fabsl(found + slope) < 1e-9L * fabsl(slope) ? "; the sign is wrong"
                                                       : "";
}

static void report(const ndg_motion *m, const ndg_group *g, const char *what, const char *of,
                   uint64_t task, long double found, long double slope, long double allowed) {
  ndg_check_fail_variant(
      m->bench->check, m->bench->variant,
      "%s of %s along %s group '%.*s': %.12Lg, by differences %.12Lg (apart by %.2Lg, allowed "
      "%.2Lg) in task %llu%s%s at long double%s",
      what, ndg_bench_loss_name(m->loss), m->space == NDG_PHI ? "phi" : "theta", NDG_NAME_SIZE - 1,
      g->name, found, slope, fabsl(found - slope), allowed, (unsigned long long)task + 1,
      *of ? ", " : "", of, hint(found, slope));
}

static void report_unclear(const ndg_motion *m, const ndg_group *g, const char *what) {
  ndg_check_warn_variant(m->bench->check, m->bench->variant,
                         "%s of %s along %s group '%.*s' is not clear from differences: is it "
                         "differentiable?",
                         what, ndg_bench_loss_name(m->loss), m->space == NDG_PHI ? "phi" : "theta",
                         NDG_NAME_SIZE - 1, g->name);
}

/* ---- gradients: one number per task ---- */

static ndg_status test_gradient(ndg_motion *m, const ndg_group *g, ndg_error *e) {
  ndg_bench *b = m->bench;
  const bool of_phi = m->space == NDG_PHI;
  ndg_status st = ndg_motion_run(m, e);
  if (st >= 0)
    st = ndg_bench_evaluate(b, m->loss, of_phi ? NDG_WANT_GRAD_PHI : NDG_WANT_GRAD_THETA, e);
  const ndg_vector *gradient = of_phi ? b->grad_phi : b->grad_theta;
  const ndg_vector *direction = of_phi ? b->direction : b->theta_direction;
  const char *what = of_phi ? "d/dphi" : "d/dtheta at phi held fixed";
  for (uint64_t t = 0; st >= 0 && t < b->n_tasks; t++) {
    long double found = 0, scale = fabsl(m->here[t]);
    for (uint64_t i = m->first; i < m->first + m->count; i++) {
      const long double x = ndg_bench_get(gradient, t, i) * ndg_bench_get(direction, t, i);
      found += x;
      scale += fabsl(x);
    }
    const ndg_slope_verdict v =
        ndg_check_compare(found, m->slope[t], m->error[t], scale, LDBL_EPSILON);
    if (v.unclear)
      report_unclear(m, g, what);
    if (v.wrong)
      report(m, g, what, "", t, found, m->slope[t], v.allowed);
  }
  return st;
}

static ndg_status gradient(ndg_check *c, const ndg_check_variant *v, uint32_t space, ndg_error *e) {
  ndg_bench b;
  ndg_status st = open_wide(c, v, &b, e);
  if (st >= 0)
    st = ndg_motion_each_group(&b, space, NDG_WANT_VALUE, test_gradient, e);
  ndg_bench_close(&b);
  return st;
}

static ndg_status gradient_phi(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return gradient(c, v, NDG_PHI, e);
}
static ndg_status gradient_theta(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return gradient(c, v, NDG_THETA, e);
}

/* ---- products: a vector per task ---- */

/* Without the directions of other groups. */
static void keep_only(ndg_vector *direction, const ndg_motion *m) {
  for (uint64_t t = 0; t < direction->n_tasks; t++)
    for (uint64_t i = 0; i < direction->length; i++)
      if (i < m->first || i >= m->first + m->count)
        ndg_bench_set(direction, t, i, 0, 0);
}

static long double largest(const long double *x, uint64_t n) {
  long double most = 0;
  for (uint64_t i = 0; i < n; i++)
    most = fmaxl(most, fabsl(x[i]));
  return most;
}

static void compare_product(ndg_motion *m, const ndg_group *g, const char *what, uint32_t space,
                            const ndg_vector *product) {
  const ndg_bench *b = m->bench;
  for (uint64_t t = 0; t < b->n_tasks; t++) {
    const uint64_t row = t * m->width;
    const long double scale = largest(m->here + row, m->width) + largest(m->slope + row, m->width);
    for (uint64_t i = 0; i < m->width; i++) {
      const long double found = ndg_bench_get(product, t, i);
      const ndg_slope_verdict v =
          ndg_check_compare(found, m->slope[row + i], m->error[row + i], scale, LDBL_EPSILON);
      char name[80];
      if (v.unclear)
        report_unclear(m, g, what);
      if (v.wrong) {
        ndg_bench_name(b, space, i, name);
        report(m, g, what, name, t, found, m->slope[row + i], v.allowed);
        return;
      }
    }
  }
}

static ndg_status test_product(ndg_motion *m, const ndg_group *g, uint32_t want, const char *what,
                               uint32_t space, ndg_error *e) {
  ndg_bench *b = m->bench;
  const ndg_vector *products[] = {b->hvp, b->mixed, b->mixed_forward};
  const ndg_vector *product = products[want == NDG_WANT_HVP ? 0 : want == NDG_WANT_MIXED ? 1 : 2];
  ndg_status st = ndg_motion_run(m, e);
  keep_only(m->space == NDG_PHI ? b->direction : b->theta_direction, m);
  if (st >= 0)
    st = ndg_bench_evaluate(b, m->loss, want, e);
  if (st >= 0)
    compare_product(m, g, what, space, product);
  ndg_bench_draw_directions(b, "directions");
  return st;
}

static ndg_status test_hessian(ndg_motion *m, const ndg_group *g, ndg_error *e) {
  return test_product(m, g, NDG_WANT_HVP, "the Hessian-vector product", NDG_PHI, e);
}
static ndg_status test_mixed(ndg_motion *m, const ndg_group *g, ndg_error *e) {
  return test_product(m, g, NDG_WANT_MIXED, "the mixed product", NDG_THETA, e);
}
static ndg_status test_mixed_forward(ndg_motion *m, const ndg_group *g, ndg_error *e) {
  return test_product(m, g, NDG_WANT_MIXED_FORWARD, "the forward mixed product", NDG_PHI, e);
}

static ndg_status products(ndg_check *c, const ndg_check_variant *v, uint32_t space, uint32_t want,
                           ndg_motion_test test, ndg_error *e) {
  ndg_bench b;
  ndg_status st = open_wide(c, v, &b, e);
  if (st >= 0)
    st = ndg_motion_each_group(&b, space, want, test, e);
  ndg_bench_close(&b);
  return st;
}

static ndg_status hessian(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return products(c, v, NDG_PHI, NDG_WANT_GRAD_PHI, test_hessian, e);
}
static ndg_status mixed(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return products(c, v, NDG_PHI, NDG_WANT_GRAD_THETA, test_mixed, e);
}
static ndg_status mixed_forward(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return products(c, v, NDG_THETA, NDG_WANT_GRAD_PHI, test_mixed_forward, e);
}

/* ---- the table ---- */

#define EACH(name) ndg_check_each_variant(c, name)
static void run_gradient_phi(ndg_check *c) {
  EACH(gradient_phi);
}
static void run_gradient_theta(ndg_check *c) {
  EACH(gradient_theta);
}
static void run_hessian(ndg_check *c) {
  EACH(hessian);
}
static void run_mixed(ndg_check *c) {
  EACH(mixed);
}
static void run_mixed_forward(ndg_check *c) {
  EACH(mixed_forward);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "mathematics", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,       \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_gradients[] = {
    CASE(gradient_phi, "the gradient of both losses in phi is the slope of their values"),
    CASE(gradient_theta,
         "the gradient of both losses in theta, at phi held fixed, is the slope of their values"),
    CASE(hessian, "the Hessian-vector product is the slope of the gradient in phi"),
    CASE(mixed, "the mixed product is the slope of the gradient in theta as phi moves"),
    CASE(mixed_forward,
         "the forward mixed product is the slope of the gradient in phi as theta moves"),
    {.group = NULL}};
