/* SPDX-License-Identifier: MIT */
/* Derivatives of elementwise operations. Their Jacobian is diagonal, so that one rule, t ⊙ ∂y/∂x_i,
   serves both modes. Where ∂y/∂x is a function of y it is written in y, which exists already. */
#include "graph/internal.h"

#define RULE(name)                                                                                 \
  ndg_node ndg_scale_##name(const ndg_builder *b, const ndg_graph_node *n, ndg_node y, uint32_t i, \
                            ndg_node t)
#define UNUSED4(a_, b_, c_, d_) ((void)(a_), (void)(b_), (void)(c_), (void)(d_))

ndg_node ndg_forward_elementwise(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                                 const ndg_node *x_dot) {
  const ndg_operation *o = ndg_operation_get(n->op);
  ndg_node sum = NDG_NO_NODE;
  for (uint32_t i = 0; i < n->n_in; i++) {
    const ndg_node part = x_dot[i] ? o->scale(b, n, y, i, x_dot[i]) : NDG_NO_NODE;
    if (part)
      sum = sum ? ndg_add(b, sum, part) : part;
  }
  return sum;
}

ndg_node ndg_reverse_elementwise(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                                 uint32_t i, ndg_node y_bar) {
  return ndg_operation_get(n->op)->scale(b, n, y, i, y_bar);
}

RULE(none) {
  UNUSED4(b, n, y, i);
  (void)t;
  return NDG_NO_NODE;
}

RULE(neg) {
  UNUSED4(n, y, i, t);
  return ndg_neg(b, t);
}

RULE(square) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, ndg_scale(b, n->in[0], 2), t);
}

RULE(sqrt) {
  UNUSED4(n, y, i, t);
  return ndg_div(b, ndg_scale(b, t, 0.5), y);
}

RULE(reciprocal) {
  UNUSED4(n, y, i, t);
  return ndg_neg(b, ndg_mul(b, ndg_square(b, y), t));
}

RULE(exp) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, y, t);
}

RULE(log) {
  UNUSED4(n, y, i, t);
  return ndg_div(b, t, n->in[0]);
}

RULE(tanh) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, ndg_sub(b, ndg_constant(b, 1), ndg_square(b, y)), t);
}

RULE(sigmoid) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, ndg_mul(b, y, ndg_sub(b, ndg_constant(b, 1), y)), t);
}

RULE(softplus) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, ndg_sigmoid(b, n->in[0]), t);
}

RULE(sin) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, ndg_cos(b, n->in[0]), t);
}

RULE(cos) {
  UNUSED4(n, y, i, t);
  return ndg_neg(b, ndg_mul(b, ndg_sin(b, n->in[0]), t));
}

RULE(power) {
  UNUSED4(n, y, i, t);
  const double p = n->attr.value;
  return ndg_mul(b, ndg_scale(b, ndg_power(b, n->in[0], p - 1), p), t);
}

RULE(relu) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, ndg_step(b, n->in[0]), t);
}

RULE(abs) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, ndg_sign(b, n->in[0]), t);
}

RULE(add) {
  UNUSED4(b, n, y, i);
  return t;
}

RULE(sub) {
  UNUSED4(n, y, i, t);
  return i == 0 ? t : ndg_neg(b, t);
}

RULE(mul) {
  UNUSED4(n, y, i, t);
  return ndg_mul(b, n->in[1 - i], t);
}

RULE(div) {
  UNUSED4(n, y, i, t);
  return i == 0 ? ndg_div(b, t, n->in[1]) : ndg_neg(b, ndg_div(b, ndg_mul(b, y, t), n->in[1]));
}

/* t where c is 1 (`where`) or 0 (else), and zero elsewhere: no 0 * inf. */
static ndg_node masked(const ndg_builder *b, ndg_node c, int where, ndg_node t) {
  const ndg_node zero = ndg_constant(b, 0);
  return where ? ndg_select(b, c, t, zero) : ndg_select(b, c, zero, t);
}

RULE(max) {
  UNUSED4(n, y, i, t);
  return masked(b, ndg_greater(b, n->in[1], n->in[0]), i == 1, t);
}

RULE(min) {
  UNUSED4(n, y, i, t);
  return masked(b, ndg_greater(b, n->in[0], n->in[1]), i == 1, t);
}

RULE(select) {
  UNUSED4(n, y, i, t);
  return i == 0 ? NDG_NO_NODE : masked(b, n->in[0], i == 1, t);
}
