/* SPDX-License-Identifier: MIT */
/* Problems: what opening checks, and where parameters come from. */
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

/* ---- opening ---- */

static const struct {
  int32_t defect;
  const char *text;
} defects[] = {
    {DEFECT_LAYOUT, "learner known: option 'defect' is 1"},
    {DEFECT_NO_THETA, "learner known: 2 phi and 0 theta groups"},
    {DEFECT_TWO_NAMES, "learner known: two phi groups are called 'x'"},
    {DEFECT_BAD_START, "learner known: phi group 'x' starts at theta group 7 of 3"},
    {DEFECT_HELD, "learner known: phi group 'y' has held = 1"},
    {DEFECT_NEGATIVE, "learner known: theta group 'pull', element 1 of 3 (from 1) is -0.5"},
    {DEFECT_VECTOR_LOSS, "learner known: learn_loss must be a scalar"},
    {DEFECT_SHARED_LOSS, "learner known: eval_loss is the same for all tasks"},
    {DEFECT_NO_LOSS, "learner known: build gave no eval_loss"},
    {DEFECT_BUILD, "learner known: "},
};

START_TEST(a_defective_learner_is_named) {
  ndg_problem *p = NULL;
  options.defect = defects[_i].defect;
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, defects[_i].text);
  ck_assert_ptr_null(p);
}
END_TEST

START_TEST(bad_tasks_are_refused) {
  ndg_problem *p;
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  tasks.b[1][2] = NAN;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "task 2, array 'b', row 3 is NaN");
  set_up();
  tasks.arrays[1].name = "A";
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "two task arrays are called 'A'");
  set_up();
  tasks.arrays[1].data = NULL;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "'b' has no data");
  set_up();
  tasks.tasks.n_tasks = 0;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "at least one task");
  set_up();
  const int32_t labels[9] = {0, 1, 2, 0, 1, 3, 0, 0, 0};
  tasks.arrays[1] = (ndg_array){"b", NDG_INDEX, NDG_WHOLE, NDG_VECTOR(3), labels, 3};
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL,
         "task 2, array 'b', row 3 is 3, not an index below 3");
}
END_TEST

START_TEST(bad_inner_settings_are_refused) {
  ndg_problem *p;
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.inner.optimizer.lr = -1;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "lr is -1");
  spec = known_spec(&options, &tasks);
  spec.inner.optimizer.kind = NDG_NESTEROV;
  spec.inner.optimizer.momentum = 1;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "momentum is 1");
  spec = known_spec(&options, &tasks);
  spec.inner.tolerance = NAN;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "tolerance");
  spec = known_spec(&options, &tasks);
  spec.inner.batch_size = N_ROWS + 1;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "batch size 9");
  spec.inner.batch_size = 2;
  spec.inner.optimizer.kind = NDG_NEWTON;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "Newton learns from all samples");
  spec.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
  spec = known_spec(&options, &tasks);
  spec.dtype = NDG_C128;
  expect(ndg_problem_open(&spec, &p, &e), NDG_EINVAL, "float64");
}
END_TEST

START_TEST(starts_come_from_named_streams) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *three = known_open(&spec);
  spec.dtype = NDG_F32;
  ndg_problem *coarse = known_open(&spec);
  tasks.tasks.n_tasks = 1;
  spec.dtype = NDG_F64;
  ndg_problem *one = known_open(&spec);
  spec.seed++;
  ndg_problem *other = known_open(&spec);
  double a[N_PHI], b[N_PHI], theta[N_THETA];
  ndg_problem_get_start(three, 0, a);
  ndg_problem_get_start(one, 0, b);
  ck_assert_mem_eq(a, b, sizeof a);
  ndg_problem_get_start(coarse, 0, b);
  for (int i = 0; i < N_PHI; i++)
    ck_assert(b[i] == (double)(float)a[i]);
  ndg_problem_get_start(three, 1, b);
  ck_assert_mem_eq(a, b, N_X * sizeof *a); /* both start at theta's "origin" */
  ck_assert(a[N_X] != b[N_X]);
  ndg_problem_get_start(other, 0, b);
  ck_assert(a[N_X] != b[N_X]);
  ndg_problem_get_theta(three, theta);
  ck_assert_mem_eq(a, theta + 2 * N_X, N_X * sizeof *a);
  ck_assert(theta[N_X] == 0.5);
  ndg_problem_close(three);
  ndg_problem_close(coarse);
  ndg_problem_close(one);
  ndg_problem_close(other);
}
END_TEST

START_TEST(theta_is_checked_and_moves_the_start) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec), *clone, *sibling;
  double theta[N_THETA], back[N_THETA], start[N_PHI], radii[MAX_TASKS] = {2, 2, 2, 2, 2};
  ck_assert_int_eq(ndg_problem_sibling(p, NDG_LONG_DOUBLE, &sibling, &e), NDG_OK);
  for (int i = 0; i < N_THETA; i++)
    theta[i] = 0.125 * i;
  ndg_problem_set_radii(p, radii);
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, &e), NDG_OK);
  ck_assert_int_eq(ndg_problem_clone(p, NULL, &clone, &e), NDG_OK);
  ndg_problem *all[] = {p, sibling, clone};
  for (int i = 0; i < 3; i++) {
    ndg_problem_info info = {.struct_size = sizeof info};
    ndg_problem_describe(all[i], &info);
    ck_assert(isnan(info.stability_radius));
    ndg_problem_get_theta(all[i], back);
    ck_assert_mem_eq(theta, back, sizeof theta);
    ndg_problem_get_start(all[i], 2, start);
    ck_assert_mem_eq(start, theta + 2 * N_X, N_X * sizeof *start);
  }
  theta[1] = NAN;
  expect(ndg_problem_set_theta(p, theta, &e), NDG_EINVAL,
         "'center', element 2 of 3 (from 1) is NaN");
  theta[1] = 0;
  theta[N_X + 2] = -1e-3;
  expect(ndg_problem_set_theta(p, theta, &e), NDG_EINVAL,
         "'pull', element 3 of 3 (from 1) is -0.001");
  ndg_problem_get_theta(p, theta);
  ck_assert_mem_eq(theta, back, sizeof theta);
  ndg_problem_close(clone);
  ndg_problem_close(p);
}
END_TEST

/* ---- memory ---- */

static ndg_status open_and_use(const ndg_problem_spec *spec) {
  const told_options o = {.beta = 0.1, .hold = 1};
  const ndg_instance rule = told_rule(&o);
  ndg_problem *p = NULL, *clone = NULL, *sibling;
  ndg_learning learning;
  ndg_record record;
  double gradient[N_THETA];
  ndg_status st = ndg_problem_open(spec, &p, &e);
  if (st >= 0)
    st = ndg_problem_learn(p, NULL, &learning, &e);
  if (st >= 0)
    st = ndg_problem_clone(p, NULL, &clone, &e);
  if (st >= 0)
    st = ndg_problem_estimate(clone, &rule, false, gradient, &record, &e);
  if (st >= 0)
    st = ndg_problem_sibling(p, NDG_F64, &sibling, &e);
  ndg_problem_close(clone);
  ndg_problem_close(p);
  return st;
}

START_TEST(running_out_of_memory_is_an_error) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = NDG_F32;
  spec.inner.batch_size = 2;
  spec.inner.steps = 2;
  ndg_status st = NDG_ENOMEM;
  uint64_t n = 0;
  for (; st == NDG_ENOMEM; n++) {
    ndg_fail_allocations_after(n);
    st = open_and_use(&spec);
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert_msg(st == NDG_ENOMEM || st == NDG_OK, "allocation %llu: %d, %s",
                  (unsigned long long)n, st, e.text);
  }
  ck_assert_uint_gt(n, 50);
}
END_TEST

/* A rule of ABI 1.0 knows a shorter struct: nothing is written behind it. */
START_TEST(earlier_minors_are_described_in_their_length) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec);
  ndg_problem_info info = {.struct_size = offsetof(ndg_problem_info, n_start), .n_start = 77};
  ndg_problem_describe(p, &info);
  ck_assert_uint_eq(info.n_start, 77);
  ck_assert_uint_eq(info.struct_size, offsetof(ndg_problem_info, n_start));
  ck_assert_uint_eq(info.n_theta, N_THETA);
  info.struct_size = sizeof info;
  ndg_problem_describe(p, &info);
  ck_assert_uint_gt(info.n_start, 0);
  ck_assert_uint_lt(info.n_start, info.n_phi); /* "origin" is where x starts */
  ck_assert(ndg_problem_provides(p, NDG_CAP_META_START, NULL));
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("problem");
  TCase *c = tcase_create("problem");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, a_defective_learner_is_named, 0, (int)(sizeof defects / sizeof *defects));
  tcase_add_test(c, earlier_minors_are_described_in_their_length);
  tcase_add_test(c, bad_tasks_are_refused);
  tcase_add_test(c, bad_inner_settings_are_refused);
  tcase_add_test(c, starts_come_from_named_streams);
  tcase_add_test(c, theta_is_checked_and_moves_the_start);
  tcase_add_test(c, running_out_of_memory_is_an_error);
  suite_add_tcase(s, c);
  return run_suite(s);
}
