/* SPDX-License-Identifier: MIT */
/* Coefficients of reference problems, and opening them. */
#include "check/check_problems.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

enum { P = NDG_REF_PHI, Q = NDG_REF_THETA };

/* A multiple of 2⁻⁸ in [low, high). */
static double draw(ndg_rng *r, double low, double high) {
  return floor(ldexp(low + (high - low) * ndg_rng_uniform(r), 8)) / 256;
}

static void fill(ndg_rng *r, double low, double high, double *out, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    out[i] = draw(r, low, high);
}

/* Symmetric, diagonally dominant: with `side` small, eigenvalues are near the diagonal's. */
static void fill_symmetric(ndg_rng *r, double low, double high, double side, double *out) {
  for (uint32_t i = 0; i < P; i++)
    for (uint32_t j = i; j < P; j++)
      out[i * P + j] = out[j * P + i] = i == j ? draw(r, low, high) : draw(r, -side, side);
}

/* S x S with S = diag(1, 1/4, 1/16, 1/64). */
static void stretch(double *x) {
  for (int i = 0; i < P; i++)
    for (int j = 0; j < P; j++)
      x[i * P + j] = ldexp(x[i * P + j], -2 * (i + j));
}

static void set_diagonal(double *x, double value) {
  memset(x, 0, P * P * sizeof *x);
  for (uint32_t i = 0; i < P; i++)
    x[i * P + i] = value;
}

static void scale(double *x, uint32_t n, int power) {
  for (uint32_t i = 0; i < n; i++)
    x[i] = ldexp(x[i], power);
}

static void shape_curvature(ndg_ref_task *t, uint32_t curvature, uint32_t number) {
  if (curvature == NDG_REF_IDENTITY) {
    set_diagonal(t->a_matrix, 2);
    memset(t->k, 0, sizeof t->k);
  }
  if (curvature == NDG_REF_ILL) {
    stretch(t->a_matrix);
    stretch(t->m);
    memset(t->k, 0, sizeof t->k);
  }
  if (curvature == NDG_REF_UNSTABLE && number == 1)
    set_diagonal(t->a_matrix, -8);
}

static void draw_task(const ndg_ref_form *f, uint64_t seed, uint32_t number, ndg_ref_task *t) {
  const ndg_rng root = ndg_rng_root(seed);
  ndg_rng r = ndg_rng_stream(&root, "reference task", number);
  fill_symmetric(&r, 1.25, 2.25, 0.125, t->a_matrix);
  fill(&r, -1, 1, t->b, P * Q);
  fill(&r, -1, 1, t->a, P);
  fill(&r, 0, 0.25, t->k, P * Q);
  fill_symmetric(&r, 0.5, 1, 0.0625, t->m);
  fill(&r, -0.5, 0.5, t->c_matrix, P * Q);
  fill(&r, -1, 1, t->c, P);
  fill(&r, -1, 1, t->d, Q);
  shape_curvature(t, f->curvature, number);
  t->quartic = ldexp(f->quartic, f->learn_power);
  double *const learn[] = {t->a_matrix, t->b, t->a, t->k};
  double *const eval[] = {t->m, t->c_matrix, t->c, t->d};
  const uint32_t n_learn[] = {P * P, P * Q, P, P * Q}, n_eval[] = {P * P, P * Q, P, Q};
  for (int i = 0; i < 4; i++) {
    scale(learn[i], n_learn[i], f->learn_power);
    scale(eval[i], n_eval[i], f->eval_power);
    if (f->eval_zero)
      memset(eval[i], 0, n_eval[i] * sizeof *eval[i]);
  }
}

ndg_inner ndg_ref_descent(void) {
  return (ndg_inner){.optimizer = {.kind = NDG_GRADIENT_DESCENT, .lr = 0.5}, .steps = 400};
}

ndg_inner ndg_ref_brief_descent(void) {
  return (ndg_inner){.optimizer = {.kind = NDG_GRADIENT_DESCENT, .lr = 0.5}, .steps = 100};
}

ndg_inner ndg_ref_short(uint32_t optimizer) {
  ndg_inner inner = {.optimizer = {.kind = optimizer, .lr = 0.125}, .steps = 6};
  if (optimizer != NDG_GRADIENT_DESCENT)
    inner.optimizer.momentum = 0.75;
  if (optimizer == NDG_ADAM) {
    inner.optimizer.beta2 = 0.875;
    inner.optimizer.epsilon = 1e-3;
  }
  return inner;
}

ndg_inner ndg_ref_newton(void) {
  return (ndg_inner){.optimizer = {.kind = NDG_NEWTON}, .steps = 50};
}

/* Arrays of all tasks, one behind the other. */
typedef struct columns {
  double a_matrix[NDG_REF_TASKS * P * P], b[NDG_REF_TASKS * P * Q], a[NDG_REF_TASKS * P];
  double k[NDG_REF_TASKS * P * Q], m[NDG_REF_TASKS * P * P], c_matrix[NDG_REF_TASKS * P * Q];
  double c[NDG_REF_TASKS * P], d[NDG_REF_TASKS * Q];
} columns;

static ndg_status open_problem(ndg_ref_problem *p, uint64_t seed, ndg_error *e) {
  columns *all = ndg_calloc(1, sizeof *all);
  if (!all)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a reference problem");
  const ndg_shape square = NDG_MATRIX(P, P), wide = NDG_MATRIX(P, Q);
  const struct {
    const char *name;
    ndg_shape shape;
    double *to;
    size_t from; /* in a task */
  } entries[] = {{"A", square, all->a_matrix, offsetof(ndg_ref_task, a_matrix)},
                 {"B", wide, all->b, offsetof(ndg_ref_task, b)},
                 {"a", NDG_VECTOR(P), all->a, offsetof(ndg_ref_task, a)},
                 {"K", wide, all->k, offsetof(ndg_ref_task, k)},
                 {"M", square, all->m, offsetof(ndg_ref_task, m)},
                 {"C", wide, all->c_matrix, offsetof(ndg_ref_task, c_matrix)},
                 {"c", NDG_VECTOR(P), all->c, offsetof(ndg_ref_task, c)},
                 {"d", NDG_VECTOR(Q), all->d, offsetof(ndg_ref_task, d)}};
  enum { N = sizeof entries / sizeof *entries };
  ndg_array arrays[N];
  for (uint32_t i = 0; i < N; i++) {
    const uint64_t size = ndg_shape_size(&entries[i].shape);
    for (uint64_t t = 0; t < p->n_tasks; t++)
      memcpy(entries[i].to + t * size, (const char *)&p->task[t] + entries[i].from,
             size * sizeof(double));
    arrays[i] = (ndg_array){.name = entries[i].name,
                            .kind = NDG_REAL,
                            .role = NDG_WHOLE,
                            .shape = entries[i].shape,
                            .data = entries[i].to};
  }
  const ndg_task_arrays tasks = {.n_tasks = p->n_tasks, .n_arrays = N, .arrays = arrays};
  ndg_problem_spec spec = {.learner = {&p->learner, &p->options},
                           .tasks = &tasks,
                           .inner = p->form.inner,
                           .dtype = p->form.dtype,
                           .seed = seed,
                           .pool = p->form.pool,
                           .labels = {.domain = "reference problems", .index = p->number}};
  spec.inner.optimizer.lr = ldexp(spec.inner.optimizer.lr, -p->form.learn_power);
  ndg_status st = ndg_problem_open(&spec, &p->problem, e);
  if (st >= 0)
    st = ndg_problem_set_theta(p->problem, p->theta, e);
  ndg_free(all);
  return st;
}

ndg_status ndg_ref_open(ndg_ref_problem *p, const ndg_ref_form *f, uint64_t seed, ndg_error *e) {
  static const ndg_plugin plugin = {.name = "nudge check", .version = "1"};
  *p = (ndg_ref_problem){
      .form = *f,
      .n_tasks = f->n_tasks,
      .n_meta = f->has_start ? NDG_REF_META : NDG_REF_THETA,
      .learner = {.component = &ndg_ref_learner, .plugin = &plugin, .path = "(checker)"},
      .options = {.quartic = ldexp(f->quartic, f->learn_power),
                  .has_start = f->has_start,
                  .poisoned = f->poisoned}};
  p->learner.option_stride = sizeof(ndg_option);
  p->learner.ops.learner = *(const ndg_learner_ops *)ndg_ref_learner.ops;
  for (uint32_t t = 0; t < f->n_tasks; t++) {
    p->number[t] = f->which ? f->which[t] : t;
    draw_task(f, seed, (uint32_t)p->number[t], &p->task[t]);
  }
  const ndg_rng root = ndg_rng_root(seed);
  ndg_rng r = ndg_rng_stream(&root, "reference theta", 0);
  fill(&r, 0.25, 1, p->theta, NDG_REF_META);
  return open_problem(p, seed, e);
}

void ndg_ref_close(ndg_ref_problem *p) {
  ndg_problem_close(p->problem);
  p->problem = NULL;
}
