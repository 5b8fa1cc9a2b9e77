/* SPDX-License-Identifier: MIT */
/* Classifies the readings of a chain once its operands' task steps are known. */
#include "graph/exec_chain.h"

/* So many whole tiles fit the first-level cache. */
#define MANY_TILES 10u

/* An operand with the task axis in front. */
typedef struct axes {
  uint32_t n;
  uint64_t dim[NDG_MAX_DIMS + 1];
  int64_t stride[NDG_MAX_DIMS + 1];
} axes;

/* Axes that are one in memory count as one. */
static void push(axes *a, uint64_t dim, int64_t stride) {
  if (dim == 1)
    return;
  if (a->n > 0 && a->stride[a->n - 1] == stride * (int64_t)dim) {
    a->dim[a->n - 1] *= dim;
    a->stride[a->n - 1] = stride;
    return;
  }
  a->dim[a->n] = dim;
  a->stride[a->n++] = stride;
}

static void classify(const axes *a, ndg_reading *r) {
  const int64_t last = a->n ? a->stride[a->n - 1] : 1;
  const uint64_t length = a->n ? a->dim[a->n - 1] : 1;
  r->kind = NDG_READ_ANY;
  r->repeat = 1;
  r->length = length;
  r->step = a->n > 1 ? a->stride[0] : 0;
  if (a->n <= 1) {
    r->kind = last == 1 ? NDG_READ_DIRECT : last == 0 ? NDG_READ_EACH : NDG_READ_STRIDED;
    r->length = last == 0 ? length : 1;
    r->step = last;
  } else if (a->n == 2 && last <= 1 && last >= 0) {
    r->kind = last == 1 ? NDG_READ_ROWS : NDG_READ_EACH;
  } else if (a->n == 3 && last == 1 && a->stride[1] == 0) {
    r->kind = NDG_READ_REPEATS;
    r->repeat = a->dim[1];
  }
}

static uint64_t period_of(const ndg_program *p, const ndg_operand *o) {
  if (o->buffer == NDG_NO_BUFFER)
    return 1;
  if (p->buffers[o->buffer].per_task)
    return 0;
  uint64_t period = 1;
  uint32_t a = 0;
  while (a < o->n_dims && o->stride[a] == 0)
    a++;
  for (; a < o->n_dims; a++)
    period *= o->dim[a];
  return period;
}

static void bind_operand(const ndg_program *p, const ndg_instruction *x, const ndg_operand *o,
                         ndg_reading *r) {
  axes a = {0};
  *r = (ndg_reading){.length = 1, .repeat = 1, .period = period_of(p, o)};
  if (o->buffer == NDG_NO_BUFFER || o->is_complex)
    return;
  push(&a, x->per_task ? p->n_tasks : 1, (int64_t)p->task_step[o->buffer]);
  uint64_t size = 1;
  for (uint32_t d = 0; d < o->n_dims; d++) {
    push(&a, o->dim[d], o->stride[d]);
    size *= o->dim[d];
  }
  classify(&a, r);
  const uint64_t run = r->length * r->repeat;
  r->runs = size % run == 0 ? size / run : 0;
}

/* Whole tasks to a tile if one fits, else even parts of a task, of whole rows if there are any. */
static uint64_t choose_step(const ndg_program *p, const ndg_instruction *x) {
  uint64_t unit = 16;
  if (x->domain <= p->tile)
    return p->tile / x->domain * x->domain;
  for (uint32_t i = 0; i < x->n_in; i++) {
    const ndg_reading *r = &x->reading[i];
    const uint64_t q = r->period > r->length ? r->period : r->length;
    if (q > 1 && q <= p->tile && q % unit != 0)
      unit = unit == 16 || q > unit ? q : unit;
  }
  const uint64_t tile = x->n_in + x->n_regs + x->n_results > MANY_TILES ? p->tile / 2 : p->tile;
  const uint64_t most = tile / unit, units = (x->domain + unit - 1) / unit;
  const uint64_t parts = (units + most - 1) / most;
  return (units + parts - 1) / parts * unit;
}

/* Of `size` results per task. */
static void bind_result(const ndg_program *p, const ndg_instruction *x, uint32_t buffer,
                        uint64_t size, ndg_reading *r) {
  const ndg_operand result = {.buffer = buffer,
                              .n_dims = 1,
                              .is_complex = p->buffers[buffer].is_complex,
                              .dim = {size},
                              .stride = {1}};
  bind_operand(p, x, &result, r);
}

void ndg_chain_bind(const ndg_program *p, ndg_instruction *x) {
  for (uint32_t i = 0; i < x->n_in; i++)
    bind_operand(p, x, &x->in[i], &x->reading[i]);
  if (x->n_results == 0)
    bind_result(p, x, x->out, x->is_sum ? x->outer * x->inner : x->domain, &x->reading[x->n_in]);
  for (uint32_t i = 0; i < x->n_results; i++) {
    ndg_result *r = &x->results[i];
    r->size = r->is_sum ? x->domain / r->reduced : x->domain;
    bind_result(p, x, r->buffer, r->size, &r->reading);
  }
  x->tile_step = choose_step(p, x);
  ndg_chain_bind_in_place(p, x);
}
