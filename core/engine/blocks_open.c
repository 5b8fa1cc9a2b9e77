/* SPDX-License-Identifier: MIT */
/* Whether and how an evaluation is cut into blocks of samples. The cut follows from the sizes of
   one task alone, so that results depend neither on threads nor on which tasks are evaluated
   together. */
#include <string.h>

#include "engine/blocks_opening.h"

/* Numbers computed for all samples of a task at once, up to which nothing is cut; else for the
   samples of a block. */
#define WHOLE_NUMBERS (UINT64_C(1) << 24)
#define BLOCK_NUMBERS (UINT64_C(3) << 23)
enum { LEAST_ROWS = 256, MOST_ROWS = 1024 };
/* Bytes that an evaluation holds for the next one at the same point. More or fewer change its time,
   not its results. */
#define KEPT_BYTES (UINT64_C(320) << 20)

static uint64_t rows_per_block(const ndg_problem *p, uint64_t n_rows, uint64_t row_size) {
  if (row_size == 0)
    return n_rows;
  if (p->block_rows)
    return p->block_rows < n_rows ? p->block_rows : n_rows;
  if (n_rows <= WHOLE_NUMBERS / row_size)
    return n_rows;
  uint64_t most = BLOCK_NUMBERS / row_size;
  most = most < LEAST_ROWS ? LEAST_ROWS : most < MOST_ROWS ? most : MOST_ROWS;
  const uint64_t n_blocks = (n_rows + most - 1) / most;
  return (n_rows + n_blocks - 1) / n_blocks;
}

/* What holds for all directions at one point. */
static ndg_status choose_kept(ndg_block_opening *o, ndg_block_group *g, uint64_t rows,
                              ndg_error *e) {
  const ndg_problem *p = o->p;
  const bool forward = o->request->want & NDG_WANT_MIXED_FORWARD;
  const bool directed = o->request->want & (NDG_WANT_HVP | NDG_WANT_MIXED);
  if (o->request->compute != NDG_COMPUTE_EVALUATION || (!forward && !directed))
    return NDG_OK;
  const ndg_status st =
      ndg_rows_keep(o->plan, g->group, forward ? p->layout->n_theta : p->layout->n_phi,
                    forward ? p->theta_direction : p->direction, &g->n_kept, o->kept, e);
  if (st < 0 || g->n_kept == 0)
    return st;
  uint64_t row_size = 0;
  g->kept = ndg_calloc(g->n_kept, sizeof *g->kept);
  if (!g->kept)
    return ndg_no_memory(e, "blocks of samples");
  for (uint32_t k = 0; k < g->n_kept; k++) {
    const ndg_shape *s = &ndg_graph_get(p->graph, o->kept[k])->shape;
    g->kept[k] = (ndg_block_kept){
        o->kept[k], ndg_shape_size(s) / s->dim[o->plan->trait[o->kept[k]].axis], row_size};
    row_size += g->kept[k].row_size;
  }
  const uint64_t n_blocks = (g->n_rows + rows - 1) / rows;
  g->slot_bytes = row_size * rows * o->b->n_tasks * ndg_dtype_size(o->b->dtype);
  const uint64_t most = (p->held_bytes ? p->held_bytes : KEPT_BYTES) / g->slot_bytes;
  g->most_slots = most < 1 ? 1 : most < n_blocks ? most : n_blocks;
  if (!o->b->at.phi)
    o->b->at.phi = ndg_problem_new_vector(p, NDG_PHI, o->b->is_complex, 0);
  return o->b->at.phi ? NDG_OK : ndg_no_memory(e, "blocks of samples");
}

/* ---- what goes through blocks ---- */

static ndg_status open_groups(ndg_block_opening *o, ndg_error *e) {
  ndg_blocks *b = o->b;
  ndg_status st = NDG_OK;
  b->groups = ndg_calloc(o->n_samples, sizeof *b->groups);
  if (!b->groups)
    return ndg_no_memory(e, "blocks of samples");
  for (uint32_t s = 0; st >= 0 && s < o->n_samples; s++) {
    if (o->plan->group[s] != s)
      continue;
    ndg_block_group *g = &b->groups[b->n_groups++];
    g->group = s;
    g->n_rows = o->p->tasks.arrays.arrays[o->array[s]].shape.dim[0];
    g->first = b->n_sums;
    for (uint32_t i = 0; i < b->n_parts; i++)
      if (b->parts[i].group == s && b->parts[i].is_total) {
        b->parts[i].first = b->n_sums;
        b->n_sums += b->parts[i].count;
      }
    g->count = b->n_sums - g->first;
    const uint64_t rows = rows_per_block(o->p, g->n_rows, o->plan->row_size[s]);
    st = choose_kept(o, g, rows, e);
    if (st >= 0)
      st = ndg_blocks_compile(o, g, 0, rows, e);
    if (st >= 0 && g->n_rows % rows)
      st = ndg_blocks_compile(o, g, 1, g->n_rows % rows, e);
  }
  return st;
}

static ndg_status open_parts(ndg_block_opening *o, const ndg_outputs *out, ndg_error *e) {
  ndg_blocks *b = o->b;
  b->n_parts = o->plan->n_parts;
  b->parts = ndg_calloc(b->n_parts, sizeof *b->parts);
  o->total = ndg_calloc(b->n_parts, sizeof *o->total);
  const size_t most = o->plan->limit + b->n_parts;
  o->wanted = ndg_calloc(most, sizeof *o->wanted);
  o->made = ndg_calloc(most, sizeof *o->made);
  o->kept = ndg_calloc(most, sizeof *o->kept);
  o->image = ndg_calloc(most, sizeof *o->image);
  o->places = ndg_calloc(most, sizeof *o->places);
  if (!b->parts || !o->total || !o->wanted || !o->made || !o->kept || !o->image || !o->places)
    return ndg_no_memory(e, "blocks of samples");
  for (uint32_t i = 0; i < b->n_parts; i++) {
    const ndg_row_part *from = &o->plan->parts[i];
    const ndg_graph_node *n = ndg_graph_get(o->p->graph, from->node);
    ndg_block_part *part = &b->parts[i];
    part->group = from->group;
    part->is_total = from->output == NDG_ROW_TOTAL;
    part->size = ndg_shape_size(&n->shape);
    part->count = part->size * (n->per_task ? b->n_tasks : 1);
    if (!part->is_total) {
      part->place = out->place[from->output];
      part->row_size = part->size / n->shape.dim[0];
    }
  }
  return NDG_OK;
}

/* What remains is computed from inputs that stand for the sums. */
static ndg_status open_finish(ndg_block_opening *o, ndg_outputs *out, ndg_error *e) {
  ndg_problem *p = o->p;
  for (uint32_t i = 0; i < o->b->n_parts; i++) {
    const ndg_graph_node n = *ndg_graph_get(p->graph, o->plan->parts[i].node);
    if (!o->b->parts[i].is_total)
      continue;
    o->total[i] =
        ndg_programs_input(p, NDG_REAL, n.per_task, 0, n.shape, (ndg_place){NDG_AT_TOTAL, i, 0});
    if (!o->total[i])
      return ndg_no_memory(e, "blocks of samples");
  }
  o->finished = ndg_calloc(out->n, sizeof *o->finished);
  ndg_status st = o->finished ? NDG_OK : ndg_no_memory(e, "blocks of samples");
  if (st >= 0)
    st = ndg_rows_finish(o->plan, o->total, out->n, out->node, o->finished, e);
  uint32_t n = 0;
  for (uint32_t j = 0; st >= 0 && j < out->n; j++) {
    if (!o->finished[j])
      continue;
    out->node[n] = o->finished[j];
    out->place[n++] = out->place[j];
  }
  if (st >= 0)
    out->n = n;
  return st;
}

static ndg_status open_sums(ndg_blocks *b, ndg_error *e) {
  b->block = ndg_calloc((size_t)b->n_sums, ndg_dtype_size(b->dtype));
  b->sum = ndg_calloc((size_t)b->n_sums, ndg_dtype_size(b->wide));
  return b->block && b->sum ? NDG_OK : ndg_no_memory(e, "blocks of samples");
}

/* Leaves out samples that are not worth cutting, of which there are none in the end. */
static bool leave_out_small(ndg_block_opening *o) {
  uint32_t n = 0;
  for (uint32_t s = 0; s < o->n_samples; s++) {
    const uint32_t group = o->plan->group[s];
    const uint64_t n_rows = o->p->tasks.arrays.arrays[o->array[s]].shape.dim[0];
    if (group == NDG_ROW_NO_GROUP ||
        rows_per_block(o->p, n_rows, o->plan->row_size[group]) == n_rows)
      continue;
    o->samples[n] = o->samples[s];
    o->array[n++] = o->array[s];
  }
  const bool some = n < o->n_samples;
  o->n_samples = n;
  return some;
}

static ndg_status make_plan(ndg_block_opening *o, const ndg_outputs *out, ndg_error *e) {
  ndg_status st = NDG_OK;
  do {
    ndg_rows_free(o->plan);
    o->plan = NULL;
    if (o->n_samples == 0)
      return NDG_OK;
    st = ndg_rows_plan(o->p->graph, o->n_samples, o->samples, out->n, out->node, &o->plan, e);
  } while (st >= 0 && leave_out_small(o));
  return st;
}

static ndg_status find_samples(ndg_block_opening *o, ndg_error *e) {
  const ndg_task_arrays *tasks = &o->p->tasks.arrays;
  o->samples = ndg_calloc((size_t)tasks->n_arrays, sizeof *o->samples);
  o->array = ndg_calloc((size_t)tasks->n_arrays, sizeof *o->array);
  o->narrow = ndg_calloc((size_t)tasks->n_arrays, sizeof *o->narrow);
  if (!o->samples || !o->array || !o->narrow)
    return ndg_no_memory(e, "blocks of samples");
  for (uint64_t i = 0; i < tasks->n_arrays; i++)
    if (tasks->arrays[i].role == NDG_SAMPLES && tasks->arrays[i].shape.dim[0] > 1) {
      o->samples[o->n_samples] = o->p->arrays[i];
      o->array[o->n_samples++] = (uint32_t)i;
    }
  return NDG_OK;
}

static ndg_status open(ndg_block_opening *o, const ndg_request *r, ndg_outputs *out, ndg_error *e) {
  ndg_problem *p = o->p;
  ndg_blocks *b = o->b = ndg_calloc(1, sizeof *b);
  if (!b)
    return ndg_no_memory(e, "blocks of samples");
  b->problem = p;
  b->pool = p->pool;
  b->is_complex = r->is_complex;
  b->dtype = r->is_complex ? NDG_C128 : p->dtype;
  b->wide = b->dtype == NDG_F32 ? NDG_F64 : b->dtype;
  b->n_tasks = p->tasks.arrays.n_tasks;
  ndg_status st = open_parts(o, out, e);
  if (st >= 0)
    st = open_groups(o, e);
  if (st >= 0)
    st = open_finish(o, out, e);
  return st >= 0 ? open_sums(b, e) : st;
}

ndg_status ndg_blocks_open(ndg_problem *p, const ndg_request *r, ndg_outputs *out,
                           ndg_blocks **blocks, ndg_error *e) {
  ndg_block_opening o = {.p = p, .request = r};
  *blocks = NULL;
  ndg_status st = find_samples(&o, e);
  if (st >= 0)
    st = make_plan(&o, out, e);
  if (st >= 0 && o.plan && o.plan->n_parts > 0)
    st = open(&o, r, out, e);
  if (st >= 0)
    *blocks = o.b;
  else
    ndg_blocks_close(o.b);
  ndg_rows_free(o.plan);
  ndg_free(o.samples);
  ndg_free(o.array);
  ndg_free(o.narrow);
  ndg_free(o.total);
  ndg_free(o.wanted);
  ndg_free(o.made);
  ndg_free(o.kept);
  ndg_free(o.image);
  ndg_free(o.places);
  ndg_free(o.finished);
  return st;
}

void ndg_blocks_close(ndg_blocks *b) {
  if (!b)
    return;
  for (uint32_t g = 0; g < b->n_groups; g++) {
    for (int k = 0; k < 2; k++) {
      ndg_block_program_close(&b->groups[g].run[k]);
      ndg_block_program_close(&b->groups[g].prepare[k]);
    }
    ndg_free(b->groups[g].kept);
    ndg_free(b->groups[g].slots);
  }
  ndg_free(b->groups);
  ndg_free(b->parts);
  ndg_free(b->block);
  ndg_free(b->sum);
  ndg_vector_destroy(b->at.phi);
  ndg_free(b);
}
