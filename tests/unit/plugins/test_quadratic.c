/* SPDX-License-Identifier: MIT */
/* The quadratic learner: losses against plain sums, its closed forms against formulas on paper,
   against stationarity, and against the published instance. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learner.h"

static losses at, other;
static ndg_layout layout;

static const ndg_closed_form *closed_form(const ndg_instance *learner) {
  const ndg_closed_form *f = learner->loaded->ops.learner.extension(NDG_CAP_CLOSED_FORM);
  ck_assert_ptr_nonnull(f);
  ck_assert_ptr_null(learner->loaded->ops.learner.extension(NDG_CAP_CLOSED_FORM "1"));
  return f;
}

static void optimum(const ndg_instance *learner, const ndg_task_arrays *tasks, const double *theta,
                    double beta, double *phi) {
  ndg_error e = {0};
  const ndg_status st =
      closed_form(learner)->optimum(learner->options, tasks, 0, theta, beta, phi, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
}

static void meta_gradient(const ndg_instance *learner, const ndg_task_arrays *tasks,
                          const double *theta, double *gradient) {
  ndg_error e = {0};
  const ndg_status st =
      closed_form(learner)->meta_gradient(learner->options, tasks, 0, theta, gradient, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
}

START_TEST(scalar_by_hand) {
  /* ½ 1.3 (φ - a)² + ½ 0.5 (φ - θ)², ½ 0.8 (φ - c)², with c one below the optimum. */
  const double h0 = 1.3, a = 0.7, m = 0.8, theta = -0.4, phi_star = (1.3 * 0.7 - 0.5 * 0.4) / 1.8;
  const double c = phi_star - 1, phi = 0.25;
  const ndg_array arrays[] = {real_array("H0", NDG_WHOLE, NDG_MATRIX(1, 1), &h0),
                              real_array("a", NDG_WHOLE, NDG_VECTOR(1), &a),
                              real_array("M", NDG_WHOLE, NDG_MATRIX(1, 1), &m),
                              real_array("c", NDG_WHOLE, NDG_VECTOR(1), &c)};
  const ndg_task_arrays tasks = {.n_tasks = 1, .n_arrays = 4, .arrays = arrays};
  const ndg_instance learner = open_learner("quadratic", "form=linear_quadratic; l=0.5");
  double found, gradient;
  lay_out(&learner, arrays, 4, &layout);
  evaluate(&learner, &layout, arrays, 4, &phi, &theta, &at);
  ck_assert_double_eq_tol(
      at.learn, 0.65 * (phi - a) * (phi - a) + 0.25 * (phi - theta) * (phi - theta), 1e-15);
  ck_assert_double_eq_tol(at.eval, 0.4 * (phi - c) * (phi - c), 1e-15);
  optimum(&learner, &tasks, &theta, 0, &found);
  ck_assert_double_eq_tol(found, phi_star, 1e-16);
  meta_gradient(&learner, &tasks, &theta, &gradient);
  ck_assert_double_eq_tol(gradient, 0.4 / 1.8, 1e-15);
}
END_TEST

enum { P = 4, Q = 3, N = 9, M = 7 };
static double h0[P * P], h0_root[P * P], m_root[P * P], big_m[P * P], a[P], b[M], c[P], phi[P];
static double big_a[M * P], big_c[N * Q], big_d[N * P], e_[N], theta[P], gradient[P];
static double x_learn[N * P], y_learn[N], x_eval[M * P], y_eval[M];

static void square(const double *root, double *out) {
  for (int i = 0; i < P * P; i++) {
    out[i] = i / P == i % P ? 0.5 : 0;
    for (int k = 0; k < P; k++) {
      out[i] += root[i / P * P + k] * root[i % P * P + k];
    }
  }
}

static void draw(void) {
  double *const all[] = {h0_root, m_root, a,     b,       c,       big_a,  big_c,
                         big_d,   e_,     theta, x_learn, y_learn, x_eval, y_eval};
  const uint64_t sizes[] = {P * P, P * P, P, M, P, M * P, N * Q, N * P, N, P, N * P, N, M * P, M};
  for (uint64_t i = 0; i < sizeof all / sizeof *all; i++) {
    fill(i + 1, all[i], sizes[i]);
  }
  square(h0_root, h0);
  square(m_root, big_m);
  h0[1] += 0.3; /* only the symmetric part counts */
  h0[P] -= 0.3;
}

typedef struct problem {
  const char *options;
  uint64_t n, n_theta;
  ndg_array arrays[5];
} problem;

static problem make_problem(int form) {
  draw();
  if (form == 0) {
    return (problem){"form=linear_quadratic; l=0.7",
                     4,
                     P,
                     {real_array("H0", NDG_WHOLE, NDG_MATRIX(P, P), h0),
                      real_array("a", NDG_WHOLE, NDG_VECTOR(P), a),
                      real_array("M", NDG_WHOLE, NDG_MATRIX(P, P), big_m),
                      real_array("c", NDG_WHOLE, NDG_MATRIX(P, 1), c)}};
  }
  if (form == 1) {
    return (problem){"form=least_squares",
                     5,
                     Q,
                     {real_array("A", NDG_WHOLE, NDG_MATRIX(M, P), big_a),
                      real_array("b", NDG_WHOLE, NDG_VECTOR(M), b),
                      real_array("C", NDG_WHOLE, NDG_MATRIX(N, Q), big_c),
                      real_array("D", NDG_WHOLE, NDG_MATRIX(N, P), big_d),
                      real_array("e", NDG_WHOLE, NDG_VECTOR(N), e_)}};
  }
  for (int i = 0; i < P && form == 2; i++) {
    theta[i] = fabs(theta[i]);
  }
  return (problem){form == 2 ? "form=ridge" : "form=ridge; lambda_scale=log",
                   4,
                   P,
                   {real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(N, P), x_learn),
                    real_array("learn.targets", NDG_SAMPLES, NDG_VECTOR(N), y_learn),
                    real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(M, P), x_eval),
                    real_array("eval.targets", NDG_SAMPLES, NDG_MATRIX(M, 1), y_eval)}};
}

static double residual(const double *matrix, uint64_t row, uint64_t n, const double *x, double y) {
  double sum = -y;
  for (uint64_t j = 0; j < n; j++) {
    sum += matrix[row * n + j] * x[j];
  }
  return sum;
}

static double bowl(const double *matrix, const double *x, const double *centre) {
  double sum = 0;
  for (int i = 0; i < P * P; i++) {
    sum += 0.5 * matrix[i] * (x[i / P] - centre[i / P]) * (x[i % P] - centre[i % P]);
  }
  return sum;
}

static void plain_losses(int form, double *learn, double *eval) {
  *learn = *eval = 0;
  if (form == 0) {
    *learn = bowl(h0, phi, a);
    *eval = bowl(big_m, phi, c);
    for (int i = 0; i < P; i++) {
      *learn += 0.35 * (phi[i] - theta[i]) * (phi[i] - theta[i]);
    }
    return;
  }
  for (uint64_t i = 0; i < N; i++) {
    const double r = form == 1 ? residual(big_d, i, P, phi, 0) + residual(big_c, i, Q, theta, e_[i])
                               : residual(x_learn, i, P, phi, y_learn[i]) / sqrt(2 * N);
    *learn += r * r;
  }
  for (uint64_t i = 0; i < M; i++) {
    const double r = form == 1 ? residual(big_a, i, P, phi, b[i])
                               : residual(x_eval, i, P, phi, y_eval[i]) / sqrt(2 * M);
    *eval += r * r;
  }
  for (int i = 0; i < P && form >= 2; i++) {
    *learn += 0.5 * (form == 2 ? theta[i] : exp(theta[i])) * phi[i] * phi[i];
  }
}

START_TEST(losses_are_plain_sums) {
  const problem p = make_problem(_i);
  const ndg_instance learner = open_learner("quadratic", p.options);
  double learn, eval;
  fill(99, phi, P);
  lay_out(&learner, p.arrays, p.n, &layout);
  ck_assert_uint_eq(count_numbers(layout.phi, layout.n_phi), P);
  ck_assert_uint_eq(count_numbers(layout.theta, layout.n_theta), p.n_theta);
  evaluate(&learner, &layout, p.arrays, p.n, phi, theta, &at);
  plain_losses(_i, &learn, &eval);
  ck_assert_double_eq_tol(at.learn / learn, 1, 1e-14);
  ck_assert_double_eq_tol(at.eval / eval, 1, 1e-14);
}
END_TEST

START_TEST(optimum_is_stationary) {
  const problem p = make_problem(_i);
  const ndg_instance learner = open_learner("quadratic", p.options);
  const ndg_task_arrays tasks = {.n_tasks = 1, .n_arrays = p.n, .arrays = p.arrays};
  lay_out(&learner, p.arrays, p.n, &layout);
  for (double beta = 0; beta < 1; beta += 0.3) {
    optimum(&learner, &tasks, theta, beta, phi);
    evaluate(&learner, &layout, p.arrays, p.n, phi, theta, &at);
    for (int i = 0; i < P; i++) {
      ck_assert_double_eq_tol(at.learn_phi[i] + beta * at.eval_phi[i], 0, 1e-13);
    }
  }
}
END_TEST

START_TEST(meta_gradient_is_the_slope) {
  const problem p = make_problem(_i);
  const ndg_instance learner = open_learner("quadratic", p.options);
  const ndg_task_arrays tasks = {.n_tasks = 1, .n_arrays = p.n, .arrays = p.arrays};
  const double h = 1e-5;
  lay_out(&learner, p.arrays, p.n, &layout);
  meta_gradient(&learner, &tasks, theta, gradient);
  for (uint64_t i = 0; i < p.n_theta; i++) {
    const double middle = theta[i];
    theta[i] = middle + h;
    optimum(&learner, &tasks, theta, 0, phi);
    evaluate(&learner, &layout, p.arrays, p.n, phi, theta, &at);
    theta[i] = middle - h;
    optimum(&learner, &tasks, theta, 0, phi);
    evaluate(&learner, &layout, p.arrays, p.n, phi, theta, &other);
    theta[i] = middle;
    ck_assert_double_eq_tol((at.eval - other.eval) / (2 * h), gradient[i], 1e-8);
  }
}
END_TEST

START_TEST(later_task_uses_its_own_data) {
  problem p = make_problem(0);
  double two_a[2 * P], two_h[2 * P * P], two_m[2 * P * P], two_c[2 * P], second[P];
  const double *const one[] = {h0, a, big_m, c};
  double *const two[] = {two_h, two_a, two_m, two_c};
  ndg_error e = {0};
  for (int i = 0; i < 4; i++) {
    const uint64_t n = ndg_shape_size(&p.arrays[i].shape);
    fill(50 + (uint64_t)i, two[i], n);
    memcpy(two[i] + n, one[i], n * sizeof(double));
  }
  const ndg_instance learner = open_learner("quadratic", p.options);
  const ndg_task_arrays alone = {.n_tasks = 1, .n_arrays = p.n, .arrays = p.arrays};
  optimum(&learner, &alone, theta, 0, phi);
  problem pair = p;
  for (int i = 0; i < 4; i++) {
    pair.arrays[i].data = two[i];
  }
  const ndg_task_arrays both = {.n_tasks = 2, .n_arrays = p.n, .arrays = pair.arrays};
  ck_assert_int_eq(closed_form(&learner)->optimum(learner.options, &both, 1, theta, 0, second, &e),
                   NDG_OK);
  ck_assert_mem_eq(second, phi, sizeof second);
}
END_TEST

START_TEST(no_unique_minimum) {
  problem p = make_problem(2);
  const ndg_instance learner = open_learner("quadratic", p.options);
  const ndg_task_arrays tasks = {.n_tasks = 1, .n_arrays = p.n, .arrays = p.arrays};
  const double none[P] = {0};
  ndg_error e = {0};
  for (int i = 0; i < N; i++) {
    x_learn[i * P + 1] = x_learn[i * P]; /* two equal features, no decay */
  }
  ck_assert_int_eq(
      closed_form(&learner)->meta_gradient(learner.options, &tasks, 0, none, gradient, &e),
      NDG_ENUMERIC);
  ck_assert_ptr_nonnull(strstr(e.text, "not positive definite"));
  ck_assert_int_eq(closed_form(&learner)->optimum(learner.options, &tasks, 0, theta, -1e3, phi, &e),
                   NDG_ENUMERIC);
}
END_TEST

START_TEST(bad_tasks) {
  problem p = make_problem(1);
  const ndg_instance squares = open_learner("quadratic", p.options);
  const ndg_instance ridge = open_learner("quadratic", "form=ridge");
  check_layout_refused(&squares, p.arrays, 4, "no array 'e'; their arrays are: A, b, C, D");
  check_layout_refused(&ridge, p.arrays, 5, "no array 'learn.inputs'");
  p.arrays[4].shape = NDG_VECTOR(N - 1);
  check_layout_refused(&squares, p.arrays, 5, "axis 1 of e has 8 entries, C asks for 9");
  p.arrays[4].shape = NDG_MATRIX(N, 2);
  check_layout_refused(&squares, p.arrays, 5, "e must be a vector, it has 2 axes");
  p = make_problem(1);
  p.arrays[3].role = NDG_SAMPLES;
  check_layout_refused(&squares, p.arrays, 5, "D must be given whole, not as samples");
  p = make_problem(2);
  p.arrays[1].kind = NDG_INDEX;
  check_layout_refused(&ridge, p.arrays, 4, "learn.targets must hold real numbers");
  p = make_problem(2);
  p.arrays[0].shape = NDG_MATRIX(0, P);
  check_layout_refused(&ridge, p.arrays, 4, "axis 1 of learn.inputs is empty");
}
END_TEST

START_TEST(bad_options) {
  const char *kind = NDG_KIND_LEARNER;
  check_refused(kind, "quadratic", "lambda=0; lambda_scale=log", "lambda is 0");
  check_refused(kind, "quadratic", "form=least_squares; lambda_scale=log", "form ridge only");
  check_refused(kind, "quadratic", "form=linear_quadratic; l=0", "l");
  check_refused(kind, "quadratic", "lamda=1", "lambda");
}
END_TEST

START_TEST(groups) {
  const problem p = make_problem(3);
  const ndg_instance learner =
      open_learner("quadratic", "form=ridge; lambda_scale=log; lambda=0.5; deviation=2");
  lay_out(&learner, p.arrays, p.n, &layout);
  ck_assert_str_eq(layout.theta[0].name, "log_lambda");
  ck_assert_double_eq(layout.theta[0].a, log(0.5));
  ck_assert_uint_eq(layout.theta[0].constraint, NDG_UNCONSTRAINED);
  ck_assert_uint_eq(layout.phi[0].init, NDG_INIT_NORMAL);
  ck_assert_double_eq(layout.phi[0].b, 2);
  const ndg_instance raw = open_learner("quadratic", "form=ridge");
  lay_out(&raw, p.arrays, p.n, &layout);
  ck_assert_str_eq(layout.theta[0].name, "lambda");
  ck_assert_uint_eq(layout.theta[0].constraint, NDG_NONNEGATIVE);
  ck_assert_int_eq(layout.phi[0].start_theta, -1);
}
END_TEST

START_TEST(published_instance) {
  double *data[6], exact[10], solution[10], found[10];
  const char *const files[] = {"A", "b", "C", "D", "e", "theta"};
  const uint64_t sizes[] = {10000, 1000, 10000, 10000, 1000, 10};
  const ndg_shape shapes[] = {NDG_MATRIX(1000, 10), NDG_VECTOR(1000), NDG_MATRIX(1000, 10),
                              NDG_MATRIX(1000, 10), NDG_VECTOR(1000)};
  ndg_array arrays[5];
  for (int i = 0; i < 6; i++) {
    char path[64];
    (void)snprintf(path, sizeof path, "least_squares/%s.csv", files[i]);
    data[i] = read_numbers(path, sizes[i]);
    if (!data[i]) {
      return; /* the data are not here */
    }
    if (i < 5) {
      arrays[i] = real_array(files[i], NDG_WHOLE, shapes[i], data[i]);
    }
  }
  ck_assert(read_json_numbers("least_squares/exact.json", "phi_star", solution, 10));
  ck_assert(read_json_numbers("least_squares/exact.json", "meta_gradient", exact, 10));
  const ndg_task_arrays tasks = {.n_tasks = 1, .n_arrays = 5, .arrays = arrays};
  const ndg_instance learner = open_learner("quadratic", "form=least_squares");
  optimum(&learner, &tasks, data[5], 0, found);
  for (int i = 0; i < 10; i++) {
    ck_assert_double_eq_tol(found[i], solution[i], 1e-15);
  }
  meta_gradient(&learner, &tasks, data[5], found);
  for (int i = 0; i < 10; i++) {
    ck_assert_double_eq_tol(found[i], exact[i], 1e-15);
  }
  for (int i = 0; i < 6; i++) {
    ndg_free(data[i]);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("quadratic");
  tcase_add_test(tests, scalar_by_hand);
  tcase_add_loop_test(tests, losses_are_plain_sums, 0, 4);
  tcase_add_loop_test(tests, optimum_is_stationary, 0, 4);
  tcase_add_loop_test(tests, meta_gradient_is_the_slope, 0, 4);
  tcase_add_test(tests, later_task_uses_its_own_data);
  tcase_add_test(tests, no_unique_minimum);
  tcase_add_test(tests, bad_tasks);
  tcase_add_test(tests, bad_options);
  tcase_add_test(tests, groups);
  tcase_add_test(tests, published_instance);
  return run_suite("quadratic", tests);
}
