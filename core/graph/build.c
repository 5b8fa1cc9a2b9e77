/* SPDX-License-Identifier: MIT */
/* Applying an operation: check operands, stretch them to a common shape, infer, simplify, share. */
#include <math.h>
#include <string.h>

#include "graph/internal.h"

enum { SMALL_ARITY = 8 };

static bool check_operands(ndg_graph *g, const ndg_operation *o, uint32_t n, const ndg_node *in) {
  const bool any = o->n_max == NDG_ANY_ARITY;
  if (n < o->n_min || (!any && n > o->n_max) || !in) {
    ndg_graph_refuse(g, NDG_EINVAL, "%s: %u operands given, %u%s needed", o->name, n, o->n_min,
                     any ? " or more" : "");
    return false;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (in[i] == NDG_NO_NODE || in[i] > g->n_nodes) {
      /* A missing operand mostly follows an error recorded already, which then stays. */
      ndg_graph_refuse(g, NDG_EINVAL, "%s: operand %u (%u) is not a node of this graph", o->name,
                       i + 1, in[i]);
      return false;
    }
    const uint8_t wanted = o->indexed && i == 1 ? NDG_INDEX : NDG_REAL;
    if (g->node[in[i]].kind != wanted) {
      ndg_graph_refuse(g, NDG_EINVAL, "%s: operand %u must be %s", o->name, i + 1,
                       wanted == NDG_INDEX ? "an index input, not real"
                                           : "real, not an index; only gather, scatter_add, pick "
                                             "and place take indices");
      return false;
    }
  }
  return true;
}

/* NumPy's rule: trailing axes aligned, length 1 stretched. False: the operands do not fit. */
static bool common_shape(ndg_graph *g, const ndg_operation *o, uint32_t n, const ndg_node *in,
                         ndg_shape *out) {
  *out = g->node[in[0]].shape;
  for (uint32_t i = 1; i < n; i++) {
    const ndg_shape *s = &g->node[in[i]].shape;
    ndg_shape joint = s->n_dims > out->n_dims ? *s : *out;
    const ndg_shape *small = s->n_dims > out->n_dims ? out : s;
    const uint32_t skip = joint.n_dims - small->n_dims;
    for (uint32_t a = 0; a < small->n_dims; a++) {
      uint64_t *d = &joint.dim[a + skip];
      const uint64_t other = small->dim[a];
      if (*d != other && *d != 1 && other != 1) {
        ndg_graph_refuse(g, NDG_EINVAL,
                         "%s: shapes %s and %s do not broadcast: lengths %llu and %llu of axis %u "
                         "differ and neither is 1",
                         o->name, ndg_shape_describe(out).text, ndg_shape_describe(s).text,
                         (unsigned long long)(s->n_dims > out->n_dims ? other : *d),
                         (unsigned long long)(s->n_dims > out->n_dims ? *d : other), a + skip);
        return false;
      }
      if (*d == 1)
        *d = other;
    }
    *out = joint;
  }
  return true;
}

static bool stretch_operands(ndg_graph *g, const ndg_operation *o, uint32_t n, ndg_node *in) {
  ndg_shape s;
  if (!common_shape(g, o, n, in, &s))
    return false;
  for (uint32_t i = 0; i < n; i++) {
    if (ndg_shape_equal(&g->node[in[i]].shape, &s))
      continue;
    in[i] = ndg_graph_apply(g, NDG_OP_BROADCAST, 1, &in[i], NULL, &s);
    if (!in[i])
      return false;
  }
  return true;
}

static bool any_per_task(const ndg_graph *g, uint32_t n, const ndg_node *in) {
  for (uint32_t i = 0; i < n; i++)
    if (g->node[in[i]].per_task)
      return true;
  return false;
}

/* Infers, simplifies and shares. The operands are the caller's to overwrite. */
static ndg_node build(ndg_graph *g, uint32_t op, uint32_t n, ndg_node *in, bool per_task,
                      const ndg_attr *attr, const ndg_shape *target) {
  const ndg_operation *o = ndg_operation_get(op);
  if (o->class == NDG_CLASS_ELEMENTWISE && !stretch_operands(g, o, n, in))
    return NDG_NO_NODE;
  ndg_graph_node draft = {
      .op = (uint16_t)op, .kind = NDG_REAL, .per_task = per_task, .n_in = n, .in = in};
  if (attr)
    draft.attr = *attr;
  if (!o->infer(g, &draft, target) || !ndg_shape_check(g, o->name, &draft.shape))
    return NDG_NO_NODE;
  const ndg_node y = o->simplify ? o->simplify(g, &draft) : NDG_NO_NODE;
  return y ? y : ndg_graph_intern(g, &draft);
}

static ndg_node spread(ndg_graph *g, ndg_node x) {
  return ndg_graph_apply(g, NDG_OP_SPREAD, 1, &x, NULL, NULL);
}

/* Between shared and per task. Spreading commutes with everything within a task: it is left out of
   the operands and done last, on the result, if that would otherwise be shared. */
static ndg_node build_for_tasks(ndg_graph *g, uint32_t op, uint32_t n, ndg_node *in,
                                const ndg_attr *attr, const ndg_shape *target) {
  const bool per_task = any_per_task(g, n, in);
  if (op == NDG_OP_SPREAD)
    return build(g, op, n, in, true, attr, target);
  if (op == NDG_OP_SUM_TASKS) {
    if (!per_task)
      in[0] = spread(g, in[0]); /* it counts once for each task */
    return in[0] ? build(g, op, n, in, false, attr, target) : NDG_NO_NODE;
  }
  for (uint32_t i = 0; i < n; i++)
    if (g->node[in[i]].op == NDG_OP_SPREAD)
      in[i] = g->node[in[i]].in[0];
  const ndg_node y = build(g, op, n, in, any_per_task(g, n, in), attr, target);
  return y && per_task && !g->node[y].per_task ? spread(g, y) : y;
}

ndg_node ndg_graph_apply(ndg_graph *g, uint32_t op, uint32_t n, const ndg_node *in,
                         const ndg_attr *attr, const ndg_shape *target) {
  const ndg_operation *o = ndg_operation_get(op);
  if (!o || o->class == NDG_CLASS_LEAF)
    return ndg_graph_refuse(g, NDG_EINVAL, "%s %u cannot be applied",
                            o ? "leaf operation" : "unknown operation", op);
  if (!check_operands(g, o, n, in))
    return NDG_NO_NODE;
  ndg_node few[SMALL_ARITY];
  ndg_node *own = n <= SMALL_ARITY ? few : ndg_calloc(n, sizeof *own);
  if (!own)
    return ndg_graph_refuse(g, NDG_ENOMEM, "no memory for %u operands", n);
  memcpy(own, in, n * sizeof *own);
  const ndg_node y = build_for_tasks(g, op, n, own, attr, target);
  if (own != few)
    ndg_free(own);
  return y;
}

ndg_node ndg_graph_constant(ndg_graph *g, double value, const ndg_shape *s) {
  ndg_shape shape = NDG_SCALAR;
  if (s)
    shape = *s;
  if (isnan(value))
    return ndg_graph_refuse(g, NDG_EINVAL, "constant: the value is not a number");
  if (!ndg_shape_check(g, "constant", &shape))
    return NDG_NO_NODE;
  ndg_graph_node n = {.op = NDG_OP_CONSTANT, .kind = NDG_REAL, .shape = shape};
  n.attr.value = value;
  return ndg_graph_intern(g, &n);
}
