/* SPDX-License-Identifier: MIT */
#include "graph/lower.h"

#include <inttypes.h>
#include <string.h>

#include "tensor/dtype.h"

ndg_status ndg_lowering_no_memory(ndg_lowering *l) {
  return ndg_fail(l->error, NDG_ENOMEM, "no memory to compile a program of %u nodes", l->n_nodes);
}

/* Doubles an array in the program's memory; what it leaves behind is freed with the program. */
static void *grow(ndg_program *p, const void *old, uint32_t n, uint32_t *capacity, size_t size) {
  const uint32_t wanted = *capacity ? 2 * *capacity : 32;
  char *array = ndg_arena_alloc(p->memory, wanted, size);
  if (!array)
    return NULL;
  if (n)
    memcpy(array, old, n * size);
  *capacity = wanted;
  return array;
}

/* Bytes of a value of all tasks: more than any address space has, yet sums of them do not wrap. */
#define MAX_BYTES (UINT64_C(1) << 48)

static ndg_status check_bytes(const ndg_lowering *l, const ndg_buffer *b) {
  const uint64_t n_tasks = b->per_task ? l->program->n_tasks : 1;
  if (b->size <= MAX_BYTES / b->element / n_tasks)
    return NDG_OK;
  return ndg_fail(l->error, NDG_ENOMEM,
                  "a value of %" PRIu64 " elements in each of %" PRIu64
                  " tasks needs more than 2^48 bytes; use fewer tasks or smaller shapes",
                  b->size, n_tasks);
}

ndg_status ndg_new_buffer(ndg_lowering *l, uint8_t place, bool per_task, bool is_complex,
                          uint64_t size, uint32_t *out) {
  ndg_program *p = l->program;
  if (p->n_buffers == p->buffer_capacity) {
    void *array = grow(p, p->buffers, p->n_buffers, &p->buffer_capacity, sizeof *p->buffers);
    if (!array)
      return ndg_lowering_no_memory(l);
    p->buffers = array;
  }
  *out = p->n_buffers++;
  p->buffers[*out] = (ndg_buffer){.place = place,
                                  .per_task = per_task,
                                  .is_complex = is_complex,
                                  .writer = UINT32_MAX,
                                  .element = ndg_dtype_size(is_complex ? NDG_C128 : p->real),
                                  .size = size,
                                  .rows = 1};
  return check_bytes(l, &p->buffers[*out]);
}

ndg_status ndg_new_instruction(ndg_lowering *l, uint8_t kind, uint32_t n_in,
                               ndg_instruction **out) {
  ndg_program *p = l->program;
  if (p->n_instructions == p->instruction_capacity) {
    void *array = grow(p, p->instructions, p->n_instructions, &p->instruction_capacity,
                       sizeof(ndg_instruction *));
    if (!array)
      return ndg_lowering_no_memory(l);
    p->instructions = array;
  }
  ndg_instruction *x = ndg_arena_alloc(p->memory, 1, sizeof *x);
  if (!x)
    return ndg_lowering_no_memory(l);
  x->kind = kind;
  x->n_in = n_in;
  x->in = ndg_arena_alloc(p->memory, n_in + 1, sizeof *x->in);
  x->reads_own = ndg_arena_alloc(p->memory, n_in + 1, sizeof *x->reads_own);
  if (!x->in || !x->reads_own)
    return ndg_lowering_no_memory(l);
  p->instructions[p->n_instructions++] = x;
  *out = x;
  return NDG_OK;
}

void ndg_operand_coalesce(ndg_operand *o) {
  uint32_t n = 0;
  for (uint32_t a = 0; a < o->n_dims; a++) {
    if (o->dim[a] == 1)
      continue;
    if (n > 0 && o->stride[n - 1] == o->stride[a] * (int64_t)o->dim[a]) {
      o->dim[n - 1] *= o->dim[a];
      o->stride[n - 1] = o->stride[a];
      continue;
    }
    o->dim[n] = o->dim[a];
    o->stride[n] = o->stride[a];
    n++;
  }
  o->n_dims = n;
  for (uint32_t a = n; a < NDG_MAX_DIMS; a++) {
    o->dim[a] = 1;
    o->stride[a] = 0;
  }
}

bool ndg_operand_is_dense(const ndg_operand *o) {
  ndg_operand c = *o;
  ndg_operand_coalesce(&c);
  return c.buffer != NDG_NO_BUFFER && (c.n_dims == 0 || (c.n_dims == 1 && c.stride[0] == 1));
}

/* Whether row r of a reading, cut into `rows`, lies inside row r of its buffer. */
static bool rows_match(const ndg_operand *operand, uint64_t rows, uint64_t buffer_size) {
  ndg_operand o = *operand;
  ndg_operand_coalesce(&o);
  if (buffer_size % rows != 0)
    return false;
  const uint64_t row = buffer_size / rows;
  if (rows == 1)
    return true;
  if (o.n_dims == 0 || o.dim[0] % rows != 0 || o.offset < 0)
    return false;
  const uint64_t q = o.dim[0] / rows;
  uint64_t last = (uint64_t)o.offset;
  for (uint32_t a = 0; a < o.n_dims; a++)
    if (o.stride[a] < 0)
      return false;
  last += (q - 1) * (uint64_t)o.stride[0];
  for (uint32_t a = 1; a < o.n_dims; a++)
    last += (o.dim[a] - 1) * (uint64_t)o.stride[a];
  return (uint64_t)o.stride[0] * q == row && last < row;
}

void ndg_finish_instruction(ndg_lowering *l, ndg_instruction *x, uint32_t out, uint64_t rows,
                            uint64_t picoseconds) {
  ndg_program *p = l->program;
  x->out = out;
  x->per_task = p->buffers[out].per_task;
  x->rows = x->per_task ? p->n_tasks : rows;
  x->cost = picoseconds;
  p->buffers[out].writer = p->n_instructions - 1;
  p->buffers[out].rows = x->rows;
  for (uint32_t i = 0; i < x->n_in; i++) {
    if (x->in[i].buffer == NDG_NO_BUFFER)
      continue;
    const ndg_buffer *b = &p->buffers[x->in[i].buffer];
    x->reads_own[i] = x->per_task
                          ? b->per_task
                          : !b->per_task && x->reads_own[i] && rows_match(&x->in[i], rows, b->size);
  }
}
