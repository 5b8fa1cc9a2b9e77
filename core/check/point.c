/* SPDX-License-Identifier: MIT */
/* Where losses are looked at, and looking. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "check/bench.h"

static ndg_vector *new_vector(ndg_bench *b, uint32_t space, bool is_complex, bool *complete) {
  ndg_vector *v = ndg_problem_new_vector(b->problem, space, is_complex, NDG_GRADIENT_DESCENT);
  *complete = *complete && v;
  return v;
}

static ndg_status make_vectors(ndg_bench *b, bool is_complex, ndg_error *e) {
  bool complete = true;
  ndg_vector **phi[] = {&b->phi, &b->grad_phi, &b->hvp, &b->direction, &b->mixed_forward};
  ndg_vector **theta[] = {&b->grad_theta, &b->mixed, &b->theta_direction};
  for (size_t i = 0; i < sizeof phi / sizeof *phi; i++)
    *phi[i] = new_vector(b, NDG_PHI, is_complex, &complete);
  for (size_t i = 0; i < sizeof theta / sizeof *theta; i++)
    *theta[i] = new_vector(b, NDG_THETA, is_complex, &complete);
  b->theta = ndg_calloc((size_t)b->n_theta, sizeof *b->theta);
  return complete && b->theta ? NDG_OK : ndg_fail(e, NDG_ENOMEM, "out of memory for a bench");
}

void ndg_bench_close(ndg_bench *b) {
  ndg_vector *all[] = {b->phi,           b->grad_phi,   b->hvp,   b->direction,
                       b->mixed_forward, b->grad_theta, b->mixed, b->theta_direction};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    ndg_vector_destroy(all[i]);
  ndg_free(b->theta);
  ndg_problem_close(b->problem);
  memset(b, 0, sizeof *b);
}

/* Numbers that float32 holds, so that every element type has the same. */
static double rounded(double x) {
  return (double)(float)x;
}

static double normal(ndg_rng *r) {
  double x;
  ndg_rng_fill_normal(r, NDG_F64, &x, 1);
  return x;
}

static ndg_status draw_theta(ndg_bench *b, const double *initial, double width, ndg_error *e) {
  const ndg_layout *l = ndg_problem_layout(b->problem);
  ndg_rng r = ndg_check_stream(b->check, "theta");
  uint64_t i = 0;
  for (uint32_t g = 0; g < l->n_theta; g++) {
    const uint64_t size = ndg_shape_size(&l->theta[g].shape);
    for (uint64_t k = 0; k < size; k++, i++) {
      const double x = initial[i] + width * normal(&r);
      /* Away from the bound, so that slopes can be taken on both sides. */
      const bool bounded = l->theta[g].constraint == NDG_NONNEGATIVE;
      b->theta[i] = rounded(bounded ? fabs(x) + 0.05 : x);
    }
  }
  return ndg_problem_set_theta(b->problem, b->theta, e);
}

static void draw_phi(ndg_bench *b, double *start, double width) {
  const ndg_rng root = ndg_check_stream(b->check, "phi");
  for (uint64_t t = 0; t < b->n_tasks; t++) {
    ndg_rng r = ndg_rng_stream(&root, "task", t);
    ndg_problem_get_start(b->problem, t, start);
    for (uint64_t i = 0; i < b->n_phi; i++)
      ndg_bench_set(b->phi, t, i, rounded(start[i] + width * normal(&r)), 0);
  }
}

static bool is_finite(const ndg_bench *b, const ndg_vector *v) {
  for (uint64_t t = 0; t < v->n_tasks; t++)
    for (uint64_t i = 0; i < v->length; i++)
      if (!isfinite(ndg_bench_get(v, t, i)))
        return false;
  for (uint64_t t = 0; t < b->n_tasks; t++)
    if (!isfinite(ndg_bench_get(b->problem->values[ndg_vector_is_complex(b->phi)], t, 0)))
      return false;
  return true;
}

static ndg_status is_usable(ndg_bench *b, bool *usable, ndg_error *e) {
  ndg_status st = NDG_OK;
  *usable = true;
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && *usable && loss <= NDG_EVAL_LOSS; loss++) {
    st = ndg_bench_evaluate(b, loss, NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA, e);
    *usable = st >= 0 && is_finite(b, b->grad_phi) && is_finite(b, b->grad_theta);
  }
  return st;
}

/* As far from the initial point as the losses are finite. */
static ndg_status draw_point(ndg_bench *b, ndg_error *e) {
  static const double widths[] = {0.5, 0.1, 0.01, 0};
  double *initial = ndg_calloc((size_t)b->n_theta, sizeof *initial);
  double *start = ndg_calloc((size_t)b->n_phi, sizeof *start);
  bool usable = false;
  ndg_status st = initial && start ? NDG_OK : ndg_fail(e, NDG_ENOMEM, "out of memory for a point");
  if (st >= 0)
    ndg_problem_get_theta(b->problem, initial);
  for (size_t i = 0; st >= 0 && !usable && i < sizeof widths / sizeof *widths; i++) {
    st = draw_theta(b, initial, widths[i], e);
    if (st >= 0) {
      draw_phi(b, start, widths[i]);
      st = is_usable(b, &usable, e);
    }
  }
  ndg_free(initial);
  ndg_free(start);
  if (st >= 0 && !usable)
    return ndg_fail(e, NDG_ECAPABILITY,
                    "no point was found where losses and gradients are finite; see "
                    "mathematics/values");
  return st;
}

static const ndg_inner plain = {
    .optimizer = {NDG_GRADIENT_DESCENT, 0, 0.05, 0, 0, 0}, .steps = 8, .tolerance = 0};

static ndg_status open(ndg_check *c, const ndg_check_variant *v, const ndg_bench_spec *s,
                       bool is_complex, ndg_bench *b, ndg_error *e) {
  *b = (ndg_bench){.check = c, .variant = v};
  if (!s->tasks)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
  ndg_problem_spec spec = {.learner = v->learner,
                           .tasks = s->tasks,
                           .inner = s->inner.optimizer.kind ? s->inner : plain,
                           .dtype = s->dtype,
                           .seed = c->seed,
                           .pool = s->pool,
                           .block_rows = s->block_rows};
  if (s->labels)
    spec.labels = *s->labels;
  ndg_status st = ndg_problem_open(&spec, &b->problem, e);
  if (st < 0)
    return st;
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(b->problem, &info);
  b->n_tasks = info.n_tasks;
  b->n_phi = info.n_phi;
  b->n_theta = info.n_theta;
  const char *reason = NULL;
  if (is_complex && !ndg_problem_provides(b->problem, NDG_CAP_COMPLEX, &reason))
    return ndg_fail(e, NDG_ECAPABILITY, "%s", reason);
  st = make_vectors(b, is_complex, e);
  if (st >= 0)
    st = draw_point(b, e);
  if (st >= 0)
    ndg_bench_draw_directions(b, "directions");
  return st;
}

ndg_status ndg_bench_open(ndg_check *c, const ndg_check_variant *v, const ndg_bench_spec *s,
                          ndg_bench *b, ndg_error *e) {
  const ndg_status st = open(c, v, s, false, b, e);
  if (st < 0)
    ndg_bench_close(b);
  return st;
}

ndg_status ndg_bench_open_complex(ndg_check *c, const ndg_check_variant *v, const ndg_bench_spec *s,
                                  ndg_bench *b, ndg_error *e) {
  const ndg_status st = open(c, v, s, true, b, e);
  if (st < 0)
    ndg_bench_close(b);
  return st;
}

static void copy_rows(ndg_vector *to, const ndg_vector *of, const uint64_t *from) {
  for (uint64_t t = 0; t < to->n_tasks; t++)
    for (uint64_t i = 0; i < to->length; i++)
      ndg_bench_set(to, t, i, ndg_bench_get(of, from ? from[t] : t, i), 0);
}

void ndg_bench_copy_point(ndg_bench *to, const ndg_bench *of, const uint64_t *from) {
  ndg_error e;
  memcpy(to->theta, of->theta, of->n_theta * sizeof *to->theta);
  (void)ndg_problem_set_theta(to->problem, to->theta, &e);
  copy_rows(to->phi, of->phi, from);
  copy_rows(to->direction, of->direction, from);
  copy_rows(to->theta_direction, of->theta_direction, from);
}

static ndg_status evaluate(ndg_bench *b, uint32_t loss, uint32_t want, const ndg_vector *direction,
                           ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = want,
                       .loss = loss,
                       .phi = b->phi,
                       .direction = direction,
                       .grad_phi = b->grad_phi,
                       .grad_theta = b->grad_theta,
                       .hvp = b->hvp,
                       .mixed = b->mixed,
                       .mixed_forward = b->mixed_forward};
  return want ? ndg_problem_evaluate(b->problem, &ev, e) : NDG_OK;
}

ndg_status ndg_bench_evaluate(ndg_bench *b, uint32_t loss, uint32_t want, ndg_error *e) {
  const ndg_status st = evaluate(b, loss, want & NDG_WANT_MIXED_FORWARD, b->theta_direction, e);
  return st < 0 ? st : evaluate(b, loss, want & ~(uint32_t)NDG_WANT_MIXED_FORWARD, b->direction, e);
}

void ndg_bench_values(const ndg_bench *b, long double *out) {
  const ndg_vector *values = b->problem->values[ndg_vector_is_complex(b->phi)];
  for (uint64_t t = 0; t < b->n_tasks; t++)
    out[t] = ndg_bench_get(values, t, 0);
}

ndg_status ndg_bench_learn(ndg_bench *b, uint64_t steps, ndg_error *e) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = b->problem->inner.optimizer,
                     .end = b->phi,
                     .steps = steps};
  return ndg_problem_relax(b->problem, &phase, e);
}

/* Eighths from -1 to 1, none of them 0. */
static void draw_eighths(ndg_vector *v, const ndg_rng *root) {
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    ndg_rng r = ndg_rng_stream(root, "task", t);
    for (uint64_t i = 0; i < v->length; i++) {
      const double size = (double)(1 + ndg_rng_below(&r, 8)) / 8;
      ndg_bench_set(v, t, i, ndg_rng_next(&r) & 1 ? size : -size, 0);
    }
  }
}

void ndg_bench_draw_directions(ndg_bench *b, const char *label) {
  const ndg_rng root = ndg_check_stream(b->check, label);
  const ndg_rng phi = ndg_rng_stream(&root, "phi", 0), theta = ndg_rng_stream(&root, "theta", 0);
  draw_eighths(b->direction, &phi);
  draw_eighths(b->theta_direction, &theta);
}
