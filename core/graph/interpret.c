/* SPDX-License-Identifier: MIT */
/* Reference evaluation: node by node, task by task, in the plainest order, sums in a wider type.
   What compiled programs are compared with, so it shares no code with them. */
#include <complex.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "graph/internal.h"

static void dense_strides(const ndg_shape *s, uint64_t *stride) {
  uint64_t step = 1;
  for (uint32_t a = NDG_MAX_DIMS; a-- > 0;) {
    stride[a] = step;
    step *= s->dim[a];
  }
}

/* Where in the operand each axis of a transposed or stretched result steps. */
static void moved_strides(const ndg_graph_node *n, const ndg_shape *from, uint64_t *stride) {
  uint64_t dense[NDG_MAX_DIMS];
  dense_strides(from, dense);
  const uint32_t skip = n->shape.n_dims - from->n_dims;
  for (uint32_t a = 0; a < NDG_MAX_DIMS; a++) {
    if (n->op == NDG_OP_TRANSPOSE)
      stride[a] = dense[n->attr.i[a]];
    else
      stride[a] =
          a < skip || a >= n->shape.n_dims || from->dim[a - skip] == 1 ? 0 : dense[a - skip];
  }
}

/* Σ d_a stride_a of the element with this number. */
static uint64_t offset_of(const ndg_shape *s, const uint64_t *stride, uint64_t number) {
  uint64_t at = 0;
  for (uint32_t a = NDG_MAX_DIMS; a-- > 0; number /= s->dim[a])
    at += number % s->dim[a] * stride[a];
  return at;
}

#define NUM float
#define ACC double
#define F(name) name##_f32
#define M(name) name##f
#define RE(x) (x)
#define IS_COMPLEX 0
#include "graph/interpret.inc"

#define NUM double
#define ACC long double
#define F(name) name##_f64
#define M(name) name
#define RE(x) (x)
#define IS_COMPLEX 0
#include "graph/interpret.inc"

#define NUM long double
#define ACC long double
#define F(name) name##_long
#define M(name) name##l
#define RE(x) (x)
#define IS_COMPLEX 0
#include "graph/interpret.inc"

#define NUM double complex
#define ACC double complex
#define F(name) name##_complex
#define M(name) c##name
#define RE(x) creal(x)
#define IS_COMPLEX 1
#include "graph/interpret.inc"

typedef struct evaluator {
  size_t size; /* of an element */
  void (*evaluate)(const ndg_graph *, const ndg_graph_node *, const void *const *in, void *out);
  void (*sum_tasks)(uint64_t n_tasks, uint64_t size, const void *in, void *out);
  bool (*all_finite)(uint64_t n, const void *value);
} evaluator;

static const evaluator evaluators[] = {
    [NDG_F32] = {sizeof(float), evaluate_f32, sum_tasks_f32, all_finite_f32},
    [NDG_F64] = {sizeof(double), evaluate_f64, sum_tasks_f64, all_finite_f64},
    [NDG_LONG_DOUBLE] = {sizeof(long double), evaluate_long, sum_tasks_long, all_finite_long},
    [NDG_C128] = {sizeof(double complex), evaluate_complex, sum_tasks_complex, all_finite_complex},
};

typedef struct interpretation {
  const ndg_graph *graph;
  const evaluator *type;
  uint64_t n_tasks;
  const void *const *inputs;
  uint32_t limit;
  void **value;       /* of each node that was evaluated and is still needed; inputs: NULL */
  uint32_t *last_use; /* the node after which a value may go; 0: not needed */
  const void **operand;
} interpretation;

static uint64_t copies(const interpretation *t, const ndg_graph_node *n) {
  return n->per_task ? t->n_tasks : 1;
}

static const void *value_of(const interpretation *t, ndg_node id) {
  const ndg_graph_node *n = ndg_graph_get(t->graph, id);
  return n->op == NDG_OP_INPUT ? t->inputs[n->attr.i[0]] : t->value[id];
}

/* An operand's value for one task. */
static const void *operand_of(const interpretation *t, ndg_node id, uint64_t task) {
  const ndg_graph_node *n = ndg_graph_get(t->graph, id);
  const size_t element = n->kind == NDG_INDEX ? sizeof(int32_t) : t->type->size;
  const uint64_t skip = n->per_task ? task * ndg_shape_size(&n->shape) : 0;
  return (const char *)value_of(t, id) + skip * element;
}

/* How many different indices an indexed operation may meet. */
static uint64_t index_limit(const ndg_graph_node *n, const ndg_shape *from) {
  return n->op == NDG_OP_GATHER        ? from->dim[0]
         : n->op == NDG_OP_PICK        ? from->dim[1]
         : n->op == NDG_OP_SCATTER_ADD ? n->shape.dim[0]
                                       : n->shape.dim[1];
}

static ndg_status check_indices(const interpretation *t, const ndg_graph_node *n, uint64_t task,
                                ndg_error *e) {
  const ndg_shape *from = &ndg_graph_get(t->graph, n->in[0])->shape;
  const uint64_t limit = index_limit(n, from);
  const uint64_t count = ndg_graph_get(t->graph, n->in[1])->shape.dim[0];
  const int32_t *index = t->operand[1];
  for (uint64_t j = 0; j < count; j++)
    if (index[j] < 0 || (uint64_t)index[j] >= limit)
      return ndg_fail(e, NDG_EINVAL,
                      "%s: index %" PRId32 " at place %" PRIu64 " of task %" PRIu64
                      " is not below %" PRIu64,
                      ndg_graph_op_name(n->op), index[j], j, task, limit);
  return NDG_OK;
}

static ndg_status evaluate_node(interpretation *t, ndg_node id, ndg_error *e) {
  const ndg_graph_node *n = ndg_graph_get(t->graph, id);
  const uint64_t size = ndg_shape_size(&n->shape), n_copies = copies(t, n);
  char *y = size <= SIZE_MAX / n_copies ? ndg_calloc(size * n_copies, t->type->size) : NULL;
  if (!y)
    return ndg_fail(e, NDG_ENOMEM, "no memory for %" PRIu64 " x %s of node %u (%s)", n_copies,
                    ndg_shape_describe(&n->shape).text, id, ndg_graph_op_name(n->op));
  t->value[id] = y;
  if (n->op == NDG_OP_SUM_TASKS) {
    t->type->sum_tasks(t->n_tasks, size, value_of(t, n->in[0]), y);
    return NDG_OK;
  }
  for (uint64_t task = 0; task < n_copies; task++) {
    for (uint32_t i = 0; i < n->n_in; i++)
      t->operand[i] = operand_of(t, n->in[i], task);
    if (ndg_operation_get(n->op)->indexed) {
      const ndg_status st = check_indices(t, n, task, e);
      if (st < 0)
        return st;
    }
    t->type->evaluate(t->graph, n, t->operand, y + task * size * t->type->size);
  }
  return NDG_OK;
}

/* Marks what y needs by the last node that reads it; outputs are read at the end. */
static ndg_status find_uses(interpretation *t, uint32_t n_y, const ndg_node *y, ndg_error *e) {
  const ndg_graph *g = t->graph;
  for (uint32_t j = 0; j < n_y; j++)
    t->last_use[y[j]] = t->limit;
  for (ndg_node id = t->limit - 1; id > 0; id--) {
    const ndg_graph_node *n = ndg_graph_get(g, id);
    if (!t->last_use[id])
      continue;
    if (n->op == NDG_OP_INPUT && (!t->inputs || !t->inputs[n->attr.i[0]]))
      return ndg_fail(e, NDG_EINVAL, "interpret: input %" PRId64 " is needed and not bound",
                      n->attr.i[0]);
    for (uint32_t i = 0; i < n->n_in; i++)
      if (t->last_use[n->in[i]] < id)
        t->last_use[n->in[i]] = id;
  }
  return NDG_OK;
}

static ndg_status evaluate_all(interpretation *t, ndg_node *first_bad, ndg_error *e) {
  for (ndg_node id = 1; id < t->limit; id++) {
    const ndg_graph_node *n = ndg_graph_get(t->graph, id);
    if (!t->last_use[id])
      continue;
    if (n->op != NDG_OP_INPUT) {
      const ndg_status st = evaluate_node(t, id, e);
      if (st < 0)
        return st;
    }
    if (first_bad && !*first_bad && n->kind == NDG_REAL &&
        !t->type->all_finite(copies(t, n) * ndg_shape_size(&n->shape), value_of(t, id)))
      *first_bad = id;
    for (uint32_t i = 0; i < n->n_in; i++)
      if (t->last_use[n->in[i]] == id) {
        ndg_free(t->value[n->in[i]]);
        t->value[n->in[i]] = NULL;
      }
  }
  return NDG_OK;
}

static ndg_status check_request(const ndg_graph *g, ndg_dtype dtype, uint64_t n_tasks, uint32_t n_y,
                                const ndg_node *y, ndg_error *e) {
  if (dtype > NDG_C128)
    return ndg_fail(e, NDG_EINVAL, "interpret: %u is not a real or complex element type", dtype);
  if (n_tasks == 0)
    return ndg_fail(e, NDG_EINVAL, "interpret: there must be at least one task");
  for (uint32_t j = 0; j < n_y; j++)
    if (y[j] == NDG_NO_NODE || y[j] > g->n_nodes || g->node[y[j]].kind != NDG_REAL)
      return ndg_fail(e, NDG_EINVAL, "interpret: output %u (%u) is not a real node of this graph",
                      j, y[j]);
  const ndg_node bad = dtype == NDG_C128 ? ndg_graph_first_non_analytic(g, n_y, y) : NDG_NO_NODE;
  if (bad)
    return ndg_fail(e, NDG_ECAPABILITY,
                    "'%s' (node %u) is not analytic: it has no value at complex numbers",
                    ndg_graph_op_name(g->node[bad].op), bad);
  return NDG_OK;
}

ndg_status ndg_graph_interpret(const ndg_graph *g, ndg_dtype dtype, uint64_t n_tasks,
                               const void *const *inputs, uint32_t n_y, const ndg_node *y,
                               void *const *outputs, ndg_node *first_bad, ndg_error *e) {
  ndg_status st = check_request(g, dtype, n_tasks, n_y, y, e);
  if (first_bad)
    *first_bad = NDG_NO_NODE;
  if (st < 0)
    return st;
  interpretation t = {
      .graph = g, .type = &evaluators[dtype], .n_tasks = n_tasks, .inputs = inputs, .limit = 1};
  uint32_t widest = 3; /* elementwise evaluation looks at three */
  for (uint32_t j = 0; j < n_y; j++)
    t.limit = y[j] >= t.limit ? y[j] + 1 : t.limit;
  for (ndg_node id = 1; id < t.limit; id++)
    widest = g->node[id].n_in > widest ? g->node[id].n_in : widest;
  t.value = ndg_calloc(t.limit, sizeof *t.value);
  t.last_use = ndg_calloc(t.limit, sizeof *t.last_use);
  t.operand = ndg_calloc(widest, sizeof *t.operand);
  if (!t.value || !t.last_use || !t.operand)
    st = ndg_fail(e, NDG_ENOMEM, "no memory to interpret %u nodes", t.limit);
  if (st == NDG_OK)
    st = find_uses(&t, n_y, y, e);
  if (st == NDG_OK)
    st = evaluate_all(&t, first_bad, e);
  for (uint32_t j = 0; j < n_y && st == NDG_OK; j++) {
    const ndg_graph_node *n = &g->node[y[j]];
    const uint64_t count = copies(&t, n) * ndg_shape_size(&n->shape);
    memcpy(outputs[j], value_of(&t, y[j]), count * t.type->size);
  }
  for (uint32_t id = 0; t.value && id < t.limit; id++)
    ndg_free(t.value[id]);
  ndg_free(t.operand);
  ndg_free(t.last_use);
  ndg_free(t.value);
  return st;
}
