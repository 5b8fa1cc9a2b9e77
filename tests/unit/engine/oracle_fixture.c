/* SPDX-License-Identifier: MIT */
#include "oracle_fixture.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dense.h"

static void add_group(ndg_group *groups, uint32_t *n, const char *name, uint64_t size,
                      double deviation) {
  ndg_group *g = &groups[(*n)++];
  snprintf(g->name, sizeof g->name, "%s", name);
  g->shape = NDG_VECTOR(size);
  g->init = deviation == 0 ? NDG_INIT_CONSTANT : NDG_INIT_NORMAL;
  g->b = deviation;
  g->start_theta = -1;
}

static uint64_t dim(const ndg_task_arrays *shapes, int array, int axis) {
  return shapes->arrays[array].shape.dim[axis];
}

static ndg_status layout(const void *options, const ndg_task_arrays *shapes, ndg_layout *out,
                         ndg_error *e) {
  const fixture_options *o = options;
  (void)e;
  if (o->learner == LEARNER_FORM) {
    add_group(out->phi, &out->n_phi, "phi", dim(shapes, 0, 0), 1);
    add_group(out->theta, &out->n_theta, "theta", dim(shapes, 0, 0), 0);
  } else if (o->learner == LEARNER_SQUARES) {
    add_group(out->phi, &out->n_phi, "phi", dim(shapes, 0, 1), 0);
    add_group(out->theta, &out->n_theta, "theta", dim(shapes, 2, 1), 0);
  } else {
    const uint64_t in = dim(shapes, 0, 1), outputs = dim(shapes, 1, 1);
    const uint64_t sizes[] = {in * o->hidden, o->hidden, o->hidden * outputs, outputs};
    static const char *const names[] = {"w1", "b1", "w2", "b2"};
    for (int i = 0; i < 4; i++) {
      add_group(out->phi, &out->n_phi, names[i], sizes[i], i % 2 ? 0 : i ? 0.5 : 0.3);
      add_group(out->theta, &out->n_theta, names[i], sizes[i], 0);
      out->theta[i].a = o->lambda;
      out->theta[i].constraint = NDG_NONNEGATIVE;
    }
  }
  return NDG_OK;
}

static ndg_node square_sum(const ndg_builder *b, ndg_node x) {
  return ndg_sum(b, ndg_square(b, x));
}

static ndg_node times(const ndg_builder *b, ndg_node a, ndg_node x) {
  const ndg_shape a_shape = b->api->shape(b->graph, a), x_shape = b->api->shape(b->graph, x);
  const ndg_node column = ndg_reshape(b, x, NDG_MATRIX(x_shape.dim[0], 1));
  return ndg_reshape(b, ndg_matmul(b, a, column, 0, 0), NDG_VECTOR(a_shape.dim[0]));
}

static void build_form(const fixture_options *o, const ndg_builder *b, const ndg_learner_inputs *in,
                       ndg_learner_outputs *out) {
  const ndg_node x = in->phi[0], *a = in->arrays, far = ndg_sub(b, x, a[3]);
  ndg_node loss = ndg_scale(b, ndg_sum(b, ndg_mul(b, x, times(b, a[0], x))), 0.5);
  loss = ndg_sub(b, loss, ndg_sum(b, ndg_mul(b, a[1], x)));
  loss = ndg_add(b, loss, ndg_scale(b, square_sum(b, ndg_sub(b, x, in->theta[0])), o->pull / 2));
  out->learn_loss = ndg_add(b, loss, ndg_scale(b, square_sum(b, ndg_square(b, x)), o->quartic / 4));
  out->eval_loss = ndg_scale(b, ndg_sum(b, ndg_mul(b, far, times(b, a[2], far))), 0.5);
}

static void build_squares(const ndg_builder *b, const ndg_learner_inputs *in,
                          ndg_learner_outputs *out) {
  const ndg_node x = in->phi[0], *a = in->arrays;
  const ndg_node sum = ndg_add(b, times(b, a[2], in->theta[0]), times(b, a[3], x));
  out->learn_loss = square_sum(b, ndg_sub(b, sum, a[4]));
  out->eval_loss = square_sum(b, ndg_sub(b, times(b, a[0], x), a[1]));
}

static ndg_node network(const fixture_options *o, const ndg_builder *b,
                        const ndg_learner_inputs *in, ndg_node x, ndg_node y) {
  const uint64_t inputs = b->api->shape(b->graph, x).dim[1];
  const uint64_t outputs = b->api->shape(b->graph, y).dim[1];
  const ndg_node w1 = ndg_reshape(b, in->phi[0], NDG_MATRIX(inputs, o->hidden));
  const ndg_node w2 = ndg_reshape(b, in->phi[2], NDG_MATRIX(o->hidden, outputs));
  const ndg_node sum = ndg_add(b, ndg_matmul(b, x, w1, 0, 0), in->phi[1]);
  const ndg_node h = o->relu ? ndg_relu(b, sum) : ndg_tanh(b, sum);
  const ndg_node difference = ndg_sub(b, ndg_add(b, ndg_matmul(b, h, w2, 0, 0), in->phi[3]), y);
  return ndg_scale(b, ndg_mean(b, ndg_square(b, difference)), 0.5);
}

static void build_network(const fixture_options *o, const ndg_builder *b,
                          const ndg_learner_inputs *in, ndg_learner_outputs *out) {
  out->learn_loss = network(o, b, in, in->arrays[0], in->arrays[1]);
  out->eval_loss = network(o, b, in, in->arrays[2], in->arrays[3]);
  for (int i = 0; i < 4; i++) {
    const ndg_node penalty = ndg_mul(b, in->theta[i], ndg_square(b, in->phi[i]));
    out->learn_loss = ndg_add(b, out->learn_loss, ndg_scale(b, ndg_sum(b, penalty), 0.5));
  }
}

static ndg_status build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                        ndg_learner_outputs *out, ndg_error *e) {
  const fixture_options *o = options;
  (void)e;
  if (o->learner == LEARNER_FORM) {
    build_form(o, b, in, out);
  } else if (o->learner == LEARNER_SQUARES) {
    build_squares(b, in, out);
  } else {
    build_network(o, b, in, out);
  }
  return NDG_OK;
}

static const char *const provides[] = {NDG_CAP_GRAPH, NULL};
static const ndg_learner_ops ops = {.struct_size = sizeof ops, .layout = layout, .build = build};
static const ndg_component component = {.struct_size = sizeof component,
                                        NDG_LEARNER(&ops),
                                        .id = "fixture",
                                        .version = "1.0.0",
                                        .title = "learners of any size",
                                        .doc = "For tests.",
                                        .provides = provides,
                                        .options_size = sizeof(fixture_options)};

static void add_array(fixture *f, const char *name, uint32_t role, ndg_shape shape) {
  const uint64_t i = f->tasks.n_arrays++;
  f->numbers[i] = calloc(f->tasks.n_tasks * ndg_shape_size(&shape), sizeof(double));
  ck_assert_ptr_nonnull(f->numbers[i]);
  f->arrays[i] = (ndg_array){name, NDG_REAL, role, shape, f->numbers[i], 0};
  f->tasks.arrays = f->arrays;
}

static void start(fixture *f, uint32_t learner, uint64_t n_tasks) {
  *f = (fixture){.options.learner = learner, .tasks.n_tasks = n_tasks, .dtype = NDG_F64};
  f->inner = (ndg_inner){.optimizer = {NDG_NEWTON, 0, 0.1, 0.9, 0.99, 1e-8}, .steps = 100};
}

void fixture_form(fixture *f, uint64_t n, uint64_t n_tasks) {
  start(f, LEARNER_FORM, n_tasks);
  add_array(f, "H", NDG_WHOLE, NDG_MATRIX(n, n));
  add_array(f, "h", NDG_WHOLE, NDG_VECTOR(n));
  add_array(f, "M", NDG_WHOLE, NDG_MATRIX(n, n));
  add_array(f, "c", NDG_WHOLE, NDG_VECTOR(n));
}

void fixture_squares(fixture *f, uint64_t rows, uint64_t n_phi, uint64_t n_theta) {
  start(f, LEARNER_SQUARES, 1);
  add_array(f, "A", NDG_WHOLE, NDG_MATRIX(rows, n_phi));
  add_array(f, "b", NDG_WHOLE, NDG_VECTOR(rows));
  add_array(f, "C", NDG_WHOLE, NDG_MATRIX(rows, n_theta));
  add_array(f, "D", NDG_WHOLE, NDG_MATRIX(rows, n_phi));
  add_array(f, "e", NDG_WHOLE, NDG_VECTOR(rows));
}

void fixture_network(fixture *f, uint64_t inputs, uint64_t hidden, uint64_t outputs, uint64_t rows,
                     uint64_t n_tasks) {
  start(f, LEARNER_NETWORK, n_tasks);
  f->options.hidden = hidden;
  f->options.lambda = 0.02;
  add_array(f, "learn.x", NDG_SAMPLES, NDG_MATRIX(rows, inputs));
  add_array(f, "learn.y", NDG_SAMPLES, NDG_MATRIX(rows, outputs));
  add_array(f, "eval.x", NDG_SAMPLES, NDG_MATRIX(rows, inputs));
  add_array(f, "eval.y", NDG_SAMPLES, NDG_MATRIX(rows, outputs));
  for (int a = 0; a < 4; a++) {
    const uint64_t n = n_tasks * ndg_shape_size(&f->arrays[a].shape);
    const uint64_t columns = f->arrays[a].shape.dim[1];
    for (uint64_t i = 0; i < n; i++) {
      const double x = fixture_number(a < 2 ? 1 : 2, i / columns);
      f->numbers[a][i] = a % 2 ? sin(3 * x + (double)(i % columns)) : x + fixture_number(7, i);
    }
  }
}

ndg_problem *fixture_open(fixture *f) {
  static ndg_loaded loaded;
  loaded.component = &component;
  loaded.ops.learner = ops;
  const ndg_problem_spec spec = {.learner = {&loaded, &f->options},
                                 .tasks = &f->tasks,
                                 .inner = f->inner,
                                 .dtype = f->dtype,
                                 .seed = 3};
  ndg_error e;
  const ndg_status st = ndg_problem_open(&spec, &f->problem, &e);
  ck_assert_msg(st == NDG_OK, "open: %s", e.text);
  return f->problem;
}

void fixture_close(fixture *f) {
  ndg_problem_close(f->problem);
  for (int i = 0; i < 5; i++) {
    free(f->numbers[i]);
  }
}

double fixture_number(uint64_t seed, uint64_t i) {
  ndg_rng r = {seed * 0x9e3779b97f4a7c15u + 1, i * 0xbf58476d1ce4e5b9u + 7, 0, 1};
  (void)ndg_rng_next(&r);
  (void)ndg_rng_next(&r);
  return 2 * ndg_rng_uniform(&r) - 1;
}

void fixture_matrix(double *a, const double *eigenvalues, uint64_t n, uint64_t seed) {
  double *v = calloc(n, sizeof *v);
  ck_assert_ptr_nonnull(v);
  memset(a, 0, n * n * sizeof *a);
  for (uint64_t i = 0; i < n; i++) {
    a[i * n + i] = eigenvalues[i];
  }
  for (uint64_t k = 0; k < 3; k++) {
    double vv = 0;
    for (uint64_t i = 0; i < n; i++) {
      v[i] = fixture_number(seed + k, i);
      vv += v[i] * v[i];
    }
    for (int side = 0; side < 2; side++) { /* A := (I − 2vvᵀ/vᵀv) A, then from the right */
      for (uint64_t j = 0; j < n; j++) {
        double dot = 0;
        for (uint64_t i = 0; i < n; i++) {
          dot += v[i] * (side ? a[j * n + i] : a[i * n + j]);
        }
        for (uint64_t i = 0; i < n; i++) {
          double *at = side ? &a[j * n + i] : &a[i * n + j];
          *at -= 2 * v[i] * dot / vv;
        }
      }
    }
  }
  for (uint64_t i = 0; i < n; i++) {
    for (uint64_t j = 0; j < i; j++) {
      a[i * n + j] = a[j * n + i];
    }
  }
  free(v);
}

ndg_vector *fixture_vector(const ndg_problem *p, uint32_t space, const double *in) {
  ndg_vector *v = ndg_real_vector(p, space);
  ck_assert_ptr_nonnull(v);
  for (uint64_t t = 0; in && t < v->n_tasks; t++) {
    ndg_convert_from_f64(v->dtype, ndg_task_data(v, t), in, v->length);
  }
  return v;
}

void fixture_read(const ndg_vector *v, uint64_t task, double *out) {
  ndg_convert_to_f64(v->dtype, ndg_task_data(v, task), out, v->length);
}

double fixture_distance(const double *a, const double *b, uint64_t n) {
  double d = 0, s = 0;
  for (uint64_t i = 0; i < n; i++) {
    d += (a[i] - b[i]) * (a[i] - b[i]);
    s += b[i] * b[i];
  }
  return sqrt(d / s);
}
