/* SPDX-License-Identifier: MIT */
/* Folding of constants. One graph gives programs of every element type, so a result is folded only
   where double holds it exactly; everything else is left to be computed in the program's type. */
#include <math.h>

#include "graph/internal.h"

/* a + b without rounding? Knuth's two-sum: the error term is itself exact. */
static bool exact_sum(double a, double b, double *r) {
  *r = a + b;
  const double b_seen = *r - a;
  const double a_seen = *r - b_seen;
  return isfinite(*r) && (a - a_seen) + (b - b_seen) == 0;
}

static bool exact_product(double a, double b, double *r) {
  *r = a * b;
  /* Below this an error term might be lost to underflow. */
  return *r == 0 ? a == 0 || b == 0 : isfinite(*r) && fabs(*r) > 1e-270 && fma(a, b, -*r) == 0;
}

static bool exact_quotient(double a, double b, double *r) {
  *r = a / b;
  return b != 0 && isfinite(*r) && (a == 0 || (fabs(a) > 1e-270 && fma(*r, b, -a) == 0));
}

static bool exact_root(double a, double *r) {
  *r = sqrt(a);
  return a == 0 || (a > 1e-270 && isfinite(a) && fma(*r, *r, -a) == 0);
}

static bool fold_unary(uint32_t op, double a, double *r) {
  switch (op) {
  case NDG_OP_NEG:
    *r = -a;
    return true;
  case NDG_OP_SQUARE:
    return exact_product(a, a, r);
  case NDG_OP_SQRT:
    return exact_root(a, r);
  case NDG_OP_RECIPROCAL:
    return exact_quotient(1, a, r);
  case NDG_OP_EXP:
  case NDG_OP_COS:
    *r = 1;
    return a == 0;
  case NDG_OP_LOG:
    *r = 0;
    return a == 1;
  case NDG_OP_TANH:
  case NDG_OP_SIN:
    *r = 0;
    return a == 0;
  case NDG_OP_SIGMOID:
    *r = 0.5;
    return a == 0;
  case NDG_OP_STEP:
    *r = a > 0;
    return true;
  case NDG_OP_RELU:
    *r = a > 0 ? a : 0;
    return true;
  case NDG_OP_ABS:
    *r = fabs(a);
    return true;
  case NDG_OP_SIGN:
    *r = (a > 0) - (a < 0);
    return true;
  case NDG_OP_STOP_GRADIENT:
    *r = a;
    return true;
  default:
    return false;
  }
}

static bool fold_binary(uint32_t op, double a, double b, double *r) {
  switch (op) {
  case NDG_OP_ADD:
    return exact_sum(a, b, r);
  case NDG_OP_SUB:
    return exact_sum(a, -b, r);
  case NDG_OP_MUL:
    return exact_product(a, b, r);
  case NDG_OP_DIV:
    return exact_quotient(a, b, r);
  case NDG_OP_MAX:
    *r = b > a ? b : a;
    return true;
  case NDG_OP_MIN:
    *r = b < a ? b : a;
    return true;
  case NDG_OP_GREATER:
    *r = a > b;
    return true;
  default:
    return false;
  }
}

ndg_node ndg_fold_constants(ndg_graph *g, const ndg_graph_node *d) {
  double x[3], r;
  for (uint32_t i = 0; i < d->n_in; i++)
    if (!ndg_node_constant(g, d->in[i], &x[i]))
      return NDG_NO_NODE;
  if (d->n_in == 1 && fold_unary(d->op, x[0], &r))
    return ndg_graph_constant(g, r, &d->shape);
  if (d->n_in == 2 && fold_binary(d->op, x[0], x[1], &r))
    return ndg_graph_constant(g, r, &d->shape);
  if (d->n_in == 3)
    return ndg_graph_constant(g, x[0] != 0 ? x[1] : x[2], &d->shape);
  if (d->shape.n_dims == 0)
    return NDG_NO_NODE;
  /* Compute the one number once and stretch it. */
  const ndg_shape scalar = NDG_SCALAR;
  ndg_node in[2];
  for (uint32_t i = 0; i < d->n_in; i++)
    in[i] = ndg_graph_constant(g, x[i], &scalar);
  const ndg_node y = ndg_graph_apply(g, d->op, d->n_in, in, &d->attr, NULL);
  return ndg_graph_apply(g, NDG_OP_BROADCAST, 1, &y, NULL, &d->shape);
}
