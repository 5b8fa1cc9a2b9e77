/* SPDX-License-Identifier: MIT */
/* The unrolled rule: against derivatives by hand and differences of the whole learning; memory
   regimes bit for bit; costs against the formula of binomial checkpointing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/internal.h"
#include "rules.h"

static double found[MOST_THETA], other[MOST_THETA];

START_TEST(scalar_by_hand) {
  /* φ_{t+1} = φ_t - α (1.3 (φ_t - a) + 0.5 (φ_t - θ)): dφ_T/dθ = 0.5 α Σ (1 - 1.8 α)^j. */
  const double a = 0.7, theta = -0.4, c = (1.3 * a + 0.5 * theta) / 1.8 - 1, lr = 0.1;
  ndg_problem *problem = open_scalar(descent(lr, 9));
  double phi = 0;
  for (int t = 0; t < 9; t++) {
    phi -= lr * (1.3 * (phi - a) + 0.5 * (phi - theta));
  }
  for (int window = 1; window <= 9; window++) {
    char options[40];
    double slope = 0;
    for (int j = 0; j < window; j++) {
      slope += 0.5 * lr * pow(1 - 1.8 * lr, j);
    }
    (void)snprintf(options, sizeof options, "window=%d", window);
    (void)estimate(problem, "unrolled", options, found);
    ck_assert_double_eq_tol(found[0], 0.8 * (phi - c) * slope, 1e-15);
  }
  (void)estimate(problem, "unrolled", "", other);
  ck_assert_mem_eq(found, other, sizeof(double));
  check_estimate_refused(problem, "unrolled", "window=10",
                         "window = 10 is more than the 9 steps of learning");
  check_estimate_refused(problem, "unrolled", "window=10", "window = 0 for all");
  ndg_problem_close(problem);
}
END_TEST

START_TEST(start_and_direct_theta) {
  /* φ_T = θ + (1-α)^T (ψ - θ). */
  const double theta = 0.6, psi = -1.1, left = pow(0.7, 5), phi = theta + left * (psi - theta);
  ndg_problem *problem = open_direct(descent(0.3, 5), 1);
  (void)estimate(problem, "unrolled", "", found);
  ck_assert_double_eq_tol(found[0], phi * (1 - left) + psi, 1e-15);
  ck_assert_double_eq_tol(found[1], phi * left + theta, 1e-15);
  /* Truncated: the last two steps, and not the start. */
  (void)estimate(problem, "unrolled", "window=2", found);
  ck_assert_double_eq_tol(found[0], phi * (1 - 0.49) + psi, 1e-15);
  ck_assert_double_eq_tol(found[1], theta, 1e-15);
  /* No step at all: only the start and what is direct. */
  (void)estimate(problem, "unrolled", "steps=0", found);
  ck_assert_double_eq_tol(found[0], psi, 1e-15);
  ck_assert_double_eq_tol(found[1], psi + theta, 1e-15);
  ndg_problem_close(problem);
}
END_TEST

static double eval_loss_at(ndg_problem *problem, const double *theta) {
  ndg_learning learning;
  ndg_error e = {0};
  ck_assert_msg(ndg_problem_set_theta(problem, theta, &e) == NDG_OK, "%s", e.text);
  ck_assert_msg(ndg_problem_learn(problem, NULL, &learning, &e) >= 0, "%s", e.text);
  return learning.eval_loss;
}

START_TEST(differences_of_the_whole_learning) {
  /* Every optimiser, start included, on a network with minibatches. */
  const uint32_t kind = (uint32_t)_i;
  ndg_problem *problem =
      open_network(small_inner(kind, 12), "meta=lambda,initial; lambda_per=layer", 8);
  const uint64_t n = count_theta(problem);
  double theta[MOST_THETA];
  const double h = 1e-5;
  (void)estimate(problem, "unrolled", "", found);
  ndg_problem_get_theta(problem, theta);
  for (uint64_t i = 0; i < n; i += 3) {
    const double middle = theta[i];
    theta[i] = middle + h;
    const double above = eval_loss_at(problem, theta);
    theta[i] = middle - h;
    const double below = eval_loss_at(problem, theta);
    theta[i] = middle;
    ck_assert_double_eq_tol(found[i], (above - below) / (2 * h), 2e-8);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(memory_regimes_agree_bit_for_bit) {
  const uint32_t kind = (uint32_t)_i;
  ndg_problem *problem = open_network(small_inner(kind, 23), "meta=lambda,initial", 8);
  const size_t bytes = count_theta(problem) * sizeof(double);
  for (int window = 0; window <= 23; window += window < 4 ? 1 : 6) {
    char options[80];
    (void)snprintf(options, sizeof options, "window=%d", window);
    const ndg_record stored = estimate(problem, "unrolled", options, found);
    (void)snprintf(options, sizeof options, "window=%d; memory=recompute", window);
    const ndg_record recomputed = estimate(problem, "unrolled", options, other);
    ck_assert_mem_eq(found, other, bytes);
    if (window == 0) {
      ck_assert_uint_lt(recomputed.bytes_held, stored.bytes_held / 2);
    }
    for (int snapshots = 0; snapshots <= 25; snapshots += snapshots < 4 ? 1 : 7) {
      (void)snprintf(options, sizeof options, "window=%d; memory=checkpoint; snapshots=%d", window,
                     snapshots);
      memset(other, 0, sizeof other);
      (void)estimate(problem, "unrolled", options, other);
      ck_assert_mem_eq(found, other, bytes);
    }
  }
  ndg_problem_close(problem);
}
END_TEST

/* Fewest forward steps: r l - C(s + r, s + 1) with C(s + r - 1, s) < l <= C(s + r, s). */
static uint64_t fewest(uint64_t l, uint64_t s) {
  uint64_t r = 0, reach = 1, missing = 0; /* C(s + r, s) and C(s + r, s + 1) */
  while (reach < l) {
    r++;
    missing += reach;
    reach = reach * (s + r) / r;
  }
  return r * l - missing;
}

START_TEST(costs) {
  ndg_problem *problem = open_linear_quadratic(descent(0.05, 60));
  const ndg_record stored = estimate(problem, "unrolled", "window=40", found);
  ck_assert_uint_eq(stored.hessian_vector_products, 40);
  ck_assert_uint_eq(stored.gradient_evaluations, 60 + 1);
  ck_assert_uint_eq(stored.learner_runs, 1);
  ck_assert(stored.nonlocal & NDG_USES_TIME_REVERSAL);
  ck_assert(stored.nonlocal & NDG_USES_STORED_TRAJECTORY);
  for (uint64_t s = 1; s <= 12; s++) {
    char options[80];
    (void)snprintf(options, sizeof options, "window=40; memory=checkpoint; snapshots=%d", (int)s);
    const ndg_record record = estimate(problem, "unrolled", options, found);
    ck_assert_uint_eq(record.hessian_vector_products, 40);
    ck_assert_uint_eq(record.gradient_evaluations, 20 + fewest(40, s) + 1 + 1);
    ck_assert_uint_eq(record.learner_runs, 1);
  }
  ndg_problem_close(problem);
}
END_TEST

/* Learning that goes on from where it was, or that is run again to save memory, is one learning. */
START_TEST(one_learning_is_one_run) {
  static const char *const memory[] = {"store_all", "checkpoint", "recompute"};
  static const char *const windows[] = {"", "; window=20", "; window=7", "; window=7; state=fresh"};
  ndg_problem *problem = open_linear_quadratic(descent(0.05, 20));
  ndg_learning learning;
  ndg_error e = {0};
  ck_assert_int_eq(ndg_problem_learn(problem, NULL, &learning, &e), NDG_OK);
  for (int w = 0; w < 4; w++) {
    for (int m = 0; m < 3; m++) {
      for (int again = 0; again < 2; again++) { /* the second time out of the cache */
        char options[80];
        (void)snprintf(options, sizeof options, "memory=%s%s", memory[m], windows[w]);
        const ndg_record record = estimate(problem, "unrolled", options, found);
        ck_assert_msg(record.learner_runs == 1, "%s: %llu runs", options,
                      (unsigned long long)record.learner_runs);
        ck_assert_double_eq(record.gradient_norm, learning.gradient_norm); /* of its end */
      }
    }
  }
  const ndg_record none = estimate(problem, "unrolled", "steps=0", found);
  ck_assert_uint_eq(none.learner_runs, 0);
  ndg_problem_close(problem);
  ndg_inner inner = descent(0.3, 500);
  inner.tolerance = 1e-4;
  problem = open_direct(inner, 1); /* a learning of its own finds out how many steps there are */
  const ndg_record twice = estimate(problem, "unrolled", "memory=recompute", found);
  ck_assert_uint_eq(twice.learner_runs, 2);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(own_learning) {
  /* lr, optimiser and steps of the rule instead of the problem's. */
  ndg_problem *newton = open_scalar(newton_inner()), *plain = open_scalar(descent(0.1, 9));
  check_estimate_refused(newton, "unrolled", "", "newton");
  (void)estimate(newton, "unrolled", "optimizer=gradient_descent; lr=0.1; steps=9", found);
  (void)estimate(plain, "unrolled", "", other);
  ck_assert_mem_eq(found, other, sizeof(double));
  ndg_problem_close(newton);
  ndg_problem_close(plain);
}
END_TEST

START_TEST(learning_to_a_tolerance) {
  ndg_inner inner = descent(0.3, 500);
  inner.tolerance = 1e-4;
  ndg_problem *problem = open_direct(inner, 1), *tasks = open_direct(inner, 2);
  ndg_learning learning;
  ndg_error e = {0};
  char options[40];
  ck_assert_int_eq(ndg_problem_learn(problem, NULL, &learning, &e), NDG_OK);
  ck_assert_uint_lt(learning.steps_taken, 500);
  (void)snprintf(options, sizeof options, "steps=%d", (int)learning.steps_taken);
  (void)estimate(problem, "unrolled", "", found);
  (void)estimate(problem, "unrolled", options, other);
  ck_assert_mem_eq(found, other, 2 * sizeof(double));
  /* A window of steps that might have been taken: all that were. */
  (void)estimate(problem, "unrolled", "window=500", other);
  ck_assert_mem_eq(found, other, 2 * sizeof(double));
  check_estimate_refused(problem, "unrolled", "window=501", "the 500 steps of learning");
  check_estimate_refused(tasks, "unrolled", "", "set steps");
  (void)estimate(tasks, "unrolled", options, found);
  ck_assert_mem_eq(found, other, 2 * sizeof(double));
  ndg_problem_close(problem);
  ndg_problem_close(tasks);
}
END_TEST

/* The number is that of the steps taken, and the status says that these were too few. */
START_TEST(missed_tolerance_is_said) {
  ndg_inner inner = descent(0.3, 5);
  inner.tolerance = 1e-6;
  ndg_problem *problem = open_direct(inner, 1);
  const double left = pow(0.7, 5), phi = 0.6 + left * (-1.1 - 0.6);
  ndg_record record = estimate(problem, "unrolled", "", found);
  ck_assert_int_eq(record.status, NDG_NOT_CONVERGED);
  ck_assert_msg(strstr(record.note, "exact for the steps taken") != NULL, "%s", record.note);
  ck_assert_double_eq_tol(found[0], phi * (1 - left) - 1.1, 1e-15);
  ck_assert_double_eq_tol(found[1], phi * left + 0.6, 1e-15);
  record = estimate(problem, "unrolled", "steps=5", other); /* no tolerance is asked of these */
  ck_assert_int_eq(record.status, NDG_OK);
  ck_assert_mem_eq(found, other, 2 * sizeof(double));
  ndg_problem_close(problem);
}
END_TEST

/* States that are computed again to save memory do not stay in memory elsewhere. */
START_TEST(recomputed_states_are_not_kept) {
  static const char *const options[] = {"memory=recompute", "memory=checkpoint; snapshots=3",
                                        "window=10; memory=recompute"};
  ndg_problem *problem = open_network(small_inner(NDG_ADAM, 40), "", 0);
  int n_kept = 0;
  (void)estimate(problem, "unrolled", options[_i], found);
  for (const ndg_cached_phase *c = problem->phases; c; c = c->next) {
    n_kept++;
  }
  ck_assert_int_le(n_kept, 1); /* the way to the window */
  ndg_problem_close(problem);
}
END_TEST

START_TEST(divergence_gives_no_number) {
  ndg_problem *problem = open_scalar(descent(4, 400));
  for (int i = 0; i < 2; i++) {
    const ndg_record record =
        estimate(problem, "unrolled", i ? "window=5; memory=checkpoint" : "window=400", found);
    ck_assert_int_eq(record.status, NDG_DIVERGED);
    ck_assert(isnan(found[0]));
    ck_assert_ptr_nonnull(strstr(record.note, "lr"));
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(without_memory) {
  static const char *const options[] = {"", "memory=checkpoint; window=7", "memory=recompute"};
  ndg_problem *problem = open_linear_quadratic(descent(0.1, 12));
  check_memory(problem, "unrolled", options[_i]);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(bad_options) {
  static const char *const cases[][2] = {
      {"optimizer=newton", "not differentiable"},
      {"snapshots=4", "snapshots = 4 is for memory = checkpoint only"},
      {"snapshots=4; memory=recompute", "memory = checkpoint only"},
      {"window=-1", "window"},
      {"window=7; steps=6", "window = 7 is more than the 6 steps of learning"},
      {"memory=all", "store_all"},
      {"steps=-2", "steps"}};
  check_refused(NDG_KIND_RULE, "unrolled", cases[_i][0], cases[_i][1]);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("unrolled");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, scalar_by_hand);
  tcase_add_test(tests, start_and_direct_theta);
  tcase_add_loop_test(tests, differences_of_the_whole_learning, NDG_GRADIENT_DESCENT, NDG_NEWTON);
  tcase_add_loop_test(tests, memory_regimes_agree_bit_for_bit, NDG_GRADIENT_DESCENT, NDG_NEWTON);
  tcase_add_test(tests, costs);
  tcase_add_test(tests, one_learning_is_one_run);
  tcase_add_test(tests, own_learning);
  tcase_add_test(tests, learning_to_a_tolerance);
  tcase_add_test(tests, missed_tolerance_is_said);
  tcase_add_loop_test(tests, recomputed_states_are_not_kept, 0, 3);
  tcase_add_test(tests, divergence_gives_no_number);
  tcase_add_loop_test(tests, without_memory, 0, 3);
  tcase_add_loop_test(tests, bad_options, 0, 6);
  return run_suite("unrolled", tests);
}
