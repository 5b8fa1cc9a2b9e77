/* SPDX-License-Identifier: MIT */
/* Derivatives as transforms: both walk the nodes between x and y once and let the table's rules
   build. Node numbers are a topological order, since operands exist before what uses them. */
#include <string.h>

#include "graph/internal.h"

enum { DEPENDS_ON_X = 1, NEEDED_BY_Y = 2, ON_PATH = 3 };

typedef struct walk {
  ndg_graph *graph;
  ndg_builder builder;
  uint32_t limit; /* nodes at and above are not below y */
  uint8_t *mark;
  ndg_node *value;   /* adjoint or tangent of each node; NDG_NO_NODE: zero */
  uint32_t crossing; /* what reverse mode does where tasks meet in a shared value */
} walk;

static ndg_status check_nodes(const ndg_graph *g, const char *what, uint32_t n, const ndg_node *x,
                              ndg_error *e) {
  if (n && !x)
    return ndg_fail(e, NDG_EINVAL, "derivative: no list of %s given", what);
  for (uint32_t i = 0; i < n; i++) {
    if (x[i] == NDG_NO_NODE || x[i] > g->n_nodes)
      return ndg_fail(e, NDG_EINVAL, "derivative: %s %u (%u) is not a node of this graph", what, i,
                      x[i]);
    if (g->node[x[i]].kind != NDG_REAL)
      return ndg_fail(e, NDG_EINVAL, "derivative: %s %u (node %u) is an index, not real", what, i,
                      x[i]);
  }
  return NDG_OK;
}

static ndg_status check_shapes(const ndg_graph *g, const char *what, uint32_t n, const ndg_node *v,
                               const ndg_node *x, ndg_error *e) {
  for (uint32_t i = 0; i < n; i++) {
    const ndg_shape *a = &g->node[v[i]].shape, *b = &g->node[x[i]].shape;
    if (!ndg_shape_equal(a, b))
      return ndg_fail(e, NDG_EINVAL, "derivative: %s %u has shape %s, its node has %s", what, i,
                      ndg_shape_describe(a).text, ndg_shape_describe(b).text);
  }
  return NDG_OK;
}

static void mark_path(walk *w, uint32_t n_x, const ndg_node *x, uint32_t n_y, const ndg_node *y) {
  const ndg_graph_node *node = w->graph->node;
  for (uint32_t i = 0; i < n_x; i++)
    if (x[i] < w->limit)
      w->mark[x[i]] |= DEPENDS_ON_X;
  for (ndg_node id = 1; id < w->limit; id++)
    for (uint32_t i = 0; i < node[id].n_in; i++)
      w->mark[id] |= w->mark[node[id].in[i]] & DEPENDS_ON_X;
  for (uint32_t j = 0; j < n_y; j++)
    w->mark[y[j]] |= NEEDED_BY_Y;
  for (ndg_node id = w->limit - 1; id > 0; id--)
    for (uint32_t i = 0; i < node[id].n_in && w->mark[id] == ON_PATH; i++)
      w->mark[node[id].in[i]] |= NEEDED_BY_Y;
}

static void end_walk(walk *w) {
  ndg_free(w->mark);
  ndg_free(w->value);
}

static ndg_status begin_walk(walk *w, ndg_graph *g, uint32_t n_x, const ndg_node *x, uint32_t n_y,
                             const ndg_node *y, ndg_error *e) {
  *w = (walk){.graph = g, .builder = ndg_graph_builder(g), .limit = 1};
  for (uint32_t j = 0; j < n_y; j++)
    if (y[j] >= w->limit)
      w->limit = y[j] + 1;
  w->mark = ndg_calloc(w->limit, sizeof *w->mark);
  w->value = ndg_calloc(w->limit, sizeof *w->value);
  if (!w->mark || !w->value) {
    end_walk(w);
    return ndg_fail(e, NDG_ENOMEM, "no memory to differentiate %u nodes", w->limit);
  }
  mark_path(w, n_x, x, n_y, y);
  return NDG_OK;
}

static void accumulate(walk *w, ndg_node id, ndg_node part) {
  if (part)
    w->value[id] = w->value[id] ? ndg_add(&w->builder, w->value[id], part) : part;
}

/* The derivative in the form the caller expects: zeros for none, a copy per task where wanted. */
static ndg_node finish(walk *w, ndg_node x, bool per_task) {
  const ndg_shape s = w->graph->node[x].shape;
  ndg_node v = x < w->limit ? w->value[x] : NDG_NO_NODE;
  if (!v)
    v = ndg_graph_constant(w->graph, 0, &s);
  return v && per_task ? ndg_spread(&w->builder, v) : v;
}

/* An error of the graph, recorded before or by the rules, ends the transform without a result. */
static ndg_status settle(ndg_graph *g, uint32_t n, ndg_node *out, ndg_error *e) {
  const ndg_status st = ndg_graph_status(g, e);
  if (st < 0 && n)
    memset(out, 0, n * sizeof *out);
  return st;
}

static void pull_back(walk *w, ndg_node id) {
  const ndg_graph_node n = w->graph->node[id]; /* nodes move while building */
  const ndg_operation *o = ndg_operation_get(n.op);
  const ndg_node y_bar = w->value[id];
  for (uint32_t i = 0; i < n.n_in; i++) {
    const ndg_node x = n.in[i];
    if (w->mark[x] != ON_PATH)
      continue;
    ndg_node part = o->reverse(&w->builder, &n, id, i, y_bar);
    /* Here the path goes from a value per task to one that all tasks share. A part that is the same
       for all tasks still counts once for each: sum_tasks spreads it. */
    if (part && n.per_task && !w->graph->node[x].per_task)
      part = ndg_unary(&w->builder, w->crossing, part);
    accumulate(w, x, part);
  }
}

/* A shared y has no part in any one task, and no seed per task either. */
static ndg_status check_tasks(const ndg_graph *g, uint32_t n_y, const ndg_node *y,
                              const ndg_node *seeds, bool apart, ndg_error *e) {
  for (uint32_t j = 0; j < n_y; j++) {
    if (g->node[y[j]].per_task)
      continue;
    if (apart)
      return ndg_fail(e, NDG_EINVAL,
                      "derivative: y %u is shared, a derivative per task needs a "
                      "value per task (spread it)",
                      j);
    if (seeds && g->node[seeds[j]].per_task)
      return ndg_fail(e, NDG_EINVAL, "derivative: seed %u is per task but its node is shared", j);
  }
  return NDG_OK;
}

static ndg_status check_reverse(const ndg_graph *g, uint32_t n_y, const ndg_node *y,
                                const ndg_node *seeds, uint32_t n_x, const ndg_node *x, bool apart,
                                ndg_error *e) {
  ndg_status st = check_nodes(g, "y", n_y, y, e);
  if (st == NDG_OK)
    st = check_nodes(g, "x", n_x, x, e);
  if (st == NDG_OK && seeds)
    st = check_nodes(g, "seed", n_y, seeds, e);
  if (st == NDG_OK && seeds)
    st = check_shapes(g, "seed", n_y, seeds, y, e);
  return st == NDG_OK ? check_tasks(g, n_y, y, seeds, apart, e) : st;
}

ndg_status ndg_graph_vjp(ndg_graph *g, uint32_t n_y, const ndg_node *y, const ndg_node *seeds,
                         uint32_t n_x, const ndg_node *x, uint32_t flags, ndg_node *x_bar,
                         ndg_error *e) {
  walk w;
  const bool apart = flags & NDG_DERIVATIVE_PER_TASK;
  if (g->error.code != NDG_OK)
    return settle(g, n_x, x_bar, e);
  ndg_status st = check_reverse(g, n_y, y, seeds, n_x, x, apart, e);
  if (st == NDG_OK)
    st = begin_walk(&w, g, n_x, x, n_y, y, e);
  if (st < 0)
    return st;
  w.crossing = apart ? NDG_OP_SPREAD : NDG_OP_SUM_TASKS;
  for (uint32_t j = 0; j < n_y; j++) {
    const ndg_shape s = g->node[y[j]].shape;
    accumulate(&w, y[j], seeds ? seeds[j] : ndg_graph_constant(g, 1, &s));
  }
  for (ndg_node id = w.limit - 1; id > 0; id--)
    if (w.mark[id] == ON_PATH && w.value[id])
      pull_back(&w, id);
  for (uint32_t i = 0; i < n_x; i++)
    x_bar[i] = finish(&w, x[i], apart || g->node[x[i]].per_task);
  end_walk(&w);
  return settle(g, n_x, x_bar, e);
}

static void push_forward(walk *w, ndg_node id, ndg_node *x_dot) {
  const ndg_graph_node n = w->graph->node[id];
  bool moves = false;
  for (uint32_t i = 0; i < n.n_in; i++) {
    x_dot[i] = w->value[n.in[i]];
    moves = moves || x_dot[i];
  }
  if (moves)
    accumulate(w, id, ndg_operation_get(n.op)->forward(&w->builder, &n, id, x_dot));
}

ndg_status ndg_graph_jvp(ndg_graph *g, uint32_t n_x, const ndg_node *x, const ndg_node *x_dot,
                         uint32_t n_y, const ndg_node *y, ndg_node *y_dot, ndg_error *e) {
  walk w;
  if (g->error.code != NDG_OK)
    return settle(g, n_y, y_dot, e);
  ndg_status st = check_nodes(g, "x", n_x, x, e);
  if (st == NDG_OK)
    st = check_nodes(g, "tangent", n_x, x_dot, e);
  if (st == NDG_OK)
    st = check_shapes(g, "tangent", n_x, x_dot, x, e);
  if (st == NDG_OK)
    st = check_nodes(g, "y", n_y, y, e);
  if (st == NDG_OK)
    st = begin_walk(&w, g, n_x, x, n_y, y, e);
  if (st < 0)
    return st;
  uint32_t widest = 1;
  for (ndg_node id = 1; id < w.limit; id++)
    if (g->node[id].n_in > widest)
      widest = g->node[id].n_in;
  ndg_node *tangents = ndg_calloc(widest, sizeof *tangents);
  if (!tangents) {
    end_walk(&w);
    return ndg_fail(e, NDG_ENOMEM, "no memory for %u tangents", widest);
  }
  for (uint32_t i = 0; i < n_x; i++)
    if (x[i] < w.limit)
      accumulate(&w, x[i], x_dot[i]);
  for (ndg_node id = 1; id < w.limit; id++)
    if (w.mark[id] == ON_PATH)
      push_forward(&w, id, tangents);
  for (uint32_t j = 0; j < n_y; j++)
    y_dot[j] = finish(&w, y[j], g->node[y[j]].per_task);
  ndg_free(tangents);
  end_walk(&w);
  return settle(g, n_y, y_dot, e);
}
