/* SPDX-License-Identifier: MIT */
/* The complex-synapse learner: losses against a network in plain loops, groups, refusals. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learner.h"

enum { N_IN = 3, N_HIDDEN = 5, N_OUT = 4, N_LEARN = 8, N_EVAL = 6 };
enum { P = N_IN * N_HIDDEN + N_HIDDEN + N_HIDDEN * N_OUT + N_OUT };

static double x_learn[N_LEARN * N_IN], x_eval[N_EVAL * N_IN];
static double y_learn[N_LEARN * N_OUT], y_eval[N_EVAL * N_OUT];
static const int32_t l_learn[N_LEARN] = {0, 1, 2, 3, 3, 2, 1, 0},
                     l_eval[N_EVAL] = {3, 1, 0, 2, 2, 1};
static double phi[P], theta[3 * P];
static ndg_layout layout;
static losses at;

static void draw(void) {
  fill(1, x_learn, N_LEARN * N_IN);
  fill(2, x_eval, N_EVAL * N_IN);
  fill(3, y_learn, N_LEARN * N_OUT);
  fill(4, y_eval, N_EVAL * N_OUT);
  fill(5, phi, P);
  fill(6, theta, 3 * P);
}

static void make_arrays(bool labels, ndg_array *out) {
  draw();
  out[0] = real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(N_LEARN, N_IN), x_learn);
  out[1] = labels ? index_array("learn.targets", NDG_SAMPLES, N_LEARN, l_learn, N_OUT)
                  : real_array("learn.targets", NDG_SAMPLES, NDG_MATRIX(N_LEARN, N_OUT), y_learn);
  out[2] = real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(N_EVAL, N_IN), x_eval);
  out[3] = labels ? index_array("eval.targets", NDG_SAMPLES, N_EVAL, l_eval, N_OUT)
                  : real_array("eval.targets", NDG_SAMPLES, NDG_MATRIX(N_EVAL, N_OUT), y_eval);
}

static double activate(const char *name, double z) {
  switch (name[0]) {
  case 't':
    return tanh(z);
  case 'r':
    return z > 0 ? z : 0;
  case 's':
    return name[1] == 'i' ? 1 / (1 + exp(-z)) : log1p(exp(z));
  default:
    return z;
  }
}

/* Outputs of the network for one sample; parameters in the order w1, b1, w2, b2. */
static void network(const char *activation, const double *x, double *out) {
  const double *w1 = phi, *b1 = w1 + N_IN * N_HIDDEN, *w2 = b1 + N_HIDDEN;
  const double *b2 = w2 + N_HIDDEN * N_OUT;
  double hidden[N_HIDDEN];
  for (int j = 0; j < N_HIDDEN; j++) {
    double z = b1[j];
    for (int i = 0; i < N_IN; i++) {
      z += x[i] * w1[i * N_HIDDEN + j];
    }
    hidden[j] = activate(activation, z);
  }
  for (int k = 0; k < N_OUT; k++) {
    out[k] = b2[k];
    for (int j = 0; j < N_HIDDEN; j++) {
      out[k] += hidden[j] * w2[j * N_OUT + k];
    }
  }
}

static double sample_loss(const double *out, const double *y, const int32_t *label) {
  double sum = 0;
  for (int k = 0; k < N_OUT; k++) {
    sum += label ? exp(out[k]) : 0.5 * (out[k] - y[k]) * (out[k] - y[k]);
  }
  return label ? log(sum) - out[*label] : sum;
}

static double task_loss(const char *activation, bool labels, bool eval, int n) {
  double sum = 0, out[N_OUT];
  for (int i = 0; i < n; i++) {
    network(activation, (eval ? x_eval : x_learn) + i * N_IN, out);
    sum += sample_loss(out, (eval ? y_eval : y_learn) + i * N_OUT,
                       labels ? (eval ? l_eval : l_learn) + i : NULL);
  }
  return sum / n;
}

START_TEST(task_losses) {
  static const char *const activations[] = {"identity", "tanh", "sigmoid", "softplus", "relu"};
  const char *activation = activations[_i % 5];
  const bool labels = _i >= 5;
  char options[160];
  ndg_array arrays[4];
  make_arrays(labels, arrays);
  (void)snprintf(options, sizeof options,
                 "layers=3,5,4; activation=%s; loss=%s; meta=initial; lambda=0", activation,
                 labels ? "cross_entropy" : "mse");
  const ndg_instance learner = open_learner("complex_synapse", options);
  lay_out(&learner, arrays, 4, &layout);
  evaluate(&learner, &layout, arrays, 4, phi, theta, &at);
  ck_assert_double_eq_tol(at.learn / task_loss(activation, labels, false, N_LEARN), 1, 1e-14);
  ck_assert_double_eq_tol(at.eval / task_loss(activation, labels, true, N_EVAL), 1, 1e-14);
  ck_assert_int_eq(at.has_accuracy, labels);
  for (int i = 0; i < N_EVAL; i++) {
    double out[N_OUT];
    network(activation, x_eval + i * N_IN, out);
    for (int k = 0; k < N_OUT; k++) {
      ck_assert_double_eq_tol(at.predictions[i * N_OUT + k], out[k], 1e-14);
    }
  }
}
END_TEST

START_TEST(minibatches_are_means_of_their_rows) {
  ndg_array arrays[4];
  make_arrays(true, arrays);
  const ndg_instance learner =
      open_learner("complex_synapse", "layers=3,5,4; meta=initial; lambda=0");
  lay_out(&learner, arrays, 4, &layout);
  arrays[0].shape.dim[0] = arrays[1].shape.dim[0] = 3;
  evaluate(&learner, &layout, arrays, 4, phi, theta, &at);
  ck_assert_double_eq_tol(at.learn / task_loss("tanh", true, false, 3), 1, 1e-14);
}
END_TEST

static bool is_bias(int i) {
  const int after_w1 = i - N_IN * N_HIDDEN;
  return i >= P - N_OUT || (after_w1 >= 0 && after_w1 < N_HIDDEN);
}

static int layer_of(int i) {
  return i < N_IN * N_HIDDEN + N_HIDDEN ? 0 : 1;
}

START_TEST(penalties) {
  static const struct {
    const char *options;
    double factor, fixed;
    int per; /* 0: fixed lambda, 1: global, 2: layer, 3: synapse */
    bool log, omega, biases;
    uint64_t n_theta;
  } cases[] = {
      {"meta=lambda", 0.5, 0, 3, false, false, true, P},
      {"meta=lambda; lambda_scale=log; penalty_factor=1", 1, 0, 3, true, false, true, P},
      {"meta=lambda; lambda_per=global", 0.5, 0, 1, false, false, true, 1},
      {"meta=lambda; lambda_per=layer; lambda_scale=log", 0.5, 0, 2, true, false, true, 2},
      {"meta=omega; lambda=0.3", 0.5, 0.3, 0, false, true, true, P},
      {"meta=omega,lambda", 0.5, 0, 3, false, true, true, 2 * P},
      {"meta=lambda, omega; penalise_biases=false", 0.5, 0, 3, false, true, false,
       2 * (P - N_HIDDEN - N_OUT)},
      {"meta=initial; lambda=0.2", 0.5, 0.2, 0, false, false, true, P},
      {"meta=lambda; lambda_per=layer; penalise_biases=false", 0.5, 0, 2, false, false, false, 2}};
  char options[160];
  ndg_array arrays[4];
  make_arrays(true, arrays);
  (void)snprintf(options, sizeof options, "layers=3,5,4; %s", cases[_i].options);
  const ndg_instance learner = open_learner("complex_synapse", options);
  lay_out(&learner, arrays, 4, &layout);
  ck_assert_uint_eq(count_numbers(layout.phi, layout.n_phi), P);
  ck_assert_uint_eq(count_numbers(layout.theta, layout.n_theta), cases[_i].n_theta);
  evaluate(&learner, &layout, arrays, 4, phi, theta, &at);
  /* theta: strengths first, then omega, both skipping what is not penalised. */
  const int n_lambda = (int)cases[_i].n_theta / (cases[_i].per == 3 && cases[_i].omega ? 2 : 1);
  const double *omega = cases[_i].per == 0 ? theta : theta + n_lambda;
  double sum = 0;
  for (int i = 0, j = 0; i < P; i++) {
    if (!cases[_i].biases && is_bias(i)) {
      continue;
    }
    const int which = cases[_i].per == 3 ? j : cases[_i].per == 2 ? layer_of(i) : 0;
    const double lambda = cases[_i].per == 0 ? cases[_i].fixed
                          : cases[_i].log    ? exp(theta[which])
                                             : theta[which];
    const double distance = phi[i] - (cases[_i].omega ? omega[j] : 0);
    sum += cases[_i].factor * lambda * distance * distance;
    j++;
  }
  ck_assert_double_eq_tol(at.learn - task_loss("tanh", true, false, N_LEARN), sum, 1e-13);
  ck_assert_double_eq_tol(at.eval, task_loss("tanh", true, true, N_EVAL), 1e-14);
}
END_TEST

/* One linear layer with the identity as weights: outputs are the inputs. */
static double accuracy_of(const double *outputs, const int32_t *labels, uint64_t n,
                          uint64_t n_out) {
  char options[80];
  double identity[64] = {0};
  const ndg_array arrays[] = {
      real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(n, n_out), outputs),
      index_array("learn.targets", NDG_SAMPLES, n, labels, n_out),
      real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(n, n_out), outputs),
      index_array("eval.targets", NDG_SAMPLES, n, labels, n_out)};
  for (uint64_t i = 0; i < n_out; i++) {
    identity[i * n_out + i] = 1;
  }
  (void)snprintf(options, sizeof options, "layers=%d,%d; bias=false", (int)n_out, (int)n_out);
  const ndg_instance learner = open_learner("complex_synapse", options);
  lay_out(&learner, arrays, 4, &layout);
  evaluate(&learner, &layout, arrays, 4, identity, theta, &at);
  return at.accuracy;
}

START_TEST(accuracy_counts_strict_winners) {
  const double outputs[] = {1, 5, 2, -1, 0,  /* right */
                            3, 3, 0, 0,  0,  /* a tie is wrong */
                            0, 1, 2, 3,  4,  /* right, last column */
                            9, 8, 7, 6,  5}; /* wrong */
  const int32_t labels[] = {1, 0, 4, 2};
  draw();
  ck_assert_double_eq(accuracy_of(outputs, labels, 4, 5), 0.5);
  const double undefined[] = {NAN, NAN, NAN, NAN};
  ck_assert_double_eq(accuracy_of(undefined, labels, 2, 2), 0);
}
END_TEST

START_TEST(group_names_and_values) {
  ndg_array arrays[4];
  make_arrays(true, arrays);
  const ndg_instance learner =
      open_learner("complex_synapse",
                   "layers=3,5,4; meta=lambda,omega,initial; lambda=0.25; gain=2; init=uniform");
  static const char *const names[] = {"lambda.w1",  "lambda.b1",  "lambda.w2",  "lambda.b2",
                                      "omega.w1",   "omega.b1",   "omega.w2",   "omega.b2",
                                      "initial.w1", "initial.b1", "initial.w2", "initial.b2"};
  lay_out(&learner, arrays, 4, &layout);
  ck_assert_uint_eq(layout.n_phi, 4);
  ck_assert_uint_eq(layout.n_theta, 12);
  for (uint32_t i = 0; i < 12; i++) {
    ck_assert_str_eq(layout.theta[i].name, names[i]);
    ck_assert_uint_eq(layout.theta[i].constraint, i < 4 ? NDG_NONNEGATIVE : NDG_UNCONSTRAINED);
    ck_assert_uint_eq(ndg_shape_size(&layout.theta[i].shape),
                      ndg_shape_size(&layout.phi[i % 4].shape));
  }
  ck_assert_double_eq(layout.theta[0].a, 0.25);
  ck_assert_str_eq(layout.phi[0].name, "w1");
  ck_assert_int_eq(layout.phi[0].start_theta, 8);
  ck_assert_uint_eq(layout.theta[8].init, NDG_INIT_UNIFORM);
  ck_assert_double_eq_tol(layout.theta[8].b, 2 / sqrt(3), 1e-15);
  ck_assert_uint_eq(layout.theta[9].init, NDG_INIT_CONSTANT);
  ck_assert_double_eq(layout.theta[9].a, 0);
}
END_TEST

START_TEST(start_at_omega) {
  ndg_array arrays[4];
  make_arrays(true, arrays);
  const ndg_instance learner =
      open_learner("complex_synapse", "layers=3,5,4; meta=omega; start_at_omega=true");
  lay_out(&learner, arrays, 4, &layout);
  ck_assert_uint_eq(layout.n_theta, 4);
  for (uint32_t i = 0; i < 4; i++) {
    ck_assert_int_eq(layout.phi[i].start_theta, (int32_t)i);
  }
  ck_assert_uint_eq(layout.theta[0].init, NDG_INIT_NORMAL);
  ck_assert_double_eq_tol(layout.theta[0].b, 1 / sqrt(3), 1e-15);
}
END_TEST

START_TEST(deep_networks) {
  ndg_array arrays[4];
  make_arrays(true, arrays);
  const ndg_instance deep =
      open_learner("complex_synapse",
                   "layers=3,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,4; meta=lambda,omega,initial");
  lay_out(&deep, arrays, 4, &layout);
  ck_assert_uint_eq(layout.n_theta, 3 * 2 * 21);
  check_refused(NDG_KIND_LEARNER, "complex_synapse",
                "layers=3,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,4",
                "layers has 23 entries; at most 22");
}
END_TEST

START_TEST(bad_options) {
  static const char *const cases[][2] = {
      {"", "layers"},
      {"layers=4", "layers has 1 entry"},
      {"layers=4,0", "layers"},
      {"layers=4,2; meta=lamda", "meta names 'lamda'; it takes lambda, omega, initial"},
      {"layers=4,2; meta=", "meta is empty"},
      {"layers=4,2; meta=omega,omega", "meta names omega twice"},
      {"layers=4,2; meta=omega; lambda=0", "omega has no effect"},
      {"layers=4,2; lambda=0; lambda_scale=log", "lambda is 0"},
      {"layers=4,2; lambda=-1", "lambda"},
      {"layers=4,2; start_at_omega=true", "start_at_omega needs omega among meta"},
      {"layers=4,2; meta=omega,initial; start_at_omega=true", "contradict"},
      {"layers=4,2; meta=omega; start_at_omega=true; penalise_biases=false", "penalise_biases"},
      {"layers=4,2; activation=tan", "tanh"},
      {"layers=4,2; penalty_factor=0", "penalty_factor"}};
  check_refused(NDG_KIND_LEARNER, "complex_synapse", cases[_i][0], cases[_i][1]);
}
END_TEST

START_TEST(bad_tasks) {
  ndg_array arrays[4];
  make_arrays(true, arrays);
  const ndg_instance learner = open_learner("complex_synapse", "layers=3,5,4");
  const ndg_instance wide = open_learner("complex_synapse", "layers=784,5,4");
  const ndg_instance narrow = open_learner("complex_synapse", "layers=3,5,2");
  const ndg_instance regression = open_learner("complex_synapse", "layers=3,5,4; loss=mse");
  check_layout_refused(&wide, arrays, 4, "layers begin with 784, learn.inputs have 3 columns");
  check_layout_refused(&narrow, arrays, 4, "learn.targets have 4 classes, layers end with 2");
  check_layout_refused(&regression, arrays, 4, "loss mse needs real targets");
  check_layout_refused(&learner, arrays, 3,
                       "no array 'eval.targets'; their arrays are: learn.inputs, learn.targets, "
                       "eval.inputs");
  arrays[3].shape.dim[0] = N_EVAL - 1;
  check_layout_refused(&learner, arrays, 4, "eval.inputs has 6 samples, eval.targets has 5");
  make_arrays(false, arrays);
  check_layout_refused(&learner, arrays, 4, "loss cross_entropy needs one index per sample");
  arrays[1].shape.dim[1] = 2;
  check_layout_refused(&regression, arrays, 4, "layers end with 4, learn.targets have 2 columns");
  arrays[0].role = NDG_WHOLE;
  check_layout_refused(&regression, arrays, 4, "not marked as samples");
  arrays[0] = real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(0, N_IN), x_learn);
  check_layout_refused(&regression, arrays, 4, "learn.inputs has no samples");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("complex_synapse");
  tcase_add_loop_test(tests, task_losses, 0, 10);
  tcase_add_test(tests, minibatches_are_means_of_their_rows);
  tcase_add_loop_test(tests, penalties, 0, 9);
  tcase_add_test(tests, accuracy_counts_strict_winners);
  tcase_add_test(tests, group_names_and_values);
  tcase_add_test(tests, start_at_omega);
  tcase_add_test(tests, deep_networks);
  tcase_add_loop_test(tests, bad_options, 0, 14);
  tcase_add_test(tests, bad_tasks);
  return run_suite("complex_synapse", tests);
}
