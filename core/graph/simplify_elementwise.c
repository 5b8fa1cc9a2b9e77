/* SPDX-License-Identifier: MIT */
/* Simplification of elementwise operations. A rewrite keeps every value: at most the sign of a zero
   or, where a constant zero multiplies it, a non-finite operand is lost. Constants are not
   reassociated unless a factor is a power of two. */
#include <math.h>

#include "graph/internal.h"

static ndg_node unary(ndg_graph *g, uint32_t op, ndg_node x) {
  return ndg_graph_apply(g, op, 1, &x, NULL, NULL);
}

static ndg_node binary(ndg_graph *g, uint32_t op, ndg_node x, ndg_node y) {
  const ndg_node in[2] = {x, y};
  return ndg_graph_apply(g, op, 2, in, NULL, NULL);
}

/* Whether x is op(inner). */
static bool is_op(const ndg_graph *g, ndg_node x, uint32_t op, ndg_node *inner) {
  const ndg_graph_node *n = ndg_graph_get(g, x);
  if (n->op != op)
    return false;
  *inner = n->in[0];
  return true;
}

/* Whether x is -inner, or that stretched. */
static bool is_negated(ndg_graph *g, ndg_node x, ndg_node *inner) {
  const ndg_shape shape = ndg_graph_get(g, x)->shape;
  if (is_op(g, x, NDG_OP_NEG, inner))
    return true;
  if (!is_op(g, x, NDG_OP_BROADCAST, inner) || !is_op(g, *inner, NDG_OP_NEG, inner))
    return false;
  *inner = ndg_graph_apply(g, NDG_OP_BROADCAST, 1, inner, NULL, &shape);
  return true;
}

static bool power_of_two(double c) {
  int exponent;
  return isfinite(c) && fabs(frexp(c, &exponent)) == 0.5;
}

/* Whether x is inner * c. Constants stand second in a product. */
static bool is_scaled(const ndg_graph *g, ndg_node x, ndg_node *inner, double *c) {
  const ndg_graph_node *n = ndg_graph_get(g, x);
  if (n->op != NDG_OP_MUL || !ndg_node_constant(g, n->in[1], c))
    return false;
  *inner = n->in[0];
  return true;
}

static ndg_node scale(ndg_graph *g, ndg_node x, double c) {
  const ndg_shape shape = ndg_graph_get(g, x)->shape;
  return binary(g, NDG_OP_MUL, x, ndg_graph_constant(g, c, &shape));
}

/* Commutative operands by number, constants last, so that equal sums become one node. */
static void sort_operands(const ndg_graph *g, ndg_graph_node *d) {
  ndg_node *in = (ndg_node *)d->in; /* a draft's operands are the builder's own */
  double c;
  const bool first = ndg_node_constant(g, in[0], &c), second = ndg_node_constant(g, in[1], &c);
  if (first == second ? in[0] > in[1] : first) {
    const ndg_node t = in[0];
    in[0] = in[1];
    in[1] = t;
  }
}

/* f(broadcast x, constants) = broadcast f(x, constants): compute each number once. */
static ndg_node hoist_broadcast(ndg_graph *g, const ndg_graph_node *d) {
  ndg_node in[3], source;
  const ndg_shape *common = NULL;
  double c;
  for (uint32_t i = 0; i < d->n_in; i++) {
    if (ndg_node_constant(g, d->in[i], &c))
      continue;
    if (!is_op(g, d->in[i], NDG_OP_BROADCAST, &source))
      return NDG_NO_NODE;
    const ndg_shape *s = &ndg_graph_get(g, source)->shape;
    if (common && !ndg_shape_equal(common, s))
      return NDG_NO_NODE;
    common = s;
    in[i] = source;
  }
  if (!common)
    return NDG_NO_NODE;
  const ndg_shape small = *common; /* nodes move while building */
  for (uint32_t i = 0; i < d->n_in; i++)
    if (ndg_node_constant(g, d->in[i], &c))
      in[i] = ndg_graph_constant(g, c, &small);
  const ndg_node y = ndg_graph_apply(g, d->op, d->n_in, in, &d->attr, NULL);
  return ndg_graph_apply(g, NDG_OP_BROADCAST, 1, &y, NULL, &d->shape);
}

static ndg_node simplify_neg(ndg_graph *g, const ndg_graph_node *d) {
  ndg_node x;
  double c;
  if (is_op(g, d->in[0], NDG_OP_NEG, &x))
    return x;
  const ndg_graph_node *n = ndg_graph_get(g, d->in[0]);
  if (n->op == NDG_OP_SUB)
    return binary(g, NDG_OP_SUB, n->in[1], n->in[0]);
  if (is_scaled(g, d->in[0], &x, &c))
    return scale(g, x, -c);
  return NDG_NO_NODE;
}

static ndg_node simplify_power(ndg_graph *g, const ndg_graph_node *d) {
  const double p = d->attr.value;
  if (p == 0)
    return ndg_graph_constant(g, 1, &d->shape);
  if (p == 1)
    return d->in[0];
  if (p == 2)
    return unary(g, NDG_OP_SQUARE, d->in[0]);
  if (p == 0.5)
    return unary(g, NDG_OP_SQRT, d->in[0]);
  if (p == -1)
    return unary(g, NDG_OP_RECIPROCAL, d->in[0]);
  return NDG_NO_NODE;
}

static ndg_node simplify_unary(ndg_graph *g, const ndg_graph_node *d) {
  ndg_node x;
  switch (d->op) {
  case NDG_OP_NEG:
    return simplify_neg(g, d);
  case NDG_OP_POWER:
    return simplify_power(g, d);
  case NDG_OP_SQUARE:
  case NDG_OP_ABS:
  case NDG_OP_COS: /* even functions */
    return is_op(g, d->in[0], NDG_OP_NEG, &x) ? unary(g, d->op, x) : NDG_NO_NODE;
  case NDG_OP_RELU:
  case NDG_OP_STOP_GRADIENT: /* once is enough */
    return is_op(g, d->in[0], d->op, &x) ? d->in[0] : NDG_NO_NODE;
  default:
    return NDG_NO_NODE;
  }
}

/* u + p + q where p and q are pieces that do not meet: u + (p and q as one). */
static ndg_node join_pieces(ndg_graph *g, ndg_node sum, ndg_node piece) {
  ndg_node y = ndg_merge_pieces(g, sum, piece);
  if (y || ndg_graph_get(g, sum)->op != NDG_OP_ADD)
    return y;
  for (uint32_t i = 0; i < 2; i++) {
    const ndg_node rest = ndg_graph_get(g, sum)->in[1 - i];
    y = ndg_merge_pieces(g, ndg_graph_get(g, sum)->in[i], piece);
    if (y)
      return binary(g, NDG_OP_ADD, rest, y);
  }
  return NDG_NO_NODE;
}

static ndg_node simplify_add(ndg_graph *g, ndg_graph_node *d) {
  sort_operands(g, d);
  const ndg_node a = d->in[0], b = d->in[1];
  ndg_node x;
  double c;
  if (ndg_node_constant(g, b, &c) && c == 0)
    return a;
  if (a == b)
    return scale(g, a, 2);
  if (is_negated(g, b, &x))
    return binary(g, NDG_OP_SUB, a, x);
  if (is_negated(g, a, &x))
    return binary(g, NDG_OP_SUB, b, x);
  x = join_pieces(g, a, b);
  return x ? x : join_pieces(g, b, a);
}

static ndg_node simplify_sub(ndg_graph *g, const ndg_graph_node *d) {
  const ndg_node a = d->in[0], b = d->in[1];
  ndg_node x;
  double c;
  if (ndg_node_constant(g, b, &c) && c == 0)
    return a;
  if (ndg_node_constant(g, a, &c) && c == 0)
    return unary(g, NDG_OP_NEG, b);
  if (is_negated(g, b, &x))
    return binary(g, NDG_OP_ADD, a, x);
  if (is_negated(g, a, &x))
    return unary(g, NDG_OP_NEG, binary(g, NDG_OP_ADD, x, b));
  return NDG_NO_NODE;
}

static ndg_node simplify_scaling(ndg_graph *g, const ndg_graph_node *d, double c) {
  ndg_node x;
  double inner;
  if (c == 0)
    return ndg_graph_constant(g, 0, &d->shape);
  if (c == 1)
    return d->in[0];
  if (c == -1)
    return unary(g, NDG_OP_NEG, d->in[0]);
  if (is_op(g, d->in[0], NDG_OP_NEG, &x))
    return scale(g, x, -c);
  if (is_scaled(g, d->in[0], &x, &inner) && (power_of_two(c) || power_of_two(inner)) &&
      isfinite(c * inner) && fabs(c * inner) > 1e-270)
    return scale(g, x, c * inner);
  return NDG_NO_NODE;
}

static ndg_node simplify_mul(ndg_graph *g, ndg_graph_node *d) {
  sort_operands(g, d);
  const ndg_node a = d->in[0], b = d->in[1];
  ndg_node x;
  double c;
  if (ndg_node_constant(g, b, &c))
    return simplify_scaling(g, d, c);
  if (a == b)
    return unary(g, NDG_OP_SQUARE, a);
  for (uint32_t i = 0; i < 2; i++) {
    const ndg_node this = d->in[i], other = d->in[1 - i];
    if (is_op(g, this, NDG_OP_NEG, &x))
      return unary(g, NDG_OP_NEG, binary(g, NDG_OP_MUL, x, other));
    if (is_scaled(g, this, &x, &c) && power_of_two(c))
      return scale(g, binary(g, NDG_OP_MUL, x, other), c);
  }
  return NDG_NO_NODE;
}

static ndg_node simplify_div(ndg_graph *g, const ndg_graph_node *d) {
  const ndg_node a = d->in[0], b = d->in[1];
  ndg_node x;
  double c;
  if (ndg_node_constant(g, b, &c) && power_of_two(c) && isfinite(1 / c))
    return scale(g, a, 1 / c);
  if (ndg_node_constant(g, a, &c) && c == 1)
    return unary(g, NDG_OP_RECIPROCAL, b);
  if (is_op(g, a, NDG_OP_NEG, &x))
    return unary(g, NDG_OP_NEG, binary(g, NDG_OP_DIV, x, b));
  if (is_op(g, b, NDG_OP_NEG, &x))
    return unary(g, NDG_OP_NEG, binary(g, NDG_OP_DIV, a, x));
  return NDG_NO_NODE;
}

static ndg_node simplify_select(ndg_graph *g, const ndg_graph_node *d) {
  double c;
  if (ndg_node_constant(g, d->in[0], &c))
    return d->in[c != 0 ? 1 : 2];
  return d->in[1] == d->in[2] ? d->in[1] : NDG_NO_NODE;
}

ndg_node ndg_simplify_elementwise(ndg_graph *g, ndg_graph_node *d) {
  ndg_node y = ndg_fold_constants(g, d);
  if (!y)
    y = hoist_broadcast(g, d);
  if (y)
    return y;
  switch (d->op) {
  case NDG_OP_ADD:
    return simplify_add(g, d);
  case NDG_OP_SUB:
    return simplify_sub(g, d);
  case NDG_OP_MUL:
    return simplify_mul(g, d);
  case NDG_OP_DIV:
    return simplify_div(g, d);
  case NDG_OP_MAX:
  case NDG_OP_MIN:
    return d->in[0] == d->in[1] ? d->in[0] : NDG_NO_NODE;
  case NDG_OP_GREATER:
    return d->in[0] == d->in[1] ? ndg_graph_constant(g, 0, &d->shape) : NDG_NO_NODE;
  case NDG_OP_SELECT:
    return simplify_select(g, d);
  default:
    return simplify_unary(g, d);
  }
}
