/* SPDX-License-Identifier: MIT */
/* Group data: how a learner takes tasks that are few, many, wrong or extreme. Most of it the host
   sees to; what a learner does with them when it is asked must not crash. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"

/* Opening with these tasks, and a look at both losses. */
static ndg_status try_tasks(ndg_check *c, const ndg_check_variant *v, const ndg_task_arrays *tasks,
                            ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64, .tasks = tasks};
  ndg_bench b;
  const ndg_status st = ndg_bench_open(c, v, &spec, &b, e);
  ndg_bench_close(&b);
  return st;
}

/* A refusal must be one: hard, and with a line that says why. */
static void expect_refused(ndg_check *c, const ndg_check_variant *v, const char *what,
                           ndg_status st, const ndg_error *e) {
  if (st >= 0)
    ndg_check_fail_variant(c, v, "%s is accepted", what);
  else if (!e->text[0] || strchr(e->text, '\n'))
    ndg_check_fail_variant(c, v, "%s is refused without one line that says why", what);
}

/* ---- example ---- */

static void run_example(ndg_check *c) {
  ndg_check_variants all;
  ndg_error e = {0};
  if (ndg_check_find_variants(c, &all, &e) < 0)
    ndg_check_fail(c, "%s", e.text);
  else if (all.n == 0)
    ndg_check_fail(c,
                   "none of the usual arrays fits (learn.inputs, learn.targets, eval.inputs, "
                   "eval.targets; real targets or classes), so that nothing can be checked; give "
                   "an example (%s). It said: %s",
                   NDG_CAP_EXAMPLE, all.refusal);
}

/* ---- number of tasks ---- */

static ndg_status number_of_tasks(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  static const uint64_t numbers[] = {1, 2, 33};
  ndg_error refused = {0};
  ndg_status st = NDG_OK;
  for (size_t i = 0; st >= 0 && i < sizeof numbers / sizeof *numbers; i++)
    st = try_tasks(c, v, ndg_check_draw_tasks(c, v, numbers[i], "tasks"), e);
  const ndg_status none = try_tasks(c, v, ndg_check_draw_tasks(c, v, 0, "tasks"), &refused);
  expect_refused(c, v, "a batch of no tasks", none, &refused);
  return st;
}

/* ---- numbers that are none ---- */

/* The learner's own layout sees bad data too: it may refuse them, and must not fall over. */
static void lay_out(const ndg_check_variant *v, const ndg_task_arrays *tasks) {
  static ndg_layout layout;
  ndg_error e = {0};
  memset(&layout, 0, sizeof layout);
  layout.struct_size = sizeof layout;
  (void)v->learner.loaded->ops.learner.layout(v->learner.options, tasks, &layout, &e);
}

static ndg_status not_finite(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  char what[80];
  for (uint64_t i = 0; i < v->n_arrays; i++)
    for (int k = 0; k < 3 && v->arrays[i].kind == NDG_REAL; k++) {
      ndg_error refused = {0};
      ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, 2, "tasks");
      if (!tasks)
        return ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
      double *x = (double *)tasks->arrays[i].data;
      x[2 * ndg_shape_size(&v->arrays[i].shape) - 1] = bad[k];
      (void)snprintf(what, sizeof what, "%g in array '%.40s'", bad[k], v->arrays[i].name);
      lay_out(v, tasks);
      const ndg_status st = try_tasks(c, v, tasks, &refused);
      expect_refused(c, v, what, st, &refused);
    }
  return NDG_OK;
}

/* NaN in phi: the loss is not finite, learning says that it diverged, and the problem goes on. */
static ndg_status lost(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64, .tasks = ndg_check_draw_tasks(c, v, 2, "tasks")};
  ndg_bench b;
  ndg_status st = ndg_bench_open(c, v, &spec, &b, e);
  if (st < 0)
    return st;
  const long double kept = ndg_bench_get(b.phi, 1, 0);
  long double values[2], again[2];
  st = ndg_bench_evaluate(&b, NDG_LEARN_LOSS, NDG_WANT_VALUE, e);
  if (st >= 0)
    ndg_bench_values(&b, values);
  for (uint64_t i = 0; i < b.n_phi; i++)
    ndg_bench_set(b.hvp, 0, i, NAN, 0), ndg_bench_set(b.hvp, 1, i, ndg_bench_get(b.phi, 1, i), 0);
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = b.problem->inner.optimizer,
                     .start = b.hvp,
                     .end = b.hvp,
                     .steps = 5};
  if (st >= 0)
    st = ndg_problem_relax(b.problem, &phase, e);
  if (st == NDG_OK)
    ndg_check_fail_variant(c, v, "learning from NaN in phi ends as if nothing were wrong");
  if (st >= 0)
    st = ndg_bench_evaluate(&b, NDG_LEARN_LOSS, NDG_WANT_VALUE, e);
  if (st >= 0)
    ndg_bench_values(&b, again);
  for (int t = 0; st >= 0 && t < 2; t++)
    if (values[t] != again[t] || ndg_bench_get(b.phi, 1, 0) != kept)
      ndg_check_fail_variant(c, v, "learn_loss of task %d was %.17Lg, after a lost task %.17Lg",
                             t + 1, values[t], again[t]);
  ndg_bench_close(&b);
  return st < 0 ? st : NDG_OK;
}

/* ---- indices ---- */

static ndg_status index_range(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  bool any = false;
  for (uint64_t i = 0; i < v->n_arrays; i++) {
    const int32_t bad[] = {-1, (int32_t)v->arrays[i].n_values, INT32_MAX};
    if (v->arrays[i].kind != NDG_INDEX)
      continue;
    any = true;
    for (int k = 0; k < 3; k++) {
      ndg_error refused = {0};
      char what[80];
      ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, 2, "tasks");
      if (!tasks)
        return ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
      ((int32_t *)tasks->arrays[i].data)[0] = bad[k];
      (void)snprintf(what, sizeof what, "index %d in array '%.40s' of %llu classes", (int)bad[k],
                     v->arrays[i].name, (unsigned long long)v->arrays[i].n_values);
      lay_out(v, tasks);
      const ndg_status st = try_tasks(c, v, tasks, &refused);
      expect_refused(c, v, what, st, &refused);
    }
  }
  return any ? NDG_OK : ndg_fail(e, NDG_ECAPABILITY, "it was tried on no array of indices");
}

/* ---- other arrays ---- */

/* Tasks with one array changed by `what`: the learner refuses them or can do with them. */
enum { WITHOUT, OTHER_KIND, MORE_AXES, FEWER_AXES, LONGER, WHOLE, TINY, EMPTY, N_CHANGES };

static void change(ndg_task_arrays *tasks, uint64_t i, int what) {
  ndg_array *a = (ndg_array *)tasks->arrays + i;
  ndg_shape *s = &a->shape;
  switch (what) {
  case WITHOUT:
    memmove(a, a + 1, (tasks->n_arrays - i - 1) * sizeof *a);
    tasks->n_arrays--;
    break;
  case OTHER_KIND:
    a->kind = a->kind == NDG_REAL ? NDG_INDEX : NDG_REAL;
    a->n_values = 3;
    break;
  case MORE_AXES:
    s->n_dims += s->n_dims < NDG_MAX_DIMS;
    break;
  case FEWER_AXES:
    s->n_dims -= s->n_dims > 0;
    s->dim[s->n_dims] = 1;
    break;
  case LONGER:
    s->dim[0] += 1;
    break;
  case WHOLE:
    a->role = a->role == NDG_SAMPLES ? NDG_WHOLE : NDG_SAMPLES;
    break;
  case TINY:
    *s = NDG_VECTOR(1);
    break;
  default:
    s->dim[0] = 0;
    s->n_dims += s->n_dims == 0;
    break;
  }
}

static ndg_status other_arrays(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  static const char *const words[N_CHANGES] = {
      "missing",      "of the other kind", "of one axis more", "of one axis less",
      "a row longer", "of the other role", "one number",       "empty"};
  for (uint64_t i = 0; i < v->n_arrays; i++)
    for (int k = 0; k < N_CHANGES; k++) {
      ndg_check_variant other = *v;
      ndg_task_arrays described = {2, v->n_arrays, other.arrays};
      char what[80];
      ndg_error refused = {0};
      other.arrays[i].data = NULL;
      change(&described, i, k);
      other.n_arrays = described.n_arrays;
      (void)snprintf(what, sizeof what, "array '%.40s' %s", v->arrays[i].name, words[k]);
      ndg_check_doing(c, "%s, %.300s", what, v->text);
      const ndg_task_arrays *tasks = ndg_check_draw_tasks(c, &other, 2, "tasks");
      if (!tasks)
        return ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
      const ndg_status st = try_tasks(c, &other, tasks, &refused);
      if (st < 0 && (!refused.text[0] || strchr(refused.text, '\n')))
        ndg_check_fail_variant(c, v, "%s is refused without one line that says why", what);
    }
  return NDG_OK;
}

static void run_number_of_tasks(ndg_check *c) {
  ndg_check_each_variant(c, number_of_tasks);
}
static void run_not_finite(ndg_check *c) {
  ndg_check_each_variant(c, not_finite);
}
static void run_lost_task(ndg_check *c) {
  ndg_check_each_variant(c, lost);
}
static void run_index_range(ndg_check *c) {
  ndg_check_each_variant(c, index_range);
}
static void run_other_arrays(ndg_check *c) {
  ndg_check_each_variant(c, other_arrays);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "data", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,              \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_data[] = {
    CASE(example, "there are tasks that it accepts: the usual ones, or an example that it gives"),
    CASE(number_of_tasks, "it takes one task and many; none are refused"),
    CASE(not_finite, "NaN and infinite data are refused with one line"),
    CASE(lost_task, "a task that leaves the finite numbers is reported and disturbs nothing"),
    CASE(index_range, "indices out of range are refused with one line"),
    CASE(other_arrays, "arrays that are missing or of another shape are refused, or used soundly"),
    {.group = NULL}};
