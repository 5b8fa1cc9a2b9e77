/* SPDX-License-Identifier: MIT */
/* Group mathematics, values: what a learner gives before any derivative. */
#include <math.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 3 };

static ndg_status open_bench(ndg_check *c, const ndg_check_variant *v, ndg_dtype dtype,
                             ndg_bench *b, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = dtype,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  return ndg_bench_open(c, v, &spec, b, e);
}

/* ---- values ---- */

typedef struct judged {
  double learn[N_TASKS], eval[N_TASKS], accuracy[N_TASKS];
} judged;

static ndg_status judge_at(ndg_bench *b, bool initial, judged *out, ndg_error *e) {
  double *phi = ndg_arena_alloc(b->check->arena, b->n_tasks * b->n_phi, sizeof *phi);
  if (!phi)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for phi");
  for (uint64_t t = 0; t < b->n_tasks; t++) {
    ndg_problem_get_start(b->problem, t, phi + t * b->n_phi);
    for (uint64_t i = 0; !initial && i < b->n_phi; i++)
      phi[t * b->n_phi + i] = (double)ndg_bench_get(b->phi, t, i);
  }
  return ndg_problem_judge(b->problem, phi, out->learn, out->eval, out->accuracy, e);
}

static ndg_status values(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_problem_spec spec = {
      .learner = v->learner,
      .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks"),
      .inner = {.optimizer = {NDG_GRADIENT_DESCENT, 0, 0.01, 0, 0, 0}, .steps = 1},
      .dtype = NDG_F64,
      .seed = c->seed};
  ndg_bench b = {.check = c, .variant = v};
  ndg_status st = spec.tasks ? ndg_problem_open(&spec, &b.problem, e)
                             : ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
  ndg_problem_info info = {.struct_size = sizeof info};
  judged found;
  if (st >= 0) {
    ndg_problem_describe(b.problem, &info);
    b.n_tasks = info.n_tasks;
    b.n_phi = info.n_phi;
    st = judge_at(&b, true, &found, e);
  }
  for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++)
    if (!isfinite(found.learn[t]) || !isfinite(found.eval[t]))
      ndg_check_fail_variant(c, v,
                             "at the initial point of task %llu learn_loss is %g, eval_loss %g",
                             (unsigned long long)t + 1, found.learn[t], found.eval[t]);
  ndg_problem_close(b.problem);
  return st;
}

static ndg_status accuracy(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench b;
  judged found;
  ndg_status st = open_bench(c, v, NDG_F64, &b, e);
  if (st >= 0 && !ndg_problem_has_accuracy(b.problem))
    st = ndg_fail(e, NDG_ECAPABILITY, "it has no accuracy");
  for (int learned = 0; st >= 0 && learned < 3; learned++) {
    st = judge_at(&b, false, &found, e);
    for (uint64_t t = 0; st >= 0 && t < N_TASKS; t++)
      if (!(found.accuracy[t] >= 0 && found.accuracy[t] <= 1))
        ndg_check_fail_variant(c, v, "eval_accuracy of task %llu is %.10g, not in [0, 1]",
                               (unsigned long long)t + 1, found.accuracy[t]);
    if (st >= 0)
      st = ndg_bench_learn(&b, 20 * (uint64_t)(learned + 1), e);
  }
  ndg_bench_close(&b);
  return st;
}

/* Rows of the evaluation samples; 0: there are none. */
static uint64_t evaluation_rows(const ndg_check_variant *v) {
  for (uint64_t i = 0; i < v->n_arrays; i++)
    if (strncmp(v->arrays[i].name, "eval.", 5) == 0 && v->arrays[i].role == NDG_SAMPLES)
      return v->arrays[i].shape.dim[0];
  return 0;
}

static ndg_status predictions(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench b;
  ndg_shape shape;
  ndg_status st = open_bench(c, v, NDG_F64, &b, e);
  if (st < 0)
    return st;
  const uint64_t rows = evaluation_rows(v);
  if (!ndg_problem_prediction_shape(b.problem, &shape))
    st = ndg_fail(e, NDG_ECAPABILITY, "it has no predictions");
  else if (shape.n_dims == 0 || (rows > 0 && shape.dim[0] != rows))
    ndg_check_fail_variant(c, v, "predictions have %llu rows and %u axes for %llu samples",
                           (unsigned long long)(shape.n_dims ? shape.dim[0] : 1), shape.n_dims,
                           (unsigned long long)rows);
  ndg_bench_close(&b);
  return st;
}

/* ---- what changes anything ---- */

static bool is_zero(const ndg_vector *v, uint64_t first, uint64_t count) {
  for (uint64_t t = 0; t < v->n_tasks; t++)
    for (uint64_t i = first; i < first + count; i++)
      if (ndg_bench_get(v, t, i) != 0)
        return false;
  return true;
}

static bool is_start(const ndg_layout *l, uint32_t theta) {
  for (uint32_t g = 0; g < l->n_phi; g++)
    if (l->phi[g].start_theta == (int32_t)theta)
      return true;
  return false;
}

static ndg_status parameters(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench b;
  bool phi_idle[NDG_MAX_GROUPS], theta_idle[NDG_MAX_GROUPS];
  ndg_status st = open_bench(c, v, NDG_F64, &b, e);
  if (st < 0)
    return st;
  const ndg_layout *l = ndg_problem_layout(b.problem);
  memset(phi_idle, 1, sizeof phi_idle);
  memset(theta_idle, 1, sizeof theta_idle);
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    uint64_t first = 0;
    st = ndg_bench_evaluate(&b, loss, NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA, e);
    for (uint32_t g = 0; g < l->n_phi; first += ndg_shape_size(&l->phi[g++].shape))
      phi_idle[g] = phi_idle[g] && is_zero(b.grad_phi, first, ndg_shape_size(&l->phi[g].shape));
    first = 0;
    for (uint32_t g = 0; g < l->n_theta; first += ndg_shape_size(&l->theta[g++].shape))
      theta_idle[g] =
          theta_idle[g] && is_zero(b.grad_theta, first, ndg_shape_size(&l->theta[g].shape));
  }
  for (uint32_t g = 0; st >= 0 && g < l->n_phi; g++)
    if (phi_idle[g])
      ndg_check_warn_variant(c, v, "phi group '%s' changes neither loss", l->phi[g].name);
  for (uint32_t g = 0; st >= 0 && g < l->n_theta; g++)
    if (theta_idle[g] && !l->theta[g].held && !is_start(l, g))
      ndg_check_warn_variant(c, v, "theta group '%s' changes neither loss", l->theta[g].name);
  ndg_bench_close(&b);
  return st;
}

static void run_values(ndg_check *c) {
  ndg_check_each_variant(c, values);
}
static void run_accuracy(ndg_check *c) {
  ndg_check_each_variant(c, accuracy);
}
static void run_predictions(ndg_check *c) {
  ndg_check_each_variant(c, predictions);
}
static void run_parameters(ndg_check *c) {
  ndg_check_each_variant(c, parameters);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "mathematics", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,       \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_values[] = {
    CASE(values, "both losses are finite where learning begins"),
    CASE(accuracy, "eval_accuracy lies in [0, 1]"),
    CASE(predictions, "predictions have one row per evaluation sample"),
    CASE(parameters, "every group of phi and theta changes a loss, or where learning begins"),
    {.group = NULL}};
