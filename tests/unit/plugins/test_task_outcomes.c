/* SPDX-License-Identifier: MIT */
/* A task that diverges, or that is nudged past its radius, has no number; the others have theirs,
   bit for bit. */
#include <math.h>
#include <string.h>

#include "engine/eigen.h"
#include "engine/internal.h"
#include "rules.h"

enum { N = 4, BAD = 2 };
static double found[N], alone[N - 1];
static ndg_error e;

/* Scalar tasks ½ h0 (φ - a)² + ¼ (φ - θ)² and ½ m (φ - c)², learning from θ; `skip` leaves one out.
 */
static const double h0[N] = {1.3, 0.9, 40, 2.1}, a[N] = {0.7, -0.3, 0.5, 1.1};
static const double m[N] = {0.8, 0.4, 90, 0.6}, c[N] = {0.1, 0.2, -0.4, 0.3};

static ndg_problem *open_tasks(ndg_inner inner, int skip) {
  double data[4][N];
  uint64_t n = 0;
  for (int t = 0; t < N; t++) {
    if (t != skip) {
      const double task[] = {h0[t], a[t], m[t], c[t]};
      for (int k = 0; k < 4; k++) {
        data[k][n] = task[k];
      }
      n++;
    }
  }
  const ndg_array arrays[] = {real_array("H0", NDG_WHOLE, NDG_MATRIX(1, 1), data[0]),
                              real_array("a", NDG_WHOLE, NDG_VECTOR(1), data[1]),
                              real_array("M", NDG_WHOLE, NDG_MATRIX(1, 1), data[2]),
                              real_array("c", NDG_WHOLE, NDG_VECTOR(1), data[3])};
  const ndg_task_arrays tasks = {.n_tasks = n, .n_arrays = 4, .arrays = arrays};
  const ndg_problem_spec spec = {
      .learner = open_learner("quadratic",
                              "form=linear_quadratic; l=0.5; theta=-0.4; start_at_theta=true"),
      .tasks = &tasks,
      .inner = inner,
      .dtype = NDG_F64};
  ndg_problem *p = NULL;
  ck_assert_msg(ndg_problem_open(&spec, &p, &e) == NDG_OK, "%s", e.text);
  return p;
}

static ndg_record rows_of(ndg_problem *p, const char *rule, const char *options, double *rows) {
  const ndg_instance instance = open_rule(rule, options);
  ndg_record record;
  const ndg_status st = ndg_problem_estimate(p, &instance, true, rows, &record, &e);
  ck_assert_msg(st >= 0, "%s {%s}: %s", rule, options, e.text);
  return record;
}

/* found has no number for task BAD, and for the others what `p` without that task has. */
static void check_others(ndg_problem *without, const char *rule, const char *options) {
  const ndg_record record = rows_of(without, rule, options, alone);
  ck_assert_msg(record.status == NDG_OK, "%s", record.note);
  for (int t = 0, k = 0; t < N; t++) {
    if (t == BAD) {
      ck_assert(isnan(found[t]));
    } else {
      ck_assert_msg(memcmp(&found[t], &alone[k], sizeof *found) == 0,
                    "%s {%s}: task %d is %.17g, not %.17g", rule, options, t, found[t], alone[k]);
      k++;
    }
  }
}

static void check_said(ndg_problem *p, const ndg_record *record, ndg_status status,
                       const char *expected) {
  uint8_t outcome[N];
  ndg_problem_task_status(p, outcome, NULL);
  for (int t = 0; t < N; t++) {
    const bool without = outcome[t] == NDG_TASK_DIVERGED || outcome[t] == NDG_TASK_PAST_RADIUS;
    ck_assert_int_eq(without, t == BAD);
  }
  ck_assert_int_eq(record->status, status);
  ck_assert_msg(strstr(record->note, expected) != NULL, "'%s' lacks '%s'", record->note, expected);
}

/* With past_radius=report task BAD has a number, and it alone a remark. */
static void check_reported(ndg_problem *p, const char *options) {
  char reported[160];
  uint8_t soft[N];
  (void)snprintf(reported, sizeof reported, "%s; past_radius=report", options);
  const ndg_record record = rows_of(p, "contrastive", reported, found);
  ck_assert_int_eq(record.status, NDG_PAST_RADIUS);
  ck_assert(isfinite(found[BAD]));
  ndg_problem_task_soft(p, soft);
  for (int t = 0; t < N; t++) {
    ck_assert_int_eq(soft[t], t == BAD ? 1 << NDG_PAST_RADIUS : 0);
  }
}

START_TEST(one_task_diverges) {
  static const char *const rules[][2] = {
      {"contrastive", "variant=symmetric"},
      {"contrastive", "variant=forward; reference=matched"},
      {"contrastive", "variant=richardson; start=restart"},
      {"contrastive", "variant=holomorphic"},
      {"contrastive", "variant=symmetric; past_radius=report"},
      {"implicit", "solver=cg"},
      {"implicit", "solver=neumann; alpha=0.1"},
      {"implicit", "solver=dense"},
      {"unrolled", ""},
      {"unrolled", "window=30; memory=checkpoint"},
      {"unrolled", "window=30; start=window; state=fresh; memory=recompute"},
      {"fomaml", ""},
      {"reptile", "data=both; scale=per_step"}};
  ndg_problem *p = open_tasks(descent(0.1, 60), N), *without = open_tasks(descent(0.1, 60), BAD);
  const ndg_record record = rows_of(p, rules[_i][0], rules[_i][1], found);
  check_said(p, &record, NDG_DIVERGED, "task 3 (1 of 4 tasks in all)");
  check_others(without, rules[_i][0], rules[_i][1]);
  /* The mean over tasks is none either. */
  (void)estimate(p, rules[_i][0], rules[_i][1], alone);
  ck_assert(isnan(alone[0]));
  ndg_problem_close(p);
  ndg_problem_close(without);
}
END_TEST

START_TEST(one_task_is_past_its_radius) {
  /* 40.5 - 90 beta < 0 there alone: it grows by 1 - 0.01 (40.5 - 90 beta) in every step. */
  static const char *const options[] = {
      "variant=symmetric; beta=0.5; free_steps=400; nudged_steps=60",
      "variant=richardson; beta=0.5; free_steps=400; nudged_steps=60"};
  ndg_problem *p = open_tasks(descent(0.01, 60), N), *without = open_tasks(descent(0.01, 60), BAD);
  const ndg_record record = rows_of(p, "contrastive", options[_i], found);
  check_said(p, &record, NDG_PAST_RADIUS, "in task 3 (1 of 4 tasks in all), past the stability");
  check_others(without, "contrastive", options[_i]);
  check_reported(p, options[_i]);
  ndg_problem_close(p);
  ndg_problem_close(without);
}
END_TEST

START_TEST(contour_judges_each_task) {
  /* The singularity is where h0 + 1/2 + beta m = 0: at |beta| = 0.45 for task BAD, at 2.25 or more
     for the others. Restarted phases are not watched for growth, so that the contour must tell. */
  static const char *const options =
      "variant=holomorphic; points=8; beta=0.9; start=restart; free_steps=300; nudged_steps=40";
  ndg_problem *p = open_tasks(descent(0.01, 300), N),
              *without = open_tasks(descent(0.01, 300), BAD);
  const ndg_record record = rows_of(p, "contrastive", options, found);
  check_said(p, &record, NDG_PAST_RADIUS, "inside the circle |beta| = 0.9 in 1 of 4 tasks");
  check_others(without, "contrastive", options);
  check_reported(p, options);
  ndg_problem_close(p);
  ndg_problem_close(without);
}
END_TEST

/* Newton's method settles past the radius as well as anywhere; the radii are |h0 + 1/2| / m. */
START_TEST(newton_phases_judge_each_task) {
  static const char *const options[] = {"variant=symmetric; beta=0.9", "variant=forward; beta=0.9",
                                        "variant=central; points=6; beta=0.3",
                                        "variant=holomorphic; points=8; beta=0.9"};
  ndg_problem *p = open_tasks(newton_inner(), N), *without = open_tasks(newton_inner(), BAD);
  const ndg_record record = rows_of(p, "contrastive", options[_i], found);
  check_said(p, &record, NDG_PAST_RADIUS, "past the stability radius 0.45 of 1 of 4 tasks");
  ck_assert_double_eq_tol(record.stability_radius, 40.5 / 90, 1e-9);
  check_others(without, "contrastive", options[_i]);
  check_reported(p, options[_i]);
  ndg_problem_close(p);
  ndg_problem_close(without);
}
END_TEST

/* Known before, the same holds for phases of any kind; where all tasks are past theirs, nothing
   runs. */
START_TEST(known_radii_judge_each_task) {
  static const double radii[N] = {2.25, 3.5, 0.45, 13. / 3};
  static const char *const options = "variant=symmetric; start=restart; beta=0.5";
  ndg_problem *p = open_tasks(descent(0.01, 60), N), *without = open_tasks(descent(0.01, 60), BAD);
  double least[N], back[N];
  ndg_problem_set_radii(p, radii);
  ndg_record record = rows_of(p, "contrastive", options, found);
  check_said(p, &record, NDG_PAST_RADIUS, "past the stability radius 0.45 of 1 of 4 tasks");
  ck_assert_double_eq(record.stability_radius, 0.45);
  check_others(without, "contrastive", options);
  ndg_problem_radii(p, back);
  ck_assert_mem_eq(back, radii, sizeof radii);
  for (int t = 0; t < N; t++) {
    least[t] = 0.1;
  }
  ndg_problem_set_radii(p, least);
  record = rows_of(p, "contrastive", options, found);
  ck_assert_int_eq(record.status, NDG_PAST_RADIUS);
  ck_assert_uint_eq(record.learner_runs, 0);
  for (int t = 0; t < N; t++) {
    ck_assert(isnan(found[t]));
  }
  /* One that is not known says nothing, and the least of all is not known. */
  least[BAD] = NAN;
  ndg_problem_set_radii(p, least);
  record = rows_of(p, "contrastive", options, found);
  ck_assert(isnan(record.stability_radius) && isfinite(found[BAD]) && isnan(found[0]));
  ndg_problem_close(p);
  ndg_problem_close(without);
}
END_TEST

/* A task whose free phase has nothing to judge by does not keep the radius of the others back; nor
   does one whose Hessian is not positive definite make theirs another number. */
START_TEST(radii_depend_on_no_neighbour) {
  static double h[3] = {1.3, -1.5, 2.1}, at[3] = {0.7, 0.5, 1.1}, mm[3] = {2, 90, 1.3};
  static double alone_radius[1], all[3];
  for (int t = -1; t < 3; t++) { /* all, then one by one */
    const int first = t < 0 ? 0 : t;
    const ndg_array arrays[] = {real_array("H0", NDG_WHOLE, NDG_MATRIX(1, 1), h + first),
                                real_array("a", NDG_WHOLE, NDG_VECTOR(1), at + first),
                                real_array("M", NDG_WHOLE, NDG_MATRIX(1, 1), mm + first),
                                real_array("c", NDG_WHOLE, NDG_VECTOR(1), at + first)};
    const ndg_task_arrays tasks = {.n_tasks = t < 0 ? 3 : 1, .n_arrays = 4, .arrays = arrays};
    const ndg_problem_spec spec = {
        .learner = open_learner("quadratic", "form=linear_quadratic; l=0.5; theta=-0.4"),
        .tasks = &tasks,
        .inner = newton_inner(),
        .dtype = NDG_F64};
    ndg_problem *p = NULL;
    const ndg_factor *factor;
    ck_assert_msg(ndg_problem_open(&spec, &p, &e) == NDG_OK, "%s", e.text);
    ck_assert_int_eq(ndg_factor_at(p, p->start, 0, &factor, &e), NDG_OK);
    ck_assert_int_eq(factor->dense.is_lu[t < 0 ? 1 : 0], t < 0 || t == 1 ? NDG_LU : NDG_CHOLESKY);
    ck_assert_int_eq(
        ndg_stability_radii(p, p->start, &factor->dense, t < 0 ? all : alone_radius, &e), NDG_OK);
    if (t >= 0) {
      ck_assert_double_eq_tol(all[t], fabs(h[t] + 0.5) / mm[t], 1e-9);
      ck_assert(memcmp(&all[t], alone_radius, sizeof *alone_radius) == 0);
    }
    ndg_problem_close(p);
  }
}
END_TEST

START_TEST(adam_diverges_in_nudged_phases) {
  ndg_inner inner = descent(0.01, 60);
  inner.optimizer.momentum = 0.9;
  inner.optimizer.beta2 = 0.999;
  inner.optimizer.epsilon = 1e-8;
  ndg_problem *p = open_tasks(inner, N);
  const ndg_record record =
      rows_of(p, "contrastive", "variant=forward; nudged_optimizer=adam; nudged_lr=1e6", found);
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ck_assert_ptr_nonnull(strstr(record.note, "nudged with beta = 0.01 diverged"));
  ck_assert_msg(strstr(record.note, "in task 2 (1 of 4 tasks in all)") != NULL, "%s", record.note);
  for (int t = 0; t < N; t++) {
    ck_assert_int_eq(!isfinite(found[t]), t == 1);
  }
  ndg_problem_close(p);
}
END_TEST

/* What is continued from the cache is judged as what is run from the start. */
START_TEST(continued_phases_are_judged_alike) {
  ndg_problem *p = open_tasks(descent(0.01, 60), N), *again = open_tasks(descent(0.01, 60), N);
  for (int steps = 10; steps <= 250; steps += 40) {
    char options[120];
    double second[N];
    (void)snprintf(options, sizeof options, "beta=0.5; free_steps=400; nudged_steps=%d", steps);
    const ndg_record going_on = rows_of(p, "contrastive", options, found);
    ndg_problem_forget_phases(again, false);
    const ndg_record anew = rows_of(again, "contrastive", options, second);
    ck_assert_int_eq(going_on.status, anew.status);
    ck_assert_str_eq(going_on.note, anew.note);
  }
  ndg_problem_close(p);
  ndg_problem_close(again);
}
END_TEST

/* What holds for tasks that have a number is not lost behind the one that diverges. */
START_TEST(tasks_short_of_a_tolerance_beside_one_that_diverges) {
  static const struct {
    const char *rule, *options;
  } rules[] = {{"contrastive", "variant=symmetric; free_tolerance=1e-15"},
               {"contrastive", "variant=symmetric; nudged_tolerance=1e-15"},
               {"implicit", "solver=cg; free_tolerance=1e-15"},
               {"implicit", "solver=neumann; alpha=0.03; iterations=2; tolerance=1e-12"},
               {"fomaml", "tolerance=1e-15"},
               {"reptile", "tolerance=1e-15"}};
  ndg_problem *p = open_tasks(descent(0.1, 60), N);
  const ndg_record record = rows_of(p, rules[_i].rule, rules[_i].options, found);
  uint8_t soft[N];
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ndg_problem_task_soft(p, soft);
  for (int t = 0; t < N; t++) {
    ck_assert_msg(soft[t] == (t == BAD ? 0 : 1 << NDG_NOT_CONVERGED), "%s {%s}: task %d has %d",
                  rules[_i].rule, rules[_i].options, t, soft[t]);
  }
  /* An estimate remembers nothing of the one before. */
  (void)rows_of(p, "fomaml", "", found);
  ndg_problem_task_soft(p, soft);
  for (int t = 0; t < N; t++) {
    ck_assert_int_eq(soft[t], 0);
  }
  ndg_problem_close(p);
}
END_TEST

/* Radii that the problem knows, also beside a task that diverges. */
START_TEST(reports_of_a_radius_beside_a_task_that_diverges) {
  ndg_problem *p = open_tasks(descent(0.1, 60), N);
  uint8_t soft[N];
  ndg_problem_set_radii(p, (const double[N]){1e-3, 1e-3, 1e-3, 1e-3});
  const ndg_record record =
      rows_of(p, "contrastive", "variant=symmetric; beta=0.01; past_radius=report", found);
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ndg_problem_task_soft(p, soft);
  for (int t = 0; t < N; t++) {
    ck_assert_int_eq(soft[t], t == BAD ? 0 : 1 << NDG_PAST_RADIUS);
    ck_assert_int_eq(isfinite(found[t]) != 0, t != BAD);
  }
  ndg_problem_close(p);
}
END_TEST

START_TEST(tolerance_is_reached_by_reptile) {
  /* Asking for the initial point leaves tasks as they are. */
  ndg_inner inner = descent(0.01, 4000);
  uint8_t outcome[N];
  inner.tolerance = 1e-6;
  ndg_problem *p = open_tasks(inner, N);
  (void)rows_of(p, "reptile", "", found);
  ndg_problem_task_status(p, outcome, NULL);
  for (int t = 0; t < N; t++) {
    ck_assert_int_eq(outcome[t], NDG_TASK_CONVERGED);
  }
  ndg_problem_close(p);
}
END_TEST

START_TEST(without_memory) {
  const ndg_instance rule = open_rule("contrastive", "beta=0.5; free_steps=400; nudged_steps=60");
  ndg_problem *p = open_tasks(descent(0.01, 60), N);
  ndg_record record;
  double wanted[N];
  ck_assert_int_eq(ndg_problem_estimate(p, &rule, true, wanted, &record, &e), NDG_PAST_RADIUS);
  for (uint64_t n = 0;; n++) {
    ck_assert_uint_lt(n, 2000);
    ndg_problem_forget_phases(p, false);
    ndg_fail_allocations_after(n);
    const ndg_status st = ndg_problem_estimate(p, &rule, true, found, &record, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    if (st == NDG_PAST_RADIUS) {
      break;
    }
    ck_assert_msg(st == NDG_ENOMEM, "allocation %d: status %d, %s", (int)n, st, e.text);
  }
  for (int t = 0; t < N; t++) {
    ck_assert(t == BAD ? isnan(found[t]) : found[t] == wanted[t]);
  }
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("task outcomes");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, one_task_diverges, 0, 13);
  tcase_add_loop_test(tests, one_task_is_past_its_radius, 0, 2);
  tcase_add_test(tests, contour_judges_each_task);
  tcase_add_loop_test(tests, newton_phases_judge_each_task, 0, 4);
  tcase_add_test(tests, known_radii_judge_each_task);
  tcase_add_test(tests, radii_depend_on_no_neighbour);
  tcase_add_test(tests, adam_diverges_in_nudged_phases);
  tcase_add_test(tests, continued_phases_are_judged_alike);
  tcase_add_loop_test(tests, tasks_short_of_a_tolerance_beside_one_that_diverges, 0, 6);
  tcase_add_test(tests, reports_of_a_radius_beside_a_task_that_diverges);
  tcase_add_test(tests, tolerance_is_reached_by_reptile);
  tcase_add_test(tests, without_memory);
  return run_suite("task outcomes", tests);
}
