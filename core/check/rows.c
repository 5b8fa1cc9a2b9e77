/* SPDX-License-Identifier: MIT */
/* Samples in parts: blocks of rows give what all rows give, and minibatches of an epoch their mean.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 3 };

/* ---- blocks ---- */

static const uint32_t everything =
    NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA | NDG_WANT_HVP | NDG_WANT_MIXED;

static void compare(const ndg_bench *a, const ndg_bench *b, const ndg_vector *x,
                    const ndg_vector *y, long double unit, uint64_t rows, const char *what) {
  for (uint64_t t = 0; t < N_TASKS; t++) {
    const long double allowed = unit * ndg_bench_peak(x, t);
    for (uint64_t i = 0; i < x->length; i++) {
      const long double one = ndg_bench_get(x, t, i), other = ndg_bench_get(y, t, i);
      if (!(fabsl(one - other) <= allowed))
        ndg_check_fail_variant(a->check, b->variant,
                               "%s of task %llu, number %llu, is %.12Lg on all samples and %.12Lg "
                               "in blocks of %llu (apart by %.2Lg, allowed %.2Lg)",
                               what, (unsigned long long)t + 1, (unsigned long long)i + 1, one,
                               other, (unsigned long long)rows, fabsl(one - other), allowed);
    }
  }
}

static ndg_status compare_blocks(ndg_bench *whole, uint64_t rows, ndg_error *e) {
  const ndg_bench_spec spec = {
      .dtype = NDG_LONG_DOUBLE,
      .tasks = ndg_check_draw_tasks(whole->check, whole->variant, N_TASKS, "tasks"),
      .block_rows = rows};
  ndg_bench b;
  ndg_status st = ndg_bench_open(whole->check, whole->variant, &spec, &b, e);
  if (st >= 0)
    ndg_bench_copy_point(&b, whole, NULL);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    st = ndg_bench_evaluate(whole, loss, everything, e);
    if (st >= 0)
      st = ndg_bench_evaluate(&b, loss, everything, e);
    if (st < 0)
      break;
    const long double unit = 0x1p12L * LDBL_EPSILON; /* sums in another order */
    compare(whole, &b, whole->problem->values[0], b.problem->values[0], unit, rows, "the loss");
    compare(whole, &b, whole->grad_phi, b.grad_phi, unit, rows, "the gradient in phi");
    compare(whole, &b, whole->grad_theta, b.grad_theta, unit, rows, "the gradient in theta");
    compare(whole, &b, whole->hvp, b.hvp, unit, rows, "the Hessian-vector product");
    compare(whole, &b, whole->mixed, b.mixed, unit, rows, "the mixed product");
  }
  ndg_bench_close(&b);
  return st;
}

static ndg_status blocks(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_LONG_DOUBLE,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  ndg_bench whole;
  ndg_status st = ndg_bench_open(c, v, &spec, &whole, e);
  for (uint64_t rows = 1; st >= 0 && rows <= 4; rows += rows == 2 ? 2 : 1)
    st = compare_blocks(&whole, rows, e);
  ndg_bench_close(&whole);
  return st;
}

/* ---- minibatches ---- */

static uint64_t learning_rows(const ndg_check_variant *v) {
  for (uint64_t i = 0; i < v->n_arrays; i++)
    if (strncmp(v->arrays[i].name, "learn.", 6) == 0 && v->arrays[i].role == NDG_SAMPLES)
      return v->arrays[i].shape.dim[0];
  return 0;
}

/* A step of size 1 of gradient descent from the same point, number k of an epoch: what it moves by
   is the gradient on minibatch k. Adds it to the sum. */
static ndg_status add_step(ndg_bench *b, uint64_t k, long double *sum, ndg_error *e) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = b->problem->inner.optimizer,
                     .start = b->phi,
                     .end = b->hvp,
                     .first_step = k,
                     .steps = 1};
  const ndg_status st = ndg_problem_relax(b->problem, &phase, e);
  for (uint64_t t = 0; st >= 0 && t < b->n_tasks; t++)
    for (uint64_t i = 0; i < b->n_phi; i++)
      sum[t * b->n_phi + i] += ndg_bench_get(b->phi, t, i) - ndg_bench_get(b->hvp, t, i);
  return st;
}

static void compare_epoch(ndg_bench *b, uint64_t size, uint64_t n, const long double *sum) {
  for (uint64_t t = 0; t < b->n_tasks; t++) {
    /* phi and its steps are rounded to float64. */
    const long double allowed =
        64 * DBL_EPSILON * (ndg_bench_peak(b->phi, t) + ndg_bench_peak(b->grad_phi, t));
    for (uint64_t i = 0; i < b->n_phi; i++) {
      const long double all = ndg_bench_get(b->grad_phi, t, i);
      const long double mean = sum[t * b->n_phi + i] / (long double)n;
      char name[80];
      if (fabsl(all - mean) <= allowed)
        continue;
      ndg_bench_name(b, NDG_PHI, i, name);
      ndg_check_warn_variant(b->check, b->variant,
                             "the gradient of learn_loss in %s is %.10Lg on all samples, in the "
                             "mean over minibatches of %llu %.10Lg: a loss that is a mean over the "
                             "samples it is given has no such bias",
                             name, all, (unsigned long long)size, mean);
      return;
    }
  }
}

static ndg_status epoch(ndg_check *c, const ndg_check_variant *v, uint64_t size, uint64_t rows,
                        ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks"),
                               .inner = {.optimizer = {NDG_GRADIENT_DESCENT, 0, 1, 0, 0, 0},
                                         .steps = 1,
                                         .batch_size = size,
                                         .sampling = NDG_SAMPLE_EPOCHS}};
  ndg_bench b;
  ndg_status st = ndg_bench_open(c, v, &spec, &b, e);
  if (st < 0)
    return st;
  long double *sum = ndg_arena_alloc(c->arena, N_TASKS * b.n_phi, sizeof *sum);
  if (!sum)
    st = ndg_fail(e, NDG_ENOMEM, "out of memory for a gradient");
  for (uint64_t k = 0; st >= 0 && k < rows / size; k++)
    st = add_step(&b, k, sum, e);
  if (st >= 0)
    st = ndg_bench_evaluate(&b, NDG_LEARN_LOSS, NDG_WANT_GRAD_PHI, e);
  if (st >= 0)
    compare_epoch(&b, size, rows / size, sum);
  ndg_bench_close(&b);
  return st;
}

static ndg_status minibatches(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const uint64_t rows = learning_rows(v);
  if (rows < 2)
    return ndg_fail(e, NDG_ECAPABILITY, "no array is named learn.* and holds samples");
  ndg_status st = NDG_OK;
  for (uint64_t size = 1; st >= 0 && size < rows; size++)
    if (rows % size == 0)
      st = epoch(c, v, size, rows, e);
  return st;
}

static void run_blocks(ndg_check *c) {
  ndg_check_each_variant(c, blocks);
}
static void run_minibatches(ndg_check *c) {
  ndg_check_each_variant(c, minibatches);
}

const ndg_check_case ndg_check_learner_rows[] = {
    {.group = "data",
     .name = "minibatches",
     .property = "it builds for minibatches, whose mean gradient is that of all samples",
     .kind = NDG_KIND_LEARNER,
     .run = run_minibatches},
    {.group = "data",
     .name = "blocks",
     .property = "samples in blocks give what all samples at once give",
     .kind = NDG_KIND_LEARNER,
     .run = run_blocks},
    {.group = NULL}};
