/* SPDX-License-Identifier: MIT */
/* Running a fused chain: tile by tile, one block kernel per micro-operation, so that what the
   interpreter costs is paid per tile and all intermediate values stay in the first-level cache. */
#include <string.h>

#include "graph/exec_chain.h"

/* Everything that stays the same over the tiles of one run. */
typedef struct run {
  const ndg_worker *w;
  const ndg_program *p;
  const ndg_instruction *x;
  ndg_slot *slots;
  char *zeros, *tiles; /* tiles: one per load, then the registers */
  uint64_t tile_bytes;
} run;

static uint64_t plane_count(const ndg_program *p) {
  return p->dtype == NDG_C128 ? 2 : 1;
}

static uint64_t slot_bytes(const ndg_instruction *x) {
  return (x->n_slots * sizeof(ndg_slot) + NDG_ALIGNMENT - 1) / NDG_ALIGNMENT * NDG_ALIGNMENT;
}

/* Slots; zeros; a tile per load and register; the accumulator of a sum. */
uint64_t ndg_chain_scratch(const ndg_program *p, const ndg_instruction *x) {
  const uint64_t tiles = 2 + x->n_in + (uint64_t)x->n_regs;
  return slot_bytes(x) + tiles * plane_count(p) * NDG_TILE_BYTES;
}

static run start(const ndg_worker *w, const ndg_instruction *x) {
  const ndg_program *p = w->program;
  run r = {.w = w, .p = p, .x = x, .slots = (ndg_slot *)(void *)w->scratch};
  r.tile_bytes = plane_count(p) * NDG_TILE_BYTES;
  r.zeros = w->scratch + slot_bytes(x);
  r.tiles = r.zeros + r.tile_bytes;
  if (p->dtype == NDG_C128)
    memset(r.zeros, 0, NDG_TILE_BYTES);
  return r;
}

static ndg_slot tile_slot(const run *r, uint64_t i, bool is_complex) {
  char *t = r->tiles + i * r->tile_bytes;
  return (ndg_slot){t, is_complex ? t + NDG_TILE_BYTES : r->zeros};
}

static ndg_planes planes(ndg_slot s) {
  return (ndg_planes){(double *)(void *)s.re, (double *)(void *)s.im};
}

/* A product or quotient of a complex and a real number needs no imaginary half of the latter. */
static bool scale_planes(const run *r, const ndg_micro *m, ndg_slot y, uint64_t n) {
  const ndg_slot a = r->slots[m->in[0]], b = r->slots[m->in[1]];
  const ndg_map2 map = r->p->kernels->binary[m->op - NDG_FIRST_BINARY];
  if (b.im == r->zeros) {
    map(y.im, a.im, b.re, n); /* first: y.re may be b.re */
    map(y.re, a.re, b.re, n);
    return true;
  }
  if (m->op == NDG_OP_MUL && a.im == r->zeros) {
    map(y.im, b.im, a.re, n);
    map(y.re, b.re, a.re, n);
    return true;
  }
  return false;
}

static void apply_complex(const run *r, const ndg_micro *m, ndg_slot to, uint64_t n) {
  const ndg_complex_kernels *k = r->p->complex_kernels;
  const ndg_planes y = planes(to), a = planes(r->slots[m->in[0]]);
  if (m->op == NDG_OP_NONE) {
    memmove(y.re, a.re, n * sizeof *y.re);
    memmove(y.im, a.im, n * sizeof *y.im);
  } else if (m->op == NDG_OP_POWER) {
    k->power(y, a, m->value, n);
  } else if (m->n_in == 1) {
    k->unary[m->op - NDG_FIRST_UNARY](y, a, n);
  } else if (m->op == NDG_OP_SELECT) {
    k->select(y, a, planes(r->slots[m->in[1]]), planes(r->slots[m->in[2]]), n);
  } else if ((m->op != NDG_OP_MUL && m->op != NDG_OP_DIV) || !scale_planes(r, m, to, n)) {
    k->binary[m->op - NDG_FIRST_BINARY](y, a, planes(r->slots[m->in[1]]), n);
  }
}

static void apply_real(const run *r, const ndg_micro *m, void *y, uint64_t n) {
  const ndg_real_kernels *k = r->p->kernels;
  const void *a = r->slots[m->in[0]].re;
  if (m->op == NDG_OP_NONE)
    memmove(y, a, n * r->p->real_bytes);
  else if (m->op == NDG_OP_POWER)
    k->power(y, a, m->value, n);
  else if (m->n_in == 1)
    k->unary[m->op - NDG_FIRST_UNARY](y, a, n);
  else if (m->op == NDG_OP_SELECT)
    k->select(y, a, r->slots[m->in[1]].re, r->slots[m->in[2]].re, n);
  else if (m->op >= NDG_FIRST_FUSED)
    k->fused[m->op - NDG_FIRST_FUSED](y, a, r->slots[m->in[1]].re, r->slots[m->in[2]].re, n);
  else
    k->binary[m->op - NDG_FIRST_BINARY](y, a, r->slots[m->in[1]].re, n);
}

/* All micro-operations on one tile. The last result goes straight to `out` if that is not NULL. */
static void compute(run *r, uint64_t n, void *out) {
  const ndg_instruction *x = r->x;
  for (uint32_t i = 0; i < x->n_micro; i++) {
    const ndg_micro *m = &x->micro[i];
    ndg_slot y = tile_slot(r, x->n_in + m->reg, m->is_complex);
    if (out && i + 1u == x->n_micro)
      y.re = out;
    if (m->is_complex)
      apply_complex(r, m, y, n);
    else
      apply_real(r, m, y.re, n);
    r->slots[x->n_in + i] = y;
  }
}

/* Loads tile [flat, flat + n). Loads that repeat from tile to tile are done on the first only. */
static void load_tile(run *r, uint64_t flat, uint64_t n, uint64_t step, bool first) {
  for (uint32_t i = 0; i < r->x->n_in; i++)
    if (first || !ndg_load_repeats(r->x, i, step))
      r->slots[i] = ndg_load(r->w, r->x, i, flat, n, tile_slot(r, i, r->x->in[i].is_complex));
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static const ndg_reading *result_reading(const ndg_instruction *x) {
  return &x->reading[x->n_in];
}

static void run_stored(run *r, uint64_t begin, uint64_t end) {
  const ndg_instruction *x = r->x;
  const bool is_complex = r->p->buffers[x->out].is_complex;
  const bool by_task = x->domain > x->tile_step; /* then no tile holds parts of two tasks */
  uint64_t n;
  for (uint64_t flat = begin; flat < end; flat += n) {
    n = least(x->tile_step, end - flat);
    if (by_task)
      n = least(n, x->domain - flat % x->domain);
    load_tile(r, flat, n, x->tile_step, flat == begin);
    void *out = is_complex ? NULL : ndg_store_direct(r->w, x->out, result_reading(x), flat, n);
    compute(r, n, out);
    if (!out)
      ndg_store_tile(r->w, x->out, result_reading(x), flat, n, r->slots[x->result]);
  }
}

/* Parts of `size` elements to a tile: those of whole tasks if a task fits. */
static uint64_t parts_per_tile(const run *r, uint64_t size) {
  const uint64_t tile = r->p->tile, domain = r->x->domain;
  if (size > tile)
    return 1;
  return (domain <= tile ? tile / domain * domain : tile) / size;
}

/* Sums over the last axis: whole rows of a tile, or a long row tile by tile. */
static void run_row_sum(run *r, uint64_t begin, uint64_t end) {
  const ndg_instruction *x = r->x;
  const bool is_complex = r->p->buffers[x->out].is_complex;
  const uint64_t tile = r->p->tile, columns = x->reduced;
  const uint64_t rows = parts_per_tile(r, columns);
  const uint64_t part = least(columns, tile);
  const ndg_slot sum = tile_slot(r, x->n_in + (uint64_t)x->n_regs, true);
  bool first = true;
  for (uint64_t row = begin; row < end; row += rows) {
    const uint64_t n_rows = least(rows, end - row);
    for (uint64_t at = 0; at < columns; at += part) {
      const uint64_t n = least(part, columns - at);
      load_tile(r, row * columns + at, n_rows * n, part == columns ? rows * columns : 0, first);
      first = false;
      compute(r, n_rows * n, NULL);
      const ndg_slot value = r->slots[x->result];
      r->p->kernels->sum_rows(sum.re, value.re, n_rows, n, at > 0);
      if (is_complex)
        r->p->kernels->sum_rows(sum.im, value.im, n_rows, n, at > 0);
    }
    ndg_store_tile(r->w, x->out, result_reading(x), row, n_rows, sum);
  }
}

/* Sums over a middle or leading axis, where everything that is summed fits a tile. */
static void run_column_sums(run *r, uint64_t begin, uint64_t end) {
  const ndg_instruction *x = r->x;
  const bool is_complex = r->p->buffers[x->out].is_complex;
  const uint64_t size = x->reduced * x->inner, parts = parts_per_tile(r, size);
  const ndg_slot sum = tile_slot(r, x->n_in + (uint64_t)x->n_regs, true);
  for (uint64_t outer = begin; outer < end; outer += parts) {
    const uint64_t n = least(parts, end - outer);
    load_tile(r, outer * size, n * size, parts * size, outer == begin);
    compute(r, n * size, NULL);
    const ndg_slot value = r->slots[x->result];
    r->p->kernels->sum_columns(sum.re, value.re, n, x->reduced, x->inner);
    if (is_complex)
      r->p->kernels->sum_columns(sum.im, value.im, n, x->reduced, x->inner);
    ndg_store_tile(r->w, x->out, result_reading(x), outer * x->inner, n * x->inner, sum);
  }
}

/* Where it does not: columns [from, from + n) of one such sum. */
static void run_column_part(run *r, uint64_t outer, uint64_t from, uint64_t n) {
  const ndg_instruction *x = r->x;
  const bool is_complex = r->p->buffers[x->out].is_complex;
  const uint64_t rows = n == x->inner ? r->p->tile / n : 1;
  const ndg_slot sum = tile_slot(r, x->n_in + (uint64_t)x->n_regs, true);
  r->p->kernels->fill(sum.re, 0, n);
  if (is_complex)
    r->p->kernels->fill(sum.im, 0, n);
  for (uint64_t row = 0; row < x->reduced; row += rows) {
    const uint64_t n_rows = least(rows, x->reduced - row);
    load_tile(r, (outer * x->reduced + row) * x->inner + from, n_rows * n, rows * x->inner,
              row == 0);
    compute(r, n_rows * n, NULL);
    const ndg_slot value = r->slots[x->result];
    r->p->kernels->add_rows(sum.re, value.re, n_rows, n);
    if (is_complex)
      r->p->kernels->add_rows(sum.im, value.im, n_rows, n);
  }
  ndg_store_tile(r->w, x->out, result_reading(x), outer * x->inner + from, n, sum);
}

/* A finished result of whole tasks: to memory, as it is or summed. */
static void put_result(run *r, const ndg_result *q, uint64_t task, uint64_t n_tasks) {
  const ndg_real_kernels *k = r->p->kernels;
  const ndg_slot value = r->slots[q->slot];
  ndg_slot sum = value;
  if (q->is_sum) {
    void *direct = ndg_store_tasks_direct(r->w, q, task, n_tasks);
    sum = tile_slot(r, r->x->n_in + (uint64_t)r->x->n_regs, false);
    sum.re = direct ? direct : sum.re;
    if (q->is_product)
      k->sum_products(sum.re, value.re, r->slots[q->other].re, n_tasks * q->size / q->inner,
                      q->reduced, q->inner);
    else if (q->inner == 1)
      k->sum_rows(sum.re, value.re, n_tasks * q->size, q->reduced, 0);
    else
      k->sum_columns(sum.re, value.re, n_tasks * q->size / q->inner, q->reduced, q->inner);
    if (direct)
      return;
  }
  ndg_store_tasks(r->w, q, task, n_tasks, sum);
}

/* Several results, of whole tasks [begin, end), a tile of them at a time. Real numbers only. */
static void run_results(run *r, uint64_t begin, uint64_t end) {
  const ndg_instruction *x = r->x;
  const uint64_t most = x->tile_step / x->domain;
  for (uint64_t task = begin; task < end; task += most) {
    const uint64_t n = least(most, end - task);
    const ndg_result *q = x->results, *last = q + x->n_results;
    for (uint32_t i = 0; i < x->n_in; i++)
      if (task == begin || !x->reading[i].period)
        r->slots[i] = ndg_load_tasks(r->w, x, i, task, n, tile_slot(r, i, false));
    for (; q < last && q->after == 0; q++)
      put_result(r, q, task, n);
    for (uint32_t i = 0; i < x->n_micro; i++) {
      const ndg_micro *m = &x->micro[i];
      ndg_slot y = tile_slot(r, x->n_in + m->reg, false);
      const bool stored = q < last && q->after == i + 1 && !q->is_sum;
      void *direct = stored ? ndg_store_tasks_direct(r->w, q, task, n) : NULL;
      uint64_t step = x->domain;
      if (direct) {
        y.re = direct;
        step = q->in_place ? (uint64_t)q->reading.step : step;
        q++;
      }
      if (m->by_tasks)
        ndg_apply_tasks(r->p, x, m, r->slots, n, y.re, step);
      else
        apply_real(r, m, y.re, n * x->domain);
      r->slots[x->n_in + i] = y;
      for (; q < last && q->after == i + 1; q++)
        put_result(r, q, task, n);
    }
  }
}

/* Several results, of elements [begin, end), by tiles. Real numbers only. */
static void run_parts(run *r, uint64_t begin, uint64_t end) {
  const ndg_instruction *x = r->x;
  const bool by_task = x->domain > x->tile_step;
  uint64_t n;
  for (uint64_t flat = begin; flat < end; flat += n) {
    const ndg_result *q = x->results, *last = q + x->n_results;
    n = least(x->tile_step, end - flat);
    if (by_task)
      n = least(n, x->domain - flat % x->domain);
    load_tile(r, flat, n, x->tile_step, flat == begin);
    for (; q < last && q->after == 0; q++)
      ndg_store_tile(r->w, q->buffer, &q->reading, flat, n, r->slots[q->slot]);
    for (uint32_t i = 0; i < x->n_micro; i++) {
      const ndg_micro *m = &x->micro[i];
      ndg_slot y = tile_slot(r, x->n_in + m->reg, false);
      const bool stored = q < last && q->after == i + 1;
      void *direct = stored ? ndg_store_direct(r->w, q->buffer, &q->reading, flat, n) : NULL;
      if (direct) {
        y.re = direct;
        q++;
      }
      apply_real(r, m, y.re, n);
      r->slots[x->n_in + i] = y;
      for (; q < last && q->after == i + 1; q++)
        ndg_store_tile(r->w, q->buffer, &q->reading, flat, n, y);
    }
  }
}

void ndg_exec_chain(const ndg_worker *w, const ndg_instruction *x, uint64_t begin, uint64_t end) {
  run r = start(w, x);
  if (x->n_results > 0 && ndg_runs_by_tasks(w->program, x)) {
    run_results(&r, begin, end);
    return;
  }
  const uint64_t total = x->is_sum ? x->outer : x->domain;
  const uint64_t unit = x->per_task ? total : total / x->rows;
  begin *= unit;
  end *= unit;
  if (x->n_results > 0) {
    run_parts(&r, begin, end);
  } else if (!x->is_sum) {
    run_stored(&r, begin, end);
  } else if (x->inner == 1) {
    run_row_sum(&r, begin, end);
  } else if (x->reduced * x->inner <= w->program->tile) {
    run_column_sums(&r, begin, end);
  } else {
    for (uint64_t outer = begin; outer < end; outer++)
      for (uint64_t from = 0; from < x->inner; from += w->program->tile) {
        const uint64_t left = x->inner - from;
        run_column_part(&r, outer, from, left < w->program->tile ? left : w->program->tile);
      }
  }
}
