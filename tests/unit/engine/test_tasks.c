/* SPDX-License-Identifier: MIT */
/* Other tasks in a problem that stays compiled: as if it had been opened with them. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "problem_fixture.h"

enum { N_TASKS = 3 };

static known_options options;
static known_tasks tasks, others;
static ndg_error e;

static void set_up(void) {
  options = (known_options){0};
  known_tasks_fill(&tasks, N_TASKS);
  known_tasks_fill(&others, N_TASKS);
  for (int t = 0; t < N_TASKS; t++) {
    for (int i = 0; i < N_X; i++) {
      others.b[t][i] += 0.25 * (t + 1);
      others.c[t][i] -= 0.5 * i;
      others.a[t][i][i] += 0.25;
    }
    for (int r = 0; r < N_ROWS; r++) {
      others.values[t][r] *= -1;
      others.labels[t][r] = (others.labels[t][r] + 1) % N_X;
    }
  }
}

static void expect(ndg_status st, const char *text) {
  ck_assert_int_eq(st, NDG_EINVAL);
  ck_assert_msg(strstr(e.text, text) != NULL, "'%s' without '%s'", e.text, text);
}

static void estimate(ndg_problem *p, const told_options *o, double out[N_TASKS][N_THETA]) {
  const ndg_instance rule = told_rule(o);
  ndg_record record;
  const ndg_status st = ndg_problem_estimate(p, &rule, true, out[0], &record, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
}

/* The one keeps something from one estimate to the next. */
static const told_options rule_options = {.beta = 0.1, .hold = 1}, plain = {.beta = 0.1};

/* The same answers as a problem that was opened with the other tasks, to the bit. */
static void check_as_opened(ndg_problem_spec spec) {
  ndg_problem *p = known_open(&spec), *wide;
  double got[N_TASKS][N_THETA], before[N_TASKS][N_THETA], wanted[N_TASKS][N_THETA];
  ck_assert_int_eq(ndg_problem_sibling(p, NDG_LONG_DOUBLE, &wide, &e), NDG_OK);
  estimate(p, &rule_options, before);
  if (wide != p)
    estimate(wide, &rule_options, before);
  ck_assert_int_eq(ndg_problem_set_tasks(p, &others.tasks, &e), NDG_OK);
  spec.tasks = &others.tasks;
  ndg_problem *q = known_open(&spec);
  estimate(p, &rule_options, got);
  estimate(q, &rule_options, wanted);
  ck_assert_mem_eq(got, wanted, sizeof got);
  ck_assert(memcmp(got, before, sizeof got) != 0);
  if (wide != p) {
    ndg_problem *wanted_wide;
    ck_assert_int_eq(ndg_problem_sibling(q, NDG_LONG_DOUBLE, &wanted_wide, &e), NDG_OK);
    estimate(wide, &rule_options, got);
    estimate(wanted_wide, &rule_options, wanted);
    ck_assert_mem_eq(got, wanted, sizeof got);
  }
  ndg_problem_close(q);
  ndg_problem_close(p);
}

START_TEST(a_problem_takes_other_tasks) {
  static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = dtypes[_i % 3];
  spec.inner.batch_size = _i < 3 ? 0 : 3;
  check_as_opened(spec);
}
END_TEST

START_TEST(setting_tasks_allocates_nothing) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = NDG_F32;
  ndg_problem *p = known_open(&spec);
  const uint64_t index[N_TASKS] = {7, 8, 9};
  double g[N_TASKS][N_THETA];
  estimate(p, &rule_options, g);
  ndg_fail_allocations_after(0);
  const ndg_status st = ndg_problem_set_labelled_tasks(
      p, &others.tasks, &(ndg_task_labels){"lines", index, NULL}, &e);
  ndg_fail_allocations_after(UINT64_MAX);
  ck_assert_int_eq(st, NDG_OK);
  ndg_problem_close(p);
}
END_TEST

START_TEST(what_was_found_out_is_forgotten) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec);
  ndg_problem_info info = {.struct_size = sizeof info};
  double g[N_TASKS][N_THETA], radii[N_TASKS];
  estimate(p, &rule_options, g);
  ck_assert_ptr_nonnull(p->phases);
  for (uint64_t t = 0; t < N_TASKS; t++)
    radii[t] = 2;
  ndg_problem_set_radii(p, radii);
  ck_assert_int_eq(ndg_problem_set_tasks(p, &others.tasks, &e), NDG_OK);
  ck_assert_ptr_null(p->phases);
  ndg_problem_describe(p, &info);
  ck_assert(isnan(info.stability_radius));
  ndg_problem_close(p);
}
END_TEST

/* What must be the same, changed in turn, and changed back. */
START_TEST(tasks_of_another_form_are_refused) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec);
  ndg_array *b = &others.arrays[1], *labels = &others.arrays[5];
  const ndg_array old_b = *b, old_labels = *labels;
  double before[N_TASKS][N_THETA], after[N_TASKS][N_THETA];
  estimate(p, &plain, before);
  b->name = "d";
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "'d' stands where the problem has 'b'");
  *b = old_b;
  b->shape = NDG_MATRIX(N_X, 1);
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "'b' is 3x1 per task, not 3 as in");
  *b = old_b;
  b->shape = NDG_VECTOR(2);
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "'b' is 2 per task, not 3");
  *b = old_b;
  b->role = NDG_SAMPLES;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "'b' has role samples, not whole");
  *b = old_b;
  b->kind = NDG_INDEX;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "'b' is of kind index, not real");
  *b = old_b;
  b->data = NULL;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "'b' has no data");
  *b = old_b;
  labels->n_values++;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "'learn.labels' has 4 classes, not 3");
  *labels = old_labels;
  others.tasks.n_tasks = 2;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "2 tasks for a problem of 3");
  others.tasks.n_tasks = N_TASKS;
  others.tasks.n_arrays = 5;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "5 arrays for a problem of 6");
  others.tasks.n_arrays = 6;
  estimate(p, &plain, after);
  ck_assert_mem_eq(before, after, sizeof before);
  ndg_problem_close(p);
}
END_TEST

START_TEST(data_that_are_no_numbers_are_refused_by_name) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = NDG_F32;
  ndg_problem *p = known_open(&spec), *q;
  const uint64_t index[N_TASKS] = {136, 137, 138};
  const double old = others.rows[1][2][1];
  others.rows[1][2][1] = NAN;
  expect(ndg_problem_set_labelled_tasks(p, &others.tasks,
                                        &(ndg_task_labels){"lines (train)", index, NULL}, &e),
         "task 137 of lines (train), array 'learn.rows', row 3, element 2 is NaN; tasks must be "
         "finite: leave this one out, or mend it");
  expect(
      ndg_problem_set_labelled_tasks(p, &others.tasks, &(ndg_task_labels){NULL, index, NULL}, &e),
      "task 137, array");
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "task 2, array 'learn.rows'");
  spec.tasks = &others.tasks;
  spec.labels = (ndg_task_labels){"lines (train)", index, NULL};
  expect(ndg_problem_open(&spec, &q, &e), "task 137 of lines (train), array 'learn.rows', row 3");
  others.rows[1][2][1] = -INFINITY;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "is infinite");
  others.rows[1][2][1] = 1e39;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "is 1e+39, more than a float32 holds");
  others.rows[1][2][1] = FLT_MAX;
  ck_assert_int_eq(ndg_problem_set_tasks(p, &others.tasks, &e), NDG_OK);
  others.rows[1][2][1] = old;
  others.labels[2][7] = N_X;
  expect(ndg_problem_set_labelled_tasks(p, &others.tasks,
                                        &(ndg_task_labels){"lines (test)", index, NULL}, &e),
         "task 138 of lines (test), array 'learn.labels', row 8 is 3, not an index below 3");
  ndg_problem_close(p);
}
END_TEST

START_TEST(the_learner_looks_again) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec);
  options.defect = DEFECT_LAYOUT;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "learner known: option 'defect' is 1");
  options.defect = DEFECT_NO_THETA;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "0 theta groups for these tasks, not 3");
  options.defect = DEFECT_TWO_NAMES;
  expect(ndg_problem_set_tasks(p, &others.tasks, &e),
         "learner known: phi group 'y' differs for these tasks");
  options.defect = DEFECT_NONE;
  ck_assert_int_eq(ndg_problem_set_tasks(p, &others.tasks, &e), NDG_OK);
  ndg_problem_close(p);
}
END_TEST

START_TEST(whoever_borrows_tasks_cannot_change_them) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_problem *p = known_open(&spec), *clone, *second, *sibling;
  ck_assert_int_eq(ndg_problem_sibling(p, NDG_F32, &sibling, &e), NDG_OK);
  ck_assert_int_eq(ndg_problem_clone(p, NULL, &clone, &e), NDG_OK);
  ck_assert_int_eq(ndg_problem_clone(clone, NULL, &second, &e), NDG_OK);
  expect(ndg_problem_set_tasks(clone, &others.tasks, &e), "not in a clone or sibling");
  expect(ndg_problem_set_tasks(sibling, &others.tasks, &e), "not in a clone or sibling");
  expect(ndg_problem_label_tasks(clone, &(ndg_task_labels){"lines", NULL, NULL}, &e),
         "not in a clone or sibling");
  expect(ndg_problem_set_tasks(p, &others.tasks, &e), "2 clones read the tasks of this problem");
  ndg_problem_close(clone);
  expect(ndg_problem_label_tasks(p, &(ndg_task_labels){"lines", NULL, NULL}, &e), "1 clones");
  ndg_problem_close(second);
  ck_assert_int_eq(ndg_problem_set_tasks(p, &others.tasks, &e), NDG_OK);
  ndg_problem_close(p);
}
END_TEST

/* One task of `from` alone. */
static ndg_task_arrays only(const known_tasks *from, uint64_t t, ndg_array arrays[6]) {
  for (int i = 0; i < 6; i++) {
    const ndg_array *a = &from->arrays[i];
    const size_t size = a->kind == NDG_INDEX ? sizeof(int32_t) : sizeof(double);
    arrays[i] = *a;
    arrays[i].data = (const char *)a->data + t * ndg_shape_size(&a->shape) * size;
  }
  return (ndg_task_arrays){1, 6, arrays};
}

/* A task with a number learns alone, from its own start and minibatches, as it does among others.
 */
START_TEST(a_task_depends_on_its_number_and_not_on_its_place) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = _i ? NDG_F32 : NDG_F64;
  spec.inner.batch_size = 3;
  ndg_problem *p = known_open(&spec);
  const uint64_t index[N_TASKS] = {41, 17, 5};
  ck_assert_int_eq(ndg_problem_label_tasks(p, &(ndg_task_labels){"lines", index, NULL}, &e),
                   NDG_OK);
  double together[N_TASKS][N_THETA], alone[N_THETA], a[N_PHI], b[N_PHI];
  estimate(p, &rule_options, together);
  const ndg_instance rule = told_rule(&rule_options);
  for (uint64_t t = 0; t < N_TASKS; t++) {
    ndg_array arrays[6];
    const ndg_task_arrays one = only(&tasks, t, arrays);
    ndg_problem_spec single = spec;
    single.tasks = &one;
    single.labels = (ndg_task_labels){"lines", &index[t], NULL};
    ndg_problem *q = known_open(&single);
    ndg_record record;
    ndg_problem_get_start(p, t, a);
    ndg_problem_get_start(q, 0, b);
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert_int_eq(ndg_problem_estimate(q, &rule, true, alone, &record, &e), NDG_OK);
    ck_assert_mem_eq(alone, together[t], sizeof alone);
    ndg_problem_close(q);
  }
  ck_assert_int_eq(ndg_problem_label_tasks(p, &(ndg_task_labels){NULL, NULL, NULL}, &e), NDG_OK);
  ndg_problem *fresh = known_open(&spec);
  for (uint64_t t = 0; t < N_TASKS; t++) {
    ndg_problem_get_start(p, t, a);
    ndg_problem_get_start(fresh, t, b);
    ck_assert_mem_eq(a, b, sizeof a);
  }
  ndg_problem_close(fresh);
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tasks");
  TCase *c = tcase_create("tasks");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_add_loop_test(c, a_problem_takes_other_tasks, 0, 6);
  tcase_add_test(c, setting_tasks_allocates_nothing);
  tcase_add_test(c, what_was_found_out_is_forgotten);
  tcase_add_test(c, tasks_of_another_form_are_refused);
  tcase_add_test(c, data_that_are_no_numbers_are_refused_by_name);
  tcase_add_test(c, the_learner_looks_again);
  tcase_add_test(c, whoever_borrows_tasks_cannot_change_them);
  tcase_add_loop_test(c, a_task_depends_on_its_number_and_not_on_its_place, 0, 2);
  suite_add_tcase(s, c);
  return run_suite(s);
}
