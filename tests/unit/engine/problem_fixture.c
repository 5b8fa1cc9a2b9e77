/* SPDX-License-Identifier: MIT */
#include "problem_fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

double wobble(uint64_t i) {
  return sin(12.9898 * (double)(i + 1) + 0.3 * (double)(i % 7));
}

/* ---- the learner ---- */

_Atomic int known_strangers;

static void watch_thread(void) {
  static _Atomic(uintptr_t) owner;
  uintptr_t none = 0;
  const uintptr_t here = (uintptr_t)pthread_self();
  if (!atomic_compare_exchange_strong(&owner, &none, here) && none != here)
    known_strangers++;
}

static void add_group(ndg_group *groups, uint32_t *n, const char *name, uint64_t size, double a,
                      double b) {
  ndg_group *g = &groups[(*n)++];
  snprintf(g->name, sizeof g->name, "%s", name);
  g->shape = NDG_VECTOR(size);
  g->init = b == 0 ? NDG_INIT_CONSTANT : NDG_INIT_NORMAL;
  g->a = a;
  g->b = b;
  g->start_theta = -1;
}

static ndg_status layout(const void *options, const ndg_task_arrays *shapes, ndg_layout *out,
                         ndg_error *e) {
  const known_options *o = options;
  watch_thread();
  if (o->defect == DEFECT_LAYOUT)
    return ndg_fail(e, NDG_EINVAL, "option 'defect' is 1");
  if (shapes->n_arrays != 6)
    return ndg_fail(e, NDG_EINVAL, "these are not its tasks");
  add_group(out->phi, &out->n_phi, "x", N_X, 0, 0);
  add_group(out->phi, &out->n_phi, o->defect == DEFECT_TWO_NAMES ? "x" : "y", N_Y, 0.1, 1);
  out->phi[0].start_theta = o->defect == DEFECT_BAD_START ? 7 : 2;
  out->phi[1].held = o->defect == DEFECT_HELD;
  if (o->defect == DEFECT_NO_THETA)
    return NDG_OK;
  add_group(out->theta, &out->n_theta, "center", N_X, 0, 1);
  add_group(out->theta, &out->n_theta, "pull", N_X, o->defect == DEFECT_NEGATIVE ? -0.5 : 0.5, 0);
  add_group(out->theta, &out->n_theta, "origin", N_X, 0, 0.5);
  out->theta[1].constraint = NDG_NONNEGATIVE;
  return NDG_OK;
}

static ndg_node half_square(const ndg_builder *b, ndg_node x) {
  return ndg_scale(b, ndg_sum(b, ndg_square(b, x)), 0.5);
}

static ndg_node learn_loss(const ndg_builder *b, const ndg_learner_inputs *in,
                           const known_options *o) {
  const ndg_node x = in->phi[0], y = in->phi[1], *a = in->arrays;
  const ndg_node column = ndg_reshape(b, x, NDG_MATRIX(N_X, 1));
  const ndg_node ax = ndg_reshape(b, ndg_matmul(b, a[0], column, 0, 0), NDG_VECTOR(N_X));
  const uint64_t m = in->array_descriptions[3].shape.dim[0];
  const ndg_node rx = ndg_reshape(b, ndg_matmul(b, a[3], column, 0, 0), NDG_VECTOR(m));
  const ndg_node difference = ndg_sub(b, x, in->theta[0]);
  ndg_node loss = ndg_scale(b, ndg_sum(b, ndg_mul(b, x, ax)), 0.5);
  loss = ndg_sub(b, loss, ndg_sum(b, ndg_mul(b, a[1], x)));
  loss = ndg_add(
      b, loss, ndg_scale(b, ndg_sum(b, ndg_mul(b, in->theta[1], ndg_square(b, difference))), 0.5));
  loss = ndg_add(b, loss, half_square(b, ndg_sub(b, y, ndg_slice(b, x, 0, 0, N_Y))));
  loss = ndg_add(b, loss, ndg_scale(b, ndg_mean(b, ndg_square(b, ndg_sub(b, rx, a[4]))), 0.5));
  loss = ndg_add(b, loss, ndg_mean(b, ndg_pick(b, ndg_mul(b, a[3], x), a[5])));
  if (o->curved)
    loss = ndg_add(b, loss, ndg_mean(b, ndg_tanh(b, rx)));
  if (o->relu)
    loss = ndg_add(b, loss, ndg_sum(b, ndg_relu(b, x)));
  return loss;
}

static ndg_status build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                        ndg_learner_outputs *out, ndg_error *e) {
  const known_options *o = options;
  const ndg_node center = in->theta[0];
  (void)e;
  watch_thread();
  out->learn_loss = learn_loss(b, in, o);
  out->eval_loss = ndg_add(b, half_square(b, ndg_sub(b, in->phi[0], in->arrays[2])),
                           ndg_add(b, ndg_sum(b, in->phi[1]), half_square(b, center)));
  out->eval_accuracy = ndg_mean(b, ndg_greater(b, in->phi[0], in->arrays[2]));
  out->predictions =
      ndg_matmul(b, in->arrays[3], ndg_reshape(b, in->phi[0], NDG_MATRIX(N_X, 1)), 0, 0);
  switch (o->defect) {
  case DEFECT_NO_PREDICTIONS:
    out->predictions = NDG_NO_NODE;
    break;
  case DEFECT_VECTOR_LOSS:
    out->learn_loss = in->phi[0];
    break;
  case DEFECT_SHARED_LOSS:
    out->eval_loss = half_square(b, center);
    break;
  case DEFECT_NO_LOSS:
    out->eval_loss = NDG_NO_NODE;
    break;
  case DEFECT_BUILD:
    out->learn_loss = ndg_add(b, in->phi[0], in->phi[1]);
    break;
  case DEFECT_INFINITE:
    out->learn_loss = ndg_sum(b, ndg_exp(b, ndg_square(b, ndg_scale(b, in->phi[1], 1e3))));
    break;
  default:
    break;
  }
  return NDG_OK;
}

static const char *const provides[] = {NDG_CAP_GRAPH, NULL};
static const ndg_learner_ops ops = {.struct_size = sizeof ops, .layout = layout, .build = build};
static const ndg_component component = {.struct_size = sizeof component,
                                        NDG_LEARNER(&ops),
                                        .id = "known",
                                        .version = "1.0.0",
                                        .title = "a learner with closed forms",
                                        .doc = "For tests.",
                                        .provides = provides,
                                        .options_size = sizeof(known_options)};

ndg_instance known_learner(const known_options *o) {
  static ndg_loaded loaded;
  loaded.component = &component;
  loaded.ops.learner = ops;
  return (ndg_instance){&loaded, o};
}

/* ---- tasks ---- */

void known_tasks_fill(known_tasks *k, uint64_t n_tasks) {
  for (uint64_t t = 0; t < MAX_TASKS; t++) {
    for (int i = 0; i < N_X; i++) {
      for (int j = 0; j < N_X; j++)
        k->a[t][i][j] = (i == j ? 1.5 + 0.2 * (double)t : 0) +
                        0.3 * wobble(100 * t + (uint64_t)(i * j + i + j));
      k->b[t][i] = wobble(10 + 10 * t + (uint64_t)i);
      k->c[t][i] = wobble(20 + 10 * t + (uint64_t)i);
    }
    for (int r = 0; r < N_ROWS; r++) {
      for (int i = 0; i < N_X; i++)
        k->rows[t][r][i] = wobble(1000 + 100 * t + (uint64_t)(N_X * r + i));
      k->values[t][r] = wobble(2000 + 100 * t + (uint64_t)r);
      k->labels[t][r] = (int32_t)(t + (uint64_t)(r * r)) % N_X;
    }
  }
  k->arrays[0] = (ndg_array){"A", NDG_REAL, NDG_WHOLE, NDG_MATRIX(N_X, N_X), k->a, 0};
  k->arrays[1] = (ndg_array){"b", NDG_REAL, NDG_WHOLE, NDG_VECTOR(N_X), k->b, 0};
  k->arrays[2] = (ndg_array){"c", NDG_REAL, NDG_WHOLE, NDG_VECTOR(N_X), k->c, 0};
  k->arrays[3] =
      (ndg_array){"learn.rows", NDG_REAL, NDG_SAMPLES, NDG_MATRIX(N_ROWS, N_X), k->rows, 0};
  k->arrays[4] =
      (ndg_array){"learn.values", NDG_REAL, NDG_SAMPLES, NDG_VECTOR(N_ROWS), k->values, 0};
  k->arrays[5] =
      (ndg_array){"learn.labels", NDG_INDEX, NDG_SAMPLES, NDG_VECTOR(N_ROWS), k->labels, N_X};
  k->tasks = (ndg_task_arrays){n_tasks, 6, k->arrays};
}

ndg_problem_spec known_spec(const known_options *o, const known_tasks *k) {
  return (ndg_problem_spec){
      .learner = known_learner(o),
      .tasks = &k->tasks,
      .inner = {.optimizer = {NDG_GRADIENT_DESCENT, 0, 0.1, 0.9, 0.99, 1e-8}, .steps = 20},
      .dtype = NDG_F64,
      .seed = 7};
}

ndg_problem *known_open(const ndg_problem_spec *spec) {
  ndg_problem *p;
  ndg_error e;
  const ndg_status st = ndg_problem_open(spec, &p, &e);
  ck_assert_msg(st == NDG_OK, "open: %s", e.text);
  return p;
}

/* ---- closed forms ---- */

static int32_t sample(const known_point *k, uint64_t r) {
  return k->rows ? k->rows[r] : (int32_t)r;
}

static const double *row_of(const known_point *k, uint64_t r) {
  return k->tasks->rows[k->task][sample(k, r)];
}

static int32_t label_of(const known_point *k, uint64_t r) {
  return k->tasks->labels[k->task][sample(k, r)];
}

static long double residual(const known_point *k, uint64_t r) {
  long double s = -k->tasks->values[k->task][sample(k, r)];
  for (int i = 0; i < N_X; i++)
    s += (long double)row_of(k, r)[i] * k->phi[i];
  return s;
}

static uint64_t row_count(const known_point *k) {
  return k->rows ? k->n_rows : N_ROWS;
}

void known_learn_gradient(const known_point *k, long double *out) {
  const long double *x = k->phi, *y = k->phi + N_X, *center = k->theta, *pull = k->theta + N_X;
  for (int i = 0; i < N_X; i++) {
    out[i] = pull[i] * (x[i] - center[i]) - k->tasks->b[k->task][i];
    for (int j = 0; j < N_X; j++)
      out[i] += (long double)k->tasks->a[k->task][i][j] * x[j];
    for (uint64_t r = 0; r < row_count(k); r++)
      out[i] +=
          (residual(k, r) + (label_of(k, r) == i)) * row_of(k, r)[i] / (long double)row_count(k);
  }
  for (int i = 0; i < N_Y; i++) {
    out[N_X + i] = y[i] - x[i];
    out[i] += x[i] - y[i];
  }
}

void known_eval_gradient(const known_point *k, long double *out) {
  for (int i = 0; i < N_X; i++)
    out[i] = k->phi[i] - k->tasks->c[k->task][i];
  for (int i = 0; i < N_Y; i++)
    out[N_X + i] = 1;
}

void known_hessian(const known_point *k, long double h[N_PHI][N_PHI]) {
  const long double *pull = k->theta + N_X;
  memset(h, 0, sizeof(long double[N_PHI][N_PHI]));
  for (int i = 0; i < N_X; i++)
    for (int j = 0; j < N_X; j++) {
      h[i][j] = k->tasks->a[k->task][i][j] + (i == j ? pull[i] : 0);
      for (uint64_t r = 0; r < row_count(k); r++)
        h[i][j] += (long double)row_of(k, r)[i] * row_of(k, r)[j] / (long double)row_count(k);
    }
  for (int i = 0; i < N_Y; i++) {
    h[i][i] += 1;
    h[N_X + i][N_X + i] = 1;
    h[i][N_X + i] = h[N_X + i][i] = -1;
  }
}

long double known_learn_loss(const known_point *k) {
  const long double *x = k->phi, *y = k->phi + N_X, *center = k->theta, *pull = k->theta + N_X;
  long double s = 0;
  for (int i = 0; i < N_X; i++) {
    for (int j = 0; j < N_X; j++)
      s += x[i] * k->tasks->a[k->task][i][j] * x[j] / 2;
    s += pull[i] * (x[i] - center[i]) * (x[i] - center[i]) / 2 - k->tasks->b[k->task][i] * x[i];
  }
  for (int i = 0; i < N_Y; i++)
    s += (y[i] - x[i]) * (y[i] - x[i]) / 2;
  for (uint64_t r = 0; r < row_count(k); r++) {
    const int32_t i = label_of(k, r);
    s += (residual(k, r) * residual(k, r) / 2 + row_of(k, r)[i] * x[i]) / (long double)row_count(k);
  }
  return s;
}

long double known_eval_loss(const known_point *k) {
  long double s = 0;
  for (int i = 0; i < N_X; i++) {
    const long double d = k->phi[i] - k->tasks->c[k->task][i];
    s += (d * d + k->theta[i] * k->theta[i]) / 2;
  }
  return s + k->phi[N_X] + k->phi[N_X + 1];
}

/* ---- the rule ---- */

static ndg_status nudge(const told_options *o, const ndg_problem_api *api, ndg_problem *p,
                        const ndg_vector *start, double beta, ndg_vector *phi, ndg_vector *grad,
                        ndg_error *e) {
  ndg_problem_info info = {.struct_size = sizeof info};
  api->describe(p, &info);
  ndg_phase phase = {.struct_size = sizeof phase,
                     .beta = {beta, 0},
                     .optimizer = {NDG_OPTIMIZER_PROBLEM, 0, NAN, NAN, NAN, NAN},
                     .start = start,
                     .end = phi,
                     .steps = o->steps ? o->steps : info.steps};
  const ndg_status st = api->relax(p, &phase, e);
  if (st != NDG_OK)
    return st;
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_GRAD_THETA,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = {beta, 0},
                       .phi = phi,
                       .grad_theta = grad};
  return api->evaluate(p, &ev, e);
}

static ndg_status hold_ones(const ndg_problem_api *api, ndg_problem *p, ndg_vector *gradient,
                            ndg_error *e) {
  const ndg_complex weights[2] = {{1, 0}, {1, 0}}, unit = {1, 0};
  ndg_vector *sum, *held;
  int fresh;
  held = api->keep(p, "ones", NDG_THETA, &fresh);
  sum = api->keep(p, "sum", NDG_THETA, &fresh);
  if (!held || !sum)
    return ndg_fail(e, NDG_ENOMEM, "no memory to keep anything");
  const double ones[N_THETA] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (uint64_t t = 0; t < held->n_tasks; t++)
    write_row(held, t, ones);
  const ndg_status st =
      api->combine(p, sum, unit, 2, weights, (const ndg_vector *const[]){sum, held}, e);
  if (st < 0)
    return st;
  return api->combine(p, gradient, unit, 2, weights, (const ndg_vector *const[]){gradient, sum}, e);
}

static ndg_status estimate(const void *options, const ndg_problem_api *api, ndg_problem *p,
                           ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  const told_options *o = options;
  ndg_vector *phi = api->vector(p, NDG_PHI, 0, NULL), *nudged = api->vector(p, NDG_PHI, 0, NULL);
  ndg_vector *a = api->vector(p, NDG_THETA, 0, NULL), *b = api->vector(p, NDG_THETA, 0, NULL);
  if (!phi || !nudged || !a || !b)
    return ndg_fail(e, NDG_ENOMEM, "no memory for vectors");
  ndg_status st = nudge(o, api, p, NULL, 0, phi, a, e);
  if (st == NDG_OK)
    st = nudge(o, api, p, phi, o->beta, nudged, b, e);
  if (st != NDG_OK)
    return st;
  const ndg_complex weights[2] = {{1, 0}, {-1, 0}};
  const ndg_complex scale = {o->poison ? (double)NAN : 1 / o->beta, 0};
  api->release(p, phi);
  api->release(p, NULL);
  st = api->combine(p, gradient, scale, 2, weights, (const ndg_vector *const[]){b, a}, e);
  if (st == NDG_OK && o->hold)
    st = hold_ones(api, p, gradient, e);
  if (st < 0)
    return st;
  record->residual = 0.5;
  if (o->outcome < 0)
    return ndg_fail(e, o->outcome, "told to fail");
  if (o->outcome > 0)
    snprintf(record->note, sizeof record->note, "told to be soft");
  return o->outcome;
}

static const char *const *told_needs(const void *options) {
  return ((const told_options *)options)->needs;
}

ndg_instance told_rule(const told_options *o) {
  static const char *const needs[] = {NDG_CAP_NUDGE, NULL};
  static const ndg_rule_ops rule = {
      .struct_size = sizeof rule, .needs = told_needs, .estimate = estimate};
  static const ndg_component told = {.struct_size = sizeof told,
                                     NDG_RULE(&rule),
                                     .id = "told",
                                     .version = "1.0.0",
                                     .title = "a rule that does as told",
                                     .doc = "For tests.",
                                     .needs = needs,
                                     .options_size = sizeof(told_options)};
  static ndg_loaded loaded;
  loaded.component = &told;
  loaded.ops.rule = rule;
  return (ndg_instance){&loaded, o};
}

/* ---- vectors ---- */

static char *row(const ndg_vector *v, uint64_t task) {
  return (char *)v->data + task * v->stride * ndg_dtype_size(v->dtype);
}

void read_row(const ndg_vector *v, uint64_t task, long double *out) {
  ndg_dtype_convert(NDG_LONG_DOUBLE, out, v->dtype, row(v, task), v->length);
}

void write_row(ndg_vector *v, uint64_t task, const double *in) {
  ndg_convert_from_f64(v->dtype, row(v, task), in, v->length);
  v->identity = (ndg_identity){0, 0};
}

bool same_bits(const ndg_vector *a, const ndg_vector *b) {
  if (a->n_tasks != b->n_tasks || a->length != b->length || a->dtype != b->dtype)
    return false;
  /* The padding of a long double is not part of the number. */
  const size_t size = ndg_dtype_size(a->dtype);
  const size_t used = a->dtype == NDG_LONG_DOUBLE ? 10 : size;
  for (uint64_t t = 0; t < a->n_tasks; t++)
    for (uint64_t i = 0; i < a->length; i++)
      if (memcmp(row(a, t) + i * size, row(b, t) + i * size, used) != 0)
        return false;
  return true;
}

/* ---- phases ---- */

ndg_vector *state_of(const ndg_problem *p, uint32_t kind, bool is_complex) {
  ndg_vector *v = ndg_problem_new_vector(p, NDG_STATE, is_complex, kind);
  ck_assert_ptr_nonnull(v);
  return v;
}

ndg_phase free_phase(ndg_vector *end, uint64_t steps) {
  return (ndg_phase){.struct_size = sizeof(ndg_phase),
                     .optimizer = {NDG_OPTIMIZER_PROBLEM, 0, NAN, NAN, NAN, NAN},
                     .end = end,
                     .steps = steps};
}

void relax(ndg_problem *p, ndg_phase *phase) {
  ndg_error e = {0};
  const ndg_status st = ndg_problem_relax(p, phase, &e);
  ck_assert_msg(st == NDG_OK, "status %d: %s", st, e.text);
}

result run(ndg_problem *p, uint64_t steps, double tolerance, double beta) {
  result r = {.end = state_of(p, p->inner.optimizer.kind, false)};
  const uint64_t before = p->record.gradient_evaluations;
  ndg_error e = {0};
  r.phase = free_phase(r.end, steps);
  r.phase.beta.re = beta;
  r.phase.tolerance = tolerance;
  r.status = ndg_problem_relax(p, &r.phase, &e);
  ck_assert_msg(r.status >= 0, "%s", e.text);
  memcpy(r.text, e.text, sizeof r.text);
  r.gradient_evaluations = p->record.gradient_evaluations - before;
  return r;
}

int run_suite(Suite *s) {
  SRunner *runner = srunner_create(s);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
