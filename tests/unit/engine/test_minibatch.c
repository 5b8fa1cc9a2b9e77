/* SPDX-License-Identifier: MIT */
/* Which samples a step learns from. */
#include <string.h>

#include "base/memory.h"
#include "problem_fixture.h"

enum { N_TASKS = 3 };

static known_options options;
static known_tasks tasks;
static ndg_problem_spec spec;
static ndg_error e;

static void set_up(void) {
  options = (known_options){0};
  known_tasks_fill(&tasks, N_TASKS);
  spec = known_spec(&options, &tasks);
  spec.inner.sampling = NDG_SAMPLE_EPOCHS;
}

static const int32_t *drawn(ndg_problem *p, uint64_t step, uint64_t task) {
  ndg_minibatches_draw(p, NDG_LEARN_LOSS, step, 0);
  return p->batch[NDG_LEARN_ROWS].chosen + task * p->inner.batch_size;
}

/* Batches one after the other are epochs one after the other, whether they fit or not. */
START_TEST(every_epoch_is_a_permutation) {
  enum { EPOCHS = 12 };
  const uint64_t size = (uint64_t)_i + 1;
  spec.inner.batch_size = size;
  ndg_problem *p = known_open(&spec);
  for (uint64_t t = 0; t < N_TASKS; t++) {
    int32_t all[EPOCHS * N_ROWS + N_ROWS];
    uint64_t n = 0;
    int other = 0;
    for (uint64_t step = 0; n < EPOCHS * N_ROWS; step++, n += size)
      memcpy(all + n, drawn(p, step, t), size * sizeof *all);
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
      const int32_t *order = all + epoch * N_ROWS;
      int seen[N_ROWS] = {0};
      for (int i = 0; i < N_ROWS; i++) {
        ck_assert(order[i] >= 0 && order[i] < N_ROWS);
        seen[order[i]]++;
      }
      for (int i = 0; i < N_ROWS; i++)
        ck_assert_int_eq(seen[i], 1);
      other += memcmp(all, order, N_ROWS * sizeof *all) != 0;
    }
    ck_assert_int_ge(other, EPOCHS - 2); /* and each in its own order */
  }
  ndg_problem_close(p);
}
END_TEST

/* Every sample comes to every place of an epoch equally often. */
START_TEST(orders_have_no_favourites) {
  enum { EPOCHS = 4000 };
  static int count[N_ROWS][N_ROWS];
  spec.inner.batch_size = N_ROWS;
  memset(count, 0, sizeof count);
  ndg_problem *p = known_open(&spec);
  for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
    const int32_t *order = drawn(p, epoch, 1);
    for (int i = 0; i < N_ROWS; i++)
      count[i][order[i]]++;
  }
  /* Expected 500, deviation 21. */
  for (int i = 0; i < N_ROWS; i++)
    for (int j = 0; j < N_ROWS; j++)
      ck_assert(count[i][j] > 400 && count[i][j] < 600);
  ndg_problem_close(p);
}
END_TEST

START_TEST(a_step_draws_the_same_whatever_was_drawn_before) {
  spec.inner.batch_size = 3;
  ndg_problem *p = known_open(&spec), *q = known_open(&spec);
  for (uint64_t step = 20; step-- > 0;)
    for (uint64_t t = 0; t < N_TASKS; t++) {
      int32_t forward[3];
      memcpy(forward, drawn(p, 20 - step, t), sizeof forward);
      ck_assert_mem_eq(forward, drawn(q, 20 - step, t), sizeof forward);
      (void)drawn(q, 7 * step, t);
    }
  ndg_problem_close(p);
  ndg_problem_close(q);
}
END_TEST

START_TEST(epochs_follow_the_number_of_a_task) {
  spec.inner.batch_size = N_ROWS;
  ndg_problem *p = known_open(&spec);
  const uint64_t swapped[N_TASKS] = {2, 1, 0};
  int32_t first[N_ROWS], last[N_ROWS];
  memcpy(first, drawn(p, 0, 0), sizeof first);
  memcpy(last, drawn(p, 0, 2), sizeof last);
  ck_assert(memcmp(first, last, sizeof first) != 0);
  const ndg_task_labels labels = {NULL, swapped, NULL};
  ck_assert_int_eq(ndg_problem_label_tasks(p, &labels, &e), NDG_OK);
  ck_assert_mem_eq(first, drawn(p, 0, 2), sizeof first);
  ck_assert_mem_eq(last, drawn(p, 0, 0), sizeof last);
  ndg_problem_close(p);
}
END_TEST

/* Phases in pieces, clones and threads: the same bits. */
START_TEST(phases_with_epochs_can_be_continued) {
  spec.inner.batch_size = 3;
  spec.inner.optimizer.kind = NDG_ADAM;
  ndg_problem *p = known_open(&spec), *q = known_open(&spec), *clone;
  ck_assert_int_eq(ndg_problem_clone(q, NULL, &clone, &e), NDG_OK);
  ndg_vector *once = state_of(p, NDG_ADAM, false), *twice = state_of(q, NDG_ADAM, false);
  ndg_phase phase = free_phase(once, 19);
  relax(p, &phase);
  for (int i = 0; i < 2; i++) {
    ndg_problem *of = i ? clone : q;
    phase = free_phase(twice, 8);
    relax(of, &phase);
    phase.start = twice;
    phase.first_step = 8;
    phase.steps = 11;
    relax(of, &phase);
    ck_assert(same_bits(once, twice));
  }
  ndg_vector_destroy(once);
  ndg_vector_destroy(twice);
  ndg_problem_close(clone);
  ndg_problem_close(p);
  ndg_problem_close(q);
}
END_TEST

START_TEST(starts_are_drawn_by_a_number_of_their_own) {
  static const uint64_t index[N_TASKS] = {7, 8, 9}, start[N_TASKS] = {4, 4, 5};
  spec.inner.batch_size = 4;
  spec.inner.sampling = _i ? NDG_SAMPLE_EPOCHS : NDG_SAMPLE_INDEPENDENT;
  spec.labels = (ndg_task_labels){NULL, index, start};
  ndg_problem *p = known_open(&spec);
  spec.labels.start = NULL;
  ndg_problem *q = known_open(&spec);
  double a[N_PHI], b[N_PHI];
  ndg_problem_get_start(p, 0, a);
  ndg_problem_get_start(p, 1, b);
  ck_assert_mem_eq(a, b, sizeof a);
  ndg_problem_get_start(p, 2, b);
  ck_assert(memcmp(a, b, sizeof a) != 0);
  ndg_problem_get_start(q, 0, b);
  ck_assert(memcmp(a, b, sizeof a) != 0);
  for (uint64_t t = 0; t < N_TASKS; t++)
    ck_assert_mem_eq(drawn(p, 5, t), drawn(q, 5, t), 4 * sizeof(int32_t));
  /* Other numbers and the same start: nothing is drawn for it again. */
  static const uint64_t next[N_TASKS] = {17, 18, 19};
  const ndg_task_labels labels = {NULL, next, start};
  ndg_problem_get_start(p, 2, a);
  ck_assert_int_eq(ndg_problem_label_tasks(p, &labels, &e), NDG_OK);
  ndg_problem_get_start(p, 2, b);
  ck_assert_mem_eq(a, b, sizeof a);
  ndg_problem_close(p);
  ndg_problem_close(q);
}
END_TEST

/* Data that nobody changes are read where they lie, and give the same bits. */
START_TEST(borrowed_tasks_are_not_copied) {
  static known_tasks others;
  static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
  const told_options o = {.beta = 0.1};
  const ndg_instance rule = told_rule(&o);
  double got[N_THETA], wanted[N_THETA];
  ndg_record record;
  known_tasks_fill(&others, N_TASKS);
  others.b[1][2] += 0.5;
  others.labels[0][1] = (others.labels[0][1] + 1) % N_X;
  spec.dtype = dtypes[_i];
  spec.inner.batch_size = 3;
  ndg_problem *q = known_open(&spec), *wide;
  spec.borrow = true;
  ndg_problem *p = known_open(&spec);
  ck_assert_ptr_eq(p->tasks.arrays.arrays[3].data, tasks.rows);
  ck_assert_int_eq(ndg_problem_sibling(p, NDG_F64, &wide, &e), NDG_OK);
  for (int i = 0; i < 4; i++) {
    const known_tasks *k = i % 2 ? &others : &tasks;
    ck_assert_int_eq(ndg_problem_set_tasks(p, &k->tasks, &e), NDG_OK);
    ck_assert_int_eq(ndg_problem_set_tasks(q, &k->tasks, &e), NDG_OK);
    ck_assert_ptr_eq(p->tasks.arrays.arrays[5].data, k->labels);
    ck_assert_int_eq(ndg_problem_estimate(p, &rule, false, got, &record, &e), NDG_OK);
    ck_assert_int_eq(ndg_problem_estimate(q, &rule, false, wanted, &record, &e), NDG_OK);
    ck_assert_mem_eq(got, wanted, sizeof got);
    ck_assert_ptr_eq(wide->tasks.run[3], k->rows);
  }
  /* The same again: only the numbers are new, and what was found out is forgotten. */
  static const uint64_t index[N_TASKS] = {7, 8, 9};
  const ndg_task_labels labels = {"lines", index, NULL};
  ck_assert_ptr_nonnull(p->phases);
  ndg_fail_allocations_after(0);
  const ndg_status st = ndg_problem_set_labelled_tasks(p, &others.tasks, &labels, &e);
  ndg_fail_allocations_after(UINT64_MAX);
  ck_assert_int_eq(st, NDG_OK);
  ck_assert_ptr_null(p->phases);
  ck_assert_uint_eq(ndg_task_number(&p->tasks.labels, 2), 9);
  ndg_problem_close(p);
  ndg_problem_close(q);
}
END_TEST

START_TEST(what_cannot_be_drawn_is_refused) {
  static const struct {
    uint64_t size, eval_size;
    uint32_t sampling;
    const char *text;
  } cases[] = {
      {9, 0, 0, "batch size 9: a task has 8 learning samples"},
      {0, 2, 0, "evaluation batch size 2: these tasks have no eval.* arrays of samples"},
      {3, 0, 7, "unknown sampling 7"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ndg_problem *p;
    spec.inner.batch_size = cases[i].size;
    spec.inner.eval_batch_size = cases[i].eval_size;
    spec.inner.sampling = cases[i].sampling;
    ck_assert_int_eq(ndg_problem_open(&spec, &p, &e), NDG_EINVAL);
    ck_assert_msg(strstr(e.text, cases[i].text) != NULL, "%s", e.text);
  }
}
END_TEST

START_TEST(failed_allocations_are_survived) {
  spec.inner.batch_size = 3;
  ndg_status st = NDG_ENOMEM;
  for (uint64_t n = 0; st != NDG_OK; n++) {
    ndg_problem *p = NULL;
    ndg_fail_allocations_after(n);
    st = ndg_problem_open(&spec, &p, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert(st == NDG_OK || st == NDG_ENOMEM);
    ck_assert((st == NDG_OK) == (p != NULL));
    ndg_problem_close(p);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("minibatch");
  TCase *c = tcase_create("minibatch");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, every_epoch_is_a_permutation, 0, N_ROWS);
  tcase_add_test(c, orders_have_no_favourites);
  tcase_add_test(c, a_step_draws_the_same_whatever_was_drawn_before);
  tcase_add_test(c, epochs_follow_the_number_of_a_task);
  tcase_add_test(c, phases_with_epochs_can_be_continued);
  tcase_add_loop_test(c, starts_are_drawn_by_a_number_of_their_own, 0, 2);
  tcase_add_loop_test(c, borrowed_tasks_are_not_copied, 0, 3);
  tcase_add_test(c, what_cannot_be_drawn_is_refused);
  tcase_add_test(c, failed_allocations_are_survived);
  suite_add_tcase(s, c);
  return run_suite(s);
}
