/* SPDX-License-Identifier: MIT */
/* fomaml and reptile: closed forms, differences of what they are defined as, and their relation to
   the whole gradient. */
#include <math.h>
#include <string.h>

#include "engine/internal.h"
#include "rules.h"

static double found[MOST_THETA], other[MOST_THETA], wanted[MOST_THETA];

/* ---- the linear-quadratic problem by hand ---- */

static void multiply(const double *matrix, const double *x, double *out) {
  for (int i = 0; i < LQ_P; i++) {
    out[i] = 0;
    for (int j = 0; j < LQ_P; j++) {
      out[i] += matrix[i * LQ_P + j] * x[j];
    }
  }
}

/* ∂φL^learn + beta ∂φL^eval of one task. */
static void slope(const ndg_task_arrays *tasks, int task, const double *theta, double beta,
                  const double *phi, double *out) {
  double from[2][LQ_P], product[2][LQ_P];
  for (int loss = 0; loss < 2; loss++) {
    const double *matrix = (const double *)tasks->arrays[2 * loss].data + task * LQ_P * LQ_P;
    const double *centre = (const double *)tasks->arrays[2 * loss + 1].data + task * LQ_P;
    for (int i = 0; i < LQ_P; i++) {
      from[loss][i] = phi[i] - centre[i];
    }
    multiply(matrix, from[loss], product[loss]);
  }
  for (int i = 0; i < LQ_P; i++) {
    out[i] = beta >= 0 ? product[0][i] + 0.7 * (phi[i] - theta[i]) + beta * product[1][i]
                       : product[1][i]; /* beta < 0: L^eval alone */
  }
}

static void descend(const ndg_task_arrays *tasks, int task, const double *theta, double beta,
                    double lr, int steps, double *phi) {
  double g[LQ_P];
  for (int t = 0; t < steps; t++) {
    slope(tasks, task, theta, beta, phi, g);
    for (int i = 0; i < LQ_P; i++) {
      phi[i] -= lr * g[i];
    }
  }
}

static const double lq_theta[LQ_P] = {0.4, -0.9, 0.2, 1.1, -0.3};

static ndg_problem *open_quadratic(double lr, uint64_t steps) {
  ndg_problem *problem = open_quadratic_start(descent(lr, steps));
  ndg_error e = {0};
  ck_assert_int_eq(ndg_problem_set_theta(problem, lq_theta, &e), NDG_OK);
  return problem;
}

static void check_close(const double *a, const double *b, uint64_t n, double tolerance) {
  for (uint64_t i = 0; i < n; i++) {
    ck_assert_msg(fabs(a[i] - b[i]) <= tolerance * (1 + fabs(b[i])), "%d: %.17g, not %.17g", (int)i,
                  a[i], b[i]);
  }
}

/* By hand the same operations come in nearly the same order: 1e-14 is a few roundings for each of
   the at most ten steps, which contract. */
START_TEST(fomaml_by_hand) {
  ndg_problem *problem = open_quadratic(0.1, 9);
  const ndg_task_arrays *tasks = ndg_problem_tasks(problem);
  memset(wanted, 0, sizeof wanted);
  for (int t = 0; t < LQ_TASKS; t++) {
    double phi[LQ_P], g[LQ_P];
    memcpy(phi, lq_theta, sizeof phi);
    descend(tasks, t, lq_theta, 0, 0.1, 9, phi);
    slope(tasks, t, lq_theta, -1, phi, g);
    for (int i = 0; i < LQ_P; i++) {
      wanted[i] += g[i] / LQ_TASKS;
    }
  }
  const ndg_record record = estimate(problem, "fomaml", "", found);
  check_close(found, wanted, LQ_P, 1e-14);
  ck_assert_uint_eq(record.gradient_evaluations, 9 + 1);
  ck_assert_uint_eq(record.learner_runs, 1);
  ck_assert_uint_eq(record.hessian_vector_products + record.mixed_products, 0);
  ck_assert_uint_eq(record.nonlocal, 0);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(reptile_by_hand) {
  static const struct {
    const char *options;
    double beta, lr;
    int steps;
    double scale;
  } rows[] = {{"", 0, 0.1, 9, 1},
              {"data=both", 1, 0.1, 9, 1},
              {"scale=per_step", 0, 0.1, 9, 1 / 0.9},
              {"data=both; scale=per_step; lr=0.05; steps=4", 1, 0.05, 4, 1 / 0.2}};
  ndg_problem *problem = open_quadratic(0.1, 9);
  const ndg_task_arrays *tasks = ndg_problem_tasks(problem);
  memset(wanted, 0, sizeof wanted);
  for (int t = 0; t < LQ_TASKS; t++) {
    double phi[LQ_P];
    memcpy(phi, lq_theta, sizeof phi);
    descend(tasks, t, lq_theta, rows[_i].beta, rows[_i].lr, rows[_i].steps, phi);
    for (int i = 0; i < LQ_P; i++) {
      wanted[i] += rows[_i].scale * (lq_theta[i] - phi[i]) / LQ_TASKS;
    }
  }
  const ndg_record record = estimate(problem, "reptile", rows[_i].options, found);
  check_close(found, wanted, LQ_P, 1e-14);
  ck_assert_uint_eq(record.gradient_evaluations, (uint64_t)rows[_i].steps);
  ck_assert_uint_eq(record.learner_runs, 1);
  ck_assert_uint_eq(record.hessian_vector_products + record.mixed_products, 0);
  ck_assert_uint_eq(record.nonlocal, 0);
  ck_assert(record.gradient_norm < 10); /* at the end, not at the start */
  ndg_problem_close(problem);
}
END_TEST

/* ---- relations ---- */

static double distance(const double *a, const double *b, uint64_t n) {
  double sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return sqrt(sum);
}

/* What is left out vanishes with the step size, in proportion to it; the next term bends the ratio
   by about five times lr <= 1e-3 here. The difference must stand above round-off. */
START_TEST(fomaml_nears_unrolled) {
  static const char *const learners[] = {"meta=initial", "meta=omega; start_at_omega=true"};
  double apart[3];
  ndg_problem *problem = open_networks(descent(0.1, 6), learners[_i], 0, 0, 3, NULL);
  for (int k = 0; k < 3; k++) {
    char options[40];
    (void)snprintf(options, sizeof options, "lr=%.17g", ldexp(1e-3, -k));
    (void)estimate(problem, "fomaml", options, found);
    (void)estimate(problem, "unrolled", options, other);
    apart[k] = distance(found, other, count_theta(problem));
  }
  ck_assert_double_gt(apart[2], 1e-7);
  ck_assert_double_eq_tol(apart[0] / apart[1], 2, 5e-3);
  ck_assert_double_eq_tol(apart[1] / apart[2], 2, 5e-3);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(fomaml_is_exact_without_steps) {
  static const char *const learners[] = {"meta=initial", "meta=omega; start_at_omega=true",
                                         "meta=lambda,initial; lambda_per=layer"};
  ndg_problem *problem = open_networks(descent(0.1, 6), learners[_i], 0, 0, 3, NULL);
  (void)estimate(problem, "fomaml", "steps=0", found);
  (void)estimate(problem, "unrolled", "steps=0", other);
  ck_assert_mem_eq(found, other, count_theta(problem) * sizeof *found);
  ck_assert_double_gt(distance(found, wanted, count_theta(problem)), 0);
  ndg_problem_close(problem);
}
END_TEST

/* θ of the first-order rules: only what the start passes on, and what is direct. Numbers near one,
   a few roundings apart. */
START_TEST(direct_theta_is_there) {
  const double left = pow(0.7, 5), phi = 0.6 + left * (-1.1 - 0.6);
  ndg_problem *problem = open_direct(descent(0.3, 5), 2);
  (void)estimate(problem, "fomaml", "", found);
  ck_assert_double_eq_tol(found[0], -1.1, 1e-15); /* ∂L^eval/∂θ = ψ, and not through learning */
  ck_assert_double_eq_tol(found[1], phi + 0.6, 1e-15); /* φ_T passed on, and ∂L^eval/∂ψ = θ */
  (void)estimate(problem, "reptile", "", found);
  ck_assert(found[0] == 0);
  ck_assert_double_eq_tol(found[1], -1.1 - phi, 1e-15);
  ndg_problem_close(problem);
}
END_TEST

/* Per step and for small lr: the slope g of what is learned at its start; the next term is
   -(T - 1)/2 lr H g. Ratios bend by the term after that, a few lr H <= 1e-2. */
START_TEST(reptile_is_a_slope_for_small_steps) {
  enum { STEPS = 7 };
  double g[LQ_P], hg[LQ_P], next[LQ_P] = {0}, first[LQ_P] = {0}, apart[2], error[2];
  ndg_problem *problem = open_quadratic(0.1, STEPS);
  const ndg_task_arrays *tasks = ndg_problem_tasks(problem);
  for (int t = 0; t < LQ_TASKS; t++) {
    slope(tasks, t, lq_theta, 0, lq_theta, g);
    multiply((const double *)tasks->arrays[0].data + t * LQ_P * LQ_P, g, hg);
    for (int i = 0; i < LQ_P; i++) {
      first[i] += g[i] / LQ_TASKS;
      next[i] -= 0.5 * (STEPS - 1) * (hg[i] + 0.7 * g[i]) / LQ_TASKS;
    }
  }
  for (int k = 0; k < 2; k++) {
    const double lr = ldexp(1e-3, -k);
    char options[60];
    (void)snprintf(options, sizeof options, "scale=per_step; lr=%.17g", lr);
    (void)estimate(problem, "reptile", options, found);
    apart[k] = distance(found, first, LQ_P);
    for (int i = 0; i < LQ_P; i++) {
      wanted[i] = first[i] + lr * next[i];
    }
    error[k] = distance(found, wanted, LQ_P);
  }
  ck_assert_double_eq_tol(apart[0] / apart[1], 2, 0.05);
  ck_assert_double_eq_tol(error[0] / error[1], 4, 0.05);
  ndg_problem_close(problem);
}
END_TEST

/* ---- the definitions, by differences on a network ---- */

static double eval_loss_at(ndg_problem *problem, const double *phi, uint64_t n_tasks) {
  ndg_vector *v = ndg_problem_new_vector(problem, NDG_PHI, false, 0);
  ndg_error e = {0};
  for (uint64_t t = 0; t < n_tasks; t++) {
    memcpy((double *)v->data + t * v->stride, phi + t * v->length, v->length * sizeof *phi);
  }
  ndg_evaluation ev = {
      .struct_size = sizeof ev, .want = NDG_WANT_VALUE, .loss = NDG_EVAL_LOSS, .phi = v};
  ck_assert_msg(ndg_problem_evaluate(problem, &ev, &e) == NDG_OK, "%s", e.text);
  ndg_vector_destroy(v);
  return ev.value.re;
}

enum { TASKS = 3, MOST_PHI = 31 };

START_TEST(differences_at_the_learned_phi) {
  static const struct {
    const char *learner;
    uint64_t first; /* where the starts lie in theta */
  } rows[] = {{"meta=initial", 0},
              {"meta=omega; start_at_omega=true", 0},
              {"meta=lambda,initial; lambda_per=layer", 2}};
  ndg_problem *problem = open_networks(descent(0.3, 10), rows[_i].learner, 0, 0, TASKS, NULL);
  static double phi[TASKS * MOST_PHI], start[MOST_PHI], theta[MOST_THETA];
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_learning learning;
  ndg_error e = {0};
  ndg_problem_describe(problem, &info);
  const uint64_t n = info.n_phi, first = rows[_i].first;
  ck_assert_uint_eq(info.n_start, n);
  ck_assert_uint_eq(first + n, info.n_theta);
  ck_assert_int_eq(ndg_problem_learn(problem, phi, &learning, &e), NDG_OK);
  ndg_problem_get_theta(problem, theta);
  (void)estimate(problem, "fomaml", "", found);
  (void)estimate(problem, "reptile", "", other);
  for (uint64_t i = 0; i < first; i++) {
    ck_assert(found[i] == 0 && other[i] == 0);
  }
  for (uint64_t i = 0; i < n; i++) {
    const double h = 1e-3, weights[] = {1, -8, 8, -1}, nodes[] = {-2, -1, 1, 2};
    double slope_there = 0, mean = 0;
    for (int k = 0; k < 4; k++) {
      static double moved[TASKS * MOST_PHI];
      memcpy(moved, phi, sizeof moved);
      for (uint64_t t = 0; t < TASKS; t++) {
        moved[t * n + i] += nodes[k] * h;
      }
      slope_there += weights[k] * eval_loss_at(problem, moved, TASKS) / (12 * h);
    }
    for (uint64_t t = 0; t < TASKS; t++) {
      ndg_problem_get_start(problem, t, start);
      ck_assert(start[i] == theta[first + i]);
      mean += (start[i] - phi[t * n + i]) / TASKS;
    }
    /* Differences of order h^4 = 1e-12, times a fifth derivative over 30, and eps / h = 2e-13. */
    ck_assert_double_eq_tol(found[first + i], slope_there, 1e-11);
    ck_assert_double_eq_tol(other[first + i], mean, 1e-15); /* one sum of three */
  }
  ndg_problem_close(problem);
}
END_TEST

/* Slow weights that L^eval contains get its derivative with phi held fixed; those at which learning
   starts, what phi gets besides; held ones and pulls nothing. */
START_TEST(dual_system_by_differences) {
  static const char *const options[] = {"lambda=0.5; meta=initial",
                                        "lambda=0.3; fast=gains, shifts; meta=lambda, initial"};
  static const uint64_t which[] = {0, 1, 2};
  static double phi[TASKS * MOST_THETA], moved[TASKS * MOST_THETA], theta[MOST_THETA];
  const double h = 1e-3, weights[] = {1, -8, 8, -1}, nodes[] = {-2, -1, 1, 2};
  ndg_problem *problem =
      open_sinusoids(descent(0.05, 8), "modulated_net", options[_i], which, TASKS);
  const ndg_layout *layout = ndg_problem_layout(problem);
  const uint64_t n = problem->n_phi, q = count_theta(problem);
  ndg_learning learning;
  ndg_error e = {0};
  ck_assert_uint_le(n, MOST_THETA);
  ck_assert_int_eq(ndg_problem_learn(problem, phi, &learning, &e), NDG_OK);
  (void)estimate(problem, "fomaml", "", found);
  ndg_problem_get_theta(problem, theta);
  memset(wanted, 0, sizeof wanted);
  for (uint32_t g = 0; g < layout->n_theta; g++) {
    for (uint64_t i = 0; !layout->theta[g].held && i < ndg_shape_size(&layout->theta[g].shape);
         i++) {
      const uint64_t at = problem->theta_offset[g] + i;
      const double middle = theta[at];
      for (int k = 0; k < 4; k++) {
        theta[at] = middle + nodes[k] * h;
        ck_assert_int_eq(ndg_problem_set_theta(problem, theta, &e), NDG_OK);
        wanted[at] += weights[k] * eval_loss_at(problem, phi, TASKS) / (12 * h);
      }
      theta[at] = middle;
    }
  }
  ck_assert_int_eq(ndg_problem_set_theta(problem, theta, &e), NDG_OK);
  for (uint32_t g = 0; g < layout->n_phi; g++) {
    const int32_t start = layout->phi[g].start_theta;
    for (uint64_t i = 0;
         start >= 0 && !layout->theta[start].held && i < ndg_shape_size(&layout->phi[g].shape);
         i++) {
      for (int k = 0; k < 4; k++) {
        memcpy(moved, phi, sizeof moved);
        for (uint64_t t = 0; t < TASKS; t++) {
          moved[t * n + problem->phi_offset[g] + i] += nodes[k] * h;
        }
        wanted[problem->theta_offset[start] + i] +=
            weights[k] * eval_loss_at(problem, moved, TASKS) / (12 * h);
      }
    }
  }
  for (uint64_t i = 0; i < q; i++) {
    /* As above; losses of sinusoids, and with them eps / h, are larger. */
    ck_assert_double_eq_tol(found[i], wanted[i], 1e-11);
  }
  ck_assert_double_gt(distance(found, other, q), 0);
  ndg_problem_close(problem);
}
END_TEST

/* ---- refusals ---- */

START_TEST(without_a_start) {
  ndg_problem *problem = open_scalar(descent(0.1, 5));
  check_estimate_refused(problem, "reptile", "", "meta-learn where learning starts");
  check_estimate_refused(problem, "reptile", "", "nudge.learner.meta-start/1");
  check_estimate_refused(problem, "fomaml", "", "theta gets exactly zero");
  ndg_problem_close(problem);
}
END_TEST

START_TEST(unusable_learning_is_named) {
  ndg_problem *problem = open_quadratic(0.1, 5);
  check_estimate_refused(problem, "fomaml", "momentum=0.5", "takes no momentum");
  check_estimate_refused(problem, "reptile", "momentum=0.5", "takes no momentum");
  check_estimate_refused(problem, "reptile", "scale=per_step; optimizer=newton", "newton");
  ndg_problem_close(problem);
  ndg_inner inner = descent(0.1, 5);
  inner.tolerance = 1e-3;
  problem = open_quadratic_start(inner);
  check_estimate_refused(problem, "reptile", "scale=per_step", "tolerance = 0 of the rule");
  ck_assert_int_eq(estimate(problem, "reptile", "scale=per_step; tolerance=0", found).status,
                   NDG_OK);
  ndg_problem_close(problem);
}
END_TEST

static const char *const both_rules[] = {"fomaml", "reptile"};

START_TEST(own_learning) {
  ndg_problem *plain = open_quadratic(0.1, 9);
  ndg_problem *ball = open_quadratic_start(heavy_ball(0.05, 0.7, 6));
  ndg_error e = {0};
  ck_assert_int_eq(ndg_problem_set_theta(ball, lq_theta, &e), NDG_OK);
  (void)estimate(plain, both_rules[_i], "optimizer=heavy_ball; momentum=0.7; lr=0.05; steps=6",
                 found);
  (void)estimate(ball, both_rules[_i], "", other);
  ck_assert_mem_eq(found, other, LQ_P * sizeof *found);
  ndg_problem_close(plain);
  ndg_problem_close(ball);
}
END_TEST

START_TEST(soft_outcomes_are_said) {
  ndg_problem *problem = open_quadratic(40, 200);
  ndg_record record = estimate(problem, both_rules[_i], "", found);
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ck_assert(isnan(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "lr"));
  record = estimate(problem, both_rules[_i], "lr=0.1; steps=5; tolerance=1e-9", found);
  ck_assert_int_eq(record.status, NDG_NOT_CONVERGED);
  ck_assert(isfinite(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "tolerance"));
  ndg_problem_close(problem);
}
END_TEST

START_TEST(bad_options) {
  static const char *const cases[][3] = {
      {"fomaml", "momentum=1", "0 <= momentum < 1"},
      {"fomaml", "momentum=-0.5", "momentum is -0.5"},
      {"fomaml", "momentum=0.5; optimizer=gradient_descent", "no effect with gradient_descent"},
      {"fomaml", "momentum=0.5; optimizer=newton", "no effect with newton"},
      {"fomaml", "tolerance=-0.5", "tolerance is -0.5"},
      {"reptile", "momentum=1", "0 <= momentum < 1"},
      {"reptile", "tolerance=-0.5", "tolerance is -0.5"},
      {"reptile", "scale=per_step; steps=0", "which is 0"},
      {"reptile", "scale=per_step; tolerance=0.1", "tolerance = 0"}};
  check_refused(NDG_KIND_RULE, cases[_i][0], cases[_i][1], cases[_i][2]);
}
END_TEST

/* ---- the machine ---- */

static void per_task(ndg_problem *problem, const char *rule, const char *options, double *out) {
  const ndg_instance instance = open_rule(rule, options);
  ndg_record record;
  ndg_error e = {0};
  const ndg_status st = ndg_problem_estimate(problem, &instance, true, out, &record, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
}

static const struct {
  const char *rule, *options;
} every[] = {{"fomaml", ""}, {"reptile", "data=both; scale=per_step"}, {"unrolled", ""}};

START_TEST(threads_and_batches_change_no_bit) {
  enum { N = 8 };
  static double one[N * MOST_THETA], many[N * MOST_THETA];
  const char *learner = "meta=lambda,initial; lambda_per=layer", *rule = every[_i].rule,
             *options = every[_i].options;
  const ndg_inner inner = heavy_ball(0.1, 0.8, 12);
  ndg_problem *problem = open_networks(inner, learner, 8, 0, N, NULL);
  const uint64_t q = count_theta(problem);
  ndg_error e = {0};
  per_task(problem, rule, options, one);
  ndg_problem_close(problem);
  for (uint32_t threads = 2; threads <= 4; threads++) {
    ndg_pool *pool = NULL;
    ck_assert_int_eq(ndg_pool_create(threads, &pool, &e), NDG_OK);
    problem = open_networks(inner, learner, 8, 0, N, pool);
    per_task(problem, rule, options, many);
    ck_assert_mem_eq(one, many, N * q * sizeof *one);
    ndg_problem_close(problem);
    ndg_pool_destroy(pool);
  }
  /* Minibatches are drawn by the position of a task: full batches here. */
  problem = open_networks(inner, learner, 0, 0, N, NULL);
  per_task(problem, rule, options, one);
  ndg_problem_close(problem);
  for (uint64_t first = 0; first < N; first += 3) {
    const uint64_t n = N - first < 3 ? N - first : 3;
    problem = open_networks(inner, learner, 0, first, n, NULL);
    per_task(problem, rule, options, many + first * q);
    ndg_problem_close(problem);
  }
  ck_assert_mem_eq(one, many, N * q * sizeof *one);
}
END_TEST

START_TEST(without_memory) {
  static const char *const options[] = {"", "data=both; scale=per_step"};
  ndg_problem *problem = open_quadratic(0.1, 12);
  check_memory(problem, both_rules[_i], options[_i]);
  ndg_problem_close(problem);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("first order");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, fomaml_by_hand);
  tcase_add_loop_test(tests, reptile_by_hand, 0, 4);
  tcase_add_loop_test(tests, fomaml_nears_unrolled, 0, 2);
  tcase_add_loop_test(tests, fomaml_is_exact_without_steps, 0, 3);
  tcase_add_test(tests, direct_theta_is_there);
  tcase_add_test(tests, reptile_is_a_slope_for_small_steps);
  tcase_add_loop_test(tests, differences_at_the_learned_phi, 0, 3);
  tcase_add_loop_test(tests, dual_system_by_differences, 0, 2);
  tcase_add_test(tests, without_a_start);
  tcase_add_test(tests, unusable_learning_is_named);
  tcase_add_loop_test(tests, own_learning, 0, 2);
  tcase_add_loop_test(tests, soft_outcomes_are_said, 0, 2);
  tcase_add_loop_test(tests, bad_options, 0, 9);
  tcase_add_loop_test(tests, threads_and_batches_change_no_bit, 0, 3);
  tcase_add_loop_test(tests, without_memory, 0, 2);
  return run_suite("first order", tests);
}
