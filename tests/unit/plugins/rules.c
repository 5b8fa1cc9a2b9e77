/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <math.h>
#include <string.h>

#include "engine/analysis.h"

ndg_inner newton_inner(void) {
  return (ndg_inner){.optimizer = {.kind = NDG_NEWTON}, .steps = 50};
}

ndg_inner descent(double lr, uint64_t steps) {
  return (ndg_inner){.optimizer = {.kind = NDG_GRADIENT_DESCENT, .lr = lr}, .steps = steps};
}

ndg_inner heavy_ball(double lr, double momentum, uint64_t steps) {
  return (ndg_inner){.optimizer = {.kind = NDG_HEAVY_BALL, .lr = lr, .momentum = momentum},
                     .steps = steps};
}

ndg_inner small_inner(uint32_t kind, uint64_t steps) {
  return (ndg_inner){.optimizer = {.kind = kind,
                                   .lr = kind == NDG_ADAM ? 0.03 : 0.15,
                                   .momentum = kind == NDG_GRADIENT_DESCENT ? 0 : 0.8,
                                   .beta2 = kind == NDG_ADAM ? 0.95 : 0,
                                   .epsilon = kind == NDG_ADAM ? 1e-4 : 0},
                     .steps = steps};
}

static ndg_problem *open_on(ndg_pool *pool, const char *learner, const char *options,
                            const ndg_array *arrays, uint64_t n_arrays, uint64_t n_tasks,
                            ndg_inner inner) {
  const ndg_task_arrays tasks = {.n_tasks = n_tasks, .n_arrays = n_arrays, .arrays = arrays};
  const ndg_problem_spec spec = {.learner = open_learner(learner, options),
                                 .tasks = &tasks,
                                 .inner = inner,
                                 .dtype = NDG_F64,
                                 .seed = 7,
                                 .pool = pool};
  ndg_problem *problem = NULL;
  ndg_error e = {0};
  const ndg_status st = ndg_problem_open(&spec, &problem, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  return problem;
}

static ndg_problem *open_problem(const char *learner, const char *options, const ndg_array *arrays,
                                 uint64_t n_arrays, uint64_t n_tasks, ndg_inner inner) {
  return open_on(NULL, learner, options, arrays, n_arrays, n_tasks, inner);
}

/* The scalar problem with the evaluation loss at its minimum `distance` below phi*_0. */
static ndg_problem *open_scalar_at(ndg_inner inner, double h0, double distance) {
  const double a = 0.7, m = 0.8, theta = -0.4;
  const double c = (h0 * a + 0.5 * theta) / (h0 + 0.5) - distance;
  const ndg_array arrays[] = {real_array("H0", NDG_WHOLE, NDG_MATRIX(1, 1), &h0),
                              real_array("a", NDG_WHOLE, NDG_VECTOR(1), &a),
                              real_array("M", NDG_WHOLE, NDG_MATRIX(1, 1), &m),
                              real_array("c", NDG_WHOLE, NDG_VECTOR(1), &c)};
  return open_problem("quadratic", "form=linear_quadratic; l=0.5; theta=-0.4", arrays, 4, 1, inner);
}

ndg_problem *open_scalar(ndg_inner inner) {
  return open_scalar_at(inner, 1.3, 1);
}

ndg_problem *open_zero_gradient(ndg_inner inner) {
  return open_scalar_at(inner, 1.3, 0);
}

ndg_problem *open_maximum(ndg_inner inner) {
  return open_scalar_at(inner, -1, 1);
}

/* n symmetric matrices with eigenvalues of at least `least`. */
static void positive(uint64_t seed, double least, uint64_t n, double *out) {
  double root[LQ_P * LQ_P];
  for (uint64_t t = 0; t < n; t++, out += LQ_P * LQ_P) {
    fill(seed + t, root, LQ_P * LQ_P);
    for (int i = 0; i < LQ_P * LQ_P; i++) {
      out[i] = i / LQ_P == i % LQ_P ? least : 0;
      for (int k = 0; k < LQ_P; k++) {
        out[i] += root[i / LQ_P * LQ_P + k] * root[i % LQ_P * LQ_P + k];
      }
    }
  }
}

static ndg_problem *open_quadratic_with(ndg_inner inner, const char *options) {
  static double h0[LQ_TASKS * LQ_P * LQ_P], m[LQ_TASKS * LQ_P * LQ_P];
  static double a[LQ_TASKS * LQ_P], c[LQ_TASKS * LQ_P];
  positive(11, 0.5, LQ_TASKS, h0);
  positive(21, 0.1, LQ_TASKS, m);
  fill(31, a, LQ_TASKS * LQ_P);
  fill(32, c, LQ_TASKS * LQ_P);
  const ndg_array arrays[] = {real_array("H0", NDG_WHOLE, NDG_MATRIX(LQ_P, LQ_P), h0),
                              real_array("a", NDG_WHOLE, NDG_VECTOR(LQ_P), a),
                              real_array("M", NDG_WHOLE, NDG_MATRIX(LQ_P, LQ_P), m),
                              real_array("c", NDG_WHOLE, NDG_VECTOR(LQ_P), c)};
  return open_problem("quadratic", options, arrays, 4, LQ_TASKS, inner);
}

ndg_problem *open_linear_quadratic(ndg_inner inner) {
  return open_quadratic_with(inner, "form=linear_quadratic; l=0.7; theta=0.3");
}

ndg_problem *open_quadratic_start(ndg_inner inner) {
  return open_quadratic_with(inner, "form=linear_quadratic; l=0.7; theta=0.3; start_at_theta=true");
}

ndg_problem *open_networks(ndg_inner inner, const char *options, uint64_t batch_size,
                           uint64_t first, uint64_t n_tasks, ndg_pool *pool) {
  enum { N = 24, D = 3, CLASSES = 3 };
  static double inputs[2][MOST_NETWORKS * N * D];
  static int32_t labels[2][MOST_NETWORKS * N];
  char all[300];
  for (uint64_t row = 0; row < 2 * n_tasks; row++) {
    const uint64_t part = row % 2, task = row / 2;
    double *x = inputs[part] + task * N * D;
    fill(41 + part + 2 * (first + task), x, N * D);
    for (int i = 0; i < N; i++, x += D) {
      labels[part][task * N + (uint64_t)i] = x[0] + x[1] > 0.3 ? 0 : x[2] > 0 ? 1 : 2;
    }
  }
  const ndg_array arrays[] = {real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(N, D), inputs[0]),
                              index_array("learn.targets", NDG_SAMPLES, N, labels[0], CLASSES),
                              real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(N, D), inputs[1]),
                              index_array("eval.targets", NDG_SAMPLES, N, labels[1], CLASSES)};
  (void)snprintf(all, sizeof all, "layers=3,4,3; lambda=0.1; lambda_scale=log; %s", options);
  inner.batch_size = batch_size;
  return open_on(pool, "complex_synapse", all, arrays, 4, n_tasks, inner);
}

ndg_problem *open_network(ndg_inner inner, const char *options, uint64_t batch_size) {
  return open_networks(inner, options, batch_size, 0, 1, NULL);
}

ndg_problem *open_sinusoids(ndg_inner inner, const char *learner, const char *options,
                            const uint64_t *which, uint64_t n_tasks) {
  enum { SHOTS = 8, MOST = 6 };
  double inputs[2][MOST * SHOTS], targets[2][MOST * SHOTS];
  char all[240];
  ck_assert_uint_le(n_tasks, MOST);
  for (int part = 0; part < 2; part++) {
    for (uint64_t t = 0; t < n_tasks; t++) {
      double *x = inputs[part] + t * SHOTS, *y = targets[part] + t * SHOTS;
      fill(2 * which[t] + (uint64_t)part, x, SHOTS);
      for (int i = 0; i < SHOTS; i++) {
        x[i] *= 3;
        y[i] = (0.5 + 0.3 * (double)which[t]) * sin(x[i] + 0.7 * (double)which[t]);
      }
    }
  }
  const ndg_shape shape = NDG_MATRIX(SHOTS, 1);
  const ndg_array arrays[] = {real_array("learn.inputs", NDG_SAMPLES, shape, inputs[0]),
                              real_array("learn.targets", NDG_SAMPLES, shape, targets[0]),
                              real_array("eval.inputs", NDG_SAMPLES, shape, inputs[1]),
                              real_array("eval.targets", NDG_SAMPLES, shape, targets[1])};
  (void)snprintf(all, sizeof all, "layers=1,4,3,1; loss=mse; %s", options);
  return open_problem(learner, all, arrays, 4, n_tasks, inner);
}

ndg_problem *open_direct(ndg_inner inner, uint64_t n_tasks) {
  static const double unused[8] = {0};
  const ndg_array array = real_array("unused", NDG_WHOLE, NDG_SCALAR, unused);
  return open_problem("test.direct_theta", "", &array, 1, n_tasks, inner);
}

ndg_problem *open_least_squares(ndg_inner inner, double *exact) {
  static const char *const names[] = {"A", "b", "C", "D", "e"};
  ndg_array arrays[5];
  double *data[6] = {NULL};
  ndg_problem *problem = NULL;
  bool there = true;
  for (int i = 0; i < 6; i++) {
    char path[64];
    const bool matrix = i == 0 || i == 2 || i == 3;
    (void)snprintf(path, sizeof path, "least_squares/%s.csv", i < 5 ? names[i] : "theta");
    data[i] = read_numbers(path, matrix ? 10000 : i < 5 ? 1000 : 10);
    there = there && data[i];
    if (i < 5) {
      const ndg_shape shape = matrix ? NDG_MATRIX(1000, LS_P) : NDG_VECTOR(1000);
      arrays[i] = real_array(names[i], NDG_WHOLE, shape, data[i]);
    }
  }
  if (there && read_json_numbers("least_squares/exact.json", "meta_gradient", exact, LS_P)) {
    ndg_error e = {0};
    problem = open_problem("quadratic", "form=least_squares", arrays, 5, 1, inner);
    ck_assert_msg(ndg_problem_set_theta(problem, data[5], &e) == NDG_OK, "%s", e.text);
  }
  for (int i = 0; i < 6; i++) {
    ndg_free(data[i]);
  }
  return problem;
}

uint64_t count_theta(const ndg_problem *problem) {
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(problem, &info);
  ck_assert_uint_le(info.n_theta, MOST_THETA);
  return info.n_theta;
}

void closed_form_gradient(const ndg_problem *problem, double *gradient) {
  double theta[MOST_THETA], one[MOST_THETA];
  const ndg_instance *learner = ndg_problem_learner(problem);
  const ndg_task_arrays *tasks = ndg_problem_tasks(problem);
  const ndg_closed_form *form = learner->loaded->ops.learner.extension(NDG_CAP_CLOSED_FORM);
  const uint64_t n = count_theta(problem);
  ndg_error e = {0};
  ndg_problem_get_theta(problem, theta);
  memset(gradient, 0, n * sizeof *gradient);
  for (uint64_t t = 0; t < tasks->n_tasks; t++) {
    const ndg_status st = form->meta_gradient(learner->options, tasks, t, theta, one, &e);
    ck_assert_msg(st == NDG_OK, "%s", e.text);
    for (uint64_t i = 0; i < n; i++) {
      gradient[i] += one[i] / (double)tasks->n_tasks;
    }
  }
}

ndg_record estimate(ndg_problem *problem, const char *id, const char *options, double *gradient) {
  const ndg_instance rule = open_rule(id, options);
  ndg_record record;
  ndg_error e = {0};
  (void)count_theta(problem);
  const ndg_status st = ndg_problem_estimate(problem, &rule, false, gradient, &record, &e);
  ck_assert_msg(st >= 0, "%s {%s}: %s", id, options, e.text);
  ck_assert_int_eq(st, record.status);
  return record;
}

double error_of(ndg_problem *problem, const char *id, const char *options, const double *exact) {
  double gradient[MOST_THETA];
  (void)estimate(problem, id, options, gradient);
  return ndg_compare(gradient, exact, count_theta(problem)).relative_error;
}

void check_estimate_refused(ndg_problem *problem, const char *id, const char *options,
                            const char *expected) {
  const ndg_instance rule = open_rule(id, options);
  double gradient[MOST_THETA];
  ndg_record record;
  ndg_error e = {0};
  const ndg_status st = ndg_problem_estimate(problem, &rule, false, gradient, &record, &e);
  ck_assert_msg(st < 0, "%s {%s}: status %d", id, options, st);
  ck_assert_msg(strstr(e.text, expected) != NULL, "'%s' lacks '%s'", e.text, expected);
}

void check_memory(ndg_problem *problem, const char *id, const char *options) {
  const ndg_instance rule = open_rule(id, options);
  double expected[MOST_THETA], gradient[MOST_THETA];
  const uint64_t n_theta = count_theta(problem);
  ndg_record record;
  ndg_error e = {0};
  ck_assert_int_eq(ndg_problem_estimate(problem, &rule, false, expected, &record, &e), NDG_OK);
  for (uint64_t n = 0;; n++) {
    ndg_problem_forget_phases(problem, false);
    ndg_fail_allocations_after(n);
    const ndg_status st = ndg_problem_estimate(problem, &rule, false, gradient, &record, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    if (st == NDG_OK) {
      ck_assert_uint_gt(n, 3);
      break;
    }
    ck_assert_msg(st == NDG_ENOMEM, "allocation %d: status %d, %s", (int)n, st, e.text);
    ck_assert_uint_lt(n, 2000);
  }
  ck_assert_mem_eq(gradient, expected, n_theta * sizeof *gradient);
}
