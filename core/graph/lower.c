/* SPDX-License-Identifier: MIT */
/* Lowering: needed nodes, operands before users, become instructions and views. Reshape, transpose,
   broadcast, slice and spread only change how memory is read. */
#include "graph/lower.h"

#include <inttypes.h>
#include <string.h>

#include "tensor/dtype.h"

bool ndg_per_task(const ndg_lowering *l, ndg_node n) {
  return l->program->n_tasks > 1 && ndg_graph_get(l->graph, n)->per_task;
}

ndg_operand ndg_dense_operand(const ndg_lowering *l, uint32_t buffer, const ndg_shape *s) {
  ndg_operand o = {
      .buffer = buffer, .n_dims = s->n_dims, .is_complex = l->program->buffers[buffer].is_complex};
  uint64_t step = 1;
  for (uint32_t a = NDG_MAX_DIMS; a-- > 0;) {
    o.dim[a] = s->dim[a];
    o.stride[a] = (int64_t)step;
    step *= s->dim[a];
  }
  return o;
}

static ndg_operand constant_operand(double value, const ndg_shape *s) {
  ndg_operand o = {.buffer = NDG_NO_BUFFER, .n_dims = s->n_dims, .value = value};
  memcpy(o.dim, s->dim, sizeof o.dim);
  return o;
}

/* NumPy's way: split the old axes into runs that are one in memory, and the new axes likewise. */
static bool reshape(ndg_operand *o, const ndg_shape *s) {
  ndg_operand c = *o, r = *o;
  r.n_dims = s->n_dims;
  memcpy(r.dim, s->dim, sizeof r.dim);
  memset(r.stride, 0, sizeof r.stride);
  if (o->buffer != NDG_NO_BUFFER) {
    ndg_operand_coalesce(&c);
    uint32_t a = s->n_dims;
    for (uint32_t d = c.n_dims; d-- > 0;) {
      uint64_t left = c.dim[d];
      int64_t stride = c.stride[d];
      for (; a > 0 && (left > 1 || s->dim[a - 1] == 1); a--) {
        if (left % s->dim[a - 1] != 0)
          return false;
        left /= s->dim[a - 1];
        r.stride[a - 1] = stride;
        stride *= (int64_t)s->dim[a - 1];
      }
      if (left != 1)
        return false;
    }
  }
  *o = r;
  return true;
}

static void broadcast(ndg_operand *o, const ndg_shape *s) {
  const ndg_operand old = *o;
  const uint32_t skip = s->n_dims - old.n_dims;
  for (uint32_t a = 0; a < NDG_MAX_DIMS; a++) {
    const bool kept = a >= skip && a < s->n_dims && old.dim[a - skip] == s->dim[a];
    o->stride[a] = kept ? old.stride[a - skip] : 0;
    o->dim[a] = s->dim[a];
  }
  o->n_dims = s->n_dims;
}

static ndg_status lower_view(ndg_lowering *l, ndg_node n) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  ndg_operand o = l->value[node->in[0]];
  const ndg_operand old = o;
  ndg_status st = NDG_OK;
  switch (node->op) {
  case NDG_OP_RESHAPE:
    if (!reshape(&o, &node->shape)) {
      const ndg_shape *s = &ndg_graph_get(l->graph, node->in[0])->shape;
      st = ndg_lower_copy(l, &o, s, ndg_per_task(l, n), o.is_complex, NDG_NO_BUFFER);
      (void)reshape(&o, &node->shape);
    }
    break;
  case NDG_OP_TRANSPOSE:
    for (uint32_t a = 0; a < node->shape.n_dims; a++) {
      o.dim[a] = old.dim[node->attr.i[a]];
      o.stride[a] = old.stride[node->attr.i[a]];
    }
    break;
  case NDG_OP_BROADCAST:
    broadcast(&o, &node->shape);
    break;
  case NDG_OP_SLICE:
    o.offset += node->attr.i[1] * o.stride[node->attr.i[0]];
    o.dim[node->attr.i[0]] = (uint64_t)node->attr.i[2];
    break;
  default: /* STOP_GRADIENT, SPREAD, and SUM_TASKS of one task */
    break;
  }
  l->value[n] = o;
  return st;
}

static ndg_status lower_input(ndg_lowering *l, ndg_node n) {
  ndg_program *p = l->program;
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  uint32_t b;
  ndg_status st = ndg_new_buffer(l, NDG_PLACE_INPUT, ndg_per_task(l, n), l->is_complex[n],
                                 ndg_shape_size(&node->shape), &b);
  if (st < 0)
    return st;
  if (node->kind == NDG_INDEX)
    p->buffers[b].element = ndg_dtype_size(NDG_I32);
  p->buffers[b].number = p->n_inputs;
  p->input_numbers[p->n_inputs++] = (uint32_t)node->attr.i[0];
  l->value[n] = ndg_dense_operand(l, b, &node->shape);
  return NDG_OK;
}

static ndg_status lower_node(ndg_lowering *l, ndg_node n) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  if (l->chain[n])
    return l->chain[n] == n ? ndg_lower_chain(l, n) : NDG_OK;
  switch (node->op) {
  case NDG_OP_INPUT:
    return lower_input(l, n);
  case NDG_OP_CONSTANT:
    l->value[n] = constant_operand(node->attr.value, &node->shape);
    return NDG_OK;
  case NDG_OP_MATMUL:
    return l->summed[n] || l->started[n] ? NDG_OK : ndg_lower_matmul(l, n, n);
  case NDG_OP_ADD: /* of no chain */
    return ndg_lower_matmul(l, node->in[l->started[node->in[0]] == n ? 0 : 1], n);
  case NDG_OP_SUM_TASKS:
    if (l->program->n_tasks == 1)
      return lower_view(l, n);
    if (l->summed[node->in[0]] == n)
      return ndg_lower_matmul(l, node->in[0], n);
    return ndg_lower_kernel(l, n);
  case NDG_OP_RESHAPE:
  case NDG_OP_TRANSPOSE:
  case NDG_OP_BROADCAST:
  case NDG_OP_SLICE:
  case NDG_OP_STOP_GRADIENT:
  case NDG_OP_SPREAD:
    return lower_view(l, n);
  default:
    return ndg_lower_kernel(l, n);
  }
}

/* Output j is written in place if its value is a whole buffer of the right kind that no other
   output has claimed; otherwise it is copied there. */
static ndg_status lower_output(ndg_lowering *l, uint32_t j, ndg_node n) {
  ndg_program *p = l->program;
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  ndg_operand o = l->value[n];
  const bool per_task = ndg_per_task(l, n), complex_out = p->dtype == NDG_C128;
  if (o.buffer != NDG_NO_BUFFER) {
    ndg_buffer *b = &p->buffers[o.buffer];
    if (b->place == NDG_PLACE_ARENA && b->per_task == per_task && b->is_complex == complex_out &&
        o.offset == 0 && b->size == ndg_shape_size(&node->shape) && ndg_operand_is_dense(&o)) {
      b->place = NDG_PLACE_OUTPUT;
      b->number = j;
      return NDG_OK;
    }
  }
  uint32_t b;
  ndg_status st =
      ndg_new_buffer(l, NDG_PLACE_OUTPUT, per_task, complex_out, ndg_shape_size(&node->shape), &b);
  if (st < 0)
    return st;
  p->buffers[b].number = j;
  return ndg_lower_copy(l, &o, &node->shape, per_task, complex_out, b);
}

ndg_status ndg_lower(ndg_lowering *l, uint32_t n_outputs, const ndg_node *outputs) {
  ndg_status st = NDG_OK;
  for (ndg_node n = 1; n <= l->n_nodes && st == NDG_OK; n++)
    if (l->needed[n])
      st = lower_node(l, n);
  for (uint32_t j = 0; j < n_outputs && st == NDG_OK; j++)
    st = lower_output(l, j, outputs[j]);
  return st;
}
