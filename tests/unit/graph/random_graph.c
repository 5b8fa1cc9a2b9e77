/* SPDX-License-Identifier: MIT */
#include "random_graph.h"

#include <math.h>

enum { WEIGHTS = 24, INDEX_LIMIT = 2, POOL = 160, MOST_AXES = 3, FIRST_DATA = 8 };

typedef struct maker {
  ndg_graph *graph;
  ndg_builder builder;
  ndg_rng rng;
  bool analytic;
  uint32_t n;
  ndg_node pool[POOL];
} maker;

static uint32_t below(maker *m, uint64_t bound) {
  return (uint32_t)(ndg_rng_next(&m->rng) % bound);
}

static void add(maker *m, ndg_node x) {
  if (x && m->n < POOL)
    m->pool[m->n++] = x;
}

/* Recent nodes more often: operations pile up, and simplifications find something to do. */
static ndg_node any(maker *m) {
  const uint32_t recent = below(m, 2) && m->n > 4 ? 4 : m->n;
  return m->pool[m->n - 1 - below(m, recent)];
}

static ndg_shape shape_of(const maker *m, ndg_node x) {
  return m->builder.api->shape(m->graph, x);
}

static ndg_node plus(maker *m, ndg_node x, double c) {
  return ndg_add(&m->builder, x, ndg_constant(&m->builder, c));
}

/* In (0.5, 2.5), for operations that need a positive operand. */
static ndg_node positive(maker *m, ndg_node x) {
  return plus(m, ndg_tanh(&m->builder, x), 1.5);
}

/* A node of two axes. */
static ndg_node any_matrix(maker *m) {
  const ndg_node x = any(m);
  const ndg_shape s = shape_of(m, x);
  const uint64_t n = ndg_shape_size(&s), rows = s.n_dims ? s.dim[0] : 1;
  return s.n_dims == 2 ? x : ndg_reshape(&m->builder, x, NDG_MATRIX(rows, n / rows));
}

static ndg_node smooth_unary(maker *m) {
  static const double exponents[] = {2.5, -1.5, 3, -2, 0.25};
  const ndg_builder *b = &m->builder;
  const ndg_node x = any(m);
  switch (below(m, 13)) {
  case 0:
    return ndg_neg(b, x);
  case 1:
    return ndg_square(b, ndg_sin(b, x));
  case 2:
    return ndg_sqrt(b, positive(m, x));
  case 3:
    return ndg_reciprocal(b, positive(m, x));
  case 4:
    return ndg_exp(b, ndg_tanh(b, x));
  case 5:
    return ndg_log(b, positive(m, x));
  case 6:
    return ndg_tanh(b, x);
  case 7:
    return ndg_sigmoid(b, x);
  case 8:
    return ndg_softplus(b, x);
  case 9:
    return ndg_sin(b, x);
  case 10:
    return ndg_cos(b, x);
  case 11:
    return ndg_power(b, positive(m, x), exponents[below(m, 5)]);
  default:
    /* Of data only: elsewhere the derivative is not that of the value. */
    return ndg_stop_gradient(b, ndg_square(b, m->pool[FIRST_DATA + below(m, 2)]));
  }
}

static ndg_node rough_unary(maker *m) {
  static const uint32_t ops[] = {NDG_OP_STEP, NDG_OP_RELU, NDG_OP_ABS, NDG_OP_SIGN};
  return ndg_unary(&m->builder, ops[below(m, 4)], any(m));
}

/* y's shape, or one that broadcasts with it: the whole pool is tried from a random place on. */
static ndg_node partner(maker *m, ndg_node y) {
  const ndg_shape s = shape_of(m, y);
  const uint32_t from = below(m, m->n);
  for (uint32_t k = 0; k < m->n; k++) {
    const ndg_node x = m->pool[(from + k) % m->n];
    const ndg_shape t = shape_of(m, x);
    const uint32_t axes = s.n_dims < t.n_dims ? s.n_dims : t.n_dims;
    bool fits = true;
    for (uint32_t a = 1; a <= axes; a++) {
      const uint64_t d = s.dim[s.n_dims - a], e = t.dim[t.n_dims - a];
      fits = fits && (d == e || d == 1 || e == 1);
    }
    if (fits)
      return x;
  }
  return y;
}

static ndg_node binary(maker *m) {
  const ndg_builder *b = &m->builder;
  const ndg_node x = any(m), y = partner(m, x);
  switch (below(m, m->analytic ? 4 : 8)) {
  case 0:
    return ndg_scale(b, ndg_add(b, x, y), 0.5);
  case 1:
    return ndg_sub(b, ndg_tanh(b, x), y);
  case 2:
    return ndg_mul(b, x, y);
  case 3:
    return ndg_div(b, x, positive(m, y));
  case 4:
    return ndg_max(b, x, y);
  case 5:
    return ndg_min(b, x, y);
  case 6:
    return ndg_mul(b, ndg_greater(b, x, y), x);
  default:
    return ndg_select(b, ndg_step(b, y), x, y);
  }
}

static ndg_node product(maker *m) {
  const ndg_builder *b = &m->builder;
  const ndg_node x = any_matrix(m), y = any_matrix(m);
  const ndg_shape s = shape_of(m, x), t = shape_of(m, y);
  const uint32_t first = below(m, 4);
  for (uint32_t k = 0; k < 4; k++) {
    const uint32_t flags = (first + k) % 4, ta = flags & 1, tb = flags >> 1;
    const uint64_t inner = s.dim[ta ? 0 : 1];
    if (inner == t.dim[tb ? 1 : 0])
      return ndg_scale(b, ndg_matmul(b, x, y, (int)ta, (int)tb), 1 / (double)inner);
  }
  return ndg_scale(b, ndg_matmul(b, x, x, 0, 1), 1 / (double)s.dim[1]);
}

static ndg_node move_axes(maker *m, ndg_node x, const ndg_shape *s) {
  ndg_attr attr = {.i = {0, 1, 2, 3}};
  for (uint32_t a = s->n_dims; a > 1; a--) {
    const uint32_t other = below(m, a);
    const int64_t t = attr.i[a - 1];
    attr.i[a - 1] = attr.i[other];
    attr.i[other] = t;
  }
  return m->builder.api->apply(m->graph, NDG_OP_TRANSPOSE, 1, &x, &attr, NULL);
}

static ndg_node stretch(maker *m, ndg_node x, ndg_shape s) {
  for (uint32_t a = 0; a < s.n_dims; a++)
    if (s.dim[a] == 1)
      s.dim[a] = 1 + below(m, 3);
  if (s.n_dims < MOST_AXES) {
    for (uint32_t a = s.n_dims; a > 0; a--)
      s.dim[a] = s.dim[a - 1];
    s.dim[0] = 1 + below(m, 3);
    s.n_dims++;
  }
  return ndg_broadcast(&m->builder, x, s);
}

static ndg_node reshaped(maker *m) {
  const ndg_builder *b = &m->builder;
  const ndg_node x = any(m);
  const ndg_shape s = shape_of(m, x);
  if (s.n_dims == 0)
    return ndg_reshape(b, x, NDG_MATRIX(1, 1));
  const int64_t axis = below(m, s.n_dims), length = (int64_t)s.dim[axis];
  const int64_t start = below(m, (uint64_t)length);
  const ndg_node both[2] = {x, ndg_tanh(b, x)};
  switch (below(m, 6)) {
  case 0:
    return ndg_reshape(b, x, NDG_VECTOR(ndg_shape_size(&s)));
  case 1:
    return move_axes(m, x, &s);
  case 2:
    return ndg_shape_size(&s) > 64 ? x : stretch(m, x, s);
  case 3:
    return ndg_slice(b, x, axis, start, 1 + below(m, (uint64_t)(length - start)));
  case 4:
    return length > 6 ? x : ndg_attributed(b, NDG_OP_PAD, 1, &x, axis, start % 2, below(m, 3));
  default:
    return length > 6 ? x : ndg_concat(b, 2, both, axis);
  }
}

static ndg_node indexed(maker *m, const ndg_node *input) {
  const ndg_builder *b = &m->builder;
  const ndg_node index = input[below(m, 2) ? RANDOM_INDEX : RANDOM_SHARED_INDEX];
  const uint64_t n = shape_of(m, index).dim[0];
  for (uint32_t k = 0; k < m->n; k++) {
    const ndg_node x = any(m), in[2] = {x, index};
    const ndg_shape s = shape_of(m, x);
    const uint32_t what = below(m, 4);
    if (what == 0 && s.n_dims > 0 && s.dim[0] >= INDEX_LIMIT)
      return ndg_gather(b, x, index);
    if (what == 1 && s.n_dims > 0 && s.dim[0] == n)
      return ndg_attributed(b, NDG_OP_SCATTER_ADD, 2, in, INDEX_LIMIT + below(m, 2), 0, 0);
    if (what == 2 && s.n_dims == 2 && s.dim[0] == n && s.dim[1] >= INDEX_LIMIT)
      return ndg_pick(b, x, index);
    if (what == 3 && s.n_dims == 1 && s.dim[0] == n)
      return ndg_attributed(b, NDG_OP_PLACE, 2, in, INDEX_LIMIT + below(m, 2), 0, 0);
  }
  return NDG_NO_NODE;
}

static ndg_node reduced(maker *m) {
  const ndg_builder *b = &m->builder;
  const ndg_node x = any(m);
  const ndg_shape s = shape_of(m, x);
  const uint64_t n = ndg_shape_size(&s);
  switch (below(m, 4)) {
  case 0:
    return s.n_dims ? ndg_log_sum_exp(b, x) : x;
  case 1:
    return ndg_scale(b, ndg_sum_tasks(b, x), 0.25);
  case 2:
    return ndg_mean(b, x);
  default:
    return ndg_scale(b, ndg_sum_axes(b, x, below(m, UINT64_C(1) << s.n_dims)), 1 / (double)n);
  }
}

static ndg_node random_operation(maker *m, const ndg_node *input) {
  switch (below(m, 14)) {
  case 0:
  case 1:
  case 2:
    return smooth_unary(m);
  case 3:
    return m->analytic ? smooth_unary(m) : rough_unary(m);
  case 4:
  case 5:
  case 6:
    return binary(m);
  case 7:
  case 8:
    return product(m);
  case 9:
  case 10:
  case 11:
    return reshaped(m);
  case 12:
    return indexed(m, input);
  default:
    return reduced(m);
  }
}

/* Numbers grow where operations pile up: keep them of order one. */
static ndg_node tamed(maker *m, ndg_node x, uint32_t step) {
  return x && step % 4 == 3 ? ndg_tanh(&m->builder, x) : x;
}

static void add_weights(maker *m, ndg_node flat) {
  const ndg_builder *b = &m->builder;
  add(m, ndg_reshape(b, ndg_slice(b, flat, 0, 0, 12), NDG_MATRIX(3, 4)));
  add(m, ndg_slice(b, flat, 0, 12, 4));
  add(m, ndg_reshape(b, ndg_slice(b, flat, 0, 16, 6), NDG_MATRIX(2, 3)));
  add(m, ndg_slice(b, flat, 0, 22, 2));
}

void random_graph_create(random_graph *out, uint64_t seed, uint32_t n_operations, bool analytic) {
  random_graph_create_with(out, seed, n_operations, analytic, NULL);
}

void random_graph_create_with(random_graph *out, uint64_t seed, uint32_t n_operations,
                              bool analytic, const ndg_graph_api *api) {
  *out = (random_graph){.analytic = analytic};
  if (ndg_graph_create(&out->graph, NULL) < 0)
    return;
  maker m = {.graph = out->graph,
             .builder = ndg_graph_builder(out->graph),
             .rng = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1, seed, 0, 1},
             .analytic = analytic};
  if (api)
    m.builder.api = api;
  for (uint32_t i = 0; i < 8; i++) /* nearby seeds start alike */
    (void)ndg_rng_next(&m.rng);
  ndg_graph *g = out->graph;
  ndg_node *in = out->input;
  in[RANDOM_PHI] = ndg_graph_input(g, NDG_REAL, true, 0, NDG_VECTOR(WEIGHTS));
  in[RANDOM_THETA] = ndg_graph_input(g, NDG_REAL, false, 0, NDG_VECTOR(WEIGHTS));
  in[RANDOM_DATA] = ndg_graph_input(g, NDG_REAL, true, NDG_INPUT_DATA, NDG_MATRIX(4, 3));
  in[RANDOM_SHARED_DATA] = ndg_graph_input(g, NDG_REAL, false, NDG_INPUT_DATA, NDG_MATRIX(3, 2));
  in[RANDOM_INDEX] = ndg_graph_input(g, NDG_INDEX, true, 0, NDG_VECTOR(4));
  in[RANDOM_SHARED_INDEX] = ndg_graph_input(g, NDG_INDEX, false, 0, NDG_VECTOR(3));
  add_weights(&m, in[RANDOM_PHI]);
  add_weights(&m, in[RANDOM_THETA]);
  add(&m, in[RANDOM_DATA]);
  add(&m, in[RANDOM_SHARED_DATA]);
  for (uint32_t k = 0; k < n_operations; k++)
    add(&m, tamed(&m, random_operation(&m, in), k));
  ndg_node loss = ndg_mean(&m.builder, ndg_square(&m.builder, in[RANDOM_PHI]));
  for (uint32_t k = 0; k < m.n; k++)
    loss = ndg_add(&m.builder, loss, ndg_mean(&m.builder, ndg_sin(&m.builder, m.pool[k])));
  out->loss = ndg_spread(&m.builder, ndg_scale(&m.builder, loss, 1 / (double)m.n));
}

void random_graph_destroy(random_graph *r) {
  ndg_graph_destroy(r->graph);
  r->graph = NULL;
}

uint64_t random_graph_fill(const random_graph *r, uint32_t number, uint64_t n_tasks, ndg_rng *rng,
                           void *out) {
  const ndg_graph_node *n = ndg_graph_get(r->graph, r->input[number]);
  const uint64_t count = ndg_shape_size(&n->shape) * (n->per_task ? n_tasks : 1);
  for (uint64_t i = 0; i < count; i++) {
    if (n->kind == NDG_INDEX)
      ((int32_t *)out)[i] = (int32_t)(ndg_rng_next(rng) % INDEX_LIMIT);
    else
      ((double *)out)[i] = floor((2 * ndg_rng_uniform(rng) - 1) * 4096) / 4096;
  }
  return count;
}
