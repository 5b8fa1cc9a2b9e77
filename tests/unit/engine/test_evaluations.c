/* SPDX-License-Identifier: MIT */
/* Evaluations of a problem against closed forms, and the arithmetic of its vectors. */
#include <complex.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "problem_fixture.h"

static known_tasks tasks;
static known_options options;
static ndg_error e;

static void set_up(void) {
  known_tasks_fill(&tasks, 3);
  options = (known_options){0};
  e = (ndg_error){0};
}

static void expect(ndg_status st, ndg_status wanted, const char *text) {
  ck_assert_msg(st == wanted, "status %d, not %d: %s", st, wanted, e.text);
  ck_assert_msg(strstr(e.text, text) != NULL, "'%s' does not contain '%s'", e.text, text);
}

static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
static const long double tolerances[] = {2e-5L, 1e-13L, 1e-16L};

static void near(long double value, long double wanted, long double tolerance, const char *what) {
  ck_assert_msg(fabsl(value - wanted) <= tolerance * (1 + fabsl(wanted)),
                "%s: %.20Lg instead of %.20Lg", what, value, wanted);
}

static ndg_vector *filled(const ndg_problem *p, uint32_t space, bool is_complex, uint64_t seed) {
  ndg_vector *v = ndg_problem_new_vector(p, space, is_complex, NDG_GRADIENT_DESCENT);
  ck_assert_ptr_nonnull(v);
  double numbers[N_THETA + N_PHI];
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    for (uint64_t i = 0; i < v->length; i++)
      numbers[i] = wobble(seed + 31 * t + i);
    write_row(v, t, numbers);
  }
  return v;
}

/* Everything about `loss` = w_learn learn + w_eval eval at the numbers in the evaluation's vectors.
 */
static void compare(const ndg_problem *p, const ndg_evaluation *ev, long double w_learn,
                    long double w_eval, long double tolerance) {
  long double theta[N_THETA], phi[N_PHI], v[N_PHI], learn[N_PHI], eval[N_PHI], value = 0;
  long double got[N_THETA], h[N_PHI][N_PHI];
  for (int i = 0; i < N_THETA; i++)
    theta[i] = p->theta[i];
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++) {
    const known_point at = {&tasks, t, phi, theta, NULL, 0};
    read_row(ev->phi, t, phi);
    read_row(ev->direction, t, v);
    known_learn_gradient(&at, learn);
    known_eval_gradient(&at, eval);
    known_hessian(&at, h);
    value += w_learn * known_learn_loss(&at) + w_eval * known_eval_loss(&at);
    read_row(ev->grad_phi, t, got);
    for (int i = 0; i < N_PHI; i++)
      near(got[i], w_learn * learn[i] + w_eval * eval[i], tolerance, "grad_phi");
    read_row(ev->hvp, t, got);
    for (int i = 0; i < N_PHI; i++) {
      long double wanted = i < N_X ? w_eval * v[i] : 0;
      for (int j = 0; j < N_PHI; j++)
        wanted += w_learn * h[i][j] * v[j];
      near(got[i], wanted, tolerance, "hvp");
    }
    const long double *center = theta, *pull = theta + N_X;
    read_row(ev->grad_theta, t, got);
    for (int i = 0; i < N_X; i++) {
      const long double d = phi[i] - center[i];
      near(got[i], w_eval * center[i] - w_learn * pull[i] * d, tolerance, "grad center");
      near(got[N_X + i], w_learn * d * d / 2, tolerance, "grad pull");
      near(got[2 * N_X + i], 0, 0, "grad origin");
    }
    read_row(ev->mixed, t, got);
    for (int i = 0; i < N_X; i++) {
      near(got[i], -w_learn * pull[i] * v[i], tolerance, "mixed center");
      near(got[N_X + i], w_learn * (phi[i] - center[i]) * v[i], tolerance, "mixed pull");
      near(got[2 * N_X + i], 0, 0, "mixed origin");
    }
  }
  near(ev->value.re, value / (long double)p->tasks.arrays.n_tasks,
       tolerance > DBL_EPSILON ? tolerance : DBL_EPSILON, "value");
}

START_TEST(evaluations_match_closed_forms) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = dtypes[_i];
  for (uint64_t i = 0; i < 2 * N_ROWS; i++) { /* at once, and in blocks of samples */
    tasks.tasks.n_tasks = 1 + 2 * (i % 2);
    spec.block_rows = i / 2;
    ndg_problem *p = known_open(&spec);
    ndg_evaluation ev = {.struct_size = sizeof ev,
                         .want = NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA |
                                 NDG_WANT_HVP | NDG_WANT_MIXED,
                         .beta = {0.3, 0},
                         .phi = filled(p, NDG_PHI, false, 5),
                         .direction = filled(p, NDG_PHI, false, 9),
                         .grad_phi = filled(p, NDG_PHI, false, 1),
                         .grad_theta = filled(p, NDG_THETA, false, 1),
                         .hvp = filled(p, NDG_PHI, false, 1),
                         .mixed = filled(p, NDG_THETA, false, 1)};
    const long double tolerance = tolerances[_i];
    const long double weights[3][2] = {{1, 0}, {0, 1}, {1, spec.dtype == NDG_F32 ? 0.3f : 0.3}};
    for (ev.loss = 0; ev.loss < 3; ev.loss++) {
      ck_assert_msg(ndg_problem_evaluate(p, &ev, &e) == NDG_OK, "%s", e.text);
      compare(p, &ev, weights[ev.loss][0], weights[ev.loss][1], tolerance);
    }
    ck_assert_uint_eq(p->record.gradient_evaluations, 3);
    ck_assert_uint_eq(p->record.hessian_vector_products, 3);
    ck_assert_uint_eq(p->record.mixed_products, 3);
    ck_assert_uint_eq(p->record.nonlocal, NDG_USES_SECOND_DERIVATIVES);
    ndg_vector *all[] = {(ndg_vector *)(uintptr_t)ev.phi,
                         (ndg_vector *)(uintptr_t)ev.direction,
                         ev.grad_phi,
                         ev.grad_theta,
                         ev.hvp,
                         ev.mixed};
    for (int k = 0; k < 6; k++)
      ndg_vector_destroy(all[k]);
    ndg_problem_close(p);
  }
}
END_TEST

START_TEST(mixed_forward_matches_closed_form) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = dtypes[_i];
  ndg_problem *p = known_open(&spec);
  ndg_vector *phi = filled(p, NDG_PHI, false, 5), *u = filled(p, NDG_THETA, false, 9);
  ndg_vector *out = filled(p, NDG_PHI, false, 1);
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_MIXED_FORWARD,
                       .phi = phi,
                       .direction = u,
                       .mixed_forward = out};
  ck_assert_msg(ndg_problem_evaluate(p, &ev, &e) == NDG_OK, "%s", e.text);
  for (uint64_t t = 0; t < 3; t++) {
    long double x[N_PHI], d[N_THETA], got[N_PHI];
    read_row(phi, t, x);
    read_row(u, t, d);
    read_row(out, t, got);
    for (int i = 0; i < N_X; i++)
      near(got[i],
           -(long double)p->theta[N_X + i] * d[i] + (x[i] - (long double)p->theta[i]) * d[N_X + i],
           tolerances[_i], "mixed forward");
    near(got[N_X], 0, 0, "mixed forward");
  }
  ndg_vector_destroy(phi);
  ndg_vector_destroy(u);
  ndg_vector_destroy(out);
  ndg_problem_close(p);
}
END_TEST

/* The losses are quadratic: their derivatives at a complex point follow from those at two real
 * ones. */
START_TEST(complex_evaluations_are_analytic) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec);
  ndg_vector *phi = filled(p, NDG_PHI, true, 3), *grad = filled(p, NDG_PHI, true, 1);
  ndg_vector *theta_bar = filled(p, NDG_THETA, true, 1);
  double *z = phi->data;
  for (uint64_t i = 0; i < 3 * phi->stride; i++)
    z[2 * i + 1] = wobble(70 + i);
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = {0.2, -0.7},
                       .phi = phi,
                       .grad_phi = grad,
                       .grad_theta = theta_bar};
  ck_assert_msg(ndg_problem_evaluate(p, &ev, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(p->record.nonlocal, NDG_USES_COMPLEX_STATE);
  long double theta[N_THETA];
  for (int i = 0; i < N_THETA; i++)
    theta[i] = p->theta[i];
  for (uint64_t t = 0; t < 3; t++) {
    const double complex *x = (const double complex *)phi->data + t * phi->stride;
    const double complex *g = (const double complex *)grad->data + t * grad->stride;
    const double complex *q = (const double complex *)theta_bar->data + t * theta_bar->stride;
    long double part[2][N_PHI], learn[2][N_PHI], eval[2][N_PHI], zero[N_PHI] = {0}, base[N_PHI];
    for (int i = 0; i < N_PHI; i++) {
      part[0][i] = creal(x[i]);
      part[1][i] = cimag(x[i]);
    }
    for (int k = 0; k < 2; k++) {
      known_learn_gradient(&(known_point){&tasks, t, part[k], theta, NULL, 0}, learn[k]);
      known_eval_gradient(&(known_point){&tasks, t, part[k], theta, NULL, 0}, eval[k]);
    }
    known_learn_gradient(&(known_point){&tasks, t, zero, theta, NULL, 0}, base);
    for (int i = 0; i < N_PHI; i++) {
      const double complex beta = 0.2 - 0.7 * I;
      const double complex dl = (double)learn[0][i] + (double)(learn[1][i] - base[i]) * I;
      const double complex de =
          (double)eval[0][i] + (i < N_X ? (double)part[1][i] * I : (double complex)0);
      ck_assert_double_lt(cabs(g[i] - (dl + beta * de)), 1e-13);
    }
    for (int i = 0; i < N_X; i++) {
      const double complex d = x[i] - (double)theta[i];
      const double complex center =
          -(double)theta[N_X + i] * d + (0.2 - 0.7 * I) * (double)theta[i];
      ck_assert_double_lt(cabs(q[i] - center), 1e-13);
      ck_assert_double_lt(cabs(q[N_X + i] - d * d / 2), 1e-13);
    }
  }
  ndg_vector_destroy(phi);
  ndg_vector_destroy(grad);
  ndg_vector_destroy(theta_bar);
  ndg_problem_close(p);
}
END_TEST

START_TEST(wrong_evaluations_are_refused) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec);
  ndg_vector *phi = filled(p, NDG_PHI, false, 3), *out = filled(p, NDG_PHI, false, 1);
  ndg_vector *theta = filled(p, NDG_THETA, false, 1), *z = filled(p, NDG_PHI, true, 1);
  const ndg_evaluation good = {
      .struct_size = sizeof good, .want = NDG_WANT_GRAD_PHI, .phi = phi, .grad_phi = out};
  ndg_evaluation ev = good;
  ev.struct_size = 8;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "struct_size");
  ev = good;
  ev.want = 1u << 9;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "wants 0x200");
  ev = good;
  ev.grad_phi = phi;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "grad_phi needs a vector of its own");
  ev.grad_phi = NULL;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "grad_phi is missing");
  ev.grad_phi = theta;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "grad_phi is a theta vector");
  ev.grad_phi = z;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "grad_phi is a complex vector");
  ev = good;
  ev.want |= NDG_WANT_HVP;
  ev.hvp = out;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "direction is missing");
  ev.direction = phi;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "hvp needs a vector of its own");
  ev = good;
  ev.loss = NDG_AUGMENTED_LOSS;
  ev.beta.im = 0.5;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "complex vectors");
  ev.beta.im = NAN;
  expect(ndg_problem_evaluate(p, &ev, &e), NDG_EINVAL, "beta");
  ndg_vector_destroy(phi);
  ndg_vector_destroy(out);
  ndg_vector_destroy(theta);
  ndg_vector_destroy(z);
  ndg_problem_close(p);
}
END_TEST

/* ---- vectors ---- */

START_TEST(combinations_follow_arithmetic) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec);
  const ndg_problem_api *api = ndg_problem_get_api();
  ndg_vector *a = filled(p, NDG_PHI, false, 3), *z = filled(p, NDG_PHI, true, 4);
  ndg_vector *out = filled(p, NDG_PHI, false, 1), *theta = filled(p, NDG_THETA, false, 1);
  double *imaginary = (double *)z->data + 1;
  imaginary[2] = 0.25; /* of element 1 */
  const ndg_complex weights[] = {{2, 0}, {0, 1}};
  const ndg_complex scale = {0, -3};
  ck_assert_int_eq(api->combine(p, out, scale, 2, weights, (const ndg_vector *const[]){a, z}, &e),
                   NDG_OK);
  long double x[N_PHI], y[N_PHI], got[N_PHI];
  read_row(a, 0, x);
  read_row(z, 0, y);
  read_row(out, 0, got);
  /* real part of −3i (2x + i z) = 3 re z + … */
  near(got[0], 3 * y[0], 1e-15L, "combine");
  near(got[1], 3 * y[1], 1e-15L, "combine");
  ck_assert_int_eq(
      api->combine(p, z, (ndg_complex){0, 1}, 1, weights, (const ndg_vector *const[]){z}, &e),
      NDG_OK);
  near(((double *)z->data)[2], -0.5L, 1e-15L, "real part");
  near(((double *)z->data)[3], 2 * y[1], 1e-15L, "imaginary part");
  expect(api->combine(p, out, scale, 1, weights, (const ndg_vector *const[]){theta}, &e),
         NDG_EINVAL, "cannot be added");
  double numbers[N_PHI] = {3, 4, 0, 0, 0};
  for (uint64_t t = 0; t < 3; t++)
    write_row(a, t, numbers);
  ck_assert(api->norm(p, a) == 5);
  numbers[4] = NAN;
  write_row(a, 1, numbers);
  ck_assert(isnan(api->norm(p, a)));
  ndg_vector_destroy(a);
  ndg_vector_destroy(z);
  ndg_vector_destroy(out);
  ndg_vector_destroy(theta);
  ndg_problem_close(p);
}
END_TEST

START_TEST(norms_of_nan_have_no_sign) {
  /* So that no message reads "gradient norm -nan". */
  for (int sign = -1; sign <= 1; sign += 2) {
    ndg_vector *v = ndg_vector_create(NDG_PHI, NDG_F64, 1, 1);
    double norm;
    ((double *)v->data)[0] = copysign(NAN, sign);
    ndg_vector_norms(v, 1, &norm);
    ck_assert(isnan(norm) && !signbit(norm));
    norm = ndg_vector_norm(v, 1);
    ck_assert(isnan(norm) && !signbit(norm));
    ndg_vector_destroy(v);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("evaluations");
  TCase *c = tcase_create("evaluations");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, evaluations_match_closed_forms, 0, 3);
  tcase_add_loop_test(c, mixed_forward_matches_closed_form, 0, 3);
  tcase_add_test(c, complex_evaluations_are_analytic);
  tcase_add_test(c, wrong_evaluations_are_refused);
  tcase_add_test(c, combinations_follow_arithmetic);
  tcase_add_test(c, norms_of_nan_have_no_sign);
  suite_add_tcase(s, c);
  return run_suite(s);
}
