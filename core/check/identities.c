/* SPDX-License-Identifier: MIT */
/* Group mathematics, identities that hold whatever the losses are. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "check/bench.h"
#include "check/groups.h"
#include "engine/task_algebra.h"

enum { N_TASKS = 4, N_PAIRS = 4 };

static ndg_status open_bench(ndg_check *c, const ndg_check_variant *v, ndg_dtype dtype,
                             ndg_bench *b, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = dtype,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  return ndg_bench_open(c, v, &spec, b, e);
}

static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

/* A test in each element type, for each loss. */
typedef ndg_status (*loss_test)(ndg_bench *, uint32_t loss, ndg_error *);
static ndg_status in_each_type(ndg_check *c, const ndg_check_variant *v, loss_test test,
                               ndg_error *e) {
  ndg_status st = NDG_OK;
  for (int k = 0; st >= 0 && k < N_DTYPES; k++) {
    ndg_bench b;
    st = open_bench(c, v, dtypes[k], &b, e);
    for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++)
      st = test(&b, loss, e);
    ndg_bench_close(&b);
  }
  return st;
}

/* Where differences of two ways to the same number come from rounding: of as many terms as there
   are parameters, which are not larger than what the products are made of. */
static long double rounding(const ndg_bench *b) {
  return 16 * ndg_epsilon(b->problem->dtype) * (8 + sqrtl((long double)(b->n_phi + b->n_theta)));
}

/* ---- symmetry: the Hessian, column by column ---- */

/* Of large ones so many rows and columns, spread over all groups. */
enum { MOST_COLUMNS = 48 };
static uint64_t column(const ndg_bench *b, uint64_t k, uint64_t n) {
  return k * b->n_phi / n;
}

static ndg_status read_hessian(ndg_bench *b, uint32_t loss, uint64_t n, long double *h,
                               ndg_error *e) {
  ndg_status st = NDG_OK;
  for (uint64_t j = 0; st >= 0 && j < n; j++) {
    ndg_vector_zero(b->direction);
    for (uint64_t t = 0; t < b->n_tasks; t++)
      ndg_bench_set(b->direction, t, column(b, j, n), 1, 0);
    st = ndg_bench_evaluate(b, loss, NDG_WANT_HVP, e);
    for (uint64_t t = 0; t < b->n_tasks; t++)
      for (uint64_t i = 0; i < n; i++)
        h[(t * n + i) * n + j] = ndg_bench_get(b->hvp, t, column(b, i, n));
  }
  return st;
}

static void report_asymmetry(const ndg_bench *b, uint32_t loss, uint64_t task, uint64_t i,
                             uint64_t j, long double one, long double other, long double allowed) {
  char u[80], v[80];
  ndg_bench_name(b, NDG_PHI, i, u);
  ndg_bench_name(b, NDG_PHI, j, v);
  ndg_check_fail_variant(b->check, b->variant,
                         "u·Hv = %.12Lg, v·Hu = %.12Lg (apart by %.2Lg, allowed %.2Lg) for u = %s, "
                         "v = %s, H of %s in task %llu, %s",
                         one, other, fabsl(one - other), allowed, u, v, ndg_bench_loss_name(loss),
                         (unsigned long long)task + 1, ndg_dtype_name(b->problem->dtype));
}

static ndg_status symmetry(ndg_bench *b, uint32_t loss, ndg_error *e) {
  const uint64_t n = b->n_phi < MOST_COLUMNS ? b->n_phi : MOST_COLUMNS;
  long double *h = ndg_arena_alloc(b->check->arena, b->n_tasks * n * n, sizeof *h);
  if (!h)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a Hessian");
  const ndg_status st = read_hessian(b, loss, n, h, e);
  for (uint64_t t = 0; st >= 0 && t < b->n_tasks; t++) {
    const long double *m = h + t * n * n;
    long double squares = 0;
    for (uint64_t i = 0; i < n * n; i++)
      squares += m[i] * m[i];
    const long double allowed = rounding(b) * sqrtl(squares);
    for (uint64_t i = 0; i < n; i++)
      for (uint64_t j = 0; j < i; j++)
        if (!(fabsl(m[i * n + j] - m[j * n + i]) <= allowed))
          report_asymmetry(b, loss, t, column(b, i, n), column(b, j, n), m[i * n + j], m[j * n + i],
                           allowed);
  }
  return st;
}

static ndg_status hessian_symmetry(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return in_each_type(c, v, symmetry, e);
}

/* ---- adjoint identity ---- */

static long double length(const ndg_vector *v, uint64_t task) {
  return sqrtl(ndg_bench_dot(v, v, task, NULL));
}

static ndg_status adjoint(ndg_bench *b, uint32_t loss, ndg_error *e) {
  static const char *const labels[N_PAIRS] = {"first", "second", "third", "fourth"};
  ndg_status st = NDG_OK;
  for (int k = 0; st >= 0 && k < N_PAIRS; k++) {
    ndg_bench_draw_directions(b, labels[k]);
    st = ndg_bench_evaluate(b, loss, NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD, e);
    for (uint64_t t = 0; st >= 0 && t < b->n_tasks; t++) {
      const long double reverse = ndg_bench_dot(b->mixed, b->theta_direction, t, NULL);
      const long double forward = ndg_bench_dot(b->mixed_forward, b->direction, t, NULL);
      const long double scale = length(b->mixed, t) * length(b->theta_direction, t) +
                                length(b->mixed_forward, t) * length(b->direction, t);
      if (!(fabsl(reverse - forward) <= rounding(b) * scale))
        ndg_check_fail_variant(b->check, b->variant,
                               "<u, M'v> = %.12Lg, <Mu, v> = %.12Lg (apart by %.2Lg, allowed "
                               "%.2Lg), M the mixed derivative of %s in task %llu, %s",
                               reverse, forward, fabsl(reverse - forward), rounding(b) * scale,
                               ndg_bench_loss_name(loss), (unsigned long long)t + 1,
                               ndg_dtype_name(b->problem->dtype));
    }
  }
  ndg_bench_draw_directions(b, "directions");
  return st;
}

static ndg_status adjoint_identity(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  return in_each_type(c, v, adjoint, e);
}

/* ---- order of samples ---- */

/* Rows of all samples arrays of one part in another order: learn.* in one, eval.* in another. */
static ndg_task_arrays *shuffled(ndg_check *c, const ndg_task_arrays *of) {
  ndg_task_arrays *out = ndg_check_copy_tasks(c, of);
  const ndg_rng root = ndg_check_stream(c, "order");
  for (uint64_t k = 0; out && k < of->n_arrays; k++) {
    const ndg_array *a = &of->arrays[k];
    const uint64_t rows = a->shape.dim[0];
    if (a->role != NDG_SAMPLES)
      continue;
    int32_t *order = ndg_arena_alloc(c->arena, rows, sizeof *order);
    if (!order)
      return NULL;
    ndg_rng r = ndg_rng_stream(&root, strncmp(a->name, "eval.", 5) == 0 ? "eval" : "learn", rows);
    ndg_rng_fill_permutation(&r, order, rows);
    const size_t row = ndg_check_task_bytes(a) / rows;
    for (uint64_t i = 0; i < of->n_tasks * rows; i++)
      memcpy((char *)out->arrays[k].data + i * row,
             (const char *)a->data + (i / rows * rows + (uint64_t)order[i % rows]) * row, row);
  }
  return out;
}

static ndg_status compare_orders(ndg_bench *a, ndg_bench *b, uint32_t loss, ndg_error *e) {
  const uint32_t want = NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA;
  long double one[N_TASKS], other[N_TASKS];
  ndg_status st = ndg_bench_evaluate(a, loss, want, e);
  if (st >= 0)
    st = ndg_bench_evaluate(b, loss, want, e);
  if (st < 0)
    return st;
  ndg_bench_values(a, one);
  ndg_bench_values(b, other);
  for (uint64_t t = 0; t < N_TASKS; t++) {
    /* The sums over samples are in another order: rounding of long double. */
    const long double allowed =
        0x1p12L * LDBL_EPSILON * (fabsl(one[t]) + ndg_bench_peak(a->grad_phi, t));
    if (!(fabsl(one[t] - other[t]) <= allowed))
      ndg_check_fail_variant(a->check, a->variant,
                             "%s of task %llu is %.12Lg, with its samples in another order %.12Lg "
                             "(apart by %.2Lg, allowed %.2Lg)",
                             ndg_bench_loss_name(loss), (unsigned long long)t + 1, one[t], other[t],
                             fabsl(one[t] - other[t]), allowed);
    for (uint64_t i = 0; i < a->n_phi; i++)
      if (!(fabsl(ndg_bench_get(a->grad_phi, t, i) - ndg_bench_get(b->grad_phi, t, i)) <= allowed))
        ndg_check_fail_variant(a->check, a->variant,
                               "the gradient of %s in task %llu is %.12Lg, with its samples in "
                               "another order %.12Lg, in number %llu",
                               ndg_bench_loss_name(loss), (unsigned long long)t + 1,
                               ndg_bench_get(a->grad_phi, t, i), ndg_bench_get(b->grad_phi, t, i),
                               (unsigned long long)i + 1);
  }
  return st;
}

static ndg_status sample_order(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  if (!(c->subject->component->props & NDG_PROP_BATCH_INVARIANT))
    return ndg_fail(e, NDG_ECAPABILITY, "it does not claim NDG_PROP_BATCH_INVARIANT");
  const ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks");
  const ndg_bench_spec spec = {.dtype = NDG_LONG_DOUBLE, .tasks = tasks};
  const ndg_bench_spec other = {.dtype = NDG_LONG_DOUBLE,
                                .tasks = tasks ? shuffled(c, tasks) : NULL};
  ndg_bench a, b = {0};
  ndg_status st = ndg_bench_open(c, v, &spec, &a, e);
  if (st >= 0)
    st = ndg_bench_open(c, v, &other, &b, e);
  if (st >= 0)
    ndg_bench_copy_point(&b, &a, NULL);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++)
    st = compare_orders(&a, &b, loss, e);
  ndg_bench_close(&a);
  ndg_bench_close(&b);
  return st;
}

static void run_hessian_symmetry(ndg_check *c) {
  ndg_check_each_variant(c, hessian_symmetry);
}
static void run_adjoint_identity(ndg_check *c) {
  ndg_check_each_variant(c, adjoint_identity);
}
static void run_sample_order(ndg_check *c) {
  ndg_check_each_variant(c, sample_order);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "mathematics", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,       \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_identities[] = {
    CASE(hessian_symmetry, "u·Hv = v·Hu"),
    CASE(adjoint_identity, "the mixed product and the forward mixed product are adjoint"),
    CASE(sample_order, "the order of samples does not matter, as it claims"),
    {.group = NULL}};
