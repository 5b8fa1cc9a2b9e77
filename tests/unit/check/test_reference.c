/* SPDX-License-Identifier: MIT */
/* What the checker holds rules to is right: its closed forms, written down by hand, against the
   oracle of the engine, which knows nothing of them. */
#include <check.h>
#include <math.h>

#include "../suite.h"
#include "check/check_problems.h"
#include "engine/oracle.h"

static ndg_ref_form plain(uint32_t curvature, uint32_t n_tasks) {
  return (ndg_ref_form){.curvature = curvature,
                        .n_tasks = n_tasks,
                        .has_start = true,
                        .inner = ndg_ref_descent(),
                        .dtype = NDG_F64};
}

static void open_form(ndg_ref_problem *p, const ndg_ref_form *f, uint64_t seed) {
  ndg_error e = {0};
  ck_assert_msg(ndg_ref_open(p, f, seed, &e) == NDG_OK, "%s", e.text);
}

/* Mean over tasks of what the oracle says, against that of the closed form. */
static double distance(ndg_ref_problem *p, uint32_t kind, const ndg_real *expected) {
  double exact[NDG_REF_META];
  ndg_exact found;
  ndg_error e = {0};
  ck_assert_msg(ndg_oracle(p->problem, kind, 0, exact, NULL, &found, &e) == NDG_OK, "%s", e.text);
  ndg_real difference[NDG_REF_META];
  for (uint64_t j = 0; j < p->n_meta; j++) {
    difference[j] = exact[j] - expected[j];
  }
  return (double)(ndg_ref_norm(difference, p->n_meta) / ndg_ref_norm(expected, p->n_meta));
}

static void check_fixed_point(const ndg_ref_form *f, uint64_t seed) {
  ndg_ref_problem p;
  ndg_real mean[NDG_REF_META] = {0};
  open_form(&p, f, seed);
  for (uint64_t t = 0; t < p.n_tasks; t++) {
    ndg_ref_fixed x;
    ck_assert(ndg_ref_fixed_point(&p, t, 0, &x));
    for (uint64_t j = 0; j < p.n_meta; j++) {
      mean[j] += x.gradient[j] / (ndg_real)p.n_tasks;
    }
  }
  ck_assert_double_le(distance(&p, NDG_EXACT_FIXED_POINT, mean), 1e-12);
  ndg_ref_close(&p);
}

START_TEST(fixed_points_are_those_of_the_oracle) {
  for (uint64_t seed = 1; seed <= 3; seed++) {
    ndg_ref_form f = plain(NDG_REF_MILD, 2);
    check_fixed_point(&f, seed);
    f.quartic = 0.5;
    check_fixed_point(&f, seed);
    f = plain(NDG_REF_IDENTITY, 1);
    f.has_start = false;
    check_fixed_point(&f, seed);
    f = plain(NDG_REF_ILL, 1);
    f.inner = ndg_ref_newton();
    check_fixed_point(&f, seed);
    f = plain(NDG_REF_MILD, 1);
    f.eval_power = -66;
    f.learn_power = 10;
    check_fixed_point(&f, seed);
  }
}
END_TEST

START_TEST(steps_are_those_of_the_oracle) {
  static const uint32_t kind[] = {NDG_GRADIENT_DESCENT, NDG_HEAVY_BALL, NDG_NESTEROV, NDG_ADAM};
  for (int k = 0; k < 4; k++) {
    ndg_ref_form f = plain(NDG_REF_MILD, 1);
    ndg_ref_problem p;
    ndg_real gradient[NDG_REF_META], doubt;
    f.inner = ndg_ref_short(kind[k]);
    f.quartic = 0.25;
    open_form(&p, &f, 5);
    ck_assert(ndg_ref_unrolled(&p, 0, &f.inner.optimizer, f.inner.steps, 0, gradient, &doubt));
    ck_assert_double_le((double)doubt, 1e-11);
    ck_assert_double_le(distance(&p, NDG_EXACT_UNROLLED, gradient), 1e-11);
    ndg_ref_close(&p);
  }
}
END_TEST

/* Learning that converges forgets how it went; the last steps of it are a Neumann series. */
START_TEST(many_steps_lead_to_the_fixed_point) {
  const ndg_ref_form f = plain(NDG_REF_MILD, 1);
  ndg_ref_problem p;
  ndg_ref_fixed x;
  ndg_real gradient[NDG_REF_META], doubt, before = INFINITY;
  open_form(&p, &f, 7);
  ck_assert(ndg_ref_fixed_point(&p, 0, 0, &x));
  for (uint64_t window = 1; window <= 64; window *= 4) {
    ck_assert(ndg_ref_unrolled(&p, 0, &f.inner.optimizer, f.inner.steps, window, gradient, &doubt));
    for (uint64_t j = 0; j < p.n_meta; j++) {
      gradient[j] -= x.gradient[j];
    }
    const ndg_real error = ndg_ref_norm(gradient, p.n_meta);
    ck_assert_ldouble_lt(error, before);
    before = error;
  }
  ck_assert_ldouble_lt(before, 1e-12L);
  ndg_ref_close(&p);
}
END_TEST

/* G(β) = Σ a_k β^k, by differences of local derivatives where learning has ended. */
START_TEST(taylor_begins_with_the_gradient) {
  ndg_ref_form f = plain(NDG_REF_MILD, 2);
  ndg_ref_problem p;
  f.quartic = _i * 0.5;
  open_form(&p, &f, 9);
  for (uint64_t t = 0; t < 2; t++) {
    ndg_ref_fixed x;
    ndg_real a[12];
    ck_assert(ndg_ref_fixed_point(&p, t, 0, &x) && ndg_ref_taylor(&p, t, 12, a));
    const ndg_real norm = ndg_ref_norm(x.gradient, p.n_meta);
    ck_assert_ldouble_le(fabsl(a[1] - norm), 1e-15L * norm);
    for (int k = 2; _i == 0 && k < 12; k++) { /* it converges for β of size one */
      ck_assert_ldouble_lt(a[k], a[k - 1]);
    }
  }
  ndg_ref_close(&p);
}
END_TEST

START_TEST(damping_moves_the_gradient_as_it_should) {
  const ndg_ref_form f = plain(NDG_REF_IDENTITY, 1);
  ndg_ref_problem p;
  ndg_ref_fixed free, damped;
  open_form(&p, &f, 3);
  ck_assert(ndg_ref_fixed_point(&p, 0, 0, &free) && ndg_ref_fixed_point(&p, 0, 2, &damped));
  for (int i = 0; i < NDG_REF_PHI; i++) { /* (2 + 2)⁻¹ for 2⁻¹ */
    ck_assert_ldouble_le(fabsl(damped.v[i] - free.v[i] / 2), 1e-18L);
  }
  ck_assert_ldouble_eq_tol(free.condition, 1, 1e-15L);
  ck_assert_ldouble_eq_tol(damped.smallest, 4, 1e-15L);
  /* (2 + 2) / 2 times further away */
  ck_assert_ldouble_eq_tol(damped.radius, 2 * free.radius, 1e-15L);
  ndg_exact found;
  double exact[NDG_REF_META];
  ndg_error e = {0};
  ck_assert_int_eq(ndg_oracle(p.problem, NDG_EXACT_FIXED_POINT, 0, exact, NULL, &found, &e),
                   NDG_OK);
  ck_assert_double_eq_tol(found.stability_radius, (double)free.radius, 5e-3);
  ndg_ref_close(&p);
}
END_TEST

START_TEST(curvatures_are_what_they_are_called) {
  ndg_ref_form f = plain(NDG_REF_ILL, 1);
  f.inner = ndg_ref_newton();
  for (uint64_t seed = 0; seed < 20; seed++) {
    ndg_ref_problem p;
    ndg_ref_fixed x;
    open_form(&p, &f, seed);
    ck_assert(ndg_ref_fixed_point(&p, 0, 0, &x));
    ck_assert(x.condition > 1e3 && x.condition < 3e4);
    ndg_ref_close(&p);
    const ndg_ref_form mild = plain(NDG_REF_MILD, 1);
    open_form(&p, &mild, seed);
    ck_assert(ndg_ref_fixed_point(&p, 0, 0, &x));
    ck_assert(x.smallest > 0.9 && x.condition < 4);
    ndg_ref_close(&p);
  }
}
END_TEST

/* Else float32 would be judged by another problem than its own. */
START_TEST(float32_holds_every_coefficient) {
  ndg_ref_form f = plain(NDG_REF_ILL, NDG_REF_TASKS);
  ndg_ref_problem p;
  f.eval_power = -100;
  f.dtype = NDG_F32;
  open_form(&p, &f, 11);
  for (uint64_t t = 0; t < p.n_tasks; t++) {
    const double *x = p.task[t].a_matrix;
    for (const double *end = &p.task[t].quartic; x < end; x++) {
      ck_assert(*x == (double)(float)*x);
    }
  }
  for (int j = 0; j < NDG_REF_META; j++) {
    ck_assert(p.theta[j] == (double)(float)p.theta[j]);
  }
  ndg_ref_close(&p);
}
END_TEST

START_TEST(memory_may_run_out) {
  const ndg_ref_form f = plain(NDG_REF_MILD, 2);
  for (uint64_t n = 0;; n++) {
    ndg_ref_problem p;
    ndg_error e = {0};
    ndg_fail_allocations_after(n);
    const ndg_status st = ndg_ref_open(&p, &f, 1, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    ndg_ref_close(&p);
    if (st == NDG_OK) {
      break;
    }
    ck_assert_int_eq(st, NDG_ENOMEM);
    ck_assert_uint_lt(n, 10000);
  }
}
END_TEST

int main(void) {
  TCase *const c = tcase_create("reference problems");
  Suite *const s = suite_create("check reference");
  tcase_set_timeout(c, 100);
  tcase_add_test(c, fixed_points_are_those_of_the_oracle);
  tcase_add_test(c, steps_are_those_of_the_oracle);
  tcase_add_test(c, many_steps_lead_to_the_fixed_point);
  tcase_add_loop_test(c, taylor_begins_with_the_gradient, 0, 2);
  tcase_add_test(c, damping_moves_the_gradient_as_it_should);
  tcase_add_test(c, curvatures_are_what_they_are_called);
  tcase_add_test(c, float32_holds_every_coefficient);
  tcase_add_test(c, memory_may_run_out);
  suite_add_tcase(s, c);
  return run_suite(s);
}
