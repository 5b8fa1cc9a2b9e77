/* SPDX-License-Identifier: MIT */
/* The unrolled rule's derivative in the initial point and in theta, against complex steps and
   differences of high order of the whole learning. */
#include <math.h>
#include <string.h>

#include "engine/internal.h"
#include "rules.h"

enum { TASKS = 3, STEPS = 12, MOST_PHI = 31 };
static double found[MOST_THETA], other[MOST_THETA], wanted[MOST_THETA];
static ndg_error e;

static void check_close(const double *a, const double *b, uint64_t n, double tolerance) {
  double size = 0;
  for (uint64_t i = 0; i < n; i++) {
    size = fmax(size, fabs(b[i]));
  }
  for (uint64_t i = 0; i < n; i++) {
    ck_assert_msg(fabs(a[i] - b[i]) <= tolerance * size, "%d: %.17g, not %.17g", (int)i, a[i],
                  b[i]);
  }
}

/* ---- complex steps ---- */

static ndg_status run(ndg_problem *p, const ndg_vector *start, ndg_vector *end, uint64_t first,
                      uint64_t steps) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = p->inner.optimizer,
                     .start = start,
                     .end = end,
                     .first_step = first,
                     .steps = steps};
  return ndg_problem_relax(p, &phase, &e);
}

/* Mean over tasks of ∂L^eval/∂φ_i where φ is that of `from` before step `first`: PHI begins with
   fresh optimiser state. */
static void complex_steps(ndg_problem *p, const ndg_vector *from, uint64_t first, uint64_t steps,
                          double *out) {
  const double h = 0x1p-100;
  const uint32_t kind = p->inner.optimizer.kind;
  ndg_vector *start = ndg_problem_new_vector(p, from->space, true, kind);
  ndg_vector *end = ndg_problem_new_vector(p, NDG_PHI, true, kind);
  for (uint64_t i = 0; i < p->n_phi; i++) {
    ndg_vector_copy(start, from);
    for (uint64_t t = 0; t < from->n_tasks; t++) {
      ((double *)start->data)[2 * (t * start->stride + i) + 1] = h;
    }
    ck_assert_msg(run(p, start, end, first, steps) == NDG_OK, "%s", e.text);
    ndg_evaluation v = {
        .struct_size = sizeof v, .want = NDG_WANT_VALUE, .loss = NDG_EVAL_LOSS, .phi = end};
    ck_assert_msg(ndg_problem_evaluate(p, &v, &e) == NDG_OK, "%s", e.text);
    out[i] = v.value.im / h;
  }
  ndg_vector_destroy(start);
  ndg_vector_destroy(end);
}

/* Adam divides by |gradient|: what round-off does to small ones is amplified. */
static double rounding(uint32_t kind) {
  return kind == NDG_ADAM ? 1e-12 : 1e-13;
}

static uint32_t kind_of(int i) {
  return NDG_GRADIENT_DESCENT + (uint32_t)i % 4;
}

START_TEST(start_by_complex_steps) {
  /* Four optimisers, all samples or minibatches, all memory regimes. */
  static const char *const memory[] = {"", "memory=checkpoint; snapshots=3", "memory=recompute"};
  ndg_problem *p =
      open_networks(small_inner(kind_of(_i), STEPS), "meta=lambda,initial; lambda_per=layer",
                    _i < 4 ? 0 : 8, 0, TASKS, NULL);
  const uint64_t first = count_theta(p) - p->n_phi;
  complex_steps(p, p->start, 0, STEPS, wanted);
  for (int m = 0; m < 3; m++) {
    (void)estimate(p, "unrolled", memory[m], found);
    check_close(found + first, wanted, p->n_phi, 1e-13);
  }
  ndg_problem_close(p);
}
END_TEST

/* The start is handed what the first state of the window gets, with velocity going on or fresh. */
START_TEST(window_start_by_complex_steps) {
  enum { WINDOW = 5 };
  const uint32_t kind = kind_of(_i);
  const bool fresh = _i >= 4;
  char options[120];
  ndg_problem *p = open_networks(small_inner(kind, STEPS), "meta=initial", 0, 0, TASKS, NULL);
  ndg_vector *from = ndg_problem_new_vector(p, fresh ? NDG_PHI : NDG_STATE, false, kind);
  ck_assert_int_eq(run(p, NULL, from, 0, STEPS - WINDOW), NDG_OK);
  complex_steps(p, from, fresh ? 0 : STEPS - WINDOW, WINDOW, wanted);
  for (int m = 0; m < 2; m++) {
    (void)snprintf(options, sizeof options, "window=%d; start=window; state=%s%s", WINDOW,
                   fresh ? "fresh" : "carried", m ? "; memory=checkpoint; snapshots=2" : "");
    const ndg_record record = estimate(p, "unrolled", options, found);
    check_close(found, wanted, p->n_phi, rounding(p->inner.optimizer.kind));
    ck_assert_uint_eq(record.hessian_vector_products, WINDOW);
  }
  /* Asked for exactly, and out of the window's reach: nothing. */
  (void)snprintf(options, sizeof options, "window=%d; state=%s", WINDOW,
                 fresh ? "fresh" : "carried");
  (void)estimate(p, "unrolled", options, found);
  for (uint64_t i = 0; i < p->n_phi; i++) {
    ck_assert(found[i] == 0);
  }
  /* A window of all steps leaves nothing to approximate. */
  (void)snprintf(options, sizeof options, "window=%d; start=window; state=%s", STEPS,
                 fresh ? "fresh" : "carried");
  (void)estimate(p, "unrolled", options, found);
  (void)estimate(p, "unrolled", "", other);
  ck_assert_mem_eq(found, other, p->n_phi * sizeof *found);
  ndg_vector_destroy(from);
  ndg_problem_close(p);
}
END_TEST

/* ---- theta, and the start that is also a pull ---- */

START_TEST(start_and_pull_add_up) {
  double both[2 * MOST_PHI], theta[MOST_PHI];
  const ndg_inner inner = small_inner(kind_of(_i), STEPS);
  ndg_problem *one = open_networks(inner, "meta=omega; start_at_omega=true", 0, 0, TASKS, NULL);
  ndg_problem *two = open_networks(inner, "meta=omega,initial", 0, 0, TASKS, NULL);
  const uint64_t n = one->n_phi;
  ck_assert_uint_le(2 * n, MOST_THETA);
  ndg_problem_get_theta(one, theta);
  memcpy(both, theta, n * sizeof *both);
  memcpy(both + n, theta, n * sizeof *both);
  ck_assert_int_eq(ndg_problem_set_theta(two, both, &e), NDG_OK);
  (void)estimate(one, "unrolled", "", found);
  (void)estimate(two, "unrolled", "", other);
  for (uint64_t i = 0; i < n; i++) {
    wanted[i] = other[i] + other[n + i];
  }
  check_close(found, wanted, n, 1e-14);
  ndg_problem_close(one);
  ndg_problem_close(two);
}
END_TEST

static double eval_loss_at(ndg_problem *p, const double *theta) {
  ndg_learning learning;
  ck_assert_msg(ndg_problem_set_theta(p, theta, &e) == NDG_OK, "%s", e.text);
  ck_assert_msg(ndg_problem_learn(p, NULL, &learning, &e) >= 0, "%s", e.text);
  return learning.eval_loss;
}

/* Sixth order in long double: everything that theta does, start and pull at once. The loss comes as
   a double, 1e-16 / h; h is small because Adam bends where a gradient changes sign. */
START_TEST(theta_by_differences) {
  const double h = 0x1p-17, nodes[] = {1, 2, 3}, weights[] = {0.75, -0.15, 1. / 60};
  static const char *const learners[] = {"meta=omega; start_at_omega=true",
                                         "meta=lambda,initial; lambda_per=layer"};
  ndg_problem *p =
      open_networks(small_inner(kind_of(_i), STEPS), learners[_i / 4], 8, 0, TASKS, NULL);
  ndg_problem *wide;
  double theta[MOST_THETA];
  const uint64_t n = count_theta(p);
  ck_assert_int_eq(ndg_problem_sibling(p, NDG_LONG_DOUBLE, &wide, &e), NDG_OK);
  (void)estimate(p, "unrolled", "", found);
  ndg_problem_get_theta(p, theta);
  for (uint64_t i = 0; i < n; i++) {
    const double middle = theta[i];
    long double sum = 0;
    wanted[i] = 0;
    for (int k = 0; k < 3; k++) {
      theta[i] = middle + nodes[k] * h;
      const double above = eval_loss_at(wide, theta), x = theta[i];
      theta[i] = middle - nodes[k] * h;
      const double below = eval_loss_at(wide, theta);
      sum += (long double)weights[k] * 2 * nodes[k] * ((long double)above - below) / (x - theta[i]);
    }
    theta[i] = middle;
    wanted[i] = (double)sum;
  }
  check_close(found, wanted, n, 2e-10);
  ndg_problem_close(p);
}
END_TEST

/* ---- Adam where it does not move ---- */

/* The scalar problem from its minimum: the gradient is zero at every step, and so are both moments.
   Near there the step is linear in the mean of the gradients, divided by epsilon. */
START_TEST(adam_at_rest) {
  const double a = 0.7, h0 = 1.3, m = 0.8, c = 0.2, l = 0.5;
  const double lr = 0.05, mu = 0.8, epsilon = 0.25;
  const ndg_array arrays[] = {real_array("H0", NDG_WHOLE, NDG_MATRIX(1, 1), &h0),
                              real_array("a", NDG_WHOLE, NDG_VECTOR(1), &a),
                              real_array("M", NDG_WHOLE, NDG_MATRIX(1, 1), &m),
                              real_array("c", NDG_WHOLE, NDG_VECTOR(1), &c)};
  const ndg_task_arrays tasks = {.n_tasks = 1, .n_arrays = 4, .arrays = arrays};
  const ndg_problem_spec spec = {
      .learner =
          open_learner("quadratic", "form=linear_quadratic; l=0.5; theta=0.7; start_at_theta=true"),
      .tasks = &tasks,
      .inner = {.optimizer = {NDG_ADAM, 0, lr, mu, 0.95, epsilon}, .steps = 6},
      .dtype = NDG_F64};
  ndg_problem *p = NULL;
  ck_assert_msg(ndg_problem_open(&spec, &p, &e) == NDG_OK, "%s", e.text);
  /* d/dθ of φ and of the first moment, φ_0 = θ. */
  double phi = 1, moment = 0, decay = 1;
  for (int t = 0; t < 6; t++) {
    const double g = h0 * phi + l * (phi - 1);
    decay *= mu;
    moment = mu * moment + (1 - mu) * g;
    phi -= lr * moment / (1 - decay) / epsilon;
  }
  (void)estimate(p, "unrolled", "", found);
  ck_assert_double_eq_tol(found[0], m * (a - c) * phi, 1e-15);
  /* Beside it the derivative is close to that, however small the second moment: no 0/0. */
  for (double beside = 1e-6; beside > 1e-200; beside *= 1e-6) {
    const double theta = a + beside;
    if (theta == a) {
      break;
    }
    ck_assert_int_eq(ndg_problem_set_theta(p, &theta, &e), NDG_OK);
    (void)estimate(p, "unrolled", "", other);
    ck_assert_double_eq_tol(other[0], found[0], 100 * beside);
  }
  ndg_problem_close(p);
}
END_TEST

/* ---- learning that stops by itself, and what is refused ---- */

START_TEST(tolerance_and_start) {
  char options[40];
  ndg_inner inner = small_inner(kind_of(_i), 4000);
  inner.tolerance = 1e-2;
  ndg_problem *p = open_networks(inner, "meta=initial", 0, 0, 1, NULL);
  ndg_learning learning;
  ck_assert_int_eq(ndg_problem_learn(p, NULL, &learning, &e), NDG_OK);
  ck_assert_uint_gt(learning.steps_taken, 5);
  ck_assert_uint_lt(learning.steps_taken, 4000);
  (void)snprintf(options, sizeof options, "steps=%d", (int)learning.steps_taken);
  (void)estimate(p, "unrolled", "", found);
  (void)estimate(p, "unrolled", options, other);
  ck_assert_mem_eq(found, other, p->n_phi * sizeof *found);
  complex_steps(p, p->start, 0, learning.steps_taken, wanted);
  check_close(found, wanted, p->n_phi, 1e-12);
  ndg_problem_close(p);
}
END_TEST

START_TEST(refusals) {
  ndg_problem *p = open_scalar(descent(0.1, 9));
  check_estimate_refused(p, "unrolled", "window=3; start=window",
                         "meta-learn where learning starts");
  check_estimate_refused(p, "unrolled", "momentum=0.5", "takes no momentum");
  ndg_problem_close(p);
  check_refused(NDG_KIND_RULE, "unrolled", "start=window", "window = 0 is all steps");
  check_refused(NDG_KIND_RULE, "unrolled", "state=fresh", "window = 0 is all steps");
  check_refused(NDG_KIND_RULE, "unrolled", "momentum=1", "0 <= momentum < 1");
  check_refused(NDG_KIND_RULE, "unrolled", "momentum=0.5; optimizer=gradient_descent",
                "no effect with gradient_descent");
}
END_TEST

START_TEST(without_memory) {
  static const char *const options[] = {"window=4; start=window; state=fresh",
                                        "window=4; state=fresh; memory=checkpoint"};
  ndg_problem *p = open_quadratic_start(heavy_ball(0.1, 0.5, 12));
  check_memory(p, "unrolled", options[_i]);
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("unrolled start");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, start_by_complex_steps, 0, 8);
  tcase_add_loop_test(tests, window_start_by_complex_steps, 0, 8);
  tcase_add_loop_test(tests, start_and_pull_add_up, 0, 4);
  tcase_add_loop_test(tests, theta_by_differences, 0, 8);
  tcase_add_test(tests, adam_at_rest);
  tcase_add_loop_test(tests, tolerance_and_start, 0, 4);
  tcase_add_test(tests, refusals);
  tcase_add_loop_test(tests, without_memory, 0, 2);
  return run_suite("unrolled start", tests);
}
