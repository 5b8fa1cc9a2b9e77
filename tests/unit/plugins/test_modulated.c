/* SPDX-License-Identifier: MIT */
/* The dual-system learner: losses against a network in plain loops, derivatives in phi against
   complex steps, groups, refusals. */
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learner.h"

enum { N_IN = 3, N_ONE = 5, N_TWO = 4, N_OUT = 3, N_LEARN = 8, N_EVAL = 6 };
enum { N_LAYERS = 3, MOST = 512 };

static const int width[N_LAYERS + 1] = {N_IN, N_ONE, N_TWO, N_OUT};
static double x_learn[N_LEARN * N_IN], x_eval[N_EVAL * N_IN];
static double y_learn[N_LEARN * N_OUT], y_eval[N_EVAL * N_OUT];
static const int32_t l_learn[N_LEARN] = {0, 1, 2, 2, 0, 2, 1, 0},
                     l_eval[N_EVAL] = {2, 1, 0, 2, 2, 1};
static double phi[MOST], theta[MOST];
static ndg_layout layout;
static losses at;

static void make_arrays(bool labels, ndg_array *out) {
  fill(1, x_learn, N_LEARN * N_IN);
  fill(2, x_eval, N_EVAL * N_IN);
  fill(3, y_learn, N_LEARN * N_OUT);
  fill(4, y_eval, N_EVAL * N_OUT);
  fill(5, phi, MOST);
  fill(6, theta, MOST);
  out[0] = real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(N_LEARN, N_IN), x_learn);
  out[1] = labels ? index_array("learn.targets", NDG_SAMPLES, N_LEARN, l_learn, N_OUT)
                  : real_array("learn.targets", NDG_SAMPLES, NDG_MATRIX(N_LEARN, N_OUT), y_learn);
  out[2] = real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(N_EVAL, N_IN), x_eval);
  out[3] = labels ? index_array("eval.targets", NDG_SAMPLES, N_EVAL, l_eval, N_OUT)
                  : real_array("eval.targets", NDG_SAMPLES, NDG_MATRIX(N_EVAL, N_OUT), y_eval);
}

/* Position of a group's first number, or -1. */
static int place(const ndg_group *groups, uint32_t n, const char *name) {
  int first = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (strcmp(groups[i].name, name) == 0) {
      return first;
    }
    first += (int)ndg_shape_size(&groups[i].shape);
  }
  return -1;
}

/* Numbers of a group wherever it is; NULL: nowhere. phi may be complex. */
typedef struct numbers {
  const double complex *fast;
  const double *slow;
} numbers;

static numbers find_numbers(const double complex *fast, const char *name) {
  const int i = place(layout.phi, layout.n_phi, name);
  const int j = place(layout.theta, layout.n_theta, name);
  return (numbers){i >= 0 ? fast + i : NULL, i < 0 && j >= 0 ? theta + j : NULL};
}

static double complex number(numbers a, int i, double absent) {
  return a.fast ? a.fast[i] : a.slow ? a.slow[i] : absent;
}

static double complex activate(const char *name, double complex z) {
  switch (name[0]) {
  case 't':
    return ctanh(z);
  case 'r':
    return creal(z) > 0 ? z : 0;
  case 's':
    return name[1] == 'i' ? 1 / (1 + cexp(-z)) : clog(1 + cexp(z));
  default:
    return z;
  }
}

/* Outputs for one sample. */
static void network(const char *activation, const double complex *fast, const double *x,
                    double complex *out) {
  double complex h[8];
  for (int i = 0; i < N_IN; i++) {
    h[i] = x[i];
  }
  for (int k = 0; k < N_LAYERS; k++) {
    static const char *const kinds[] = {"w", "b", "gain", "shift"};
    numbers a[4];
    double complex next[8];
    const bool readout = k + 1 == N_LAYERS;
    for (int i = 0; i < 4; i++) {
      char name[32];
      (void)snprintf(name, sizeof name, readout ? "readout.%s" : "%s%d", kinds[i], k + 1);
      a[i] = find_numbers(fast, name);
    }
    for (int j = 0; j < width[k + 1]; j++) {
      double complex z = number(a[1], j, 0);
      for (int i = 0; i < width[k]; i++) {
        z += h[i] * number(a[0], i * width[k + 1] + j, NAN);
      }
      z = number(a[2], j, 1) * z + number(a[3], j, 0);
      next[j] = readout ? z : activate(activation, z);
    }
    memcpy(h, next, sizeof next);
  }
  memcpy(out, h, N_OUT * sizeof *out);
}

static double complex task_loss(const char *activation, bool labels, bool eval,
                                const double complex *fast) {
  const int n = eval ? N_EVAL : N_LEARN;
  const double *x = eval ? x_eval : x_learn, *y = eval ? y_eval : y_learn;
  const int32_t *label = eval ? l_eval : l_learn;
  double complex sum = 0;
  for (int i = 0; i < n; i++) {
    double complex out[N_OUT], one = 0;
    network(activation, fast, x + i * N_IN, out);
    for (int k = 0; k < N_OUT; k++) {
      const double complex error = out[k] - y[i * N_OUT + k];
      one += labels ? cexp(out[k]) : 0.5 * error * error;
    }
    sum += labels ? clog(one) - out[label[i]] : one;
  }
  return sum / n;
}

/* What a phi group is pulled to. */
static double start_of(const ndg_group *g, int i) {
  char name[64];
  (void)snprintf(name, sizeof name, "initial.%s", g->name);
  const int first = place(layout.theta, layout.n_theta, name);
  return first >= 0 ? theta[first + i] : strncmp(g->name, "gain", 4) == 0;
}

typedef struct pull {
  double factor, fixed;
  const char *lambda; /* "": fixed; "lambda": global; "lambda.": per group */
  bool log, each;
} pull;

static double complex penalty(const pull *p, const double complex *fast) {
  double complex sum = 0;
  for (uint32_t g = 0; g < layout.n_phi; g++) {
    char name[64];
    const int n = (int)ndg_shape_size(&layout.phi[g].shape);
    const bool whole = p->lambda[0] && p->lambda[strlen(p->lambda) - 1] != '.';
    (void)snprintf(name, sizeof name, "%s%s", p->lambda, whole ? "" : layout.phi[g].name);
    const int first = p->lambda[0] ? place(layout.theta, layout.n_theta, name) : 0;
    ck_assert_int_ge(first, 0);
    for (int i = 0; i < n; i++, fast++) {
      const double raw = p->lambda[0] ? theta[first + (p->each ? i : 0)] : p->fixed;
      const double complex distance = *fast - start_of(&layout.phi[g], i);
      sum += p->factor * (p->log ? exp(raw) : raw) * distance * distance;
    }
  }
  return sum;
}

/* Values, and the derivative in every fast parameter by a complex step, which has no truncation
   error: both sides are the same sums over samples and layers, some hundred roundings apart;
   predictions are sums over the layers only. */
static void check_losses(const char *options, const char *activation, bool labels, const pull *p) {
  double complex fast[MOST];
  ndg_array arrays[4];
  make_arrays(labels, arrays);
  const ndg_instance learner = open_learner("modulated_net", options);
  lay_out(&learner, arrays, 4, &layout);
  const int n = (int)count_numbers(layout.phi, layout.n_phi);
  evaluate(&learner, &layout, arrays, 4, phi, theta, &at);
  for (int i = 0; i < n; i++) {
    fast[i] = phi[i];
  }
  const double learn =
      creal(task_loss(activation, labels, false, fast) + (p ? penalty(p, fast) : 0));
  const double eval = creal(task_loss(activation, labels, true, fast));
  ck_assert_double_eq_tol(at.learn / learn, 1, 1e-13);
  ck_assert_double_eq_tol(at.eval / eval, 1, 1e-13);
  ck_assert_int_eq(at.has_accuracy, labels);
  for (int i = 0; i < n; i++) {
    const double h = 1e-30;
    fast[i] = phi[i] + h * I;
    const double complex task = task_loss(activation, labels, false, fast);
    ck_assert_double_eq_tol(at.learn_phi[i], cimag(task + (p ? penalty(p, fast) : 0)) / h, 1e-13);
    ck_assert_double_eq_tol(at.eval_phi[i], cimag(task_loss(activation, labels, true, fast)) / h,
                            1e-13);
    fast[i] = phi[i];
  }
  for (int i = 0; i < N_EVAL; i++) {
    double complex out[N_OUT];
    network(activation, fast, x_eval + i * N_IN, out);
    for (int k = 0; k < N_OUT; k++) {
      ck_assert_double_eq_tol(at.predictions[i * N_OUT + k], creal(out[k]), 1e-14);
    }
  }
}

START_TEST(task_losses) {
  static const char *const activations[] = {"identity", "tanh", "sigmoid", "softplus", "relu"};
  char options[160];
  (void)snprintf(options, sizeof options, "layers=3,5,4,3; activation=%s; loss=%s",
                 activations[_i % 5], _i >= 5 ? "cross_entropy" : "mse");
  check_losses(options, activations[_i % 5], _i >= 5, NULL);
}
END_TEST

START_TEST(what_is_fast) {
  static const char *const fast[] = {
      "gains",          "shifts",          "readout",           "gains, shifts",
      "gains, readout", "shifts, readout", "gains; bias=false", "readout; bias=false"};
  char options[160];
  (void)snprintf(options, sizeof options, "layers=3,5,4,3; fast=%s; meta=%s", fast[_i % 8],
                 _i >= 8 ? "initial" : "");
  check_losses(options, "tanh", false, NULL);
}
END_TEST

START_TEST(pulls) {
  static const struct {
    const char *options;
    pull pull;
  } cases[] = {
      {"lambda=0.3", {0.5, 0.3, "", false, false}},
      {"lambda=0.3; meta=initial; penalty_factor=1", {1, 0.3, "", false, false}},
      {"fast=gains,shifts; lambda=0.3", {0.5, 0.3, "", false, false}},
      {"meta=lambda", {0.5, 0, "lambda", false, false}},
      {"meta=lambda,initial; lambda=1; lambda_scale=log", {0.5, 0, "log_lambda", true, false}},
      {"meta=lambda; lambda_per=group", {0.5, 0, "lambda.", false, false}},
      {"meta=lambda; lambda_per=group; lambda=1; lambda_scale=log",
       {0.5, 0, "log_lambda.", true, false}},
      {"meta=initial,lambda; lambda_per=parameter; fast=readout", {0.5, 0, "lambda.", false, true}},
      {"meta=lambda; lambda_per=parameter; bias=false", {0.5, 0, "lambda.", false, true}}};
  char options[160];
  (void)snprintf(options, sizeof options, "layers=3,5,4,3; %s", cases[_i].options);
  check_losses(options, "tanh", false, &cases[_i].pull);
}
END_TEST

/* With gains 1, shifts 0 and the read-out slow, nothing is left of the modulation. */
START_TEST(at_rest_it_is_the_plain_network) {
  double weights[MOST], at_rest[2 * (N_ONE + N_TWO)];
  ndg_array arrays[4];
  losses plain;
  make_arrays(true, arrays);
  const ndg_instance learner = open_learner(
      "modulated_net", "layers=3,5,4,3; fast=gains,shifts; loss=cross_entropy; lambda=0.7");
  const ndg_instance network_only =
      open_learner("complex_synapse", "layers=3,5,4,3; meta=initial; lambda=0");
  memcpy(weights, theta, sizeof weights);
  for (int i = 0; i < 2 * (N_ONE + N_TWO); i++) {
    const bool gain = i < 2 * N_ONE ? i < N_ONE : i - 2 * N_ONE < N_TWO;
    at_rest[i] = gain;
  }
  lay_out(&network_only, arrays, 4, &layout);
  evaluate(&network_only, &layout, arrays, 4, weights, theta, &plain);
  lay_out(&learner, arrays, 4, &layout);
  evaluate(&learner, &layout, arrays, 4, at_rest, weights, &at);
  ck_assert_double_eq(at.learn, plain.learn);
  ck_assert_double_eq(at.eval, plain.eval);
  ck_assert_double_eq(at.accuracy, plain.accuracy);
  ck_assert_mem_eq(at.predictions, plain.predictions, N_EVAL * N_OUT * sizeof(double));
}
END_TEST

/* Deviations and widths are a quotient and a root: a rounding or two. */
static void check_group(const ndg_group *g, const char *name, uint64_t size, uint32_t init,
                        double a) {
  ck_assert_str_eq(g->name, name);
  ck_assert_uint_eq(ndg_shape_size(&g->shape), size);
  ck_assert_uint_eq(g->init, init);
  ck_assert_double_eq_tol(g->a, a, 1e-15);
}

START_TEST(groups) {
  ndg_array arrays[4];
  make_arrays(false, arrays);
  const ndg_instance learner = open_learner(
      "modulated_net", "layers=3,5,4,3; meta=lambda; lambda=0.25; lambda_per=group; init_scale=2");
  lay_out(&learner, arrays, 4, &layout);
  static const char *const fast[] = {"gain1",  "shift1",    "gain2",
                                     "shift2", "readout.w", "readout.b"};
  static const uint64_t sizes[] = {5, 5, 4, 4, 12, 3};
  ck_assert_uint_eq(layout.n_phi, 6);
  ck_assert_uint_eq(layout.n_theta, 4 + 6 + 1);
  for (uint32_t i = 0; i < 6; i++) {
    char name[64];
    const uint32_t drawn = i == 4 ? NDG_INIT_TRUNCATED_NORMAL : NDG_INIT_CONSTANT;
    check_group(&layout.phi[i], fast[i], sizes[i], drawn, i == 0 || i == 2);
    (void)snprintf(name, sizeof name, "lambda.%s", fast[i]);
    check_group(&layout.theta[4 + i], name, 1, NDG_INIT_CONSTANT, 0.25);
    ck_assert_uint_eq(layout.theta[4 + i].constraint, NDG_NONNEGATIVE);
    ck_assert_uint_eq(layout.theta[4 + i].held, 0);
    ck_assert_int_eq(layout.phi[i].start_theta, i == 4 ? 10 : -1);
  }
  check_group(&layout.theta[0], "w1", 15, NDG_INIT_UNIFORM, -2);
  ck_assert_double_eq_tol(layout.theta[0].b, 2, 1e-15);
  check_group(&layout.theta[1], "b1", 5, NDG_INIT_CONSTANT, 0);
  check_group(&layout.theta[2], "w2", 20, NDG_INIT_UNIFORM, -2 * sqrt(3.0 / 5));
  check_group(&layout.theta[10], "initial.readout.w", 12, NDG_INIT_TRUNCATED_NORMAL, 0);
  ck_assert_double_eq_tol(layout.theta[10].b, 0.5, 1e-15);
  ck_assert_uint_eq(layout.theta[10].held, 1);
}
END_TEST

/* Both learners: hidden biases within ±bias_scale/√fan-in, those of the last layer at 0. */
START_TEST(drawn_biases) {
  ndg_array arrays[4];
  make_arrays(false, arrays);
  const ndg_instance dual =
      open_learner("modulated_net", "layers=3,5,4,3; bias_scale=2; fast=gains");
  lay_out(&dual, arrays, 4, &layout);
  check_group(&layout.theta[1], "b1", 5, NDG_INIT_UNIFORM, -2 / sqrt(3));
  check_group(&layout.theta[3], "b2", 4, NDG_INIT_UNIFORM, -2 / sqrt(5));
  ck_assert_double_eq_tol(layout.theta[3].b, 2 / sqrt(5), 1e-15);
  check_group(&layout.theta[5], "readout.b", 3, NDG_INIT_CONSTANT, 0);
  const ndg_instance synapses = open_learner(
      "complex_synapse", "layers=3,5,4,3; bias_scale=2; meta=omega; start_at_omega=true; loss=mse");
  lay_out(&synapses, arrays, 4, &layout);
  check_group(&layout.theta[1], "omega.b1", 5, NDG_INIT_UNIFORM, -2 / sqrt(3));
  check_group(&layout.theta[5], "omega.b3", 3, NDG_INIT_CONSTANT, 0);
}
END_TEST

START_TEST(learned_starts) {
  ndg_array arrays[4];
  make_arrays(false, arrays);
  const ndg_instance learner =
      open_learner("modulated_net", "layers=3,5,4,3; meta=initial; readout_init=normal");
  lay_out(&learner, arrays, 4, &layout);
  ck_assert_uint_eq(layout.n_theta, 4 + 6);
  for (uint32_t i = 0; i < 6; i++) {
    const ndg_group *start = &layout.theta[4 + i];
    ck_assert_int_eq(layout.phi[i].start_theta, (int32_t)(4 + i));
    ck_assert_str_eq(start->name + strlen("initial."), layout.phi[i].name);
    ck_assert_uint_eq(start->init, i == 4 ? NDG_INIT_NORMAL : NDG_INIT_CONSTANT);
    ck_assert_double_eq(start->a, i == 0 || i == 2);
    ck_assert_uint_eq(start->held, 0);
  }
  const ndg_instance slow = open_learner("modulated_net", "layers=3,5,4,3; fast=gains");
  lay_out(&slow, arrays, 4, &layout);
  ck_assert_uint_eq(layout.n_theta, 6);
  check_group(&layout.theta[4], "readout.w", 12, NDG_INIT_TRUNCATED_NORMAL, 0);
  check_group(&layout.theta[5], "readout.b", 3, NDG_INIT_CONSTANT, 0);
}
END_TEST

START_TEST(bad_options) {
  static const char *const cases[][2] = {
      {"", "layers"},
      {"layers=4", "layers has 1 entry; it takes 3"},
      {"layers=4,2", "layers has 2 entries; it takes 3"},
      {"layers=1,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2", "entries; it takes 3"},
      {"layers=4,5,2; fast=gain", "fast names 'gain'; it takes gains, shifts, readout"},
      {"layers=4,5,2; fast=", "fast is empty"},
      {"layers=4,5,2; fast=gains,gains", "fast names gains twice"},
      {"layers=4,5,2; meta=omega", "meta names 'omega'; it takes lambda, initial"},
      {"layers=4,5,2; meta=lambda; lambda_scale=log", "lambda is 0 and lambda_scale is log"},
      {"layers=4,5,2; lambda=-1", "lambda"},
      {"layers=4,5,2; init=gauss", "uniform"},
      {"layers=4,5,2; penalty_factor=0", "penalty_factor"}};
  check_refused(NDG_KIND_LEARNER, "modulated_net", cases[_i][0], cases[_i][1]);
}
END_TEST

START_TEST(bad_tasks) {
  ndg_array arrays[4];
  make_arrays(true, arrays);
  const ndg_instance wide = open_learner("modulated_net", "layers=7,5,3; loss=cross_entropy");
  const ndg_instance regression = open_learner("modulated_net", "layers=3,5,3");
  check_layout_refused(&wide, arrays, 4, "layers begin with 7, learn.inputs have 3 columns");
  check_layout_refused(&regression, arrays, 4, "loss mse needs real targets");
  make_arrays(false, arrays);
  check_layout_refused(&regression, arrays, 3, "no array 'eval.targets'");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("modulated_net");
  tcase_add_loop_test(tests, task_losses, 0, 10);
  tcase_add_loop_test(tests, what_is_fast, 0, 16);
  tcase_add_loop_test(tests, pulls, 0, 9);
  tcase_add_test(tests, at_rest_it_is_the_plain_network);
  tcase_add_test(tests, groups);
  tcase_add_test(tests, drawn_biases);
  tcase_add_test(tests, learned_starts);
  tcase_add_loop_test(tests, bad_options, 0, 12);
  tcase_add_test(tests, bad_tasks);
  return run_suite("modulated_net", tests);
}
