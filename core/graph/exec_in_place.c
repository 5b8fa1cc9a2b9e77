/* SPDX-License-Identifier: MIT */
/* Which operands and results of a chain of small tasks are read and written where they lie: rows of
   a task's length that are apart, and rows that repeat within a task. All else goes through tiles.
 */
#include "graph/exec_chain.h"

/* A row that repeats is laid out so often that whole vectors of at most this many numbers fit. */
#define ROW_UNIT 16u
#define ROW_LIMIT 128u

static bool has_kernel(const ndg_micro *m) {
  return m->op == NDG_OP_MUL || (m->op >= NDG_FIRST_FUSED && !m->is_complex);
}

static bool micro_reads(const ndg_micro *m, uint32_t slot) {
  for (uint32_t k = 0; k < m->n_in; k++)
    if (m->in[k] == slot)
      return true;
  return false;
}

static bool is_result(const ndg_instruction *x, uint32_t slot, const ndg_result *but) {
  for (const ndg_result *q = x->results; q < x->results + x->n_results; q++)
    if (q != but && (q->slot == slot || (q->other == slot && q->is_product)))
      return true;
  return false;
}

/* Numbers of a row that is laid out for whole vectors; 0: it is too long, or not repeated so often.
 */
static uint64_t row_period(const ndg_reading *r) {
  uint64_t copies = 1;
  while (copies * r->length % ROW_UNIT != 0)
    copies *= 2;
  return copies <= r->repeat && copies * r->length <= ROW_LIMIT ? copies * r->length : 0;
}

static void bind_load(ndg_instruction *x, uint32_t i) {
  ndg_reading *r = &x->reading[i];
  const uint64_t period = r->kind == NDG_READ_REPEATS ? row_period(r) : 0;
  const bool repeats = period > 0 && (x->row_period == 0 || x->row_period == period);
  if (r->runs != 1 || r->period != 0 || !(r->kind == NDG_READ_ROWS || repeats) ||
      is_result(x, i, NULL))
    return;
  for (uint32_t k = 0; k < x->n_micro; k++)
    if (micro_reads(&x->micro[k], i) && !has_kernel(&x->micro[k]))
      return;
  r->in_place = repeats ? NDG_IN_PLACE_REPEATS : NDG_IN_PLACE_APART;
  x->row_period = repeats ? period : x->row_period;
}

/* A result that nobody reads on may go straight to rows that are apart. */
static void bind_result(ndg_instruction *x, ndg_result *q) {
  const uint32_t i = (uint32_t)q->slot - x->n_in;
  q->in_place = !q->is_sum && q->reading.kind == NDG_READ_ROWS && q->slot >= x->n_in &&
                has_kernel(&x->micro[i]) && !is_result(x, q->slot, q);
  for (uint32_t k = i; q->in_place && k < x->n_micro; k++)
    q->in_place = !micro_reads(&x->micro[k], q->slot);
  if (q->in_place)
    x->micro[i].by_tasks = true;
}

void ndg_chain_bind_in_place(const ndg_program *p, ndg_instruction *x) {
  x->row_period = 0;
  for (uint32_t k = 0; k < x->n_micro; k++)
    x->micro[k].by_tasks = false;
  if (x->n_results == 0 || !x->per_task || x->domain > p->tile)
    return;
  for (uint32_t i = 0; i < x->n_in; i++)
    bind_load(x, i);
  for (uint32_t k = 0; k < x->n_micro; k++)
    for (uint32_t j = 0; j < x->micro[k].n_in; j++)
      if (x->micro[k].in[j] < x->n_in && x->reading[x->micro[k].in[j]].in_place)
        x->micro[k].by_tasks = true;
  for (uint32_t i = 0; i < x->n_results; i++)
    bind_result(x, &x->results[i]);
}

ndg_slot ndg_load_in_place(const ndg_worker *w, const ndg_instruction *x, uint32_t i, uint64_t task,
                           uint64_t n_tasks, ndg_slot tile) {
  const ndg_operand *o = &x->in[i];
  const ndg_reading *r = &x->reading[i];
  const uint64_t bytes = w->program->real_bytes;
  char *from = ndg_address(w, o->buffer) + (o->offset + (int64_t)task * r->step) * (int64_t)bytes;
  if (r->in_place == NDG_IN_PLACE_APART || r->length == x->row_period)
    return (ndg_slot){from, tile.im};
  for (uint64_t at = 0; at < x->row_period; at += r->length)
    w->program->kernels->copy_rows(tile.re + at * bytes, (ptrdiff_t)x->row_period, from, r->step,
                                   n_tasks, r->length);
  return tile;
}

void ndg_apply_tasks(const ndg_program *p, const ndg_instruction *x, const ndg_micro *m,
                     const ndg_slot *slots, uint64_t n_tasks, void *y, uint64_t y_step) {
  ndg_tasks_shape s = {.n_tasks = n_tasks, .size = x->domain, .period = x->domain};
  const void *in[3] = {NULL, NULL, NULL};
  s.step[0] = y_step;
  for (uint32_t k = 0; k < m->n_in; k++) {
    const uint32_t slot = m->in[k];
    const ndg_reading *r = slot < x->n_in ? &x->reading[slot] : NULL;
    in[k] = slots[slot].re;
    s.step[k + 1] = x->domain;
    if (r && r->in_place == NDG_IN_PLACE_REPEATS) {
      s.repeats[k + 1] = true;
      s.period = x->row_period;
      s.step[k + 1] = r->length == x->row_period ? (uint64_t)r->step : x->row_period;
    } else if (r && r->in_place == NDG_IN_PLACE_APART) {
      s.step[k + 1] = (uint64_t)r->step;
    }
  }
  const ndg_real_kernels *k = p->kernels;
  (m->op == NDG_OP_MUL ? k->mul_tasks : k->fused_tasks[m->op - NDG_FIRST_FUSED])(y, in[0], in[1],
                                                                                 in[2], &s);
}
