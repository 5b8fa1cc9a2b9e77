/* SPDX-License-Identifier: MIT */
/* Group data, what depends on which data: nothing on those of another problem, what is learned not
   on evaluation samples, predictions not on their own targets, speed not on tiny numbers. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 3 };

static ndg_status open_bench(ndg_check *c, const ndg_check_variant *v, const ndg_task_arrays *tasks,
                             ndg_bench *b, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64, .tasks = tasks};
  return ndg_bench_open(c, v, &spec, b, e);
}

/* The data of arrays whose name begins so, from other tasks. */
static ndg_task_arrays *with_others(ndg_check *c, const ndg_check_variant *v, const char *prefix) {
  ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks");
  ndg_check_variant drawn = *v;
  for (uint64_t i = 0; i < v->n_arrays; i++)
    drawn.arrays[i].data = NULL;
  const ndg_task_arrays *others = ndg_check_draw_tasks(c, &drawn, N_TASKS, "others");
  for (uint64_t i = 0; tasks && others && i < tasks->n_arrays; i++)
    if (strncmp(tasks->arrays[i].name, prefix, strlen(prefix)) == 0)
      ((ndg_array *)tasks->arrays)[i].data = others->arrays[i].data;
  return others ? tasks : NULL;
}

/* ---- data of another problem ---- */

static ndg_status other_tasks(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks");
  const ndg_task_arrays *others = with_others(c, v, "");
  ndg_bench fresh, used = {0};
  ndg_status st = open_bench(c, v, others, &fresh, e);
  if (st >= 0)
    st = open_bench(c, v, tasks, &used, e);
  if (st >= 0)
    st = ndg_problem_set_tasks(used.problem, others, e);
  if (st >= 0)
    ndg_bench_copy_point(&used, &fresh, NULL);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    long double one[N_TASKS], other[N_TASKS];
    st = ndg_bench_evaluate(&fresh, loss, NDG_WANT_VALUE, e);
    if (st >= 0)
      st = ndg_bench_evaluate(&used, loss, NDG_WANT_VALUE, e);
    if (st < 0)
      break;
    ndg_bench_values(&fresh, one);
    ndg_bench_values(&used, other);
    for (uint64_t t = 0; t < N_TASKS; t++)
      if (one[t] != other[t])
        ndg_check_fail_variant(
            c, v,
            "%s of task %llu is %.17Lg if opened with these data, %.17Lg if they "
            "come later; does build use data of the first tasks?",
            ndg_bench_loss_name(loss), (unsigned long long)t + 1, one[t], other[t]);
  }
  ndg_bench_close(&fresh);
  ndg_bench_close(&used);
  return st;
}

/* ---- evaluation samples ---- */

static bool has_prefix(const ndg_check_variant *v, const char *prefix) {
  for (uint64_t i = 0; i < v->n_arrays; i++)
    if (strncmp(v->arrays[i].name, prefix, strlen(prefix)) == 0)
      return true;
  return false;
}

static ndg_status unseen(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  if (!has_prefix(v, "eval."))
    return ndg_fail(e, NDG_ECAPABILITY, "no array is named eval.*");
  ndg_bench a, b = {0};
  long double one[N_TASKS], other[N_TASKS];
  ndg_status st = open_bench(c, v, ndg_check_draw_tasks(c, v, N_TASKS, "tasks"), &a, e);
  if (st >= 0)
    st = open_bench(c, v, with_others(c, v, "eval."), &b, e);
  if (st >= 0)
    ndg_bench_copy_point(&b, &a, NULL);
  if (st >= 0)
    st = ndg_bench_evaluate(&a, NDG_LEARN_LOSS, NDG_WANT_VALUE, e);
  if (st >= 0)
    st = ndg_bench_evaluate(&b, NDG_LEARN_LOSS, NDG_WANT_VALUE, e);
  if (st >= 0) {
    ndg_bench_values(&a, one);
    ndg_bench_values(&b, other);
  }
  for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++)
    if (one[t] != other[t])
      ndg_check_fail_variant(c, v,
                             "learn_loss of task %llu is %.12Lg, with other evaluation samples "
                             "%.12Lg: it learns from what it is judged by",
                             (unsigned long long)t + 1, one[t], other[t]);
  ndg_bench_close(&a);
  ndg_bench_close(&b);
  return st;
}

static ndg_status predict(const ndg_bench *b, uint64_t n, double *out, ndg_error *e) {
  double *phi = ndg_arena_alloc(b->check->arena, N_TASKS * b->n_phi, sizeof *phi);
  if (!phi || !out)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for predictions");
  for (uint64_t k = 0; k < N_TASKS * b->n_phi; k++)
    phi[k] = (double)ndg_bench_get(b->phi, k / b->n_phi, k % b->n_phi);
  (void)n;
  return ndg_problem_predict(b->problem, phi, out, e);
}

static ndg_status blind(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench a, b = {0};
  ndg_shape shape;
  ndg_status st = open_bench(c, v, ndg_check_draw_tasks(c, v, N_TASKS, "tasks"), &a, e);
  if (st < 0)
    return st;
  if (!ndg_problem_prediction_shape(a.problem, &shape) || !has_prefix(v, "eval.targets"))
    st = ndg_fail(e, NDG_ECAPABILITY, "it has no predictions, or no array is named eval.targets");
  if (st >= 0)
    st = open_bench(c, v, with_others(c, v, "eval.targets"), &b, e);
  if (st >= 0)
    ndg_bench_copy_point(&b, &a, NULL);
  const uint64_t n = st >= 0 ? N_TASKS * ndg_shape_size(&shape) : 0;
  double *one = ndg_arena_alloc(c->arena, n + 1, sizeof *one);
  double *other = ndg_arena_alloc(c->arena, n + 1, sizeof *other);
  if (st >= 0)
    st = predict(&a, n, one, e);
  if (st >= 0)
    st = predict(&b, n, other, e);
  for (uint64_t i = 0; st >= 0 && i < n; i++)
    if (one[i] != other[i])
      ndg_check_fail_variant(c, v,
                             "prediction %llu is %.12g, with other targets of the evaluation "
                             "samples %.12g: it has seen the answers",
                             (unsigned long long)i + 1, one[i], other[i]);
  ndg_bench_close(&a);
  ndg_bench_close(&b);
  return st;
}

/* ---- tiny numbers ---- */

static double now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The quickest of several rounds: what else the machine does makes none of them quicker. */
static ndg_status time_gradient(ndg_bench *b, double *seconds, ndg_error *e) {
  enum { ROUNDS = 5, CALLS = 40 };
  ndg_status st = ndg_bench_evaluate(b, NDG_LEARN_LOSS, NDG_WANT_GRAD_PHI, e);
  *seconds = INFINITY;
  for (int round = 0; st >= 0 && round < ROUNDS; round++) {
    const double start = now();
    for (int k = 0; st >= 0 && k < CALLS; k++)
      st = ndg_bench_evaluate(b, NDG_LEARN_LOSS, NDG_WANT_GRAD_PHI, e);
    *seconds = fmin(*seconds, (now() - start) / CALLS);
  }
  return st;
}

static ndg_status denormals(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_task_arrays *tiny = ndg_check_draw_tasks(c, v, N_TASKS, "tasks");
  for (uint64_t i = 0; tiny && i < tiny->n_arrays; i++)
    for (uint64_t k = 0;
         tiny->arrays[i].kind == NDG_REAL && k < N_TASKS * ndg_shape_size(&tiny->arrays[i].shape);
         k++)
      ((double *)tiny->arrays[i].data)[k] *= 1e-309;
  ndg_bench a, b = {0};
  double usual = 0, slow = 0;
  ndg_status st = open_bench(c, v, ndg_check_draw_tasks(c, v, N_TASKS, "tasks"), &a, e);
  if (st >= 0)
    st = open_bench(c, v, tiny, &b, e);
  for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++)
    for (uint64_t i = 0; i < b.n_phi; i++)
      ndg_bench_set(b.phi, t, i, ndg_bench_get(b.phi, t, i) * 1e-309L, 0);
  if (st >= 0)
    st = time_gradient(&a, &usual, e);
  if (st >= 0)
    st = time_gradient(&b, &slow, e);
  if (st >= 0 && slow > 10 * usual)
    ndg_check_warn_variant(c, v, "a gradient takes %.2g us, with denormal numbers %.2g us",
                           1e6 * usual, 1e6 * slow);
  ndg_bench_close(&a);
  ndg_bench_close(&b);
  return st;
}

static void run_other_tasks(ndg_check *c) {
  ndg_check_each_variant(c, other_tasks);
}
static void run_unseen_samples(ndg_check *c) {
  ndg_check_each_variant(c, unseen);
}
static void run_unseen_targets(ndg_check *c) {
  ndg_check_each_variant(c, blind);
}
static void run_denormals(ndg_check *c) {
  ndg_check_each_variant(c, denormals);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "data", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,              \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_seen[] = {
    CASE(other_tasks, "other tasks in an open problem give what opening with them gives"),
    CASE(unseen_samples, "learn_loss does not depend on arrays named eval.*"),
    CASE(unseen_targets, "predictions do not depend on the targets of the evaluation samples"),
    CASE(denormals, "denormal numbers cost no ten times more"),
    {.group = NULL}};
