/* SPDX-License-Identifier: MIT */
/* The programs of a group of samples for the rows of a block. */
#include "engine/blocks_opening.h"

static ndg_node row_input(ndg_problem *p, uint32_t array, uint64_t rows) {
  const ndg_array *a = &p->tasks.arrays.arrays[array];
  for (const ndg_row_input *known = p->row_inputs; known; known = known->next)
    if (known->array == array && known->rows == rows)
      return known->node;
  ndg_row_input *input = ndg_calloc(1, sizeof *input);
  if (!input)
    return NDG_NO_NODE;
  ndg_shape shape = a->shape;
  shape.dim[0] = rows;
  const ndg_place place = {NDG_AT_ROWS, array, 0};
  *input = (ndg_row_input){p->row_inputs, array, rows, NDG_NO_NODE};
  input->node = ndg_programs_input(p, a->kind, true, NDG_INPUT_DATA, shape, place);
  if (!input->node) {
    ndg_free(input);
    return NDG_NO_NODE;
  }
  p->row_inputs = input;
  return input->node;
}

/* Bytes from one row of an input to the next. */
static uint64_t step_of(const ndg_problem *p, const ndg_blocks *b, const ndg_place *at) {
  if (at->where != NDG_AT_ROWS)
    return 0;
  const ndg_array *a = &p->tasks.arrays.arrays[at->index];
  const uint64_t row = ndg_shape_size(&a->shape) / a->shape.dim[0];
  const size_t real = b->is_complex ? sizeof(double) : ndg_dtype_size(p->dtype);
  return row * (a->kind == NDG_INDEX ? sizeof(int32_t) : real);
}

static ndg_status allocate(ndg_block_program *block, ndg_error *e) {
  const uint32_t n = block->n_inputs, m = block->n_outputs;
  bool complete = true;
  for (int i = 0; i < 2; i++) {
    block->in[i] = ndg_calloc(n, sizeof *block->in[i]);
    block->out[i] = ndg_calloc(m, sizeof *block->out[i]);
    complete = complete && block->in[i] && block->out[i];
  }
  block->inputs = ndg_calloc(n, sizeof *block->inputs);
  block->outputs = ndg_calloc(m, sizeof *block->outputs);
  block->in_now = ndg_calloc(n, sizeof *block->in_now);
  block->out_now = ndg_calloc(m, sizeof *block->out_now);
  block->in_step = ndg_calloc(n, sizeof *block->in_step);
  block->out_step = ndg_calloc(m, sizeof *block->out_step);
  complete = complete && block->inputs && block->outputs && block->in_now && block->out_now &&
             block->in_step && block->out_step;
  return complete ? NDG_OK : ndg_no_memory(e, "a program");
}

/* Wanted nodes of the group for a block of so many rows, and where they go. */
static ndg_status compile(ndg_block_opening *o, const ndg_block_group *g,
                          const ndg_row_given *given, uint32_t n, const ndg_place *outputs,
                          ndg_block_program *block, ndg_error *e) {
  ndg_problem *p = o->p;
  const ndg_blocks *b = o->b;
  ndg_status st =
      ndg_rows_narrow(o->plan, g->group, block->rows, o->narrow, given, n, o->wanted, o->made, e);
  if (st >= 0)
    st = ndg_program_compile(p->graph, n, o->made, b->dtype, b->n_tasks, p->pool, &block->program,
                             e);
  if (st < 0)
    return st;
  block->n_inputs = ndg_program_input_count(block->program);
  block->n_outputs = n;
  st = allocate(block, e);
  for (uint32_t i = 0; st >= 0 && i < block->n_inputs; i++) {
    block->inputs[i] = p->places[ndg_program_input_number(block->program, i)];
    block->in_step[i] = step_of(p, b, &block->inputs[i]);
  }
  for (uint32_t i = 0; st >= 0 && i < n; i++) {
    block->outputs[i] = outputs[i];
    block->out_step[i] = outputs[i].where == NDG_AT_TOTAL
                             ? b->parts[outputs[i].index].row_size * ndg_dtype_size(b->dtype)
                             : 0;
  }
  return st;
}

/* What is kept, computed; and inputs for it in o->image. */
static ndg_status compile_prepare(ndg_block_opening *o, const ndg_block_group *g, uint64_t rows,
                                  ndg_block_program *block, ndg_error *e) {
  ndg_problem *p = o->p;
  const ndg_row_given nothing = {0, NULL, NULL};
  block->rows = rows;
  for (uint32_t k = 0; k < g->n_kept; k++) {
    const ndg_node node = g->kept[k].node;
    const ndg_graph_node n = *ndg_graph_get(p->graph, node);
    ndg_shape shape = n.shape;
    shape.dim[o->plan->trait[node].axis] = rows;
    o->wanted[k] = o->kept[k] = node;
    o->places[k] = (ndg_place){NDG_AT_KEPT, k, 0};
    o->image[k] = ndg_programs_input(p, NDG_REAL, n.per_task, 0, shape, o->places[k]);
    if (!o->image[k])
      return ndg_no_memory(e, "blocks of samples");
  }
  return g->n_kept ? compile(o, g, &nothing, g->n_kept, o->places, block, e) : NDG_OK;
}

ndg_status ndg_blocks_compile(ndg_block_opening *o, ndg_block_group *g, int rest, uint64_t rows,
                              ndg_error *e) {
  uint32_t n = 0;
  for (uint32_t s = 0; s < o->n_samples; s++)
    if (o->plan->group[s] == g->group) {
      o->narrow[s] = row_input(o->p, o->array[s], rows);
      if (!o->narrow[s])
        return ndg_no_memory(e, "blocks of samples");
    }
  const ndg_status st = compile_prepare(o, g, rows, &g->prepare[rest], e);
  if (st < 0)
    return st;
  for (uint32_t i = 0; i < o->b->n_parts; i++)
    if (o->b->parts[i].group == g->group) {
      o->wanted[n] = o->plan->parts[i].node;
      o->places[n++] = (ndg_place){NDG_AT_TOTAL, i, 0};
    }
  const ndg_row_given given = {g->n_kept, o->kept, o->image};
  g->run[rest].rows = rows;
  return compile(o, g, &given, n, o->places, &g->run[rest], e);
}

void ndg_block_program_close(ndg_block_program *block) {
  ndg_program_destroy(block->program);
  ndg_free(block->inputs);
  ndg_free(block->outputs);
  ndg_free(block->in_now);
  ndg_free(block->out_now);
  ndg_free(block->in_step);
  ndg_free(block->out_step);
  for (int i = 0; i < 2; i++) {
    ndg_free(block->in[i]);
    ndg_free(block->out[i]);
  }
}
