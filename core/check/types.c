/* SPDX-License-Identifier: MIT */
/* Group mathematics, element types: the same numbers in all of them, as far as the conditioning of
   the problem allows, which is measured. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "check/bench.h"
#include "check/groups.h"
#include "engine/task_algebra.h"

enum { N_TASKS = 3 };

static ndg_status open_bench(ndg_check *c, const ndg_check_variant *v, ndg_dtype dtype,
                             ndg_bench *b, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = dtype,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  return ndg_bench_open(c, v, &spec, b, e);
}

enum { N_RESULTS = 6 };
static const char *const result_names[N_RESULTS] = {
    "the gradient in phi", "the gradient in theta",     "the Hessian-vector product",
    "the mixed product",   "the forward mixed product", "the loss"};

static const ndg_vector *result(const ndg_bench *b, int i) {
  const ndg_vector *all[N_RESULTS] = {b->grad_phi, b->grad_theta,    b->hvp,
                                      b->mixed,    b->mixed_forward, b->problem->values[0]};
  return all[i];
}

static ndg_status evaluate_all(ndg_bench *b, uint32_t loss, ndg_error *e) {
  return ndg_bench_evaluate(b, loss,
                            NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA |
                                NDG_WANT_HVP | NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD,
                            e);
}

/* How far the results of a loss move, per task, where every number that goes in moves by its own
   size times `by`. */
typedef struct condition {
  long double moved[N_RESULTS][N_TASKS];
} condition;

static const double NUDGED = 0x1p-20;

static void shake(ndg_rng *r, double *x, uint64_t n) {
  for (uint64_t i = 0; i < n; i++)
    x[i] *= ndg_rng_next(r) & 1 ? 1 + NUDGED : 1 - NUDGED;
}

static ndg_status open_shaken(const ndg_bench *wide, uint64_t number, ndg_bench *out,
                              ndg_error *e) {
  ndg_check *c = wide->check;
  ndg_task_arrays *tasks = ndg_check_draw_tasks(c, wide->variant, N_TASKS, "tasks");
  const ndg_rng root = ndg_check_stream(c, "condition");
  ndg_rng r = ndg_rng_stream(&root, "shake", number);
  for (uint64_t i = 0; tasks && i < tasks->n_arrays; i++)
    if (tasks->arrays[i].kind == NDG_REAL)
      shake(&r, (double *)tasks->arrays[i].data, N_TASKS * ndg_shape_size(&tasks->arrays[i].shape));
  const ndg_bench_spec spec = {.dtype = NDG_LONG_DOUBLE, .tasks = tasks};
  const ndg_status st = ndg_bench_open(c, wide->variant, &spec, out, e);
  if (st < 0)
    return st;
  ndg_bench_copy_point(out, wide, NULL);
  shake(&r, out->theta, out->n_theta);
  for (uint64_t t = 0; t < N_TASKS; t++)
    for (uint64_t i = 0; i < out->n_phi; i++)
      ndg_bench_set(
          out->phi, t, i,
          ndg_bench_get(out->phi, t, i) * (ndg_rng_next(&r) & 1 ? 1 + NUDGED : 1 - NUDGED), 0);
  return ndg_problem_set_theta(out->problem, out->theta, e);
}

static ndg_status measure_condition(ndg_bench *wide, uint32_t loss, condition *out, ndg_error *e) {
  memset(out, 0, sizeof *out);
  ndg_status st = evaluate_all(wide, loss, e);
  for (uint64_t k = 0; st >= 0 && k < 3; k++) {
    ndg_bench shaken = {0};
    st = open_shaken(wide, k, &shaken, e);
    if (st >= 0)
      st = evaluate_all(&shaken, loss, e);
    for (int r = 0; st >= 0 && r < N_RESULTS; r++)
      for (uint64_t t = 0; t < N_TASKS; t++)
        for (uint64_t i = 0; i < result(wide, r)->length; i++)
          out->moved[r][t] = fmaxl(out->moved[r][t], fabsl(ndg_bench_get(result(&shaken, r), t, i) -
                                                           ndg_bench_get(result(wide, r), t, i)) /
                                                         NUDGED);
    ndg_bench_close(&shaken);
  }
  return st;
}

/* Sixty-four roundings of everything that goes in. */
static void compare_types(const ndg_bench *wide, const ndg_bench *b, uint32_t loss,
                          const condition *of) {
  const long double unit = 64 * ndg_epsilon(b->problem->dtype);
  for (int r = 0; r < N_RESULTS; r++)
    for (uint64_t t = 0; t < N_TASKS; t++) {
      const ndg_vector *x = result(b, r), *y = result(wide, r);
      const long double allowed = unit * (of->moved[r][t] + ndg_bench_peak(y, t));
      for (uint64_t i = 0; i < x->length; i++) {
        const long double found = ndg_bench_get(x, t, i), expected = ndg_bench_get(y, t, i);
        if (!(fabsl(found - expected) <= allowed))
          ndg_check_fail_variant(
              b->check, b->variant,
              "%s of %s in task %llu, number %llu: %.10Lg in %s, %.10Lg in long double (apart by "
              "%.2Lg; the conditioning allows %.2Lg)",
              result_names[r], ndg_bench_loss_name(loss), (unsigned long long)t + 1,
              (unsigned long long)i + 1, found, ndg_dtype_name(b->problem->dtype), expected,
              fabsl(found - expected), allowed);
      }
    }
}

static ndg_status types(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64};
  ndg_bench wide, b;
  ndg_status st = open_bench(c, v, NDG_LONG_DOUBLE, &wide, e);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    condition of;
    st = measure_condition(&wide, loss, &of, e);
    for (size_t k = 0; st >= 0 && k < sizeof dtypes / sizeof *dtypes; k++) {
      st = open_bench(c, v, dtypes[k], &b, e);
      if (st < 0)
        break;
      ndg_bench_copy_point(&b, &wide, NULL);
      st = evaluate_all(&b, loss, e);
      if (st >= 0)
        compare_types(&wide, &b, loss, &of);
      ndg_bench_close(&b);
    }
  }
  ndg_bench_close(&wide);
  return st;
}

static void run_element_types(ndg_check *c) {
  ndg_check_each_variant(c, types);
}

const ndg_check_case ndg_check_learner_types[] = {
    {.group = "mathematics",
     .name = "element_types",
     .property = "float32 and float64 agree with long double as far as conditioning allows",
     .kind = NDG_KIND_LEARNER,
     .run = run_element_types},
    {.group = NULL}};
