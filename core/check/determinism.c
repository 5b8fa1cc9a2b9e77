/* SPDX-License-Identifier: MIT */
/* Group determinism: the same bits whatever the number of threads, and however tasks are put
   together. */
#include <stdio.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 7, N_STEPS = 6, MANY = 64 };
static const uint32_t everything = NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA |
                                   NDG_WANT_HVP | NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD;

/* What two benches are compared in. */
enum { N_RESULTS = 6 };
static const ndg_vector *result(const ndg_bench *b, int i) {
  const ndg_vector *all[N_RESULTS] = {
      b->problem->values[0], b->grad_phi, b->grad_theta, b->hvp, b->mixed, b->mixed_forward};
  return all[i];
}
static const char *const names[N_RESULTS] = {
    "the loss",      "the gradient in phi",  "the gradient in theta", "Hessian-vector product",
    "mixed product", "forward mixed product"};

/* Task t of b is task first + t of a. */
static void compare_row(const ndg_bench *a, const ndg_bench *b, const ndg_vector *x,
                        const ndg_vector *y, uint64_t first, const char *what, const char *how) {
  for (uint64_t t = 0; t < y->n_tasks; t++)
    for (uint64_t i = 0; i < y->length; i++) {
      const long double one = ndg_bench_get(x, first + t, i), other = ndg_bench_get(y, t, i);
      if (one == other || (one != one && other != other))
        continue;
      ndg_check_fail_variant(
          a->check, b->variant, "%s: %s of task %llu, number %llu, is %.17Lg and %.17Lg", how, what,
          (unsigned long long)(first + t) + 1, (unsigned long long)i + 1, one, other);
      return;
    }
}

/* All results at the same point, and the end of learning. */
static ndg_status compare(ndg_bench *a, ndg_bench *b, const uint64_t *from, uint64_t first,
                          const char *how, ndg_error *e) {
  ndg_status st = NDG_OK;
  ndg_bench_copy_point(b, a, from);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    st = ndg_bench_evaluate(a, loss, everything, e);
    if (st >= 0)
      st = ndg_bench_evaluate(b, loss, everything, e);
    for (int r = 0; st >= 0 && r < N_RESULTS; r++)
      compare_row(a, b, result(a, r), result(b, r), first, names[r], how);
  }
  if (st >= 0)
    st = ndg_bench_learn(b, N_STEPS, e);
  if (st < 0)
    return st;
  /* a's point stays: its end of learning is put where nothing is read from. */
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = a->problem->inner.optimizer,
                     .end = a->hvp,
                     .steps = N_STEPS};
  st = ndg_problem_relax(a->problem, &phase, e);
  if (st >= 0)
    compare_row(a, b, a->hvp, b->phi, first, "phi after learning", how);
  return st;
}

static ndg_bench_spec spec_of(const ndg_task_arrays *tasks, const ndg_task_labels *labels) {
  return (ndg_bench_spec){.dtype = NDG_F64, .tasks = tasks, .labels = labels};
}

/* ---- the same again ---- */

static ndg_status repeat(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_bench_spec spec = spec_of(ndg_check_draw_tasks(c, v, N_TASKS, "tasks"), NULL);
  ndg_bench a, b = {0};
  ndg_status st = ndg_bench_open(c, v, &spec, &a, e);
  if (st >= 0)
    st = ndg_bench_open(c, v, &spec, &b, e);
  if (st >= 0) {
    compare_row(&a, &b, a.phi, b.phi, 0, "the initial point", "opened twice with one seed");
    st = compare(&a, &b, NULL, 0, "opened twice with one seed", e);
  }
  ndg_bench_close(&a);
  ndg_bench_close(&b);
  return st;
}

/* ---- threads ---- */

static ndg_status with_threads(ndg_bench *one, uint32_t n_threads, const ndg_bench_spec *like,
                               ndg_error *e) {
  ndg_pool *pool = NULL;
  ndg_bench b = {0};
  char how[64];
  ndg_bench_spec spec = *like;
  (void)snprintf(how, sizeof how, "1 and %u threads", n_threads);
  ndg_status st = ndg_pool_create(n_threads, &pool, e);
  spec.pool = pool;
  if (st >= 0)
    st = ndg_bench_open(one->check, one->variant, &spec, &b, e);
  if (st >= 0)
    st = compare(one, &b, NULL, 0, how, e);
  ndg_bench_close(&b);
  ndg_pool_destroy(pool);
  return st;
}

static ndg_status threads(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  static const uint32_t counts[] = {2, 3, 8};
  static const uint64_t tasks[] = {1, N_TASKS};
  ndg_status st = NDG_OK;
  for (int k = 0; st >= 0 && k < 2; k++) {
    const ndg_bench_spec spec = spec_of(ndg_check_draw_tasks(c, v, tasks[k], "tasks"), NULL);
    ndg_bench one;
    st = ndg_bench_open(c, v, &spec, &one, e);
    for (size_t i = 0; st >= 0 && i < sizeof counts / sizeof *counts; i++)
      st = with_threads(&one, counts[i], &spec, e);
    ndg_bench_close(&one);
  }
  return st;
}

/* ---- tasks together and apart ---- */

/* Part of the tasks, under the numbers that they have in the whole. */
static ndg_status part(ndg_bench *whole, const ndg_task_arrays *tasks, uint64_t first, uint64_t n,
                       const char *how, ndg_error *e) {
  uint64_t from[MANY];
  for (uint64_t t = 0; t < n; t++)
    from[t] = first + t;
  const ndg_task_labels labels = {.index = from};
  const ndg_bench_spec spec = spec_of(ndg_check_some_tasks(whole->check, tasks, first, n), &labels);
  ndg_bench b;
  ndg_status st = ndg_bench_open(whole->check, whole->variant, &spec, &b, e);
  if (st >= 0)
    st = compare(whole, &b, from, first, how, e);
  ndg_bench_close(&b);
  return st;
}

static ndg_status parts(ndg_check *c, const ndg_check_variant *v, uint64_t n, uint64_t size,
                        const char *how, ndg_error *e) {
  const ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, n, "tasks");
  const ndg_bench_spec spec = spec_of(tasks, NULL);
  ndg_bench whole;
  ndg_status st = ndg_bench_open(c, v, &spec, &whole, e);
  for (uint64_t first = 0; st >= 0 && first < n; first += size)
    st = part(&whole, tasks, first, n - first < size ? n - first : size, how, e);
  ndg_bench_close(&whole);
  return st;
}

static ndg_status tasks_one_by_one(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  char how[64];
  (void)snprintf(how, sizeof how, "%d tasks together and one by one", N_TASKS);
  return parts(c, v, N_TASKS, 1, how, e);
}

static ndg_status meta_batch_parts(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return parts(c, v, 13, 5, "13 tasks in one meta-batch and in parts of 5", e);
}

/* The tasks in another order: rows change places and nothing else. */
static ndg_status task_order(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks");
  ndg_task_arrays *turned = tasks ? ndg_check_copy_tasks(c, tasks) : NULL;
  uint64_t from[N_TASKS];
  for (uint64_t t = 0; turned && t < N_TASKS; t++) {
    from[t] = N_TASKS - 1 - t;
    for (uint64_t i = 0; i < tasks->n_arrays; i++) {
      const size_t bytes = ndg_check_task_bytes(&tasks->arrays[i]);
      memcpy((char *)turned->arrays[i].data + t * bytes,
             (const char *)tasks->arrays[i].data + from[t] * bytes, bytes);
    }
  }
  const ndg_bench_spec spec = spec_of(tasks, NULL), other = spec_of(turned, NULL);
  ndg_bench a, b = {0};
  ndg_status st = ndg_bench_open(c, v, &spec, &a, e);
  if (st >= 0)
    st = ndg_bench_open(c, v, &other, &b, e);
  if (st >= 0)
    ndg_bench_copy_point(&b, &a, from);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    st = ndg_bench_evaluate(&a, loss, everything, e);
    if (st >= 0)
      st = ndg_bench_evaluate(&b, loss, everything, e);
    for (int r = 0; st >= 0 && r < N_RESULTS; r++) {
      const ndg_vector *x = result(&a, r), *y = result(&b, r);
      for (uint64_t t = 0; t < N_TASKS; t++)
        for (uint64_t i = 0; i < x->length && !c->has_failed; i++)
          if (ndg_bench_get(x, from[t], i) != ndg_bench_get(y, t, i))
            ndg_check_fail_variant(c, v, "%s of a task is %.17Lg at place %llu and %.17Lg at %llu",
                                   names[r], ndg_bench_get(x, from[t], i),
                                   (unsigned long long)from[t] + 1, ndg_bench_get(y, t, i),
                                   (unsigned long long)t + 1);
    }
  }
  ndg_bench_close(&a);
  ndg_bench_close(&b);
  return st;
}

static void run_repeat(ndg_check *c) {
  ndg_check_each_variant(c, repeat);
}
static void run_threads(ndg_check *c) {
  ndg_check_each_variant(c, threads);
}
static void run_tasks_one_by_one(ndg_check *c) {
  ndg_check_each_variant(c, tasks_one_by_one);
}
static void run_meta_batch_parts(ndg_check *c) {
  ndg_check_each_variant(c, meta_batch_parts);
}
static void run_task_order(ndg_check *c) {
  ndg_check_each_variant(c, task_order);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "determinism", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,       \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_determinism[] = {
    CASE(repeat, "opened twice with the same seed, it gives the same bits"),
    CASE(threads, "2, 3 and 8 threads give the bits of one"),
    CASE(tasks_one_by_one, "tasks know nothing of each other: together they give the bits of each "
                           "alone"),
    CASE(meta_batch_parts, "a meta-batch cut into parts gives the same bits"),
    CASE(task_order, "tasks in another order give the same bits in that order"),
    {.group = NULL}};
