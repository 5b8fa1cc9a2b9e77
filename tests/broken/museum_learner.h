/* SPDX-License-Identifier: MIT */
/* Second half: the learner, sound but for what the fixture has named. */
#ifndef MUSEUM_LEARNER_H
#define MUSEUM_LEARNER_H

#include "museum.h"

#ifndef SPRING
#define SPRING(m) museum_spring(m, (m)->w, (m)->omega, (m)->lambda)
#endif
#ifndef LEARN_ERROR
#define LEARN_ERROR(m) museum_error(m, museum_outputs(m, (m)->x, (m)->w), (m)->y)
#endif
#ifndef LEARN_LOSS
#define LEARN_LOSS(m) ndg_add((m)->b, LEARN_ERROR(m), SPRING(m))
#endif
#ifndef EVAL_LOSS
#define EVAL_LOSS(m) museum_error(m, museum_outputs(m, (m)->eval_x, (m)->w), (m)->eval_y)
#endif
#ifndef PREDICTIONS
#define PREDICTIONS(m) museum_outputs(m, (m)->eval_x, (m)->w)
#endif
#ifndef ACCURACY
#define ACCURACY(m, share) share
#endif
#ifndef IN_LAYOUT
#define IN_LAYOUT(o, tasks, out)
#endif
#ifndef IN_BUILD
#define IN_BUILD(o)
#endif
#ifndef NUDGED_BY
#define NUDGED_BY(beta) beta
#endif
#ifndef GRADIENT
#define GRADIENT(x) x
#endif
#ifndef PROPS
#define PROPS NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT
#endif
#ifndef PROVIDES
#define PROVIDES NDG_CAP_GRAPH
#endif
#ifndef MISSING
#define MISSING(e, name) return ndg_fail(e, NDG_EINVAL, "the tasks have no array '%s'", name)
#endif

static const char *const museum_arrays[] = {"learn.inputs", "learn.targets", "eval.inputs",
                                            "eval.targets"};

static ndg_status museum_check_arrays(const ndg_task_arrays *tasks, ndg_error *e) {
  for (int i = 0; i < 4; i++) {
    const int at = museum_find(tasks->n_arrays, tasks->arrays, museum_arrays[i]);
    if (at < 0)
      MISSING(e, museum_arrays[i]);
    const uint32_t axes = i % 2 ? 1 : 2;
    const ndg_array *a = &tasks->arrays[at];
    if (a->kind != NDG_REAL || a->shape.n_dims != axes || a->role != NDG_SAMPLES)
      return ndg_fail(e, NDG_EINVAL, "%s must be real samples of %u axes", a->name, axes);
    const ndg_array *inputs =
        &tasks->arrays[museum_find(tasks->n_arrays, tasks->arrays, museum_arrays[i - i % 2])];
    if (a->shape.dim[0] != inputs->shape.dim[0] || inputs->shape.dim[1] > MUSEUM_MOST)
      return ndg_fail(e, NDG_EINVAL, "%s has %llu rows, %s %llu and %llu columns", a->name,
                      (unsigned long long)a->shape.dim[0], inputs->name,
                      (unsigned long long)inputs->shape.dim[0],
                      (unsigned long long)inputs->shape.dim[1]);
  }
  return NDG_OK;
}

static ndg_status museum_layout(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                                ndg_error *e) {
  const museum_options *o = options;
  const ndg_status st = museum_check_arrays(tasks, e);
  if (st < 0)
    return st;
  const int at = museum_find(tasks->n_arrays, tasks->arrays, "learn.inputs");
  const ndg_shape shape = NDG_VECTOR(tasks->arrays[at].shape.dim[1]);
  (void)o;
  out->n_phi = 1;
  out->n_theta = 2;
  out->phi[0] =
      (ndg_group){.name = "w", .shape = shape, .init = NDG_INIT_NORMAL, .b = 1, .start_theta = -1};
  out->theta[0] = (ndg_group){.name = "omega", .shape = shape, .init = NDG_INIT_NORMAL, .b = 1};
  out->theta[1] =
      (ndg_group){.name = "lambda", .shape = shape, .constraint = NDG_NONNEGATIVE, .a = 0.3};
  IN_LAYOUT(o, tasks, out)
  return NDG_OK;
}

static ndg_node museum_node(const ndg_learner_inputs *in, const char *name) {
  return in->arrays[museum_find(in->n_arrays, in->array_descriptions, name)];
}

static ndg_status museum_build(const void *options, const ndg_builder *b,
                               const ndg_learner_inputs *in, ndg_learner_outputs *out,
                               ndg_error *e) {
  const museum_options *o = options;
  const museum m = {.b = b,
                    .options = o,
                    .x = museum_node(in, "learn.inputs"),
                    .y = museum_node(in, "learn.targets"),
                    .eval_x = museum_node(in, "eval.inputs"),
                    .eval_y = museum_node(in, "eval.targets"),
                    .w = in->phi[0],
                    .omega = in->theta[0],
                    .lambda = in->theta[1]};
  (void)e;
  IN_BUILD(o)
  out->learn_loss = LEARN_LOSS(&m);
  out->eval_loss = EVAL_LOSS(&m);
  out->predictions = PREDICTIONS(&m);
  const ndg_node miss = ndg_square(b, ndg_sub(b, museum_outputs(&m, m.eval_x, m.w), m.eval_y));
  const ndg_node share = ndg_mean(b, ndg_greater(b, ndg_constant(b, 1), miss));
  out->eval_accuracy = ACCURACY(&m, share);
  return NDG_OK;
}

/* ---- closed form: (X'X/n + Λ) w = X'y/n + Λω, and so on ---- */

typedef struct museum_equations {
  uint64_t n;
  long double h[MUSEUM_MOST][MUSEUM_MOST], e[MUSEUM_MOST][MUSEUM_MOST];
  long double r[MUSEUM_MOST], t[MUSEUM_MOST];
} museum_equations;

static void museum_add(const ndg_task_arrays *tasks, uint64_t task, const char *inputs,
                       const char *targets, long double m[MUSEUM_MOST][MUSEUM_MOST],
                       long double *v) {
  const ndg_array *a = &tasks->arrays[museum_find(tasks->n_arrays, tasks->arrays, inputs)];
  const ndg_array *b = &tasks->arrays[museum_find(tasks->n_arrays, tasks->arrays, targets)];
  const uint64_t rows = a->shape.dim[0], n = a->shape.dim[1];
  const double *x = (const double *)a->data + task * rows * n;
  const double *y = (const double *)b->data + task * rows;
  for (uint64_t s = 0; s < rows; s++)
    for (uint64_t i = 0; i < n; i++) {
      v[i] += (long double)x[s * n + i] * y[s] / (long double)rows;
      for (uint64_t j = 0; j < n; j++)
        m[i][j] += (long double)x[s * n + i] * x[s * n + j] / (long double)rows;
    }
}

static museum_equations museum_assemble(const ndg_task_arrays *tasks, uint64_t task,
                                        const double *theta) {
  museum_equations q = {0};
  const int at = museum_find(tasks->n_arrays, tasks->arrays, "learn.inputs");
  q.n = tasks->arrays[at].shape.dim[1];
  museum_add(tasks, task, "learn.inputs", "learn.targets", q.h, q.r);
  museum_add(tasks, task, "eval.inputs", "eval.targets", q.e, q.t);
  for (uint64_t i = 0; i < q.n; i++) {
    q.h[i][i] += theta[q.n + i];
    q.r[i] += (long double)theta[q.n + i] * theta[i];
  }
  return q;
}

/* Elimination without pivots: the matrix is symmetric and positive. */
static ndg_status museum_solve(const museum_equations *q, long double beta, long double *x,
                               ndg_error *e) {
  long double a[MUSEUM_MOST][MUSEUM_MOST];
  for (uint64_t i = 0; i < q->n; i++)
    for (uint64_t j = 0; j < q->n; j++)
      a[i][j] = q->h[i][j] + beta * q->e[i][j];
  for (uint64_t k = 0; k < q->n; k++) {
    if (!(a[k][k] > 0))
      return ndg_fail(e, NDG_ENUMERIC, "the Hessian is not positive definite");
    for (uint64_t i = k + 1; i < q->n; i++) {
      const long double factor = a[i][k] / a[k][k];
      for (uint64_t j = k; j < q->n; j++)
        a[i][j] -= factor * a[k][j];
      x[i] -= factor * x[k];
    }
  }
  for (uint64_t i = q->n; i-- > 0;) {
    for (uint64_t j = i + 1; j < q->n; j++)
      x[i] -= a[i][j] * x[j];
    x[i] /= a[i][i];
  }
  return NDG_OK;
}

static ndg_status museum_optimum(const void *options, const ndg_task_arrays *tasks, uint64_t task,
                                 const double *theta, double beta, double *phi, ndg_error *e) {
  const museum_equations q = museum_assemble(tasks, task, theta);
  const long double strength = NUDGED_BY(beta);
  long double x[MUSEUM_MOST];
  (void)options;
  for (uint64_t i = 0; i < q.n; i++)
    x[i] = q.r[i] + strength * q.t[i];
  const ndg_status st = museum_solve(&q, strength, x, e);
  for (uint64_t i = 0; st == NDG_OK && i < q.n; i++)
    phi[i] = (double)x[i];
  return st;
}

/* With H v = ∂φ L^eval: λ v for omega, −(w − ω) v for lambda. */
static ndg_status museum_gradient(const void *options, const ndg_task_arrays *tasks, uint64_t task,
                                  const double *theta, double *gradient, ndg_error *e) {
  const museum_equations q = museum_assemble(tasks, task, theta);
  long double w[MUSEUM_MOST], v[MUSEUM_MOST];
  (void)options;
  memcpy(w, q.r, sizeof w);
  ndg_status st = museum_solve(&q, 0, w, e);
  for (uint64_t i = 0; st == NDG_OK && i < q.n; i++) {
    v[i] = -q.t[i];
    for (uint64_t j = 0; j < q.n; j++)
      v[i] += q.e[i][j] * w[j];
  }
  if (st == NDG_OK)
    st = museum_solve(&q, 0, v, e);
  for (uint64_t i = 0; st == NDG_OK && i < q.n; i++) {
    gradient[i] = GRADIENT((double)(theta[q.n + i] * v[i]));
    gradient[q.n + i] = GRADIENT((double)((theta[i] - w[i]) * v[i]));
  }
  return st;
}

static const ndg_closed_form museum_closed_form = {.struct_size = sizeof museum_closed_form,
                                                   .optimum = museum_optimum,
                                                   .meta_gradient = museum_gradient};

#ifndef EXTENSION
static const void *museum_extension(const char *id) {
  return strcmp(id, NDG_CAP_CLOSED_FORM) == 0 ? &museum_closed_form : NULL;
}
#define EXTENSION museum_extension
#endif

static const ndg_learner_ops museum_ops = {.struct_size = sizeof museum_ops,
                                           .layout = museum_layout,
                                           .build = museum_build,
                                           .extension = EXTENSION};
static const char *const museum_provides[] = {PROVIDES, NULL};
static const ndg_option museum_table[] = {
    NDG_OPT_F64(museum_options, scale, 1, 0.1, 10, 0, NULL, "A number for fixtures."), NDG_OPT_END};
static const ndg_component museum_component = {
    .struct_size = sizeof museum_component,
    .props = PROPS,
    NDG_LEARNER(&museum_ops),
    .id = "museum.learner",
    .version = "1.0.0",
    .title = "A learner with one mistake",
    .doc = "See the fixture.",
    .provides = museum_provides,
    .options = museum_table,
    .options_size = sizeof(museum_options),
};
static const ndg_component *const museum_components[] = {&museum_component};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,
    .name = "museum",
    .version = "1.0.0",
    .license = "MIT",
    .build = "fixture",
    .n_components = 1,
    .components = museum_components,
};

/* A macro may have replaced the only use of this. */
static inline void museum_unused(void) {
  (void)&museum_closed_form;
}
#endif
