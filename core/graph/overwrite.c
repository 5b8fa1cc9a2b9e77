/* SPDX-License-Identifier: MIT */
/* Whether an output may lie where an input does, so that what a program moves on is read and
   written once: everything that reads the input must have done so before its place is written. */
#include "graph/program_internal.h"

static uint32_t find_buffer(const ndg_program *p, uint8_t place, uint32_t number) {
  for (uint32_t b = 0; b < p->n_buffers; b++)
    if (p->buffers[b].place == place && p->buffers[b].number == number)
      return b;
  return NDG_NO_BUFFER;
}

/* Element by element as it is written. */
static bool reads_whole(const ndg_instruction *x, const ndg_operand *o) {
  if (o->offset != 0)
    return false;
  return x->domain == 1 ? o->n_dims == 0
                        : o->n_dims == 1 && o->dim[0] == x->domain && o->stride[0] == 1;
}

/* Whether a chain has read its load k of a tile when it stores the tile of `out`; an operation may
   write what it reads. */
static bool has_read(const ndg_instruction *x, uint32_t k, uint32_t out) {
  uint32_t stored = x->n_micro; /* after so many operations */
  if (!reads_whole(x, &x->in[k]))
    return false;
  for (uint32_t i = 0; i < x->n_results; i++) {
    const ndg_result *r = &x->results[i];
    stored = r->buffer == out ? r->after : stored;
    if (r->slot == k || r->is_sum)
      return false;
  }
  for (uint32_t i = stored; i < x->n_micro; i++)
    for (uint32_t j = 0; j < x->micro[i].n_in; j++)
      if (x->micro[i].in[j] == k)
        return false;
  return stored > 0;
}

/* Whether x, which reads the buffer by operand k, has done so when `writer` writes `out`. */
static bool reads_before(const ndg_instruction *x, uint32_t k, const ndg_instruction *writer,
                         uint32_t out) {
  if (x == writer)
    return x->kind == NDG_DO_CHAIN && !x->is_sum && has_read(x, k, out);
  if (x->stage != writer->stage)
    return x->stage < writer->stage;
  return x->group == writer->group && x->position < writer->position && x->reads_own[k];
}

bool ndg_program_may_overwrite(const ndg_program *p, uint32_t input, uint32_t output) {
  const uint32_t in = find_buffer(p, NDG_PLACE_INPUT, input);
  const uint32_t out = find_buffer(p, NDG_PLACE_OUTPUT, output);
  if (in == NDG_NO_BUFFER || out == NDG_NO_BUFFER || p->n_tasks > 1)
    return false;
  const ndg_buffer *from = &p->buffers[in], *to = &p->buffers[out];
  if (to->writer == UINT32_MAX || from->size != to->size || from->element != to->element)
    return false;
  const ndg_instruction *writer = p->instructions[to->writer];
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    for (uint32_t k = 0; k < x->n_in; k++)
      if (x->in[k].buffer == in && !reads_before(x, k, writer, out))
        return false;
  }
  return true;
}
