/* SPDX-License-Identifier: MIT */
/* Shapes: what each operation demands of its operands and attributes, and what it makes of them.
   A rule also puts attributes into the one form that hashing compares. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "graph/internal.h"

#define MAX_ELEMENTS (UINT64_C(1) << 48)

ndg_shape_text ndg_shape_describe(const ndg_shape *s) {
  ndg_shape_text t = {"["};
  size_t at = 1;
  for (uint32_t a = 0; a < s->n_dims && a < NDG_MAX_DIMS; a++)
    at += (size_t)snprintf(t.text + at, sizeof t.text - at, "%s%" PRIu64, a ? "," : "", s->dim[a]);
  (void)snprintf(t.text + at, sizeof t.text - at, "]");
  return t;
}

bool ndg_shape_equal(const ndg_shape *a, const ndg_shape *b) {
  return a->n_dims == b->n_dims && memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

bool ndg_shape_check(ndg_graph *g, const char *what, const ndg_shape *s) {
  if (s->n_dims > NDG_MAX_DIMS || s->reserved != 0) {
    ndg_graph_refuse(g, NDG_EINVAL, "%s: a shape has %u axes, at most %d are possible", what,
                     s->n_dims, NDG_MAX_DIMS);
    return false;
  }
  uint64_t size = 1;
  for (uint32_t a = 0; a < NDG_MAX_DIMS; a++) {
    if (a >= s->n_dims ? s->dim[a] != 1 : s->dim[a] == 0) {
      ndg_graph_refuse(g, NDG_EINVAL, "%s: shape %s has length %" PRIu64 " in %saxis %u", what,
                       ndg_shape_describe(s).text, s->dim[a], a >= s->n_dims ? "unused " : "", a);
      return false;
    }
    if (s->dim[a] > MAX_ELEMENTS / size) {
      ndg_graph_refuse(g, NDG_EINVAL, "%s: shape %s has more than 2^48 elements", what,
                       ndg_shape_describe(s).text);
      return false;
    }
    size *= s->dim[a];
  }
  return true;
}

static const ndg_shape *operand_shape(const ndg_graph *g, const ndg_graph_node *d, uint32_t i) {
  return &g->node[d->in[i]].shape;
}

static const char *text_of(const ndg_graph *g, const ndg_graph_node *d, uint32_t i,
                           ndg_shape_text *t) {
  *t = ndg_shape_describe(operand_shape(g, d, i));
  return t->text;
}

static void set_attr(ndg_graph_node *d, int64_t i0, int64_t i1, int64_t i2) {
  d->attr = (ndg_attr){.i = {i0, i1, i2, 0}};
}

/* A rule's complaint; false, so that rules can return it. */
#define REFUSE(g_, ...) (ndg_graph_refuse(g_, NDG_EINVAL, __VA_ARGS__) != NDG_NO_NODE)

static bool check_rank(ndg_graph *g, const ndg_graph_node *d, uint32_t i, uint32_t rank) {
  ndg_shape_text t;
  return operand_shape(g, d, i)->n_dims == rank ||
         REFUSE(g, "%s: operand %u has shape %s, %u axes needed", ndg_graph_op_name(d->op), i + 1,
                text_of(g, d, i, &t), rank);
}

static bool check_axis(ndg_graph *g, const ndg_graph_node *d) {
  ndg_shape_text t;
  const int64_t axis = d->attr.i[0];
  return (axis >= 0 && axis < (int64_t)operand_shape(g, d, 0)->n_dims) ||
         REFUSE(g, "%s: there is no axis %" PRId64 " in shape %s", ndg_graph_op_name(d->op), axis,
                text_of(g, d, 0, &t));
}

/* Operand 1 is a list of indices, as long as the first axis of operand 0 if `paired`. */
static bool check_index(ndg_graph *g, const ndg_graph_node *d, bool paired) {
  if (!check_rank(g, d, 1, 1))
    return false;
  const uint64_t rows = operand_shape(g, d, 0)->dim[0], n = operand_shape(g, d, 1)->dim[0];
  return !paired || rows == n ||
         REFUSE(g, "%s: %" PRIu64 " rows but %" PRIu64 " indices", ndg_graph_op_name(d->op), rows,
                n);
}

bool ndg_infer_same(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  set_attr(d, 0, 0, 0);
  d->shape = *operand_shape(g, d, 0);
  return true;
}

/* Operands have been stretched to one shape already. */
bool ndg_infer_elementwise(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  return ndg_infer_same(g, d, target);
}

bool ndg_infer_power(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  const double exponent = d->attr.value;
  (void)ndg_infer_same(g, d, target);
  d->attr.value = exponent;
  return isfinite(exponent) || REFUSE(g, "power: the exponent is %g, it must be finite", exponent);
}

bool ndg_infer_matmul(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (!check_rank(g, d, 0, 2) || !check_rank(g, d, 1, 2))
    return false;
  const int ta = d->attr.i[0] != 0, tb = d->attr.i[1] != 0;
  const ndg_shape *a = operand_shape(g, d, 0), *b = operand_shape(g, d, 1);
  ndg_shape_text at, bt;
  if (a->dim[!ta] != b->dim[tb])
    return REFUSE(g, "matmul: %s%s x %s%s: inner lengths %" PRIu64 " and %" PRIu64 " differ",
                  text_of(g, d, 0, &at), ta ? " transposed" : "", text_of(g, d, 1, &bt),
                  tb ? " transposed" : "", a->dim[!ta], b->dim[tb]);
  d->shape = NDG_MATRIX(a->dim[ta], b->dim[!tb]);
  set_attr(d, ta, tb, 0);
  return true;
}

bool ndg_infer_reshape(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  set_attr(d, 0, 0, 0);
  if (!target)
    return REFUSE(g, "reshape: no target shape given");
  if (!ndg_shape_check(g, "reshape", target))
    return false;
  const ndg_shape *s = operand_shape(g, d, 0);
  ndg_shape_text t;
  d->shape = *target;
  return ndg_shape_size(s) == ndg_shape_size(target) ||
         REFUSE(g, "reshape: %s has %" PRIu64 " elements, the target %s has %" PRIu64,
                text_of(g, d, 0, &t), ndg_shape_size(s), ndg_shape_describe(target).text,
                ndg_shape_size(target));
}

bool ndg_infer_transpose(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  const ndg_shape *s = operand_shape(g, d, 0);
  unsigned seen = 0;
  d->shape = *s;
  for (uint32_t a = 0; a < NDG_MAX_DIMS; a++) {
    if (a >= s->n_dims) {
      d->attr.i[a] = a;
      continue;
    }
    const int64_t from = d->attr.i[a];
    if (from < 0 || from >= (int64_t)s->n_dims || (seen & 1u << from))
      return REFUSE(g, "transpose: %" PRId64 " in place %u is no permutation of %u axes", from, a,
                    s->n_dims);
    seen |= 1u << from;
    d->shape.dim[a] = s->dim[from];
  }
  d->attr.value = 0;
  return true;
}

bool ndg_shape_stretches(const ndg_shape *from, const ndg_shape *to) {
  if (from->n_dims > to->n_dims)
    return false;
  const uint32_t skip = to->n_dims - from->n_dims;
  for (uint32_t a = 0; a < from->n_dims; a++)
    if (from->dim[a] != 1 && from->dim[a] != to->dim[a + skip])
      return false;
  return true;
}

bool ndg_infer_broadcast(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  set_attr(d, 0, 0, 0);
  if (!target)
    return REFUSE(g, "broadcast: no target shape given");
  if (!ndg_shape_check(g, "broadcast", target))
    return false;
  ndg_shape_text t;
  d->shape = *target;
  return ndg_shape_stretches(operand_shape(g, d, 0), target) ||
         REFUSE(g, "broadcast: %s cannot be stretched to %s", text_of(g, d, 0, &t),
                ndg_shape_describe(target).text);
}

bool ndg_infer_slice(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (!check_axis(g, d))
    return false;
  const int64_t axis = d->attr.i[0], start = d->attr.i[1], length = d->attr.i[2];
  const ndg_shape *s = operand_shape(g, d, 0);
  const int64_t limit = (int64_t)s->dim[axis];
  if (start < 0 || length < 1 || start > limit || length > limit - start)
    return REFUSE(g,
                  "slice: %" PRId64 " elements from %" PRId64 " of axis %" PRId64
                  ", which has length %" PRId64,
                  length, start, axis, limit);
  d->shape = *s;
  d->shape.dim[axis] = (uint64_t)length;
  set_attr(d, axis, start, length);
  return true;
}

bool ndg_infer_pad(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (!check_axis(g, d))
    return false;
  const int64_t axis = d->attr.i[0], before = d->attr.i[1], after = d->attr.i[2];
  const int64_t most = (int64_t)MAX_ELEMENTS;
  if (before < 0 || after < 0 || before > most || after > most)
    return REFUSE(g, "pad: %" PRId64 " before and %" PRId64 " after, 0 to 2^48 possible", before,
                  after);
  d->shape = *operand_shape(g, d, 0);
  d->shape.dim[axis] += (uint64_t)before + (uint64_t)after;
  set_attr(d, axis, before, after);
  return true;
}

bool ndg_infer_concat(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (!check_axis(g, d))
    return false;
  const int64_t axis = d->attr.i[0];
  ndg_shape_text t, u;
  d->shape = *operand_shape(g, d, 0);
  for (uint32_t i = 1; i < d->n_in; i++) {
    ndg_shape s = *operand_shape(g, d, i);
    const uint64_t length = s.dim[axis];
    s.dim[axis] = d->shape.dim[axis];
    if (!ndg_shape_equal(&s, &d->shape))
      return REFUSE(g, "concat: shapes %s and %s differ in more than axis %" PRId64,
                    text_of(g, d, 0, &t), text_of(g, d, i, &u), axis);
    d->shape.dim[axis] += length;
    if (d->shape.dim[axis] > MAX_ELEMENTS)
      return REFUSE(g, "concat: more than 2^48 elements");
  }
  set_attr(d, axis, 0, 0);
  return true;
}

bool ndg_infer_gather(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (operand_shape(g, d, 0)->n_dims == 0)
    return REFUSE(g, "gather: operand 1 is a scalar and has no rows");
  if (!check_index(g, d, false))
    return false;
  d->shape = *operand_shape(g, d, 0);
  d->shape.dim[0] = operand_shape(g, d, 1)->dim[0];
  set_attr(d, 0, 0, 0);
  return true;
}

/* Rows of the result, from attr.i[0]. */
static bool check_length(ndg_graph *g, const ndg_graph_node *d) {
  const int64_t n = d->attr.i[0];
  return (n > 0 && n <= INT32_MAX) ||
         REFUSE(g, "%s: length %" PRId64 ", 1 to 2^31-1 possible", ndg_graph_op_name(d->op), n);
}

bool ndg_infer_scatter_add(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (operand_shape(g, d, 0)->n_dims == 0)
    return REFUSE(g, "scatter_add: operand 1 is a scalar and has no rows");
  if (!check_index(g, d, true) || !check_length(g, d))
    return false;
  d->shape = *operand_shape(g, d, 0);
  d->shape.dim[0] = (uint64_t)d->attr.i[0];
  set_attr(d, d->attr.i[0], 0, 0);
  return true;
}

bool ndg_infer_pick(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (!check_rank(g, d, 0, 2) || !check_index(g, d, true))
    return false;
  d->shape = NDG_VECTOR(operand_shape(g, d, 0)->dim[0]);
  set_attr(d, 0, 0, 0);
  return true;
}

bool ndg_infer_place(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  if (!check_rank(g, d, 0, 1) || !check_index(g, d, true) || !check_length(g, d))
    return false;
  d->shape = NDG_MATRIX(operand_shape(g, d, 0)->dim[0], (uint64_t)d->attr.i[0]);
  set_attr(d, d->attr.i[0], 0, 0);
  return true;
}

bool ndg_infer_sum(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  const ndg_shape *s = operand_shape(g, d, 0);
  const int64_t mask = d->attr.i[0];
  ndg_shape_text t;
  if (mask < 0 || mask >> s->n_dims)
    return REFUSE(g, "sum: axes in bit mask %" PRId64 " do not all exist in shape %s", mask,
                  text_of(g, d, 0, &t));
  d->shape = *s;
  set_attr(d, 0, 0, 0);
  for (uint32_t a = 0; a < s->n_dims; a++) {
    if (!(mask >> a & 1) || s->dim[a] == 1)
      continue;
    d->attr.i[0] |= INT64_C(1) << a; /* axes of length 1 need no sum */
    d->shape.dim[a] = 1;
  }
  return true;
}

bool ndg_infer_log_sum_exp(ndg_graph *g, ndg_graph_node *d, const ndg_shape *target) {
  (void)target;
  const ndg_shape *s = operand_shape(g, d, 0);
  if (s->n_dims == 0)
    return REFUSE(g, "log_sum_exp: the operand is a scalar and has no last axis");
  set_attr(d, 0, 0, 0);
  d->shape = *s;
  d->shape.dim[s->n_dims - 1] = 1;
  return true;
}
