/* SPDX-License-Identifier: MIT */
/* The published table of errors on the least-squares instance, row by row. Every test passes
   without running where the data are not there. */
#include <math.h>
#include <stdlib.h>

#include "rules.h"

/* Extreme eigenvalues of the instance's H. */
static const double largest = 630, smallest = 18;
static double exact[LS_P];

static double gradient_step(void) {
  return 2 / (largest + smallest);
}

static double ball_step(void) {
  const double sum = sqrt(largest) + sqrt(smallest);
  return 4 / (sum * sum);
}

static double ball_momentum(void) {
  const double ratio = (sqrt(largest) - sqrt(smallest)) / (sqrt(largest) + sqrt(smallest));
  return ratio * ratio;
}

/* Within 10 % where truncation decides; round-off may be smaller, and somewhat larger. */
static void check_entry(const char *what, double found, double published) {
  if (published > 1e-8) {
    ck_assert_msg(fabs(found / published - 1) < 0.1, "%s: %.3g, published %.3g", what, found,
                  published);
  } else {
    ck_assert_msg(found < 10 * published, "%s: %.3g, published %.3g", what, found, published);
  }
}

START_TEST(differences) {
  static const struct {
    const char *beta;
    double forward, symmetric, four_point;
  } rows[] = {{"1", 3.0e-1, 2.2, 1.1},          {"1e-1", 5.8e-2, 7.6e-3, 2.6e-5},
              {"1e-2", 6.4e-3, 7.5e-5, 2.5e-9}, {"1e-3", 6.5e-4, 7.5e-7, 2e-11},
              {"1e-4", 6.5e-5, 7.6e-9, 2e-10},  {"1e-6", 6.6e-7, 4e-9, 0}};
  ndg_problem *problem = open_least_squares(newton_inner(), exact);
  for (int i = 0; problem && i < 6; i++) {
    const double published[] = {rows[i].forward, rows[i].symmetric, rows[i].four_point};
    static const char *const variants[] = {"forward", "symmetric", "richardson"};
    for (int v = 0; v < 3; v++) {
      char options[120];
      (void)snprintf(options, sizeof options, "variant=%s; beta=%s; past_radius=report",
                     variants[v], rows[i].beta);
      if (published[v] > 0) {
        check_entry(options, error_of(problem, "contrastive", options, exact), published[v]);
      }
    }
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(round_off_rows) {
  /* What is left there is round-off over beta: no worse than published. */
  static const struct {
    const char *options;
    double published;
  } rows[] = {{"variant=richardson; beta=1e-6", 2e-8},
              {"variant=forward; beta=1e-8", 2e-6},
              {"variant=symmetric; beta=1e-8", 8e-7},
              {"variant=richardson; beta=1e-8", 2e-6}};
  ndg_problem *problem = open_least_squares(newton_inner(), exact);
  for (int i = 0; problem && i < 4; i++) {
    const double found = error_of(problem, "contrastive", rows[i].options, exact);
    ck_assert_msg(found < 3 * rows[i].published, "%s: %.3g", rows[i].options, found);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(circles) {
  static const struct {
    const char *beta;
    double eight, sixteen;
  } rows[] = {{"1", 8e-1, 6e-1},      {"1e-1", 1.8e-8, 5e-15}, {"1e-2", 2e-13, 3e-13},
              {"1e-3", 3e-12, 2e-12}, {"1e-4", 4e-11, 2e-11},  {"1e-6", 3e-9, 3e-9},
              {"1e-8", 1e-7, 1e-7}};
  ndg_problem *problem = open_least_squares(newton_inner(), exact);
  for (int i = 0; problem && i < 7; i++) {
    for (int n = 8; n <= 16; n += 8) {
      char options[120];
      const double published = n == 8 ? rows[i].eight : rows[i].sixteen;
      (void)snprintf(options, sizeof options,
                     "variant=holomorphic; points=%d; beta=%s; past_radius=report", n,
                     rows[i].beta);
      const double found = error_of(problem, "contrastive", options, exact);
      if (i < 6) {
        check_entry(options, found, published);
      } else {
        ck_assert_msg(found < 10 * published, "%s: %.3g", options, found);
      }
    }
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(radius_of_the_instance) {
  ndg_problem *problem = open_least_squares(newton_inner(), exact);
  double gradient[LS_P];
  if (problem) {
    const char *options = "variant=holomorphic; points=16; beta=0.3";
    const ndg_record record = estimate(problem, "contrastive", options, gradient);
    ck_assert_double_eq_tol(record.stability_radius, 0.865, 0.01);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(conjugate_gradients) {
  static const struct {
    int iterations;
    double published;
  } rows[] = {{1, 7.0e-1}, {3, 4.5e-1}, {5, 1.6e-1}, {8, 2.0e-2}, {10, 1e-14}};
  ndg_problem *problem = open_least_squares(newton_inner(), exact);
  for (int i = 0; problem && i < 5; i++) {
    char options[80];
    (void)snprintf(options, sizeof options, "solver=cg; iterations=%d", rows[i].iterations);
    check_entry(options, error_of(problem, "implicit", options, exact), rows[i].published);
  }
  ndg_problem_close(problem);
}
END_TEST

static const struct {
  int terms;
  double published;
} series[] = {{1, 7.4e-1}, {10, 3.1e-1}, {25, 1.3e-1}, {50, 3.2e-2}, {100, 1.8e-3}, {200, 6.0e-6}};

START_TEST(neumann_series) {
  ndg_problem *problem = open_least_squares(newton_inner(), exact);
  for (int i = 0; problem && i < 6; i++) {
    char options[120];
    (void)snprintf(options, sizeof options, "solver=neumann; iterations=%d; alpha=%.17g",
                   series[i].terms - 1, gradient_step());
    check_entry(options, error_of(problem, "implicit", options, exact), series[i].published);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(unrolled_gradient_descent) {
  ndg_problem *problem = open_least_squares(descent(gradient_step(), 1000), exact);
  for (int i = 0; problem && i < 6; i++) {
    char options[80];
    (void)snprintf(options, sizeof options, "window=%d", series[i].terms);
    check_entry(options, error_of(problem, "unrolled", options, exact), series[i].published);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(unrolled_heavy_ball) {
  static const struct {
    int window;
    double published;
  } rows[] = {{1, 1.1}, {10, 8.2e-2}, {25, 8.8e-4}, {50, 3.3e-7}, {100, 3e-14}};
  ndg_problem *problem = open_least_squares(heavy_ball(ball_step(), ball_momentum(), 1000), exact);
  for (int i = 0; problem && i < 5; i++) {
    char options[80];
    (void)snprintf(options, sizeof options, "window=%d", rows[i].window);
    check_entry(options, error_of(problem, "unrolled", options, exact), rows[i].published);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(unconverged_learning) {
  static const struct {
    int steps;
    double published;
  } rows[] = {{10, 4.4e-1}, {25, 1.8e-1}, {50, 4.5e-2}, {100, 2.6e-3}, {200, 8.4e-6}};
  ndg_problem *problem = open_least_squares(newton_inner(), exact);
  for (int i = 0; problem && i < 5; i++) {
    char options[160];
    (void)snprintf(options, sizeof options,
                   "solver=dense; free_optimizer=gradient_descent; free_steps=%d; free_lr=%.17g",
                   rows[i].steps, gradient_step());
    check_entry(options, error_of(problem, "implicit", options, exact), rows[i].published);
  }
  ndg_problem_close(problem);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("reference");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, differences);
  tcase_add_test(tests, round_off_rows);
  tcase_add_test(tests, circles);
  tcase_add_test(tests, radius_of_the_instance);
  tcase_add_test(tests, conjugate_gradients);
  tcase_add_test(tests, neumann_series);
  tcase_add_test(tests, unrolled_gradient_descent);
  tcase_add_test(tests, unrolled_heavy_ball);
  tcase_add_test(tests, unconverged_learning);
  return run_suite("reference", tests);
}
